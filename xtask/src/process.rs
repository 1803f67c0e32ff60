//! Programs that are run to their end in the foreground, cargo above all.

use std::ffi::OsString;
use std::io::{BufReader, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use cargo_metadata::{Artifact, Message};

use crate::interrupt;
use crate::workspace::Workspace;

const POLL: Duration = Duration::from_millis(20);

/// The cargo that runs this command, so that one toolchain does everything.
pub fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

/// Cargo in the root of the workspace, as if it had been typed there.
pub fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(cargo_program());
    command.current_dir(&workspace.root).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(describes_this_crate) {
            command.env_remove(name);
        }
    }
    command
}

/// What `cargo run` tells this program about itself. Some build scripts (ring's) run again when it
/// changes, so it must not reach another cargo: `cargo xtask` and `cargo` would undo each other's
/// work.
fn describes_this_crate(variable: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"]
        .iter()
        .any(|prefix| variable.starts_with(prefix))
        || [
            "CARGO_BIN_NAME",
            "CARGO_CRATE_NAME",
            "CARGO_PRIMARY_PACKAGE",
            "OUT_DIR",
        ]
        .contains(&variable)
}

/// `-p` before each name.
pub fn packages<'a>(names: &[&'a str]) -> Vec<&'a str> {
    names.iter().flat_map(|name| ["-p", name]).collect()
}

/// Runs a program and shows its output.
///
/// # Errors
/// If it cannot be started, fails, or an end is asked for meanwhile.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let mut child = start(command)?;
    succeeded(command, wait(&mut child)?)
}

/// Runs a program and returns what it writes to its standard output; the rest is shown.
///
/// # Errors
/// As [`run`]; also if it writes no text.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    let mut output = child.stdout.take().context("the program has no output")?;
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).map(|_| text)
    });
    succeeded(command, wait(&mut child)?)?;
    match reader.join() {
        Ok(text) => text.with_context(|| format!("what `{}` writes cannot be read", line(command))),
        Err(_) => bail!("what `{}` writes could not be read", line(command)),
    }
}

/// Runs a `cargo build` and says what it built or found built.
///
/// # Errors
/// As [`run`].
pub fn build(command: &mut Command) -> anyhow::Result<Vec<Artifact>> {
    command
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped());
    let mut child = start(command)?;
    let output = child.stdout.take().context("cargo has no output")?;
    let reader = std::thread::spawn(move || {
        Message::parse_stream(BufReader::new(output))
            .filter_map(|message| match message {
                Ok(Message::CompilerArtifact(artifact)) => Some(artifact),
                _ => None,
            })
            .collect::<Vec<_>>()
    });
    succeeded(command, wait(&mut child)?)?;
    match reader.join() {
        Ok(artifacts) => Ok(artifacts),
        Err(_) => bail!("cargo's messages could not be read"),
    }
}

/// The line to type for the same again.
pub fn line(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.display(), value?.display())));
    let program = std::path::Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program())
        .display()
        .to_string();
    let arguments = command
        .get_args()
        .map(|argument| argument.display().to_string());
    variables
        .chain(std::iter::once(program))
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

fn start(command: &mut Command) -> anyhow::Result<Child> {
    command
        .spawn()
        .with_context(|| format!("cannot start `{}`", line(command)))
}

fn wait(child: &mut Child) -> anyhow::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if let Err(stopped) = interrupt::sleep(POLL) {
            // On a terminal it has had the signal too; elsewhere it has not.
            let _ = child.kill();
            child.wait()?;
            return Err(stopped);
        }
    }
}

fn succeeded(command: &Command, status: ExitStatus) -> anyhow::Result<()> {
    // A program that Ctrl-C ended may be noticed before the signal is handled here.
    interrupt::check()?;
    if status.success() {
        Ok(())
    } else {
        bail!("`{}` failed ({status})", line(command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_line_that_failed() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "exit 3"]).env("COLOUR", "none");
        let error = run(&mut command).unwrap_err().to_string();
        assert_eq!(error, "`COLOUR=none sh -c exit 3` failed (exit status: 3)");
    }

    #[test]
    fn the_output_of_a_program_is_its_own() {
        let text = output(Command::new("/bin/sh").args(["-c", "echo out; echo err >&2"])).unwrap();
        assert_eq!(text, "out\n");
        assert!(output(Command::new("/bin/sh").args(["-c", "echo out; exit 3"])).is_err());
    }

    #[test]
    fn what_describes_this_crate_is_told_from_what_configures_cargo() {
        assert!(describes_this_crate("CARGO_PKG_NAME"));
        assert!(describes_this_crate("CARGO_MANIFEST_DIR"));
        for kept in ["CARGO_TARGET_DIR", "CARGO_HOME", "CARGO_TERM_COLOR", "PATH"] {
            assert!(!describes_this_crate(kept), "{kept}");
        }
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "cannot start `no-such-program`");
    }
}
