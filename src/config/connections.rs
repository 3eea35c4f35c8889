//! How many connections there may be, and how long one may wait for a request. The system's limit of open files holds too.

use std::time::Duration;

use clap::Args;

use super::within;

/// Settings of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct ConnectionLimits {
    /// Connections at a time, WebSockets among them; fewer where the system lets the process open fewer files.
    #[arg(long = "max-connections", env = "FOLIOGRAPH_MAX_CONNECTIONS", default_value_t = 10_000, value_parser = within(8..=1_000_000), hide_short_help = true)]
    pub most: usize,
    /// Seconds that a connection may take for the head of a request, and be silent between two.
    #[arg(long = "header-timeout-seconds", env = "FOLIOGRAPH_HEADER_TIMEOUT_SECONDS", default_value = "15", value_parser = clap::value_parser!(u64).range(1..=600), hide_short_help = true)]
    pub head_seconds: u64,
}

impl ConnectionLimits {
    /// How long the head of a request may take.
    pub fn head_within(&self) -> Duration {
        Duration::from_secs(self.head_seconds)
    }
}
