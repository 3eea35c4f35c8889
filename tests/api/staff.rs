//! Who is there: what is known of resources, who keeps it, and who may read it.

use foliograph::{
    auth::Role,
    config::{Config, ManagersRead},
};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::Client,
    product,
    writes::{begin, change, done, faults, param},
};

/// A resource of Karin's pool that works for George.
async fn anne(world: &World, lead: &Client) -> Value {
    let week = json!({ "key": "OFFICE", "name": "Office", "monday": "08:00-16:00" });
    done(lead, "workCalendarCreate", week).await;
    let input = json!({ "key": "ANNE", "name": "Anne", "kind": "GENERIC", "poolKey": "DEVELOPMENT", "calendarKey": "OFFICE", "fte": "0.8", "employedFromOn": "2020-01-01" });
    let made = done(lead, "resourceCreate", input).await;
    let george = world.client_as("george.mensah", &[Role::ProjectManager]).await;
    let booking = json!({ "projectKey": "PR-014", "resourceKey": "ANNE", "startOn": "2026-05-04", "endOn": "2026-05-04", "minutes": 60 });
    done(&george, "allocationCreate", booking).await;
    made
}

const ALL: &str = "{ resource(by: { key: \"ANNE\" }) { name fte employedFromOn \
    skills { nodes { level skill { key } } } certificationsHeld { nodes { issuedOn expiresOn } } \
    timeOff { nodes { startOn endOn reason } } allocations { totalCount } } }";

async fn told(client: &Client) -> Value {
    client.query(ALL).await.json()["data"]["resource"].clone()
}

fn by_key(key: &str, patch: &Value) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch })
}

