//! Writing API keys: create, change, rotate, revoke. Nobody hands out more than she has: a key's roles are among her own,
//! or INTEGRATION on items that she sees; and who gets a key's secret must be somebody who could have made it.

use std::collections::{BTreeSet, HashMap};

use async_graphql_value::ConstValue;
use chrono::{DateTime, Utc};
use entity::{
    api_key::{self, Model},
    api_key_grant,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::{
    auth::{
        AddressRange, Class, Role,
        api_keys::{self, Presented},
    },
    error::Error,
    graph::{Found, parse_id},
    write::{
        Action, Batch, Done, FieldChange, LinkChange, Member, Mutation, Path, Row, UserCode, UserError, Verb, Work,
        input,
        rows::{self, keys_are_free, open, save},
    },
};

type Keys = api_key::Entity;

/// Ranges of addresses that a key has at most.
const MOST_RANGES: usize = 100;

/// The members of a granted item in inputs.
pub fn granted_item() -> Vec<Member> {
    vec![
        Member { name: "itemId", ty: "ID", doc: "The portfolio, program or project." },
        Member { name: "itemKey", ty: "String", doc: "Its human key, instead of its id." },
    ]
}

/// The mutations of API keys.
pub fn mutations() -> Vec<Mutation> {
    let secret = || Member {
        name: "secret",
        ty: "String",
        doc: "The key itself, `fgk_...`: it is shown this once. Null where there are errors, and when an earlier request with the same key made it.",
    };
    let of = |name: &str, verb: Verb, payload: Vec<Member>, doc: &str| Mutation {
        name: name.to_owned(),
        doc: doc.to_owned(),
        needs: Some(Class::Sec.write()),
        entity: "ApiKey",
        verb,
        input: vec![],
        payload,
        inputs: vec![],
        run: write,
    };
    vec![
        of(
            "apiKeyCreate",
            Verb::Create,
            vec![secret()],
            "Makes an API key. Its roles are among your own, or INTEGRATION on items that you see.",
        ),
        of("apiKeyUpdate", Verb::Update, vec![], "Changes an API key, but not its secret."),
        Mutation {
            run: rotate,
            ..of(
                "apiKeyRotate",
                Verb::Act,
                vec![secret()],
                "Gives an API key another secret; the one before is refused from then on.",
            )
        },
        Mutation {
            run: revoke,
            ..of(
                "apiKeyRevoke",
                Verb::Act,
                vec![],
                "Ends an API key for good: it is refused everywhere within five seconds.",
            )
        },
    ]
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        work.touches_rights = true;
        let batch = work.read(input);
        let entity = work.lens.model.entity("ApiKey");
        let mut rows = open::<Keys>(work, entity, &batch.items, blank).await?;
        let mut presented = None;
        for row in rows.iter_mut().filter(|row| row.before.is_none()) {
            let made = Presented::random(row.after.id)?;
            row.after.secret_hash = made.kept();
            if row.after.key.is_empty() {
                row.after.key = api_keys::human_key(&row.after.name).unwrap_or_default();
            }
            presented = Some(made);
        }
        keys_are_free::<Keys>(work, &rows, None).await?;
        let grants = Grants::read(work, &mut rows).await?;
        for row in &mut rows {
            settle(work, row);
        }
        let widens = |row: &&Row<Model>| {
            ["roles", "expiresAt", "addressRanges"].iter().any(|field| row.gives(field)) || !row.links.is_empty()
        };
        for row in rows.iter().filter(|row| row.before.is_none() || widens(row)) {
            let items = grants.of(row.after.id);
            hands_out_no_more(work, row, items).await?;
        }
        let failed = !work.errors.is_empty();
        let mut done = save::<Keys>(work, rows, &batch, Action::Written).await?;
        if !failed {
            grants.write(work).await?;
            done.beside.extend(presented.map(|key| ("secret".to_owned(), key.reveal().into())));
        }
        Ok(done)
    }
    .boxed()
}

fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        secret_hash: vec![],
        roles: String::new(),
        access_mode: "ERROR".to_owned(),
        expires_at: None,
        revoked_at: None,
        address_ranges: None,
        last_used_at: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// What a key must be.
