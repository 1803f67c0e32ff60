//! A message for Slack: what it may hold, told before Slack is asked.
//!
//! Lengths are counted in characters, which is how Slack counts the text of blocks.

mod attachments;
mod blocks;
mod checker;
mod mrkdwn;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

pub use attachments::MAX_ATTACHMENTS;
pub use blocks::{MAX_BLOCKS, MAX_BLOCKS_CHARS, MAX_MARKDOWN_CHARS};
pub use mrkdwn::{cut, escape, link};

use crate::field_error::FieldErrors;
use checker::Checker;

/// Slack cuts a longer text off and says so only in a warning.
pub const MAX_TEXT_CHARS: usize = 40_000;

/// Slack may show a longer text as several messages.
pub const ADVISED_TEXT_CHARS: usize = 4_000;

/// What is posted, by Slack's own names. Unknown members are refused, because Slack ignores them
/// and a misspelt one would look sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Message {
    /// mrkdwn, escaped already; beside blocks it is what notifications show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub blocks: Vec<Value>,
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub attachments: Vec<Value>,
    /// An id, or a name with `#`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_emoji: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
    /// Either of the two, as callers of a replaced system name it; Slack does not know it.
    #[serde(skip_serializing)]
    pub icon: Option<String>,
    /// The `ts` of the message that is answered. Text: as a number it would lose digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_ts: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_broadcast: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfurl_links: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfurl_media: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mrkdwn: Option<bool>,
}

impl Message {
    /// The message with `icon` where Slack knows it: an address as `icon_url`, anything else as
    /// `icon_emoji`. One that is given twice stays for [`check`] to refuse.
    #[must_use]
    pub fn with_icon(mut self) -> Self {
        if self.icon_emoji.is_some() || self.icon_url.is_some() {
            return self;
        }
        match self.icon.take() {
            Some(icon) if icon.contains("://") => self.icon_url = Some(icon),
            Some(icon) => self.icon_emoji = Some(format!(":{}:", icon.trim_matches(':'))),
            None => {}
        }
        self
    }

    /// The same message without blocks and attachments, for when Slack refuses those. `None` if
    /// nothing would be left, or nothing would be left out.
    #[must_use]
    pub fn as_plain_text(&self) -> Option<Self> {
        let has_layout = !self.blocks.is_empty() || !self.attachments.is_empty();
        (has_layout && self.has_text()).then(|| Self {
            blocks: Vec::new(),
            attachments: Vec::new(),
            ..self.clone()
        })
    }

    fn has_text(&self) -> bool {
        self.text
            .as_ref()
            .is_some_and(|text| !text.trim().is_empty())
    }
}

/// What a message is posted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The channel, the name and the icon were chosen when the webhook was made.
    IncomingWebhook,
    /// `chat.postMessage`: any channel that the app may post to.
    BotToken,
}

/// Everything that would make Slack refuse the message, cut it, or ignore a part of it.
///
/// Pointers begin with `/message`. Blocks of types that are not known here are let through,
/// within the bounds of all blocks, for Slack adds types.
#[must_use]
pub fn check(message: &Message, target: Target) -> FieldErrors {
    let mut checker = Checker::default();
    if !message.has_text() && message.blocks.is_empty() && message.attachments.is_empty() {
        checker.push(
            "/message",
            "has nothing to show",
            "give text, blocks or attachments",
        );
    }
    if message.icon.is_some() {
        checker.push(
            "/message/icon",
            "is given beside icon_emoji or icon_url",
            "give one of them",
        );
    }
    if let Some(text) = &message.text {
        checker.length("/message/text", text, MAX_TEXT_CHARS);
    }
    blocks::check(&mut checker, "/message/blocks", &message.blocks);
    attachments::check(&mut checker, "/message/attachments", &message.attachments);
    match target {
        Target::IncomingWebhook => check_fixed_fields(&mut checker, message),
        Target::BotToken => check_addressed_fields(&mut checker, message),
    }
    if let Some(thread_ts) = &message.thread_ts
        && !is_timestamp(thread_ts)
    {
        checker.push(
            "/message/thread_ts",
            "is not the ts of a message",
            "use the text that Slack gave as ts, such as 1503435956.000247",
        );
    }
    checker.into_errors()
}

