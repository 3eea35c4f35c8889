//! Declarations: the facts of an entity, stated once. Schema types, filters, orderings, connections, aggregates, the
//! permission table and the SQL all come from here. Every field has a class: none is readable by default.

use std::collections::HashMap;

use sea_orm::{EntityName, IdenStatic};

use crate::{
    auth::{Class, Step},
    write::{Member, Mutation},
};

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
    OfItem {
        /// Column with the item's id.
        item: Column,
        /// Column with the item's enclosing portfolio.
        portfolio: Column,
        /// Column that says whether the item is restricted.
        restricted: Column,
    },
    /// A directory: whoever reads this class anywhere reads all of it.
    Directory,
    /// Rows that belong to a person.
    OfPerson {
        /// Column with the person's id.
        person: Column,
    },
}

impl RowScope {
    /// The same relation, over what an event of the outbox says of the row before the change.
    #[must_use]
    pub fn before(self) -> Self {
        match self {
            Self::Item | Self::ItemBefore => Self::ItemBefore,
            Self::OfItem { .. } => {
                Self::OfItem { item: "was_item_id", portfolio: "was_portfolio_id", restricted: "was_restricted" }
            }
            Self::OfPerson { .. } => Self::OfPerson { person: "was_person_id" },
            Self::Directory => Self::Directory,
        }
    }

    /// The columns with the item that a row is or belongs to: its id, its portfolio, whether it is restricted.
    pub fn item(self) -> Option<[Column; 3]> {
        match self {
            Self::Item => Some(["id", "portfolio_id", "is_restricted"]),
            Self::ItemBefore => Some(["was_item_id", "was_portfolio_id", "was_restricted"]),
            Self::OfItem { item, portfolio, restricted } => Some([item, portfolio, restricted]),
            Self::Directory | Self::OfPerson { .. } => None,
        }
    }

    /// The column with an item's own state.
    pub fn state(self) -> Option<Column> {
        match self {
            Self::Item => Some("state"),
            Self::ItemBefore => Some("was_state"),
            Self::OfItem { .. } | Self::Directory | Self::OfPerson { .. } => None,
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
    /// ISO 4217 code.
    CurrencyCode,
    /// An address on the web.
    Url,
    /// An e-mail address.
    Email,
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
            Self::CurrencyCode => "CurrencyCode",
            Self::Url => "Url",
            Self::Email => "Email",
        }
    }

    /// Whether values have an order that `gt` and `min` may use.
    pub fn is_ordered(self) -> bool {
        match self {
            Self::String | Self::Int | Self::LocalDate | Self::DateTime => true,
            Self::Boolean | Self::Version | Self::CurrencyCode | Self::Url | Self::Email => false,
        }
    }

    /// Whether it is compared as text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::String | Self::CurrencyCode | Self::Url | Self::Email)
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
    /// An amount in 1/10,000 of a currency that a second column names.
    Money {
        /// Where the amount is stored.
        amount: Column,
        /// Where the currency is stored.
        currency: Column,
        /// Whether a sum means something.
        additive: bool,
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
    /// Characters of the longest text.
    pub max: usize,
}

/// Characters of the longest text where a field says nothing else.
const LONGEST_TEXT: usize = 255;
/// Characters of the longest human key.
const LONGEST_KEY: usize = 64;

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
        Self { writers, once: false, has_default: false, max: LONGEST_TEXT }
    }

    /// Whether a creation must give the field.
    pub fn is_due(&self, field: &Field) -> bool {
        let needed =
            field.required || matches!((&field.kind, self.once), (Kind::Union { .. } | Kind::One { .. }, true));
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
    fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, doc, kind, class: None, required: false, filter: false, order: false, group: false, pen: None }
    }

    /// A scalar column that may be filtered and, where it has an order, ordered by.
    pub fn scalar(name: &'static str, ty: Scalar, column: impl IdenStatic, doc: &'static str) -> Self {
        let kind = Kind::Scalar { column: column.as_str(), ty, fold: None };
        Self { filter: true, order: ty.is_ordered(), ..Self::new(name, kind, doc) }
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
        let kind = Kind::Money { amount: amount.as_str(), currency: currency.as_str(), additive };
        Self { filter: true, order: true, class: Some(class), ..Self::new(name, kind, doc) }
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

    /// The same field, groupable.
    #[must_use]
    pub fn grouped(mut self) -> Self {
        self.group = true;
        self
    }
}

