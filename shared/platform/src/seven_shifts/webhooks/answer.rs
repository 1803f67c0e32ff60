//! How the webhooks of a connector stand, for who asks. No answer has the secret path.

use api::seven_shifts_proxy::{WebhookRegistration, WebhooksAnswer, WebhooksSummary};
use domain::access::Tenant;
use domain::webhook_plan::{PATH, RegistrationState, Standing};
use domain::webhook_topic::WebhookTopic;
use store::connectors::{self, Connector};
use store::webhooks::{self as registry, Registration};
use store::{Database, DatabaseError};

use super::{AtProvider, Changed, at_provider, repair};
use crate::public_url::PublicUrl;
use crate::seven_shifts::Failure;
use crate::{clock, log, time};

/// How long connecting waits for the webhooks, in milliseconds.
const CONNECTING_MS: i64 = 10_000;

/// Registers the webhooks of a connector that was connected just now. Whatever becomes of them, it
/// is connected: without them everything is polled.
pub async fn connected<D: Database>(
    database: &D,
    tenant: &Tenant,
    connector_id: &str,
) -> WebhooksSummary {
    let base = match PublicUrl::configured().await {
        Ok(base) => base,
        Err(reason) => return off(reason, 0),
    };
    match registered(database, tenant, connector_id, &base).await {
        Ok(summary) => summary,
        Err(failure) => {
            log::error("webhooks", &failure.reason);
            none("failed", Some(failure.reason))
        }
    }
}

async fn registered<D: Database>(
    database: &D,
    tenant: &Tenant,
    connector_id: &str,
    base: &PublicUrl,
) -> Result<WebhooksSummary, Failure> {
    let connector = connectors::get(database, tenant, connector_id).await?;
    let Some(connector) = connector else {
        return Ok(none("unregistered", None));
    };
    let deadline_ms = clock::now_ms().saturating_add(CONNECTING_MS);
    repair(database, tenant, &connector, base, deadline_ms).await?;
    let rows = registry::list(database, tenant, connector_id).await?;
    Ok(summary(&shown(&rows, None), Ok(base)))
}

/// What we have registered, beside what 7shifts lists. 7shifts is not asked where there can be
/// nothing of ours, nor where its last word was that the plan has no webhooks.
///
/// # Errors
/// The failure of a statement.
pub async fn list<D: Database>(
    database: &D,
    tenant: &Tenant,
    connector: &Connector,
    deadline_ms: i64,
) -> Result<WebhooksAnswer, DatabaseError> {
    let rows = registry::list(database, tenant, &connector.id).await?;
    let base = PublicUrl::configured().await;
    let is_gated = |row: &Registration| row.state == RegistrationState::NotInPlan;
    let endpoint = match registry::endpoint(database, tenant, &connector.id).await? {
        Some(endpoint) if rows.is_empty() || !rows.iter().all(is_gated) => endpoint,
        _ => return Ok(answer(connector, &rows, None, &base)),
    };
    let usable = base.as_ref().ok();
    let listed = at_provider(database, tenant, connector, usable, &endpoint, deadline_ms).await;
    Ok(match listed {
        Ok(listed) => answer(connector, &rows, Some(&listed), &base),
        Err(failure) => WebhooksAnswer {
            provider_error: Some(failure.reason),
            ..answer(connector, &rows, None, &base)
        },
    })
}

/// How they stand after a repair or a removal.
///
/// # Errors
/// The failure of a statement.
pub async fn after<D: Database>(
    database: &D,
    tenant: &Tenant,
    connector: &Connector,
    changed: Changed,
) -> Result<WebhooksAnswer, DatabaseError> {
    let rows = registry::list(database, tenant, &connector.id).await?;
    Ok(WebhooksAnswer {
        deleted: Some(changed.deleted),
        provider_error: changed.kept.map(|failure| failure.reason),
        ..answer(connector, &rows, None, &PublicUrl::configured().await)
    })
}

fn answer(
    connector: &Connector,
    rows: &[Registration],
    listed: Option<&[AtProvider]>,
    base: &Result<PublicUrl, &'static str>,
) -> WebhooksAnswer {
    let registrations = shown(rows, listed);
    WebhooksAnswer {
        connector_id: connector.id.clone(),
        webhooks: summary(&registrations, base.as_ref().map_err(|reason| *reason)),
        deleted: None,
        provider_error: None,
        registrations,
    }
}

