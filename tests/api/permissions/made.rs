//! Values that the demonstration has none of, and entries of the trail that nobody writes yet, made by hand: a field that
//! is empty everywhere proves nothing.

use entity::{audit_event, external_link, person, portfolio_item};
use foliograph::{auth::Class, graph::encode_id};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Alias, Expr, Query},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::ready::{self, Ready};
use crate::support::world::as_of;

/// Classes whose fields no entity has yet: an entry of each is made by hand, or nobody would be shown to be refused one.
pub const UNWRITTEN: [Class; 6] =
    [Class::Rate, Class::Person, Class::FinLine, Class::GovDraft, Class::Scen, Class::Fin];

/// What is told of a portfolio: the demonstration tells of programs and projects only.
const OF_A_PORTFOLIO: &[Ready] = &[
    (801, "strategic_objective", "key='OBJ-MADE', title='Made', title_fold='made', state='ACTIVE', weight=0"),
    (802, "objective_contribution", "@SCOPE, objective_id=@801, rating='LOW', share=1"),
    (803, "budget", "@SCOPE, revision=1, state='DRAFT', currency='EUR', amount=10000, allocated_amount=0"),
    (804, "forecast", "@SCOPE, revision=1, state='DRAFT', as_of_on='2026-01-31', currency='EUR', allocated_amount=0"),
    (809, "cost_plan", "@SCOPE, revision=1, state='DRAFT', is_plan_of_record=FALSE, currency='EUR', amount=0"),
    (805, "status_report", "@SCOPE, is_draft=FALSE, state='PUBLISHED', period_end_on='2026-01-31'"),
    (
        806,
        "rag_assessment",
        "@SCOPE, report_id=@805, is_draft=FALSE, period_end_on='2026-01-31', dimension='OVERALL', assessor='SPONSOR', declared='AMBER'",
    ),
    (
        807,
        "benefit",
        "@SCOPE, is_draft=TRUE, key='BEN-MADE', title='Made', title_fold='made', kind='QUALITATIVE', polarity='BENEFIT', state='IDENTIFIED', currency='EUR', planned_amount=0",
    ),
    (808, "benefit_contribution", "@SCOPE, benefit_id=@807, is_draft=TRUE, contributor_id=@ITEM, share=1"),
    (
        809,
        "benefit_measure",
        "@SCOPE, benefit_id=@807, is_draft=TRUE, key='BME-MADE', title='Made', title_fold='made', unit='%', direction='UP', frequency='ONCE', first_due_on='2026-01-31'",
    ),
    (
        810,
        "benefit_actual",
        "@SCOPE, benefit_id=@807, measure_id=@809, is_draft=TRUE, attributed_item_id=@ITEM, attribution_share=1, measured_on='2026-01-31', value=1, currency='EUR', state='RECORDED', recorded_at=@NOW",
    ),
    (811, "benefits_map_node", "@SCOPE, is_draft=TRUE, key='MAP-MADE', title='Made', title_fold='made', kind='CHANGE'"),
    (
        814,
        "kpi_definition",
        "key='MADE_TOO', name='Made', name_fold='made', description='Made', kind='POSTED', formula='MADE_TOO', formula_version=1, unit='COUNT', direction='UP', classes='BASIC', hysteresis=0",
    ),
    (
        812,
        "alert_rule",
        "@SCOPE, key='AR-MADE', name='Made', name_fold='made', kpi_id=@814, has_descendants=FALSE, status='RED', is_enabled=TRUE",
    ),
    (
        813,
        "alert",
        "@SCOPE, rule_id=@812, kpi_id=@814, state='CLOSED', status='RED', value='1', unit='COUNT', period_end_on='2026-01-01', opened_at=@NOW, acknowledged_at=@NOW, acknowledged_by_id=@PERSON, note='Seen', closed_at=@NOW, created_by_id=@PERSON, updated_by_id=@PERSON",
    ),
    (
        820,
        "overbooking",
        "resource_id=@RESOURCE, state='RESOLVED', start_on='2026-01-05', end_on='2026-01-06', day_count=2, capacity_minutes=960, booked_minutes=1200, excess_minutes=240, is_hard=FALSE, resolved_at=@NOW, created_by_id=@PERSON, updated_by_id=@PERSON",
    ),
];
/// A program's part of a benefit, which the demonstration has none of either.
const OF_A_PROGRAM: &[Ready] = &[
    (
        817,
        "benefit",
        "@SCOPE, is_draft=TRUE, key='BEN-MADE-2', title='Made', title_fold='made', kind='QUALITATIVE', polarity='BENEFIT', state='IDENTIFIED', currency='EUR', planned_amount=0",
    ),
    (818, "benefit_contribution", "@SCOPE, benefit_id=@817, is_draft=TRUE, contributor_id=@ITEM, share=1"),
    (
        819,
        "benefit_measure",
        "@SCOPE, benefit_id=@817, is_draft=TRUE, key='BME-MADE-2', title='Made', title_fold='made', unit='%', direction='UP', frequency='ONCE', first_due_on='2026-01-31'",
    ),
    (
        820,
        "benefit_actual",
        "@SCOPE, benefit_id=@817, measure_id=@819, is_draft=TRUE, attributed_item_id=@ITEM, attribution_share=1, measured_on='2026-01-31', value=1, currency='EUR', state='RECORDED', recorded_at=@NOW",
    ),
];

