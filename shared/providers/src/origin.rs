//! A provider's base URL: an origin, to which the clients add their own paths.

use http::Uri;

use crate::ProviderError;

/// Scheme, host and port. A path is refused, because a host's list of allowed outbound
/// hosts takes origins only and the API's own path belongs to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    pub(crate) fn parse(text: &str) -> Result<Self, ProviderError> {
        let refuse = |why: &str| ProviderError::Request {
            what: format!("the base URL {why}; give an origin such as https://api.example.com"),
        };
        let uri: Uri = text.trim().parse().map_err(|_| refuse("is not a URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(refuse("is not a URL"));
        };
        if !matches!(scheme, "http" | "https") {
            return Err(refuse("is neither http nor https"));
        }
        if authority.as_str().contains('@') {
            return Err(refuse("holds a user name or password"));
        }
        if uri.path() != "/" || uri.query().is_some() || text.contains('#') {
            return Err(refuse("holds more than scheme, host and port"));
        }
        Ok(Self(format!("{scheme}://{authority}")))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_keeps_scheme_host_and_port() {
        for (text, origin) in [
            ("https://api.7shifts.com", "https://api.7shifts.com"),
            ("https://api.7shifts.com/", "https://api.7shifts.com"),
            ("http://127.0.0.1:4010", "http://127.0.0.1:4010"),
            ("http://[::1]:4010/", "http://[::1]:4010"),
            (
                " https://api.7shifts.com:443 ",
                "https://api.7shifts.com:443",
            ),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), origin);
        }
    }

    #[test]
    fn anything_more_or_less_than_an_origin_is_refused() {
        for text in [
            "",
            "api.7shifts.com",
            "https://",
            "/v2",
            "ftp://api.7shifts.com",
            "https://api.7shifts.com/v2",
            "https://api.7shifts.com/?a=b",
            "https://api.7shifts.com/#a",
            "https://user:hunter2@api.7shifts.com",
        ] {
            let error = Origin::parse(text).unwrap_err().to_string();
            assert!(error.contains("give an origin"), "{text}: {error}");
            assert!(!error.contains("hunter2"));
        }
    }
}
