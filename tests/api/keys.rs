//! API keys over HTTP and on the command line: which hold and where, what rows they show, and that no secret is left anywhere.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use entity::{api_key, api_key_grant, portfolio_item};
use foliograph::{
    auth::{
        AccessMode, Identity, Role,
        api_keys::{self, KEY_ISSUER, Presented},
    },
    clock::Clock,
    error::Code,
    graph::{encode_id, parse_id},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::support::{
    World,
    client::{Client, Reply},
    dump::dump,
    process::Shell,
    product,
};

const VIEWER: &str = "{ viewer { subject roles person { key } } }";
const ANY: &str = "{ __typename }";
const GET_ANY: &str = "/graphql?query=%7B__typename%7D";

tests! {
    async fn a_key_opens_what_its_roles_open(world: &World) {
        let key = Made::new(world, &[Role::Integration, Role::Analyst], &["PF-IT"]).await;
        let client = key.bearer(world).await;
        let subject = encode_id("key", key.row.id);
        let viewer = json!({ "viewer": { "subject": subject, "roles": ["ANALYST", "INTEGRATION"], "person": null } });
        assert_eq!(client.query(VIEWER).await.data(), viewer);
        assert_eq!(client.get(GET_ANY).await.status, StatusCode::OK);
        assert_eq!(client.get("/schema.graphql").await.status, StatusCode::OK);
        let none = Made::new(world, &[Role::Admin], &[]).await.bearer(world).await;
        assert_eq!(none.query("{ projects { totalCount } apiKeys { totalCount } }").await.data(), json!({ "projects": { "totalCount": 0 }, "apiKeys": { "totalCount": 7 } }));
    }

    async fn basic_takes_a_key_as_password_on_get_alone(world: &World) {
        let key = Made::new(world, &[Role::PmoLead], &[]).await;
        let client = world.client().await;
        for user in ["", "anybody", "key", "anna.keller"] {
            let basic = client.header("authorization", &basic(user, &key.text));
            assert_eq!(basic.get(GET_ANY).await.status, StatusCode::OK, "{user}");
            let head = Request::head(GET_ANY).body(Body::empty()).expect("a request");
            assert_eq!(basic.send(head).await.status, StatusCode::OK, "{user}");
            refused(&basic.query(ANY).await, "UNAUTHENTICATED", false);
            refused(&basic.get("/schema.graphql").await, "UNAUTHENTICATED", false);
        }
        // What is right where it stands is wrong elsewhere: a token, a key as user, a key without a colon.
        let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        for value in [
            basic("anna.keller", &token),
            basic(&key.text, ""),
            basic(&key.text, "x"),
            basic("x", &format!("{}:", key.text)),
            basic("x", &format!("x{}", key.text)),
            format!("Basic {}", STANDARD.encode(&key.text)),
            format!("Basic {}", key.text),
            "Basic ?".to_owned(),
        ] {
            refused(&client.header("authorization", &value).get(GET_ANY).await, "UNAUTHENTICATED", true);
        }
        // Tools that wait for a challenge find Basic in it, where Basic is taken.
        let reply = client.get(GET_ANY).await;
        let challenges: Vec<&str> = reply.headers.get_all("www-authenticate").iter().map(|value| value.to_str().expect("text")).collect();
        assert_eq!(challenges, [r#"Bearer realm="foliograph""#, r#"Basic realm="foliograph", charset="UTF-8""#]);
    }

    async fn a_key_in_an_address_or_another_header_is_no_credential(world: &World) {
        let key = Made::new(world, &[Role::PmoLead], &[]).await.text;
        let client = world.client().await;
        for parameter in ["access_token", "api_key", "key", "token", "authorization"] {
            refused(&client.get(&format!("{GET_ANY}&{parameter}={key}")).await, "UNAUTHENTICATED", true);
        }
        for (name, value) in [("x-api-key", key.clone()), ("cookie", format!("key={key}")), ("authorization", key.clone()), ("authorization", format!("Token {key}"))] {
            refused(&client.header(name, &value).query(ANY).await, "UNAUTHENTICATED", false);
        }
    }

    async fn what_is_unknown_wrong_revoked_or_garbled_is_answered_alike(world: &World) {
        let good = Made::new(world, &[Role::PmoLead], &[]).await;
        let mut revoked = Made::new(world, &[Role::PmoLead], &[]).await;
        revoked.change(world, |row| row.revoked_at = Some(world.clock.now())).await;
        let mut rotated = Made::new(world, &[Role::PmoLead], &[]).await;
        let mut second = None;
        rotated.change(world, |row| second = rotate(row)).await;
        let second = second.expect("another secret").reveal();
        let (head, secret) = good.text.split_at("fgk_".len() + 27);
        let bad = [
            Presented::new(good.row.id, [7; 32]).reveal(),
            Presented::new(Uuid::from_u128(7), [7; 32]).reveal(),
            Presented::new(good.row.id, [0; 32]).reveal(),
            revoked.text,
            rotated.text,
            format!("{head}{}", secret.chars().rev().collect::<String>()),
            good.text.to_uppercase().replacen("FGK", "fgk", 1),
            good.text[..good.text.len() - 1].to_owned(),
            format!("{}=", good.text),
            format!("fgk_{}", &good.text["fgk_".len() + 1..]),
            "fgk_".to_owned(),
            "fgk__".to_owned(),
        ];
        let answers = async |credential: &dyn Fn(&str) -> String, get: bool| {
            let mut answers = BTreeSet::new();
            for (at, text) in bad.iter().enumerate() {
                let address = ([192, 0, 2, u8::try_from(at).expect("a few")], 1);
                let client = world.client().await.at(address.into()).header("x-request-id", "same").header("authorization", &credential(text));
                let reply = if get { client.get(GET_ANY).await } else { client.query(ANY).await };
                refused(&reply, "UNAUTHENTICATED", get);
                answers.insert(format!("{} {:?} {}", reply.status, reply.headers, reply.text()));
            }
            answers
        };
        for get in [false, true] {
            let answers = answers(&|text| format!("Bearer {text}"), get).await;
            assert_eq!(answers.len(), 1, "{answers:#?}");
        }
        let answers = answers(&|text| basic("x", text), true).await;
        assert_eq!(answers.len(), 1, "{answers:#?}");
        for text in [&good.text, &second] {
            assert_eq!(world.client().await.bearer(text).query(ANY).await.status, StatusCode::OK);
        }
    }

    async fn an_expired_key_is_named_so_on_the_instant(world: &World) {
        let mut key = Made::new(world, &[Role::PmoLead], &[]).await;
        let end = world.clock.now() + chrono::Duration::seconds(3);
        key.change(world, |row| row.expires_at = Some(end)).await;
        let client = key.bearer(world).await;
        world.clock.advance_seconds(2);
        assert_eq!(client.query(ANY).await.status, StatusCode::OK);
        world.clock.advance_seconds(1);
        for _ in 0..25 {
            refused(&client.query(ANY).await, "TOKEN_EXPIRED", false);
        }
        refused(&world.client().await.header("authorization", &basic("x", &key.text)).get(GET_ANY).await, "TOKEN_EXPIRED", true);
        // Who does not have the secret does not learn that there was a key.
        refused(&world.client().await.bearer(&Presented::new(key.row.id, [7; 32]).reveal()).query(ANY).await, "UNAUTHENTICATED", false);
        key.change(world, |row| row.expires_at = None).await;
        assert_eq!(client.query(ANY).await.status, StatusCode::OK, "its end was put off");
    }

    async fn guesses_at_keys_count_as_bad_credentials(world: &World) {
        let (known, other) = (Made::new(world, &[Role::Analyst], &[]).await, Made::new(world, &[Role::Analyst], &[]).await);
        let guesser = world.client().await.at(([192, 0, 2, 77], 1).into());
        assert_eq!(guesser.bearer(&known.text).query(ANY).await.status, StatusCode::OK);
        for n in 0..20 {
            let guess = Presented::new(known.row.id, [n; 32]).reveal();
            let reply = match n % 4 {
                0 => guesser.bearer(&guess).query(ANY).await,
                1 => guesser.header("authorization", &basic("x", &guess)).get(GET_ANY).await,
                2 => guesser.header("authorization", &basic("x", "password")).get(GET_ANY).await,
                _ => guesser.bearer(&format!("fgk_{n}")).get(GET_ANY).await,
            };
            assert_eq!(reply.error_codes(), ["UNAUTHENTICATED"], "{n}");
        }
        // Not even a good key that is new here; one that was good before works on, also when it must be read again.
        assert_eq!(guesser.bearer(&other.text).query(ANY).await.error_codes(), ["RATE_LIMITED"]);
        assert_eq!(guesser.header("authorization", &basic("x", "password")).get(GET_ANY).await.error_codes(), ["RATE_LIMITED"]);
        for _ in 0..3 {
            assert_eq!(guesser.bearer(&known.text).query(ANY).await.status, StatusCode::OK);
            world.clock.advance_seconds(10);
        }
        let mut known = known;
        known.change(world, |row| row.revoked_at = Some(world.clock.now())).await;
        refused(&guesser.bearer(&known.text).query(ANY).await, "UNAUTHENTICATED", false);
        assert_eq!(guesser.bearer(&known.text).query(ANY).await.error_codes(), ["RATE_LIMITED"], "now it is a guess like others");
    }

    async fn changes_of_a_key_hold_within_five_seconds(world: &World) {
        let mut key = Made::new(world, &[Role::Integration], &["PR-053"]).await;
        let (client, db) = (key.bearer(world).await, world.database().await.orm);
        let seen = async || {
            let data = client.query("{ viewer { roles } projects(first: 1000) { totalCount } }").await.data();
            (data["viewer"]["roles"].clone(), data["projects"]["totalCount"].as_u64())
        };
        assert_eq!(seen().await, (json!(["INTEGRATION"]), Some(1)));
        let all = portfolio_item::Entity::find().filter(portfolio_item::Column::Kind.eq("PROJECT")).filter(portfolio_item::Column::IsRestricted.eq(false));
        let all = all.count(&db).await.expect("projects");
        key.change(world, |row| row.roles = "AUDITOR".into()).await;
        world.clock.advance_seconds(5);
        assert_eq!(seen().await, (json!(["AUDITOR"]), Some(all)));
        key.change(world, |row| row.roles = "INTEGRATION".into()).await;
        key.grant(&db, "PG-SECURITY").await;
        world.clock.advance_seconds(5);
        let (_, projects) = seen().await;
        assert!(projects > Some(1) && projects < Some(all), "{projects:?}");
        api_key_grant::Entity::delete_many().filter(api_key_grant::Column::ApiKeyId.eq(key.row.id)).exec(&db).await.expect("taken away");
        world.clock.advance_seconds(5);
        assert_eq!(seen().await, (json!(["INTEGRATION"]), Some(0)));
        // However the two memories of keys and of callers were filled, they do not add up to more.
        world.clock.advance_seconds(3);
        assert_eq!(seen().await.1, Some(0));
        key.change(world, |row| row.revoked_at = Some(world.clock.now())).await;
        world.clock.advance_seconds(5);
        refused(&client.query(ANY).await, "UNAUTHENTICATED", false);
    }

    async fn whoever_goes_on_for_long_is_checked_again(world: &World) {
        let app = world.app().await;
        let code = async |identity: &std::sync::Arc<Identity>| app.caller_of(identity.clone()).await.map(|_| ()).map_err(|e| e.code);
        let verify = async |text: &str| app.keys.verify(&app.database.orm, &*world.clock, text, None).await.expect("a good key");

        let (mut ends, mut revoked, mut rotated) = (Made::new(world, &[], &[]).await, Made::new(world, &[], &[]).await, Made::new(world, &[], &[]).await);
        let end = world.clock.now() + chrono::Duration::seconds(8);
        ends.change(world, |row| row.expires_at = Some(end)).await;
        let mut second = None;
        let identities = [verify(&ends.text).await, verify(&revoked.text).await, verify(&rotated.text).await];
        for identity in &identities {
            assert_eq!(code(identity).await, Ok(()));
        }
        revoked.change(world, |row| row.revoked_at = Some(world.clock.now())).await;
        rotated.change(world, |row| second = rotate(row)).await;
        assert!(second.is_some());
        world.clock.advance_seconds(5);
        assert_eq!(code(&identities[0]).await, Ok(()));
        assert_eq!(code(&identities[1]).await, Err(Code::Unauthenticated));
        assert_eq!(code(&identities[2]).await, Err(Code::Unauthenticated));
        world.clock.advance_seconds(3);
        assert_eq!(code(&identities[0]).await, Err(Code::TokenExpired), "it was read three seconds ago");

        let token = app.verifier.verify(&product::token(&*world.clock, "anna.keller", &[]), &*world.clock).await.expect("a good token");
        assert_eq!(code(&token).await, Ok(()));
        world.clock.advance_seconds(3_600 + 60);
        assert_eq!(code(&token).await, Err(Code::TokenExpired));
    }

    async fn callers_that_are_forgotten_are_read_again_at_once(world: &World) {
        let mut key = Made::new(world, &[Role::Integration], &[]).await;
        let client = key.bearer(world).await;
        let projects = async || client.query("{ projects { totalCount } }").await.data()["projects"]["totalCount"].clone();
        assert_eq!(projects().await, 0);
        key.change(world, |row| row.roles = "AUDITOR".into()).await;
        assert_eq!(projects().await, 0);
        world.app().await.callers.forget_all();
        assert!(projects().await.as_u64() > Some(10));
    }

    async fn grants_decide_which_rows_and_classes_a_key_reads(world: &World) {
        let db = world.database().await.orm;
        let key = Made::new(world, &[Role::Integration], &["PG-ERP", "PR-053", "PR-048"]).await;
        let client = key.bearer(world).await;
        // Written out by hand: the projects of the program, one of another, and the confidential one that is granted itself.
        let due = ["PR-001", "PR-002", "PR-003", "PR-004", "PR-005", "PR-006", "PR-007", "PR-008", "PR-048", "PR-053"];
        let reply = client.query("{ projects(first: 1000, orderBy: [{key: {direction: ASC}}]) { totalCount nodes { id key budget { amount } externalLinks { totalCount } parent { key } } aggregate { count coverage { budget { excludedNoAccess } } } } programs { nodes { key } } portfolios { totalCount } portfolioItems { totalCount } }").await;
        let data = reply.data();
        let keys: Vec<&str> = data["projects"]["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["key"].as_str()).collect();
        assert_eq!(keys, due);
        assert_eq!((&data["projects"]["totalCount"], &data["projects"]["aggregate"]), (&json!(10), &json!({ "count": 10, "coverage": { "budget": { "excludedNoAccess": 0 } } })));
        assert_eq!((&data["programs"], &data["portfolios"], &data["portfolioItems"]), (&json!({ "nodes": [{ "key": "PG-ERP" }] }), &json!({ "totalCount": 0 }), &json!({ "totalCount": 11 })));
        let first = &data["projects"]["nodes"][0];
        assert_eq!((&first["budget"], &first["parent"]), (&json!({ "amount": "5200000" }), &json!({ "key": "PG-ERP" })), "FIN and the link within");
        assert!(first["externalLinks"]["totalCount"].as_u64() > Some(0), "WORK");
        assert_eq!(data["projects"]["nodes"][9]["parent"], Value::Null, "what lies above is not granted");

        // By id, and by what is known of a row that is not granted.
        let items = portfolio_item::Entity::find().all(&db).await.expect("items");
        for item in items.iter().filter(|item| item.kind == "PROJECT") {
            let id = encode_id("prj", item.id);
            let reply = client.query_with("query($id: ID!) { node(id: $id) { id } projects(filter: {id: {eq: $id}}) { totalCount } }", json!({ "id": id })).await;
            let node = if due.contains(&item.key.as_str()) { json!({ "id": id }) } else { Value::Null };
            let count = u8::from(!node.is_null());
            assert_eq!(reply.data(), json!({ "node": node, "projects": { "totalCount": count } }), "{}", item.key);
        }
        for filter in [r#"{key: {in: ["PR-009", "PR-054", "PR-034", "PR-030"]}}"#, r#"{portfolio: {key: {eq: "PF-IT"}}}"#, "{hasPortfolio: true}"] {
            assert_eq!(client.query(&format!("{{ projects(filter: {filter}) {{ totalCount }} }}")).await.data(), json!({ "projects": { "totalCount": 0 } }), "{filter}");
        }

        // A portfolio stands for all that is in it, but not for what is confidential there.
        let products = Made::new(world, &[Role::Integration], &["PF-PRODUCTS"]).await.bearer(world).await;
        let count = "{ projects { totalCount } hidden: projects(filter: {key: {eq: \"PR-034\"}}) { totalCount } other: projects(filter: {portfolio: {key: {neq: \"PF-PRODUCTS\"}}}) { totalCount } }";
        let portfolio = items.iter().find(|item| item.key == "PF-PRODUCTS").map(|item| item.id);
        let within = items.iter().filter(|item| item.kind == "PROJECT" && item.portfolio_id == portfolio && !item.is_restricted).count();
        assert_eq!(products.query(count).await.data(), json!({ "projects": { "totalCount": within }, "hidden": { "totalCount": 0 }, "other": { "totalCount": 0 } }));
    }

    async fn a_token_gets_no_rows_of_a_key(world: &World) {
        let key = Made::new(world, &[Role::Integration], &["PF-IT"]).await;
        let projects = "{ projects { totalCount } }";
        assert!(key.bearer(world).await.query(projects).await.data()["projects"]["totalCount"].as_u64() > Some(0));
        let subject = encode_id("key", key.row.id);
        let client = world.client_as(&subject, &[Role::Integration]).await;
        assert_eq!(client.query(projects).await.data(), json!({ "projects": { "totalCount": 0 } }));
        // Nor may a token say that it comes from where keys come from, even when the local key signed it.
        let claims = json!({ "iss": KEY_ISSUER, "aud": "foliograph", "sub": subject, "roles": ["INTEGRATION"], "exp": world.clock.now().timestamp() + 300 });
        let header = Header { kid: Some("local".into()), ..Header::new(Algorithm::HS256) };
        let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(product::local_key().secret())).expect("signed");
        refused(&world.client().await.bearer(&token).query(ANY).await, "UNAUTHENTICATED", false);

        let app = world.app().await;
        let of_key = app.keys.verify(&app.database.orm, &*world.clock, &key.text, None).await.expect("a good key");
        let of_token = app.verifier.verify(&product::token(&*world.clock, &subject, &[]), &*world.clock).await.expect("a good token");
        let principals = [app.caller_of(of_key).await.expect("a caller").principal(), app.caller_of(of_token).await.expect("a caller").principal()];
        assert_eq!(principals, [format!("key:{}", key.row.id), format!("foliograph-local|{subject}")]);
    }

    async fn denied_fields_are_errors_for_a_key_unless_it_or_the_request_says_otherwise(world: &World) {
        let mut key = Made::new(world, &[Role::Analyst], &[]).await;
        let client = key.bearer(world).await;
        let document = "{ projects { totalCount } people { nodes { identities { totalCount } } } }";
        let outcome = async |client: &Client| {
            let reply = client.query(document).await;
            let codes: BTreeSet<String> = reply.error_codes().into_iter().collect();
            (codes.into_iter().collect::<Vec<_>>().join(","), reply.json().get("extensions").is_some())
        };
        let (errors, masks) = (("FIELD_FORBIDDEN".to_owned(), false), (String::new(), true));
        assert_eq!(outcome(&client).await, errors);
        assert_eq!(outcome(&client.header("x-access-mode", "MASK")).await, masks);
        key.change(world, |row| row.access_mode = "MASK".into()).await;
        world.clock.advance_seconds(5);
        assert_eq!(outcome(&client).await, masks);
        assert_eq!(outcome(&client.header("x-access-mode", "error")).await, errors);
        assert_eq!(outcome(&world.client_as("nobody.known", &[Role::Analyst]).await).await, masks, "a token's fields are masked");
    }

    async fn keys_are_read_as_they_are_without_their_secret(world: &World) {
        let key = Made::new(world, &[Role::Finance, Role::Integration], &["PG-ERP"]).await;
        let admin = world.client_as("nobody.known", &[Role::Admin]).await;
        let document = "query($id: ID!) { apiKey(by: {id: $id}) { key name roles accessMode expiresAt revokedAt version createdBy { key } grants { totalCount } } apiKeyGrants(filter: {apiKey: {id: {eq: $id}}}) { totalCount } }";
        let id = encode_id("key", key.row.id);
        let shown = json!({ "key": key.row.key, "name": "A key", "roles": ["FINANCE", "INTEGRATION"], "accessMode": "ERROR", "expiresAt": null, "revokedAt": null, "version": "1", "createdBy": null, "grants": { "totalCount": 1 } });
        assert_eq!(admin.query_with(document, json!({ "id": id })).await.data(), json!({ "apiKey": shown, "apiKeyGrants": { "totalCount": 1 } }));
        // Which item is business data, which an administrator does not read.
        let item = "{ apiKeyGrants(first: 1000) { nodes { item { key } } } }";
        let items = |data: Value| data["apiKeyGrants"]["nodes"].as_array().expect("nodes").iter().filter(|node| !node["item"].is_null()).count();
        assert_eq!(items(admin.query(item).await.data()), 0);
        assert!(items(world.reader().await.query(item).await.data()) > 0);
        let schema = admin.get("/schema.graphql").await;
        assert!(schema.text().contains("type ApiKey ") && !schema.text().to_lowercase().contains("secrethash"), "the hash is no field");
    }

    async fn a_key_is_made_rotated_and_revoked_on_the_command_line(world: &World) {
        let shell = Shell::new().with("DATABASE_URL", world.url().await).with("FOLIOGRAPH_KEY_FILE", "local.key");
        let made = shell.run(&["key", "create", "--name", "Power BI (finance)", "--role", "integration", "--role", "FINANCE", "--grant", "PG-ERP", "--grant", "PR-053", "--ttl", "90d", "--access-mode", "mask"]);
        assert_eq!((made.code, made.stdout.lines().count()), (Some(0), 1), "{made:?}");
        let first = made.stdout.trim().to_owned();
        assert!(!made.stderr.contains(&first) && made.stderr.contains("power-bi-finance"), "{}", made.stderr);
        let line = |stdout: &str| stdout.lines().find(|line| line.starts_with("power-bi-finance\t")).expect("its line").to_owned();
        let listed = shell.run(&["key", "list"]);
        let facts = line(&listed.stdout);
        let columns: Vec<&str> = facts.split('\t').collect();
        assert_eq!([columns[1], columns[2], columns[3], columns[5], columns[6]], ["active", "FINANCE,INTEGRATION", "MASK", "PG-ERP,PR-053", "Power BI (finance)"]);
        assert!(columns[4].ends_with('Z'), "{facts}");

        let status = async |text: &str| world.client().await.bearer(text).query(VIEWER).await;
        assert_eq!(status(&first).await.data()["viewer"]["roles"], json!(["FINANCE", "INTEGRATION"]));
        let rotated = shell.run(&["key", "rotate", "power-bi-finance"]);
        let second = rotated.stdout.trim().to_owned();
        assert!(rotated.code == Some(0) && second.starts_with("fgk_") && second != first, "{rotated:?}");
        world.clock.advance_seconds(5);
        refused(&status(&first).await, "UNAUTHENTICATED", false);
        assert_eq!(status(&second).await.status, StatusCode::OK);
        for _ in 0..2 {
            assert_eq!(shell.run(&["key", "revoke", "power-bi-finance"]).code, Some(0), "a second time changes nothing");
        }
        world.clock.advance_seconds(5);
        refused(&status(&second).await, "UNAUTHENTICATED", false);
        let listed = shell.run(&["key", "list"]);
        assert!(line(&listed.stdout).contains("\trevoked\t"), "{listed:?}");

        let database = world.database().await;
        let kept = format!("{:?}", dump(&database).await);
        for text in [&first, &second] {
            no_secret(text, &kept);
            no_secret(text, &listed.stdout);
        }
        let secret = URL_SAFE_NO_PAD.decode(&second["fgk_".len() + 27..]).expect("base64url");
        assert!(kept.to_lowercase().contains(&hex(&Sha256::digest(secret))), "the dump shows what is kept of it");
        let before = dump(&database).await;
        for (arguments, named) in [
            (&["create", "--name", "Power BI: finance", "--role", "ADMIN"][..], "power-bi-finance already"),
            (&["create", "--name", "-", "--role", "ADMIN"], "a letter or a digit"),
            (&["create", "--name", "x", "--role", "ADMIN", "--grant", "PR-999"], "PR-999"),
            (&["create", "--name", "x"], "--role"),
            (&["create", "--name", "x", "--role", "BOSS"], "INTEGRATION"),
            (&["create", "--name", "x", "--role", "ADMIN", "--ttl", "9"], "30m, 8h or 7d"),
            (&["create", "--name", "x", "--role", "ADMIN", "--access-mode", "loud"], "mask, error"),
            (&["rotate", "power-bi-finance"], "was revoked"),
            (&["rotate", "nothing"], "no key nothing"),
            (&["revoke", "nothing"], "no key nothing"),
        ] {
            let refused = shell.run(&[&["key"], arguments].concat());
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{arguments:?}: {refused:?}");
            assert!(refused.stderr.contains(named), "{arguments:?}: {}", refused.stderr);
        }
        assert_eq!(dump(&database).await, before, "what was refused wrote nothing");
        let unmigrated = Shell::new().with("DATABASE_URL", &world.empty_url().await).run(&["key", "list"]);
        assert!(unmigrated.code == Some(1) && unmigrated.stderr.contains("migrate up"), "{unmigrated:?}");
    }

    async fn no_log_has_a_secret(world: &World) {
        let shell = Shell::new().with("DATABASE_URL", world.url().await).with("FOLIOGRAPH_KEY_FILE", "local.key").with("FOLIOGRAPH_LOG", "trace");
        let made = shell.run(&["key", "create", "--name", "Logged", "--role", "PMO_LEAD"]);
        let key = made.stdout.trim().to_owned();
        no_secret(&key, &made.stderr);
        let server = shell.serve(&["serve"]);
        assert_eq!(server.post(&key, r#"{"query":"{ viewer { subject } }"}"#).status, 200);
        let wrong = format!("{}{}", &key[..key.len() - 4], "AAAA");
        assert_eq!(server.post(&wrong, r#"{"query":"{ viewer { subject } }"}"#).status, 401);
        let basic = basic("x", &key);
        let get = format!("GET {GET_ANY} HTTP/1.1\r\nHost: x\r\nAuthorization: {basic}\r\nConnection: close\r\n\r\n");
        assert_eq!(server.exchange(&get).status, 200);
        server.terminate();
        let ended = server.finish();
        assert!(ended.stderr.contains("answered"), "the log is on");
        for text in [&key, &wrong] {
            no_secret(text, &ended.stderr);
        }
        assert!(!ended.stderr.contains(basic.trim_start_matches("Basic ")));
    }
}

/// Gives a row another secret.
fn rotate(row: &mut api_key::Model) -> Option<Presented> {
    let presented = Presented::random(row.id).ok()?;
    row.secret_hash = presented.kept();
    Some(presented)
}

/// A key in the database of a test, with its text.
pub struct Made {
    row: api_key::Model,
    text: String,
}

impl Made {
    /// A key with these roles (an auditor's where none is given) and these items.
    pub async fn new(world: &World, roles: &[Role], items: &[&str]) -> Self {
        let db = world.database().await.orm;
        let roles = if roles.is_empty() { &[Role::Auditor] } else { roles };
        let presented = Presented::random(world.clock.new_id()).expect("random");
        let now = world.clock.now();
        let (_, id) = parse_id(&format!("{presented:?}")).expect("its id");
        let row = api_key::Model {
            id,
            key: world.clock.new_id().to_string(),
            name: "A key".to_owned(),
            secret_hash: presented.kept(),
            roles: api_keys::role_names(roles),
            access_mode: AccessMode::Error.as_str().to_owned(),
            expires_at: None,
            revoked_at: None,
            address_ranges: None,
            last_used_at: None,
            version: 1,
            created_at: now,
            created_by_id: None,
            updated_at: now,
            updated_by_id: None,
        };
        api_key::Entity::insert(row.clone().into_active_model()).exec_without_returning(&db).await.expect("written");
        let made = Self { row, text: presented.reveal() };
        for item in items {
            made.grant(&db, item).await;
        }
        made
    }

    async fn grant(&self, db: &DatabaseConnection, item: &str) {
        let found = portfolio_item::Entity::find().filter(portfolio_item::Column::Key.eq(item)).one(db).await;
        let grant = api_key_grant::Model {
            id: Uuid::now_v7(),
            api_key_id: self.row.id,
            item_id: found.expect("items").expect("an item with this key").id,
        };
        api_key_grant::Entity::insert(grant.into_active_model()).exec_without_returning(db).await.expect("granted");
    }

    /// Changes the row as whoever manages keys does.
    async fn change(&mut self, world: &World, change: impl FnOnce(&mut api_key::Model)) {
        change(&mut self.row);
        let row = self.row.clone().into_active_model().reset_all();
        row.update(&world.database().await.orm).await.expect("changed");
    }

    /// Whoever asks with it.
    pub async fn bearer(&self, world: &World) -> Client {
        world.client().await.bearer(&self.text)
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Refused as a whole, with a challenge that names Basic where it is taken, and without a word of the credential.
#[track_caller]
fn refused(reply: &Reply, code: &str, takes_basic: bool) {
    assert_eq!(
        (reply.status, reply.error_codes()),
        (StatusCode::UNAUTHORIZED, vec![code.to_owned()]),
        "{}",
        reply.text()
    );
    let challenges: Vec<_> = reply.headers.get_all("www-authenticate").iter().collect();
    assert!(challenges.iter().any(|c| c.as_bytes().starts_with(b"Bearer realm=")), "{challenges:?}");
    assert_eq!(challenges.iter().any(|c| c.as_bytes().starts_with(b"Basic ")), takes_basic, "{challenges:?}");
    assert!(!reply.text().contains("fgk_") && !format!("{challenges:?}").contains("fgk_"), "{}", reply.text());
}

/// Neither the key, nor its secret in any spelling that a database, a log or a list might use; its hash is no secret.
#[track_caller]
fn no_secret(key: &str, text: &str) {
    let (_, encoded) = key["fgk_".len()..].split_once('_').expect("a secret");
    assert!(!text.contains(encoded), "the secret's own text");
    let secret = URL_SAFE_NO_PAD.decode(encoded).expect("base64url");
    assert!(!text.to_lowercase().contains(&hex(&secret)), "the secret in hexadecimal");
    assert!(!text.contains(&STANDARD.encode(&secret)), "the secret in base64");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |all, byte| format!("{all}{byte:02x}"))
}
