//! The binary: what it prints, how it starts and how it stops.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use crate::support::{guests, manifest};

const BINARY: &str = env!("CARGO_BIN_EXE_patchbay-runtime");

/// A running host, killed when the test is over.
struct Host {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder(manifest: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("spin.toml"), manifest).expect("a manifest");
    folder
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command
        .current_dir(folder)
        .env("SPIN_HTTP_LISTEN_ADDR", "127.0.0.1:0")
        .env("RUST_LOG", "warn");
    command
}

fn start(manifest: &str) -> Host {
    start_with(manifest, &[])
}

fn start_with(manifest: &str, arguments: &[&str]) -> Host {
    let folder = folder(manifest);
    let mut child = command(folder.path())
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut first = String::new();
    let stdout = child.stdout.as_mut().expect("its output");
    BufReader::new(stdout)
        .read_line(&mut first)
        .expect("a line");
    let address = first
        .trim()
        .rsplit("http://")
        .next()
        .expect("an address")
        .parse();
    Host {
        child,
        address: address.unwrap_or_else(|_| panic!("{first}")),
        _folder: folder,
    }
}

fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n"
    )
    .expect("a request");
    stream
}

fn get(address: SocketAddr, path: &str) -> String {
    let mut answer = String::new();
    ask(address, path)
        .read_to_string(&mut answer)
        .expect("an answer");
    answer
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(status.expect("kill runs").success());
}

/// What a host that has ended said to its standard error.
fn errors(host: &mut Host) -> String {
    let mut errors = String::new();
    let stderr = host.child.stderr.as_mut().expect("its errors");
    stderr.read_to_string(&mut errors).expect("text");
    errors
}

fn failure(folder: &Path, arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = command(folder)
        .args(arguments)
        .output()
        .expect("the binary runs");
    assert!(!status.success());
    String::from_utf8(stderr).expect("text")
}

#[test]
fn requests_finish_before_a_signal_stops_the_host() {
    for name in ["TERM", "INT"] {
        let mut host = start(&manifest(&[]));
        let address = host.address;
        let slow = std::thread::spawn(move || get(address, "/hello/sleep/1"));
        std::thread::sleep(Duration::from_millis(400));
        let signalled = Instant::now();
        signal(&host.child, name);
        assert!(slow.join().expect("an answer").starts_with("HTTP/1.1 200"));
        assert!(host.child.wait().expect("an end").success());
        assert!(
            signalled.elapsed() < Duration::from_secs(5),
            "{:?}",
            signalled.elapsed()
        );
        assert!(TcpStream::connect(address).is_err());
        assert_eq!(errors(&mut host), "stopping\n");
    }
}

#[test]
fn a_second_signal_stops_the_host_at_once() {
    let mut host = start(&manifest(&[]));
    let _unanswered = ask(host.address, "/hello/sleep/8");
    std::thread::sleep(Duration::from_millis(400));
    signal(&host.child, "INT");
    std::thread::sleep(Duration::from_millis(400));
    let signalled = Instant::now();
    signal(&host.child, "INT");
    assert!(host.child.wait().expect("an end").success());
    assert!(
        signalled.elapsed() < Duration::from_secs(3),
        "{:?}",
        signalled.elapsed()
    );
    assert_eq!(
        errors(&mut host),
        "stopping\nstopped at once, with requests unanswered: a second signal came\n"
    );
}

#[test]
fn a_statement_that_does_not_end_does_not_keep_the_host() {
    let additions = ("data", "sqlite_databases = ['default']");
    let mut host = start_with(&manifest(&[additions]), &["--grace", "0"]);
    let address = host.address;
    let endless =
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    let mut client = TcpStream::connect(address).expect("a connection");
    write!(
        client,
        "POST /data/sql/default HTTP/1.1\r\nhost: a.test\r\ncontent-length: {}\r\n\r\n{endless}",
        endless.len()
    )
    .expect("a request");
    std::thread::sleep(Duration::from_millis(500));
    signal(&host.child, "TERM");
    let signalled = Instant::now();
    while host.child.try_wait().expect("a status").is_none() {
        assert!(signalled.elapsed() < Duration::from_secs(5), "it goes on");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn data_lies_beside_the_manifest() {
    let additions = ("data", "sqlite_databases = ['default']");
    let host = start(&manifest(&[additions]));
    let answer = get(host.address, "/data/read");
    assert!(answer.contains("no such table"), "{answer}");
    assert!(host._folder.path().join(".spin/sqlite_db.db").exists());
}

#[test]
fn cron_components_run_on_their_schedule() {
    let text = format!(
        "{}[[trigger.cron]]\ncomponent = 'cron'\ncron_expression = '* * * * * *'\n[component.cron]\nsource = '{}/cron.wasm'\n",
        manifest(&[]),
        guests().display()
    );
    let mut host = start(&text);
    let mut lines = BufReader::new(host.child.stdout.take().expect("its output")).lines();
    let tick = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("tick ")));
    assert!(tick.is_some());
}

#[test]
fn a_host_that_cannot_start_says_why() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let good = folder(&manifest(&[]));
    let message = failure(good.path(), &["--listen", &address]);
    assert!(
        message.contains(&address) && message.contains("already in use"),
        "{message}"
    );

    let message = failure(good.path(), &["missing.toml"]);
    assert!(message.contains("missing.toml"), "{message}");

    let message = failure(good.path(), &["--variable", "typo=1"]);
    assert!(message.contains("`typo`"), "{message}");

    let misspelt = folder(&format!("{}colour = 1\n", manifest(&[])));
    let message = failure(misspelt.path(), &[]);
    assert!(
        message.contains("spin.toml:") && message.contains("`colour`"),
        "{message}"
    );
}
