//! The life of a benefit, and what it promises. Pure.

/// Where a benefit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BenefitState {
    /// Named.
    Identified,
    /// Described and planned; waits for approval.
    Profiled,
    /// Promised.
    Approved,
    /// What it needs is delivered.
    Enabled,
    /// Being had.
    Realizing,
    /// Had as planned.
    Realized,
    /// Had in part.
    PartlyRealized,
    /// Not had.
    NotRealized,
    /// Given up.
    Withdrawn,
}

impl BenefitState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 9] = [
        Self::Identified,
        Self::Profiled,
        Self::Approved,
        Self::Enabled,
        Self::Realizing,
        Self::Realized,
        Self::PartlyRealized,
        Self::NotRealized,
        Self::Withdrawn,
    ];

    /// The name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identified => "IDENTIFIED",
            Self::Profiled => "PROFILED",
            Self::Approved => "APPROVED",
            Self::Enabled => "ENABLED",
            Self::Realizing => "REALIZING",
            Self::Realized => "REALIZED",
            Self::PartlyRealized => "PARTLY_REALIZED",
            Self::NotRealized => "NOT_REALIZED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The states that may follow.
    pub fn followers(self) -> &'static [Self] {
        match self {
            Self::Identified => &[Self::Profiled, Self::Withdrawn],
            // Identified again where the profile is given back.
            Self::Profiled => &[Self::Identified, Self::Approved, Self::Withdrawn],
            Self::Approved => &[Self::Enabled, Self::Withdrawn],
            Self::Enabled => &[Self::Realizing, Self::Withdrawn],
            Self::Realizing => &[Self::Realized, Self::PartlyRealized, Self::NotRealized, Self::Withdrawn],
            Self::Realized | Self::PartlyRealized | Self::NotRealized | Self::Withdrawn => &[],
        }
    }

    /// Whether nothing can follow.
    pub fn is_final(self) -> bool {
        self.followers().is_empty()
    }

    /// Whether its profile and plan may still change: it is neither promised nor given up.
    pub fn is_draft(self) -> bool {
        matches!(self, Self::Identified | Self::Profiled)
    }
}

/// Whether a kind of benefit is money.
pub fn is_financial(kind: &str) -> bool {
    matches!(kind, "FINANCIAL_CASHABLE" | "FINANCIAL_NON_CASHABLE")
}

/// What keeps a plan from being promised: money is named, as an amount or by points, and both say the same.
pub fn unplanned(kind: &str, amount: Option<i64>, points: Option<i64>) -> Option<&'static str> {
    match (amount, points) {
        (None, None) if is_financial(kind) => {
            Some("Money is planned before it is promised: by an amount or by plan points.")
        }
        (Some(amount), Some(points)) if amount != points => {
            Some("The plan points sum to something else than the amount.")
        }
        _ => None,
    }
}

/// The whole of what was measured, in the unit of shares.
pub const WHOLE: i64 = 1_000_000_000;

/// What a measure promises: a level before and one to be reached, each with its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// Whether less of it is wanted.
    pub is_down: bool,
    /// Whether all of it is not wanted, but accepted.
    pub is_dis_benefit: bool,
    /// The level before.
    pub baseline: Option<i64>,
    /// The level to be reached; of a dis-benefit, the one that is not to be passed.
    pub target: Option<i64>,
}

impl Promise {
    /// What is wrong with it as far as it is said. A benefit moves the wanted way; a dis-benefit moves the other way, and its
    /// target limits how far.
    pub fn fault(self) -> Option<&'static str> {
        let (baseline, target) = (self.baseline?, self.target?);
        if baseline == target {
            return Some("The target is another level than the baseline.");
        }
        let goes_down = target < baseline;
        match (self.is_dis_benefit, goes_down == self.is_down) {
            (false, false) => Some("The target lies the wanted way from the baseline, as `direction` says."),
            (true, true) => {
                Some("The target of a dis-benefit limits it: it lies against the wanted way, which `direction` says.")
            }
            _ => None,
        }
    }
}

/// What keeps a kind of benefit from being promised with so many measures: what is told and not counted needs none.
pub fn unmeasured(kind: &str, measures: usize) -> bool {
    kind != "QUALITATIVE" && measures == 0
}

/// The part of an amount that is attributed, rounded half to even.
pub fn attributed(amount: i64, share: i64) -> i64 {
    let (product, whole) = (i128::from(amount) * i128::from(share), i128::from(WHOLE));
    let (floor, rest) = (product.div_euclid(whole), product.rem_euclid(whole));
    let up = rest * 2 > whole || (rest * 2 == whole && floor % 2 != 0);
    // No larger than the amount itself, since a share is at most the whole.
    i64::try_from(floor + i128::from(up)).unwrap_or(amount)
}

