//! Fields that a function answers, asked by everybody. Each project has an amount of its own, a power of two, so that a sum
//! tells which projects are in it; who is due which is read off the published table here, not asked of the policy.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use entity::{benefit, measure_delta, objective_contribution, portfolio_item};
use foliograph::{
    app,
    auth::{Class, Role, Scopes},
    clock::Clock as _,
    graph::decl::Kind,
    kpi::measure::Unit,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, Value as Stored,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    cast::{CAST, named},
    expected::{Eyes, Row, Rows},
};
use crate::support::{
    World,
    client::Client,
    world::as_of,
    writes::{change, faults, sql},
};

/// Every field of the schema that a function answers: those of items, and others. What is new here needs its part in these
/// tests.
const OF_ITEMS: [&str; 7] =
    ["benefitRealization", "benefitsMap", "financialSummary", "kpiExplain", "kpiSeries", "kpis", "portfolioHealth"];
const OF_OTHERS: [&str; 15] = [
    "Allocation.minutesByPeriod",
    "Benefit.benefitRealization",
    // Screens of resourcing have their part in tests of their own, beside this file's: `screens/rights.rs`.
    "Query.allocationConflicts",
    "Query.benchList",
    "Query.capacityGap",
    "Query.capacityHeatmap",
    "Query.certificationCoverage",
    "Query.kpiMeasures",
    "Query.kpis",
    "Query.skillsGap",
    "Query.utilization",
    "Query.verifyRollup",
    "ResourceRequest.candidates",
    "StrategicObjective.benefitRealization",
    // What it answers depends on no right but to see the calendar.
    "WorkCalendar.workingDays",
];

/// A KPI of each class whose values are posted.
const BITS: [(&str, Class); 4] =
    [("BIT_BASIC", Class::Basic), ("BIT_WORK", Class::Work), ("BIT_FIN", Class::Fin), ("BIT_BEN", Class::Ben)];

/// What is asked of each item.
const ITEM: &str = "key kpis(keys: [\"BIT_BASIC\", \"BIT_WORK\", \"BIT_FIN\", \"BIT_BEN\"]) { ...V } \
    b1: kpiSeries(key: \"BIT_BASIC\", from: \"2026-01-01\") { ...V } b2: kpiSeries(key: \"BIT_WORK\", from: \"2026-01-01\") { ...V } \
    b3: kpiSeries(key: \"BIT_FIN\", from: \"2026-01-01\") { ...V } b4: kpiSeries(key: \"BIT_BEN\", from: \"2026-01-01\") { ...V } \
    e1: kpiExplain(key: \"BIT_BASIC\", first: 100) { ...E } e2: kpiExplain(key: \"BIT_WORK\", first: 100) { ...E } \
    e3: kpiExplain(key: \"BIT_FIN\", first: 100) { ...E } e4: kpiExplain(key: \"BIT_BEN\", first: 100) { ...E } \
    financialSummary(granularity: YEAR, from: \"2026-01-01\", currency: \"EUR\") { basis coverage { ...C } periods { cumulativeActual actual } } \
    benefitRealization(granularity: YEAR, from: \"2026-01-01\", currency: \"EUR\") { basis coverage { ...C } periods { cumulativeRealized realized } } \
    portfolioHealth { computed dimensions { computed kpis { ...V kpi { key } } } }";
const VALUE: &str = "fragment C on Coverage { included excludedNoAccess excludedNull } \
    fragment V on KpiValue { value numerator denominator status target nullReason basis coverage { ...C } }";
const EXPLANATION: &str = "fragment E on KpiExplanation { value { ...V } \
    inputs { measure sum partCount parts { item { key } amount } } leftOut { reason } }";

