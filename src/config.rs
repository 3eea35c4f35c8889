//! The settings, each a flag and an environment variable, checked once at start.
//! Nothing else in the house reads the environment, and a setting that is misspelled stops the start instead of being ignored.

mod connections;
mod documents;
mod issuers;
mod limits;
mod metrics;
pub(crate) mod table;
mod waits;

use std::{collections::BTreeSet, ffi::OsString, net::SocketAddr, ops::RangeInclusive, path::PathBuf, time::Duration};

use clap::{Args, FromArgMatches, ValueEnum, builder::RangedU64ValueParser};

pub use connections::ConnectionLimits;
pub use documents::DocumentsAccepted;
pub use issuers::IssuerSettings;
pub use limits::{LimitColumns, LimitSettings, Limits};
pub use metrics::{MetricsAccess, MetricsMode, MetricsReaders};
pub use table::Fault;
pub use waits::Waits;

use crate::{
    auth::{AddressRange, Class},
    error::{Code, Error},
};

const PREFIX: &str = "FOLIOGRAPH_";

/// Whether this installation is for trying things out or for work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// The local key and its tokens are accepted.
    Development,
    /// Only tokens of the configured issuer are accepted.
    Production,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// A setting that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Toggle {
    /// Yes.
    On,
    /// No.
    Off,
}

/// What resource managers may read of their teams besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ManagersRead {
    /// What an hour of each of them costs.
    Rates,
    /// Why they are away.
    AbsenceReasons,
}

impl ManagersRead {
    /// The class of such fields.
    pub fn class(self) -> Class {
        match self {
            Self::Rates => Class::Rate,
            Self::AbsenceReasons => Class::Absence,
        }
    }
}

