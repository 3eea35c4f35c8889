//! Who may do what: the life of an item step by step, who writes which field, and the archive. The tables are written here by
//! hand from the published rules, never taken from the code.

use entity::portfolio_item::{self, Column as C};
use foliograph::{app::model, auth::Role, graph::encode_id};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};

use crate::support::{
    client::Client,
    dump::dump,
    writes::{audit, begin, change, faults, item, item_id, param, person, person_id, sql, stranger},
};

const STATES: [&str; 7] = ["PROPOSED", "APPROVED", "ACTIVE", "ON_HOLD", "CLOSING", "CLOSED", "CANCELLED"];

/// A step from one state to another, and who takes it: `L` any lead, `M` the project's manager, `S` its sponsor.
const STEPS: [(&str, &str, &str); 12] = [
    ("PROPOSED", "APPROVED", "LS"),
    ("APPROVED", "ACTIVE", "LM"),
    ("ACTIVE", "ON_HOLD", "LM"),
    ("ON_HOLD", "ACTIVE", "LM"),
    ("ACTIVE", "CLOSING", "LM"),
    ("CLOSING", "CLOSED", "LS"),
    ("PROPOSED", "CANCELLED", "LS"),
    ("APPROVED", "CANCELLED", "LS"),
    ("ACTIVE", "CANCELLED", "LS"),
    ("ON_HOLD", "CANCELLED", "LS"),
    ("CLOSING", "CANCELLED", "LS"),
    ("NEVER", "PROPOSED", ""),
];

/// Who writes a field of an item: `L` any lead, `M` the project's manager as well; `-` nobody once it is there.
const WRITERS: &[(&str, &str)] = &[
    ("key", "L"),
    ("name", "LM"),
    ("description", "LM"),
    ("category", "L"),
    ("priority", "L"),
    ("confidentiality", "-"),
    ("baseCurrency", "-"),
    ("plannedStartOn", "L"),
    ("plannedFinishOn", "L"),
    ("forecastStartOn", "LM"),
    ("forecastFinishOn", "LM"),
    ("actualStartOn", "LM"),
    ("actualFinishOn", "LM"),
    ("parent", "L"),
    ("orgUnit", "L"),
    ("owner", "L"),
    ("sponsor", "L"),
    ("fxRateSet", "L"),
];
const WRITERS_OF_PROJECTS: &[(&str, &str)] =
    &[("projectType", "L"), ("methodology", "LM"), ("phase", "LM"), ("projectManager", "L")];
const WRITERS_OF_LINKS: &[(&str, &str)] =
    &[("system", "LM"), ("externalId", "LM"), ("url", "LM"), ("direction", "LM"), ("target", "-")];