tests! {
    async fn every_field_that_a_function_answers_is_asked_here() {
        let of = app::model().entities.iter().flat_map(|entity| {
            let answers = entity.fields.iter().filter(|field| matches!(field.kind, Kind::Answer(_)));
            answers.map(move |field| format!("{}.{}", entity.name, field.name))
        });
        let roots = app::model().answers.iter().map(|answer| format!("Query.{}", answer.name));
        let found: BTreeSet<String> = of.chain(roots).collect();
        let items = ["Portfolio", "PortfolioItem", "Program", "Project"];
        let due = items.iter().flat_map(|item| OF_ITEMS.iter().map(move |name| format!("{item}.{name}")));
        assert_eq!(found, due.chain(OF_OTHERS.map(str::to_owned)).collect());
    }

    async fn each_caller_is_told_of_the_projects_that_are_hers_and_of_no_other(world: &World) {
        let bits = Bits::laid(world).await;
        let mut masked = 0;
        for who in CAST {
            let eyes = who.eyes(&bits.rows);
            let client = who.client(world).await;
            let asked = format!("{{ portfolioItems(first: 250) {{ nodes {{ {ITEM} }} }} }} {VALUE} {EXPLANATION}");
            let data = client.query(&asked).await.data();
            let nodes = data["portfolioItems"]["nodes"].as_array().cloned().unwrap_or_default();
            let items = eyes.visible("PortfolioItem");
            assert_eq!(nodes.len(), items.len(), "{who:?}");
            for (row, node) in items.into_iter().zip(&nodes) {
                let Row::Item(item) = row else { unreachable!("items are items") };
                assert_eq!(node["key"], json!(item.key), "{who:?}");
                for (number, (key, class)) in BITS.into_iter().enumerate() {
                    let context = format!("{key} of {} for {who:?}", item.key);
                    let due = bits.due(&eyes, class, item);
                    masked += usize::from(due.is_none());
                    told_value(&node["kpis"][number], due.as_ref(), &context);
                    let series = node[format!("b{}", number + 1)].as_array().cloned().expect("a series");
                    told_value(series.last().expect("today"), due.as_ref(), &context);
                    assert!(series[0]["value"].is_null(), "before there was any: {context}");
                    bits.explained(&node[format!("e{}", number + 1)], due.as_ref(), &context);
                }
                let money = bits.due(&eyes, Class::Fin, item);
                told_periods(&node["financialSummary"], ["cumulativeActual", "actual"], money.as_ref(), &format!("money of {} for {who:?}", item.key));
                let had = bits.due(&eyes, Class::Ben, item);
                told_periods(&node["benefitRealization"], ["cumulativeRealized", "realized"], had.as_ref(), &format!("benefits of {} for {who:?}", item.key));
                healthy(&node["portfolioHealth"], &bits, &eyes, item, &format!("health of {} for {who:?}", item.key));
            }
        }
        assert!(masked > 100, "{masked}");
    }

    async fn the_root_answers_each_caller_as_the_items_do(world: &World) {
        let bits = Bits::laid(world).await;
        let ids: Vec<String> = bits.rows.items.iter().map(|item| Row::Item(item).wire_id()).collect();
        let measures = world.reader().await.query("{ kpiMeasures { key class } }").await.data();
        for who in CAST {
            let (eyes, client) = (who.eyes(&bits.rows), who.client(world).await);
            let asked = format!("query($ids: [ID!]!) {{ kpis(scopes: $ids, keys: [\"BIT_FIN\"]) {{ ...V scope {{ id }} }} }} {VALUE}");
            let told = client.query_with(&asked, json!({ "ids": ids })).await.data()["kpis"].take();
            let told = told.as_array().expect("values");
            assert_eq!(told.len(), eyes.visible("PortfolioItem").len(), "{who:?}");
            for value in told {
                let item = bits.rows.items.iter().find(|item| value["scope"]["id"] == json!(Row::Item(item).wire_id())).expect("an item");
                told_value(value, bits.due(&eyes, Class::Fin, item).as_ref(), &format!("{} for {who:?}", item.key));
            }
            assert_eq!(client.query("{ kpiMeasures { key class } }").await.data(), measures, "what measures there are tells of no row");
            let reads_all = [Class::Fin, Class::Work, Class::Ben].into_iter().all(|class| reads(&eyes, class).is_all());
            let reply = client.query("{ verifyRollup { isExact } }").await;
            if reads_all {
                assert_eq!(reply.data()["verifyRollup"]["isExact"], false, "the ledger holds what no fact says: {who:?}");
            } else {
                assert_eq!((reply.error_codes(), &reply.json()["data"]["verifyRollup"]), (vec!["FIELD_FORBIDDEN".to_owned()], &Value::Null), "{who:?}");
            }
        }
    }

    async fn benefits_and_objectives_sum_what_each_caller_may_read(world: &World) {
        let bits = Bits::laid(world).await;
        let db = world.database().await.orm;
        sql(&db, "UPDATE objective_contribution SET share = 1000000000, valid_from_on = NULL, valid_to_on = NULL").await;
        let contributions = objective_contribution::Entity::find().filter(objective_contribution::Column::ArchivedAt.is_null()).all(&db).await.expect("contributions");
        let periods = "periods { cumulativeRealized realized }";
        let asked = format!(
            "{{ benefits(first: 250) {{ nodes {{ id benefitRealization(granularity: YEAR, from: \"2026-01-01\") {{ {periods} }} }} }} \
             strategicObjectives(first: 250) {{ nodes {{ id benefitRealization(granularity: YEAR, from: \"2026-01-01\", currency: \"EUR\") {{ {periods} }} }} }} \
             benefitsDue(first: 250) {{ nodes {{ id }} }} }}"
        );
        let mut sums = BTreeSet::new();
        for who in CAST {
            let eyes = who.eyes(&bits.rows);
            let data = who.client(world).await.query(&asked).await.data();
            let nodes = |list: &str| data[list]["nodes"].as_array().cloned().unwrap_or_default();
            for (row, node) in eyes.visible("Benefit").into_iter().zip(nodes("benefits")) {
                assert_eq!(node["id"], json!(row.wire_id()), "{who:?}");
                let due = bits.benefits.get(&row.id()).copied().unwrap_or_default();
                assert_eq!(units(&node["benefitRealization"]["periods"][0]["cumulativeRealized"], 4), Some(due), "{who:?}: {node:#}");
            }
            let has_class = !reads(&eyes, Class::Ben).is_empty();
            for (row, node) in eyes.visible("StrategicObjective").into_iter().zip(nodes("strategicObjectives")) {
                let of = contributions.iter().filter(|contribution| contribution.objective_id == row.id());
                let items: Vec<_> = of.map(|contribution| bits.rows.item(contribution.item_id)).collect();
                let seen = items.into_iter().filter(|item| eyes.sees(Row::Item(item)));
                let parts: Vec<Due> = seen.filter_map(|item| bits.due(&eyes, Class::Ben, item)).collect();
                let due: i128 = parts.iter().map(|due| due.sum).sum();
                let told = &node["benefitRealization"]["periods"];
                let is_masked = parts.iter().any(Due::is_masked) && parts.iter().all(|due| due.included == 0);
                if has_class && !is_masked {
                    assert_eq!(units(&told[0]["cumulativeRealized"], 4), Some(due), "{who:?}: {node:#}");
                    sums.insert(due);
                } else {
                    assert_eq!(*told, Value::Null, "{who:?}");
                }
            }
            let today = as_of();
            let is_due = |row: &Row<'_>| matches!(row.column("next_due_on"), Stored::ChronoDate(Some(on)) if on <= today);
            let due: BTreeSet<String> = eyes.visible("BenefitMeasure").into_iter().filter(is_due).map(Row::wire_id).collect();
            let told: BTreeSet<String> = nodes("benefitsDue").iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect();
            assert_eq!(told, due, "{who:?}");
        }
        assert!(sums.len() > 4, "the same sum for everybody shows nothing: {sums:?}");
    }

    async fn the_map_of_each_item_holds_what_each_caller_may_read(world: &World) {
        let rows = Rows::load(world).await;
        for who in CAST {
            let eyes = who.eyes(&rows);
            let asked = "{ portfolioItems(first: 250) { nodes { id benefitsMap { nodes { id } edges { id } } } } }";
            let data = who.client(world).await.query(asked).await.data();
            let told = data["portfolioItems"]["nodes"].as_array().cloned().unwrap_or_default();
            for (item, told) in eyes.visible("PortfolioItem").into_iter().zip(&told) {
                if reads(&eyes, Class::Ben).is_empty() {
                    assert_eq!(told["benefitsMap"], json!({ "nodes": null, "edges": null }), "{who:?}");
                    continue;
                }
                let is_below = |row: &Row<'_>| {
                    let Stored::Uuid(Some(of)) = row.column("item_id") else { return false };
                    let of = rows.item(of);
                    eyes.sees(Row::Item(of)) && rows.upward(of).any(|above| above.id == item.id())
                };
                let nodes = eyes.visible("BenefitsMapNode").into_iter().filter(|row| !row.is_archived() && is_below(row));
                let nodes: BTreeSet<Uuid> = nodes.map(Row::id).collect();
                let ends = |row: &Row<'_>| {
                    let end = |column| matches!(row.column(column), Stored::Uuid(Some(of)) if nodes.contains(&of));
                    end("from_id") && end("to_id")
                };
                let edges: BTreeSet<String> = eyes.visible("BenefitsMapEdge").into_iter().filter(ends).map(Row::wire_id).collect();
                let shown = |part: &str| -> BTreeSet<String> {
                    let rows = told["benefitsMap"][part].as_array().expect("a list").iter();
                    rows.map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
                };
                let due = eyes.visible("BenefitsMapNode").into_iter().filter(|row| nodes.contains(&row.id()));
                let due: BTreeSet<String> = due.map(Row::wire_id).collect();
                assert_eq!((shown("nodes"), shown("edges")), (due, edges), "{who:?}");
            }
        }
    }

    async fn what_she_may_not_read_moves_nothing_that_she_is_told(world: &World) {
        let bits = Bits::laid(world).await;
        let asked = "{ portfolioItems(first: 250) { nodes { key kpis { ...V kpi { key } } kpiSeries(key: \"EV_AC\") { ...V } portfolioHealth { computed dimensions { kpis { ...V } } } \
            financialSummary { basis coverage { ...C } periods { actual committed toComplete approvedBudget nullReason } } \
            benefitRealization { basis coverage { ...C } periods { planned realized forecast nullReason } } \
            e1: kpiExplain(key: \"EV_CPI\") { ...E } e2: kpiExplain(key: \"RK_EXPO\") { ...E } e3: kpiExplain(key: \"BN_REAL\") { ...E } } } \
            strategicObjectives { nodes { benefitRealization(currency: \"EUR\") { coverage { ...C } periods { planned realized } } } } \
            alerts { totalCount } }";
        let asked = format!("{asked} {VALUE} {EXPLANATION}");
        for subject in ["anna.keller", "marc.dubois", "helen.ashworth", "stefan.brunner", "jonas.weber", "walter.zimmermann", "bi-products", "tom.fischer"] {
            let who = named(subject);
            let (eyes, client) = (who.eyes(&bits.rows), who.client(world).await);
            let told = async || client.query(&asked).await.data();
            // What conditions look at is stored: of all that was written until now.
            world.app().await.deriver.derive().await.expect("derived");
            let found_before = found(&client).await;
            let before = told().await;
            let hidden = bits.spoil(world, |project, class| !is_hers(&eyes, class, project)).await;
            assert!(hidden > 0, "{subject} reads everything, which shows nothing");
            world.app().await.deriver.derive().await.expect("derived");
            assert_eq!(found(&client).await, found_before, "{subject}");
            let after = told().await;
            for (before, after) in before["portfolioItems"]["nodes"].as_array().into_iter().flatten().zip(after["portfolioItems"]["nodes"].as_array().into_iter().flatten()) {
                for (name, value) in before.as_object().expect("an item") {
                    let parts = value.as_array().into_iter().flatten().zip(after[name].as_array().into_iter().flatten());
                    for (before_part, after_part) in parts {
                        assert_eq!(before_part, after_part, "{name} of {} for {subject}", before["key"]);
                    }
                    assert_eq!(*value, after[name], "{name} of {} for {subject}", before["key"]);
                }
            }
            assert!(before == after, "{subject}");
            // And what she may read does move it.
            let money = [Class::Fin, Class::Ben];
            let mut projects = bits.rows.items.iter().filter(|item| item.kind == "PROJECT");
            if let Some(hers) = projects.find(|project| money.iter().any(|class| is_hers(&eyes, *class, project))) {
                let is_it = |project: &portfolio_item::Model, class| project.id == hers.id && money.contains(&class) && is_hers(&eyes, class, project);
                assert!(bits.spoil(world, is_it).await > 0);
                assert!(told().await != before, "{subject} is told what she may read");
            }
        }
    }
}

