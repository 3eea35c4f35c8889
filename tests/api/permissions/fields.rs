//! Every field of every entity, asked by everybody: the value, or null with its entry, or nothing, as the policy says.

use std::{collections::BTreeSet, net::SocketAddr};

use axum::http::StatusCode;
use chrono::Duration;
use foliograph::{
    app,
    auth::{Role, keys::LocalKey, token},
    clock::Clock,
    graph::decl::{Entity, Field, Kind},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::{
    cast::{self, CAST, answered},
    expected::{Eyes, Row, Rows, Seen},
};
use crate::support::product;

tests! {
    async fn every_field_has_a_value_for_somebody(world: &World) {
        let rows = Rows::complete(world).await;
        let mut empty = BTreeSet::new();
        for (entity, field) in all_fields() {
            let has_value = CAST.iter().any(|who| {
                let eyes = who.eyes(&rows);
                eyes.visible(entity.name).into_iter().any(|row| match eyes.field(entity, field, row) {
                    Seen::Value(value) => !value.is_null() && value["totalCount"] != 0,
                    Seen::Masked(_) => false,
                })
            });
            if !has_value {
                empty.insert(format!("{}.{}", entity.name, field.name));
            }
        }
        assert!(empty.is_empty(), "nobody gets a value of {empty:?}");
    }

    async fn every_field_gives_each_caller_what_the_policy_says(world: &World) {
        let rows = Rows::complete(world).await;
        for who in CAST {
            let client = who.client(world).await;
            let eyes = who.eyes(&rows);
            for entity in objects() {
                let context = format!("{} for {who:?}", entity.name);
                let reply = client.query(&query(entity, &entity.fields)).await;
                let (data, entries) = answered(&reply, &context);
                let (data, gate) = unwrap(entity, &data);
                if let Some(coordinate) = refused_root(entity, &eyes) {
                    assert_eq!(*data, Value::Null, "{context}");
                    assert_eq!(entries.len(), 1, "{context}: {entries:?}");
                    assert_eq!((&entries[0]["coordinate"], &entries[0]["reason"]), (&json!(coordinate), &json!("ROLE")), "{context}");
                    continue;
                }
                let (values, expected) = expected(entity, &eyes, gate);
                alike(data, &values, &context);
                assert_eq!(entries.iter().map(entry_facts).collect::<BTreeSet<_>>(), expected, "{context}");
            }
        }
    }

    async fn no_field_is_answered_without_a_good_token(world: &World) {
        let open = world.client().await;
        let now = world.clock.now();
        let ours = product::local_key();
        let theirs = LocalKey::ephemeral().expect("a key");
        let mint = |key: &LocalKey, at, role| token::mint(key, at, "anna.keller", &[role], Duration::hours(1)).expect("a token");
        let mut asked = 0_u32;
        for (entity, field) in all_fields() {
            let document = query(entity, std::slice::from_ref(field));
            for role in Role::ALL {
                let bad = [
                    (None, "UNAUTHENTICATED"),
                    (Some(mint(&ours, now - Duration::hours(2), role)), "TOKEN_EXPIRED"),
                    (Some(mint(&theirs, now, role)), "UNAUTHENTICATED"),
                    (Some(for_another(&ours, role, now.timestamp())), "UNAUTHENTICATED"),
                ];
                for (token, code) in bad {
                    asked += 1;
                    // An address of its own each time, or the count of bad credentials would answer instead.
                    let client = open.at(SocketAddr::from((std::net::Ipv4Addr::from(0x0a00_0000 + asked), 40_000)));
                    let client = token.as_ref().map_or_else(|| client.clone(), |token| client.bearer(token));
                    let reply = client.query(&document).await;
                    let context = format!("{}.{} with {token:?}: {}", entity.name, field.name, reply.text());
                    assert_eq!((reply.status, reply.error_codes()), (StatusCode::UNAUTHORIZED, vec![code.to_owned()]), "{context}");
                    assert!(reply.json().get("data").is_none(), "{context}");
                    assert!(!reply.header("www-authenticate").is_empty(), "{context}");
                }
            }
        }
        assert!(asked > 4_000, "{asked}");
    }

    async fn in_error_mode_a_masked_field_is_an_error_with_its_path(world: &World) {
        let rows = Rows::complete(world).await;
        let mut refused = 0;
        for who in CAST {
            let client = who.client(world).await.header("x-access-mode", "ERROR");
            let eyes = who.eyes(&rows);
            for entity in objects() {
                let context = format!("{} for {who:?}", entity.name);
                let reply = client.query(&query(entity, &entity.fields)).await;
                assert_eq!(reply.status, StatusCode::OK, "{context}: {}", reply.text());
                let body = reply.json();
                assert!(body.get("extensions").is_none(), "{context}: {body:#}");
                let errors = body["errors"].as_array().cloned().unwrap_or_default();
                let (data, gate) = unwrap(entity, &body["data"]);
                let mut coordinates: Vec<String> = vec![];
                if let Some(coordinate) = refused_root(entity, &eyes) {
                    assert_eq!(*data, Value::Null, "{context}");
                    coordinates.push(coordinate);
                } else {
                    let (values, entries) = expected(entity, &eyes, gate);
                    alike(data, &values, &context);
                    coordinates.extend(entries.into_iter().map(|(coordinate, ..)| coordinate));
                }
                let mut told: Vec<&str> = errors.iter().filter_map(|e| e["extensions"]["coordinate"].as_str()).collect();
                told.sort_unstable();
                coordinates.sort_unstable();
                assert_eq!(told, coordinates, "{context}: {body:#}");
                for error in &errors {
                    refused += 1;
                    assert_eq!(error["extensions"]["code"], "FIELD_FORBIDDEN", "{context}");
                    let root = query_root(entity).0;
                    assert_eq!(error["path"][0], json!(root), "{context}: {error}");
                }
            }
        }
        assert!(refused > 50, "{refused}");
    }
}

/// Rows of one page; what stands behind it other tests look at.
const PAGE: usize = 250;

/// The entities that are object types.
fn objects() -> impl Iterator<Item = &'static Entity> {
    app::model().entities.iter().filter(|e| e.members.is_empty())
}

