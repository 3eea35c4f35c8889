//! One field of an entity: what it holds, what may be done with it in a query, and who writes it. A field that names no
//! pen is written by nobody.

use sea_orm::IdenStatic;

use super::{Answer, Column, Entity, EnumDecl, Kind, Scalar};
use crate::auth::{Class, Step};

/// One field of an entity.
#[allow(clippy::struct_excessive_bools)] // four independent facts
#[derive(Debug, Clone)]
pub struct Field {
    /// Name in the schema.
    pub name: &'static str,
    /// Meaning, unit, limits, what null says.
    pub doc: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Its class; the entity's own where it says nothing else.
    pub class: Option<Class>,
    /// Never null.
    pub required: bool,
    /// May be filtered by.
    pub filter: bool,
    /// May be ordered by.
    pub order: bool,
    /// May be grouped by.
    pub group: bool,
    /// Its values can be added up.
    pub additive: bool,
    /// Who writes it; none for what follows from other things.
    pub pen: Option<Pen>,
}

/// Who may write a field, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pen {
    /// Who.
    pub writers: Writers,
    /// Only when the row is created.
    pub once: bool,
    /// A creation may leave it out although it is never null.
    pub has_default: bool,
    /// A creation must give it although it may be null, unless it has a default; it is never cleared.
    pub is_due: bool,
    /// Characters of the longest text.
    pub max: usize,
}

/// Characters of the longest text where a field says nothing else.
const LONGEST_TEXT: usize = 255;

/// Who may write a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writers {
    /// Whoever may write the field's class on the row.
    Class,
    /// Whoever may take this step with the row.
    Step(Step),
}

impl Pen {
    fn of(writers: Writers) -> Self {
        Self { writers, once: false, has_default: false, is_due: false, max: LONGEST_TEXT }
    }

    /// Whether a creation must give the field.
    pub fn is_due(&self, field: &Field) -> bool {
        let needed = self.is_due
            || field.required
            || matches!((&field.kind, self.once), (Kind::Union { .. } | Kind::One { .. }, true));
        needed && !self.has_default
    }

    /// What writing needs, for documents and messages.
    pub fn needs(&self, entity: &Entity, field: &Field) -> String {
        match self.writers {
            Writers::Class => entity.class_of(field).write().to_string(),
            Writers::Step(step) => step.as_str().to_owned(),
        }
    }
}

