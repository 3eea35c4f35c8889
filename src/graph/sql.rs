//! SQL text with late-bound parameters, in the dialect of the database. Names come from the declarations, which take
//! them from the entities' `Column` enums; values never enter the text.

use std::{fmt::Write, sync::Arc};

use uuid::Uuid;

use super::{
    decl::{Column, Entity, KIND, Labor, RowScope, Which},
    value::{DbValue, Leaf, ListType},
};
use crate::auth::{Class, Reach, Reads, Rights, RowSet, Rows, Scopes};

/// The database's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// How text is folded before it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Not at all.
    None,
    /// As the folded columns are.
    Full,
    /// ASCII letters only, as SQL's `lower` on both databases.
    Ascii,
}

impl Fold {
    /// The folded value.
    pub fn apply(self, value: DbValue) -> DbValue {
        match (self, value) {
            (Self::Full, DbValue::Text(s)) => DbValue::Text(s.to_lowercase()),
            (Self::Ascii, DbValue::Text(s)) => DbValue::Text(s.to_ascii_lowercase()),
            (_, value) => value,
        }
    }
}

/// Where a parameter's value comes from when the statement runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// Known when the text was made.
    Const(DbValue),
    /// A variable of the request.
    Variable {
        /// Its name.
        name: String,
        /// What it is due to be.
        leaf: Leaf,
        /// Whether it is a list of them.
        list: bool,
        /// How its case is folded.
        fold: Fold,
    },
    /// Rows of the caller.
    Rows(RowSet),
    /// The caller's person; matches nothing when there is none.
    Me,
    /// The day on which the statement runs.
    Today,
    /// The keys of the parent rows.
    Keys,
    /// How many rows, when a variable says it.
    Limit,
}

/// A finished statement.
#[derive(Debug)]
pub struct Statement {
    /// The text.
    pub text: Arc<str>,
    /// Where its parameters come from.
    pub params: Vec<Param>,
    /// When PostgreSQL makes its plan.
    pub planning: Planning,
}

/// When PostgreSQL makes the plan of a statement that is sent again and again. It takes planning to be cheaper than it is:
/// left to itself it plans many a short list anew each time, which costs as much as reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Planning {
    /// With the values of each run, where PostgreSQL finds that worth its while: how many rows there are between two values,
    /// or of a caller, decides what is best.
    #[default]
    ForValues,
    /// Once a connection.
    Once,
    /// Either will do.
    Any,
}

/// A text under construction.
#[derive(Debug)]
pub struct Sql {
    /// Whose language.
    pub dialect: Dialect,
    /// Which sets of the caller's rows have any.
    reach: Reach,
    /// What the caller reads of each class: drafts need more than their row does.
    reads: Reads,
    /// Whose rows they are, where it is not the caller who runs the statement.
    eyes: Option<Eyes>,
    text: String,
    params: Vec<Param>,
    planning: Planning,
}

/// Rows and person of a view that is compared with the caller's.
#[derive(Debug, Clone)]
pub struct Eyes {
    /// The rows.
    pub rows: Rows,
    /// The person, if the scopes ask for one.
    pub person: Option<Uuid>,
    /// What is read of each class.
    pub reads: Reads,
}

impl Sql {
    /// An empty text.
    pub fn new(dialect: Dialect, rights: &Rights) -> Self {
        let (reach, reads) = (rights.reach, rights.reads());
        Self {
            dialect,
            reach,
            reads,
            eyes: None,
            text: String::with_capacity(512),
            params: vec![],
            planning: Planning::default(),
        }
    }

    /// An empty text about the rows of a view.
    pub fn of_view(dialect: Dialect, eyes: &Eyes) -> Self {
        let mut sql = Self::new(dialect, &Rights::default());
        sql.look_through(eyes);
        sql
    }

    /// Conditions from here on are about these rows and this person.
    pub fn look_through(&mut self, eyes: &Eyes) -> &mut Self {
        self.reach = eyes.rows.reach();
        self.reads = eyes.reads;
        self.eyes = Some(eyes.clone());
        self
    }

    /// One plan will do for all values, but for those of which it is said otherwise from here on.
    pub fn plan_once(&mut self) -> &mut Self {
        self.planning = Planning::Once;
        self
    }

    /// The values decide which plan is best.
    pub fn plan_for_values(&mut self) -> &mut Self {
        self.planning = Planning::ForValues;
        self
    }

    fn rows(&mut self, set: RowSet) -> Param {
        self.plan_for_values();
        match &self.eyes {
            None => Param::Rows(set),
            Some(eyes) => Param::Const(DbValue::Ids(eyes.rows.of(set).clone())),
        }
    }