/// Our rows, and what 7shifts has of ours that has no row.
fn shown(rows: &[Registration], listed: Option<&[AtProvider]>) -> Vec<WebhookRegistration> {
    let mut shown: Vec<_> = rows.iter().map(|row| of_row(row, listed)).collect();
    let is_recorded = |ours: &&AtProvider| {
        let id = ours.webhook.id.to_string();
        rows.iter().any(|row| row.external_id.as_ref() == Some(&id))
    };
    let unrecorded = listed
        .unwrap_or_default()
        .iter()
        .filter(|ours| !is_recorded(ours));
    shown.extend(unrecorded.map(|ours| {
        WebhookRegistration {
            topic: domain::redact::excerpt(&ours.webhook.topic, 60, &[]),
            state: "unrecorded".to_owned(),
            external_id: Some(ours.webhook.id.to_string()),
            url: masked(&ours.base_url),
            reason: Some(
                "7shifts has this webhook, and it is not in our records: call repair_webhooks."
                    .to_owned(),
            ),
            last_checked_at: None,
            listed: Some(true),
        }
    }));
    shown.sort_by(|a, b| a.topic.cmp(&b.topic));
    shown
}

fn of_row(row: &Registration, listed: Option<&[AtProvider]>) -> WebhookRegistration {
    let found = listed.map(|listed| {
        listed.iter().find(|ours| {
            row.external_id
                .as_ref()
                .is_some_and(|id| *id == ours.webhook.id.to_string())
        })
    });
    let is_registered = row.state == RegistrationState::Registered;
    let (state, reason) = match found {
        Some(None) if is_registered => (
            "missing",
            Some("7shifts has this webhook no longer: call repair_webhooks.".to_owned()),
        ),
        Some(Some(ours)) if is_registered && ours.webhook.standing != Standing::Ours => (
            "missing",
            Some(
                "7shifts calls where this installation is no longer reached: call repair_webhooks."
                    .to_owned(),
            ),
        ),
        _ => (row.state.as_str(), row.reason.clone()),
    };
    WebhookRegistration {
        topic: row.topic.clone(),
        state: state.to_owned(),
        external_id: row.external_id.clone(),
        url: masked(&row.base_url),
        reason,
        last_checked_at: Some(time::rfc3339(row.last_checked_at)),
        listed: found.map(|found| found.is_some()),
    }
}

fn masked(base_url: &str) -> String {
    format!("{base_url}{PATH}[redacted]")
}

fn summary(
    registrations: &[WebhookRegistration],
    base: Result<&PublicUrl, &'static str>,
) -> WebhooksSummary {
    let of_state = |state: &str| {
        registrations
            .iter()
            .filter(|row| row.state == state)
            .count()
    };
    let registered = of_state("registered");
    if let Err(reason) = base {
        return off(reason, registered);
    }
    let topics = WebhookTopic::REGISTERED.len();
    // What is left of an earlier connection says nothing of this one.
    let wrong = registrations
        .iter()
        .find(|row| matches!(row.state.as_str(), "failed" | "not_in_plan" | "missing"));
    let state = match wrong {
        _ if registered >= topics => "registered",
        _ if registered > 0 => "incomplete",
        Some(row) if row.state == "not_in_plan" => "not_in_plan",
        Some(_) => "failed",
        None => "unregistered",
    };
    let reason = match wrong {
        _ if registered >= topics => None,
        Some(row) => row.reason.clone(),
        None => Some("Not every topic is registered: call repair_webhooks.".to_owned()),
    };
    WebhooksSummary {
        state: state.to_owned(),
        registered,
        topics,
        reason,
    }
}

fn off(reason: &str, registered: usize) -> WebhooksSummary {
    WebhooksSummary {
        registered,
        ..none("off", Some(reason.to_owned()))
    }
}

fn none(state: &str, reason: Option<String>) -> WebhooksSummary {
    WebhooksSummary {
        state: state.to_owned(),
        registered: 0,
        topics: WebhookTopic::REGISTERED.len(),
        reason,
    }
}
