//! What the operator of an installation allows.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::address::judge_public;
use super::{Host, OutboundTarget, Refusal, Scheme, host, parse_port};
use crate::network::AllowList;
use crate::redact;

/// The most exceptions in one policy.
pub const MAX_EXCEPTIONS: usize = 64;

/// Where requests may go. It is the operator's, never a tenant's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    allows_http: bool,
    ports: BTreeSet<u16>,
    exceptions: Vec<Exception>,
    origins: Vec<String>,
}

/// An exception that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("'{given}' is not an exception: {problem}")]
    Exception { given: String, problem: String },
    #[error("there are more than {MAX_EXCEPTIONS} exceptions")]
    TooMany,
}

/// A target that is allowed although it is not public.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exception {
    what: Excepted,
    ports: ExceptedPorts,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Excepted {
    /// One network.
    Network(AllowList),
    Name(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExceptedPorts {
    /// Those of the policy.
    Usual,
    Any,
    One(u16),
}

impl Default for Policy {
    /// Public hosts, by https on port 443.
    fn default() -> Self {
        Self {
            allows_http: false,
            ports: BTreeSet::from([Scheme::Https.default_port()]),
            exceptions: Vec::new(),
            origins: Vec::new(),
        }
    }
}

impl Policy {
    /// Also plain http, and its port 80.
    #[must_use]
    pub fn with_http(mut self) -> Self {
        self.allows_http = true;
        self.ports.insert(Scheme::Http.default_port());
        self
    }

    /// Also these ports, at every host.
    #[must_use]
    pub fn with_ports(mut self, ports: &[u16]) -> Self {
        self.ports.extend(ports);
        self
    }

    /// Also these targets, although they are not public: an address (`10.0.0.5`), a network
    /// (`10.0.0.0/8`, `[fd00::/8]`) or the name of one host (`odoo.internal`), each with a port of its
    /// own (`odoo.internal:8069`), any port (`127.0.0.1:*`), or the usual ports.
    ///
    /// A name is an exception to what is refused of names. The addresses that it resolves to are
    /// judged by themselves: where they are private, their network must be excepted, too.
    ///
    /// # Errors
    /// [`PolicyError`] names the entry that is none.
    pub fn with_exceptions<S: AsRef<str>>(mut self, entries: &[S]) -> Result<Self, PolicyError> {
        for entry in entries {
            if self.exceptions.len() >= MAX_EXCEPTIONS {
                return Err(PolicyError::TooMany);
            }
            self.exceptions.push(Exception::parse(entry.as_ref())?);
        }
        Ok(self)
    }

    /// Also this origin, although it is private or has a port of its own; the one origin that may be
    /// plain http.
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
        let (scheme, host, port) = (target.scheme, &target.host, target.port);
        if scheme == Scheme::Http && !self.allows_http {
            return Err(Refusal::Http);
        }
        let is_usual_port = self.ports.contains(&port);
        let is_excepted = self
            .exceptions
            .iter()
            .any(|exception| exception.covers(host) && exception.admits(port, is_usual_port));
        if is_excepted {
            return Ok(());
        }
        if !is_usual_port {
            return Err(Refusal::Port);
        }
        match host {
            Host::Name(name) if host::is_local(name) => Err(Refusal::LocalName),
            Host::Name(_) => Ok(()),
            Host::V4(address) => judge_public((*address).into()),
            Host::V6(address) => judge_public((*address).into()),
        }
    }

    pub(super) fn excepts_address(&self, address: IpAddr) -> bool {
        self.exceptions
            .iter()
            .any(|exception| exception.covers_address(address))
    }
}

impl Exception {
    fn parse(entry: &str) -> Result<Self, PolicyError> {
        let refuse = |problem: String| PolicyError::Exception {
            given: redact::excerpt(entry, 60, &[]),
            problem,
        };
        let (target, port) = split_port(entry.trim());
        let ports = match port {
            None => ExceptedPorts::Usual,
            Some("*") => ExceptedPorts::Any,
            Some(digits) => parse_port(digits)
                .map(ExceptedPorts::One)
                .map_err(|_| refuse("its port is neither a number from 1 to 65535 nor *".into()))?,
        };
        let what = if target.contains('/') || target.parse::<IpAddr>().is_ok() {
            AllowList::parse(&[target])
                .map(Excepted::Network)
                .map_err(|error| refuse(error.to_string()))?
        } else {
            match Host::parse(target) {
                Ok(Host::Name(name)) => Excepted::Name(name),
                Ok(_) | Err(_) => {
                    return Err(refuse(
                        "give an address, a network such as 10.0.0.0/8, or the name of one host"
                            .into(),
                    ));
                }
            }
        };
        Ok(Self { what, ports })
    }

    fn covers(&self, host: &Host) -> bool {
        match (&self.what, host) {
            (Excepted::Name(excepted), Host::Name(name)) => excepted == name,
            (Excepted::Network(_), host) => host
                .address()
                .is_some_and(|address| self.covers_address(address)),
            (Excepted::Name(_), _) => false,
        }
    }

    fn covers_address(&self, address: IpAddr) -> bool {
        match &self.what {
            Excepted::Network(network) => network.allows(address),
            Excepted::Name(_) => false,
        }
    }

    fn admits(&self, port: u16, is_usual_port: bool) -> bool {
        match self.ports {
            ExceptedPorts::Usual => is_usual_port,
            ExceptedPorts::Any => true,
            ExceptedPorts::One(admitted) => admitted == port,
        }
    }
}

/// What stands before the port, without brackets, and the port.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some((target, rest)) = entry
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return match rest.strip_prefix(':') {
            Some(port) => (target, Some(port)),
            None if rest.is_empty() => (target, None),
            // Nothing that could be read.
            None => (entry, None),
        };
    }
    match entry.split_once(':') {
        Some((target, port)) if !port.contains(':') => (target, Some(port)),
        // Several are an IPv6 address without brackets.
        _ => (entry, None),
    }
}
