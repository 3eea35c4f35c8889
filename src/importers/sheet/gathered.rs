//! What several columns of a row say of one thing: a budget has its amount in one, its lines and notes in others.

use super::{Figures, Line, Told};

/// What several columns say of one thing.
#[derive(Default)]
pub(super) struct Gathered<T> {
    pub value: T,
    /// Whether the file speaks of it at all.
    has_column: bool,
    /// Whether a cell says anything.
    is_given: bool,
}

impl<T> Gathered<T> {
    /// Takes an amount, or the text that stands in its place.
    pub(super) fn amount(
        &mut self,
        amount: Option<i64>,
        text: Option<String>,
        to: impl Fn(&mut T) -> &mut Option<i64>,
        note: impl Fn(&mut T) -> &mut Option<String>,
    ) {
        self.has_column = true;
        self.is_given |= amount.is_some();
        *to(&mut self.value) = amount;
        // What stands in place of the amount comes before what explains it, whatever the order of columns.
        if let Some(text) = text {
            let explains = note(&mut self.value).take();
            self.text(&text, &note);
            self.text(&explains.unwrap_or_default(), &note);
        }
    }

    /// Adds a text; one that is there already says nothing new.
    pub(super) fn text(&mut self, text: &str, to: impl Fn(&mut T) -> &mut Option<String>) {
        self.has_column = true;
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.is_given = true;
        let there = to(&mut self.value);
        let parts = there.take().filter(|known| known != text).into_iter().chain([text.to_owned()]);
        *there = joined(&parts.collect::<Vec<_>>());
    }

    /// All of it.
    pub(super) fn told(self) -> Told<T> {
        match (self.has_column, self.is_given) {
            (false, _) => Told::Nothing,
            (true, false) => Told::Blank,
            (true, true) => Told::Given(self.value),
        }
    }
}

impl Gathered<Figures> {
    /// Adds a line.
    pub(super) fn line(&mut self, line: Option<Line>) {
        self.has_column = true;
        self.is_given |= line.is_some();
        self.value.lines.extend(line);
    }
}

/// Paragraphs as one text; none where there are none.
pub(super) fn joined(parts: &[String]) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}
