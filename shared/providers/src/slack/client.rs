//! The Web API, with an app's bot token.

use domain::slack_message::Message;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::call::{Body, Call, Reply};
use crate::origin::Origin;
use crate::{ProviderError, Secret};

const TOKEN_PREFIX: &str = "xoxb-";
/// No token seen is near this; a larger one would be refused by servers as a header.
const MAX_TOKEN_BYTES: usize = 1024;
/// Warnings kept of one answer.
const MAX_WARNINGS: usize = 10;

/// An app's bot token. It prints as `[redacted]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotToken(Secret);

impl BotToken {
    /// # Errors
    /// [`ProviderError::Credential`] says what is wrong and what to do, without the token.
    pub fn parse(token: &str) -> Result<Self, ProviderError> {
        let token = token.trim();
        let refuse = |what: &str| {
            Err(ProviderError::Credential {
                what: format!(
                    "{what}; copy the Bot User OAuth Token from the app's page OAuth & Permissions"
                ),
            })
        };
        let Some(rest) = token.strip_prefix(TOKEN_PREFIX) else {
            return refuse("a bot token begins with xoxb-");
        };
        if rest.is_empty() || token.len() > MAX_TOKEN_BYTES {
            return refuse("the token is cut, or is more than a token");
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("the token holds a space, a line break or a letter that is not ASCII");
        }
        Ok(Self(Secret::new(token)))
    }

    /// The token itself, to be kept as a secret is kept.
    #[must_use]
    pub fn expose(&self) -> &Secret {
        &self.0
    }
}

/// Slack's Web API with one token.
#[derive(Debug, Clone)]
pub struct Client {
    origin: Origin,
    token: BotToken,
}

/// A message as Slack took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The channel's id, also where a name was given.
    pub channel: String,
    /// Names the message in its channel.
    pub ts: String,
    /// What Slack did not like and did all the same, such as `message_truncated`.
    pub warnings: Vec<String>,
}

/// Whom a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotIdentity {
    /// The workspace's name.
    pub team: String,
    /// The bot's name.
    pub user: String,
    pub team_id: Option<String>,
    pub bot_id: Option<String>,
}

impl Client {
    /// `base_url` is an origin, such as [`DEFAULT_API_BASE_URL`](super::DEFAULT_API_BASE_URL).
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `base_url` is not an origin.
    pub fn new(base_url: &str, token: BotToken) -> Result<Self, ProviderError> {
        Ok(Self {
            origin: Origin::parse(base_url)?,
            token,
        })
    }

    /// Posts a message to its channel. Needs the scope `chat:write`; a name or an icon of its own
    /// needs `chat:write.customize`.
    ///
    /// # Errors
    /// [`ProviderError::Request`] or [`ProviderError::Credential`] if no request can be built.
    pub fn chat_post_message(&self, message: &Message) -> Result<Call<Posted>, ProviderError> {
        self.call("chat.postMessage", Body::Message(message), |body| {
            success::<PostedWire>(body).map(|wire| Posted {
                channel: wire.channel,
                ts: wire.ts,
                warnings: wire.response_metadata.0,
            })
        })
    }

    /// Whom the token belongs to: the test of a connection. It needs no scope.
    ///
    /// # Errors
    /// See [`Client::chat_post_message`].
    pub fn auth_test(&self) -> Result<Call<BotIdentity>, ProviderError> {
        self.call("auth.test", Body::Nothing, |body| {
            success::<IdentityWire>(body).map(|wire| BotIdentity {
                team: wire.team,
                user: wire.user,
                team_id: wire.team_id,
                bot_id: wire.bot_id,
            })
        })
    }

    fn call<T>(
        &self,
        method: &str,
        body: Body<'_>,
        read: fn(&[u8]) -> Option<T>,
    ) -> Result<Call<T>, ProviderError> {
        let secret = self.token.expose();
        Call::post(
            &format!("{}/api/{method}", self.origin.as_str()),
            Some(secret),
            body,
            Reply::new(read, secret.clone()),
        )
    }
}

#[derive(Deserialize)]
struct Success {
    ok: bool,
}

/// `ts` is text: as a number it would lose digits.
#[derive(Deserialize)]
struct PostedWire {
    channel: String,
    ts: String,
    #[serde(default)]
    response_metadata: Metadata,
}

#[derive(Deserialize)]
struct IdentityWire {
    team: String,
    user: String,
    team_id: Option<String>,
    bot_id: Option<String>,
}

/// Warnings are an extra: one that cannot be read costs nothing but itself.
#[derive(Deserialize, Default)]
#[serde(from = "serde_json::Value")]
struct Metadata(Vec<String>);

impl From<serde_json::Value> for Metadata {
    fn from(metadata: serde_json::Value) -> Self {
        let warnings = metadata.get("warnings").and_then(|list| list.as_array());
        Self(
            warnings
                .into_iter()
                .flatten()
                .filter_map(|warning| warning.as_str())
                .take(MAX_WARNINGS)
                .map(|warning| domain::redact::excerpt(warning, 100, &[]))
                .collect(),
        )
    }
}

/// The body of an answer that says `"ok": true`, if it holds what it should.
fn success<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let Success { ok } = serde_json::from_slice(body).ok()?;
    ok.then(|| serde_json::from_slice(body).ok()).flatten()
}
