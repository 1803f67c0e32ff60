//! An advice firm whose deals come from HubSpot: its people connect Employment Hero in a browser, ten deals are sent as a
//! workflow sends them, and the reasoning of one is shown.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api::allocation::deals::{Allocated, ExplainedAllocation};
use api::connectors::{Connector, ConsentAsked};
use serde::Serialize;
use serde_json::{Value, json};

use super::tenant::{self, Firm};
use crate::http::Client;
use crate::interrupt;

const FIRM: &str = "Harbour Advice";
const ZONE: &str = "Australia/Sydney";
/// The deals of the simulated portal that have no adviser yet.
const DEALS: std::ops::RangeInclusive<u64> = 501..=510;
/// The simulated portal, and what it is connected with.
const PORTAL: u64 = 62_515;
const TOKEN: &str = "pat-sim-harbour-1";
const SIGNATURE_SECRET: &str = "sim-harbour-client-secret";
/// The client that is registered at the simulated Employment Hero, and the organisation of the firm.
const CLIENT_ID: &str = "sim-eh-client";
const CLIENT_SECRET: &str = "sim-eh-secret/+ 1";
const ORGANISATION: &str = "6f0d4b1e-8a1c-4a77-9c43-0f6f2f6a1001";
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);

/// The simulated providers of the firm.
pub struct Providers<'a> {
    pub hubspot: &'a Client,
    pub employment_hero: &'a Client,
}

#[derive(Debug, Serialize)]
pub struct AdvisersSummary {
    pub organization_id: String,
    pub organization: String,
    pub api_key: String,
    /// Of Employment Hero.
    pub employees: usize,
    pub leave_requests: usize,
    pub deals: Vec<Deal>,
    /// What HubSpot holds of them in the end: how many deals have the owner that was decided.
    pub written: usize,
    pub explained: Explained,
}

#[derive(Debug, Serialize)]
pub struct Deal {
    pub deal_id: u64,
    pub status: String,
    pub adviser: Option<String>,
    pub owner_id: Option<String>,
    pub earliest_week: Option<String>,
    pub reason: Option<String>,
}

/// Why one deal has got its adviser.
#[derive(Debug, Serialize)]
pub struct Explained {
    pub deal_id: String,
    pub allocation_id: String,
    /// A line each.
    pub reasoning: Vec<String>,
}

impl AdvisersSummary {
    pub fn failure(&self) -> Option<String> {
        let completed = self.completed();
        let is_there = self.deals.len() == DEALS.count()
            && completed >= 8
            && self.written == completed
            && !self.explained.reasoning.is_empty();
        (!is_there).then(|| {
            format!(
                "Deals: {completed} of {} have an adviser, and {} of them at HubSpot",
                self.deals.len(),
                self.written
            )
        })
    }

    pub fn completed(&self) -> usize {
        let of = self.deals.iter();
        of.filter(|deal| deal.status == "completed").count()
    }
}

/// The firm, with an owner's key.
///
/// # Errors
/// If the application refuses one of these calls.
pub fn set_up(operator: &Client, anonymous: &Client) -> anyhow::Result<Firm> {
    Firm::set_up(FIRM, ZONE, operator, anonymous)
}

/// # Errors
/// If the application or a simulator refuses one of these calls, or does not come to its end.
pub fn allocate(
    firm: &Firm,
    anonymous: &Client,
    providers: &Providers<'_>,
) -> anyhow::Result<AdvisersSummary> {
    let client = &firm.client;
    connect(client, providers)?;
    // Sooner than the scheduler's next tick.
    for list in ["employees", "leave_requests"] {
        client.post_nothing(&format!("/sync/{list}"))?;
    }
    let leave_requests = until_synced(client)?;
    let employees = count(client, "/api/employees?limit=500")?;
    let deals = DEALS
        .map(|deal| send(deal, anonymous, providers.hubspot))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let written = written(&deals, providers.hubspot)?;
    let explained = explained(client, &deals)?;
    Ok(AdvisersSummary {
        organization_id: firm.organization.id.clone(),
        organization: firm.organization.name.clone(),
        api_key: firm.api_key.clone(),
        employees,
        leave_requests,
        deals: deals.into_iter().map(|(deal, _)| deal).collect(),
        written,
        explained,
    })
}

/// Connects HubSpot with a token, and Employment Hero as its owner does in a browser.
fn connect(client: &Client, providers: &Providers<'_>) -> anyhow::Result<()> {
    let known: Vec<Connector> = tenant::rows(client.get("/api/connectors?limit=500")?)?;
    let is_known = |provider: &str| known.iter().any(|one| one.provider == provider);
    if !is_known("hubspot") {
        client.post(
            "/api/connectors",
            &json!({
                "type": "hubspot", "name": "HubSpot of the firm",
                "config": {"method": "private_app", "portal_id": PORTAL},
                "credentials": {
                    "token": TOKEN,
                    "signature_secret": SIGNATURE_SECRET,
                },
            }),
        )?;
    }
    if !is_known("employment_hero") {
        let made: Connector = tenant::read(client.post(
            "/api/connectors",
            &json!({
                "type": "employment_hero", "name": "People of the firm",
                "config": {"client_id": CLIENT_ID, "organisation_id": ORGANISATION},
                "credentials": {"client_secret": CLIENT_SECRET},
            }),
        )?)?;
        consent(client, &made.id, providers.employment_hero)?;
    }
    Ok(())
}

