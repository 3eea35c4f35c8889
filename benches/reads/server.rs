//! A server in a process of its own: this program again, with arguments. It ends when its standard input does.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use foliograph::{
    app::{self, App},
    clock::SystemClock,
    config::Config,
    telemetry,
};

use super::floor;

/// Worker threads of either server.
const WORKERS: usize = 2;
/// Database connections of either server.
const CONNECTIONS: u32 = 10;
/// The argument that makes this program a server.
const SERVE: &str = "serve";

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The product as `foliograph serve` runs it.
    Ours,
    /// The floor.
    Floor,
}

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process.
    pub pid: u32,
    child: Child,
}

impl Server {
    /// Starts one over a database.
    pub fn start(kind: Kind, database_url: &str, key_file: &std::path::Path) -> Self {
        let name = if kind == Kind::Ours { "ours" } else { "floor" };
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([SERVE, name])
            .arg(key_file)
            .env("DATABASE_URL", database_url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a server process");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("the server's address");
        let address = line.trim().parse().expect("the server started");
        Self { address, pid: child.id(), child }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Serves, if the arguments say so; never returns then.
pub fn serve_if_asked() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(SERVE) {
        return;
    }
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut vec![]);
        std::process::exit(0);
    });
    let is_ours = arguments.next().as_deref() == Some("ours");
    let config = Config {
        database_url: std::env::var("DATABASE_URL").expect("a database"),
        database_connections: CONNECTIONS,
        key_file: arguments.next().map(PathBuf::from),
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        ..Config::default()
    };
    // Logs as the product writes them, one line a request; the other end of the pipe is nowhere.
    let _telemetry = is_ours.then(|| telemetry::start(&config).expect("logs"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = tokio::net::TcpListener::bind(config.listen).await.expect("a port");
        println!("{}", listener.local_addr().expect("its number"));
        if is_ours {
            let app = App::open(config, Arc::new(SystemClock)).await.expect("the product");
            app::serve(app, listener, std::future::pending()).await.expect("served");
        } else {
            let router = floor::router(&config.database_url, CONNECTIONS as usize);
            axum::serve(listener, router).await.expect("served");
        }
    });
}
