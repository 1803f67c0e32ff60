//! Connectors that are made here, and tested. 7shifts accounts have a way of their own, because
//! connecting them asks 7shifts first.

use api::body::checked_name;
use api::connectors::{CreateConnector, UpdateConnector};
use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::connector_state::ConnectorState::{
    Active, Disconnected, Error, Expired, Paused, Revoked,
};
use http::StatusCode;
use platform::slack::{self, Method, SLACK, TestCall};
use platform::vault::{Place, Secret, Vault};
use platform::{Context, Reply, clock, idempotent, internal, problems, random};
use store::connectors::{self, Change, Connect, Connector, NewConnector, StateChange};
use store::credentials::{self, Sealed};
use store::{DatabaseError, Execute};

use crate::{answered, found, found_in};

/// How long a test is waited for, in milliseconds.
const TEST_TIMEOUT_MS: i64 = 10_000;
const MAX_KEY: usize = 100;

/// An `Idempotency-Key` makes it safe to repeat.
pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let request: CreateConnector = context.json()?;
    let mut errors = Vec::new();
    if request.r#type != SLACK {
        errors.push(FieldError::new(
            "/type",
            "must be slack; a 7shifts account is connected by the action connect of /functions/v1/7shifts-proxy",
        ));
    }
    let name = checked_name("/name", &request.name, &mut errors);
    let key = request.integration_key.as_deref().unwrap_or(SLACK);
    if !is_key(key) {
        errors.push(FieldError::new(
            "/integration_key",
            format!("must have 1 to {MAX_KEY} letters, digits, dashes or underscores"),
        ));
    }
    let credential = slack::credential(&request.credentials, &mut errors);
    let method = credential.as_ref().map(|(method, _)| *method);
    let config = slack::config(
        &request.config,
        method.unwrap_or(Method::BotToken),
        &mut errors,
    );
    let Some((method, secret)) = credential.filter(|_| errors.is_empty()) else {
        return Err(Problem::invalid(errors));
    };
    let config = to_json(&config)?;
    let vault = vault().await?;
    idempotent::once(context, &tenant, async |transaction| {
        let held = connectors::get_by_key(transaction, &tenant, key)
            .await
            .map_err(|error| problems::database(&error))?;
        if held.is_some_and(|held| held.provider != SLACK || held.state != Disconnected) {
            return Err(is_taken(key));
        }
        let id = random::id();
        let new = NewConnector {
            id: &id,
            provider: SLACK,
            integration_key: key,
            name,
            config: &config,
            sync_settings: "{}",
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
        seal(transaction, &tenant, &vault, &id, method, &secret).await?;
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
    let tenant = context.tenant_of_query()?;
    let request: UpdateConnector = context.json()?;
    let vault = match &request.credentials {
        Some(_) => Some(vault().await?),
        None => None,
    };
    context
        .transaction(async |transaction| {
            let (_, held) = found_in(transaction, context).await?;
            if held.provider != SLACK {
                return Err(made_elsewhere(&held));
            }
            let before: slack::Config = serde_json::from_str(&held.config)
                .map_err(|error| problems::internal(&error.to_string()))?;
            let mut errors = Vec::new();
            let name = request
                .name
                .as_deref()
                .map(|name| checked_name("/name", name, &mut errors));
            let credential = match &request.credentials {
                Some(given) => slack::credential(given, &mut errors),
                None => None,
            };
            let method = credential
                .as_ref()
                .map_or(before.method, |(method, _)| *method);
            let config = match &request.config {
                Some(given) => slack::config(given, method, &mut errors),
                // A webhook has no channel to choose.
                None => slack::Config {
                    method,
                    default_channel: before
                        .default_channel
                        .filter(|_| method == Method::BotToken),
                },
            };
            if !errors.is_empty() {
                return Err(Problem::invalid(errors));
            }
            let config = to_json(&config)?;
            let change = Change {
                name,
                config: Some(&config),
            };
            let now = clock::now();
            connectors::update(transaction, &tenant, &held.id, change, now)
                .await
                .map_err(|error| problems::database(&error))?;
            if let (Some((method, secret)), Some(vault)) = (&credential, &vault) {
                credentials::purge(transaction, &tenant, &held.id)
                    .await
                    .map_err(|error| problems::database(&error))?;
                seal(transaction, &tenant, vault, &held.id, *method, secret).await?;
                let active = StateChange {
                    from: &[Active, Error, Expired, Revoked, Disconnected],
                    to: Active,
                    reason: None,
                };
                connectors::set_state(transaction, &tenant, &held.id, active, now)
                    .await
                    .map_err(|error| problems::database(&error))?;
            }
            Ok(())
        })
        .await?;
    crate::read(context).await
}

/// Asks the provider, and keeps what it says as the connector's state.
pub async fn test(context: &Context) -> Result<Reply, Problem> {
    let (tenant, connector) = found(context).await?;
    if connector.provider != SLACK {
        return Err(made_elsewhere(&connector));
    }
    if !matches!(connector.state, Active | Error | Expired | Revoked | Paused) {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "The connector is disconnected: give it a credential first.",
        ));
    }
    let call = TestCall {
        organization_id: tenant.as_str().to_owned(),
        connector_id: connector.id,
    };
    let answer = internal::post(slack::FUNCTION, slack::TEST_PATH, &call, TEST_TIMEOUT_MS)
        .await
        .map_err(|error| problems::unavailable(&error.to_string()))?;
    if answer.status() != StatusCode::OK {
        return Err(problems::unavailable("the test did not come to its end"));
    }
    Ok(Reply::json_bytes(StatusCode::OK, answer.body().to_vec()))
}

fn made_elsewhere(connector: &Connector) -> Problem {
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

fn is_key(key: &str) -> bool {
    (1..=MAX_KEY).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

async fn vault() -> Result<Vault, Problem> {
    Vault::open()
        .await
        .map_err(|error| problems::internal(&error.to_string()))
}

async fn seal<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    vault: &Vault,
    connector_id: &str,
    method: Method,
    secret: &Secret,
) -> Result<(), Problem> {
    let place = Place {
        organization_id: tenant.as_str(),
        connector_id,
        field: method.field(),
    };
    let sealed = vault
        .seal(place, secret)
        .map_err(|error| problems::internal(&error.to_string()))?;
    let fields = [Sealed {
        field: method.field(),
        sealed: &sealed.token,
        sealed_by: &sealed.sealed_by,
    }];
    credentials::put(transaction, tenant, connector_id, &fields, clock::now())
        .await
        .map_err(|error: DatabaseError| problems::database(&error))?;
    Ok(())
}

fn to_json(config: &slack::Config) -> Result<String, Problem> {
    serde_json::to_string(config).map_err(|error| problems::internal(&error.to_string()))
}
