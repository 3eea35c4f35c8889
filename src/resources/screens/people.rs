//! Resources as far as a screen asks: which of them, in the order of their keys, and what the caller reads of each. Whoever
//! does not read what a capacity follows from is given none of it.

use chrono::NaiveDate;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{asked::Asked, chosen::Chosen};
use crate::{
    auth::Class,
    error::Error,
    graph::{
        Cell, ColumnType, DbValue, Limit, ListType, Param, Row, Sql, date_of,
        decl::{Asking, denied},
        limit,
    },
    resources::{load::Span, worktime::capacity::Employment},
};

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: Uuid,
    /// Its human key.
    pub key: String,
    /// The role that it mostly has.
    pub role: Option<Uuid>,
    /// The pool that it is in.
    pub pool: Option<Uuid>,
    /// Where it works.
    pub location: Option<String>,
    /// The calendar that it works by.
    pub calendar: Option<Uuid>,
    /// How many full-time people it is worth, as stored; none for material, and where the caller may not read it.
    pub fte: Option<i64>,
    /// The days of its employment, for who may read them.
    pub employment: Employment,
    /// Whether the caller reads its work.
    pub reads_work: bool,
    /// Whether she reads what is known of it as a person.
    pub reads_person: bool,
}

impl Member {
    /// The class that the caller lacks to be told its capacity; none where she may be told.
    pub fn lacks(&self) -> Option<Class> {
        match (self.reads_work, self.reads_person) {
            (false, _) => Some(Class::Work),
            (true, false) => Some(Class::Person),
            (true, true) => None,
        }
    }
}

/// What stands for figures that need a capacity, for who may be told that of nobody.
pub fn never(asking: &Asking<'_, '_>) -> Option<Json> {
    let rights = &asking.session.caller.rights;
    let lacks = [Class::Work, Class::Person].into_iter().find(|class| rights.read(*class).is_empty());
    lacks.map(|class| denied(class.read()))
}

/// Which resources.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Those after this key.
    pub after: Option<String>,
    /// At most so many; all if not said.
    pub limit: Option<usize>,
    /// Those of these roles or pools.
    pub of: Option<(By, Vec<Uuid>)>,
    /// Only those that are booked in that time.
    pub is_booked: bool,
    /// Only those whose capacity the caller may be told.
    pub is_told: bool,
    /// Only those of whom she reads what is known of them as people.
    pub is_known: bool,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A resource.
    Resource,
    /// All of a role.
    Role,
    /// All of a pool.
    Pool,
}

impl By {
    /// The column of resources that says it.
    fn column(self) -> &'static str {
        match self {
            Self::Resource => "id",
            Self::Role => "role_id",
            Self::Pool => "pool_id",
        }
    }

    /// The entity of such rows.
    pub fn entity(self) -> &'static str {
        match self {
            Self::Resource => "Resource",
            Self::Role => "ResourceRole",
            Self::Pool => "ResourcePool",
        }
    }

    /// What it is of a resource.
    pub fn of(self, member: &Member) -> Option<Uuid> {
        match self {
            Self::Resource => Some(member.id),
            Self::Role => member.role,
            Self::Pool => member.pool,
        }
    }
}

/// The resources that are chosen, in the order of their keys.
pub async fn people(
    asking: &mut Asking<'_, '_>,
    (chosen, span): (&Chosen, Span),
    wish: &Wish,
) -> Result<Vec<Member>, Error> {
    let mut sql = asking.session.sql();
    sql.push("SELECT t0.id, t0.key, t0.role_id, t0.pool_id, t0.location, t0.calendar_id, ");
    flag(&mut sql, asking, Class::Work);
    sql.push(", ");
    flag(&mut sql, asking, Class::Person);
    for (column, class) in
        [("fte", Class::Work), ("employed_from_on", Class::Person), ("employed_to_on", Class::Person)]
    {
        sql.push(", CASE WHEN ");
        reads(&mut sql, asking, class);
        sql.push(" THEN ").column(0, column).push(" END");
    }
    from(&mut sql, asking, (chosen, span), wish);
    if let Some(after) = &wish.after {
        sql.push(" AND t0.key > ").param(Param::Const(DbValue::Text(after.clone())));
    }
    sql.push(" ORDER BY t0.key");
    if let Some(limit) = wish.limit {
        sql.push(" LIMIT ").number(limit);
    }
    let rows = asking.session.all(&sql.finish(), &[].into()).await?;
    Ok(rows.iter().map(member).collect())
}

/// How many resources are chosen.
pub async fn count(asking: &mut Asking<'_, '_>, (chosen, span): (&Chosen, Span), wish: &Wish) -> Result<i64, Error> {
    let mut sql = asking.session.sql();
    sql.push("SELECT COUNT(*)");
    from(&mut sql, asking, (chosen, span), wish);
    one(asking, sql).await
}

/// The roles or pools that chosen resources have, in the order of their keys; with `or_asked`, those too that are asked for.
pub async fn groups(
    asking: &mut Asking<'_, '_>,
    by: By,
    which: &Groups<'_>,
    (after, limit): (Option<String>, usize),
) -> Result<Vec<(Uuid, String)>, Error> {
    let mut sql = asking.session.sql();
    sql.push("SELECT t90.id, t90.key");
    which.from(&mut sql, asking, by);
    if let Some(after) = after {
        sql.push(" AND t90.key > ").param(Param::Const(DbValue::Text(after)));
    }
    sql.push(" ORDER BY t90.key LIMIT ").number(limit);
    let rows = asking.session.all(&sql.finish(), &[].into()).await?;
    Ok(rows.iter().filter_map(|row| Some((id(row, 0)?, text(row, 1)?))).collect())
}

