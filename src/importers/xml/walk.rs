//! A file from its beginning to its end: where an element opens, the caller goes into it, takes it whole or leaves it.

use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::charset::{forbidden, is_allowed};
use super::element::Element;
use super::fault::{Fault, on_one_line, shown};
use super::{MOST_ATTRIBUTES, MOST_DEPTH, MOST_ELEMENTS, MOST_IN_ROW, MOST_TEXT};

/// The most bytes of a name.
const LONGEST_NAME: usize = 100;
/// Characters of a fault of the XML itself that are shown.
const SAID: usize = 160;

/// An element that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its name; without the prefix, where that is the prefix of the root.
    pub name: String,
    /// The line at which it opens, from 1.
    pub line: u64,
    /// Its attributes without those that declare namespaces, in the order of the file.
    pub attributes: Vec<(String, String)>,
}

/// Where a file is read.
pub struct Walk<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// The elements that are open, with where each one's path ends in `path`.
    open: Vec<usize>,
    path: String,
    /// The prefix of the root with its colon, empty for none.
    prefix: Option<String>,
    elements: u64,
    /// How far lines are counted, and the line there.
    counted: (usize, u64),
}

/// What comes next.
enum Next {
    Open(Head),
    Text(String),
    Close,
    End,
}

impl<'a> Walk<'a> {
    /// Before the root of a text that [`super::decode`] gave.
    pub fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        Self { text, reader, open: vec![], path: String::new(), prefix: None, elements: 0, counted: (0, 1) }
    }

    /// The next element within the one that is open, which is then open itself. None: that one, or at last the whole
    /// file, is at its end. Text between elements is a fault, since nothing of it would be taken.
    pub fn child(&mut self) -> Result<Option<Head>, Fault> {
        loop {
            match self.next()? {
                Next::Open(head) => return Ok(Some(head)),
                Next::Close | Next::End => return Ok(None),
                Next::Text(text) if text.trim().is_empty() => {}
                Next::Text(text) => {
                    return Err(self.fault(format!("\"{}\" stands between elements", shown(text.trim()))));
                }
            }
        }
    }

    /// The end of the file, after the root.
    pub fn end(&mut self) -> Result<(), Fault> {
        match self.child()? {
            None => Ok(()),
            Some(head) => Err(self.fault(format!("\"{}\" stands after the end", shown(&head.name)))),
        }
    }

    /// The whole of the element that was opened last.
    pub fn whole(&mut self, head: Head) -> Result<Element, Fault> {
        let first = self.elements;
        let mut open = vec![Element::open(head, self.path.clone())];
        loop {
            match self.next()? {
                Next::Open(head) => {
                    if self.elements - first > MOST_IN_ROW {
                        return Err(self.fault(format!("more than {MOST_IN_ROW} elements in one row")));
                    }
                    open.push(Element::open(head, self.path.clone()));
                }
                Next::Text(text) => {
                    let fits = open.last_mut().is_none_or(|inner| inner.append(&text));
                    if !fits {
                        return Err(self.fault(format!("a text of more than {MOST_TEXT} bytes")));
                    }
                }
                Next::Close | Next::End => {
                    let done = open.pop().ok_or_else(|| self.fault("an end without a beginning"))?;
                    match open.last_mut() {
                        Some(outer) => outer.push(done),
                        None => return Ok(done),
                    }
                }
            }
        }
    }

    fn next(&mut self) -> Result<Next, Fault> {
        loop {
            let line = self.line();
            let event = self.reader.read_event();
            let event = event.map_err(|error| self.ill_formed(&error))?;
            let said = match event {
                Event::Start(start) | Event::Empty(start) => return self.opened(&start, line).map(Next::Open),
                Event::End(_) => {
                    let end = self.open.pop().ok_or_else(|| self.fault("an end without a beginning"))?;
                    self.path.truncate(end);
                    return Ok(Next::Close);
                }
                Event::Eof => return self.ended().map(|()| Next::End),
                Event::DocType(_) => return Err(self.fault("a document type (DOCTYPE) is not read")),
                Event::Text(text) => text.xml10_content().into_owned(),
                Event::CData(text) => text.xml10_content().into_owned(),
                Event::GeneralRef(reference) => self.referred(&reference)?,
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => continue,
            };
            if said.len() > MOST_TEXT {
                return Err(self.fault(format!("a text of more than {MOST_TEXT} bytes")));
            }
            return Ok(Next::Text(said));
        }
    }

    fn opened(&mut self, start: &BytesStart<'_>, line: u64) -> Result<Head, Fault> {
        let full = start.name().as_ref().to_owned();
        let full = full.as_str();
        let prefix = self.prefix.get_or_insert_with(|| full.find(':').map_or("", |at| &full[..=at]).to_owned());
        let name = full.strip_prefix(prefix.as_str()).unwrap_or(full).to_owned();
        if self.open.is_empty() && self.elements > 0 {
            return Err(self.fault(format!("a second root \"{}\"", shown(&name))));
        }
        if !is_name(&name) {
            return Err(self.fault(format!("\"{}\" is no name", shown(&name))));
        }
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(self.fault(format!("more than {MOST_ELEMENTS} elements")));
        }
        if self.open.len() >= MOST_DEPTH {
            return Err(self.fault(format!("more than {MOST_DEPTH} elements within each other")));
        }
        self.open.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(&name);
        let attributes = self.attributes(start)?;
        Ok(Head { name, line, attributes })
    }

    fn attributes(&mut self, start: &BytesStart<'_>) -> Result<Vec<(String, String)>, Fault> {
        let mut attributes = vec![];
        for (at, attribute) in start.attributes().enumerate() {
            if at >= MOST_ATTRIBUTES {
                return Err(self.fault(format!("more than {MOST_ATTRIBUTES} attributes")));
            }
            let attribute = attribute.map_err(|error| self.fault(shown(&error.to_string())))?;
            let name = attribute.key.as_ref();
            if attribute.value.len() > MOST_TEXT {
                return Err(self.fault(format!("a text of more than {MOST_TEXT} bytes")));
            }
            if name == "xmlns" || name.starts_with("xmlns:") || name.starts_with("xsi:") || name.starts_with("xml:") {
                continue;
            }
            if !is_name(name) {
                return Err(self.fault(format!("\"{}\" is no name", shown(name))));
            }
            let value = quick_xml::escape::unescape(&attribute.value);
            let value = value.map_err(|_| {
                self.fault(format!("@{}: \"{}\" refers to what is not known", shown(name), shown(&attribute.value)))
            })?;
            if let Some(c) = value.chars().find(|c| !is_allowed(*c)) {
                return Err(self.fault(format!("@{}: {}", shown(name), forbidden(c))));
            }
            attributes.push((name.to_owned(), value.into_owned()));
        }
        Ok(attributes)
    }

    /// What `&…;` stands for.
    fn referred(&mut self, reference: &BytesRef<'_>) -> Result<String, Fault> {
        let unknown = |walk: &mut Self| {
            let name = reference.xml10_content();
            walk.fault(format!("\"&{};\" is not known: entities are not expanded", shown(&name)))
        };
        match reference.resolve_char_ref() {
            Ok(Some(c)) if is_allowed(c) => Ok(c.to_string()),
            Ok(Some(c)) => Err(self.fault(forbidden(c))),
            Ok(None) => match resolve_predefined_entity(&reference.xml10_content()) {
                Some(text) => Ok(text.to_owned()),
                None => Err(unknown(self)),
            },
            Err(_) => Err(unknown(self)),
        }
    }

    fn ended(&mut self) -> Result<(), Fault> {
        if self.elements == 0 {
            return Err(Fault::of_file("there is no XML in the file"));
        }
        if self.open.is_empty() { Ok(()) } else { Err(self.fault("the file ends before the element does")) }
    }

    fn ill_formed(&mut self, error: &Error) -> Fault {
        let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        let line = self.line_at(at);
        let said = on_one_line(error.to_string().chars().take(SAID));
        Fault::new(line, self.path.clone(), said)
    }

    /// A fault where the file is being read.
    pub fn fault(&mut self, why: impl Into<String>) -> Fault {
        Fault::new(self.line(), self.path.clone(), why)
    }

    /// The line where the file is being read.
    fn line(&mut self) -> u64 {
        let at = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        self.line_at(at)
    }

    fn line_at(&mut self, at: usize) -> u64 {
        let at = at.min(self.text.len());
        let (from, line) = if at >= self.counted.0 { self.counted } else { (0, 1) };
        let line = line + lines(&self.text.as_bytes()[from..at]);
        if at > self.counted.0 {
            self.counted = (at, line);
        }
        line
    }
}

/// How many lines end in these bytes.
pub(super) fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// Whether a text names an element or attribute.
fn is_name(text: &str) -> bool {
    let is_fit = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    !text.is_empty() && text.len() <= LONGEST_NAME && text.chars().all(is_fit)
}
