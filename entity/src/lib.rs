//! Foliograph's tables, one a file, by domain.
//!
//! Enum-like columns are plain text here and checked by the schema; `*_fold` columns hold [`str::to_lowercase`] of
//! their neighbor and are written with the row.

pub mod people;
pub mod platform;
pub mod portfolios;

pub use people::{org_unit, person, person_identity, role_assignment};
pub use platform::{
    api_key, api_key_grant, audit_event, external_link, feed_view, idempotency, outbox_event, outbox_head,
    server_secret,
};
pub use portfolios::portfolio_item;
