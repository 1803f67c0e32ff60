//! Sync settings: what the replaced system keeps in its configuration, with times of the last syncs.

use api::body::Document;
use api::{FieldError, Problem, ProblemKind};
use domain::access::{Scope, Tenant};
use domain::stream::Stream;
use domain::sync_settings::{SyncSettings, SyncTimes};
use http::StatusCode;
use platform::{Context, Reply, clock, planning, problems};
use serde_json::Value;
use store::connectors::{self, Connector};
use store::jobs::plan;
use store::{DatabaseError, Execute};

use crate::{found, found_in};

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let (tenant, connector) = found(context).await?;
    let settings = stored(&connector)?;
    answered(context, &tenant, &connector, &settings).await
}

/// What is left out stays as it is: as it is when this is written, so that of two who change
/// different settings at once neither takes the other's back.
pub async fn replace(context: &Context) -> Result<Reply, Problem> {
    let now = clock::now();
    let (tenant, connector, settings) = context
        .transaction(async |transaction| {
            let (tenant, connector) = found_in(transaction, context).await?;
            let Document(body) = context.json()?;
            let before = stored(&connector)?;
            let settings = before.updated(&body).map_err(refused)?;
            refuse_others(&connector, &body)?;
            if settings.streams != before.streams {
                context.require(Scope::SyncStreamsWrite)?;
            }
            write(transaction, &tenant, &connector.id, &settings, now).await?;
            Ok((tenant, connector, settings))
        })
        .await?;
    answered(context, &tenant, &connector, &settings).await
}

/// A stream of another type of connector would look saved and decide nothing.
fn refuse_others(connector: &Connector, body: &Value) -> Result<(), Problem> {
    let streams = Stream::of_type(&connector.provider);
    let given = body.get("streams").and_then(Value::as_object);
    let other = given
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .find(|name| {
            !streams
                .iter()
                .any(|stream| stream.as_str() == name.as_str())
        });
    match other {
        Some(name) => {
            let known: Vec<_> = streams.iter().map(|stream| stream.as_str()).collect();
            Err(Problem::field(
                format!("/streams/{name}"),
                format!(
                    "is no stream of a connector of {}: use {}",
                    connector.provider,
                    known.join(", ")
                ),
            ))
        }
        None => Ok(()),
    }
}

async fn write<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    settings: &SyncSettings,
    now: i64,
) -> Result<(), Problem> {
    let text = serde_json::to_string(&settings.to_json())
        .map_err(|error| problems::internal(&error.to_string()))?;
    let written = async {
        connectors::set_sync_settings(transaction, tenant, connector_id, &text, now).await?;
        let inputs = plan::planning_inputs_of(transaction, tenant, connector_id).await?;
        plan::replan(transaction, &planning::replan(&inputs, now), now).await
    };
    written
        .await
        .map_err(|error: DatabaseError| problems::database(&error))
}

fn stored(connector: &Connector) -> Result<SyncSettings, Problem> {
    if Stream::of_type(&connector.provider).is_empty() {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!("A connector of {} syncs nothing.", connector.provider),
        ));
    }
    serde_json::from_str(&connector.sync_settings)
        .ok()
        .and_then(|json| SyncSettings::from_json(&json).ok())
        .ok_or_else(|| problems::internal("stored sync settings cannot be read"))
}

async fn answered(
    context: &Context,
    tenant: &Tenant,
    connector: &Connector,
    settings: &SyncSettings,
) -> Result<Reply, Problem> {
    let inputs = plan::planning_inputs_of(&context.database, tenant, &connector.id)
        .await
        .map_err(|error| problems::database(&error))?;
    let mut times = SyncTimes {
        last_full_sync_at: connector.last_full_sync_at,
        stale: planning::stale_streams(&inputs, connector.connected_at, clock::now()),
        ..SyncTimes::default()
    };
    for input in inputs {
        if let (Ok(stream), Some(success)) = (input.stream.parse::<Stream>(), input.last_success_at)
        {
            times.last_sync_at.insert(stream, success);
        }
    }
    let streams = Stream::of_type(&connector.provider);
    Reply::json(
        StatusCode::OK,
        &settings.to_json_with_times(streams, &times),
    )
}

fn refused(error: domain::Error) -> Problem {
    match error {
        domain::Error::InvalidFields(fields) => Problem::invalid(
            fields
                .as_slice()
                .iter()
                .map(|field| {
                    FieldError::new(
                        field.pointer.clone(),
                        format!("{}. {}", field.detail, field.remedy),
                    )
                })
                .collect(),
        ),
        other => Problem::new(ProblemKind::InvalidRequest, other.to_string()),
    }
}
