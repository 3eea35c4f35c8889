//! Counts bad credentials by network address, a minute at a time. Its memory is bounded: the address seen longest ago is forgotten.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use lru::LruCache;

/// Addresses remembered at a time.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");
/// Seconds that failures are counted together.
const WINDOW: i64 = 60;

/// Failures of one address since an instant.
#[derive(Clone, Copy)]
struct Failures {
    since: DateTime<Utc>,
    count: u32,
}

/// How many bad credentials came from where.
pub struct Throttle {
    allowed: u32,
    by_address: Mutex<LruCache<IpAddr, Failures>>,
}

impl Throttle {
    /// Allows so many failures a minute from one address.
    pub fn new(allowed: u32) -> Self {
        Self { allowed, by_address: Mutex::new(LruCache::new(REMEMBERED)) }
    }

    /// Seconds until this address may try again; `None` if it may now.
    pub fn blocked_for(&self, address: IpAddr, now: DateTime<Utc>) -> Option<u32> {
        let failures = self.addresses().get(&network(address)).copied()?;
        let left = u32::try_from(WINDOW - (now - failures.since).num_seconds()).unwrap_or(0);
        (failures.count >= self.allowed && left > 0).then_some(left)
    }

    /// Counts a failure.
    pub fn count(&self, address: IpAddr, now: DateTime<Utc>) {
        let mut addresses = self.addresses();
        let failures = addresses.get_or_insert_mut(network(address), || Failures { since: now, count: 0 });
        if (now - failures.since).num_seconds() >= WINDOW {
            *failures = Failures { since: now, count: 0 };
        }
        failures.count = failures.count.saturating_add(1);
    }

    fn addresses(&self) -> MutexGuard<'_, LruCache<IpAddr, Failures>> {
        // A count is whole at any time, so a panic elsewhere has not spoiled it.
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One IPv6 customer has a whole /64 to choose addresses from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_address_is_blocked_for_the_rest_of_its_minute() {
        let (throttle, start) = (Throttle::new(2), DateTime::UNIX_EPOCH);
        let (one, two): (IpAddr, IpAddr) = ("10.0.0.1".parse().expect("address"), "10.0.0.2".parse().expect("address"));
        throttle.count(one, start);
        assert_eq!(throttle.blocked_for(one, start), None);
        throttle.count(one, start + TimeDelta::seconds(20));
        assert_eq!(throttle.blocked_for(one, start + TimeDelta::seconds(20)), Some(40));
        assert_eq!(throttle.blocked_for(two, start), None);
        assert_eq!(throttle.blocked_for(one, start + TimeDelta::seconds(60)), None);
        throttle.count(one, start + TimeDelta::seconds(60));
        assert_eq!(throttle.blocked_for(one, start + TimeDelta::seconds(60)), None, "a new minute counts from one");
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        let throttle = Throttle::new(1);
        throttle.count("2001:db8::1".parse().expect("address"), DateTime::UNIX_EPOCH);
        assert!(throttle.blocked_for("2001:db8::2".parse().expect("address"), DateTime::UNIX_EPOCH).is_some());
        assert!(throttle.blocked_for("2001:db8:0:1::1".parse().expect("address"), DateTime::UNIX_EPOCH).is_none());
    }
}
