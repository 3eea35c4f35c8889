//! What keeps the server and its neighbors together.

pub mod api_key;
pub mod api_key_grant;
pub mod audit_event;
pub mod external_link;
pub mod feed_view;
pub mod idempotency;
pub mod outbox_event;
pub mod outbox_head;
pub mod server_secret;
pub mod trusted_document;
