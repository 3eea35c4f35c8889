//! Formulas over the items of a scope: inputs are summed over the items first, then the formula is applied. An item that
//! lacks an input is left out of every part of the formula, and counted; never is anything put in its place.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chrono::{Months, NaiveDate};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{
    Expr, Function, Operator,
    flows::{self, Flow, NoRate},
    periods::Plan,
};

/// Dated amounts of a measure.
pub type Curve = Vec<Flow>;

/// Why there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// No item has what the formula needs; this measure is the first that is missing.
    Input(String),
    /// No item at all.
    Nothing,
    /// A denominator is 0.
    Zero,
    /// No exchange rate from the one currency to the other.
    Rate(String, String),
    /// The formula has no meaning here, such as what is still to be earned with no budget left.
    Undefined,
    /// The flows never change their sign.
    NoSignChange,
    /// There are several rates of return.
    Several(Vec<Decimal>),
    /// Larger than any figure here may be.
    Range,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(measure) => write!(f, "MISSING_INPUT: {measure}"),
            Self::Nothing => f.write_str("NO_ITEMS"),
            Self::Zero => f.write_str("DENOMINATOR_ZERO"),
            Self::Rate(from, to) => write!(f, "MISSING_RATE: {from} to {to}"),
            Self::Undefined => f.write_str("NOT_DEFINED"),
            Self::NoSignChange => f.write_str("NO_SIGN_CHANGE"),
            Self::Several(rates) => {
                let rates: Vec<_> = rates.iter().map(|rate| rate.round_dp(9).normalize().to_string()).collect();
                write!(f, "SEVERAL_RATES: {}", rates.join(", "))
            }
            Self::Range => f.write_str("OUT_OF_RANGE"),
        }
    }
}

impl From<NoRate> for Missing {
    fn from(none: NoRate) -> Self {
        match none {
            NoRate::NoSignChange => Self::NoSignChange,
            NoRate::Several(rates) => Self::Several(rates),
        }
    }
}

/// What is known of one item.
#[derive(Debug, Clone, Default)]
pub struct Item {
    /// Its category, such as GROW.
    pub category: Option<String>,
    /// What its measures sum to; one that is not there is unknown.
    pub sums: BTreeMap<Cow<'static, str>, Result<Decimal, Missing>>,
    /// Dated amounts of those measures that are read by their dates; one that is not there has none.
    pub curves: BTreeMap<Cow<'static, str>, Result<Curve, Missing>>,
}

/// What a formula is applied to.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The day that the figure is about.
    pub at: NaiveDate,
    /// The items.
    pub items: &'a [&'a Item],
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Valued {
    /// The value, or why there is none.
    pub value: Result<Decimal, Missing>,
    /// What stands above the line, where the formula is a ratio; else the value.
    pub numerator: Option<Decimal>,
    /// What stands below the line, where the formula is a ratio.
    pub denominator: Option<Decimal>,
    /// For each item, why it is left out; none for those that count.
    pub left_out: Vec<Option<Missing>>,
}

impl Valued {
    /// How many items count.
    pub fn included(&self) -> usize {
        self.left_out.iter().filter(|missing| missing.is_none()).count()
    }
}

/// Applies a formula.
pub fn evaluate(expr: &Expr, scope: Scope<'_>) -> Valued {
    let needs = Needs::of(expr);
    let left_out: Vec<Option<Missing>> = scope.items.iter().map(|item| needs.lacks(item, scope.at)).collect();
    let counted: Vec<&Item> =
        scope.items.iter().zip(&left_out).filter(|(_, missing)| missing.is_none()).map(|(item, _)| *item).collect();
    let none = |missing| Valued { value: Err(missing), numerator: None, denominator: None, left_out: left_out.clone() };
    // A rate that is missing makes the whole figure unknown: its part of the sum may be the largest.
    if let Some(rate) = left_out.iter().flatten().find(|missing| matches!(missing, Missing::Rate(..))) {
        return none(rate.clone());
    }
    if counted.is_empty() {
        return none(left_out.iter().flatten().next().cloned().unwrap_or(Missing::Nothing));
    }
    let over = Over { at: scope.at, items: &counted };
    if let Expr::Binary(Operator::Divide, above, below) = expr {
        let (above, below) = (over.value(above), over.value(below));
        let value = above.clone().and_then(|above| divide(above, below.clone()?));
        return Valued { value, numerator: above.ok(), denominator: below.ok(), left_out };
    }
    let value = over.value(expr);
    Valued { numerator: value.clone().ok(), denominator: None, value, left_out }
}

/// What a formula asks of each item.
struct Needs<'e> {
    names: BTreeSet<&'e str>,
    curves: BTreeSet<&'e str>,
    /// Parts that are made for each item by itself.
    each: Vec<&'e Expr>,
}

