//! What the toolchain needs beyond a plain stable Rust; added when it is missing.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::bail;

use crate::workspace::Workspace;
use crate::{process, style};

pub const WASM_TARGET: &str = "wasm32-wasip2";

/// Adds the target that the functions are built for.
///
/// # Errors
/// If it is missing and cannot be added; says what to run.
pub fn ensure_wasm_target(workspace: &Workspace) -> anyhow::Result<()> {
    if has_wasm_target(workspace) {
        return Ok(());
    }
    style::step("Adding", &format!("the target {WASM_TARGET}"));
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", WASM_TARGET]);
    match add(&mut rustup) {
        Added::Yes if has_wasm_target(workspace) => Ok(()),
        outcome => bail!(target_advice(&outcome)),
    }
}

/// Adds rustfmt and clippy.
///
/// # Errors
/// If one is missing and cannot be added; says what to run.
pub fn ensure_component(
    workspace: &Workspace,
    component: &str,
    subcommand: &str,
) -> anyhow::Result<()> {
    let is_there = |arguments: &[&str]| {
        process::cargo(workspace)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if is_there(&[subcommand, "--version"]) {
        return Ok(());
    }
    style::step("Adding", &format!("the component {component}"));
    let mut rustup = Command::new("rustup");
    rustup.args(["component", "add", component]);
    match add(&mut rustup) {
        Added::Yes if is_there(&[subcommand, "--version"]) => Ok(()),
        _ => bail!(
            "`cargo {subcommand}` is missing and could not be added: run `rustup component add {component}` where there is a network, or install it as your Rust was installed"
        ),
    }
}

/// The standard library for the target lies in the toolchain, whoever put it there.
fn has_wasm_target(workspace: &Workspace) -> bool {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM_TARGET])
        .current_dir(&workspace.root)
        .output();
    output.is_ok_and(|output| {
        output.status.success()
            && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Added {
    Yes,
    NoRustup,
    Failed,
}

fn add(rustup: &mut Command) -> Added {
    match rustup.stdin(Stdio::null()).status() {
        Err(_) => Added::NoRustup,
        Ok(status) if status.success() => Added::Yes,
        Ok(_) => Added::Failed,
    }
}

fn target_advice(outcome: &Added) -> String {
    match outcome {
        Added::NoRustup => format!(
            "the functions need the target {WASM_TARGET}, this Rust does not have it, and there is no rustup to add it: install Rust from https://rustup.rs, or your distribution's standard library for {WASM_TARGET}"
        ),
        Added::Failed => format!(
            "rustup could not add the target {WASM_TARGET} (its message is above): run `rustup target add {WASM_TARGET}` where there is a network, then try again"
        ),
        Added::Yes => format!(
            "rustup added the target {WASM_TARGET}, but `rustc --print target-libdir --target {WASM_TARGET}` does not find it: is the `rustc` on PATH rustup's?"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_rustup_is_told_from_one_that_fails() {
        assert_eq!(add(&mut Command::new("no-such-rustup")), Added::NoRustup);
        assert_eq!(add(&mut Command::new("false")), Added::Failed);
        assert_eq!(add(&mut Command::new("true")), Added::Yes);
    }

    #[test]
    fn each_failure_says_what_to_run() {
        assert!(target_advice(&Added::NoRustup).contains("https://rustup.rs"));
        assert!(target_advice(&Added::Failed).contains("`rustup target add wasm32-wasip2`"));
        assert!(target_advice(&Added::Yes).contains("PATH"));
    }
}
