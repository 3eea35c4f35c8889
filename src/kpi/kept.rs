//! What the deriver keeps of the ledger from one turn to the next: a turn adds to it what became known since, so that an
//! amount is read once, however many figures it counts in from then on.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use lru::LruCache;
use uuid::Uuid;

use super::facts::{Amount, Amounts, Wish};

/// Amounts that are kept at most; items that no figure asked for lately go first.
const MOST: usize = 250_000;

/// An amount of the ledger that belongs to the turn being made.
#[derive(Debug, Clone)]
pub struct New {
    /// The measure.
    pub measure: String,
    /// Its day.
    pub on: NaiveDate,
    /// Its currency.
    pub currency: Option<String>,
    /// The amount, in the measure's unit.
    pub amount: i64,
}

/// Amounts of items up to a turn.
pub struct Kept {
    turn: i64,
    asked: Option<Asked>,
    items: LruCache<Uuid, Arc<Amounts>>,
    size: usize,
    new: HashMap<Uuid, Vec<New>>,
}

/// What amounts were read for.
#[derive(PartialEq, Eq)]
struct Asked {
    sums: BTreeSet<String>,
    curves: BTreeSet<String>,
    until: NaiveDate,
}

impl Kept {
    /// At the beginning of a turn: what was kept after the one before, with what is new.
    pub fn begin(before: Option<Self>, turn: i64, new: HashMap<Uuid, Vec<New>>) -> Self {
        // Another process may have made turns since.
        let before = before.filter(|before| before.turn == turn - 1);
        let mut this = before.unwrap_or_else(|| Self {
            turn,
            asked: None,
            items: LruCache::unbounded(),
            size: 0,
            new: HashMap::new(),
        });
        (this.turn, this.new) = (turn, new);
        this.renew();
        this
    }

    /// Adds what is new to the items that are kept.
    fn renew(&mut self) {
        let Some(asked) = &self.asked else { return };
        for (item, new) in &self.new {
            let Some(amounts) = self.items.peek_mut(item) else { continue };
            let amounts = Arc::make_mut(amounts);
            self.size -= count(amounts);
            for new in new {
                // Amounts in another currency than their item's are kept with their days, too.
                let has_days = |of: &Vec<Amount>| of.iter().any(|amount| amount.on.is_some());
                let is_dated = asked.curves.contains(&new.measure) || amounts.get(&new.measure).is_some_and(has_days);
                if is_dated || asked.sums.contains(&new.measure) {
                    add(amounts, new, is_dated, asked.until);
                }
            }
            self.size += count(amounts);
        }
    }

    /// The turn that is being made: what the database knows of it and of later ones is not read.
    pub fn turn(&self) -> i64 {
        self.turn
    }

    /// Forgets everything where it was read for something else.
    pub fn expect(&mut self, wish: &Wish) {
        let asked = Asked { sums: wish.sums.clone(), curves: wish.curves.clone(), until: wish.until };
        if self.asked.as_ref() != Some(&asked) {
            self.items.clear();
            self.size = 0;
            self.asked = Some(asked);
        }
    }

    /// The amounts of an item, where they are kept.
    pub fn get(&mut self, item: &Uuid) -> Option<Arc<Amounts>> {
        self.items.get(item).cloned()
    }

    /// Adds what is new to amounts of these measures that were read without it.
    pub fn complete(
        &self,
        item: &Uuid,
        amounts: &mut Amounts,
        measures: &BTreeSet<&String>,
        is_dated: bool,
        until: NaiveDate,
    ) {
        for new in self.new.get(item).into_iter().flatten().filter(|new| measures.contains(&new.measure)) {
            add(amounts, new, is_dated, until);
        }
    }

    /// Keeps the amounts of an item.
    pub fn keep(&mut self, item: Uuid, amounts: Arc<Amounts>) {
        self.size += count(&amounts);
        if let Some((_, before)) = self.items.push(item, amounts) {
            self.size -= count(&before);
        }
        while self.size > MOST
            && let Some((_, gone)) = self.items.pop_lru()
        {
            self.size -= count(&gone);
        }
    }
}

fn count(amounts: &Amounts) -> usize {
    // An item without amounts takes its place as well.
    1 + amounts.values().map(Vec::len).sum::<usize>()
}