    fn me(&self) -> Param {
        match &self.eyes {
            None => Param::Me,
            Some(eyes) => Param::Const(DbValue::Id(eyes.person.unwrap_or(Uuid::nil()))),
        }
    }

    /// The finished statement.
    pub fn finish(self) -> Statement {
        let has_values = self.params.iter().any(|param| !matches!(param, Param::Keys));
        let planning = if has_values || self.planning == Planning::ForValues { self.planning } else { Planning::Any };
        Statement { text: self.text.into(), params: self.params, planning }
    }

    /// Appends text.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a column of an alias.
    pub fn column(&mut self, alias: usize, column: &str) -> &mut Self {
        let _ = write!(self.text, "t{alias}.{column}");
        self
    }

    /// Appends a number.
    pub fn number(&mut self, n: usize) -> &mut Self {
        let _ = write!(self.text, "{n}");
        self
    }

    /// Appends a quoted literal of our own; never one of a client.
    pub fn literal(&mut self, text: &str) -> &mut Self {
        debug_assert!(!text.contains('\''));
        let _ = write!(self.text, "'{text}'");
        self
    }

    /// Appends a parameter, once for equal sources.
    pub fn param(&mut self, param: Param) -> &mut Self {
        let n = self.params.iter().position(|p| *p == param).unwrap_or_else(|| {
            self.params.push(param);
            self.params.len() - 1
        });
        let sign = match self.dialect {
            Dialect::Postgres => '$',
            Dialect::Sqlite => '?',
        };
        let _ = write!(self.text, "{sign}{}", n + 1);
        self
    }

    /// Appends ` = one of the list`; the text does not change with the list's length.
    pub fn is_any(&mut self, list: ListType, param: Param) -> &mut Self {
        match self.dialect {
            Dialect::Postgres => self.push(" = ANY(").param(param).push(")"),
            Dialect::Sqlite => {
                self.push(" IN (SELECT ").push(json_value(list)).push(" FROM json_each(").param(param).push("))")
            }
        }
    }

    /// Appends the condition that a row is in one of the scopes. Nothing to append means every row.
    pub fn scopes(&mut self, alias: usize, rows: RowScope, scopes: Scopes) -> bool {
        if scopes.is_all() || rows == RowScope::Directory {
            return false;
        }
        if rows == RowScope::Reference {
            let is_anybody = !scopes.without(Scopes::SELF).is_empty();
            if !is_anybody {
                self.push("FALSE");
            }
            return !is_anybody;
        }
        self.push("(");
        let start = self.text.len();
        let mut sets: Vec<(Column, RowSet)> = vec![];
        if let Some([item, portfolio, _]) = rows.item() {
            for (scope, column, set) in [
                (Scopes::OWN, item, RowSet::Own),
                (Scopes::SPON, portfolio, RowSet::SponsoredPortfolios),
                (Scopes::SPON, item, RowSet::SponsoredItems),
                (Scopes::PF, portfolio, RowSet::GivenPortfolios),
                (Scopes::PF, item, RowSet::GivenItems),
                (Scopes::USED, item, RowSet::Used),
                (Scopes::GRANT, portfolio, RowSet::GrantedPortfolios),
                (Scopes::GRANT, item, RowSet::GrantedItems),
                (Scopes::LINKED, item, RowSet::Linked),
            ] {
                if scopes.has(scope) && self.reach.has(set) {
                    sets.push((column, set));
                }
            }
            if let (true, Some(state)) = (scopes.has(Scopes::ACTIVE), rows.state()) {
                self.column(alias, state).push(" = 'ACTIVE'");
            }
        }
        if let Some(resource) = rows.resource() {
            let of_items = rows.item().is_some() || matches!(rows, RowScope::OfWorker { .. });
            for (scope, set, holds) in [
                (Scopes::TEAM, RowSet::ManagedResources, true),
                (Scopes::SELF, RowSet::Herself, true),
                (Scopes::OWN, RowSet::ResourcesOnOwn, !of_items),
                (Scopes::GRANT, RowSet::ResourcesOnGranted, !of_items),
            ] {
                if holds && scopes.has(scope) && self.reach.has(set) {
                    sets.push((resource, set));
                }
            }
        }
        if let (RowScope::OfResource { resource }, true) = (rows, scopes.has(Scopes::ROLE_RATES)) {
            self.or(start).column(alias, resource).push(" IS NULL");
        }
        if let (Some(pool), true) = (rows.pool(), scopes.has(Scopes::TEAM) && self.reach.has(RowSet::ManagedPools)) {
            sets.push((pool, RowSet::ManagedPools));
        }
        for (column, set) in sets {
            let rows = self.rows(set);
            self.or(start).column(alias, column).is_any(ListType::Id, rows);
        }
        if let (true, Some([item, ..]), Some(draft)) = (scopes.has(Scopes::OWN_DRAFT), rows.item(), rows.draft())
            && self.reach.has(RowSet::Own)
        {
            let own = self.rows(RowSet::Own);
            self.or(start).push("(").column(alias, draft).push(" AND ");
            self.column(alias, item).is_any(ListType::Id, own).push(")");
        }
        if let (true, Some([item, ..])) = (scopes.has(Scopes::OWN_NON_LABOR), rows.item())
            && self.reach.has(RowSet::Own)
            && rows.labor() != Labor::Unsaid
        {
            let own = self.rows(RowSet::Own);
            self.or(start).push("(");
            if let Labor::In(labor) = rows.labor() {
                self.push("NOT ").column(alias, labor).push(" AND ");
            }
            self.column(alias, item).is_any(ListType::Id, own).push(")");
        }
        if let Some(person) = rows.person()
            && scopes.has(Scopes::SELF)
        {
            let me = self.me();
            self.or(start).column(alias, person).push(" = ").param(me);
        }
        // A scope that means nothing on this table gives no row: deny by default.
        if self.text.len() == start {
            self.push("FALSE");
        }
        self.push(")");
        true
    }

