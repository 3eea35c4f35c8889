//! How long connections that stay open are waited for, and how often each side hears of the other.

use std::time::Duration;

use clap::Args;

/// Heartbeats that may go by without a word before a client is taken for dead.
const SILENT_BEATS: u32 = 3;

/// Waits of sockets and streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
#[command(next_help_heading = "Connections that stay open")]
pub struct Waits {
    /// Seconds that a socket's client may take for its first message.
    #[arg(long, env = "FOLIOGRAPH_SOCKET_INIT_SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=60), hide_short_help = true)]
    pub socket_init_seconds: u64,
    /// Seconds between two words where nothing happens; a socket that is silent for three times as long is closed.
    #[arg(long, env = "FOLIOGRAPH_HEARTBEAT_SECONDS", default_value = "15", value_parser = clap::value_parser!(u64).range(1..=300), hide_short_help = true)]
    pub heartbeat_seconds: u64,
}

impl Waits {
    /// How long a client may take for its first message.
    pub fn first_message(&self) -> Duration {
        Duration::from_secs(self.socket_init_seconds)
    }

    /// How often a word is sent where nothing happens.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat_seconds)
    }

    /// After so long without a word, and for so long in one write, a client is taken for dead.
    pub fn silence(&self) -> Duration {
        self.heartbeat() * SILENT_BEATS
    }
}
