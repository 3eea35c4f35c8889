//! What a follower of the storm should be told, worked out from the tables and the published table of roles and classes
//! alone: nothing here asks the product who may read what, or what a figure is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use entity::{
    kpi_change, kpi_definition, kpi_touch, kpi_value, measure_delta, outbox_event, person_identity, portfolio_item,
    role_assignment,
};
use foliograph::auth::Role;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::support::world::as_of;

/// Digits behind the point of what is posted.
const POINTS: u32 = 9;

/// On which rows a role reads a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    All,
    Some,
    None,
}

/// The published table, for the classes and roles that play here.
fn reach(role: Role, class: &str) -> Reach {
    match (role, class) {
        (Role::PmoLead | Role::Auditor, _)
        | (Role::Finance, "BASIC" | "FIN" | "BEN")
        | (Role::ProjectManager, "BASIC") => Reach::All,
        (Role::ProjectManager | Role::Sponsor, _) | (Role::Analyst, "BASIC" | "WORK") => Reach::Some,
        _ => Reach::None,
    }
}

/// Whoever follows.
pub struct Eyes {
    role: Role,
    person: Option<Uuid>,
    assigned: Vec<Uuid>,
}

impl Eyes {
    fn is_me(&self, id: Option<Uuid>) -> bool {
        id.is_some() && id == self.person
    }

    /// Whether her figures count all rows.
    pub fn is_of_all(&self) -> bool {
        ["FIN", "WORK"].into_iter().all(|class| reach(self.role, class) == Reach::All)
    }
}

/// A figure that was stored, in the order of the stream.
struct Stored {
    value_id: Uuid,
    scope: Uuid,
    kpi: Uuid,
    row: kpi_change::Model,
}

/// A measure of an item, turn by turn: what it sums to up to there.
type Sums = HashMap<(Uuid, String), Vec<(i64, i128)>>;

/// What is in the tables.
pub struct Tables {
    items: HashMap<Uuid, portfolio_item::Model>,
    by_key: HashMap<String, Uuid>,
    kpis: HashMap<Uuid, kpi_definition::Model>,
    identities: HashMap<String, Uuid>,
    assignments: Vec<role_assignment::Model>,
    stored: Vec<Stored>,
    /// All that was ever stored, by value and version.
    versions: BTreeMap<(Uuid, i64), kpi_change::Model>,
    current: HashMap<Uuid, kpi_value::Model>,
    events: Vec<outbox_event::Model>,
    touches: usize,
    sums: Sums,
    end: DateTime<Utc>,
    last_turn: i64,
}

impl Tables {
    /// Reads them. The storm lies between the turns of two values of the mark, the second included.
    pub async fn read(db: &DatabaseConnection, (mark, marked, [from, to]): (&str, &str, [i64; 2])) -> Self {
        let items = portfolio_item::Entity::find().all(db).await.expect("items");
        let kpis = kpi_definition::Entity::find().all(db).await.expect("KPIs");
        let identities = person_identity::Entity::find().all(db).await.expect("identities");
        let changes = kpi_change::Entity::find().all(db).await.expect("changes");
        let current = kpi_value::Entity::find().all(db).await.expect("values");
        let events = outbox_event::Entity::find().filter(outbox_event::Column::TargetType.eq("KpiValue"));
        let events = events.order_by_asc(outbox_event::Column::Position).all(db).await.expect("events");
        let mut tables = Self {
            by_key: items.iter().map(|item| (item.key.clone(), item.id)).collect(),
            items: items.into_iter().map(|item| (item.id, item)).collect(),
            kpis: kpis.into_iter().map(|kpi| (kpi.id, kpi)).collect(),
            identities: identities.into_iter().map(|one| (one.subject, one.person_id)).collect(),
            assignments: role_assignment::Entity::find().all(db).await.expect("assignments"),
            stored: vec![],
            versions: changes.into_iter().map(|row| ((row.value_id, row.version), row)).collect(),
            current: current.into_iter().map(|row| (row.id, row)).collect(),
            events,
            touches: kpi_touch::Entity::find().all(db).await.expect("touches").len(),
            sums: sums(db).await,
            end: DateTime::<Utc>::MIN_UTC,
            last_turn: 0,
        };
        let of_mark =
            |value: &kpi_value::Model| tables.kpis[&value.kpi_id].key == mark && value.item_id == tables.by_key[marked];
        let value = tables.current.values().find(|value| of_mark(value)).expect("the mark").id;
        let at = |points: i64| {
            let mut rows = tables.versions.values().filter(|row| row.value_id == value);
            let row = rows.find(|row| row.value == Some(points * 10_i64.pow(POINTS))).expect("a value of the mark");
            (row.turn, row.as_of)
        };
        let (first, (last, end)) = (at(from).0, at(to));
        tables.stored = tables.between(first, last, mark);
        (tables.last_turn, tables.end) = (last, end);
        tables
    }