/// Adds an amount to those of an item. A sum that reaches to a day leaves later ones out.
fn add(amounts: &mut Amounts, new: &New, is_dated: bool, until: NaiveDate) {
    if !is_dated && new.on > until {
        return;
    }
    let on = is_dated.then_some(new.on);
    let of = amounts.entry(new.measure.clone()).or_default();
    let place = of.binary_search_by(|amount| (amount.on, &amount.currency).cmp(&(on, &new.currency)));
    match place {
        Ok(at) => of[at].amount += i128::from(new.amount),
        Err(at) => of.insert(at, Amount { on, currency: new.currency.clone(), amount: new.amount.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, day).expect("a day")
    }

    fn new(measure: &str, on: u32, currency: &str, amount: i64) -> New {
        New { measure: measure.to_owned(), on: day(on), currency: Some(currency.to_owned()), amount }
    }

    fn amount(on: Option<u32>, currency: &str, amount: i128) -> Amount {
        Amount { on: on.map(day), currency: Some(currency.to_owned()), amount }
    }

    fn wish(until: u32) -> Wish {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Wish { sums: names(&["AC", "PLAN"]), curves: names(&["FLOW"]), until: day(until), ..Wish::default() }
    }

    /// What is kept of one item after a turn in which it was read with these amounts.
    fn kept(item: Uuid, amounts: Amounts) -> Kept {
        let mut kept = Kept::begin(None, 7, HashMap::new());
        kept.expect(&wish(15));
        kept.keep(item, Arc::new(amounts));
        kept
    }

    #[test]
    fn a_turn_adds_what_is_new_as_it_would_be_read() {
        let (item, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let before = Amounts::from([
            ("AC".to_owned(), vec![amount(None, "EUR", 100)]),
            ("PLAN".to_owned(), vec![amount(Some(1), "EUR", 5), amount(Some(9), "USD", 6)]),
        ]);
        let brought = vec![
            new("AC", 15, "EUR", 20),
            new("AC", 16, "EUR", 1_000),
            new("AC", 2, "USD", 3),
            new("PLAN", 9, "USD", -6),
            new("PLAN", 20, "EUR", 8),
            new("FLOW", 30, "EUR", 4),
            new("UNASKED", 1, "EUR", 4),
        ];
        let news = HashMap::from([(item, brought), (other, vec![new("AC", 1, "EUR", 1)])]);
        let mut kept = Kept::begin(Some(kept(item, before)), 8, news);
        kept.expect(&wish(15));
        let expected = Amounts::from([
            // Later than the day that sums reach to is not in them; another currency stands by itself.
            ("AC".to_owned(), vec![amount(None, "EUR", 120), amount(None, "USD", 3)]),
            // Kept by days, it goes on by days, and what comes to nothing is still there.
            ("PLAN".to_owned(), vec![amount(Some(1), "EUR", 5), amount(Some(9), "USD", 0), amount(Some(20), "EUR", 8)]),
            ("FLOW".to_owned(), vec![amount(Some(30), "EUR", 4)]),
        ]);
        assert_eq!(kept.get(&item).as_deref(), Some(&expected));
        assert_eq!(kept.get(&other), None, "what was never read is not kept by halves");
        assert_eq!(kept.size, count(&expected));
    }

    #[test]
    fn nothing_is_kept_over_turns_of_others_or_for_another_question() {
        let item = Uuid::from_u128(1);
        let of = || Amounts::from([("AC".to_owned(), vec![amount(None, "EUR", 100)])]);
        assert_eq!(Kept::begin(Some(kept(item, of())), 9, HashMap::new()).get(&item), None);
        let mut next_day = Kept::begin(Some(kept(item, of())), 8, HashMap::new());
        next_day.expect(&wish(16));
        assert_eq!((next_day.get(&item), next_day.size), (None, 0));
    }

    #[test]
    fn no_more_is_kept_than_may_be() {
        let mut kept = kept(Uuid::nil(), Amounts::new());
        let many: Vec<Amount> = (0..1_000).map(|n| amount(Some(1), "EUR", n)).collect();
        for n in 1..=300 {
            kept.keep(Uuid::from_u128(n), Arc::new(Amounts::from([("FLOW".to_owned(), many.clone())])));
            assert!(kept.size <= MOST);
        }
        assert_eq!(kept.get(&Uuid::nil()), None);
        assert!(kept.get(&Uuid::from_u128(300)).is_some() && kept.items.len() == MOST / 1_001);
    }
}
