//! One job: the Delta Engine over what has changed since it last looked, a step at a time. A step reads what decides
//! some people's time, and writes what differs, with its place, in one transaction.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use domain::NaiveDate;
use domain::access::{Caller, Tenant};
use domain::attendance::policy::Policy;
use domain::attendance::span::{self, Span};
use domain::connector_state::ConnectorState;
use domain::stream::Stream;
use domain::sync_settings::KEEP_SHIFTS_DAYS;
use domain::zone::Zone;
use futures::future::join;
use platform::run::{RunCall, RunReport};
use platform::{SpinDatabase, clock, planning, random};
use serde::{Deserialize, Serialize};
use store::attendance::{
    self, Changed, Cursor, Found, Person, Rows, Settled, Source, SyncedConnector, Work,
};
use store::jobs::{Lease, plan};
use store::{Database, DatabaseError};

use crate::evaluate::{Means, Places, evaluate};

/// Rows that have changed, of one step.
const CHANGES: usize = 500;
/// Shifts of one step of which it is asked whether anybody came.
const UNJUDGED: usize = 1_000;
/// People of the first step that looks at everything; the next ones go by what came of it.
const FIRST_PEOPLE: usize = 50;
const MOST_PEOPLE: usize = 4_000;
/// How many times as many people a step may have as the one before.
const GROWTH: usize = 6;
/// Rows that a step reads, as far as its people can be chosen so.
const WANTED_ROWS: usize = 12_000;
/// People whose rows are read by one statement.
const READ_TOGETHER: usize = 500;
/// Days of one time off that are looked at.
const MAX_DAYS_OFF: i64 = 800;
/// How far a punch may be from what it is the work of, at the edge of what was read.
const EDGE_SECONDS: i64 = 86_400;
/// Sorts after every id.
const LAST: &str = "\u{10ffff}";

/// Saved in the job's checkpoint, in the transaction of what was written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Checkpoint {
    /// By which everything was decided; `None` before the first time.
    policy_version: Option<i64>,
    /// Zones of locations by which it was, so that another one is noticed.
    zones: BTreeMap<String, String>,
    /// Roles that the policy exempts: their names may change.
    exempt_roles: BTreeSet<String>,
    shifts: Cursor,
    punches: Cursor,
    time_off: Cursor,
    members: Cursor,
    /// Until when it was said of each connector's shifts whether anybody came.
    judged_until: BTreeMap<String, i64>,
    /// The shifts until then that are still to be asked: those behind this one, by start and id.
    judging: BTreeMap<String, Cursor>,
    /// Everybody is looked at: those up to this id are done.
    everybody_after: Option<String>,
    /// The run that was asked to look at everybody, and has begun to.
    everybody_of: Option<String>,
}

/// What a run may be asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Params {
    everything: bool,
}

pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let now = clock::now();
    let work = match attendance::load(database, &call.job_id, call.lease_version, now).await {
        Ok(Some(work)) => work,
        Ok(None) => return RunReport::lease_lost(),
        Err(error) => return RunReport::database_failed(&error),
    };
    let Ok(tenant) = Caller::internal("delta-engine").tenant_named(&work.organization_id) else {
        return RunReport::failed("configuration", "The organization cannot be read.");
    };
    let lease = Lease {
        tenant: &tenant,
        job_id: &call.job_id,
        version: call.lease_version,
    };
    match Run::new(database, lease, &work).await {
        Ok(mut run) => {
            let mut report = run.all(call.deadline_ms).await;
            report.progressed = run.progressed;
            report
        }
        Err(Stop::LeaseLost) => RunReport::lease_lost(),
        Err(Stop::Database(error)) => RunReport::database_failed(&error),
        Err(Stop::Configuration(what)) => RunReport::failed("configuration", &what),
    }
}

/// Why a run ends before its end.
enum Stop {
    LeaseLost,
    Database(DatabaseError),
    Configuration(String),
}

