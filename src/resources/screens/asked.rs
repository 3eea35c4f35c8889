//! What every screen is asked: days, the periods that they are shown by, and how much of it one answer may hold. What is
//! too much is refused before anything is read that depends on it.

use std::collections::BTreeSet;

use async_graphql_value::ConstValue;
use chrono::{Datelike, Days, Months, NaiveDate};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::{
    error::{Code, Error},
    graph::{
        Cell, ColumnType, DbValue, ListType, Param, date_of,
        decl::{Asking, Price, Question},
        input, parse_id,
    },
    kpi::answers::day,
    resources::load::{
        Span,
        periods::{Grain, PeriodFault, Periods},
    },
    write::Member,
};

/// Days of the longest time that is asked about: ten years.
const MOST_DAYS: usize = 3_660;
/// Rows of a page where nobody says, and at most.
pub const PAGE: (usize, usize) = (50, 500);
/// The most days of all people together that one answer is made of.
const MOST_PEOPLE_DAYS: usize = 4_000_000;

/// The days of a question, and the periods that they are shown by.
#[derive(Debug)]
pub struct Asked {
    /// The periods; the whole time is their span.
    pub periods: Periods,
    /// What each of them is called.
    labels: Vec<String>,
}

/// The arguments of every screen.
pub fn args() -> Vec<Member> {
    let mut all = days();
    all.extend([grain_arg(), CALENDAR, FILTER]);
    all.extend(page_args());
    all
}

/// The days that a screen is about.
pub fn days() -> Vec<Member> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![
        member("from", "LocalDate!", "The first day."),
        member("to", "LocalDate!", "The last day, itself too; not before the first, and at most ten years after it."),
    ]
}

/// How long the periods are.
pub fn grain_arg() -> Member {
    Member { name: "grain", ty: "ResourcingGrain", doc: "How long the periods are; MONTH if not said." }
}

/// Which fiscal calendar.
pub const CALENDAR: Member = Member {
    name: "calendar",
    ty: "ID",
    doc: "The fiscal calendar whose months are the periods, where `grain` is FISCAL_PERIOD; not needed where there is only one.",
};

/// Who and what is meant.
pub const FILTER: Member =
    Member { name: "filter", ty: "ResourcingFilter", doc: "Who and what is meant; everything if not said." };

/// Which page.
pub fn page_args() -> Vec<Member> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![
        member("first", "Int", "How many rows; 50 if not said, at most 500."),
        member(
            "after",
            "String",
            "The cursor of the row that the page comes after, of the same question; from the start if not said.",
        ),
    ]
}

impl Asked {
    /// The days that are asked about, by the periods that are asked for.
    pub async fn of(asking: &mut Asking<'_, '_>) -> Result<Self, Error> {
        let span = span(asking)?;
        let too_many =
            |fault: PeriodFault| Error::new(Code::BadVariables, format!("There is a fault in the periods: {fault}."));
        let grain = input::text(asking.argument("grain")).unwrap_or_else(|| "MONTH".to_owned());
        let (periods, labels) = match grain.as_str() {
            "DAY" => named(Periods::of(span, Grain::Day).map_err(too_many)?, |day| day.to_string()),
            "WEEK" => named(Periods::of(span, Grain::Week).map_err(too_many)?, week),
            "QUARTER" => named(Periods::given(span, &quarters(span)).map_err(too_many)?, quarter),
            "FISCAL_PERIOD" => {
                let found = fiscal(asking, span).await?;
                let days: Vec<_> = found.iter().map(|(from, to, _)| (*from, *to)).collect();
                let periods = Periods::given(span, &days).map_err(too_many)?;
                let label = |given: usize| found.get(given).map(|(.., key)| key.clone()).unwrap_or_default();
                let labels = periods.as_slice().iter().map(|period| label(period.given)).collect();
                (periods, labels)
            }
            _ => named(Periods::of(span, Grain::Month).map_err(too_many)?, |day| day.format("%Y-%m").to_string()),
        };
        Ok(Self { periods, labels })
    }

    /// The whole time.
    pub fn span(&self) -> Span {
        self.periods.span()
    }

    /// The periods as the schema shows them.
    pub fn shown(&self) -> Json {
        let periods = self.periods.as_slice().iter().zip(&self.labels);
        let shown = periods.map(|(period, label)| {
            json!({ "startOn": period.from.to_string(), "endOn": period.to.to_string(), "label": label })
        });
        shown.collect::<Vec<_>>().into()
    }
}

/// The price of a page with a place for each period: 2 + rows + cells ÷ 50.
pub fn price_of_cells(question: &Question<'_>) -> Price {
    let rows = question.first(PAGE.0);
    Price { own: price(rows, periods_of(question)), names: rows }
}

/// The price of a page of rows without periods: 2 + rows.
pub fn price_of_rows(question: &Question<'_>) -> Price {
    let rows = question.first(PAGE.0);
    Price { own: rows.saturating_add(2), names: rows }
}

/// The price of so many rows and periods.
pub fn price(rows: usize, periods: usize) -> usize {
    let cells = rows.saturating_mul(periods);
    rows.saturating_add(cells.div_ceil(50)).saturating_add(2)
}

/// How many periods are asked for. Months of a fiscal calendar stand in the database: they count as weeks.
pub fn periods_of(question: &Question<'_>) -> usize {
    let Some((from, to)) = question.day("from").zip(question.day("to")) else { return 0 };
    let Some(span) = Span::new(from, to).filter(|span| span.days() <= MOST_DAYS) else { return 0 };
    let periods = match input::text(question.argument("grain")).as_deref() {
        Some("DAY") => Periods::of(span, Grain::Day),
        Some("WEEK" | "FISCAL_PERIOD") => Periods::of(span, Grain::Week),
        Some("QUARTER") => Periods::given(span, &quarters(span)),
        _ => Periods::of(span, Grain::Month),
    };
    periods.map_or(0, |periods| periods.len())
}

