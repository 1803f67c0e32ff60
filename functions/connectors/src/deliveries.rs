//! What was sent, and what is to be sent.

use api::deliveries::Delivery;
use api::routes::DELIVERY_STATES;
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::outgoing_webhook::EndpointState;
use http::StatusCode;
use platform::{Context, Reply, clock, delivering, lists, problems, random};
use store::lists::{self as rows, DeliveryFilter, Kind};
use store::outgoing_webhooks as endpoints;
use store::{Execute, outbox};

const FAILED: &str = "failed";

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
            let sender_id = sender(transaction, &tenant, &held).await?;
            let job = delivering::job_of(&held.kind, sender_id, &held.payload)
                .ok_or_else(|| problems::internal("a stored delivery cannot be read"))?;
            let (job_id, now) = (random::id(), clock::now());
            let is_reopened = outbox::retry(transaction, &tenant, &id, &job_id, job.as_row(), now)
                .await
                .map_err(|error| problems::database(&error))?;
            if !is_reopened {
                let why = if held.state == FAILED {
                    "The connector of the delivery was removed: nothing can be sent with it."
                        .to_owned()
                } else {
                    format!(
                        "The delivery is {}: only one that was given up is sent again.",
                        held.state
                    )
                };
                return Err(Problem::new(ProblemKind::Conflict, why));
            }
            row(transaction, &tenant, &id).await
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::ACCEPTED, row.into_bytes()))
}

/// By what a delivery is sent again; an endpoint that is gone or disabled takes nothing.
async fn sender<'a, E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    held: &'a Delivery,
) -> Result<&'a str, Problem> {
    let Some(endpoint_id) = &held.endpoint_id else {
        return Ok(held.connector_id.as_deref().unwrap_or_default());
    };
    let state = endpoints::state(transaction, tenant, endpoint_id)
        .await
        .map_err(|error| problems::database(&error))?;
    let why = match state.as_deref() {
        None => "The endpoint was deleted: this cannot be sent again.",
        Some(state) if state == EndpointState::Disabled.as_str() => {
            "The endpoint is disabled: set its state to active first."
        }
        Some(_) => {
            endpoints::release(transaction, tenant, endpoint_id)
                .await
                .map_err(|error| problems::database(&error))?;
            return Ok(endpoint_id);
        }
    };
    Err(Problem::new(ProblemKind::Conflict, why))
}

async fn row<E: Execute>(database: &E, tenant: &Tenant, id: &str) -> Result<String, Problem> {
    lists::row(database, tenant, Kind::Delivery, id, "delivery").await
}