impl<'e> Needs<'e> {
    fn of(expr: &'e Expr) -> Self {
        let mut each = vec![];
        expr.walk(&mut |part| {
            if let Expr::Call(Function::Each, arguments) = part {
                each.push(&arguments[0]);
            }
        });
        Self { names: expr.names(), curves: expr.curves(), each }
    }

    /// Why an item is left out: an input of it is unknown, or its own part of the formula has no value.
    fn lacks(&self, item: &Item, at: NaiveDate) -> Option<Missing> {
        for name in &self.names {
            match item.sums.get(*name) {
                None => return Some(Missing::Input((*name).to_owned())),
                Some(Err(missing)) => return Some(missing.clone()),
                Some(Ok(_)) => {}
            }
        }
        for name in &self.curves {
            if let Some(Err(missing)) = item.curves.get(*name) {
                return Some(missing.clone());
            }
        }
        let alone = Over { at, items: &[item] };
        self.each.iter().find_map(|part| alone.value(part).err())
    }
}

/// Items over which sums are made.
struct Over<'a> {
    at: NaiveDate,
    items: &'a [&'a Item],
}

type Figure = Result<Decimal, Missing>;

impl Over<'_> {
    fn value(&self, expr: &Expr) -> Figure {
        match expr {
            Expr::Number(number) => Ok(*number),
            Expr::Name(name) => self.sum(name),
            Expr::Negated(inner) => Ok(-self.value(inner)?),
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                match operator {
                    Operator::Add => left.checked_add(right).ok_or(Missing::Range),
                    Operator::Subtract => left.checked_sub(right).ok_or(Missing::Range),
                    Operator::Multiply => left.checked_mul(right).ok_or(Missing::Range),
                    Operator::Divide => divide(left, right),
                }
            }
            Expr::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn sum(&self, name: &str) -> Figure {
        let part = |item: &&Item| item.sums.get(name).cloned().unwrap_or_else(|| Err(Missing::Input(name.to_owned())));
        total(self.items.iter().map(part))
    }

    fn curve(&self, expr: &Expr) -> Result<Curve, Missing> {
        let Expr::Name(name) = expr else { return Err(Missing::Undefined) };
        let mut curve = vec![];
        for item in self.items {
            match item.curves.get(name.as_str()) {
                Some(Ok(part)) => curve.extend(part),
                Some(Err(missing)) => return Err(missing.clone()),
                None => {}
            }
        }
        Ok(curve)
    }

    fn call(&self, function: Function, arguments: &[Expr]) -> Figure {
        let value = |at: usize| self.value(&arguments[at]);
        let curve = |at: usize| self.curve(&arguments[at]);
        let plan = || Plan::of(&curve(0)?).ok_or(Missing::Undefined);
        match function {
            Function::Min | Function::Max => {
                let mut best = value(0)?;
                for at in 1..arguments.len() {
                    let next = value(at)?;
                    best = if function == Function::Min { best.min(next) } else { best.max(next) };
                }
                Ok(best)
            }
            Function::Abs => Ok(value(0)?.abs()),
            Function::Each => {
                let alone = |item| Over { at: self.at, items: std::slice::from_ref(item) }.value(&arguments[0]);
                total(self.items.iter().map(alone))
            }
            Function::InCategory => {
                let is_named = |category: &str| {
                    arguments[1..].iter().any(|argument| matches!(argument, Expr::Name(name) if name == category))
                };
                let items: Vec<&Item> =
                    self.items.iter().copied().filter(|item| item.category.as_deref().is_some_and(is_named)).collect();
                Over { at: self.at, items: &items }.value(&arguments[0])
            }
            Function::LastMonths => {
                let from = self.at.checked_sub_months(months(value(1)?)?).ok_or(Missing::Undefined)?;
                between(&curve(0)?, from, self.at)
            }
            Function::NextMonths => {
                let to = self.at.checked_add_months(months(value(1)?)?).ok_or(Missing::Undefined)?;
                between(&curve(0)?, self.at, to)
            }
            Function::Whole => total(curve(0)?.iter().map(|(_, amount)| Ok(*amount))),
            Function::Misses => misses(&curve(0)?, &curve(1)?, self.at),
            Function::AtLeast => {
                let (value, least) = (value(0)?, value(1)?);
                if value < least { Err(Missing::Undefined) } else { Ok(value) }
            }
            Function::EarnedSchedule => {
                let earned = up_to(&curve(1)?, self.at)?;
                Ok(plan()?.earned_schedule(earned))
            }
            Function::ActualTime => Ok(plan()?.actual_time(&curve(1)?, self.at)),
            Function::PlannedDuration => Ok(plan()?.duration()),
            Function::Npv => {
                let rate = value(1)?;
                flows::npv(&yearly(&curve(0)?), rate).ok_or(Missing::Undefined)
            }
            Function::NpvSince => {
                let (flows, others, rate) = (curve(0)?, curve(1)?, value(2)?);
                let first = flows::first(&flows).into_iter().chain(flows::first(&others)).min();
                flows::npv(&years_from(first, &flows), rate).ok_or(Missing::Undefined)
            }
            Function::Irr => {
                let years = yearly(&curve(0)?);
                Ok(flows::root(|rate| flows::npv(&years, rate))?)
            }
            Function::Xnpv => {
                let (days, rate) = (flows::by_day(&curve(0)?).ok_or(Missing::Range)?, value(1)?);
                flows::xnpv(&days, rate).ok_or(Missing::Undefined)
            }
            Function::Xirr => {
                let days = flows::by_day(&curve(0)?).ok_or(Missing::Range)?;
                Ok(flows::root(|rate| flows::xnpv(&days, rate))?)
            }
            Function::Payback => flows::payback(&yearly(&curve(0)?)).ok_or(Missing::Undefined),
        }
    }
}

