//! Webhooks that an organization receives. A secret is in one answer only; what is stored is sealed.

use api::body::{checked_name, checked_per_minute};
use api::webhooks::{
    CreateWebhook, RotateWebhookSecret, UpdateWebhook, Webhook, WebhookWithSecret,
};
use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::inbound_webhook::{EVENTS_PER_MINUTE, EventFilter, State};
use domain::webhook_signature::{self as signature, Options, Scheme, SevenShiftsSigning};
use http::StatusCode;
use platform::public_url::PublicUrl;
use platform::webhook_setup::{
    NewKey, check_created, checked_events, checked_keep_seconds, keep, vault,
};
use platform::{Context, Reply, clock, idempotent, lists, problems, random};
use store::inbox::webhooks::{self, Change, MAX_WEBHOOKS, NewWebhook};
use store::lists::{self as rows, Kind};
use store::webhook_secrets::Owner;
use store::{DatabaseError, Execute};

/// Dead events in a row that pause a webhook which says no other number.
const FAILURE_LIMIT: i64 = 20;
const MAX_FAILURE_LIMIT: i64 = 10_000;

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    lists::Asked::parse(context, |_| ())?
        .reply(context, |asked, paging| {
            rows::webhooks(&asked.tenant, paging)
        })
        .await
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("webhook")?;
    let row = row(&context.database, &tenant, &id).await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

/// An `Idempotency-Key` makes it safe to repeat; the secret is not repeated.
pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let body: CreateWebhook = context.json()?;
    let wanted = checked(&body)?;
    let public_url = PublicUrl::configured().await;
    if let (true, Err(why)) = (wanted.scheme.signs_url(), &public_url) {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "The signatures of {} contain the URL that was called, and it is not known. {why}",
                wanted.scheme
            ),
        ));
    }
    let vault = vault().await?;
    idempotent::once(context, &tenant, async |transaction| {
        let id = random::id();
        let options = to_json(&wanted.options)?;
        let events = wanted.events.entries().map(to_json).transpose()?;
        let new = NewWebhook {
            id: &id,
            name: &wanted.name,
            scheme: wanted.scheme.as_str(),
            options: &options,
            events: events.as_deref(),
            failure_limit: wanted.failure_limit,
            events_per_minute: wanted.events_per_minute,
            created_by: context.caller()?.subject(),
        };
        let created = webhooks::create(transaction, &tenant, new, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
        check_created(created, "webhooks", MAX_WEBHOOKS)?;
        let (owner, secret) = (Owner::Received(&id), wanted.secret.secret());
        keep(transaction, &tenant, &vault, owner, secret, 0).await?;
        let kept = WebhookWithSecret {
            secret: None,
            url: url(public_url.as_ref().ok(), &id),
            webhook: read_back(transaction, &tenant, &id).await?,
        };
        let answer = WebhookWithSecret {
            secret: wanted.secret.shown(),
            ..kept.clone()
        };
        Ok((StatusCode::CREATED, answer, kept))
    })
    .await
}