/// How many there are of them.
pub async fn count_groups(asking: &mut Asking<'_, '_>, by: By, which: &Groups<'_>) -> Result<i64, Error> {
    let mut sql = asking.session.sql();
    sql.push("SELECT COUNT(*)");
    which.from(&mut sql, asking, by);
    one(asking, sql).await
}

/// Which roles or pools: those that chosen resources have.
pub struct Groups<'c> {
    /// Who is chosen.
    pub chosen: &'c Chosen,
    /// The days.
    pub asked: &'c Asked,
    /// Those for which these ask, too.
    pub besides: Vec<Uuid>,
}

impl Groups<'_> {
    fn from(&self, sql: &mut Sql, asking: &Asking<'_, '_>, by: By) {
        let entity = asking.model.entity(by.entity());
        let rows = asking.session.caller.rights.read(entity.class);
        sql.push(" FROM ").push(entity.table).push(" t90 WHERE t90.archived_at IS NULL");
        if rows.is_empty() {
            sql.push(" AND FALSE");
        }
        sql.visible(90, entity, rows, " AND ");
        self.chosen.groups(sql, 90, by == By::Role);
        sql.push(" AND (EXISTS (SELECT 1 FROM resource t0 WHERE ").column(0, by.column()).push(" = t90.id AND ");
        self.chosen.resources(sql, asking.model, asking, self.asked.span());
        sql.push(")");
        if !self.besides.is_empty() {
            sql.push(" OR t90.id").is_any(ListType::Id, Param::Const(DbValue::Ids(self.besides.as_slice().into())));
        }
        sql.push(")");
    }
}

fn from(sql: &mut Sql, asking: &Asking<'_, '_>, (chosen, span): (&Chosen, Span), wish: &Wish) {
    sql.push(" FROM resource t0 WHERE ");
    chosen.resources(sql, asking.model, asking, span);
    if let Some((by, ids)) = &wish.of {
        sql.push(" AND ").column(0, by.column());
        sql.is_any(ListType::Id, Param::Const(DbValue::Ids(ids.as_slice().into())));
    }
    if wish.is_booked {
        let period = asking.model.entity("AllocationPeriod");
        sql.push(" AND EXISTS (SELECT 1 FROM allocation_period t15 WHERE t15.resource_id = t0.id");
        super::chosen::counted(sql, 15, span);
        sql.visible(15, period, asking.session.caller.rights.read(period.class), " AND ");
        sql.push(")");
    }
    for (is_due, class) in [(wish.is_told, Class::Work), (wish.is_told || wish.is_known, Class::Person)] {
        if is_due {
            sql.push(" AND ");
            reads(sql, asking, class);
        }
    }
}

async fn one(asking: &mut Asking<'_, '_>, sql: Sql) -> Result<i64, Error> {
    let rows = asking.session.all(&sql.finish(), &[].into()).await?;
    Ok(rows.first().map_or(0, |row| row.int(0)))
}

/// Appends whether the caller reads a class on the resource `t0`.
fn reads(sql: &mut Sql, asking: &Asking<'_, '_>, class: Class) {
    let entity = asking.model.entity("Resource");
    let rights = &asking.session.caller.rights;
    match limit(entity, class, rights.read(class), rights.read(entity.class)) {
        Limit::Never => drop(sql.push("FALSE")),
        Limit::Free => drop(sql.push("TRUE")),
        Limit::Where(scopes) => {
            if !sql.scopes(0, entity.rows, scopes) {
                sql.push("TRUE");
            }
        }
    }
}

fn flag(sql: &mut Sql, asking: &Asking<'_, '_>, class: Class) {
    sql.push("CASE WHEN ");
    reads(sql, asking, class);
    sql.push(" THEN 1 ELSE 0 END");
}

fn member(row: &Row) -> Member {
    let date = |at| -> Option<NaiveDate> { date_of(row.at(at, ColumnType::Date)) };
    Member {
        id: id(row, 0).unwrap_or_default(),
        key: text(row, 1).unwrap_or_default(),
        role: id(row, 2),
        pool: id(row, 3),
        location: text(row, 4),
        calendar: id(row, 5),
        reads_work: row.int(6) == 1,
        reads_person: row.int(7) == 1,
        fte: Some(row.int(8)).filter(|fte| *fte > 0),
        employment: Employment { from: date(9), to: date(10) },
    }
}

/// The id in a column.
pub fn id(row: &Row, at: usize) -> Option<Uuid> {
    match row.at(at, ColumnType::Id) {
        Cell::Id(id) => Some(Uuid::from_bytes(id)),
        _ => None,
    }
}

/// The text in a column.
pub fn text(row: &Row, at: usize) -> Option<String> {
    match row.at(at, ColumnType::Text) {
        Cell::Text(text) => Some(text.to_owned()),
        _ => None,
    }
}

/// A link to a row of the schema.
pub fn link(asking: &Asking<'_, '_>, entity: &str, id: Uuid) -> Json {
    json!(asking.model.entity(entity).prefix.map(|prefix| crate::graph::encode_id(prefix, id)))
}
