//! Events that are sent to the endpoints of an organization: decided in the transaction of what they
//! follow from.

use domain::access::Tenant;
use domain::inbound_webhook::EventFilter;
use serde::Serialize;
use serde_json::Value;
use store::outbox::{self, DeliveryJob, Enqueued, NewDelivery, Sender};
use store::outgoing_webhooks::{self as endpoints, WEBHOOK};
use store::{DatabaseError, Execute};

use crate::{clock, random, time};

/// The component that sends them.
pub const FUNCTION: &str = "outgoing-webhooks";

/// Something that has happened, as an endpoint is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Such as `shift.changed`.
    pub event_type: &'a str,
    pub data: &'a Value,
    /// Unix seconds.
    pub occurred_at: i64,
    /// The key, the person or the rule that has it sent.
    pub requested_by: &'a str,
    /// How many rules are behind it.
    pub depth: u32,
}

/// What deciding to send an event to one endpoint came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The id of the delivery.
    Delivery(String),
    /// The tenant has no such endpoint, or it is disabled.
    NoEndpoint,
    /// Too many deliveries to it wait already; the endpoint counts the event as missed.
    Full,
}

/// The body of a webhook, by the names that Standard Webhooks gives its members.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    event_type: &'a str,
    /// RFC 3339.
    timestamp: String,
    data: &'a Value,
}

/// Decides to send an event to one endpoint, whatever its filter. What a paused one is sent waits.
///
/// # Errors
/// The failure of a statement.
pub async fn send_to<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    endpoint_id: &str,
    event: Event<'_>,
) -> Result<Decided, DatabaseError> {
    let body = Body {
        event_type: event.event_type,
        timestamp: time::rfc3339(event.occurred_at),
        data: event.data,
    };
    let payload = serde_json::to_string(&body)
        .map_err(|error| DatabaseError::Shape(format!("the body of a webhook: {error}")))?;
    let (id, job_id) = (random::id(), random::id());
    let concurrency_key = concurrency_key(endpoint_id);
    let new = NewDelivery {
        id: &id,
        job_id: &job_id,
        kind: WEBHOOK,
        sender: Sender::Endpoint(endpoint_id),
        requested_by: event.requested_by,
        payload: &payload,
        depth: event.depth,
        job: job(&concurrency_key),
        lease: None,
    };
    match outbox::enqueue(transaction, tenant, new, clock::now()).await? {
        Enqueued::Done | Enqueued::Leased => Ok(Decided::Delivery(id)),
        Enqueued::NoSender => Ok(Decided::NoEndpoint),
        Enqueued::Full => {
            endpoints::count_missed(transaction, tenant, endpoint_id).await?;
            Ok(Decided::Full)
        }
    }
}

/// Decides to send an event to every active endpoint whose filter takes its type, but for the one that
/// it is about; returns to how many.
/// Of one that has too many waiting the event is counted as missed.
///
/// # Errors
/// The failure of a statement.
pub async fn send_to_all<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    event: Event<'_>,
    about: Option<&str>,
) -> Result<usize, DatabaseError> {
    let mut decided = 0_usize;
    for endpoint in endpoints::active(transaction, tenant).await? {
        // What was stored was checked; a filter that is none takes nothing.
        let takes = EventFilter::parse(endpoint.events)
            .is_ok_and(|filter| filter.keeps(Some(event.event_type)));
        if takes
            && about != Some(endpoint.id.as_str())
            && let Decided::Delivery(_) = send_to(transaction, tenant, &endpoint.id, event).await?
        {
            decided = decided.saturating_add(1);
        }
    }
    Ok(decided)
}

/// Of one endpoint, one delivery is under way at a time. Those that wait for their retry hold nobody.
#[must_use]
pub fn concurrency_key(endpoint_id: &str) -> String {
    format!("{WEBHOOK}:{endpoint_id}")
}

#[must_use]
pub fn job(concurrency_key: &str) -> DeliveryJob<'_> {
    DeliveryJob {
        function: FUNCTION,
        concurrency_key,
    }
}
