//! `benefitRealization`: what was planned, had and is expected, period by period, of a benefit, of an item with all below
//! it, and of an objective by the shares of what contributes to it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Days, NaiveDate, Utc};
use futures_util::{FutureExt as _, future::BoxFuture};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::{
    auth::Class,
    error::{Code, Error},
    graph::{
        Cell, ColumnType, DbValue, ListType, Param, date_of,
        decl::{Answer, Asking, denied},
        input, instant_of,
    },
    kpi::{
        answers::{asked_days, decimal_text, instant, price_of_series},
        facts::{Basis, SUM, sum_at},
        figure::Coverage,
        formula::Missing,
        spans::{Asked, Period, Spans, Sum, spans},
    },
    write::{Member, PlainType, Shape},
};

const PLANNED: &str = "BENEFIT_PLANNED";
const REALIZED: &str = "BENEFIT_REALIZED";
const FORECAST: &str = "BENEFIT_FORECAST";
const APPROVED: &str = "BENEFIT_APPROVED";
const MEASURES: [&str; 4] = [PLANNED, REALIZED, FORECAST, APPROVED];

/// No plan reaches further: what stands by then is all of it.
const END: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();

const fn member(name: &'static str, ty: &'static str, doc: &'static str) -> Member {
    Member { name, ty, doc }
}

fn days() -> Vec<Member> {
    vec![
        member("granularity", "KpiGranularity", "How long the periods are; MONTH if not said."),
        member("from", "LocalDate", "The first day; a year before the last if not said."),
        member("to", "LocalDate", "The last day, the end of the last period; today if not said."),
        member("knownAt", "DateTime", "Benefits as they were known at this instant; now if not said."),
    ]
}

/// The field of items.
pub fn of_item() -> Answer {
    let mut args = days();
    let doc = "The currency of all sums; the item's base currency if not said.";
    args.push(member("currency", "CurrencyCode", doc));
    Answer {
        name: "benefitRealization",
        doc: "Benefits of the item with all below it, period by period, of each item its share: at most 400 periods.",
        args,
        ty: "BenefitRealization!",
        price: price_of_series,
        run: items,
    }
}

/// The field of a benefit.
pub fn of_benefit() -> Answer {
    Answer {
        name: "benefitRealization",
        doc: "All of the benefit, whichever item brings it, period by period in its own currency: at most 400 periods.",
        args: days(),
        ty: "BenefitRealization!",
        price: price_of_series,
        run: benefits,
    }
}

/// The field of an objective.
pub fn of_objective() -> Answer {
    let mut args = days();
    args.push(member("currency", "CurrencyCode!", "The currency of all sums."));
    Answer {
        name: "benefitRealization",
        doc: "Benefits of what contributes to the objective today, each item with all below it times its share: at most 400 periods. Items that the caller cannot see, and contributions without a share, are not in it; what contributes at two levels counts at both.",
        args,
        ty: "BenefitRealization!",
        price: price_of_series,
        run: objectives,
    }
}

/// The types.
pub fn types() -> Vec<PlainType> {
    let period = vec![
        member("periodEnd", "LocalDate!", "The last day of the period."),
        member("planned", "Decimal", "What the plans of approved benefits give to the period."),
        member(
            "realized",
            "Decimal",
            "What was had in it, by the day of its measurement, returned and reversed actuals apart.",
        ),
        member(
            "forecast",
            "Decimal",
            "What is expected of it: once it has ended what was had; before, what is planned times what is now expected over life by the latest reviews to what was approved, or what is planned where no amount was approved.",
        ),
        member("cumulativePlanned", "Decimal", "What is planned by its end, from the first day on."),
        member("cumulativeRealized", "Decimal", "What was had by its end, from the first day on."),
        member(
            "nullReason",
            "String",
            "Why figures are null: MISSING_RATE with the currencies, MISSING_INPUT where nothing is planned, NO_ITEMS where the item or the benefit was not there at `knownAt`; null where none is null.",
        ),
    ];
    vec![
        PlainType {
            name: "BenefitRealization",
            doc: "What was planned, had and is expected of benefits that were approved, are not withdrawn and not archived; dis-benefits count negative.",
            shape: Shape::Guarded(
                vec![
                    member(
                        "currency",
                        "CurrencyCode",
                        "The currency of all sums; null where they are masked and none was named.",
                    ),
                    member("basis", "KpiBasis!", "Whose rows they count."),
                    member(
                        "coverage",
                        "Coverage!",
                        "What they count and leave out, in items; of one benefit, that benefit.",
                    ),
                    member(
                        "periods",
                        "[BenefitPeriod!]",
                        "The periods in order; masked for who may not read benefits, and where all benefits there are of items whose benefits she may not read.",
                    ),
                ],
                &["periods"],
            ),
        },
        PlainType { name: "BenefitPeriod", doc: "Benefits of one period.", shape: Shape::Object(period) },
    ]
}

