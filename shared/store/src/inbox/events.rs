//! What came. An event is stored once, whoever sends it how often, and only as long as the webhook
//! is what it was when the event was proven.

use std::collections::HashMap;

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute, Value};
use crate::{json, parameters};

/// Events of one [`store`].
pub const MAX_BATCH: usize = 64;

/// A repeat is known for so long, and an event kept, in seconds: 30 days.
pub const KEEP_SECONDS: i64 = 30 * 86_400;

/// An event that was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// UUIDv7.
    pub id: String,
    pub webhook_id: String,
    pub organization_id: String,
    /// Of the webhook, when it was proven.
    pub version: i64,
    pub dedupe_key: String,
    pub delivery_id: Option<String>,
    pub event: Option<String>,
    pub ordering_key: Option<String>,
    pub key_id: Option<String>,
    pub is_hint: bool,
    /// JSON array of indices.
    pub items: Option<String>,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
    pub sent_at: Option<i64>,
    pub received_at: i64,
}

/// What became of an arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Whether a run works on the webhook's events at the moment, and will come to this one.
    New { is_worked_on: bool },
    /// It was here already, as the event of this id.
    Repeat(String),
    /// The webhook has changed, or is gone: it is to be proven once more.
    Changed,
}

const COLUMNS: [&str; 15] = [
    "id",
    "webhook_id",
    "organization_id",
    "version",
    "dedupe_key",
    "delivery_id",
    "event",
    "ordering_key",
    "key_id",
    "is_hint",
    "items",
    "content_type",
    "body",
    "sent_at",
    "received_at",
];

/// The statement for so many events.
fn insert(count: usize) -> String {
    let mut values = Vec::with_capacity(count);
    for event in 0..count {
        let first = event * COLUMNS.len() + 1;
        let places: Vec<_> = (first..first + COLUMNS.len())
            .map(|place| format!("?{place}"))
            .collect();
        values.push(format!("({})", places.join(",")));
    }
    // The version is compared, and is nothing of the event.
    let stored = |prefix: &str| {
        let named = COLUMNS.iter().filter(|column| **column != "version");
        let named: Vec<_> = named.map(|column| format!("{prefix}{column}")).collect();
        named.join(", ")
    };
    format!(
        "WITH arrival ({all}) AS (VALUES {values})
         INSERT INTO webhook_events ({columns})
         SELECT {selected} FROM arrival CROSS JOIN webhooks
           ON webhooks.id = arrival.webhook_id
           AND webhooks.organization_id = arrival.organization_id
           AND webhooks.version = arrival.version AND webhooks.state = 'active'
         WHERE true
         ON CONFLICT (webhook_id, dedupe_key) DO NOTHING
         RETURNING id, EXISTS (
           SELECT 1 FROM jobs WHERE jobs.kind = 'inbox' AND jobs.subject = webhook_events.webhook_id
             AND jobs.name = 'events' AND jobs.state = 'running')",
        all = COLUMNS.join(", "),
        values = values.join(","),
        columns = stored(""),
        selected = stored("arrival."),
    )
}

const HELD: &str = "
SELECT json_group_array(json_object('webhook_id', event.webhook_id,
  'dedupe_key', event.dedupe_key, 'id', event.id))
FROM json_each(?1) AS wanted CROSS JOIN webhook_events AS event
  ON event.webhook_id = wanted.value ->> 'webhook_id'
  AND event.dedupe_key = wanted.value ->> 'dedupe_key'
  AND event.organization_id = wanted.value ->> 'organization_id'";

/// Stores up to [`MAX_BATCH`] events, of any organizations, by one statement; one result each, in
/// their order. A second statement tells a repeat from a webhook that has changed, where there is
/// either.
///
/// # Errors
/// The failure of a statement: then none of the batch is known to be stored.
pub async fn store<E: Execute>(
    database: &E,
    arrivals: &[Arrival],
) -> Result<Vec<Stored>, DatabaseError> {
    let Some(last) = arrivals.last() else {
        return Ok(Vec::new());
    };
    // A power of two, so that few statements serve every batch: the last event is filled in again,
    // and is a repeat then.
    let count = arrivals.len().next_power_of_two();
    let filled = arrivals.iter().chain(std::iter::repeat(last)).take(count);
    let parameters: Vec<Value> = filled.flat_map(values).collect();
    let rows = database.execute(&insert(count), &parameters).await?;
    let new = rows
        .iter()
        .map(|row| Ok((row.text(0)?, row.integer(1)? != 0)))
        .collect::<Result<HashMap<_, _>, DatabaseError>>()?;
    let rest: Vec<_> = arrivals
        .iter()
        .filter(|arrival| !new.contains_key(arrival.id.as_str()))
        .map(|arrival| {
            serde_json::json!({
                "webhook_id": arrival.webhook_id, "dedupe_key": arrival.dedupe_key,
                "organization_id": arrival.organization_id,
            })
        })
        .collect();
    let mut held = HashMap::new();
    if !rest.is_empty() {
        let rows = database
            .execute(HELD, parameters![json::write(&rest)?])
            .await?;
        for one in json::read::<Vec<Held>>(&rows)? {
            held.insert((one.webhook_id, one.dedupe_key), one.id);
        }
    }
    Ok(arrivals
        .iter()
        .map(|arrival| {
            if let Some(is_worked_on) = new.get(arrival.id.as_str()) {
                return Stored::New {
                    is_worked_on: *is_worked_on,
                };
            }
            let key = (arrival.webhook_id.clone(), arrival.dedupe_key.clone());
            held.get(&key)
                .map_or(Stored::Changed, |id| Stored::Repeat(id.clone()))
        })
        .collect())
}