fn settle(work: &mut Work<'_>, row: &mut Row<Model>) {
    row.after.name = row.after.name.trim().to_owned();
    let roles = api_keys::roles(&row.after);
    row.after.roles = api_keys::role_names(&roles);
    if row.gives("roles") && roles.is_empty() {
        work.fail(row, UserError::new(UserCode::Required, row.place("roles"), "A key has at least one role."));
    }
    if row.before.is_none() && row.after.key.is_empty() && !row.after.name.is_empty() {
        let line = "A key's name has a letter or a digit, or the key is given.";
        work.fail(row, UserError::new(UserCode::Invalid, row.place("name"), line));
    }
    match row.after.address_ranges.as_deref().map(normalized) {
        Some(Err(line)) => work.fail(row, UserError::new(UserCode::Invalid, row.place("addressRanges"), line)),
        ranges => row.after.address_ranges = ranges.and_then(Result::ok),
    }
    if row.gives("expiresAt") && row.after.expires_at.is_some_and(|end| end <= work.now) {
        let line = "A key ends in the future; to end one now, revoke it.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("expiresAt"), line));
    }
    let changes = !row.links.is_empty() || row.before.as_ref().is_some_and(|before| *before != row.after);
    if let Some(end) = row.before.as_ref().filter(|_| changes).and_then(|before| ended(before, work.now)) {
        let line = format!("The key {end} and can no longer be changed. Make a new one.");
        work.fail(row, UserError::new(UserCode::Immutable, row.path.clone(), line));
    }
}

/// Ranges as a key keeps them: each in its one text, once, in the order given.
fn normalized(given: &str) -> Result<String, String> {
    let mut ranges: Vec<AddressRange> = vec![];
    for text in given.split(',') {
        let range = AddressRange::parse(text).ok_or_else(|| {
            // What was written is the caller's own, but may be long.
            let shown: String = text.chars().take(50).collect();
            if shown.is_empty() {
                "A list of ranges has one at least; null takes the key from anywhere.".to_owned()
            } else {
                format!("'{shown}' is no range of addresses, such as 192.0.2.0/24, 2001:db8::/32 or a single address.")
            }
        })?;
        if !ranges.contains(&range) {
            ranges.push(range);
        }
    }
    if ranges.len() > MOST_RANGES {
        return Err(format!("A key has at most {MOST_RANGES} ranges of addresses."));
    }
    Ok(ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}

/// How a key has come to its end; none while it holds.
fn ended(key: &Model, now: DateTime<Utc>) -> Option<&'static str> {
    if key.revoked_at.is_some() {
        return Some("was revoked");
    }
    key.expires_at.is_some_and(|end| end <= now).then_some("has expired")
}

/// Whether the caller may hand out a key with these roles and items: she has the roles herself, and sees the items.
async fn hands_out_no_more(work: &mut Work<'_>, row: &Row<Model>, items: Vec<Uuid>) -> Result<(), Error> {
    let mine = &work.lens.caller.roles;
    let foreign: Vec<&str> = api_keys::roles(&row.after)
        .into_iter()
        .filter(|role| *role != Role::Integration && !mine.contains(role))
        .map(Role::as_str)
        .collect();
    if !foreign.is_empty() {
        let line = format!("You do not have {} yourself.", foreign.join(", "));
        let error = UserError::new(UserCode::Forbidden, row.place("roles"), line).with("needs", foreign.join(","));
        work.fail(row, error);
    }
    let seen = work.lens.by_id(work.lens.model.entity("PortfolioItem"), &items).await?;
    if items.iter().any(|item| !seen.contains_key(item)) {
        let line = "The key is given something that you cannot see.";
        work.fail(row, UserError::new(UserCode::Forbidden, row.path.clone(), line));
    }
    Ok(())
}

/// The items that keys are given, before and after.
#[derive(Default)]
struct Grants {
    after: HashMap<Uuid, BTreeSet<Uuid>>,
    removed: Vec<Uuid>,
    added: Vec<api_key_grant::Model>,
}

impl Grants {
    /// What the input says of the lists, checked and noted for the trail.
    async fn read(work: &mut Work<'_>, rows: &mut [Row<Model>]) -> Result<Self, Error> {
        let keys: Vec<Uuid> = rows.iter().map(|row| row.after.id).collect();
        let of = api_key_grant::Column::ApiKeyId.is_in(keys);
        let known = api_key_grant::Entity::find().filter(of).all(work.txn).await?;
        let mut grants = Self::default();
        for row in rows {
            let id = row.after.id;
            let before: BTreeSet<Uuid> = known.iter().filter(|g| g.api_key_id == id).map(|g| g.item_id).collect();
            let mut after = before.clone();
            if let Some(change) = input::list_change(&row.input, "grants") {
                let path = row.path.at("grants");
                if let Some(set) = &change.set {
                    after = items(work, row, &path.at("set"), set).await?;
                }
                after.extend(items(work, row, &path.at("add"), &change.add).await?);
                let gone = items(work, row, &path.at("remove"), &change.remove).await?;
                after.retain(|item| !gone.contains(item));
            }
            let change = |before, after| LinkChange { field: "grants", class: Class::Sec, before, after };
            row.links.extend(before.difference(&after).map(|item| change(Some(*item), None)));
            row.links.extend(after.difference(&before).map(|item| change(None, Some(*item))));
            let gone = known.iter().filter(|g| g.api_key_id == id && !after.contains(&g.item_id));
            grants.removed.extend(gone.map(|g| g.id));
            grants.added.extend(after.difference(&before).map(|item| api_key_grant::Model {
                id: work.clock.new_id(),
                api_key_id: id,
                item_id: *item,
            }));
            grants.after.insert(id, after);
        }
        Ok(grants)
    }

