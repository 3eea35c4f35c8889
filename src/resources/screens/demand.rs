//! What requests still ask for: their minutes less those that are booked in answer to them, on their working days. Only
//! requests and bookings that the caller reads are in it.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    chosen::{Chosen, meets},
    people::{id, text},
};
use crate::{
    error::{Code, Error},
    graph::{ColumnType, ListType, Param, Row, Sql, date_of, decl::Asking},
    resources::{
        demand::spread,
        load::{Run, Span, held::SkillLevel},
    },
};

/// The most requests that one answer is made of.
const MOST_REQUESTS: usize = 5_000;

/// A skill that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asks {
    /// Which, and how well.
    pub skill: SkillLevel<Uuid>,
    /// Whether nobody comes into question without it.
    pub is_mandatory: bool,
}

/// What a request still asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The request.
    pub id: Uuid,
    /// The role.
    pub role: Uuid,
    /// The pool that is asked.
    pub pool: Option<Uuid>,
    /// The resource that is wished.
    pub wished: Option<Uuid>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// How many resources.
    pub quantity: u64,
    /// Minutes of all of them on all days.
    pub minutes: u64,
    /// Of these, what is not booked.
    pub open: u64,
    /// Where the work is done.
    pub location: Option<String>,
    /// The skills.
    pub skills: Vec<Asks>,
}

impl Demand {
    /// What is not booked on the days of a time.
    pub fn runs(&self, span: Span) -> Vec<Run> {
        spread(self.open, (self.from, self.to), span)
    }
}

/// Which requests.
pub enum Which<'w> {
    /// Those that are open within a time and chosen.
    Open(&'w Chosen, Span),
    /// These.
    These(&'w Arc<[Uuid]>),
}

/// The requests with what they still ask for.
pub async fn demands(asking: &mut Asking<'_, '_>, which: &Which<'_>) -> Result<Vec<Demand>, Error> {
    let (model, rights) = (asking.model, asking.session.caller.rights.clone());
    let (request, allocation) = (model.entity("ResourceRequest"), model.entity("Allocation"));
    if rights.read(request.class).is_empty() {
        return Ok(vec![]);
    }
    let mut sql = asking.session.sql();
    sql.push("SELECT t0.id, t0.role_id, t0.pool_id, t0.resource_id, t0.start_on, t0.end_on, t0.quantity, t0.minutes, t0.location, ");
    sql.push("(SELECT CAST(COALESCE(SUM(t1.minutes), 0) AS bigint) FROM allocation t1 WHERE t1.request_id = t0.id");
    sql.push(" AND t1.state IN ('SOFT', 'HARD', 'COMPLETED')");
    sql.visible(1, allocation, rights.read(allocation.class), " AND ");
    sql.push(") FROM resource_request t0 WHERE ");
    let mut keys: Arc<[Uuid]> = Arc::default();
    match which {
        Which::Open(chosen, span) => open(&mut sql, asking, chosen, *span),
        Which::These(ids) => {
            keys = Arc::clone(ids);
            sql.push("t0.id").is_any(ListType::Id, Param::Keys);
        }
    }
    sql.visible(0, request, rights.read(request.class), " AND ");
    sql.push(" ORDER BY t0.id LIMIT ").number(MOST_REQUESTS + 1);
    let rows = asking.session.all(&sql.finish(), &keys).await?;
    if rows.len() > MOST_REQUESTS {
        let line = format!("More than {MOST_REQUESTS} requests: filter, or take fewer days.");
        return Err(Error::new(Code::QueryTooExpensive, line));
    }
    let mut all: Vec<Demand> = rows.iter().filter_map(demand).collect();
    if matches!(which, Which::Open(..)) {
        all.retain(|demand| demand.open > 0);
    }
    skills(asking, &mut all).await?;
    Ok(all)
}

fn open(sql: &mut Sql, asking: &Asking<'_, '_>, chosen: &Chosen, span: Span) {
    sql.push("t0.state IN ('OPEN', 'PROPOSED', 'SOFT', 'HARD') AND ");
    meets(sql, 0, span);
    chosen.requests(sql, asking.model, asking);
}

fn demand(row: &Row) -> Option<Demand> {
    let number = |at| u64::try_from(row.int(at)).unwrap_or_default();
    let minutes = number(7);
    Some(Demand {
        id: id(row, 0)?,
        role: id(row, 1)?,
        pool: id(row, 2),
        wished: id(row, 3),
        from: date_of(row.at(4, ColumnType::Date))?,
        to: date_of(row.at(5, ColumnType::Date))?,
        quantity: number(6).max(1),
        minutes,
        open: minutes.saturating_sub(number(9)),
        location: text(row, 8),
        skills: vec![],
    })
}

/// Adds the skills that requests ask for.
async fn skills(asking: &mut Asking<'_, '_>, all: &mut [Demand]) -> Result<(), Error> {
    if all.is_empty() {
        return Ok(());
    }
    let entity = asking.model.entity("RequestSkill");
    let keys: Arc<[Uuid]> = all.iter().map(|demand| demand.id).collect();
    let mut sql = asking.session.sql();
    sql.push("SELECT t0.request_id, t0.skill_id, t0.least_level, CASE WHEN t0.is_mandatory THEN 1 ELSE 0 END ");
    sql.push("FROM request_skill t0 WHERE t0.archived_at IS NULL AND t0.request_id").is_any(ListType::Id, Param::Keys);
    sql.visible(0, entity, asking.session.caller.rights.read(entity.class), " AND ");
    sql.push(" ORDER BY t0.skill_id");
    let mut of: HashMap<Uuid, Vec<Asks>> = HashMap::new();
    for row in asking.session.all(&sql.finish(), &keys).await? {
        if let (Some(request), Some(skill)) = (id(&row, 0), id(&row, 1)) {
            let skill = SkillLevel { skill, level: u8::try_from(row.int(2)).unwrap_or(1) };
            of.entry(request).or_default().push(Asks { skill, is_mandatory: row.int(3) == 1 });
        }
    }
    for demand in all {
        demand.skills = of.remove(&demand.id).unwrap_or_default();
    }
    Ok(())
}
