//! Rows find their projects again, in any order of years, and a second import changes nothing.

use std::time::Duration;

use chrono::{TimeZone, Utc};
use entity::{external_link, portfolio_item};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use super::{File, Format, ImportError, NoteKind, Order, Phase, Progress, Report, import};
use crate::clock::FixedClock;
use crate::graph::Database;

const EARLY: &str = "\
project_name,department,report_category,description_aims,start_date,end_date,year
HS2 - Phase One,DFT,Infrastructure,Rails,01.02.09,31.12.33,2019
\"Women's Prisons \",MOJ,Infrastructure,Ümläut,01.04.97,Exempt under Section 43,2019
";
const LATE: &str = "\
year;project_number;project_name;department;report_category;description_aims;start_date;end_date
2021;DFT_01;HS2 Phase One;DFT;Infrastructure;More rails;2009-02-01;2035-12-31
2021;MOJ_07;Women\u{2019}s Prisons;HO & MOJ;Infrastructure;Ümläut;1997-04-01;2030-01-01
2021;MOJ_08;Courts;MOJ;ICT;;;Not provided
";

struct World {
    database: Database,
    db: DatabaseConnection,
    clock: FixedClock,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("rows.db").display());
        let database = Database::connect(&url, 2, Duration::from_mins(1)).await.expect("a database");
        let db = database.orm.clone();
        Migrator::up(&db, None).await.expect("migrations");
        let clock = FixedClock::at(Utc.with_ymd_and_hms(2025, 1, 1, 0, 0, 0).single().expect("an instant"));
        Self { database, db, clock, _folder: folder }
    }

    async fn import(&self, contents: &[&[u8]]) -> Result<Report, ImportError> {
        self.order(contents, false, &mut |_| {}).await
    }

    async fn order(
        &self,
        contents: &[&[u8]],
        dry_run: bool,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Report, ImportError> {
        let files: Vec<File> = contents
            .iter()
            .enumerate()
            .map(|(at, content)| File { name: format!("{at}.csv"), bytes: content.to_vec() })
            .collect();
        self.clock.advance_seconds(60);
        let mapping = Format::UkGmpp.mapping().expect("a mapping");
        let order = Order { mapping, files: &files, as_of: None };
        import(&self.database, &self.clock, &order, dry_run, progress).await
    }

    async fn rows(&self) -> (Vec<portfolio_item::Model>, Vec<external_link::Model>) {
        let items = portfolio_item::Entity::find().order_by_asc(portfolio_item::Column::Id);
        let links = external_link::Entity::find().order_by_asc(external_link::Column::Id);
        (items.all(&self.db).await.expect("items"), links.all(&self.db).await.expect("links"))
    }

    async fn project(&self, name: &str) -> portfolio_item::Model {
        let query = portfolio_item::Entity::find().filter(portfolio_item::Column::Name.eq(name));
        query.one(&self.db).await.expect("an answer").unwrap_or_else(|| panic!("no {name}"))
    }
}

fn counts(report: &Report) -> [usize; 5] {
    assert_eq!(report.read, report.created + report.updated + report.unchanged + report.skipped);
    [report.read, report.created, report.updated, report.unchanged, report.skipped]
}

#[tokio::test]
async fn a_project_is_the_same_by_name_and_then_by_number() {
    let world = World::new().await;
    assert_eq!(counts(&world.import(&[EARLY.as_bytes()]).await.expect("imports")), [2, 2, 0, 0, 0]);
    let before = world.project("HS2 - Phase One").await;
    assert_eq!((before.key.as_str(), before.version), ("GMPP-hs2-phase-one", 1));

    assert_eq!(counts(&world.import(&[LATE.as_bytes()]).await.expect("imports")), [3, 1, 2, 0, 0]);
    let after = world.project("HS2 Phase One").await;
    assert_eq!((after.id, after.key.as_str(), after.version), (before.id, before.key.as_str(), 2));
    assert_eq!((after.state.as_str(), after.base_currency.as_str()), ("ACTIVE", "GBP"));

    let moved = world.project("Women\u{2019}s Prisons").await;
    let department = world.project("HO & MOJ").await;
    assert_eq!((department.key.as_str(), department.kind.as_str()), ("GMPP-HO-MOJ", "PORTFOLIO"));
    assert_eq!((moved.parent_id, moved.portfolio_id), (Some(department.id), Some(department.id)));
    let (_, links) = world.rows().await;
    let names: Vec<_> = links.iter().filter(|link| link.item_id == Some(moved.id)).collect();
    assert_eq!(
        names.iter().map(|link| link.external_id.as_str()).collect::<Vec<_>>(),
        ["name:women s prisons", "MOJ_07"]
    );
    assert!(names.iter().all(|link| link.portfolio_id == Some(department.id)));
}