/// Flows by years from the first of them on.
fn yearly(curve: &Curve) -> Vec<Decimal> {
    years_from(flows::first(curve), curve)
}

/// The same from a day on; none where there is no day to begin.
fn years_from(first: Option<NaiveDate>, curve: &Curve) -> Vec<Decimal> {
    first.map(|first| flows::by_year(curve, first)).unwrap_or_default()
}

fn divide(above: Decimal, below: Decimal) -> Figure {
    if below.is_zero() {
        return Err(Missing::Zero);
    }
    above.checked_div(below).ok_or(Missing::Range)
}

/// A number of months, at most a hundred years of them.
fn months(number: Decimal) -> Result<Months, Missing> {
    let months = number.to_u32().filter(|months| (1..=1_200).contains(months));
    months.map(Months::new).ok_or(Missing::Undefined)
}

/// What is dated after a day, and not after another.
fn between(curve: &Curve, after: NaiveDate, to: NaiveDate) -> Figure {
    total(curve.iter().filter(|(on, _)| *on > after && *on <= to).map(|(_, amount)| Ok(*amount)))
}

fn up_to(curve: &Curve, at: NaiveDate) -> Figure {
    total(curve.iter().filter(|(on, _)| *on <= at).map(|(_, amount)| Ok(*amount)))
}

/// The distances between two curves on their days, summed.
fn misses(left: &Curve, right: &Curve, at: NaiveDate) -> Figure {
    let mut apart: BTreeMap<NaiveDate, Decimal> = BTreeMap::new();
    let turned = right.iter().map(|(on, amount)| (*on, -*amount));
    for (on, amount) in left.iter().copied().chain(turned).filter(|(on, _)| *on <= at) {
        let sum = apart.entry(on).or_default();
        *sum = sum.checked_add(amount).ok_or(Missing::Range)?;
    }
    total(apart.into_values().map(|distance| Ok(distance.abs())))
}