/// What a webhook of an app cannot do. Slack ignores it, which nobody would notice.
fn check_fixed_fields(checker: &mut Checker, message: &Message) {
    let fixed = [
        ("channel", message.channel.is_some()),
        ("username", message.username.is_some()),
        ("icon_emoji", message.icon_emoji.is_some()),
        ("icon_url", message.icon_url.is_some()),
    ];
    for (name, _) in fixed.iter().filter(|(_, is_given)| *is_given) {
        checker.push(
            format!("/message/{name}"),
            "cannot be chosen with an incoming webhook: it was fixed when the webhook was made",
            format!("leave {name} out, make another webhook, or connect Slack with a bot token"),
        );
    }
    if message.reply_broadcast.is_some() {
        checker.push(
            "/message/reply_broadcast",
            "has no effect with an incoming webhook",
            "leave reply_broadcast out, or connect Slack with a bot token",
        );
    }
}

fn check_addressed_fields(checker: &mut Checker, message: &Message) {
    if message
        .channel
        .as_ref()
        .is_none_or(|channel| channel.trim().is_empty())
    {
        checker.push(
            "/message/channel",
            "is missing: a bot token posts to any channel",
            "name a channel by its id, such as C024BE91L, or by its name with #",
        );
    }
    if message.reply_broadcast == Some(true) && message.thread_ts.is_none() {
        checker.push(
            "/message/reply_broadcast",
            "shows a reply in the channel, and this message is no reply",
            "give thread_ts, or leave reply_broadcast out",
        );
    }
}

fn is_timestamp(text: &str) -> bool {
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').is_some_and(|(seconds, order)| {
        matches!(seconds.len(), 1..=12)
            && order.len() == 6
            && is_digits(seconds)
            && is_digits(order)
    })
}