    fn between(&self, first: i64, last: i64, mark: &str) -> Vec<Stored> {
        let of = |event: &outbox_event::Model| {
            let row = self.versions.get(&(event.target_id, event.version))?.clone();
            let value = &self.current[&event.target_id];
            let is_within = row.turn > first && row.turn <= last && self.kpis[&value.kpi_id].key != mark;
            is_within.then_some(Stored { value_id: value.id, scope: value.item_id, kpi: value.kpi_id, row })
        };
        self.events.iter().filter_map(of).collect()
    }

    /// The instant of the last turn, as the API writes it.
    pub fn end(&self) -> String {
        self.end.to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// Figures that the storm stored.
    pub fn changes(&self) -> usize {
        self.stored.len()
    }

    /// Turns in which it did.
    pub fn turns(&self) -> usize {
        self.stored.iter().map(|stored| stored.row.turn).collect::<BTreeSet<_>>().len()
    }

    /// Whoever has that subject, and no other role than this.
    pub fn eyes(&self, subject: &str, role: Role) -> Eyes {
        let person = self.identities.get(subject).copied();
        let mine: Vec<_> = self.assignments.iter().filter(|one| Some(one.person_id) == person).collect();
        assert!(mine.iter().all(|one| one.role == role.as_str()), "{subject} has another role");
        Eyes { role, person, assigned: mine.iter().filter_map(|one| one.item_id).collect() }
    }

    /// Servers derived one after another: each figure once a turn and once a cause, a turn at one instant, and what is
    /// there now is what was stored last.
    pub fn derived_once(&self) {
        assert_eq!(self.touches, 0, "nothing is left to derive");
        let mut instants: BTreeMap<i64, DateTime<Utc>> = BTreeMap::new();
        for ((value, version), row) in &self.versions {
            let before = self.versions.get(&(*value, version - 1));
            assert_eq!(before.is_some(), *version > 1, "no version is left out");
            assert!(before.is_none_or(|before| before.turn < row.turn), "one version a turn");
            let seen = |row: &kpi_change::Model| {
                (row.value, row.unit.clone(), row.status.clone(), row.target, row.null_reason.clone())
            };
            assert_eq!(row.is_changed, before.is_none_or(|before| seen(before) != seen(row)), "{row:?}");
            assert_eq!(*instants.entry(row.turn).or_insert(row.as_of), row.as_of, "one turn at a time");
            if !self.versions.contains_key(&(*value, version + 1)) {
                assert_eq!((self.current[value].version, self.current[value].value), (*version, row.value));
            }
        }
        let (mut told, mut causes) = (BTreeSet::new(), BTreeSet::new());
        for event in &self.events {
            assert!(event.position.is_some(), "an event without a position");
            assert!(told.insert((event.target_id, event.version)), "one event a version");
            assert!(causes.insert((event.target_id, &event.request_id)), "one version a cause: {event:?}");
        }
        for stored in &self.stored {
            assert!(told.contains(&(stored.value_id, stored.row.version)), "an event of each version");
        }
    }

    /// What she should be told, a line an event, of these KPIs or of all.
    pub fn due(&self, eyes: &Eyes, kpis: Option<&[&str]>) -> Vec<String> {
        let (mut lines, mut members) = (vec![], HashMap::new());
        for stored in &self.stored {
            let kpi = &self.kpis[&stored.kpi];
            let item = &self.items[&stored.scope];
            if kpis.is_some_and(|kpis| !kpis.contains(&kpi.key.as_str())) || !self.sees(eyes, item) {
                continue;
            }
            let before = self.versions.get(&(stored.value_id, stored.row.version - 1));
            let reaches = || kpi.classes.split(',').map(|class| reach(eyes.role, class));
            let line = if reaches().any(|reach| reach == Reach::None) {
                None
            } else if reaches().all(|reach| reach == Reach::All) {
                let part = |row: &kpi_change::Model| (row.value.map(i128::from), row.status.clone());
                stored.row.is_changed.then(|| (part(&stored.row), before.map(part)))
            } else {
                // Before its first value it was what her own rows gave until then.
                let turn = before.map_or(stored.row.turn - 1, |before| before.turn);
                let members = members.entry((item.id, kpi.id)).or_insert_with(|| self.members(eyes, &kpi.key, item.id));
                let [now, before] = [stored.row.turn, turn].map(|turn| self.figure(&kpi.key, members, turn));
                let part = |figure: Result<i128, &str>| (figure.ok(), status(&kpi.key, figure));
                (now != before).then(|| (part(now), Some(part(before))))
            };
            if let Some(((value, color), before)) = line {
                let text = |value: Option<i128>| value.map_or("-".to_owned(), |value| decimal(value, digits(kpi)));
                let color = color.unwrap_or("-".to_owned());
                let (was, had) = before.unwrap_or_default();
                let (value, was, had) = (text(value), text(was), had.unwrap_or("-".to_owned()));
                lines.push(format!("{} {} {value} {color} after {was} {had}", item.key, kpi.key));
            }
        }
        lines
    }

    /// A figure over the rows that count for her, at the end of the storm.
    pub fn figure_text(&self, eyes: &Eyes, kpi: &str, scope: &str) -> Option<String> {
        let of = self.kpis.values().find(|of| of.key == kpi).expect("a KPI");
        let figure = self.figure(kpi, &self.members(eyes, kpi, self.by_key[scope]), self.last_turn);
        figure.ok().map(|value| decimal(value, digits(of)))
    }

    /// The projects that count for her in a KPI of an item.
    fn members(&self, eyes: &Eyes, kpi: &str, scope: Uuid) -> Vec<Uuid> {
        let classes: &[&str] = match kpi {
            "EV_AC" => &["FIN"],
            "SCORE" => &["WORK"],
            "POINT_COST" => &["FIN", "WORK"],
            other => panic!("{other} is no KPI of the storm"),
        };
        let counts = |item: &&portfolio_item::Model| {
            item.kind == "PROJECT"
                && self.upward(item).any(|above| above.id == scope)
                && self.sees(eyes, item)
                && classes.iter().all(|class| self.reads(eyes, class, item))
        };
        self.items.values().filter(counts).map(|item| item.id).collect()
    }

    /// A KPI over some projects with what was known at a turn; or why there is none.
    fn figure(&self, kpi: &str, items: &[Uuid], turn: i64) -> Result<i128, &'static str> {
        if items.is_empty() {
            return Err("nothing counts");
        }
        let sum = |items: &[Uuid], measure: &str| items.iter().filter_map(|item| self.sum(*item, measure, turn)).sum();
        if kpi == "EV_AC" {
            return Ok(sum(items, "AC"));
        }
        let items: Vec<Uuid> = items.iter().copied().filter(|item| self.sum(*item, "SCORE", turn).is_some()).collect();
        if items.is_empty() {
            return Err("no score");
        }
        let score: i128 = sum(&items, "SCORE");
        Ok(if kpi == "SCORE" { score } else { divided(sum(&items, "AC") * 10_i128.pow(14), score) })
    }