/// Makes them.
pub async fn make(db: &DatabaseConnection) {
    let author = person::Entity::find().one(db).await.expect("people").expect("a person").id;
    for table in ["person", "org_unit"] {
        let by = Expr::value(author);
        let (created, updated) = (Alias::new("created_by_id"), Alias::new("updated_by_id"));
        let all = Query::update().table(Alias::new(table)).value(created, by.clone()).value(updated, by).to_owned();
        db.execute(&all).await.expect("authors");
    }
    let items = portfolio_item::Entity::find().all(db).await.expect("items");
    let people = person::Entity::find().all(db).await.expect("people");
    for (key, ready) in [("PF-OPERATIONS", OF_A_PORTFOLIO), ("PG-ERP", OF_A_PROGRAM)] {
        let item = items.iter().find(|item| item.key == key).expect("an item");
        ready::insert(db, ready, item, &items, &people).await;
    }
    portfolio_item::Entity::update_many()
        .col_expr(portfolio_item::Column::Rag, Expr::value("AMBER"))
        .col_expr(portfolio_item::Column::RagOn, Expr::value(as_of()))
        .col_expr(portfolio_item::Column::BudgetAmount, Expr::value(77_000_000_i64))
        .col_expr(portfolio_item::Column::ActualFinishOn, Expr::value(as_of()))
        .filter(portfolio_item::Column::Kind.eq("PORTFOLIO"))
        .exec(db)
        .await
        .expect("portfolios");
    portfolio_item::Entity::update_many()
        .col_expr(portfolio_item::Column::ActualFinishOn, Expr::value(as_of()))
        .filter(portfolio_item::Column::Key.eq("PG-ERP"))
        .exec(db)
        .await
        .expect("a program");
    // A secret that has a name elsewhere, on an item that is confidential itself and on one below such an item.
    let items = portfolio_item::Entity::find().all(db).await.expect("items");
    let link = external_link::Entity::find().one(db).await.expect("links").expect("a link");
    for (count, key) in (1..).zip(["PR-048", "PR-030", "PG-ASTER"]) {
        let item = items.iter().find(|item| item.key == key).expect("a confidential item");
        let secret = external_link::Model {
            id: Uuid::from_u128(link.id.as_u128() + count),
            target_type: item.kind.clone(),
            external_id: format!("SECRET-{key}"),
            item_id: Some(item.id),
            person_id: None,
            org_unit_id: None,
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            ..link.clone()
        };
        external_link::Entity::insert(secret.into_active_model()).exec_without_returning(db).await.expect("a link");
    }
    // Values of classes that nobody writes yet, on a project of its own manager and one of another's.
    let entry = audit_event::Entity::find().one(db).await.expect("entries").expect("an entry");
    let of = ["PR-001", "PR-048", "PR-010"].map(|key| items.iter().find(|item| item.key == key).expect("an item"));
    for (count, item) in (1..).zip(of) {
        let changes: Vec<Value> = UNWRITTEN
            .iter()
            .map(|class| json!({ "field": class.as_str(), "class": class.as_str(), "before": 1, "after": { "secret": item.key } }))
            .collect();
        let entry = audit_event::Model {
            id: Uuid::from_u128(entry.id.as_u128() + (count << 70)),
            target_type: "Project".to_owned(),
            target_id: item.id,
            target_ref: encode_id("prj", item.id),
            changes: json!(changes).to_string(),
            before_item_id: None,
            after_item_id: None,
            item_id: Some(item.id),
            portfolio_id: item.portfolio_id,
            is_restricted: item.is_restricted,
            ..entry.clone()
        };
        audit_event::Entity::insert(entry.into_active_model()).exec_without_returning(db).await.expect("an entry");
    }
}
