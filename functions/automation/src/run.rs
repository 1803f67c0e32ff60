//! One job, under its lease: the next events, in their order, until there is none or the time is over.
//!
//! What follows from an event is written in the transaction that ends it. An event that ends this
//! function every time would be met for ever: after a failure the next one is begun alone, and that it
//! was begun is counted before.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::access::{Caller, Tenant};
use domain::automation::{PlacedRule, Received, Rule, RuleSet};
use domain::run::Trigger;
use platform::outgoing_webhooks::{self, Decided};
use platform::run::{RunCall, RunReport};
use platform::{SpinDatabase, clock, log, outbound, random};
use serde_json::Value;
use store::automation::notices::{self, NewNotice};
use store::automation::work::{self, Brought, Ended, Happened, Means, Settled, Source, Work};
use store::automation::{AUTOMATION, INBOX};
use store::jobs::{self, Lease, RunRequest};
use store::logs::{self, NewLog};
use store::outbox::{self, DeliveryJob, Enqueued, NewDelivery, Sender};
use store::{Database, DatabaseError, Execute};

use crate::decide::{Decider, Decision, Subject};
use crate::told::{self, Notice};

/// Events of one transaction.
const BATCH: usize = 20;
/// An event that was begun alone so often and never ended is dead.
const MAX_ATTEMPTS: i64 = 5;
/// How many times as long as its last write a run leaves the database alone.
const GIVES_WAY: i64 = 4;
/// In milliseconds: it gets on, whatever comes in.
const MAX_PAUSE_MS: i64 = 500;

/// An event as rules see it.
struct Event {
    seq: i64,
    id: String,
    subject: Subject,
    payload: Value,
}

/// Why a batch was not written.
enum Stop {
    LeaseLost,
    /// As many deliveries of this connector or endpoint wait as may.
    Full(String),
    Database(DatabaseError),
}

impl From<DatabaseError> for Stop {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let work = match work::load(database, &call.job_id, call.lease_version, clock::now()).await {
        Ok(Some(work)) => work,
        Ok(None) => return RunReport::lease_lost(),
        Err(error) => return RunReport::database_failed(&error),
    };
    let Ok(tenant) = Caller::internal("automation").tenant_named(&work.organization_id) else {
        return RunReport::failed("configuration", "The organization cannot be read.");
    };
    let lease = Lease {
        tenant: &tenant,
        job_id: &call.job_id,
        version: call.lease_version,
    };
    let mut run = Run {
        database,
        lease,
        rules: compiled(&work.means),
        rates: work
            .means
            .rules
            .iter()
            .map(|rule| (rule.id.clone(), rule.tat_ms))
            .collect(),
        failures_in_row: work
            .webhook
            .as_ref()
            .map_or(0, |webhook| webhook.failures_in_row),
        full: HashSet::new(),
        work,
        progressed: false,
    };
    let mut report = run.all(call.deadline_ms).await;
    report.progressed = run.progressed;
    report
}

/// A rule that this version cannot read fires nothing, and says so to whoever runs this.
pub fn compiled(means: &Means) -> RuleSet {
    let rules = means.rules.iter().filter_map(|stored| {
        let rule = Rule::from_json(&stored.document)
            .inspect_err(|error| log::error("rule", &format!("{}: {error}", stored.id)))
            .ok()?;
        Some(PlacedRule {
            id: stored.id.clone(),
            position: stored.position,
            rule,
        })
    });
    RuleSet::new(rules.collect())
}

struct Run<'a> {
    database: &'a SpinDatabase,
    lease: Lease<'a>,
    work: Work,
    rules: RuleSet,
    /// The pace of each rule, by its id.
    rates: HashMap<String, i64>,
    /// Connectors and endpoints for which this run has no room.
    full: HashSet<String>,
    /// Of the webhook.
    failures_in_row: i64,
    progressed: bool,
}

