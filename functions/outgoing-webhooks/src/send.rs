//! One delivery, under its lease: it goes out once, signed by every key that counts, and what came of
//! it is noted with how its endpoint fares. A crash in between has it sent again, under the same id.

use domain::access::{Caller, Tenant};
use domain::outbound_target::OutboundTarget;
use domain::outgoing_webhook::{self as rules, EndpointState};
use domain::webhook_signature::standard::{self, SigningKey};
use http::{Method, Request, header};
use platform::run::{RunCall, RunReport};
use platform::vault::{Secret, Vault};
use platform::webhook_setup::place;
use platform::{SpinDatabase, clock, log, random, targets};
use store::jobs::{Failure, Lease};
use store::outbox::{self, Attempt};
use store::outgoing_webhooks::{self as endpoints, Called, Sending};
use store::{Database, DatabaseError};

use crate::attempt::{Attempted, End, attempt};

/// How long what cannot be sent for a reason of ours waits until it is looked at again, in seconds.
const LOOK_AGAIN_SECONDS: i64 = 300;
const PRODUCT: &str = concat!("patchbay/", env!("CARGO_PKG_VERSION"));

pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let loaded = endpoints::load(database, &call.job_id, call.lease_version, clock::now());
    let sending = match loaded.await {
        Ok(Some(sending)) => sending,
        Ok(None) => return RunReport::lease_lost(),
        Err(error) => return RunReport::database_failed(&error),
    };
    let Ok(tenant) = Caller::internal("outgoing-webhooks").tenant_named(&sending.organization_id)
    else {
        return RunReport::failed("configuration", "The organization cannot be read.");
    };
    match sending.state.parse() {
        Ok(EndpointState::Active) => {
            if let Some(until) = sending.held_until.filter(|until| *until > clock::now()) {
                return RunReport::wait_until(
                    until,
                    "endpoint_silent",
                    "The endpoint gave no answer the last time, and is left alone for a while. Test it to have it called at once.",
                );
            }
        }
        // A pause may last as long as it likes.
        Ok(EndpointState::Paused) => {
            return waits(
                "paused",
                "The endpoint is paused: set its state to active to have this sent.",
            );
        }
        Ok(EndpointState::Disabled) | Err(_) => {
            let reason = format!(
                "The endpoint is disabled: set its state to active, and have this sent again. {}",
                sending.state_reason.as_deref().unwrap_or_default()
            );
            return RunReport::failed("endpoint_disabled", &reason);
        }
    }
    let signed = match signed(&tenant, &sending).await {
        Ok(signed) => signed,
        Err(report) => return *report,
    };
    let attempted = match attempt(&signed.request, &signed.secrets()).await {
        Ok(attempted) => attempted,
        Err(why) => {
            return RunReport::failed(
                "not_allowed",
                &format!("The URL leads to where this installation may not call ({why})."),
            );
        }
    };
    let lease = Lease {
        tenant: &tenant,
        job_id: &call.job_id,
        version: call.lease_version,
    };
    let noted = database
        .transaction(async |transaction| note(transaction, lease, &sending, &attempted).await)
        .await;
    match noted {
        Ok(Fares::LeaseLost) => RunReport::lease_lost(),
        Ok(Fares::On { is_disabled }) => report(&sending, attempted.end, is_disabled),
        Err(error) => {
            // What is done is done: the outcome says so, even where the attempt does not show.
            log::error("database", &error.to_string());
            report(&sending, attempted.end, false)
        }
    }
}

fn waits(code: &str, reason: &str) -> RunReport {
    RunReport::wait_until(
        clock::now().saturating_add(LOOK_AGAIN_SECONDS),
        code,
        reason,
    )
}

/// A request with its signatures, and what nobody may be shown.
struct Signed {
    request: Request<Vec<u8>>,
    keys: Vec<Secret>,
    signature: String,
}

impl Signed {
    fn secrets(&self) -> Vec<&str> {
        let keys = self.keys.iter().map(Secret::expose);
        // A receiver may know a key without its prefix.
        let bare = keys.clone().filter_map(|key| key.split_once('_'));
        keys.chain(bare.map(|(_, key)| key))
            .chain([self.signature.as_str()])
            .collect()
    }
}

