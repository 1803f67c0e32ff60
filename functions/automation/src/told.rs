//! What people are told in any case, by notices: what they alone can mend.

use domain::automation::CompiledRule;
use domain::redact;
use serde_json::Value;
use store::automation::INBOX;
use store::automation::work::{Ended, Work};

use crate::decide::Subject;

/// The longest title, in characters.
const MAX_TITLE: usize = 300;

/// A notice that is to be put up.
pub struct Notice {
    pub kind: String,
    /// What is the same in two notices of one thing.
    pub about: String,
    pub connector_id: Option<String>,
    pub title: String,
    pub remedy: String,
}

/// What an event of this name needs a person for.
pub fn of_event(subject: &Subject, payload: &Value) -> Option<Notice> {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
    let sender = text("/connector/name").or(text("/endpoint/name"));
    let sender = sender.unwrap_or("a connector");
    let reason = text("/reason").unwrap_or("no reason was given");
    let (about, title, remedy) = match subject.name.as_str() {
        "connector.expired" => (
            subject.connector_id.clone()?,
            format!("{sender} is cut off: {reason}"),
            "Connect it again with a new credential. Its syncs wait until then; what it had to send is given up: GET /api/deliveries?state=failed lists it, POST /api/deliveries/{id}/retry sends it.",
        ),
        "connector.failing" => (
            subject.connector_id.clone()?,
            format!("{sender} does not work: {reason}"),
            "Mend what the reason names; POST /api/connectors/{id}/test asks again at once. It is asked again by itself every 15 minutes.",
        ),
        "endpoint.disabled" => (
            text("/endpoint/id")?.to_owned(),
            format!("The endpoint {sender} takes no more webhooks: {reason}"),
            "Mend the endpoint, then set its state to active (PATCH /api/outgoing-webhooks/{id}), and send what was given up again.",
        ),
        "delivery.failed" => (
            text("/connector/id").or(text("/endpoint/id"))?.to_owned(),
            format!("Something could not be sent by {sender}: {reason}"),
            "Mend what the reason names, then send it again: GET /api/deliveries?state=failed lists what was given up, POST /api/deliveries/{id}/retry sends it.",
        ),
        "api_key.expiring" => {
            let key = text("/api_key/name").unwrap_or_default();
            let days = payload.pointer("/days_left").and_then(Value::as_i64)?;
            let when = match days {
                ..=0 => "has expired".to_owned(),
                1 => "expires within a day".to_owned(),
                _ => format!("expires within {days} days"),
            };
            (
                text("/api_key/id")?.to_owned(),
                format!("The API key {key} {when}"),
                "Rotate it (POST /api/api-keys/{id}/rotate) and give the new one to whoever uses it; the old one works on until it expires.",
            )
        }
        _ => return None,
    };
    Some(Notice {
        kind: subject.name.clone(),
        about,
        connector_id: subject.connector_id.clone(),
        title: redact::excerpt(&title, MAX_TITLE, &[]),
        remedy: remedy.to_owned(),
    })
}

/// Rules that fire each other.
pub fn cut_off(event: &str, names: &[&str]) -> Notice {
    let title = format!(
        "Rules that fire each other in a circle were stopped on {event}: {}",
        names.join(", ")
    );
    Notice {
        kind: "rule.cut_off".to_owned(),
        about: event.to_owned(),
        connector_id: None,
        title: redact::excerpt(&title, MAX_TITLE, &[]),
        remedy: "Change the one of them whose action raises this event, or its conditions, so that it does not fire itself again."
            .to_owned(),
    }
}

/// A rule that fires more often than anybody reads.
pub fn too_often(rule: &CompiledRule) -> Notice {
    let (name, pace) = (&rule.name, rule.firings_per_minute);
    Notice {
        kind: "rule.too_often".to_owned(),
        about: rule.id.clone(),
        connector_id: None,
        title: format!("The rule \"{name}\" fired {pace} times in a minute and was held back"),
        remedy: "What it was held back from it does not do by itself later. Give it narrower conditions, or a larger firings_per_minute and replay the webhook events of that time: those on which it has fired stay as they are."
            .to_owned(),
    }
}

/// Events that nothing will be done about any more.
pub fn dead(work: &Work, ended: &[Ended]) -> Option<Notice> {
    let last = ended.iter().rfind(|ended| ended.code.is_some())?;
    let reason = last.detail.as_deref().unwrap_or_default();
    let (about, title, remedy) = if work.kind == INBOX {
        let name = work
            .webhook
            .as_ref()
            .map_or("", |webhook| webhook.name.as_str());
        (
            work.subject.clone(),
            format!("What the webhook {name} has brought could not be worked on. {reason}"),
            "Mend the rule, then have the events worked on again: POST /api/webhook-events/replay with {\"state\": \"dead\"}.",
        )
    } else {
        (
            "events".to_owned(),
            format!("A rule failed. {reason}"),
            "Mend the rule: it is as it should be for the next event.",
        )
    };
    Some(Notice {
        kind: "event.dead".to_owned(),
        about,
        connector_id: None,
        title: redact::excerpt(&title, MAX_TITLE, &[]),
        remedy: remedy.to_owned(),
    })
}

/// How a webhook's events fare.
pub struct Health<'a> {
    pub webhook_id: &'a str,
    pub name: &'a str,
    /// Dead events in a row that pause it.
    pub limit: Option<i64>,
    /// Dead events in a row.
    pub before: i64,
    pub after: i64,
}

impl Health<'_> {
    /// Why the webhook is to be paused.
    pub fn pause_reason(&self) -> Option<String> {
        let limit = self.limit.filter(|limit| self.after >= *limit)?;
        Some(format!(
            "{limit} events in a row could not be worked on. Mend the rule that fails, have the events worked on again, and set the state to active."
        ))
    }

    /// At half of the failures that pause it, at four fifths, and when it is paused.
    pub fn notice(&self) -> Option<Notice> {
        let limit = self.limit?;
        let percent = [100, 80, 50].into_iter().find(|percent| {
            let mark = limit
                .saturating_mul(*percent)
                .saturating_add(99)
                .div_euclid(100);
            self.before < mark && self.after >= mark
        })?;
        let title = if percent == 100 {
            format!(
                "The webhook {} is paused: {limit} events in a row could not be worked on",
                self.name
            )
        } else {
            format!(
                "{} events in a row of the webhook {} could not be worked on; at {limit} it is paused",
                self.after, self.name
            )
        };
        Some(Notice {
            kind: "webhook.failing".to_owned(),
            about: self.webhook_id.to_owned(),
            connector_id: None,
            title: redact::excerpt(&title, MAX_TITLE, &[]),
            remedy: "Mend the rule that fails (GET /api/webhook-events?state=dead has the reasons). A paused webhook tells its sender to come again; set its state to active to take events again.".to_owned(),
        })
    }
}
