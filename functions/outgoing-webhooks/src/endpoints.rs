//! Endpoints that an organization has webhooks sent to. A secret is in one answer only; what is stored
//! is sealed.

use api::body::checked_name;
use api::outgoing_webhooks::{
    CreateOutgoingWebhook, OutgoingWebhook, OutgoingWebhookWithSecret, UpdateOutgoingWebhook,
};
use api::webhooks::RotateWebhookSecret;
use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::inbound_webhook::EventFilter;
use domain::outbound_target::{OutboundTarget, Policy};
use domain::webhook_signature::standard::{self, SigningKey};
use http::StatusCode;
use platform::webhook_setup::{
    NewKey, check_created, checked_events, checked_keep_seconds, keep, vault,
};
use platform::{Context, Reply, clock, idempotent, lists, log, problems, random, targets};
use store::jobs::Failure;
use store::lists::{self as rows, Kind};
use store::outgoing_webhooks::{self as endpoints, Change, MAX_ENDPOINTS, NewEndpoint};
use store::webhook_secrets::Owner;
use store::{Execute, outbox};

/// The states that a person may set.
const ACTIVE: &str = "active";
const PAUSED: &str = "paused";

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    lists::Asked::parse(context, |_| ())?
        .reply(context, |asked, paging| {
            rows::outgoing_webhooks(&asked.tenant, paging)
        })
        .await
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("outgoing webhook")?;
    let row = row(&context.database, &tenant, &id).await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

/// An `Idempotency-Key` makes it safe to repeat; the secret is not repeated.
pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let body: CreateOutgoingWebhook = context.json()?;
    let mut errors = Vec::new();
    let name = checked_name("/name", &body.name, &mut errors);
    let url = checked_url(&body.url, &policy().await?, &mut errors);
    let events = checked_events(body.events, &mut errors);
    let secret = new_key(body.secret.as_deref(), &mut errors);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let events = stored(&events)?;
    let vault = vault().await?;
    idempotent::once(context, &tenant, async |transaction| {
        let id = random::id();
        let new = NewEndpoint {
            id: &id,
            name,
            url: &url,
            events: events.as_deref(),
            created_by: context.caller()?.subject(),
        };
        let created = endpoints::create(transaction, &tenant, new, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
        check_created(created, "outgoing webhooks", MAX_ENDPOINTS)?;
        let owner = Owner::Outgoing(&id);
        keep(transaction, &tenant, &vault, owner, secret.secret(), 0).await?;
        let (answer, kept) = answers(&secret, read_back(transaction, &tenant, &id).await?);
        Ok((StatusCode::CREATED, answer, kept))
    })
    .await
}

/// Who says that an endpoint is active again has what waits for it sent now.
pub async fn update(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("outgoing webhook")?;
    let body: UpdateOutgoingWebhook = context.json()?;
    // A foreign endpoint is not there, whatever is sent to it.
    row(&context.database, &tenant, &id).await?;
    let mut errors = Vec::new();
    let name = body
        .name
        .as_deref()
        .map(|name| checked_name("/name", name, &mut errors));
    let url = match &body.url {
        Some(url) => Some(checked_url(url, &policy().await?, &mut errors)),
        None => None,
    };
    let events = body
        .events
        .map(|entries| checked_events(entries, &mut errors));
    if let Some(state) = &body.state
        && ![ACTIVE, PAUSED].contains(&state.as_str())
    {
        errors.push(FieldError::new("/state", "must be active or paused"));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let events = events.as_ref().map(stored).transpose()?;
    let change = Change {
        name,
        url: url.as_deref(),
        events: events.as_ref().map(Option::as_deref),
        state: body.state.as_deref(),
    };
    let now = clock::now();
    let row = context
        .transaction(async |transaction| {
            let is_there = endpoints::update(transaction, &tenant, &id, change, now)
                .await
                .map_err(|error| problems::database(&error))?;
            if !is_there {
                return Err(Problem::not_found("outgoing webhook"));
            }
            if change.state == Some(ACTIVE) {
                outbox::wake(transaction, &tenant, &id, now)
                    .await
                    .map_err(|error| problems::database(&error))?;
            }
            row(transaction, &tenant, &id).await
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

/// The answer is the endpoint as it was.
pub async fn delete(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("outgoing webhook")?;
    let reason = Failure {
        code: "endpoint_deleted".to_owned(),
        detail: "The endpoint was deleted before this was sent.".to_owned(),
    };
    let held = context
        .transaction(async |transaction| {
            let held = row(transaction, &tenant, &id).await?;
            endpoints::delete(transaction, &tenant, &id, &reason, clock::now())
                .await
                .map_err(|error| problems::database(&error))?;
            Ok(held)
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::OK, held.into_bytes()))
}

/// An `Idempotency-Key` makes it safe to repeat; the secret is not repeated.
pub async fn rotate(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("outgoing webhook")?;
    row(&context.database, &tenant, &id).await?;
    let body: RotateWebhookSecret = context.json_or_default()?;
    let mut errors = Vec::new();
    let keep_seconds = checked_keep_seconds(body.keep_previous_seconds, &mut errors);
    let secret = new_key(body.secret.as_deref(), &mut errors);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let vault = vault().await?;
    idempotent::once(context, &tenant, async |transaction| {
        let (owner, key) = (Owner::Outgoing(&id), secret.secret());
        keep(transaction, &tenant, &vault, owner, key, keep_seconds).await?;
        let (answer, kept) = answers(&secret, read_back(transaction, &tenant, &id).await?);
        Ok((StatusCode::OK, answer, kept))
    })
    .await
}

fn new_key(given: Option<&str>, errors: &mut Vec<FieldError>) -> NewKey {
    if let Some(Err(error)) = given.map(SigningKey::parse) {
        errors.push(FieldError::new("/secret", error.to_string()));
    }
    NewKey::new(given, || standard::secret_from(&random::bytes()))
}

/// The answer, and the one that may be given again.
fn answers(
    secret: &NewKey,
    endpoint: OutgoingWebhook,
) -> (OutgoingWebhookWithSecret, OutgoingWebhookWithSecret) {
    let kept = OutgoingWebhookWithSecret {
        secret: None,
        endpoint,
    };
    let answer = OutgoingWebhookWithSecret {
        secret: secret.shown(),
        ..kept.clone()
    };
    (answer, kept)
}

async fn policy() -> Result<Policy, Problem> {
    targets::policy().await.map_err(|why| {
        log::error("configuration", &why);
        Problem::new(
            ProblemKind::Unavailable,
            format!("Whether a URL may be called is not known: {why}."),
        )
    })
}

/// The URL as it is connected to.
fn checked_url(url: &str, policy: &Policy, errors: &mut Vec<FieldError>) -> String {
    match OutboundTarget::parse(url, policy) {
        Ok(target) => target.as_str().to_owned(),
        Err(refusal) => {
            let detail = format!("is refused: {refusal}; {}", refusal.remedy());
            errors.push(FieldError::new("/url", detail));
            String::new()
        }
    }
}

fn stored(events: &EventFilter) -> Result<Option<String>, Problem> {
    events
        .entries()
        .map(serde_json::to_string)
        .transpose()
        .map_err(|error| problems::internal(&error.to_string()))
}

async fn row<E: Execute>(database: &E, tenant: &Tenant, id: &str) -> Result<String, Problem> {
    lists::row(
        database,
        tenant,
        Kind::OutgoingWebhook,
        id,
        "outgoing webhook",
    )
    .await
}

/// The endpoint as callers see it.
pub async fn read_back<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<OutgoingWebhook, Problem> {
    let row = row(database, tenant, id).await?;
    serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))
}
