//! What is compared: the ledger with the facts, what is stored with what is computed.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use entity::{kpi_definition, kpi_value, portfolio_item};
use rust_decimal::Decimal;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{
    super::recomputed::{Base, ledger},
    ABOVE, Run,
};

/// A decimal of the API or of the tables as a number.
fn number(text: Option<&str>) -> Option<Decimal> {
    text.map(|text| text.parse().expect("a decimal"))
}

impl Run<'_> {
    /// The ledger is what the facts say: by the product's own account, and made again here for some measures and days.
    pub(super) async fn compare_ledger(&self) {
        let asked = "{ verifyRollup { isExact differences { measure amount source { __typename id } item { key } } } }";
        let found = self.clients[0].query(asked).await.data()["verifyRollup"].clone();
        assert_eq!(found, json!({ "isExact": true, "differences": [] }), "{}", self.tale());
        let base = Base::read(&self.db).await;
        let today = self.today();
        for day in [today - Days::new(45), today - Days::new(7), today, today + Days::new(90)] {
            let (due, known) = (base.sums(day), ledger(&self.db, day).await);
            let apart: Vec<_> = due.keys().chain(known.keys()).filter(|key| due.get(*key) != known.get(*key)).collect();
            assert!(apart.is_empty(), "{day}: {apart:?}\n{due:#?}\n{known:#?}\n{}", self.tale());
        }
        self.compare_figures(&base, today).await;
    }

    /// Figures of what stands above are sums over what is below, each at the rate of its day.
    async fn compare_figures(&self, base: &Base, day: NaiveDate) {
        let items = portfolio_item::Entity::find().all(&self.db).await.expect("items");
        for (key, kind, ..) in ABOVE {
            let scope = items.iter().find(|item| item.key == key).expect("an item").id;
            let asked = format!(
                "{{ {kind}(by: {{ key: \"{key}\" }}) {{ kpis(keys: [\"EV_AC\", \"EV_PV\", \"EV_EV\"]) {{ value nullReason }} }} }}"
            );
            let told = self.clients[0].query(&asked).await.data()[kind]["kpis"].clone();
            for (at, measure) in ["AC", "PV", "EV"].into_iter().enumerate() {
                let (value, reason) = (number(told[at]["value"].as_str()), told[at]["nullReason"].as_str());
                let due = base.rolled_up(scope, measure, day);
                let is_right = match (due, reason) {
                    (None, Some(reason)) => reason.starts_with("MISSING_RATE"),
                    // Without a baseline nothing is planned or earned.
                    (Some(due), Some(reason)) => {
                        due.is_zero() && reason.starts_with("MISSING_INPUT") || reason == "NO_ITEMS"
                    }
                    (due, None) => due.map(|due| due.round_dp(4)) == value,
                };
                assert!(is_right, "{key} {measure}: {due:?} {}\n{}", told[at], self.tale());
            }
        }
    }

    /// What is stored is what is computed.
    pub(super) async fn compare_stored(&self) {
        let keys: HashMap<_, _> = kpi_definition::Entity::find()
            .all(&self.db)
            .await
            .expect("kpis")
            .into_iter()
            .map(|kpi| (kpi.id, kpi.key))
            .collect();
        let items: HashMap<_, _> = portfolio_item::Entity::find()
            .all(&self.db)
            .await
            .expect("items")
            .into_iter()
            .map(|item| (item.id, item.key))
            .collect();
        let stored = kpi_value::Entity::find().all(&self.db).await.expect("values");
        let stored: HashMap<(&str, &str), &kpi_value::Model> =
            stored.iter().map(|row| ((items[&row.item_id].as_str(), keys[&row.kpi_id].as_str()), row)).collect();
        let asked = "{ portfolioItems(first: 1000, filter: { key: { startsWith: \"S-\" } }) { nodes { key kpis { kpi { key } value status nullReason numerator denominator unit coverage { included excludedNull } } } } }";
        let told = self.clients[0].query(asked).await.data()["portfolioItems"]["nodes"].clone();
        let mut compared = 0;
        for item in told.as_array().expect("items") {
            for value in item["kpis"].as_array().expect("values") {
                let place = (item["key"].as_str().expect("a key"), value["kpi"]["key"].as_str().expect("a key"));
                let Some(row) = stored.get(&place) else {
                    // What never had a value has none yet.
                    assert_eq!(value["value"], Value::Null, "{place:?}\n{}", self.tale());
                    continue;
                };
                let scale = if ["RATIO", "COUNT", "DAYS", "MONTHS", "YEARS", "NUMBER"].contains(&row.unit.as_str()) {
                    9
                } else {
                    4
                };
                let known = (
                    row.value.map(|value| Decimal::from_i128_with_scale(value.into(), scale)),
                    number(row.numerator.as_deref()),
                    number(row.denominator.as_deref()),
                    row.status.as_deref(),
                    row.null_reason.as_deref(),
                    row.unit.as_str(),
                    row.included_count,
                    row.excluded_null_count,
                );
                let count =
                    |member: &str| i32::try_from(value["coverage"][member].as_i64().expect("a count")).expect("few");
                let computed = (
                    number(value["value"].as_str()),
                    number(value["numerator"].as_str()),
                    number(value["denominator"].as_str()),
                    value["status"].as_str(),
                    value["nullReason"].as_str(),
                    value["unit"].as_str().expect("a unit"),
                    count("included"),
                    count("excludedNull"),
                );
                assert_eq!(known, computed, "{place:?} stored, computed\n{}", self.tale());
                compared += 1;
            }
        }
        assert!(compared > 50, "{compared}");
    }
}
