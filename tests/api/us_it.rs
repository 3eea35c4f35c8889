//! The US Federal IT Dashboard: agencies, investments and projects arrive, and the published variances follow from what was
//! planned and what it costs, row by row and agency by agency.

use std::{collections::BTreeMap, str::FromStr};

use foliograph::{
    app::App,
    auth::Role,
    config::{Config, Toggle},
    importers::{Format, NoteKind},
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::{World, client::Client, dump::dump, product, real_data};

const FILE: &str = "us-it-dashboard/us_it_projects_part1.csv";

/// A million dollars.
const MILLION: i64 = 1_000_000;

tests! {
    async fn every_row_and_every_agency_has_the_published_variance(world: &World) {
        let expected = &real_data::json("us-it-dashboard/expected.json")["us_it_projects_part1.csv"];
        let (app, client) = house(world).await;
        let files = [real_data::path(FILE)];
        let report = product::import(&app.database, &world.clock, Format::UsItDashboard, &files, false).await.expect("imported");
        let total = &expected["total"];
        assert_eq!((json!(report.read), report.skipped), (total["projects"].clone(), 0));
        let repeated = report.rows.iter().filter(|note| note.kind == NoteKind::Doubtful && note.text.contains("finds no project"));
        assert_eq!(json!(repeated.count()), total["duplicateUniqueProjectIds"], "the id that is not unique is told, row by row");
        let counts = client.query("{ portfolios { totalCount } programs { totalCount } projects { totalCount } }").await.data();
        assert_eq!(counts, json!({
            "portfolios": { "totalCount": total["agencies"] },
            "programs": { "totalCount": total["investments"] },
            "projects": { "totalCount": total["projects"] },
        }));
        by_row(&client).await;
        by_agency(&client, expected).await;
        // The same file changes nothing.
        let before = dump(&app.database).await;
        world.clock.advance_seconds(60);
        let again = product::import(&app.database, &world.clock, Format::UsItDashboard, &files, false).await.expect("again");
        assert_eq!((again.created, again.updated, again.unchanged), (0, 0, again.read));
        assert!(dump(&app.database).await == before, "a second import changed a table");
    }
}

/// Each project's variance against the one that its row publishes, in millions with up to three digits.
async fn by_row(client: &Client) {
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    let mut after = Value::Null;
    loop {
        let asked = "query($after: Cursor) { projects(first: 500, after: $after) { pageInfo { hasNextPage endCursor } nodes { \
            externalLinks(first: 5) { nodes { externalId } } kpis(keys: [\"FN_VAC\"]) { value nullReason unit } } } }";
        let page = client.query_with(asked, json!({ "after": after })).await.data();
        for node in page["projects"]["nodes"].as_array().expect("projects") {
            let id = node["externalLinks"]["nodes"][0]["externalId"].as_str().expect("an id").to_owned();
            found.insert(id, node.clone());
        }
        after = page["projects"]["pageInfo"]["endCursor"].clone();
        if page["projects"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let bytes = real_data::bytes(FILE);
    let mut rows = csv::Reader::from_reader(bytes.as_slice());
    let header = rows.headers().expect("a header").clone();
    let at = |name: &str| {
        header
            .iter()
            .position(|h| h.trim_start_matches('\u{feff}') == name)
            .unwrap_or_else(|| panic!("no column {name}"))
    };
    let (id, variance) = (at("Project ID"), at("Cost Variance ($ M)"));
    let mut compared = 0;
    for row in rows.records() {
        let row = row.expect("a row");
        let node = found.get(row[id].trim()).unwrap_or_else(|| panic!("project {} did not arrive", &row[id]));
        let kpi = &node["kpis"][0];
        match kpi["value"].as_str() {
            None => assert!(row[variance].trim().is_empty() && kpi["nullReason"].is_string(), "{}: {kpi}", &row[id]),
            Some(value) => {
                let ours = number(value) / Decimal::from(MILLION);
                let published = number(row[variance].trim());
                assert!((ours - published).abs() <= Decimal::new(6, 3), "{}: {ours} is not {published}", &row[id]);
                assert_eq!(kpi["unit"], "USD");
                compared += 1;
            }
        }
    }
    // Variances of days are not compared: 79 of the 583 rows with both dates publish another one than their dates give.
    assert_eq!(compared, 945);
}

/// Sums and variance of each agency and of all.
async fn by_agency(client: &Client, expected: &Value) {
    let asked = "{ portfolios(first: 50) { nodes { name kpis(keys: [\"FN_VAC\", \"FN_FVAR\"]) { value numerator denominator coverage { included excludedNull } } } } }";
    let found = client.query(asked).await.data();
    let nodes = found["portfolios"]["nodes"].as_array().expect("agencies");
    let published = expected["byAgency"].as_object().expect("agencies");
    assert_eq!(nodes.len(), published.len());
    let mut all = Decimal::ZERO;
    for node in nodes {
        let name = node["name"].as_str().expect("a name");
        let agency = &published[name];
        let millions = |value: &Value| number(value.as_str().expect("a value")) / Decimal::from(MILLION);
        let (variance, planned) = (millions(&node["kpis"][0]["value"]), millions(&node["kpis"][1]["denominator"]));
        assert_eq!(variance, number(&agency["costVariance_usd_m"].to_string()), "{name}");
        assert_eq!(planned, number(&agency["plannedCost_usd_m"].to_string()), "{name}");
        assert_eq!(node["kpis"][0]["coverage"]["excludedNull"], agency["rowsWithoutCostData"], "{name}");
        all += variance;
    }
    assert_eq!(all, number(&expected["total"]["costVariance_usd_m"].to_string()));
}

fn number(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap_or_else(|e| panic!("{text:?}: {e}"))
}

/// A database of its own, and who sees all of it.
async fn house(world: &World) -> (std::sync::Arc<App>, Client) {
    let config = Config { migrate: Toggle::On, ..product::settings(&world.empty_url().await) };
    let app = product::open(config, world.clock.clone()).await.expect("the product");
    let client = Client::new(app.router()).bearer(&product::token(&*world.clock, "pmo", &[Role::PmoLead]));
    (app, client)
}
