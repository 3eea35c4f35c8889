//! Tokens of a real OpenID issuer: its keys are found by discovery, follow its rotation, outlast its outage, and are never asked
//! for more often than agreed, whatever is presented.

use std::{fs, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    http::{StatusCode, header},
    routing::get,
};
use foliograph::{
    app::App,
    auth::Role,
    clock::{Clock, FixedClock, SystemClock},
    config::{Config, IssuerSettings},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    World, api_keys,
    client::{Client, Reply, Server},
    folder,
    issuer::{AUDIENCE, Issuer},
    process::Shell,
    product,
    socket::Socket,
};

const ANY: &str = "{ __typename }";
const WHO: &str = "{ viewer { subject roles } projects { totalCount } }";
const ROLES: &str = "roles_claim = \"realm_access.roles\"\nroles = { \"pmo-leads\" = \"PMO_LEAD\" }\n";

tests! {
    async fn a_discovered_issuers_token_has_the_roles_that_its_names_mean(world: &World) {
        let issuer = Issuer::start();
        let house = House::of(world, &issuer.name, ROLES).await;
        let lead = house.client.bearer(&issuer.token("portal")).query(WHO).await.data();
        assert_eq!(lead["viewer"], json!({ "subject": "portal", "roles": ["PMO_LEAD"] }));
        assert!(lead["projects"]["totalCount"].as_i64() > Some(10), "{lead}");
        let reader = house.client.bearer(&issuer.token("reader")).query(WHO).await.data();
        assert_eq!(reader, json!({ "viewer": { "subject": "reader", "roles": [] }, "projects": null }), "an unknown name is no right");
        // A name of ours counts only where no map says what names mean.
        let named = issuer.mint(&json!({}), &json!({ "realm_access": { "roles": ["PMO_LEAD"] } }));
        assert_eq!(house.client.bearer(&named).query(WHO).await.data()["viewer"]["roles"], json!([]));
        let unmapped = House::of(world, &issuer.name, "roles_claim = \"realm_access.roles\"").await;
        assert_eq!(unmapped.client.bearer(&named).query(WHO).await.data()["viewer"]["roles"], json!(["PMO_LEAD"]));
    }

    async fn the_settings_for_one_issuer_discover_it_too(world: &World) {
        let issuer = Issuer::start();
        let issuers = IssuerSettings {
            issuer: Some(issuer.name.clone()),
            audience: Some(AUDIENCE.to_owned()),
            roles_claim: "realm_access.roles".to_owned(),
            ..IssuerSettings::default()
        };
        let house = House::with(world, issuers).await;
        let token = issuer.mint(&json!({}), &json!({ "realm_access": { "roles": ["FINANCE"] } }));
        assert_eq!(house.client.bearer(&token).query(WHO).await.data()["viewer"], json!({ "subject": "maria", "roles": ["FINANCE"] }));
        let local = product::token(&*house.clock, "anna.keller", &[Role::PmoLead]);
        assert_eq!(house.client.bearer(&local).query(ANY).await.status, StatusCode::OK, "in development the local key holds beside it");
    }

    async fn a_new_key_is_known_after_one_question(world: &World) {
        let issuer = Issuer::start();
        let house = House::of(world, &issuer.name, ROLES).await;
        assert_eq!(house.status(&issuer.token("portal")).await, StatusCode::OK);
        assert_eq!(issuer.fetched(), 1);
        issuer.rotate("RS256", true);
        assert_eq!(house.status(&issuer.token("portal")).await, StatusCode::OK);
        assert_eq!(issuer.fetched(), 2);
        // Within the minute nobody asks again; then one token is enough.
        issuer.rotate("ES256", true);
        let third = issuer.token("portal");
        refused(&house.ask(&third).await, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
        house.clock.advance_seconds(59);
        refused(&house.ask(&third).await, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
        assert_eq!(issuer.fetched(), 2);
        house.clock.advance_seconds(1);
        assert_eq!(house.status(&third).await, StatusCode::OK);
        assert_eq!(issuer.fetched(), 3);
    }

    async fn whatever_keys_are_named_the_issuer_is_asked_once_a_minute(world: &World) {
        let issuer = Issuer::start();
        let house = House::of(world, &issuer.name, ROLES).await;
        for minute in 1..=3_u8 {
            // All at once, each with a key of its own, from addresses of their own.
            let guesses = (0..60_u8).map(|guess| {
                let token = issuer.mint(&json!({ "kid": format!("kid-{minute}-{guess}") }), &json!({}));
                let client = house.client.at(SocketAddr::from(([198, 51, 100, guess], 1))).bearer(&token);
                async move { client.query(ANY).await }
            });
            for reply in futures_util::future::join_all(guesses).await {
                refused(&reply, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
            }
            assert_eq!(issuer.fetched(), 1 + u64::from(minute), "one at the start, and one a minute");
            house.clock.advance_seconds(60);
        }
        assert_eq!(house.status(&issuer.token("portal")).await, StatusCode::OK, "the good one beside them");
    }

    async fn a_key_that_is_withdrawn_serves_ten_minutes_at_most(world: &World) {
        let issuer = Issuer::start();
        let house = House::of(world, &issuer.name, ROLES).await;
        let old = issuer.mint(&json!({}), &json!({ "exp": 4_000_000_000_u64, "realm_access": { "roles": ["pmo-leads"] } }));
        assert_eq!(house.status(&old).await, StatusCode::OK);
        let server = Server::start(house.app.router()).await;
        let mut socket = Socket::of(server.address, &old).await;
        socket.subscribe("a", "subscription { changes { __typename } }", json!({})).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        issuer.rotate("RS256", false);
        house.clock.advance_seconds(599);
        house.refresh().await;
        assert_eq!(house.status(&old).await, StatusCode::OK, "nobody has asked yet");
        house.clock.advance_seconds(1);
        house.refresh().await;
        // The token was remembered as good, and lasts for decades; its key is gone all the same.
        refused(&house.ask(&old).await, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
        house.app.events.wake();
        assert_eq!(socket.closed().await, (4403, "credential revoked".to_owned()));
    }

    async fn keys_outlast_the_issuer_for_a_day(world: &World) {
        let issuer = Issuer::start();
        let house = House::of(world, &issuer.name, ROLES).await;
        let lasting = |subject: &str| issuer.mint(&json!({}), &json!({ "sub": subject, "exp": 4_000_000_000_u64 }));
        let (known, fresh) = (lasting("known"), lasting("fresh"));
        assert_eq!(house.status(&known).await, StatusCode::OK);
        issuer.outage(true);
        house.clock.advance_seconds(3_600);
        house.refresh().await;
        for token in [&known, &fresh] {
            assert_eq!(house.status(token).await, StatusCode::OK, "the keys of before serve on");
        }
        // Whether another key is the issuer's nobody can say: that is no fault of the token, and counts for no guess.
        let other = issuer.mint(&json!({ "kid": "another" }), &json!({}));
        for _ in 0..25 {
            refused(&house.ask(&other).await, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");
        }
        assert_eq!(house.client.get("/readyz").await.status, StatusCode::OK);
        house.clock.advance_seconds(23 * 3_600);
        refused(&house.ask(&known).await, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");
        issuer.outage(false);
        house.clock.advance_seconds(60);
        house.refresh().await;
        assert_eq!(house.status(&known).await, StatusCode::OK);
        refused(&house.ask(&other).await, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
    }

    async fn a_server_starts_without_its_issuer_and_finds_it_later(world: &World) {
        let issuer = Issuer::start();
        issuer.outage(true);
        let house = House::of(world, &issuer.name, ROLES).await;
        let token = issuer.token("portal");
        for _ in 0..3 {
            let reply = house.ask(&token).await;
            refused(&reply, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");
            assert_eq!(reply.at("/errors/0/extensions/retryable"), json!(true));
        }
        let asked = issuer.asked();
        assert!(asked <= 2, "at the start, and for the first token: {asked}");
        for healthy in ["/healthz", "/readyz"] {
            assert_eq!(house.client.get(healthy).await.status, StatusCode::OK, "{healthy}");
        }
        let local = product::token(&*house.clock, "anna.keller", &[Role::PmoLead]);
        for other in [local, api_keys::text("idle").expect("a key")] {
            assert_eq!(house.client.bearer(&other).query(ANY).await.status, StatusCode::OK, "other credentials hold");
        }
        issuer.outage(false);
        house.clock.advance_seconds(10);
        house.refresh().await;
        assert_eq!(house.status(&token).await, StatusCode::OK);
        issuer.kill();
        assert_eq!(house.status(&token).await, StatusCode::OK);
    }

    async fn what_is_no_access_token_for_this_api_is_refused(world: &World) {
        let issuer = Issuer::start();
        let house = House::of(world, &issuer.name, &format!("{ROLES}authorized_parties = [\"portal\"]")).await;
        let now = house.clock.now().timestamp();
        let good = json!({ "azp": "portal" });
        let with = |more: Value| {
            let mut claims = good.clone();
            more.as_object().expect("claims").iter().for_each(|(name, value)| claims[name] = value.clone());
            issuer.mint(&json!({}), &claims)
        };
        assert_eq!(house.status(&with(json!({}))).await, StatusCode::OK);
        assert_eq!(house.status(&issuer.token("portal")).await, StatusCode::OK, "RFC 9068 names the client otherwise");
        for (at, claims) in [
            json!({ "aud": "https://other.example.com" }),
            json!({ "iss": "https://id.example.com" }),
            json!({ "iss": format!("{}/", issuer.name) }),
            json!({ "azp": "stranger" }),
            json!({ "azp": null, "client_id": "stranger" }),
            json!({ "nonce": "n-0S6_WzA2Mj" }),
            json!({ "at_hash": "MTIzNDU2" }),
            json!({ "typ": "ID" }),
            json!({ "nbf": now + 3_600 }),
            json!({ "sub": "" }),
        ].into_iter().enumerate() {
            let token = with(claims.clone());
            let reply = house.client.at(address(at)).bearer(&token).query(ANY).await;
            assert_eq!(reply.error_codes(), ["UNAUTHENTICATED"], "{claims}");
            refused(&reply, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
        }
        refused(&house.ask(&issuer.token("reader")).await, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
        refused(&house.ask(&with(json!({ "exp": now - 61 }))).await, StatusCode::UNAUTHORIZED, "TOKEN_EXPIRED");
        // Whatever its header says, the key of that name decides how its signature is checked.
        let fetched = issuer.fetched();
        for (at, header) in [json!({ "alg": "none" }), json!({ "alg": "HS256" }), json!({ "alg": "PS256" }), json!({ "alg": "RS512" }), json!({ "typ": "id+jwt" }), json!({ "crit": ["x"] })].into_iter().enumerate() {
            let token = issuer.mint(&header, &good);
            refused(&house.client.at(address(40 + at)).bearer(&token).query(ANY).await, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
        }
        assert_eq!(issuer.fetched(), fetched, "a known key with another algorithm is no reason to ask");
        let reply = house.client.query(ANY).await;
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
    }

    async fn roles_are_found_where_well_known_issuers_put_them(world: &World) {
        let issuer = Issuer::start();
        let map = "roles = { \"lead\" = \"PMO_LEAD\", \"money\" = [\"FINANCE\", \"SPONSOR\"], \"0f9c-11\" = \"AUDITOR\" }\n";
        for (terms, claims, roles) in [
            ("kind = \"keycloak\"", json!({ "typ": "Bearer", "nonce": "n", "realm_access": { "roles": ["lead"] }, "resource_access": { AUDIENCE: { "roles": ["money"] }, "account": { "roles": ["0f9c-11"] } } }), json!(["PMO_LEAD", "SPONSOR", "FINANCE"])),
            ("roles_claim = 'resource_access.\"my.client\".roles'", json!({ "resource_access": { "my.client": { "roles": ["lead"] }, "my": { "client": { "roles": ["money"] } } } }), json!(["PMO_LEAD"])),
            ("kind = \"entra\"", json!({ "roles": ["money"], "groups": ["lead"], "ver": "2.0", "hasgroups": true }), json!(["SPONSOR", "FINANCE"])),
            ("roles_claim = \"groups\"", json!({ "groups": ["0f9c-11", "7"] }), json!(["AUDITOR"])),
            ("kind = \"auth0\"", json!({ "permissions": ["money", "read:all"], "roles": ["lead"] }), json!(["SPONSOR", "FINANCE"])),
            ("roles_claim = \"https://example.com/roles\"", json!({ "https://example.com/roles": ["lead"], "https://example": { "com/roles": ["money"] } }), json!(["PMO_LEAD"])),
            ("roles_claim = [\"scp\", \"roles\"]", json!({ "scp": "lead other", "roles": ["0f9c-11"] }), json!(["PMO_LEAD", "AUDITOR"])),
        ] {
            let house = House::of(world, &issuer.name, &format!("{terms}\n{map}")).await;
            let data = house.client.bearer(&issuer.mint(&json!({}), &claims)).query("{ viewer { roles } }").await.data();
            assert_eq!(data["viewer"]["roles"], roles, "{terms}");
        }
    }

    async fn groups_that_did_not_fit_into_a_token_are_a_refusal(world: &World) {
        let issuer = Issuer::start();
        let house = House::of(world, &issuer.name, "roles_claim = [\"roles\", \"groups\"]").await;
        for claims in [
            json!({ "roles": ["PMO_LEAD"], "_claim_names": { "groups": "src1" }, "_claim_sources": { "src1": { "endpoint": "https://graph.microsoft.com/v1.0/users/x/getMemberObjects" } } }),
            json!({ "roles": ["PMO_LEAD"], "hasgroups": true }),
        ] {
            let reply = house.ask(&issuer.mint(&json!({}), &claims)).await;
            refused(&reply, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
            assert!(reply.text().contains("did not fit"), "{}", reply.text());
        }
    }

    async fn several_issuers_stand_beside_each_other(world: &World) {
        let (one, two) = (Issuer::start(), Issuer::start());
        let more = format!("{ROLES}\n[[issuers]]\nissuer = \"{}\"\naudience = [\"other\", \"{AUDIENCE}\"]\nroles_claim = \"realm_access.roles\"\nroles = {{ \"pmo-leads\" = \"AUDITOR\" }}", two.name);
        let house = House::of(world, &one.name, &more).await;
        for (issuer, role) in [(&one, "PMO_LEAD"), (&two, "AUDITOR")] {
            assert_eq!(house.client.bearer(&issuer.token("portal")).query(WHO).await.data()["viewer"], json!({ "subject": "portal", "roles": [role] }));
        }
        // The key of one does not sign for the other, and one that is gone does not concern the other.
        let forged = one.mint(&json!({}), &json!({ "iss": two.name }));
        refused(&house.ask(&forged).await, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
        two.kill();
        house.clock.advance_seconds(120);
        refused(&house.ask(&forged).await, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");
        assert_eq!(house.status(&one.token("portal")).await, StatusCode::OK);
    }

    async fn what_is_published_wrongly_is_not_believed(world: &World) {
        let issuer = Issuer::start();
        for fault in [Fault::OtherIssuer, Fault::Redirect, Fault::KeysRedirect, Fault::Large, Fault::NoJson, Fault::KeysElsewhere, Fault::PrivateKey, Fault::NoKeys] {
            let name = publish(fault, &issuer.name).await;
            let house = House::of(world, &name, ROLES).await;
            let claims = json!({ "iss": name, "aud": AUDIENCE, "sub": "maria", "exp": 4_000_000_000_u64 });
            let named = issuer.mint(&json!({}), &claims);
            refused(&house.ask(&named).await, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");
        }
        let name = publish(Fault::None, &issuer.name).await;
        let house = House::of(world, &name, ROLES).await;
        let named = issuer.mint(&json!({}), &json!({ "iss": name }));
        assert_eq!(house.status(&named).await, StatusCode::OK, "the same without a fault");
    }

    async fn the_command_serves_tokens_of_an_issuer(world: &World) {
        let issuer = Issuer::start();
        let shell = Shell::new().with("DATABASE_URL", world.url().await).with("FOLIOGRAPH_ISSUERS", "issuers.toml");
        fs::write(shell.folder.join("issuers.toml"), file(&issuer.name, ROLES)).expect("written");
        let server = shell.serve(&["serve"]);
        let body = json!({ "query": WHO }).to_string();
        assert_eq!(server.post(&issuer.token("portal"), &body).json()["data"]["viewer"]["roles"], json!(["PMO_LEAD"]));
        server.stop();
        fs::write(shell.folder.join("issuers.toml"), "[[issuers]]\nissuer = \"http://id.example.com\"\ncolor = 1\n").expect("written");
        let refused = shell.run(&["serve"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        for due in ["issuers[1].issuer", "issuers[1].audience: missing", "issuers[1].color"] {
            assert!(refused.stderr.contains(due), "{due}: {}", refused.stderr);
        }
    }
}

/// The product that trusts an issuer, by the real time: a real issuer has no other.
struct House {
    app: Arc<App>,
    client: Client,
    clock: Arc<FixedClock>,
}

impl House {
    /// An issuer of this name, with more lines of the file.
    async fn of(world: &World, issuer: &str, more: &str) -> Self {
        let path = tempfile::tempdir_in(folder::folder()).expect("a folder").keep().join("issuers.toml");
        fs::write(&path, file(issuer, more)).expect("written");
        Self::with(world, IssuerSettings { file: Some(path), ..IssuerSettings::default() }).await
    }

    async fn with(world: &World, issuers: IssuerSettings) -> Self {
        let clock = Arc::new(FixedClock::at(SystemClock.now()));
        let config = Config { issuers, ..product::settings(world.url().await) };
        let app = product::open(config, Arc::clone(&clock)).await.expect("the product");
        // What the background began is waited for, so that what follows is counted from here.
        app.verifier.refresh(clock.now()).await;
        Self { client: Client::new(app.router()), app, clock }
    }

    async fn ask(&self, token: &str) -> Reply {
        self.client.bearer(token).query(ANY).await
    }

    async fn status(&self, token: &str) -> StatusCode {
        let reply = self.ask(token).await;
        if reply.status != StatusCode::OK {
            eprintln!("{}", reply.text());
        }
        reply.status
    }

    /// Fetches keys where that is due, as the background does.
    async fn refresh(&self) {
        self.app.verifier.refresh(self.clock.now()).await;
    }
}

fn file(issuer: &str, more: &str) -> String {
    format!("[[issuers]]\nissuer = \"{issuer}\"\naudience = \"{AUDIENCE}\"\n{more}")
}

/// What is wrong with what somebody publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    OtherIssuer,
    Redirect,
    KeysRedirect,
    Large,
    NoJson,
    KeysElsewhere,
    PrivateKey,
    NoKeys,
}

/// Publishes the keys of a good issuer in a new name, with a fault.
async fn publish(fault: Fault, good: &str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let name = format!("http://{}", listener.local_addr().expect("its number"));
    let issuer = if fault == Fault::OtherIssuer { good.to_owned() } else { name.clone() };
    let keys_at = match fault {
        Fault::KeysElsewhere => "http://192.0.2.1/jwks".to_owned(),
        Fault::None | Fault::OtherIssuer | Fault::Redirect => format!("{good}/jwks"),
        _ => format!("{name}/jwks"),
    };
    let description = json!({ "issuer": issuer, "jwks_uri": keys_at }).to_string();
    let to = |place: String| (StatusCode::FOUND, [(header::LOCATION, place)], String::new());
    let plain = |body: String| (StatusCode::OK, [(header::LOCATION, String::new())], body);
    let described = if fault == Fault::Redirect {
        to(format!("{good}/.well-known/openid-configuration"))
    } else {
        plain(description)
    };
    let keys = match fault {
        Fault::KeysRedirect => to(format!("{good}/jwks")),
        Fault::Large => plain(format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(300_000))),
        Fault::PrivateKey => plain(json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] }).to_string()),
        Fault::NoKeys => plain(json!({ "keys": [] }).to_string()),
        _ => plain("<html>".to_owned()),
    };
    let routes = Router::new()
        .route("/.well-known/openid-configuration", get(async move || described))
        .route("/jwks", get(async move || keys));
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("served") });
    name
}

fn address(at: usize) -> SocketAddr {
    ([198, 18, 0, u8::try_from(at).expect("a few")], 1_000).into()
}

/// Refused as a whole with this code, with a challenge where a credential is at fault, and without a word of it.
#[track_caller]
fn refused(reply: &Reply, status: StatusCode, code: &str) {
    assert_eq!((reply.status, reply.error_codes()), (status, vec![code.to_owned()]), "{}", reply.text());
    let challenged = reply.header("www-authenticate").contains("error=\"invalid_token\"");
    assert_eq!(challenged, status == StatusCode::UNAUTHORIZED, "{:?}", reply.headers);
    assert!(!reply.text().contains("eyJ"), "{}", reply.text());
}
