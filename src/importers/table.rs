//! A delimited text file as a header and rows of equal length, or one clear refusal.
//!
//! Where a mapping does not say otherwise: UTF-8 with or without mark, else Windows-1252; comma, semicolon or tab,
//! whichever the header has most of.

use super::mapping::{Encoding, Mapping};
use super::report::ImportError;

/// The cells of one file, with the number that a spreadsheet gives each row.
#[derive(Debug)]
pub(super) struct Table {
    pub file: String,
    pub header_row: usize,
    pub header: Vec<String>,
    pub rows: Vec<(usize, Vec<String>)>,
    /// Rows in which a control character was taken as a space.
    pub cleaned: Vec<usize>,
}

impl Table {
    /// A refusal of this file.
    pub(super) fn refuse(&self, row: Option<usize>, text: impl Into<String>) -> ImportError {
        ImportError::File { file: self.file.clone(), row, text: text.into() }
    }
}

/// The cells of a file's content.
pub(super) fn parse(file: &str, bytes: &[u8], mapping: &Mapping) -> Result<Table, ImportError> {
    let mut table = Table { file: file.to_owned(), header_row: 1, header: vec![], rows: vec![], cleaned: vec![] };
    let text = decode(&table, bytes, mapping.encoding)?;
    if text.trim().is_empty() {
        return Err(table.refuse(None, "the file is empty"));
    }
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: u8| first.matches(char::from(delimiter)).count();
    // Of two that are as frequent, the last one here.
    let likely = [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',');
    let delimiter = mapping.delimiter.unwrap_or(likely);
    let numbers = row_numbers(&text, delimiter)
        .map_err(|row| table.refuse(Some(row), "a quotation mark is opened and never closed"))?;

    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    for (record, row) in reader.records().zip(numbers) {
        let record = record.map_err(|cause| table.refuse(Some(row), cause.to_string()))?;
        let cells: Vec<String> = record.iter().map(|cell| cell.replace(is_stray, " ")).collect();
        if record.iter().any(|cell| cell.contains(is_stray)) {
            table.cleaned.push(row);
        }
        if table.header.is_empty() {
            table.header_row = row;
            table.header = cells.iter().map(|cell| cell.trim().to_owned()).collect();
            if table.header.len() == 1 {
                return Err(table.refuse(
                    Some(row),
                    "one column only; columns are separated by comma, semicolon or tab, or as `file.delimiter` says",
                ));
            }
        } else if cells.len() == table.header.len() {
            table.rows.push((row, cells));
        } else {
            let text = format!("{} cells where the header has {}", cells.len(), table.header.len());
            return Err(table.refuse(Some(row), text));
        }
    }
    Ok(table)
}

/// Whether a character has no place in a cell, although text that was copied out of other documents has it at times.
fn is_stray(c: char) -> bool {
    matches!(c, '\u{1}'..='\u{8}' | '\u{e}'..='\u{1f}')
}

fn decode(table: &Table, bytes: &[u8], encoding: Encoding) -> Result<String, ImportError> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(table.refuse(None, "this is a workbook or an archive, not a text file; save it as CSV"));
    }
    let unmarked = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let utf8 = || encoding_rs::UTF_8.decode_without_bom_handling_and_without_replacement(unmarked);
    let windows = || encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0;
    let text = match encoding {
        Encoding::Auto => utf8().unwrap_or_else(windows),
        Encoding::Utf8 => utf8().ok_or_else(|| table.refuse(None, "this is not text in UTF-8"))?,
        Encoding::Windows1252 => windows(),
    };
    // Bytes that Windows-1252 leaves undefined arrive as control characters too: both tell that this is no text.
    if let Some((at, _)) = text.char_indices().find(|(_, c)| c.is_control() && !c.is_whitespace() && !is_stray(*c)) {
        let row = text[..at].matches('\n').count() + 1;
        return Err(table.refuse(Some(row), "this is not text in UTF-8 or Windows-1252"));
    }
    Ok(text.into_owned())
}

