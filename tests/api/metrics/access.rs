//! Who reads `/metrics`: in production nobody without the token, unless the settings say in so many words that anybody may.

use std::sync::Arc;

use axum::http::StatusCode;
use foliograph::{
    auth::Role,
    config::{Config, Environment, IssuerSettings, MetricsAccess, MetricsMode},
};

use crate::support::{World, client::Client, product, scrape::Page, settings};

const TOKEN: &str = "0123456789abcdef-scraper";

tests! {
    async fn in_development_anybody_reads(world: &World) {
        Page::of(&world.client().await).await;
    }

    async fn in_production_it_is_not_there_without_a_token(world: &World) {
        let client = with(world, Environment::Production, None, None).await;
        let absent = client.get("/metrics").await;
        assert_eq!((absent.status, absent.error_codes()), (StatusCode::NOT_FOUND, vec!["NOT_FOUND".to_owned()]));
        assert_eq!(absent.text().replace(absent.header("x-request-id"), ""), {
            let nothing = client.get("/nothing").await;
            nothing.text().replace(nothing.header("x-request-id"), "")
        });
    }

    async fn with_a_token_it_answers_its_holder_and_nobody_else(world: &World) {
        for environment in [Environment::Development, Environment::Production] {
            let client = with(world, environment, None, Some(TOKEN)).await;
            Page::of(&client.bearer(TOKEN)).await;
            Page::of(&client.header("authorization", &format!("bearer {TOKEN}"))).await;
            let caller = product::token(&*world.clock, "anna.keller", &[Role::Admin, Role::PmoLead]);
            let basic = "Basic eDowMTIzNDU2Nzg5YWJjZGVmLXNjcmFwZXI=".to_owned();
            let bearer = |token: &str| Some(format!("Bearer {token}"));
            for presented in [
                None, bearer("wrong"), bearer(&caller), bearer(&TOKEN[1..]), bearer(&format!("{TOKEN}x")), bearer(&TOKEN.to_uppercase()), Some(basic), Some(TOKEN.to_owned()), Some("Bearer".to_owned()),
            ] {
                let client = presented.as_ref().map_or_else(|| client.clone(), |value| client.header("authorization", value));
                let refused = client.get("/metrics").await;
                assert_eq!((refused.status, refused.error_codes()), (StatusCode::UNAUTHORIZED, vec!["UNAUTHENTICATED".to_owned()]), "{presented:?}");
                assert!(refused.header("www-authenticate").starts_with("Bearer realm=\"foliograph\""), "{presented:?}");
                assert!(!refused.text().contains("foliograph_") && !refused.text().contains(TOKEN), "{}", refused.text());
            }
            let in_address = client.get(&format!("/metrics?token={TOKEN}&access_token={TOKEN}")).await;
            assert_eq!(in_address.status, StatusCode::UNAUTHORIZED, "an address is no place for a token");
            // It opens nothing else.
            assert_eq!(client.bearer(TOKEN).query("{ __typename }").await.status, StatusCode::UNAUTHORIZED);
        }
    }

    async fn bad_credentials_of_others_do_not_keep_a_scraper_out_nor_its_own_old_token_others(world: &World) {
        let client = with(world, Environment::Development, None, Some(TOKEN)).await.at(([192, 0, 2, 9], 4_000).into());
        for n in 0..30 {
            assert_eq!(client.bearer(&format!("old-token-of-a-scraper-{n}")).get("/metrics").await.status, StatusCode::UNAUTHORIZED);
        }
        let good = product::token(&*world.clock, "somebody", &[Role::Analyst]);
        assert_eq!(client.bearer(&good).query("{ __typename }").await.status, StatusCode::OK);
        for n in 0..21 {
            client.bearer(&format!("guess-{n}")).query("{ __typename }").await;
        }
        assert_eq!(client.bearer("guess").query("{ __typename }").await.status, StatusCode::TOO_MANY_REQUESTS);
        Page::of(&client.bearer(TOKEN)).await;
    }

    async fn open_is_open_and_off_is_not_there(world: &World) {
        for environment in [Environment::Development, Environment::Production] {
            Page::of(&with(world, environment, Some(MetricsMode::Open), None).await).await;
            for token in [None, Some(TOKEN)] {
                let off = with(world, environment, Some(MetricsMode::Off), token).await.bearer(TOKEN);
                assert_eq!(off.get("/metrics").await.status, StatusCode::NOT_FOUND);
            }
        }
    }

    async fn settings_that_leave_it_open_by_mistake_do_not_start(world: &World) {
        for (mode, token, named) in [
            (MetricsMode::On, None, "FOLIOGRAPH_METRICS=on needs FOLIOGRAPH_METRICS_TOKEN"),
            (MetricsMode::On, Some("short"), "16 characters"),
            (MetricsMode::On, Some(""), "16 characters"),
            (MetricsMode::Open, Some(TOKEN), "FOLIOGRAPH_METRICS=open asks for no token"),
        ] {
            let config = settings_with(world, Environment::Production, Some(mode), token).await;
            let refusal = product::open(config, Arc::clone(&world.clock)).await.err().expect("refused");
            assert!(refusal.message.contains(named), "{refusal}");
        }
    }

    async fn only_reading_is_answered(world: &World) {
        let client = world.client().await;
        assert_eq!(client.post_raw("/metrics", "application/json", "{}").await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

/// A client without credential of the product with these settings.
async fn with(world: &World, environment: Environment, mode: Option<MetricsMode>, token: Option<&str>) -> Client {
    let config = settings_with(world, environment, mode, token).await;
    Client::new(product::open(config, Arc::clone(&world.clock)).await.expect("the product").router())
}

async fn settings_with(
    world: &World,
    environment: Environment,
    mode: Option<MetricsMode>,
    token: Option<&str>,
) -> Config {
    Config {
        environment,
        issuers: IssuerSettings {
            issuer: Some("https://id.example.com".into()),
            audience: Some("portfolio-api".into()),
            public_keys: Some(settings::workspace().join("src/auth/fixtures/ed25519.pem")),
            ..IssuerSettings::default()
        },
        metrics: MetricsAccess { mode, token: token.map(str::to_owned) },
        ..product::settings(world.url().await)
    }
}
