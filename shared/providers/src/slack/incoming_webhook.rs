//! An address that posts to one channel, and is all the credential that it needs.

use std::fmt;

use domain::slack_message::Message;
use http::Uri;

use super::DEFAULT_WEBHOOKS_BASE_URL;
use super::call::{Body, Call, Reply};
use crate::origin::Origin;
use crate::{ProviderError, Secret};

/// The only hosts that a webhook may have, so that nobody makes us call another.
const HOSTS: [(&str, &str); 2] = [
    ("hooks.slack.com", DEFAULT_WEBHOOKS_BASE_URL),
    ("hooks.slack-gov.com", "https://hooks.slack-gov.com"),
];
const MAX_ID_CHARS: usize = 32;
const MAX_SECRET_CHARS: usize = 128;

/// An incoming webhook of an app. `Debug` and `Display` show its team and service only.
#[derive(Clone, PartialEq, Eq)]
pub struct IncomingWebhook {
    /// Of Slack.
    origin: &'static str,
    team: String,
    service: String,
    secret: Secret,
}

impl IncomingWebhook {
    /// Takes an address as Slack shows it: `https://hooks.slack.com/services/T…/B…/…`, nothing
    /// before, between or after.
    ///
    /// # Errors
    /// [`ProviderError::Credential`] says what is wrong and what to do, without the address.
    pub fn parse(url: &str) -> Result<Self, ProviderError> {
        let url = url.trim();
        let uri: Uri = url.parse().map_err(|_| unlike("is not an address"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(unlike("is not a whole address"));
        };
        if scheme != "https" {
            return Err(unlike("does not begin with https://"));
        }
        if authority.as_str().contains('@') {
            return Err(unlike("holds a user name or password"));
        }
        if authority.as_str().contains(':') {
            return Err(unlike("holds a port"));
        }
        let origin = HOSTS
            .iter()
            .find(|(host, _)| authority.as_str().eq_ignore_ascii_case(host))
            .map(|(_, origin)| *origin)
            .ok_or_else(|| unlike("is of another host"))?;
        // `Uri` drops a fragment unseen.
        if url.contains(['?', '#']) {
            return Err(unlike("holds more than a path"));
        }
        let parts: Vec<&str> = uri.path().split('/').skip(1).collect();
        match parts.as_slice() {
            ["services", team, service, secret]
                if is_id(team, 'T') && is_id(service, 'B') && is_secret(secret) =>
            {
                Ok(Self {
                    origin,
                    team: (*team).to_owned(),
                    service: (*service).to_owned(),
                    secret: Secret::new(*secret),
                })
            }
            ["triggers" | "workflows", ..] => Err(refused(
                "this is the address of a workflow, which takes no messages; add an incoming webhook to a Slack app and use its address",
            )),
            _ => Err(unlike("has another path")),
        }
    }

    /// The workspace, such as `T024BE7LD`.
    #[must_use]
    pub fn team(&self) -> &str {
        &self.team
    }

    /// The webhook's own id, such as `B024BE7LE`; not secret.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The whole address, to be kept as a secret is kept. [`parse`](Self::parse) takes it back.
    #[must_use]
    pub fn address(&self) -> Secret {
        Secret::new(self.url_at(self.origin))
    }

    /// Posts a message to the webhook's channel.
    ///
    /// `base_url` is [`DEFAULT_WEBHOOKS_BASE_URL`], which stands for Slack's own hosts, or an
    /// origin that takes their place.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `base_url` is not an origin.
    pub fn post(&self, base_url: &str, message: &Message) -> Result<Call<()>, ProviderError> {
        let base = Origin::parse(base_url)?;
        let origin = match base.as_str() {
            DEFAULT_WEBHOOKS_BASE_URL => self.origin,
            other => other,
        };
        Call::post(
            &self.url_at(origin),
            None,
            Body::Message(message),
            Reply::new(read_ok, self.secret.clone()),
        )
    }

    fn url_at(&self, origin: &str) -> String {
        let (team, service) = (&self.team, &self.service);
        format!(
            "{origin}/services/{team}/{service}/{}",
            self.secret.expose()
        )
    }
}

impl fmt::Debug for IncomingWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingWebhook")
            .field("team", &self.team)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for IncomingWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.team, self.service)
    }
}

/// The body of a success is `ok` and nothing else: a proxy's page with 200 is none.
fn read_ok(body: &[u8]) -> Option<()> {
    (body.trim_ascii() == b"ok").then_some(())
}

fn is_id(text: &str, initial: char) -> bool {
    text.starts_with(initial) && is_alphanumeric(text, 2, MAX_ID_CHARS)
}

fn is_secret(text: &str) -> bool {
    is_alphanumeric(text, 1, MAX_SECRET_CHARS)
}

fn is_alphanumeric(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn unlike(why: &str) -> ProviderError {
    refused(&format!(
        "the address {why}; copy that of the incoming webhook from Slack, https://hooks.slack.com/services/T…/B…/… as a whole"
    ))
}

fn refused(what: &str) -> ProviderError {
    ProviderError::Credential {
        what: what.to_owned(),
    }
}