    fn sum(&self, item: Uuid, measure: &str, turn: i64) -> Option<i128> {
        let sums = self.sums.get(&(item, measure.to_owned()))?;
        let count = sums.partition_point(|(at, _)| *at <= turn);
        Some(sums[count.checked_sub(1)?].1)
    }

    /// An item and what stands above it.
    fn upward<'t>(&'t self, item: &'t portfolio_item::Model) -> impl Iterator<Item = &'t portfolio_item::Model> {
        std::iter::successors(Some(item), |item| item.parent_id.map(|id| &self.items[&id]))
    }

    /// Whether the item is there for her: no confidential one stands here or above that does not name her, and her role
    /// reads names and states.
    fn sees(&self, eyes: &Eyes, item: &portfolio_item::Model) -> bool {
        let names = |item: &portfolio_item::Model| {
            [item.owner_id, item.sponsor_id, item.project_manager_id].into_iter().any(|id| eyes.is_me(id))
                || eyes.assigned.contains(&item.id)
        };
        let is_active = eyes.role == Role::Sponsor && item.state == "ACTIVE";
        self.upward(item).all(|item| item.confidentiality != "CONFIDENTIAL" || names(item))
            && (is_active || self.reads(eyes, "BASIC", item))
    }

    fn reads(&self, eyes: &Eyes, class: &str, item: &portfolio_item::Model) -> bool {
        match reach(eyes.role, class) {
            Reach::All => true,
            Reach::None => false,
            Reach::Some => match eyes.role {
                Role::ProjectManager => eyes.is_me(item.project_manager_id),
                Role::Sponsor => self.upward(item).any(|item| eyes.is_me(item.sponsor_id)),
                _ => self.upward(item).any(|item| {
                    eyes.assigned.contains(&item.id) || (item.kind == "PORTFOLIO" && eyes.is_me(item.owner_id))
                }),
            },
        }
    }
}

