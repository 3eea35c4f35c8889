//! Runs the tests: one trial a test and database, on one shared runtime, each with a limit of time and a world of its own.

use std::{
    any::Any,
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    process::ExitCode,
    sync::LazyLock,
    time::{Duration, Instant},
};

use libtest_mimic::{Completion, Failed, Trial};
use tokio::runtime::Runtime;

use super::{
    World, database, folder, postgres, settings,
    summary::{self, Need},
    world::Kind,
};

/// Shared by all tests, so that pools and servers outlive none of them and threads stay few.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a tokio runtime"));

thread_local! {
    static CURRENT: RefCell<Option<String>> = const { RefCell::new(None) };
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

type TestFuture<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

#[derive(Clone, Copy)]
enum Body {
    Once(fn() -> TestFuture<'static>),
    OnBoth(for<'a> fn(&'a World) -> TestFuture<'a>),
}

/// One test as listed by `tests!`.
pub struct Test {
    name: String,
    body: Body,
}

impl Test {
    /// A test that needs no database.
    pub fn once(module: &str, name: &str, body: fn() -> TestFuture<'static>) -> Self {
        Self { name: full_name(module, name), body: Body::Once(body) }
    }

    /// A test that runs on each database.
    pub fn on_both(module: &str, name: &str, body: for<'a> fn(&'a World) -> TestFuture<'a>) -> Self {
        Self { name: full_name(module, name), body: Body::OnBoth(body) }
    }

    fn trials(self) -> Vec<Trial> {
        let name = self.name;
        match self.body {
            Body::Once(body) => vec![Trial::ignorable_test(name.clone(), move || guarded(&name, body()))],
            Body::OnBoth(body) => Kind::ALL
                .into_iter()
                .map(|kind| {
                    let name = format!("{}::{name}", kind.name());
                    Trial::ignorable_test(name.clone(), move || on_database(&name, kind, body))
                })
                .collect(),
        }
    }
}

/// Payload of the unwinding by which a test says that it cannot run here.
struct Skip {
    need: Need,
    reason: String,
}

/// Ends the current test as not run. Loud: the test's line, and the closing summary, give the reason.
pub fn skip(need: Need, reason: impl Into<String>) -> ! {
    panic::resume_unwind(Box::new(Skip { need, reason: reason.into() }))
}

/// Name of the test that this thread is running.
pub fn current_test() -> String {
    CURRENT.with_borrow(Clone::clone).expect("called on the test's own thread, not in a spawned task")
}

/// Runs every test of `files` as the command line asks, prints the summary, and removes what the run made.
pub fn run(files: &[fn() -> Vec<Test>]) -> ExitCode {
    let arguments = settings::arguments();
    keep_panics_for_the_report();
    let trials = files.iter().flat_map(|list| list()).flat_map(Test::trials).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    RUNTIME.block_on(database::close());
    folder::remove();
    if !arguments.list {
        summary::print(matches!(arguments.format, Some(libtest_mimic::FormatSetting::Json)));
    }
    conclusion.exit_code()
}

fn full_name(module: &str, name: &str) -> String {
    let file = module.split_once("::").map_or(module, |(_, file)| file);
    format!("{file}::{name}")
}

fn on_database(name: &str, kind: Kind, body: for<'a> fn(&'a World) -> TestFuture<'a>) -> Result<Completion, Failed> {
    if kind == Kind::Postgres {
        match postgres::binaries() {
            Ok(_) => summary::used(Need::Postgres, name),
            Err(reason) if settings::requires_postgres() => {
                return Err(
                    format!("{reason}; and here (CI=true or FOLIOGRAPH_TEST_REQUIRE_PG=1) it is required").into()
                );
            }
            Err(reason) => return Ok(skipped(name, Need::Postgres, reason)),
        }
    }
    let world = World::new(kind);
    let outcome = guarded(name, body(&world));
    let closed = guarded(name, world.close());
    outcome.and_then(|completion| closed.map(|_| completion))
}

/// Runs one future to its end: a panic becomes a failure with its place, a [`skip`] an ignored test, a hang a failure.
fn guarded(name: &str, body: impl Future<Output = ()>) -> Result<Completion, Failed> {
    let limit = Duration::from_mins(if settings::is_long() { 20 } else { 5 });
    CURRENT.set(Some(name.to_owned()));
    let began = Instant::now();
    let outcome =
        panic::catch_unwind(AssertUnwindSafe(|| RUNTIME.block_on(async { tokio::time::timeout(limit, body).await })));
    CURRENT.set(None);
    summary::took(name, began.elapsed());
    match outcome {
        Ok(Ok(())) => Ok(Completion::Completed),
        Ok(Err(_)) => Err(format!("not finished after {} minutes", limit.as_secs() / 60).into()),
        Err(payload) => match payload.downcast::<Skip>() {
            Ok(skip) => Ok(skipped(name, skip.need, &skip.reason)),
            Err(payload) => Err(PANIC.take().unwrap_or_else(|| text_of(&*payload)).into()),
        },
    }
}

fn skipped(name: &str, need: Need, reason: &str) -> Completion {
    summary::skipped(need, name, reason);
    Completion::ignored_with(format!("NOT RUN: {reason}"))
}

/// A test's panic is reported with the test, not in the middle of other tests' lines; any other thread's at once.
fn keep_panics_for_the_report() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if CURRENT.with_borrow(Option::is_none) {
            print(info);
            return;
        }
        let place = info.location().map_or_else(String::new, |at| format!("{at}\n"));
        let mut text = format!("{place}{}", text_of(info.payload()));
        if std::env::var("RUST_BACKTRACE").is_ok_and(|value| value == "full") {
            text = format!("{text}\n{}", std::backtrace::Backtrace::force_capture());
        }
        PANIC.set(Some(text));
    }));
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<String>(), payload.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (None, Some(text)) => (*text).to_owned(),
        (None, None) => "panicked without a text".to_owned(),
    }
}