/// Refuses days of more people than one answer is made of.
pub fn afford_days(span: Span, people: usize) -> Result<(), Error> {
    if people.saturating_mul(span.days()) <= MOST_PEOPLE_DAYS {
        return Ok(());
    }
    let line = format!(
        "{people} resources on {} days are more than one answer is made of: at most {MOST_PEOPLE_DAYS} days of all together. Filter, or take fewer days.",
        span.days()
    );
    Err(Error::new(Code::QueryTooExpensive, line))
}

/// The days that are asked about.
pub fn span(asking: &Asking<'_, '_>) -> Result<Span, Error> {
    let wrong = |line: &str| Error::new(Code::BadVariables, line);
    let (from, to) = day(asking, "from").zip(day(asking, "to")).ok_or_else(|| wrong("`from` and `to` are days."))?;
    if to < from {
        return Err(wrong("`to` comes before `from`."));
    }
    let span = Span::new(from, to).filter(|span| span.days() <= MOST_DAYS);
    span.ok_or_else(|| wrong("`to` is at most ten years after `from`."))
}

/// Ids of a type among some arguments; one of another type is refused. None where they were not given.
pub fn ids(asking: &Asking<'_, '_>, entity: &str, given: &ConstValue) -> Result<Option<Vec<Uuid>>, Error> {
    const MOST: usize = 500;
    if *given == ConstValue::Null {
        return Ok(None);
    }
    let of = asking.model.concrete(asking.model.entity(entity));
    let wrong = || Error::new(Code::InvalidId, format!("This is not an id of {entity}."));
    let read = |id: &ConstValue| {
        let text = input::text(id).ok_or_else(wrong)?;
        let (prefix, id) = parse_id(&text).ok_or_else(wrong)?;
        if of.iter().any(|of| of.prefix == Some(prefix)) { Ok(id) } else { Err(wrong()) }
    };
    let ids = input::listed(given).into_iter().map(read).collect::<Result<BTreeSet<Uuid>, Error>>()?;
    if ids.len() > MOST {
        return Err(Error::new(Code::BadVariables, format!("A list of values may have at most {MOST} entries.")));
    }
    Ok(Some(ids.into_iter().collect()))
}

fn named(periods: Periods, label: impl Fn(NaiveDate) -> String) -> (Periods, Vec<String>) {
    let labels = periods.as_slice().iter().map(|period| label(period.from)).collect();
    (periods, labels)
}

fn week(day: NaiveDate) -> String {
    let week = day.iso_week();
    format!("{:04}-W{:02}", week.year(), week.week())
}

fn quarter(day: NaiveDate) -> String {
    format!("{:04}-Q{}", day.year(), day.month0() / 3 + 1)
}

/// The quarters of the calendar that a time lies in.
fn quarters(span: Span) -> Vec<(NaiveDate, NaiveDate)> {
    let first = |day: NaiveDate| day.with_day(1)?.with_month(day.month0() / 3 * 3 + 1);
    let mut all = vec![];
    let mut from = first(span.first());
    while let Some(begin) = from.filter(|begin| *begin <= span.last()) {
        let next = begin.checked_add_months(Months::new(3));
        let end = next.and_then(|next| next.checked_sub_days(Days::new(1))).unwrap_or(span.last());
        all.push((begin, end));
        from = next;
    }
    all
}

/// The months of a fiscal calendar that meet the days.
async fn fiscal(asking: &mut Asking<'_, '_>, span: Span) -> Result<Vec<(NaiveDate, NaiveDate, String)>, Error> {
    let calendar = ids(asking, "FiscalCalendar", asking.argument("calendar"))?;
    let entity = asking.model.entity("FiscalPeriod");
    let scopes = asking.session.caller.rights.read(entity.class);
    let mut sql = asking.session.sql();
    sql.push(
        "SELECT t0.calendar_id, t0.start_on, t0.end_on, t0.key FROM fiscal_period t0 WHERE t0.archived_at IS NULL",
    );
    sql.push(" AND t0.kind = 'MONTH' AND t0.start_on <= ").param(Param::Const(DbValue::Date(span.last())));
    sql.push(" AND t0.end_on >= ").param(Param::Const(DbValue::Date(span.first())));
    if let Some(ids) = &calendar {
        sql.push(" AND t0.calendar_id").is_any(ListType::Id, Param::Const(DbValue::Ids(ids.as_slice().into())));
    }
    sql.visible(0, entity, scopes, " AND ");
    sql.push(" ORDER BY t0.start_on");
    let mut calendars = BTreeSet::new();
    let mut found = vec![];
    for row in asking.session.all(&sql.finish(), &[].into()).await? {
        if let (Cell::Id(of), Some(from), Some(to), Cell::Text(key)) = (
            row.at(0, ColumnType::Id),
            date_of(row.at(1, ColumnType::Date)),
            date_of(row.at(2, ColumnType::Date)),
            row.at(3, ColumnType::Text),
        ) {
            calendars.insert(of);
            found.push((from, to, key.to_owned()));
        }
    }
    if calendars.len() > 1 {
        let line = "There are several fiscal calendars: say which with `calendar`.";
        return Err(Error::new(Code::BadVariables, line));
    }
    Ok(found)
}
