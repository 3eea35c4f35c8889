//! Measures and where they come from. A measure is a sum of dated amounts of items; a source says, as one SELECT, which
//! amounts its rows give. The ledger holds exactly what the SELECTs give: a fact is stated once, in its source.

use std::{borrow::Cow, collections::BTreeSet};

use super::derivation::Derivation;
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

/// What stands behind the key of a posted KPI in the name of the measure that is 1 from its first value on.
pub const STATED: &str = "#";

/// What it says that an item has no amount of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// There is none: 0. Nothing was spent yet.
    Zero,
    /// Nobody knows, as with a sum of 0: formulas leave the item out. There is no baseline.
    Unknown,
    /// Nobody said anything; 0 is a value like any other.
    Unsaid,
    /// 0 where the item has that other measure, else nobody knows. Nothing is earned yet, of a baseline.
    With(&'static str),
    /// 0 once the item has any value, be it 0, as the measure beside it says; else nobody knows. Of posted values.
    Stated,
}

/// A measure.
#[derive(Debug, Clone)]
pub struct Measure {
    /// Its name in formulas.
    pub key: Cow<'static, str>,
    /// What it is, and how it is dated.
    pub doc: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// The class that reading it needs.
    pub class: Class,
    /// Another class that reading it needs, where it is made of facts of both.
    pub other_class: Option<Class>,
    /// What it says that an item has none.
    pub absence: Absence,
}

impl Measure {
    /// Money of an item; none is 0.
    pub const fn money(key: &'static str, class: Class, doc: &'static str) -> Self {
        Self { key: Cow::Borrowed(key), doc, unit: Unit::Money, class, other_class: None, absence: Absence::Zero }
    }

    /// Things of an item; none is 0.
    pub const fn count(key: &'static str, class: Class, doc: &'static str) -> Self {
        Self { key: Cow::Borrowed(key), doc, unit: Unit::Count, class, other_class: None, absence: Absence::Zero }
    }

    /// Another number of an item, in 1e-9; an item without it is left out.
    pub const fn number(key: &'static str, class: Class, doc: &'static str) -> Self {
        Self { key: Cow::Borrowed(key), doc, unit: Unit::Number, class, other_class: None, absence: Absence::Unknown }
    }

    /// What scripts post for a KPI of users.
    pub fn posted(key: &str) -> Self {
        let doc = "What scripts post for a KPI.";
        Self { key: Cow::Owned(key.to_owned()), absence: Absence::Stated, ..Self::number("", Class::Basic, doc) }
    }

    /// The classes that reading it needs.
    pub fn classes(&self) -> impl Iterator<Item = Class> {
        std::iter::once(self.class).chain(self.other_class)
    }

    /// The same, made of facts of another class as well.
    #[must_use]
    pub fn and(self, class: Class) -> Self {
        Self { other_class: Some(class), ..self }
    }

    /// The measure that decides whether there is none or nobody knows.
    pub fn other(&self) -> Option<Cow<'static, str>> {
        match self.absence {
            Absence::With(other) => Some(Cow::Borrowed(other)),
            Absence::Stated => Some(Cow::Owned(format!("{}{STATED}", self.key))),
            Absence::Zero | Absence::Unknown | Absence::Unsaid => None,
        }
    }

    /// The same, where none is 0 only for an item that has that other measure.
    #[must_use]
    pub fn with(self, other: &'static str) -> Self {
        Self { absence: Absence::With(other), ..self }
    }

    /// The same, where an item without it is left out.
    #[must_use]
    pub fn known(self) -> Self {
        Self { absence: Absence::Unknown, ..self }
    }
}

/// The source of what projects say by themselves, which several slices add to.
pub const PROJECTS: &str = "PROJECT";

/// Which rows belong to a source's owner.
#[derive(Debug, Clone, Copy)]
pub struct Fact {
    /// The entity of the rows, by its name in the schema.
    pub entity: &'static str,
    /// How a row leads to the owner.
    pub owner: Owner,
    /// The fields whose change matters, by their names in the schema; none for any.
    pub fields: &'static [&'static str],
}

/// How a row leads to its source's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// It is the owner.
    Itself,
    /// This column holds the owner's id.
    Column(&'static str),
    /// This SELECT gives the owners' ids as `id`; `{ids}` stands behind the column with the rows' own.
    Behind(&'static str),
}

impl Fact {
    /// Rows that are owners.
    pub const fn owner(entity: &'static str) -> Self {
        Self { entity, owner: Owner::Itself, fields: &[] }
    }

    /// Rows with the owner's id in a column.
    pub const fn of(entity: &'static str, column: &'static str) -> Self {
        Self { entity, owner: Owner::Column(column), fields: &[] }
    }

    /// Rows that others of the owner's lead to.
    pub const fn behind(entity: &'static str, select: &'static str) -> Self {
        Self { entity, owner: Owner::Behind(select), fields: &[] }
    }
}

impl Fact {
    /// Periods that date amounts, whose days alone matter; the SELECT gives the owners.
    pub const fn period(select: &'static str) -> Self {
        Self { fields: &["startOn", "endOn"], ..Self::behind("FiscalPeriod", select) }
    }

    /// Whether several writers may write rows of one owner at a time, none of which locks the owner or the row behind.
    /// Whoever writes what a period dates holds the period.
    pub fn is_shared(&self) -> bool {
        self.owner != Owner::Itself && self.entity != "FiscalPeriod"
    }
}

/// Where amounts come from: an owner with the rows that belong to it, such as a budget with its lines.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name in the ledger.
    pub name: &'static str,
    /// The entity of the owner, by its name in the schema; its rows are what an explanation names.
    pub owner: &'static str,
    /// Rows whose change may change the amounts.
    pub facts: Vec<Fact>,
    /// SELECTs of `source_id, item_id, measure, effective_on, currency, amount`. `{ids}` stands behind the column with
    /// the owner's id, for the condition that it is one of those asked for; `{next_day:X}` for the day after X, `{plus_days:X|N}` for the day N days after X, `{days:X}` for
    /// the days from Monday, 1900-01-01 to X, `{day:X}` for the civil date of an instant, `{least}` for the function that gives the smallest of its arguments.
    pub selects: Vec<String>,
}

impl Measures {
    /// The columns of an entity that hold owners of amounts.
    pub fn owner_columns(&self, entity: &str) -> BTreeSet<&'static str> {
        let facts = self.sources.iter().flat_map(|source| &source.facts);
        let facts = facts.chain(self.derivations.iter().flat_map(|derivation| &derivation.facts));
        let column = |fact: &Fact| if let Owner::Column(column) = fact.owner { Some(column) } else { None };
        facts.filter(|fact| fact.entity == entity).filter_map(column).collect()
    }
}

/// All measures and sources.
#[derive(Debug, Default)]
pub struct Measures {
    /// The measures.
    pub measures: Vec<Measure>,
    /// Where they come from.
    pub sources: Vec<Source>,
    /// What sources read that is made of other rows.
    pub derivations: Vec<Derivation>,
}

impl Measures {
    /// The entity of a source's owners.
    pub fn owner(&self, source: &str) -> Option<&'static str> {
        self.sources.iter().find(|known| known.name == source).map(|known| known.owner)
    }

    /// The measure of that name.
    pub fn measure(&self, key: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.key == key)
    }
}
