//! The run's one temporary folder, removed at the end of the run however the run ends.
//!
//! A small shell holds the read end of a pipe whose write end only this process has: when the pipe ends (normal end,
//! panic, kill -9), the shell stops what was started (`stop.sh`) and removes the folder.

use std::{
    env,
    fs::{self, Permissions},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

static FOLDER: OnceLock<PathBuf> = OnceLock::new();
static WATCHDOG: Mutex<Option<Child>> = Mutex::new(None);

/// Room in memory that a run may take, in KiB.
const ROOM: u64 = 6 << 20;

/// In a process group of its own and deaf to the terminal, so that Ctrl-C ends the tests and not the clean-up.
const WATCH: &str = r#"
trap '' INT TERM HUP
read -r _
[ -f "$1/stop.sh" ] && sh "$1/stop.sh"
for _ in 1 2 3 4 5; do rm -rf "$1" && break; sleep 1; done
"#;

/// The folder, made at the first call.
pub fn folder() -> &'static Path {
    FOLDER.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("foliograph-test-").tempdir_in(home()).expect("a folder");
        // Other accounts may pass through (PostgreSQL may run as one), but not look around.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).expect("rights of the temporary folder");
        let watchdog = Command::new("sh")
            .args(["-c", WATCH, "watchdog"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell to clean up after the run");
        *WATCHDOG.lock().unwrap_or_else(PoisonError::into_inner) = Some(watchdog);
        folder.keep()
    })
}

/// In memory, where the system has room there: a database of its own for each test is made of many small files.
fn home() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free = Command::new("df").args(["-Pk"]).arg(memory).output().ok().and_then(|answer| {
        let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
        answer.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
    });
    if free.is_some_and(|free: u64| free > ROOM) { memory.to_owned() } else { env::temp_dir() }
}

/// Makes the clean-up run `script` before the folder is removed.
pub fn before_removal(script: &str) {
    fs::write(folder().join("stop.sh"), script).expect("stop.sh");
}

/// Cleans up now and waits for it.
pub fn remove() {
    if let Some(mut watchdog) = WATCHDOG.lock().unwrap_or_else(PoisonError::into_inner).take() {
        drop(watchdog.stdin.take());
        let _ = watchdog.wait();
    }
}
