//! `foliograph key`: makes, rotates, revokes and lists API keys. A secret is printed once, when it is made, and nowhere else.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{self, Write as _},
    sync::Arc,
};

use async_graphql_value::ConstValue;
use chrono::{SecondsFormat, TimeDelta};
use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use entity::{api_key, api_key_grant, portfolio_item};
use foliograph::{
    app,
    auth::{AccessMode, Role, api_keys, rows},
    clock::{Clock, SystemClock},
    config::Config,
    error::{Code, Error},
    write::{Wish, Writer},
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::connect;
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
    /// List the keys: human key, state, roles, access mode, end, granted items, name, addresses, last use, with tabs between them.
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
    /// Range of addresses that it is taken from, such as 192.0.2.0/24; may be repeated [default: anywhere].
    #[arg(long = "address", value_name = "RANGE")]
    addresses: Vec<String>,
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
    let grants: Vec<Json> = asked.grants.iter().map(|item| json!({ "itemKey": item })).collect();
    let expires_at = asked.ttl.map(|ttl| (SystemClock.now() + ttl).to_rfc3339_opts(SecondsFormat::Millis, true));
    let input = json!({
        "key": key,
        "name": asked.name,
        "roles": asked.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
        "accessMode": asked.access_mode.as_str(),
        "expiresAt": expires_at,
        "addressRanges": (!asked.addresses.is_empty()).then_some(&asked.addresses),
        "grants": { "add": grants },
    });
    hand_out(&key, &change(&asked.config, &key, "apiKeyCreate", input).await?)
}

async fn rotate(One { key, config }: &One) -> Result<(), Error> {
    let input = json!({ "ref": { "key": key }, "ifVersion": "*" });
    hand_out(key, &change(config, key, "apiKeyRotate", input).await?)
}

async fn revoke(One { key, config }: &One) -> Result<(), Error> {
    let input = json!({ "ref": { "key": key }, "ifVersion": "*" });
    change(config, key, "apiKeyRevoke", input).await?;
    say(&format!("{key} is revoked; servers refuse it within five seconds.\n"))
}

/// Carries out the same mutation that the API has, and gives its payload.
async fn change(config: &Config, key: &str, mutation: &str, input: Json) -> Result<Json, Error> {
    let database = connect(config).await?;
    let caller = rows::system(&database.orm).await?;
    let mutation = app::model().mutations.iter().find(|m| m.name == mutation);
    let mutation = mutation.ok_or_else(|| Error::internal("a mutation that is not declared"))?;
    let input = ConstValue::from_json(input).map_err(Error::internal)?;
    let writer = Writer::new(database, app::model(), Arc::new(SystemClock), Arc::default(), None);
    let request_id = SystemClock.new_id().simple().to_string();
    let wish = Wish { mutation, input: &input, caller: &caller, request_id: &request_id, key: None };
    let payload = writer.perform(&wish).await?.payload;
    let Some(wrong) = payload["userErrors"].get(0) else { return Ok(payload) };
    Err(refuse(match (wrong["code"].as_str(), wrong["path"][1].as_str()) {
        (Some("DUPLICATE"), _) => format!("There is a key {key} already. Choose another name, or rotate that one."),
        (Some("NOT_FOUND"), Some("ref")) => format!("There is no key {key}. 'foliograph key list' lists them."),
        _ => wrong["message"].as_str().unwrap_or_default().to_owned(),
    }))
}

async fn list(config: &Config) -> Result<(), Error> {
    let database = connect(config).await?.orm;
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
        let used = row.last_used_at.map_or("-".into(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let (addresses, name) = (row.address_ranges.as_deref().unwrap_or("-"), &row.name);
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{}\t{state}\t{}\t{}\t{end}\t{grants}\t{name}\t{addresses}\t{used}",
            row.key, row.roles, row.access_mode
        );
    }
    say(&out)
}

/// The key goes to stdout alone, so that a script can take it from there.
fn hand_out(key: &str, payload: &Json) -> Result<(), Error> {
    // The notice is a courtesy: a closed stderr does not take the key away.
    let _ = writeln!(io::stderr(), "{key}: keep what is printed now, it is not shown again");
    say(&format!("{}\n", payload["secret"].as_str().unwrap_or_default()))
}

fn refuse(line: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, line)
}
