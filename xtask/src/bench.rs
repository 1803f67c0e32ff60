//! `cargo xtask bench`: the marks for speed and memory.

use crate::cli::BenchArguments;
use crate::workspace::Workspace;
use crate::{functions, process};

/// Builds the functions and runs the bench on them.
pub fn run(workspace: &Workspace, arguments: &BenchArguments) -> anyhow::Result<()> {
    functions::build(workspace)?;
    let mut command = process::cargo(workspace);
    command
        .args(["run", "--quiet", "-p", workspace.system_tests()])
        .args(["--bin", "patchbay-bench", "--"]);
    if arguments.json {
        command.arg("--json");
    }
    for id in &arguments.only {
        command.args(["--only", id]);
    }
    process::run(command.args(&arguments.bench_flags))
}