#[derive(Deserialize)]
struct Held {
    webhook_id: String,
    dedupe_key: String,
    id: String,
}

fn values(arrival: &Arrival) -> [Value; COLUMNS.len()] {
    [
        arrival.id.as_str().into(),
        arrival.webhook_id.as_str().into(),
        arrival.organization_id.as_str().into(),
        arrival.version.into(),
        arrival.dedupe_key.as_str().into(),
        arrival.delivery_id.as_deref().into(),
        arrival.event.as_deref().into(),
        arrival.ordering_key.as_deref().into(),
        arrival.key_id.as_deref().into(),
        arrival.is_hint.into(),
        arrival.items.as_deref().into(),
        arrival.content_type.as_deref().into(),
        Value::Blob(arrival.body.clone()),
        arrival.sent_at.into(),
        arrival.received_at.into(),
    ]
}

const BODY: &str = "
SELECT body FROM webhook_events WHERE id = ?2 AND organization_id = ?1";

/// The bytes of an event as they came; `None` when the tenant has no such event.
///
/// # Errors
/// The failure of the statement.
pub async fn body<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let rows = database
        .execute(BODY, parameters![tenant.as_str(), id])
        .await?;
    rows.first()
        .map(|row| row.blob(0).map(<[u8]>::to_vec))
        .transpose()
}

/// Which events are to be worked on again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Replay<'a> {
    pub id: Option<&'a str>,
    pub webhook_id: Option<&'a str>,
    pub event: Option<&'a str>,
    /// `processed` or `dead`; both where there is none.
    pub state: Option<&'a str>,
    /// Unix seconds; both bounds are in it.
    pub received_from: Option<i64>,
    pub received_to: Option<i64>,
    /// Also the rules that have fired already.
    pub fires_again: bool,
}

/// Events of one [`replay`].
pub const MAX_REPLAYED: i64 = 1_000;

macro_rules! replay_sql {
    ($from:literal) => {
        concat!(
            "UPDATE webhook_events SET state = 'pending', attempts = 0, processed_at = NULL,
               error_code = NULL, error_detail = NULL
             WHERE seq IN (
               SELECT seq FROM webhook_events AS event ",
            $from,
            "
                 AND event.organization_id = ?1 AND event.state <> 'pending'
                 AND (?3 IS NULL OR event.webhook_id = ?3) AND (?4 IS NULL OR event.event = ?4)
                 AND (?5 IS NULL OR event.state = ?5)
                 AND (?6 IS NULL OR event.received_at >= ?6) AND (?7 IS NULL OR event.received_at <= ?7)
               ORDER BY event.seq LIMIT ?8)
             RETURNING id, webhook_id"
        )
    };
}

const REPLAY_ONE: &str = replay_sql!("WHERE event.id = ?2");
const REPLAY_OF_WEBHOOK: &str =
    replay_sql!("INDEXED BY webhook_events_webhook WHERE ?2 IS NULL AND event.webhook_id = ?3");
const REPLAY_DEAD: &str =
    replay_sql!("INDEXED BY webhook_events_dead WHERE ?2 IS NULL AND event.state = 'dead'");
const REPLAY: &str = replay_sql!("INDEXED BY webhook_events_organization WHERE ?2 IS NULL");

const FORGET_FIRINGS: &str = "
DELETE FROM rule_firings WHERE organization_id = ?1 AND (?3 OR outcome <> 'fired') AND event_id IN (
  SELECT value FROM json_each(?2))";

/// Has events worked on again from what is stored, the oldest first and at most [`MAX_REPLAYED`];
/// returns the id and the webhook of each. What they have fired is not fired again unless that is
/// wanted.
///
/// # Errors
/// The failure of a statement.
pub async fn replay<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    replay: Replay<'_>,
) -> Result<Vec<(String, String)>, DatabaseError> {
    let statement = match (replay.id, replay.webhook_id, replay.state) {
        (Some(_), _, _) => REPLAY_ONE,
        (None, _, Some("dead")) => REPLAY_DEAD,
        (None, Some(_), _) => REPLAY_OF_WEBHOOK,
        (None, None, _) => REPLAY,
    };
    let parameters = parameters![
        tenant.as_str(),
        replay.id,
        replay.webhook_id,
        replay.event,
        replay.state,
        replay.received_from,
        replay.received_to,
        MAX_REPLAYED
    ];
    let replayed = transaction
        .execute(statement, parameters)
        .await?
        .iter()
        .map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
        .collect::<Result<Vec<_>, DatabaseError>>()?;
    let ids: Vec<_> = replayed.iter().map(|(id, _)| id.as_str()).collect();
    let parameters = parameters![tenant.as_str(), json::write(&ids)?, replay.fires_again];
    transaction.execute(FORGET_FIRINGS, parameters).await?;
    Ok(replayed)
}

/// `seq` follows the time of arrival closely, so the oldest are at its beginning.
const PRUNE: &str = "
DELETE FROM webhook_events WHERE seq IN (
  SELECT seq FROM (
    SELECT seq, received_at, state FROM webhook_events WHERE seq > 0 ORDER BY seq LIMIT ?2)
  WHERE received_at < ?1 AND state <> 'pending')
RETURNING seq";

/// For maintenance, over all organizations: removes up to `limit` events that came before `before`;
/// returns how many.
///
/// # Errors
/// The failure of the statement.
pub async fn prune<E: Execute>(
    database: &E,
    before: i64,
    limit: i64,
) -> Result<usize, DatabaseError> {
    database
        .execute(PRUNE, parameters![before, limit])
        .await
        .map(|rows| rows.len())
}