/// What the owner of the account does: opens the link, reads who asks and goes on, agrees, and comes back.
fn consent(client: &Client, connector_id: &str, provider: &Client) -> anyhow::Result<()> {
    let path = format!("/api/connectors/{connector_id}/authorizations");
    let asked: ConsentAsked = tenant::read(client.post(&path, &json!({}))?)?;
    provider.patch(
        "/_sim/settings",
        &json!({"redirect_uris": [asked.redirect_uri]}),
    )?;
    let page = client.browse(&asked.url, None)?;
    ensure!(
        page.body.contains(FIRM),
        "the link does not name the firm: {} {}",
        page.status,
        page.body
    );
    let sent = client.submit(&asked.url)?;
    let agreed = client.browse(sent.location()?, None)?;
    let back = client.browse(agreed.location()?, sent.cookie.as_deref())?;
    ensure!(
        back.status == 200,
        "the account was not connected: {} {}",
        back.status,
        back.body
    );
    Ok(())
}

/// Waits until employees and leave are there; returns how many requests there are.
fn until_synced(client: &Client) -> anyhow::Result<usize> {
    let until = Instant::now() + PATIENCE;
    loop {
        let requests = count(client, "/api/leave-requests?limit=500")?;
        if requests > 0 {
            return Ok(requests);
        }
        ensure!(Instant::now() < until, "no leave was synced");
        interrupt::sleep(POLL)?;
    }
}

fn count(client: &Client, path: &str) -> anyhow::Result<usize> {
    let rows: Vec<Value> = tenant::rows(client.get(path)?)?;
    Ok(rows.len())
}

/// Sends a deal as a workflow does, signed, and waits until it is written.
fn send(deal: u64, anonymous: &Client, hubspot: &Client) -> anyhow::Result<(Deal, Option<String>)> {
    let url = format!("{}/post/allocate", anonymous.origin());
    let delivery = hubspot.post(
        "/_sim/deliveries",
        &json!({"deal": deal, "workflow": {"url": url, "secret": SIGNATURE_SECRET}}),
    )?;
    let headers: Vec<(&str, String)> = delivery
        .get("headers")
        .and_then(Value::as_object)
        .context("the simulator signs with no headers")?
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"))
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    let body = delivery
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let answer: Allocated = tenant::read(anonymous.deliver("/post/allocate", &headers, body)?)?;
    let shown = Deal {
        deal_id: deal,
        status: answer.status.unwrap_or_default(),
        adviser: answer.adviser.as_ref().map(|one| one.name.clone()),
        owner_id: answer.adviser.map(|one| one.owner_id),
        earliest_week: answer.earliest_week,
        reason: answer.reason,
    };
    Ok((shown, answer.allocation_id))
}

/// How many deals have the owner at HubSpot that was decided, waiting for those that are still to be written.
fn written(deals: &[(Deal, Option<String>)], hubspot: &Client) -> anyhow::Result<usize> {
    let until = Instant::now() + PATIENCE;
    loop {
        let records = hubspot.get("/_sim/objects/deals")?;
        let records = records.as_array().context("HubSpot shows no deals")?;
        let count = deals
            .iter()
            .filter(|(deal, _)| {
                deal.owner_id.as_deref().is_some_and(|owner| {
                    records.iter().any(|record| {
                        record["id"] == deal.deal_id
                            && record
                                .pointer("/properties/hubspot_owner_id")
                                .is_some_and(|held| held == owner)
                    })
                })
            })
            .count();
        let decided = deals.iter().filter(|(deal, _)| deal.owner_id.is_some());
        if count == decided.count() || Instant::now() >= until {
            return Ok(count);
        }
        interrupt::sleep(POLL)?;
    }
}

/// The last deal that has an adviser: there are the most others to compare.
fn explained(client: &Client, deals: &[(Deal, Option<String>)]) -> anyhow::Result<Explained> {
    let (_, id) = deals
        .iter()
        .rev()
        .find(|(deal, _)| deal.adviser.is_some())
        .context("no deal has got an adviser")?;
    let id = id.as_deref().context("a deal has no record")?;
    let record: ExplainedAllocation = tenant::read(client.get(&format!("/api/allocations/{id}"))?)?;
    let decision = record.decision.context("the record explains nothing")?;
    Ok(Explained {
        deal_id: record.allocation.deal_id,
        allocation_id: record.allocation.id,
        reasoning: reasoning(&decision),
    })
}

fn reasoning(decision: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    for (rank, one) in (1..).zip(decision["candidates"].as_array().into_iter().flatten()) {
        lines.push(format!(
            "{rank}. {:<12} earliest {} ({}), {} meetings for each aimed at; deals in 90 days: {}",
            text(&one["name"]),
            text(&one["earliest_week"]),
            text(&one["earliest_label"]),
            one["ratio"],
            one["allocations"],
        ));
    }
    for one in decision["left_out"].as_array().into_iter().flatten() {
        lines.push(format!(
            "–  {}: {}",
            text(&one["email"]),
            text(&one["detail"])
        ));
    }
    let chosen = &decision["chosen"];
    lines.push(format!(
        "So {} gets it, by {}",
        text(&chosen["name"]),
        text(&chosen["by"]).replace('_', " ")
    ));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasoning_names_everybody() {
        let decision = json!({
            "candidates": [{"name": "Mia Tan", "earliest_week": "2026-03-23", "earliest_label": "2026-W13", "ratio": 0.5, "allocations": 2}],
            "left_out": [{"email": "jude.mori@example.test", "detail": "Takes on no clients."}],
            "chosen": {"name": "Mia Tan", "by": "only_candidate"},
        });
        assert_eq!(
            reasoning(&decision),
            [
                "1. Mia Tan      earliest 2026-03-23 (2026-W13), 0.5 meetings for each aimed at; deals in 90 days: 2",
                "–  jude.mori@example.test: Takes on no clients.",
                "So Mia Tan gets it, by only candidate",
            ]
        );
    }
}
