//! Programs of others that run on node: `tests/node` is installed by `npm ci` into a cache below `target/`, once for each
//! lockfile. Where node is missing the test ends as not run, and fails on a build server.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

use foliograph::{app::model, graph::sdl};

use super::{
    runner, settings,
    summary::{self, Need},
};

/// The TypeScript compiler, and how it is told to look.
pub const COMPILER: &str = "typescript/bin/tsc";
const STRICTLY: [&str; 5] =
    ["--strict", "--noUnusedLocals", "--noUnusedParameters", "--noImplicitReturns", "--noEmitOnError"];
const MODERN: [&str; 7] = ["--target", "es2022", "--module", "nodenext", "--skipLibCheck", "--types", "node"];

/// What a script of `tests/node` writes for this input.
pub fn run(script: &str, input: &str) -> String {
    execute(packages(), script, input).unwrap_or_else(|reason| panic!("{script}: {reason}"))
}

/// A program of `examples` in TypeScript, checked strictly and made JavaScript beside its packages; once a run.
pub fn compiled(program: &str) -> PathBuf {
    static COMPILED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let folder = packages().join("examples");
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if !compiled.contains(program) {
        let source = settings::workspace().join("examples").join(program);
        compile(&fs::read_to_string(source).expect("the program"), program).unwrap_or_else(|e| panic!("{e}"));
        compiled.insert(program.to_owned());
    }
    folder.join(program).with_extension("js")
}

/// Compiles a program of this name and text, as strictly as the compiler can be told to.
pub fn compile(text: &str, program: &str) -> Result<(), String> {
    let folder = packages().join("examples");
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    fs::write(folder.join(program), text).map_err(|e| e.to_string())?;
    let arguments = [&["../node_modules/typescript/bin/tsc", program][..], &STRICTLY, &MODERN].concat();
    command(&folder, "node", &arguments)
}

/// The folder of packages, with the scripts of `tests/node` beside them.
pub fn packages() -> &'static Path {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = match INSTALLED.get_or_init(install) {
        Ok(folder) => folder,
        Err(reason) if settings::is_ci() => panic!("{reason}; and with CI=true it is required"),
        Err(reason) => runner::skip(Need::Node, reason),
    };
    summary::used(Need::Node, &runner::current_test());
    folder
}

fn execute(folder: &Path, script: &str, input: &str) -> Result<String, String> {
    let mut command = Command::new("node");
    command.arg(script).current_dir(folder);
    answer_of(command, input)
}

/// What a program writes that is given this input; where it fails, what it complains of.
pub fn answer_of(mut command: Command, input: &str) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{}: {e}", command.get_program().to_string_lossy()))?;
    // It reads its whole input before it writes, so neither side waits for the other.
    child.stdin.take().ok_or("no pipe")?.write_all(input.as_bytes()).map_err(|e| e.to_string())?;
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(out) } else { Err(err) }
}

/// Brings the cache up to the lockfile; where it already is, the network is not needed.
fn install() -> Result<PathBuf, String> {
    let source = settings::workspace().join("tests/node");
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("node");
    fs::create_dir_all(&cache).map_err(|e| e.to_string())?;
    copy(&source, &cache).map_err(|e| e.to_string())?;
    command(&cache, "node", &["--version"])?;
    let lock = fs::read(cache.join("package-lock.json")).map_err(|e| e.to_string())?;
    let installed = cache.join("installed-lock.json");
    if fs::read(&installed).is_ok_and(|done| done == lock) && cache.join("node_modules/graphql").is_dir() {
        return Ok(cache);
    }
    command(&cache, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    fs::write(installed, lock).map_err(|e| e.to_string())?;
    Ok(cache)
}

/// Copies a folder with all below it, but for packages.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, name) = (entry.as_ref().map(fs::DirEntry::path), entry.as_ref().map(fs::DirEntry::file_name));
        let (Ok(path), Ok(name)) = (path, name) else { continue };
        if path.is_file() {
            fs::copy(path, to.join(name))?;
        } else if name != "node_modules" {
            copy(&path, &to.join(name))?;
        }
    }
    Ok(())
}

/// The folder of packages with the published schema in it, as `schema.graphql`.
pub fn with_schema() -> &'static Path {
    static WRITTEN: OnceLock<()> = OnceLock::new();
    let folder = packages();
    WRITTEN.get_or_init(|| fs::write(folder.join("schema.graphql"), sdl(model())).expect("written"));
    folder
}

/// A folder of `examples`, copied beside its packages with the published schema in it.
pub fn example(name: &str) -> PathBuf {
    let folder = with_schema().join("examples").join(name);
    copy(&settings::workspace().join("examples").join(name), &folder).expect("copied");
    fs::copy(with_schema().join("schema.graphql"), folder.join("schema.graphql")).expect("copied");
    folder
}

/// Runs a program of the packages to its end: what it says, all of it, whether it succeeds or fails.
pub fn tool(folder: &Path, script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<String, String> {
    let script = packages().join("node_modules").join(script);
    let mut command = Command::new("node");
    command.arg(script).args(arguments).envs(environment.iter().copied()).current_dir(folder).stdin(Stdio::null());
    let output = command.output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(text) } else { Err(text) }
}

/// Checks programs of a folder of `examples` as strictly as [`compile`] and makes them JavaScript beside themselves.
pub fn compile_in(folder: &Path, programs: &[&str]) -> Result<String, String> {
    tool(folder, COMPILER, &[programs, &STRICTLY[..], &MODERN[..]].concat(), &[])
}

/// Runs a command to its end; where it fails, the first line of what it says.
pub fn command(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let command = format!("{program} {}", arguments.join(" "));
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|e| format!("{command}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    // Compilers complain on standard output.
    let text = String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned();
    Err(format!("{command}: {}", text.lines().find(|line| !line.trim().is_empty()).unwrap_or("failed")))
}