impl Run<'_> {
    async fn all(&mut self, deadline_ms: i64) -> RunReport {
        let mut batch = if self.work.attempts == 0 { BATCH } else { 1 };
        loop {
            if clock::now_ms() >= deadline_ms {
                return RunReport::more();
            }
            let is_alone = self.work.attempts > 0 && !self.progressed;
            let events = match self.next(batch).await {
                Ok(events) => events,
                Err(error) => return RunReport::database_failed(&error),
            };
            if events.is_empty() {
                return RunReport::done();
            }
            match self.step(&events, is_alone).await {
                Ok(write_ms) => {
                    self.progressed = true;
                    batch = BATCH;
                    give_way(write_ms, deadline_ms).await;
                }
                Err(Stop::LeaseLost) => return RunReport::lease_lost(),
                Err(Stop::Database(error)) => return RunReport::database_failed(&error),
                // Fewer may find room.
                Err(Stop::Full(_)) if batch > 1 => batch /= 2,
                // Only the rules that send by it fail, and whoever else waits does not wait for it.
                Err(Stop::Full(sender_id)) => {
                    self.full.insert(sender_id);
                    batch = BATCH;
                }
            }
        }
    }

    fn source(&self) -> Source {
        if self.work.kind == INBOX {
            Source::Brought
        } else {
            debug_assert_eq!(self.work.kind, AUTOMATION);
            Source::Happened
        }
    }

    async fn next(&self, limit: usize) -> Result<Vec<Event>, DatabaseError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let tenant = self.lease.tenant;
        Ok(match self.source() {
            Source::Brought => {
                let brought =
                    work::brought(self.database, tenant, &self.work.subject, limit).await?;
                brought.iter().map(|one| self.received(one)).collect()
            }
            Source::Happened => work::happened(self.database, tenant, limit)
                .await?
                .into_iter()
                .map(happened)
                .collect(),
        })
    }

    fn received(&self, brought: &Brought) -> Event {
        let webhook = self.work.webhook.as_ref();
        let items: Option<Vec<usize>> = brought
            .items
            .as_deref()
            .and_then(|items| serde_json::from_str(items).ok());
        let received = Received {
            event_id: &brought.id,
            webhook_id: &self.work.subject,
            webhook_name: webhook.map(|webhook| webhook.name.as_str()),
            scheme: webhook.map(|webhook| webhook.scheme.as_str()),
            event: brought.event.as_deref(),
            delivery_id: brought.delivery_id.as_deref(),
            is_hint: brought.is_hint,
            items: items.as_deref(),
            content_type: brought.content_type.as_deref(),
            body: &brought.body,
        };
        Event {
            seq: brought.seq,
            id: brought.id.clone(),
            subject: Subject {
                name: "webhook.received".to_owned(),
                connector_id: None,
                depth: 0,
                occurred_at: brought.received_at,
                is_own: false,
            },
            payload: received.payload(),
        }
    }

    /// Returns how long the write took, in milliseconds.
    async fn step(&mut self, events: &[Event], is_alone: bool) -> Result<i64, Stop> {
        let tenant = self.lease.tenant;
        if let (true, Some(event)) = (is_alone, events.first()) {
            let attempts = work::attempt(self.database, tenant, self.source(), event.seq).await?;
            if attempts > MAX_ATTEMPTS {
                let mut decision = Decision::default();
                decision.ended.push(Ended {
                    seq: event.seq,
                    code: Some("gave_up"),
                    detail: Some(format!(
                        "It was begun {MAX_ATTEMPTS} times and never came to an end."
                    )),
                });
                return self.write(decision).await;
            }
        }
        let mut fired = HashSet::new();
        if !self.work.means.rules.is_empty() {
            let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
            fired.extend(work::fired(self.database, tenant, &ids).await?);
        }
        let rates = self.rates.clone();
        let mut decider = Decider::new(&self.rules, &self.work.means, &self.full, &fired, rates);
        for event in events {
            decider.decide(event.seq, &event.id, &event.subject, &event.payload);
        }
        let (decision, rates) = decider.finish();
        let write_ms = self.write(decision).await?;
        self.rates = rates;
        Ok(write_ms)
    }

    /// Writes what was decided and ends the events, all or nothing. Returns how long that took, in
    /// milliseconds.
    async fn write(&mut self, mut decision: Decision) -> Result<i64, Stop> {
        let now = clock::now();
        let failures_in_row = decision.failures_in_row(self.failures_in_row);
        let mut pause = None;
        if let Some(webhook) = &self.work.webhook {
            let health = told::Health {
                webhook_id: &self.work.subject,
                name: &webhook.name,
                limit: webhook.failure_limit,
                before: self.failures_in_row,
                after: failures_in_row,
            };
            pause = health.pause_reason();
            decision.notices.extend(health.notice());
        }
        if let Some(notice) = told::dead(&self.work, &decision.ended) {
            decision.notices.push(notice);
        }
        let (lease, source) = (self.lease, self.source());
        let is_inbox = source == Source::Brought && failures_in_row != self.failures_in_row;
        let subject = self.work.subject.as_str();
        let settled = Settled {
            source,
            events: &decision.ended,
            firings: &decision.firings,
        };
        let begun_ms = clock::now_ms();
        if decision.only_ends() && !is_inbox && pause.is_none() {
            if !work::settle(self.database, lease, settled, now).await? {
                return Err(Stop::LeaseLost);
            }
            return Ok(clock::now_ms().saturating_sub(begun_ms));
        }
        self.database
            .transaction(async |transaction| {
                if !work::settle(transaction, lease, settled, now).await? {
                    return Err(Stop::LeaseLost);
                }
                carry_out(transaction, lease.tenant, &decision, now).await?;
                if is_inbox || pause.is_some() {
                    work::keep_failures(
                        transaction,
                        lease.tenant,
                        subject,
                        failures_in_row,
                        pause.as_deref(),
                        now,
                    )
                    .await?;
                }
                Ok(())
            })
            .await?;
        self.failures_in_row = failures_in_row;
        Ok(clock::now_ms().saturating_sub(begun_ms))
    }
}

