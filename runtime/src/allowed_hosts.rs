//! A component's `allowed_outbound_hosts`.
//!
//! The grammar is Spin's (<https://spinframework.dev/http-outbound>):
//! `scheme://host[:port]`, where the scheme may be `*`, the host `*` or
//! `*.domain`, and the port a number, a range `first..end` without its end, or `*`.

use std::{net::IpAddr, ops::Range};

use http::Uri;

/// Suffix of the hosts that stand for components of the same application.
pub(crate) const CHAINING_SUFFIX: &str = ".spin.internal";

/// Where a component may send requests.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts(Vec<Entry>);

/// How a destination is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// By an entry that names the host.
    Named,
    /// By an entry with a wildcard for the host: private networks stay closed,
    /// for whoever wrote the entry did not mean them.
    Wildcard,
}

#[derive(Clone, Debug)]
struct Entry {
    /// `None` for any.
    scheme: Option<String>,
    host: Host,
    /// `None` for any.
    ports: Option<Range<u32>>,
}

#[derive(Clone, Debug)]
enum Host {
    Any,
    /// Any host that ends so; starts with a dot.
    Below(String),
    Exactly(String),
}

impl AllowedHosts {
    /// # Errors
    /// A message that names the first malformed entry.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        entries
            .into_iter()
            .map(|text| {
                Entry::parse(text).map_err(|why| format!("allowed_outbound_hosts: `{text}`: {why}"))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether, and how, a request to `uri` is allowed.
    pub fn find(&self, uri: &Uri) -> Option<Allowance> {
        let scheme = uri.scheme_str()?;
        let host = uri.host()?.to_ascii_lowercase();
        let port = uri.port_u16().or_else(|| well_known_port(scheme))?;
        self.0
            .iter()
            .filter(|entry| entry.matches(scheme, &host, port))
            .map(|entry| match entry.host {
                Host::Exactly(_) => Allowance::Named,
                Host::Any | Host::Below(_) => Allowance::Wildcard,
            })
            .min_by_key(|allowance| *allowance != Allowance::Named)
    }
}

impl Entry {
    fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or("an entry is `scheme://host` or `scheme://host:port`")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err("an entry is an origin: it has no path, query or user".to_owned());
        }
        let (host, port) = split_port(rest);
        let scheme = match scheme {
            "*" => None,
            scheme if is_scheme(scheme) => Some(scheme.to_ascii_lowercase()),
            _ => return Err("the scheme is malformed".to_owned()),
        };
        let ports = match (port, scheme.as_deref()) {
            (Some("*"), _) => None,
            (Some(port), _) => Some(parse_ports(port)?),
            (None, Some(scheme)) => {
                let port = well_known_port(scheme)
                    .ok_or_else(|| format!("scheme `{scheme}` needs a port"))?;
                Some(u32::from(port)..u32::from(port) + 1)
            }
            (None, None) => return Err("scheme `*` needs a port".to_owned()),
        };
        Ok(Self {
            scheme,
            host: Host::parse(host)?,
            ports,
        })
    }

