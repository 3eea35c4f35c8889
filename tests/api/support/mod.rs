//! The test house: what a test gets, and how the suite is run.
//!
//! A file of tests is one call of [`tests!`], which defines the functions *and* the list of them, so none is forgotten:
//!
//! ```text
//! tests! {
//!     async fn sponsor_cannot_read_person_rate(world: &World) {   // runs as sqlite::people::... and postgres::people::...
//!         let client = world.client().await;
//!         ...
//!     }
//!     async fn ratio_is_rounded_half_even() { ... }                // needs no database: runs once, as people::...
//! }
//! ```

/// Defines the tests of a file and its `list()`. With `(world: &World)` a test runs on both databases, with `()` once.
macro_rules! tests {
    (@entry $name:ident) => {
        $crate::support::Test::once(module_path!(), stringify!($name), || Box::pin($name()))
    };
    (@entry $name:ident $world:ident) => {
        $crate::support::Test::on_both(module_path!(), stringify!($name), |world| Box::pin($name(world)))
    };
    ($($(#[$meta:meta])* async fn $name:ident($($world:ident: &World)?) $body:block)*) => {
        $(
            $(#[$meta])*
            #[allow(clippy::unused_async, reason = "all tests have one signature")]
            async fn $name($($world: &$crate::support::World)?) $body
        )*

        /// Every test of this file.
        pub fn list() -> Vec<$crate::support::Test> {
            vec![$(tests!(@entry $name $($world)?)),*]
        }
    };
}

pub mod api_keys;
pub mod changes;
pub mod client;
pub mod database;
pub mod dump;
pub mod event_stream;
pub mod facts;
pub mod fleet;
pub mod folder;
pub mod golden;
pub mod issuer;
pub mod json;
pub mod node;
pub mod postgres;
pub mod process;
pub mod product;
pub mod python;
pub mod real_data;
pub mod reference;
pub mod relay;
pub mod runner;
pub mod scrape;
pub mod settings;
pub mod socket;
pub mod source;
pub mod summary;
pub mod thin;
pub mod world;
pub mod writer;
pub mod writes;

pub use runner::{Test, run};
pub use world::World;
