//! The standard catalogue: what each KPI is, as one line of facts. Formulas are in the language of `formula`, bounds are
//! starting points that a threshold of an item overrides. Whoever changes a formula raises its version.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::auth::Class::{self, Ben, Fin, Work};

/// What a figure is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Money in the scope's base currency.
    Money,
    /// A ratio, 1 for 100 %.
    Ratio,
    /// Things.
    Count,
    /// Working days.
    Days,
    /// Months.
    Months,
    /// Years.
    Years,
    /// A number of another kind.
    Number,
}

impl Unit {
    /// Every unit, as stored.
    pub const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Money, "MONEY", "Money in the scope's base currency."),
        (Self::Ratio, "RATIO", "A ratio, 1 for 100 %."),
        (Self::Count, "COUNT", "A number of things."),
        (Self::Days, "DAYS", "Days."),
        (Self::Months, "MONTHS", "Months."),
        (Self::Years, "YEARS", "Years."),
        (Self::Number, "NUMBER", "Another number."),
    ];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(unit, ..)| *unit == self).map_or("NUMBER", |(_, name, _)| name)
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Self {
        Self::ALL.iter().find(|(_, name, _)| *name == text).map_or(Self::Number, |(unit, ..)| *unit)
    }
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Within a range.
    Range,
    /// Neither: a figure without status.
    None,
}

impl Direction {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "UP",
            Self::Down => "DOWN",
            Self::Range => "RANGE",
            Self::None => "NONE",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Self {
        [Self::Up, Self::Down, Self::Range].into_iter().find(|one| one.as_str() == text).unwrap_or(Self::None)
    }
}

/// Bounds in 1e-9: green within the first two, amber within the others, red beyond; none is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// Green from here.
    pub green_from: Option<i64>,
    /// Green up to here.
    pub green_to: Option<i64>,
    /// Amber from here.
    pub amber_from: Option<i64>,
    /// Amber up to here.
    pub amber_to: Option<i64>,
}

impl Bounds {
    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A KPI of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Standard {
    /// Its key.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub doc: &'static str,
    /// The formula.
    pub formula: &'static str,
    /// What bounds are compared with, where it is not the value.
    pub tested: Option<&'static str>,
    /// The version of the formula.
    pub version: i32,
    /// What it is measured in.
    pub unit: Unit,
    /// Which way is good.
    pub direction: Direction,
    /// The classes that reading it needs.
    pub classes: &'static [Class],
    /// When it is green and amber.
    pub bounds: Bounds,
    /// How far beyond a bound its stored color changes, in 1e-9.
    pub hysteresis: i64,
    /// Where the formula comes from.
    pub reference: &'static str,
}

/// How far beyond a bound the status changes, in 1e-9: 1 % of 1.
pub const HYSTERESIS: i64 = 10_000_000;

const ISO: &str = "ISO 21508";
const LIPKE: &str = "Lipke 2003, earned schedule";
const PMI: &str = "PMI standard for earned value management";
const PRACTICE: &str = "Common practice";
const RISKS: &str = "PMI standard for risk management";
const MONEY_OF_WORK: &[Class] = &[Fin];
const BRM: &str = "PMI guide to benefits realization management";
const FLOWS: &[Class] = &[Ben, Fin];
const PERCENT: i64 = 10_000_000;

const fn up(green: i64, amber: i64) -> Bounds {
    let (green, amber) = (Some(green * PERCENT), Some(amber * PERCENT));
    Bounds { green_from: green, green_to: None, amber_from: amber, amber_to: None }
}

const fn down(green: i64, amber: i64) -> Bounds {
    let (green, amber) = (Some(green * PERCENT), Some(amber * PERCENT));
    Bounds { green_from: None, green_to: green, amber_from: None, amber_to: amber }
}

const fn range(green: (i64, i64), amber: (i64, i64)) -> Bounds {
    Bounds {
        green_from: Some(green.0 * PERCENT),
        green_to: Some(green.1 * PERCENT),
        amber_from: Some(amber.0 * PERCENT),
        amber_to: Some(amber.1 * PERCENT),
    }
}

const NO_BOUNDS: Bounds = Bounds { green_from: None, green_to: None, amber_from: None, amber_to: None };

const fn kpi(key: &'static str, name: &'static str, formula: &'static str, doc: &'static str) -> Standard {
    Standard {
        key,
        name,
        doc,
        formula,
        tested: None,
        version: 1,
        unit: Unit::Money,
        direction: Direction::None,
        classes: MONEY_OF_WORK,
        bounds: NO_BOUNDS,
        hysteresis: HYSTERESIS,
        reference: ISO,
    }
}

impl Standard {
    const fn ratio(self) -> Self {
        Self { unit: Unit::Ratio, ..self }
    }

