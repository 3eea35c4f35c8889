//! Alerts that follow from stored colors: raised when a color gets as bad as a rule says, closed when it is better again or
//! nobody watches any more. They are written with the values of the deriver's turn, in its transaction.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::LazyLock,
};

use entity::{alert, alert_rule, portfolio_item};
use futures_util::FutureExt as _;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{answers::decimal_text, figure::scale, status::Status, value::Valued};
use crate::{
    auth::{Caller, Class},
    clock::Clock,
    error::Error,
    graph::{Database, Lens, decl::Model},
    write::{Mutation, Row, Verb, Work, rows, trace},
};

/// What the trail and the feed call it when alerts follow from figures.
static DERIVE: LazyLock<Mutation> = LazyLock::new(|| Mutation {
    name: "kpiDerive".to_owned(),
    doc: "Derives values of KPIs.".to_owned(),
    needs: None,
    entity: "Alert",
    verb: Verb::Other,
    input: vec![],
    payload: vec![],
    inputs: vec![],
    run: |_, _| async { Err(Error::internal("values are derived in the background")) }.boxed(),
});

/// What is watched, and the alerts that last.
pub struct Watch {
    rules: Vec<alert_rule::Model>,
    /// By rule and item.
    lasting: HashMap<(Uuid, Uuid), alert::Model>,
    kpis: HashSet<Uuid>,
    /// What is to be written, by the request behind it.
    due: BTreeMap<String, Vec<Row<alert::Model>>>,
}

impl Watch {
    /// Reads the rules and locks the alerts that last: before the turn's first event, so that events of one alert stand in
    /// the order of its changes. `kpis` are those in use.
    pub async fn begin(txn: &DatabaseTransaction, kpis: HashSet<Uuid>) -> Result<Self, Error> {
        use alert_rule::Column as R;
        let rules = alert_rule::Entity::find().filter(R::IsEnabled.eq(true)).filter(R::ArchivedAt.is_null());
        let rules = rules.order_by_asc(R::Id).all(txn).await?;
        let lasting = alert::Entity::find().filter(alert::Column::State.ne("CLOSED")).order_by_asc(alert::Column::Id);
        let lasting = lasting.lock_exclusive().all(txn).await?;
        let lasting = lasting.into_iter().map(|alert| ((alert.rule_id, alert.item_id), alert)).collect();
        Ok(Self { rules, lasting, kpis, due: BTreeMap::new() })
    }

    /// Compares what was figured with what is watched. `cause` gives the request behind an item's figures.
    pub fn compare<'c>(
        &mut self,
        (model, clock): (&'static Model, &dyn Clock),
        valued: &Valued,
        items: &HashMap<Uuid, portfolio_item::Model>,
        cause: impl Fn(Uuid) -> Option<&'c str>,
    ) {
        if self.rules.is_empty() && self.lasting.is_empty() {
            return;
        }
        let entity = model.entity("Alert");
        let now = clock.now();
        let by_place: HashMap<(Uuid, Uuid), _> =
            valued.values.iter().map(|value| ((value.scope, value.definition.id), value)).collect();
        for scope in &valued.facts.scopes {
            let Some(item) = items.get(&scope.id) else { continue };
            let covers = |rule: &&alert_rule::Model| {
                rule.item_id == scope.id || (rule.has_descendants && scope.above.contains(&rule.item_id))
            };
            let rules: Vec<alert_rule::Model> = self.rules.iter().filter(covers).cloned().collect();
            let request = cause(scope.id).unwrap_or_default();
            let mut due = vec![];
            for rule in &rules {
                let Some(value) = by_place.get(&(scope.id, rule.kpi_id)) else { continue };
                let worst = Status::parse(&rule.status).unwrap_or(Status::Red);
                let Some(status) = value.status.filter(|status| *status >= worst) else { continue };
                if self.lasting.contains_key(&(rule.id, scope.id)) {
                    continue;
                }
                let number = value.figure.as_ref().ok().and_then(|figure| figure.value.as_ref().ok());
                let raised = alert::Model {
                    id: clock.new_id(),
                    rule_id: rule.id,
                    kpi_id: rule.kpi_id,
                    item_id: item.id,
                    portfolio_id: item.portfolio_id,
                    is_restricted: item.is_restricted,
                    classes: Class::joined(&value.definition.classes),
                    is_alone: item.kind == "PROJECT",
                    state: "OPEN".to_owned(),
                    status: status.as_str().to_owned(),
                    value: number.map(|number| decimal_text(*number, scale(value.definition.unit))),
                    unit: value.unit.clone(),
                    period_end_on: value.at,
                    opened_at: now,
                    acknowledged_at: None,
                    acknowledged_by_id: None,
                    note: None,
                    closed_at: None,
                    version: 0,
                    created_at: now,
                    created_by_id: None,
                    updated_at: now,
                    updated_by_id: None,
                };
                due.push(Row::made(entity, raised));
            }
            let lasting: Vec<alert::Model> =
                self.lasting.values().filter(|alert| alert.item_id == scope.id).cloned().collect();
            for before in lasting {
                let rule = rules.iter().find(|rule| rule.id == before.rule_id);
                let value = by_place.get(&(scope.id, before.kpi_id));
                let is_better = value.is_some_and(|value| {
                    let worst = rule.and_then(|rule| Status::parse(&rule.status)).unwrap_or(Status::Red);
                    // Without a figure nobody knows whether it is better; with one and no color nobody watches.
                    let is_known = value.figure.as_ref().is_ok_and(|figure| figure.value.is_ok());
                    value.status.map_or(is_known, |status| status < worst)
                });
                if rule.is_some() && self.kpis.contains(&before.kpi_id) && !is_better {
                    continue;
                }
                let after = alert::Model { state: "CLOSED".to_owned(), closed_at: Some(now), ..before.clone() };
                due.push(Row::derived(entity, before, after));
            }
            for row in due {
                let slot = (row.after.rule_id, row.after.item_id);
                if row.after.state == "CLOSED" {
                    self.lasting.remove(&slot);
                } else {
                    self.lasting.insert(slot, row.after.clone());
                }
                self.due.entry(request.to_owned()).or_default().push(row);
            }
        }
    }

    /// Writes what is due, with its audit entries and events, in the name of the requests behind it.
    pub async fn write(
        self,
        txn: &DatabaseTransaction,
        (database, model, caller): (&Database, &'static Model, &Caller),
        clock: &dyn Clock,
    ) -> Result<usize, Error> {
        let mut count = 0;
        for (request, due) in self.due {
            let lens = Lens { database, model, caller };
            let mut work = Work::new(txn, lens, &DERIVE, clock, &request);
            count += due.len();
            rows::follow::<alert::Entity>(&mut work, due).await?;
            trace::leave(&mut work).await?;
        }
        Ok(count)
    }
}
