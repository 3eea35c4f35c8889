//! Where a request comes from. Behind a proxy every connection is the proxy's own: its word is taken for the address before
//! it, but only the word of a proxy that the settings name. From anybody else these headers are noise.
//!
//! Of the two headers that proxies send, `X-Forwarded-For` alone is read: a proxy overwrites or extends the one that it knows and
//! passes the other on as the client wrote it.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderName, header},
};

use crate::auth::AddressRange;

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Who is at the other end of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The client's address; none only where the routes are called in process.
    pub address: Option<IpAddr>,
    is_behind_proxy: bool,
}

/// The server's own place, as the client sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct OwnPlace<'h> {
    host: &'h str,
    /// `http` or `https`, where a proxy says it.
    scheme: Option<&'h str>,
}

impl Peer {
    /// Who sent a request with these headers over this connection.
    pub fn of(extensions: &Extensions, headers: &HeaderMap, proxies: &[AddressRange]) -> Self {
        let connected = extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
        let is_proxy = |address: IpAddr| proxies.iter().any(|range| range.contains(address));
        match connected {
            Some(proxy) if is_proxy(proxy) => {
                Self { address: Some(told(headers, is_proxy).unwrap_or(proxy)), is_behind_proxy: true }
            }
            address => Self { address, is_behind_proxy: false },
        }
    }

    /// What the client calls this server.
    pub fn own_place<'h>(&self, headers: &'h HeaderMap) -> OwnPlace<'h> {
        let told = |name: &HeaderName| only(headers, name).filter(|_| self.is_behind_proxy);
        let host = told(&FORWARDED_HOST).or_else(|| only(headers, &header::HOST)).unwrap_or_default();
        OwnPlace { host, scheme: told(&FORWARDED_PROTO) }
    }
}

impl OwnPlace<'_> {
    /// Whether a page of this origin comes from here.
    pub fn is_origin(&self, origin: &str) -> bool {
        origin.split_once("://").is_some_and(|(scheme, host)| {
            !self.host.is_empty()
                && host.eq_ignore_ascii_case(self.host)
                && self.scheme.is_none_or(|own| own.eq_ignore_ascii_case(scheme))
        })
    }
}

/// The nearest address that is no proxy's; the farthest proxy's where all are. None where nothing is told, and where what is told
/// cannot be read: then the connection's own address counts, which is the one that is certain.
fn told(headers: &HeaderMap, is_proxy: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let mut farthest = None;
    for value in headers.get_all(&FORWARDED_FOR).iter().rev() {
        for text in value.to_str().ok()?.rsplit(',') {
            let address = address(text.trim())?;
            if !is_proxy(address) {
                return Some(address);
            }
            farthest = Some(address);
        }
    }
    farthest
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// The text of a header that occurs once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    value.to_str().ok().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, value.parse().expect("a value"));
        }
        headers
    }

    fn peer(connected: &str, given: &HeaderMap) -> Peer {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(connected.parse().expect("an address"), 1)));
        let proxies = ["10.0.0.0/8", "fd00::/8"].map(|range| AddressRange::parse(range).expect("a range"));
        Peer::of(&extensions, given, &proxies)
    }

    fn client(connected: &str, values: &[&str]) -> String {
        let given: Vec<_> = values.iter().map(|value| (&FORWARDED_FOR, *value)).collect();
        peer(connected, &headers(&given)).address.expect("an address").to_string()
    }

    #[test]
    fn only_a_named_proxy_is_believed() {
        assert_eq!(client("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_counts() {
        for (values, due) in [
            (&["1.1.1.1, 203.0.113.9"][..], "203.0.113.9"),
            (&["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            (&["1.1.1.1", "203.0.113.9,10.0.0.2", "10.0.0.3"], "203.0.113.9"),
            (&["10.0.0.9, 10.0.0.2"], "10.0.0.9"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["203.0.113.9:4711"], "203.0.113.9"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            (&["nonsense, 203.0.113.9"], "203.0.113.9"),
        ] {
            assert_eq!(client("10.0.0.1", values), due, "{values:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_believed() {
        for values in [
            &["203.0.113.9, unknown"][..],
            &[""],
            &["203.0.113.9,"],
            &["_hidden"],
            &["1.2.3"],
            &["203.0.113.9", ", 10.0.0.2"],
        ] {
            assert_eq!(client("10.0.0.1", values), "10.0.0.1", "{values:?}");
        }
        assert_eq!(Peer::of(&Extensions::new(), &headers(&[(&FORWARDED_FOR, "203.0.113.9")]), &[]).address, None);
    }

    #[test]
    fn the_own_place_is_what_a_proxy_says_it_is() {
        let given = headers(&[
            (&header::HOST, "inner:8080"),
            (&FORWARDED_HOST, "api.example.com"),
            (&FORWARDED_PROTO, "https"),
        ]);
        let behind = peer("10.0.0.1", &given);
        assert!(behind.own_place(&given).is_origin("https://api.example.com"));
        assert!(!behind.own_place(&given).is_origin("http://api.example.com"), "the scheme is told");
        assert!(!behind.own_place(&given).is_origin("https://inner:8080"));
        let direct = peer("192.0.2.1", &given);
        assert!(direct.own_place(&given).is_origin("http://inner:8080"));
        assert!(!direct.own_place(&given).is_origin("https://api.example.com"), "anybody can write that header");
        let twice = headers(&[(&header::HOST, "a"), (&header::HOST, "b")]);
        assert!(!direct.own_place(&twice).is_origin("http://a") && !direct.own_place(&twice).is_origin("http://"));
    }
}
