//! API keys. The key itself is in one answer only; what is stored is its hash.

use std::collections::BTreeSet;

use api::body::{checked_name, checked_per_minute};
use api::organizations::{ApiKey as Answered, CreateApiKey, CreatedApiKey, RotateApiKey};
use api::{FieldError, Problem, ProblemKind};
use chrono::DateTime;
use domain::access::{Role, Scope, Tenant};
use domain::api_key::ApiKey;
use domain::network::AllowList;
use http::StatusCode;
use platform::{Context, Reply, clock, idempotent, inbound_limits, lists, problems, random, time};
use store::api_keys::{self, NewApiKey};
use store::lists::Key;
use store::{DatabaseError, Execute};

/// A day: callers take their time to change over.
const KEEP_PREVIOUS_SECONDS: i64 = 86_400;
const MAX_KEEP_PREVIOUS_SECONDS: i64 = 30 * 86_400;

/// A checked request.
struct Wanted {
    name: String,
    scopes: BTreeSet<Scope>,
    networks: Option<Vec<String>>,
    expires_at: Option<i64>,
    requests_per_minute: Option<u32>,
}

pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let wanted = checked(&context.json()?)?;
    may_grant(context, &wanted.scopes)?;
    if let Some(requests) = wanted.requests_per_minute {
        may_raise(context, requests).await?;
    }
    idempotent::once(context, &tenant, async |transaction| {
        make(context, transaction, &tenant, &wanted).await
    })
    .await
}

/// The key of before works on for a while, so that callers can change over. An `Idempotency-Key`
/// makes it safe to repeat; the key is not repeated.
pub async fn rotate(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("API key")?;
    let held = api_keys::get(&context.database, &tenant, &id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("API key"))?;
    let body: RotateApiKey = context.json_or_default()?;
    let mut errors = Vec::new();
    let keep_seconds = body.keep_previous_seconds.unwrap_or(KEEP_PREVIOUS_SECONDS);
    if !(0..=MAX_KEEP_PREVIOUS_SECONDS).contains(&keep_seconds) {
        errors.push(FieldError::new(
            "/keep_previous_seconds",
            format!("must be a number from 0 to {MAX_KEEP_PREVIOUS_SECONDS}"),
        ));
    }
    let given = checked_expiry(body.expires_at.as_deref(), &mut errors);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let now = clock::now();
    let is_over = held.expires_at.is_some_and(|at| at <= now);
    if held.revoked_at.is_some() || is_over {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "The key works no more, so nothing goes on with it: create another one.",
        ));
    }
    let lifetime = held
        .expires_at
        .map(|at| at.saturating_sub(held.created_at).max(1));
    let wanted = Wanted {
        name: held.name,
        scopes: held
            .scopes
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect(),
        networks: held.networks,
        expires_at: given.or(lifetime.map(|lifetime| now.saturating_add(lifetime))),
        requests_per_minute: held.requests_per_minute,
    };
    may_grant(context, &wanted.scopes)?;
    idempotent::once(context, &tenant, async |transaction| {
        let until = now.saturating_add(keep_seconds);
        api_keys::expire_by(transaction, &tenant, &id, until)
            .await
            .map_err(|error| problems::database(&error))?;
        make(context, transaction, &tenant, &wanted).await
    })
    .await
}

fn may_grant(context: &Context, scopes: &BTreeSet<Scope>) -> Result<(), Problem> {
    context.caller()?.may_grant(scopes).map_err(|error| {
        Problem::new(
            ProblemKind::Forbidden,
            format!("Nobody can give a key more than they have: {error}."),
        )
    })
}

/// A limit that everybody may raise is none.
async fn may_raise(context: &Context, requests: u32) -> Result<(), Problem> {
    let most = inbound_limits::requests_per_minute().await?;
    if context.caller()?.role() == Some(Role::Operator) || most == 0 || requests <= most {
        return Ok(());
    }
    Err(Problem::field(
        "/requests_per_minute",
        format!("must be at most {most}, which every caller has: only the operator may give more"),
    ))
}

