//! What the administrators of a workspace do to the apps that post to it, and
//! failures on demand.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::model::{
    Bot, Channel, ChannelState, ScriptedFailure, TokenState, Webhook, WebhookState, Workspace,
    Workspaces,
};
use crate::Error;

/// More failures in advance than any test needs.
const FAILURES_MAX: u32 = 1_000;

/// One change. As JSON: `{"op":"archive_channel","channel":"C0000OPS1"}`.
/// Webhooks are named by their service, bots by their token, channels by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Answered with `no_service` from now on.
    RemoveWebhook {
        service: String,
    },
    /// Answered with `no_active_hooks` from now on.
    DisableWebhook {
        service: String,
    },
    /// Answered with `invalid_token` from now on.
    ExpireWebhook {
        service: String,
    },
    RestoreWebhook {
        service: String,
    },
    RevokeToken {
        token: String,
    },
    ExpireToken {
        token: String,
    },
    RestoreToken {
        token: String,
    },
    SetScopes {
        token: String,
        scopes: BTreeSet<String>,
    },
    JoinChannel {
        token: String,
        channel: String,
    },
    LeaveChannel {
        token: String,
        channel: String,
    },
    ArchiveChannel {
        channel: String,
    },
    /// An administrator forbids apps to post there.
    RestrictChannel {
        channel: String,
    },
    /// Neither archived nor restricted.
    OpenChannel {
        channel: String,
    },
    /// With its messages.
    DeleteChannel {
        channel: String,
    },
    DisableTeam {
        team: String,
    },
    EnableTeam {
        team: String,
    },
    /// The next requests of one credential, a service or a token, fail.
    FailNext {
        credential: String,
        failure: ScriptedFailure,
        #[serde(default = "once")]
        times: u32,
    },
}

impl Workspaces {
    pub(super) fn apply(&mut self, change: Change) -> Result<(), Error> {
        match change {
            Change::RemoveWebhook { service } => {
                self.known_webhook(&service)?.state = WebhookState::Removed;
            }
            Change::DisableWebhook { service } => {
                self.known_webhook(&service)?.state = WebhookState::Disabled;
            }
            Change::ExpireWebhook { service } => {
                self.known_webhook(&service)?.state = WebhookState::Expired;
            }
            Change::RestoreWebhook { service } => {
                self.known_webhook(&service)?.state = WebhookState::Active;
            }
            Change::RevokeToken { token } => self.known_bot(&token)?.state = TokenState::Revoked,
            Change::ExpireToken { token } => self.known_bot(&token)?.state = TokenState::Expired,
            Change::RestoreToken { token } => self.known_bot(&token)?.state = TokenState::Active,
            Change::SetScopes { token, scopes } => self.known_bot(&token)?.scopes = scopes,
            Change::JoinChannel { token, channel } => {
                self.known_channel(&channel)?;
                self.known_bot(&token)?.channels.insert(channel);
            }
            Change::LeaveChannel { token, channel } => {
                self.known_channel(&channel)?;
                self.known_bot(&token)?.channels.remove(&channel);
            }
            Change::ArchiveChannel { channel } => {
                self.known_channel(&channel)?.state = ChannelState::Archived;
            }
            Change::RestrictChannel { channel } => {
                self.known_channel(&channel)?.state = ChannelState::Restricted;
            }
            Change::OpenChannel { channel } => {
                self.known_channel(&channel)?.state = ChannelState::Open;
            }
            Change::DeleteChannel { channel } => self.delete_channel(&channel)?,
            Change::DisableTeam { team } => self.known_team(&team)?.is_active = false,
            Change::EnableTeam { team } => self.known_team(&team)?.is_active = true,
            Change::FailNext {
                credential,
                failure,
                times,
            } => self.fail_next(&credential, &failure, times)?,
        }
        Ok(())
    }

    fn delete_channel(&mut self, id: &str) -> Result<(), Error> {
        self.known_channel(id)?;
        let team = self
            .list()
            .into_iter()
            .find(|team| team.channels.contains_key(id));
        let team = team.map(|team| team.id.clone()).unwrap_or_default();
        self.known_team(&team)?.channels.remove(id);
        Ok(())
    }

    fn fail_next(
        &mut self,
        credential: &str,
        failure: &ScriptedFailure,
        times: u32,
    ) -> Result<(), Error> {
        let failures = if self.webhook_mut(credential).is_some() {
            &mut self.known_webhook(credential)?.failures
        } else {
            &mut self.known_bot(credential)?.failures
        };
        failures.extend((0..times.min(FAILURES_MAX)).map(|_| failure.clone()));
        Ok(())
    }

    fn known_webhook(&mut self, service: &str) -> Result<&mut Webhook, Error> {
        self.webhook_mut(service)
            .ok_or_else(|| unknown("webhook", service))
    }

    fn known_bot(&mut self, token: &str) -> Result<&mut Bot, Error> {
        self.bot_mut(token).ok_or_else(|| unknown("token", token))
    }

    fn known_channel(&mut self, id: &str) -> Result<&mut Channel, Error> {
        self.channel_mut(id).ok_or_else(|| unknown("channel", id))
    }

    fn known_team(&mut self, id: &str) -> Result<&mut Workspace, Error> {
        self.team_mut(id).ok_or_else(|| unknown("team", id))
    }
}

const fn once() -> u32 {
    1
}

fn unknown(what: &'static str, name: &str) -> Error {
    Error::UnknownName {
        what,
        name: name.to_owned(),
    }
}