impl Field {
    pub(super) fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            name,
            doc,
            kind,
            class: None,
            required: false,
            filter: false,
            order: false,
            group: false,
            additive: false,
            pen: None,
        }
    }

    /// A scalar column that may be filtered, a version apart, and, where it has an order, ordered by.
    pub fn scalar(name: &'static str, ty: Scalar, column: impl IdenStatic, doc: &'static str) -> Self {
        let kind = Kind::Scalar { column: column.as_str(), ty, fold: None };
        Self { filter: ty != Scalar::Version, order: ty.is_ordered(), ..Self::new(name, kind, doc) }
    }

    /// What a function answers for the row.
    pub fn answer(answer: Answer) -> Self {
        let required = answer.ty.ends_with('!');
        let (name, doc) = (answer.name, answer.doc);
        Self { required, ..Self::new(name, Kind::Answer(Box::new(answer)), doc) }
    }

    /// Text that people write, compared without regard to case through its folded twin.
    pub fn text(name: &'static str, column: impl IdenStatic, fold: impl IdenStatic, doc: &'static str) -> Self {
        let kind = Kind::Scalar { column: column.as_str(), ty: Scalar::String, fold: Some(fold.as_str()) };
        Self { filter: true, order: true, ..Self::new(name, kind, doc) }
    }

    /// An enumeration column; may be filtered, ordered (by name) and grouped by.
    pub fn choice(name: &'static str, ty: &'static EnumDecl, column: impl IdenStatic, doc: &'static str) -> Self {
        let kind = Kind::Enum { column: column.as_str(), ty };
        Self { filter: true, order: true, group: true, ..Self::new(name, kind, doc) }
    }

    /// A column with several values of an enumeration.
    pub fn choices(name: &'static str, ty: &'static EnumDecl, column: impl IdenStatic, doc: &'static str) -> Self {
        Self::new(name, Kind::Enums { column: column.as_str(), ty }, doc)
    }

    /// A column with several short texts.
    pub fn texts(name: &'static str, column: impl IdenStatic, doc: &'static str) -> Self {
        Self::new(name, Kind::Texts { column: column.as_str() }, doc)
    }

    /// A civil date; may be filtered, ordered and grouped by.
    pub fn date(name: &'static str, column: impl IdenStatic, doc: &'static str) -> Self {
        Self { group: true, ..Self::scalar(name, Scalar::LocalDate, column, doc) }
    }

    /// Money; may be filtered and ordered by (currency, amount).
    pub fn money(
        name: &'static str,
        class: Class,
        (amount, currency): (impl IdenStatic, impl IdenStatic),
        additive: bool,
        doc: &'static str,
    ) -> Self {
        let kind = Kind::Money { amount: amount.as_str(), currency: currency.as_str() };
        Self { filter: true, order: true, additive, class: Some(class), ..Self::new(name, kind, doc) }
    }

    /// A link to one row; may be filtered and grouped by.
    pub fn one(name: &'static str, column: impl IdenStatic, to: &'static str, doc: &'static str) -> Self {
        Self { filter: true, group: true, ..Self::new(name, Kind::One { column: column.as_str(), to }, doc) }
    }

    /// The rows of another entity that link here; may be filtered by.
    pub fn many(name: &'static str, to: &'static str, by: impl IdenStatic, doc: &'static str) -> Self {
        Self { filter: true, ..Self::new(name, Kind::Many { to, by: by.as_str() }, doc) }
    }

    /// A link to one row of one of several entities.
    pub fn union(
        name: &'static str,
        union: &'static str,
        arms: Vec<(Column, &'static str)>,
        doc: &'static str,
    ) -> Self {
        Self::new(name, Kind::Union { name: union, arms }, doc)
    }

    /// What changed in an object.
    pub fn trail(
        name: &'static str,
        column: impl IdenStatic,
        links: (impl IdenStatic, impl IdenStatic),
        doc: &'static str,
    ) -> Self {
        let links = (links.0.as_str(), links.1.as_str());
        Self::new(name, Kind::Trail { column: column.as_str(), links }, doc)
    }

    /// The same field, never null.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same field, written by whoever may write its class.
    #[must_use]
    pub fn written(mut self) -> Self {
        self.pen = Some(Pen::of(Writers::Class));
        self
    }

    /// The same field, written by whoever may take the step.
    #[must_use]
    pub fn written_by(mut self, step: Step) -> Self {
        self.pen = Some(Pen::of(Writers::Step(step)));
        self
    }

    /// The same field, written only when the row is created.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.pen = self.pen.map(|pen| Pen { once: true, ..pen });
        self
    }

    /// The same field, which a creation must give.
    #[must_use]
    pub fn due(mut self) -> Self {
        self.pen = self.pen.map(|pen| Pen { is_due: true, ..pen });
        self
    }

    /// The same field, with texts of at most so many characters.
    #[must_use]
    pub fn longest(mut self, max: usize) -> Self {
        self.pen = self.pen.map(|pen| Pen { max, ..pen });
        self
    }

    /// The same field, which a creation may leave out.
    #[must_use]
    pub fn defaulted(mut self) -> Self {
        self.pen = self.pen.map(|pen| Pen { has_default: true, ..pen });
        self
    }

    /// The same whole number, which can be added up over rows.
    #[must_use]
    pub fn summed(mut self) -> Self {
        self.additive = true;
        self
    }

    /// The same field, groupable.
    #[must_use]
    pub fn grouped(mut self) -> Self {
        self.group = true;
        self
    }
}

impl Field {
    /// The same field, not to be ordered by: long texts have no index.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.order = false;
        self
    }

    /// The same field, not to be filtered by.
    #[must_use]
    pub fn unfiltered(mut self) -> Self {
        self.filter = false;
        self
    }

    pub(super) fn ungrouped(mut self) -> Self {
        self.group = false;
        self
    }
}
