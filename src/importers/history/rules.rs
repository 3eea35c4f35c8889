//! What an item shows of its history. Pure.

use chrono::NaiveDate;

/// An overall rating in a published report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rated<'a> {
    /// The report's last day.
    pub period_end_on: NaiveDate,
    /// Whether a later file looked back at that day.
    pub is_look_back: bool,
    /// In whose name.
    pub assessor: &'a str,
    /// The rating.
    pub declared: &'a str,
}

/// The rating that an item shows: of the latest report that has one, by whoever is furthest from the work.
pub fn shown<'a>(ratings: impl Iterator<Item = Rated<'a>>) -> Option<Rated<'a>> {
    ratings.max_by_key(|rated| (rated.period_end_on, !rated.is_look_back, distance(rated.assessor)))
}

fn distance(assessor: &str) -> u8 {
    match assessor {
        "INDEPENDENT" => 2,
        "SPONSOR" => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_report_counts_and_in_it_whoever_is_furthest_from_the_work() {
        let on = |year, assessor, declared| Rated {
            period_end_on: NaiveDate::from_ymd_opt(year, 3, 31).expect("a day"),
            is_look_back: false,
            assessor,
            declared,
        };
        let shown = |ratings: &[Rated<'static>]| shown(ratings.iter().copied()).map(|rated| rated.declared);
        assert_eq!(shown(&[]), None);
        assert_eq!(shown(&[on(2021, "INDEPENDENT", "RED"), on(2023, "PROJECT_MANAGER", "GREEN")]), Some("GREEN"));
        assert_eq!(shown(&[on(2023, "SPONSOR", "AMBER"), on(2023, "INDEPENDENT", "RED")]), Some("RED"));
        assert_eq!(shown(&[on(2023, "SPONSOR", "AMBER"), on(2023, "PROJECT_MANAGER", "RED")]), Some("AMBER"));
        let back = Rated { is_look_back: true, ..on(2023, "INDEPENDENT", "RED") };
        assert_eq!(shown(&[on(2023, "SPONSOR", "AMBER"), back]), Some("AMBER"));
    }
}
