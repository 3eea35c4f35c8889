//! The KPIs of users as they would stand together: what their formulas name, which classes follow, and whether each can be
//! computed. Every formula is looked at with all others, so that two which are right by themselves make no ring.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    catalogue::standard,
    definition::DEEPEST,
    formula::{Degree, parse},
    measure::Unit,
};
use crate::{auth::Class, graph::decl::Model};

/// Parts of the largest formula when the KPIs that it names are spelled out.
const LARGEST: usize = 5_000;
/// Parts within each other, then: each is a step down for whatever computes it.
const TALLEST: usize = 200;

/// A KPI of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whether scripts post its values.
    pub is_posted: bool,
    /// Its formula.
    pub formula: String,
    /// What bounds are compared with, where it is not the value.
    pub tested: Option<String>,
    /// The classes that were chosen for it, where scripts post its values.
    pub classes: Vec<Class>,
}

/// What is wrong with a formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `formula` or `testedFormula`.
    pub field: &'static str,
    /// One line for a human.
    pub line: String,
    /// A fact for a program.
    pub param: Option<(&'static str, String)>,
}

/// All of them, by key.
pub struct Book {
    model: &'static Model,
    entries: BTreeMap<String, Entry>,
}

/// What a formula is made of, once it is spelled out.
#[derive(Debug, Clone, Default)]
struct Made {
    depth: usize,
    size: usize,
    height: usize,
    degree: Degree,
    classes: BTreeSet<Class>,
}

impl Book {
    /// Those in use.
    pub fn new(model: &'static Model, entries: BTreeMap<String, Entry>) -> Self {
        Self { model, entries }
    }

    /// What is wrong with a KPI by itself: a text that cannot be read, a name that nobody knows.
    pub fn fault(&self, key: &str) -> Option<Fault> {
        let entry = self.entries.get(key)?;
        if entry.is_posted {
            return None;
        }
        let texts = [("formula", Some(&entry.formula)), ("testedFormula", entry.tested.as_ref())];
        texts.into_iter().find_map(|(field, text)| self.fault_of(field, text?))
    }

    fn fault_of(&self, field: &'static str, text: &str) -> Option<Fault> {
        let fault = |line: String, param| Some(Fault { field, line, param: Some(param) });
        let expr = match parse(text) {
            Ok(expr) => expr,
            Err(wrong) => {
                return fault(format!("{} (character {})", wrong.line, wrong.at), ("at", wrong.at.to_string()));
            }
        };
        let is_measure = |name: &str| self.model.measures.measure(name).is_some();
        let is_posted = |name: &str| self.entries.get(name).is_some_and(|entry| entry.is_posted);
        let is_known = |name: &str| is_measure(name) || standard(name).is_some() || self.entries.contains_key(name);
        if let Some(name) = expr.names().into_iter().find(|name| !is_known(name)) {
            return fault(format!("There is no measure and no KPI `{name}`."), ("name", name.to_owned()));
        }
        let categories = self.model.entity("PortfolioItem").choices("category");
        let is_category = |name: &str| categories.iter().any(|(value, _)| *value == name);
        if let Some(name) = expr.categories().into_iter().find(|name| !is_category(name)) {
            return fault(format!("There is no category `{name}`."), ("name", name.to_owned()));
        }
        if let Some(name) = expr.curves().into_iter().find(|name| !is_measure(name) && !is_posted(name)) {
            let line = format!("`{name}` is a KPI with a formula: only a measure can be read by its dates.");
            return fault(line, ("name", name.to_owned()));
        }
        None
    }

    /// What is wrong with KPIs together: the key of each with the words for it. Those with a fault of their own are no
    /// part of this.
    pub fn rings(&self) -> BTreeMap<String, Fault> {
        let (mut made, mut faults) = (HashMap::new(), BTreeMap::new());
        for key in self.entries.keys() {
            if let Err(line) = self.make(key, &mut made, &mut vec![]) {
                let (field, param) = ("formula", Some(("name", key.clone())));
                faults.insert(key.clone(), Fault { field, line, param });
            }
        }
        faults
    }

