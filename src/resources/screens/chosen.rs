//! Who and what a screen is about, as conditions on rows. They hold on what the caller reads and on nothing else: what she
//! cannot see is as if it were not there, and what she can never read is refused as a condition.

use async_graphql_value::ConstValue;
use uuid::Uuid;

use super::asked::ids;
use crate::{
    auth::Class,
    error::{Code, Error},
    graph::{
        DbValue, ListType, Param, Sql,
        decl::{Asking, Model},
        input,
    },
    resources::load::Span,
    write::{Member, PlainType, Shape},
};

/// The most skills that are asked of everybody at a time.
const MOST_SKILLS: usize = 20;

/// Who and what is meant: every part that is given must hold.
#[derive(Debug, Default, Clone)]
pub struct Chosen {
    resources: Option<Vec<Uuid>>,
    kinds: Option<Vec<String>>,
    pools: Option<Vec<Uuid>>,
    roles: Option<Vec<Uuid>>,
    org_units: Option<Vec<Uuid>>,
    portfolios: Option<Vec<Uuid>>,
    /// Skills with their least levels.
    skills: Vec<(Uuid, i64)>,
}

/// Its types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![
        PlainType {
            name: "ResourcingFilter",
            doc: "Who and what is meant. All given must hold; of a list any. An id of nothing, or of what the caller cannot see, is met by nothing, and so is an empty list.",
            shape: Shape::Input(vec![
                member("resources", "[ID!]", "Only these resources, at most 500."),
                member("kinds", "[ResourceKind!]", "Only resources of these kinds."),
                member("pools", "[ID!]", "Only resources in these pools, and requests that ask them."),
                member("roles", "[ID!]", "Only resources that mostly have these roles, and requests for them."),
                member("orgUnits", "[ID!]", "Only resources of these units and of all below them."),
                member(
                    "portfolios",
                    "[ID!]",
                    "Only resources that are booked in that time for these portfolios, programs and projects or for what is below them, and requests of these. What else they are booked for counts all the same.",
                ),
                member(
                    "skills",
                    "[SkillWish!]",
                    "Only resources with all of these skills, at most 20; FILTER_FORBIDDEN for who reads skills of nobody.",
                ),
            ]),
        },
        PlainType {
            name: "SkillWish",
            doc: "A skill, and how well it is to be had.",
            shape: Shape::Input(vec![
                member("skill", "ID!", "The skill."),
                member("leastLevel", "Int", "The least level, 1 to 5; 1 if not said."),
            ]),
        },
    ]
}

impl Chosen {
    /// What the argument `filter` says; refused where it asks for what the caller can never read.
    pub fn of(asking: &Asking<'_, '_>) -> Result<Self, Error> {
        let null = ConstValue::Null;
        let given = |name: &str| match asking.argument("filter") {
            ConstValue::Object(members) => members.get(name).unwrap_or(&null),
            _ => &null,
        };
        let rights = &asking.session.caller.rights;
        for (name, class, coordinate) in
            [("skills", Class::Person, "Resource.skills"), ("portfolios", Class::Work, "Resource.allocations")]
        {
            if *given(name) != null && rights.read(class).is_empty() {
                let line = format!("`{coordinate}` needs {} to filter by.", class.read());
                return Err(Error::new(Code::FilterForbidden, line).about(coordinate));
            }
        }
        let kinds = match given("kinds") {
            ConstValue::Null => None,
            kinds => Some(input::listed(kinds).into_iter().filter_map(input::text).collect()),
        };
        Ok(Self {
            resources: ids(asking, "Resource", given("resources"))?,
            kinds,
            pools: ids(asking, "ResourcePool", given("pools"))?,
            roles: ids(asking, "ResourceRole", given("roles"))?,
            org_units: ids(asking, "OrgUnit", given("orgUnits"))?,
            portfolios: ids(asking, "PortfolioItem", given("portfolios"))?,
            skills: skills(asking, given("skills"))?,
        })
    }

    /// Only this pool besides.
    pub fn within_pool(pool: Uuid) -> Self {
        Self { pools: Some(vec![pool]), ..Self::default() }
    }