/// The numbers of the rows that hold anything: the reader passes over empty lines without counting them. Or else the
/// row in which a quoted cell begins that never ends: the reader would take all rows after it for the text of that cell.
fn row_numbers(text: &str, delimiter: u8) -> Result<Vec<usize>, usize> {
    let mut numbers = Vec::new();
    let (mut row, mut is_quoted, mut at_cell_start) = (1, false, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if is_quoted {
            is_quoted = byte != b'"' || bytes.next_if_eq(&b'"').is_some();
        } else if matches!(byte, b'\r' | b'\n') {
            if byte == b'\r' {
                bytes.next_if_eq(&b'\n');
            }
            row += 1;
            at_cell_start = true;
        } else {
            if numbers.last() != Some(&row) {
                numbers.push(row);
            }
            is_quoted = byte == b'"' && at_cell_start;
            at_cell_start = byte == delimiter;
        }
    }
    if is_quoted { Err(numbers.last().copied().unwrap_or(row)) } else { Ok(numbers) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_table_is_read_as_it_was_written(rows in prop::collection::vec(prop::collection::vec("[ -~\n]{0,8}|[äöü→]{1,3}", 3), 0..5)) {
            let mut writer = csv::WriterBuilder::new().from_writer(vec![]);
            writer.write_record(["a", "b", "c"]).expect("written");
            for row in &rows {
                writer.write_record(row).expect("written");
            }
            let text = writer.into_inner().expect("written");
            let table = parse("f.csv", &text, &mapping("delimiter = \",\"")).expect("a table");
            prop_assert_eq!(table.rows.into_iter().map(|(_, cells)| cells).collect::<Vec<_>>(), rows);
        }

        #[test]
        fn any_file_is_read_or_refused(bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), "[a-c,;\t\"\r\n]{0,60}".prop_map(String::into_bytes)]) {
            let _ = parse("f.csv", &bytes, &mapping(""));
        }
    }

    fn mapping(file: &str) -> Mapping {
        let columns = "[[columns]]\nnames = [\"Name\"]\nto = \"project.name\"\n";
        let text = format!("system = \"x\"\n[file]\n{file}\n[money]\ncurrency = \"EUR\"\n{columns}");
        Mapping::read(&text).expect("a mapping")
    }

    fn refusal(bytes: &[u8]) -> String {
        parse("f.csv", bytes, &mapping("")).expect_err("a refusal").to_string()
    }

    #[test]
    fn encoding_and_delimiter_are_detected() {
        for bytes in [
            "\u{feff}a,b;c\nü,\"1\n2\"\n".as_bytes(),
            "a,b;c\r\nü,\"1\n2\"\r\n".as_bytes(),
            b"a;b,c;\n\xFC;\"1\n2\";\n",
        ] {
            let table = parse("f.csv", bytes, &mapping("")).expect("a table");
            assert_eq!(table.rows[0].1[..2], ["ü".to_owned(), "1\n2".to_owned()]);
        }
    }

    #[test]
    fn a_stray_control_character_is_a_space_and_told() {
        let table = parse("f.csv", b"a,b\n1,evidence\x02based\n3,4\n", &mapping("")).expect("a table");
        assert_eq!((table.rows[0].1[1].as_str(), table.cleaned.as_slice()), ("evidence based", &[2][..]));
    }

    #[test]
    fn encoding_and_delimiter_are_as_the_mapping_says() {
        let table = parse("f.csv", b"a|b,c\n\xC3\xBC|2\n", &mapping("delimiter = \"|\"\nencoding = \"windows-1252\""));
        let table = table.expect("a table");
        assert_eq!((table.header[1].as_str(), table.rows[0].1[0].as_str()), ("b,c", "Ã¼"));
        let refused = parse("f.csv", b"a,b\n\xFC,2\n", &mapping("encoding = \"utf-8\""));
        assert!(refused.expect_err("a refusal").to_string().contains("not text in UTF-8"));
        assert_eq!(parse("f.csv", b"a\tb\n1\t2\n", &mapping("")).expect("a table").header, ["a", "b"]);
    }

    #[test]
    fn what_is_no_table_is_refused_by_file_and_row() {
        assert_eq!(refusal(b""), "f.csv: the file is empty");
        assert_eq!(refusal(b"\xEF\xBB\xBF \n"), "f.csv: the file is empty");
        assert!(refusal(b"{\n \"a\": 1, 2}\n").starts_with("f.csv, row 1: one column only"));
        assert_eq!(refusal(b"a,b\n1,2\n3\n"), "f.csv, row 3: 1 cells where the header has 2");
        assert_eq!(refusal(b"a,b\n1,\"2\n3,4\n"), "f.csv, row 2: a quotation mark is opened and never closed");
        assert_eq!(refusal(b"a,b\n1,\x00\n"), "f.csv, row 2: this is not text in UTF-8 or Windows-1252");
        assert_eq!(refusal(b"a,b\n1,\x81\n"), "f.csv, row 2: this is not text in UTF-8 or Windows-1252");
        assert_eq!(refusal(b"\r\na,b\r\n\r\n1,\"2\n2\"\r\n\r\n3\r\n"), "f.csv, row 6: 1 cells where the header has 2");
        assert!(refusal(b"PK\x03\x04....").contains("workbook"));
    }
}
