//! What waits of one connector is decided, in the order in which it came, under the lease of its one job: each decision counts those
//! before it. What is decided, the change of the deal and who is to be told are committed together.

use std::collections::BTreeMap;

use domain::connector_state::ConnectorState;
use domain::retry::backoff;
use platform::advisers::Wanted;
use platform::allocating::{ASKED, Leased, Request, Worked};
use platform::delivering;
use platform::run::{LAST_ANSWER_MS, RunReport};
use platform::{SpinDatabase, clock, random};
use serde_json::{Value, json};
use store::allocation::documents;
use store::allocation::notices::{self, Teller};
use store::allocation::records::{self, DecidedRow, HUBSPOT_DEAL, OwnRow, Postponed, Waiting};
use store::jobs::Lease;
use store::outbox::{self, DeliveryJob, Enqueued, NewDelivery, Sender};
use store::{Database, DatabaseError};

use crate::judging::{Asked, Given, Judged, Verdict, Why, judge};
use crate::reading::{Deals, Known, Of};
use crate::telling;

/// Deals that are decided in one transaction.
const BATCH: u32 = 50;
/// The first pause, and the longest, before a source is looked at again, in seconds.
const FIRST_PAUSE_SECONDS: i64 = 15;
const LONGEST_PAUSE_SECONDS: i64 = 900;
/// After so long nobody waits for a source any more, in seconds: a day.
const GIVE_UP_SECONDS: i64 = 86_400;
/// The same where a person waits, who would not want it to happen unseen hours later, in seconds.
const GIVE_UP_OF_PEOPLE_SECONDS: i64 = 120;
/// A turn that would have less time than this is not begun, in milliseconds.
const LEAST_TURN_MS: i64 = 2_000;

/// What was done.
pub struct Turn {
    pub report: RunReport,
    pub worked: Worked,
}

/// Decides what waits. `leases`: who asked changes the deals; otherwise the scheduler has it done.
pub async fn decide(
    database: &SpinDatabase,
    lease: Lease<'_>,
    connector_id: &str,
    deadline_ms: i64,
    leases: bool,
) -> Turn {
    let mut turn = Turn {
        report: RunReport::done(),
        worked: Worked::default(),
    };
    match decided(
        database,
        lease,
        connector_id,
        deadline_ms,
        leases,
        &mut turn,
    )
    .await
    {
        Ok(report) => turn.report = report,
        Err(Stopped::Database(error)) => turn.report = RunReport::database_failed(&error),
        Err(Stopped::LeaseLost) => turn.report = RunReport::lease_lost(),
    }
    turn
}

enum Stopped {
    LeaseLost,
    Database(DatabaseError),
}

