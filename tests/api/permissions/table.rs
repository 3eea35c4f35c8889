//! The table of rights as text: every field of the schema, what it needs, and what each role has of that.
//! Reviewed as a diff, so it is short where all fields of a type need the same, and complete all the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::LazyLock,
};

use foliograph::{
    app,
    auth::{
        Class, Permission, Role, Scopes, Step,
        policy::{Verb, decide},
        steps,
    },
    graph::{
        self,
        decl::{Entity, Writers},
    },
};

use crate::support::golden;

const FILE: &str = "tests/api/permissions.txt";
/// Endings of the types that are made for each entity, and that fold into one line where they all need the same.
const MADE: &[&str] =
    &["Connection", "Edge", "Aggregate", "Sum", "Avg", "Min", "Max", "DistinctCount", "Coverage", "GroupKey", "Group"];
/// What the second part of the file begins with.
const WRITING: &str = "\n# Which role writes which field, on which rows.";
/// For whom nothing is needed but a good token.
const ANYBODY: &str = "AUTHENTICATED";
/// Members that are masked by the class that their value needs.
const PER_VALUE: &str = "PER_VALUE";

/// What the types begin with whose members are masked value by value.
const PER_VALUE_OF: [&str; 11] = [
    "AllocationConflicts.",
    "BenchList.",
    "BenefitRealization",
    "CapacityGap",
    "CapacityHeatmap",
    "CertificationCoverage.",
    "FinancialSummary",
    "Kpi",
    "RequestCandidates.",
    "SkillsGap.",
    "Utilization",
];

tests! {
    async fn the_table_of_rights_is_current() {
        golden::check(FILE, &render());
    }

    async fn the_table_covers_every_field_exactly_once() {
        let mut covered: BTreeMap<String, String> = BTreeMap::new();
        let table = render();
        let (read, _) = table.split_once(WRITING).expect("what is written stands below");
        for line in read.lines().filter(|line| line.contains('.') && !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let (fields, needs) = (words.next().expect("fields"), words.next().expect("a permission"));
            for coordinate in unfold(fields) {
                let before = covered.insert(coordinate.clone(), needs.to_owned());
                assert!(before.is_none(), "{coordinate} stands in the table twice");
            }
        }
        assert_eq!(covered, *needs());
    }

    async fn every_permission_of_the_table_is_one_of_the_policy() {
        for (coordinate, needs) in needs() {
            if needs == PER_VALUE {
                assert!(PER_VALUE_OF.iter().any(|of| coordinate.starts_with(of)), "{coordinate} needs {needs}");
                continue;
            }
            assert!(needs == ANYBODY || permission_of(needs).is_some(), "{coordinate} needs {needs}");
            let reads = permission_of(needs).is_none_or(|permission| permission.verb == Verb::Read);
            assert!(reads || coordinate.starts_with("Mutation."), "{coordinate} needs {needs}");
        }
    }
}

/// What every field needs, by its coordinate.
pub fn needs() -> &'static BTreeMap<String, String> {
    static NEEDS: LazyLock<BTreeMap<String, String>> =
        LazyLock::new(|| graph::needs(app::model()).into_iter().collect());
    &NEEDS
}

fn permission_of(needs: &str) -> Option<Permission> {
    Class::ALL.into_iter().flat_map(|class| [class.read(), class.write()]).find(|p| p.to_string() == needs)
}

/// On which rows a role has a permission.
fn scopes(role: Role, permission: Permission) -> Scopes {
    let grant = decide(role, permission.class);
    match permission.verb {
        Verb::Read => grant.read,
        Verb::Write => grant.write,
        Verb::Approve => grant.approve,
    }
}

/// The entity and the ending of a type that is made for each entity.
fn made(type_name: &str) -> Option<(&str, &str)> {
    let entities = || app::model().entities.iter().map(|e| e.name);
    MADE.iter().find_map(|ending| {
        let entity = type_name.strip_suffix(ending)?;
        entities().any(|name| name == entity).then_some((entity, *ending))
    })
}

/// Both parts of the file.
fn render() -> String {
    format!("{}{WRITING}{}", render_reading(), render_writing())
}

/// Who writes each field that a mutation writes, and who takes each step.
fn render_writing() -> String {
    let roles = Role::ALL.map(Role::as_str);
    let head = |names: [&str; 3]| [&names[..], &roles[..]].concat().into_iter().map(str::to_owned).collect();
    let mut fields: Vec<Vec<String>> = vec![head(["# field", "needs", "when"])];
    let is_written = |entity: &&Entity| app::model().mutations.iter().any(|m| m.entity == entity.name);
    for entity in app::model().entities.iter().filter(is_written) {
        for (field, pen) in entity.fields.iter().filter_map(|field| Some((field, field.pen?))) {
            let cell = |role| match pen.writers {
                Writers::Class => scopes(role, entity.class_of(field).write()),
                Writers::Step(step) => steps::decide(role, step),
            };
            let when = if pen.once { "once" } else { "-" };
            let mut row = vec![format!("{}.{}", entity.name, field.name), pen.needs(entity, field), when.to_owned()];
            row.extend(Role::ALL.map(|role| cell(role).to_string()));
            fields.push(row);
        }
        for list in &entity.lists {
            let needs = list.class.write();
            let mut row = vec![format!("{}.{}", entity.name, list.name), needs.to_string(), "-".to_owned()];
            row.extend(Role::ALL.map(|role| scopes(role, needs).to_string()));
            fields.push(row);
        }
    }
    let mut taken: Vec<Vec<String>> = vec![head(["# step", "not by", ""])];
    for step in Step::ALL {
        let barred: Vec<&str> = step.barred().iter().map(|duty| duty.as_str()).collect();
        let barred = if barred.is_empty() { "-".to_owned() } else { barred.join(",") };
        let mut row = vec![step.as_str().to_owned(), barred, String::new()];
        row.extend(Role::ALL.map(|role| steps::decide(role, step).to_string()));
        taken.push(row);
    }
    format!(
        "\n# A directory's rows (people, units) relate to nobody: only ALL writes them. `once`: when the row is made.\n#\n{}\n\
         # Who takes which step, and whom a part of hers in the matter bars.\n#\n{}",
        aligned(&fields),
        aligned(&taken),
    )
}