/// Where a kind of node stands on a benefits map, from what is delivered to what the organization wants.
pub fn place(kind: &str) -> usize {
    ["OUTPUT", "CHANGE", "OUTCOME", "BENEFIT", "OBJECTIVE"].iter().position(|known| *known == kind).unwrap_or_default()
}

/// Whether one kind of node leads to another: forward, and among outputs, changes and outcomes also to their like. A benefit
/// that leads to another would be counted twice, and objectives have a tree of their own.
pub fn leads(from: &str, to: &str) -> bool {
    place(from) < place(to) || (from == to && place(from) < place("BENEFIT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_lies_the_wanted_way_and_limits_what_is_not_wanted() {
        for (is_down, is_dis_benefit, baseline, target, fits) in [
            (false, false, Some(5), Some(6), true),
            (false, false, Some(5), Some(4), false),
            (true, false, Some(5), Some(-4), true),
            (true, false, Some(5), Some(6), false),
            (true, true, Some(5), Some(6), true),
            (true, true, Some(5), Some(4), false),
            (false, true, Some(5), Some(4), true),
            (false, true, Some(5), Some(6), false),
            (false, false, Some(5), Some(5), false),
            (false, false, None, Some(5), true),
            (true, true, Some(5), None, true),
        ] {
            let promise = Promise { is_down, is_dis_benefit, baseline, target };
            assert_eq!(promise.fault().is_none(), fits, "{promise:?}");
        }
    }

    #[test]
    fn only_what_is_told_needs_no_measure() {
        for (kind, count, lacks) in
            [("QUALITATIVE", 0, false), ("QUANTIFIABLE", 0, true), ("FINANCIAL_CASHABLE", 1, false)]
        {
            assert_eq!(unmeasured(kind, count), lacks, "{kind}");
        }
    }

    #[test]
    fn parts_of_amounts_are_rounded_half_to_even() {
        for (amount, share, part) in [
            (100, WHOLE, 100),
            (100, WHOLE / 4, 25),
            (5, WHOLE / 2, 2),
            (7, WHOLE / 2, 4),
            (-5, WHOLE / 2, -2),
            (-7, WHOLE / 2, -4),
            (10, 333_333_333, 3),
            (i64::MAX, WHOLE, i64::MAX),
            (i64::MIN, 1, -9_223_372_037),
        ] {
            assert_eq!(attributed(amount, share), part, "{amount} {share}");
        }
    }

    #[test]
    fn a_map_leads_forward() {
        let kinds = ["OUTPUT", "CHANGE", "OUTCOME", "BENEFIT", "OBJECTIVE"];
        for (at, from) in kinds.iter().enumerate() {
            for (other, to) in kinds.iter().enumerate() {
                assert_eq!(leads(from, to), at < other || (at == other && at < 3), "{from} {to}");
            }
        }
    }

    #[test]
    fn every_name_is_read_back() {
        for state in BenefitState::ALL {
            assert_eq!(BenefitState::parse(state.as_str()), Some(state));
        }
        assert_eq!(BenefitState::parse("realized"), None);
    }

    #[test]
    fn every_open_benefit_can_be_withdrawn_and_final_ones_stay_final() {
        for state in BenefitState::ALL {
            assert!(state.is_final() || state.followers().contains(&BenefitState::Withdrawn), "{state:?}");
            assert!(!(state.is_final() && state.is_draft()));
        }
    }

    #[test]
    fn what_was_promised_is_never_a_draft_again() {
        let promised = BenefitState::ALL.into_iter().filter(|state| !state.is_draft());
        let mut next = promised.flat_map(|state| state.followers().iter().map(move |to| (state, *to)));
        assert!(next.all(|(_, to)| !to.is_draft()));
        let before: Vec<_> =
            BenefitState::ALL.into_iter().filter(|s| s.followers().contains(&BenefitState::Approved)).collect();
        assert_eq!(before, [BenefitState::Profiled]);
    }

    #[test]
    fn money_is_planned_before_it_is_promised() {
        for (kind, amount, points, fits) in [
            ("FINANCIAL_CASHABLE", None, None, false),
            ("FINANCIAL_NON_CASHABLE", Some(5), None, true),
            ("FINANCIAL_CASHABLE", None, Some(0), true),
            ("FINANCIAL_CASHABLE", Some(5), Some(5), true),
            ("FINANCIAL_CASHABLE", Some(5), Some(4), false),
            ("QUALITATIVE", None, None, true),
            ("QUANTIFIABLE", Some(5), Some(4), false),
        ] {
            assert_eq!(unplanned(kind, amount, points).is_none(), fits, "{kind} {amount:?} {points:?}");
        }
    }
}
