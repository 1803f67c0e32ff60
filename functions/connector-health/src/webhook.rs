//! Whether a webhook that a connector watches is there, takes events, and has brought any lately.

use api::Problem;
use api::connectors::TestedConnector;
use domain::connector_health::silent_minutes;
use domain::connector_state::ConnectorState::{Active, Error, Expired, Revoked};
use http::StatusCode;
use platform::health::WebhookConfig;
use platform::internal::TestCall;
use platform::{Context, Reply, clock, problems, time};
use store::connectors::{self, Connector, StateChange};
use store::health::{self, Watched};

pub async fn test(context: &Context) -> Result<Reply, Problem> {
    let call: TestCall = context.json()?;
    let tenant = context.tenant(Some(&call.organization_id))?;
    let database = &context.database;
    let connector = connectors::get(database, &tenant, &call.connector_id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("connector"))?;
    let config: WebhookConfig = serde_json::from_str(&connector.config)
        .map_err(|error| problems::internal(&error.to_string()))?;
    let watched = health::watched(database, &tenant, &config.webhook_id)
        .await
        .map_err(|error| problems::database(&error))?;
    let tested = judged(&config, &connector, watched.as_ref(), clock::now());
    if tested.success {
        // A pause stays a pause.
        let change = StateChange {
            from: &[Active, Error, Expired, Revoked],
            to: Active,
            reason: None,
        };
        connectors::set_state(database, &tenant, &connector.id, change, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
    }
    Reply::json(StatusCode::OK, &tested)
}

fn judged(
    config: &WebhookConfig,
    connector: &Connector,
    watched: Option<&Watched>,
    now: i64,
) -> TestedConnector {
    let (success, detail) = match watched {
        None => (
            false,
            "The webhook is gone. Name another one in webhook_id, or delete the connector."
                .to_owned(),
        ),
        Some(watched) if watched.state != "active" => {
            let reason = watched
                .state_reason
                .as_deref()
                .unwrap_or("Set its state to active to take events again.");
            (
                false,
                format!("The webhook {} is paused. {reason}", watched.name),
            )
        }
        Some(watched) => {
            let last = watched.last_received_at;
            let since = connector.connected_at.unwrap_or(connector.created_at);
            match silent_minutes(config.silent_after_minutes, last, since, now) {
                Some(minutes) => (
                    false,
                    format!(
                        "The webhook {} has brought nothing for {minutes} minutes. See at the sender whether it still sends, and to the right URL.",
                        watched.name
                    ),
                ),
                None => (
                    true,
                    match last {
                        Some(at) => format!(
                            "The webhook {} takes events; the last one came at {}.",
                            watched.name,
                            time::rfc3339(at)
                        ),
                        None => format!(
                            "The webhook {} takes events; none has come yet.",
                            watched.name
                        ),
                    },
                ),
            }
        }
    };
    TestedConnector { success, detail }
}
