//! Rows onto portfolios and projects.

use std::collections::HashMap;

use entity::portfolio_item;

use super::ledger::Ledger;
use super::{ProjectRow, Sheet, by_name, normalized};
use crate::importers::{ImportError, Progress, Report, RowNote};
use crate::portfolios;
use crate::write::Work;

/// Rows between two reports of progress.
const PROGRESS_ROWS: usize = 50;

/// Applies the sheets in their order.
pub(in crate::importers) async fn apply(
    work: &mut Work<'_>,
    sheets: Vec<Sheet>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, ImportError> {
    let mut ledger = Ledger::load(work.txn).await?;
    let mut report = Report::default();
    for sheet in sheets {
        let total = sheet.projects.len();
        let mut tell = |done: usize| progress(Progress { file: sheet.file.clone(), done, total });
        report.read += total + sheet.blank_rows.len();
        report.skipped.extend(sheet.blank_rows);
        report.notes.extend(sheet.notes);
        let mut rows_of = HashMap::new();
        tell(0);
        for (index, row) in sheet.projects.iter().enumerate() {
            let note = |text: String| RowNote { file: sheet.file.clone(), row: row.row, text };
            let item = match find(&ledger, row) {
                None => {
                    report.created += 1;
                    create(&mut ledger, row, work)
                }
                Some(item) => {
                    let is_new_name = ledger.named("PROJECT", &row.external_id()).is_none();
                    let other = row.number.as_ref().filter(|_| is_new_name).and_then(|_| ledger.number(item));
                    if let Some(other) = other {
                        report.notes.push(note(format!("taken as project {other}, which has the same name")));
                    } else if let Some(earlier) = rows_of.get(&item) {
                        report.notes.push(note(format!("taken as the project of row {earlier}")));
                    }
                    let latest = ledger.year(item);
                    if let Some(latest) = latest.filter(|latest| row.year.is_some_and(|year| year < *latest)) {
                        report.skipped.push(note(format!("{latest} is imported already and newer")));
                    } else if update(&mut ledger, item, row, work) {
                        report.updated += 1;
                    } else {
                        report.unchanged += 1;
                    }
                    item
                }
            };
            rows_of.entry(item).or_insert(row.row);
            ledger.link(item, &row.external_id(), row.year, work);
            if (index + 1) % PROGRESS_ROWS == 0 || index + 1 == total {
                tell(index + 1);
            }
        }
    }
    ledger.write(work).await?;
    Ok(report)
}

fn find(ledger: &Ledger, row: &ProjectRow) -> Option<usize> {
    ledger
        .named("PROJECT", &row.external_id())
        .or_else(|| ledger.named("PROJECT", &by_name(&row.name)))
        .or_else(|| ledger.called(&row.name))
}

fn create(ledger: &mut Ledger, row: &ProjectRow, work: &Work<'_>) -> usize {
    let wish = row.number.as_ref().map_or_else(
        || format!("GMPP-{}", normalized(&row.name).replace(' ', "-")),
        |number| format!("GMPP-{}", number.replace(' ', "-")),
    );
    let department = department(ledger, row, work);
    let item =
        ledger.add(portfolio_item::Model { key: ledger.free_key("PROJECT", &wish), ..blank_item(work, "PROJECT") });
    fill(&mut ledger.items[item].now, row);
    place(ledger, item, department);
    ledger.note_name(item, &row.name);
    item
}

/// Brings a project to what the row says; whether that changed anything. State, people, money, key and whatever else
/// the files do not speak of are left as they are.
fn update(ledger: &mut Ledger, item: usize, row: &ProjectRow, work: &Work<'_>) -> bool {
    let before = ledger.items[item].now.clone();
    let department = department(ledger, row, work);
    fill(&mut ledger.items[item].now, row);
    // A project that was put below a program of its department stays there.
    if before.portfolio_id != ledger.items[department].now.portfolio_id {
        place(ledger, item, department);
    }
    ledger.note_name(item, &row.name);
    before != ledger.items[item].now
}

fn fill(item: &mut portfolio_item::Model, row: &ProjectRow) {
    item.name_fold = row.name.to_lowercase();
    item.name.clone_from(&row.name);
    item.description_fold = row.description.as_ref().map(|text| text.to_lowercase());
    item.description.clone_from(&row.description);
    item.project_type.clone_from(&row.category);
    item.planned_start_on = row.start_on;
    item.planned_finish_on = row.end_on;
}

fn place(ledger: &mut Ledger, item: usize, department: usize) {
    let above = &ledger.items[department].now;
    let (id, is_restricted) = (above.id, above.is_restricted);
    let item = &mut ledger.items[item].now;
    item.parent_id = Some(id);
    item.portfolio_id = Some(id);
    item.program_id = None;
    item.is_restricted = is_restricted || item.confidentiality == "CONFIDENTIAL";
}

/// The portfolio of the row's department, made if it is new.
fn department(ledger: &mut Ledger, row: &ProjectRow, work: &Work<'_>) -> usize {
    if let Some(known) = ledger.named("PORTFOLIO", &row.department) {
        return known;
    }
    let blank = blank_item(work, "PORTFOLIO");
    let code = normalized(&row.department).to_uppercase().replace(' ', "-");
    let item = ledger.add(portfolio_item::Model {
        portfolio_id: Some(blank.id),
        key: ledger.free_key("PORTFOLIO", &format!("GMPP-{code}")),
        name_fold: row.department.to_lowercase(),
        name: row.department.clone(),
        ..blank
    });
    ledger.link(item, &row.department, None, work);
    item
}

/// An item of these files.
fn blank_item(work: &Work<'_>, kind: &str) -> portfolio_item::Model {
    portfolio_item::Model {
        state: "ACTIVE".to_owned(),
        base_currency: "GBP".to_owned(),
        ..portfolios::blank(work, kind)
    }
}
