//! Declarations: the facts of an entity, stated once. Schema types, filters, orderings, connections, aggregates, the
//! permission table and the SQL all come from here. Every field has a class: none is readable by default.

mod answer;
mod answer_page;
mod day_list;
mod entity;
mod field;
mod model;
mod price;
mod stream;

pub use answer::{Answer, Asking, Compute, DENIED, denied};
pub use day_list::{DAY, DayList, TODAY};
pub use entity::{Condition, Entity, Everywhere, External, KIND, List, OWN_NAME, Which};
pub use field::{Field, Pen, Writers};
pub use model::Model;
pub use price::{Price, Pricing, Question};
pub use stream::{Stream, Tells, row_event};

/// A column's name, from the entity's `Column` enum: a misspelt column does not compile.
pub type Column = &'static str;

/// How the rows of a table relate to row scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowScope {
    /// The table of portfolio items itself.
    Item,
    /// What an event says of an item before the change.
    ItemBefore,
    /// Rows that belong to an item and carry its scope columns.
    OfItem(OfItem),
    /// A directory: whoever reads this class anywhere reads all of it.
    Directory,
    /// What business data refers to, such as objectives and periods: whoever reads this class on any row but her own reads
    /// all of it.
    Reference,
    /// The table of resources itself: a directory, whose fields of other classes are read by how its rows relate to a caller.
    Resource,
    /// Rows that belong to a resource, and to no item.
    OfResource {
        /// Column with the resource's id.
        resource: Column,
    },
    /// The same, and a project on which the resource works gives no right on them: they are about all of its work.
    OfWorker {
        /// Column with the resource's id.
        resource: Column,
    },
    /// Rows that belong to a person.
    OfPerson {
        /// Column with the person's id.
        person: Column,
    },
}

/// Columns of rows that belong to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfItem {
    /// The item's id.
    pub item: Column,
    /// The item's enclosing portfolio.
    pub portfolio: Column,
    /// Whether the item is restricted.
    pub restricted: Column,
    /// The item's state, where the row has it.
    pub state: Option<Column>,
    /// Whether the row is a draft, where rows are.
    pub draft: Option<Column>,
    /// The person whose own the row is, where rows are somebody's.
    pub person: Option<Column>,
    /// Whether the row tells what people's work costs.
    pub labor: Labor,
    /// The resource that works, where rows are about one.
    pub resource: Option<Column>,
    /// The pool that is asked, where rows ask one.
    pub pool: Option<Column>,
}

/// Whether rows tell what people's work costs: a right on rows that are no labor must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labor {
    /// Nobody said: such a right holds on none of them.
    Unsaid,
    /// None of them does.
    Never,
    /// Those for which this column is true.
    In(Column),
}

impl OfItem {
    /// The columns as tables name them: no state, no draft, nobody's own, nothing said of labor, about no resource.
    pub const USUAL: Self = Self {
        item: "item_id",
        portfolio: "portfolio_id",
        restricted: "is_restricted",
        state: None,
        draft: None,
        person: None,
        labor: Labor::Unsaid,
        resource: None,
        pool: None,
    };

    /// The same with drafts among the rows.
    #[must_use]
    pub const fn with_drafts(self) -> Self {
        Self { draft: Some("is_draft"), ..self }
    }

    /// The same with rows that are the own of whom this column names.
    #[must_use]
    pub const fn own_of(self, person: Column) -> Self {
        Self { person: Some(person), ..self }
    }

    /// The same with rows that say whether they are labor.
    #[must_use]
    pub const fn with_labor(self) -> Self {
        Self { labor: Labor::In("is_labor"), ..self }
    }

    /// The same with rows that are no labor.
    #[must_use]
    pub const fn without_labor(self) -> Self {
        Self { labor: Labor::Never, ..self }
    }

    /// The same with rows about a resource.
    #[must_use]
    pub const fn about_resource(self) -> Self {
        Self { resource: Some("resource_id"), ..self }
    }