/// Every setting of the server. Not `Debug`: the database URL may hold a password.
#[derive(Clone, Args)]
pub struct Config {
    /// Address and port to listen on.
    #[arg(long, env = "FOLIOGRAPH_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The database: `sqlite:PATH?mode=rwc` or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite:foliograph.db?mode=rwc", hide_env_values = true)]
    pub database_url: String,
    /// Connections to the database at most.
    #[arg(long, env = "FOLIOGRAPH_DATABASE_CONNECTIONS", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=500))]
    pub database_connections: u32,
    /// Bring the database's schema up to date at start.
    #[arg(long, env = "FOLIOGRAPH_MIGRATE", default_value = "off", num_args = 0..=1, default_missing_value = "on")]
    pub migrate: Toggle,
    /// The local development key [default: foliograph.key beside the database file].
    #[arg(long, env = "FOLIOGRAPH_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// In production the local key is refused, so an issuer is needed, and the explorer is off.
    #[arg(long = "env", env = "FOLIOGRAPH_ENV", default_value = "development")]
    pub environment: Environment,
    /// Whose tokens are accepted.
    #[command(flatten)]
    pub issuers: IssuerSettings,
    /// Proxies whose word on where a request comes from is taken (X-Forwarded-For): ranges of addresses, separated by commas.
    #[arg(long, env = "FOLIOGRAPH_TRUSTED_PROXIES", value_delimiter = ',', value_parser = address_range)]
    pub trusted_proxies: Vec<AddressRange>,
    /// Whether processes on one PostgreSQL tell each other of events; off behind a pooler that cannot LISTEN. Without it
    /// they look twice a second.
    #[arg(long, env = "FOLIOGRAPH_NOTIFY", default_value = "on")]
    pub notify: Toggle,
    /// Whether this process derives the stored values of KPIs after writes; one process on a database must.
    #[arg(long, env = "FOLIOGRAPH_DERIVE", default_value = "on")]
    pub derive: Toggle,
    /// What resource managers read of their teams besides: rates, reasons of absences, or both; comma-separated.
    #[arg(long, env = "FOLIOGRAPH_RESOURCE_MANAGERS_READ", value_delimiter = ',')]
    pub resource_managers_read: Vec<ManagersRead>,
    /// The explorer page at `/` [default: on, in production off].
    #[arg(long, env = "FOLIOGRAPH_EXPLORER")]
    pub explorer: Option<Toggle>,
    /// What to log: a level, or a filter such as `info,foliograph=debug`.
    #[arg(long, env = "FOLIOGRAPH_LOG", default_value = "info")]
    pub log: String,
    /// How log lines look.
    #[arg(long, env = "FOLIOGRAPH_LOG_FORMAT", default_value = "pretty")]
    pub log_format: LogFormat,
    /// Where to send traces: an OTLP collector over HTTP, such as `http://localhost:4318`. Off unless set.
    #[arg(long, env = "FOLIOGRAPH_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Who may read `/metrics`.
    #[command(flatten)]
    pub metrics: MetricsAccess,
    /// Origins whose pages may call the API, separated by commas, such as `https://portal.example.com`.
    #[arg(long, env = "FOLIOGRAPH_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,
    /// Which documents are answered: any, or those that `foliograph documents add` registered.
    #[arg(long, env = "FOLIOGRAPH_DOCUMENTS", default_value = "any")]
    pub documents: DocumentsAccepted,
    /// How long connections that stay open are waited for.
    #[command(flatten)]
    pub waits: Waits,
    /// Bytes of a request body.
    #[arg(long, env = "FOLIOGRAPH_MAX_BODY", default_value_t = 256 * 1024, value_parser = within(1_024..=67_108_864), hide_short_help = true)]
    pub max_body: usize,
    /// The same for callers who may write anything: lists of a thousand rows take more room.
    #[arg(long, env = "FOLIOGRAPH_MAX_WRITE_BODY", default_value_t = 5 * 1024 * 1024, value_parser = within(1_024..=67_108_864), hide_short_help = true)]
    pub max_write_body: usize,
    /// Bytes of a request's address.
    #[arg(long, env = "FOLIOGRAPH_MAX_URI", default_value_t = 8 * 1024, value_parser = within(256..=65_000), hide_short_help = true)]
    pub max_uri: usize,
    /// Seconds that one request may take.
    #[arg(long, env = "FOLIOGRAPH_TIMEOUT_SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=600), hide_short_help = true)]
    pub timeout_seconds: u64,
    /// Seconds that one export may take.
    #[arg(long, env = "FOLIOGRAPH_EXPORT_TIMEOUT_SECONDS", default_value = "600", value_parser = clap::value_parser!(u64).range(1..=86_400), hide_short_help = true)]
    pub export_timeout_seconds: u64,
    /// Exports that run at the same time, each over a database connection of its own.
    #[arg(long, env = "FOLIOGRAPH_MAX_EXPORTS", default_value_t = 4, value_parser = within(1..=100), hide_short_help = true)]
    pub max_exports: usize,
    /// Bad credentials that one network address may present in a minute.
    #[arg(long, env = "FOLIOGRAPH_MAX_FAILED_AUTH", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=100_000), hide_short_help = true)]
    pub max_failed_auth: u32,
    /// How many connections there may be.
    #[command(flatten)]
    pub connections: ConnectionLimits,
    /// What a request, a socket and a principal may ask for.
    #[command(flatten)]
    pub limits: LimitSettings,
}

fn within(range: RangeInclusive<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(range)
}

fn address_range(text: &str) -> Result<AddressRange, String> {
    AddressRange::parse(text)
        .ok_or_else(|| "a range of addresses is written 10.0.0.0/8, 2001:db8::/32 or 10.0.0.7".into())
}

impl Default for Config {
    /// The documented defaults, whatever the environment says.
    fn default() -> Self {
        Self::from_flags(std::iter::empty()).expect("the defaults are settings")
    }
}

impl Config {
    /// Settings from flags alone: the environment is not read.
    pub fn from_flags(flags: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let command = definition().no_binary_name(true).mut_args(|arg| arg.env(None::<&str>));
        Self::from_arg_matches(&command.try_get_matches_from(flags)?)
    }

    /// How long one request may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// How long one export may take.
    pub fn export_timeout(&self) -> Duration {
        Duration::from_secs(self.export_timeout_seconds)
    }

    /// Whether tokens signed by the local key count.
    pub fn accepts_local_key(&self) -> bool {
        match self.environment {
            Environment::Development => true,
            Environment::Production => false,
        }
    }