/// The sum, or the first reason why there is none.
pub fn total(mut parts: impl Iterator<Item = Figure>) -> Figure {
    parts.try_fold(Decimal::ZERO, |sum, part| sum.checked_add(part?).ok_or(Missing::Range))
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::{super::parse, *};

    fn item(sums: &[(&str, Decimal)]) -> Item {
        let sums = sums.iter().map(|(name, value)| ((*name).to_owned().into(), Ok(*value))).collect();
        Item { sums, ..Item::default() }
    }

    fn valued(formula: &str, items: &[Item]) -> Valued {
        let at = NaiveDate::from_ymd_opt(2026, 6, 30).expect("a day");
        let items: Vec<&Item> = items.iter().collect();
        evaluate(&parse(formula).expect(formula), Scope { at, items: &items })
    }

    #[test]
    fn a_portfolio_has_the_ratio_of_sums_not_the_mean_of_ratios() {
        let items = [item(&[("EV", dec!(90)), ("AC", dec!(80))]), item(&[("EV", dec!(700)), ("AC", dec!(1000))])];
        let cpi = valued("EV / AC", &items);
        assert_eq!(cpi.value.map(|v| v.round_dp(4)), Ok(dec!(0.7315)));
        assert_eq!((cpi.numerator, cpi.denominator), (Some(dec!(790)), Some(dec!(1080))));
    }

    #[test]
    fn the_book_chapter_and_its_case_study() {
        let chapter =
            [item(&[("PV", dec!(250000)), ("EV", dec!(200000)), ("AC", dec!(290000)), ("BAC", dec!(500000))])];
        for (formula, expected) in [
            ("EV / PV", dec!(0.8)),
            ("EV / AC", dec!(0.689655)),
            ("each(AC + (BAC - EV) * AC / EV)", dec!(725000)),
            ("AC + BAC - EV", dec!(590000)),
            ("each(AC + (BAC - EV) / ((EV / AC) * (EV / PV)))", dec!(833750)),
            ("each(AC + (BAC - EV) * AC / EV) - AC", dec!(435000)),
            ("BAC - (AC + BAC - EV)", dec!(-90000)),
            ("(BAC - EV) / at_least(BAC - AC, 0)", dec!(1.428571)),
        ] {
            let value = valued(formula, &chapter).value.unwrap_or_else(|e| panic!("{formula}: {e}"));
            assert_eq!(value.round_dp(6), expected, "{formula}");
        }
    }

    #[test]
    fn an_item_without_an_input_is_left_out_of_every_part() {
        let items = [
            item(&[("EV", dec!(50)), ("AC", dec!(100)), ("BAC", dec!(200))]),
            item(&[("EV", dec!(0)), ("AC", dec!(10)), ("BAC", dec!(1000))]),
            item(&[("AC", dec!(10))]),
        ];
        // The second has no estimate at completion, so its budget does not count against the first's.
        let vac = valued("BAC - each(AC + (BAC - EV) * AC / EV)", &items);
        assert_eq!(vac.value, Ok(dec!(-200)));
        assert_eq!(vac.left_out, [None, Some(Missing::Zero), Some(Missing::Input("BAC".into()))]);
        assert_eq!(vac.included(), 1);
    }

    #[test]
    fn null_says_why() {
        let rate = Missing::Rate("USD".into(), "EUR".into());
        let mut foreign = item(&[("EV", dec!(1))]);
        foreign.sums.insert("AC".into(), Err(rate.clone()));
        assert_eq!(valued("EV / AC", &[foreign, item(&[("EV", dec!(1)), ("AC", dec!(1))])]).value, Err(rate));
        assert_eq!(valued("EV / AC", &[]).value, Err(Missing::Nothing));
        assert_eq!(valued("EV / AC", &[item(&[("EV", dec!(1)), ("AC", dec!(0))])]).value, Err(Missing::Zero));
        assert_eq!(valued("1 / at_least(EV, 2)", &[item(&[("EV", dec!(1))])]).value, Err(Missing::Undefined));
        assert_eq!(valued("EV", &[item(&[])]).value, Err(Missing::Input("EV".into())));
        let large = item(&[("EV", Decimal::MAX)]);
        assert_eq!(valued("EV * EV", &[large]).value, Err(Missing::Range));
    }

    #[test]
    fn categories_and_months_take_their_part() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a day");
        let spent = |category: &str, curve: Curve| Item {
            category: Some(category.to_owned()),
            sums: [("AC".into(), Ok(Decimal::ZERO))].into(),
            curves: [("AC".into(), Ok(curve))].into(),
        };
        let items = [
            spent("RUN", vec![(day(2025, 6, 30), dec!(7)), (day(2026, 6, 30), dec!(30))]),
            spent("GROW", vec![(day(2025, 7, 1), dec!(10)), (day(2026, 7, 1), dec!(99))]),
        ];
        let share = valued("in_category(last_months(AC, 12), GROW, TRANSFORM) / last_months(AC, 12)", &items);
        assert_eq!(share.value, Ok(dec!(0.25)));
        assert_eq!(valued("whole(AC)", &items).value, Ok(dec!(146)));
    }

    #[test]
    fn what_is_missed_is_missed_whatever_its_sign() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 6, d).expect("a day");
        let known = |name: &'static str| (name.into(), Ok(Decimal::ZERO));
        let of = |left: Curve, right: Curve| Item {
            category: None,
            sums: [known("A"), known("B")].into(),
            curves: [("A".into(), Ok(left)), ("B".into(), Ok(right))].into(),
        };
        // 2 too many on the first day, 3 too few on the second, 4 that nobody foresaw; July is to come.
        let left =
            vec![(day(1), dec!(5)), (day(1), dec!(7)), (day(3), dec!(4)), (day(30) + chrono::Days::new(1), dec!(99))];
        let right = vec![(day(1), dec!(10)), (day(2), dec!(3))];
        let items = [of(left, right), of(vec![(day(2), dec!(1))], vec![(day(1), dec!(2))])];
        assert_eq!(valued("each(misses(A, B))", &items).value, Ok(dec!(12)));
        // Over both together one makes up for the other.
        assert_eq!(valued("misses(A, B)", &items).value, Ok(dec!(6)));
    }
}
