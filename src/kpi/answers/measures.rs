//! `kpiMeasures`: what formulas may use.

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};

use crate::{
    error::Error,
    graph::decl::{Answer, Asking, Price},
    kpi::measure::{Absence, Unit},
    write::{Member, PlainType, Shape},
};

const DOC: &str = "What formulas of KPIs may use besides other KPIs. A name is the sum of a measure over the items that count. \
Numbers, `+ - * /`, parentheses and these functions: `min(a, ..)`, `max(a, ..)`, `abs(a)`; `each(a)`: for each item by itself, summed; \
`in_category(a, GROW, ..)`: over the items of these categories; `last_months(M, n)`: what a measure got in the last n months; \
`whole(M)`: all of a measure, also what is dated later; `misses(M, N)`: how far two measures lie apart on each day, summed; `at_least(a, b)`: a where it is not below b, else null; \
`earned_schedule(PV, EV)`, `actual_time(PV, EV)`, `planned_duration(PV)`: in months; `npv(M, rate)`, `irr(M)`: by years, the first not discounted; `npv_since(M, N, rate)`: the same with the years of N, where those begin earlier; \
`xnpv(M, rate)`, `xirr(M)`: by days; `payback(M)`: in years. M is the name of a measure. An item that lacks a measure is left out of every part.";

pub(super) fn answer() -> Answer {
    Answer {
        name: "kpiMeasures",
        doc: DOC,
        args: vec![],
        ty: "[KpiMeasure!]!",
        price: |_| Price { own: 100, names: 100 },
        run,
    }
}

pub(super) fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![
        PlainType {
            name: "KpiAbsence",
            doc: "What it says that an item has no amount of a measure.",
            shape: Shape::Choice(vec![
                ("ZERO", "There is none: 0."),
                ("UNKNOWN", "Nobody knows, as with a sum of 0: the item is left out."),
                ("UNSAID", "Nobody said anything: the item is left out; 0 is a value like any other."),
                ("WITH_OTHER", "There is none, 0, where the item has `absenceMeasure`; else it is left out."),
            ]),
        },
        PlainType {
            name: "KpiMeasure",
            doc: "A sum of dated amounts of items.",
            shape: Shape::Object(vec![
                member("key", "String!", "Its name in formulas."),
                member("description", "String!", "What it is, and how it is dated."),
                member("unit", "KpiUnit!", "What it counts: MONEY, COUNT or NUMBER."),
                member("class", "KpiClass!", "The class that a KPI made of it needs; the first of `classes`."),
                member("classes", "[KpiClass!]!", "All classes that a KPI made of it needs."),
                member("absence", "KpiAbsence!", "What it says that an item has none."),
                member("absenceMeasure", "String", "The measure that decides for WITH_OTHER; else null."),
            ]),
        },
    ]
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let shown = asking.model.measures.measures.iter().map(|measure| {
            let unit = match measure.unit {
                Unit::Money => "MONEY",
                Unit::Count => "COUNT",
                Unit::Number => "NUMBER",
            };
            let absence = match measure.absence {
                Absence::Zero => "ZERO",
                Absence::Unknown => "UNKNOWN",
                Absence::Unsaid | Absence::Stated => "UNSAID",
                Absence::With(_) => "WITH_OTHER",
            };
            json!({
                "key": measure.key,
                "description": measure.doc,
                "unit": unit,
                "class": measure.class.as_str(),
                "classes": measure.classes().map(crate::auth::Class::as_str).collect::<Vec<_>>(),
                "absence": absence,
                "absenceMeasure": measure.other(),
            })
        });
        Ok(vec![shown.collect::<Vec<_>>().into()])
    }
    .boxed()
}
