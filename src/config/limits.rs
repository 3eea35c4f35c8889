//! The published limits: what a request, a socket and a principal may ask for, one column for users and one for service
//! keys. What is reported to a caller is what is kept of her.

use std::time::Duration;

use clap::{Args, builder::RangedU64ValueParser};

use super::{Config, within};
use crate::error::{Code, Error};

/// The limits that may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitSettings {
    /// Bytes of a document.
    #[arg(long = "max-document", env = "FOLIOGRAPH_MAX_DOCUMENT", default_value_t = 32 * 1024, value_parser = within(256..=1_048_576), hide_short_help = true)]
    pub document_bytes: usize,
    /// Tokens of a document.
    #[arg(long = "max-tokens", env = "FOLIOGRAPH_MAX_TOKENS", default_value_t = 5_000, value_parser = within(100..=100_000), hide_short_help = true)]
    pub tokens: usize,
    /// Nesting of selections, introspection apart.
    #[arg(long = "max-depth", env = "FOLIOGRAPH_MAX_DEPTH", default_value_t = 12, value_parser = within(1..=100), hide_short_help = true)]
    pub depth: usize,
    /// The same for service keys.
    #[arg(long = "key-max-depth", env = "FOLIOGRAPH_KEY_MAX_DEPTH", default_value_t = 15, value_parser = within(1..=100), hide_short_help = true)]
    pub key_depth: usize,
    /// Aliases in a document.
    #[arg(long = "max-aliases", env = "FOLIOGRAPH_MAX_ALIASES", default_value_t = 30, value_parser = within(0..=10_000), hide_short_help = true)]
    pub aliases: usize,
    /// Root fields of an operation.
    #[arg(long = "max-root-fields", env = "FOLIOGRAPH_MAX_ROOT_FIELDS", default_value_t = 20, value_parser = within(1..=1_000), hide_short_help = true)]
    pub root_fields: usize,
    /// How often one selection may name the same response key.
    #[arg(long = "max-repeated-keys", env = "FOLIOGRAPH_MAX_REPEATED_KEYS", default_value_t = 100, value_parser = within(1..=10_000), hide_short_help = true)]
    pub repeated_keys: usize,
    /// Directives in a document.
    #[arg(long = "max-directives", env = "FOLIOGRAPH_MAX_DIRECTIVES", default_value_t = 50, value_parser = within(0..=1_000), hide_short_help = true)]
    pub directives: usize,
    /// Directives at one place.
    #[arg(long = "max-directives-per-place", env = "FOLIOGRAPH_MAX_DIRECTIVES_PER_PLACE", default_value_t = 5, value_parser = within(0..=1_000), hide_short_help = true)]
    pub directives_per_place: usize,
    /// Fields selected once every fragment is spread out.
    #[arg(long = "max-selected-fields", env = "FOLIOGRAPH_MAX_SELECTED_FIELDS", default_value_t = 2_000, value_parser = within(10..=100_000), hide_short_help = true)]
    pub selected_fields: usize,
    /// The largest `first` or `last`.
    #[arg(long = "page-max", env = "FOLIOGRAPH_PAGE_MAX", default_value_t = 1_000, value_parser = within(1..=10_000), hide_short_help = true)]
    pub page: usize,
    /// The same for service keys.
    #[arg(long = "key-page-max", env = "FOLIOGRAPH_KEY_PAGE_MAX", default_value_t = 5_000, value_parser = within(1..=10_000), hide_short_help = true)]
    pub key_page: usize,
    /// The highest price of a request.
    #[arg(long = "max-cost", env = "FOLIOGRAPH_MAX_COST", default_value_t = 10_000, value_parser = within(100..=10_000_000), hide_short_help = true)]
    pub cost: usize,
    /// The same for service keys.
    #[arg(long = "key-max-cost", env = "FOLIOGRAPH_KEY_MAX_COST", default_value_t = 50_000, value_parser = within(100..=10_000_000), hide_short_help = true)]
    pub key_cost: usize,
    /// What a principal may spend at once; at least the highest price of a request.
    #[arg(long = "bucket", env = "FOLIOGRAPH_BUCKET", default_value_t = 60_000, value_parser = within(100..=1_000_000_000), hide_short_help = true)]
    pub bucket: usize,
    /// The same for service keys.
    #[arg(long = "key-bucket", env = "FOLIOGRAPH_KEY_BUCKET", default_value_t = 200_000, value_parser = within(100..=1_000_000_000), hide_short_help = true)]
    pub key_bucket: usize,
    /// What is given back to it each second.
    #[arg(long = "bucket-refill", env = "FOLIOGRAPH_BUCKET_REFILL", default_value_t = 1_000, value_parser = within(1..=10_000_000), hide_short_help = true)]
    pub refill: usize,
    /// The same for service keys.
    #[arg(long = "key-bucket-refill", env = "FOLIOGRAPH_KEY_BUCKET_REFILL", default_value_t = 3_000, value_parser = within(1..=10_000_000), hide_short_help = true)]
    pub key_refill: usize,
    /// Seconds that one request of a service key may take.
    #[arg(long = "key-timeout-seconds", env = "FOLIOGRAPH_KEY_TIMEOUT_SECONDS", default_value_t = 60, value_parser = seconds(1..=3_600), hide_short_help = true)]
    pub key_timeout_seconds: u64,
    /// Requests of a principal that run at the same time.
    #[arg(long = "max-in-flight", env = "FOLIOGRAPH_MAX_IN_FLIGHT", default_value_t = 20, value_parser = within(1..=10_000), hide_short_help = true)]
    pub in_flight: usize,
    /// Connections of a principal that stay open: sockets and streams of events.
    #[arg(long = "max-sockets", env = "FOLIOGRAPH_MAX_SOCKETS", default_value_t = 10, value_parser = within(1..=10_000), hide_short_help = true)]
    pub sockets: usize,
    /// Operations of a socket at a time.
    #[arg(long = "max-subscriptions", env = "FOLIOGRAPH_MAX_SUBSCRIPTIONS", default_value_t = 50, value_parser = within(1..=1_000), hide_short_help = true)]
    pub subscriptions: usize,
    /// Bytes of a frame, and of a message, that a socket takes.
    #[arg(long = "max-frame", env = "FOLIOGRAPH_MAX_FRAME", default_value_t = 64 * 1024, value_parser = within(1_024..=16_777_216), hide_short_help = true)]
    pub frame_bytes: usize,
}

