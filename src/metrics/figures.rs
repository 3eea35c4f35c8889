//! The figures that others keep: which there are, what they are called, and what each says.

use std::fs;

use chrono::{DateTime, Utc};

use super::sheet::{Sheet, float};
use crate::{app::App, events::Lag};

/// Where Linux tells how much memory this process has.
const STATUS: &str = "/proc/self/status";

/// All figures of this moment; without those of the outbox where the database does not answer.
pub fn of(app: &App, lag: Option<Lag>) -> Result<Sheet, prometheus::Error> {
    let sheet = Sheet::default();
    process(&sheet, app.metrics.started_at)?;
    sockets(&sheet, app)?;
    exports(&sheet, app)?;
    caches(&sheet, app)?;
    connections(&sheet, app)?;
    outbox(&sheet, lag)?;
    Ok(sheet)
}

fn process(sheet: &Sheet, started_at: DateTime<Utc>) -> Result<(), prometheus::Error> {
    let version = env!("CARGO_PKG_VERSION");
    sheet.gauge(
        "foliograph_build_info",
        "Always 1; the label is the version that runs.",
        ["version"],
        &[([version], 1.0)],
    )?;
    let started = float(u64::try_from(started_at.timestamp()).unwrap_or_default());
    let help = "When the server was started, in seconds since 1970 in UTC.";
    sheet.gauge("foliograph_process_start_time_seconds", help, [], &[([], started)])?;
    let Some(bytes) = resident_bytes() else { return Ok(()) };
    let help = "Memory that the process holds; absent where the system does not tell.";
    sheet.gauge("foliograph_process_resident_memory_bytes", help, [], &[([], float(bytes))])
}

fn sockets(sheet: &Sheet, app: &App) -> Result<(), prometheus::Error> {
    let traffic = app.sockets.traffic();
    let help = "Sockets that are open at /graphql/ws, greeted or not.";
    sheet.gauge("foliograph_websockets_open", help, [], &[([], float(traffic.open))])?;
    let help = "Subscriptions that are followed at this moment.";
    sheet.gauge("foliograph_subscriptions_open", help, [], &[([], float(traffic.followed))])?;
    let help = "Events told to subscriptions; one event counts for each that it was told to.";
    sheet.counter("foliograph_events_told_total", help, [], &[([], float(traffic.told))])
}

fn exports(sheet: &Sheet, app: &App) -> Result<(), prometheus::Error> {
    let traffic = app.exports.traffic();
    let help = "Exports that are being written at this moment.";
    sheet.gauge("foliograph_exports_running", help, [], &[([], float(traffic.running))])?;
    let help = "As many exports as may be written at once.";
    sheet.gauge("foliograph_exports_max", help, [], &[([], float(traffic.most))])?;
    let help =
        "Exports that have ended: sent whole, broken off, left by the client, or refused since too many were running.";
    let rows = [
        (["ok"], traffic.whole),
        (["broken_off"], traffic.broken_off),
        (["cancelled"], traffic.left),
        (["limited"], traffic.refused),
    ];
    sheet.counter("foliograph_exports_total", help, ["outcome"], &rows.map(|(labels, count)| (labels, float(count))))
}

fn caches(sheet: &Sheet, app: &App) -> Result<(), prometheus::Error> {
    let kept = app.engine.kept();
    let (documents, plans, answers) = (kept.documents, kept.plans, kept.answers);
    let rows = |documents, plans| [(["document"], float(documents)), (["plan"], float(plans))];
    let all = |documents, plans, answers| {
        [(["document"], float(documents)), (["plan"], float(plans)), (["answer"], float(answers))]
    };
    let help = "How often a document, a plan or the answer of a function was kept already when a request needed it.";
    sheet.counter("foliograph_cache_hits_total", help, ["cache"], &all(documents.hits, plans.hits, answers.hits))?;
    let help = "How often a document, a plan or the answer of a function had to be made when a request needed it.";
    sheet.counter(
        "foliograph_cache_misses_total",
        help,
        ["cache"],
        &all(documents.misses, plans.misses, answers.misses),
    )?;
    let help = "Documents and plans that made room for others; a document takes its plans with it.";
    sheet.counter("foliograph_cache_evictions_total", help, ["cache"], &rows(documents.evictions, plans.evictions))?;
    let help = "Documents, plans and answers of functions that are kept at this moment.";
    let entries = all(documents.entries, plans.entries, answers.entries);
    sheet.gauge("foliograph_cache_entries", help, ["cache"], &entries)?;
    let help = "Memory that kept documents and plans take, by their size; it is bounded.";
    sheet.gauge("foliograph_cache_bytes", help, [], &[([], float(kept.bytes))])
}

fn connections(sheet: &Sheet, app: &App) -> Result<(), prometheus::Error> {
    let (reads, writes) = (app.database.reads(), app.database.writes());
    let help = "Open connections to the database, those for reads and the pool for writes and small things, by whether they are taken.";
    let rows = [
        (["read", "idle"], float(reads.idle)),
        (["read", "in_use"], float(reads.in_use)),
        (["write", "idle"], float(writes.idle)),
        (["write", "in_use"], float(writes.in_use)),
    ];
    sheet.gauge("foliograph_database_connections", help, ["pool", "state"], &rows)?;
    let help = "As many connections as there may be.";
    let rows = [(["read"], float(reads.most)), (["write"], float(writes.most))];
    sheet.gauge("foliograph_database_connections_max", help, ["pool"], &rows)?;
    let waited = app.database.waited();
    let help = "How often all connections were taken when one was needed; the pool for writes does not tell.";
    sheet.counter("foliograph_database_waits_total", help, ["pool"], &[(["read"], float(waited.times))])?;
    let help = "How long was waited for connections, all waits together; the pool for writes does not tell.";
    let rows = [(["read"], waited.duration.as_secs_f64())];
    sheet.counter("foliograph_database_wait_seconds_total", help, ["pool"], &rows)
}

fn outbox(sheet: &Sheet, lag: Option<Lag>) -> Result<(), prometheus::Error> {
    let up = if lag.is_some() { 1.0 } else { 0.0 };
    let help =
        "Whether the database answered this scrape (1) or not (0); without an answer nothing is said of the outbox.";
    sheet.gauge("foliograph_database_up", help, [], &[([], up)])?;
    let Some(lag) = lag else { return Ok(()) };
    let count = |number: i64| float(u64::try_from(number).unwrap_or_default());
    let help = "Events that were written and have no position in the stream yet; at most 100000 are counted.";
    sheet.gauge("foliograph_outbox_pending_events", help, [], &[([], count(lag.pending))])?;
    let help = "How long ago the oldest event without a position was written; 0 where there is none.";
    let age = lag.age.to_std().unwrap_or_default().as_secs_f64();
    sheet.gauge("foliograph_outbox_oldest_pending_seconds", help, [], &[([], age)])?;
    let help = "The last position given in the stream of events.";
    sheet.gauge("foliograph_outbox_head_position", help, [], &[([], count(lag.head))])
}

/// The memory that the process holds, where the system tells.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string(STATUS).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
