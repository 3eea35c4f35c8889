//! Measures and where they come from. A measure is a sum of dated amounts of items; a source says, as one SELECT, which
//! amounts its rows give. The ledger holds exactly what the SELECTs give: a fact is stated once, in its source.

use crate::auth::Class;

/// What a measure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Money, in 1/10,000 of the currency that stands beside the amount.
    Money,
    /// Things.
    Count,
    /// A ratio or another number, in 1e-9.
    Number,
}

impl Unit {
    /// Digits behind the point of what is stored.
    pub fn scale(self) -> u32 {
        match self {
            Self::Money => 4,
            Self::Count => 0,
            Self::Number => 9,
        }
    }
}

/// What it says that an item has no amount of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// There is none: 0. Nothing was spent yet.
    Zero,
    /// Nobody knows: formulas leave the item out. There is no baseline.
    Unknown,
    /// 0 where the item has that other measure, else nobody knows. Nothing is earned yet, of a baseline.
    With(&'static str),
}

/// A measure.
#[derive(Debug, Clone)]
pub struct Measure {
    /// Its name in formulas.
    pub key: &'static str,
    /// What it is, and how it is dated.
    pub doc: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// The class that reading it needs.
    pub class: Class,
    /// What it says that an item has none.
    pub absence: Absence,
}

impl Measure {
    /// Money of an item; none is 0.
    pub const fn money(key: &'static str, class: Class, doc: &'static str) -> Self {
        Self { key, doc, unit: Unit::Money, class, absence: Absence::Zero }
    }

    /// Things of an item; none is 0.
    pub const fn count(key: &'static str, class: Class, doc: &'static str) -> Self {
        Self { key, doc, unit: Unit::Count, class, absence: Absence::Zero }
    }

    /// The same, where none is 0 only for an item that has that other measure.
    #[must_use]
    pub const fn with(self, other: &'static str) -> Self {
        Self { absence: Absence::With(other), ..self }
    }

    /// The same, where an item without it is left out.
    #[must_use]
    pub const fn known(self) -> Self {
        Self { absence: Absence::Unknown, ..self }
    }
}

/// Which rows belong to a source's owner.
#[derive(Debug, Clone, Copy)]
pub struct Fact {
    /// The entity of the rows, by its name in the schema.
    pub entity: &'static str,
    /// The column with the owner's id; `id` where the rows are the owners.
    pub owner: &'static str,
}

/// Where amounts come from: an owner with the rows that belong to it, such as a budget with its lines.
#[derive(Debug, Clone)]
pub struct Source {
    /// The entity of the owner, by its name in the schema; its rows are what an explanation names.
    pub owner: &'static str,
    /// Rows whose change may change the amounts.
    pub facts: &'static [Fact],
    /// SELECTs of `source_id, item_id, measure, effective_on, currency, amount`. `{ids}` stands behind the column with
    /// the owner's id, for the condition that it is one of those asked for; `{next_day:X}` for the day after X.
    pub selects: &'static [&'static str],
}

/// All measures and sources.
#[derive(Debug, Default)]
pub struct Measures {
    /// The measures.
    pub measures: Vec<Measure>,
    /// Where they come from.
    pub sources: Vec<Source>,
}

impl Measures {
    /// The measure of that name.
    pub fn measure(&self, key: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.key == key)
    }
}
