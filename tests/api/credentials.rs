//! Credentials over HTTP: what is no valid token of a trusted issuer gives nothing, and a valid one only what its roles give.

use std::{fs, path::PathBuf, sync::Arc};

use axum::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use foliograph::{
    auth::{Role, keys::LocalKey},
    clock::Clock,
    config::{Config, Environment, IssuerSettings},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::{Client, Reply},
    folder, product, settings,
};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "portfolio-api";
const KEYS: [(&str, Algorithm, &str); 4] = [
    ("rs", Algorithm::RS256, "rsa"),
    ("ps", Algorithm::PS256, "rsa"),
    ("es", Algorithm::ES256, "p256"),
    ("ed", Algorithm::EdDSA, "ed25519"),
];

tests! {
    async fn tokens_of_each_configured_public_key_are_accepted(world: &World) {
        let client = with_issuer(world, Environment::Production).await;
        for (kid, algorithm, _) in KEYS {
            let token = signed(kid, algorithm, &claims(world));
            let reply = client.bearer(&token).query("{ viewer { subject roles person { key } } projects { totalCount } }").await;
            let data = reply.data();
            assert_eq!(data["viewer"], json!({ "subject": "maria", "roles": ["PMO_LEAD"], "person": null }), "{kid}");
            assert!(data["projects"]["totalCount"].as_i64() > Some(10), "{kid}: {data}");
        }
    }

    async fn production_refuses_the_local_key(world: &World) {
        let local = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        refused(&with_issuer(world, Environment::Production).await.bearer(&local).query("{ __typename }").await, "UNAUTHENTICATED");
        let development = with_issuer(world, Environment::Development).await;
        assert_eq!(development.bearer(&local).query("{ __typename }").await.status, StatusCode::OK);
    }

    async fn production_without_an_issuer_does_not_start(world: &World) {
        let config = Config { environment: Environment::Production, ..product::settings(world.url().await) };
        let refusal = product::open(config, world.clock.clone()).await.err().expect("refused");
        assert!(refusal.message.contains("FOLIOGRAPH_ISSUER"), "{refusal}");
    }

    async fn a_forged_token_is_refused(world: &World) {
        let client = world.client().await;
        let good = product::token(&*world.clock, "sponsor", &[Role::Sponsor]);
        let parts: Vec<&str> = good.split('.').collect();
        let [head, body, signature] = parts[..] else { panic!("{good}") };
        let raised = encoded(&json!({ "iss": "foliograph-local", "aud": "foliograph", "sub": "sponsor", "roles": ["PMO_LEAD"],
            "exp": world.clock.now().timestamp() + 3_600 }));
        let flipped = if signature.starts_with('A') { signature.replacen('A', "B", 1) } else { format!("A{}", &signature[1..]) };
        for (what, token) in [
            ("claims changed", format!("{head}.{raised}.{signature}")),
            ("signature changed", format!("{head}.{body}.{flipped}")),
            ("signature cut", format!("{head}.{body}.{}", &signature[..20])),
            ("signature left out", format!("{head}.{body}.")),
            ("two parts", format!("{head}.{body}")),
            ("four parts", format!("{good}.{signature}")),
            ("another local key", signed_by_secret("local", LocalKey::ephemeral().expect("a key").secret(), &local_claims(world))),
            ("an empty key", signed_by_secret("local", b"", &local_claims(world))),
            ("no token", "secret".to_owned()),
            ("very long", format!("{head}.{}.{signature}", "A".repeat(9_000))),
        ] {
            let reply = client.at(([192, 0, 2, 1], 1).into()).bearer(&token).query("{ __typename }").await;
            assert_eq!(reply.error_codes(), ["UNAUTHENTICATED"], "{what}");
            refused(&reply, "UNAUTHENTICATED");
        }
        assert_eq!(client.bearer(&good).query("{ __typename }").await.status, StatusCode::OK, "the good one beside them");
    }

    async fn a_token_does_not_choose_its_algorithm(world: &World) {
        let client = with_issuer(world, Environment::Development).await;
        let body = encoded(&claims(world));
        for kid in ["rs", "es", "ed", "local"] {
            for name in ["none", "None", "NONE", "nOnE", ""] {
                let head = encoded(&json!({ "alg": name, "kid": kid, "typ": "JWT" }));
                for token in [format!("{head}.{body}."), format!("{head}.{body}"), format!("{head}.{body}.AAAA")] {
                    refused(&client.at(address(kid, name)).bearer(&token).query("{ __typename }").await, "UNAUTHENTICATED");
                }
            }
        }
        // A public key is no secret: a token "signed" with its bytes must not pass as HS256, whatever key it names.
        for (kid, _, file) in KEYS {
            let pem = fixture(&format!("{file}.pem"));
            for secret in [pem.as_bytes(), pem.trim_end().as_bytes()] {
                for named in [kid, "local"] {
                    let token = signed_by_secret(named, secret, &claims(world));
                    refused(&client.at(address(kid, "confusion")).bearer(&token).query("{ __typename }").await, "UNAUTHENTICATED");
                }
            }
        }
        // Nor may a key be used with a sister of its algorithm.
        for (kid, algorithm) in [("rs", Algorithm::PS256), ("ps", Algorithm::RS256), ("rs", Algorithm::RS512), ("rs", Algorithm::RS384)] {
            let key = EncodingKey::from_rsa_pem(fixture("rsa.private.pem").as_bytes()).expect("a key");
            let token = with_key(kid, algorithm, &key, &claims(world));
            refused(&client.at(address(kid, "sister")).bearer(&token).query("{ __typename }").await, "UNAUTHENTICATED");
        }
    }

    async fn an_issuers_key_does_not_sign_local_tokens(world: &World) {
        let client = with_issuer(world, Environment::Development).await;
        refused(&client.bearer(&signed("ed", Algorithm::EdDSA, &local_claims(world))).query("{ __typename }").await, "UNAUTHENTICATED");
        let key = LocalKey::open(&product::key_file()).expect("the local key");
        refused(&client.bearer(&signed_by_secret("local", key.secret(), &claims(world))).query("{ __typename }").await, "UNAUTHENTICATED");
    }

    async fn an_expired_token_is_named_so(world: &World) {
        let client = world.client_as("somebody", &[Role::PmoLead]).await;
        assert_eq!(client.query("{ __typename }").await.status, StatusCode::OK);
        // An hour, and the minute by which clocks may differ; the token is remembered as verified by then.
        world.clock.advance_seconds(3_600 + 59);
        assert_eq!(client.query("{ __typename }").await.status, StatusCode::OK);
        world.clock.advance_seconds(1);
        let reply = client.query("{ __typename }").await;
        refused(&reply, "TOKEN_EXPIRED");
        assert!(reply.header("www-authenticate").contains("error=\"invalid_token\""), "{}", reply.header("www-authenticate"));
        let fresh = world.client().await.bearer(&signed_by_secret("local", &local_secret(), &with(local_claims(world), "exp", json!(1))));
        refused(&fresh.query("{ __typename }").await, "TOKEN_EXPIRED");
    }

    async fn a_token_must_be_ours_in_every_claim(world: &World) {
        let client = with_issuer(world, Environment::Production).await;
        let now = world.clock.now().timestamp();
        for (claim, value) in [
            ("nbf", json!(now + 61)),
            ("nbf", json!("soon")),
            ("aud", json!("another-api")),
            ("aud", json!([])),
            ("aud", json!(["another-api"])),
            ("aud", Value::Null),
            ("iss", json!("https://id.example.org")),
            ("iss", json!(format!("{ISSUER}/"))),
            ("iss", Value::Null),
            ("sub", json!("")),
            ("sub", Value::Null),
            ("exp", Value::Null),
            ("exp", json!("tomorrow")),
            ("typ", json!("Refresh")),
            ("typ", json!("ID")),
        ] {
            let token = signed("ed", Algorithm::EdDSA, &with(claims(world), claim, value.clone()));
            let reply = client.at(address(claim, &value.to_string())).bearer(&token).query("{ __typename }").await;
            assert_eq!(reply.error_codes(), ["UNAUTHENTICATED"], "{claim}: {value}");
            refused(&reply, "UNAUTHENTICATED");
        }
        for (claim, value) in [("nbf", json!(now + 60)), ("aud", json!(["account", AUDIENCE])), ("typ", json!("Bearer"))] {
            let token = signed("ed", Algorithm::EdDSA, &with(claims(world), claim, value.clone()));
            assert_eq!(client.bearer(&token).query("{ __typename }").await.status, StatusCode::OK, "{claim}: {value}");
        }
        let elsewhere = Header { kid: Some("ed".into()), typ: Some("dpop+jwt".into()), ..Header::new(Algorithm::EdDSA) };
        let key = EncodingKey::from_ed_pem(fixture("ed25519.private.pem").as_bytes()).expect("a key");
        let token = jsonwebtoken::encode(&elsewhere, &claims(world), &key).expect("signed");
        refused(&client.bearer(&token).query("{ __typename }").await, "UNAUTHENTICATED");
    }

    async fn an_unknown_role_gives_no_right(world: &World) {
        let client = with_issuer(world, Environment::Production).await;
        for roles in [json!([]), json!(["SUPERUSER", "pmo_lead", "PMO LEAD", "*", 7]), json!({ "PMO_LEAD": true }), Value::Null] {
            let token = signed("ed", Algorithm::EdDSA, &with(claims(world), "realm_access", json!({ "roles": roles })));
            let reply = client.bearer(&token).query("{ viewer { roles permissions { permission } } projects { totalCount } people { totalCount } }").await;
            assert_eq!(reply.data(), json!({ "viewer": { "roles": [], "permissions": [] }, "projects": null, "people": null }), "{roles}");
            assert_eq!(reply.header("x-access-masked"), "2", "{roles}");
        }
    }

    async fn a_role_in_another_claim_is_none(world: &World) {
        let client = with_issuer(world, Environment::Production).await;
        let elsewhere = with(with(claims(world), "realm_access", json!({})), "roles", json!(["PMO_LEAD"]));
        let reply = client.bearer(&signed("ed", Algorithm::EdDSA, &elsewhere)).query("{ viewer { roles } }").await;
        assert_eq!(reply.data(), json!({ "viewer": { "roles": [] } }));
    }

    async fn a_stranger_with_a_role_has_its_rights_but_no_rows_of_her_own(world: &World) {
        let query = "{ viewer { person { key } roles } projects(first: 1000) { totalCount nodes { budget { amount } } } }";
        // Any project manager reads all projects, and money of her own alone; a stranger has no own.
        let manager = world.client_as("marc.dubois", &[Role::ProjectManager]).await.query(query).await.data();
        let stranger = world.client_as("nobody.known", &[Role::ProjectManager]).await.query(query).await.data();
        assert_eq!(stranger["viewer"], json!({ "person": null, "roles": ["PROJECT_MANAGER"] }));
        assert_eq!(manager["viewer"]["person"]["key"], "marc.dubois");
        let budgets = |data: &Value| {
            let nodes = data["projects"]["nodes"].as_array().expect("nodes");
            nodes.iter().filter(|node| !node["budget"].is_null()).count()
        };
        assert_eq!(budgets(&stranger), 0);
        assert!(budgets(&manager) > 0);
        assert!(stranger["projects"]["totalCount"].as_i64() > Some(0));
        // What holds on own rows only shows nothing.
        let analyst = world.client_as("nobody.known", &[Role::Analyst]).await;
        assert_eq!(analyst.query("{ projects { totalCount nodes { key } } }").await.data(), json!({ "projects": { "totalCount": 0, "nodes": [] } }));
    }

    async fn the_same_subject_of_another_issuer_is_another_person(world: &World) {
        let token = signed("ed", Algorithm::EdDSA, &with(claims(world), "sub", json!("anna.keller")));
        let reply = with_issuer(world, Environment::Production).await.bearer(&token).query("{ viewer { person { key } } }").await;
        assert_eq!(reply.data(), json!({ "viewer": { "person": null } }));
    }

    async fn only_the_authorization_header_is_a_credential(world: &World) {
        let client = world.client().await;
        let token = product::token(&*world.clock, "somebody", &[Role::PmoLead]);
        for (name, value) in [
            ("cookie", format!("Authorization=Bearer {token}; token={token}; access_token={token}; session={token}")),
            ("x-api-key", token.clone()),
            ("x-authorization", format!("Bearer {token}")),
            ("proxy-authorization", format!("Bearer {token}")),
            ("authorization", token.clone()),
            ("authorization", format!("Token {token}")),
            ("authorization", format!("Basic {token}")),
            ("authorization", format!("Bearer{token}")),
            ("authorization", "Bearer ".to_owned()),
        ] {
            let reply = client.header(name, &value).query("{ __typename }").await;
            assert_eq!(reply.error_codes(), ["UNAUTHENTICATED"], "{name}: {value:.20}");
            refused(&reply, "UNAUTHENTICATED");
        }
        for parameter in ["access_token", "token", "authorization"] {
            refused(&client.get(&format!("/graphql?query=%7B__typename%7D&{parameter}={token}")).await, "UNAUTHENTICATED");
        }
        let body = json!({ "query": "{ __typename }", "token": token, "extensions": { "authorization": format!("Bearer {token}") } });
        refused(&client.post(&body).await, "UNAUTHENTICATED");
        let reply = client.header("authorization", &format!("bEARER   {token}")).query("{ __typename }").await;
        assert_eq!(reply.status, StatusCode::OK, "the scheme's case and more blanks do not matter");
    }

    async fn a_credential_is_needed_wherever_there_is_data(world: &World) {
        let client = world.client().await;
        let reply = client.query("{ __schema { queryType { name } } }").await;
        refused(&reply, "UNAUTHENTICATED");
        assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="foliograph""#, "who presented nothing is told no error");
        refused(&client.get("/graphql?query=%7B__typename%7D").await, "UNAUTHENTICATED");
        refused(&client.get("/schema.graphql").await, "UNAUTHENTICATED");
        // Before anything of the request is looked at.
        refused(&client.post_raw("/graphql", "text/plain", "no json").await, "UNAUTHENTICATED");
        for open in ["/healthz", "/readyz", "/"] {
            assert_eq!(client.get(open).await.status, StatusCode::OK, "{open}");
        }
    }

    async fn an_address_with_too_many_bad_credentials_waits(world: &World) {
        let guesser = world.client().await.at(([192, 0, 2, 7], 4_000).into());
        let good = product::token(&*world.clock, "somebody", &[Role::Analyst]);
        let known = product::token(&*world.clock, "known", &[Role::Analyst]);
        assert_eq!(guesser.bearer(&known).query("{ __typename }").await.status, StatusCode::OK);
        for n in 0..20 {
            refused(&guesser.bearer(&format!("guess-{n}")).query("{ __typename }").await, "UNAUTHENTICATED");
            world.clock.advance_seconds(1);
        }
        let other_port = guesser.at(([192, 0, 2, 7], 4_001).into());
        for client in [&guesser, &other_port] {
            let reply = client.bearer("guess-21").query("{ __typename }").await;
            assert_eq!((reply.status, reply.error_codes()), (StatusCode::TOO_MANY_REQUESTS, vec!["RATE_LIMITED".to_owned()]));
            assert_eq!(reply.header("retry-after"), "40");
            assert_eq!(reply.at("/errors/0/extensions/retryAfterMs"), json!(40_000));
            assert_eq!(reply.at("/errors/0/extensions/retryable"), json!(true));
        }
        // A good guess tells nothing now, but whoever was known before works on, and so does everyone elsewhere.
        assert_eq!(guesser.bearer(&good).query("{ __typename }").await.error_codes(), ["RATE_LIMITED"]);
        assert_eq!(guesser.bearer(&known).query("{ __typename }").await.status, StatusCode::OK);
        assert_eq!(guesser.at(([192, 0, 2, 8], 4_000).into()).bearer(&good).query("{ __typename }").await.status, StatusCode::OK);
        assert_eq!(guesser.query("{ __typename }").await.error_codes(), ["UNAUTHENTICATED"], "no credential is no guess");

        world.clock.advance_seconds(39);
        assert_eq!(guesser.bearer("guess-22").query("{ __typename }").await.error_codes(), ["RATE_LIMITED"]);
        world.clock.advance_seconds(1);
        assert_eq!(guesser.bearer("guess-23").query("{ __typename }").await.error_codes(), ["UNAUTHENTICATED"]);
        assert_eq!(guesser.bearer(&product::token(&*world.clock, "new", &[])).query("{ __typename }").await.status, StatusCode::OK);
    }

    async fn expired_tokens_do_not_count_as_guesses(world: &World) {
        let client = world.client_as("somebody", &[Role::Analyst]).await;
        world.clock.advance_seconds(4_000);
        for _ in 0..25 {
            refused(&client.query("{ __typename }").await, "TOKEN_EXPIRED");
        }
    }
}