    fn or(&mut self, start: usize) -> &mut Self {
        if self.text.len() > start {
            self.push(" OR ");
        }
        self
    }

    /// Appends all that decides whether a row is visible, each part behind `lead` (` AND `, say).
    pub fn visible(&mut self, alias: usize, entity: &Entity, scopes: Scopes, lead: &str) {
        if let Some(kind) = entity.kind {
            self.push(lead).column(alias, KIND).push(" = ").literal(kind);
        }
        for rows in std::iter::once(entity.rows).chain(entity.beside) {
            self.visible_rows(alias, entity, rows, scopes, lead);
        }
    }

    /// The same without regard to the kind: for columns that stand for a row elsewhere.
    pub fn visible_rows(&mut self, alias: usize, entity: &Entity, rows: RowScope, scopes: Scopes, lead: &str) {
        if let Some([item, _, restricted]) = rows.item() {
            self.push(lead).push("(NOT ").column(alias, restricted);
            if self.reach.has(RowSet::Named) {
                let named = self.rows(RowSet::Named);
                self.push(" OR ").column(alias, item).is_any(ListType::Id, named);
            }
            self.push(")");
        }
        self.everywhere(alias, entity, rows, lead);
        if let (Some(class), Some(draft)) = (entity.drafts, rows.draft()) {
            let scopes = self.reads[class as usize];
            if !scopes.is_all() {
                self.push(lead).push("(NOT ").column(alias, draft);
                if !scopes.is_empty() {
                    self.push(" OR ").scopes(alias, rows, scopes);
                }
                self.push(")");
            }
        }
        let mark = self.text.len();
        self.push(lead);
        if rows.is_directory() || !self.scopes(alias, rows, scopes) {
            self.text.truncate(mark);
        }
    }

    /// Appends what hides rows that tell of all rows from who does not read those.
    fn everywhere(&mut self, alias: usize, entity: &Entity, rows: RowScope, lead: &str) {
        let Some(of) = entity.everywhere else { return };
        let lacks: Vec<Class> =
            of.classes.iter().copied().filter(|class| !self.reads[*class as usize].is_all()).collect();
        match of.which {
            Which::With(column, value) if !lacks.is_empty() => {
                self.push(lead).column(alias, column).push(" <> ").literal(value);
            }
            Which::With(..) => {}
            Which::Naming { classes, is_alone } => {
                for class in lacks {
                    self.push(lead).push("(").settled(alias, entity, rows, classes).push(" NOT LIKE ");
                    self.literal(&format!("%{}%", class.as_str()));
                    let scopes = self.reads[class as usize];
                    if !scopes.is_empty() {
                        self.push(" OR ").settled(alias, entity, rows, is_alone).push(" AND ");
                        self.scopes(alias, rows, scopes);
                    }
                    self.push(")");
                }
            }
        }
    }

    /// Appends a column that never changes: of a row that is told of elsewhere it is read from the row itself.
    fn settled(&mut self, alias: usize, entity: &Entity, rows: RowScope, column: &str) -> &mut Self {
        if rows == entity.rows {
            return self.column(alias, column);
        }
        self.push("(SELECT r.").push(column).push(" FROM ").push(entity.table).push(" r WHERE r.id = ");
        self.column(alias, "target_id").push(")")
    }
}

/// How an element of a JSON list becomes a value again on SQLite.
pub fn json_value(list: ListType) -> &'static str {
    match list {
        ListType::Id => "unhex(value)",
        ListType::Int | ListType::Text | ListType::Date | ListType::Instant => "value",
    }
}