    fn of(&self, key: Uuid) -> Vec<Uuid> {
        self.after.get(&key).into_iter().flatten().copied().collect()
    }

    async fn write(self, work: &Work<'_>) -> Result<(), Error> {
        if !self.removed.is_empty() {
            let of = api_key_grant::Column::Id.is_in(self.removed);
            api_key_grant::Entity::delete_many().filter(of).exec(work.txn).await?;
        }
        if !self.added.is_empty() {
            let added = self.added.into_iter().map(IntoActiveModel::into_active_model);
            api_key_grant::Entity::insert_many(added).exec_without_returning(work.txn).await?;
        }
        Ok(())
    }
}

/// The items that elements of a list name.
async fn items(
    work: &mut Work<'_>,
    row: &Row<Model>,
    path: &Path,
    given: &[ConstValue],
) -> Result<BTreeSet<Uuid>, Error> {
    let entity = work.lens.model.entity("PortfolioItem");
    let texts = |name: &str| -> Vec<String> { given.iter().filter_map(|v| input::text(v, name)).collect() };
    let ids: Vec<Uuid> = texts("itemId").iter().filter_map(|text| parse_id(text)).map(|(_, id)| id).collect();
    let by_id = work.lens.by_id(entity, &ids).await?;
    let by_key = work.lens.by_key(entity, &texts("itemKey")).await?;
    let mut out = BTreeSet::new();
    for (at, element) in given.iter().enumerate() {
        let path = path.at(at);
        let found: Result<Uuid, UserError> = match (input::text(element, "itemId"), input::text(element, "itemKey")) {
            (Some(id), None) => {
                let named =
                    parse_id(&id).and_then(|(prefix, id)| by_id.get(&id).filter(|found| found.prefix == prefix));
                named.map(|found| found.id).ok_or_else(|| nothing(path.at("itemId"), &id))
            }
            (None, Some(key)) => match by_key.get(&key).map(Vec::as_slice) {
                Some([Found { id, .. }]) => Ok(*id),
                Some([_, _, ..]) => {
                    let line = format!("Several items have the key {key}; give the id.");
                    Err(UserError::new(UserCode::Invalid, path.at("itemKey"), line))
                }
                _ => Err(nothing(path.at("itemKey"), &key)),
            },
            _ => Err(UserError::new(UserCode::Invalid, path, "Give `itemId` or `itemKey`.")),
        };
        match found {
            Ok(id) => drop(out.insert(id)),
            Err(error) => work.fail(row, error),
        }
    }
    Ok(out)
}

fn nothing(path: Path, named: &str) -> UserError {
    UserError::new(
        UserCode::NotFound,
        path,
        format!("There is no portfolio, program or project {named} that you can see."),
    )
}

/// The keys that a step is about, for who may write keys.
async fn open_to_step(work: &mut Work<'_>, batch: &Batch) -> Result<Vec<Row<Model>>, Error> {
    work.touches_rights = true;
    let needs = Class::Sec.write();
    let rows = open::<Keys>(work, work.lens.model.entity("ApiKey"), &batch.items, blank).await?;
    rows::demand::<Model>(work, &rows, work.lens.caller.rights.scopes(needs), &needs.to_string()).await?;
    Ok(rows)
}

fn rotate<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = open_to_step(work, &batch).await?;
        let mut presented = None;
        for row in &mut rows {
            if let Some(end) = ended(&row.after, work.now) {
                let line = format!("The key {end}. Make a new one.");
                work.fail(row, UserError::new(UserCode::IllegalState, row.path.clone(), line));
                continue;
            }
            let of = api_key_grant::Column::ApiKeyId.eq(row.after.id);
            let grants = api_key_grant::Entity::find().filter(of).all(work.txn).await?;
            hands_out_no_more(work, row, grants.into_iter().map(|g| g.item_id).collect()).await?;
            let made = Presented::random(row.after.id)?;
            row.after.secret_hash = made.kept();
            row.beside.push(FieldChange::unsaid("secret", Class::Sec));
            presented = Some(made);
        }
        let failed = !work.errors.is_empty();
        let mut done = save::<Keys>(work, rows, &batch, Action::Written).await?;
        if !failed {
            done.beside.extend(presented.map(|key| ("secret".to_owned(), key.reveal().into())));
        }
        Ok(done)
    }
    .boxed()
}

fn revoke<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = open_to_step(work, &batch).await?;
        for row in &mut rows {
            // A second time changes nothing.
            row.after.revoked_at = row.after.revoked_at.or(Some(work.now));
        }
        save::<Keys>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}
