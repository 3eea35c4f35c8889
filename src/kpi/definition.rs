//! KPIs ready to be computed: those of the catalogue, read once, and those of users, read when they are asked for. A
//! formula that names other KPIs is spelled out down to measures.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    catalogue::{Bounds, STANDARD, Standard, Unit},
    formula::{Expr, parse},
    versions::known,
};
use crate::{
    auth::{Class, Rights},
    error::{Code, Error},
    graph::{Cell, ColumnType, Row, Session},
    kpi::facts::Basis,
};

/// KPIs that name each other go down so far.
pub const DEEPEST: usize = 10;

/// A KPI.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its id.
    pub id: Uuid,
    /// Its key.
    pub key: String,
    /// The formula as it is written.
    pub text: String,
    /// The formula over measures.
    pub formula: Expr,
    /// What bounds are compared with, where it is not the value.
    pub tested: Option<Expr>,
    /// The version of the formula.
    pub version: i32,
    /// What it is measured in.
    pub unit: Unit,
    /// The classes that reading it needs.
    pub classes: Vec<Class>,
    /// When it is green and amber, where no threshold says otherwise.
    pub bounds: Bounds,
    /// How far beyond a bound the status changes, in 1e-9.
    pub hysteresis: i64,
}

impl Definition {
    fn of_catalogue(kpi: &Standard) -> Self {
        let read = |text: &str| parse(text).unwrap_or(Expr::Number(Decimal::ZERO));
        Self {
            id: kpi.id(),
            key: kpi.key.to_owned(),
            text: kpi.formula.to_owned(),
            formula: read(kpi.formula),
            tested: kpi.tested.map(read),
            version: kpi.version,
            unit: kpi.unit,
            classes: kpi.classes.to_vec(),
            bounds: kpi.bounds,
            hysteresis: kpi.hysteresis,
        }
    }

    /// The measures that it needs.
    pub fn measures(&self) -> BTreeSet<&str> {
        let mut names = self.formula.names();
        names.extend(self.tested.iter().flat_map(Expr::names));
        names
    }

    /// The measures whose dated amounts it needs.
    pub fn curves(&self) -> BTreeSet<&str> {
        let mut names = self.formula.curves();
        names.extend(self.tested.iter().flat_map(Expr::curves));
        names
    }

    /// The measures of those that it reads beyond the day that it is about.
    pub fn lasting(&self) -> BTreeSet<&str> {
        let mut names = self.formula.lasting();
        names.extend(self.tested.iter().flat_map(Expr::lasting));
        names
    }

    /// Whose rows a caller's figure counts; the class that she lacks where she reads none.
    pub fn basis(&self, rights: &Rights) -> Result<Basis, Class> {
        match self.classes.iter().find(|class| rights.read_of_items(**class).is_empty()) {
            Some(class) => Err(*class),
            None if self.classes.iter().all(|class| rights.read(*class).is_all()) => Ok(Basis::AllRows),
            None => Ok(Basis::CallerRows),
        }
    }
}

static CATALOGUE: LazyLock<BTreeMap<&'static str, Arc<Definition>>> =
    LazyLock::new(|| STANDARD.iter().map(|kpi| (kpi.key, Arc::new(Definition::of_catalogue(kpi)))).collect());

/// The KPIs of the catalogue.
pub fn catalogue() -> Vec<Arc<Definition>> {
    STANDARD.iter().filter_map(|kpi| CATALOGUE.get(kpi.key).cloned()).collect()
}