/// On which items a role reads what, by the table of domain roles and field classes. An analyst reads money where that was
/// granted, which nothing can say yet; finance reads summaries of work, and a KPI of work is none.
fn of_role(role: Role, class: Class) -> Scopes {
    use Scopes as S;
    match (role, class) {
        (Role::PmoLead | Role::Auditor, _)
        | (Role::ProjectManager, Class::Basic)
        | (Role::Finance, Class::Basic | Class::Fin | Class::Ben) => S::ALL,
        (Role::ProjectManager, _) => S::OWN,
        (Role::Sponsor, Class::Basic) => S::SPON.or(S::ACTIVE),
        (Role::Sponsor, _) => S::SPON,
        (Role::ResourceManager, Class::Basic) => S::USED,
        (Role::Analyst, Class::Basic | Class::Work | Class::Ben) => S::PF,
        (Role::Integration, _) => S::GRANT,
        (Role::Finance | Role::ResourceManager | Role::Analyst | Role::Admin, _) => S::NONE,
    }
}

/// The same of a caller: the union over her roles, and what she reads by relation. Who owns a benefit reads names and dates
/// of what is to bring it, and her benefit, though of no item all of them.
fn reads(eyes: &Eyes<'_>, class: Class) -> Scopes {
    let by_relation = match class {
        Class::Basic => eyes.linked_by_relation(),
        Class::Ben if eyes.owns_benefits() => Scopes::SELF,
        _ => Scopes::NONE,
    };
    eyes.roles.iter().fold(by_relation, |all, role| all.or(of_role(*role, class)))
}

