//! What the command line and the environment ask of the suite, read in this one place.

use std::{env, num::NonZero, path::PathBuf, sync::OnceLock, thread};

use libtest_mimic::Arguments;

static LONG: OnceLock<bool> = OnceLock::new();

/// The libtest arguments, after our own `--long` was taken out (libtest-mimic rejects flags that it does not know).
pub fn arguments() -> Arguments {
    let (long, rest): (Vec<String>, Vec<String>) = env::args().partition(|argument| argument == "--long");
    LONG.get_or_init(|| !long.is_empty() || flag("FOLIOGRAPH_TEST_LONG"));
    let mut arguments = Arguments::from_iter(rest);
    // Part of a test is waiting for a database.
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    arguments.test_threads.get_or_insert(processors + 1);
    arguments
}

/// Whether the longer form of a test is wanted: `--long` or `FOLIOGRAPH_TEST_LONG=1`.
pub fn is_long() -> bool {
    LONG.get().copied().unwrap_or(false)
}

/// Whether this is a build server, where nothing may be left out.
pub fn is_ci() -> bool {
    flag("CI")
}

/// Whether tests that lack `PostgreSQL` fail instead of being left out.
pub fn requires_postgres() -> bool {
    is_ci() || flag("FOLIOGRAPH_TEST_REQUIRE_PG")
}

/// Whether golden files are rewritten instead of compared; never on a build server.
pub fn blesses() -> bool {
    flag("FOLIOGRAPH_BLESS") && !is_ci()
}

/// A folder named by an environment variable.
pub fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The workspace's root folder.
pub fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn flag(variable: &str) -> bool {
    env::var(variable).is_ok_and(|value| matches!(value.as_str(), "1" | "true"))
}
