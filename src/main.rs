//! The `foliograph` command. Ends with 0 if all went well, 1 if the work failed, 2 if it was asked for wrongly.
//! What a command answers goes to stdout; progress, logs and the one line of an error go to stderr.

mod commands;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::ExitCode,
    sync::Arc,
};

use chrono::{NaiveDate, TimeDelta};
use clap::{
    Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use foliograph::{
    app::{self, App},
    auth::{Role, token},
    clock::{Clock, SystemClock},
    config::{self, Config, Toggle},
    demo,
    error::{Code, Error},
    http, telemetry,
};
use migration::{MigrationStatus, Migrator, MigratorTrait};
use tokio::net::TcpListener;

// Rows and answers are many short-lived allocations; this allocator suits them better than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: u8 = 2;

/// Whose tokens the demo prints, by the subject that the demo data knows them by.
const DEMO_PEOPLE: [(&str, Role, &str); 3] = [
    ("PMO lead", Role::PmoLead, demo::PMO_LEAD),
    ("Project manager", Role::ProjectManager, demo::PROJECT_MANAGER),
    ("Sponsor", Role::Sponsor, demo::SPONSOR),
];
/// How long a demo token lasts.
const DEMO_TTL: TimeDelta = TimeDelta::days(7);

/// A GraphQL API server for project portfolio management.
#[derive(Parser)]
#[command(name = "foliograph", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API.
    Serve(Box<Config>),
    /// Bring the database's schema up, take it down, or say where it stands.
    #[command(subcommand)]
    Migrate(Migrate),
    /// Print the schema in SDL.
    Schema,
    /// Print a token signed by the local development key.
    Token(Box<Token>),
    /// Make, rotate, revoke or list API keys.
    #[command(subcommand)]
    Key(commands::key::KeyCommand),
    /// Register documents that clients name by their hash, list or remove them.
    #[command(subcommand)]
    Documents(commands::documents::DocumentsCommand),
    /// Bring in data from another tool's files.
    Import(Box<commands::import::Import>),
    /// Serve a portfolio of example data, with ready tokens.
    Demo(Box<Demo>),
    /// Ask a running server whether it is alive (for container health checks).
    #[command(hide = true)]
    Health(Box<Config>),
}

#[derive(Subcommand)]
enum Migrate {
    /// Take every step that is missing.
    Up(Box<Config>),
    /// Take back the last steps: their tables and data are gone.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
        #[command(flatten)]
        config: Box<Config>,
    },
    /// List the steps.
    Status(Box<Config>),
}

#[derive(clap::Args)]
struct Token {
    /// A role to give; may be repeated.
    #[arg(long = "role", required = true, ignore_case = true, value_parser = role_parser())]
    roles: Vec<Role>,
    /// Whose token it is [default: the first role's name].
    #[arg(long)]
    user: Option<String>,
    /// How long it lasts, such as 30m, 8h or 7d.
    #[arg(long, default_value = "8h", value_parser = parse_duration)]
    ttl: TimeDelta,
    #[command(flatten)]
    config: Config,
}

#[derive(clap::Args)]
struct Demo {
    /// The month that the example data is about [default: this one].
    #[arg(long, value_name = "YYYY-MM", value_parser = parse_month)]
    as_of: Option<NaiveDate>,
    #[command(flatten)]
    config: Config,
}

fn role_parser() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str))
        .try_map(|name| Role::parse(&name.to_ascii_uppercase()).ok_or("no role"))
}

fn parse_duration(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "a duration is a number and a unit, such as 30m, 8h or 7d".to_string();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let count: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let length = match unit {
        's' => TimeDelta::try_seconds(count),
        'm' => TimeDelta::try_minutes(count),
        'h' => TimeDelta::try_hours(count),
        'd' => TimeDelta::try_days(count),
        _ => None,
    };
    length.filter(|length| (1..=TimeDelta::days(366).num_seconds()).contains(&length.num_seconds())).ok_or_else(wrong)
}

fn parse_month(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").map_err(|_| "a month is written YYYY-MM".into())
}