/// An entity, or an interface over entities that share a table.
#[derive(Debug)]
pub struct Entity {
    /// Name in the schema.
    pub name: &'static str,
    /// Root field that finds one, such as `project`.
    pub single: &'static str,
    /// Root field that lists them, such as `projects`; none for what is only reached through others.
    pub plural: Option<&'static str>,
    /// Prefix of its ids; with it the entity implements `Node`.
    pub prefix: Option<&'static str>,
    /// What it is.
    pub doc: &'static str,
    /// Its table.
    pub table: &'static str,
    /// Value of the column `kind`, where several entities share the table.
    pub kind: Option<&'static str>,
    /// Class that reading a row needs.
    pub class: Class,
    /// How rows relate to scopes.
    pub rows: RowScope,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Interfaces of the model that it implements.
    pub implements: Vec<&'static str>,
    /// For an interface: the entities behind it.
    pub members: Vec<&'static str>,
    /// Column of links in `external_link` that point here, and the target type there.
    pub external: Option<(Column, &'static str)>,
    /// Whether a row has a human key that finds it.
    pub keyed: bool,
    /// Lists that are written with a row: members of its patch.
    pub lists: Vec<List>,
    /// Whether changes of its rows are followed; needs ids.
    pub is_followed: bool,
}

/// A list that is written with a row, by what is added to it and what is taken away.
#[derive(Debug, Clone)]
pub struct List {
    /// Its name in the patch.
    pub name: &'static str,
    /// What it holds, for the names of input types.
    pub item: &'static str,
    /// What an element is made of.
    pub members: Vec<Member>,
    /// The class that writing needs.
    pub class: Class,
    /// What it is.
    pub doc: &'static str,
}

/// The column that tells entities of one table apart.
pub const KIND: Column = "kind";

impl Entity {
    /// An entity over a table.
    pub fn new(name: &'static str, table: &impl EntityName, class: Class, rows: RowScope, doc: &'static str) -> Self {
        Self {
            name,
            single: "",
            plural: None,
            prefix: None,
            doc,
            table: table.table_name(),
            kind: None,
            class,
            rows,
            fields: vec![],
            implements: vec![],
            members: vec![],
            external: None,
            keyed: false,
            lists: vec![],
            is_followed: true,
        }
    }

    /// Ids with this prefix, root fields with these names.
    #[must_use]
    pub fn node(mut self, prefix: &'static str, single: &'static str, plural: &'static str) -> Self {
        let id = Field::new("id", Kind::Id, "The opaque id. It never changes.");
        self.fields.insert(0, Field { filter: true, required: true, order: true, ..id });
        self.prefix = Some(prefix);
        self.single = single;
        self.plural = Some(plural);
        self
    }

    /// Only rows with this value of `kind`, as a member of an interface.
    #[must_use]
    pub fn kind(mut self, kind: &'static str, interface: &'static str) -> Self {
        self.kind = Some(kind);
        self.implements.push(interface);
        self
    }

    /// The same entity, whose changes are not followed.
    #[must_use]
    pub fn unfollowed(mut self) -> Self {
        self.is_followed = false;
        self
    }

    /// More fields.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// A creation may leave the human key out.
    #[must_use]
    pub fn with_default_key(mut self) -> Self {
        self.fields = self.fields.into_iter().map(|f| if f.name == "key" { f.defaulted() } else { f }).collect();
        self
    }

    /// A list that is written with a row.
    #[must_use]
    pub fn list(mut self, list: List) -> Self {
        self.lists.push(list);
        self
    }