/// Routes that accept tokens of the issuer, whose four keys are a folder of PEM files.
async fn with_issuer(world: &World, environment: Environment) -> Client {
    let keys = tempfile::tempdir_in(folder::folder()).expect("a folder").keep();
    for (kid, algorithm, file) in KEYS {
        let name = if algorithm == Algorithm::PS256 { format!("{kid}.ps256.pem") } else { format!("{kid}.pem") };
        fs::write(keys.join(name), fixture(&format!("{file}.pem"))).expect("written");
    }
    let config = Config {
        environment,
        issuers: IssuerSettings {
            issuer: Some(ISSUER.into()),
            audience: Some(AUDIENCE.into()),
            public_keys: Some(keys),
            roles_claim: "realm_access.roles".into(),
            file: None,
        },
        ..product::settings(world.url().await)
    };
    Client::new(product::open(config, Arc::clone(&world.clock)).await.expect("the product").router())
}

/// Refused as a whole, with a challenge, and without a word of the credential.
#[track_caller]
fn refused(reply: &Reply, code: &str) {
    assert_eq!(
        (reply.status, reply.error_codes()),
        (StatusCode::UNAUTHORIZED, vec![code.to_owned()]),
        "{}",
        reply.text()
    );
    assert!(reply.header("www-authenticate").starts_with("Bearer realm=\"foliograph\""), "{:?}", reply.headers);
    assert_eq!(reply.json().get("data"), None);
    assert!(!reply.text().contains("eyJ") && !reply.header("www-authenticate").contains("eyJ"), "{}", reply.text());
}

