//! `cargo xtask bench`: the marks for speed and memory.

use std::process::Command;

use crate::cli::BenchArguments;
use crate::workspace::Workspace;
use crate::{functions, native, process};

/// Builds the functions and runs the bench on them.
pub fn run(workspace: &Workspace, arguments: &BenchArguments) -> anyhow::Result<()> {
    functions::build(workspace)?;
    let [bench] = native::build(workspace, [native::BENCH])?;
    let mut command = Command::new(bench);
    command.current_dir(&workspace.root);
    if arguments.json {
        command.arg("--json");
    }
    for id in &arguments.only {
        command.args(["--only", id]);
    }
    process::run(command.args(&arguments.bench_flags))
}