    /// The human key, written by whoever may take the step.
    #[must_use]
    pub fn keyed_by(self, step: Step, column: impl IdenStatic, doc: &'static str) -> Self {
        self.keyed_with(column, doc, |key| key.written_by(step).longest(LONGEST_KEY))
    }

    /// The human key, written by whoever may write the row's class.
    #[must_use]
    pub fn keyed(self, column: impl IdenStatic, doc: &'static str) -> Self {
        self.keyed_with(column, doc, |key| key.written().longest(LONGEST_KEY))
    }

    fn keyed_with(mut self, column: impl IdenStatic, doc: &'static str, write: impl Fn(Field) -> Field) -> Self {
        self.keyed = true;
        self.fields.push(write(Field::scalar("key", Scalar::String, column, doc).required()));
        self
    }

    /// Found by the id that another system gave it: `external_link.<column>` points here.
    #[must_use]
    pub fn external(mut self, column: impl IdenStatic, target_type: &'static str) -> Self {
        self.external = Some((column.as_str(), target_type));
        self
    }

    /// What every stored thing carries: version, who and when, what the caller may do with it.
    #[must_use]
    pub fn audited(mut self) -> Self {
        self.fields.extend([
            Field::scalar(
                "version",
                Scalar::Version,
                Named("version"),
                "Grows with each change of the row; pass it back as `ifVersion`.",
            )
            .required()
            .unfiltered(),
            Field::scalar(
                "createdAt",
                Scalar::DateTime,
                Named("created_at"),
                "When the row was created. It never changes.",
            )
            .required(),
            Field::one(
                "createdBy",
                Named("created_by_id"),
                "Person",
                "Who created the row; null for the system and for imports.",
            )
            .ungrouped(),
            Field::scalar("updatedAt", Scalar::DateTime, Named("updated_at"), "When the row last changed.").required(),
            Field::one(
                "updatedBy",
                Named("updated_by_id"),
                "Person",
                "Who changed the row last; null for the system and for imports.",
            )
            .ungrouped(),
            Field {
                required: true,
                ..Field::new("viewerAccess", Kind::ViewerAccess, "What the caller may do with this row.")
            },
        ]);
        self
    }

    /// It can be archived.
    #[must_use]
    pub fn archivable(mut self) -> Self {
        self.fields.push(Field::scalar(
                "archivedAt",
                Scalar::DateTime,
                Named("archived_at"),
                "When the row was archived; null while it can be changed. Archived rows stay in lists and figures unless a filter leaves them out.",
            ));
        self
    }

