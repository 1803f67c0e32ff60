//! The program itself, `patchbay-runtime`, as an operating system sees it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::{INTERNAL_TOKEN, Settings, instance_reuse, root};

/// The running program, killed when this is dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    /// Kept open: it may have more to say.
    _output: BufReader<ChildStdout>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Process {
    /// Starts it on the files in `state`, and waits until it says where it listens.
    #[must_use]
    pub fn start(program: &Path, state: &Path, settings: &Settings) -> Self {
        let mut command = Command::new(program);
        command
            .arg(root().join("spin.toml"))
            .args(["--listen", "127.0.0.1:0", "--no-cron"])
            .args(["--allow-private-networks", "--state-dir"])
            .arg(state)
            .args(["--instance-reuse", &instance_reuse().to_string()]);
        for (name, value) in &settings.variables {
            command.arg("--variable").arg(format!("{name}={value}"));
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut first = String::new();
        output.read_line(&mut first).expect("a line");
        let address = first.trim().rsplit("http://").next().unwrap_or_default();
        let address = address
            .parse()
            .unwrap_or_else(|_| panic!("it said: {first}"));
        Self {
            child,
            address,
            _output: output,
        }
    }

    /// At once and without a word, as the system does when memory is short (SIGKILL).
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// A tick, in a thread of its own.
    #[must_use]
    pub fn tick(&self) -> std::thread::JoinHandle<Option<Value>> {
        let address = self.address;
        std::thread::spawn(move || request(address, "POST", "/internal/tick", INTERNAL_TOKEN, None))
    }

    /// The body of an answer, which must be a success; `None` when the program is gone.
    #[must_use]
    pub fn request(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: Option<Value>,
    ) -> Option<Value> {
        request(self.address, method, path, key, body)
    }
}

/// The body of an answer, which must be a success; `None` when the other side is gone.
fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    key: &str,
    body: Option<Value>,
) -> Option<Value> {
    let body = body.map_or_else(String::new, |body| body.to_string());
    let mut stream = TcpStream::connect(address).ok()?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
    Some(serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {body}")))
}
