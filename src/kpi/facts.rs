//! What figures of some items are made of: who is below them, which of those the caller reads in which class, and the
//! amounts of their measures. A handful of statements, however many items are asked about.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    kept::Kept,
    money::{Rates, Wanted},
    versions::known,
};
use crate::{
    auth::Class,
    error::Error,
    graph::{Cell, ColumnType, DbValue, ListType, Param, Row, Session, Sql, date_of, decl::Model},
};

/// Whose rows a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// All, for who reads its classes everywhere. What is confidential below an item stays in figures of its own.
    AllRows,
    /// Those that the caller may read.
    CallerRows,
}

impl Basis {
    /// As the schema names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AllRows => "ALL_ROWS",
            Self::CallerRows => "CALLER_ROWS",
        }
    }
}

/// A turn of deriving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Its number.
    pub number: i64,
    /// When it was.
    pub at: DateTime<Utc>,
}

/// What is asked of the ledger.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Measures whose sums are needed.
    pub sums: BTreeSet<String>,
    /// Measures whose dated amounts are needed.
    pub curves: BTreeSet<String>,
    /// The last day that sums reach to.
    pub until: NaiveDate,
    /// Whether sums are needed for days before it, too.
    pub is_series: bool,
    /// What is not known yet at this instant does not count; none for now.
    pub known_at: Option<DateTime<Utc>>,
    /// Only amounts of this turn of deriving and of earlier ones, with the tree and the rates of then; none for all.
    pub turn: Option<Turn>,
    /// The currency of all sums; each scope's own if none is given.
    pub currency: Option<String>,
}

/// An item that is asked about.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The item.
    pub id: Uuid,
    /// Its base currency, in which its money is summed.
    pub currency: String,
    /// Items above it, the nearest first, itself before them.
    pub above: Vec<Uuid>,
    /// Items below it and itself.
    pub items: Vec<Uuid>,
    /// Items of those that are confidential below it.
    pub apart: BTreeSet<Uuid>,
}

/// An item that counts.
#[derive(Debug, Clone)]
pub struct Member {
    /// `PORTFOLIO`, `PROGRAM` or `PROJECT`.
    pub kind: String,
    /// Its category.
    pub category: Option<String>,
    /// The rate set that it names.
    pub rate_set: Option<Uuid>,
    is_confidential: bool,
    /// Classes that the caller reads on it, by bit.
    reads: u16,
}

impl Member {
    /// Whether the caller reads a class on it.
    pub fn reads(&self, class: Class) -> bool {
        self.reads & (1 << class as u16) != 0
    }
}

/// An amount of a measure of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// The day; none where only the sum was asked for.
    pub on: Option<NaiveDate>,
    /// Its currency.
    pub currency: Option<String>,
    /// The amount, in the measure's unit.
    pub amount: i128,
}

impl Amount {
    /// Whether it is money of another currency.
    fn is_foreign(&self, currency: &str) -> bool {
        self.currency.as_deref().is_some_and(|own| own != currency)
    }
}

/// Amounts of an item by measure, by day and currency within one.
pub type Amounts = BTreeMap<String, Vec<Amount>>;

/// A sum of amounts as two columns, of billions and of the rest: neither of them can grow beyond 64 bits.
pub const SUM: &str = "CAST(SUM(amount / 1000000000) AS bigint), CAST(SUM(amount % 1000000000) AS bigint)";

/// The sum that stands in these two columns.
pub fn sum_at(row: &Row, at: usize) -> i128 {
    i128::from(row.int(at)) * 1_000_000_000 + i128::from(row.int(at + 1))
}

/// What figures are made of.
pub struct Facts {
    /// The items asked about that the caller sees.
    pub scopes: Vec<Scope>,
    /// The items that count in them.
    pub members: HashMap<Uuid, Member>,
    /// Amounts by item and measure.
    pub amounts: HashMap<Uuid, Arc<Amounts>>,
    /// Exchange rates.
    pub rates: Rates,
}

