//! What functions share that post to Slack: the connector's configuration and credential, and the way
//! out.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use api::FieldError;
use domain::access::Tenant;
use domain::slack_message::{Message, Target};
use providers::ProviderError;
use providers::slack::{
    BotIdentity, BotToken, Client, DEFAULT_API_BASE_URL, DEFAULT_WEBHOOKS_BASE_URL,
    IncomingWebhook, MESSAGES_PER_SECOND, Posted, SlackFailure,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Database;
use store::jobs::SealedCredential;
use store::outbox::DeliveryJob;

use crate::outbound::{CallError, Line};
use crate::vault::{Place, Secret, Vault};
use crate::{clock, variables};

/// The provider of connectors to Slack, and the kind of what is sent to it.
pub const SLACK: &str = "slack";
/// The component that posts.
pub const FUNCTION: &str = "slack-notify";

const WEBHOOK_URL: &str = "webhook_url";
const BOT_TOKEN: &str = "bot_token";
const MAX_CHANNEL: usize = 80;

/// How a connector posts, and where to without further words. Stored in `connectors.config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    pub method: Method,
    /// With a bot token: the channel of messages that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_channel: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    IncomingWebhook,
    BotToken,
}

impl Method {
    /// The field of the credential that it needs.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::IncomingWebhook => WEBHOOK_URL,
            Self::BotToken => BOT_TOKEN,
        }
    }

    #[must_use]
    pub fn target(self) -> Target {
        match self {
            Self::IncomingWebhook => Target::IncomingWebhook,
            Self::BotToken => Target::BotToken,
        }
    }
}

/// Reads what a caller gives as the one credential of a connector; a text of it never comes back in
/// an error.
#[must_use]
pub fn credential(
    given: &BTreeMap<String, String>,
    errors: &mut Vec<FieldError>,
) -> Option<(Method, Secret)> {
    for name in given.keys() {
        if name != WEBHOOK_URL && name != BOT_TOKEN {
            let field = format!("/credentials/{}", api::body::segment(name));
            errors.push(FieldError::new(
                field,
                "is not known: give webhook_url or bot_token",
            ));
        }
    }
    match (given.get(WEBHOOK_URL), given.get(BOT_TOKEN)) {
        (Some(url), None) => match IncomingWebhook::parse(url) {
            Ok(webhook) => {
                let address = webhook.address().expose().to_owned();
                return Some((Method::IncomingWebhook, Secret::new(address)));
            }
            Err(error) => refuse("/credentials/webhook_url", &error, errors),
        },
        (None, Some(token)) => match BotToken::parse(token) {
            Ok(token) => {
                let token = token.expose().expose().to_owned();
                return Some((Method::BotToken, Secret::new(token)));
            }
            Err(error) => refuse("/credentials/bot_token", &error, errors),
        },
        _ => errors.push(FieldError::new(
            "/credentials",
            "must have either webhook_url, the address of an incoming webhook, or bot_token",
        )),
    }
    None
}

fn refuse(field: &str, error: &ProviderError, errors: &mut Vec<FieldError>) {
    errors.push(FieldError::new(field, error.to_string()));
}

/// Reads what a caller gives as the configuration.
#[must_use]
pub fn config(given: &Map<String, Value>, method: Method, errors: &mut Vec<FieldError>) -> Config {
    let mut config = Config {
        method,
        default_channel: None,
    };
    for (name, value) in given {
        match (name.as_str(), value) {
            ("default_channel", Value::Null) => {}
            ("default_channel", _) if method == Method::IncomingWebhook => {
                errors.push(FieldError::new(
                    "/config/default_channel",
                    "has no effect with an incoming webhook, whose channel was chosen when it was made: leave it out, or give a bot_token",
                ));
            }
            ("default_channel", Value::String(channel))
                if (1..=MAX_CHANNEL).contains(&channel.chars().count())
                    && !channel.chars().any(char::is_control) =>
            {
                config.default_channel = Some(channel.clone());
            }
            ("default_channel", _) => errors.push(FieldError::new(
                "/config/default_channel",
                format!("must be the id of a channel, or its name with #, of up to {MAX_CHANNEL} characters"),
            )),
            // As it is read back.
            ("method", Value::String(text)) if Some(text.as_str()) == text_of(method) => {}
            (name, _) => errors.push(FieldError::new(
                format!("/config/{}", api::body::segment(name)),
                "is not known: a Slack connector has a default_channel only",
            )),
        }
    }
    config
}

fn text_of(method: Method) -> Option<&'static str> {
    Some(match method {
        Method::IncomingWebhook => "incoming_webhook",
        Method::BotToken => "bot_token",
    })
}

/// The job of a message: what goes to one channel goes one after the other.
#[must_use]
pub fn concurrency_key(connector_id: &str, message: &Message) -> String {
    let channel = message.channel.as_deref().unwrap_or_default();
    format!("slack:{connector_id}:{channel}")
}