/// Makes a key: the answer, and what of it is kept.
async fn make<E: Execute>(
    context: &Context,
    transaction: &E,
    tenant: &Tenant,
    wanted: &Wanted,
) -> Result<(StatusCode, CreatedApiKey, CreatedApiKey), Problem> {
    let key = ApiKey::from_random(&random::bytes())
        .map_err(|error| problems::internal(&error.to_string()))?;
    let id = random::id();
    let networks = wanted
        .networks
        .as_ref()
        .map(serde_json::to_string)
        .transpose()
        .map_err(|error| problems::internal(&error.to_string()))?;
    let new = NewApiKey {
        id: &id,
        name: &wanted.name,
        key_hash: &key.sha256_hex(),
        display_prefix: key.display_prefix(),
        last_four: key.last_four(),
        scopes: &wanted.scopes,
        networks: networks.as_deref(),
        created_by: context.caller()?.subject(),
        expires_at: wanted.expires_at,
        requests_per_minute: wanted.requests_per_minute,
    };
    let now = clock::now();
    if !api_keys::create(transaction, tenant, new, now)
        .await
        .map_err(|error| problems::database(&error))?
    {
        return Err(Problem::new(
            ProblemKind::NotFound,
            "There is no such organization, or it is being removed.",
        ));
    }
    let api_key = Answered {
        id,
        organization_id: tenant.as_str().to_owned(),
        name: wanted.name.clone(),
        display_prefix: key.display_prefix().to_owned(),
        last_four: key.last_four().to_owned(),
        scopes: wanted
            .scopes
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        networks: wanted.networks.clone(),
        created_by: context.caller()?.subject().to_owned(),
        created_at: time::rfc3339(now),
        expires_at: wanted.expires_at.map(time::rfc3339),
        revoked_at: None,
        last_used_at: None,
        requests_per_minute: wanted.requests_per_minute,
    };
    let kept = CreatedApiKey {
        key: None,
        api_key: api_key.clone(),
    };
    let answer = CreatedApiKey {
        key: Some(key.reveal().to_owned()),
        api_key,
    };
    Ok((StatusCode::CREATED, answer, kept))
}

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let lists::Asked { tenant, paging, .. } = lists::Asked::parse(context, |_| ())?;
    let after = paging.after()?.map(|key| key.id).unwrap_or_default();
    let limit = i64::from(paging.limit());
    let page = api_keys::list(&context.database, &tenant, &after, limit)
        .await
        .map_err(|error| problems::database(&error))?;
    let is_full = i64::try_from(page.len()).unwrap_or(i64::MAX) == limit;
    let next = page.last().filter(|_| is_full).map(|last| Key {
        order: 0,
        id: last.id.clone(),
    });
    let page: Vec<_> = page.iter().map(answered).collect();
    paging.reply(&page, next.as_ref())
}

/// Revoking twice is revoking once.
pub async fn revoke(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("API key")?;
    let revoked = context
        .change(async |transaction| api_keys::revoke(transaction, &tenant, &id, clock::now()).await)
        .await
        .map_err(|error: DatabaseError| problems::database(&error))?;
    revoked.ok_or_else(|| Problem::not_found("API key"))?;
    let key = api_keys::get(&context.database, &tenant, &id)
        .await
        .map_err(|error| problems::database(&error))?;
    Reply::json(
        StatusCode::OK,
        &answered(&key.ok_or_else(|| Problem::not_found("API key"))?),
    )
}

fn checked(body: &CreateApiKey) -> Result<Wanted, Problem> {
    let mut errors = Vec::new();
    let name = checked_name("/name", &body.name, &mut errors).to_owned();
    let scopes = match (&body.role, &body.scopes) {
        (Some(role), None) => match role.parse() {
            Ok(role @ (Role::Owner | Role::Admin | Role::Member)) => role.scopes(),
            _ => refuse(&mut errors, "/role", "must be owner, admin or member"),
        },
        (None, Some(scopes)) => listed(scopes, &mut errors),
        _ => refuse(
            &mut errors,
            "/role",
            "give either a role or a list of scopes",
        ),
    };
    let networks = body
        .networks
        .as_ref()
        .and_then(|networks| match AllowList::parse(networks) {
            Ok(list) => Some(list.networks().collect()),
            Err(error) => {
                errors.push(FieldError::new("/networks", error.to_string()));
                None
            }
        });
    let expires_at = checked_expiry(body.expires_at.as_deref(), &mut errors);
    let requests_per_minute = body
        .requests_per_minute
        .map(|requests| checked_per_minute("/requests_per_minute", requests, &mut errors));
    if errors.is_empty() {
        Ok(Wanted {
            name,
            scopes,
            networks,
            expires_at,
            requests_per_minute,
        })
    } else {
        Err(Problem::invalid(errors))
    }
}

fn checked_expiry(text: Option<&str>, errors: &mut Vec<FieldError>) -> Option<i64> {
    match DateTime::parse_from_rfc3339(text?) {
        Ok(at) if at.timestamp() > clock::now() => Some(at.timestamp()),
        _ => {
            errors.push(FieldError::new(
                "/expires_at",
                "must be a time in the future, such as 2030-01-01T00:00:00Z",
            ));
            None
        }
    }
}

fn refuse(errors: &mut Vec<FieldError>, field: &str, detail: &str) -> BTreeSet<Scope> {
    errors.push(FieldError::new(field, detail));
    BTreeSet::new()
}

fn listed(scopes: &[String], errors: &mut Vec<FieldError>) -> BTreeSet<Scope> {
    if scopes.is_empty() {
        return refuse(
            errors,
            "/scopes",
            "a key without scopes can do nothing: name at least one",
        );
    }
    let mut known = BTreeSet::new();
    for (index, name) in scopes.iter().enumerate().take(Scope::ALL.len() * 2) {
        match name.parse() {
            Ok(scope) => {
                known.insert(scope);
            }
            Err(error) => errors.push(FieldError::new(
                format!("/scopes/{index}"),
                domain::Error::to_string(&error),
            )),
        }
    }
    known
}

fn answered(key: &api_keys::ApiKey) -> Answered {
    Answered {
        id: key.id.clone(),
        organization_id: key.organization_id.clone(),
        name: key.name.clone(),
        display_prefix: key.display_prefix.clone(),
        last_four: key.last_four.clone(),
        scopes: key.scopes.clone(),
        networks: key.networks.clone(),
        created_by: key.created_by.clone(),
        created_at: time::rfc3339(key.created_at),
        expires_at: key.expires_at.map(time::rfc3339),
        revoked_at: key.revoked_at.map(time::rfc3339),
        last_used_at: key.last_used_at.map(time::rfc3339),
        requests_per_minute: key.requests_per_minute,
    }
}
