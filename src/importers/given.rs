//! Published files to test with, kept outside of the project: `FOLIOGRAPH_TEST_DATA`, else `shared/data` beside it.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// A folder of the data; None where there is none, which is said loudly.
pub fn folder(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("FOLIOGRAPH_TEST_DATA").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let is_named = named.is_some();
    let folder = named.unwrap_or_else(beside).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(!is_named, "FOLIOGRAPH_TEST_DATA has no {name}");
    eprintln!("SKIPPED: set FOLIOGRAPH_TEST_DATA to the folder of published data to test with {name}");
    None
}

/// What is expected of the files of a folder.
pub fn expected(folder: &std::path::Path, file: &str) -> Vec<(String, Value)> {
    let text = fs::read(folder.join(file)).expect("a list of what is expected");
    let Value::Object(files) = serde_json::from_slice(&text).expect("JSON") else { panic!("{file} is no object") };
    files.into_iter().collect()
}

/// The XML files of a folder with their names, in order.
pub fn files(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "xml")).collect();
    paths.sort();
    let named = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    paths.iter().map(|path| (named(path), fs::read(path).expect("a file"))).collect()
}
