//! A message from an organization to its channel, as an administrator would try it first.

use anyhow::Context;
use api::connectors::Connector;
use api::deliveries::SlackNotified;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::tenant::{self, Tenant};
use crate::http::Client;

/// The bot of the simulated workspace, and the channel that it posts to.
const BOT_TOKEN: &str = "xoxb-sim-lakeshore-1";
pub const CHANNEL: &str = "C0OPERATN";
const TEXT: &str = "Patchbay is connected: shifts, punches and people are current.";

/// What was posted, and that it is there.
#[derive(Debug, Serialize)]
pub struct SlackSummary {
    pub connector_id: String,
    pub delivery_id: String,
    pub state: String,
    pub channel: &'static str,
    /// How often the simulated channel shows the message.
    pub shown: usize,
    pub simulator_url: String,
}

#[derive(Deserialize)]
struct Shown {
    raw: String,
}

impl SlackSummary {
    pub fn failure(&self) -> Option<String> {
        let is_there = self.state == "delivered" && self.shown >= 1;
        (!is_there).then(|| {
            format!(
                "Slack: the message is {}, and shown {} times",
                self.state, self.shown
            )
        })
    }
}

/// Connects Slack, unless an earlier demo has, and posts.
///
/// # Errors
/// If the application or the simulator refuses one of these calls.
pub fn post(tenant: &Tenant, simulator: &Client) -> anyhow::Result<SlackSummary> {
    let known: Vec<Connector> = tenant::rows(tenant.client.get("/api/connectors?limit=500")?)?;
    let connector = match known.into_iter().find(|one| one.provider == "slack") {
        Some(connector) => connector,
        None => tenant::read(tenant.client.post(
            "/api/connectors",
            &json!({
                "type": "slack",
                "name": "Slack of the kitchen",
                "credentials": {"bot_token": BOT_TOKEN},
                "config": {"default_channel": CHANNEL},
            }),
        )?)?,
    };
    let notified: SlackNotified = tenant::read(tenant.client.post(
        "/functions/v1/slack-notify",
        &json!({"connector_id": connector.id, "message": {"text": TEXT}}),
    )?)?;
    let messages = simulator.get(&format!("/_sim/channels/{CHANNEL}/messages"))?;
    let messages: Vec<Shown> =
        serde_json::from_value(messages).context("the simulator shows no messages")?;
    Ok(SlackSummary {
        connector_id: connector.id,
        delivery_id: notified.delivery.id,
        state: notified.delivery.state,
        channel: CHANNEL,
        shown: messages.iter().filter(|one| one.raw.contains(TEXT)).count(),
        simulator_url: simulator.origin().to_owned(),
    })
}
