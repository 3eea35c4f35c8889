//! An entity: its table, its names, the class of its rows and its fields. What every stored thing carries is added here
//! and nowhere else.

use async_graphql_value::Value;
use sea_orm::{EntityName, IdenStatic};

use super::{
    super::{filter::Filter, sql::Sql},
    Column, DayList, Field, Kind, Pen, RowScope, Scalar, Writers,
};
use crate::{
    auth::{Class, Rights, Scopes, Step},
    error::Error,
    write::Member,
};

/// Characters of the longest human key.
const LONGEST_KEY: usize = 64;

/// An entity, or an interface over entities that share a table.
#[derive(Debug)]
pub struct Entity {
    /// Name in the schema.
    pub name: &'static str,
    /// Root field that finds one, such as `project`.
    pub single: &'static str,
    /// Root field that lists them, such as `projects`; none for what is only reached through others.
    pub plural: Option<&'static str>,
    /// Lists of its rows that meet a condition on a day.
    pub day_lists: Vec<DayList>,
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
    /// Another item that must be visible too, where rows stand between two.
    pub beside: Option<RowScope>,
    /// Class that reading a draft needs besides, where rows are drafts at first.
    pub drafts: Option<Class>,
    /// What reading certain rows needs besides, on every row.
    pub everywhere: Option<Everywhere>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// What its rows can be filtered by besides.
    pub conditions: Vec<Condition>,
    /// Interfaces of the model that it implements.
    pub implements: Vec<&'static str>,
    /// For an interface: the entities behind it.
    pub members: Vec<&'static str>,
    /// Where the ids stand that other systems gave to rows; none where they cannot be found by them.
    pub external: Option<External>,
    /// Whether a row has a human key that finds it.
    pub keyed: bool,
    /// Lists that are written with a row: members of its patch.
    pub lists: Vec<List>,
    /// Whether changes of its rows are followed; needs ids.
    pub is_followed: bool,
    /// Whether its rows are stored; those of a database's view follow from others.
    pub is_stored: bool,
}

/// A condition on rows that no field of theirs tells.
#[derive(Debug, Clone, Copy)]
pub struct Condition {
    /// Its name in the filter.
    pub name: &'static str,
    /// Its input type, one of the model's plain types.
    pub ty: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Appends it for the rows of an alias: null where the caller may not know, so that `not` takes such a row out too.
    pub write: fn(&mut Filter<'_>, &mut Sql, usize, &Value) -> Result<(), Error>,
}

/// Rows only for who reads some classes on every row: what they tell is about all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Everywhere {
    /// The classes.
    pub classes: &'static [Class],
    /// Which rows.
    pub which: Which,
}

/// Rows that are only for who reads some classes on every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those with this value in this column, all of the classes.
    With(Column, &'static str),
    /// All, those of the classes whose names stand in a column; where another column is true nothing is below the row's item,
    /// and who reads them there reads all. Both are settled when a row is made.
    Naming {
        /// The column with the names of classes.
        classes: Column,
        /// The column that is true where nothing is below.
        is_alone: Column,
    },
}

/// Where the ids stand that other systems gave to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum External {
    /// In `external_link`, whose rows have a right of their own: several for a row.
    Linked {
        /// The column that points to the row.
        column: Column,
        /// The target type there.
        target: &'static str,
    },
    /// In the row itself: whoever sees it finds it by them.
    Own,
}

