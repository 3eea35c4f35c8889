//! Migrations lead up and back on both databases, step by step, and the entities fit the tables that they make.

use std::collections::BTreeSet;

use foliograph::graph::Database;
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait, QuerySelect, Statement};

use crate::support::{
    product::{Migrator, MigratorTrait},
    source::Source,
    world::Kind,
};

tests! {
    async fn all_steps_lead_up_down_and_up_again(world: &World) {
        let database = Database::connect(&world.empty_url().await, 2, std::time::Duration::from_secs(9)).await.expect("an empty database").orm;
        Migrator::up(&database, None).await.expect("up");
        let made = schema(world.kind, &database).await;
        assert!(!made.is_empty(), "the steps make nothing");

        Migrator::down(&database, None).await.expect("down");
        assert_eq!(schema(world.kind, &database).await, Vec::<String>::new(), "left after all steps back");

        Migrator::up(&database, None).await.expect("up again");
        assert_eq!(schema(world.kind, &database).await, made);
    }

    async fn each_step_back_undoes_what_the_step_made(world: &World) {
        let database = Database::connect(&world.empty_url().await, 2, std::time::Duration::from_secs(9)).await.expect("an empty database").orm;
        for step in Migrator::migrations() {
            let before = schema(world.kind, &database).await;
            Migrator::up(&database, Some(1)).await.unwrap_or_else(|e| panic!("{} up: {e}", step.name()));
            let after = schema(world.kind, &database).await;

            Migrator::down(&database, Some(1)).await.unwrap_or_else(|e| panic!("{} down: {e}", step.name()));
            assert_eq!(schema(world.kind, &database).await, before, "{} is not undone", step.name());

            Migrator::up(&database, Some(1)).await.unwrap_or_else(|e| panic!("{} up again: {e}", step.name()));
            assert_eq!(schema(world.kind, &database).await, after, "{} makes something else the second time", step.name());
        }
    }

    async fn every_entity_can_be_selected(world: &World) {
        let database = world.database().await.orm;
        let selected = BTreeSet::from([
            select(entity::org_unit::Entity, &database).await,
            select(entity::person::Entity, &database).await,
            select(entity::person_identity::Entity, &database).await,
            select(entity::role_assignment::Entity, &database).await,
            select(entity::external_link::Entity, &database).await,
            select(entity::server_secret::Entity, &database).await,
            select(entity::trusted_document::Entity, &database).await,
            select(entity::api_key::Entity, &database).await,
            select(entity::api_key_grant::Entity, &database).await,
            select(entity::portfolio_item::Entity, &database).await,
            select(entity::item_ancestor::Entity, &database).await,
            select(entity::portfolio_tree_node::Entity, &database).await,
            select(entity::strategic_objective::Entity, &database).await,
            select(entity::objective_contribution::Entity, &database).await,
            select(entity::alignment_cell::Entity, &database).await,
            select(entity::fiscal_calendar::Entity, &database).await,
            select(entity::fiscal_period::Entity, &database).await,
            select(entity::cost_category::Entity, &database).await,
            select(entity::resource_role::Entity, &database).await,
            select(entity::skill::Entity, &database).await,
            select(entity::certification::Entity, &database).await,
            select(entity::work_calendar::Entity, &database).await,
            select(entity::calendar_exception::Entity, &database).await,
            select(entity::resource_pool::Entity, &database).await,
            select(entity::resource::Entity, &database).await,
            select(entity::resource_skill::Entity, &database).await,
            select(entity::certification_held::Entity, &database).await,
            select(entity::time_off::Entity, &database).await,
            select(entity::rate_card::Entity, &database).await,
            select(entity::rate::Entity, &database).await,
            select(entity::resource_request::Entity, &database).await,
            select(entity::request_skill::Entity, &database).await,
            select(entity::allocation::Entity, &database).await,
            select(entity::allocation_period::Entity, &database).await,
            select(entity::pool_week::Entity, &database).await,
            select(entity::overbooking::Entity, &database).await,
            select(entity::outdated::Entity, &database).await,
            select(entity::time_category::Entity, &database).await,
            select(entity::timesheet::Entity, &database).await,
            select(entity::time_entry::Entity, &database).await,
            select(entity::allocation_segment::Entity, &database).await,
            select(entity::budget::Entity, &database).await,
            select(entity::budget_line::Entity, &database).await,
            select(entity::forecast::Entity, &database).await,
            select(entity::forecast_line::Entity, &database).await,
            select(entity::fx_rate_set::Entity, &database).await,
            select(entity::fx_rate::Entity, &database).await,
            select(entity::cost_plan::Entity, &database).await,
            select(entity::cost_plan_line::Entity, &database).await,
            select(entity::commitment::Entity, &database).await,
            select(entity::actual::Entity, &database).await,
            select(entity::item_ancestor_span::Entity, &database).await,
            select(entity::measure_delta::Entity, &database).await,
            select(entity::kpi_definition::Entity, &database).await,
            select(entity::kpi_touch::Entity, &database).await,
            select(entity::kpi_tick::Entity, &database).await,
            select(entity::kpi_value::Entity, &database).await,
            select(entity::kpi_change::Entity, &database).await,
            select(entity::kpi_threshold::Entity, &database).await,
            select(entity::kpi_target::Entity, &database).await,
            select(entity::kpi_posting::Entity, &database).await,
            select(entity::alert_rule::Entity, &database).await,
            select(entity::alert::Entity, &database).await,
            select(entity::status_report::Entity, &database).await,
            select(entity::rag_assessment::Entity, &database).await,
            select(entity::benefit::Entity, &database).await,
            select(entity::benefit_plan_point::Entity, &database).await,
            select(entity::benefit_contribution::Entity, &database).await,
            select(entity::task::Entity, &database).await,
            select(entity::baseline::Entity, &database).await,
            select(entity::baseline_item::Entity, &database).await,
            select(entity::baseline_period_value::Entity, &database).await,
            select(entity::progress_measurement::Entity, &database).await,
            select(entity::benefit_measure::Entity, &database).await,
            select(entity::benefit_measure_point::Entity, &database).await,
            select(entity::benefit_actual::Entity, &database).await,
            select(entity::benefit_review::Entity, &database).await,
            select(entity::benefits_map_node::Entity, &database).await,
            select(entity::benefits_map_edge::Entity, &database).await,
            select(entity::risk::Entity, &database).await,
            select(entity::risk_response::Entity, &database).await,
            select(entity::issue::Entity, &database).await,
            select(entity::alert::Entity, &database).await,
            select(entity::alert_rule::Entity, &database).await,
            select(entity::item_ancestor_span::Entity, &database).await,
            select(entity::kpi_change::Entity, &database).await,
            select(entity::kpi_definition::Entity, &database).await,
            select(entity::kpi_posting::Entity, &database).await,
            select(entity::kpi_target::Entity, &database).await,
            select(entity::kpi_threshold::Entity, &database).await,
            select(entity::kpi_tick::Entity, &database).await,
            select(entity::kpi_touch::Entity, &database).await,
            select(entity::kpi_value::Entity, &database).await,
            select(entity::measure_delta::Entity, &database).await,
            select(entity::audit_event::Entity, &database).await,
            select(entity::outbox_event::Entity, &database).await,
            select(entity::outbox_head::Entity, &database).await,
            select(entity::feed_view::Entity, &database).await,
            select(entity::idempotency::Entity, &database).await,
        ]);
        let forgotten: Vec<String> = tables_of_entities().into_iter().filter(|table| !selected.contains(table)).collect();
        assert!(forgotten.is_empty(), "entities that this test does not select: {forgotten:?}");
    }
}

