//! The URL under which providers reach this installation: the variable `public_url`.

use std::net::IpAddr;

use http::Uri;

use crate::variables;

/// Why there is none, and what to do.
const NOT_SET: &str = "The variable public_url is not set, so no provider can reach this installation, and everything is polled. Set it to the https URL of this installation; webhooks at 7shifts are then registered by repair_webhooks.";
const UNUSABLE: &str = "The variable public_url cannot be used: it must be an https URL without user, query or fragment, such as https://patchbay.example.com (http only for this machine). Correct it; webhooks at 7shifts are then registered by repair_webhooks.";

/// An https URL without a slash at its end; on this machine, for development, also http.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// # Errors
    /// A sentence that says why there is none, and what to do.
    pub async fn configured() -> Result<Self, &'static str> {
        let text = variables::get("public_url").await.ok_or(NOT_SET)?;
        Self::parse(&text).ok_or(UNUSABLE)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let uri: Uri = text.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let is_allowed = match scheme {
            "https" => true,
            "http" => is_loopback(authority.host()),
            _ => false,
        };
        let is_plain = uri.query().is_none() && !text.contains(['#', '@']);
        if !is_allowed || !is_plain || authority.host().is_empty() {
            return None;
        }
        let path = uri.path().trim_end_matches('/');
        let authority = authority.as_str().to_ascii_lowercase();
        // As providers write it when they list it.
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
        Some(Self(format!("{scheme}://{authority}{path}")))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port, as a browser names where a page comes from (RFC 6454 section 6.1).
    #[must_use]
    pub fn origin(&self) -> &str {
        self.0.strip_suffix(self.path()).unwrap_or(&self.0)
    }

    /// What it has behind its host: empty, or with a slash at its beginning and none at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        let behind_scheme = self.0.split_once("://").map_or("", |(_, rest)| rest);
        behind_scheme
            .find('/')
            .and_then(|at| behind_scheme.get(at..))
            .unwrap_or("")
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .trim_matches(['[', ']'])
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_https_or_on_this_machine() {
        for (text, url) in [
            (
                "https://patchbay.example.com",
                "https://patchbay.example.com",
            ),
            (
                " https://Patchbay.Example.com/ ",
                "https://patchbay.example.com",
            ),
            (
                "https://example.com:8443/in/",
                "https://example.com:8443/in",
            ),
            ("https://example.com:443", "https://example.com"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://localhost:3000/", "http://localhost:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            let parsed = PublicUrl::parse(text).unwrap();
            assert_eq!(parsed.as_str(), url);
            assert_eq!(format!("{}{}", parsed.origin(), parsed.path()), url);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "patchbay.example.com",
            "/hooks",
            "https://",
            "http://patchbay.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "ftp://patchbay.example.com",
            "https://user:word@patchbay.example.com",
            "https://patchbay.example.com/?a=b",
            "https://patchbay.example.com/#a",
        ] {
            assert_eq!(PublicUrl::parse(text), None, "{text}");
        }
    }
}