/// What keeps it from being sent: a setting of ours, which is waited for, or the URL, which the
/// operator does not allow any more.
async fn signed(tenant: &Tenant, sending: &Sending) -> Result<Signed, Box<RunReport>> {
    let ours = |why: &str| {
        log::error("configuration", why);
        Box::new(waits(
            "configuration",
            &format!("Nothing can be sent until the operator mends this: {why}."),
        ))
    };
    let policy = targets::policy().await.map_err(|why| ours(&why))?;
    let target = OutboundTarget::parse(&sending.url, &policy).map_err(|refusal| {
        let reason = format!("The URL is refused: {refusal}; {}.", refusal.remedy());
        Box::new(RunReport::failed("not_allowed", &reason))
    })?;
    let vault = Vault::open()
        .await
        .map_err(|error| ours(&error.to_string()))?;
    let mut keys = Vec::with_capacity(sending.secrets.len());
    let mut signing = Vec::with_capacity(sending.secrets.len());
    for secret in &sending.secrets {
        let place = place(tenant, &sending.endpoint_id, &secret.id);
        let key = vault
            .unseal(place, &secret.sealed)
            .map_err(|error| ours(&error.to_string()))?;
        signing.push(SigningKey::parse(key.expose()).map_err(|error| ours(&error.to_string()))?);
        keys.push(key);
    }
    let (now, body) = (clock::now(), sending.payload.clone().into_bytes());
    let signature = standard::sign(&signing, &sending.delivery_id, now, &body)
        .map_err(|error| ours(&error.to_string()))?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(target.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, PRODUCT)
        .header("webhook-id", &sending.delivery_id)
        .header("webhook-timestamp", now)
        .header("webhook-signature", &signature)
        .body(body)
        .map_err(|error| ours(&error.to_string()))?;
    Ok(Signed {
        request,
        keys,
        signature,
    })
}

/// How an endpoint fares after an attempt.
enum Fares {
    /// Somebody else has the job by now, and nothing was noted.
    LeaseLost,
    On {
        /// By this attempt.
        is_disabled: bool,
    },
}

async fn note<E: store::Execute>(
    transaction: &E,
    lease: Lease<'_>,
    sending: &Sending,
    attempted: &Attempted,
) -> Result<Fares, DatabaseError> {
    let (tenant, now) = (lease.tenant, clock::now());
    let failure = attempted.shown();
    let noted = Attempt {
        started_ms: attempted.started_ms,
        duration_ms: attempted.duration_ms,
        status: attempted.status,
        failure: failure.as_ref(),
        may_have_happened: attempted.may_have_happened,
        result: None,
    };
    if !outbox::note_attempt(transaction, lease, noted, now).await? {
        return Ok(Fares::LeaseLost);
    }
    let called = Called {
        id: &sending.endpoint_id,
        url: &sending.url,
    };
    let why = match &attempted.end {
        End::Delivered => {
            endpoints::succeed(transaction, tenant, called).await?;
            None
        }
        End::Gone(failure) => Some(failure.detail.clone()),
        End::Failed { failure, .. } => {
            let failing_since = endpoints::fail(transaction, tenant, called, now).await?;
            if let (None, Some(since)) = (attempted.status, failing_since) {
                let until = rules::held_until(since, now);
                endpoints::hold(transaction, tenant, called, until).await?;
            }
            failing_since
                .filter(|since| rules::is_given_up(*since, now))
                .map(|_| given_up(failure))
        }
    };
    let Some(detail) = why else {
        return Ok(Fares::On { is_disabled: false });
    };
    let reason = Failure {
        code: "endpoint_disabled".to_owned(),
        detail,
    };
    let found_by = &sending.delivery_id;
    let is_disabled =
        endpoints::disable(transaction, tenant, called, found_by, &reason, now).await?;
    Ok(Fares::On { is_disabled })
}

fn given_up(failure: &Failure) -> String {
    format!(
        "Every attempt of {} days has failed, so the endpoint was disabled. {}",
        rules::DISABLED_AFTER_SECONDS.div_euclid(86_400),
        failure.detail
    )
}

fn report(sending: &Sending, end: End, is_disabled: bool) -> RunReport {
    let tries = sending.tries.saturating_add(1);
    match end {
        End::Delivered => RunReport::done(),
        End::Gone(failure) => RunReport::failed(&failure.code, &failure.detail),
        End::Failed { failure, .. } if is_disabled => {
            RunReport::failed(&failure.code, &given_up(&failure))
        }
        End::Failed {
            failure,
            retry_after,
        } => match rules::next_try(tries, retry_after, clock::now(), random::number()) {
            Some(at) => RunReport::wait_until(at, &failure.code, &failure.detail),
            None => RunReport::failed(
                &failure.code,
                &format!("Given up after {tries} tries. {}", failure.detail),
            ),
        },
    }
}
