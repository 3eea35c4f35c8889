//! An element with all that is in it. What was taken is marked, so that nothing is left behind unsaid.

use std::cell::Cell;

use super::MOST_TEXT;
use super::fault::{Fault, shown};
use super::walk::Head;

/// What a text was expected to be, as words that follow "is not".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected(pub &'static str);

/// An element.
#[derive(Debug, Clone)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// The line at which it opens.
    pub line: u64,
    /// The elements from the root to it.
    pub path: String,
    attributes: Vec<(String, String, Cell<bool>)>,
    text: String,
    children: Vec<Element>,
    is_taken: Cell<bool>,
}

impl Element {
    /// One that has nothing in it yet.
    pub fn open(head: Head, path: String) -> Self {
        let attributes = head.attributes.into_iter().map(|(name, value)| (name, value, Cell::new(false)));
        Self {
            name: head.name,
            line: head.line,
            path,
            attributes: attributes.collect(),
            text: String::new(),
            children: vec![],
            is_taken: Cell::new(false),
        }
    }

    /// Whether the text still fits.
    pub(super) fn append(&mut self, text: &str) -> bool {
        self.text.push_str(text);
        self.text.len() <= MOST_TEXT
    }

    /// One more element within it.
    pub fn push(&mut self, child: Self) {
        self.children.push(child);
    }

    /// Its own text, without blanks around it; None where there is none.
    pub fn text(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    /// A fault of it.
    pub fn fault(&self, why: impl Into<String>) -> Fault {
        Fault::new(self.line, self.path.clone(), why)
    }

    /// The elements of a name within it, which are taken by this.
    pub fn children(&self, name: &str) -> impl Iterator<Item = &Self> {
        let named = self.children.iter().filter(move |child| child.name == name);
        named.inspect(|child| child.is_taken.set(true))
    }

    /// Every element within it, taken or not.
    pub fn all(&self) -> &[Self] {
        &self.children
    }

    /// The one element of a name within it, if there is any; two are a fault.
    pub fn child(&self, name: &str) -> Result<Option<&Self>, Fault> {
        let mut named = self.children(name);
        let first = named.next();
        match named.next() {
            Some(second) => Err(second.fault("it stands there twice")),
            None => Ok(first),
        }
    }

    /// The elements of a name within the one element of another, such as each `Rate` in `Rates`.
    pub fn listed(&self, list: &str, name: &str) -> Result<Vec<&Self>, Fault> {
        Ok(self.child(list)?.map(|list| list.children(name).collect()).unwrap_or_default())
    }

    /// The value of the one element of a name within it, by how it is read; None where it is not there or empty.
    pub fn value<T>(&self, name: &str, read: impl FnOnce(&str) -> Result<T, Expected>) -> Result<Option<T>, Fault> {
        let Some(child) = self.child(name)? else { return Ok(None) };
        if let Some(inner) = child.children.first() {
            return Err(inner.fault("no element is expected here"));
        }
        let Some(text) = child.text() else { return Ok(None) };
        let fault = |Expected(what)| child.fault(format!("\"{}\" is not {what}", shown(text)));
        read(text).map(Some).map_err(fault)
    }

    /// As [`Self::value`], where there has to be one.
    pub fn needed<T>(&self, name: &str, read: impl FnOnce(&str) -> Result<T, Expected>) -> Result<T, Fault> {
        self.value(name, read)?.ok_or_else(|| self.fault(format!("{name} is missing")))
    }

    /// The text of the one element of a name within it.
    pub fn words(&self, name: &str) -> Result<Option<String>, Fault> {
        self.value(name, |text| Ok(text.to_owned()))
    }

    /// An attribute by how it is read; None where it is not there or empty.
    pub fn attribute<T>(&self, name: &str, read: impl FnOnce(&str) -> Result<T, Expected>) -> Result<Option<T>, Fault> {
        let Some(text) = self.attribute_words(name) else { return Ok(None) };
        let fault = |Expected(what)| self.fault(format!("@{name}: \"{}\" is not {what}", shown(&text)));
        read(&text).map(Some).map_err(fault)
    }

    /// The text of an attribute; None where it is not there or empty.
    pub fn attribute_words(&self, name: &str) -> Option<String> {
        let (_, value, is_taken) = self.attributes.iter().find(|(own, ..)| own == name)?;
        is_taken.set(true);
        Some(value.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// As [`Self::attribute`], where there has to be one.
    pub fn needed_attribute<T>(&self, name: &str, read: impl FnOnce(&str) -> Result<T, Expected>) -> Result<T, Fault> {
        self.attribute(name, read)?.ok_or_else(|| self.fault(format!("@{name} is missing")))
    }

    /// The attributes that were not asked for, which are taken by this.
    pub fn other_attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        let others = self.attributes.iter().filter(|(.., is_taken)| !is_taken.replace(true));
        others.map(|(name, value, _)| (name.as_str(), value.as_str()))
    }

    /// Marks it as taken with all that is in it: it is counted in another way.
    pub fn take(&self) {
        self.is_taken.set(true);
        self.other_attributes().for_each(drop);
        self.children.iter().for_each(Self::take);
    }

    pub(super) fn is_taken(&self) -> bool {
        self.is_taken.get()
    }

    pub(super) fn untaken_attributes(&self) -> impl Iterator<Item = &str> {
        let untaken = self.attributes.iter().filter(|(_, value, is_taken)| !is_taken.get() && !value.trim().is_empty());
        untaken.map(|(name, ..)| name.as_str())
    }

    /// Whether there are elements or attributes in it.
    pub fn has_parts(&self) -> bool {
        !self.children.is_empty() || !self.attributes.is_empty()
    }

    /// Whether there is neither text nor an element nor an attribute in it.
    pub(super) fn is_empty(&self) -> bool {
        self.text().is_none() && self.children.is_empty() && self.attributes.is_empty()
    }
}
