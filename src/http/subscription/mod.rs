//! Subscriptions, whatever carries them: an operation at its client's pace, and the count of connections that stay open.

mod sockets;
mod subscriber;

pub use sockets::{Seat, Sockets};
pub use subscriber::{Ended, Next, Operation, Output, Sender, access_mode};