/// Selects all columns of some rows, which fails where entity and table differ; gives the table's name.
async fn select<E: EntityTrait>(entity: E, database: &DatabaseConnection) -> String {
    let table = entity.table_name().to_owned();
    E::find().limit(20).all(database).await.unwrap_or_else(|e| panic!("{table}: {e}"));
    table
}

/// Names of all tables in the sources of crate `entity`.
fn tables_of_entities() -> Vec<String> {
    let names = |source: &Source| -> Vec<String> {
        source
            .text
            .split("table_name = \"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'))
            .map(|(name, _)| name.to_owned())
            .collect()
    };
    Source::below("entity/src").iter().flat_map(names).collect()
}

/// Every table, column, constraint, index and trigger as text, without the migrations' own bookkeeping.
async fn schema(kind: Kind, database: &DatabaseConnection) -> Vec<String> {
    let queries: &[&str] = match kind {
        Kind::Sqlite => &[
            "SELECT type || ' ' || name || ' on ' || tbl_name || ': ' || coalesce(sql, '') AS line FROM sqlite_master",
        ],
        Kind::Postgres => &[
            "SELECT 'column ' || table_name || '.' || column_name || ': ' || udt_name || ' ' || is_nullable || ' ' || \
             coalesce(column_default, '') || ' ' || coalesce(collation_name, '') AS line \
             FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT 'index ' || tablename || '.' || indexname || ': ' || indexdef AS line FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT 'constraint ' || conrelid::regclass || '.' || conname || ': ' || pg_get_constraintdef(oid) AS line \
             FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
            "SELECT 'function ' || proname || ': ' || prosrc AS line FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
            "SELECT 'trigger ' || pg_get_triggerdef(t.oid) AS line FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
             WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace",
            "SELECT 'type ' || typname AS line FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')",
        ],
    };
    let mut lines = Vec::new();
    for query in queries {
        let rows = database
            .query_all_raw(Statement::from_string(database.get_database_backend(), *query))
            .await
            .expect("the catalog");
        lines.extend(rows.iter().map(|row| row.try_get::<String>("", "line").expect("a line")));
    }
    lines.retain(|line| !line.contains("seaql_migrations"));
    lines.sort();
    lines
}
