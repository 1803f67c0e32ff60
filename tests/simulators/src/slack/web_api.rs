//! The Web API's methods: `chat.postMessage` and `auth.test`.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};

use super::answer::{self, Refusal};
use super::model::{Bot, ChannelState, PostedMessage, Sender, TokenState, Workspace, Workspaces};
use super::payload::{self, Checked, ContentType};
use super::settings::Settings;
use super::webhook::admitted;
use super::{Slack, bearer};

/// What needs the scope `chat:write.customize`.
const CUSTOM: [&str; 3] = ["username", "icon_emoji", "icon_url"];

impl Slack {
    pub(super) fn answer_web_api(&self, method: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let settings = self.settings();
        let now_ms = self.clock.now_ms();
        let mut workspaces = self.lock();
        let answer = match method {
            "auth.test" => auth_test(&mut workspaces, request),
            "chat.postMessage" => post_message(&mut workspaces, request, &settings, now_ms),
            _ => Err(Refusal::word("unknown_method")),
        };
        answer.unwrap_or_else(|refusal| refusal.as_json())
    }
}

fn auth_test(
    workspaces: &mut Workspaces,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let token = token(request, &Map::new())?;
    let team = authenticate(workspaces, &token)?;
    take_scripted(team, &token)?;
    let bot = bot(team, &token)?;
    Ok(answer::success_json(
        &json!({
            "url": format!("https://{}.slack.com/", team.name.to_lowercase().replace(' ', "-")),
            "team": team.name,
            "user": bot.user,
            "team_id": team.id,
            "bot_id": bot.id,
            "is_enterprise_install": false,
        }),
        &[],
    ))
}

fn post_message(
    workspaces: &mut Workspaces,
    request: &Request<Bytes>,
    settings: &Settings,
    now_ms: i64,
) -> Result<Response<Bytes>, Refusal> {
    let (mut arguments, mut warnings) = read(request)?;
    let token = token(request, &arguments)?;
    arguments.remove("token");
    let team = authenticate(workspaces, &token)?;
    let scripted = take_scripted(team, &token)?;
    let sender = bot(team, &token)?.clone();
    check_scopes(&sender, &arguments)?;
    let named = arguments.get("channel").and_then(Value::as_str);
    let channel_id = named
        .and_then(|named| team.find_channel(named))
        .map(|channel| channel.id.clone())
        .ok_or_else(|| Refusal::word("channel_not_found"))?;
    let channel = team
        .channels
        .get_mut(&channel_id)
        .ok_or_else(|| Refusal::word("channel_not_found"))?;
    if channel.state == ChannelState::Archived {
        return Err(Refusal::word("is_archived"));
    }
    if !sender.channels.contains(&channel_id) {
        return Err(Refusal::word("not_in_channel"));
    }
    if channel.state == ChannelState::Restricted {
        return Err(Refusal::word("restricted_action"));
    }
    if !admitted(&mut channel.bucket, settings, now_ms) {
        return Err(Refusal {
            retry_after: settings.retry_after,
            ..Refusal::word("ratelimited")
        });
    }
    let Checked {
        message,
        warnings: of_message,
    } = payload::check(arguments, settings)?;
    warnings.extend(of_message);
    let sent = Sender::Bot(sender.id.clone());
    let posted = channel.post(sent, payload::raw(request), message, now_ms);
    if let Some(refusal) = scripted {
        return Err(refusal);
    }
    let body = json!({
        "channel": channel_id,
        "ts": posted.ts,
        "message": shown(&posted, &sender),
    });
    Ok(answer::success_json(&body, &warnings))
}

/// The message as an answer shows it.
fn shown(posted: &PostedMessage, bot: &Bot) -> Value {
    let mut message = posted.message.clone();
    message.remove("channel");
    message.insert("type".to_owned(), json!("message"));
    message.insert("ts".to_owned(), json!(posted.ts));
    message.insert("bot_id".to_owned(), json!(bot.id));
    Value::Object(message)
}