impl From<DatabaseError> for Stop {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

struct Run<'a> {
    database: &'a SpinDatabase,
    lease: Lease<'a>,
    checkpoint: Checkpoint,
    policy: Policy,
    policy_version: i64,
    zone: Zone,
    places: Places,
    /// From when on all shifts are there, by connector.
    shifts_from: BTreeMap<String, i64>,
    /// People of the next step that looks at everybody.
    people: usize,
    progressed: bool,
}

impl<'a> Run<'a> {
    async fn new(database: &'a SpinDatabase, lease: Lease<'a>, work: &Work) -> Result<Self, Stop> {
        let mut checkpoint: Checkpoint = serde_json::from_str(&work.checkpoint).unwrap_or_default();
        let policy = match &work.policy {
            None => Policy::default(),
            Some(document) => Policy::from_text(document).map_err(|_| {
                Stop::Configuration("The attendance policy cannot be read.".to_owned())
            })?,
        };
        let zone = Zone::parse(&work.time_zone).map_err(|_| {
            Stop::Configuration("The organization's time zone cannot be read.".to_owned())
        })?;
        let params: Params = work
            .params
            .as_deref()
            .and_then(|params| serde_json::from_str(params).ok())
            .unwrap_or_default();
        let zones = zones(work);
        let exempt_roles = exempt_roles(work, &policy);
        let is_other = checkpoint.policy_version != Some(work.policy_version)
            || checkpoint
                .zones
                .iter()
                .any(|(place, zone)| zones.get(place).is_some_and(|other| other != zone))
            || checkpoint.exempt_roles != exempt_roles;
        let is_asked =
            params.everything && checkpoint.everybody_of.as_deref() != Some(&work.run_id);
        if is_other || is_asked {
            let seq = attendance::newest(database).await?;
            let seen = Cursor {
                seq,
                id: LAST.to_owned(),
            };
            checkpoint.shifts = seen.clone();
            checkpoint.punches = seen.clone();
            checkpoint.time_off = seen.clone();
            checkpoint.members = seen;
            checkpoint.everybody_after = Some(String::new());
            checkpoint.policy_version = Some(work.policy_version);
            checkpoint.everybody_of = Some(work.run_id.clone());
        }
        checkpoint.zones = zones;
        checkpoint.exempt_roles = exempt_roles;
        let grace = policy.thresholds.no_show_grace_seconds();
        let connectors = attendance::connectors(database, lease.tenant).await?;
        for (connector_id, until) in punches_until(database, lease.tenant, &connectors).await? {
            let judged = checkpoint.judged_until.get(&connector_id).copied();
            let judged = judged.unwrap_or(i64::MIN);
            if judged < until {
                checkpoint
                    .judging
                    .entry(connector_id.clone())
                    .or_insert_with(|| Cursor {
                        seq: judged.saturating_sub(grace),
                        id: LAST.to_owned(),
                    });
                checkpoint.judged_until.insert(connector_id, until);
            }
        }
        if checkpoint.everybody_after.as_deref() == Some("") {
            // Nobody's shifts are left to be asked when everybody is looked at.
            checkpoint.judging.clear();
        }
        Ok(Self {
            database,
            lease,
            checkpoint,
            policy,
            policy_version: work.policy_version,
            zone,
            places: places(work),
            shifts_from: shifts_from(&connectors, clock::now()),
            people: FIRST_PEOPLE,
            progressed: false,
        })
    }

    async fn all(&mut self, deadline_ms: i64) -> RunReport {
        loop {
            if clock::now_ms() >= deadline_ms {
                return RunReport::more();
            }
            match self.step().await {
                Ok(true) => self.progressed = true,
                Ok(false) => return RunReport::done(),
                Err(Stop::LeaseLost) => return RunReport::lease_lost(),
                Err(Stop::Database(error)) => return RunReport::database_failed(&error),
                Err(Stop::Configuration(what)) => return RunReport::failed("configuration", &what),
            }
        }
    }

