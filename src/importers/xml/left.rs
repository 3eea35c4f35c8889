//! What of a file is left where it is, counted by name and place.

use std::collections::HashMap;

use super::super::told::NotCarried;
use super::element::Element;

/// Why something is left: from its place and its name.
type Why = fn(place: &str, what: &str) -> &'static str;

/// The most kinds that are told apart; what is met after them is one kind.
const MOST_KINDS: usize = 2_000;
const OTHERS: &str = "It is of more kinds than are listed.";

/// What is left, in the order in which it was met.
pub struct Left {
    why: Why,
    places: HashMap<(String, String), usize>,
    kinds: Vec<NotCarried>,
}

impl Left {
    /// Nothing yet.
    pub fn new(why: Why) -> Self {
        Self { why, places: HashMap::new(), kinds: vec![] }
    }

    /// One more of a name in a place, for the reason that its kind has.
    pub fn one(&mut self, place: &str, what: &str) {
        let why = (self.why)(place, what);
        self.because(place, what, why);
    }

    /// One more of a name in a place, for a reason of its own.
    pub fn because(&mut self, place: &str, what: &str, why: &'static str) {
        let next = self.kinds.len();
        let is_known = next < MOST_KINDS || self.places.contains_key(&(place.to_owned(), what.to_owned()));
        let (place, what, why) = if is_known { (place, what, why) } else { ("", "…", OTHERS) };
        let at = *self.places.entry((place.to_owned(), what.to_owned())).or_insert(next);
        if at == next {
            self.kinds.push(NotCarried { what: what.to_owned(), place: place.to_owned(), count: 0, why });
        }
        self.kinds[at].count += 1;
    }

    /// Whatever is in an element and was not taken; an empty element or attribute says nothing and is not counted. Of
    /// an element that was not taken it is enough to say that, with the rows within it.
    pub fn rest(&mut self, element: &Element) {
        for name in element.untaken_attributes() {
            self.one(&element.path, &format!("@{name}"));
        }
        for child in element.all() {
            if child.is_taken() {
                self.rest(child);
            } else if !child.is_empty() {
                self.one(&element.path, &child.name);
                self.rows(child);
            }
        }
    }

    /// An element none of which was taken, with the rows within it.
    pub fn whole(&mut self, element: &Element) {
        let place = element.path.rsplit_once('/').map_or("", |(place, _)| place);
        if !element.is_empty() {
            self.one(place, &element.name);
            self.rows(element);
        }
    }

    /// The elements within one that have elements or attributes themselves.
    fn rows(&mut self, element: &Element) {
        for child in element.all() {
            if child.has_parts() {
                self.one(&element.path, &child.name);
                self.rows(child);
            }
        }
    }

    /// All that is left.
    pub fn told(self) -> Vec<NotCarried> {
        self.kinds
    }
}
