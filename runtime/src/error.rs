//! What can go wrong between a manifest and a serving host.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why an application cannot be loaded, started or kept running.
///
/// Requests never see these: what goes wrong while one is handled is answered
/// with a status (see [`crate::Runtime::handle`]).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The manifest or another configured file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    /// The manifest says something this runtime cannot follow.
    #[error("{path}{}: {message}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
    Manifest {
        path: PathBuf,
        /// Counted from 1; `None` if it is the whole file that lacks something.
        line: Option<usize>,
        message: String,
    },
    /// A component has not been built.
    #[error("component `{component}`: {path} does not exist; build the components first")]
    NotBuilt { component: String, path: PathBuf },
    /// A component is not one that this runtime can run.
    #[error("component `{component}`: {message}")]
    Component { component: String, message: String },
    /// Variables without default that nobody set.
    #[error("required variables are not set: {}", .0.join(", "))]
    VariablesMissing(Vec<String>),
    /// A variable was set that the manifest does not declare, or a template is malformed.
    #[error("{0}")]
    Variable(String),
    /// Another process listens where this one should.
    #[error(
        "{address} is already in use: stop what listens there, or choose another --listen address"
    )]
    AddressInUse { address: SocketAddr },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    /// The state directory or a database in it cannot be used.
    #[error("cannot use {path}: {message}")]
    State { path: PathBuf, message: String },
    /// The outbound HTTP client cannot be set up.
    #[error("cannot set up outbound HTTP: {0}")]
    Outbound(String),
    /// The WebAssembly engine refuses its configuration.
    #[error("cannot set up the WebAssembly engine: {0}")]
    Engine(String),
    /// No trigger of this kind and number exists.
    #[error("the manifest has no cron trigger number {0}")]
    NoSuchTrigger(usize),
    /// A cron component failed, by its own account or by a trap.
    #[error("cron component `{component}` failed: {message}")]
    Cron { component: String, message: String },
}
