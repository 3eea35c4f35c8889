//! Bytes to text: a byte order mark wins, then the charset that the file declares, then UTF-8. Bytes that are not of
//! that charset and characters that XML forbids are faults; nothing is replaced.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::MOST_BYTES;
use super::fault::{Fault, shown};
use super::walk::lines;

/// Where a declaration is looked for.
const DECLARATION: usize = 400;

/// The text of a file, without its byte order mark.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    if bytes.len() > MOST_BYTES {
        return Err(Fault::of_file(format!("the file is larger than {} MiB", MOST_BYTES >> 20)));
    }
    let (encoding, mark) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, mark),
        None => (declared(bytes)?, 0),
    };
    let body = &bytes[mark..];
    let text = encoding.decode_without_bom_handling_and_without_replacement(body);
    let text = text.ok_or_else(|| undecodable(encoding, body))?;
    match text.char_indices().find(|(_, c)| !is_allowed(*c)) {
        None => Ok(text),
        Some((at, c)) => Err(Fault::new(line_of(&text, at), "", forbidden(c))),
    }
}

/// Whether XML allows a character in a text.
pub(super) fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'))
}

/// What is said of a character that is not allowed.
pub(super) fn forbidden(c: char) -> String {
    format!("the character U+{:04X} is not allowed in XML", u32::from(c))
}

/// The line of a place in a text, from 1.
fn line_of(text: &str, at: usize) -> u64 {
    1 + lines(&text.as_bytes()[..at])
}

fn undecodable(encoding: &'static Encoding, body: &[u8]) -> Fault {
    let (text, _) = encoding.decode_without_bom_handling(body);
    let line = text.find('\u{fffd}').map_or(0, |at| line_of(&text, at));
    Fault::new(line, "", format!("the bytes are not {}", encoding.name()))
}

/// The charset of a file without a byte order mark.
fn declared(bytes: &[u8]) -> Result<&'static Encoding, Fault> {
    match bytes {
        [b'<', 0, ..] => return Ok(UTF_16LE),
        [0, b'<', ..] => return Ok(UTF_16BE),
        _ => {}
    }
    let Some(label) = label(&bytes[..bytes.len().min(DECLARATION)]) else { return Ok(UTF_8) };
    let known = Encoding::for_label_no_replacement(label);
    let known = known.ok_or_else(|| {
        let name = shown(&String::from_utf8_lossy(label));
        Fault::new(1, "", format!("the charset \"{name}\" is not known"))
    })?;
    // The declaration was read byte by byte: the file is not in two bytes a character, whatever it says.
    Ok(if known == UTF_16LE || known == UTF_16BE { UTF_8 } else { known })
}

/// What `<?xml … encoding="…"?>` says.
fn label(start: &[u8]) -> Option<&[u8]> {
    let start = start.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = start.windows(2).position(|two| two == b"?>")?;
    let at = start[..end].windows(8).position(|word| word == b"encoding")? + 8;
    let rest = start[at..end].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, rest) = rest.split_first()?;
    let close = rest.iter().position(|byte| byte == quote)?;
    matches!(quote, b'"' | b'\'').then(|| &rest[..close])
}
