//! `cargo xtask up`: the application in the embedded runtime.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::Context;

use crate::cli::UpArguments;
use crate::secrets::{self, Secrets};
use crate::workspace::Workspace;
use crate::{functions, interrupt, listen, native, style};

/// Builds and becomes the runtime: returns only if something fails.
pub fn run(workspace: &Workspace, arguments: &UpArguments) -> anyhow::Result<()> {
    let listen = listen::resolve(arguments.listen, "--listen")?;
    if arguments.no_build {
        functions::refuse_stale(workspace)?;
    } else {
        functions::build(workspace)?;
    }
    let [runtime] = native::build(workspace, [native::RUNTIME])?;

    // A relative folder is the repository's: secrets must not depend on where the command is typed.
    let state = workspace.root.join(&arguments.state_dir);
    let is_given = secrets::given(&workspace.root)?;
    let secrets = Secrets::provide(&state, &is_given)?;
    if secrets.generated {
        style::step(
            "Generated",
            &format!(
                "development secrets in {} (set SPIN_VARIABLE_… or .env to use your own)",
                secrets.file.display()
            ),
        );
    }
    interrupt::check()?;
    style::step("Starting", &format!("http://{listen}"));
    if let Some(key) = secrets.get("operator_key") {
        style::note(&format!(
            "curl -H 'Authorization: Bearer {key}' http://{listen}/api/organizations"
        ));
    }
    let mut command = Command::new(&runtime);
    command
        .args(native::runtime_arguments(workspace, listen, &state))
        .args(&arguments.runtime_flags)
        .envs(secrets.environment())
        .current_dir(&workspace.root);
    for (name, value) in native::TICK_VARIABLES
        .iter()
        .zip(native::tick_values(listen))
    {
        if !is_given(name) {
            command.env(name, value);
        }
    }
    Err(command.exec()).with_context(|| format!("cannot start {}", runtime.display()))
}
