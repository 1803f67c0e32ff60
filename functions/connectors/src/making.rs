//! Connectors that are made here. 7shifts accounts have a way of their own, because connecting them
//! asks 7shifts first.

use std::collections::BTreeMap;

use api::body::checked_name;
use api::connectors::{CreateConnector, UpdateConnector};
use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::connector_state::ConnectorState::{
    Active, Disconnected, Error, Expired, Paused, Revoked,
};
use http::StatusCode;
use platform::access_tokens::ACCESS_TOKEN;
use platform::clients::{self, BOX, CheckCall, Checked, EMPLOYMENT_HERO, GOOGLE_CHAT, HUBSPOT};
use platform::health::{WEBHOOK, WebhookConfig};
use platform::oauth::{AWAITS_CONSENT, Consent};
use platform::rest_api::{self, API, CUSTOM};
use platform::seven_shifts;
use platform::slack::{self, SLACK};
use platform::vault::{Place, Secret, Vault};
use platform::{Context, Reply, clock, idempotent, planning, problems, random};
use serde_json::{Map, Value};
use store::Execute;
use store::connectors::{self, Change, Connect, Connector, NewConnector, StateChange};
use store::credentials::{self, Sealed};
use store::jobs::{Failure, plan};
use store::oauth_flows;
use store::portals;

use crate::{answered, found, found_in, syncing};

/// Accounts of Google Workspace, for which there is no client yet.
pub const GOOGLE_WORKSPACE: &str = "google_workspace";
/// Odoo servers, for which there is no client yet.
pub const ODOO: &str = "odoo";
/// What can be made here.
const TYPES: [&str; 10] = [
    SLACK,
    GOOGLE_CHAT,
    API,
    CUSTOM,
    WEBHOOK,
    EMPLOYMENT_HERO,
    HUBSPOT,
    BOX,
    GOOGLE_WORKSPACE,
    ODOO,
];

const MAX_KEY: usize = 100;

/// What is kept of a connector.
struct Made {
    /// JSON.
    config: String,
    /// By field; `None` leaves those that are stored.
    secrets: Option<BTreeMap<String, Secret>>,
}

/// An `Idempotency-Key` makes it safe to repeat.
pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let request: CreateConnector = context.json()?;
    let mut errors = Vec::new();
    let provider = TYPES.iter().copied().find(|known| *known == request.r#type);
    if provider.is_none() {
        errors.push(FieldError::new(
            "/type",
            format!(
                "must be one of {}; a 7shifts account is connected by the action connect of /functions/v1/7shifts-proxy",
                TYPES.join(", ")
            ),
        ));
    }
    let name = checked_name("/name", &request.name, &mut errors);
    let provider = provider.unwrap_or(SLACK);
    let key = request.integration_key.as_deref().unwrap_or(provider);
    if !is_key(key) {
        errors.push(FieldError::new(
            "/integration_key",
            format!("must have 1 to {MAX_KEY} letters, digits, dashes or underscores"),
        ));
    }
    let given = Given {
        config: Some(&request.config),
        credentials: Some(&request.credentials),
    };
    let made = made(context, &tenant, provider, given, None, &mut errors).await?;
    let Some(made) = made.filter(|_| errors.is_empty()) else {
        return Err(Problem::invalid(errors));
    };
    let vault = vault().await?;
    idempotent::once(context, &tenant, async |transaction| {
        let held = connectors::get_by_key(transaction, &tenant, key)
            .await
            .map_err(|error| problems::database(&error))?;
        if held.is_some_and(|held| held.provider != provider || held.state != Disconnected) {
            return Err(is_taken(key));
        }
        is_only_one(transaction, &tenant, provider, key, &made.config).await?;
        let id = random::id();
        let new = NewConnector {
            id: &id,
            provider,
            integration_key: key,
            name,
            config: &made.config,
            sync_settings: syncing::first_settings(provider),
            connected_by: context.caller()?.subject(),
        };
        let id = match connectors::connect(transaction, &tenant, new, clock::now())
            .await
            .map_err(|error| problems::database(&error))?
        {
            Connect::Created { id } | Connect::Reconnected { id } => id,
            Connect::KeyTaken => return Err(is_taken(key)),
            Connect::NoOrganization => {
                return Err(Problem::new(
                    ProblemKind::NotFound,
                    "There is no such organization, or it is being removed.",
                ));
            }
        };
        seal(transaction, &tenant, &vault, &id, &made).await?;
        if Consent::of(provider, &made.config).is_some() {
            await_consent(transaction, &tenant, &id).await?;
        } else {
            planning::schedule(transaction, &tenant, provider, &id)
                .await
                .map_err(|error| problems::database(&error))?;
        }
        let made = connectors::get(transaction, &tenant, &id)
            .await
            .map_err(|error| problems::database(&error))?
            .ok_or_else(|| Problem::not_found("connector"))?;
        let answer = answered(&made);
        Ok((StatusCode::CREATED, answer.clone(), answer))
    })
    .await
}