/// The arguments of a JSON body or of a form, where blocks and attachments are
/// JSON in text.
fn read(request: &Request<Bytes>) -> Result<(Map<String, Value>, Vec<&'static str>), Refusal> {
    let content_type =
        ContentType::of(request).ok_or_else(|| Refusal::word("missing_post_type"))?;
    let mut warnings = Vec::new();
    match content_type.charset.as_deref() {
        None => warnings.push("missing_charset"),
        Some("utf-8" | "utf8") => {}
        Some(_) => return Err(Refusal::word("invalid_charset")),
    }
    if content_type.media_type == "application/json" {
        let mut arguments =
            payload::object(request.body()).ok_or_else(|| Refusal::word("invalid_json"))?;
        // In JSON a token is no credential.
        arguments.remove("token");
        return Ok((arguments, warnings));
    }
    if !content_type.is_form() {
        return Err(Refusal::word("invalid_post_type"));
    }
    let mut arguments = payload::form(request.body());
    for (name, word) in [
        ("blocks", "invalid_blocks_format"),
        ("attachments", "invalid_attachments"),
    ] {
        if let Some(value) = arguments.get_mut(name) {
            let parsed = value
                .as_str()
                .and_then(|text| serde_json::from_str(text).ok());
            *value = parsed.ok_or_else(|| Refusal::word(word))?;
        }
    }
    Ok((arguments, warnings))
}

/// Of the header, or of a form's own field.
fn token(request: &Request<Bytes>, arguments: &Map<String, Value>) -> Result<String, Refusal> {
    bearer(request.headers())
        .or_else(|| arguments.get("token")?.as_str())
        .map(str::to_owned)
        .ok_or_else(|| Refusal::word("not_authed"))
}

fn authenticate<'a>(
    workspaces: &'a mut Workspaces,
    token: &str,
) -> Result<&'a mut Workspace, Refusal> {
    let team = workspaces
        .team_of_bot(token)
        .ok_or_else(|| Refusal::word("invalid_auth"))?;
    match bot(team, token)?.state {
        TokenState::Active if team.is_active => Ok(team),
        TokenState::Active => Err(Refusal::word("account_inactive")),
        TokenState::Revoked => Err(Refusal::word("token_revoked")),
        TokenState::Expired => Err(Refusal::word("token_expired")),
    }
}

/// The failure that was scripted for a token: at once, or to be given after the
/// message was posted.
fn take_scripted(team: &mut Workspace, token: &str) -> Result<Option<Refusal>, Refusal> {
    let failures = team
        .bots
        .get_mut(token)
        .map(|bot| &mut bot.failures)
        .filter(|failures| !failures.is_empty());
    let Some(failure) = failures.map(|failures| failures.remove(0)) else {
        return Ok(None);
    };
    let refusal = Refusal::scripted(&failure);
    if failure.after_posting {
        Ok(Some(refusal))
    } else {
        Err(refusal)
    }
}

fn bot<'a>(team: &'a Workspace, token: &str) -> Result<&'a Bot, Refusal> {
    team.bots
        .get(token)
        .ok_or_else(|| Refusal::word("invalid_auth"))
}

fn check_scopes(bot: &Bot, arguments: &Map<String, Value>) -> Result<(), Refusal> {
    let is_custom = CUSTOM
        .iter()
        .any(|name| arguments.get(*name).is_some_and(|value| !value.is_null()));
    let needed = [("chat:write", true), ("chat:write.customize", is_custom)];
    for (scope, _) in needed.iter().filter(|(_, is_needed)| *is_needed) {
        if !bot.scopes.contains(*scope) {
            let provided = bot.scopes.iter().cloned().collect::<Vec<_>>().join(",");
            return Err(Refusal {
                scopes: Some((scope, provided)),
                ..Refusal::word("missing_scope")
            });
        }
    }
    Ok(())
}
