//! The binary as its users run it: a folder, a clean environment, a command line, and HTTP over TCP.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
};

use serde_json::{Value, json};

use crate::support::{
    World, folder,
    process::{Answer, Process, Shell, files_in},
    real_data, settings,
    world::Kind,
};

const FIRST: &str = r#"{"query":"{ viewer { roles person { key } } projects { totalCount } }"}"#;

tests! {
    async fn schema_prints_the_sdl_and_touches_nothing() {
        let shell = Shell::new();
        let printed = shell.run(&["schema"]);
        assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
        assert_eq!(printed.stdout, foliograph::graph::sdl(foliograph::app::model()));
        assert_eq!(files_in(&shell.folder), Vec::<String>::new());
    }

    async fn a_token_opens_the_served_api(world: &World) {
        let shell = Shell::new().with("DATABASE_URL", world.url().await);
        let shell = shell.with("FOLIOGRAPH_KEY_FILE", "local.key");
        let token = shell.run(&["token", "--role", "pmo_lead", "--user", "anna.keller", "--ttl", "30m"]);
        assert_eq!((token.code, token.stdout.lines().count()), (Some(0), 1), "{token:?}");
        assert_eq!(files_in(&shell.folder), ["local.key"]);

        let server = shell.serve(&["serve"]);
        let answer = server.post(token.stdout.trim(), FIRST);
        assert_eq!(answer.status, 200, "{answer:?}");
        let data = &answer.json()["data"];
        assert_eq!(data["viewer"], json!({ "roles": ["PMO_LEAD"], "person": { "key": "anna.keller" } }));
        assert!(data["projects"]["totalCount"].as_i64() > Some(10), "{data}");
        let refused = server.post("no-token", FIRST);
        assert!(refused.status == 401 && refused.head.contains("\r\nwww-authenticate: Bearer "), "{refused:?}");
        assert_eq!((server.get("/healthz").status, server.get("/readyz").status), (200, 200));
        assert!(server.get("/").body.contains("Foliograph explorer"));
        let port = server.address().to_string();
        let health = shell.run(&["health", "--listen", &port]);
        assert_eq!(health.code, Some(0), "{health:?}");
        server.stop();
        assert_eq!(shell.run(&["health", "--listen", &port]).code, Some(1));
    }

    async fn a_token_without_a_user_is_named_for_its_role() {
        let shell = Shell::new();
        let token = shell.run(&["token", "--role", "RESOURCE_MANAGER", "--role", "FINANCE"]);
        let claims = claims(token.stdout.trim());
        assert_eq!((&claims["sub"], &claims["roles"]), (&json!("resource-manager"), &json!(["RESOURCE_MANAGER", "FINANCE"])));
        assert_eq!(claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(end, start)| end - start), Some(8 * 3_600));
        for (arguments, named) in [
            (&["token"][..], "--role"),
            (&["token", "--role", "BOSS"][..], "PMO_LEAD"),
            (&["token", "--role", "ADMIN", "--ttl", "8"][..], "30m, 8h or 7d"),
        ] {
            let refused = shell.run(arguments);
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{arguments:?}");
            assert!(refused.stderr.contains(named), "{arguments:?}: {}", refused.stderr);
        }
    }

    async fn migrate_leads_up_and_down_and_says_where_it_stands(world: &World) {
        let shell = Shell::new().with("DATABASE_URL", &world.empty_url().await).with("FOLIOGRAPH_KEY_FILE", "local.key");
        let status = |word: &str| {
            let status = shell.run(&["migrate", "status"]);
            assert_eq!(status.code, Some(0), "{status:?}");
            status.stdout.lines().filter(|line| line.starts_with(word)).count()
        };
        let steps = status("missing");
        assert!(steps >= 5 && status("done") == 0);
        let refused = shell.run(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert_eq!(one_error_line(&refused.stderr), format!("error: The database lacks {steps} migration steps. Run 'foliograph migrate up', or start with --migrate."));

        assert_eq!(shell.run(&["migrate", "up"]).code, Some(0));
        assert_eq!((status("done"), status("missing")), (steps, 0));
        assert_eq!(shell.run(&["migrate", "up"]).code, Some(0), "a second time there is nothing to do");
        assert_eq!(shell.run(&["migrate", "down"]).code, Some(0));
        assert_eq!((status("done"), status("missing")), (steps - 1, 1));
        assert_eq!(shell.run(&["migrate", "down", "--steps", "100"]).code, Some(0));
        assert_eq!((status("done"), status("missing")), (0, steps));
        shell.serve(&["serve", "--migrate"]).stop();
        assert_eq!(status("missing"), 0);
    }

    async fn import_brings_in_files_and_a_dry_run_does_not(world: &World) {
        let file = real_data::path("gov-uk-gmpp/gmpp_2019.csv");
        let file = file.to_str().expect("a path of text");
        let shell = Shell::new().with("DATABASE_URL", &world.empty_url().await).with("FOLIOGRAPH_KEY_FILE", "local.key");
        assert_eq!(shell.run(&["migrate", "up"]).code, Some(0));
        let total = || {
            let token = shell.run(&["token", "--role", "PMO_LEAD"]).stdout;
            let server = shell.serve(&["serve"]);
            let total = server.post(token.trim(), FIRST).json()["data"]["projects"]["totalCount"].clone();
            server.stop();
            total
        };

        let dry = shell.run(&["import", "--format", "uk-gmpp", "--dry-run", file]);
        assert_eq!(dry.code, Some(0), "{dry:?}");
        assert_eq!(dry.stdout.lines().last(), Some("133 read, 133 created, 0 updated, 0 unchanged, 0 skipped (dry run: nothing was written)"));
        assert_eq!(total(), 0);

        let done = shell.run(&["import", "--format", "uk-gmpp", file]);
        assert_eq!(done.code, Some(0), "{done:?}");
        assert_eq!(done.stdout.lines().last(), Some("133 read, 133 created, 0 updated, 0 unchanged, 0 skipped"));
        assert_eq!(total(), 133);
        let again = shell.run(&["import", "--format", "uk-gmpp", file]);
        assert_eq!(again.stdout.lines().last(), Some("133 read, 0 created, 0 updated, 133 unchanged, 0 skipped"));

        for (arguments, named) in [
            (["import", "--format", "excel", file], "unknown format `excel`; allowed: uk-gmpp"),
            (["import", "--format", "uk-gmpp", "nowhere.csv"], "nowhere.csv: cannot be read"),
            (["import", "--format", "uk-gmpp", "local.key"], "local.key"),
        ] {
            let refused = shell.run(&arguments);
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{arguments:?}: {refused:?}");
            assert!(one_error_line(&refused.stderr).contains(named), "{arguments:?}: {}", refused.stderr);
        }
        assert_eq!(shell.run(&["import", file]).code, Some(2), "no format");
        assert_eq!(total(), 133);
    }

    async fn import_takes_a_mapping_and_writes_its_report(world: &World) {
        let shell = Shell::new().with("DATABASE_URL", &world.empty_url().await).with("FOLIOGRAPH_KEY_FILE", "local.key");
        assert_eq!(shell.run(&["migrate", "up"]).code, Some(0));
        let folder = tempfile::tempdir_in(folder::folder()).expect("a folder").keep();
        let file = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).expect("written");
            folder.join(name).to_str().expect("a path of text").to_owned()
        };
        let column = |name: &str, to: &str| format!("[[columns]]\nnames = [\"{name}\"]\nto = \"{to}\"\n");
        let columns = [column("Name", "project.name"), column("Cost", "budget.amount")].concat();
        let mapping = file("own.toml", &format!("system = \"own\"\n[money]\ncurrency = \"EUR\"\n{columns}"));
        let sheet = file("own.csv", "Name,Cost,Color\nHarbour,\"1,000.50\",blue\n\n , , \n");
        let report = folder.join("report.json");
        let arguments = ["import", "--mapping", &mapping, "--report", report.to_str().expect("a path of text"), &sheet];

        let undated = shell.run(&arguments);
        assert_eq!((undated.code, undated.stdout.as_str()), (Some(2), ""));
        assert!(one_error_line(&undated.stderr).contains("row 2: of which day the figures are is not known"), "{}", undated.stderr);
        let done = shell.run(&[&arguments[..], &["--as-of", "2025-12-31"]].concat());
        assert_eq!(done.code, Some(0), "{done:?}");
        let told: Vec<&str> = done.stdout.lines().map(|line| line.rsplit("own.csv, ").next().unwrap_or_default()).collect();
        assert_eq!(told, [
            "row 1: doubtful: column \"Color\" is not in the mapping and is left out",
            "row 4: skipped: the row is blank",
            "2 read, 1 created, 0 updated, 0 unchanged, 1 skipped",
        ]);
        let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("JSON");
        assert_eq!((&written["createdCount"], &written["rows"][1]["kind"]), (&serde_json::json!(1), &serde_json::json!("SKIPPED")));

        let wrong = file("wrong.toml", "system = \"own\"\n[money]\ncurrency = \"EUR\"\n[[columns]]\nnames = [\"Name\"]\nto = \"title\"\n");
        let refused = shell.run(&["import", "--mapping", &wrong, &sheet]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
        assert!(one_error_line(&refused.stderr).contains("mapping: columns[1].to: \"title\" is nothing that a column can become"), "{}", refused.stderr);
        assert!(one_error_line(&shell.run(&["import", "--format", "csv", &sheet]).stderr).contains("needs --mapping"));
    }

    async fn the_demo_prints_what_works_and_keeps_its_data(world: &World) {
        let shell = demo_shell(world).await;
        let (demo, tokens, query) = start_demo(&shell, &["demo", "--as-of", "2026-11"]);
        assert_eq!(tokens.len(), 3, "{}", demo.stdout.text);
        let printed = demo.stdout.text.clone();
        for title in ["PMO lead:", "Project manager:", "Sponsor:"] {
            assert!(printed.contains(title), "{title} in {printed}");
        }
        assert!(printed.contains(&format!("http://{}/\n", demo.address())), "{printed}");
        assert!(printed.contains(&format!("http://{}/graphql\n", demo.address())), "{printed}");
        assert!(demo.get("/").body.contains("<title>Foliograph explorer</title>"));
        let loaded = printed.lines().find(|line| line.starts_with("Loaded ")).expect("what was loaded");
        assert!(loaded.contains("6 programs, 60 projects, 137 people"), "{loaded}");
        for query in readme_stories() {
            let body = demo.post(&tokens[0], &json!({ "query": query }).to_string()).json();
            assert_eq!(body.get("errors"), None, "{query}: {body}");
            let told = ["project", "program"].iter().find_map(|kind| body["data"].get(kind)).expect("an item");
            assert!(told["statusReports"]["nodes"].as_array().is_some_and(|nodes| nodes.len() >= 9), "{body}");
        }
        let people: Vec<Value> = tokens.iter().map(|token| demo.post(token, FIRST).json()["data"]["viewer"].clone()).collect();
        assert_eq!(people, [
            json!({ "roles": ["PMO_LEAD"], "person": { "key": "anna.keller" } }),
            json!({ "roles": ["PROJECT_MANAGER"], "person": { "key": "marc.dubois" } }),
            json!({ "roles": ["SPONSOR"], "person": { "key": "helen.ashworth" } }),
        ]);
        let seen = |demo: &Process, query: &str| -> Vec<Answer> {
            tokens.iter().map(|token| demo.post(token, &json!({ "query": query }).to_string())).collect()
        };
        for answer in seen(&demo, &query) {
            let body = answer.json();
            assert_eq!((answer.status, body.get("errors")), (200, None), "{answer:?}");
            assert!(body["data"]["projects"]["nodes"].as_array().is_some_and(|nodes| nodes.len() >= 3), "{answer:?}");
        }
        // Ids, versions and instants as well.
        let rows = "{ projects(first: 1000) { totalCount nodes { id key version updatedAt plannedFinishOn } } }";
        let before: Vec<Value> = seen(&demo, rows).iter().map(Answer::json).collect();
        assert_eq!(before[0].get("errors"), None);
        assert!(before[0]["data"]["projects"]["totalCount"].as_i64() > Some(10));
        demo.stop();

        // A start a year later finds the data as it was left, and the tokens of before still hold.
        let (again, _, _) = start_demo(&shell, &["demo", "--as-of", "2027-11"]);
        assert!(!again.stdout.text.contains("Loaded "), "{}", again.stdout.text);
        assert_eq!(seen(&again, rows).iter().map(Answer::json).collect::<Vec<_>>(), before);
        again.stop();
        if world.kind == Kind::Sqlite {
            assert!(files_in(&shell.folder).iter().any(|name| name == "foliograph.db"), "{:?}", files_in(&shell.folder));
        }
    }

    async fn the_demo_is_about_the_month_asked_for(world: &World) {
        let shell = demo_shell(world).await;
        let (demo, tokens, _) = start_demo(&shell, &["demo", "--as-of", "2031-05"]);
        let latest = "{ projects { aggregate { max { updatedAt: plannedFinishOn } min { plannedStartOn } } } }";
        let answer = demo.post(&tokens[0], &json!({ "query": latest }).to_string()).json();
        let (first, last) = (&answer["data"]["projects"]["aggregate"]["min"]["plannedStartOn"], &answer["data"]["projects"]["aggregate"]["max"]["updatedAt"]);
        assert!(first.as_str().is_some_and(|day| ("2027".."2031-05").contains(&day)), "{answer}");
        assert!(last.as_str().is_some_and(|day| ("2031-06".."2037").contains(&day)), "{answer}");
        demo.stop();
        let refused = shell.run(&["demo", "--as-of", "May"]);
        assert_eq!(refused.code, Some(2));
        assert!(refused.stderr.contains("YYYY-MM"), "{}", refused.stderr);
    }

    async fn what_is_asked_wrongly_ends_with_two_and_one_line() {
        let shell = Shell::new();
        for (name, value, named) in [
            ("FOLIOGRAPH_LISTN", "127.0.0.1:0", "FOLIOGRAPH_LISTN is no setting; perhaps FOLIOGRAPH_LISTEN is meant"),
            ("FOLIOGRAPH_LOG", "foliograph=loud", "FOLIOGRAPH_LOG is a level"),
            ("DATABASE_URL", "mysql://localhost/x", "sqlite:, postgres:// and postgresql://"),
            ("FOLIOGRAPH_ENV", "production", "FOLIOGRAPH_ISSUER and FOLIOGRAPH_AUDIENCE, or FOLIOGRAPH_ISSUERS"),
            ("FOLIOGRAPH_CORS_ORIGINS", "*", "https://portal.example.com"),
        ] {
            let refused = shell.clone().with(name, value).run(&["serve"]);
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{name}={value}: {refused:?}");
            assert!(one_error_line(&refused.stderr).contains(named), "{name}={value}: {}", refused.stderr);
        }
        // A value that a setting cannot have is explained with those that it can.
        for (name, value, allowed) in [
            ("FOLIOGRAPH_ENV", "staging", "development, production"),
            ("FOLIOGRAPH_EXPLORER", "yes", "on, off"),
            ("FOLIOGRAPH_LOG_FORMAT", "xml", "pretty, json"),
            ("FOLIOGRAPH_MAX_DEPTH", "0", "1..=100"),
            ("FOLIOGRAPH_LISTEN", "8080", "--listen"),
        ] {
            let refused = shell.clone().with(name, value).run(&["serve"]);
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{name}={value}: {refused:?}");
            assert!(refused.stderr.contains(value) && refused.stderr.contains(allowed), "{name}={value}: {}", refused.stderr);
        }
        let production = shell.clone().with("FOLIOGRAPH_ENV", "production").with("FOLIOGRAPH_ISSUER", "https://id.example.com")
            .with("FOLIOGRAPH_AUDIENCE", "api").with("FOLIOGRAPH_PUBLIC_KEYS", "keys");
        for command in [&["token", "--role", "ADMIN"][..], &["demo"]] {
            let refused = production.run(command);
            assert_eq!(refused.code, Some(2), "{refused:?}");
            assert!(one_error_line(&refused.stderr).contains("FOLIOGRAPH_ENV=production"), "{}", refused.stderr);
        }
        assert_eq!(shell.run(&["sing"]).code, Some(2));
        assert_eq!(files_in(&shell.folder), Vec::<String>::new());
    }

    async fn what_cannot_be_done_ends_with_one_and_one_line() {
        let shell = Shell::new();
        let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = taken.local_addr().expect("its number").to_string();
        for command in ["serve", "demo"] {
            let refused = shell.run(&[command, "--migrate", "--listen", &address]);
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{refused:?}");
            let line = one_error_line(&refused.stderr);
            assert!(line.contains(&address) && line.contains("--listen"), "{line}");
        }
        // A port where nothing listens: the listener is gone, and the system gives it to nobody else so soon.
        drop(taken);
        let nobody = format!("postgres://pat:p4ssw0rd@{address}/foliograph");
        for (url, shown) in [(nobody.as_str(), address.as_str()), ("sqlite:nowhere/foliograph.db?mode=rwc", "nowhere/foliograph.db"), ("sqlite:missing.db", "missing.db")] {
            for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate", "status"], &["migrate", "up"]] {
                let refused = shell.clone().with("DATABASE_URL", url).with("FOLIOGRAPH_KEY_FILE", "local.key").run(command);
                assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{url} {command:?}: {refused:?}");
                let line = one_error_line(&refused.stderr);
                assert!(line.contains(shown) && !line.contains("p4ssw0rd"), "{url} {command:?}: {line}");
            }
        }
        fs::write(shell.folder.join("text.db"), "this is no database, but a text that is long enough to look like one").expect("written");
        let refused = shell.clone().with("DATABASE_URL", "sqlite:text.db").run(&["migrate", "up"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(one_error_line(&refused.stderr).contains("text.db"), "{}", refused.stderr);
    }

    async fn a_stop_lets_running_requests_end(world: &World) {
        let mut server = Process::serve(world).await;
        let token = Process::token("somebody", foliograph::auth::Role::PmoLead);
        let body = r#"{"query":"{ projects { totalCount } }"}"#;
        let mut stream = server.connect();
        write!(stream, "POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
            Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", body.len()).expect("written");
        // The server asks for the body: so the request is running.
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).expect("an interim answer");
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        server.terminate();
        server.stderr.until("stopping");
        stream.write_all(body.as_bytes()).expect("written");
        let answer = Answer::read(&mut stream);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.json()["data"]["projects"]["totalCount"].as_i64() > Some(10));
        let ended = server.finish();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}