/// Compares row by row, so that a difference can be read.
#[allow(clippy::similar_names)]
fn alike(data: &Value, values: &Value, context: &str) {
    let nodes = |value: &Value| value["nodes"].as_array().cloned().unwrap_or_default();
    let (left, right) = (nodes(data), nodes(values));
    assert_eq!(left.len(), right.len(), "{context}");
    for (left, right) in left.iter().zip(&right) {
        for (name, value) in right.as_object().expect("a row") {
            assert_eq!(&left[name], value, "{name} of {context}: {}", right["id"]);
        }
    }
    assert!(data == values, "{context}");
}

/// Every declared field of every entity that is an object type.
pub fn all_fields() -> impl Iterator<Item = (&'static Entity, &'static Field)> {
    objects().flat_map(|entity| shown(entity).map(move |field| (entity, field)))
}

/// The root field that leads to rows of an entity, and the list on its way where it has none of its own.
fn query_root(entity: &Entity) -> (&'static str, Option<&'static str>) {
    match (entity.plural, entity.name) {
        (Some(plural), _) => (plural, None),
        (None, "PersonIdentity") => ("people", Some("identities")),
        (None, other) => panic!("{other} is new: say here how its rows are reached"),
    }
}

fn selection(field: &Field) -> String {
    let name = field.name;
    match &field.kind {
        Kind::Id | Kind::Scalar { .. } | Kind::Enum { .. } | Kind::Enums { .. } | Kind::Texts { .. } => name.to_owned(),
        Kind::Money { .. } => format!("{name} {{ amount currency }}"),
        Kind::One { .. } => format!("{name} {{ id }}"),
        Kind::Many { to: "PersonIdentity", .. } => format!("{name}(first: 1000) {{ totalCount nodes {{ subject }} }}"),
        Kind::Many { .. } => format!("{name}(first: 1000) {{ totalCount nodes {{ id }} }}"),
        Kind::Union { .. } => format!("{name} {{ ... on Node {{ id }} }}"),
        Kind::Trail { .. } => format!("{name} {{ field needs before after }}"),
        Kind::ViewerAccess => format!("{name} {{ canRead canWrite reason }}"),
        Kind::Answer(_) => unreachable!("{name} is no stored field"),
    }
}

/// Fields that hold something; what a function answers has tests of its own.
fn shown(entity: &Entity) -> impl Iterator<Item = &Field> {
    entity.fields.iter().filter(|field| is_stored(field))
}

fn is_stored(field: &Field) -> bool {
    !matches!(field.kind, Kind::Answer(_))
}

fn query(entity: &Entity, fields: &[Field]) -> String {
    let selected: Vec<String> = fields.iter().filter(|field| is_stored(field)).map(selection).collect();
    let selected = selected.join(" ");
    match query_root(entity) {
        (root, None) => format!("{{ {root}(first: {PAGE}) {{ nodes {{ {selected} }} }} }}"),
        (root, Some(list)) => {
            format!("{{ {root}(first: {PAGE}) {{ nodes {{ {list} {{ nodes {{ {selected} }} }} }} }} }}")
        }
    }
}

fn unwrap<'v>(entity: &Entity, data: &'v Value) -> (&'v Value, Option<&'static str>) {
    let (root, list) = query_root(entity);
    (&data[root], list)
}

