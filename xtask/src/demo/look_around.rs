//! Commands to look around with, ready to paste.

use serde_json::{Value, json};

use super::summary::{OrganizationSummary, Summary};
use super::{people, tenant};
use crate::http::Client;
use crate::style;

/// Everything a newcomer may try next.
pub fn commands(summary: &Summary, client: &Client) -> String {
    let mut text = format!(
        "{0}Look around{0:#} (an owner's key of each organization is filled in)\n",
        style::HEADING
    );
    let mut add = |what: &str, command: &str| {
        text.push_str(&format!("{0}# {what}{0:#}\n{command}\n", style::QUIET));
    };
    add(
        "What runs here, and how it is",
        &format!("curl -s {0}/ && curl -s {0}/health", summary.url),
    );
    for organization in &summary.organizations {
        let get = |path: &str| get(summary, organization, path);
        let name = &organization.name;
        add(
            &format!("People and open shifts of {name}"),
            &format!(
                "{}\n{}",
                get("/api/team-members?limit=3"),
                get("/api/shifts?is_open=true&limit=3")
            ),
        );
        add(
            &format!("Who is on the clock at {name}, and how its syncs went"),
            &format!(
                "{}\n{}",
                get("/api/time-punches?is_running=true"),
                get("/api/sync-runs?limit=6")
            ),
        );
    }
    if let Some(organization) = summary.organizations.first() {
        let settings = format!(
            "/api/connectors/{}/sync-settings",
            organization.connector_id
        );
        add("How often it syncs", &get(summary, organization, &settings));
        let punch = running_punch(client, organization);
        if let Some(punch) = &punch {
            add(
                "Clock somebody out at 7shifts",
                &format!(
                    "curl -s {}/_sim/companies/{}/mutations -d '{}'",
                    summary.simulator_url,
                    organization.company_id,
                    json!({"op": "punch_out", "id": punch.external_id}),
                ),
            );
        }
        add(
            "Sync now",
            &format!(
                "curl -s -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' {}/functions/v1/7shifts-proxy -d '{}'",
                organization.api_key,
                summary.url,
                json!({"action": "scheduled_sync"}),
            ),
        );
        if let Some(punch) = &punch {
            add(
                "And see it here",
                &get(
                    summary,
                    organization,
                    &format!("/api/time-punches/{}", punch.id),
                ),
            );
        }
    }
    if let Some(organization) = summary.organizations.first() {
        let recipe = people::recipe();
        add(
            "What attendance comes to, each event with its reason, and what a recipe costs",
            &format!(
                "{}\n{}\ncurl -s -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' {}/api/costing/labor -d '{recipe}'",
                get(summary, organization, "/api/attendance/summary?limit=5"),
                get(
                    summary,
                    organization,
                    "/api/attendance/records?event_type=late_arrival&limit=3"
                ),
                organization.api_key,
                summary.url,
            ),
        );
    }
    if let (Some(organization), Some(slack)) = (summary.organizations.first(), &summary.slack) {
        add(
            "Post to Slack, see what was sent, and what the simulated channel shows",
            &format!(
                "curl -s -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' {}/functions/v1/slack-notify -d '{}'\n{}\ncurl -s {}/_sim/channels/{}/messages",
                organization.api_key,
                summary.url,
                json!({"connector_id": slack.connector_id, "message": {"text": "Hello"}}),
                get(summary, organization, "/api/deliveries?limit=3"),
                slack.simulator_url,
                slack.channel,
            ),
        );
    }
    if let (Some(organization), Some(_)) = (summary.organizations.first(), &summary.automation) {
        add(
            "What webhooks have brought, the rules, and what needs a person",
            &[
                "/api/webhook-events?limit=5",
                "/api/automation-rules",
                "/api/notices?state=open",
            ]
            .map(|path| get(summary, organization, path))
            .join("\n"),
        );
    }
    if let Some(advisers) = &summary.advisers {
        let get = |path: &str| with_key(summary, &advisers.api_key, path);
        add(
            "Who has room, why a deal has got its adviser, and what was allocated",
            &[
                "/availability/earliest?compute=1",
                &format!("/api/allocations/{}", advisers.explained.allocation_id),
                "/allocations/history",
            ]
            .map(get)
            .join("\n"),
        );
    }
    if let (Some(advisers), Some(folder)) = (&summary.advisers, &summary.client_folder) {
        add(
            "The folder of a client, and one for the client of another deal",
            &format!(
                "{}\ncurl -s -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' {}/post/create_box_folder -d '{}'",
                with_key(
                    summary,
                    &advisers.api_key,
                    &format!("/api/client-folders?deal_id={}", folder.deal_id)
                ),
                advisers.api_key,
                summary.url,
                json!({"deal_id": "503"}),
            ),
        );
    }
    text
}

fn get(summary: &Summary, organization: &OrganizationSummary, path: &str) -> String {
    with_key(summary, &organization.api_key, path)
}

fn with_key(summary: &Summary, key: &str, path: &str) -> String {
    format!(
        "curl -s -H 'Authorization: Bearer {key}' '{}{path}'",
        summary.url
    )
}

struct RunningPunch {
    id: String,
    external_id: i64,
}

/// Somebody who is on the clock; without one, those two commands are left out.
fn running_punch(client: &Client, organization: &OrganizationSummary) -> Option<RunningPunch> {
    let page = client
        .with_token(&organization.api_key)
        .get("/api/time-punches?is_running=true&limit=1")
        .ok()?;
    let rows: Vec<Value> = tenant::rows(page).ok()?;
    let punch = rows.first()?;
    Some(RunningPunch {
        id: punch.get("id")?.as_str()?.to_owned(),
        external_id: punch.get("external_id")?.as_str()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::summary::tests::summary;
    use std::time::Duration;

    #[test]
    fn the_commands_have_the_real_addresses_keys_and_ids() {
        // Nobody listens there: what would need an answer is left out.
        let nobody = Client::new("http://127.0.0.1:1", Duration::from_millis(200));
        let text = commands(&summary(&[]), &nobody);
        let text = anstream::adapter::strip_str(&text).to_string();
        assert!(text.contains("curl -s http://127.0.0.1:3000/ "), "{text}");
        assert!(
            text.contains("'Authorization: Bearer pb_live_demo'"),
            "{text}"
        );
        assert!(
            text.contains("/api/connectors/con-1/sync-settings"),
            "{text}"
        );
        assert!(!text.contains("punch_out"), "{text}");
        // What the summary has priced is what the command prices.
        assert!(text.contains(&people::recipe().to_string()), "{text}");
    }
}