    /// Returns whether there may be more to do.
    async fn step(&mut self) -> Result<bool, Stop> {
        let tenant = self.lease.tenant;
        if let Some(after) = self.checkpoint.everybody_after.clone() {
            let ids = attendance::members(self.database, tenant, &after, self.people).await?;
            let mut next = self.checkpoint.clone();
            next.everybody_after = ids.last().cloned();
            let people = ids
                .iter()
                .map(|id| Person {
                    member_id: id,
                    span: Span::ALWAYS,
                })
                .collect::<Vec<_>>();
            let rows = self.decide(&people, Of::Everybody, next).await?;
            self.people = people_for(self.people, rows);
            return Ok(true);
        }
        for source in [
            Source::Members,
            Source::Shifts,
            Source::Punches,
            Source::TimeOff,
        ] {
            let mut next = self.checkpoint.clone();
            let cursor = match source {
                Source::Shifts => &mut next.shifts,
                Source::Punches => &mut next.punches,
                Source::TimeOff => &mut next.time_off,
                Source::Members => &mut next.members,
            };
            let changes =
                attendance::changed(self.database, tenant, source, cursor, CHANGES).await?;
            let Some(last) = changes.last() else { continue };
            *cursor = Cursor {
                seq: last.seq,
                id: last.id.clone(),
            };
            let spans = spans(&changes, source);
            self.decide(&people(&spans), Of::Parts, next).await?;
            return Ok(true);
        }
        self.judge().await
    }

    /// Shifts that nobody came to become no-shows as time goes by, not by a change.
    async fn judge(&mut self) -> Result<bool, Stop> {
        let Some((connector_id, after)) = self.checkpoint.judging.first_key_value() else {
            return Ok(false);
        };
        let grace = self.policy.thresholds.no_show_grace_seconds();
        let until = self.checkpoint.judged_until.get(connector_id).copied();
        let until = until.unwrap_or(i64::MIN).saturating_sub(grace);
        let tenant = self.lease.tenant;
        let shifts =
            attendance::unjudged(self.database, tenant, connector_id, after, until, UNJUDGED)
                .await?;
        let mut next = self.checkpoint.clone();
        match shifts.last() {
            Some(last) if shifts.len() >= UNJUDGED => {
                let reached = Cursor {
                    seq: last.at,
                    id: last.id.clone(),
                };
                next.judging.insert(connector_id.clone(), reached);
            }
            _ => {
                next.judging.remove(connector_id);
            }
        }
        // Behind the place that was reached are those who were to come later than at the start.
        let later =
            attendance::expected_later(self.database, tenant, connector_id, after.seq).await?;
        let mut times: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for shift in shifts.into_iter().chain(later) {
            times.entry(shift.member_id).or_default().push(shift.at);
        }
        let spans = by_member(times);
        self.decide(&people(&spans), Of::Parts, next).await?;
        Ok(true)
    }

