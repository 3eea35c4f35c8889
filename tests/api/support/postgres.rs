//! A private `PostgreSQL` server from installed binaries: made, started and, by the run folder's watchdog, removed.
//!
//! `PostgreSQL` refuses to run as root; then it runs as an unprivileged account that owns its folder.

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use super::{folder, settings};

/// Speed over safety: nothing here outlives the run. The rest is as shipped, so that plans are as in production.
const CONFIGURATION: &str = "
listen_addresses = '127.0.0.1'
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
timezone = 'UTC'
log_timezone = 'UTC'
";

/// A running server.
#[derive(Debug)]
pub struct Server {
    port: u16,
    password: String,
}

impl Server {
    /// Makes a cluster in the run folder and starts it. Takes a second or two.
    pub fn start() -> Result<Self, String> {
        let binaries = binaries()?;
        let account = Account::of_server()?;
        let home = folder::folder().join("postgres");
        let (data, password_file) = (home.join("data"), home.join("password"));
        let password = uuid::Uuid::now_v7().simple().to_string();
        prepare(&home, &account, &password_file, &password).map_err(|e| format!("{}: {e}", home.display()))?;

        let pg_ctl = binaries.join("pg_ctl");
        folder::before_removal(&stop_script(&account, &pg_ctl, &data));
        let mut initdb = account.command(&binaries.join("initdb"));
        initdb.args(["--encoding=UTF8", "--locale=C", "--auth=password", "--username=foliograph", "--no-sync"]);
        done(initdb.arg("--pwfile").arg(&password_file).arg("-D").arg(&data), "initdb")?;
        let configuration = format!("{CONFIGURATION}unix_socket_directories = '{}'\n", home.display());
        fs::write(data.join("postgresql.auto.conf"), configuration)
            .map_err(|e| format!("postgresql.auto.conf: {e}"))?;

        // A port that was free a moment ago may be taken by now: then the next one.
        let mut failure = String::new();
        for _ in 0..5 {
            let port = free_port()?;
            let log = home.join("server.log");
            let mut start = account.command(&pg_ctl);
            start.args(["start", "-w", "-t", "60", "-o", &format!("-p {port}"), "-D"]).arg(&data).arg("-l").arg(&log);
            match done(&mut start, "pg_ctl start") {
                Ok(()) => return Ok(Self { port, password }),
                Err(text) => failure = format!("{text}{}", fs::read_to_string(&log).unwrap_or_default()),
            }
        }
        Err(failure)
    }

    /// Address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://foliograph:{}@127.0.0.1:{}/{database}?sslmode=disable", self.password, self.port)
    }
}

/// The folder of initdb, `pg_ctl` and postgres, or why there is none.
pub fn binaries() -> Result<&'static Path, &'static str> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND.get_or_init(find_binaries).as_deref().map_err(String::as_str)
}

fn find_binaries() -> Result<PathBuf, String> {
    let complete = |folder: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file());
    if let Some(named) = settings::folder("FOLIOGRAPH_TEST_PG_BIN") {
        let missing = format!("FOLIOGRAPH_TEST_PG_BIN={} has no initdb, pg_ctl and postgres", named.display());
        return Some(named).filter(complete).ok_or(missing);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let asked = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output().ok();
    let asked = asked.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    std::env::split_paths(&path)
        .chain(asked)
        .chain(packaged())
        .find(complete)
        .ok_or_else(|| "no PostgreSQL server is installed (initdb, pg_ctl, postgres)".to_owned())
}

/// Where Debian's packages put the binaries, newest version first.
fn packaged() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// How a command is run as the account that owns the server: nothing before it, unless we are root.
struct Account {
    prefix: Vec<String>,
    owner: Option<(u32, u32)>,
}

impl Account {
    fn of_server() -> Result<Self, String> {
        if fs::metadata(folder::folder()).map_err(|e| e.to_string())?.uid() != 0 {
            return Ok(Self { prefix: vec![], owner: None });
        }
        let number = |option: &str, name: &str| -> Option<u32> {
            let output = Command::new("id").args([option, name]).stderr(Stdio::null()).output().ok()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        let (name, user, group) = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some((name, number("-u", name)?, number("-g", name)?)))
            .ok_or("root may not run PostgreSQL, and there is no account postgres or nobody to run it as")?;
        let forms = [
            vec![
                "setpriv".to_owned(),
                format!("--reuid={user}"),
                format!("--regid={group}"),
                "--clear-groups".into(),
                "--".into(),
            ],
            ["runuser", "-u", name, "--"].map(str::to_owned).to_vec(),
            ["su", name, "-s", "/bin/sh", "-c", r#"exec "$@""#, "--", "sh"].map(str::to_owned).to_vec(),
        ];
        let works = |prefix: &Vec<String>| {
            let mut command = Command::new(&prefix[0]);
            command.args(&prefix[1..]).args(["id", "-u"]).stderr(Stdio::null());
            command.output().is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == user.to_string())
        };
        let prefix = forms.into_iter().find(works);
        let prefix = prefix.ok_or_else(|| format!("neither setpriv, runuser nor su can run a command as {name}"))?;
        Ok(Self { prefix, owner: Some((user, group)) })
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = match self.prefix.split_first() {
            None => Command::new(program),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        // The working folder may be closed to that account; variables such as PGPORT must not reach the server.
        command.current_dir("/").stdin(Stdio::null());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        command
    }
}

fn prepare(home: &Path, account: &Account, password_file: &Path, password: &str) -> std::io::Result<()> {
    fs::create_dir(home)?;
    fs::set_permissions(home, Permissions::from_mode(0o700))?;
    fs::write(password_file, password)?;
    if let Some((user, group)) = account.owner {
        for path in [home, password_file] {
            std::os::unix::fs::chown(path, Some(user), Some(group))?;
        }
    }
    Ok(())
}

fn stop_script(account: &Account, pg_ctl: &Path, data: &Path) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let prefix: Vec<String> = account.prefix.iter().map(|word| quoted(word)).collect();
    let [pg_ctl, data, pid] = [pg_ctl, data, &data.join("postmaster.pid")].map(|path| quoted(&path.to_string_lossy()));
    format!("cd /\n[ -f {pid} ] && {} {pg_ctl} stop -m immediate -w -t 20 -D {data}\n", prefix.join(" "))
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("no loopback port: {e}"))?;
    listener.local_addr().map(|address| address.port()).map_err(|e| e.to_string())
}

fn done(command: &mut Command, what: &str) -> Result<(), String> {
    let Output { status, stdout, stderr } = command.output().map_err(|e| format!("{what}: {e}"))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{what}: {status}\n{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}