    /// An interface over entities that share this table: the fields that all of them declare alike.
    pub fn interface(
        name: &'static str,
        single: &'static str,
        plural: &'static str,
        doc: &'static str,
        members: &[Self],
    ) -> Self {
        let first = &members[0];
        let common = |f: &&Field| {
            members.iter().all(|m| m.field(f.name).is_some_and(|g| format!("{:?}", g.kind) == format!("{:?}", f.kind)))
        };
        Self {
            name,
            single,
            plural: Some(plural),
            prefix: None,
            doc,
            table: first.table,
            kind: None,
            class: first.class,
            rows: first.rows,
            fields: first.fields.iter().filter(common).cloned().collect(),
            implements: vec![],
            members: members.iter().map(|m| m.name).collect(),
            external: None,
            keyed: false,
            lists: vec![],
            is_followed: true,
        }
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The class that a field needs.
    pub fn class_of(&self, field: &Field) -> Class {
        field.class.unwrap_or(self.class)
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

    fn ungrouped(mut self) -> Self {
        self.group = false;
        self
    }
}

/// A column that every table has, named once here instead of once a `Column` enum.
#[derive(Debug, Clone, Copy)]
struct Named(&'static str);

impl IdenStatic for Named {
    fn as_str(&self) -> &'static str {
        self.0
    }
}

impl sea_orm::Iden for Named {
    fn unquoted(&self) -> &str {
        self.0
    }
}

/// All declarations.
#[derive(Debug)]
pub struct Model {
    /// Entities and interfaces.
    pub entities: Vec<Entity>,
    /// Mutations.
    pub mutations: Vec<Mutation>,
    by_name: HashMap<&'static str, usize>,
    by_prefix: HashMap<&'static str, usize>,
}

impl Model {
    /// Checks the declarations against each other. A mistake here is a mistake in the program: it does not start.
    pub fn new(entities: Vec<Entity>, mutations: Vec<Mutation>) -> Self {
        let by_name: HashMap<_, _> = entities.iter().enumerate().map(|(i, e)| (e.name, i)).collect();
        let by_prefix = entities.iter().enumerate().filter_map(|(i, e)| Some((e.prefix?, i))).collect();
        let model = Self { entities, mutations, by_name, by_prefix };
        for entity in &model.entities {
            for field in &entity.fields {
                model.check(entity, field);
            }
        }
        model
    }

    fn check(&self, entity: &Entity, field: &Field) {
        let at = format!("{}.{}", entity.name, field.name);
        assert!(field.doc.ends_with('.'), "{at} needs a full sentence that says what it is");
        let stricter = field.class.is_some_and(|c| c != entity.class);
        assert!(!(stricter && field.required), "{at} may be masked, so it must be nullable");
        match &field.kind {
            Kind::One { to, .. } => {
                assert!(self.by_name.contains_key(to), "{at} links to {to}, which is not declared");
                assert!(!field.required, "{at} links to a row that may be out of scope, so it must be nullable");
            }
            Kind::Many { to, .. } => {
                assert!(self.by_name.contains_key(to), "{at} lists {to}, which is not declared");
                assert!(!field.required, "{at} lists a type that may be denied, so it must be nullable");
            }
            Kind::Union { arms, .. } => {
                assert!(
                    arms.iter().all(|(_, to)| self.by_name.contains_key(to)),
                    "{at} has an arm that is not declared"
                );
                assert!(!field.required, "{at} links to a row that may be out of scope, so it must be nullable");
            }
            Kind::Id
            | Kind::Scalar { .. }
            | Kind::Enum { .. }
            | Kind::Enums { .. }
            | Kind::Trail { .. }
            | Kind::Money { .. }
            | Kind::ViewerAccess => {}
        }
    }

    /// The entity of that name. Declarations were checked, so a declared link always finds one.
    pub fn entity(&self, name: &str) -> &Entity {
        &self.entities[self.by_name[name]]
    }

    /// The entity of that name, if there is one.
    pub fn find(&self, name: &str) -> Option<&Entity> {
        self.by_name.get(name).map(|i| &self.entities[*i])
    }

    /// The entity whose ids have this prefix.
    pub fn by_prefix(&self, prefix: &str) -> Option<&Entity> {
        self.by_prefix.get(prefix).map(|i| &self.entities[*i])
    }

    /// The concrete entities whose changes are followed.
    pub fn followed(&self) -> impl Iterator<Item = &Entity> {
        self.entities.iter().filter(|e| e.prefix.is_some() && e.is_followed)
    }

    /// The concrete entities behind a name: itself, or an interface's members.
    pub fn concrete<'a>(&'a self, entity: &'a Entity) -> Vec<&'a Entity> {
        if entity.members.is_empty() { vec![entity] } else { entity.members.iter().map(|m| self.entity(m)).collect() }
    }

    /// The concrete entities of a union.
    pub fn union_members(&self, name: &str) -> Vec<&'static str> {
        let arms = self.entities.iter().flat_map(|e| &e.fields).find_map(|f| match &f.kind {
            Kind::Union { name: n, arms } if *n == name => Some(arms),
            _ => None,
        });
        arms.into_iter().flatten().flat_map(|(_, to)| self.concrete(self.entity(to))).map(|e| e.name).collect()
    }
}