fn main() -> ExitCode {
    // A command-line mistake is clap's to explain; it ends with 2 as well.
    let names = std::env::vars_os().filter_map(|(name, _): (OsString, OsString)| name.into_string().ok());
    if let Err(e) = config::check_variables(names) {
        return complain(&e, USAGE);
    }
    use_small_pages();
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => complain(&e, if e.code == Code::BadRequest { USAGE } else { 1 }),
    }
}

/// Keeps the kernel from giving the allocator huge pages: a third of the memory that they took was in use, and requests
/// took no less time with them.
fn use_small_pages() {
    // Where it cannot be said everything works as well, in more memory.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

fn complain(error: &Error, status: u8) -> ExitCode {
    let cause = error.source.as_ref().map_or_else(String::new, |cause| format!(" ({cause})"));
    // Nothing is left to tell if stderr is closed.
    let _ = writeln!(io::stderr(), "error: {error}{}", cause.replace('\n', " "));
    ExitCode::from(status)
}

fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Schema => say(&foliograph::graph::sdl(app::model())),
        Command::Token(token) => print_token(&token),
        Command::Health(config) => ask_health(&config),
        Command::Serve(config) => with_runtime(&config.clone(), serve(*config)),
        Command::Migrate(Migrate::Up(config)) => with_runtime(&config, migrate_up(&config)),
        Command::Migrate(Migrate::Down { steps, config }) => with_runtime(&config, migrate_down(&config, steps)),
        Command::Migrate(Migrate::Status(config)) => with_runtime(&config, migrate_status(&config)),
        Command::Key(command) => commands::key::run(&command),
        Command::Documents(command) => commands::documents::run(&command),
        Command::Import(import) => with_runtime(&import.config, bring_in(&import)),
        Command::Demo(demo) if !demo.config.accepts_local_key() => Err(refuse_in_production("demo")),
        Command::Demo(demo) => with_runtime(&demo.config.clone(), show_demo(*demo)),
    }
}

/// Runs work with checked settings and telemetry, which starts before the runtime and is flushed after it.
fn with_runtime(config: &Config, work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    config.check()?;
    let telemetry = telemetry::start(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::internal)?;
    let done = runtime.block_on(work);
    drop(runtime);
    telemetry.stop();
    done
}

fn say(text: &str) -> Result<(), Error> {
    match io::stdout().write_all(text.as_bytes()) {
        // The reader has seen enough (`foliograph schema | head`).
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Error::internal),
    }
}

async fn serve(config: Config) -> Result<(), Error> {
    let listener = listen(&config).await?;
    // With port 0 the system chooses one.
    let address = listener.local_addr().map_err(Error::internal)?;
    let app = App::open(config, Arc::new(SystemClock)).await?;
    let stop = app::stop_signal();
    tracing::info!(%address, "serving");
    app::serve(app, listener, stop).await
}

async fn listen(config: &Config) -> Result<TcpListener, Error> {
    TcpListener::bind(config.listen).await.map_err(|e| {
        let address = config.listen;
        Error::new(
            Code::Unavailable,
            match e.kind() {
                io::ErrorKind::AddrInUse => {
                    format!("{address} is in use. Stop what listens there, or choose another with --listen.")
                }
                _ => format!("{address} cannot be listened on: {e}. Choose another with --listen."),
            },
        )
    })
}

async fn migrate_up(config: &Config) -> Result<(), Error> {
    Ok(Migrator::up(&app::connect(config).await?.orm, None).await?)
}

async fn migrate_down(config: &Config, steps: u32) -> Result<(), Error> {
    Ok(Migrator::down(&app::connect(config).await?.orm, Some(steps)).await?)
}

async fn migrate_status(config: &Config) -> Result<(), Error> {
    let database = app::connect(config).await?;
    let steps = Migrator::get_migration_with_status_read_only(&database.orm).await?;
    let line = |name: &str, status| match status {
        MigrationStatus::Applied => format!("done     {name}\n"),
        MigrationStatus::Pending => format!("missing  {name}\n"),
    };
    say(&steps.iter().map(|step| line(step.name(), step.status())).collect::<String>())
}