pub async fn update(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("webhook")?;
    let body: UpdateWebhook = context.json()?;
    let mut errors = Vec::new();
    let name = body
        .name
        .as_deref()
        .map(|name| checked_name("/name", name, &mut errors));
    let events = body
        .events
        .map(|entries| checked_events(entries, &mut errors));
    if let Some(state) = &body.state
        && state.parse::<State>().is_err()
    {
        errors.push(FieldError::new("/state", "must be active or paused"));
    }
    if let Some(limit) = body.failure_limit {
        checked_limit(limit, &mut errors);
    }
    let events_per_minute = body
        .events_per_minute
        .map(|events| checked_per_minute("/events_per_minute", events, &mut errors));
    let held = read_back(&context.database, &tenant, &id).await?;
    if let (Some(options), Ok(scheme)) = (&body.options, held.scheme.parse::<Scheme>()) {
        errors.extend(checked_options(options, scheme));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let options = body.options.as_ref().map(to_json).transpose()?;
    let events = match &events {
        None => None,
        Some(filter) => Some(filter.entries().map(to_json).transpose()?),
    };
    let change = Change {
        name,
        options: options.as_deref(),
        events: events.as_ref().map(Option::as_deref),
        state: body.state.as_deref(),
        failure_limit: body.failure_limit,
        events_per_minute,
    };
    let is_there = context
        .change(async |transaction| {
            webhooks::update(transaction, &tenant, &id, change, clock::now()).await
        })
        .await
        .map_err(|error: DatabaseError| problems::database(&error))?;
    if !is_there {
        return Err(Problem::not_found("webhook"));
    }
    read(context).await
}

/// The answer is the webhook as it was.
pub async fn delete(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("webhook")?;
    let held = context
        .transaction(async |transaction| {
            let held = row(transaction, &tenant, &id).await?;
            webhooks::delete(transaction, &tenant, &id)
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
    let id = context.id("webhook")?;
    let held = read_back(&context.database, &tenant, &id).await?;
    let body: RotateWebhookSecret = context.json_or_default()?;
    let mut errors = Vec::new();
    let keep_seconds = checked_keep_seconds(body.keep_previous_seconds, &mut errors);
    let scheme: Scheme = held
        .scheme
        .parse()
        .map_err(|_| problems::internal("a stored scheme is none"))?;
    let secret = new_key(scheme, body.secret.as_deref(), &mut errors);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let vault = vault().await?;
    let public_url = PublicUrl::configured().await;
    idempotent::once(context, &tenant, async |transaction| {
        let (owner, key) = (Owner::Received(&id), secret.secret());
        keep(transaction, &tenant, &vault, owner, key, keep_seconds).await?;
        let kept = WebhookWithSecret {
            secret: None,
            url: url(public_url.as_ref().ok(), &id),
            webhook: read_back(transaction, &tenant, &id).await?,
        };
        let answer = WebhookWithSecret {
            secret: secret.shown(),
            ..kept.clone()
        };
        Ok((StatusCode::OK, answer, kept))
    })
    .await
}

fn new_key(scheme: Scheme, given: Option<&str>, errors: &mut Vec<FieldError>) -> NewKey {
    match given {
        Some(secret) => {
            if let Err(error) = signature::check_secret(scheme, secret) {
                errors.push(FieldError::new("/secret", error.to_string()));
            }
        }
        None if scheme.has_own_secret() => {}
        None => errors.push(FieldError::new(
            "/secret",
            format!("is missing: {scheme} shows it, so copy it from there"),
        )),
    }
    NewKey::new(given, || made(scheme))
}

/// 256 random bits, in the form of the scheme.
fn made(scheme: Scheme) -> String {
    let random = random::bytes::<32>();
    match scheme {
        Scheme::Standard => signature::standard::secret_from(&random),
        _ => random.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// A checked request.
struct Wanted {
    name: String,
    scheme: Scheme,
    options: Options,
    events: EventFilter,
    failure_limit: Option<i64>,
    events_per_minute: u32,
    secret: NewKey,
}

fn checked(body: &CreateWebhook) -> Result<Wanted, Problem> {
    let mut errors = Vec::new();
    let name = checked_name("/name", &body.name, &mut errors).to_owned();
    let events = checked_events(body.events.clone(), &mut errors);
    let failure_limit = body.failure_limit.unwrap_or(Some(FAILURE_LIMIT));
    checked_limit(failure_limit, &mut errors);
    let events_per_minute = body.events_per_minute.map_or(EVENTS_PER_MINUTE, |events| {
        checked_per_minute("/events_per_minute", events, &mut errors)
    });
    let options = body.options.clone().unwrap_or_default();
    let Ok(scheme) = body.scheme.parse::<Scheme>() else {
        let names: Vec<_> = Scheme::ALL.iter().map(|scheme| scheme.as_str()).collect();
        errors.push(FieldError::new(
            "/scheme",
            format!("must be one of {}", names.join(", ")),
        ));
        return Err(Problem::invalid(errors));
    };
    errors.extend(checked_options(&options, scheme));
    let secret = new_key(scheme, body.secret.as_deref(), &mut errors);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    Ok(Wanted {
        name,
        scheme,
        options,
        events,
        failure_limit,
        events_per_minute,
        secret,
    })
}

fn checked_limit(limit: Option<i64>, errors: &mut Vec<FieldError>) {
    if limit.is_some_and(|limit| !(1..=MAX_FAILURE_LIMIT).contains(&limit)) {
        errors.push(FieldError::new(
            "/failure_limit",
            format!("must be a number from 1 to {MAX_FAILURE_LIMIT}, or null to pause it never"),
        ));
    }
}

/// What nobody has signed is no event: 7shifts' own path of a connector takes it, as a hint.
fn checked_options(options: &Options, scheme: Scheme) -> Vec<FieldError> {
    let mut errors = FieldError::all("/options", &options.check(scheme));
    if options.signing == Some(SevenShiftsSigning::Unsigned) {
        errors.push(FieldError::new(
            "/options/signing",
            "must be signed: webhooks that are not are registered for a connector, by `connect`",
        ));
    }
    errors
}

fn url(public_url: Option<&PublicUrl>, id: &str) -> Option<String> {
    public_url.map(|url| format!("{}/hooks/{id}", url.as_str()))
}

fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| problems::internal(&error.to_string()))
}

async fn row<E: Execute>(database: &E, tenant: &Tenant, id: &str) -> Result<String, Problem> {
    lists::row(database, tenant, Kind::Webhook, id, "webhook").await
}

async fn read_back<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Webhook, Problem> {
    let row = row(database, tenant, id).await?;
    serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))
}
