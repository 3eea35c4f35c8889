//! Tokens of a document as the specification of September 2025 defines them, in one pass forward. What is no token is
//! refused here with its place, so whoever goes on never meets half a string or half a number.

use std::ops::Range;

use crate::error::{Code, Error};

/// A kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// `# ...` to the end of the line; no token of the language.
    Comment,
    /// Nothing that matters.
    Nothing,
    /// A name.
    Name,
    /// A number.
    Number,
    /// A string or a block string.
    Text,
    /// `...`
    Spread,
    /// `{`, `(` or `[`.
    Open(u8),
    /// `}`, `)` or `]`.
    Close(u8),
    /// `:`
    Colon,
    /// `=`
    Equals,
    /// `$`
    Dollar,
    /// `@`
    At,
    /// `!`, `&` or `|`.
    Mark,
}

/// The tokens of a text.
pub struct Words<'t> {
    /// The text.
    pub text: &'t str,
    /// Where the next token is looked for.
    pub at: usize,
    /// How many tokens there were.
    pub count: usize,
    /// The last text as the parser reads it, where that differs.
    pub written: Option<String>,
}

impl<'t> Words<'t> {
    /// The tokens from the beginning.
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0, count: 0, written: None }
    }

    /// The next token or comment; none at the end.
    pub fn next(&mut self) -> Result<Option<(Token, Range<usize>)>, Error> {
        let start = self.blank(self.at);
        self.written = None;
        let Some(first) = self.byte(start) else { return Ok(None) };
        let one = start + 1;
        let (token, end) = match first {
            b'#' => (Token::Comment, self.line_end(one)),
            b'"' if self.text[start..].starts_with("\"\"\"") => (Token::Text, self.block(start)?),
            b'"' => (Token::Text, self.string(start)?),
            b'.' if self.text[start..].starts_with("...") => (Token::Spread, start + 3),
            b'-' | b'0'..=b'9' => (Token::Number, self.number(start)?),
            b'{' | b'(' | b'[' => (Token::Open(first), one),
            b'}' | b')' | b']' => (Token::Close(first), one),
            b':' => (Token::Colon, one),
            b'=' => (Token::Equals, one),
            b'$' => (Token::Dollar, one),
            b'@' => (Token::At, one),
            b'!' | b'&' | b'|' => (Token::Mark, one),
            _ => match self.name(start) {
                Some(end) => (Token::Name, end),
                None => return Err(unreadable(self.text, start)),
            },
        };
        self.count += usize::from(token != Token::Comment);
        self.at = end;
        Ok(Some((token, start..end)))
    }

    /// The next part of a type, which has one name; none where the type is over. It stays the next token.
    pub fn part_of_type(&self, has_name: bool) -> Option<(Token, Range<usize>)> {
        let mut start = self.blank(self.at);
        while self.byte(start) == Some(b'#') {
            start = self.blank(self.line_end(start));
        }
        match self.byte(start)? {
            b'[' if !has_name => Some((Token::Open(b'['), start..start + 1)),
            b']' if has_name => Some((Token::Close(b']'), start..start + 1)),
            b'!' if has_name => Some((Token::Mark, start..start + 1)),
            _ if !has_name => self.name(start).map(|end| (Token::Name, start..end)),
            _ => None,
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Where what is ignored ends, comments apart.
    fn blank(&self, mut at: usize) -> usize {
        loop {
            match self.byte(at) {
                Some(b' ' | b'\t' | b'\n' | b'\r' | b',') => at += 1,
                Some(0xEF) if self.text[at..].starts_with('\u{feff}') => at += 3,
                _ => return at,
            }
        }
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = &self.text.as_bytes()[from..];
        rest.iter().position(|b| matches!(b, b'\n' | b'\r')).map_or(self.text.len(), |length| from + length)
    }

    fn name(&self, start: usize) -> Option<usize> {
        let rest = &self.text.as_bytes()[start..];
        let length = rest.iter().position(|b| !is_name_part(*b)).unwrap_or(rest.len());
        (length > 0 && !rest[0].is_ascii_digit()).then_some(start + length)
    }

    fn digits(&self, from: usize) -> Option<usize> {
        let rest = &self.text.as_bytes()[from..];
        let length = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
        (length > 0).then_some(from + length)
    }

    fn number(&self, start: usize) -> Result<usize, Error> {
        let fault = |at: usize| unreadable(self.text, at);
        let whole = start + usize::from(self.byte(start) == Some(b'-'));
        let mut end = self.digits(whole).ok_or_else(|| fault(whole))?;
        if self.byte(whole) == Some(b'0') && end > whole + 1 {
            return Err(fault(whole + 1));
        }
        if self.byte(end) == Some(b'.') {
            end = self.digits(end + 1).ok_or_else(|| fault(end))?;
        }
        if matches!(self.byte(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.byte(end + 1), Some(b'+' | b'-')));
            end = self.digits(end + 1 + sign).ok_or_else(|| fault(end))?;
        }
        match self.byte(end) {
            Some(b) if is_name_part(b) || b == b'.' => Err(fault(end)),
            _ => Ok(end),
        }
    }

    /// A string in one line. The parser knows neither `\u{...}` nor pairs of surrogates: they become their character.
    fn string(&mut self, start: usize) -> Result<usize, Error> {
        let (mut at, mut written, mut copied) = (start + 1, String::new(), start);
        loop {
            match self.byte(at) {
                Some(b'"') => break,
                None | Some(b'\n' | b'\r') => return Err(unreadable(self.text, at)),
                Some(b'\\') if self.byte(at + 1) == Some(b'u') => {
                    let (character, end) = self.escaped(at).ok_or_else(|| unreadable(self.text, at))?;
                    // The parser knows `\u0041` itself.
                    if end - at == 12 || self.byte(at + 2) == Some(b'{') {
                        written.push_str(&self.text[copied..at]);
                        push_plain(&mut written, character);
                        copied = end;
                    }
                    at = end;
                }
                Some(b'\\') => match self.byte(at + 1) {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                    _ => return Err(unreadable(self.text, at)),
                },
                Some(_) => at += 1,
            }
        }
        let end = at + 1;
        if copied > start {
            written.push_str(&self.text[copied..end]);
            self.written = Some(written);
        }
        Ok(end)
    }

    /// The character of an escape that begins here with `\u`, and where the escape ends.
    fn escaped(&self, start: usize) -> Option<(char, usize)> {
        let four = |at: usize| {
            let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
            digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
        };
        if self.byte(start + 2) == Some(b'{') {
            let rest = &self.text[start + 3..];
            let length = rest.bytes().position(|b| !b.is_ascii_hexdigit()).filter(|length| *length > 0)?;
            let code = u32::from_str_radix(rest[..length].trim_start_matches('0'), 16);
            let code = if rest[..length].bytes().all(|b| b == b'0') { 0 } else { code.ok()? };
            (rest.as_bytes()[length] == b'}').then_some(())?;
            return Some((char::from_u32(code)?, start + 3 + length + 1));
        }
        let code = four(start)?;
        if !(0xD800..0xDC00).contains(&code) {
            return Some((char::from_u32(code)?, start + 6));
        }
        let low = four(start + 6).filter(|low| (0xDC00..0xE000).contains(low))?;
        let code = 0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        Some((char::from_u32(code)?, start + 12))
    }

    /// A block string. The parser keeps the backslash of `\"""`: a text with one becomes a string in one line.
    fn block(&mut self, start: usize) -> Result<usize, Error> {
        const QUOTES: &str = "\"\"\"";
        let (mut at, mut has_escape) = (start + 3, false);
        loop {
            let rest = &self.text.as_bytes()[at..];
            if rest.starts_with(QUOTES.as_bytes()) {
                break;
            }
            match rest.first() {
                None => return Err(unreadable(self.text, at)),
                Some(b'\\') if rest[1..].starts_with(QUOTES.as_bytes()) => {
                    has_escape = true;
                    at += 4;
                }
                Some(_) => at += 1,
            }
        }
        if has_escape {
            let raw = self.text[start + 3..at].replace("\\\"\"\"", QUOTES);
            let mut written = String::from('"');
            block_value(&raw).chars().for_each(|c| push_plain(&mut written, c));
            written.push('"');
            self.written = Some(written);
        }
        Ok(at + 3)
    }
}

