//! An event that says nothing, to see whether an endpoint takes it.

use api::deliveries::Delivery;
use api::{Problem, ProblemKind};
use domain::outgoing_webhook::EndpointState;
use http::StatusCode;
use platform::outgoing_webhooks::{self, Decided, Event};
use platform::{Context, Reply, clock, deliveries, idempotent, problems};
use serde_json::json;
use store::outgoing_webhooks as webhooks;

use crate::endpoints;

const TEST: &str = "patchbay.test";

/// With an `Idempotency-Key` a repeated call sends nothing twice.
pub async fn test(context: &Context) -> Result<Reply, Problem> {
    let until_ms = clock::now_ms().saturating_add(deliveries::WAIT_MS);
    let tenant = context.tenant_of_query()?;
    let id = context.id("outgoing webhook")?;
    let endpoint = endpoints::read_back(&context.database, &tenant, &id).await?;
    if endpoint.state != EndpointState::Active.as_str() {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "The endpoint is {} and is sent nothing. Set its state to active first.",
                endpoint.state
            ),
        ));
    }
    let data = json!({"endpoint_id": id, "name": endpoint.name});
    let requested_by = context.caller()?.subject();
    let decided = idempotent::once(context, &tenant, async |transaction| {
        let event = Event {
            event_type: TEST,
            data: &data,
            occurred_at: clock::now(),
            requested_by,
            depth: 0,
        };
        webhooks::release(transaction, &tenant, &id)
            .await
            .map_err(|error| problems::database(&error))?;
        let decided = outgoing_webhooks::send_to(transaction, &tenant, &id, event)
            .await
            .map_err(|error| problems::database(&error))?;
        match decided {
            Decided::Delivery(delivery_id) => {
                let decided = deliveries::read(transaction, &tenant, &delivery_id).await?;
                Ok((StatusCode::ACCEPTED, decided.clone(), decided))
            }
            Decided::NoEndpoint => Err(Problem::not_found("outgoing webhook")),
            Decided::Full => Err(deliveries::too_many("endpoint")),
        }
    })
    .await?;
    let decided: Delivery = serde_json::from_slice(decided.body())
        .map_err(|error| problems::internal(&error.to_string()))?;
    let delivery = deliveries::wait(context, &tenant, &id, &decided.id, until_ms).await?;
    Reply::json(deliveries::status(&delivery)?, &delivery)
}