impl From<DatabaseError> for Stopped {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

async fn decided(
    database: &SpinDatabase,
    lease: Lease<'_>,
    connector_id: &str,
    deadline_ms: i64,
    leases: bool,
    turn: &mut Turn,
) -> Result<RunReport, Stopped> {
    let tenant = lease.tenant;
    let mut waiting = records::waiting(database, tenant, connector_id, clock::now(), BATCH).await?;
    let Some(first) = waiting.first() else {
        return Ok(RunReport::done());
    };
    // What people ask for is decided by what is read after it came, and in a turn of its own: nobody else waits for that.
    let is_of_people = first.is_asked_by_a_person();
    keep_beginning(&mut waiting, is_of_people);
    let connector = records::connector(database, tenant, connector_id).await?;
    let documents = documents(database, tenant).await?;
    let Some((connector, documents)) = connector.zip(documents) else {
        // They are being removed, and what waits with them.
        let at = clock::now().saturating_add(LONGEST_PAUSE_SECONDS);
        return Ok(RunReport::wait_until(
            at,
            "gone",
            "The connector or its organization is being removed.",
        ));
    };
    if let Err(why) = may_ask(&connector.state) {
        postpone_all(database, lease, connector_id, waiting, &why).await?;
        return Ok(RunReport::done());
    }
    let of = Of {
        tenant,
        connector_id,
        deadline_ms: deadline_ms.saturating_add(LAST_ANSWER_MS),
    };
    let ids = |waiting: &[Waiting]| -> Vec<String> {
        waiting.iter().map(|one| one.deal_id.clone()).collect()
    };
    let read_from_ms = clock::now_ms();
    let wanted = wanted(&waiting, read_from_ms);
    let (mut deals, known) = futures::future::join(
        Deals::read(of, ids(&waiting), &documents.settings),
        Known::read(database, of, documents.clone(), &wanted),
    )
    .await;
    let mut known = known?;
    let tellers = notices::tellers(database, tenant).await?;
    let mut own = known.own.clone();
    let mut read_ms = clock::now_ms().saturating_sub(read_from_ms);
    let mut are_users_of_now = false;
    loop {
        let sources = known.sources().to_string();
        let batch = Batch {
            connector_id,
            known: &known,
            sources: &sources,
            tellers: &tellers,
            read_ms,
            leases,
        };
        let (mut judged, own_after) = batch.judge(&waiting, &deals, &own);
        // Somebody may have been added since, and a deal that has failed is not sent again.
        if !are_users_of_now && known.are_users_copied() && judged.iter().any(Entry::is_for_nobody)
        {
            let now = wanted.of_users_now();
            let of_now = Known::read(database, of, documents.clone(), &now).await?;
            are_users_of_now = true;
            if !of_now.are_users_unknown() {
                known = of_now;
                own.clone_from(&known.own);
                continue;
            }
            // Those who got somebody have them. The others wait until it can be read who there is.
            for entry in judged.iter_mut().filter(|entry| entry.is_for_nobody()) {
                entry.judged.verdict = Verdict::Later(of_now.why_users_are_unknown());
            }
        }
        own = own_after;
        batch.write(database, lease, judged, turn).await?;
        if clock::now_ms().saturating_add(LEAST_TURN_MS) > deadline_ms {
            return Ok(RunReport::done());
        }
        waiting = records::waiting(database, tenant, connector_id, clock::now(), BATCH).await?;
        keep_beginning(&mut waiting, is_of_people);
        if is_of_people || waiting.is_empty() {
            return Ok(RunReport::done());
        }
        let read_from_ms = clock::now_ms();
        deals = Deals::read(of, ids(&waiting), &documents.settings).await;
        read_ms = clock::now_ms().saturating_sub(read_from_ms);
    }
}

/// As much of the beginning as people ask for, or as nobody does.
fn keep_beginning(waiting: &mut Vec<Waiting>, is_of_people: bool) {
    let is_other = |one: &Waiting| one.is_asked_by_a_person() != is_of_people;
    if let Some(end) = waiting.iter().position(is_other) {
        waiting.truncate(end);
    }
}

/// How old what is decided by may be. Who has a deal decided again has put something right at HubSpot or thinks that somebody has:
/// nothing that was read before counts then.
fn wanted(waiting: &[Waiting], now_ms: i64) -> Wanted {
    let people = waiting.iter().filter(|one| one.is_asked_by_a_person());
    match people.map(|one| one.received_at).max() {
        None => Wanted::TO_DECIDE,
        // To the second that followed: when in its own it came is not kept.
        Some(received_at) => {
            let since_ms = received_at.saturating_add(1).saturating_mul(1_000);
            Wanted::TO_DECIDE.no_older_than(now_ms.saturating_sub(since_ms).max(0))
        }
    }
}

/// Whether nobody waits for a source any more.
fn is_given_up(waiting: &Waiting, now: i64) -> bool {
    let most = if waiting.is_asked_by_a_person() {
        GIVE_UP_OF_PEOPLE_SECONDS
    } else {
        GIVE_UP_SECONDS
    };
    now.saturating_sub(waiting.received_at) >= most
}

/// Whether the connector may be asked.
fn may_ask(state: &str) -> Result<(), String> {
    match state.parse() {
        Ok(ConnectorState::Active | ConnectorState::Error | ConnectorState::Expired) => Ok(()),
        known => Err(format!(
            "The connector is {state}. {}",
            known
                .ok()
                .and_then(ConnectorState::remedy)
                .unwrap_or_default()
        )),
    }
}

/// A deal that was judged.
struct Entry {
    waiting: Waiting,
    request: Request,
    judged: Judged,
    decided_ms: i64,
    today: domain::NaiveDate,
    now: i64,
}

impl Entry {
    /// Whether nobody gets it because of who there is.
    fn is_for_nobody(&self) -> bool {
        matches!(&self.judged.verdict, Verdict::Failed(why) if why.is_about_people())
    }