/// Clients that send every member send the absent ones as null.
fn null_as_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(message: Value) -> Message {
        serde_json::from_value(message).unwrap()
    }

    fn pointers(message: Value, target: Target) -> Vec<String> {
        check(&of(message), target)
            .as_slice()
            .iter()
            .map(|error| error.pointer.clone())
            .collect()
    }

    #[test]
    fn unknown_members_and_wrong_types_are_refused() {
        for wrong in [
            json!({"text": "a", "txet": "b"}),
            json!({"text": "a", "link_names": true}),
            json!({"text": "a", "parse": "full"}),
            json!({"text": 5}),
            json!({"blocks": {"type": "divider"}}),
            json!({"text": "a", "thread_ts": 1_503_435_956.000_247}),
        ] {
            assert!(
                serde_json::from_value::<Message>(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn null_is_absent() {
        let message =
            of(json!({"text": "a", "blocks": null, "attachments": null, "channel": null}));
        assert_eq!(serde_json::to_value(message).unwrap(), json!({"text": "a"}));
    }

    #[test]
    fn a_message_is_sent_as_it_came() {
        let whole = json!({
            "text": "a", "blocks": [{"type": "divider"}], "attachments": [{"color": "good"}],
            "channel": "#ops", "username": "Patchbay", "icon_emoji": ":plug:",
            "icon_url": "https://example.com/icon.png", "thread_ts": "1503435956.000247",
            "reply_broadcast": true, "unfurl_links": false, "unfurl_media": false, "mrkdwn": true,
        });
        assert_eq!(serde_json::to_value(of(whole.clone())).unwrap(), whole);
        assert!(pointers(whole, Target::BotToken).is_empty());
    }

    #[test]
    fn a_message_must_show_something() {
        for empty in [
            json!({}),
            json!({"text": ""}),
            json!({"text": " \n"}),
            json!({"blocks": []}),
            json!({"text": "", "attachments": []}),
        ] {
            assert_eq!(
                pointers(empty.clone(), Target::IncomingWebhook),
                ["/message"],
                "{empty}"
            );
        }
        for shown in [
            json!({"text": "a"}),
            json!({"blocks": [{"type": "divider"}]}),
            json!({"attachments": [{"text": "a"}]}),
        ] {
            assert!(pointers(shown, Target::IncomingWebhook).is_empty());
        }
    }

    #[test]
    fn text_that_slack_would_cut_is_refused() {
        let text = |length: usize| json!({"text": "å".repeat(length)});
        assert!(pointers(text(40_000), Target::IncomingWebhook).is_empty());
        assert_eq!(
            pointers(text(40_001), Target::IncomingWebhook),
            ["/message/text"]
        );
    }

    #[test]
    fn a_webhook_overrides_nothing_and_the_error_says_what_to_do() {
        for name in ["channel", "username", "icon_emoji", "icon_url"] {
            let message = of(json!({"text": "a", name: "x"}));
            let errors = check(&message, Target::IncomingWebhook);
            let [error] = errors.as_slice() else {
                panic!("{name}: {errors}");
            };
            assert_eq!(error.pointer, format!("/message/{name}"));
            assert!(error.remedy.contains("bot token"), "{error:?}");
        }
        assert_eq!(
            pointers(
                json!({"text": "a", "reply_broadcast": false}),
                Target::IncomingWebhook
            ),
            ["/message/reply_broadcast"]
        );
        let threaded = json!({"text": "a", "thread_ts": "1503435956.000247", "mrkdwn": false, "unfurl_links": true, "unfurl_media": true});
        assert!(pointers(threaded, Target::IncomingWebhook).is_empty());
    }

    #[test]
    fn a_bot_token_needs_a_channel() {
        for channel in [json!(null), json!(""), json!("  ")] {
            assert_eq!(
                pointers(json!({"text": "a", "channel": channel}), Target::BotToken),
                ["/message/channel"]
            );
        }
        assert!(pointers(json!({"text": "a", "channel": "C1"}), Target::BotToken).is_empty());
    }

    #[test]
    fn only_a_reply_is_shown_in_the_channel_too() {
        let reply = json!({"text": "a", "channel": "C1", "reply_broadcast": true});
        assert_eq!(
            pointers(reply, Target::BotToken),
            ["/message/reply_broadcast"]
        );
        let not_shown = json!({"text": "a", "channel": "C1", "reply_broadcast": false});
        assert!(pointers(not_shown, Target::BotToken).is_empty());
    }

    #[test]
    fn a_thread_is_named_by_all_digits_of_its_message() {
        for (thread_ts, is_good) in [
            ("1503435956.000247", true),
            ("1503435956.00025", false),
            ("1503435956", false),
            ("1503435956.0002470", false),
            (".000247", false),
            ("1503435956.00024x", false),
            ("+503435956.000247", false),
            ("", false),
        ] {
            let found = pointers(
                json!({"text": "a", "thread_ts": thread_ts}),
                Target::IncomingWebhook,
            );
            assert_eq!(found.is_empty(), is_good, "{thread_ts}");
        }
    }

    #[test]
    fn plain_text_is_what_is_left_when_the_layout_is_refused() {
        let message = of(json!({"text": "a", "channel": "C1", "blocks": [{"type": "divider"}]}));
        assert_eq!(
            message.as_plain_text(),
            Some(of(json!({"text": "a", "channel": "C1"})))
        );
        assert_eq!(
            of(json!({"text": " ", "blocks": [{"type": "divider"}]})).as_plain_text(),
            None
        );
        assert_eq!(of(json!({"text": "a"})).as_plain_text(), None);
    }
}
