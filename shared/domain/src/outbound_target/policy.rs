//! What the operator of an installation allows.

use std::collections::BTreeSet;

use super::address::judge_address;
use super::{Host, OutboundTarget, Refusal, Scheme, host};

/// Where requests may go: to public hosts by https at some ports, and to single origins. It is the
/// operator's, never a tenant's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    ports: BTreeSet<u16>,
    origins: Vec<String>,
}

impl Default for Policy {
    /// Public hosts, by https on port 443.
    fn default() -> Self {
        Self {
            ports: BTreeSet::from([Scheme::Https.default_port()]),
            origins: Vec::new(),
        }
    }
}

impl Policy {
    /// Also these ports, at every public host.
    #[must_use]
    pub fn with_ports(mut self, ports: &[u16]) -> Self {
        self.ports.extend(ports);
        self
    }

    /// Also this origin, although it is private, has a port of its own, or is plain http.
    ///
    /// # Errors
    /// [`Refusal`] of a text that is no origin.
    pub fn with_origin(mut self, origin: &str) -> Result<Self, Refusal> {
        let target = OutboundTarget::read(origin)?;
        if target.path_and_query() != "/" {
            return Err(Refusal::OtherOrigin);
        }
        self.origins.push(target.origin().to_owned());
        Ok(self)
    }

    pub(super) fn judge(&self, target: &OutboundTarget) -> Result<(), Refusal> {
        if self.origins.iter().any(|origin| origin == target.origin()) {
            return Ok(());
        }
        if target.scheme == Scheme::Http {
            return Err(Refusal::Http);
        }
        if !self.ports.contains(&target.port) {
            return Err(Refusal::Port);
        }
        match &target.host {
            Host::Name(name) if host::is_local(name) => Err(Refusal::LocalName),
            Host::Name(_) => Ok(()),
            Host::V4(address) => judge_address((*address).into()),
            Host::V6(address) => judge_address((*address).into()),
        }
    }
}