/// Another credential makes it active again; a pause stays a pause.
pub async fn update(context: &Context) -> Result<Reply, Problem> {
    let (tenant, before) = found(context).await?;
    let request: UpdateConnector = context.json()?;
    if !is_made_here(&before) {
        return Err(made_elsewhere(&before));
    }
    let mut errors = Vec::new();
    let name = request
        .name
        .as_deref()
        .map(|name| checked_name("/name", name, &mut errors));
    let given = Given {
        config: request.config.as_ref(),
        credentials: request.credentials.as_ref(),
    };
    let made = if request.config.is_some() || request.credentials.is_some() {
        made(
            context,
            &tenant,
            &before.provider,
            given,
            Some(&before),
            &mut errors,
        )
        .await?
    } else {
        None
    };
    let consent = made
        .as_ref()
        .and_then(|made| Consent::of(&before.provider, &made.config));
    // Another secret of the client that the account's owner has agreed to is no reason to ask again.
    let keeps_consent = consent.as_ref().is_some_and(|consent| {
        Consent::of(&before.provider, &before.config)
            .is_some_and(|before| before.client_id() == consent.client_id())
    });
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let vault = vault().await?;
    context
        .transaction(async |transaction| {
            let (_, held) = found_in(transaction, context).await?;
            if made.is_some() && held.config != before.config {
                return Err(Problem::new(
                    ProblemKind::Conflict,
                    "The connector was changed meanwhile: read it, and try again.",
                ));
            }
            if let Some(made) = &made {
                let (provider, key) = (&held.provider, &held.integration_key);
                is_only_one(transaction, &tenant, provider, key, &made.config).await?;
            }
            let change = Change {
                name,
                config: made.as_ref().map(|made| made.config.as_str()),
            };
            let now = clock::now();
            connectors::update(transaction, &tenant, &held.id, change, now)
                .await
                .map_err(|error| problems::database(&error))?;
            let Some(made) = &made else {
                return Ok(());
            };
            if made.secrets.is_none() {
                // An access token was got with the configuration as it was.
                return credentials::remove(transaction, &tenant, &held.id, ACCESS_TOKEN)
                    .await
                    .map_err(|error| problems::database(&error));
            }
            if keeps_consent {
                return seal(transaction, &tenant, &vault, &held.id, made).await;
            }
            credentials::purge(transaction, &tenant, &held.id)
                .await
                .map_err(|error| problems::database(&error))?;
            oauth_flows::end_of(transaction, &tenant, &held.id)
                .await
                .map_err(|error| problems::database(&error))?;
            seal(transaction, &tenant, &vault, &held.id, made).await?;
            if consent.is_some() {
                return await_consent(transaction, &tenant, &held.id).await;
            }
            let active = StateChange {
                from: &[Active, Error, Expired, Revoked, Disconnected],
                to: Active,
                reason: None,
            };
            connectors::set_state(transaction, &tenant, &held.id, active, now)
                .await
                .map_err(|error| problems::database(&error))?;
            planning::schedule(transaction, &tenant, &held.provider, &held.id)
                .await
                .map_err(|error| problems::database(&error))
        })
        .await?;
    crate::read(context).await
}

