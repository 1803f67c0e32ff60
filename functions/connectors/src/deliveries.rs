//! What was sent, and what is to be sent.

use api::deliveries::Delivery;
use api::routes::DELIVERY_STATES;
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::outgoing_webhook::EndpointState;
use domain::slack_message::Message;
use http::StatusCode;
use platform::outgoing_webhooks as webhooks;
use platform::{Context, Reply, clock, lists, problems, random, slack};
use store::lists::{self as rows, DeliveryFilter, Kind};
use store::outgoing_webhooks::{self as endpoints, WEBHOOK};
use store::{Execute, outbox};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (
            query.id("connector_id"),
            query.id("endpoint_id"),
            query.one_of("state", DELIVERY_STATES),
            query.time("created_from"),
            query.time("created_to"),
        )
    })?;
    asked
        .reply(context, |asked, paging| {
            let (connector_id, endpoint_id, state, created_from, created_to) = &asked.filter;
            let filter = DeliveryFilter {
                connector_id: connector_id.as_deref(),
                endpoint_id: endpoint_id.as_deref(),
                state: state.as_deref(),
                created_from: *created_from,
                created_to: *created_to,
            };
            rows::deliveries(&asked.tenant, &filter, paging)
        })
        .await
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("delivery")?;
    let row = row(&context.database, &tenant, &id).await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

/// The next tick sends it.
pub async fn retry(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("delivery")?;
    let row = context
        .transaction(async |transaction| {
            let held = row(transaction, &tenant, &id).await?;
            let held: Delivery = serde_json::from_str(&held)
                .map_err(|error| problems::internal(&error.to_string()))?;
            let key = concurrency_key(transaction, &tenant, &held).await?;
            let job = if held.kind == WEBHOOK {
                webhooks::job(&key)
            } else {
                slack::job(&key)
            };
            let job_id = random::id();
            let is_failed = outbox::retry(transaction, &tenant, &id, &job_id, job, clock::now())
                .await
                .map_err(|error| problems::database(&error))?;
            if !is_failed {
                return Err(Problem::new(
                    ProblemKind::Conflict,
                    format!(
                        "The delivery is {}: only one that was given up is sent again.",
                        held.state
                    ),
                ));
            }
            row(transaction, &tenant, &id).await
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::ACCEPTED, row.into_bytes()))
}

/// Beside what a delivery is sent again; an endpoint that is gone or disabled takes nothing.
async fn concurrency_key<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    held: &Delivery,
) -> Result<String, Problem> {
    let Some(endpoint_id) = &held.endpoint_id else {
        let message: Message = serde_json::from_value(held.payload.clone())
            .map_err(|error| problems::internal(&error.to_string()))?;
        let connector_id = held.connector_id.as_deref().unwrap_or_default();
        return Ok(slack::concurrency_key(connector_id, &message));
    };
    let state = endpoints::state(transaction, tenant, endpoint_id)
        .await
        .map_err(|error| problems::database(&error))?;
    let why = match state.as_deref() {
        None => "The endpoint was deleted: this cannot be sent again.",
        Some(state) if state == EndpointState::Disabled.as_str() => {
            "The endpoint is disabled: set its state to active first."
        }
        Some(_) => return Ok(webhooks::concurrency_key(endpoint_id)),
    };
    Err(Problem::new(ProblemKind::Conflict, why))
}

async fn row<E: Execute>(database: &E, tenant: &Tenant, id: &str) -> Result<String, Problem> {
    lists::row(database, tenant, Kind::Delivery, id, "delivery").await
}
