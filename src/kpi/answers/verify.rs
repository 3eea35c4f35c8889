//! `verifyRollup`: all measures made anew from the facts, compared with the ledger.

use futures_util::{FutureExt as _, future::BoxFuture};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::decimal_text;
use crate::{
    auth::Class,
    error::{Code, Error},
    graph::{
        decl::{Answer, Asking, Price},
        encode_id,
    },
    kpi::{
        ledger::{self, Difference},
        value::measure,
    },
};

pub(super) fn answer() -> Answer {
    Answer {
        name: "verifyRollup",
        doc: "Makes every measure anew from the facts and compares it with the ledger. For who reads money, work and benefits everywhere; FIELD_FORBIDDEN for everybody else.",
        args: vec![],
        ty: "RollupVerification",
        price: |_| Price { own: 1_000, names: 1_000 },
        run,
    }
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let reads = |class: &Class| asking.session.caller.rights.read(*class).is_all();
        if ![Class::Fin, Class::Work, Class::Ben].iter().all(reads) {
            return Err(Error::new(
                Code::FieldForbidden,
                "`verifyRollup` is for who reads money, work and benefits everywhere.",
            ));
        }
        let differences = ledger::differences(&asking.session.database.orm, asking.model).await?;
        let shown: Vec<Json> = differences.iter().map(|difference| show(asking, difference)).collect();
        Ok(vec![json!({
            "isExact": shown.is_empty(),
            "measureCount": asking.model.measures.measures.len(),
            "differences": shown,
        })])
    }
    .boxed()
}

fn show(asking: &Asking<'_, '_>, difference: &Difference) -> Json {
    let scale = measure(asking.model, &difference.measure).unit.scale();
    let amount = Decimal::from_i128_with_scale(difference.amount.into(), scale);
    let owner = asking.model.measures.owner(&difference.source_type).and_then(|owner| asking.model.find(owner));
    let source = owner.and_then(|entity| entity.prefix);
    json!({
        "source": source.map(|prefix| encode_id(prefix, difference.source_id)),
        "item": encode_id("prj", difference.item_id),
        "measure": difference.measure,
        "amount": decimal_text(amount, scale),
    })
}