/// What a caller gives.
#[derive(Clone, Copy)]
struct Given<'a> {
    config: Option<&'a Map<String, Value>>,
    credentials: Option<&'a BTreeMap<String, String>>,
}

/// What is to be kept of what is given, over what is stored.
async fn made(
    context: &Context,
    tenant: &Tenant,
    provider: &str,
    given: Given<'_>,
    before: Option<&Connector>,
    errors: &mut Vec<FieldError>,
) -> Result<Option<Made>, Problem> {
    if provider == SLACK {
        return made_of_slack(given, before, errors);
    }
    if provider == WEBHOOK {
        return made_of_webhook(context, tenant, given, before, errors).await;
    }
    let stored: Option<Value> = before
        .map(|before| serde_json::from_str(&before.config))
        .transpose()
        .map_err(|error| problems::internal(&error.to_string()))?;
    let config = match (given.config, &stored) {
        (Some(config), _) => config.clone(),
        (None, Some(Value::Object(config))) => config.clone(),
        (None, _) => Map::new(),
    };
    let call = CheckCall {
        r#type: provider.to_owned(),
        config,
        credentials: given.credentials.cloned(),
        before: stored,
    };
    // What there is no client for yet is checked with the APIs.
    let function = clients::function_of(provider).unwrap_or(rest_api::FUNCTION);
    let checked = clients::check(function, &call)
        .await
        .map_err(|why| problems::unavailable(&why))?;
    match checked {
        Checked::Errors(wrong) => {
            errors.extend(wrong.into_iter().map(FieldError::from));
            Ok(None)
        }
        Checked::Config(config) => Ok(Some(Made {
            config: config.to_string(),
            secrets: given.credentials.map(|given| {
                given
                    .iter()
                    .map(|(field, text)| (field.clone(), Secret::new(text.clone())))
                    .collect()
            }),
        })),
    }
}

/// A connector that watches a webhook has no credential: the webhook has its own keys.
async fn made_of_webhook(
    context: &Context,
    tenant: &Tenant,
    given: Given<'_>,
    before: Option<&Connector>,
    errors: &mut Vec<FieldError>,
) -> Result<Option<Made>, Problem> {
    if given.credentials.is_some_and(|given| !given.is_empty()) {
        errors.push(FieldError::new(
            "/credentials",
            "must be empty: the keys of a webhook are its own, at /api/webhooks/{id}/rotate-secret",
        ));
    }
    let config = match (given.config, before) {
        (None, Some(before)) => before.config.clone(),
        (config, _) => {
            let none = Map::new();
            let Some(config) = WebhookConfig::checked(config.unwrap_or(&none), errors) else {
                return Ok(None);
            };
            let watched = store::health::watched(&context.database, tenant, &config.webhook_id)
                .await
                .map_err(|error| problems::database(&error))?;
            if watched.is_none() {
                errors.push(FieldError::new(
                    "/config/webhook_id",
                    "must be the id of a webhook of yours: make one at /api/webhooks",
                ));
            }
            serde_json::to_string(&config)
                .map_err(|error| problems::internal(&error.to_string()))?
        }
    };
    Ok(Some(Made {
        config,
        secrets: given.credentials.map(|_| BTreeMap::new()),
    }))
}

