//! `foliograph key`: makes, rotates, revokes and lists API keys. A secret is printed once, when it is made, and nowhere else.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{self, Write as _},
};

use chrono::{SecondsFormat, TimeDelta};
use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use entity::{api_key, api_key_grant, portfolio_item};
use foliograph::{
    app,
    auth::{
        AccessMode, Role,
        api_keys::{self, NewKey},
    },
    clock::{Clock, SystemClock},
    config::Config,
    error::{Code, Error},
};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, DatabaseConnection, DatabaseTransaction, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, SqlErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use uuid::Uuid;

use crate::{parse_duration, role_parser, say, with_runtime};

/// What is done with keys.
#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a key and print it; it is shown this once.
    Create(Box<Create>),
    /// Give a key another secret and print it; the one before is refused from then on.
    Rotate(Box<One>),
    /// End a key for good.
    Revoke(Box<One>),
    /// List the keys: human key, state, roles, access mode, end, granted items, name, with tabs between them.
    List(Box<Config>),
}

/// `key create`.
#[derive(clap::Args)]
pub struct Create {
    /// What the key is for; its human key is made of it.
    #[arg(long)]
    name: String,
    /// A role of whoever presents it; may be repeated.
    #[arg(long = "role", required = true, ignore_case = true, value_parser = role_parser())]
    roles: Vec<Role>,
    /// Key of a portfolio, program or project that it is given, with all below; may be repeated.
    #[arg(long = "grant", value_name = "ITEM_KEY")]
    grants: Vec<String>,
    /// How long it lasts, such as 8h or 90d [default: until it is revoked].
    #[arg(long, value_parser = parse_duration)]
    ttl: Option<TimeDelta>,
    /// What a denied field gives where a request does not say.
    #[arg(long, default_value = "error", ignore_case = true, value_parser = mode_parser())]
    access_mode: AccessMode,
    #[command(flatten)]
    config: Config,
}

/// A command on one key.
#[derive(clap::Args)]
pub struct One {
    /// Its human key; see `key list`.
    key: String,
    #[command(flatten)]
    config: Config,
}

fn mode_parser() -> impl TypedValueParser<Value = AccessMode> {
    PossibleValuesParser::new(["mask", "error"]).try_map(|name| AccessMode::parse(&name).ok_or("no access mode"))
}

/// Runs the command.
pub fn run(command: &KeyCommand) -> Result<(), Error> {
    match command {
        KeyCommand::Create(asked) => with_runtime(&asked.config, create(asked)),
        KeyCommand::Rotate(asked) => with_runtime(&asked.config, rotate(asked)),
        KeyCommand::Revoke(asked) => with_runtime(&asked.config, revoke(asked)),
        KeyCommand::List(config) => with_runtime(config, list(config)),
    }
}

async fn create(asked: &Create) -> Result<(), Error> {
    let key = api_keys::human_key(&asked.name).ok_or_else(|| refuse("A key's name has a letter or a digit."))?;
    let tx = begin(&connect(&asked.config).await?).await?;
    let mut items = vec![];
    for grant in &asked.grants {
        items.push(item_of(&tx, grant).await?);
    }
    let new = NewKey {
        key: &key,
        name: &asked.name,
        roles: &asked.roles,
        access_mode: asked.access_mode,
        expires_at: asked.ttl.map(|ttl| SystemClock.now() + ttl),
        items: &items,
        author: None,
    };
    let (row, grants, presented) = api_keys::make(&SystemClock, &new)?;
    write(tx, Change::Created(row, grants)).await?;
    hand_out(&key, &presented)
}

async fn rotate(One { key, config }: &One) -> Result<(), Error> {
    let tx = begin(&connect(config).await?).await?;
    let mut row = row_of(&tx, key).await?;
    let presented = api_keys::rotate(&SystemClock, &mut row, None)?;
    write(tx, Change::Updated(row)).await?;
    hand_out(key, &presented)
}

async fn revoke(One { key, config }: &One) -> Result<(), Error> {
    let tx = begin(&connect(config).await?).await?;
    let mut row = row_of(&tx, key).await?;
    if api_keys::revoke(&SystemClock, &mut row, None) {
        write(tx, Change::Updated(row)).await?;
    }
    say(&format!("{key} is revoked; servers refuse it within five seconds.\n"))
}

