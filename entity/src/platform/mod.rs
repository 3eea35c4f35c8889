//! What keeps the server and its neighbors together.

pub mod external_link;
pub mod server_secret;
