//! CSV by RFC 4180: lines end with CRLF, null is an empty cell and empty text is `""`. A cell is the JSON of its value
//! without the quotes; text that a spreadsheet would take for a formula begins with an apostrophe.

use std::borrow::Cow;

use super::{MASKED_COLUMNS, masked};
use crate::graph::flat::{Column, Values};

const LINE_END: &[u8] = b"\r\n";

/// Writes the header.
pub fn header(out: &mut Vec<u8>, columns: &[Column], shows_masks: bool) {
    let names = columns.iter().map(|column| column.name.as_str()).chain(shows_masks.then_some(MASKED_COLUMNS));
    for (at, name) in names.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(name.as_bytes());
    }
    out.extend_from_slice(LINE_END);
}

/// Writes a row.
pub fn row(out: &mut Vec<u8>, columns: &[Column], values: &Values, shows_masks: bool) {
    let start = out.len();
    for (at, (column, (json, _))) in columns.iter().zip(values.iter()).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        cell(out, json, column.is_text);
    }
    if shows_masks {
        out.push(b',');
        for (at, name) in masked(columns, values).enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(name.as_bytes());
        }
    }
    // An empty line would be no row to many readers.
    if out.len() == start {
        out.extend_from_slice(b"\"\"");
    }
    out.extend_from_slice(LINE_END);
}

fn cell(out: &mut Vec<u8>, json: &[u8], is_text: bool) {
    let Some(inner) = json.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        match json {
            b"null" => {}
            // A list holds names of an enumeration, which have neither spaces nor commas.
            [b'[', names @ .., b']'] => {
                out.extend(names.iter().filter(|b| **b != b'"').map(|b| if *b == b',' { b' ' } else { *b }));
            }
            plain => out.extend_from_slice(plain),
        }
        return;
    };
    let text = if inner.contains(&b'\\') {
        // The writer of JSON and this reader agree on what a string is.
        Cow::Owned(serde_json::from_slice::<String>(json).unwrap_or_default().into_bytes())
    } else {
        Cow::Borrowed(inner)
    };
    let formula = is_text && matches!(text.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'));
    let quoted = text.is_empty() || text.iter().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n'));
    if quoted {
        out.push(b'"');
    }
    if formula {
        out.push(b'\'');
    }
    for (at, part) in text.split(|byte| *byte == b'"').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part);
    }
    if quoted {
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::cell;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_row_is_read_as_it_was_written(texts in prop::collection::vec(prop_oneof![any::<String>(), "[-=+@\t\r\n,;\"' a]{0,6}"], 1..6)) {
            let mut line = vec![];
            for (at, text) in texts.iter().enumerate() {
                if at > 0 {
                    line.push(b',');
                }
                cell(&mut line, &serde_json::to_vec(text).expect("JSON"), true);
            }
            line.extend_from_slice(super::LINE_END);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_slice());
            let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("CSV");
            prop_assert_eq!(rows.len(), 1);
            let due = texts.iter().map(|text| if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.clone() });
            prop_assert!(rows[0].iter().eq(due), "{:?}", rows[0]);
        }
    }

    fn text(json: &str) -> String {
        let mut out = vec![];
        cell(&mut out, json.as_bytes(), true);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_cell_is_quoted_only_where_it_must_be() {
        for (json, due) in [
            ("null", ""),
            (r#""""#, r#""""#),
            ("true", "true"),
            (r#"["ANALYST","AUDITOR"]"#, "ANALYST AUDITOR"),
            (r#""plain text""#, "plain text"),
            (r#""a,b""#, r#""a,b""#),
            (r#""say \"no\"""#, r#""say ""no""""#),
            (r#""two\nlines""#, "\"two\nlines\""),
            (r#""back\\slash\u0001""#, "back\\slash\u{1}"),
            (r#""Zürich → 東京""#, "Zürich → 東京"),
        ] {
            assert_eq!(text(json), due, "{json}");
        }
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for (json, due) in [
            (r#""=1+1""#, "'=1+1"),
            (r#""+1""#, "'+1"),
            (r#""-1""#, "'-1"),
            (r#""@x""#, "'@x"),
            (r#""\t=1""#, "'\t=1"),
            (r#""\r=1""#, "\"'\r=1\""),
            (r#""=\"a\",b""#, r#""'=""a"",b""#),
            (r#""a=1""#, "a=1"),
        ] {
            assert_eq!(text(json), due, "{json}");
        }
        let mut out = vec![];
        cell(&mut out, br#""-12.5""#, false);
        assert_eq!(out, b"-12.5", "a number is no formula");
    }
}
