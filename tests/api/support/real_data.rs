//! Published data, kept outside the repository: `FOLIOGRAPH_TEST_DATA`, else the folder `shared/data` beside the workspace.

use std::{fs, path::PathBuf};

use super::{
    runner, settings,
    summary::{self, Need},
};

/// Path of one file or folder of the published data, such as `jira/expected.json`.
///
/// Where the data is not there, the test ends as not run, loudly; a folder named by hand that lacks the file fails it.
pub fn path(name: &str) -> PathBuf {
    let named = settings::folder("FOLIOGRAPH_TEST_DATA");
    let is_named = named.is_some();
    let folder = named.unwrap_or_else(|| settings::workspace().join("../shared/data"));
    let path = folder.join(name);
    if path.exists() {
        summary::used(Need::RealData, &runner::current_test());
        return path;
    }
    assert!(!is_named, "FOLIOGRAPH_TEST_DATA={} has no {name}", folder.display());
    runner::skip(Need::RealData, "the folder of published data is not on this machine");
}

/// Bytes of one file.
pub fn bytes(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// One file as JSON, such as the `expected.json` of a folder.
pub fn json(name: &str) -> serde_json::Value {
    serde_json::from_slice(&bytes(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}
