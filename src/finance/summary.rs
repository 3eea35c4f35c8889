//! `financialSummary`: what an item with all below it was given, planned, spent and promised, period by period.

use chrono::Days;
use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};

use crate::{
    auth::Class,
    error::{Code, Error},
    graph::{
        decl::{Answer, Asking, denied},
        input,
    },
    kpi::{
        answers::{asked_days, decimal_text, instant, price_of_series},
        spans::{Asked, Period, Spans, Sum, spans},
    },
    write::{Member, PlainType, Shape},
};

/// Each figure of a period: its name, its measure, and whether it stands at the end of the period instead of within it.
const FIGURES: [(&str, &str, bool, &str); 10] = [
    ("budgeted", "BUDGET_PHASED", false, "What the approved budget gives to the period, by its lines."),
    ("planned", "PLAN", false, "What the cost plan of record gives to it."),
    ("actual", "AC", false, "What was spent in it, by the day of posting, accruals included."),
    ("capitalExpenditure", "CAPEX", false, "Of that: capital expenditure."),
    ("operatingExpenditure", "OPEX", false, "Of that: operating expenditure."),
    ("approvedBudget", "BUDGET", true, "The approved budget at the end of the period."),
    ("committed", "COMMITTED", true, "What is committed and not invoiced at its end."),
    ("toComplete", "ETC", true, "What the published forecast gives to later periods, as of its end."),
    ("estimateAtCompletion", "FORECAST", true, "The published estimate at completion, as of its end."),
    ("cumulativeActual", "AC", true, "What was spent by its end."),
];

/// The field.
pub fn answer() -> Answer {
    let member = |name, ty, doc| Member { name, ty, doc };
    Answer {
        name: "financialSummary",
        doc: "Money of the item with all below it, period by period: at most 400 periods.",
        args: vec![
            member("granularity", "KpiGranularity", "How long the periods are; MONTH if not said."),
            member("from", "LocalDate", "The first day; a year before the last if not said."),
            member("to", "LocalDate", "The last day, the end of the last period; today if not said."),
            member("currency", "CurrencyCode", "The currency of all sums; the item's base currency if not said."),
            member("knownAt", "DateTime", "Money as it was known at this instant; now if not said."),
        ],
        ty: "FinancialSummary!",
        price: price_of_series,
        run,
    }
}

/// Its types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    let mut figures = vec![member("periodEnd", "LocalDate!", "The last day of the period.")];
    figures.extend(FIGURES.iter().map(|(name, _, _, doc)| member(name, "Decimal", doc)));
    figures.push(member(
        "nullReason",
        "String",
        "Why figures are null: MISSING_RATE with the currencies, NO_ITEMS where the item was not there at `knownAt`; null where none is missing.",
    ));
    vec![
        PlainType {
            name: "FinancialSummary",
            doc: "Money of an item with all below it. A sum that lacks an exchange rate is null and says so; items without any money are left out and counted.",
            shape: Shape::Guarded(
                vec![
                    member(
                        "currency",
                        "CurrencyCode",
                        "The currency of all sums; null where they are masked and none was named.",
                    ),
                    member("basis", "KpiBasis!", "Whose rows they count."),
                    member("coverage", "Coverage!", "What they count and leave out, in items."),
                    member(
                        "periods",
                        "[FinancialPeriod!]",
                        "The periods in order; masked for who may not read money, and where all money there is of items whose money she may not read.",
                    ),
                ],
                &["periods"],
            ),
        },
        PlainType { name: "FinancialPeriod", doc: "Money of one period.", shape: Shape::Object(figures) },
    ]
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let items = asking.parents.unwrap_or_default().to_vec();
        let (from, ends) = asked_days(asking)?;
        let before = from
            .checked_sub_days(Days::new(1))
            .ok_or_else(|| Error::new(Code::BadVariables, "`from` is too early."))?;
        let mut measures: Vec<&'static str> = FIGURES.iter().map(|(_, measure, ..)| *measure).collect();
        measures.sort_unstable();
        measures.dedup();
        let currency = input::text(asking.argument("currency"));
        let known_at = instant(asking, "knownAt");
        let asked =
            Asked { measures: &measures, class: Class::Fin, ends: &ends, before, known_at, currency: currency.clone() };
        let found = spans(asking.session, asking.model, &items, &asked).await?;
        let of = |item| found.get(item).map(|spans| show(spans, currency.as_deref()));
        items.iter().map(|item| of(item).ok_or_else(|| Error::internal("an item without periods"))).collect()
    }
    .boxed()
}

/// Periods as the schema shows them. Where they are masked, so is a currency that nobody named.
fn show(spans: &Spans, named: Option<&str>) -> Json {
    let (currency, periods) = match &spans.periods {
        Some(periods) => (Some(spans.currency.as_str()), periods.iter().map(period).collect::<Vec<_>>().into()),
        None => (named, denied(Class::Fin.read())),
    };
    json!({
        "currency": currency,
        "basis": spans.basis.as_str(),
        "coverage": {
            "included": spans.coverage.included,
            "excludedNoAccess": spans.coverage.excluded_no_access,
            "excludedNull": spans.coverage.excluded_null,
        },
        "periods": periods,
    })
}

fn period(period: &Period) -> Json {
    let mut shown = json!({ "periodEnd": period.end.to_string() });
    let mut reason = Json::Null;
    for (name, measure, is_level, _) in FIGURES {
        let sum: Option<&Sum> = if is_level { period.by_end.get(measure) } else { period.within.get(measure) };
        match sum {
            Some(Ok(sum)) => shown[name] = decimal_text(*sum, 4).into(),
            Some(Err(missing)) => {
                shown[name] = Json::Null;
                reason = missing.to_string().into();
            }
            None => shown[name] = Json::Null,
        }
    }
    shown["nullReason"] = reason;
    shown
}
