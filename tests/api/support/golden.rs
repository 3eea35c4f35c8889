//! Golden files: texts kept in the repository and reviewed as diffs. `FOLIOGRAPH_BLESS=1` rewrites them.

use std::fs;

use super::settings;

/// Compares `actual` with the file at `path` (from the workspace's root), byte for byte.
pub fn check(path: &str, actual: &str) {
    let file = settings::workspace().join(path);
    if settings::blesses() {
        fs::write(&file, actual).unwrap_or_else(|e| panic!("{path}: {e}"));
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    if let Some(difference) = difference(&expected, actual) {
        panic!(
            "{path} is not current: {difference}\nIf the change is meant, run the test with FOLIOGRAPH_BLESS=1 and review the diff."
        );
    }
}

/// The first line in which two texts differ, or `None` if they are equal.
pub fn difference(expected: &str, actual: &str) -> Option<String> {
    if expected == actual {
        return None;
    }
    let (mut kept, mut new) = (expected.lines(), actual.lines());
    for line in 1.. {
        match (kept.next(), new.next()) {
            (None, None) => break,
            (left, right) if left == right => {}
            (left, right) => {
                let [left, right] = [left, right].map(|text| text.unwrap_or("(end of text)"));
                return Some(format!("line {line}\n  file: {left}\n  now:  {right}"));
            }
        }
    }
    Some("the texts differ in line ends only".to_owned())
}
