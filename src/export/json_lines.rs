//! JSON Lines: an object a row, its keys in the order of the columns, values as GraphQL writes them.

use super::{MASKED_COLUMNS, masked};
use crate::graph::flat::{Column, Values};

/// Writes a row. Names of columns are names of the schema and need no escape.
pub fn row(out: &mut Vec<u8>, columns: &[Column], values: &Values, shows_masks: bool) {
    let mut open = "{";
    let mut key = |out: &mut Vec<u8>, name: &str| {
        out.extend_from_slice(std::mem::replace(&mut open, ",").as_bytes());
        quoted(out, name);
        out.push(b':');
    };
    for (column, (json, _)) in columns.iter().zip(values.iter()) {
        key(out, &column.name);
        out.extend_from_slice(json);
    }
    if shows_masks {
        key(out, MASKED_COLUMNS);
        out.push(b'[');
        for (at, name) in masked(columns, values).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            quoted(out, name);
        }
        out.push(b']');
    }
    out.extend_from_slice(b"}\n");
}

fn quoted(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
}