impl Facts {
    /// Reads what figures of these items are made of; amounts that are kept from turns before are not read again.
    pub async fn read(
        session: &mut Session<'_>,
        model: &'static Model,
        scopes: &[Uuid],
        wish: &Wish,
        mut kept: Option<&mut Kept>,
    ) -> Result<Self, Error> {
        let known_at = wish.known_at.or(wish.turn.map(|turn| turn.at));
        let (mut scopes, members) = population(session, model, scopes, known_at).await?;
        if let Some(currency) = &wish.currency {
            for scope in &mut scopes {
                scope.currency.clone_from(currency);
            }
        }
        let mut facts = Self { scopes, members, amounts: HashMap::new(), rates: Rates::default() };
        if let Some(kept) = &mut kept {
            kept.expect(wish);
            let known = |item: &Uuid| Some((*item, kept.get(item)?));
            facts.amounts = facts.members.keys().filter_map(known).collect();
        }
        let items: Arc<[Uuid]> =
            facts.members.keys().filter(|item| !facts.amounts.contains_key(item)).copied().collect();
        let mut fresh: BTreeSet<Uuid> = items.iter().copied().collect();
        let dated: BTreeSet<&String> =
            if wish.is_series { wish.sums.union(&wish.curves).collect() } else { wish.curves.iter().collect() };
        let summed: BTreeSet<&String> = wish.sums.iter().filter(|measure| !dated.contains(measure)).collect();
        facts.amounts(session, &items, &summed, wish, false, kept.as_deref()).await?;
        facts.amounts(session, &items, &dated, wish, true, kept.as_deref()).await?;
        let foreign = facts.foreign();
        if !foreign.is_empty() {
            // What is in another currency is converted at the rate of its day, so its days are needed.
            let items: BTreeSet<Uuid> = foreign.iter().map(|(item, _)| *item).collect();
            let items: Arc<[Uuid]> = items.into_iter().collect();
            let measures: BTreeSet<&String> =
                summed.iter().copied().filter(|m| foreign.iter().any(|(_, of)| of == *m)).collect();
            facts.undated(&measures, &items);
            facts.amounts(session, &items, &measures, wish, true, kept.as_deref()).await?;
            fresh.extend(items.iter());
        }
        facts.rates = Rates::read(session, &facts.wanted(), known_at).await?;
        if let Some(kept) = kept {
            for item in fresh {
                kept.keep(item, facts.amounts.entry(item).or_default().clone());
            }
        }
        Ok(facts)
    }

    /// Adds the amounts of these measures of these items.
    async fn amounts(
        &mut self,
        session: &mut Session<'_>,
        items: &Arc<[Uuid]>,
        measures: &BTreeSet<&String>,
        wish: &Wish,
        is_dated: bool,
        kept: Option<&Kept>,
    ) -> Result<(), Error> {
        if measures.is_empty() || items.is_empty() {
            return Ok(());
        }
        let mut sql = session.sql();
        let day = if is_dated { ", effective_on" } else { "" };
        sql.push("SELECT item_id, measure, currency, ").push(SUM).push(day);
        sql.push(" FROM measure_delta WHERE item_id").is_any(ListType::Id, Param::Keys);
        let names = measures.iter().map(|measure| DbValue::Text((*measure).clone())).collect();
        sql.push(" AND measure").is_any(ListType::Text, Param::Const(DbValue::List(ListType::Text, names)));
        if !is_dated {
            sql.push(" AND effective_on <= ").param(Param::Const(DbValue::Date(wish.until)));
        }
        if let Some(known_at) = wish.known_at {
            sql.push(" AND recorded_at <= ").param(Param::Const(DbValue::Instant(known_at)));
        }
        if let Some(turn) = wish.turn {
            sql.push(" AND turn <= ").param(Param::Const(DbValue::Int(turn.number)));
        }
        if let Some(kept) = kept {
            sql.push(" AND turn < ").param(Param::Const(DbValue::Int(kept.turn())));
        }
        sql.push(" GROUP BY item_id, measure, currency").push(day);
        let mut read: HashMap<Uuid, Amounts> = HashMap::new();
        let take = |row: Row| {
            let (Cell::Id(item), Cell::Text(measure)) = (row.at(0, ColumnType::Id), row.at(1, ColumnType::Text)) else {
                return;
            };
            let of = read.entry(Uuid::from_bytes(item)).or_default();
            // The name of a measure is copied once for an item, not for each amount.
            if !of.contains_key(measure) {
                of.insert(measure.to_owned(), vec![]);
            }
            let Some(of) = of.get_mut(measure) else { return };
            let on = if is_dated { date_of(row.at(5, ColumnType::Date)) } else { None };
            of.push(Amount { on, currency: text(&row, 2), amount: sum_at(&row, 3) });
        };
        session.each(&sql.finish(), items, take).await?;
        for amounts in read.values_mut().flat_map(BTreeMap::values_mut) {
            amounts.sort_unstable_by(|a, b| (a.on, &a.currency).cmp(&(b.on, &b.currency)));
        }
        if let Some(kept) = kept {
            for item in items.iter() {
                kept.complete(item, read.entry(*item).or_default(), measures, is_dated, wish.until);
            }
        }
        for (item, of) in read {
            Arc::make_mut(self.amounts.entry(item).or_default()).extend(of);
        }
        Ok(())
    }

