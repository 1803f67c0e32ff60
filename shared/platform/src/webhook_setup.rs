//! What functions share that set webhooks up, to receive and to send: event filters, and keys that are
//! sealed before they touch the database.

use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::inbound_webhook::EventFilter;
use store::Execute;
use store::inbox::webhooks::Created;
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

/// What has become of a webhook that was to be made.
///
/// # Errors
/// 409 when the organization has `max` of these already, 404 when there is no such organization.
pub fn check_created(created: Created, these: &str, max: i64) -> Result<(), Problem> {
    match created {
        Created::Done => Ok(()),
        Created::TooMany => Err(Problem::new(
            ProblemKind::Conflict,
            format!("The organization has {max} {these} already: delete one first."),
        )),
        Created::NoOrganization => Err(Problem::new(
            ProblemKind::NotFound,
            "There is no such organization, or it is being removed.",
        )),
    }
}

/// A key that is to be kept.
pub struct NewKey {
    secret: Secret,
    is_ours: bool,
}

impl NewKey {
    /// The one that was given, or one made here.
    pub fn new(given: Option<&str>, make: impl FnOnce() -> String) -> Self {
        Self {
            secret: Secret::new(given.map_or_else(make, str::to_owned)),
            is_ours: given.is_none(),
        }
    }

    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// For the one answer that has it: who is at the other end has to be told a key that was made here.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        self.is_ours.then(|| self.secret.expose().to_owned())
    }
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
