//! The programs that the commands start.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::workspace::Workspace;
use crate::{process, style};

pub const RUNTIME: &str = "patchbay-runtime";
pub const SIMULATORS: &str = "patchbay-simulators";
pub const BENCH: &str = "patchbay-bench";

/// Where `cron-tick` posts the tick, and the origin that the functions may therefore call.
pub const TICK_VARIABLES: [&str; 2] = ["SPIN_VARIABLE_TICK_URL", "SPIN_VARIABLE_TICK_ORIGIN"];

/// The runtime's flag that lets functions reach a simulator on the loopback network, if
/// `allowed_outbound_hosts` names it. Their own application they reach without.
pub const ALLOW_PRIVATE_NETWORKS: &str = "--allow-private-networks";

/// Builds programs, in one go, and says where each is.
///
/// # Errors
/// If cargo fails.
pub fn build<const N: usize>(
    workspace: &Workspace,
    binaries: [&str; N],
) -> anyhow::Result<[PathBuf; N]> {
    style::step("Building", &binaries.join(" and "));
    if !workspace.target.join("debug").join(RUNTIME).exists() {
        style::note("the WebAssembly host is built with it: some minutes, the first time");
    }
    let mut command = process::cargo(workspace);
    command
        .arg("build")
        .args(process::packages(&workspace.native()))
        .args(binaries.iter().flat_map(|binary| ["--bin", binary]));
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

/// The values of [`TICK_VARIABLES`] for an application that listens on `listen`.
pub fn tick_values(listen: SocketAddr) -> [String; 2] {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let origin = format!("http://{}", SocketAddr::new(ip, listen.port()));
    [format!("{origin}/internal/tick"), origin]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tick_goes_to_an_address_that_can_be_called() {
        let values = |listen: &str| tick_values(listen.parse().unwrap());
        for (listen, origin) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(
                values(listen),
                [format!("{origin}/internal/tick"), origin.to_owned()]
            );
        }
    }
}