/// What is asked of all three.
struct Question {
    before: NaiveDate,
    /// The last days of the periods, and after them the end of all time.
    ends: Vec<NaiveDate>,
    known_at: Option<DateTime<Utc>>,
    currency: Option<String>,
    today: NaiveDate,
}

impl Question {
    fn of(asking: &Asking<'_, '_>) -> Result<Self, Error> {
        let (from, mut ends) = asked_days(asking)?;
        let early = || Error::new(Code::BadVariables, "`from` is too early.");
        let before = from.checked_sub_days(Days::new(1)).ok_or_else(early)?;
        ends.push(END);
        let (known_at, currency) = (instant(asking, "knownAt"), input::text(asking.argument("currency")));
        Ok(Self { before, ends, known_at, currency, today: asking.today })
    }

    async fn spans(&self, asking: &mut Asking<'_, '_>, items: &[Uuid]) -> Result<HashMap<Uuid, Spans>, Error> {
        let asked = Asked {
            measures: &MEASURES,
            class: Class::Ben,
            ends: &self.ends,
            before: self.before,
            known_at: self.known_at,
            currency: self.currency.clone(),
        };
        spans(asking.session, asking.model, items, &asked).await
    }

    /// Periods as the schema shows them. Where they are masked, so is a currency that nobody named.
    fn show(&self, of: &Spans) -> Json {
        let Some((life, periods)) = of.periods.as_ref().and_then(|periods| periods.split_last()) else {
            return shown(self.currency.as_deref(), of.basis, of.coverage, &denied(Class::Ben.read()));
        };
        let periods: Vec<Json> = periods.iter().map(|period| self.period(period, life)).collect();
        shown(Some(&of.currency), of.basis, of.coverage, &periods.into())
    }

    fn period(&self, period: &Period, life: &Period) -> Json {
        let sum = |of: &BTreeMap<&'static str, Sum>, measure| of.get(measure).cloned().unwrap_or(Ok(Decimal::ZERO));
        // What sums to nothing over its whole life was not planned.
        let known = |planned: Sum| match sum(&life.by_end, PLANNED) {
            Ok(all) if all.is_zero() => Err(Missing::Input(PLANNED.to_owned())),
            Ok(_) => planned,
            Err(missing) => Err(missing),
        };
        let planned = known(sum(&period.within, PLANNED));
        let realized = sum(&period.within, REALIZED);
        let forecast = if period.end <= self.today {
            realized.clone()
        } else {
            corrected(planned.clone(), sum(&life.by_end, FORECAST), sum(&life.by_end, APPROVED))
        };
        let figures = [
            ("planned", planned),
            ("realized", realized),
            ("forecast", forecast),
            ("cumulativePlanned", known(sum(&period.by_end, PLANNED))),
            ("cumulativeRealized", sum(&period.by_end, REALIZED)),
        ];
        let mut told = json!({ "periodEnd": period.end.to_string(), "nullReason": null });
        for (name, figure) in figures {
            match figure {
                Ok(figure) => told[name] = decimal_text(figure, 4).into(),
                Err(missing) => {
                    told[name] = Json::Null;
                    told["nullReason"] = missing.to_string().into();
                }
            }
        }
        told
    }
}

/// What is planned, corrected by what is expected to what was approved.
fn corrected(planned: Sum, expected: Sum, approved: Sum) -> Sum {
    let (planned, expected, approved) = (planned?, expected?, approved?);
    if approved.is_zero() {
        return Ok(planned);
    }
    let product = planned.checked_mul(expected).ok_or(Missing::Range)?;
    product.checked_div(approved).ok_or(Missing::Range)
}

fn shown(currency: Option<&str>, basis: Basis, coverage: Coverage, periods: &Json) -> Json {
    json!({
        "currency": currency,
        "basis": basis.as_str(),
        "coverage": {
            "included": coverage.included,
            "excludedNoAccess": coverage.excluded_no_access,
            "excludedNull": coverage.excluded_null,
        },
        "periods": periods,
    })
}

