//! The real binary as a process of its own: a folder of its own, an environment with nothing in it, and clocks that are real.
//! Whatever a test forgets to stop is killed when it is dropped.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use foliograph::{auth::Role, clock::SystemClock};

use super::{World, folder, product};

/// How long a test waits for what must come: generous, since it is waited for only when something is broken.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where and with what commands are run.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The working folder.
    pub folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Shell {
    /// A new empty folder and an environment without any variable.
    pub fn new() -> Self {
        let folder = tempfile::tempdir_in(folder::folder()).expect("a folder").keep();
        Self { folder, environment: vec![] }
    }

    /// The same with one more variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.start(arguments).finish()
    }

    /// Starts a command that goes on.
    pub fn start(&self, arguments: &[&str]) -> Process {
        self.start_program(env!("CARGO_BIN_EXE_foliograph"), arguments)
    }

    /// The same with another program.
    pub fn start_program(&self, program: &str, arguments: &[&str]) -> Process {
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{program}: {e}"));
        let stdout = Lines::of(child.stdout.take().expect("a pipe"));
        let stderr = Lines::of(child.stderr.take().expect("a pipe"));
        Process { child, stdout, stderr, address: None }
    }

    /// Starts `serve` on a port that the system chooses, and waits until it listens.
    pub fn serve(&self, arguments: &[&str]) -> Process {
        let mut process = self.start(&[arguments, &["--listen", "127.0.0.1:0"]].concat());
        let line = process.stderr.until("serving");
        // `address=127.0.0.1:1` for people, `"address":"127.0.0.1:1"` in JSON.
        let place = line.split("address").nth(1).map(|rest| rest.trim_start_matches(['=', '"', ':']));
        process.listens_at(place.and_then(|place| place.split('"').next()), &line);
        process
    }

    /// Starts `demo` on a port that the system chooses, and waits until it says where.
    pub fn demo(&self, arguments: &[&str]) -> Process {
        let mut process = self.start(&[arguments, &["--listen", "127.0.0.1:0"]].concat());
        let line = process.stdout.until("API ");
        process.listens_at(line.split("http://").nth(1).and_then(|rest| rest.split('/').next()), &line);
        process
    }
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it answered.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
}

/// A command that is running.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// What it answers.
    pub stdout: Lines,
    /// What it says besides.
    pub stderr: Lines,
    address: Option<SocketAddr>,
}

impl Process {
    /// The server on the world's demonstration database, with the run's local key.
    pub async fn serve(world: &World) -> Self {
        Self::serve_with(world, &[]).await
    }

    /// The same without deriving, where a test is about what else the server does.
    pub async fn serve_underived(world: &World) -> Self {
        Self::serve_with(world, &["--derive", "off"]).await
    }

    /// The same with more options.
    pub async fn serve_with(world: &World, options: &[&str]) -> Self {
        let key = product::key_file();
        let shell = Shell::new().with("DATABASE_URL", world.url().await);
        shell.serve(&[&["serve", "--key-file", key.to_str().expect("a path of text")], options].concat())
    }

    /// A token of the run's local key.
    pub fn token(subject: &str, role: Role) -> String {
        product::token(&SystemClock, subject, &[role])
    }

    /// Posts a body to `/graphql`; the answer's body, or none where the server is gone before it is whole.
    pub fn try_post(address: SocketAddr, token: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text.split_once("\r\n\r\n")?.1.to_owned())
    }

    /// Ends it with SIGKILL.
    pub fn kill(&self) {
        let sent = Command::new("sh").args(["-c", &format!("kill -KILL {}", self.child.id())]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIGKILL was not sent");
    }

    fn listens_at(&mut self, address: Option<&str>, line: &str) {
        let address = address.and_then(|address| address.split_whitespace().next()?.parse().ok());
        self.address = Some(address.unwrap_or_else(|| panic!("no address in {line:?}")));
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address.expect("a server")
    }

    /// Posts a body to `/graphql`.
    pub fn post(&self, token: &str, body: &str) -> Answer {
        let length = body.len();
        self.exchange(&format!(
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.address()
        ))
    }

    /// Gets a path without credential.
    pub fn get(&self, path: &str) -> Answer {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address()))
    }

    /// Sends a request and reads its answer.
    pub fn exchange(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("written");
        Answer::read(&mut stream)
    }

    /// A new connection.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        stream
    }

    /// The most memory that it ever held, in kB.
    pub fn peak_memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// The memory that it holds, in kB.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the process's status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of that name");
        line.trim().trim_end_matches("kB").trim().parse().expect("a number")
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIGTERM was not sent");
    }

    /// Asks it to stop, and expects that it does so without complaint.
    pub fn stop(self) {
        self.terminate();
        let finished = self.finish();
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }

    /// Waits for its end.
    pub fn finish(mut self) -> Finished {
        let (stdout, stderr) = (self.stdout.rest(), self.stderr.rest());
        let code = self.child.wait().expect("its end").code();
        Finished { code, stdout, stderr }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines of a pipe, as they come.
#[derive(Debug)]
pub struct Lines {
    coming: Receiver<String>,
    /// Everything up to now.
    pub text: String,
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (sender, coming) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(pipe).lines().map_while(Result::ok);
            lines.take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
        });
        Self { coming, text: String::new() }
    }

    /// Waits for a line that contains `word`.
    pub fn until(&mut self, word: &str) -> String {
        loop {
            let line = self.coming.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|e| panic!("no line with {word:?} ({e}), only:\n{}", self.text));
            self.text.push_str(&line);
            self.text.push('\n');
            if line.contains(word) {
                return line;
            }
        }
    }

    /// A line that contains `word`, if one comes before nothing has come for so long.
    pub fn within(&mut self, patience: Duration, word: &str) -> Option<String> {
        while let Ok(line) = self.coming.recv_timeout(patience) {
            self.text.push_str(&line);
            self.text.push('\n');
            if line.contains(word) {
                return Some(line);
            }
        }
        None
    }

    fn rest(&mut self) -> String {
        loop {
            match self.coming.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.text.push_str(&line);
                    self.text.push('\n');
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return std::mem::take(&mut self.text),
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end; it said:\n{}", self.text),
            }
        }
    }
}

/// An answer over TCP.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Answer {
    /// Reads to the end of the connection.
    pub fn read(stream: &mut TcpStream) -> Self {
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer of text");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self { status: status.expect("a status"), head: head.to_owned(), body: body.to_owned() }
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }
}

/// Names of the files in a folder.
pub fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