fn made_of_slack(
    given: Given<'_>,
    before: Option<&Connector>,
    errors: &mut Vec<FieldError>,
) -> Result<Option<Made>, Problem> {
    let before: Option<slack::Config> = before
        .map(|before| serde_json::from_str(&before.config))
        .transpose()
        .map_err(|error| problems::internal(&error.to_string()))?;
    let credential = given
        .credentials
        .map(|credentials| slack::credential(credentials, errors));
    let method = match (&credential, &before) {
        (Some(Some((method, _))), _) => *method,
        (_, Some(before)) => before.method,
        (_, None) => slack::Method::BotToken,
    };
    let config = match (given.config, before) {
        (Some(config), _) => slack::config(config, method, errors),
        (None, before) => slack::Config {
            method,
            // A webhook has no channel to choose.
            default_channel: before
                .and_then(|before| before.default_channel)
                .filter(|_| method == slack::Method::BotToken),
        },
    };
    let config =
        serde_json::to_string(&config).map_err(|error| problems::internal(&error.to_string()))?;
    Ok(match credential {
        Some(None) => None,
        Some(Some((method, secret))) => Some(Made {
            config,
            secrets: Some(BTreeMap::from([(method.field().to_owned(), secret)])),
        }),
        None => Some(Made {
            config,
            secrets: None,
        }),
    })
}

/// Whether a connector is made, changed and removed by these routes.
pub fn is_made_here(connector: &Connector) -> bool {
    connector.provider != seven_shifts::PROVIDER
}

pub fn made_elsewhere(connector: &Connector) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!(
            "A connector of {} is connected and tested by the actions of /functions/v1/7shifts-proxy.",
            connector.provider
        ),
    )
}

fn is_taken(key: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!(
            "The organization has a connector {key} already: change that one, disconnect it, or give another integration_key."
        ),
    )
}

/// Of two connectors to one account of HubSpot each would give the same deal to somebody, and neither would count what the other gave.
async fn is_only_one<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    provider: &str,
    key: &str,
    config: &str,
) -> Result<(), Problem> {
    if provider != HUBSPOT {
        return Ok(());
    }
    let config: Value =
        serde_json::from_str(config).map_err(|error| problems::internal(&error.to_string()))?;
    let Some(portal_id) = config.get("portal_id").and_then(Value::as_i64) else {
        return Ok(());
    };
    let holder = portals::holder(transaction, tenant, portal_id, key)
        .await
        .map_err(|error| problems::database(&error))?;
    match holder {
        None => Ok(()),
        Some(id) => Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "The organization has a connector to the account {portal_id} already: change that one (PATCH /api/connectors/{id}), or delete it first."
            ),
        )),
    }
}

fn is_key(key: &str) -> bool {
    (1..=MAX_KEY).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Nothing can be asked of an account before its owner has agreed.
async fn await_consent<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<(), Problem> {
    let awaits = StateChange {
        from: &[Active, Paused, Error, Expired, Revoked, Disconnected],
        to: Disconnected,
        reason: Some(AWAITS_CONSENT),
    };
    let stopped = Failure {
        code: "disconnected".to_owned(),
        detail: "The account's owner is asked for consent again.".to_owned(),
    };
    plan::stop_stream_jobs(transaction, tenant, connector_id, &stopped, clock::now_ms())
        .await
        .map_err(|error| problems::database(&error))?;
    connectors::set_state(transaction, tenant, connector_id, awaits, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    connectors::set_connected(transaction, tenant, connector_id, None, None)
        .await
        .map_err(|error| problems::database(&error))
}

pub async fn vault() -> Result<Vault, Problem> {
    Vault::open()
        .await
        .map_err(|error| problems::internal(&error.to_string()))
}

async fn seal<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    vault: &Vault,
    connector_id: &str,
    made: &Made,
) -> Result<(), Problem> {
    let mut sealed = Vec::new();
    for (field, secret) in made.secrets.iter().flatten() {
        let place = Place {
            organization_id: tenant.as_str(),
            connector_id,
            field,
        };
        let token = vault
            .seal(place, secret)
            .map_err(|error| problems::internal(&error.to_string()))?;
        sealed.push((field, token));
    }
    let fields: Vec<_> = sealed
        .iter()
        .map(|(field, sealed)| Sealed {
            field,
            sealed: &sealed.token,
            sealed_by: &sealed.sealed_by,
        })
        .collect();
    credentials::put(transaction, tenant, connector_id, &fields, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    Ok(())
}
