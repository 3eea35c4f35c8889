//! Python with the packages of `tests/python`, put into a folder below `target/` once for each state of their list. Where
//! Python or pip is missing the test ends as not run, and fails on a build server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use super::{
    node::{answer_of, command},
    runner, settings,
    summary::{self, Need},
};

/// The folder of packages, for `PYTHONPATH`.
pub fn packages() -> &'static Path {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = match INSTALLED.get_or_init(install) {
        Ok(folder) => folder,
        Err(reason) if settings::is_ci() => panic!("{reason}; and with CI=true it is required"),
        Err(reason) => runner::skip(Need::Python, reason),
    };
    summary::used(Need::Python, &runner::current_test());
    folder
}

/// What a script of `tests/python` writes for this input.
pub fn run(script: &str, input: &str) -> String {
    let mut command = Command::new("python3");
    let script = settings::workspace().join("tests/python").join(script);
    command.arg("-B").arg(&script).env("PYTHONPATH", packages());
    answer_of(command, input).unwrap_or_else(|reason| panic!("{}: {reason}", script.display()))
}

/// Brings the folder up to the list; where it already is, the network is not needed.
fn install() -> Result<PathBuf, String> {
    let list = settings::workspace().join("tests/python/requirements.txt");
    let wanted = fs::read(&list).map_err(|e| e.to_string())?;
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let (packages, installed) = (cache.join("packages"), cache.join("installed.txt"));
    command(Path::new("."), "python3", &["--version"])?;
    if fs::read(&installed).is_ok_and(|done| done == wanted) && packages.is_dir() {
        return Ok(packages);
    }
    fs::create_dir_all(&cache).map_err(|e| e.to_string())?;
    if packages.is_dir() {
        fs::remove_dir_all(&packages).map_err(|e| e.to_string())?;
    }
    let [list, target] = [&list, &packages].map(|path| path.to_str().unwrap_or_default());
    let only = ["--platform", "any", "--only-binary", ":all:", "--no-deps", "--require-hashes", "--quiet"];
    let arguments = [&["-m", "pip", "install", "--target", target, "--requirement", list][..], &only].concat();
    command(Path::new("."), "python3", &arguments)?;
    fs::write(installed, wanted).map_err(|e| e.to_string())?;
    Ok(packages)
}