/// The coordinate of the root field, if the caller may read nothing behind it.
fn refused_root(entity: &Entity, eyes: &Eyes<'_>) -> Option<String> {
    let (root, list) = query_root(entity);
    let class = if list.is_some() { foliograph::auth::Class::Basic } else { entity.class };
    eyes.read(class).is_empty().then(|| format!("Query.{root}"))
}

/// Coordinate, what it needs, reason, how often, path.
type Entry = (String, String, String, u64, String);

fn entry_facts(entry: &Value) -> Entry {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let path: Vec<&str> = entry["path"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    (text("coordinate"), text("needs"), text("reason"), entry["count"].as_u64().unwrap_or_default(), path.join("."))
}

/// What stands below the root field, and the entries beside it.
fn expected<'r>(entity: &Entity, eyes: &Eyes<'r>, gate: Option<&str>) -> (Value, BTreeSet<Entry>) {
    let mut entries = BTreeSet::new();
    let (root, _) = query_root(entity);
    let mut list = |rows: Vec<Row<'r>>, path: &str| {
        let mut nodes = vec![serde_json::Map::new(); rows.len()];
        for field in shown(entity) {
            let (coordinate, path) = (format!("{}.{}", entity.name, field.name), format!("{path}.{}", field.name));
            let mut masked: Vec<&str> = vec![];
            let mut inside = vec![];
            for (row, node) in rows.iter().zip(&mut nodes) {
                let value = match eyes.field(entity, field, *row) {
                    Seen::Value(value) => {
                        if let Kind::Trail { .. } = field.kind {
                            inside.extend(eyes.changes(*row).1);
                        }
                        value
                    }
                    Seen::Masked(reason) => {
                        masked.push(reason);
                        Value::Null
                    }
                };
                node.insert(field.name.to_owned(), value);
            }
            for reason in ["ROLE", "ROW"] {
                let count = masked.iter().filter(|r| **r == reason).count();
                if count > 0 {
                    let needs = needs_of(&coordinate);
                    entries.insert((coordinate.clone(), needs, reason.to_owned(), count as u64, path.clone()));
                }
            }
            let kinds: BTreeSet<_> = inside.iter().map(|(side, class, reason)| (*side, *class, *reason)).collect();
            for kind in kinds {
                let (side, class, reason) = kind;
                let count = inside.iter().filter(|other| **other == kind).count() as u64;
                let (coordinate, path) = (format!("AuditChange.{side}"), format!("{path}.*.{side}"));
                entries.insert((coordinate, class.read().to_string(), reason.to_owned(), count, path));
            }
        }
        nodes.into_iter().map(Value::Object).collect::<Vec<Value>>()
    };
    let Some(gate) = gate else {
        let mut rows = eyes.visible(entity.name);
        rows.truncate(PAGE);
        let nodes = list(rows, &format!("{root}.nodes.*"));
        return (json!({ "nodes": nodes }), entries);
    };
    // The only such list is of identities, which a caller reads of everybody or of nobody.
    let people = eyes.visible("Person");
    if eyes.read(entity.class).is_empty() {
        let nodes: Vec<Value> = people.iter().map(|_| json!({ gate: null })).collect();
        let coordinate = format!("Person.{gate}");
        let needs = needs_of(&coordinate);
        let entry = (coordinate, needs, "ROLE".to_owned(), people.len() as u64, format!("{root}.nodes.*.{gate}"));
        return (json!({ "nodes": nodes }), BTreeSet::from([entry]));
    }
    let nodes: Vec<Value> = people
        .into_iter()
        .map(|person| {
            let of = |row: &Row<'_>| matches!(row, Row::Identity(identity) if identity.person_id == person.id());
            let mine = eyes.visible(entity.name).into_iter().filter(of).collect();
            json!({ gate: { "nodes": list(mine, &format!("{root}.nodes.*.{gate}.nodes.*")) } })
        })
        .collect();
    (json!({ "nodes": nodes }), entries)
}

/// What the published table says that a field needs.
fn needs_of(coordinate: &str) -> String {
    super::table::needs().get(coordinate).cloned().unwrap_or_else(|| panic!("{coordinate} is not in the table"))
}

/// A good token, but for another service.
fn for_another(key: &LocalKey, role: Role, now: i64) -> String {
    let claims = json!({
        "iss": token::LOCAL_ISSUER, "aud": "another-service", "sub": cast::STRANGER, "roles": [role.as_str()],
        "iat": now, "exp": now + 3600,
    });
    let header = Header { kid: Some("local".into()), ..Header::new(Algorithm::HS256) };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.secret())).expect("a token")
}