/// Whether a class of an item is hers to read.
fn is_hers(eyes: &Eyes<'_>, class: Class, item: &portfolio_item::Model) -> bool {
    eyes.sees(Row::Item(item)) && eyes.holds(reads(eyes, class), item)
}

/// What a caller is due of a class of an item with all below it.
struct Due {
    is_all: bool,
    sum: i128,
    included: usize,
    no_access: usize,
    /// Whether something below it, of whatever kind, is not hers.
    is_short: bool,
}

impl Due {
    /// Whether a sum would say 0 of what is not hers.
    fn is_masked(&self) -> bool {
        self.included == 0 && self.is_short
    }
}

/// The projects with their amounts.
struct Bits {
    rows: Rows,
    of: BTreeMap<Uuid, i64>,
    /// What stands in the ledger for a benefit.
    benefits: BTreeMap<Uuid, i128>,
    /// The classes that each KPI needs.
    classes: BTreeMap<String, Vec<Class>>,
}

impl Bits {
    /// Puts an amount of each class for each project into the ledger, in place of all that is there, all in one currency.
    async fn laid(world: &World) -> Self {
        let db = world.database().await.orm;
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        for (key, class) in BITS {
            let kpi = json!({
                "key": key, "name": key, "description": "Which projects count.", "kind": "POSTED", "unit": "NUMBER",
                "direction": "UP", "classes": [class.as_str()],
            });
            let told = change(&lead, "kpiDefinitionCreate", kpi).await;
            assert_eq!(faults(&told), Vec::<String>::new(), "{told}");
        }
        sql(&db, "UPDATE portfolio_item SET base_currency = 'EUR'").await;
        sql(&db, "DELETE FROM measure_delta").await;
        let rows = Rows::load(world).await;
        let projects = rows.items.iter().filter(|item| item.kind == "PROJECT");
        let of: BTreeMap<Uuid, i64> = projects.enumerate().map(|(place, item)| (item.id, 1_i64 << place)).collect();
        assert!(of.len() < 62, "a sum of all of them has its place");
        let mut benefit_of = benefits(&db).await;
        benefit_of.retain(|item, _| of.contains_key(item));
        let now = world.clock.now();
        let mut deltas = vec![];
        for (project, amount) in &of {
            let keys = BITS.map(|(key, _)| (key, None, Uuid::now_v7()));
            let had = benefit_of.get(project).copied().unwrap_or_else(Uuid::now_v7);
            let money = [("AC", Some("EUR"), Uuid::now_v7()), ("BENEFIT_REALIZED", Some("EUR"), had)];
            deltas.extend(
                keys.into_iter().chain(money).map(|(measure, currency, source_id)| {
                    delta(*project, (measure, currency, *amount), source_id, now)
                }),
            );
        }
        insert(&db, deltas).await;
        let told = lead.query("{ kpiDefinitions(first: 250) { nodes { key classes } } }").await.data();
        let nodes = told["kpiDefinitions"]["nodes"].as_array().cloned().expect("definitions");
        let classes = nodes.iter().map(|node| {
            let names = node["classes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
            let classes = Class::ALL.into_iter().filter(|class| names.contains(&class.as_str())).collect();
            (node["key"].as_str().expect("a key").to_owned(), classes)
        });
        let benefits = benefit_of.iter().map(|(project, benefit)| (*benefit, i128::from(of[project]))).collect();
        Self { of, benefits, classes: classes.collect(), rows }
    }

    /// What is due; none where the class is not hers at all.
    fn due(&self, eyes: &Eyes<'_>, class: Class, scope: &portfolio_item::Model) -> Option<Due> {
        let scopes = reads(eyes, class);
        if scopes.is_empty() {
            return None;
        }
        let mut due = Due { is_all: scopes.is_all(), sum: 0, included: 0, no_access: 0, is_short: false };
        for project in &self.rows.items {
            let is_below = self.rows.upward(project).any(|item| item.id == scope.id);
            let between = self.rows.upward(project).take_while(|item| item.id != scope.id);
            // What is confidential below an item stays in figures of its own where all rows count.
            let is_apart = due.is_all && between.into_iter().any(|item| item.confidentiality == "CONFIDENTIAL");
            if !is_below || is_apart || !eyes.sees(Row::Item(project)) {
                continue;
            }
            due.is_short |= !eyes.holds(scopes, project);
            if project.kind != "PROJECT" {
                continue;
            }
            if eyes.holds(scopes, project) {
                due.included += 1;
                due.sum += i128::from(self.of[&project.id]);
            } else {
                due.no_access += 1;
            }
        }
        Some(due)
    }

    /// An explanation names the projects that count, each with its amount, and nothing else.
    fn explained(&self, told: &Value, due: Option<&Due>, context: &str) {
        told_value(&told["value"], due, context);
        let Some(due) = due else {
            assert_eq!((&told["inputs"], &told["leftOut"]), (&Value::Null, &Value::Null), "{context}");
            return;
        };
        let input = &told["inputs"][0];
        assert_eq!(told["leftOut"], json!([]), "{context}: {told:#}");
        assert_eq!(input["partCount"], json!(due.included), "{context}");
        let mut sum = 0;
        for part in input["parts"].as_array().expect("parts") {
            let project = self.rows.item_by_key(part["item"]["key"].as_str().expect("a key"));
            assert_eq!(units(&part["amount"], 9), Some(i128::from(self.of[&project.id])), "{context}");
            sum += i128::from(self.of[&project.id]);
        }
        assert_eq!((sum, units(&input["sum"], 9)), (due.sum, Some(due.sum)), "{context}");
    }

    /// Adds an amount of every measure to the projects chosen by project and class; how many.
    async fn spoil(&self, world: &World, chosen: impl Fn(&portfolio_item::Model, Class) -> bool) -> usize {
        let now = world.clock.now();
        let projects = self.rows.items.iter().filter(|item| item.kind == "PROJECT");
        let measures = &app::model().measures.measures;
        let deltas: Vec<_> = projects
            .flat_map(|project| {
                let measures = measures.iter().filter(|measure| chosen(project, measure.class));
                measures.map(|measure| {
                    let currency = (measure.unit == Unit::Money).then_some("EUR");
                    delta(project.id, (&measure.key, currency, 77_770_000), Uuid::now_v7(), now)
                })
            })
            .collect();
        let count = deltas.len();
        insert(&world.database().await.orm, deltas).await;
        count
    }
}

/// The items that conditions on KPIs find, or the refusal of each.
async fn found(client: &Client) -> Vec<Value> {
    let mut all = vec![];
    for condition in [
        json!({ "key": "EV_AC", "currency": "EUR", "value": { "gte": "5000" } }),
        json!({ "key": "EV_AC", "value": { "isNull": true } }),
        json!({ "key": "BIT_FIN", "value": { "gte": "0.01" } }),
        json!({ "key": "BIT_BEN", "value": { "isNull": false } }),
        json!({ "key": "BN_REAL", "status": { "isNull": true } }),
        json!({ "key": "RK_EXPO", "value": { "gte": "0" } }),
    ] {
        for filter in [json!({ "kpi": condition }), json!({ "not": { "kpi": condition } })] {
            let asked = "query($filter: PortfolioItemFilter) { portfolioItems(filter: $filter, first: 250) { totalCount nodes { key } } }";
            let reply = client.query_with(asked, json!({ "filter": filter })).await;
            let codes = reply.error_codes();
            all.push(if codes.is_empty() { reply.data() } else { json!(codes) });
        }
    }
    all
}

/// One benefit of each item that has any.
async fn benefits(db: &DatabaseConnection) -> BTreeMap<Uuid, Uuid> {
    let all = benefit::Entity::find().all(db).await.expect("benefits");
    all.into_iter().map(|benefit| (benefit.item_id, benefit.id)).collect()
}

fn delta(
    item: Uuid,
    (measure, currency, amount): (&str, Option<&str>, i64),
    source_id: Uuid,
    now: chrono::DateTime<chrono::Utc>,
) -> measure_delta::ActiveModel {
    measure_delta::ActiveModel {
        seq: NotSet,
        source_type: Set(if measure == "BENEFIT_REALIZED" { "BENEFIT" } else { "KPI_POSTING" }.to_owned()),
        source_id: Set(source_id),
        item_id: Set(item),
        measure: Set(measure.to_owned()),
        effective_on: Set(NaiveDate::from_ymd_opt(2026, 2, 1).expect("a day")),
        currency: Set(currency.map(str::to_owned)),
        amount: Set(amount),
        recorded_at: Set(now),
        turn: Set(None),
    }
}

async fn insert(db: &DatabaseConnection, deltas: Vec<measure_delta::ActiveModel>) {
    for some in deltas.chunks(500) {
        measure_delta::Entity::insert_many(some.to_vec()).exec_without_returning(db).await.expect("amounts");
    }
}

/// A value is the sum of what is due, or masked in all that it says.
fn told_value(value: &Value, due: Option<&Due>, context: &str) {
    let coverage = &value["coverage"];
    let Some(due) = due else {
        for member in ["value", "numerator", "denominator", "status", "target", "nullReason"] {
            assert_eq!(value[member], Value::Null, "{member} of {context}");
        }
        assert_eq!(coverage["included"], 0, "{context}");
        return;
    };
    let basis = if due.is_all { "ALL_ROWS" } else { "CALLER_ROWS" };
    assert_eq!(value["basis"], basis, "{context}");
    let sum = (due.included > 0).then_some(due.sum);
    assert_eq!((units(&value["value"], 9), units(&value["numerator"], 9)), (sum, sum), "{context}: {value:#}");
    assert_eq!(
        (&coverage["included"], &coverage["excludedNoAccess"]),
        (&json!(due.included), &json!(due.no_access)),
        "{context}"
    );
}

/// The last period has the sum of what is due, or none has anything.
fn told_periods(told: &Value, [by_end, within]: [&str; 2], due: Option<&Due>, context: &str) {
    let Some(due) = due else {
        assert_eq!((&told["periods"], &told["coverage"]["included"]), (&Value::Null, &json!(0)), "{context}");
        return;
    };
    let coverage = json!({ "included": due.included, "excludedNoAccess": due.no_access, "excludedNull": 0 });
    assert_eq!(told["coverage"], coverage, "{context}");
    if due.is_masked() {
        assert_eq!(told["periods"], Value::Null, "{context}: {told:#}");
        return;
    }
    let period = &told["periods"][0];
    assert_eq!(
        (units(&period[by_end], 4), units(&period[within], 4)),
        (Some(due.sum), Some(due.sum)),
        "{context}: {told:#}"
    );
}

/// Of a KPI that needs a class that is not hers there is neither value nor color, and none in what sums colors up.
fn healthy(told: &Value, bits: &Bits, eyes: &Eyes<'_>, item: &portfolio_item::Model, context: &str) {
    let mut colors = vec![];
    for dimension in told["dimensions"].as_array().expect("dimensions") {
        let mut here = vec![];
        for value in dimension["kpis"].as_array().expect("values") {
            let key = value["kpi"]["key"].as_str().expect("a key");
            if bits.classes[key].iter().any(|class| bits.due(eyes, *class, item).is_none()) {
                told_value(value, None, &format!("{key} in {context}"));
            }
            here.extend(value["status"].as_str());
        }
        assert_eq!(dimension["computed"].as_str(), worst(&here), "{context}");
        colors.extend(here);
    }
    assert_eq!(told["computed"].as_str(), worst(&colors), "{context}");
}

fn worst<'c>(colors: &[&'c str]) -> Option<&'c str> {
    ["RED", "AMBER", "GREEN"].into_iter().find_map(|color| colors.iter().find(|other| **other == color).copied())
}

/// A decimal in units of its last digit; none for null.
fn units(value: &Value, digits: usize) -> Option<i128> {
    let (whole, fraction) = value.as_str().map(|text| text.split_once('.').unwrap_or((text, "")))?;
    Some(format!("{whole}{fraction:0<digits$}").parse().expect("a number"))
}