    fn matches(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.scheme
            .as_ref()
            .is_none_or(|allowed| allowed.eq_ignore_ascii_case(scheme))
            && self
                .ports
                .as_ref()
                .is_none_or(|ports| ports.contains(&u32::from(port)))
            && self.host.matches(host)
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_lowercase();
        if text == "*" {
            return Ok(Self::Any);
        }
        if text == "self" {
            return Err("`self` is not supported by this runtime: name the component".to_owned());
        }
        let (name, wildcard) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text.as_str(), false),
        };
        let address = name
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if address.is_err() && (name.is_empty() || !name.chars().all(named)) {
            return Err("the host is malformed".to_owned());
        }
        Ok(if wildcard {
            Self::Below(format!(".{name}"))
        } else {
            Self::Exactly(text)
        })
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            // A wildcard for the world does not open the components to each other.
            Self::Any => !host.trim_end_matches('.').ends_with(CHAINING_SUFFIX),
            Self::Below(suffix) => host.ends_with(suffix),
            Self::Exactly(name) => name == host,
        }
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    // An IPv6 address has colons of its own, in brackets.
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn parse_ports(text: &str) -> Result<Range<u32>, String> {
    let number = |text: &str| {
        text.parse::<u16>()
            .map(u32::from)
            .map_err(|_| format!("port `{text}` is not a number up to 65535"))
    };
    let range = match text.split_once("..") {
        Some((first, end)) => number(first)?..number(end)?,
        None => {
            let port = number(text)?;
            port..port + 1
        }
    };
    if range.is_empty() {
        return Err(format!("port range `{text}` is empty"));
    }
    Ok(range)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn well_known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(entries: &[&str], uri: &str) -> Option<Allowance> {
        let hosts = AllowedHosts::parse(entries.iter().copied()).expect("well-formed entries");
        hosts.find(&uri.parse().expect(uri))
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        assert_eq!(find(&[], "https://example.com/"), None);
    }

    #[test]
    fn an_origin_allows_its_scheme_host_and_port_alone() {
        for (uri, allowed) in [
            ("https://api.example.com/v2/x?y", true),
            ("https://API.example.com:443/", true),
            ("http://api.example.com/", false),
            ("https://api.example.com:8443/", false),
            ("https://example.com/", false),
            ("https://api.example.com.evil.test/", false),
            ("https://evil.test/api.example.com", false),
            ("https://api.example.com@evil.test/", false),
        ] {
            assert_eq!(
                find(&["https://api.example.com"], uri).is_some(),
                allowed,
                "{uri}"
            );
        }
    }

    #[test]
    fn wildcards_and_ranges_mean_what_spin_means() {
        for (entry, uri, allowed) in [
            ("https://*.example.com", "https://a.example.com/", true),
            ("https://*.example.com", "https://a.b.example.com/", true),
            ("https://*.example.com", "https://example.com/", false),
            ("https://*.example.com", "https://badexample.com/", false),
            ("https://*", "https://anything.test/", true),
            ("https://*", "http://anything.test/", false),
            ("*://localhost:3000", "http://localhost:3000/", true),
            ("*://*:*", "http://anything.test:99/", true),
            ("http://a.test:*", "http://a.test:1234/", true),
            ("http://a.test:80..82", "http://a.test:81/", true),
            ("http://a.test:80..82", "http://a.test:82/", false),
            ("http://[::1]:80", "http://[::1]/", true),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/x", true),
        ] {
            assert_eq!(find(&[entry], uri).is_some(), allowed, "{entry} {uri}");
        }
    }

    #[test]
    fn only_an_entry_for_it_opens_service_chaining() {
        let uri = "http://other.spin.internal/x";
        for uri in [
            uri,
            "http://OTHER.Spin.Internal/x",
            "http://other.spin.internal./x",
        ] {
            assert_eq!(find(&["*://*:*", "http://*"], uri), None, "{uri}");
        }
        assert!(find(&["http://*.spin.internal"], uri).is_some());
        assert!(find(&["http://other.spin.internal"], uri).is_some());
        assert_eq!(find(&["http://third.spin.internal"], uri), None);
    }

    #[test]
    fn a_named_host_is_preferred_to_a_wildcard() {
        let entries = ["http://*:*", "http://127.0.0.1:8000"];
        assert_eq!(
            find(&entries, "http://127.0.0.1:8000/"),
            Some(Allowance::Named)
        );
        assert_eq!(
            find(&entries, "http://127.0.0.1:8001/"),
            Some(Allowance::Wildcard)
        );
    }

    #[test]
    fn malformed_entries_are_refused() {
        for entry in [
            "",
            "example.com",
            "https://",
            "https://example.com/v2",
            "https://a b",
            "https://*a.test",
            "https://user@example.com",
            "*://example.com",
            "redis://example.com",
            "https://a.test:0x50",
            "https://a.test:90..80",
            "https://a.test:70000",
            "http://self",
            "1://a.test:1",
        ] {
            assert!(AllowedHosts::parse([entry]).is_err(), "{entry}");
        }
    }
}
