//! What those are told who are told of an allocation: the deal, who could have had it, and who has it. It is written with the
//! decision, and goes out when the deal is changed.

use domain::slack_message::{Message, Target, check, escape};
use platform::allocating::{self, ASKED};
use platform::clients::GOOGLE_CHAT;
use platform::slack::{self, SLACK};
use platform::{random, slack::Config};
use serde_json::{Value, json};
use store::allocation::notices::Teller;
use store::allocation::records::Waiting;

use crate::judging::{Given, Judged};

/// Advisers that are listed.
const MAX_LISTED: usize = 20;

/// The deliveries that follow when the deal is changed, one for each teller that can be used.
pub fn notices(
    tellers: &[Teller],
    waiting: &Waiting,
    given: &Given,
    judged: &Judged,
) -> Vec<Value> {
    tellers
        .iter()
        .filter_map(|teller| {
            let (function, key, payload) = match teller.provider.as_str() {
                SLACK => {
                    let message = slack(teller, waiting, given, judged)?;
                    let key = slack::concurrency_key(&teller.connector_id, &message);
                    (slack::FUNCTION, key, serde_json::to_value(&message).ok()?)
                }
                GOOGLE_CHAT => (
                    ASKED,
                    allocating::chat_key(&teller.connector_id),
                    card(waiting, given, judged),
                ),
                _ => return None,
            };
            Some(json!({
                "delivery_id": random::id(),
                "job_id": random::id(),
                "kind": teller.provider,
                "connector_id": teller.connector_id,
                "function": function,
                "concurrency_key": key,
                "payload": payload,
            }))
        })
        .collect()
}

fn slack(teller: &Teller, waiting: &Waiting, given: &Given, judged: &Judged) -> Option<Message> {
    let config: Config = serde_json::from_str(&teller.config).ok()?;
    let target = config.method.target();
    let channel = match target {
        Target::BotToken => teller.channel.clone().or(config.default_channel),
        Target::IncomingWebhook => None,
    };
    let mut text = format!(
        "*Deal {}* goes to *{}*",
        escape(&waiting.deal_id),
        escape(&given.name)
    );
    if let Some(week) = given.earliest_week {
        text.push_str(&format!(", with room from the week of {week}"));
    }
    text.push_str(&format!(
        ".\nPackage: {}. Household: {}.",
        escape(or_none(&judged.service_package)),
        escape(or_none(&judged.household_type))
    ));
    for line in listed(judged) {
        text.push_str("\n• ");
        text.push_str(&escape(&line));
    }
    let message = Message {
        text: Some(text),
        channel,
        ..Message::default()
    };
    // One without a channel goes nowhere.
    check(&message, target).is_empty().then_some(message)
}

/// A message of the older form, with one card.
fn card(waiting: &Waiting, given: &Given, judged: &Judged) -> Value {
    let paragraph = |text: String| json!({"textParagraph": {"text": text}});
    let section = |header: &str, texts: Vec<String>| {
        let widgets: Vec<Value> = texts.into_iter().map(paragraph).collect();
        json!({"header": header, "widgets": widgets})
    };
    let candidates = judged.decision.iter().flat_map(|one| &one.candidates);
    let eligible: Vec<String> = candidates
        .take(MAX_LISTED)
        .map(|one| {
            format!(
                "<b>{}</b> ({})<br>{}<br>{}<br><i>Earliest Week:</i> {}",
                html(&one.name),
                html(&one.email),
                html(&one.service_packages.join(", ")),
                html(&one.household_types.join(", ")),
                html(&one.earliest_label)
            )
        })
        .collect();
    let mut sections = vec![section(
        "Deal Details",
        vec![
            format!("<b>Deal ID:</b> {}", html(&waiting.deal_id)),
            format!(
                "<b>Service Package:</b> {}",
                html(or_none(&judged.service_package))
            ),
            format!(
                "<b>Household Type:</b> {}",
                html(or_none(&judged.household_type))
            ),
        ],
    )];
    if !eligible.is_empty() {
        sections.push(section("Eligible Advisers", eligible));
    }
    sections.push(section(
        "Selected Adviser",
        vec![format!("<b>{}</b>", html(&given.name))],
    ));
    json!({"cards": [{"header": {"title": "Deal Allocation"}, "sections": sections}]})
}

fn listed(judged: &Judged) -> Vec<String> {
    let candidates = judged.decision.iter().flat_map(|one| &one.candidates);
    candidates
        .take(MAX_LISTED)
        .map(|one| format!("{} ({}): {}", one.name, one.email, one.earliest_label))
        .collect()
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