    /// The classes of each KPI: those of the measures and KPIs that it is made of, or those that were chosen.
    pub fn classes(&self) -> BTreeMap<String, Vec<Class>> {
        let mut made = HashMap::new();
        let of = |key: &String| Some((key.clone(), self.make(key, &mut made, &mut vec![]).ok()?.classes));
        let found: Vec<(String, BTreeSet<Class>)> = self.entries.keys().filter_map(of).collect();
        let named = |classes: BTreeSet<Class>| {
            if classes.is_empty() { vec![Class::Basic] } else { classes.into_iter().collect() }
        };
        found.into_iter().map(|(key, classes)| (key, named(classes))).collect()
    }

    /// The KPIs whose formulas lead to this one, itself among them.
    pub fn dependents(&self, key: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::from([key.to_owned()]);
        loop {
            let names = |entry: &Entry| {
                let texts = [Some(&entry.formula), entry.tested.as_ref()].into_iter().flatten();
                texts
                    .filter_map(|text| parse(text).ok())
                    .any(|expr| expr.names().iter().any(|name| found.contains(*name)))
            };
            let more: Vec<String> = self
                .entries
                .iter()
                .filter(|(key, entry)| !entry.is_posted && !found.contains(*key) && names(entry))
                .map(|(key, _)| key.clone())
                .collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }

    fn make(&self, key: &str, made: &mut HashMap<String, Made>, above: &mut Vec<String>) -> Result<Made, String> {
        if let Some(known) = made.get(key) {
            return Ok(known.clone());
        }
        let Some(entry) = self.entries.get(key) else { return Ok(self.outside(key)) };
        if entry.is_posted {
            let (classes, degree) =
                (entry.classes.iter().copied().collect(), Degree { named: true, ..Degree::default() });
            return Ok(Made { depth: 0, size: 1, height: 1, degree, classes });
        }
        above.push(key.to_owned());
        if above[..above.len() - 1].iter().any(|one| one == key) {
            return Err(format!("The formulas lead back to where they begin: {}.", above.join(", ")));
        }
        let mut sum = Made::default();
        for text in [Some(&entry.formula), entry.tested.as_ref()].into_iter().flatten() {
            let Ok(expr) = parse(text) else { continue };
            let mut parts: HashMap<String, Made> = HashMap::new();
            for name in expr.names() {
                let part = self.make(name, made, above)?;
                sum.depth = sum.depth.max(part.depth + 1);
                sum.classes.extend(&part.classes);
                parts.insert(name.to_owned(), part);
            }
            let of = |name: &str| parts.get(name);
            sum.size = sum.size.saturating_add(expr.size(&|name| of(name).map_or(1, |part| part.size)));
            sum.height = sum.height.max(expr.height(&|name| of(name).map_or(1, |part| part.height)));
            let degree = expr.degree(&|name| of(name).map(|part| part.degree).unwrap_or_default());
            sum.degree = degree.ok_or(
                "`each` adds up what every project has, and a ratio is nothing to add up: divide a sum by a sum.",
            )?;
        }
        above.pop();
        if sum.depth > DEEPEST {
            return Err(format!("KPIs that name each other go down at most {DEEPEST} steps."));
        }
        if sum.size > LARGEST {
            return Err(format!("Spelled out down to measures the formula has more than {LARGEST} parts."));
        }
        if sum.height > TALLEST {
            return Err(format!("Spelled out down to measures the formula goes down more than {TALLEST} steps."));
        }
        made.insert(key.to_owned(), sum.clone());
        Ok(sum)
    }

    /// What a measure or a KPI of the catalogue adds.
    fn outside(&self, key: &str) -> Made {
        if let Some(measure) = self.model.measures.measure(key) {
            let amounts = i32::from(measure.unit != Unit::Number);
            let degree = Degree { amounts, divides: false, named: true };
            return Made { depth: 0, size: 1, height: 1, degree, classes: measure.classes().collect() };
        }
        let Some(kpi) = standard(key) else { return Made::default() };
        let Ok(expr) = parse(kpi.formula) else { return Made::default() };
        let degree = expr.degree(&|name| self.outside(name).degree).unwrap_or_default();
        let (size, height) = (expr.size(&|_| 1), expr.height(&|_| 1));
        Made { depth: 0, size, height, degree, classes: kpi.classes.iter().copied().collect() }
    }
}
