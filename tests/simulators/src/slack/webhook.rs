//! Incoming webhooks: the address is the credential, and names the channel.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value};

use super::answer::{self, Refusal};
use super::model::{ChannelState, Sender, WebhookState, Workspace, Workspaces};
use super::payload::{self, ContentType};
use super::settings::Settings;
use super::{Slack, model::ScriptedFailure};

/// What a webhook of an app cannot choose; Slack ignores it.
const IGNORED: [&str; 4] = ["channel", "username", "icon_emoji", "icon_url"];

impl Slack {
    /// `parts` is what follows `/services/`.
    pub(super) fn answer_webhook(&self, parts: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let settings = self.settings();
        let now_ms = self.clock.now_ms();
        let outcome = post(&mut self.lock(), parts, request, &settings, now_ms);
        match outcome {
            Ok(()) => answer::text(StatusCode::OK, "ok"),
            Err(refusal) => refusal.as_text(&settings),
        }
    }
}

fn post(
    workspaces: &mut Workspaces,
    parts: &str,
    request: &Request<Bytes>,
    settings: &Settings,
    now_ms: i64,
) -> Result<(), Refusal> {
    let mut parts = parts.split('/').filter(|part| !part.is_empty());
    let team = parts
        .next()
        .and_then(|id| workspaces.team_mut(id))
        .ok_or_else(|| Refusal::word("no_team"))?;
    let service = parts.next().ok_or_else(|| Refusal::word("no_service_id"))?;
    let secret = parts.collect::<Vec<_>>().join("/");
    let scripted = open(team, service, &secret)?;
    if let Some(failure) = scripted.as_ref().filter(|failure| !failure.after_posting) {
        return Err(Refusal::scripted(failure));
    }
    let channel_id = team
        .webhooks
        .get(service)
        .map(|webhook| webhook.channel_id.clone())
        .unwrap_or_default();
    let channel = team
        .channels
        .get_mut(&channel_id)
        .ok_or_else(|| Refusal::word("channel_not_found"))?;
    match channel.state {
        ChannelState::Open => {}
        ChannelState::Archived => return Err(Refusal::word("channel_is_archived")),
        ChannelState::Restricted if channel.name == "general" => {
            return Err(Refusal::word("posting_to_general_channel_denied"));
        }
        ChannelState::Restricted => return Err(Refusal::word("action_prohibited")),
    }
    if !admitted(&mut channel.bucket, settings, now_ms) {
        return Err(Refusal {
            retry_after: settings.retry_after,
            ..Refusal::word("rate_limited")
        });
    }
    let mut message = read(request)?;
    message.retain(|name, _| !IGNORED.contains(&name.as_str()));
    let checked = payload::check(message, settings)?;
    channel.post(
        Sender::Webhook(service.to_owned()),
        payload::raw(request),
        checked.message,
        now_ms,
    );
    scripted.map_or(Ok(()), |failure| Err(Refusal::scripted(&failure)))
}

/// Checks the address; gives the failure that was scripted for it.
fn open(
    team: &mut Workspace,
    service: &str,
    secret: &str,
) -> Result<Option<ScriptedFailure>, Refusal> {
    let is_active = team.is_active;
    let webhook = team
        .webhooks
        .get_mut(service)
        .filter(|webhook| webhook.state != WebhookState::Removed)
        .ok_or_else(|| Refusal::word("no_service"))?;
    if webhook.secret != secret || webhook.state == WebhookState::Expired {
        return Err(Refusal::word("invalid_token"));
    }
    if !is_active {
        return Err(Refusal::word("team_disabled"));
    }
    if webhook.state == WebhookState::Disabled {
        return Err(Refusal::word("no_active_hooks"));
    }
    Ok((!webhook.failures.is_empty()).then(|| webhook.failures.remove(0)))
}

pub(super) fn admitted(
    bucket: &mut super::bucket::LeakyBucket,
    settings: &Settings,
    now_ms: i64,
) -> bool {
    settings
        .burst
        .is_none_or(|burst| bucket.admit(burst, settings.drain_per_second, now_ms))
}

/// JSON, or the older form whose one field `payload` holds JSON.
fn read(request: &Request<Bytes>) -> Result<Map<String, Value>, Refusal> {
    let is_form = ContentType::of(request).is_some_and(|content_type| content_type.is_form());
    let message = if request.method() != Method::POST {
        None
    } else if is_form {
        payload::form(request.body())
            .get("payload")
            .and_then(Value::as_str)
            .and_then(|json| payload::object(json.as_bytes()))
    } else {
        payload::object(request.body())
    };
    message.ok_or_else(|| Refusal::word("invalid_payload"))
}
