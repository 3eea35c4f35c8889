//! Rules of the house, checked on its own source: who may name whom, what files are called, what must not be written.

use std::fs;

use crate::support::{
    settings,
    source::{self, Named, Source},
};

/// Rooms that every slice may use, and that may use no slice.
const SHARED_ROOMS: [&str; 12] =
    ["http", "auth", "graph", "write", "events", "kpi", "export", "error", "clock", "config", "telemetry", "metrics"];
/// Where the rooms and slices are put together.
const DOORS: [&str; 4] = ["lib", "main", "app", "commands"];
/// What `rules.rs` may name beside itself.
const CRATES_OF_RULES: [&str; 4] = ["std", "core", "chrono", "rust_decimal"];
/// Files and folders of this crate that hold money and date types, which `rules.rs` may name.
const MODULES_OF_RULES: [&str; 3] = ["money", "date", "dates"];
const CRATES_OF_ENTITY: [&str; 3] = ["std", "core", "sea_orm"];
const VAGUE_NAMES: [&str; 5] = ["utils", "helpers", "common", "types", "service"];
const MOST_LINES_OF_CODE: usize = 500;

tests! {
    async fn rules_name_only_std_money_and_dates() {
        let external = external_crates();
        let faults = ours().into_iter().filter(|source| source.path.ends_with("/rules.rs")).flat_map(|source| {
            faults(&source, |named| match source.within_crate(named) {
                Some(path) => !path.iter().any(|segment| MODULES_OF_RULES.contains(&segment.as_str())) && named.segments[0] != "self",
                None => is_foreign(named, &external, &CRATES_OF_RULES),
            })
        });
        report(faults, "rules.rs is pure arithmetic and state machines: it may name std, chrono, rust_decimal and the money and date types only. \
            Pass what it needs as arguments, and keep I/O and entities in the entity's file.");
    }

    async fn entity_names_only_sea_orm() {
        let external = external_crates();
        let faults = Source::below("entity/src").into_iter().flat_map(|source| {
            faults(&source, |named| source.within_crate(named).is_none() && is_foreign(named, &external, &CRATES_OF_ENTITY))
        });
        report(faults, "The crate `entity` knows tables and nothing else: it may name sea_orm only (dates, uuids and JSON come through its prelude).");
    }

    async fn shared_rooms_never_name_a_slice() {
        let slices = slices();
        let faults = Source::below("src").into_iter().filter(|source| SHARED_ROOMS.contains(&room(&source.path))).flat_map(|source| {
            faults(&source, |named| source.within_crate(named).is_some_and(|path| path.first().is_some_and(|first| slices.contains(first))))
        });
        report(faults, "Slices use the shared rooms, never the other way round: a shared room gets what it needs from app.rs, as data or a trait.");
    }

    async fn files_are_named_for_what_they_hold() {
        let faults = ours().into_iter().filter_map(|source| {
            let vague = source.path.trim_end_matches(".rs").split('/').find(|part| VAGUE_NAMES.contains(part))?.to_owned();
            Some(format!("{}: `{vague}` says nothing", source.path))
        });
        report(faults, "Name the file for what it holds (money.rs, cursor.rs), and split it if it holds several things.");
    }

    async fn no_file_is_long() {
        let faults = ours().into_iter().filter_map(|source| {
            let lines = source.lines_of_code();
            (lines > MOST_LINES_OF_CODE).then(|| format!("{}: {lines} lines of code", source.path))
        });
        report(faults, "At most 500 lines of code a file (comments and empty lines not counted): split it by meaning.");
    }

    async fn every_file_says_what_it_is_for() {
        let faults = ours().into_iter().filter(|source| !source.text.starts_with("//! ")).map(|source| source.path);
        report(faults, "A file begins with //! lines: what it is for and its one invariant.");
    }

    async fn work_left_open_names_its_issue() {
        let words = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
        let faults = texts().into_iter().flat_map(|(path, text)| {
            let open = |line: &str| words.iter().any(|word| has_word(line, word)) && !has_issue(line);
            text.lines().enumerate().filter(|(_, line)| open(line)).map(|(n, line)| at_line(&path, n, line)).collect::<Vec<_>>()
        });
        report(faults, "Name the issue in the same line (#12, or its address), or do it now.");
    }

    async fn sea_orm_and_async_graphql_are_not_both_glob_imported() {
        let faults = ours().into_iter().filter_map(|source| {
            let named = source.named();
            let glob = |name: &str| named.iter().any(|n| n.segments[0] == name && n.segments.last().is_some_and(|last| last == "*"));
            (glob("sea_orm") && (glob("async_graphql") || glob("async_graphql_value"))).then(|| source.path.clone())
        });
        report(faults, "Both bring names such as Value, Error and Result: name what is used of at least one of them.");
    }

    async fn no_path_of_a_machine_is_written_down() {
        let places = [["/ho", "me/"], ["/Us", "ers/"], ["/ro", "ot/"], ["/wo", "rk/"], [r"C:\Us", r"ers\"]].map(|parts| parts.concat());
        let faults = texts().into_iter().flat_map(|(path, text)| {
            let local = |line: &str| places.iter().any(|place| starts_a_path(line, place));
            text.lines().enumerate().filter(|(_, line)| local(line)).map(|(n, line)| at_line(&path, n, line)).collect::<Vec<_>>()
        });
        report(faults, "Paths in the repository are relative to it; a place outside comes from the environment.");
    }

    async fn lockfiles_name_no_private_registry() {
        let read = |path: &str| fs::read_to_string(settings::workspace().join(path)).unwrap_or_default();
        let public = r#"source = "registry+https://github.com/rust-lang/crates.io-index""#;
        let cargo = read("Cargo.lock");
        let faults = cargo.lines().filter(|line| line.starts_with("source = ") && *line != public).map(|line| format!("Cargo.lock: {line}"));
        let npm = read("tests/node/package-lock.json");
        let faults = faults.chain(npm.lines().filter(|line| line.contains("\"resolved\"")).map(|line| format!("package-lock.json: {}", line.trim())));
        report(faults, "Lock with the public registry; for npm: npm install --omit-lockfile-registry-resolved.");
    }

    async fn every_file_of_tests_is_run() {
        let main = fs::read_to_string(settings::workspace().join("tests/api/main.rs")).expect("main.rs");
        let faults = Source::below("tests/api").into_iter().filter_map(|source| {
            let file = source.path.strip_prefix("tests/api/")?.strip_suffix(".rs")?.to_owned();
            let is_run = main.contains(&format!("\nmod {file};\n")) && main.contains(&format!("{file}::list"));
            (!file.contains('/') && file != "main" && !is_run).then_some(source.path)
        });
        report(faults, "Add the file to tests/api/main.rs twice: `mod name;` and `name::list` in FILES.");
    }

    async fn the_reader_of_source_sees_what_it_should() {
        let text = "//! use a::hidden;\nuse std::{fmt, io::{self, Write as _}};\nuse crate::graph::*;\n/* use b::c; /* d::e */ */\n\
            fn f<'a>(x: &'a str) -> char { let _ = \"sea_orm::x\"; let _ = r#\"y::z\"#; super::people::load('\"'); ::bytes::Bytes::new(); '\\'' }\n\
            #[cfg(test)]\nmod tests { use axum::Router; }\n";
        let source = Source::new("src/auth/rows.rs", text);
        let named = source.named();
        let paths: Vec<String> = named.iter().map(|named| named.segments.join("::")).collect();
        assert_eq!(paths, ["std::fmt", "std::io::self", "std::io::Write", "crate::graph::*", "super::people::load", "bytes::Bytes::new"]);
        assert_eq!(named.iter().map(|named| named.line).collect::<Vec<_>>(), [2, 2, 2, 3, 5, 5]);
        assert_eq!(source.within_crate(&named[4]), Some(["auth", "people", "load"].map(str::to_owned).to_vec()));
        assert_eq!(Source::new("src/error.rs", "").within_crate(&named[4]), Some(["people", "load"].map(str::to_owned).to_vec()));
        assert_eq!(source.lines_of_code(), 5);
    }
}

/// Every Rust file that is ours.
fn ours() -> Vec<Source> {
    ["src", "entity", "migration", "tests", "benches", "examples"].into_iter().flat_map(Source::below).collect()
}

/// Every text of the repository with its path.
fn texts() -> Vec<(String, String)> {
    let read = |path: std::path::PathBuf| Some((source::relative(&path), fs::read_to_string(&path).ok()?));
    source::files("").into_iter().filter_map(read).collect()
}

/// The top folder or file of `src` that a path lies in.
fn room(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
}

fn slices() -> Vec<String> {
    let mut rooms: Vec<String> = Source::below("src").iter().map(|source| room(&source.path).to_owned()).collect();
    rooms.dedup();
    rooms.retain(|room| !SHARED_ROOMS.contains(&room.as_str()) && !DOORS.contains(&room.as_str()));
    rooms
}

/// Names of all crates that the workspace may use, as written in code.
fn external_crates() -> Vec<String> {
    let manifests = ["Cargo.toml", "entity/Cargo.toml", "migration/Cargo.toml"]
        .map(|path| fs::read_to_string(settings::workspace().join(path)).expect("a manifest"));
    let mut names = vec!["std".to_owned(), "core".to_owned(), "alloc".to_owned(), "foliograph".to_owned()];
    for manifest in &manifests {
        let mut is_list = false;
        for line in manifest.lines() {
            is_list = if line.starts_with('[') { line.ends_with("dependencies]") } else { is_list };
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            if is_list && line.contains('=') && name.starts_with(|c: char| c.is_ascii_lowercase()) {
                names.push(name.replace('-', "_"));
            }
        }
    }
    names
}

/// Whether a path begins at a crate that is not allowed. A `use` of a local enum or module begins in neither list.
fn is_foreign(named: &Named, external: &[String], allowed: &[&str]) -> bool {
    let root = &named.segments[0];
    external.contains(root) && !allowed.contains(&root.as_str())
}

fn faults(source: &Source, is_fault: impl Fn(&Named) -> bool) -> Vec<String> {
    let named = source.named().into_iter().filter(is_fault);
    named.map(|named| format!("{}:{}: {}", source.path, named.line, named.segments.join("::"))).collect()
}

/// One fault, with as much of the line as fits a report.
fn at_line(path: &str, index: usize, line: &str) -> String {
    format!("{path}:{}: {}", index + 1, line.trim().chars().take(160).collect::<String>())
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

fn has_issue(line: &str) -> bool {
    line.contains("/issues/") || line.split('#').skip(1).any(|after| after.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether `place` occurs where a path begins, and not inside a longer path or address.
fn starts_a_path(line: &str, place: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '~' | '}');
    line.match_indices(place).any(|(at, _)| !line[..at].ends_with(inside))
}

#[track_caller]
fn report(faults: impl IntoIterator<Item = String>, remedy: &str) {
    let faults: Vec<String> = faults.into_iter().collect();
    assert!(faults.is_empty(), "{}\n{remedy}", faults.join("\n"));
}
