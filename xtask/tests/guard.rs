//! A background program never outlives the command that started it.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A process that ended but was not waited for is a zombie, whose command line is empty.
fn runs(pid: &str, program: &str) -> bool {
    fs::read(Path::new("/proc").join(pid).join("cmdline"))
        .is_ok_and(|line| line.starts_with(program.as_bytes()))
}

#[test]
fn a_program_dies_with_its_parent() {
    // The shell stands for the command: it starts the program and is then killed.
    let mut shell = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("{XTASK} guard $$ sleep 600 & echo $! > $0; wait"))
        .arg(pid_file().as_os_str())
        .spawn()
        .unwrap();
    let mut pid = String::new();
    eventually("the start", || {
        pid = fs::read_to_string(pid_file())
            .unwrap_or_default()
            .trim()
            .to_owned();
        !pid.is_empty() && runs(&pid, "sleep\x00600")
    });
    shell.kill().unwrap();
    shell.wait().unwrap();
    eventually("the end of the program", || !runs(&pid, "sleep\x00600"));
    fs::remove_file(pid_file()).unwrap();
}

fn pid_file() -> std::path::PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("guarded.pid")
}

#[test]
fn a_program_whose_parent_is_gone_is_not_started() {
    let output = Command::new(XTASK)
        .args(["guard", "1", "echo", "started"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("has ended"), "{text}");
}

#[test]
fn a_missing_program_is_named() {
    let output = Command::new(XTASK)
        .args(["guard", &std::process::id().to_string(), "/no/such/program"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("cannot start /no/such/program"), "{text}");
}
