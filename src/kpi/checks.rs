//! What KPIs of users and bounds may be, as plain questions.

use super::catalogue::{Bounds, Direction};

/// What is wrong, at which field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// The field.
    pub field: &'static str,
    /// One line for a human.
    pub line: &'static str,
}

/// Whether a key is one that formulas can name, and that no later catalogue takes: its own begin with two letters and `_`.
pub fn key_fault(key: &str) -> Option<&'static str> {
    let is_word = key.starts_with(|c: char| c.is_ascii_uppercase())
        && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if !is_word {
        return Some("A key of a KPI is a word of capitals, digits and `_` that begins with a letter.");
    }
    is_of_catalogue(key).then_some("Keys that begin with two letters and `_` are those of the catalogue.")
}

/// Whether a key can only be one of the catalogue's.
pub fn is_of_catalogue(key: &str) -> bool {
    matches!(key.as_bytes(), [a, b, b'_', ..] if a.is_ascii_uppercase() && b.is_ascii_uppercase())
}

/// Whether bounds say what they can say for a direction, in its order: what is green lies within what is amber.
pub fn bounds_fault(direction: Direction, bounds: &Bounds) -> Option<Wrong> {
    let Bounds { green_from, green_to, amber_from, amber_to } = *bounds;
    let wrong = |field, line| Some(Wrong { field, line });
    let given = [
        ("greenFrom", green_from, matches!(direction, Direction::Up | Direction::Range)),
        ("greenTo", green_to, matches!(direction, Direction::Down | Direction::Range)),
        ("amberFrom", amber_from, matches!(direction, Direction::Up | Direction::Range)),
        ("amberTo", amber_to, matches!(direction, Direction::Down | Direction::Range)),
    ];
    for (field, bound, may) in given {
        if bound.is_some() && !may {
            return wrong(
                field,
                "The direction of the KPI has no such bound: UP has `from`, DOWN has `to`, RANGE both.",
            );
        }
    }
    if direction == Direction::Range && green_from.is_some() != green_to.is_some() {
        return wrong("greenTo", "A range has both green bounds or none.");
    }
    for (field, amber, green) in [("amberFrom", amber_from, green_from), ("amberTo", amber_to, green_to)] {
        if amber.is_some() && green.is_none() {
            return wrong(field, "What is amber lies beyond what is green: give the green bound, too.");
        }
    }
    if green_from.zip(green_to).is_some_and(|(from, to)| from > to) {
        return wrong("greenTo", "`greenTo` lies below `greenFrom`.");
    }
    if amber_from.zip(green_from).is_some_and(|(amber, green)| amber > green) {
        return wrong("amberFrom", "`amberFrom` lies above `greenFrom`.");
    }
    if green_to.zip(amber_to).is_some_and(|(green, amber)| amber < green) {
        return wrong("amberTo", "`amberTo` lies below `greenTo`.");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_words_of_capitals_that_no_catalogue_takes() {
        for key in ["DEFECTS", "A", "DEFECT_RATE_2", "ABC_X", "A_B", "E2_X"] {
            assert_eq!(key_fault(key), None, "{key}");
        }
        for key in ["", "2X", "_X", "Defects", "DEFECT-RATE", "DEFECT RATE", "EV_NEW", "XX_", "Ä"] {
            assert!(key_fault(key).is_some(), "{key}");
        }
    }

    #[test]
    fn bounds_stand_in_the_order_of_their_direction() {
        use Direction::{Down, None as Neither, Range, Up};
        let bounds = |green: (i64, i64), amber: (i64, i64)| {
            let some = |n: i64| (n >= 0).then_some(n);
            Bounds {
                green_from: some(green.0),
                green_to: some(green.1),
                amber_from: some(amber.0),
                amber_to: some(amber.1),
            }
        };
        for (direction, green, amber, field) in [
            (Up, (95, -1), (90, -1), None),
            (Up, (95, -1), (95, -1), None),
            (Up, (95, -1), (-1, -1), None),
            (Up, (90, -1), (95, -1), Some("amberFrom")),
            (Up, (-1, 95), (-1, -1), Some("greenTo")),
            (Up, (-1, -1), (90, -1), Some("amberFrom")),
            (Down, (-1, 5), (-1, 10), None),
            (Down, (-1, 10), (-1, 5), Some("amberTo")),
            (Down, (5, -1), (-1, -1), Some("greenFrom")),
            (Down, (-1, -1), (-1, 5), Some("amberTo")),
            (Range, (90, 105), (80, 110), None),
            (Range, (90, 105), (-1, -1), None),
            (Range, (90, -1), (80, -1), Some("greenTo")),
            (Range, (105, 90), (80, 110), Some("greenTo")),
            (Range, (90, 105), (95, 110), Some("amberFrom")),
            (Range, (90, 105), (80, 100), Some("amberTo")),
            (Neither, (-1, -1), (-1, -1), None),
            (Neither, (1, -1), (-1, -1), Some("greenFrom")),
        ] {
            let found = bounds_fault(direction, &bounds(green, amber)).map(|wrong| wrong.field);
            assert_eq!(found, field, "{direction:?} {green:?} {amber:?}");
        }
    }
}