fn claims(world: &World) -> Value {
    let now = world.clock.now().timestamp();
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "maria", "iat": now, "exp": now + 300,
        "realm_access": { "roles": ["PMO_LEAD", "offline_access"] } })
}

fn local_claims(world: &World) -> Value {
    json!({ "iss": "foliograph-local", "aud": "foliograph", "sub": "maria", "roles": ["PMO_LEAD"],
        "exp": world.clock.now().timestamp() + 300 })
}

fn with(mut claims: Value, claim: &str, value: Value) -> Value {
    if value.is_null() {
        claims.as_object_mut().expect("claims").remove(claim);
    } else {
        claims[claim] = value;
    }
    claims
}

fn signed(kid: &str, algorithm: Algorithm, claims: &Value) -> String {
    let (_, _, file) = KEYS.into_iter().find(|key| key.0 == kid).expect("a key of that name");
    let pem = fixture(&format!("{file}.private.pem"));
    let key = match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem.as_bytes()),
        _ => EncodingKey::from_rsa_pem(pem.as_bytes()),
    };
    with_key(kid, algorithm, &key.expect("a key"), claims)
}

fn signed_by_secret(kid: &str, secret: &[u8], claims: &Value) -> String {
    with_key(kid, Algorithm::HS256, &EncodingKey::from_secret(secret), claims)
}

fn with_key(kid: &str, algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    jsonwebtoken::encode(&Header { kid: Some(kid.into()), ..Header::new(algorithm) }, claims, key).expect("signed")
}

fn local_secret() -> Vec<u8> {
    LocalKey::open(&product::key_file()).expect("the local key").secret().to_vec()
}

fn encoded(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn fixture(name: &str) -> String {
    let path: PathBuf = settings::workspace().join("src/auth/fixtures").join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// An address for each case, so that no case meets the limit of failures.
fn address(one: &str, other: &str) -> std::net::SocketAddr {
    let sum =
        one.bytes().chain([b' ']).chain(other.bytes()).fold(7_u16, |sum, byte| sum.wrapping_mul(31) ^ u16::from(byte));
    let [high, low] = sum.to_be_bytes();
    ([198, 18, high, low], 1_000).into()
}
