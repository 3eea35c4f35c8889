//! The life of an item: which state may follow which. Pure; who may take the step is the policy's to say.

/// The priorities of an item, highest first.
pub const PRIORITIES: std::ops::RangeInclusive<i32> = 1..=5;

/// Whether an item of the one kind may stand right below one of the other.
pub fn may_stand_below(kind: &str, parent: &str) -> bool {
    match kind {
        "PORTFOLIO" => parent == "PORTFOLIO",
        "PROGRAM" | "PROJECT" => matches!(parent, "PORTFOLIO" | "PROGRAM"),
        _ => false,
    }
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemState {
    /// Suggested; nobody has decided.
    Proposed,
    /// Decided; work has not begun.
    Approved,
    /// Under way.
    Active,
    /// Interrupted.
    OnHold,
    /// Delivered; being handed over and wound up.
    Closing,
    /// Over.
    Closed,
    /// Given up.
    Cancelled,
}

impl ItemState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 7] =
        [Self::Proposed, Self::Approved, Self::Active, Self::OnHold, Self::Closing, Self::Closed, Self::Cancelled];

    /// The name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "PROPOSED",
            Self::Approved => "APPROVED",
            Self::Active => "ACTIVE",
            Self::OnHold => "ON_HOLD",
            Self::Closing => "CLOSING",
            Self::Closed => "CLOSED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing can follow.
    pub fn is_final(self) -> bool {
        self.followers().is_empty()
    }

    /// The states that may follow.
    pub fn followers(self) -> &'static [Self] {
        match self {
            Self::Proposed => &[Self::Approved, Self::Cancelled],
            Self::Approved | Self::OnHold => &[Self::Active, Self::Cancelled],
            Self::Active => &[Self::OnHold, Self::Closing, Self::Cancelled],
            Self::Closing => &[Self::Closed, Self::Cancelled],
            Self::Closed | Self::Cancelled => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for state in ItemState::ALL {
            assert_eq!(ItemState::parse(state.as_str()), Some(state));
        }
        assert_eq!(ItemState::parse("active"), None);
    }

    #[test]
    fn final_states_stay_final_and_every_open_one_can_be_cancelled() {
        for state in ItemState::ALL {
            assert_eq!(state.is_final(), matches!(state, ItemState::Closed | ItemState::Cancelled));
            assert!(state.is_final() || state.followers().contains(&ItemState::Cancelled));
        }
    }

    #[test]
    fn the_tree_has_portfolios_on_top_and_projects_as_leaves() {
        let kinds = ["PORTFOLIO", "PROGRAM", "PROJECT"];
        let below = |kind| kinds.iter().filter(|parent| may_stand_below(kind, parent)).count();
        assert_eq!([below("PORTFOLIO"), below("PROGRAM"), below("PROJECT")], [1, 2, 2]);
        assert!(!kinds.iter().any(|kind| may_stand_below(kind, "PROJECT")));
    }

    #[test]
    fn closed_is_reached_through_closing_only() {
        let before: Vec<_> =
            ItemState::ALL.into_iter().filter(|s| s.followers().contains(&ItemState::Closed)).collect();
        assert_eq!(before, [ItemState::Closing]);
    }
}