fn aligned(table: &[Vec<String>]) -> String {
    let mut out = String::new();
    let widths: Vec<usize> =
        (0..table[0].len()).map(|column| table.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    for row in table {
        let cells = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
        let cells: Vec<String> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    out
}

fn render_reading() -> String {
    let mut lines: Vec<(String, &str)> = vec![];
    // Types of an entity stand below it; the rest by name.
    let mut types: BTreeMap<(&str, &str), BTreeMap<&str, &str>> = BTreeMap::new();
    for (coordinate, needs) in needs() {
        let (type_name, field) = coordinate.split_once('.').expect("Type.field");
        let place = made(type_name).unwrap_or((type_name, ""));
        types.entry(place).or_default().insert(field, needs);
    }
    for ((entity, ending), fields) in &types {
        let different: BTreeSet<&str> = fields.values().copied().collect();
        if !ending.is_empty() && different.len() == 1 {
            lines.push((format!("{entity}{ending}.*"), different.iter().next().expect("one")));
        } else {
            lines.extend(fields.iter().map(|(field, needs)| (format!("{entity}{ending}.{field}"), *needs)));
        }
    }
    let lines = fold(lines);
    let roles = Role::ALL.map(Role::as_str);
    let mut table: Vec<Vec<String>> = vec![];
    table.push([&["# field", "needs"][..], &roles[..]].concat().into_iter().map(str::to_owned).collect());
    for (fields, needs) in &lines {
        let cell = |role| permission_of(needs).map_or("ANY".to_owned(), |needs| scopes(role, needs).to_string());
        let mut row = vec![fields.clone(), (*needs).to_owned()];
        row.extend(Role::ALL.map(cell));
        table.push(row);
    }
    let widths: Vec<usize> =
        (0..table[0].len()).map(|column| table.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    let mut out = String::from(
        "# Which role reads which field and calls which mutation, on which rows. Made by the tests from the declarations and the policy; see permissions/table.rs.\n\
         # ALL every row; OWN projects managed; SPON sponsored, and below; ACTIVE under way; PF portfolios owned or assigned;\n\
         # TEAM people managed, and what uses them; SELF oneself; GRANT granted to a key; ANY any good token; - no row.\n\
         # People and units are a directory: whoever reads them on some rows reads all. A confidential item is seen by those named on it only.\n\
         # `XEdge.*` is every field of XEdge; `X{Edge,Sum}.*` every field of XEdge and of XSum.\n#\n",
    );
    let mut last = "";
    for row in &table {
        let entity = row[0].split(['.', '{']).next().unwrap_or_default();
        if !last.is_empty() && !entity.starts_with(last) && !row[0].starts_with('#') {
            out.push('\n');
        }
        if last.is_empty() || !entity.starts_with(last) {
            last = entity;
        }
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    out
}

/// Made types of one entity that fold to one line each and need the same become one line together.
fn fold(lines: Vec<(String, &str)>) -> Vec<(String, &str)> {
    let mut out: Vec<(String, &str)> = vec![];
    let mut endings: BTreeMap<(String, &str), Vec<String>> = BTreeMap::new();
    for (fields, needs) in &lines {
        if let Some((entity, ending)) = fields.strip_suffix(".*").and_then(made) {
            endings.entry((entity.to_owned(), needs)).or_default().push(ending.to_owned());
        }
    }
    for (fields, needs) in lines {
        let Some((entity, _)) = fields.strip_suffix(".*").and_then(made) else {
            out.push((fields, needs));
            continue;
        };
        if let Some(endings) = endings.remove(&(entity.to_owned(), needs)) {
            out.push((format!("{entity}{{{}}}.*", endings.join(",")), needs));
        }
    }
    out
}

/// The coordinates that a line of the table stands for.
fn unfold(fields: &str) -> Vec<String> {
    let types: Vec<String> = match (fields.split_once('{'), fields.strip_suffix(".*")) {
        (Some((entity, rest)), _) => {
            let (endings, _) = rest.split_once('}').expect("a closing brace");
            endings.split(',').map(|ending| format!("{entity}{ending}")).collect()
        }
        (None, Some(one)) => vec![one.to_owned()],
        (None, None) => return vec![fields.to_owned()],
    };
    let of = |coordinate: &&String| types.iter().any(|t| coordinate.split_once('.').is_some_and(|(name, _)| name == t));
    needs().keys().filter(of).cloned().collect()
}