    /// Whether the explorer is there.
    pub fn has_explorer(&self) -> bool {
        match self.environment {
            Environment::Development => self.explorer != Some(Toggle::Off),
            Environment::Production => false,
        }
    }

    /// Who may read `/metrics`.
    pub fn metrics_readers(&self) -> MetricsReaders<'_> {
        self.metrics.readers(self.environment)
    }

    /// Where the local key is kept.
    pub fn key_path(&self) -> PathBuf {
        if let Some(path) = &self.key_file {
            return path.clone();
        }
        let folder = match self.database_url.strip_prefix("sqlite:") {
            Some(rest) => {
                let file = rest.trim_start_matches("//").split('?').next().unwrap_or_default();
                PathBuf::from(file).parent().map(PathBuf::from).unwrap_or_default()
            }
            None => PathBuf::new(),
        };
        folder.join("foliograph.key")
    }

    /// Checks what concerns several settings at once, and what clap cannot see.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |line: String| Err(Error::new(Code::BadRequest, line));
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|start| self.database_url.starts_with(start)) {
            return refuse(
                "DATABASE_URL starts with none of sqlite:, postgres:// and postgresql://, the databases that Foliograph works with.".into(),
            );
        }
        if self.database_url.contains(":memory:") || self.database_url.contains("mode=memory") {
            return refuse(
                "A database in memory belongs to one connection; Foliograph reads and writes over several. Name a file in DATABASE_URL."
                    .into(),
            );
        }
        if self.environment == Environment::Production && self.explorer == Some(Toggle::On) {
            return refuse(
                "FOLIOGRAPH_EXPLORER=on is for development: with FOLIOGRAPH_ENV=production there is no explorer. Leave it out."
                    .into(),
            );
        }
        if self.trusted_proxies.iter().any(|range| range.is_everything()) {
            return refuse(
                "FOLIOGRAPH_TRUSTED_PROXIES names every address, so anybody could say where she comes from. Name the proxies.".into(),
            );
        }
        self.issuers.terms(self.environment)?;
        self.metrics.check(self.environment)?;
        self.limits.check()?;
        // The collector is a neighbor or a sidecar: the exporter is built without TLS.
        if let Some(endpoint) = &self.otlp_endpoint
            && !endpoint.starts_with("http://")
        {
            return refuse("FOLIOGRAPH_OTLP_ENDPOINT starts with http://, such as http://localhost:4318.".into());
        }
        if let Err(e) = tracing_subscriber::EnvFilter::try_new(&self.log) {
            return refuse(format!(
                "FOLIOGRAPH_LOG is a level (error, warn, info, debug, trace) or a filter such as info,foliograph=debug: {e}."
            ));
        }
        for origin in &self.cors_origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")).unwrap_or_default();
            if host.is_empty() || host.contains(['/', '*', '?', '#', ' ']) {
                return refuse(format!(
                    "FOLIOGRAPH_CORS_ORIGINS is a list of origins such as https://portal.example.com, without a path; '{origin}' is none."
                ));
            }
        }
        Ok(())
    }
}

fn definition() -> clap::Command {
    Config::augment_args(clap::Command::new("settings"))
}

/// Refuses variables that look like ours and are none, naming what was probably meant.
pub fn check_variables(names: impl Iterator<Item = String>) -> Result<(), Error> {
    let known: BTreeSet<String> =
        definition().get_arguments().filter_map(|arg| arg.get_env()?.to_str().map(String::from)).collect();
    let Some(unknown) = names.filter(|name| name.starts_with(PREFIX)).find(|name| !known.contains(name)) else {
        return Ok(());
    };
    let nearest = known.iter().min_by_key(|name| distance(name, &unknown)).map_or("", String::as_str);
    let list = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    Err(Error::new(
        Code::BadRequest,
        format!("{unknown} is no setting; perhaps {nearest} is meant. The settings are {list}."),
    ))
}