    const fn unit(self, unit: Unit) -> Self {
        Self { unit, ..self }
    }

    const fn good_up(self, green: i64, amber: i64) -> Self {
        Self { direction: Direction::Up, bounds: up(green, amber), ..self }
    }

    const fn good_down(self, green: i64, amber: i64) -> Self {
        Self { direction: Direction::Down, bounds: down(green, amber), ..self }
    }

    const fn good_within(self, green: (i64, i64), amber: (i64, i64)) -> Self {
        Self { direction: Direction::Range, bounds: range(green, amber), ..self }
    }

    const fn tested(self, formula: &'static str) -> Self {
        Self { tested: Some(formula), ..self }
    }

    const fn without_margin(self) -> Self {
        Self { hysteresis: 0, ..self }
    }

    const fn of(self, classes: &'static [Class]) -> Self {
        Self { classes, ..self }
    }

    const fn version(self, version: i32) -> Self {
        Self { version, ..self }
    }

    const fn from(self, reference: &'static str) -> Self {
        Self { reference, ..self }
    }

    /// Its id, the same everywhere: made from the key.
    pub fn id(&self) -> Uuid {
        let hash = Sha256::digest(format!("kpi:{}", self.key));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// The KPIs of a key.
pub fn standard(key: &str) -> Option<&'static Standard> {
    STANDARD.iter().find(|kpi| kpi.key == key)
}

/// The catalogue.
pub static STANDARD: &[Standard] = &[
    // Earned value.
    kpi("EV_PV", "Planned value", "PV", "What was planned to be earned by the day."),
    kpi("EV_EV", "Earned value", "EV", "What is earned by the day, at the baseline's prices."),
    kpi("EV_AC", "Actual cost", "AC", "What was spent by the day, accruals included."),
    kpi("EV_BAC", "Budget at completion", "BAC", "The whole performance baseline, management reserve apart."),
    kpi("EV_CV", "Cost variance", "EV - AC", "Earned less spent; negative is over cost. Counts where there is a baseline.")
        .tested("(EV - AC) / EV")
        .good_up(-5, -10),
    kpi("EV_CV_PCT", "Cost variance, relative", "(EV - AC) / EV", "The cost variance to what is earned.").ratio().good_up(-5, -10),
    kpi("EV_SV", "Schedule variance", "EV - PV", "Earned less planned; negative is behind.")
        .tested("(EV - PV) / PV")
        .good_up(-5, -10),
    kpi("EV_SV_PCT", "Schedule variance, relative", "(EV - PV) / PV", "The schedule variance to what was planned.").ratio().good_up(-5, -10),
    kpi("EV_CPI", "Cost performance index", "EV / AC", "Earned for each unit spent. Above 1.15 the plan deserves a look, too.")
        .ratio()
        .good_up(95, 90)
        .from("ISO 21508; below .9 signals trouble"),
    kpi("EV_SPI", "Schedule performance index", "EV / PV", "Earned to planned. It returns to 1 at completion even when late: see EV_SPIT.")
        .ratio()
        .good_up(95, 90),
    kpi("EV_ES", "Earned schedule", "earned_schedule(PV, EV)", "Months by which what is earned was planned to be earned, on the merged curve.")
        .unit(Unit::Months)
        .from(LIPKE),
    kpi("EV_SPIT", "Schedule performance index, time", "earned_schedule(PV, EV) / actual_time(PV, EV)", "Earned schedule to actual time.")
        .ratio()
        .good_up(95, 90)
        .from(LIPKE),
    kpi("EV_SVT", "Schedule variance, time", "earned_schedule(PV, EV) - actual_time(PV, EV)", "Earned schedule less actual time, in months; negative is late.")
        .unit(Unit::Months)
        .from(LIPKE),
    kpi(
        "EV_IEACT",
        "Independent estimate of duration",
        "planned_duration(PV) * actual_time(PV, EV) / earned_schedule(PV, EV)",
        "Planned duration to SPI(t): how many months it will take at the pace so far.",
    )
    .unit(Unit::Months)
    .tested("actual_time(PV, EV) / earned_schedule(PV, EV) - 1")
    .good_down(5, 10)
    .from(LIPKE),
    kpi("EV_EAC1", "Estimate at completion, variance not repeated", "each(AC + BAC - EV)", "The rest as planned. Summed over projects.").from(PMI),
    kpi("EV_EAC2", "Estimate at completion", "each(AC + (BAC - EV) * AC / EV)", "The rest at the cost so far, BAC / CPI project by project, summed. Top-down it is EV_EAC2_TD.").from(PMI),
    kpi("EV_EAC2_TD", "Estimate at completion, top-down", "BAC * AC / EV", "BAC / CPI over the whole scope at once.").from(PMI),
    kpi(
        "EV_EAC3",
        "Estimate at completion, cost and schedule",
        "each(AC + (BAC - EV) * AC * PV / (EV * EV))",
        "The rest at the cost and the pace so far: AC + (BAC - EV) / (CPI x SPI), project by project, summed.",
    )
    .from(PMI),
    kpi("EV_EAC4", "Estimate at completion, bottom-up", "each(AC + ETC)", "Spent so far and what the forecast in force still plans.")
        .from("Cost plans: past actuals and planned future"),
    kpi("EV_ETC", "Estimate to complete", "each((BAC - EV) * AC / EV)", "EV_EAC2 less what was spent."),
    kpi("EV_VAC", "Variance at completion", "BAC - each(AC + (BAC - EV) * AC / EV)", "Budget less estimate at completion; negative is over.")
        .tested("(BAC - each(AC + (BAC - EV) * AC / EV)) / BAC")
        .good_up(-5, -10),
    kpi("EV_VAC_PCT", "Variance at completion, relative", "(BAC - each(AC + (BAC - EV) * AC / EV)) / BAC", "The variance at completion to the budget.")
        .ratio()
        .good_up(-5, -10),
    kpi(
        "EV_TCPI",
        "To-complete performance index",
        "(BAC - EV) / at_least(BAC - AC, 0.0001)",
        "What each unit that is left must earn to end within the budget; null when nothing is left. 1.2 is called unrealistic.",
    )
    .ratio()
    .good_down(105, 110)
    .from(PMI),
    kpi(
        "EV_TCPI_EAC",
        "To-complete performance index, to the estimate",
        "(BAC - EV) / each((BAC - EV) * AC / EV)",
        "The same to end within the estimate at completion.",
    )
    .ratio()
    .good_down(105, 110)
    .from(PMI),
    // Schedule.
    kpi("SC_MHIT", "Milestones met", "MILESTONES_HIT / MILESTONES_DUE", "Milestones of the baseline that were reached by their day there, of those that were due.")
        .ratio()
        .good_up(90, 75)
        .of(&[Work])
        .from(PRACTICE),
    kpi("SC_SLIP", "Slip", "SLIP_DAYS", "Working days by which projects are expected to finish, or finished, after their baseline, summed; negative is early.")
        .unit(Unit::Days)
        .tested("SLIP_DAYS / BASELINE_DAYS")
        .good_down(5, 10)
        .of(&[Work])
        .from(PRACTICE),
    kpi("SC_SLIP_PCT", "Slip, relative", "SLIP_DAYS / BASELINE_DAYS", "The slip to the working days of the baseline.")
        .ratio()
        .good_down(5, 10)
        .of(&[Work])
        .from(PRACTICE),
    kpi("SC_BEI", "Baseline execution index", "TASKS_DONE / TASKS_DUE", "Tasks that are finished, to tasks that the baseline has finished by the day.")
        .ratio()
        .good_up(95, 90)
        .of(&[Work])
        .from("DCMA 14-point assessment"),
    kpi("SC_ONTIME", "Projects closed on time", "CLOSED_ON_TIME / CLOSED_PROJECTS", "Closed projects that finished by the last day of their approved baseline, of those that had one.")
        .ratio()
        .good_up(80, 65)
        .of(&[Work])
        .from(PRACTICE),
    // Money.
    kpi("FN_BURN", "Burn rate", "AC_ENDED / BUDGET_PHASED", "Spent in the periods that have ended to what the approved budget gave to periods that have ended.")
        .ratio()
        .good_within((90, 105), (80, 110))
        .version(2)
        .from("APM"),
    kpi("FN_COMMIT", "Commitment", "(AC + COMMITTED) / BUDGET", "Spent and committed to the approved budget.").ratio().good_down(95, 100).from(PRACTICE),
    kpi("FN_OVER", "Beyond the budget", "AC + COMMITTED - BUDGET", "What is spent and committed beyond the approved budget; red from the first unit on, without margin. Negative is what is left.")
        .good_down(0, 0)
        .without_margin()
        .from(PRACTICE),
    kpi(
        "FN_FACC",
        "Forecast accuracy",
        "(AC_CHECKED - each(misses(AC_CHECKED, FORECAST_CHECKED))) / AC_CHECKED",
        "1 less what months were missed by, project by project, to what they cost. Of each month that has ended, the forecast in force on the eve of its first day.",
    )
    .ratio()
    .good_up(90, 80)
    .from(PRACTICE),
    kpi("FN_FVAR", "Forecast variance", "(FORECAST - BUDGET) / BUDGET", "The published estimate at completion against the approved budget.")
        .ratio()
        .good_down(5, 10)
        .from(PRACTICE),
    kpi("FN_VAC", "Variance against the forecast", "BUDGET - FORECAST", "The approved budget less the published estimate at completion; negative is over.")
        .tested("(BUDGET - FORECAST) / BUDGET")
        .good_up(-5, -10)
        .from(PRACTICE),
    kpi("FN_CAPEX", "Share of capital expenditure", "CAPEX / (CAPEX + OPEX)", "Of what was spent.").ratio().from(PRACTICE),
    kpi(
        "FN_GROW",
        "Spend on growing and transforming",
        "in_category(last_months(AC, 12), GROW, TRANSFORM) / last_months(AC, 12)",
        "The share of the last twelve months' spend.",
    )
    .ratio()
    .from(PRACTICE),
    // Portfolios.
    kpi("PF_ALIGN", "Alignment", "each(BUDGET * min(1, ALIGNMENT)) / BUDGET", "The share of the approved budget that serves objectives, by the shares of contributions.")
        .ratio()
        .good_up(80, 60)
        .from("Management of Portfolios"),
    kpi("PF_RAG", "Green share of the budget", "each(BUDGET * RAG_GREEN) / BUDGET", "The share of the approved budget whose latest published rating is green, of what is rated.")
        .ratio()
        .good_up(70, 50)
        .of(&[Fin, Work])
        .from(PRACTICE),
    kpi(
        "PF_VAR",
        "Value at risk",
        "each(BENEFIT_REMAINING * RAG_RED) / BENEFIT_REMAINING",
        "The share of the benefit still to come that items rated red are to bring.",
    )
    .ratio()
    .good_down(10, 25)
    .of(&[Ben, Work])
    .from(PRACTICE),
    // Risks.
    kpi("RK_EMV", "Expected monetary value of risks", "EMV", "Probability times impact of open risks, of opportunities negative.")
        .from(RISKS),
    kpi("RK_EXPO", "Exposure to threats", "EMV_THREATS / ETC", "The expected monetary value of open threats to what the forecast still plans to spend.")
        .ratio()
        .good_down(5, 10)
        .from(RISKS),
    kpi("RK_OVER", "Overdue actions", "ACTIONS_OVERDUE / ACTIONS_OPEN", "Responses to risks, and issues, that are overdue, of those that are open and have a day.")
        .ratio()
        .good_down(5, 15)
        .of(&[Work])
        .from(PRACTICE),
    kpi("RK_NORESP", "High risks without response", "HIGH_RISKS_UNANSWERED / HIGH_RISKS", "Open risks rated HIGH or EXTREME about which nothing is being done, of all of those.")
        .ratio()
        .good_down(0, 10)
        .of(&[Work])
        .from(PRACTICE),
    // Resources: of pools that serve the portfolios of the scope, found on each day of each person.
    kpi("RS_UTIL", "Utilization", "last_months(WORKED, 3) / last_months(CAPACITY_RECORDED, 3)", "Minutes worked on projects to capacity, in the weeks that ended in the last three months, of pools in which time is recorded; null where it is in none.")
        .ratio()
        .good_within((75, 90), (65, 95))
        .of(&[Work])
        .from(PRACTICE),
    kpi("RS_TIME", "Timesheets in time", "last_months(SHEETS_IN_TIME, 3) / last_months(SHEETS_EXPECTED, 3)", "Timesheets submitted by their due time, to those that were due, of weeks that ended in the last three months.")
        .ratio()
        .good_up(95, 85)
        .of(&[Work])
        .from(PRACTICE),
    kpi("RS_OVER", "Overbooked", "next_months(OVERBOOKED, 3) / next_months(CAPACITY, 3)", "Minutes confirmed and planned beyond the capacity of a person on a day, to capacity, in the next three months.")
        .ratio()
        .good_down(2, 5)
        .of(&[Work])
        .from(PRACTICE),
    kpi("RS_GAP", "Resource gap", "(next_months(STAFF_DEMAND, 3) - next_months(CAPACITY, 3)) / next_months(CAPACITY, 3)", "Demand less capacity, to capacity, in the next three months, over all roles; by role it is capacityGap. Negative is capacity that nobody asks for.")
        .ratio()
        .good_down(0, 10)
        .of(&[Work])
        .from("Scenario planning: demand against capacity"),
    kpi("RS_BENCH", "Bench", "next_months(CAPACITY_FREE, 3) / next_months(CAPACITY, 3)", "Capacity of a person on a day that is neither confirmed nor planned, to capacity, in the next three months.")
        .ratio()
        .good_down(10, 20)
        .of(&[Work])
        .from(PRACTICE),
    kpi("RS_SKILL", "Skill coverage", "next_months(SKILL_COVERED, 3) / next_months(SKILL_DEMAND, 3)", "Minutes asked with a mandatory skill that free minutes of people with it can cover in their week, each once, to all of those, in the next three months.")
        .ratio()
        .good_up(95, 80)
        .of(&[Work])
        .from(PRACTICE),
    // Governance.
    kpi("GV_DIV", "Ratings that differ", "last_months(REPORTS_DIVERGENT, 12) / last_months(REPORTS_COMPARED, 12)", "Published reports of the last twelve months whose declared overall rating differs from the computed one.")
        .ratio()
        .good_down(5, 15)
        .of(&[Work])
        .from(PRACTICE),
    kpi("GV_REPT", "Reports on time", "last_months(REPORTS_ON_TIME, 12) / last_months(REPORTS_TOLD, 12)", "Reports for the periods of the last twelve months that were published within ten days after the period, of those published.")
        .ratio()
        .good_up(95, 85)
        .of(&[Work])
        .from(PRACTICE),
    kpi("GV_DQ", "Data quality", "CHECKS_PASSED / CHECKS_RUN", "Checks that projects which are approved or under way pass: a manager, a sponsor, a category, planned dates, an actual start once active, a forecast finish that is not over.")
        .ratio()
        .good_up(95, 85)
        .of(&[Work])
        .from(PRACTICE),
    // Benefits.
    kpi("BN_FORE", "Lifetime benefit", "BENEFIT_FORECAST / BENEFIT_APPROVED", "What benefits are now expected to bring over their life, to what was approved.")
        .ratio()
        .good_up(95, 80)
        .of(&[Ben])
        .from(BRM),
    kpi("BN_REAL", "Benefits realized", "BENEFIT_REALIZED / BENEFIT_PLANNED", "What was had by the day to what was planned by then, where anything is planned, be it for later; dis-benefits count negative.")
        .ratio()
        .good_up(90, 70)
        .of(&[Ben])
        .from(BRM),
    kpi("BN_MEAS", "Measures on target", "MEASURES_ON_TARGET / MEASURES_TAKEN", "Measures that came at least 90 % of the way from baseline to target, of those measured.")
        .ratio()
        .good_up(90, 70)
        .of(&[Ben])
        .from("APM"),
    kpi("BN_OWN", "Benefits owned", "BENEFITS_OWNED / BENEFITS_PROMISED", "Benefits that have an active owner and no overdue measurement, of those approved and not settled.")
        .ratio()
        .good_up(95, 85)
        .of(&[Ben])
        .from(BRM),
    kpi("BN_NPV", "Net present value", "each(npv(FLOW, 0.035))", "Planned benefits less planned costs at 3.5 % a year, of each project from its own first year on, which is not discounted; summed over projects.")
        .good_up(0, 0)
        .of(FLOWS)
        .version(2)
        .from("HM Treasury, The Green Book"),
    kpi("BN_IRR", "Internal rate of return", "irr(FLOW)", "The rate at which the net present value is 0.").ratio().of(FLOWS).from("The rate of equal present values"),
    kpi("BN_PAY", "Payback", "payback(FLOW)", "Years from the first flow until costs are paid back, linear within a year.").unit(Unit::Years).of(FLOWS).from(PRACTICE),
    kpi(
        "BN_BCR",
        "Benefits to costs",
        "(each(npv(FLOW, 0.035)) + each(npv_since(FLOW_COSTS, FLOW, 0.035))) / each(npv_since(FLOW_COSTS, FLOW, 0.035))",
        "Present value of planned benefits to that of planned costs at 3.5 % a year, of each project from its own first year on; both summed over projects.",
    )
    .ratio()
    .good_up(150, 100)
    .of(FLOWS)
    .version(2)
    .from("HM Treasury, The Green Book"),
    kpi("BN_ROI", "Return on investment", "whole(FLOW) / whole(FLOW_COSTS)", "Planned benefits less planned costs, to planned costs.")
        .ratio()
        .good_up(0, 0)
        .of(FLOWS)
        .from(PRACTICE),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::kpi::formula::parse;

    #[test]
    fn every_formula_can_be_read_and_every_key_and_id_is_another_one() {
        let mut seen = BTreeSet::new();
        for kpi in STANDARD {
            for text in [Some(kpi.formula), kpi.tested].into_iter().flatten() {
                parse(text).unwrap_or_else(|fault| panic!("{}: {text}: {fault:?}", kpi.key));
            }
            assert!(seen.insert(kpi.key.to_owned()) && seen.insert(kpi.id().to_string()), "{}", kpi.key);
            assert!(kpi.doc.ends_with('.') && !kpi.reference.is_empty(), "{}", kpi.key);
            assert_eq!(kpi.bounds.is_empty(), kpi.direction == Direction::None, "{}", kpi.key);
        }
    }
}