    /// What the deals after it count.
    fn own_row(&self) -> Option<OwnRow> {
        let Verdict::Given(given) = &self.judged.verdict else {
            return None;
        };
        Some(OwnRow {
            deal_id: self.waiting.deal_id.clone(),
            decided_at: self.now,
            adviser_email: given.email.clone(),
            decided_on: self.today,
            written_at: None,
            agreement_start: self.judged.agreement_start,
            earliest_week: given.earliest_week,
        })
    }
}

struct Batch<'a> {
    connector_id: &'a str,
    known: &'a Known,
    /// JSON.
    sources: &'a str,
    tellers: &'a [Teller],
    read_ms: i64,
    leases: bool,
}

impl Batch<'_> {
    /// Judges each behind those before it; returns also what is ours then.
    fn judge(
        &self,
        waiting: &[Waiting],
        deals: &Deals,
        own: &[OwnRow],
    ) -> (Vec<Entry>, Vec<OwnRow>) {
        let view = self.known.gathered.view();
        let mut own = own.to_vec();
        let judged = waiting
            .iter()
            .map(|one| {
                let entry = self.entry(one.clone(), deals, &view, &own);
                own.extend(entry.own_row());
                entry
            })
            .collect();
        (judged, own)
    }

    fn entry(
        &self,
        waiting: Waiting,
        deals: &Deals,
        view: &platform::advisers::View<'_>,
        own: &[OwnRow],
    ) -> Entry {
        let begun_ms = clock::now_ms();
        let request: Request = serde_json::from_str(&waiting.request).unwrap_or_default();
        let asked = Asked {
            deal_id: &waiting.deal_id,
            source: &waiting.source,
            was_decided: waiting.was_decided,
            request: &request,
        };
        let deal = deals.get(&waiting.deal_id);
        let mut judged = judge(asked, &deal, view, self.known, own);
        let now = clock::now();
        if let Verdict::Later(why) = &judged.verdict
            && is_given_up(&waiting, now)
        {
            let waited = if waiting.is_asked_by_a_person() {
                "two minutes"
            } else {
                "a day"
            };
            let detail = format!("{} It was looked at again for {waited}.", why.detail);
            judged.verdict = Verdict::Failed(Why::new(
                &why.reason,
                detail,
                "See to the source, then ask for it again.",
            ));
        }
        Entry {
            waiting,
            request,
            judged,
            decided_ms: clock::now_ms().saturating_sub(begun_ms),
            today: self.known.gathered.today,
            now,
        }
    }

    /// Commits decisions, the changes of deals and who is told, under the lease.
    async fn write(
        &self,
        database: &SpinDatabase,
        lease: Lease<'_>,
        entries: Vec<Entry>,
        turn: &mut Turn,
    ) -> Result<(), Stopped> {
        let now = clock::now();
        let mut rows = Vec::new();
        let mut postponed = Vec::new();
        let mut deliveries: BTreeMap<String, NewWrite> = BTreeMap::new();
        for entry in entries {
            if let Verdict::Later(why) = &entry.judged.verdict {
                postponed.push(later(&entry.waiting, why, Some(self.sources)));
                continue;
            }
            let (row, write) = self.row(entry)?;
            if let Some(write) = write {
                deliveries.insert(row.id.clone(), write);
            }
            rows.push(row);
        }
        let is_leasing = self.leases;
        let run_id = random::id();
        let leased = database
            .transaction(async |transaction| {
                if !records::is_held(transaction, lease, now).await? {
                    return Err(Stopped::LeaseLost);
                }
                if !postponed.is_empty() {
                    records::postpone(transaction, lease.tenant, &postponed).await?;
                }
                let settled = if rows.is_empty() {
                    Vec::new()
                } else {
                    records::settle(transaction, lease.tenant, &rows, now).await?
                };
                let mut leased = Vec::new();
                for id in settled {
                    let Some(write) = deliveries.get(&id) else {
                        continue;
                    };
                    let new = NewDelivery {
                        id: &write.delivery_id,
                        job_id: &write.job_id,
                        kind: HUBSPOT_DEAL,
                        sender: Sender::Connector(self.connector_id),
                        requested_by: &write.requested_by,
                        payload: &write.payload,
                        depth: 0,
                        job: DeliveryJob {
                            function: ASKED,
                            concurrency_key: &write.concurrency_key,
                        },
                        lease: is_leasing.then(|| delivering::lease(&run_id, ASKED)),
                    };
                    match outbox::enqueue(transaction, lease.tenant, new, now).await? {
                        Enqueued::Done => {}
                        Enqueued::Leased => leased.push(Leased {
                            delivery_id: write.delivery_id.clone(),
                            job_id: write.job_id.clone(),
                        }),
                        // More wait than may: nothing of it is decided, and it is looked at again.
                        Enqueued::Full | Enqueued::NoSender => {
                            return Err(Stopped::Database(DatabaseError::Busy(
                                "the outbox of the connector is full".to_owned(),
                            )));
                        }
                    }
                }
                Ok(leased)
            })
            .await?;
        if !leased.is_empty() {
            let tellers = self
                .tellers
                .iter()
                .map(|teller| teller.connector_id.clone());
            turn.worked.tellers.extend(tellers);
            turn.worked.tellers.sort_unstable();
            turn.worked.tellers.dedup();
        }
        turn.worked.leased.extend(leased);
        Ok(())
    }

    /// The row of a decision, and the change of the deal that follows from it.
    fn row(&self, entry: Entry) -> Result<(DecidedRow, Option<NewWrite>), DatabaseError> {
        let Entry {
            waiting,
            request,
            judged,
            decided_ms,
            today,
            now,
        } = entry;
        let settings = &self.known.gathered.settings;
        let text = |value: &Value| value.to_string();
        let waited_ms = now
            .saturating_sub(waiting.received_at)
            .saturating_mul(1_000);
        let decision = judged
            .decision
            .as_ref()
            .map(serde_json::to_string)
            .transpose()
            .map_err(|error| DatabaseError::Shape(error.to_string()))?;
        let mut row = DecidedRow {
            id: waiting.id.clone(),
            status: "failed",
            service_package: judged.service_package.clone(),
            household_type: judged.household_type.clone(),
            client_email: judged.client_email.clone(),
            agreement_start: judged.agreement_start,
            mode: Some(settings.mode().to_owned()),
            settings_version: Some(self.known.gathered.settings_version),
            decided_on: Some(today),
            sources: Some(self.sources.to_owned()),
            timings: Some(text(&json!({
                "waited_ms": waited_ms,
                "read_ms": self.read_ms,
                "decided_ms": decided_ms,
            }))),
            decision,
            ..DecidedRow::default()
        };
        let given = match &judged.verdict {
            Verdict::Given(given) => given,
            Verdict::Failed(why) | Verdict::Later(why) => {
                row.failure = Some(text(&why.json()));
                row.result = format!("Nobody gets the deal. {}", why.detail);
                return Ok((row, None));
            }
        };
        let write = self.change(&waiting, given);
        row.status = "received";
        row.adviser_email = Some(given.email.to_lowercase());
        row.adviser_name = Some(given.name.clone());
        row.adviser_owner_id = Some(given.owner_id.clone());
        row.adviser_packages = Some(text(&json!(given.packages)));
        row.adviser_households = Some(text(&json!(given.households)));
        row.earliest_week = given.earliest_week;
        row.result.clone_from(&given.result);
        row.written = Some(text(&write.properties));
        row.delivery_id = Some(write.delivery_id.clone());
        if request.is_told {
            let told = telling::notices(self.tellers, &waiting, given, &judged);
            row.notices = Some(text(&Value::Array(told)));
        }
        Ok((row, Some(write)))
    }

    fn change(&self, waiting: &Waiting, given: &Given) -> NewWrite {
        let settings = &self.known.gathered.settings;
        let properties: serde_json::Map<String, Value> = settings
            .written_properties
            .iter()
            .map(|name| (name.clone(), given.owner_id.clone().into()))
            .collect();
        let properties = Value::Object(properties);
        NewWrite {
            delivery_id: random::id(),
            job_id: random::id(),
            requested_by: format!("allocation:{}", waiting.id),
            payload: json!({
                "allocation_id": waiting.id,
                "deal_id": waiting.deal_id,
                "properties": properties,
            })
            .to_string(),
            // Changes of one deal go one after the other.
            concurrency_key: format!("{HUBSPOT_DEAL}:{}:{}", self.connector_id, waiting.deal_id),
            properties,
        }
    }
}

