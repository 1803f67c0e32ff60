//! What functions share that set webhooks up, to receive and to send: event filters, and keys that are
//! sealed before they touch the database.

use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::inbound_webhook::EventFilter;
use store::Execute;
use store::webhook_secrets::{self, MAX_LIVE, NewSecret, Owner};

use crate::vault::{Place, Secret, Vault};
use crate::{clock, log, problems, random};

/// A day: providers and people take their time to change over.
const KEEP_PREVIOUS_SECONDS: i64 = 86_400;
const MAX_KEEP_PREVIOUS_SECONDS: i64 = 30 * 86_400;

/// Reads what a caller gives as the events of a webhook.
#[must_use]
pub fn checked_events(entries: Option<Vec<String>>, errors: &mut Vec<FieldError>) -> EventFilter {
    match EventFilter::parse(entries) {
        Ok(filter) => filter,
        Err(wrong) => {
            errors.extend(FieldError::all("", &wrong));
            EventFilter::default()
        }
    }
}

/// How long the keys of before count beside a new one, in seconds.
#[must_use]
pub fn checked_keep_seconds(given: Option<i64>, errors: &mut Vec<FieldError>) -> i64 {
    let seconds = given.unwrap_or(KEEP_PREVIOUS_SECONDS);
    if !(0..=MAX_KEEP_PREVIOUS_SECONDS).contains(&seconds) {
        errors.push(FieldError::new(
            "/keep_previous_seconds",
            format!("must be a number from 0 to {MAX_KEEP_PREVIOUS_SECONDS}"),
        ));
    }
    seconds
}

/// The vault, to keep a key in.
///
/// # Errors
/// The operator's mistake, as a problem.
pub async fn vault() -> Result<Vault, Problem> {
    Vault::open().await.map_err(|error| {
        log::error("vault", &error.to_string());
        Problem::new(
            ProblemKind::Internal,
            format!("The vault does not open, so no secret can be stored: {error}."),
        )
    })
}

/// Makes a key the one in force.
///
/// # Errors
/// 409 when too many count already, and the database's.
pub async fn keep<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    vault: &Vault,
    owner: Owner<'_>,
    secret: &Secret,
    keep_previous_seconds: i64,
) -> Result<(), Problem> {
    let id = random::id();
    let sealed = vault
        .seal(place(tenant, owner.id(), &id), secret)
        .map_err(|error| problems::internal(&error.to_string()))?;
    let new = NewSecret {
        id: &id,
        owner,
        sealed: &sealed.token,
        sealed_by: &sealed.sealed_by,
    };
    let now = clock::now();
    let until = now.saturating_add(keep_previous_seconds);
    let is_kept = webhook_secrets::put(transaction, tenant, new, until, now)
        .await
        .map_err(|error| problems::database(&error))?;
    if is_kept {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Conflict,
        format!(
            "{MAX_LIVE} secrets of this webhook count already: wait until one is over, or send keep_previous_seconds 0."
        ),
    ))
}

/// Where a key of a webhook is sealed: the webhook stands for the connector, the key's id for the
/// field.
#[must_use]
pub fn place<'a>(tenant: &'a Tenant, webhook_id: &'a str, secret_id: &'a str) -> Place<'a> {
    Place {
        organization_id: tenant.as_str(),
        connector_id: webhook_id,
        field: secret_id,
    }
}
