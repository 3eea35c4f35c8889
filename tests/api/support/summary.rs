//! What the run used and what it could not: the closing lines, so that a test left out is never mistaken for one passed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Something outside this repository that tests stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A `PostgreSQL` server's binaries.
    Postgres,
    /// The folder of published data.
    RealData,
    /// node, npm and the packages of `tests/node`.
    Node,
    /// Python 3, pip and the packages of `tests/python`.
    Python,
}

impl Need {
    const ALL: [Self; 4] = [Self::Postgres, Self::RealData, Self::Node, Self::Python];

    fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::RealData => "real data",
            Self::Node => "node",
            Self::Python => "Python",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Postgres => {
                "apt-get install postgresql, or set FOLIOGRAPH_TEST_PG_BIN to the folder of initdb and pg_ctl"
            }
            Self::RealData => "set FOLIOGRAPH_TEST_DATA to the folder of published data",
            Self::Node => "apt-get install nodejs npm, and let npm reach its registry once",
            Self::Python => "apt-get install python3 python3-pip, and let pip reach its registry once",
        }
    }
}

#[derive(Default)]
struct Tally {
    used: BTreeSet<String>,
    skipped: BTreeSet<String>,
    reasons: BTreeSet<String>,
}

static TALLIES: Mutex<BTreeMap<Need, Tally>> = Mutex::new(BTreeMap::new());

/// Notes that a test stood on `need`.
pub fn used(need: Need, test: &str) {
    with(need, |tally| {
        tally.used.insert(test.to_owned());
    });
}

/// Notes that a test could not run for want of `need`.
pub fn skipped(need: Need, test: &str, reason: &str) {
    with(need, |tally| {
        tally.used.remove(test);
        tally.skipped.insert(test.to_owned());
        tally.reasons.insert(reason.to_owned());
    });
}

/// How long a test may take without being named at the end.
const SLOW: Duration = Duration::from_secs(20);

static SLOWEST: Mutex<Vec<(Duration, String)>> = Mutex::new(Vec::new());

/// Notes how long a test took, beside whatever ran at the same time.
pub fn took(test: &str, time: Duration) {
    if time >= SLOW {
        SLOWEST.lock().unwrap_or_else(PoisonError::into_inner).push((time, test.to_owned()));
    }
}

/// Prints the closing lines; to standard error where standard output is a machine's.
pub fn print(to_stderr: bool) {
    let text = TALLIES.lock().map_or_else(|poisoned| render(&poisoned.into_inner()), |tallies| render(&tallies));
    if to_stderr {
        eprint!("{text}");
    } else {
        print!("{text}");
    }
}

fn with(need: Need, change: impl FnOnce(&mut Tally)) {
    change(TALLIES.lock().unwrap_or_else(PoisonError::into_inner).entry(need).or_default());
}

fn render(tallies: &BTreeMap<Need, Tally>) -> String {
    use std::fmt::Write as _;

    let mut text = String::new();
    let mut banner = String::new();
    for need in Need::ALL {
        let (ran, skipped) = tallies.get(&need).map_or((0, 0), |tally| (tally.used.len(), tally.skipped.len()));
        let _ = writeln!(text, "{} tests: {ran} ran, {skipped} skipped", need.title());
        let Some(tally) = tallies.get(&need).filter(|tally| !tally.skipped.is_empty()) else {
            continue;
        };
        let _ = writeln!(banner, "!!  {skipped} {} tests WERE NOT RUN", need.title());
        for reason in &tally.reasons {
            let _ = writeln!(banner, "!!    because: {reason}");
        }
        let _ = writeln!(banner, "!!    remedy:  {}", need.remedy());
    }
    let mut slowest = std::mem::take(&mut *SLOWEST.lock().unwrap_or_else(PoisonError::into_inner));
    slowest.sort_unstable_by(|a, b| b.cmp(a));
    for (time, test) in slowest {
        let _ = writeln!(text, "slow: {:4} s  {test}", time.as_secs());
    }
    if !banner.is_empty() {
        let rule = "!".repeat(100);
        let _ = write!(text, "\n{rule}\n{banner}{rule}\n");
    }
    text.push('\n');
    text
}
