//! The webhooks of one 7shifts connector: what 7shifts shall call, what it was asked to call, and
//! what is ours of what it lists.
//!
//! A company's own webhooks are not signed, so each connector is called at a path that nobody can
//! guess. The path is sealed with the credentials; a webhook at 7shifts is known as ours by the
//! path's hash, whatever became of our rows: a repair that died half-way is ended by the next.

pub mod answer;
mod desk;

use domain::access::Tenant;
use domain::webhook_plan::{Listed, RegistrationState};
use serde::{Deserialize, Serialize};
use store::connectors::Connector;
use store::webhooks::{self as registry, Endpoint, Finding, Registration};
use store::{Database, DatabaseError, Execute};

use self::desk::Desk;
use super::{Failure, FailureKind};
use crate::log;
use crate::public_url::PublicUrl;

/// The sealed field: the path that a connector is called at.
pub const WEBHOOK_PATH: &str = "webhook_path";
/// The route of seven-shifts-proxy for [`remove`].
pub const REMOVE_PATH: &str = "/internal/seven-shifts-webhooks/remove";

/// Of a webhook whose connector was given up before 7shifts had deleted it.
const LEFT_BEHIND: &str =
    "7shifts may still have this webhook. It is deleted when the company is connected again.";

/// Which connector's webhooks are to be removed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveCall {
    pub organization_id: String,
    pub connector_id: String,
}

/// How many were deleted at 7shifts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveReport {
    pub deleted: usize,
}

/// What a repair or a removal did.
#[derive(Debug, Default)]
pub struct Changed {
    pub deleted: usize,
    /// Why some of what was to go is still there.
    pub kept: Option<Failure>,
}

/// A webhook of ours as 7shifts lists it, without its URL.
#[derive(Debug)]
pub struct AtProvider {
    pub webhook: Listed,
    /// The URL without its secret path.
    pub base_url: String,
    /// It calls the path that the connector has now.
    pub is_own: bool,
}

/// Registers every topic under `base`, and deletes what is outdated or doubled. A second repair
/// finds nothing to do.
///
/// # Errors
/// When nothing could be done; the rows say why. A plan without webhooks is no error.
pub async fn repair<D: Database>(
    database: &D,
    tenant: &Tenant,
    connector: &Connector,
    base: &PublicUrl,
    deadline_ms: i64,
) -> Result<Changed, Failure> {
    let desk = Desk::open(database, tenant, connector, deadline_ms).await?;
    let target = desk.target(base).await?;
    let orphaned = desk.orphaned().await?;
    let listed = match desk.listed(Some(base), &target.path_hash).await {
        Ok(listed) => listed,
        Err(failure) => {
            desk.give_up(&target, &failure).await?;
            return match failure.kind {
                FailureKind::Forbidden => Ok(Changed::default()),
                _ => Err(failure),
            };
        }
    };
    let plan = desk::plan_of(&listed);
    let findings = desk.register(base, &target, &plan).await;
    desk.record(&target.endpoint_id, &findings).await?;
    let (left, kept) = desk.delete(&listed, &plan.delete).await;
    let is_over = |row: &Registration| !findings.iter().any(|found| found.topic == row.topic);
    desk.forget(&left, &orphaned, &target.endpoint_id, is_over)
        .await?;
    Ok(Changed {
        deleted: plan.delete.len().saturating_sub(left.len()),
        kept,
    })
}

/// Deletes every webhook of the connector at 7shifts, and what is left there of those that the
/// organization has given up. What cannot be deleted stays in the rows, with the reason.
///
/// # Errors
/// When nothing could be done.
pub async fn remove<D: Database>(
    database: &D,
    tenant: &Tenant,
    connector: &Connector,
    deadline_ms: i64,
) -> Result<Changed, Failure> {
    let endpoint = registry::endpoint(database, tenant, &connector.id).await?;
    let desk = Desk::open(database, tenant, connector, deadline_ms).await?;
    let orphaned = desk.orphaned().await?;
    if endpoint.is_none() && orphaned.is_empty() {
        return Ok(Changed::default());
    }
    // One that never had an endpoint has none of its own to lose: what is there is orphaned.
    let endpoint = endpoint.unwrap_or_default();
    let listed = match desk.listed(None, &endpoint.path_hash).await {
        Ok(listed) => listed,
        Err(failure) => {
            desk.forget_unregistered().await?;
            return Err(failure);
        }
    };
    let ids: Vec<_> = listed.iter().map(|ours| ours.webhook.id).collect();
    let (left, kept) = desk.delete(&listed, &ids).await;
    desk.forget(&left, &orphaned, &endpoint.id, |_| true)
        .await?;
    if let Some(failure) = &kept {
        let left: Vec<_> = left
            .iter()
            .filter(|ours| ours.is_own)
            .map(|ours| Finding {
                external_id: Some(ours.webhook.id.to_string()),
                ..desk::refused(&ours.webhook.topic, &ours.base_url, failure)
            })
            .collect();
        desk.record(&endpoint.id, &left).await?;
    }
    Ok(Changed {
        deleted: ids.len().saturating_sub(left.len()),
        kept,
    })
}

/// What 7shifts lists of the connector's webhooks, and of those that the organization has given up.
///
/// # Errors
/// What 7shifts, or the way to it, answered.
pub async fn at_provider<D: Database>(
    database: &D,
    tenant: &Tenant,
    connector: &Connector,
    base: Option<&PublicUrl>,
    endpoint: &Endpoint,
    deadline_ms: i64,
) -> Result<Vec<AtProvider>, Failure> {
    let desk = Desk::open(database, tenant, connector, deadline_ms).await?;
    desk.listed(base, &endpoint.path_hash).await
}

/// Gives up the path of a connector, in the transaction that takes its credentials. What 7shifts
/// still has is kept as orphaned.
///
/// # Errors
/// The failure of a statement.
pub async fn retire<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    now: i64,
) -> Result<(), DatabaseError> {
    let orphaned = registry::retire(transaction, tenant, connector_id, LEFT_BEHIND, now).await?;
    if orphaned > 0 {
        log::error(
            "webhooks_orphaned",
            &format!(
                "{orphaned} webhooks of the connector {connector_id} could not be deleted at 7shifts"
            ),
        );
    }
    Ok(())
}

/// Whether this says that no call can succeed now, or only that the one did not.
fn is_of_all(failure: &Failure) -> bool {
    !failure.is_of_one() && failure.code != "timeout"
}

/// How a topic stands that could not be registered.
fn state_of(failure: &Failure) -> RegistrationState {
    match failure.kind {
        FailureKind::Forbidden => RegistrationState::NotInPlan,
        _ => RegistrationState::Failed,
    }
}
