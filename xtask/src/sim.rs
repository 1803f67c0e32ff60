//! `cargo xtask sim`: the simulators of the providers.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::Context;

use crate::cli::SimArguments;
use crate::workspace::Workspace;
use crate::{interrupt, listen, native, style};

/// Builds and becomes the simulators: returns only if something fails.
pub fn run(workspace: &Workspace, arguments: &SimArguments) -> anyhow::Result<()> {
    let listen = listen::resolve(arguments.listen, "--listen")?;
    let [simulators] = native::build(workspace, [native::SIMULATORS])?;
    interrupt::check()?;
    style::step("Starting", &format!("http://{listen}"));
    style::note(&format!(
        "SPIN_VARIABLE_SEVEN_SHIFTS_URL=http://{listen} cargo xtask up -- {}",
        native::ALLOW_PRIVATE_NETWORKS
    ));
    let mut command = Command::new(&simulators);
    command
        .args(native::simulator_arguments(listen, arguments.seed))
        .args(&arguments.simulator_flags)
        .current_dir(&workspace.root);
    Err(command.exec()).with_context(|| format!("cannot start {}", simulators.display()))
}
