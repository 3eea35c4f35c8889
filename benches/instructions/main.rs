//! Counts instructions of the stages of a request and compares them with recorded ones:
//! `cargo bench --profile dev --features instructions --bench instructions` (`-- --record` records, `-- --time` tells
//! microseconds instead). Needs valgrind. README.md of the folder above says what the counts mean.

use std::{
    env, fs,
    path::Path,
    process::{Command, ExitCode},
    time::Instant,
};

mod counts;
mod marks;
mod queries;
mod requests;
mod rows;

use counts::Counts;
use queries::Query;
use requests::House;

// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Requests of each kind that are counted; the one in the middle stands.
const ROUNDS: usize = 5;
/// Requests of each kind that are timed.
const TIMED: usize = 301;
/// The argument that makes this program ask and nothing else.
const ASK: &str = "--ask";
/// The argument that makes it tell times; with a place and a query of that query alone.
const TIME: &str = "--time";
/// Where counts are recorded.
const RECORDED: &str = "benches/instructions/counts.json";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [first, url, ..] if first == ASK => {
            ask(url);
            return ExitCode::SUCCESS;
        }
        [first, url, name, ..] if first == TIME => {
            queries::ALL.iter().filter(|query| query.name == name).for_each(|query| time(url, query));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if !has("--bench") {
        println!("Counts only when asked to: cargo bench --profile dev --features instructions --bench instructions");
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("empty.db").display());
    requests::migrate(&url);
    if has(TIME) {
        println!(
            "Microseconds of a request, the middle of {TIMED}; KiB of a new document with its plan, and of another plan."
        );
        println!("{:<6} {:>8} {:>8} {:>8} {:>8}  what", "query", "new", "kept", "KiB", "KiB plan");
        for query in &queries::ALL {
            // Each in a process of its own: memory is as it was at first.
            let mut own = Command::new(env::current_exe().expect("this program"));
            own.args([TIME, &url, query.name]).status().expect("it runs");
        }
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED: counting instructions needs valgrind (apt-get install valgrind).");
        return ExitCode::SUCCESS;
    }
    let counts = count(&url, folder.path());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    if has("--record") {
        counts.write(&file);
        counts.print();
        return ExitCode::SUCCESS;
    }
    let recorded = Counts::read(&file);
    if recorded.architecture != counts.architecture {
        counts.print();
        println!("SKIPPED: counts are recorded for {}, this is {}.", recorded.architecture, counts.architecture);
        return ExitCode::SUCCESS;
    }
    if counts.compare(&recorded) {
        println!("A stage takes more instructions than it may. If that is meant, record anew: -- --record");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Asks everything under callgrind.
fn count(url: &str, folder: &Path) -> Counts {
    let parts = folder.join("parts");
    let log = folder.join("log");
    let status = Command::new("valgrind")
        // Without fair turns a thread that waits for another may wait for minutes.
        .args(["--tool=callgrind", "--fair-sched=yes", "--dump-line=no", "--dump-instr=no"])
        .args(marks::OPTIONS)
        .arg(format!("--callgrind-out-file={}", parts.display()))
        .arg(format!("--log-file={}", log.display()))
        .arg(env::current_exe().expect("this program"))
        .args([ASK, url])
        .status()
        .expect("valgrind runs");
    assert!(status.success(), "{}", fs::read_to_string(log).unwrap_or_default());
    // Those that warm up are counted as well, and come first.
    let requests = counts::requests(&parts);
    let each = requests::WARM_UP + 2 * ROUNDS;
    let warm = requests.chunks(each).flat_map(|of_query| of_query.iter().skip(requests::WARM_UP));
    let names = queries::ALL.each_ref().map(|query| query.name);
    Counts::of(&names, &warm.copied().collect::<Vec<_>>(), ROUNDS)
}

/// Asks each query in new documents, then in the last of them.
fn ask(url: &str) {
    let house = House::open(url);
    for query in &queries::ALL {
        let cursor = house.warm_up(query);
        let documents: Vec<String> = (0..ROUNDS).map(|round| format!("{} # {round}", query.document)).collect();
        let kept = documents.iter().chain(std::iter::repeat_n(&documents[ROUNDS - 1], ROUNDS));
        for document in kept {
            house.ask(query, document, cursor.as_deref());
        }
    }
}

/// Tells how long requests take whose rows are at hand, with new documents and with a kept one, and what is kept of them.
fn time(url: &str, query: &'static Query) {
    let house = House::open(url);
    let cursor = house.warm_up(query);
    let [all, plan] = house.memory(query).map(|bytes| bytes / 1024);
    let mut took = [vec![], vec![]];
    for round in 0..TIMED {
        let document = format!("{} # {round}", query.document);
        for times in &mut took {
            let began = Instant::now();
            house.ask(query, &document, cursor.as_deref());
            times.push(began.elapsed().as_micros());
        }
    }
    for times in &mut took {
        times.sort_unstable();
    }
    let [new, kept] = took.map(|times| times[TIMED / 2]);
    println!("{:<6} {new:>8} {kept:>8} {all:>8} {plan:>8}  {}", query.name, query.what);
}