/// On PostgreSQL the demo is told where; without a word it makes a SQLite file in its folder.
async fn demo_shell(world: &World) -> Shell {
    match world.kind {
        Kind::Sqlite => Shell::new(),
        Kind::Postgres => Shell::new().with("DATABASE_URL", &world.empty_url().await),
    }
}

/// The queries of the stories in the README: what is indented below each of the three.
fn readme_stories() -> Vec<String> {
    let readme = fs::read_to_string(settings::workspace().join("README.md")).expect("the README");
    let (_, told) = readme.split_once("- **Green, then red.**").expect("the first story");
    let (told, _) = told.split_once("With Docker:").expect("what follows");
    let stories: Vec<String> = told
        .split("\n- **")
        .map(|story| story.lines().filter(|line| line.starts_with("      ")).collect::<Vec<_>>().join("\n"))
        .collect();
    assert_eq!(stories.len(), 3, "{stories:?}");
    stories
}

/// Starts the demo and reads what it prints: its tokens and its first query.
fn start_demo(shell: &Shell, arguments: &[&str]) -> (Process, Vec<String>, String) {
    let mut demo = shell.demo(arguments);
    demo.stdout.until("Stop with");
    let text = &demo.stdout.text;
    let headers = text.lines().filter(|line| line.starts_with('{'));
    let tokens = headers
        .map(|line| {
            let headers: Value = serde_json::from_str(line).expect("headers for the explorer");
            headers["Authorization"]
                .as_str()
                .and_then(|value| value.strip_prefix("Bearer "))
                .expect("a token")
                .to_owned()
        })
        .collect();
    let query = text.split("A first query:").nth(1).and_then(|rest| rest.split("Stop with").next()).expect("a query");
    let query = query.trim().to_owned();
    (demo, tokens, query)
}

/// The claims of a token, unchecked.
fn claims(token: &str) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let body = token.split('.').nth(1).unwrap_or_else(|| panic!("no token: {token}"));
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).expect("base64url")).expect("JSON")
}

/// The one line that a failed command says.
#[track_caller]
fn one_error_line(stderr: &str) -> &str {
    let lines: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    let [line] = lines[..] else { panic!("{} error lines in: {stderr}", lines.len()) };
    assert_eq!(stderr.lines().last(), Some(line), "it is the last line");
    line
}
