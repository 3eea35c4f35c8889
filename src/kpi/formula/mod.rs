//! Formulas of KPIs: arithmetic over measures that were summed over a scope first. What is asked twice stands once: the
//! standard catalogue and the KPIs of users are written in this one language.
//!
//! A name means its sum over the scope's items. `each(x)` is x for every item by itself, summed: an estimate that is
//! made project by project. Nothing here is an average of ratios, and no word of the language makes one.

mod eval;
pub mod flows;
mod parse;
pub mod periods;

use std::collections::BTreeSet;

pub use eval::{Curve, Item, Missing, Scope, Valued, evaluate, total};
pub use parse::{Fault, LONGEST, parse};
use rust_decimal::Decimal;

/// A formula that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A number.
    Number(Decimal),
    /// A measure or another KPI.
    Name(String),
    /// The other sign.
    Negated(Box<Expr>),
    /// Two joined by an operator.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// A function.
    Call(Function, Vec<Expr>),
}

/// What a formula is a number of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Degree {
    /// In how many amounts it grows: 1 for a sum of money, 0 for a ratio.
    pub amounts: i32,
    /// Whether it divides by a measure.
    pub divides: bool,
    /// Whether a measure is in it.
    pub named: bool,
}

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// The smallest of its arguments.
    Min,
    /// The largest.
    Max,
    /// Without its sign.
    Abs,
    /// For each item by itself, summed.
    Each,
    /// Its argument over the items of a category: `in_category(AC, GROW)`.
    InCategory,
    /// The part of a measure that fell into the last so many months: `last_months(AC, 12)`.
    LastMonths,
    /// The part of a measure that falls into the next so many months: `next_months(CAPACITY, 3)`.
    NextMonths,
    /// All of a measure, also what is dated later than asked.
    Whole,
    /// How far two measures lie apart on each day by now, without signs, summed: `misses(AC_CHECKED, FORECAST_CHECKED)`.
    Misses,
    /// The first where it is not below the second, else null: a guard, as in `at_least(BAC - AC, 0)`.
    AtLeast,
    /// Earned schedule, in periods: `earned_schedule(PV, EV)`.
    EarnedSchedule,
    /// Actual time, in periods, since the plan's first day: `actual_time(PV, EV)`.
    ActualTime,
    /// Planned duration, in periods: `planned_duration(PV)`.
    PlannedDuration,
    /// Net present value of dated flows, yearly, the first year not discounted: `npv(FLOW, 0.035)`.
    Npv,
    /// The same with the years of another measure, from whose first day on they count if that is earlier:
    /// `npv_since(FLOW_COSTS, FLOW, 0.035)`.
    NpvSince,
    /// The rate at which `npv` is 0.
    Irr,
    /// Net present value by days, 365 to a year.
    Xnpv,
    /// The rate at which `xnpv` is 0.
    Xirr,
    /// Years until the sum of the flows is no longer negative, linear within a year.
    Payback,
}

impl Function {
    /// Every function with its word, its number of arguments (none: one or more) and what it gives.
    pub const ALL: [(Self, &'static str, Option<usize>); 19] = [
        (Self::Min, "min", None),
        (Self::Max, "max", None),
        (Self::Abs, "abs", Some(1)),
        (Self::Each, "each", Some(1)),
        (Self::InCategory, "in_category", None),
        (Self::LastMonths, "last_months", Some(2)),
        (Self::NextMonths, "next_months", Some(2)),
        (Self::Whole, "whole", Some(1)),
        (Self::Misses, "misses", Some(2)),
        (Self::AtLeast, "at_least", Some(2)),
        (Self::EarnedSchedule, "earned_schedule", Some(2)),
        (Self::ActualTime, "actual_time", Some(2)),
        (Self::PlannedDuration, "planned_duration", Some(1)),
        (Self::Npv, "npv", Some(2)),
        (Self::NpvSince, "npv_since", Some(3)),
        (Self::Irr, "irr", Some(1)),
        (Self::Xnpv, "xnpv", Some(2)),
        (Self::Xirr, "xirr", Some(1)),
        (Self::Payback, "payback", Some(1)),
    ];

    /// How many of its first arguments are measures whose dated amounts it reads.
    fn curves(self) -> usize {
        match self {
            Self::EarnedSchedule | Self::ActualTime | Self::Misses | Self::NpvSince => 2,
            Self::LastMonths
            | Self::NextMonths
            | Self::Whole
            | Self::PlannedDuration
            | Self::Npv
            | Self::Irr
            | Self::Xnpv
            | Self::Xirr
            | Self::Payback => 1,
            Self::Min | Self::Max | Self::Abs | Self::Each | Self::InCategory | Self::AtLeast => 0,
        }
    }

    /// How many of these it reads beyond the day that it is about.
    fn lasting(self) -> usize {
        match self {
            Self::LastMonths | Self::Misses => 0,
            Self::EarnedSchedule | Self::ActualTime => 1,
            _ => self.curves(),
        }
    }
}

impl Expr {
    /// The names in it.
    pub fn names(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        self.walk(&mut |expr| {
            if let Self::Name(name) = expr {
                found.insert(name.as_str());
            }
        });
        found
    }