/// The change of a deal, to be decided.
struct NewWrite {
    delivery_id: String,
    job_id: String,
    requested_by: String,
    payload: String,
    concurrency_key: String,
    properties: Value,
}

fn later(waiting: &Waiting, why: &Why, sources: Option<&str>) -> Postponed {
    let pause = backoff(
        waiting.tries.saturating_add(1),
        random::number(),
        FIRST_PAUSE_SECONDS,
        LONGEST_PAUSE_SECONDS,
    );
    let now = clock::now();
    let mut next_try_at = now.saturating_add(pause);
    if waiting.is_asked_by_a_person() {
        // The last look is not later than it is given up.
        let end = waiting
            .received_at
            .saturating_add(GIVE_UP_OF_PEOPLE_SECONDS);
        next_try_at = next_try_at.min(end.max(now.saturating_add(1)));
    }
    Postponed {
        id: waiting.id.clone(),
        next_try_at,
        failure: why.json().to_string(),
        sources: sources.map(str::to_owned),
    }
}

/// Where the CRM cannot be asked at all.
async fn postpone_all(
    database: &SpinDatabase,
    lease: Lease<'_>,
    connector_id: &str,
    waiting: Vec<Waiting>,
    detail: &str,
) -> Result<(), Stopped> {
    let now = clock::now();
    let remedy = format!("See to the connector {connector_id}: it is looked at again by itself.");
    let why = Why::new("source_unknown", detail, &remedy);
    let (given_up, later_on): (Vec<_>, Vec<_>) =
        waiting.into_iter().partition(|one| is_given_up(one, now));
    let postponed: Vec<_> = later_on.iter().map(|one| later(one, &why, None)).collect();
    let rows: Vec<_> = given_up
        .into_iter()
        .map(|one| DecidedRow {
            id: one.id,
            status: "failed",
            failure: Some(why.json().to_string()),
            result: format!("Nobody gets the deal. {detail}"),
            ..DecidedRow::default()
        })
        .collect();
    database
        .transaction(async |transaction| {
            if !records::is_held(transaction, lease, now).await? {
                return Err(Stopped::LeaseLost);
            }
            records::postpone(transaction, lease.tenant, &postponed).await?;
            records::settle(transaction, lease.tenant, &rows, now).await?;
            Ok(())
        })
        .await
}
