//! The product in a process of its own, as it is released. It is killed when it is dropped.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts one over a database.
    pub fn start(database_url: &str, key_file: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_foliograph"))
            .args(["serve", "--listen", "127.0.0.1:0", "--key-file"])
            .arg(key_file)
            .env("DATABASE_URL", database_url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a server process");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("serving")).expect("the server started");
        let address = line.split("address=").nth(1).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        // What it says goes on: somebody has to take it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { address: address.unwrap_or_else(|| panic!("no address in {line:?}")), child }
    }

    /// The memory that it holds, in KiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the process's status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("its memory")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