    /// Decides these parts of people's time and goes on to `next`. Returns how many rows that took.
    async fn decide(
        &mut self,
        people: &[Person<'_>],
        of: Of,
        mut next: Checkpoint,
    ) -> Result<usize, Stop> {
        let tenant = self.lease.tenant;
        let punches_until = next.judged_until.clone();
        let means = Means {
            policy: &self.policy,
            policy_version: self.policy_version,
            zone: self.zone,
            places: &self.places,
            punches_until: &punches_until,
            shifts_from: &self.shifts_from,
        };
        // While the database reads some people's rows, those of the people before them are judged. Nothing is written
        // before all of them are: a shift may have gone from one of these people to another.
        let parts: Vec<&[Person<'_>]> = people.chunks(READ_TOGETHER).collect();
        let found: Vec<OnceCell<Found>> = parts.iter().map(|_| OnceCell::new()).collect();
        let read: Vec<OnceCell<Rows<'_>>> = parts.iter().map(|_| OnceCell::new()).collect();
        let mut settled = Settled::default();
        let mut judge = |place: usize| -> Result<(), DatabaseError> {
            let (Some(part), Some(rows)) = (parts.get(place), read.get(place)) else {
                return Ok(());
            };
            if let Some(found) = found.get(place).and_then(OnceCell::get) {
                let found = found.rows()?;
                let rows = rows.get_or_init(|| found);
                evaluate(rows, part, &means, random::id, &mut settled);
            }
            Ok(())
        };
        for (place, (part, cell)) in parts.iter().zip(&found).enumerate() {
            let reading = of.read(self.database, tenant, part);
            let judging = async { place.checked_sub(1).map_or(Ok(()), &mut judge) };
            let (answer, judged) = join(reading, judging).await;
            judged?;
            let answer = answer?;
            cell.get_or_init(|| answer);
        }
        if let Some(last) = parts.len().checked_sub(1) {
            judge(last)?;
        }
        let rows_read = read
            .iter()
            .filter_map(OnceCell::get)
            .map(|rows| rows.shifts.len().saturating_add(rows.punches.len()))
            .sum();
        let lease = self.lease;
        let now_ms = clock::now_ms();
        let next = self
            .database
            .transaction(async |transaction| {
                let (seq, is_alone) =
                    attendance::begin(transaction, tenant, &next.punches, now_ms).await?;
                if is_alone && !settled.punches.is_empty() {
                    // What is written here is no change to look at.
                    next.punches = Cursor {
                        seq,
                        id: LAST.to_owned(),
                    };
                }
                let text = serde_json::to_string(&next)
                    .map_err(|error| DatabaseError::Shape(error.to_string()))?;
                let now = now_ms.div_euclid(1_000);
                if attendance::settle(transaction, lease, &settled, seq, &text, now).await? {
                    Ok(next)
                } else {
                    Err(Stop::LeaseLost)
                }
            })
            .await?;
        self.checkpoint = next;
        Ok(rows_read)
    }
}

/// Whose time is decided.
#[derive(Clone, Copy)]
enum Of {
    /// Of some people, and not always the whole of it.
    Parts,
    /// Everybody's there is between the first and the last of these people.
    Everybody,
}

impl Of {
    async fn read(
        self,
        database: &SpinDatabase,
        tenant: &Tenant,
        people: &[Person<'_>],
    ) -> Result<Found, DatabaseError> {
        match (self, people) {
            (Self::Everybody, [first, .., last]) => {
                let (first, last) = (first.member_id, last.member_id);
                attendance::read_everybody(database, tenant, first, last).await
            }
            _ => attendance::read(database, tenant, people).await,
        }
    }
}

/// So many people that the next step reads about what is wanted.
fn people_for(people: usize, rows: usize) -> usize {
    let fitting = people
        .saturating_mul(WANTED_ROWS)
        .checked_div(rows)
        .unwrap_or(MOST_PEOPLE);
    // A step may be of people who work more, or less, than the next one's.
    fitting
        .min(people.saturating_mul(GROWTH))
        .clamp(1, MOST_PEOPLE)
}

/// What has to be decided again, of whom.
fn spans(changes: &[Changed], source: Source) -> Vec<(String, Vec<Span>)> {
    let mut times: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut whole: Vec<(String, Vec<Span>)> = Vec::new();
    for change in changes {
        if source == Source::Members {
            let id = change.member_id.clone().unwrap_or_default();
            whole.push((id, vec![Span::ALWAYS]));
            continue;
        }
        if let Some(member_id) = &change.member_id {
            let times = times.entry(member_id.clone()).or_default();
            times.extend(change.at);
            times.extend(&change.excused_at);
            times.extend(noons(
                change.from_date.as_deref(),
                change.to_date.as_deref(),
            ));
        }
        if let (Some(member_id), Some(at)) = (&change.was_member_id, change.was_at) {
            times.entry(member_id.clone()).or_default().push(at);
        }
    }
    whole.extend(by_member(times));
    whole
}

fn by_member(times: BTreeMap<String, Vec<i64>>) -> Vec<(String, Vec<Span>)> {
    times
        .into_iter()
        .map(|(member_id, times)| (member_id, span::affected(times)))
        .collect()
}

fn people(spans: &[(String, Vec<Span>)]) -> Vec<Person<'_>> {
    spans
        .iter()
        .flat_map(|(member_id, spans)| spans.iter().map(move |&span| Person { member_id, span }))
        .collect()
}

/// Noon of each day, UTC: near enough for the reach of a change.
fn noons(from: Option<&str>, to: Option<&str>) -> Vec<i64> {
    let day = |text: Option<&str>| text.and_then(|text| text.parse::<NaiveDate>().ok());
    let (Some(from), Some(to)) = (day(from), day(to)) else {
        return Vec::new();
    };
    let noon = |date: NaiveDate| {
        date.and_time(chrono::NaiveTime::MIN)
            .and_utc()
            .timestamp()
            .saturating_add(43_200)
    };
    let (first, last) = (noon(from), noon(to));
    (0..MAX_DAYS_OFF)
        .map(|ahead| first.saturating_add(ahead.saturating_mul(86_400)))
        .take_while(|&at| at <= last)
        .collect()
}

fn place(connector_id: &str, external_id: &str) -> String {
    format!("{connector_id}:{external_id}")
}

fn zones(work: &Work) -> BTreeMap<String, String> {
    work.locations
        .iter()
        .filter_map(|location| {
            let zone = location.time_zone.clone()?;
            Some((place(&location.connector_id, &location.external_id), zone))
        })
        .collect()
}

fn exempt_roles(work: &Work, policy: &Policy) -> BTreeSet<String> {
    work.roles
        .iter()
        .filter(|role| {
            let name = || std::iter::once(role.name.as_str());
            policy.exempt.names(None, name()) || policy.unscheduled_exempt.names(None, name())
        })
        .map(|role| place(&role.connector_id, &role.external_id))
        .collect()
}

fn places(work: &Work) -> Places {
    let mut places = Places::new();
    for location in &work.locations {
        let zone = location.time_zone.as_deref().map(Zone::parse);
        if let Some(Ok(zone)) = zone {
            let of_connector = places.entry(location.connector_id.clone()).or_default();
            of_connector
                .zones
                .insert(location.external_id.clone(), zone);
        }
    }
    for role in &work.roles {
        let of_connector = places.entry(role.connector_id.clone()).or_default();
        let name = role.name.clone();
        of_connector.roles.insert(role.external_id.clone(), name);
    }
    places
}

/// Until when every punch is known, of connectors whose data can be trusted: those that are in use, and whose
/// schedule and punches are not behind. Old data makes nobody a no-show.
async fn punches_until(
    database: &SpinDatabase,
    tenant: &Tenant,
    connectors: &[SyncedConnector],
) -> Result<BTreeMap<String, i64>, DatabaseError> {
    let ids: Vec<_> = connectors.iter().map(|one| one.id.as_str()).collect();
    let inputs = plan::planning_inputs_of_all(database, tenant, &ids).await?;
    let now = clock::now();
    let is_behind = |connector: &SyncedConnector| {
        let of_it = inputs
            .iter()
            .filter(|input| input.connector_id == connector.id);
        let stale = planning::stale_streams(of_it, connector.connected_at, now);
        stale.contains(&Stream::Shifts) || stale.contains(&Stream::TimePunches)
    };
    Ok(connectors
        .iter()
        .filter(|connector| connector.state == ConnectorState::Active.as_str())
        .filter(|connector| !is_behind(connector))
        .filter_map(|connector| Some((connector.id.clone(), connector.punches_until?)))
        .collect())
}

/// From when on all shifts are there, by connector. Where they are read and kept for some days only, what is older
/// cannot be decided again: a shift that has gone by then would make its punch an unscheduled one. At the edge of what was
/// read, a punch may be the work of a shift before it.
fn shifts_from(connectors: &[SyncedConnector], now: i64) -> BTreeMap<String, i64> {
    let kept_from = now
        .saturating_sub(KEEP_SHIFTS_DAYS.saturating_mul(86_400))
        .saturating_add(span::MARGIN_SECONDS);
    connectors
        .iter()
        .map(|connector| {
            let from = match (connector.shifts_synced_at, connector.shifts_from) {
                // Without any schedule nothing is unscheduled.
                (None, _) => i64::MAX,
                (_, Some(covered)) => covered,
                (_, None) => kept_from,
            };
            (connector.id.clone(), from.saturating_add(EDGE_SECONDS))
        })
        .collect()
}