fn seconds(range: std::ops::RangeInclusive<u64>) -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(range)
}

/// The limits of one kind of caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body of who may write nothing.
    pub body: usize,
    /// Bytes of a body of who may write anything.
    pub write_body: usize,
    /// Bytes of an address.
    pub uri: usize,
    /// Bytes of a document.
    pub document_bytes: usize,
    /// Its tokens.
    pub tokens: usize,
    /// Its depth, introspection apart.
    pub depth: usize,
    /// Its aliases.
    pub aliases: usize,
    /// Root fields of an operation.
    pub root_fields: usize,
    /// How often one selection may name the same response key.
    pub repeated_keys: usize,
    /// Directives in all.
    pub directives: usize,
    /// Directives at one place.
    pub directives_per_place: usize,
    /// Fields once every fragment is spread out.
    pub selected_fields: usize,
    /// The largest `first` or `last`.
    pub page: usize,
    /// The highest price of a request.
    pub cost: usize,
    /// What may be spent at once.
    pub bucket: usize,
    /// What is given back each second.
    pub refill: usize,
    /// Seconds of a request.
    pub seconds: u64,
    /// Requests at the same time.
    pub in_flight: usize,
    /// Connections that stay open.
    pub sockets: usize,
    /// Operations of a socket.
    pub subscriptions: usize,
    /// Bytes of a frame.
    pub frame_bytes: usize,
    /// Bad credentials a minute from one address.
    pub failed_authentications: u32,
}