    /// Items and measures with amounts in another currency than that of a scope that they count in, whose days are not
    /// known.
    fn foreign(&self) -> BTreeSet<(Uuid, String)> {
        let mut found = BTreeSet::new();
        for scope in &self.scopes {
            for (item, measure, amounts) in self.of_scope(scope) {
                // Either all amounts of a measure have their days or none has.
                let is_undated = amounts.first().is_some_and(|amount| amount.on.is_none());
                if is_undated && amounts.iter().any(|amount| amount.is_foreign(&scope.currency)) {
                    found.insert((item, measure.to_owned()));
                }
            }
        }
        found
    }

    /// The rates that conversions ask for.
    fn wanted(&self) -> Vec<Wanted> {
        let mut wanted = BTreeSet::new();
        for scope in &self.scopes {
            let amounts = self.of_scope(scope).flat_map(|(_, _, amounts)| amounts);
            let foreign = amounts.filter(|amount| amount.is_foreign(&scope.currency));
            let from: BTreeSet<&String> = foreign.filter_map(|amount| amount.currency.as_ref()).collect();
            let of =
                |from: &String| Wanted { set: self.rate_set(scope), from: from.clone(), to: scope.currency.clone() };
            wanted.extend(from.into_iter().map(of));
        }
        wanted.into_iter().collect()
    }

    /// The amounts that may count in a scope, by item and measure.
    fn of_scope<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = (Uuid, &'a str, &'a [Amount])> {
        let items = scope.items.iter().filter_map(|item| Some((*item, self.amounts.get(item)?)));
        items.flat_map(|(item, of)| {
            of.iter().map(move |(measure, amounts)| (item, measure.as_str(), amounts.as_slice()))
        })
    }

    /// The rate set of a scope: its own, or that of the nearest item above that names one; none for the default set.
    pub fn rate_set(&self, scope: &Scope) -> Option<Uuid> {
        scope.above.iter().find_map(|item| self.members.get(item).and_then(|member| member.rate_set))
    }

    /// Drops sums that are read again by their days.
    fn undated(&mut self, measures: &BTreeSet<&String>, items: &[Uuid]) {
        for item in items {
            if let Some(of) = self.amounts.get_mut(item) {
                let of = Arc::make_mut(of);
                for measure in measures {
                    of.remove(*measure);
                }
            }
        }
    }

    /// The scope of an item.
    pub fn scope(&self, id: Uuid) -> Option<&Scope> {
        self.scopes.iter().find(|scope| scope.id == id)
    }
}