tests! {
    async fn everybody_knows_who_there_is_and_few_more(world: &World) {
        let (_, lead) = begin(world).await;
        anne(world, &lead).await;
        let karin = world.client_as("karin.baumann", &[Role::ResourceManager]).await;
        done(&karin, "resourceSkillCreate", json!({ "resourceKey": "ANNE", "skillKey": "OPTICS", "level": 4, "verifiedByKey": "karin.baumann", "verifiedOn": "2026-01-05" })).await;
        done(&karin, "certificationHeldCreate", json!({ "resourceKey": "ANNE", "certificationKey": "PMP", "issuedOn": "2024-03-01" })).await;
        done(&karin, "timeOffCreate", json!({ "resourceKey": "ANNE", "startOn": "2026-06-01", "endOn": "2026-06-12", "reason": "SICKNESS" })).await;
        let skill = json!({ "nodes": [{ "level": 4, "skill": { "key": "OPTICS" } }] });
        // Valid for the 36 months of a PMP, to the day before.
        let certificate = json!({ "nodes": [{ "issuedOn": "2024-03-01", "expiresOn": "2027-02-28" }] });
        let away = json!({ "nodes": [{ "startOn": "2026-06-01", "endOn": "2026-06-12", "reason": null }] });
        let whole = json!({ "name": "Anne", "fte": "0.8", "employedFromOn": "2020-01-01", "skills": skill, "certificationsHeld": certificate, "timeOff": away, "allocations": { "totalCount": 1 } });
        for (subject, role) in [("anna.keller", Role::PmoLead), ("karin.baumann", Role::ResourceManager), ("george.mensah", Role::ProjectManager)] {
            assert_eq!(told(&world.client_as(subject, &[role]).await).await, whole, "{subject}");
        }
        // Those who relate to her in no way.
        for (subject, role, booked) in [
            ("marc.dubois", Role::ProjectManager, json!({ "totalCount": 0 })),
            ("liam.oconnor", Role::ResourceManager, json!({ "totalCount": 0 })),
            ("ingrid.solberg", Role::Sponsor, json!({ "totalCount": 1 })),
            ("stefan.brunner", Role::Finance, Value::Null),
        ] {
            let seen = told(&world.client_as(subject, &[role]).await).await;
            assert_eq!((&seen["name"], &seen["fte"], &seen["employedFromOn"]), (&json!("Anne"), &Value::Null, &Value::Null), "{subject}");
            for list in ["skills", "certificationsHeld", "timeOff"] {
                assert!(seen[list].is_null() || seen[list]["nodes"] == json!([]), "{list} for {subject}: {seen}");
            }
            assert_eq!(seen["allocations"], booked, "{subject}");
        }
        // Nor can she be found by what she is not to be read by.
        let liam = world.client_as("liam.oconnor", &[Role::ResourceManager]).await;
        for (filter, due) in [("fte: { gt: \"0.7\" }", false), ("name: { eq: \"Anne\" }", true)] {
            let asked = format!("{{ resources(first: 250, filter: {{ {filter} }}) {{ nodes {{ key }} }} }}");
            let found = liam.query(&asked).await.data();
            let is_found = found["resources"]["nodes"].as_array().expect("resources").contains(&json!({ "key": "ANNE" }));
            assert_eq!(is_found, due, "{filter}");
        }
        let finance = world.client_as("stefan.brunner", &[Role::Finance]).await;
        let refused = finance.query("{ resources(filter: { fte: { gt: \"0.5\" } }) { totalCount } }").await;
        assert_eq!(refused.error_codes(), ["FILTER_FORBIDDEN"]);
    }

    async fn a_person_sees_herself_and_why_she_is_away(world: &World) {
        let (_, lead) = begin(world).await;
        let karin = world.client_as("karin.baumann", &[Role::ResourceManager]).await;
        done(&karin, "timeOffCreate", json!({ "resourceKey": "kai.pereira", "startOn": "2026-06-01", "endOn": "2026-06-12", "reason": "PARENTAL" })).await;
        let asked = "{ timesOff(filter: { resource: { key: { eq: \"kai.pereira\" } }, startOn: { eq: \"2026-06-01\" } }) { nodes { reason } } \
            resources(filter: { key: { in: [\"kai.pereira\", \"irene.almeida\"] } }, orderBy: [{ key: { direction: ASC } }]) { nodes { key fte } } }";
        let kai = world.client_as("kai.pereira", &[]).await;
        let seen = kai.query(asked).await.json()["data"].clone();
        assert_eq!(seen["timesOff"]["nodes"], json!([{ "reason": "PARENTAL" }]));
        assert_eq!(seen["resources"]["nodes"][0], json!({ "key": "irene.almeida", "fte": null }));
        assert_ne!(seen["resources"]["nodes"][1]["fte"], Value::Null);
        // Not those who lead her, nor the office: but where the house lets her manager.
        for client in [&lead, &karin] {
            assert_eq!(client.query(asked).await.json()["data"]["timesOff"]["nodes"], json!([{ "reason": null }]));
        }
        let opened = opened(world, "karin.baumann", vec![ManagersRead::AbsenceReasons]).await;
        assert_eq!(opened.query(asked).await.json()["data"]["timesOff"]["nodes"], json!([{ "reason": "PARENTAL" }]));
    }

    async fn rates_are_finances_and_of_roles_the_offices(world: &World) {
        let (_, lead) = begin(world).await;
        let finance = world.client_as("stefan.brunner", &[Role::Finance]).await;
        let rate = |more: Value| {
            let mut input = json!({ "cardKey": "NEW", "startOn": "2026-01-01", "hourly": { "amount": "100", "currency": "CHF" } });
            for (name, value) in more.as_object().into_iter().flatten() {
                input[name] = value.clone();
            }
            input
        };
        done(&finance, "rateCardCreate", json!({ "key": "NEW", "name": "New" })).await;
        done(&finance, "rateCreate", rate(json!({ "roleKey": "ENG", "endOn": "2026-06-30" }))).await;
        done(&finance, "rateCreate", rate(json!({ "roleKey": "ENG", "startOn": "2026-07-01" }))).await;
        done(&finance, "rateCreate", rate(json!({ "resourceKey": "grace.kim" }))).await;
        let twice = change(&finance, "rateCreate", rate(json!({ "roleKey": "ENG", "startOn": "2026-06-30", "endOn": "2026-06-30" }))).await;
        assert_eq!(param(&twice, "rule").as_deref(), Some("RATES_APART"), "{twice}");
        let both = change(&finance, "rateCreate", rate(json!({ "roleKey": "ENG", "resourceKey": "grace.kim" }))).await;
        assert_eq!(param(&both, "rule").as_deref(), Some("RATE_OF_ONE"), "{both}");
        assert_eq!(faults(&change(&lead, "rateCreate", rate(json!({ "roleKey": "BA" }))).await), ["FORBIDDEN input"]);
        let asked = "{ rates(filter: { card: { key: { eq: \"NEW\" } } }) { totalCount nodes { resource { key } hourly { amount } } } }";
        let count = |client: Client| async move { client.query(asked).await.json()["data"]["rates"]["totalCount"].clone() };
        assert_eq!(count(finance.clone()).await, 3);
        assert_eq!(count(lead.clone()).await, 2, "never that of a person");
        for (subject, role) in [("karin.baumann", Role::ResourceManager), ("grace.kim", Role::ProjectManager), ("ingrid.solberg", Role::Sponsor), ("walter.zimmermann", Role::Auditor)] {
            let client = world.client_as(subject, &[role]).await;
            assert_eq!(count(client).await, Value::Null, "{subject}");
        }
        let opened = opened(world, "karin.baumann", vec![ManagersRead::Rates]).await;
        assert_eq!(count(opened.clone()).await, 1, "those of her team");
        assert_eq!(opened.query("{ rates(filter: { resource: { key: { eq: \"marc.dubois\" } } }) { totalCount } }").await.json()["data"]["rates"]["totalCount"], 0);
        // Who does not read a rate does not find by it, nor sum it.
        let refused = lead.query("{ rateAggregate(filter: { card: { key: { eq: \"NEW\" } } }) { count } }").await.json();
        assert_ne!(refused["data"]["rateAggregate"]["count"], 3, "{refused}");
    }

    async fn whoever_manages_resources_keeps_them(world: &World) {
        let (_, lead) = begin(world).await;
        let karin = world.client_as("karin.baumann", &[Role::ResourceManager]).await;
        let liam = world.client_as("liam.oconnor", &[Role::ResourceManager]).await;
        let new = |pool: &str| json!({ "key": format!("NEW-{pool}"), "name": "New", "kind": "GENERIC", "poolKey": pool, "fte": "1" });
        done(&karin, "resourceCreate", new("DEVELOPMENT")).await;
        assert_eq!(faults(&change(&karin, "resourceCreate", new("CHANGE")).await), ["FORBIDDEN input"]);
        assert_eq!(faults(&change(&liam, "resourceUpdate", by_key("NEW-DEVELOPMENT", &json!({ "name": "His" }))).await), ["FORBIDDEN input.patch.name"]);
        // Whoever is given one manages it at once, and who gave it no more.
        done(&karin, "resourceUpdate", by_key("NEW-DEVELOPMENT", &json!({ "managerKey": "liam.oconnor" }))).await;
        done(&liam, "resourceUpdate", by_key("NEW-DEVELOPMENT", &json!({ "name": "His" }))).await;
        assert_eq!(faults(&change(&karin, "resourceUpdate", by_key("NEW-DEVELOPMENT", &json!({ "name": "Hers" }))).await), ["FORBIDDEN input.patch.name"]);
        // What cannot be.
        for (patch, fault) in [
            (json!({ "fte": "10.5" }), "OUT_OF_RANGE input.patch.fte"),
            (json!({ "fte": "0" }), "OUT_OF_RANGE input.patch.fte"),
            (json!({ "employedFromOn": "2026-02-02", "employedToOn": "2026-02-01" }), "INVARIANT input.patch.employedToOn"),
            (json!({ "personKey": "anna.keller" }), "INVARIANT input.patch.personKey"),
        ] {
            assert_eq!(faults(&change(&lead, "resourceUpdate", by_key("NEW-DEVELOPMENT", &patch)).await), [fault]);
        }
        let twice = json!({ "key": "AGAIN", "name": "Again", "kind": "PERSON", "personKey": "grace.kim" });
        assert_eq!(faults(&change(&lead, "resourceCreate", twice).await), ["DUPLICATE input.personKey"]);
        let skill = json!({ "resourceKey": "grace.kim", "skillKey": "TELEX", "level": 6 });
        let refused = change(&karin, "resourceSkillCreate", skill).await;
        assert!(faults(&refused).contains(&"OUT_OF_RANGE input.level".to_owned()), "{refused}");
        let unknown = json!({ "resourceKey": "grace.kim", "skillKey": "ASTROLOGY", "level": 3 });
        assert_eq!(faults(&change(&karin, "resourceSkillCreate", unknown).await), ["NOT_FOUND input.skillKey"]);
        let skill = json!({ "resourceKey": "grace.kim", "skillKey": "SECURITY", "level": 3 });
        done(&karin, "resourceSkillCreate", skill.clone()).await;
        assert_eq!(faults(&change(&karin, "resourceSkillCreate", skill).await), ["DUPLICATE input"]);
        let long = json!({ "resourceKey": "grace.kim", "startOn": "2028-02-29", "endOn": "2028-02-29", "minutesPerDay": 1_441 });
        assert_eq!(faults(&change(&karin, "timeOffCreate", long).await), ["OUT_OF_RANGE input.minutesPerDay"]);
    }
}

/// A client of a house that lets resource managers read more.
async fn opened(world: &World, subject: &str, read: Vec<ManagersRead>) -> Client {
    let config = Config { resource_managers_read: read, ..product::settings(world.url().await) };
    let app = product::open(config, std::sync::Arc::clone(&world.clock)).await.expect("the product");
    let token = product::token(&*world.clock, subject, &[Role::ResourceManager]);
    Client::new(app.router()).bearer(&token)
}
