//! What workspaces hold.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bucket::LeakyBucket;

/// The state of the provider.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Workspaces(BTreeMap<String, Workspace>);

/// One workspace, which Slack also calls a team.
#[derive(Clone, Debug, Serialize)]
pub struct Workspace {
    pub id: String,
    pub name: String,
    pub is_active: bool,
    /// By id.
    pub channels: BTreeMap<String, Channel>,
    /// By service.
    pub webhooks: BTreeMap<String, Webhook>,
    /// By token.
    pub bots: BTreeMap<String, Bot>,
}

/// Where messages go.
#[derive(Clone, Debug, Serialize)]
pub struct Channel {
    /// Not in any other workspace.
    pub id: String,
    pub name: String,
    pub state: ChannelState,
    #[serde(skip)]
    pub messages: Vec<PostedMessage>,
    #[serde(skip)]
    pub(super) bucket: LeakyBucket,
    /// Microseconds of the newest message's `ts`.
    #[serde(skip)]
    pub(super) last_ts: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    Open,
    Archived,
    /// An administrator lets only some post.
    Restricted,
}

/// An incoming webhook of an app.
#[derive(Clone, Debug, Serialize)]
pub struct Webhook {
    /// Not in any other workspace.
    pub service: String,
    pub secret: String,
    pub channel_id: String,
    pub state: WebhookState,
    #[serde(skip)]
    pub(super) failures: Vec<ScriptedFailure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    Active,
    /// Answered with `no_active_hooks`.
    Disabled,
    /// Answered with `no_service`.
    Removed,
    /// Answered with `invalid_token`.
    Expired,
}

/// An app in a workspace, and its token.
#[derive(Clone, Debug, Serialize)]
pub struct Bot {
    pub token: String,
    pub id: String,
    /// Its name.
    pub user: String,
    pub scopes: BTreeSet<String>,
    /// Ids of the channels it is a member of.
    pub channels: BTreeSet<String>,
    pub state: TokenState,
    #[serde(skip)]
    pub(super) failures: Vec<ScriptedFailure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    Active,
    Revoked,
    Expired,
}

/// A failure that the next request of one credential meets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedFailure {
    /// Slack's word, or any other.
    pub word: String,
    /// The usual one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Seconds; no header when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The message is posted all the same.
    #[serde(default)]
    pub after_posting: bool,
}

/// A message as a channel shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostedMessage {
    /// Names it in its channel.
    pub ts: String,
    /// Arrival, Unix milliseconds by the simulator's clock.
    pub at_ms: i64,
    pub sender: Sender,
    /// The body of the request, byte for byte.
    pub raw: String,
    /// What Slack took of it: without what a webhook cannot choose, and with
    /// the text cut where it is too long.
    pub message: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// By its service.
    Webhook(String),
    /// By its id.
    Bot(String),
}

impl Workspaces {
    #[must_use]
    pub fn with(mut self, workspace: Workspace) -> Self {
        self.0.insert(workspace.id.clone(), workspace);
        self
    }

    pub fn list(&self) -> Vec<&Workspace> {
        self.0.values().collect()
    }

    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.0.values().find_map(|team| team.channels.get(id))
    }

    pub(super) fn team_mut(&mut self, id: &str) -> Option<&mut Workspace> {
        self.0.get_mut(id)
    }

    pub(super) fn channels_mut(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.0
            .values_mut()
            .flat_map(|team| team.channels.values_mut())
    }

    pub(super) fn channel_mut(&mut self, id: &str) -> Option<&mut Channel> {
        self.0
            .values_mut()
            .find_map(|team| team.channels.get_mut(id))
    }

    pub(super) fn webhook_mut(&mut self, service: &str) -> Option<&mut Webhook> {
        self.0
            .values_mut()
            .find_map(|team| team.webhooks.get_mut(service))
    }

    pub(super) fn bot_mut(&mut self, token: &str) -> Option<&mut Bot> {
        self.0
            .values_mut()
            .find_map(|team| team.bots.get_mut(token))
    }

    pub(super) fn team_of_bot(&mut self, token: &str) -> Option<&mut Workspace> {
        self.0
            .values_mut()
            .find(|team| team.bots.contains_key(token))
    }
}

impl Workspace {
    #[must_use]
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            is_active: true,
            channels: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            bots: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn channel(mut self, id: &str, name: &str) -> Self {
        let channel = Channel {
            id: id.to_owned(),
            name: name.to_owned(),
            state: ChannelState::Open,
            messages: Vec::new(),
            bucket: LeakyBucket::default(),
            last_ts: 0,
        };
        self.channels.insert(id.to_owned(), channel);
        self
    }

    #[must_use]
    pub fn webhook(mut self, service: &str, secret: &str, channel_id: &str) -> Self {
        let webhook = Webhook {
            service: service.to_owned(),
            secret: secret.to_owned(),
            channel_id: channel_id.to_owned(),
            state: WebhookState::Active,
            failures: Vec::new(),
        };
        self.webhooks.insert(service.to_owned(), webhook);
        self
    }

    /// An app with a token, scopes and the channels it is a member of.
    #[must_use]
    pub fn bot(mut self, token: &str, user: &str, scopes: &[&str], channels: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let bot = Bot {
            token: token.to_owned(),
            id: format!("B{:09}", self.bots.len() + 1),
            user: user.to_owned(),
            scopes: owned(scopes),
            channels: owned(channels),
            state: TokenState::Active,
            failures: Vec::new(),
        };
        self.bots.insert(token.to_owned(), bot);
        self
    }

    /// Addresses of the webhooks as Slack would show them, with their channels'
    /// names.
    pub fn webhook_urls(&self) -> Vec<(String, String)> {
        self.webhooks
            .values()
            .map(|webhook| {
                let url = format!(
                    "https://hooks.slack.com/services/{}/{}/{}",
                    self.id, webhook.service, webhook.secret
                );
                let name = self
                    .channels
                    .get(&webhook.channel_id)
                    .map_or(webhook.channel_id.clone(), |channel| channel.name.clone());
                (url, name)
            })
            .collect()
    }

    /// By id, or by name with or without `#`.
    pub(super) fn find_channel(&self, named: &str) -> Option<&Channel> {
        let name = named.strip_prefix('#').unwrap_or(named);
        self.channels
            .get(named)
            .or_else(|| self.channels.values().find(|channel| channel.name == name))
    }
}

impl Channel {
    /// Shows a message and gives it.
    pub(super) fn post(
        &mut self,
        sender: Sender,
        raw: String,
        message: Map<String, Value>,
        now_ms: i64,
    ) -> PostedMessage {
        self.last_ts = now_ms.saturating_mul(1_000).max(self.last_ts + 1);
        let ts = format!(
            "{}.{:06}",
            self.last_ts.div_euclid(1_000_000),
            self.last_ts.rem_euclid(1_000_000)
        );
        let posted = PostedMessage {
            ts,
            at_ms: now_ms,
            sender,
            raw,
            message,
        };
        self.messages.push(posted.clone());
        posted
    }
}