/// What comes in is written by the same one writer, and somebody waits for that.
async fn give_way(write_ms: i64, deadline_ms: i64) {
    let pause_ms = write_ms.saturating_mul(GIVES_WAY).min(MAX_PAUSE_MS);
    let left_ms = deadline_ms.saturating_sub(clock::now_ms());
    outbound::sleep_ms(pause_ms.min(left_ms)).await;
}

fn happened(happened: Happened) -> Event {
    Event {
        seq: happened.seq,
        id: happened.seq.to_string(),
        subject: Subject {
            name: happened.name,
            connector_id: happened.connector_id,
            depth: happened.depth,
            occurred_at: happened.occurred_at,
            is_own: true,
        },
        payload: happened.payload,
    }
}

async fn carry_out<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    decision: &Decision,
    now: i64,
) -> Result<(), Stop> {
    for delivery in &decision.deliveries {
        let (id, job_id) = (random::id(), random::id());
        let new = NewDelivery {
            id: &id,
            job_id: &job_id,
            kind: delivery.kind,
            sender: Sender::Connector(&delivery.connector_id),
            requested_by: &delivery.requested_by,
            payload: &delivery.payload,
            depth: delivery.depth,
            job: DeliveryJob {
                function: delivery.function,
                concurrency_key: &delivery.concurrency_key,
            },
            lease: None,
        };
        // A connector that has gone meanwhile takes nothing.
        if outbox::enqueue(transaction, tenant, new, now).await? == Enqueued::Full {
            return Err(Stop::Full(delivery.connector_id.clone()));
        }
    }
    for webhook in &decision.webhooks {
        let event = outgoing_webhooks::Event {
            event_type: &webhook.event_type,
            data: &webhook.data,
            occurred_at: webhook.occurred_at,
            requested_by: &webhook.requested_by,
            depth: webhook.depth,
        };
        let endpoint_id = &webhook.endpoint_id;
        if outgoing_webhooks::send_to(transaction, tenant, endpoint_id, event).await?
            == Decided::Full
        {
            return Err(Stop::Full(webhook.endpoint_id.clone()));
        }
    }
    for own in &decision.own {
        let event = outgoing_webhooks::Event {
            event_type: &own.name,
            data: &own.payload,
            occurred_at: own.occurred_at,
            requested_by: "patchbay",
            depth: own.depth,
        };
        // An endpoint that fails is not told so.
        let itself = own.payload.pointer("/endpoint/id").and_then(Value::as_str);
        outgoing_webhooks::send_to_all(transaction, tenant, event, itself).await?;
    }
    for sync in &decision.syncs {
        let streams: Vec<_> = sync
            .streams
            .iter()
            .map(|stream| (stream.as_str(), random::id()))
            .collect();
        let params = serde_json::json!({ "depth": sync.depth }).to_string();
        let request = RunRequest {
            connector_id: &sync.connector_id,
            streams: &streams,
            params: Some(&params),
            trigger: Trigger::Manual,
        };
        jobs::request_run(transaction, tenant, request, now).await?;
    }
    let rows: Vec<_> = decision
        .logs
        .iter()
        .map(|log| NewLog {
            event_type: "log",
            status: "info",
            subject_id: Some(&log.rule_id),
            detail: Some(&log.text),
            ..NewLog::default()
        })
        .collect();
    logs::append(transaction, tenant, &rows, now).await?;
    // Of many about the same only the last one is written, and how many they were.
    let mut counted: BTreeMap<_, (&Notice, i64)> = BTreeMap::new();
    for notice in &decision.notices {
        let same = counted.entry((&notice.kind, &notice.about));
        let (last, count) = same.or_insert((notice, 0));
        *last = notice;
        *count = count.saturating_add(1);
    }
    for (notice, count) in counted.into_values() {
        let new = NewNotice {
            id: &random::id(),
            kind: &notice.kind,
            about: &notice.about,
            connector_id: notice.connector_id.as_deref(),
            title: &notice.title,
            remedy: &notice.remedy,
            count,
        };
        notices::put(transaction, tenant, new, now).await?;
    }
    Ok(())
}