#[must_use]
pub fn job(concurrency_key: &str) -> DeliveryJob<'_> {
    DeliveryJob {
        function: FUNCTION,
        concurrency_key,
    }
}

/// An opened connector.
pub enum Account {
    Webhook {
        webhook: IncomingWebhook,
        base_url: String,
    },
    Bot(Client),
}

/// Why nothing came of a call.
#[derive(Debug)]
pub enum Failure {
    Slack(SlackFailure),
    Call(CallError),
    /// A setting, the vault, or the stored credential.
    Ours(String),
}

/// What Slack says of a message that it took.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Taken {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Names the message in its channel: an answer to it has it as `thread_ts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ts: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl From<Posted> for Taken {
    fn from(posted: Posted) -> Self {
        Self {
            channel: Some(posted.channel),
            ts: Some(posted.ts),
            warnings: posted.warnings,
        }
    }
}

/// Opens the stored credential of a connector.
///
/// # Errors
/// [`Failure::Ours`], for an operator.
pub async fn account(
    tenant: &Tenant,
    connector_id: &str,
    config: &Config,
    credentials: &[SealedCredential],
) -> Result<Account, Failure> {
    let field = config.method.field();
    let ours = |why: &str| Failure::Ours(why.to_owned());
    let sealed = credentials
        .iter()
        .find(|credential| credential.field == field)
        .ok_or_else(|| ours("The connector has no credential: give it one."))?;
    let place = Place {
        organization_id: tenant.as_str(),
        connector_id,
        field,
    };
    let vault = Vault::open().await;
    let secret = vault
        .and_then(|vault| vault.unseal(place, &sealed.sealed))
        .map_err(|error| Failure::Ours(error.to_string()))?;
    let unusable = |_| ours("The stored credential cannot be used: give the connector another.");
    Ok(match config.method {
        Method::IncomingWebhook => Account::Webhook {
            webhook: IncomingWebhook::parse(secret.expose()).map_err(unusable)?,
            base_url: setting("slack_webhooks_url", DEFAULT_WEBHOOKS_BASE_URL).await,
        },
        Method::BotToken => {
            let token = BotToken::parse(secret.expose()).map_err(unusable)?;
            let base_url = setting("slack_api_url", DEFAULT_API_BASE_URL).await;
            let client = Client::new(&base_url, token);
            Account::Bot(client.map_err(|error| Failure::Ours(error.to_string()))?)
        }
    })
}

async fn setting(name: &'static str, default: &str) -> String {
    let value = variables::get(name).await;
    value
        .filter(|url| !url.is_empty())
        .unwrap_or_else(|| default.to_owned())
}

/// The way to one channel: about one message a second, shared by all instances.
#[must_use]
pub fn line<D: Database>(database: &D, concurrency_key: String, deadline_ms: i64) -> Line<'_, D> {
    let per_second = NonZeroU32::new(MESSAGES_PER_SECOND).unwrap_or(NonZeroU32::MIN);
    Line::new(database, concurrency_key, per_second, deadline_ms)
}

impl Account {
    /// Posts a message that was checked for this connector's target.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn post<D: Database>(
        &self,
        line: &Line<'_, D>,
        message: &Message,
    ) -> Result<Taken, Failure> {
        match self {
            Self::Webhook { webhook, base_url } => {
                let call = webhook
                    .post(base_url, message)
                    .map_err(|error| unbuilt(&error))?;
                let answer = line.call(&call.request).await.map_err(Failure::Call)?;
                call.reply
                    .read(&answer, clock::now())
                    .map(|()| Taken::default())
                    .map_err(Failure::Slack)
            }
            Self::Bot(client) => {
                let call = client
                    .chat_post_message(message)
                    .map_err(|error| unbuilt(&error))?;
                let answer = line.call(&call.request).await.map_err(Failure::Call)?;
                call.reply
                    .read(&answer, clock::now())
                    .map(Taken::from)
                    .map_err(Failure::Slack)
            }
        }
    }

    /// Whether Slack takes the credential, without a message that anybody would see: the identity of
    /// a bot; of a webhook, that it refuses an empty message for being empty.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn test<D: Database>(
        &self,
        line: &Line<'_, D>,
    ) -> Result<Option<BotIdentity>, Failure> {
        match self {
            Self::Webhook { .. } => match self.post(line, &Message::default()).await {
                Err(Failure::Slack(failure)) if failure.word == "no_text" => Ok(None),
                Ok(_) => Ok(None),
                Err(failure) => Err(failure),
            },
            Self::Bot(client) => {
                let call = client.auth_test().map_err(|error| unbuilt(&error))?;
                let answer = line.call(&call.request).await.map_err(Failure::Call)?;
                call.reply
                    .read(&answer, clock::now())
                    .map(Some)
                    .map_err(Failure::Slack)
            }
        }
    }
}

fn unbuilt(error: &ProviderError) -> Failure {
    Failure::Ours(error.to_string())
}
