//! The example with a generated client: the generator takes the schema with strict scalars, the compiler holds the program to
//! its types, and the program shows what the real server answers to each role.

use std::{env, fs, path::PathBuf, sync::OnceLock, time::Duration};

use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    node,
    process::{Process, Shell},
    settings,
    writes::{begin, item_id},
};

const GENERATOR: &str = "@graphql-codegen/cli/cjs/bin.js";

tests! {
    async fn a_scalar_without_a_type_stops_the_generator() {
        let folder = generated();
        let config = fs::read_to_string(folder.join("codegen.ts")).expect("the configuration");
        fs::write(folder.join("codegen_without.ts"), config.replacen("LocalDate: \"string\",", "", 1).replacen("\"gql/\"", "\"gql_without/\"", 1)).expect("written");
        let said = node::tool(&folder, GENERATOR, &["--config", "codegen_without.ts"], &[]).expect_err("a scalar is missing");
        assert!(said.contains("LocalDate"), "{said}");
    }

    async fn the_scalars_of_the_example_are_those_of_the_guide(world: &World) {
        let page = world.client().await.get("/docs").await.text().replace("&quot;", "\"");
        let config = fs::read_to_string(settings::workspace().join("examples/dashboard/codegen.ts")).expect("the configuration");
        let (_, map) = page.split_once("const scalars = {\n").expect("the map");
        let told: Vec<&str> = map.lines().take_while(|line| *line != "};").map(str::trim).collect();
        let (_, own) = config.split_once("scalars: {\n").expect("its map");
        let own: Vec<&str> = own.lines().map(str::trim).take_while(|line| *line != "},").collect();
        assert!(own.len() > 8, "{own:?}");
        assert_eq!(told, own);
    }

    async fn the_compiler_holds_the_program_to_the_generated_types() {
        let folder = generated();
        let text = fs::read_to_string(folder.join("dashboard.ts")).expect("the program");
        // A budget may be null, an amount is text, and a field that was not asked for is not there.
        let faults = [
            ("if (budget) return", "return", "TS18049"),
            ("const { id, key,", "const { createdAt, id, key,", "TS2339"),
            ("ids.push(id);", "ids.push(id, project.budget?.amount.toFixed(2) ?? \"\");", "TS2551"),
            ("first: 20, after, filter", "first: \"20\", after, filter", "TS2322"),
        ];
        let wrong = faults.iter().fold(text, |text, (right, wrong, _)| {
            assert!(text.contains(right), "{right}");
            text.replacen(right, wrong, 1)
        });
        fs::write(folder.join("wrong.ts"), wrong).expect("written");
        let found = node::compile_in(&folder, &["wrong.ts"]).expect_err("four faults");
        for (_, wrong, said) in faults {
            assert!(found.contains(said), "{wrong}: {found}");
        }
    }

    async fn the_dashboard_shows_what_each_role_may_read(world: &World) {
        let (db, _) = begin(world).await;
        let server = Process::serve_underived(world).await;
        let all = show(&server, &Process::token("anna.keller", Role::PmoLead), &[]);
        assert!(all.len() > 20, "more than a page: {}", all.len());
        let of = |lines: &[Value], key: &str| lines.iter().find(|line| line["key"] == key).cloned().unwrap_or_else(|| panic!("no {key}"));
        let known = of(&all, "PR-020");
        assert!(known["budget"].as_str().is_some_and(|text| text.ends_with(" CHF")), "{known}");
        assert!(all.iter().all(|line| line["budget"] != "hidden"));
        let rag: Value = world.reader().await.query("{ project(by: {key: \"PR-020\"}) { rag } }").await.data()["project"]["rag"].take();
        assert_eq!(known["rag"], rag);
        assert!(item_id(&db, "PR-020").await.starts_with("prj_"));

        // Who may not read money is told so, line by line, and sees the same projects.
        let masked = show(&server, &Process::token("nobody", Role::ProjectManager), &[]);
        assert_eq!(masked.len(), all.len());
        assert_eq!(of(&masked, "PR-020")["budget"], "hidden");

        let some = show(&server, &Process::token("anna.keller", Role::PmoLead), &["--portfolio", "PF-IT"]);
        assert!(!some.is_empty() && some.len() < all.len());
        server.stop();
    }

    async fn the_dashboard_follows_figures(world: &World) {
        let (db, _) = begin(world).await;
        let item = item_id(&db, "PR-020").await;
        let server = Process::serve(world).await;
        let mut dashboard = start(&server, &Process::token("anna.keller", Role::PmoLead), &["--follow"]);
        dashboard.stdout.until("\"PR-020\"");
        // It follows once it has shown everything: money is spent until it hears of it. Other figures may move meanwhile.
        let finance = Process::token("stefan.brunner", Role::Finance);
        let document = "mutation($input: ActualCreateInput!) { actualCreate(input: $input) { userErrors { code path } } }";
        let mut heard = None;
        for amount in 1..60 {
            let spent = json!({
                "itemId": item, "occurredOn": "2026-02-10", "calendarKey": "MERIDIAN", "categoryKey": "HARDWARE",
                "source": "NON_LABOR", "amount": { "amount": (amount * 1000).to_string(), "currency": "CHF" },
            });
            let told = server.post(&finance, &json!({ "query": document, "variables": { "input": spent } }).to_string()).json();
            assert_eq!(told["data"]["actualCreate"]["userErrors"], json!([]), "{told}");
            if let Some(line) = dashboard.stdout.within(Duration::from_secs(2), "\"PR-020\",\"figure\":\"EV_CPI\"") {
                heard = Some(line);
                break;
            }
        }
        let line: Value = serde_json::from_str(&heard.expect("a figure")).expect("a JSON line");
        assert_eq!((&line["key"], line["value"].is_string()), (&json!("PR-020"), true), "{line}");
        dashboard.kill();
        server.stop();
    }
}

/// The example with its generated client, compiled; once a run.
fn generated() -> PathBuf {
    static GENERATED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let make = || {
        let folder = node::example("dashboard");
        // What an earlier run generated must not be taken for this one's.
        let _ = fs::remove_dir_all(folder.join("gql"));
        node::tool(&folder, GENERATOR, &["--config", "codegen.ts"], &[])?;
        node::compile_in(&folder, &["codegen.ts", "dashboard.ts"])?;
        Ok(folder)
    };
    GENERATED.get_or_init(make).clone().unwrap_or_else(|said| panic!("{said}"))
}

fn start(server: &Process, token: &str, more: &[&str]) -> Process {
    let script = generated().join("dashboard.js");
    let path = env::var("PATH").unwrap_or_default();
    let shell = Shell::new().with("PATH", &path).with("FOLIOGRAPH_TOKEN", token);
    let url = format!("http://{}", server.address());
    shell.start_program("node", &[&[script.to_str().expect("a path of text"), "--url", &url], more].concat())
}

/// The lines of one run.
fn show(server: &Process, token: &str, more: &[&str]) -> Vec<Value> {
    let finished = start(server, token, more).finish();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}
