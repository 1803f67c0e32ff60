//! The host of a URL.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Refusal;

/// RFC 1035 section 2.3.4.
const MAX_LABEL_BYTES: usize = 63;
const MAX_NAME_BYTES: usize = 253;

/// Domains whose names lead into a private network or to this machine: RFC 6761 section 6.3, RFC 6762
/// section 3, RFC 8375, the top-level domain that ICANN reserves for private use, and the domain that
/// many systems give to their own names.
const LOCAL_DOMAINS: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "localdomain"];

/// Names of metadata services that are in none of those domains.
const METADATA_NAMES: [&str; 2] = ["metadata.goog", "metadata.tencentyun.com"];

/// A name in lower case, or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Host {
    /// Reads what stands between the slashes and the port. Of the spellings of an IPv4 address only
    /// four decimal numbers are read; the others (`127.1`, `0x7f.1`, `2130706433`) are refused, and
    /// with them whatever a resolver may take for a number: every name with a last label that begins
    /// with a digit, which no top-level domain does.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Err(Refusal::NoHost);
        }
        if !text.is_ascii() {
            return Err(Refusal::HostNotAscii);
        }
        if text.contains('%') {
            return Err(Refusal::HostPercent);
        }
        if let Some(inner) = text.strip_prefix('[') {
            return inner
                .strip_suffix(']')
                .and_then(|address| address.parse().ok())
                .map(Self::V6)
                .ok_or(Refusal::BadHost);
        }
        if text.ends_with('.') {
            return Err(Refusal::TrailingDot);
        }
        if text.len() > MAX_NAME_BYTES || !text.split('.').all(is_label) {
            return Err(Refusal::BadHost);
        }
        let last_label = text.rsplit('.').next().unwrap_or(text);
        if last_label.starts_with(|c: char| c.is_ascii_digit()) {
            return text.parse().map(Self::V4).map_err(|_| Refusal::NumericHost);
        }
        Ok(Self::Name(text.to_ascii_lowercase()))
    }

    /// Where the host is an address.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(address) => Some(IpAddr::V4(*address)),
            Self::V6(address) => Some(IpAddr::V6(*address)),
        }
    }
}

impl fmt::Display for Host {
    /// As in a URL: IPv6 in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// Whether a name leads somewhere private by its text alone. A name of one label does: resolvers
/// complete it with the domains of their own network.
pub(super) fn is_local(name: &str) -> bool {
    let is_in = |domain: &&str| {
        name.strip_suffix(*domain)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    !name.contains('.') || LOCAL_DOMAINS.iter().chain(&METADATA_NAMES).any(is_in)
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
