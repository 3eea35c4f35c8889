//! Ratings that figures give, and the life of a report. Pure.
//!
//! The bounds are those of the KPI catalogue: slip and forecast variance up to 5 % are green, up to 10 % amber.

use chrono::NaiveDate;

/// Red, amber, green, from best to worst; what is not rated is left out of comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rag {
    /// Highly likely.
    Green,
    /// Probable.
    AmberGreen,
    /// Feasible.
    Amber,
    /// In doubt.
    AmberRed,
    /// Unachievable as it stands.
    Red,
}

impl Rag {
    /// The name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Green => "GREEN",
            Self::AmberGreen => "AMBER_GREEN",
            Self::Amber => "AMBER",
            Self::AmberRed => "AMBER_RED",
            Self::Red => "RED",
        }
    }
}

/// Where a status report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportState {
    /// Being written.
    Draft,
    /// Handed in.
    Submitted,
    /// Told.
    Published,
    /// Told once.
    Superseded,
}

impl ReportState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Submitted, Self::Published, Self::Superseded];

    /// The name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submitted => "SUBMITTED",
            Self::Published => "PUBLISHED",
            Self::Superseded => "SUPERSEDED",
        }
    }

    /// The states that may follow.
    pub fn followers(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Submitted],
            Self::Submitted => &[Self::Draft, Self::Published],
            Self::Published => &[Self::Superseded],
            Self::Superseded => &[],
        }
    }
}

/// A rating with what it follows from, or why there is none.
pub type Computed = Result<(Rag, String), &'static str>;

/// The first bound, in parts of a hundred: up to here it is green.
const GREEN_UP_TO: i128 = 5;
/// The second one: up to here it is amber.
const AMBER_UP_TO: i128 = 10;

/// The rating of `more / whole`.
fn rate(more: i128, whole: i128) -> Rag {
    if more * 100 <= whole * GREEN_UP_TO {
        Rag::Green
    } else if more * 100 <= whole * AMBER_UP_TO {
        Rag::Amber
    } else {
        Rag::Red
    }
}

/// In which band a rating lies, in words: the figures themselves are for who reads them.
fn band(rag: Rag) -> &'static str {
    match rag {
        Rag::Green => "up to 5 %",
        Rag::AmberGreen | Rag::Amber | Rag::AmberRed => "above 5 % and up to 10 %",
        Rag::Red => "above 10 %",
    }
}

/// Slip: how far the expected finish lies behind the planned one, as a part of the planned time.
pub fn schedule(planned: Option<(NaiveDate, NaiveDate)>, expected: Option<NaiveDate>) -> Computed {
    let (start, finish) = planned.ok_or("There is no planned start and finish.")?;
    let expected = expected.ok_or("There is no forecast or actual finish.")?;
    let time = (finish - start).num_days() + 1;
    if time <= 0 {
        return Err("The planned finish lies before the planned start.");
    }
    let rag = rate(i128::from((expected - finish).num_days()), i128::from(time));
    Ok((rag, format!("The expected finish lies behind the planned one by {} of the planned time.", band(rag))))
}

/// Variance: how far the forecast lies above the approved budget, as a part of the budget.
pub fn cost(budget: Option<i64>, forecast: Option<i64>) -> Computed {
    let budget = budget.ok_or("There is no approved budget.")?;
    let forecast = forecast.ok_or("There is no published forecast with an amount.")?;
    if budget <= 0 {
        return Err("The approved budget is 0.");
    }
    let rag = rate(i128::from(forecast) - i128::from(budget), i128::from(budget));
    Ok((rag, format!("The forecast lies above the approved budget by {}.", band(rag))))
}

/// The worst of the ratings that there are.
pub fn overall(parts: &[(&str, &Computed)]) -> Computed {
    let rated = parts.iter().filter_map(|(name, part)| Some((*name, part.as_ref().ok()?.0)));
    let (name, rag) = rated.max_by_key(|(_, rag)| *rag).ok_or("There are no figures for schedule or cost.")?;
    Ok((rag, format!("The worst of the computed ratings: {name}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day") + chrono::TimeDelta::days(n)
    }

    fn colors(computed: &[Computed]) -> Vec<Option<&'static str>> {
        computed.iter().map(|c| c.as_ref().ok().map(|(rag, _)| rag.as_str())).collect()
    }

    #[test]
    fn slip_is_rated_by_its_part_of_the_planned_time() {
        let planned = Some((day(0), day(99)));
        let of = |late: i64| schedule(planned, Some(day(99 + late)));
        let green = Some("GREEN");
        assert_eq!(
            colors(&[of(-20), of(0), of(5), of(6), of(10), of(11)]),
            [green, green, green, Some("AMBER"), Some("AMBER"), Some("RED")]
        );
        assert_eq!(schedule(None, Some(day(1))), Err("There is no planned start and finish."));
        assert_eq!(schedule(planned, None), Err("There is no forecast or actual finish."));
    }

    #[test]
    fn variance_is_rated_by_its_part_of_the_budget() {
        let of = |forecast| cost(Some(1_000), Some(forecast));
        assert_eq!(
            colors(&[of(900), of(1_050), of(1_051), of(1_100), of(1_101)]),
            [Some("GREEN"), Some("GREEN"), Some("AMBER"), Some("AMBER"), Some("RED")]
        );
        assert!(cost(Some(0), Some(1)).is_err() && cost(None, Some(1)).is_err() && cost(Some(1), None).is_err());
        assert_eq!(colors(&[cost(Some(1), Some(i64::MAX))]), [Some("RED")]);
    }

    #[test]
    fn overall_is_the_worst_of_what_there_is() {
        let (good, bad, none) = (cost(Some(100), Some(1)), cost(Some(100), Some(200)), cost(None, None));
        assert_eq!(overall(&[("SCHEDULE", &good), ("COST", &bad)]).map(|o| o.0), Ok(Rag::Red));
        assert_eq!(overall(&[("SCHEDULE", &good), ("COST", &none)]).map(|o| o.0), Ok(Rag::Green));
        assert!(overall(&[("SCHEDULE", &none), ("COST", &none)]).is_err());
    }

    #[test]
    fn what_is_published_only_ever_gets_a_successor() {
        assert_eq!(ReportState::Published.followers(), [ReportState::Superseded]);
        assert!(ReportState::ALL.iter().all(|s| !s.followers().contains(s)));
    }
}
