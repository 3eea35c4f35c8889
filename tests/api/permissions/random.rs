//! Conditions, orders and pages put together by chance, for callers of every role, against the same worked out in Rust.
//! The seed is fixed, so a failure comes again; the longer form asks more.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use entity::portfolio_item::Model as Item;
use foliograph::auth::Class;
use serde_json::json;

use super::{
    cast::{CAST, answered},
    expected::{Eyes, Row, Rows},
    scope::ids,
};
use crate::support::settings;

const SEED: u64 = 20_260_302;
const ROUNDS: usize = 600;
const ROUNDS_LONG: usize = 20_000;

tests! {
    async fn random_lists_are_those_worked_out_from_the_rows(world: &World) {
        let rows = Rows::load(world).await;
        let mut clients = vec![];
        for who in CAST {
            clients.push(who.client(world).await);
        }
        let mut chance = Chance(SEED);
        let rounds = if settings::is_long() { ROUNDS_LONG } else { ROUNDS };
        let (mut refused, mut partial, mut kinds) = (0, 0, BTreeMap::<usize, usize>::new());
        for round in 0..rounds {
            let at = chance.below(CAST.len());
            let (who, client) = (CAST[at], &clients[at]);
            let eyes = who.eyes(&rows);
            if eyes.read(Class::Basic).is_empty() {
                continue;
            }
            let condition = Condition::any(&mut chance, 3);
            let order = Order::any(&mut chance);
            let (size, backward) = (1 + chance.below(20), chance.below(2) == 1);
            let window = if backward { format!("last: {size}") } else { format!("first: {size}") };
            let document = format!(
                "{{ projects({window}, filter: {}, orderBy: {}) {{ nodes {{ id }} totalCount pageInfo {{ hasNextPage hasPreviousPage }} aggregate {{ count coverage {{ budget {{ included excludedNoAccess }} }} }} }} }}",
                condition.text(), order.text(),
            );
            let context = format!("round {round}: {document} for {who:?}");
            let reply = client.query(&document).await;
            let money = condition.names_budget() || order.names_budget();
            if money && eyes.read(Class::Fin).is_empty() {
                refused += 1;
                assert_eq!(reply.error_codes(), ["FILTER_FORBIDDEN"], "{context}");
                assert!(reply.json().get("data").is_none(), "{context}");
                continue;
            }
            let mut due: Vec<&Item> = eyes.visible("Project").into_iter().filter_map(|row| match row {
                Row::Item(item) => Some(item),
                _ => None,
            }).collect();
            if condition.names_budget() {
                partial += due.iter().filter(|i| !reads(&eyes, i)).count();
                due.retain(|i| reads(&eyes, i));
            }
            due.retain(|i| condition.holds(i) == Some(true));
            due.sort_by(|a, b| order.compare(&eyes, a, b));
            let total = due.len();
            let readable = due.iter().filter(|i| reads(&eyes, i)).count();
            let included = due.iter().filter(|i| reads(&eyes, i) && i.budget_amount.is_some()).count();
            let page = if backward { &due[total.saturating_sub(size)..] } else { &due[..size.min(total)] };
            let page: Vec<String> = page.iter().map(|i| Row::Item(i).wire_id()).collect();
            let (data, _) = answered(&reply, &context);
            let found = &data["projects"];
            assert_eq!(ids(&found["nodes"]), page, "{context}");
            assert_eq!(found["totalCount"], json!(total), "{context}");
            assert_eq!(found["aggregate"], json!({ "count": total, "coverage": { "budget": { "included": included, "excludedNoAccess": total - readable } } }), "{context}");
            let more = if backward { "hasPreviousPage" } else { "hasNextPage" };
            assert_eq!(found["pageInfo"][more], json!(total > size), "{context}");
            *kinds.entry(total).or_default() += 1;
        }
        assert!(refused > rounds / 30 && partial > rounds / 3, "{refused} refused, {partial} rows behind a budget");
        assert!(kinds.len() > 20, "the lists are too much alike: {kinds:?}");
        let seen: BTreeSet<usize> = kinds.keys().copied().collect();
        assert!(seen.contains(&0) && seen.last() > Some(&40), "{kinds:?}");
    }
}

