//! Mappings are checked whole, and the program's own are right.

use super::*;

const SMALL: &str = r#"
system = "sheet"
[money]
currency = "EUR"
[[columns]]
names = ["Name"]
to = "project.name"
"#;

fn faults(text: &str) -> Vec<String> {
    match Mapping::read(text) {
        Err(ImportError::Mapping(faults)) => faults.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_programs_own_mappings_are_right() {
    for (format, name, ..) in Format::ALL {
        let Some(text) = format.mapping() else { continue };
        let mapping = Mapping::read(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(mapping.system, name);
    }
    assert_eq!(Format::named("UK_GMPP"), Some(Format::UkGmpp));
    assert_eq!(Format::named("uk-gmpp"), Some(Format::UkGmpp));
    assert_eq!(Format::named("excel"), None);
}

#[test]
fn a_small_mapping_is_enough() {
    let mapping = Mapping::read(SMALL).expect("a mapping");
    assert_eq!((mapping.key_prefix.as_str(), mapping.state.as_str(), mapping.century), ("SHEET", "ACTIVE", 70));
    assert_eq!((mapping.money.decimal, mapping.money.group, mapping.money.zeros), ('.', Some(','), 0));
    assert_eq!(mapping.money.symbols, ["€", "EUR"]);
}

#[test]
fn every_mistake_is_told_with_its_key() {
    assert_eq!(faults("system = "), ["no TOML in line 1: string values must be quoted, expected literal string"]);
    let wrong = r#"
sytem = "x"
state = "OPEN"
as_of = "soon"
[file]
delimiter = ";;"
encoding = "latin"
[money]
currency = "euro"
scale = "tons"
decimal = ","
group = ","
[dates]
forms = ["DD.MM"]
[[columns]]
to = "project.name"
[[columns]]
names = ["Rating"]
to = "rating"
values = { "ok" = "FINE" }
text_kept = true
[[columns]]
names = ["rating"]
to = "project.colour"
[[columns]]
names = ["Year"]
to = "period.year"
[[columns]]
names = ["Budget"]
to = "budget.amount"
optional = "yes"
"#;
    let told = faults(wrong);
    for key in [
        "system: missing",
        "sytem: there is no such key here; known: as_of, columns",
        "state: one of PROPOSED",
        "as_of: a date such as",
        "file.delimiter: a single character",
        "file.encoding: one of auto, utf-8, windows-1252 is expected, not \"latin\"",
        "money.currency: three capital letters",
        "money.scale: one of units",
        "money.group: another mark",
        "dates.forms: \"DD.MM\" is no form",
        "columns[1].names: missing",
        "columns[2].values: \"ok\" becomes \"FINE\"",
        "columns[2].text_kept: there is no such key here",
        "columns[3].to: \"project.colour\" is nothing",
        "columns[3].names: \"rating\" stands in columns[2] already",
        "columns[4].to: years need the table [fiscal]",
        "columns[5].optional: true or false is expected, not \"yes\"",
    ] {
        assert!(told.iter().any(|line| line.starts_with(key)), "{key} is not among {told:#?}");
    }
    assert_eq!(told.len(), 17, "{told:#?}");
}

#[test]
fn fiscal_years_are_called_by_the_year_in_which_they_end() {
    let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a day");
    let of = |first_month| Fiscal { calendar: String::new(), name: String::new(), first_month };
    assert_eq!(of(4).year(2019), Some((day(2018, 4, 1), day(2019, 3, 31))));
    assert_eq!(of(1).year(2019), Some((day(2019, 1, 1), day(2019, 12, 31))));
    for (first_month, date, year) in [
        (4, day(2019, 3, 31), 2019),
        (4, day(2019, 4, 1), 2020),
        (7, day(2025, 6, 30), 2025),
        (1, day(2025, 12, 31), 2025),
    ] {
        assert_eq!(of(first_month).year_of(date), year, "{date}");
    }
}