/// KPIs by their keys, in the order asked; all of the catalogue where none is named. With an instant they are as they were
/// known then; one that was not there yet is as it is now.
pub async fn by_keys(
    session: &mut Session<'_>,
    keys: Option<&[String]>,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Arc<Definition>>, Error> {
    let then = match known_at {
        Some(known_at) => stored(session, Some(known_at)).await?,
        None => HashMap::new(),
    };
    let as_then = |of: &Arc<Definition>| then.get(&of.key).unwrap_or(of).clone();
    let Some(keys) = keys else { return Ok(catalogue().iter().map(as_then).collect()) };
    let is_settled = |key: &String| then.contains_key(key) || CATALOGUE.contains_key(key.as_str());
    let own = if keys.iter().all(is_settled) { HashMap::new() } else { stored(session, None).await? };
    let now = |key: &String| CATALOGUE.get(key.as_str()).or_else(|| own.get(key));
    let known = |key: &String| then.get(key).or_else(|| now(key)).cloned();
    keys.iter().map(|key| known(key).ok_or_else(|| unknown(key))).collect()
}

/// KPIs by their keys for who follows them: archived ones are silent, and only what never was is refused.
pub async fn followed(session: &mut Session<'_>, keys: &[String]) -> Result<Vec<Arc<Definition>>, Error> {
    let mut found: Vec<Arc<Definition>> = keys.iter().filter_map(|key| CATALOGUE.get(key.as_str()).cloned()).collect();
    if found.len() == keys.len() {
        return Ok(found);
    }
    let own = stored(session, None).await?;
    found.extend(keys.iter().filter_map(|key| own.get(key).cloned()));
    if found.len() < keys.len() {
        let mut sql = session.sql();
        sql.push("SELECT key FROM kpi_definition WHERE kind <> 'STANDARD' AND archived_at IS NOT NULL");
        let rows = session.all(&sql.finish(), &Arc::default()).await?;
        let archived: BTreeSet<String> = rows.iter().map(|row| text(row, 0)).collect();
        let is_known = |key: &str| CATALOGUE.contains_key(key) || own.contains_key(key) || archived.contains(key);
        if let Some(key) = keys.iter().find(|key| !is_known(key)) {
            return Err(unknown(key));
        }
    }
    Ok(found)
}

fn unknown(key: &str) -> Error {
    Error::new(Code::BadVariables, format!("There is no KPI `{key}`."))
}

/// All KPIs in use: the catalogue and those of users.
pub async fn all(session: &mut Session<'_>) -> Result<Vec<Arc<Definition>>, Error> {
    let mut all = catalogue();
    all.extend(stored(session, None).await?.into_values());
    Ok(all)
}

/// The KPIs of users; as they were known at an instant those of the catalogue, too.
async fn stored(
    session: &mut Session<'_>,
    known_at: Option<DateTime<Utc>>,
) -> Result<HashMap<String, Arc<Definition>>, Error> {
    let mut sql = session.sql();
    sql.push(
        "SELECT d.id, d.key, d.formula, d.tested_formula, d.formula_version, d.unit, d.classes || ',' || k.classes, ",
    );
    sql.push("d.green_from, d.green_to, d.amber_from, d.amber_to, d.hysteresis FROM ");
    // Whoever asks for the past needs the classes of today as well.
    known(&mut sql, "kpi_definition", known_at)
        .push(" d JOIN kpi_definition k ON k.id = d.id WHERE d.archived_at IS NULL");
    if known_at.is_none() {
        sql.push(" AND d.kind <> 'STANDARD'");
    }
    let rows = session.all(&sql.finish(), &Arc::default()).await?;
    let texts: HashMap<String, String> = rows.iter().map(|row| (text(row, 1), text(row, 2))).collect();
    // What an earlier program wrote and this one cannot read any more is as it is now.
    let is_read = |row: &&Row| [2, 3].into_iter().all(|at| text(row, at).is_empty() || parse(&text(row, at)).is_ok());
    Ok(rows.iter().filter(is_read).map(|row| (text(row, 1), Arc::new(of_row(row, &texts)))).collect())
}

fn of_row(row: &Row, texts: &HashMap<String, String>) -> Definition {
    let number = |at| match row.at(at, ColumnType::Int) {
        Cell::Int(n) => Some(n),
        _ => None,
    };
    let tested = text(row, 3);
    let id = match row.at(0, ColumnType::Id) {
        Cell::Id(id) => Uuid::from_bytes(id),
        _ => Uuid::nil(),
    };
    Definition {
        id,
        key: text(row, 1),
        text: text(row, 2),
        formula: spelled_out(&text(row, 2), texts, 0),
        tested: (!tested.is_empty()).then(|| spelled_out(&tested, texts, 0)),
        version: i32::try_from(row.int(4)).unwrap_or(1),
        unit: Unit::parse(&text(row, 5)),
        classes: Class::listed(&text(row, 6)),
        bounds: Bounds { green_from: number(7), green_to: number(8), amber_from: number(9), amber_to: number(10) },
        hysteresis: row.int(11),
    }
}

/// A formula over measures. What was stored was checked: it can be read, and names nothing that leads back to itself.
fn spelled_out(formula: &str, texts: &HashMap<String, String>, depth: usize) -> Expr {
    let read = parse(formula).unwrap_or(Expr::Number(Decimal::ZERO));
    read.spelled_out(&|name| match texts.get(name) {
        Some(text) if text != name && depth < DEEPEST => Some(spelled_out(text, texts, depth + 1)),
        Some(_) => None,
        None => CATALOGUE.get(name).map(|known| known.formula.clone()),
    })
}

fn text(row: &Row, at: usize) -> String {
    match row.at(at, ColumnType::Text) {
        Cell::Text(text) => text.to_owned(),
        _ => String::new(),
    }
}
