//! KPIs of users: what their formulas may say, what follows from them, and who makes them.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{derive, done, exact, kpi};
use crate::support::writes::{begin, change, faults, param, request_key, rows};

/// A KPI with a formula.
fn formula(key: &str, formula: &str) -> Value {
    json!({
        "key": key, "name": key, "description": "One of ours.", "kind": "FORMULA", "formula": formula, "unit": "RATIO",
        "direction": "UP", "greenFrom": "0.95", "amberFrom": "0.9",
    })
}

fn patch(key: &str, patch: Value) -> Value {
    let mut input = json!({ "ref": { "key": key }, "ifVersion": "*" });
    input["patch"] = patch;
    input
}

tests! {
    async fn a_formula_of_users_gives_what_the_catalogue_gives(world: &World) {
        let (_, lead) = begin(world).await;
        let down = |key: &str, text: &str| {
            let mut input = formula(key, text);
            let members = input.as_object_mut().expect("an input");
            members.retain(|name, _| !name.ends_with("From"));
            members.extend([("direction", "DOWN"), ("greenTo", "0.95"), ("amberTo", "1")].map(|(name, value)| (name.to_owned(), json!(value))));
            input
        };
        done(&lead, "kpiDefinitionCreate", down("OUR_COMMIT", "(AC + COMMITTED) / BUDGET")).await;
        // By way of other KPIs it is the same: inputs are summed first, never ratios.
        done(&lead, "kpiDefinitionCreate", down("OUR_COMMIT_AGAIN", "(EV_AC + COMMITTED) / BUDGET")).await;
        derive(world).await;
        for item in ["PR-020", "PF-PRODUCTS", "PG-ERP"] {
            let due = kpi(&lead, item, "FN_COMMIT", "").await;
            assert_ne!(due["value"], Value::Null, "{item}");
            for key in ["OUR_COMMIT", "OUR_COMMIT_AGAIN"] {
                let own = kpi(&lead, item, key, "").await;
                for member in ["value", "numerator", "denominator", "status", "basis", "coverage", "nullReason"] {
                    assert_eq!(own[member], due[member], "{item} {key} {member}");
                }
            }
        }
        let told = lead.query("{ kpiDefinition(by: { key: \"OUR_COMMIT\" }) { classes formulaVersion kind } }").await.data();
        assert_eq!(told["kpiDefinition"], json!({ "classes": ["FIN"], "formulaVersion": 1, "kind": "FORMULA" }));
        exact(&lead).await;
    }

    async fn progress_of_goals_is_weighted(world: &World) {
        let (_, lead) = begin(world).await;
        for key in ["GOAL_PROGRESS", "GOAL_WEIGHT"] {
            let posted = json!({ "key": key, "name": key, "description": "Posted.", "kind": "POSTED", "unit": "NUMBER", "direction": "NONE", "classes": ["WORK"] });
            done(&lead, "kpiDefinitionCreate", posted).await;
        }
        done(&lead, "kpiDefinitionCreate", formula("GOAL", "each(GOAL_PROGRESS * GOAL_WEIGHT) / GOAL_WEIGHT")).await;
        done(&lead, "portfolioCreate", json!({ "key": "PF-GOAL", "name": "Goal", "baseCurrency": "CHF" })).await;
        for (key, progress, weight) in [("G-1", "0.4", "2"), ("G-2", "0.2", "3")] {
            done(&lead, "projectCreate", json!({ "key": key, "name": key, "baseCurrency": "CHF", "parentKey": "PF-GOAL" })).await;
            for (kpi, value) in [("GOAL_PROGRESS", progress), ("GOAL_WEIGHT", weight)] {
                let value = json!({ "itemKey": key, "kpiKey": kpi, "effectiveOn": "2026-02-01", "value": value });
                assert_eq!(faults(&change(&lead, "kpiValueRecord", value).await), Vec::<String>::new());
            }
        }
        let goal = kpi(&lead, "PF-GOAL", "GOAL", "").await;
        assert_eq!((&goal["value"], &goal["numerator"], &goal["denominator"]), (&json!("0.28"), &json!("1.4"), &json!("5")), "{goal:#}");
        exact(&lead).await;
    }

    async fn a_formula_that_cannot_be_computed_is_refused_with_its_place(world: &World) {
        let (_, lead) = begin(world).await;
        let tall = vec!["AC"; 600].join("+");
        for (text, part) in [
            ("AC /", "(character 4)"),
            ("ac / BUDGET", "capitals"),
            ("AC / SPENT", "`SPENT`"),
            // The language has no word for an average of ratios.
            ("avg(AC / BUDGET)", "no function `avg`"),
            ("irr(EV_CV)", "read by its dates"),
            ("in_category(AC, GROWTH) / AC", "no category `GROWTH`"),
            // Nor does `each` make one, by itself, by way of a KPI, or with nothing added.
            ("each(AC / BUDGET) / each(1)", "nothing to add up"),
            ("each(EV_CPI) / each(1)", "nothing to add up"),
            ("each(min(1, AC / BUDGET) + 0 * AC)", "nothing to add up"),
            // What computes a formula goes down as far as its parts stand within each other.
            (tall.as_str(), "more than 200 steps"),
        ] {
            let told = change(&lead, "kpiDefinitionCreate", formula("OURS", text)).await;
            assert_eq!(faults(&told), ["INVALID input.formula"], "{text}: {told}");
            assert!(told["userErrors"][0]["message"].as_str().is_some_and(|line| line.contains(part)), "{text}: {told}");
        }
        assert_eq!(param(&change(&lead, "kpiDefinitionCreate", formula("OURS", "AC / (AC")).await, "at").as_deref(), Some("8"));
        let told = change(&lead, "kpiDefinitionCreate", json!({ "key": "OURS", "name": "Ours", "description": "Ours.", "kind": "FORMULA", "unit": "RATIO", "direction": "NONE" })).await;
        assert_eq!(faults(&told), ["REQUIRED input.formula"]);
    }

    async fn formulas_that_lead_back_to_themselves_are_refused(world: &World) {
        let (_, lead) = begin(world).await;
        let itself = change(&lead, "kpiDefinitionCreate", formula("RING", "RING + 1")).await;
        assert_eq!(faults(&itself), ["INVALID input.formula"]);
        done(&lead, "kpiDefinitionCreate", formula("FIRST", "AC")).await;
        done(&lead, "kpiDefinitionCreate", formula("SECOND", "FIRST / BUDGET")).await;
        let told = change(&lead, "kpiDefinitionUpdate", patch("FIRST", json!({ "formula": "SECOND * 2" }))).await;
        assert_eq!(faults(&told), ["INVALID input.patch.formula"], "{told}");
        // Two in one list that name each other, too; one that names another of the list is right.
        let list = |items: Value, number| json!({ "items": items, "clientMutationKey": request_key(number) });
        let told = change(&lead, "kpiDefinitionBulkCreate", list(json!([formula("ONE", "OTHER"), formula("OTHER", "ONE")]), 1)).await;
        assert_eq!(faults(&told), ["INVALID input.items.0.formula", "INVALID input.items.1.formula"]);
        let told = change(&lead, "kpiDefinitionBulkCreate", list(json!([formula("ONE", "OTHER / 2"), formula("OTHER", "AC")]), 2)).await;
        assert_eq!(faults(&told), Vec::<String>::new());
    }

    async fn keys_kinds_bounds_and_classes_are_checked(world: &World) {
        let (_, lead) = begin(world).await;
        let with = |member: &str, value: Value| {
            let mut input = formula("OURS", "AC / BUDGET");
            input[member] = value;
            input
        };
        for (input, due) in [
            (with("key", json!("Ours")), "INVALID input.key"),
            (with("key", json!("EV_OURS")), "INVALID input.key"),
            (with("key", json!("AC")), "DUPLICATE input.key"),
            (with("key", json!("OPEN_DEFECTS")), "DUPLICATE input.key"),
            (with("kind", json!("STANDARD")), "INVALID input.kind"),
            (with("classes", json!(["BASIC"])), "INVALID input.classes"),
            (with("hysteresis", json!("-0.1")), "OUT_OF_RANGE input.hysteresis"),
            (with("amberFrom", json!("0.99")), "INVARIANT input.amberFrom"),
            (with("greenTo", json!("2")), "INVARIANT input.greenTo"),
            (with("direction", json!("NONE")), "INVARIANT input.greenFrom"),
            (with("kind", json!("POSTED")), "INVALID input.formula"),
        ] {
            assert_eq!(faults(&change(&lead, "kpiDefinitionCreate", input.clone()).await), [due], "{input}");
        }
        assert_eq!(param(&change(&lead, "kpiDefinitionCreate", with("amberFrom", json!("1"))).await, "rule").as_deref(), Some("BOUNDS_ORDERED"));
        let posted = json!({ "key": "OURS", "name": "Ours", "description": "Ours.", "kind": "POSTED", "unit": "COUNT", "direction": "UP", "classes": [] });
        assert_eq!(faults(&change(&lead, "kpiDefinitionCreate", posted).await), ["REQUIRED input.classes"]);
    }

    async fn the_catalogue_never_changes(world: &World) {
        let (_, lead) = begin(world).await;
        let told = change(&lead, "kpiDefinitionUpdate", patch("EV_CPI", json!({ "name": "Ours" }))).await;
        assert_eq!(faults(&told), ["IMMUTABLE input.ref.key"]);
        let told = change(&lead, "kpiDefinitionArchive", json!({ "ref": { "key": "EV_CPI" }, "ifVersion": "*" })).await;
        assert_eq!(faults(&told), ["IMMUTABLE input.ref.key"]);
    }

    async fn what_follows_from_a_formula_follows_its_changes(world: &World) {
        let (_, lead) = begin(world).await;
        done(&lead, "kpiDefinitionCreate", formula("BASE", "AC")).await;
        done(&lead, "kpiDefinitionCreate", formula("ABOVE", "BASE / BUDGET")).await;
        derive(world).await;
        let first = kpi(&lead, "PR-020", "ABOVE", "").await["value"].clone();
        done(&lead, "kpiDefinitionUpdate", patch("BASE", json!({ "formula": "AC + BENEFIT_APPROVED * 0" }))).await;
        let of = "{ kpiDefinitions(filter: { key: { in: [\"BASE\", \"ABOVE\"] } }, orderBy: [{ key: { direction: ASC } }]) { nodes { key classes formulaVersion } } }";
        let told = lead.query(of).await.data()["kpiDefinitions"]["nodes"].clone();
        assert_eq!(told, json!([
            { "key": "ABOVE", "classes": ["FIN", "BEN"], "formulaVersion": 1 },
            { "key": "BASE", "classes": ["FIN", "BEN"], "formulaVersion": 2 },
        ]));
        done(&lead, "kpiDefinitionUpdate", patch("BASE", json!({ "formula": "AC * 2", "name": "Twice" }))).await;
        derive(world).await;
        let stored = rows(world).await;
        let versions = stored_versions(&stored, "BASE").await;
        assert!(versions.iter().all(|version| *version == 3) && !versions.is_empty(), "{versions:?}");
        assert_ne!(kpi(&lead, "PR-020", "ABOVE", "").await["value"], first);
        // What another names stays; without that it goes, and comes back.
        let base = json!({ "ref": { "key": "BASE" }, "ifVersion": "*" });
        let told = change(&lead, "kpiDefinitionArchive", base.clone()).await;
        assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec!["INVARIANT input".to_owned()], Some("KPI_IN_USE")));
        let above = json!({ "ref": { "key": "ABOVE" }, "ifVersion": "*" });
        done(&lead, "kpiDefinitionArchive", above.clone()).await;
        done(&lead, "kpiDefinitionArchive", base.clone()).await;
        let told = change(&lead, "kpiDefinitionUnarchive", above.clone()).await;
        assert_eq!(told["userErrors"][0]["code"], "INVALID", "{told}");
        done(&lead, "kpiDefinitionUnarchive", base).await;
        done(&lead, "kpiDefinitionUnarchive", above).await;
    }

    async fn a_formula_over_benefits_needs_the_right_to_read_benefits(world: &World) {
        let (_, lead) = begin(world).await;
        for (key, text, classes) in [
            ("PLANNED_WHOLE", "whole(BENEFIT_PLANNED)", json!(["BEN"])),
            ("RETURN", "xirr(FLOW)", json!(["FIN", "BEN"])),
            ("COSTS", "whole(FLOW_COSTS) + FLOWS", json!(["FIN", "BEN"])),
        ] {
            done(&lead, "kpiDefinitionCreate", formula(key, text)).await;
            let told = lead.query(&format!("{{ kpiDefinition(by: {{ key: \"{key}\" }}) {{ classes }} }}")).await.data();
            assert_eq!(told["kpiDefinition"]["classes"], classes, "{key}");
        }
        assert_ne!(kpi(&lead, "PF-PRODUCTS", "PLANNED_WHOLE", "").await["value"], Value::Null);
        let measures = lead.query("{ kpiMeasures { key class classes } }").await.data()["kpiMeasures"].clone();
        let flow = measures.as_array().expect("measures").iter().find(|measure| measure["key"] == "FLOW").cloned();
        assert_eq!(flow, Some(json!({ "key": "FLOW", "class": "FIN", "classes": ["FIN", "BEN"] })));
        // An analyst reads benefits and no money.
        let asked = "{ portfolioItems(first: 1) { nodes { kpis(keys: [\"PLANNED_WHOLE\", \"RETURN\", \"COSTS\"]) { value nullReason } } } }";
        let reply = world.client_as("jonas.weber", &[Role::Analyst]).await.query(asked).await;
        let values = reply.data()["portfolioItems"]["nodes"][0]["kpis"].clone();
        assert_ne!(values[0], json!({ "value": null, "nullReason": null }), "{values:#}");
        assert_eq!((&values[1], &values[2]), (&json!({ "value": null, "nullReason": null }), &json!({ "value": null, "nullReason": null })));
        let access = reply.json()["extensions"]["access"].clone();
        let masked: Vec<&Value> = access.as_array().expect("entries").iter().filter(|entry| entry["coordinate"] == "KpiValue.value").collect();
        assert!(!masked.is_empty() && masked.iter().all(|entry| entry["needs"] == "FIN_READ"), "{access:#}");
        // Of a project that somebody else manages a manager reads neither: nothing of it is in her figure.
        let others = "{ projects(first: 100, filter: { not: { projectManager: { key: { eq: \"marc.dubois\" } } } }) { nodes { key kpis(keys: [\"PLANNED_WHOLE\"]) { value } } } }";
        let others = lead.query(others).await.data()["projects"]["nodes"].clone();
        let other = others.as_array().expect("projects").iter().find(|project| project["kpis"][0]["value"].is_string()).expect("a plan")["key"].clone();
        let other = other.as_str().expect("a key");
        let manager = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        for key in ["PLANNED_WHOLE", "RETURN", "COSTS"] {
            let told = kpi(&manager, other, key, "").await;
            let due = (json!(null), json!("NO_ITEMS"), json!("CALLER_ROWS"), json!(1));
            let reason = (told["value"].clone(), told["nullReason"].clone(), told["basis"].clone(), told["coverage"]["excludedNoAccess"].clone());
            assert_eq!(reason, due, "{key}");
        }
    }

    async fn only_the_office_sets_up_kpis(world: &World) {
        begin(world).await;
        for role in [Role::ProjectManager, Role::Sponsor, Role::Finance, Role::Auditor, Role::Analyst, Role::Admin] {
            let client = world.client_as("reader", &[role]).await;
            let told = change(&client, "kpiDefinitionCreate", formula("OURS", "AC / BUDGET")).await;
            assert_eq!(faults(&told), ["FORBIDDEN input"], "{role:?}");
            assert_eq!(param(&told, "needs").as_deref(), Some("KPI_SET_UP"));
        }
    }

    async fn what_formulas_may_use_can_be_asked(world: &World) {
        let (_, lead) = begin(world).await;
        let told = lead.query("{ kpiMeasures { key description unit class absence absenceMeasure } }").await.data();
        let all = told["kpiMeasures"].as_array().expect("measures").clone();
        assert!(all.len() > 15, "{}", all.len());
        let of = |key: &str| all.iter().find(|measure| measure["key"] == key).cloned().unwrap_or_else(|| panic!("no {key}"));
        assert_eq!((&of("AC")["unit"], &of("AC")["class"], &of("AC")["absence"]), (&json!("MONEY"), &json!("FIN"), &json!("ZERO")));
        assert_eq!((&of("RAG_RED")["absence"], &of("RAG_RED")["absenceMeasure"]), (&json!("WITH_OTHER"), &json!("RAG_RATED")));
        for measure in &all {
            let key = measure["key"].as_str().expect("a key").to_owned();
            let told = change(&lead, "kpiDefinitionCreate", json!({ "key": format!("M{key}"), "name": key, "description": "Ours.", "kind": "FORMULA", "formula": key, "unit": "NUMBER", "direction": "NONE" })).await;
            assert_eq!(faults(&told), Vec::<String>::new(), "{key}");
        }
    }
}

/// The formula versions with which values of a KPI are stored.
async fn stored_versions(db: &sea_orm::DatabaseConnection, key: &str) -> Vec<i32> {
    use entity::{kpi_definition, kpi_value};
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
    let kpi = kpi_definition::Entity::find().filter(kpi_definition::Column::Key.eq(key)).one(db).await;
    let id = kpi.expect("kpis").expect("a kpi").id;
    let values = kpi_value::Entity::find().filter(kpi_value::Column::KpiId.eq(id)).all(db).await.expect("values");
    values.iter().map(|value| value.formula_version).collect()
}