    /// The same with rows that ask a pool.
    #[must_use]
    pub const fn asking_pool(self) -> Self {
        Self { pool: Some("pool_id"), ..self }
    }

    /// What an event of the outbox says of the row before the change.
    const fn before(self) -> Self {
        Self {
            item: "was_item_id",
            portfolio: "was_portfolio_id",
            restricted: "was_restricted",
            state: None,
            draft: if self.draft.is_some() { Some("was_draft") } else { None },
            person: if self.person.is_some() { Some("was_person_id") } else { None },
            labor: if let Labor::In(_) = self.labor { Labor::In("was_labor") } else { self.labor },
            resource: if self.resource.is_some() { Some("was_resource_id") } else { None },
            pool: if self.pool.is_some() { Some("was_pool_id") } else { None },
        }
    }
}

impl RowScope {
    /// Rows that belong to an item, with its scope in the usual columns.
    pub const OF_ITEM: Self = Self::OfItem(OfItem::USUAL);

    /// The same relation, over what an event of the outbox says of the row before the change.
    #[must_use]
    pub fn before(self) -> Self {
        match self {
            Self::Item | Self::ItemBefore => Self::ItemBefore,
            Self::OfItem(of) => Self::OfItem(of.before()),
            Self::OfPerson { .. } => Self::OfPerson { person: "was_person_id" },
            Self::OfResource { .. } => Self::OfResource { resource: "was_resource_id" },
            Self::OfWorker { .. } => Self::OfWorker { resource: "was_resource_id" },
            Self::Directory | Self::Resource => Self::Directory,
            Self::Reference => self,
        }
    }

    /// The columns with the item that a row is or belongs to: its id, its portfolio, whether it is restricted.
    pub fn item(self) -> Option<[Column; 3]> {
        match self {
            Self::Item => Some(["id", "portfolio_id", "is_restricted"]),
            Self::ItemBefore => Some(["was_item_id", "was_portfolio_id", "was_restricted"]),
            Self::OfItem(of) => Some([of.item, of.portfolio, of.restricted]),
            Self::Directory
            | Self::Reference
            | Self::Resource
            | Self::OfResource { .. }
            | Self::OfWorker { .. }
            | Self::OfPerson { .. } => None,
        }
    }

    /// The column that says whether a row is a draft.
    pub fn draft(self) -> Option<Column> {
        match self {
            Self::OfItem(of) => of.draft,
            _ => None,
        }
    }

    /// What is known of rows and labor.
    pub fn labor(self) -> Labor {
        match self {
            Self::OfItem(of) => of.labor,
            _ => Labor::Unsaid,
        }
    }

    /// The column with the person whose own a row is.
    pub fn person(self) -> Option<Column> {
        match self {
            Self::OfItem(of) => of.person,
            Self::OfPerson { person } => Some(person),
            _ => None,
        }
    }

    /// The column with the resource that a row is or is about.
    pub fn resource(self) -> Option<Column> {
        match self {
            Self::Resource => Some("id"),
            Self::OfResource { resource } | Self::OfWorker { resource } => Some(resource),
            Self::OfItem(of) => of.resource,
            _ => None,
        }
    }

    /// The column with the pool that a row asks.
    pub fn pool(self) -> Option<Column> {
        match self {
            Self::OfItem(of) => of.pool,
            _ => None,
        }
    }

    /// Whether whoever reads the class anywhere sees all rows.
    pub fn is_directory(self) -> bool {
        matches!(self, Self::Directory | Self::Resource)
    }

    /// Whether rows relate to nobody: a right that holds on some rows holds on none of these.
    pub fn is_common(self) -> bool {
        matches!(self, Self::Directory | Self::Reference)
    }

    /// The column with an item's own state.
    pub fn state(self) -> Option<Column> {
        match self {
            Self::Item => Some("state"),
            Self::ItemBefore => Some("was_state"),
            Self::OfItem(of) => of.state,
            _ => None,
        }
    }
}

