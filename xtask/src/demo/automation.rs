//! From a signed event to a channel: two webhooks, three rules, and what follows from four events.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail};
use domain::webhook_signature::standard::{self, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::slack::CHANNEL;
use super::tenant::{self, Tenant};
use crate::http::Client;
use crate::interrupt;

/// What is worked on is worked on at once; the scheduler's own tick makes up for what was not.
const PATIENCE: Duration = Duration::from_secs(45);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A webhook's name, the id of the message, and its body. One comes twice, as senders do.
const EVENTS: [(&str, &str, &str); 5] = [
    (
        "Orders",
        "msg_1",
        r#"{"type":"order.paid","id":"A-7","total":250.5}"#,
    ),
    (
        "Orders",
        "msg_2",
        r#"{"type":"order.paid","id":"A-8","total":20}"#,
    ),
    (
        "Orders",
        "msg_1",
        r#"{"type":"order.paid","id":"A-7","total":250.5}"#,
    ),
    (
        "Orders",
        "msg_3",
        r#"{"type":"payment.refused","id":"A-9"}"#,
    ),
    (
        "Alarms",
        "msg_1",
        r#"{"type":"fridge.warm","fridge":"Walk-in","celsius":9.5}"#,
    ),
];
const POSTED: [&str; 2] = ["Order A-7 over 250.5", "Walk-in is at 9.5 °C"];
const NOTICE: &str = "The payment of A-9 was refused";

/// What was set up and sent, and what came of it.
#[derive(Debug, Default, Serialize)]
pub struct AutomationSummary {
    pub webhooks: usize,
    pub rules: usize,
    /// Deliveries that were acknowledged, the repeat included.
    pub acknowledged: usize,
    /// Events that were kept and worked on.
    pub processed: usize,
    /// What the simulated channel shows of it.
    pub posted: Vec<String>,
    pub notices: usize,
}

#[derive(Deserialize)]
struct Made {
    id: String,
    secret: String,
}

#[derive(Deserialize)]
struct Named {
    id: String,
    name: String,
}

impl AutomationSummary {
    pub fn failure(&self) -> Option<String> {
        let is_there = self.posted == POSTED && self.notices == 1;
        (!is_there).then(|| {
            format!(
                "Automation: the channel shows {:?}, and there are {} notices",
                self.posted, self.notices
            )
        })
    }
}

/// Sets webhooks and rules up, sends signed events, and waits for what follows.
///
/// # Errors
/// If the application or the simulator refuses one of these calls.
pub fn run(tenant: &Tenant, simulator: &Client) -> anyhow::Result<AutomationSummary> {
    let client = &tenant.client;
    let orders = webhook(client, "Orders")?;
    let alarms = webhook(client, "Alarms")?;
    let rules = rules();
    for rule in &rules {
        make_rule(client, rule)?;
    }
    let mut summary = AutomationSummary {
        webhooks: 2,
        rules: rules.len(),
        ..AutomationSummary::default()
    };
    for (name, message, body) in EVENTS {
        let webhook = if name == "Orders" { &orders } else { &alarms };
        send(client, webhook, message, body)?;
        summary.acknowledged += 1;
    }
    let until = Instant::now() + PATIENCE;
    loop {
        look(client, simulator, &mut summary)?;
        if summary.failure().is_none() || Instant::now() > until {
            return Ok(summary);
        }
        interrupt::check()?;
        thread::sleep(LOOK_EVERY);
    }
}

fn rules() -> [Value; 3] {
    let of_type = |name: &str| json!({"pointer": "/body/type", "op": "equals", "value": name});
    [
        json!({"name": "Large orders", "event": "webhook.received",
            "conditions": {"all": [of_type("order.paid"),
                {"pointer": "/body/total", "op": "greater", "value": 100}]},
            "actions": [{"type": "slack_message", "text": "Order {{ body.id }} over {{ body.total }}"}]}),
        json!({"name": "Refused payments", "event": "webhook.received",
            "conditions": of_type("payment.refused"),
            "actions": [{"type": "notice", "title": "The payment of {{ body.id }} was refused",
                "remedy": "Ask the guest for another card."}]}),
        json!({"name": "Warm fridges", "event": "webhook.received",
            "conditions": {"all": [of_type("fridge.warm"),
                {"pointer": "/body/celsius", "op": "greater", "value": 8}]},
            "actions": [{"type": "slack_message", "text": "{{ body.fridge }} is at {{ body.celsius }} °C"}]}),
    ]
}

/// A new webhook in the place of one of an earlier demo, whose secret nobody has any more.
fn webhook(client: &Client, name: &str) -> anyhow::Result<Made> {
    let known: Vec<Named> = tenant::rows(client.get("/api/webhooks?limit=500")?)?;
    for old in known.iter().filter(|known| known.name == name) {
        client.delete(&format!("/api/webhooks/{}", old.id))?;
    }
    tenant::read(client.post(
        "/api/webhooks",
        &json!({"name": name, "scheme": "standard"}),
    )?)
}

fn make_rule(client: &Client, rule: &Value) -> anyhow::Result<()> {
    let known: Vec<Named> = tenant::rows(client.get("/api/automation-rules?limit=500")?)?;
    if known
        .iter()
        .all(|known| rule["name"] != known.name.as_str())
    {
        client.post("/api/automation-rules", rule)?;
    }
    Ok(())
}

/// As a sender does by Standard Webhooks.
fn send(client: &Client, webhook: &Made, message: &str, body: &str) -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let at = i64::try_from(now.as_secs())?;
    let key = SigningKey::parse(&webhook.secret).context("the webhook's secret signs nothing")?;
    let signature = standard::sign(&[key], message, at, body.as_bytes())?;
    let headers = [
        ("webhook-id", message.to_owned()),
        ("webhook-timestamp", at.to_string()),
        ("webhook-signature", signature),
    ];
    let said = client.deliver(&format!("/hooks/{}", webhook.id), &headers, body)?;
    if said.get("received") != Some(&Value::Bool(true)) {
        bail!("the webhook does not take {message}: {said}");
    }
    Ok(())
}

fn look(
    client: &Client,
    simulator: &Client,
    summary: &mut AutomationSummary,
) -> anyhow::Result<()> {
    let messages = simulator.get(&format!("/_sim/channels/{CHANNEL}/messages"))?;
    let texts = messages.as_array().into_iter().flatten();
    let texts: Vec<_> = texts
        .filter_map(|posted| posted.pointer("/message/text")?.as_str())
        .collect();
    summary.posted = POSTED
        .iter()
        .filter(|text| texts.contains(text))
        .map(|text| (*text).to_owned())
        .collect();
    let notices: Vec<Value> = tenant::rows(client.get("/api/notices?state=open&limit=500")?)?;
    let notices = notices.iter().filter(|notice| notice["title"] == NOTICE);
    summary.notices = notices.count();
    let events: Vec<Value> =
        tenant::rows(client.get("/api/webhook-events?state=processed&limit=500")?)?;
    summary.processed = events.len();
    Ok(())
}
