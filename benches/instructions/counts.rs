//! The counts: taken from callgrind's parts, kept in a file, compared with it.

use std::{collections::BTreeMap, env::consts::ARCH, fs, path::Path, process::Command};

use serde::{Deserialize, Serialize};

use super::marks::Mark;

/// How much more than what is recorded is a fault.
const BOUND: f64 = 1.25;
/// How much less deserves to be recorded.
const GAIN: f64 = 0.85;

/// Instructions of a query by stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stages {
    /// From a document that was not seen before to its kept plan: what a request takes more the first time.
    pub plan: u64,
    /// From a request whose plan is kept to its first statement with all values.
    pub bind: u64,
    /// From the first row to the last byte of the answer.
    pub write: u64,
}

impl Stages {
    fn by_name(self) -> [(&'static str, u64); 3] {
        [("plan", self.plan), ("bind", self.bind), ("write", self.write)]
    }
}

/// Counts by query, with what they depend on besides the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The compiler.
    pub compiler: String,
    /// The processor's architecture.
    pub architecture: String,
    /// The counts.
    pub queries: BTreeMap<String, Stages>,
}

/// A request that was counted: instructions before its first statement, and after.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    before: u64,
    after: u64,
}

impl Counts {
    /// Those of the present program: for each query as many requests with a new document as with a kept one.
    pub fn of(names: &[&str], requests: &[Request], rounds: usize) -> Self {
        assert_eq!(requests.len(), names.len() * 2 * rounds, "callgrind has counted each request");
        let stages = requests.chunks(2 * rounds).map(|of_query| {
            let (new, kept) = of_query.split_at(rounds);
            let (bind, write) = (middle(kept, |r| r.before), middle(kept, |r| r.after));
            let first = middle(new, |r| r.before + r.after);
            Stages { plan: first.saturating_sub(bind + write), bind, write }
        });
        let queries = names.iter().map(|name| (*name).to_owned()).zip(stages).collect();
        Self { compiler: compiler(), architecture: ARCH.to_owned(), queries }
    }

    /// Those of a file.
    pub fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
    }

    /// Keeps them in a file.
    pub fn write(&self, file: &Path) {
        let text = serde_json::to_string_pretty(self).expect("JSON");
        fs::write(file, text + "\n").unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }

    /// Prints them beside those that are recorded, and tells whether any is beyond the bound.
    pub fn compare(&self, recorded: &Self) -> bool {
        println!("{:<6} {:<6} {:>12} {:>12} {:>6}", "query", "stage", "instructions", "recorded", "ratio");
        let (mut is_over, mut is_gain) = (false, false);
        for (query, stages) in &self.queries {
            let before = recorded.queries.get(query).map(|stages| stages.by_name());
            for (at, (stage, count)) in stages.by_name().into_iter().enumerate() {
                let Some(before) = before.map(|before| before[at].1) else {
                    println!("{query:<6} {stage:<6} {count:>12} {:>12}", "none");
                    is_over = true;
                    continue;
                };
                let ratio = ratio(count, before);
                let mark = if ratio > BOUND { "  OVER THE BOUND" } else { "" };
                println!("{query:<6} {stage:<6} {count:>12} {before:>12} {ratio:>6.2}{mark}");
                is_over |= ratio > BOUND;
                is_gain |= ratio < GAIN;
            }
        }
        if self.compiler != recorded.compiler {
            println!("Recorded with {}, counted with {}.", recorded.compiler, self.compiler);
        }
        if is_gain {
            println!("Some counts are far below what is recorded: keep what was gained with --record.");
        }
        is_over
    }

    /// Prints them.
    pub fn print(&self) {
        for (query, stages) in &self.queries {
            println!("{query}: {}", stages.by_name().map(|(stage, count)| format!("{stage} {count}")).join(", "));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "two places are shown")]
fn ratio(count: u64, before: u64) -> f64 {
    count as f64 / before.max(1) as f64
}

fn middle(requests: &[Request], of: impl Fn(&Request) -> u64) -> u64 {
    let mut counts: Vec<u64> = requests.iter().map(of).collect();
    counts.sort_unstable();
    counts[counts.len() / 2]
}

fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output().map(|said| said.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}

/// The requests among callgrind's parts `FILE.1`, `FILE.2` and so on, each of which says what ended it.
pub fn requests(file: &Path) -> Vec<Request> {
    let (mut out, mut current) = (vec![], None);
    for number in 1.. {
        let Ok(text) = fs::read_to_string(file.with_extension(number.to_string())) else { break };
        let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let count: u64 = line("summary:").and_then(|count| count.parse().ok()).expect("a part's sum");
        let Some(mark) = line("desc: Trigger:").and_then(Mark::of) else { continue };
        if mark == Mark::RequestBegins {
            current = Some((None, 0));
            continue;
        }
        let Some((before, after)) = &mut current else { continue };
        match mark {
            Mark::RowsBegin if before.is_none() => *before = Some(count),
            Mark::RowsBegin | Mark::RequestEnds => *after += count,
            Mark::RequestBegins | Mark::RowsEnd => {}
        }
        if mark == Mark::RequestEnds
            && let Some((before, after)) = current.take()
        {
            out.push(Request { before: before.unwrap_or_default(), after });
        }
    }
    out
}