/// A scalar of the schema, with its unit in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// Text.
    String,
    /// 32-bit integer.
    Int,
    /// True or false.
    Boolean,
    /// A civil date.
    LocalDate,
    /// An instant in UTC.
    DateTime,
    /// The row's version.
    Version,
    /// An exact decimal number, stored in 1e-9.
    Decimal,
    /// A ratio, 1 for 100 %, stored in 1e-9.
    Percent,
    /// ISO 4217 code.
    CurrencyCode,
    /// An address on the web.
    Url,
    /// An e-mail address.
    Email,
    /// The id of a row of any type, kept as it is written.
    Id,
}

impl Scalar {
    /// The scalar's name in the schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Int => "Int",
            Self::Boolean => "Boolean",
            Self::LocalDate => "LocalDate",
            Self::DateTime => "DateTime",
            Self::Version => "Version",
            Self::Decimal => "Decimal",
            Self::Percent => "Percent",
            Self::CurrencyCode => "CurrencyCode",
            Self::Url => "Url",
            Self::Email => "Email",
            Self::Id => "ID",
        }
    }

    /// Whether values have an order that `gt` and `min` may use.
    pub fn is_ordered(self) -> bool {
        match self {
            Self::String | Self::Int | Self::Decimal | Self::Percent | Self::LocalDate | Self::DateTime => true,
            Self::Boolean | Self::Version | Self::CurrencyCode | Self::Url | Self::Email | Self::Id => false,
        }
    }

    /// Whether it is compared as text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::String | Self::CurrencyCode | Self::Url | Self::Email | Self::Id)
    }
}

/// An enumeration of the schema, stored as its names.
#[derive(Debug)]
pub struct EnumDecl {
    /// Name in the schema.
    pub name: &'static str,
    /// What it says.
    pub doc: &'static str,
    /// Values with their meaning.
    pub values: &'static [(&'static str, &'static str)],
}

/// What a field holds.
#[derive(Debug, Clone)]
pub enum Kind {
    /// The row's id.
    Id,
    /// A scalar column.
    Scalar {
        /// Where it is stored.
        column: Column,
        /// What it is.
        ty: Scalar,
        /// Its case-folded twin, for `mode: INSENSITIVE`.
        fold: Option<Column>,
    },
    /// An enumeration column.
    Enum {
        /// Where it is stored.
        column: Column,
        /// What it is.
        ty: &'static EnumDecl,
    },
    /// Values of an enumeration, stored in one column with commas between them. Shown only: a text of many values has no
    /// order and no index.
    Enums {
        /// Where they are stored.
        column: Column,
        /// What they are.
        ty: &'static EnumDecl,
    },
    /// Short texts without commas, stored as values of an enumeration are. Shown only, likewise.
    Texts {
        /// Where they are stored.
        column: Column,
    },
    /// An amount in 1/10,000 of a currency that a second column names.
    Money {
        /// Where the amount is stored.
        amount: Column,
        /// Where the currency is stored.
        currency: Column,
    },
    /// A link to one row.
    One {
        /// The foreign key.
        column: Column,
        /// Entity at the other end.
        to: &'static str,
    },
    /// The rows that link here, as a connection.
    Many {
        /// Entity at the other end.
        to: &'static str,
        /// Its foreign key.
        by: Column,
    },
    /// A link to one row of one of several entities.
    Union {
        /// Name of the union type.
        name: &'static str,
        /// Foreign keys, at most one of them set.
        arms: Vec<(Column, &'static str)>,
    },
    /// What a function answers.
    Answer(Box<Answer>),
    /// What the caller may do with the row.
    ViewerAccess,
    /// What changed in an object, as the trail keeps it.
    Trail {
        /// Where it is stored.
        column: Column,
        /// Columns with the items that a changed link led to and leads to.
        links: (Column, Column),
    },
}