fn print_token(Token { roles, user, ttl, config }: &Token) -> Result<(), Error> {
    // Said before what else production needs.
    if !config.accepts_local_key() {
        return Err(refuse_in_production("token"));
    }
    config.check()?;
    let key = app::open_local_key(config)?.ok_or_else(|| refuse_in_production("token"))?;
    let subject = user.clone().unwrap_or_else(|| roles[0].as_str().to_lowercase().replace('_', "-"));
    say(&format!("{}\n", token::mint(&key, SystemClock.now(), &subject, roles, *ttl)?))
}

fn refuse_in_production(command: &str) -> Error {
    let line = format!(
        "'foliograph {command}' signs tokens with the local key, which is refused with FOLIOGRAPH_ENV=production."
    );
    Error::new(Code::BadRequest, line)
}

async fn bring_in(import: &commands::import::Import) -> Result<(), Error> {
    say(&commands::import::run(import).await?)
}

async fn show_demo(Demo { as_of, mut config }: Demo) -> Result<(), Error> {
    config.migrate = Toggle::On;
    let listener = listen(&config).await?;
    let app = App::open(config, Arc::new(SystemClock)).await?;
    let month = as_of.unwrap_or_else(|| app.clock.today());
    let loaded = demo::load(&app.database.orm, month, app.clock.as_ref()).await?;
    let stop = app::stop_signal();
    say(&demo_text(&app, &listener, loaded)?)?;
    app::serve(app, listener, stop).await
}

fn demo_text(app: &App, listener: &TcpListener, loaded: demo::Summary) -> Result<String, Error> {
    let address = reachable(listener.local_addr().map_err(Error::internal)?);
    let place = if app.config.has_explorer() { format!("Explorer    http://{address}/\n") } else { String::new() };
    let mut tokens = vec![];
    if let Some(key) = &app.local_key {
        for (title, role, subject) in DEMO_PEOPLE {
            let token = token::mint(key, app.clock.now(), subject, &[role], DEMO_TTL)?;
            tokens.push(format!("{title}:\n{{\"Authorization\": \"Bearer {token}\"}}\n"));
        }
    }
    Ok(format!(
        "\n{}{place}API         http://{address}/graphql\n\nFor the explorer's Headers pane, one of\n\n{}\nA first query:\n\n{}\nStop with ctrl-c; the data stays.\n\n",
        loaded_text(loaded),
        tokens.join("\n"),
        http::FIRST_QUERY
    ))
}

/// What was loaded; nothing where the data of before were kept.
fn loaded_text(loaded: demo::Summary) -> String {
    if !loaded.created {
        return String::new();
    }
    let demo::Summary {
        portfolios, programs, projects, people, objectives, budgets, forecasts, reports, benefits, ..
    } = loaded;
    format!(
        "Loaded      {portfolios} portfolios, {programs} programs, {projects} projects, {people} people, {objectives} objectives,\n            {budgets} budgets, {forecasts} forecasts, {reports} status reports, {benefits} benefits\n"
    )
}

/// Where this machine reaches a server that listens on every address.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    address
}

/// One request by hand: the image has no other client.
fn ask_health(config: &Config) -> Result<(), Error> {
    use std::{io::Read as _, time::Duration};
    let down =
        |e: io::Error| Error::new(Code::Unavailable, format!("The server at {} does not answer: {e}.", config.listen));
    let address = reachable(config.listen);
    let within = Duration::from_secs(3);
    let mut stream = TcpStream::connect_timeout(&address, within).map_err(down)?;
    stream.set_read_timeout(Some(within)).map_err(down)?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").map_err(down)?;
    let mut answer = String::new();
    stream.take(4_096).read_to_string(&mut answer).map_err(down)?;
    if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(down(io::Error::other("it is not healthy"))) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_have_a_unit_and_a_limit() {
        assert_eq!(parse_duration("30m"), Ok(TimeDelta::minutes(30)));
        assert_eq!(parse_duration("7d"), Ok(TimeDelta::days(7)));
        for wrong in ["", "8", "h", "-1h", "0s", "9999d", "8é", "99999999999999999d"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