    /// Appends what it asks of the resource `t0`, which is visible and not archived.
    pub fn resources(&self, sql: &mut Sql, model: &Model, asking: &Asking<'_, '_>, span: Span) {
        let rights = &asking.session.caller.rights;
        let resource = model.entity("Resource");
        sql.push("t0.archived_at IS NULL");
        sql.visible(0, resource, rights.read(resource.class), " AND ");
        if rights.read(resource.class).is_empty() {
            sql.push(" AND FALSE");
        }
        for (column, list) in [("id", &self.resources), ("pool_id", &self.pools), ("role_id", &self.roles)] {
            if let Some(list) = list {
                sql.push(" AND ").column(0, column).is_any(ListType::Id, constant(list));
            }
        }
        if let Some(kinds) = &self.kinds {
            let kinds = kinds.iter().cloned().map(DbValue::Text).collect();
            sql.push(" AND t0.kind").is_any(ListType::Text, Param::Const(DbValue::List(ListType::Text, kinds)));
        }
        if let Some(units) = &self.org_units {
            sql.push(" AND t0.org_unit_id IN (WITH RECURSIVE below (id) AS (SELECT u.id FROM org_unit u WHERE u.id");
            sql.is_any(ListType::Id, constant(units));
            sql.push(" UNION SELECT u.id FROM org_unit u JOIN below b ON u.parent_id = b.id) SELECT id FROM below)");
        }
        let skill = model.entity("ResourceSkill");
        for (wish, (id, least)) in self.skills.iter().enumerate() {
            let alias = 20 + wish;
            sql.push(" AND EXISTS (SELECT 1 FROM resource_skill t").number(alias).push(" WHERE ");
            sql.column(alias, "resource_id").push(" = t0.id AND ").column(alias, "archived_at").push(" IS NULL AND ");
            sql.column(alias, "skill_id").push(" = ").param(Param::Const(DbValue::Id(*id))).push(" AND ");
            sql.column(alias, "level").push(" >= ").param(Param::Const(DbValue::Int(*least)));
            sql.visible(alias, skill, rights.read(skill.class), " AND ");
            sql.push(")");
        }
        if let Some(items) = &self.portfolios {
            let period = model.entity("AllocationPeriod");
            sql.push(" AND EXISTS (SELECT 1 FROM allocation_period t10 WHERE t10.resource_id = t0.id");
            counted(sql, 10, span);
            sql.visible(10, period, rights.read(period.class), " AND ");
            below(sql, model, asking, 10, items);
            sql.push(")");
        }
    }

    /// Appends what it asks of the request `t0`.
    pub fn requests(&self, sql: &mut Sql, model: &Model, asking: &Asking<'_, '_>) {
        for (column, list) in [("pool_id", &self.pools), ("role_id", &self.roles)] {
            if let Some(list) = list {
                sql.push(" AND ").column(0, column).is_any(ListType::Id, constant(list));
            }
        }
        if let Some(items) = &self.portfolios {
            below(sql, model, asking, 0, items);
        }
    }

    /// Appends that a group, which is a role or a pool, is one of those that are asked for.
    pub fn groups(&self, sql: &mut Sql, alias: usize, is_role: bool) {
        if let Some(list) = if is_role { &self.roles } else { &self.pools } {
            sql.push(" AND ").column(alias, "id").is_any(ListType::Id, constant(list));
        }
    }
}

/// Appends that the days of a booking take capacity within a time.
pub fn counted(sql: &mut Sql, alias: usize, span: Span) {
    sql.push(" AND ").column(alias, "state").push(" IN ('SOFT', 'HARD', 'COMPLETED') AND ");
    meets(sql, alias, span);
}

/// Appends that the days of a row meet a time.
pub fn meets(sql: &mut Sql, alias: usize, span: Span) {
    sql.column(alias, "start_on").push(" <= ").param(Param::Const(DbValue::Date(span.last()))).push(" AND ");
    sql.column(alias, "end_on").push(" >= ").param(Param::Const(DbValue::Date(span.first())));
}

/// Appends that the item of a row is one of these, or below one that the caller sees.
fn below(sql: &mut Sql, model: &Model, asking: &Asking<'_, '_>, alias: usize, items: &[Uuid]) {
    let item = model.entity("PortfolioItem");
    let rows = asking.session.caller.rights.read(item.class);
    sql.push(" AND EXISTS (SELECT 1 FROM item_ancestor a JOIN portfolio_item t11 ON t11.id = a.ancestor_id WHERE a.item_id = ");
    sql.column(alias, "item_id").push(" AND a.ancestor_id").is_any(ListType::Id, constant(items));
    if rows.is_empty() {
        sql.push(" AND FALSE");
    }
    sql.visible(11, item, rows, " AND ");
    sql.push(")");
}

fn constant(ids: &[Uuid]) -> Param {
    Param::Const(DbValue::Ids(ids.into()))
}

fn skills(asking: &Asking<'_, '_>, given: &ConstValue) -> Result<Vec<(Uuid, i64)>, Error> {
    let wrong = |line: String| Error::new(Code::BadVariables, line);
    let wishes = input::listed(given);
    if wishes.len() > MOST_SKILLS {
        return Err(wrong(format!("At most {MOST_SKILLS} skills at a time.")));
    }
    let mut found = vec![];
    for wish in wishes {
        let ConstValue::Object(members) = wish else { continue };
        let level = match members.get("leastLevel") {
            Some(ConstValue::Number(level)) => level.as_i64().unwrap_or_default(),
            _ => 1,
        };
        if !(1..=5).contains(&level) {
            return Err(wrong("`leastLevel` is 1 to 5.".to_owned()));
        }
        let skill = ids(asking, "Skill", members.get("skill").unwrap_or(&ConstValue::Null))?;
        found.extend(skill.into_iter().flatten().map(|skill| (skill, level)));
    }
    Ok(found)
}
