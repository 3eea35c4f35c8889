//! Ranges of network addresses, as settings and keys name them. A range has one text: bits beyond its length are zero, a
//! single address has no length, and IPv4 inside of IPv6 is IPv4.

use std::{fmt, net::IpAddr};

use ipnet::{IpNet, Ipv4Net};

/// Bits of the part of IPv6 that holds IPv4.
const MAPPED: u8 = 96;

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressRange(IpNet);

impl AddressRange {
    /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().ok()?;
        let range = match length {
            None => IpNet::from(address),
            Some(length) => {
                let is_number = length.len() <= 3 && length.bytes().all(|b| b.is_ascii_digit());
                IpNet::new(address, length.parse().ok().filter(|_| is_number)?).ok()?
            }
        };
        Some(Self(match range {
            IpNet::V6(v6) if v6.prefix_len() >= MAPPED => match v6.addr().to_ipv4_mapped() {
                Some(v4) => Ipv4Net::new(v4, v6.prefix_len() - MAPPED).ok()?.trunc().into(),
                None => range.trunc(),
            },
            _ => range.trunc(),
        }))
    }

    /// Whether the address lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether it is every address of its kind.
    pub fn is_everything(self) -> bool {
        self.0.prefix_len() == 0
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_one_text() {
        for (given, text) in [
            ("192.0.2.0/24", "192.0.2.0/24"),
            (" 192.0.2.77/24 ", "192.0.2.0/24"),
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7/32", "192.0.2.7"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("2001:DB8:0::1/32", "2001:db8::/32"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(AddressRange::parse(given).map(|range| range.to_string()).as_deref(), Some(text), "{given}");
        }
        for wrong in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0/8",
            "010.0.0.1",
            "2001:db8::/129",
            "10.0.0.0/8/8",
            "10.0.0.0-10.0.0.9",
            "fe80::1%eth0",
            "host",
            "10.0.0.0/0008",
            "10.0.0.1:80",
            "*",
        ] {
            assert!(AddressRange::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_address_lies_in_its_range_however_it_is_written() {
        let lies = |range: &str, address: &str| {
            AddressRange::parse(range).expect("a range").contains(address.parse().expect("an address"))
        };
        assert!(lies("192.0.2.0/24", "192.0.2.255") && lies("192.0.2.0/24", "::ffff:192.0.2.1"));
        assert!(lies("2001:db8::/32", "2001:db8:ffff::1") && lies("192.0.2.7", "192.0.2.7"));
        assert!(!lies("192.0.2.0/24", "192.0.3.0") && !lies("192.0.2.7", "192.0.2.8"));
        assert!(!lies("0.0.0.0/0", "2001:db8::1") && !lies("::/0", "192.0.2.1"), "each kind has its own everything");
    }
}
