//! What keeps the server and its neighbors together.

pub mod api_key;
pub mod api_key_grant;
pub mod external_link;
pub mod server_secret;