/// "BlockStringValue" of the specification: without the indentation that all lines have, and without empty ends.
fn block_value(raw: &str) -> String {
    let even = raw.replace("\r\n", "\n").replace('\r', "\n");
    let is_blank = |line: &str| line.bytes().all(|b| matches!(b, b' ' | b'\t'));
    let indented = even.split('\n').skip(1).filter(|line| !is_blank(line));
    let indent = indented.map(|line| line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count()).min().unwrap_or(0);
    let lines: Vec<&str> = even
        .split('\n')
        .enumerate()
        .map(|(at, line)| if at == 0 { line } else { line.get(indent..).unwrap_or_default() })
        .collect();
    let first = lines.iter().position(|line| !is_blank(line)).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !is_blank(line)).map_or(first, |last| last + 1);
    lines[first..last].join("\n")
}

/// Appends a character as it stands in a string.
fn push_plain(written: &mut String, character: char) {
    match character {
        '"' => written.push_str("\\\""),
        '\\' => written.push_str("\\\\"),
        '\n' => written.push_str("\\n"),
        '\r' => written.push_str("\\r"),
        plain => written.push(plain),
    }
}

/// Whether a byte can stand in a name.
fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The refusal of a text that goes wrong here.
pub fn unreadable(text: &str, at: usize) -> Error {
    let (line, column) = position(text, at);
    Error::new(Code::GraphqlParseFailed, "The document is not GraphQL.").at(line, column)
}

/// Line and column of a byte, both from 1.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let ends = before.bytes().filter(|b| *b == b'\n').count()
        + before
            .bytes()
            .zip(before.bytes().skip(1).chain([0]))
            .filter(|pair| pair.0 == b'\r' && pair.1 != b'\n')
            .count();
    let line = before.rsplit(['\n', '\r']).next().unwrap_or_default();
    (ends + 1, line.chars().count() + 1)
}