fn reads(eyes: &Eyes<'_>, item: &Item) -> bool {
    eyes.reads(Class::Fin, Row::Item(item)).is_ok()
}

/// Numbers that look random: a linear congruential generator with Knuth's constants, its upper half only.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// A condition on a project, with SQL's third truth value for what has no value.
enum Condition {
    Text(&'static str, &'static str, &'static str),
    State(&'static str, Vec<&'static str>),
    Priority(&'static str, i32),
    Category(bool),
    Finish(&'static str, &'static str),
    BudgetIsNull(bool),
    Budget(&'static str, i64, &'static str),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    fn any(chance: &mut Chance, depth: usize) -> Self {
        let ordered = ["eq", "neq", "gt", "gte", "lt", "lte"];
        let states = ["PROPOSED", "APPROVED", "ACTIVE", "ON_HOLD", "CLOSING", "CLOSED", "CANCELLED"];
        match chance.below(if depth == 0 { 7 } else { 12 }) {
            0 => Self::Text(
                "name",
                chance.of(&["contains", "startsWith", "endsWith"]),
                chance.of(&["e", "S", "ERP", "a", "m", "al", "t"]),
            ),
            1 => {
                let count = chance.below(4);
                Self::State(chance.of(&["in", "nin"]), (0..count).map(|_| chance.of(&states)).collect())
            }
            2 => Self::Priority(chance.of(&ordered), chance.of(&[1, 2, 3, 4])),
            3 => Self::Category(chance.below(2) == 1),
            4 => {
                Self::Finish(chance.of(&ordered), chance.of(&["2025-12-31", "2026-06-30", "2027-01-15", "2026-03-02"]))
            }
            5 => Self::BudgetIsNull(chance.below(2) == 1),
            6 => Self::Budget(
                chance.of(&ordered),
                chance.of(&[100_000, 420_000, 1_000_000, 2_400_000]),
                chance.of(&["EUR", "CHF", "GBP", "USD"]),
            ),
            7 | 8 => Self::And(Self::some(chance, depth)),
            9 | 10 => Self::Or(Self::some(chance, depth)),
            _ => Self::Not(Box::new(Self::any(chance, depth - 1))),
        }
    }

    fn some(chance: &mut Chance, depth: usize) -> Vec<Self> {
        let count = chance.below(3);
        (0..=count).map(|_| Self::any(chance, depth - 1)).collect()
    }

    fn text(&self) -> String {
        let list = |all: &[Self]| all.iter().map(Self::text).collect::<Vec<_>>().join(", ");
        match self {
            Self::Text(field, op, value) => format!("{{{field}: {{{op}: \"{value}\"}}}}"),
            Self::State(op, values) => format!("{{state: {{{op}: [{}]}}}}", values.join(", ")),
            Self::Priority(op, value) => format!("{{priority: {{{op}: {value}}}}}"),
            Self::Category(null) => format!("{{category: {{isNull: {null}}}}}"),
            Self::Finish(op, value) => format!("{{forecastFinishOn: {{{op}: \"{value}\"}}}}"),
            Self::BudgetIsNull(null) => format!("{{budget: {{isNull: {null}}}}}"),
            Self::Budget(op, value, currency) => format!("{{budget: {{{op}: \"{value}\", currency: \"{currency}\"}}}}"),
            Self::And(all) => format!("{{and: [{}]}}", list(all)),
            Self::Or(all) => format!("{{or: [{}]}}", list(all)),
            Self::Not(one) => format!("{{not: {}}}", one.text()),
        }
    }

    fn names_budget(&self) -> bool {
        match self {
            Self::BudgetIsNull(_) | Self::Budget(..) => true,
            Self::And(all) | Self::Or(all) => all.iter().any(Self::names_budget),
            Self::Not(one) => one.names_budget(),
            Self::Text(..) | Self::State(..) | Self::Priority(..) | Self::Category(_) | Self::Finish(..) => false,
        }
    }

    /// Whether it holds; none where a value that it compares is not there.
    fn holds(&self, item: &Item) -> Option<bool> {
        match self {
            Self::Text(_, op, value) => Some(match *op {
                "contains" => item.name.contains(value),
                "startsWith" => item.name.starts_with(value),
                _ => item.name.ends_with(value),
            }),
            Self::State(op, values) => Some(values.contains(&item.state.as_str()) == (*op == "in")),
            Self::Priority(op, value) => item.priority.map(|p| compares(op, p.cmp(value))),
            Self::Category(null) => Some(item.category.is_none() == *null),
            Self::Finish(op, value) => {
                item.forecast_finish_on.map(|day| compares(op, day.cmp(&value.parse().expect("a date"))))
            }
            Self::BudgetIsNull(null) => Some(item.budget_amount.is_none() == *null),
            // An amount of another currency, or none, does not meet a comparison with this currency.
            Self::Budget(op, value, currency) => Some(
                item.base_currency == *currency
                    && item.budget_amount.is_some_and(|amount| compares(op, amount.cmp(&(value * 10_000)))),
            ),
            Self::And(all) => together(all, item, false),
            Self::Or(all) => together(all, item, true),
            Self::Not(one) => one.holds(item).map(|holds| !holds),
        }
    }
}

/// `decides` if one of them is that; nothing if one is not known; else the other.
fn together(all: &[Condition], item: &Item, decides: bool) -> Option<bool> {
    let parts: Vec<Option<bool>> = all.iter().map(|c| c.holds(item)).collect();
    if parts.contains(&Some(decides)) { Some(decides) } else { (!parts.contains(&None)).then_some(!decides) }
}

fn compares(op: &str, order: Ordering) -> bool {
    match op {
        "eq" => order.is_eq(),
        "neq" => order.is_ne(),
        "gt" => order.is_gt(),
        "gte" => order.is_ge(),
        "lt" => order.is_lt(),
        _ => order.is_le(),
    }
}

/// Up to three steps: field, descending, nulls first.
struct Order(Vec<(&'static str, bool, bool)>);

impl Order {
    fn any(chance: &mut Chance) -> Self {
        let fields = ["name", "priority", "forecastFinishOn", "category", "budget", "state"];
        let count = chance.below(4);
        Self((0..count).map(|_| (chance.of(&fields), chance.below(2) == 1, chance.below(2) == 1)).collect())
    }

    fn names_budget(&self) -> bool {
        self.0.iter().any(|(field, ..)| *field == "budget")
    }

    fn text(&self) -> String {
        let step = |(field, descending, first): &(&str, bool, bool)| {
            let (way, place) = (if *descending { "DESC" } else { "ASC" }, if *first { "FIRST" } else { "LAST" });
            format!("{{{field}: {{direction: {way}, nulls: {place}}}}}")
        };
        format!("[{}]", self.0.iter().map(step).collect::<Vec<_>>().join(", "))
    }

    fn compare(&self, eyes: &Eyes<'_>, a: &Item, b: &Item) -> Ordering {
        fn place<T: Ord>(a: Option<T>, b: Option<T>, descending: bool, first: bool) -> Ordering {
            match (a, b) {
                (Some(a), Some(b)) => {
                    if descending {
                        b.cmp(&a)
                    } else {
                        a.cmp(&b)
                    }
                }
                (None, None) => Ordering::Equal,
                (None, Some(_)) => {
                    if first {
                        Ordering::Less
                    } else {
                        Ordering::Greater
                    }
                }
                (Some(_), None) => {
                    if first {
                        Ordering::Greater
                    } else {
                        Ordering::Less
                    }
                }
            }
        }
        let money =
            |i: &Item| i.budget_amount.filter(|_| reads(eyes, i)).map(|amount| (i.base_currency.clone(), amount));
        for (field, descending, first) in &self.0 {
            let (d, f) = (*descending, *first);
            let by = match *field {
                "name" => place(Some(&a.name), Some(&b.name), d, f),
                "priority" => place(a.priority, b.priority, d, f),
                "forecastFinishOn" => place(a.forecast_finish_on, b.forecast_finish_on, d, f),
                "category" => place(a.category.as_ref(), b.category.as_ref(), d, f),
                "budget" => place(money(a), money(b), d, f),
                _ => place(Some(&a.state), Some(&b.state), d, f),
            };
            if by.is_ne() {
                return by;
            }
        }
        // The id decides last, in the direction of the last step.
        let last = self.0.last().is_some_and(|(_, descending, _)| *descending);
        if last { b.id.cmp(&a.id) } else { a.id.cmp(&b.id) }
    }
}
