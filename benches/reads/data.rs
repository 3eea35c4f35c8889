//! The rows that are read: an organization of the size of a large project office, the same at every run.

use chrono::{DateTime, Days, NaiveDate, Utc};
use entity::{external_link, person, person_identity, portfolio_item};
use foliograph::{error::Error, graph::Database};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseConnection, EntityTrait, IntoActiveModel};
use uuid::Uuid;

/// Portfolios.
pub const PORTFOLIOS: usize = 20;
/// Programs of a portfolio.
const PROGRAMS_EACH: usize = 5;
/// Projects of a portfolio; one in five stands outside of its programs.
const PROJECTS_EACH: usize = 100;
/// People.
pub const PEOPLE: usize = 500;
/// Portfolios that the sponsor sponsors, with all below.
const SPONSORED: usize = 2;
/// The subject of the PMO lead's token.
pub const LEAD: &str = "lead";
/// The subject of the sponsor's token.
pub const SPONSOR: &str = "sponsor";
/// Rows of a statement: `SQLite` takes 32,766 values.
const BATCH: usize = 500;

/// What an id belongs to.
#[derive(Clone, Copy)]
enum Table {
    Person = 1,
    Identity,
    Portfolio,
    Program,
    Project,
    Link,
}

/// The id of a row: a version 7 UUID, ascending with the number.
fn id(table: Table, n: usize) -> Uuid {
    let start = 0x0190_0000_0000_7000_8000_0000_0000_0000_u128;
    Uuid::from_u128(start | (table as u128) << 64 | n as u128)
}

/// The key of a person.
fn person_key(n: usize) -> String {
    match n {
        0 => LEAD.into(),
        1 => SPONSOR.into(),
        n => format!("person.{n:03}"),
    }
}

/// Ids, on the wire, of the projects that the sponsor sponsors.
pub fn sponsored_projects() -> Vec<String> {
    (0..SPONSORED * PROJECTS_EACH).map(|n| foliograph::graph::encode_id("prj", id(Table::Project, n))).collect()
}

/// Inserts everything into a migrated, empty database.
pub async fn load(database: &Database) -> Result<(), Error> {
    let db = &database.orm;
    insert::<person::Entity, _, person::ActiveModel>(db, (0..PEOPLE).map(person).collect()).await?;
    let identity = |n, subject: &str| person_identity::Model {
        id: id(Table::Identity, n),
        person_id: id(Table::Person, n),
        issuer: foliograph::auth::token::LOCAL_ISSUER.into(),
        subject: subject.into(),
    };
    let identities = vec![identity(0, LEAD), identity(1, SPONSOR)];
    insert::<person_identity::Entity, _, person_identity::ActiveModel>(db, identities).await?;
    let mut items: Vec<_> = (0..PORTFOLIOS).map(portfolio).collect();
    items.extend((0..PORTFOLIOS * PROGRAMS_EACH).map(program));
    items.extend((0..PORTFOLIOS * PROJECTS_EACH).map(project));
    insert::<portfolio_item::Entity, _, portfolio_item::ActiveModel>(db, items).await?;
    let links = (0..PORTFOLIOS * PROJECTS_EACH * 2).map(link).collect();
    insert::<external_link::Entity, _, external_link::ActiveModel>(db, links).await?;
    foliograph::write::ancestors::keep_all(db, instant(0)).await?;
    // What autovacuum does to a database that is in use.
    let settle = match database.dialect {
        foliograph::graph::Dialect::Postgres => "VACUUM ANALYZE",
        foliograph::graph::Dialect::Sqlite => "ANALYZE",
    };
    db.execute_unprepared(settle).await?;
    Ok(())
}

async fn insert<E, M, A>(db: &DatabaseConnection, models: Vec<M>) -> Result<(), Error>
where
    E: EntityTrait,
    M: IntoActiveModel<A> + Clone,
    A: ActiveModelTrait<Entity = E> + Send,
{
    for some in models.chunks(BATCH) {
        let rows = some.iter().cloned().map(IntoActiveModel::into_active_model);
        E::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

fn day(n: usize) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 1).and_then(|d| d.checked_add_days(Days::new(n as u64))).unwrap_or_default()
}

fn instant(n: usize) -> DateTime<Utc> {
    let seconds = i64::try_from(n * 7_919 % 40_000_000).unwrap_or(0);
    DateTime::from_timestamp_millis(1_704_067_200_000 + seconds * 1_000 + 123).unwrap_or_default()
}

fn person(n: usize) -> person::Model {
    let display_name = format!("Person Number {n:03}");
    person::Model {
        id: id(Table::Person, n),
        key: person_key(n),
        display_name_fold: display_name.to_lowercase(),
        display_name,
        email: Some(format!("{}@example.com", person_key(n))),
        is_active: true,
        org_unit_id: None,
        version: 1,
        created_at: instant(n),
        created_by_id: None,
        updated_at: instant(n),
        updated_by_id: None,
        archived_at: None,
    }
}