    /// The names whose dated amounts it reads, not only their sums.
    pub fn curves(&self) -> BTreeSet<&str> {
        self.named(|function, arguments| &arguments[..function.curves().min(arguments.len())])
    }

    /// Those of them that it reads beyond the day that it is about, too.
    pub fn lasting(&self) -> BTreeSet<&str> {
        self.named(|function, arguments| &arguments[..function.lasting().min(arguments.len())])
    }

    /// The words of categories in it.
    pub fn categories(&self) -> BTreeSet<&str> {
        self.named(|function, arguments| match function {
            Function::InCategory => arguments.get(1..).unwrap_or_default(),
            _ => &[],
        })
    }

    /// The names among these arguments of its functions.
    fn named<'e>(&'e self, which: impl Fn(Function, &'e [Self]) -> &'e [Self]) -> BTreeSet<&'e str> {
        let mut found = BTreeSet::new();
        self.walk(&mut |expr| {
            if let Self::Call(function, arguments) = expr {
                found.extend(which(*function, arguments).iter().filter_map(|argument| match argument {
                    Self::Name(name) => Some(name.as_str()),
                    _ => None,
                }));
            }
        });
        found
    }

    /// How many parts it has, where a name has so many.
    pub fn size(&self, of: &impl Fn(&str) -> usize) -> usize {
        let mut sum = 0_usize;
        self.walk(&mut |expr| sum = sum.saturating_add(if let Self::Name(name) = expr { of(name) } else { 1 }));
        sum
    }

    /// How many of its parts stand within each other, where a name has so many: what reads it goes down as far.
    pub fn height(&self, of: &impl Fn(&str) -> usize) -> usize {
        match self {
            Self::Number(_) => 1,
            Self::Name(name) => of(name),
            Self::Negated(inner) => 1 + inner.height(of),
            Self::Binary(_, left, right) => 1 + left.height(of).max(right.height(of)),
            Self::Call(_, arguments) => 1 + arguments.iter().map(|argument| argument.height(of)).max().unwrap_or(0),
        }
    }

    /// What it is a number of, where names are known; none where `each` would add up ratios.
    pub fn degree(&self, of: &impl Fn(&str) -> Degree) -> Option<Degree> {
        Some(match self {
            Self::Number(_) => Degree::default(),
            Self::Name(name) => of(name),
            Self::Negated(inner) => inner.degree(of)?,
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.degree(of)?, right.degree(of)?);
                let divides = left.divides || right.divides;
                match operator {
                    Operator::Add | Operator::Subtract => {
                        Degree { amounts: left.amounts.min(right.amounts), divides, named: left.named || right.named }
                    }
                    Operator::Multiply => {
                        Degree { amounts: left.amounts + right.amounts, divides, named: left.named || right.named }
                    }
                    Operator::Divide => Degree {
                        amounts: left.amounts - right.amounts,
                        divides: divides || right.named,
                        named: left.named || right.named,
                    },
                }
            }
            Self::Call(function, arguments) => {
                let words = if *function == Function::InCategory { 1 } else { arguments.len() };
                let parts = arguments.iter().take(words).map(|argument| argument.degree(of));
                let parts: Vec<Degree> = parts.collect::<Option<_>>()?;
                let found = Degree {
                    amounts: parts.iter().map(|part| part.amounts).min().unwrap_or(0),
                    divides: parts.iter().any(|part| part.divides),
                    named: parts.iter().any(|part| part.named),
                };
                if *function == Function::Each && found.divides && found.amounts <= 0 {
                    return None;
                }
                found
            }
        })
    }

    fn walk<'e>(&'e self, each: &mut impl FnMut(&'e Self)) {
        each(self);
        match self {
            Self::Number(_) | Self::Name(_) => {}
            Self::Negated(inner) => inner.walk(each),
            Self::Binary(_, left, right) => {
                left.walk(each);
                right.walk(each);
            }
            // The words of a category are no measures.
            Self::Call(Function::InCategory, arguments) => arguments.iter().take(1).for_each(|a| a.walk(each)),
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| argument.walk(each)),
        }
    }

    /// The same with each name replaced that `known` knows: formulas of KPIs become formulas of measures.
    #[must_use]
    pub fn spelled_out(&self, known: &impl Fn(&str) -> Option<Expr>) -> Self {
        match self {
            Self::Number(_) => self.clone(),
            Self::Name(name) => known(name).unwrap_or_else(|| self.clone()),
            Self::Negated(inner) => Self::Negated(Box::new(inner.spelled_out(known))),
            Self::Binary(operator, left, right) => {
                Self::Binary(*operator, Box::new(left.spelled_out(known)), Box::new(right.spelled_out(known)))
            }
            // The words of a category are no KPIs.
            Self::Call(Function::InCategory, arguments) => {
                let (over, words) = arguments.split_at(arguments.len().min(1));
                let over = over.iter().map(|a| a.spelled_out(known));
                Self::Call(Function::InCategory, over.chain(words.iter().cloned()).collect())
            }
            Self::Call(function, arguments) => {
                Self::Call(*function, arguments.iter().map(|a| a.spelled_out(known)).collect())
            }
        }
    }
}
