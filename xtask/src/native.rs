//! The programs that the commands start: the runtime and the simulators.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::workspace::Workspace;
use crate::{process, style};

#[derive(Clone, Copy, Debug)]
pub struct Program {
    package: &'static str,
    binary: &'static str,
}

pub const RUNTIME: Program = Program {
    package: "runtime",
    binary: "patchbay-runtime",
};
pub const SIMULATORS: Program = Program {
    package: "simulators",
    binary: "patchbay-simulators",
};

/// The runtime's flag that lets functions reach the loopback network.
pub const ALLOW_PRIVATE_NETWORKS: &str = "--allow-private-networks";
/// Where `cron-tick` posts the tick: cron components cannot be chained from.
pub const TICK_URL_VARIABLE: &str = "SPIN_VARIABLE_TICK_URL";

/// Builds programs, in one go, and says where each is.
///
/// # Errors
/// If cargo fails.
pub fn build<const N: usize>(
    workspace: &Workspace,
    programs: [Program; N],
) -> anyhow::Result<[PathBuf; N]> {
    let binaries = programs.map(|program| program.binary);
    style::step("Building", &binaries.join(" and "));
    let mut command = process::cargo(workspace);
    command.arg("build");
    for program in programs {
        command.args(["-p", program.package, "--bin", program.binary]);
    }
    let artifacts = process::build(&mut command)?;
    let mut paths = [const { PathBuf::new() }; N];
    for (path, binary) in paths.iter_mut().zip(binaries) {
        *path = artifacts
            .iter()
            .filter(|artifact| artifact.target.name == binary)
            .find_map(|artifact| artifact.executable.clone())
            .with_context(|| format!("cargo built no {binary}"))?
            .into_std_path_buf();
    }
    Ok(paths)
}

/// How the runtime is started on spin.toml.
pub fn runtime_arguments(workspace: &Workspace, listen: SocketAddr, state: &Path) -> [OsString; 5] {
    [
        workspace.root.join("spin.toml").into(),
        "--listen".into(),
        listen.to_string().into(),
        "--state-dir".into(),
        state.into(),
    ]
}

/// How the simulators are started.
pub fn simulator_arguments(listen: SocketAddr, seed: u64) -> [OsString; 4] {
    [
        "--listen".into(),
        listen.to_string().into(),
        "--seed".into(),
        seed.to_string().into(),
    ]
}
