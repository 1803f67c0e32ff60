//! Becomes another program that dies with the command that started it.
//!
//! A background program runs in a process group of its own, so that Ctrl-C reaches only the
//! command, which then stops it in order. Should the command itself be killed, nobody would stop
//! it: so it first asks the kernel to be killed too. That request survives the change of program.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context, bail};

use crate::cli::GuardArguments;

/// Returns only if the program cannot be started.
pub fn run(arguments: &GuardArguments) -> anyhow::Result<()> {
    die_with(arguments.parent)?;
    let Some((program, rest)) = arguments.program.split_first() else {
        bail!("no program is named");
    };
    Err(Command::new(program).args(rest).exec())
        .with_context(|| format!("cannot start {}", program.display()))
}

#[cfg(target_os = "linux")]
fn die_with(parent: u32) -> anyhow::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};

    set_parent_process_death_signal(Some(Signal::KILL))
        .context("cannot ask to be stopped with the parent")?;
    // It may have died just before: then nobody will send the signal.
    let now = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    if now != Some(parent) {
        bail!("the command that started this program has ended");
    }
    Ok(())
}

/// Elsewhere an orderly end, Ctrl-C and SIGTERM still stop it; only SIGKILL leaves it running.
#[cfg(not(target_os = "linux"))]
fn die_with(_parent: u32) -> anyhow::Result<()> {
    Ok(())
}