fn item(kind: &str, own: Uuid, portfolio: usize, key: String, name: String) -> portfolio_item::Model {
    let sponsor = if portfolio < SPONSORED { 1 } else { 2 + portfolio };
    portfolio_item::Model {
        id: own,
        kind: kind.into(),
        is_restricted: false,
        portfolio_id: Some(id(Table::Portfolio, portfolio)),
        program_id: None,
        parent_id: Some(id(Table::Portfolio, portfolio)),
        key,
        name_fold: name.to_lowercase(),
        name,
        description: None,
        description_fold: None,
        state: "ACTIVE".into(),
        category: Some("GROW".into()),
        priority: Some(2),
        confidentiality: "NORMAL".into(),
        base_currency: "EUR".into(),
        rag: None,
        rag_on: None,
        is_tracking_benefits: false,
        budget_amount: Some(25_000_000_000),
        fx_rate_set_id: None,
        project_type: None,
        methodology: None,
        phase: None,
        planned_start_on: Some(day(0)),
        planned_finish_on: None,
        forecast_start_on: None,
        forecast_finish_on: None,
        actual_start_on: None,
        actual_finish_on: None,
        org_unit_id: None,
        owner_id: Some(id(Table::Person, 40 + portfolio)),
        sponsor_id: Some(id(Table::Person, sponsor)),
        project_manager_id: None,
        version: 1,
        created_at: instant(portfolio),
        created_by_id: None,
        updated_at: instant(portfolio),
        updated_by_id: None,
        archived_at: None,
    }
}

fn portfolio(n: usize) -> portfolio_item::Model {
    let own = id(Table::Portfolio, n);
    let name = format!("Portfolio of region {n}");
    portfolio_item::Model { parent_id: None, ..item("PORTFOLIO", own, n, format!("PF-{n:02}"), name) }
}

fn program(n: usize) -> portfolio_item::Model {
    item("PROGRAM", id(Table::Program, n), n / PROGRAMS_EACH, format!("PG-{n:03}"), format!("Program {n} of renewal"))
}

fn project(n: usize) -> portfolio_item::Model {
    let portfolio = n / PROJECTS_EACH;
    let program = (n % 5 != 4).then(|| id(Table::Program, portfolio * PROGRAMS_EACH + n % 4));
    let pick = |of: &[&str]| Some(of[n / 3 % of.len()].to_owned());
    let state = ["PROPOSED", "APPROVED", "ON_HOLD", "CLOSED"].get(n % 10).copied().unwrap_or("ACTIVE");
    let is_confidential = n.is_multiple_of(100);
    let description = format!(
        "Replaces the \"old\" way of step {n} by one that fewer people know by heart; agreed with the works council, \
         financed from the reserve, and to be handed over to operations at the end."
    );
    let start = n * 7 % 900;
    portfolio_item::Model {
        is_restricted: is_confidential,
        confidentiality: if is_confidential { "CONFIDENTIAL" } else { "NORMAL" }.into(),
        parent_id: program.or(Some(id(Table::Portfolio, portfolio))),
        program_id: program,
        description_fold: Some(description.to_lowercase()),
        description: Some(description),
        state: state.into(),
        category: pick(&["RUN", "GROW", "TRANSFORM"]),
        priority: i32::try_from(n % 5 + 1).ok(),
        budget_amount: i64::try_from(n).ok().map(|n| (n * 7_300 % 9_000_000 + 50_000) * 10_000),
        project_type: pick(&["Software", "Construction", "Organization", "Research"]),
        methodology: pick(&["WATERFALL", "AGILE", "HYBRID"]),
        phase: pick(&["Initiation", "Planning", "Execution", "Closure"]),
        planned_start_on: Some(day(start)),
        planned_finish_on: Some(day(start + 90 + n % 400)),
        forecast_start_on: Some(day(start + n % 14)),
        forecast_finish_on: Some(day(start + 100 + n % 410)),
        actual_start_on: (state == "ACTIVE" || state == "CLOSED").then(|| day(start + n % 9)),
        actual_finish_on: (state == "CLOSED").then(|| day(start + 95 + n % 400)),
        project_manager_id: Some(id(Table::Person, 100 + n % 300)),
        version: i64::try_from(n % 40 + 1).unwrap_or(1),
        updated_at: instant(n + 31),
        ..item(
            "PROJECT",
            id(Table::Project, n),
            portfolio,
            format!("PRJ-{n:04}"),
            format!("Renewal of process step {n}"),
        )
    }
}

fn link(n: usize) -> external_link::Model {
    let project = n / 2;
    let (system, external_id) =
        if n.is_multiple_of(2) { ("JIRA", format!("REN-{n}")) } else { ("SAP", format!("P.{n:06}")) };
    external_link::Model {
        id: id(Table::Link, n),
        target_type: "PROJECT".into(),
        system: system.into(),
        external_id,
        url: Some(format!("https://{}.example.com/{n}", system.to_lowercase())),
        etag: None,
        direction: "IN".into(),
        item_id: Some(id(Table::Project, project)),
        person_id: None,
        org_unit_id: None,
        portfolio_id: Some(id(Table::Portfolio, project / PROJECTS_EACH)),
        is_restricted: project.is_multiple_of(100),
        version: 1,
        created_at: instant(n),
        created_by_id: None,
        updated_at: instant(n),
        updated_by_id: None,
        archived_at: None,
    }
}
