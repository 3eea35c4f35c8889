//! What a figure was about a day, and what was known of it at an instant: last month's board pack stays what it was.

use foliograph::{auth::Role, clock::Clock as _};
use serde_json::json;

use super::{done, exact, finance, kpi, spend};
use crate::support::{
    World,
    client::Client,
    writes::{begin, item_id},
};

tests! {
    async fn a_day_is_asked_for_apart_from_what_was_known_on_it(world: &World) {
        let (_, lead) = begin(world).await;
        let value = |figure: serde_json::Value| figure["value"].clone();
        let known = world.clock.now();
        let at = ", at: \"2026-02-28\"";
        let before = kpi(&lead, "PF-PRODUCTS", "EV_AC", at).await;
        world.clock.advance_seconds(10 * 86_400);
        // Tokens end within the hour.
        let (lead, money) = (lead_of(world).await, finance(world).await);
        // Booked later for a day before: the figure of the day is another one now, but not as it was known.
        spend(&money, "PR-020", "5000", "CHF").await;
        let now = kpi(&lead, "PF-PRODUCTS", "EV_AC", at).await;
        assert_ne!(value(now.clone()), value(before.clone()));
        let then = format!("{at}, knownAt: \"{}\"", known.to_rfc3339());
        assert_eq!(value(kpi(&lead, "PF-PRODUCTS", "EV_AC", &then).await), value(before.clone()));
        // Before the day itself nothing of it counts.
        let early = kpi(&lead, "PR-020", "EV_AC", ", at: \"2026-02-01\"").await;
        assert_ne!(value(early), value(kpi(&lead, "PR-020", "EV_AC", at).await));
        exact(&lead).await;
    }

    async fn a_move_and_a_corrected_rate_leave_the_past_as_it_was_known(world: &World) {
        let (db, lead) = begin(world).await;
        let known = world.clock.now();
        let then = format!(", at: \"2026-02-28\", knownAt: \"{}\"", known.to_rfc3339());
        let pack = [
            kpi(&lead, "PF-PRODUCTS", "EV_AC", &then).await,
            kpi(&lead, "PF-PRODUCTS", "FN_FVAR", &then).await,
            kpi(&lead, "PF-IT", "EV_AC", &then).await,
        ];
        world.clock.advance_seconds(3 * 86_400);
        let (lead, money) = (lead_of(world).await, finance(world).await);
        let moved = json!({ "id": item_id(&db, "PR-020").await, "ifVersion": "*", "patch": { "parentKey": "PF-IT" } });
        done(&lead, "projectUpdate", moved).await;
        let rates = lead.query("{ fxRates(first: 100, filter: { archivedAt: { isNull: true } }) { nodes { id rate } } }").await.data();
        for rate in rates["fxRates"]["nodes"].as_array().expect("rates") {
            let patch = json!({ "id": rate["id"], "ifVersion": "*", "patch": { "rate": "3.5" } });
            done(&money, "fxRateUpdate", patch).await;
        }
        assert_ne!(kpi(&lead, "PF-PRODUCTS", "EV_AC", ", at: \"2026-02-28\"").await["value"], pack[0]["value"]);
        for (item, key, figure) in [("PF-PRODUCTS", "EV_AC", &pack[0]), ("PF-PRODUCTS", "FN_FVAR", &pack[1]), ("PF-IT", "EV_AC", &pack[2])] {
            assert_eq!(&kpi(&lead, item, key, &then).await, figure, "{item} {key}");
        }
        exact(&lead).await;
    }
}

async fn lead_of(world: &World) -> Client {
    world.client_as("anna.keller", &[Role::PmoLead]).await
}
