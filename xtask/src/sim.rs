//! `cargo xtask sim`: the simulators of the providers.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::Context;

use crate::cli::SimArguments;
use crate::simulators::Simulators;
use crate::workspace::Workspace;
use crate::{interrupt, listen, native, style};

/// Builds and becomes the simulators: returns only if something fails.
pub fn run(workspace: &Workspace, arguments: &SimArguments) -> anyhow::Result<()> {
    let listen = listen::resolve(arguments.listen, "--listen")?;
    let addresses = if arguments.listen.port() == 0 {
        Simulators::beside(listen)?
    } else {
        Simulators::behind(listen)?
    };
    let [simulators] = native::build(workspace, [native::SIMULATORS])?;
    interrupt::check()?;
    style::step("Starting", &format!("http://{listen}"));
    style::note(&application(&addresses));
    let mut command = Command::new(&simulators);
    command
        .args(addresses.arguments(arguments.seed))
        .args(&arguments.simulator_flags)
        .current_dir(&workspace.root);
    Err(command.exec()).with_context(|| format!("cannot start {}", simulators.display()))
}

/// The command that starts an application which calls them.
fn application(addresses: &Simulators) -> String {
    let variables: Vec<_> = addresses
        .variables()
        .iter()
        .map(|(name, origin)| format!("{name}={origin}"))
        .collect();
    format!(
        "SPIN_VARIABLE_PUBLIC_URL=http://127.0.0.1:3000 {} cargo xtask up -- {}",
        variables.join(" "),
        native::ALLOW_PRIVATE_NETWORKS
    )
}