/// The columns of [`External::Own`]: the system, and the id there.
pub const OWN_NAME: [Column; 2] = ["external_system", "external_id"];

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
            day_lists: vec![],
            prefix: None,
            doc,
            table: table.table_name(),
            kind: None,
            class,
            rows,
            beside: None,
            drafts: None,
            everywhere: None,
            fields: vec![],
            conditions: vec![],
            implements: vec![],
            members: vec![],
            external: None,
            keyed: false,
            lists: vec![],
            is_followed: true,
            is_stored: true,
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

    /// Rows stand between two items, and are there only for who sees this one as well.
    #[must_use]
    pub fn beside(mut self, rows: RowScope) -> Self {
        self.beside = Some(rows);
        self
    }

    /// Rows can be filtered by this besides.
    #[must_use]
    pub fn condition(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Drafts among the rows are seen only by who reads this class on them.
    #[must_use]
    pub fn drafts(mut self, class: Class) -> Self {
        self.drafts = Some(class);
        self
    }

    /// Rows are seen only by who reads those of these classes everywhere that stand in a column, or on the row's item where
    /// nothing is below it.
    #[must_use]
    pub fn everywhere_naming(
        mut self,
        classes: impl IdenStatic,
        is_alone: impl IdenStatic,
        of: &'static [Class],
    ) -> Self {
        let which = Which::Naming { classes: classes.as_str(), is_alone: is_alone.as_str() };
        self.everywhere = Some(Everywhere { classes: of, which });
        self
    }

    /// Rows with this value in a column are seen only by who reads all of these classes everywhere.
    #[must_use]
    pub fn everywhere_where(mut self, column: impl IdenStatic, value: &'static str, classes: &'static [Class]) -> Self {
        self.everywhere = Some(Everywhere { classes, which: Which::With(column.as_str(), value) });
        self
    }

    /// More fields.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// The same entity, whose changes are not followed.
    #[must_use]
    pub fn unfollowed(mut self) -> Self {
        self.is_followed = false;
        self
    }

    /// The same entity over a view of the database: its rows are neither stored nor followed.
    #[must_use]
    pub fn derived(mut self) -> Self {
        self.is_stored = false;
        self.unfollowed()
    }

    /// A creation may leave the human key out.
    #[must_use]
    pub fn with_default_key(mut self) -> Self {
        self.fields = self.fields.into_iter().map(|f| if f.name == "key" { f.defaulted() } else { f }).collect();
        self
    }

    /// Rows that never change: what is written is settled when they are made.
    #[must_use]
    pub fn settled(mut self) -> Self {
        self.fields = self.fields.into_iter().map(|f| if f.pen.is_some() { f.once() } else { f }).collect();
        self
    }

    /// A list of rows that meet a condition on a day.
    #[must_use]
    pub fn day_list(mut self, list: DayList) -> Self {
        self.day_lists.push(list);
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
        self.external = Some(External::Linked { column: column.as_str(), target: target_type });
        self
    }

    /// Found by the id that another system gave it, which stands in the row and is settled when it is made. `write` gives
    /// the pen.
    #[must_use]
    pub fn named_outside(mut self, write: impl Fn(Field) -> Field) -> Self {
        let [system, id] = OWN_NAME.map(Named);
        self.external = Some(External::Own);
        self.fields.extend([
            write(Field::scalar(
                "externalSystem",
                Scalar::String,
                system,
                "The system that the row came from, such as `SAP`; null where it was entered here.",
            ))
            .grouped()
            .longest(64)
            .once(),
            write(Field::scalar(
                "externalId",
                Scalar::String,
                id,
                "The row's id in `externalSystem`; unique there. Null where it was entered here.",
            ))
            .once(),
        ]);
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
            day_lists: vec![],
            prefix: None,
            doc,
            table: first.table,
            kind: None,
            class: first.class,
            rows: first.rows,
            beside: None,
            drafts: None,
            everywhere: None,
            fields: first.fields.iter().filter(common).cloned().collect(),
            conditions: first.conditions.clone(),
            implements: vec![],
            members: members.iter().map(|m| m.name).collect(),
            external: None,
            keyed: false,
            lists: vec![],
            is_followed: true,
            is_stored: true,
        }
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The values that a field is one of, each with its meaning; none where it is no such field.
    pub fn choices(&self, name: &str) -> &'static [(&'static str, &'static str)] {
        match self.field(name).map(|field| &field.kind) {
            Some(Kind::Enum { ty, .. }) => ty.values,
            _ => &[],
        }
    }

    /// On which rows some field may be written; the rows' own right where no field names a pen.
    pub fn writes(&self, rights: &Rights) -> Scopes {
        let pens = self.fields.iter().filter_map(|field| Some((field, field.pen?)));
        let of = |(field, pen): (&Field, Pen)| match pen.writers {
            Writers::Class => rights.scopes(self.class_of(field).write()),
            Writers::Step(step) => rights.takes(step),
        };
        pens.map(of).reduce(Scopes::or).unwrap_or_else(|| rights.scopes(self.class.write()))
    }

    /// Whether a scalar field shows this column.
    pub fn has_column(&self, column: Column) -> bool {
        self.fields.iter().any(|f| matches!(f.kind, Kind::Scalar { column: of, .. } if of == column))
    }

    /// Whether a column leads to what stands beside the row, with the other item: `to_id` beside `to_item_id`.
    pub fn is_beside(&self, column: Column) -> bool {
        let side = column.strip_suffix("id");
        let item = self.beside.and_then(RowScope::item).map(|[item, ..]| item);
        side.zip(item).is_some_and(|(side, item)| item.strip_prefix(side) == Some("item_id"))
    }

    /// The class that a field needs.
    pub fn class_of(&self, field: &Field) -> Class {
        field.class.unwrap_or(self.class)
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