impl Limits {
    /// How long a request may take.
    pub fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// How long one statement may take: it ends before the request that waits for it does.
    pub fn statement_time(&self) -> Duration {
        self.time().mul_f64(0.9)
    }
}

/// Both columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitColumns {
    /// Of users.
    pub user: Limits,
    /// Of service keys.
    pub key: Limits,
}

impl LimitColumns {
    /// The column of a caller.
    pub fn of(&self, is_key: bool) -> &Limits {
        if is_key { &self.key } else { &self.user }
    }

    /// How long the request of any caller may take.
    pub fn longest(&self) -> Duration {
        self.user.time().max(self.key.time())
    }
}

impl Config {
    /// The limits of both kinds of callers.
    pub fn limit_columns(&self) -> LimitColumns {
        let set = &self.limits;
        let user = Limits {
            body: self.max_body,
            write_body: self.max_write_body.max(self.max_body),
            uri: self.max_uri,
            document_bytes: set.document_bytes,
            tokens: set.tokens,
            depth: set.depth,
            aliases: set.aliases,
            root_fields: set.root_fields,
            repeated_keys: set.repeated_keys,
            directives: set.directives,
            directives_per_place: set.directives_per_place,
            selected_fields: set.selected_fields,
            page: set.page,
            cost: set.cost,
            bucket: set.bucket,
            refill: set.refill,
            seconds: self.timeout_seconds,
            in_flight: set.in_flight,
            sockets: set.sockets,
            subscriptions: set.subscriptions,
            frame_bytes: set.frame_bytes,
            failed_authentications: self.max_failed_auth,
        };
        let key = Limits {
            depth: set.key_depth,
            page: set.key_page,
            cost: set.key_cost,
            bucket: set.key_bucket,
            refill: set.key_refill,
            seconds: set.key_timeout_seconds,
            ..user
        };
        LimitColumns { user, key }
    }
}

impl LimitSettings {
    /// A request that may be asked must also be affordable, else it would wait for ever.
    pub(super) fn check(&self) -> Result<(), Error> {
        let columns = [("", self.bucket, self.cost), ("KEY_", self.key_bucket, self.key_cost)];
        for (of, bucket, cost) in columns {
            if bucket < cost {
                let line = format!(
                    "FOLIOGRAPH_{of}BUCKET is {bucket}: below FOLIOGRAPH_{of}MAX_COST, {cost}, a request at the highest price could never run."
                );
                return Err(Error::new(Code::BadRequest, line));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_the_published_ones() {
        let LimitColumns { user, key } = Config::default().limit_columns();
        assert_eq!((user.depth, user.cost, user.bucket, user.refill, user.seconds), (12, 10_000, 60_000, 1_000, 10));
        assert_eq!((key.depth, key.cost, key.bucket, key.refill, key.seconds), (15, 50_000, 200_000, 3_000, 60));
        assert_eq!((user.page, key.page), (1_000, 5_000));
        assert_eq!((user.body, user.write_body, user.uri, user.document_bytes), (262_144, 5_242_880, 8_192, 32_768));
        assert_eq!((user.tokens, user.aliases, user.root_fields, user.repeated_keys), (5_000, 30, 20, 100));
        assert_eq!((user.directives, user.directives_per_place, user.in_flight), (50, 5, 20));
        assert_eq!((user.sockets, user.subscriptions, user.frame_bytes), (10, 50, 65_536));
        let as_user = Limits {
            depth: user.depth,
            page: user.page,
            cost: user.cost,
            bucket: user.bucket,
            refill: user.refill,
            seconds: user.seconds,
            ..key
        };
        assert_eq!(as_user, user, "the rest is equal");
    }

    #[test]
    fn a_bucket_holds_the_dearest_request() {
        let settings = Config::default().limits;
        settings.check().expect("valid");
        for small in [LimitSettings { bucket: 9_999, ..settings }, LimitSettings { key_bucket: 49_999, ..settings }] {
            let error = small.check().expect_err("refused");
            assert!(error.message.contains("could never run"), "{error}");
        }
    }
}
