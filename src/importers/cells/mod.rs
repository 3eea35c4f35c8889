//! From a cell's text to a value; pure. Nothing is guessed: what can be read in two ways is not read at all.

mod date;
mod money;

pub(super) use date::DateForm;
pub(super) use money::{MoneyFault, MoneyForm};

/// How much of a cell's prose a note repeats.
const EXCERPT_CHARS: usize = 60;

/// A cell as one line.
pub(super) fn line(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name without case, punctuation and spacing: the years of one source differ in these.
pub(super) fn normalized(name: &str) -> String {
    let lower = name.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The beginning of a cell as one line.
pub(super) fn excerpt(cell: &str) -> String {
    let line = line(cell);
    match line.char_indices().nth(EXCERPT_CHARS) {
        Some((at, _)) => format!("{}...", line[..at].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_punctuation() {
        for (name, expected) in [
            ("HS2 \u{2013} Phase-One (Ärm) ", "hs2 phase one ärm"),
            ("Women\u{2019}s Prisons", "women s prisons"),
            ("10,000 Additional Prison Places", "10 000 additional prison places"),
            (" - ", ""),
        ] {
            assert_eq!(normalized(name), expected, "{name}");
        }
    }

    #[test]
    fn a_note_repeats_the_beginning_of_a_cell_on_one_line() {
        assert_eq!(excerpt("Not\n provided "), "Not provided");
        let long = excerpt(&"Exempt under\nSection 43 ".repeat(9));
        assert_eq!(long, "Exempt under Section 43 Exempt under Section 43 Exempt under...");
    }
}
