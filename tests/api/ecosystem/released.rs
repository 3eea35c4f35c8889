//! graphql-inspector between the released schema and the present one: what breaks a client is refused, until its day has come.
//! The test's own rules are tried on small schemas first.

use std::fs;

use foliograph::{app::model, graph::sdl};
use serde_json::{Value, json};

use crate::support::{node, settings};

const RELEASED: &str = "# Release 0.1.0, 2026-11-22\n\
    type Query { person: Person  old(by: Int): Old @deprecated(reason: \"Use `person`. Removed after 2027-11-30.\")  kind: Kind }\n\
    type Person { id: ID!  name: String  email: String @deprecated(reason: \"Use `id`. Removed after 2027-11-30.\") }\n\
    type Old { part: Part }  type Part { a: Int }\n\
    enum Kind { A  B @deprecated(reason: \"Use A. Removed after 2027-11-30.\") }";

tests! {
    async fn nothing_that_was_released_is_broken() {
        let released = fs::read_to_string(settings::workspace().join("tests/released.graphql")).expect("the released schema");
        let today = chrono::Utc::now().date_naive().to_string();
        let changes = inspect(&released, &sdl(model()), &today);
        for line in &changes.dangerous {
            println!("dangerous for a client of the released schema: {line}");
        }
        assert!(
            changes.breaking.is_empty(),
            "{} changes break clients of the released schema:\n{}\nDeprecate first; see \"For front ends\" in the README.",
            changes.breaking.len(),
            changes.breaking.join("\n")
        );
        assert!(changes.hurried.is_empty(), "{}", changes.hurried.join("\n"));
    }

    async fn a_removed_field_of_the_real_schema_is_found() {
        let now = sdl(model());
        let released = format!("# Release 0.1.0, 2026-11-22\n{now}");
        let at = now.find("\n\tforecastFinishOn: LocalDate @access").expect("a field");
        // With its description, and the one that follows it.
        let begin = now[..at].rfind("\n\t\"\"\"\n\t").and_then(|end| now[..end].rfind("\n\t\"\"\"")).map_or(at, |_| {
            let close = now[..at].rfind("\n\t\"\"\"").expect("its description's end");
            now[..close].rfind("\n\t\"\"\"").expect("its description's begin")
        });
        let end = at + 1 + now[at + 1..].find('\n').expect("a line");
        let without = format!("{}{}", &now[..begin], &now[end..]);
        let changes = inspect(&released, &without, "2026-11-22");
        assert_eq!(changes.breaking.len(), 1, "{:?}", changes.breaking);
        assert!(changes.breaking[0].contains(".forecastFinishOn: Field 'forecastFinishOn' was removed"), "{:?}", changes.breaking);
    }

    async fn what_was_deprecated_may_go_after_its_day_and_not_before() {
        let now = "type Query { person: Person  kind: Kind }  type Person { id: ID! }  enum Kind { A  C }";
        let early = inspect(RELEASED, now, "2027-11-30");
        assert_eq!(paths(&early.breaking), ["Kind.B", "Old", "Part", "Person.email", "Person.name", "Query.old"]);
        assert_eq!(paths(&early.dangerous), ["Kind.C"]);
        assert_eq!(early.allowed, Vec::<String>::new());
        let late = inspect(RELEASED, now, "2027-12-01");
        assert_eq!(paths(&late.breaking), ["Person.name"], "it was never deprecated");
        assert_eq!(paths(&late.allowed), ["Kind.B", "Old", "Part", "Person.email", "Query.old"]);
    }

    async fn a_stricter_argument_and_another_type_are_found() {
        let now = RELEASED.replace("old(by: Int)", "old(by: Int!)").replace("name: String", "name: Int");
        assert_eq!(paths(&inspect(RELEASED, &now, "2026-12-01").breaking), ["Person.name", "Query.old.by"]);
    }

    async fn what_is_deprecated_stays_for_twelve_months_after_the_release() {
        let until = |day: &str| RELEASED.replace("name: String", &format!("name: String @deprecated(reason: \"Use `id`. {day}\")"));
        for (day, is_hurried) in [("Removed after 2027-11-21.", true), ("Removed after 2027-11-22.", false), ("Soon.", true)] {
            let changes = inspect(RELEASED, &until(day), "2026-12-01");
            assert_eq!(changes.hurried.len(), usize::from(is_hurried), "{day} {:?}", changes.hurried);
            assert_eq!(changes.breaking, Vec::<String>::new());
        }
    }
}

/// What changed, as lines that begin with a path.
struct Changes {
    breaking: Vec<String>,
    dangerous: Vec<String>,
    allowed: Vec<String>,
    hurried: Vec<String>,
}

fn inspect(released: &str, current: &str, today: &str) -> Changes {
    let asked = json!({ "released": released, "current": current, "today": today });
    let told: Value = serde_json::from_str(&node::run("inspect.mjs", &asked.to_string())).expect("json");
    let lines = |name: &str| -> Vec<String> {
        let list = told[name].as_array().expect("a list").iter();
        list.map(|line| line.as_str().expect("a line").to_owned()).collect()
    };
    Changes {
        breaking: lines("breaking"),
        dangerous: lines("dangerous"),
        allowed: lines("allowed"),
        hurried: lines("hurried"),
    }
}

/// The paths, in order.
fn paths(lines: &[String]) -> Vec<&str> {
    let mut paths: Vec<&str> = lines.iter().map(|line| line.split(": ").next().unwrap_or_default()).collect();
    paths.sort_unstable();
    paths
}