fn items<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let items = asking.parents.unwrap_or_default().to_vec();
        let question = Question::of(asking)?;
        let found = question.spans(asking, &items).await?;
        let of = |item| found.get(item).map(|spans| question.show(spans));
        items.iter().map(|item| of(item).ok_or_else(|| Error::internal("an item without periods"))).collect()
    }
    .boxed()
}

fn objectives<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let objectives = asking.parents.unwrap_or_default().to_vec();
        let question = Question::of(asking)?;
        let shares = shares(asking, &objectives).await?;
        let mut items: Vec<Uuid> = shares.iter().map(|(_, item, _)| *item).collect();
        items.sort_unstable();
        items.dedup();
        let found = question.spans(asking, &items).await?;
        let rights = asking.session.caller.rights.read(Class::Ben);
        let of = |objective: &Uuid| {
            let mut sum = Spans {
                scope: *objective,
                currency: question.currency.clone().unwrap_or_default(),
                basis: if rights.is_all() { Basis::AllRows } else { Basis::CallerRows },
                coverage: Coverage::default(),
                periods: None,
            };
            let mut total = periods(&question, |_, _| Decimal::ZERO);
            let mut is_masked = rights.is_empty();
            for (_, item, share) in shares.iter().filter(|(of, ..)| of == objective) {
                let Some(part) = found.get(item) else { continue };
                sum.coverage = together(sum.coverage, part.coverage);
                match &part.periods {
                    Some(part) => add(&mut total, part, *share),
                    None => is_masked = true,
                }
            }
            sum.periods = (!is_masked || sum.coverage.included > 0).then_some(total);
            question.show(&sum)
        };
        Ok(objectives.iter().map(of).collect())
    }
    .boxed()
}

/// What two figures count and leave out together.
fn together(one: Coverage, other: Coverage) -> Coverage {
    Coverage {
        included: one.included + other.included,
        excluded_no_access: one.excluded_no_access + other.excluded_no_access,
        excluded_null: one.excluded_null + other.excluded_null,
    }
}

/// Adds the share of an item; one that was not there yet has none.
fn add(sum: &mut [Period], part: &[Period], share: Decimal) {
    let plus = |sum: &mut BTreeMap<&'static str, Sum>, part: &BTreeMap<&'static str, Sum>| {
        for (measure, amount) in part.iter().filter(|(_, amount)| **amount != Err(Missing::Nothing)) {
            let so_far = sum.remove(measure).unwrap_or(Ok(Decimal::ZERO));
            let both = |so_far: Decimal| {
                amount.clone()?.checked_mul(share).and_then(|more| so_far.checked_add(more)).ok_or(Missing::Range)
            };
            sum.insert(measure, so_far.and_then(both));
        }
    };
    for (sum, part) in sum.iter_mut().zip(part) {
        plus(&mut sum.within, &part.within);
        plus(&mut sum.by_end, &part.by_end);
    }
}

/// Objectives with the items that contribute to them today, and their shares.
async fn shares(asking: &mut Asking<'_, '_>, objectives: &[Uuid]) -> Result<Vec<(Uuid, Uuid, Decimal)>, Error> {
    let keys: Arc<[Uuid]> = objectives.into();
    let today = || Param::Const(DbValue::Date(asking.today));
    let mut sql = asking.session.sql();
    sql.push("SELECT objective_id, item_id, share FROM objective_contribution WHERE share IS NOT NULL AND archived_at IS NULL");
    sql.push(" AND (valid_from_on IS NULL OR valid_from_on <= ").param(today());
    sql.push(") AND (valid_to_on IS NULL OR valid_to_on >= ").param(today());
    sql.push(") AND objective_id").is_any(ListType::Id, Param::Keys);
    let mut found = vec![];
    for row in asking.session.all(&sql.finish(), &keys).await? {
        if let (Cell::Id(of), Cell::Id(item)) = (row.at(0, ColumnType::Id), row.at(1, ColumnType::Id)) {
            let share = Decimal::from_i128_with_scale(row.int(2).into(), 9);
            found.push((Uuid::from_bytes(of), Uuid::from_bytes(item), share));
        }
    }
    Ok(found)
}