tests! {
    async fn every_step_is_taken_by_whom_the_rules_name(world: &World) {
        let (db, lead) = begin(world).await;
        // PR-014: run by George, sponsored by Ingrid; made by Fatima, who is a lead and a stranger to it otherwise.
        let fatima = person(&db, "fatima.rahman").await.id;
        let row = item(&db, "PR-014").await.id;
        // Nobody is confirmed for it, and all time on it is posted, so that it can be closed.
        sql(&db, "UPDATE allocation SET state = 'SOFT'").await;
        sql(&db, "UPDATE time_entry SET state = 'POSTED'").await;
        let clients: Vec<(&str, char, Client)> = vec![
            ("a lead", 'L', lead),
            ("the lead who made it", 'L', world.client_as("fatima.rahman", &[Role::PmoLead]).await),
            ("the lead who runs it", 'L', world.client_as("george.mensah", &[Role::PmoLead]).await),
            ("its manager", 'M', world.client_as("george.mensah", &[Role::ProjectManager]).await),
            ("another manager", '-', world.client_as("lena.schmid", &[Role::ProjectManager]).await),
            ("its sponsor", 'S', world.client_as("ingrid.solberg", &[Role::Sponsor]).await),
            ("another sponsor", '-', world.client_as("martin.hofer", &[Role::Sponsor]).await),
            ("finance", '-', stranger(world, Role::Finance).await),
            ("an auditor", '-', stranger(world, Role::Auditor).await),
            ("an analyst", '-', stranger(world, Role::Analyst).await),
            ("a resource manager", '-', stranger(world, Role::ResourceManager).await),
            ("an administrator", '-', stranger(world, Role::Admin).await),
            ("a script", '-', stranger(world, Role::Integration).await),
        ];
        let mut taken = 0;
        for from in STATES {
            for to in STATES {
                let who = STEPS.iter().find(|(f, t, _)| (*f, *t) == (from, to)).map(|(_, _, who)| *who);
                for (name, part, client) in &clients {
                    let set = portfolio_item::Entity::update_many().col_expr(C::State, Expr::value(from)).col_expr(C::Version, Expr::value(1)).col_expr(C::CreatedById, Expr::value(fatima));
                    set.filter(C::Id.eq(row)).exec(&db).await.expect("a state");
                    let input = json!({ "id": encode_id("prj", row), "ifVersion": "1", "to": to });
                    let told = change(client, "projectStateAdvance", input).await;
                    let barred = (from, to) == ("PROPOSED", "APPROVED") && name.starts_with("the lead who");
                    let may = who.is_some_and(|who| who.contains(*part)) && !barred;
                    let after = item(&db, "PR-014").await;
                    let place = format!("{name}: {from} to {to}: {told}");
                    if may {
                        taken += 1;
                        assert_eq!((faults(&told), after.state.as_str(), after.version), (vec![], to, 2), "{place}");
                        continue;
                    }
                    assert_eq!((after.state.as_str(), after.version), (from, 1), "{place}");
                    let fault = faults(&told);
                    assert_eq!(fault.len(), 1, "{place}");
                    let unseen = fault[0] == "NOT_FOUND input.id";
                    if who.is_none() {
                        assert!(unseen || fault[0] == "ILLEGAL_STATE input.to", "{place}");
                    } else {
                        assert!(unseen || fault[0] == "FORBIDDEN input.to", "{place}");
                    }
                    let sees = matches!(*part, 'L' | 'M' | 'S') || matches!(*name, "another manager" | "finance" | "an auditor");
                    assert!(!(sees && unseen), "{place}");
                    assert_eq!(param(&told, "conflictOfDuty").is_some(), barred, "{place}");
                }
            }
        }
        assert_eq!(taken, 3 * 11 - 2 + 4 + 7, "leads all steps but two approvals, the manager four, the sponsor seven");
        assert_eq!(audit(&db).await.len(), taken);
    }

    async fn who_runs_a_project_or_made_it_never_approves_it(world: &World) {
        let (db, lead) = begin(world).await;
        let made = json!({ "key": "N-1", "name": "New", "baseCurrency": "EUR", "sponsorKey": "anna.keller" });
        assert_eq!(faults(&change(&lead, "projectCreate", made).await), Vec::<String>::new());
        let approve = |client: Client, version: &'static str| async move {
            change(&client, "projectStateAdvance", json!({ "ref": { "key": "N-1" }, "ifVersion": version, "to": "APPROVED" })).await
        };
        let told = approve(lead.clone(), "1").await;
        assert_eq!((faults(&told), param(&told, "conflictOfDuty").as_deref()), (vec!["FORBIDDEN input.to".to_owned()], Some("CREATOR")));
        change(&lead, "projectUpdate", json!({ "ref": { "key": "N-1" }, "ifVersion": "1", "patch": { "projectManagerKey": "daniel.osei", "sponsorKey": "daniel.osei" } })).await;
        let both = world.client_as("daniel.osei", &[Role::PmoLead, Role::Sponsor, Role::ProjectManager]).await;
        let told = approve(both, "2").await;
        assert_eq!((faults(&told), param(&told, "conflictOfDuty").as_deref()), (vec!["FORBIDDEN input.to".to_owned()], Some("PROJECT_MANAGER")));
        assert_eq!(faults(&approve(world.client_as("jonas.weber", &[Role::PmoLead]).await, "2").await), Vec::<String>::new());
        assert_eq!(item(&db, "N-1").await.state, "APPROVED");
    }

    async fn every_field_is_written_by_whom_the_rules_name(world: &World) {
        let (db, lead) = begin(world).await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        let mut others = vec![
            world.client_as("lena.schmid", &[Role::ProjectManager]).await,
            world.client_as("ingrid.solberg", &[Role::Sponsor]).await,
        ];
        for role in [Role::Finance, Role::Auditor, Role::Analyst, Role::ResourceManager, Role::Admin, Role::Integration] {
            others.push(stranger(world, role).await);
        }
        for (entity, key, table) in [
            ("Portfolio", "PF-PRODUCTS", WRITERS.to_vec()),
            ("Program", "PG-CONNECT", WRITERS.to_vec()),
            ("ExternalLink", "GATEWAY", WRITERS_OF_LINKS.to_vec()),
            ("Project", "PR-014", [WRITERS, WRITERS_OF_PROJECTS].concat()),
        ] {
            let declared = model().entity(entity);
            let mut written: Vec<&str> = declared.fields.iter().filter(|f| f.pen.is_some()).map(|f| f.name).collect();
            let mut named: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
            written.sort_unstable();
            named.sort_unstable();
            assert_eq!(written, named, "the fields of {entity} that somebody writes");
            let mutation = format!("{}{}Update", entity[..1].to_lowercase(), &entity[1..]);
            let id = if entity == "ExternalLink" {
                let link = lead.query("{ externalLinks(filter: {externalId: {eq: \"GATEWAY\"}}) { nodes { id } } }").await;
                link.at("/data/externalLinks/nodes/0/id")
            } else {
                item_id(&db, key).await.into()
            };
            for (field, who) in table {
                let (member, values) = values_of(&db, field).await;
                let input = |n: usize| json!({ "id": id, "ifVersion": "*", "patch": { member.as_str(): values[n] } });
                let before = audit(&db).await.len();
                for client in &others {
                    let told = faults(&change(client, &mutation, input(0)).await);
                    let refused = told.len() == 1 && (told[0] == "FORBIDDEN input" || told[0].starts_with("NOT_FOUND input."));
                    assert!(refused || told.contains(&format!("FORBIDDEN input.patch.{member}")), "{entity}.{field}: {told:?}");
                }
                let is_hers = matches!(entity, "Project" | "ExternalLink") && who.contains('M');
                if !is_hers {
                    let told = change(&manager, &mutation, input(0)).await;
                    assert!(faults(&told).iter().any(|f| f == &format!("FORBIDDEN input.patch.{member}") || f.starts_with("IMMUTABLE")), "{entity}.{field}: {told}");
                }
                assert_eq!(audit(&db).await.len(), before, "{entity}.{field}");
                for (n, client, may) in [(0, &manager, is_hers), (1, &lead, who.contains('L'))] {
                    if !may {
                        continue;
                    }
                    let count = audit(&db).await.len();
                    assert_eq!(faults(&change(client, &mutation, input(n)).await), Vec::<String>::new(), "{entity}.{field}");
                    assert!(audit(&db).await.len() > count, "{entity}.{field} was written");
                }
                if who == "-" {
                    let told = faults(&change(&lead, &mutation, input(0)).await);
                    assert_eq!(told, [format!("IMMUTABLE input.patch.{member}")], "{entity}.{field}");
                }
            }
        }
    }

    async fn only_what_is_over_is_archived_and_then_it_is_still(world: &World) {
        let (db, lead) = begin(world).await;
        let on = |mutation: &'static str, key: &'static str| change(&lead, mutation, json!({ "ref": { "key": key }, "ifVersion": "*" }));
        for (key, state) in [("PR-001", "ACTIVE"), ("PR-005", "CLOSING"), ("PR-004", "PROPOSED"), ("PR-008", "ON_HOLD"), ("PR-003", "APPROVED")] {
            let told = on("projectArchive", key).await;
            assert_eq!((faults(&told), param(&told, "state").as_deref()), (vec!["ILLEGAL_STATE input".to_owned()], Some(state)), "{key}");
        }
        for key in ["PR-007", "PR-019"] {
            assert_eq!(faults(&on("projectArchive", key).await), Vec::<String>::new(), "{key}");
            assert!(item(&db, key).await.archived_at.is_some());
        }
        let entry = audit(&db).await.pop().expect("an entry");
        assert_eq!((entry.action.as_str(), entry.mutation.as_str()), ("ARCHIVED", "projectArchive"));
        let before = dump(&world.database().await).await;
        let named = json!({ "ref": { "key": "PR-007" }, "ifVersion": "*" });
        for (mutation, more) in [
            ("projectUpdate", json!({ "patch": { "name": "Other" } })),
            ("projectArchive", json!({})),
            ("projectStateAdvance", json!({ "to": "ACTIVE" })),
            ("projectConfidentialitySet", json!({ "confidentiality": "CONFIDENTIAL" })),
        ] {
            let mut input = named.clone();
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            assert_eq!(faults(&change(&lead, mutation, input).await), ["IMMUTABLE input.ref.key"], "{mutation}");
        }
        assert_eq!(dump(&world.database().await).await, before);
        let manager = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        for mutation in ["projectArchive", "projectUnarchive"] {
            let told = change(&manager, mutation, json!({ "ref": { "key": if mutation == "projectArchive" { "PR-002" } else { "PR-007" } }, "ifVersion": "*" })).await;
            assert!(faults(&told).contains(&"FORBIDDEN input".to_owned()), "{told}");
        }
        let read = lead.query("{ project(by: {key: \"PR-007\"}) { key state } }").await;
        assert_eq!(read.at("/data/project/state"), "CLOSED");
        assert_eq!(faults(&on("projectUnarchive", "PR-007").await), Vec::<String>::new());
        assert_eq!(item(&db, "PR-007").await.archived_at, None);
        assert_eq!(audit(&db).await.pop().expect("an entry").action, "UNARCHIVED");
        assert_eq!(faults(&change(&lead, "projectUpdate", json!({ "ref": { "key": "PR-007" }, "ifVersion": "3", "patch": { "name": "Other" } })).await), Vec::<String>::new());
    }

    async fn an_archive_is_filled_from_below_and_emptied_from_above(world: &World) {
        let (db, lead) = begin(world).await;
        sql(&db, "UPDATE portfolio_item SET state = 'CLOSED' WHERE key = 'PG-ERP' OR parent_id IN (SELECT id FROM portfolio_item WHERE key = 'PG-ERP')").await;
        let on = |mutation: &'static str, key: String| {
            let lead = &lead;
            async move { change(lead, mutation, json!({ "ref": { "key": key }, "ifVersion": "*" })).await }
        };
        let told = on("programArchive", "PG-ERP".into()).await;
        assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec!["INVARIANT input".to_owned()], Some("ARCHIVED_FROM_BELOW")));
        for n in 1..=8 {
            assert_eq!(faults(&on("projectArchive", format!("PR-00{n}")).await), Vec::<String>::new(), "PR-00{n}");
        }
        assert_eq!(faults(&on("programArchive", "PG-ERP".into()).await), Vec::<String>::new());
        assert_eq!(faults(&on("projectUnarchive", "PR-001".into()).await), ["INVARIANT input"]);
        for (mutation, input, fault) in [
            ("projectCreate", json!({ "key": "N-1", "name": "New", "baseCurrency": "EUR", "parentKey": "PG-ERP" }), "ILLEGAL_STATE input.parentKey"),
            ("projectUpdate", json!({ "ref": { "key": "PR-052" }, "ifVersion": "*", "patch": { "parentKey": "PG-ERP" } }), "ILLEGAL_STATE input.patch.parentKey"),
        ] {
            assert_eq!(faults(&change(&lead, mutation, input).await), [fault]);
        }
        assert_eq!(faults(&on("programUnarchive", "PG-ERP".into()).await), Vec::<String>::new());
        assert_eq!(faults(&on("projectUnarchive", "PR-001".into()).await), Vec::<String>::new());
    }

    async fn who_may_not_create_creates_nothing(world: &World) {
        let (_, _) = begin(world).await;
        let before = dump(&world.database().await).await;
        let mut clients = vec![world.client_as("marc.dubois", &[Role::ProjectManager]).await, world.client_as("helen.ashworth", &[Role::Sponsor]).await];
        for role in [Role::Finance, Role::Auditor, Role::Analyst, Role::ResourceManager, Role::Admin, Role::Integration] {
            clients.push(world.client_as("nobody.at.all", &[role]).await);
        }
        for client in &clients {
            for parent in [Value::Null, json!("PG-ERP")] {
                let input = json!({ "key": "N-1", "name": "New", "baseCurrency": "EUR", "parentKey": parent });
                let told = change(client, "projectCreate", input).await;
                assert!(faults(&told).iter().any(|f| f.starts_with("FORBIDDEN input")), "{told}");
            }
        }
        assert_eq!(dump(&world.database().await).await, before);
    }
}