/// Money and scores of items, turn by turn.
async fn sums(db: &DatabaseConnection) -> Sums {
    let measures = measure_delta::Column::Measure.is_in(["AC", "SCORE"]);
    let deltas = measure_delta::Entity::find().filter(measures).order_by_asc(measure_delta::Column::Turn);
    let mut sums = Sums::new();
    for delta in deltas.all(db).await.expect("amounts") {
        assert!(delta.effective_on <= as_of(), "all of it is of the past: {delta:?}");
        let turn = delta.turn.unwrap_or_else(|| panic!("in no turn: {delta:?}"));
        let sums = sums.entry((delta.item_id, delta.measure)).or_default();
        let sum = sums.last().map_or(0, |(_, sum)| *sum) + i128::from(delta.amount);
        sums.push((turn, sum));
    }
    sums
}

/// The color of a figure by the bounds that were set; only scores have any.
fn status(kpi: &str, figure: Result<i128, &str>) -> Option<String> {
    let points = figure.ok().filter(|_| kpi == "SCORE")?;
    let one = 10_i128.pow(POINTS);
    let color = match points {
        points if points >= 10 * one => "GREEN",
        points if points >= 5 * one => "AMBER",
        _ => "RED",
    };
    Some(color.to_owned())
}

fn digits(kpi: &kpi_definition::Model) -> u32 {
    if kpi.unit == "MONEY" { 4 } else { POINTS }
}

/// A quotient of positive numbers, rounded half to even.
fn divided(above: i128, below: i128) -> i128 {
    let (whole, twice) = (above / below, above % below * 2);
    whole + i128::from(twice > below || (twice == below && whole % 2 == 1))
}

/// A number as the API writes it.
fn decimal(value: i128, digits: u32) -> String {
    let (sign, size) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
    let one = 10_u128.pow(digits);
    let text = format!("{sign}{}.{:0width$}", size / one, size % one, width = digits as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