/// How many letters are added, dropped or changed between two names (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(flags: &[&str]) -> Result<Config, clap::Error> {
        Config::from_flags(flags.iter().map(OsString::from))
    }

    fn refusal(given: &[&str]) -> String {
        flags(given).expect("readable").check().expect_err("refused").message
    }

    #[test]
    fn the_defaults_are_the_published_ones_and_hold() {
        let config = Config::default();
        config.check().expect("valid");
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!((config.max_body, config.max_uri, config.timeout_seconds), (262_144, 8_192, 10));
    }

    #[test]
    fn a_bad_value_is_named_with_the_allowed_ones() {
        for (flag, value, allowed) in [
            ("--env", "staging", "development, production"),
            ("--explorer", "yes", "on, off"),
            ("--documents", "some", "any, trusted"),
            ("--heartbeat-seconds", "0", "1..=300"),
            ("--metrics", "yes", "off, on, open"),
            ("--timeout-seconds", "0", "1..=600"),
            ("--max-depth", "500", "1..=100"),
        ] {
            let text = flags(&[flag, value]).err().expect("refused").to_string();
            assert!(text.contains(flag) && text.contains(value) && text.contains(allowed), "{text}");
        }
    }

    #[test]
    fn an_unknown_variable_is_refused_with_its_neighbor() {
        let error = check_variables(["PATH", "FOLIOGRAPH_LISTN"].map(String::from).into_iter()).expect_err("refused");
        assert!(
            error.message.starts_with("FOLIOGRAPH_LISTN is no setting; perhaps FOLIOGRAPH_LISTEN is meant."),
            "{error}"
        );
        assert!(error.message.contains("FOLIOGRAPH_ROLES_CLAIM"));
        check_variables(["FOLIOGRAPH_LOG", "HOME"].map(String::from).into_iter()).expect("known");
    }

    #[test]
    fn production_needs_an_issuer() {
        assert!(refusal(&["--env", "production"]).contains("FOLIOGRAPH_ISSUER and FOLIOGRAPH_AUDIENCE"));
        assert!(refusal(&["--issuer", "https://id.example.com"]).contains("FOLIOGRAPH_AUDIENCE"));
    }

    #[test]
    fn the_explorer_is_for_development() {
        let issuer = ["--env", "production", "--issuer", "https://id.example.com", "--audience", "api"];
        let with = |more: &[&str]| flags(&[&issuer[..], more].concat()).expect("readable");
        assert!(with(&["--explorer", "on"]).check().is_err_and(|e| e.message.contains("FOLIOGRAPH_EXPLORER=on")));
        for more in [&[][..], &["--explorer", "off"]] {
            let config = with(more);
            config.check().expect("valid");
            assert!(!config.has_explorer() && !config.accepts_local_key());
        }
        assert!(Config::default().has_explorer());
        assert!(!flags(&["--explorer", "off"]).expect("readable").has_explorer());
    }

    #[test]
    fn proxies_are_named_by_their_ranges() {
        let config = flags(&["--trusted-proxies", "10.1.2.3/8,::1"]).expect("readable");
        config.check().expect("valid");
        assert_eq!(config.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "::1"]);
        assert!(refusal(&["--trusted-proxies", "0.0.0.0/0"]).contains("every address"));
        let text = flags(&["--trusted-proxies", "proxy"]).err().expect("refused").to_string();
        assert!(text.contains("10.0.0.0/8"), "{text}");
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        assert!(refusal(&["--database-url", "mysql://localhost/x"]).contains("DATABASE_URL"));
        assert!(refusal(&["--cors-origins", "*"]).contains("FOLIOGRAPH_CORS_ORIGINS"));
        assert!(refusal(&["--otlp-endpoint", "localhost:4318"]).contains("http://"));
        assert!(refusal(&["--log", "foliograph=loud"]).contains("FOLIOGRAPH_LOG"));
        assert!(refusal(&["--database-url", "sqlite::memory:"]).contains("Name a file"));
    }

    #[test]
    fn the_key_lies_beside_the_database() {
        let path = |url: &str| flags(&["--database-url", url]).expect("readable").key_path();
        assert_eq!(path("sqlite:data/f.db?mode=rwc"), PathBuf::from("data/foliograph.key"));
        assert_eq!(path("sqlite:///srv/f.db"), PathBuf::from("/srv/foliograph.key"));
        assert_eq!(path("postgres://localhost/f"), PathBuf::from("foliograph.key"));
    }
}
