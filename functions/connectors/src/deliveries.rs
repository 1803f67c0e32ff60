//! What was sent, and what is to be sent.

use api::deliveries::Delivery;
use api::routes::DELIVERY_STATES;
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::slack_message::Message;
use http::StatusCode;
use platform::{Context, Reply, clock, lists, problems, random, slack};
use store::lists::{self as rows, DeliveryFilter, Kind};
use store::{Execute, outbox};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (
            query.id("connector_id"),
            query.one_of("state", DELIVERY_STATES),
            query.time("created_from"),
            query.time("created_to"),
        )
    })?;
    asked
        .reply(context, |asked, paging| {
            let (connector_id, state, created_from, created_to) = &asked.filter;
            let filter = DeliveryFilter {
                connector_id: connector_id.as_deref(),
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
            let message: Message = serde_json::from_value(held.payload)
                .map_err(|error| problems::internal(&error.to_string()))?;
            let key = slack::concurrency_key(&held.connector_id, &message);
            let (job_id, job) = (random::id(), slack::job(&key));
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

async fn row<E: Execute>(database: &E, tenant: &Tenant, id: &str) -> Result<String, Problem> {
    lists::row(database, tenant, Kind::Delivery, id, "delivery").await
}
