//! `Allocation.minutesByPeriod`: how the minutes of a booking lie over periods, whatever its state.

use std::{collections::HashMap, sync::Arc};

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    asked::{self, Asked},
    chosen::meets,
    page::list,
    people::id,
};
use crate::{
    error::Error,
    graph::{
        ColumnType, ListType, Param, date_of,
        decl::{Answer, Asking, Price},
    },
    resources::load::{Run, runs::by_periods},
    write::{Member, PlainType, Shape},
};

/// The field of allocations.
pub fn answer() -> Answer {
    let mut args = asked::days();
    args.extend([asked::grain_arg(), asked::CALENDAR]);
    Answer {
        name: "minutesByPeriod",
        doc: "How its minutes lie over periods. It costs 2 + rows + cells ÷ 50.",
        args,
        ty: "AllocationCurveByPeriod!",
        price: |question| Price::of(question, asked::price(question.parents, asked::periods_of(question))),
        run,
    }
}

/// Its type.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![PlainType {
        name: "AllocationCurveByPeriod",
        doc: "The minutes of a booking by period.",
        shape: Shape::Object(vec![
            member("periods", "[ResourcingPeriod!]!", "The periods in order."),
            member("minutes", "[Int!]!", "The minutes of each of them, in the same order."),
        ]),
    }]
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let keys: Arc<[Uuid]> = asking.parents.unwrap_or_default().into();
        let asked = Asked::of(asking).await?;
        let entity = asking.model.entity("AllocationPeriod");
        let mut sql = asking.session.sql();
        sql.push(
            "SELECT t0.allocation_id, t0.start_on, t0.end_on, t0.minutes_per_day FROM allocation_period t0 WHERE ",
        );
        sql.push("t0.allocation_id").is_any(ListType::Id, Param::Keys).push(" AND ");
        meets(&mut sql, 0, asked.span());
        sql.visible(0, entity, asking.session.caller.rights.read(entity.class), " AND ");
        let mut of: HashMap<Uuid, Vec<Run>> = HashMap::new();
        for row in asking.session.all(&sql.finish(), &keys).await? {
            let (from, to) = (date_of(row.at(1, ColumnType::Date)), date_of(row.at(2, ColumnType::Date)));
            if let (Some(allocation), Some(from), Some(to)) = (id(&row, 0), from, to) {
                let minutes = u32::try_from(row.int(3)).unwrap_or_default();
                of.entry(allocation).or_default().push(Run { from, to, minutes });
            }
        }
        let shown = |allocation: &Uuid| {
            let runs = of.get(allocation).map_or(&[][..], Vec::as_slice);
            Ok(json!({ "periods": asked.shown(), "minutes": list(&by_periods(&asked.periods, runs))? }))
        };
        keys.iter().map(shown).collect()
    }
    .boxed()
}
