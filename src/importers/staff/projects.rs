//! The projects that a file books for: found by the id that the system gives them, else by their key, else made.

use std::collections::HashMap;

use entity::portfolio_item;
use sea_orm::EntityTrait;

use super::{
    tally::Tally,
    wanted::{Project, Wanted},
};
use crate::{
    importers::{
        ledger::{Ledger, Source},
        report::{ElementFault, ImportError, ImportOption, Progress},
        slots::Writing,
    },
    portfolios,
    write::Work,
};

/// The projects of all files, by system and id.
pub(super) type Known = HashMap<(&'static str, String), portfolio_item::Model>;

/// Finds them, and makes those that are not there.
pub(super) async fn find(
    work: &mut Work<'_>,
    files: &[Wanted],
    currency: Option<&str>,
    tally: &mut Tally<'_>,
) -> Result<Known, ImportError> {
    let mut known = Known::new();
    let Some(system) = files.iter().find(|wanted| !wanted.projects.is_empty()).map(|wanted| wanted.system) else {
        return Ok(known);
    };
    let source = Source { system, key_prefix: system, matches_names: false };
    let mut ledger = Ledger::load(work, &source).await?;
    for wanted in files {
        tally.file.clone_from(&wanted.file);
        tally.read("Project", wanted.projects.len());
        for told in &wanted.projects {
            let name = (system, told.id.clone());
            if known.contains_key(&name) {
                tally.count("Project", "UNCHANGED");
                continue;
            }
            let project = match ledger.named("PROJECT", &told.id) {
                Some(at) if ledger.is_hidden(at) => {
                    return Err(fault(tally, told, "the source gives this id to something else already"));
                }
                Some(at) => Some(ledger.items[at].clone()),
                None => of_key(work, &told.id).await?,
            };
            let project = match project {
                Some(project) if project.archived_at.is_some() => {
                    return Err(fault(tally, told, &format!("{} is archived", project.key)));
                }
                Some(project) => {
                    tally.count("Project", "UNCHANGED");
                    project
                }
                None => {
                    let Some(currency) = currency else {
                        let text = format!(
                            "the project {} is not there, and a new one needs the currency that it is kept in",
                            told.id
                        );
                        return Err(ImportError::Option { option: ImportOption::Currency, is_missing: true, text });
                    };
                    tally.count("Project", "CREATED");
                    make(work, &mut ledger, told, system, currency)
                }
            };
            known.insert(name, project);
        }
    }
    // What was found needs no writing, and what is new is few: the rows are counted above.
    let quiet = &mut |_: Progress| {};
    let mut writing = Writing::of(ledger.changes(), quiet);
    ledger.write(work, &mut writing).await?;
    // Its places in the tree are known now.
    for project in known.values_mut().filter(|project| project.version == 0) {
        if let Some(stored) = portfolio_item::Entity::find_by_id(project.id).one(work.txn).await? {
            *project = stored;
        }
    }
    Ok(known)
}

/// The project of that key, which the caller sees.
pub(super) async fn of_key(work: &Work<'_>, key: &str) -> Result<Option<portfolio_item::Model>, ImportError> {
    let found = work.lens.by_key(work.lens.model.entity("Project"), &[key.to_owned()]).await?;
    let Some(found) = found.get(key).and_then(|found| found.first()) else { return Ok(None) };
    Ok(portfolio_item::Entity::find_by_id(found.id).one(work.txn).await?)
}

fn make(work: &Work<'_>, ledger: &mut Ledger, told: &Project, system: &str, currency: &str) -> portfolio_item::Model {
    let key = ledger.free_key("PROJECT", &format!("{system}-{}", told.id.replace(char::is_whitespace, "-")));
    let item = portfolio_item::Model {
        key,
        name_fold: told.name.to_lowercase(),
        name: told.name.clone(),
        state: "ACTIVE".to_owned(),
        base_currency: currency.to_owned(),
        ..portfolios::blank(work, "PROJECT")
    };
    let at = ledger.add(item.clone());
    ledger.link(at, &told.id, None, work);
    item
}

fn fault(tally: &Tally<'_>, told: &Project, text: &str) -> ImportError {
    tally.refuse(vec![ElementFault { line: told.place.line, text: format!("{}: {text}", told.place.what) }])
}
