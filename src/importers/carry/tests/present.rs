//! Shares of full time with their absences.

use rust_decimal::Decimal;

use super::super::super::mspdi;
use super::super::super::told::{Resource, ResourceKind};
use super::super::{Presence, presence};
use super::day;

fn resource(units: &str, periods: &[(&str, &str, &str)]) -> Resource {
    let period = |(from, to, units): &(&str, &str, &str)| {
        format!(
            "<AvailabilityPeriod><AvailableFrom>{from}T00:00:00</AvailableFrom><AvailableTo>{to}T23:59:00</AvailableTo>\
            <AvailableUnits>{units}</AvailableUnits></AvailabilityPeriod>"
        )
    };
    let periods: String = periods.iter().map(period).collect();
    let text = format!(
        "<Project><Resources><Resource><UID>1</UID><Type>1</Type><MaxUnits>{units}</MaxUnits><AvailabilityPeriods>{periods}\
        </AvailabilityPeriods></Resource></Resources></Project>"
    );
    mspdi::read(text.as_bytes()).expect("a plan").content.resources.remove(0)
}

#[test]
fn one_share_is_kept_with_absences() {
    let told = resource(
        "0.5",
        &[
            ("2025-04-01", "2025-06-30", "0.5"),
            ("1984-01-01", "2025-02-28", "0.5"),
            ("2025-03-01", "2025-03-31", "0"),
            ("2025-07-10", "2049-12-31", "1"),
        ],
    );
    let kept = presence(&told);
    assert_eq!((kept.fte, kept.from, kept.to), (Some(500_000_000), None, None));
    let absent = [(day("2025-03-01"), day("2025-03-31")), (day("2025-07-01"), day("2025-07-09"))];
    assert_eq!(kept.absent, absent);
    assert_eq!(
        kept.lost.iter().map(|lost| (lost.from, lost.units)).collect::<Vec<_>>(),
        [(Some(day("2025-07-10")), Decimal::ONE)]
    );
}

#[test]
fn the_ends_are_those_of_the_periods() {
    let kept = presence(&resource("1.00", &[("2025-01-01", "2025-12-31", "1"), ("2025-03-01", "2025-05-31", "1")]));
    assert_eq!(
        kept,
        Presence {
            fte: Some(1_000_000_000),
            from: Some(day("2025-01-01")),
            to: Some(day("2025-12-31")),
            ..Presence::default()
        }
    );
    let kept = presence(&resource("0", &[("2025-01-01", "2025-12-31", "2"), ("2026-01-01", "2026-12-31", "0")]));
    assert_eq!((kept.fte, kept.to, kept.lost.len()), (Some(2_000_000_000), Some(day("2025-12-31")), 0));
}

#[test]
fn without_periods_the_resource_itself_says_it() {
    let kept = presence(&resource("12", &[]));
    assert_eq!(kept, Presence { fte: Some(12_000_000_000), ..Presence::default() });
    assert_eq!(presence(&resource("0.1234567891", &[])).fte, None);
    let mut material = resource("1", &[]);
    material.kind = ResourceKind::Material;
    assert_eq!(presence(&material), Presence::default());
}