async fn list(config: &Config) -> Result<(), Error> {
    let database = connect(config).await?;
    let rows = api_key::Entity::find().order_by_asc(api_key::Column::Key).all(&database).await?;
    let granted = api_key_grant::Entity::find().all(&database).await?;
    let ids = granted.iter().map(|grant| grant.item_id);
    let items = portfolio_item::Entity::find().filter(portfolio_item::Column::Id.is_in(ids)).all(&database).await?;
    let names: HashMap<Uuid, &str> = items.iter().map(|item| (item.id, item.key.as_str())).collect();
    let now = SystemClock.now();
    let mut out = String::new();
    for row in &rows {
        let state = match (row.revoked_at, row.expires_at) {
            (Some(_), _) => "revoked",
            (None, Some(end)) if end <= now => "expired",
            _ => "active",
        };
        let end = row.expires_at.map_or("-".into(), |end| end.to_rfc3339_opts(SecondsFormat::Secs, true));
        let mine = granted.iter().filter(|grant| grant.api_key_id == row.id);
        let mut keys: Vec<&str> = mine.filter_map(|grant| names.get(&grant.item_id).copied()).collect();
        keys.sort_unstable();
        let grants = if keys.is_empty() { "-".into() } else { keys.join(",") };
        // Writing to a string cannot fail.
        let _ =
            writeln!(out, "{}\t{state}\t{}\t{}\t{end}\t{grants}\t{}", row.key, row.roles, row.access_mode, row.name);
    }
    say(&out)
}

async fn connect(config: &Config) -> Result<DatabaseConnection, Error> {
    let database = app::connect(config).await?;
    app::refuse_pending_steps(&database).await?;
    Ok(database.orm)
}

/// A transaction that is the only one writing, on SQLite from its start: two that read first would get in each other's way.
async fn begin(database: &DatabaseConnection) -> Result<DatabaseTransaction, Error> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(database.begin_with_options(options).await?)
}

/// What a command does to keys.
enum Change {
    Created(api_key::Model, Vec<api_key_grant::Model>),
    Updated(api_key::Model),
}

/// The one place where these commands write, all or nothing: what must go with a write of keys goes here.
async fn write(tx: DatabaseTransaction, change: Change) -> Result<(), Error> {
    match change {
        Change::Created(row, grants) => {
            let key = row.key.clone();
            let taken = |e: sea_orm::DbErr| match e.sql_err() {
                Some(SqlErr::UniqueConstraintViolation(_)) => {
                    refuse(format!("There is a key {key} already. Choose another name, or rotate that one."))
                }
                _ => e.into(),
            };
            api_key::Entity::insert(row.into_active_model()).exec_without_returning(&tx).await.map_err(taken)?;
            let grants: Vec<_> = grants.into_iter().map(sea_orm::IntoActiveModel::into_active_model).collect();
            if !grants.is_empty() {
                api_key_grant::Entity::insert_many(grants).exec_without_returning(&tx).await?;
            }
        }
        Change::Updated(row) => {
            let (id, before) = (row.id, row.version - 1);
            let done = api_key::Entity::update_many()
                .set(row.into_active_model().reset_all())
                .filter(api_key::Column::Id.eq(id))
                .filter(api_key::Column::Version.eq(before))
                .exec(&tx)
                .await?;
            if done.rows_affected == 0 {
                return Err(Error::new(Code::Unavailable, "Somebody else changed the key just now. Try again."));
            }
        }
    }
    Ok(tx.commit().await?)
}

async fn row_of(tx: &DatabaseTransaction, key: &str) -> Result<api_key::Model, Error> {
    let found = api_key::Entity::find().filter(api_key::Column::Key.eq(key)).one(tx).await?;
    found.ok_or_else(|| refuse(format!("There is no key {key}. 'foliograph key list' lists them.")))
}

async fn item_of(tx: &DatabaseTransaction, key: &str) -> Result<Uuid, Error> {
    let found = portfolio_item::Entity::find().filter(portfolio_item::Column::Key.eq(key)).all(tx).await?;
    match &found[..] {
        [item] => Ok(item.id),
        [] => Err(refuse(format!("There is no portfolio, program or project {key}."))),
        several => {
            let kinds: Vec<_> = several.iter().map(|item| item.kind.to_lowercase()).collect();
            Err(refuse(format!("{key} is a {}: grant what lies above or below it.", kinds.join(" and a "))))
        }
    }
}

/// The key goes to stdout alone, so that a script can take it from there.
fn hand_out(key: &str, presented: &api_keys::Presented) -> Result<(), Error> {
    // The notice is a courtesy: a closed stderr does not take the key away.
    let _ = writeln!(io::stderr(), "{key}: keep what is printed now, it is not shown again");
    say(&format!("{}\n", presented.reveal()))
}

fn refuse(line: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, line)
}