/// Periods of amounts: what a measure comes to by a day.
fn periods(question: &Question, by: impl Fn(&'static str, NaiveDate) -> Decimal) -> Vec<Period> {
    let mut before = question.before;
    let of = |end: &NaiveDate| {
        let by_end: BTreeMap<&'static str, Sum> = MEASURES.iter().map(|m| (*m, Ok(by(m, *end)))).collect();
        let within = MEASURES.iter().map(|m| (*m, Ok(by(m, *end) - by(m, before)))).collect();
        before = *end;
        Period { end: *end, within, by_end }
    };
    question.ends.iter().map(of).collect()
}

/// Dated amounts of a benefit, by measure.
type Amounts = HashMap<String, Vec<(NaiveDate, Decimal)>>;

fn benefits<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let benefits = asking.parents.unwrap_or_default().to_vec();
        let question = Question::of(asking)?;
        let amounts = amounts(asking, &benefits, question.known_at).await?;
        let made = made(asking, &benefits).await?;
        let of = |benefit: &Uuid| {
            let (currency, since) = made.get(benefit).cloned().unwrap_or_default();
            let is_there = question.known_at.is_none_or(|known_at| since <= known_at);
            let by = |measure: &'static str, at: NaiveDate| {
                let all = amounts.get(benefit).and_then(|of| of.get(measure)).map_or(&[][..], Vec::as_slice);
                all.iter().filter(|(on, _)| *on <= at).map(|(_, amount)| *amount).sum()
            };
            let nothing = || question.ends.iter().map(|end| Period::of_nothing(&MEASURES, *end)).collect();
            let periods = if is_there { periods(&question, by) } else { nothing() };
            question.show(&Spans {
                scope: *benefit,
                currency,
                basis: Basis::AllRows,
                coverage: Coverage { included: usize::from(is_there), ..Coverage::default() },
                periods: Some(periods),
            })
        };
        Ok(benefits.iter().map(of).collect())
    }
    .boxed()
}

/// What benefits give to the ledger, in whichever item it stands: whoever sees a benefit reads all of it.
async fn amounts(
    asking: &mut Asking<'_, '_>,
    benefits: &[Uuid],
    known_at: Option<DateTime<Utc>>,
) -> Result<HashMap<Uuid, Amounts>, Error> {
    let keys: Arc<[Uuid]> = benefits.into();
    let mut found: HashMap<Uuid, Amounts> = HashMap::new();
    for (of, from) in [
        ("d.source_id", "measure_delta d WHERE d.source_type = 'BENEFIT'"),
        (
            "a.benefit_id",
            "measure_delta d JOIN benefit_actual a ON a.id = d.source_id WHERE d.source_type = 'BENEFIT_ACTUAL'",
        ),
    ] {
        let mut sql = asking.session.sql();
        sql.push("SELECT ")
            .push(of)
            .push(", d.measure, d.effective_on, ")
            .push(&SUM.replace("amount", "d.amount"))
            .push(" FROM ")
            .push(from);
        let names = MEASURES.iter().map(|measure| DbValue::Text((*measure).to_owned())).collect();
        sql.push(" AND d.measure").is_any(ListType::Text, Param::Const(DbValue::List(ListType::Text, names)));
        sql.push(" AND ").push(of).is_any(ListType::Id, Param::Keys);
        if let Some(known_at) = known_at {
            sql.push(" AND d.recorded_at <= ").param(Param::Const(DbValue::Instant(known_at)));
        }
        sql.push(" GROUP BY ").push(of).push(", d.measure, d.effective_on");
        for row in asking.session.all(&sql.finish(), &keys).await? {
            let (Cell::Id(id), Cell::Text(measure)) = (row.at(0, ColumnType::Id), row.at(1, ColumnType::Text)) else {
                continue;
            };
            let Some(on) = date_of(row.at(2, ColumnType::Date)) else { continue };
            let amount = Decimal::from_i128_with_scale(sum_at(&row, 3), 4);
            let of = found.entry(Uuid::from_bytes(id)).or_default();
            of.entry(measure.to_owned()).or_default().push((on, amount));
        }
    }
    Ok(found)
}

/// The currencies of benefits, and since when each is there.
async fn made(asking: &mut Asking<'_, '_>, benefits: &[Uuid]) -> Result<HashMap<Uuid, (String, DateTime<Utc>)>, Error> {
    let keys: Arc<[Uuid]> = benefits.into();
    let mut sql = asking.session.sql();
    sql.push("SELECT id, currency, created_at FROM benefit WHERE id").is_any(ListType::Id, Param::Keys);
    let mut found = HashMap::new();
    for row in asking.session.all(&sql.finish(), &keys).await? {
        if let (Cell::Id(id), Cell::Text(currency), Some(since)) =
            (row.at(0, ColumnType::Id), row.at(1, ColumnType::Text), instant_of(row.at(2, ColumnType::Instant)))
        {
            found.insert(Uuid::from_bytes(id), (currency.to_owned(), since));
        }
    }
    Ok(found)
}
