//! Answers of graphql-js, the reference implementation, to compare ours with: order of keys, propagation of null.
//!
//! `tests/graphql-js` is installed by `npm ci` into a cache below `target/`, once for each lockfile.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};

use super::{
    json::Json,
    runner, settings,
    summary::{self, Need},
};

/// One document to execute.
#[derive(Debug, Clone)]
pub struct Case {
    /// Name, repeated in the answer.
    pub name: String,
    /// The document.
    pub document: String,
    /// Which operation of it.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Value,
}

impl Case {
    /// A document of one operation without variables.
    pub fn new(name: &str, document: &str) -> Self {
        Self { name: name.to_owned(), document: document.to_owned(), operation_name: None, variables: json!({}) }
    }

    /// The same with variables.
    #[must_use]
    pub fn with(self, variables: Value) -> Self {
        Self { variables, ..self }
    }
}

/// What graphql-js answered to a case.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Name of the case.
    pub name: String,
    /// The body exactly as graphql-js writes it.
    pub text: String,
}

impl Answer {
    /// The body with its keys in order.
    pub fn json(&self) -> Json {
        Json::parse(&self.text)
    }
}

/// Executes `cases` with graphql-js over `data`, the value of the root type, against a schema in SDL.
///
/// `__typename` in the data tells members of interfaces and unions; an array where the schema has a connection is paged by
/// `first` and `last`; `{"__error": "text"}` fails its field. Ends the test as not run where node is not installed, and
/// fails it on a build server.
pub fn reference(sdl: &str, data: &Value, cases: &[Case]) -> Vec<Answer> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = match INSTALLED.get_or_init(install) {
        Ok(folder) => folder,
        Err(reason) if settings::is_ci() => panic!("{reason}; and with CI=true it is required"),
        Err(reason) => runner::skip(Need::GraphqlJs, reason),
    };
    summary::used(Need::GraphqlJs, &runner::current_test());
    let cases: Vec<Value> = cases
        .iter()
        .map(|case| {
            let Case { name, document, operation_name, variables } = case;
            json!({ "name": name, "document": document, "operationName": operation_name, "variables": variables })
        })
        .collect();
    let input = json!({ "sdl": sdl, "data": data, "cases": cases }).to_string();
    let output = execute(folder, &input).unwrap_or_else(|reason| panic!("graphql-js: {reason}"));
    let answers: Vec<Value> = serde_json::from_str(&output).unwrap_or_else(|e| panic!("graphql-js: {e} in {output}"));
    let text = |answer: &Value, key: &str| answer[key].as_str().expect("a text").to_owned();
    answers.iter().map(|answer| Answer { name: text(answer, "name"), text: text(answer, "body") }).collect()
}

fn execute(folder: &Path, input: &str) -> Result<String, String> {
    let mut child = Command::new("node")
        .arg("reference.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("node: {e}"))?;
    // node reads its whole input before it writes, so neither side waits for the other.
    child.stdin.take().ok_or("no pipe")?.write_all(input.as_bytes()).map_err(|e| e.to_string())?;
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(out) } else { Err(err) }
}

/// Brings the cache up to the lockfile; where it already is, the network is not needed.
fn install() -> Result<PathBuf, String> {
    let source = settings::workspace().join("tests/graphql-js");
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("graphql-js");
    fs::create_dir_all(&cache).map_err(|e| e.to_string())?;
    for name in ["package.json", "package-lock.json", "reference.mjs"] {
        fs::copy(source.join(name), cache.join(name)).map_err(|e| format!("{name}: {e}"))?;
    }
    run(&cache, "node", &["--version"])?;
    let lock = fs::read(cache.join("package-lock.json")).map_err(|e| e.to_string())?;
    let installed = cache.join("installed-lock.json");
    if fs::read(&installed).is_ok_and(|done| done == lock) && cache.join("node_modules/graphql").is_dir() {
        return Ok(cache);
    }
    run(&cache, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    fs::write(installed, lock).map_err(|e| e.to_string())?;
    Ok(cache)
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let command = format!("{program} {}", arguments.join(" "));
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|e| format!("{command}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command}: {}", text.lines().find(|line| !line.trim().is_empty()).unwrap_or("failed")))
}
