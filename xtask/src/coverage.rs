//! `cargo xtask coverage`: which lines the native tests reach.

use std::process::{Command, Stdio};

use anyhow::Context;

use crate::cli::CoverageArguments;
use crate::workspace::Workspace;
use crate::{process, style};

/// Runs the native tests under cargo-llvm-cov, which is installed if it is missing.
pub fn run(workspace: &Workspace, arguments: &CoverageArguments) -> anyhow::Result<()> {
    let is_there = process::cargo(workspace)
        .args(["llvm-cov", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !is_there {
        style::step("Installing", "cargo-llvm-cov");
        process::run(process::cargo(workspace).args(["install", "cargo-llvm-cov", "--locked"]))
            .context("cargo-llvm-cov could not be installed")?;
    }
    process::run(Command::new("rustup").args(["component", "add", "llvm-tools"]))
        .context("coverage needs the component llvm-tools")?;

    let mut command = process::cargo(workspace);
    command.arg("llvm-cov");
    if arguments.html {
        command.arg("--html");
    } else {
        command.arg("--summary-only");
    }
    process::run(command.args(process::packages(&workspace.unit_tested())))
}