/// A member of a patch, and two values that are neither each other nor what the demonstration has.
async fn values_of(db: &DatabaseConnection, field: &str) -> (String, [Value; 2]) {
    let values = match field {
        "parent" => return ("parentKey".into(), [json!("PF-OPERATIONS"), json!("PF-OPERATIONS")]),
        "orgUnit" => return ("orgUnitKey".into(), [json!("HR"), json!("PMO")]),
        "fxRateSet" => return ("fxRateSetKey".into(), [json!("MERIDIAN-BUDGET"), json!("ECB-DOLLAR")]),
        "owner" | "sponsor" | "projectManager" => {
            let people = [person_id(db, "paul.meier").await.into(), person_id(db, "nina.petrova").await.into()];
            return (format!("{field}Id"), people);
        }
        "target" => {
            let target: Value = encode_id("prj", item(db, "PR-015").await.id).into();
            return ("targetId".into(), [target.clone(), target]);
        }
        "category" => [json!("RUN"), json!("TRANSFORM")],
        "priority" => [json!(5), json!(4)],
        "confidentiality" => [json!("CONFIDENTIAL"), json!("CONFIDENTIAL")],
        "baseCurrency" => [json!("JPY"), json!("SEK")],
        "methodology" => [json!("WATERFALL"), json!("HYBRID")],
        "direction" => [json!("OUT"), json!("IN")],
        "url" => [json!("https://jira.example/1"), json!("https://jira.example/2")],
        "key" | "system" | "externalId" | "name" | "description" | "projectType" | "phase" => {
            [json!("Other"), json!("Another")]
        }
        date if date.ends_with("StartOn") => [json!("2000-01-01"), json!("2000-01-02")],
        date if date.ends_with("FinishOn") => [json!("2090-01-01"), json!("2090-01-02")],
        other => panic!("no value for {other}"),
    };
    (field.to_owned(), values)
}