#[tokio::test]
async fn a_second_import_changes_nothing_whatever_the_order() {
    let world = World::new().await;
    let both = [EARLY.as_bytes(), LATE.as_bytes()];
    assert_eq!(counts(&world.import(&both).await.expect("imports")), [5, 3, 2, 0, 0]);
    let before = world.rows().await;
    assert!(before.0.iter().all(|item| item.version == 1));
    assert_eq!(counts(&world.import(&both).await.expect("imports")), [5, 0, 0, 5, 0]);
    assert_eq!(counts(&world.import(&[LATE.as_bytes()]).await.expect("imports")), [3, 0, 0, 3, 0]);
    assert_eq!(counts(&world.import(&[EARLY.as_bytes()]).await.expect("imports")), [2, 0, 0, 2, 0]);
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn a_changed_row_raises_its_version_alone() {
    let world = World::new().await;
    world.import(&[LATE.as_bytes()]).await.expect("imports");
    let before = world.rows().await.0;
    let changed = LATE.replace("More rails", "Fewer rails");
    assert_eq!(counts(&world.import(&[changed.as_bytes()]).await.expect("imports")), [3, 0, 1, 2, 0]);
    for (old, new) in before.iter().zip(world.rows().await.0) {
        if new.name == "HS2 Phase One" {
            assert_eq!((new.version, new.description_fold.as_deref()), (2, Some("fewer rails")));
            assert!(new.updated_at > old.updated_at && new.created_at == old.created_at);
        } else {
            assert_eq!(*old, new);
        }
    }
}

#[tokio::test]
async fn a_confidential_department_restricts_what_is_imported_into_it() {
    let world = World::new().await;
    world.import(&[EARLY.as_bytes()]).await.expect("imports");
    let update =
        "update portfolio_item set is_restricted = true, confidentiality = 'CONFIDENTIAL' where key = 'GMPP-MOJ'";
    sea_orm::ConnectionTrait::execute_unprepared(&world.db, update).await.expect("an update");
    world.import(&[LATE.as_bytes()]).await.expect("imports");
    let courts = world.project("Courts").await;
    assert!(courts.is_restricted);
    let (_, links) = world.rows().await;
    assert!(links.iter().filter(|link| link.item_id == Some(courts.id)).all(|link| link.is_restricted));
}

#[tokio::test]
async fn prose_in_a_date_is_null_and_noted() {
    let world = World::new().await;
    let report = world.import(&[EARLY.as_bytes(), LATE.as_bytes()]).await.expect("imports");
    let doubtful = report.rows.iter().filter(|note| note.kind == NoteKind::Doubtful);
    let notes: Vec<_> = doubtful.map(|note| (note.row, note.text.as_str())).collect();
    assert_eq!(
        notes,
        [
            (3, "end_date holds no date and stays empty: \"Exempt under Section 43\""),
            (4, "end_date holds no date and stays empty: \"Not provided\""),
        ]
    );
    assert_eq!(world.project("Courts").await.planned_finish_on, None);
}

#[tokio::test]
async fn a_dry_run_and_a_bad_file_write_nothing() {
    let world = World::new().await;
    let mut progress = Vec::new();
    let mut tell = |at: Progress| progress.push((at.phase, at.done));
    let report = world.order(&[EARLY.as_bytes()], true, &mut tell).await;
    assert_eq!(counts(&report.expect("a report")), [2, 2, 0, 0, 0]);
    assert_eq!(progress[..3], [(Phase::Read, 2), (Phase::Match, 0), (Phase::Match, 2)]);
    assert!(progress[3..].is_sorted() && progress[3..].iter().all(|(phase, _)| *phase == Phase::Write));

    for (content, text) in [
        (EARLY.replace("end_date", "finish"), "row 1: missing column: end_date"),
        (EARLY.replace("year", "odd"), "row 1: unknown column 7: \"odd\""),
        (EARLY.replace("year", "end_date"), "row 1: column \"end_date\" occurs twice"),
        (EARLY.replace(",MOJ,", ",,"), "row 3: department holds no name"),
        (EARLY.replace("HS2 - Phase One", " - "), "row 2: project_name holds no name"),
        (EARLY.replace("33,2019", "33,MMXIX"), "row 2: year holds no year: \"MMXIX\""),
        (EARLY.replace("33,2019", "33"), "row 2: 6 cells where the header has 7"),
        ("Project name,A,B\nDepartment,X,Y\n".to_owned(), "transposed layout"),
    ] {
        let refusal = world.import(&[EARLY.as_bytes(), content.as_bytes()]).await;
        let message = refusal.expect_err("a refusal").to_string();
        assert!(message.contains("1.csv") && message.contains(text), "{message}");
    }
    assert_eq!(world.rows().await, (vec![], vec![]));
}