/// Who stands below the scopes, as far as the caller sees it, and what she reads there. Items above scopes come along
/// without counting: they may name the rate set.
async fn population(
    session: &mut Session<'_>,
    model: &'static Model,
    scopes: &[Uuid],
    known_at: Option<DateTime<Utc>>,
) -> Result<(Vec<Scope>, HashMap<Uuid, Member>), Error> {
    let item = model.entity("PortfolioItem");
    let rights = session.caller.rights.clone();
    let keys: Arc<[Uuid]> = scopes.into();
    let mut sql = session.sql();
    sql.push("SELECT a.ancestor_id, t0.id, t0.kind, ");
    for column in ["category", "base_currency", "fx_rate_set_id"] {
        as_known(&mut sql, column, known_at).push(", ");
    }
    sql.push("CASE WHEN t0.confidentiality = 'CONFIDENTIAL' THEN 1 ELSE 0 END");
    for class in Class::ALL {
        sql.push(", ");
        let of = rights.read_of_items(class);
        if of.is_all() {
            sql.push("1");
        } else if of.is_empty() {
            sql.push("0");
        } else {
            sql.push("CASE WHEN ");
            if !sql.scopes(0, item.rows, of) {
                sql.push("TRUE");
            }
            sql.push(" THEN 1 ELSE 0 END");
        }
    }
    sql.push(" FROM ");
    ancestors(&mut sql, known_at).push(" a JOIN portfolio_item t0 ON t0.id = a.item_id");
    with_known(&mut sql, known_at).push(" WHERE a.ancestor_id").is_any(ListType::Id, Param::Keys);
    sql.visible(0, item, rights.read(item.class), " AND ");
    let mut found: BTreeMap<Uuid, Scope> = BTreeMap::new();
    let mut below: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    let mut members = HashMap::new();
    for row in session.all(&sql.finish(), &keys).await? {
        let (Some(scope), Some(id)) = (uuid(&row, 0), uuid(&row, 1)) else { continue };
        below.entry(scope).or_default().push(id);
        if scope == id {
            let currency = text(&row, 4).unwrap_or_default();
            found.insert(id, Scope { id, currency, above: vec![], items: vec![], apart: BTreeSet::new() });
        }
        let bit = |(at, class): (usize, Class)| if row.int(7 + at) == 1 { 1 << class as u16 } else { 0 };
        members.entry(id).or_insert_with(|| Member {
            kind: text(&row, 2).unwrap_or_default(),
            category: text(&row, 3),
            rate_set: uuid(&row, 5),
            is_confidential: row.int(6) == 1,
            reads: Class::ALL.into_iter().enumerate().map(bit).fold(0, |all, bit| all | bit),
        });
    }
    above(session, &mut found, &mut members, &keys, known_at).await?;
    let apart = apart(session, &members, known_at).await?;
    let mut out = vec![];
    for id in scopes {
        // An item that is asked for twice is answered twice, from one.
        let (Some(scope), Some(items)) = (found.get(id), below.get(id)) else { continue };
        let mut scope = scope.clone();
        // What is confidential above the scope is no difference to what is in it.
        let is_above = |item: &Uuid| scope.above.contains(item);
        let is_apart = |item: &Uuid| apart.get(item).is_some_and(|of| of.iter().any(|item| !is_above(item)));
        let apart = items.iter().copied().filter(is_apart).collect();
        scope.apart = apart;
        // In one order, whatever the database's: of several reasons for which there is no figure the first is told.
        scope.items.clone_from(items);
        scope.items.sort_unstable();
        if !out.iter().any(|known: &Scope| known.id == *id) {
            out.push(scope);
        }
    }
    Ok((out, members))
}

/// Appends a column of `t0` as it was known at an instant.
fn as_known<'s>(sql: &'s mut Sql, column: &str, known_at: Option<DateTime<Utc>>) -> &'s mut Sql {
    match known_at {
        None => sql.push("t0.").push(column),
        // What was written before versions were kept is as it is now.
        Some(_) => sql.push("CASE WHEN k.id IS NULL THEN t0.").push(column).push(" ELSE k.").push(column).push(" END"),
    }
}

/// Joins what was known of `t0` at an instant.
fn with_known(sql: &mut Sql, known_at: Option<DateTime<Utc>>) -> &mut Sql {
    if known_at.is_none() {
        return sql;
    }
    sql.push(" LEFT JOIN ");
    known(sql, "portfolio_item", known_at).push(" k ON k.id = t0.id")
}

