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

#[cfg(test)]
mod tests {
    use super::*;

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
