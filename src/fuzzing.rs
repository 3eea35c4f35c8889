//! What fuzz targets call: functions that are private otherwise, each taking any input and promising not to panic. Built
//! only with the feature `fuzzing`, which no build that is delivered has.

use std::sync::LazyLock;

use chrono::DateTime;
use futures_util::FutureExt as _;

use crate::{
    auth::{api_keys::Presented, keys::LocalKey, token::Verifier},
    clock::FixedClock,
    error::Code,
    graph::probe,
    importers,
};

/// Plans a document as it would be for someone who reads everything. The first line may hold variables in JSON after `#`.
pub fn document(text: &str) {
    let first = text.lines().next().and_then(|line| line.strip_prefix('#'));
    let variables = first.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    match probe::statements(text, variables) {
        // What a caller writes is bound to the text and never in it.
        Ok(bound) => assert!(bound.iter().all(|b| !b.text.contains(probe::MARK)), "{bound:?}"),
        Err(e) => assert!(e.code != Code::Internal, "{:?}", e.source),
    }
}

/// Opens a cursor; a text that nobody signed must be refused.
pub fn cursor(text: &str) {
    let refused = probe::open_cursor(text).expect_err("nobody signed it");
    assert_eq!(refused.code, Code::CursorMismatch);
}

/// Reads a file of rows.
pub fn table(bytes: &[u8]) {
    importers::read_any_table(bytes);
}

/// Checks a credential: a token or a key. Nobody made it, so no token may hold, and a key has one text.
pub fn credential(text: &str) {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::new(LocalKey::ephemeral().ok().as_ref(), vec![]));
    let clock = FixedClock::at(DateTime::UNIX_EPOCH);
    let verified = VERIFIER.verify(text, &clock).now_or_never().expect("there is no issuer to wait for");
    let refused = verified.expect_err("nobody signed it");
    assert!(matches!(refused.code, Code::Unauthenticated));
    if let Some(key) = Presented::parse(text) {
        assert_eq!(key.reveal(), text);
    }
}