/// Appends the pairs of items with those above them and their distance, as they stand or stood at an instant.
fn ancestors(sql: &mut Sql, known_at: Option<DateTime<Utc>>) -> &mut Sql {
    let Some(known_at) = known_at else { return sql.push("item_ancestor") };
    let at = || Param::Const(DbValue::Instant(known_at));
    let then = |sql: &mut Sql, alias: &str| {
        sql.push(alias).push(".since_at <= ").param(at()).push(" AND (").push(alias).push(".until_at IS NULL OR ");
        sql.push(alias).push(".until_at > ").param(at()).push(")");
    };
    // Of two above the one that has more above itself is nearer.
    sql.push("(SELECT s.item_id, s.ancestor_id, -(SELECT COUNT(*) FROM item_ancestor_span u WHERE u.item_id = s.ancestor_id AND ");
    then(sql, "u");
    sql.push(") AS depth FROM item_ancestor_span s WHERE ");
    then(sql, "s");
    sql.push(")")
}

/// Notes what stands above the scopes, whether the caller sees it or not: it names rate sets and bounds, never figures.
async fn above(
    session: &mut Session<'_>,
    scopes: &mut BTreeMap<Uuid, Scope>,
    members: &mut HashMap<Uuid, Member>,
    keys: &Arc<[Uuid]>,
    known_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let mut sql = session.sql();
    sql.push("SELECT a.item_id, a.ancestor_id, ");
    as_known(&mut sql, "fx_rate_set_id", known_at).push(" FROM ");
    ancestors(&mut sql, known_at).push(" a JOIN portfolio_item t0 ON t0.id = a.ancestor_id");
    with_known(&mut sql, known_at).push(" WHERE a.item_id").is_any(ListType::Id, Param::Keys);
    sql.push(" ORDER BY a.item_id, a.depth");
    for row in session.all(&sql.finish(), keys).await? {
        let (Some(item), Some(above)) = (uuid(&row, 0), uuid(&row, 1)) else { continue };
        if let Some(scope) = scopes.get_mut(&item) {
            scope.above.push(above);
            members.entry(above).or_insert_with(|| Member {
                kind: String::new(),
                category: None,
                rate_set: uuid(&row, 2),
                is_confidential: false,
                reads: 0,
            });
        }
    }
    Ok(())
}

/// The items that are confidential, or stand below one that is, with those that make them so.
async fn apart(
    session: &mut Session<'_>,
    members: &HashMap<Uuid, Member>,
    known_at: Option<DateTime<Utc>>,
) -> Result<HashMap<Uuid, Vec<Uuid>>, Error> {
    let mut found: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    // Below what she cannot see she sees nothing now; it may have been otherwise then.
    if known_at.is_none() && !members.values().any(|member| member.is_confidential) {
        return Ok(found);
    }
    let items: Arc<[Uuid]> = members.keys().copied().collect();
    let mut sql = session.sql();
    sql.push("SELECT a.item_id, a.ancestor_id FROM ");
    ancestors(&mut sql, known_at).push(" a JOIN portfolio_item t0 ON t0.id = a.ancestor_id");
    sql.push(" WHERE t0.confidentiality = 'CONFIDENTIAL' AND a.item_id").is_any(ListType::Id, Param::Keys);
    for row in session.all(&sql.finish(), &items).await? {
        if let (Some(item), Some(by)) = (uuid(&row, 0), uuid(&row, 1)) {
            found.entry(item).or_default().push(by);
        }
    }
    Ok(found)
}

fn uuid(row: &Row, at: usize) -> Option<Uuid> {
    match row.at(at, ColumnType::Id) {
        Cell::Id(id) => Some(Uuid::from_bytes(id)),
        _ => None,
    }
}

fn text(row: &Row, at: usize) -> Option<String> {
    match row.at(at, ColumnType::Text) {
        Cell::Text(text) => Some(text.to_owned()),
        _ => None,
    }
}
