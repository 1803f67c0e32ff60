//! The run: page by page, each with its checkpoint in one transaction, until the list is read or the time is nearly spent.
//!
//! A crash costs the page in hand: its rows and its checkpoint are committed together or not at all. Only a list that was
//! read to its end says that something may be gone, and it is gone when it is not there by its id either: the order of
//! these lists is not documented, so a row may move to a page that was read before.

use std::cell::Cell;

use domain::NaiveDate;
use domain::access::Caller;
use domain::connector_state::ConnectorState;
use domain::deletion_brake::Brake;
use domain::run::RunCounts;
use domain::stream::Stream;
use domain::sync_settings::SyncSettings;
use domain::zone::Zone;
use platform::clients::EMPLOYMENT_HERO;
use platform::employment_hero::{Account, Failure, Session};
use platform::run::{self, LAST_ANSWER_MS, ReportedFailure, RunCall, RunReport};
use platform::{SpinDatabase, access_tokens, clock, random};
use providers::ProviderError;
use providers::employment_hero::LeaveRequestsQuery;
use serde::Deserialize;
use store::connectors::StateChange;
use store::jobs::{self, Lease, Progress, Work};
use store::records::{self, MAX_ROWS, Refused, Resource, Scope, Sweep as SweepFrom, Window};
use store::{Database, DatabaseError, employees};

use crate::checkpoint::{Checkpoint, Closed, HeldBack, Missing, NIGHT_SECONDS, Pass, Start, Sweep};
use crate::failure::{Reported, Stop};
use crate::records::{Fetched, Records, employee, leave};

/// Time that must be left for another page, in milliseconds.
const PAGE_MARGIN_MS: i64 = 3_000;
/// Rows that one step of a sweep looks at.
const SWEEP_ROWS: u32 = 2_000;
/// Rows that one statement of tidying touches.
const TIDY_ROWS: u32 = 2_000;
/// Records that are asked for by their ids between two checkpoints, and of one pass: each is a request.
const MISSING_A_STEP: u32 = 10;
const MAX_MISSING: usize = 100;

/// What may be asked of a run.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Params {
    /// Read the whole list.
    full: bool,
    /// Delete what is gone even if it is much.
    force_deletions: bool,
}

struct Run<'a> {
    database: &'a SpinDatabase,
    work: &'a Work,
    lease: Lease<'a>,
    session: Session<'a>,
    stream: Stream,
    resource: Resource,
    checkpoint: Checkpoint,
    deadline_ms: i64,
    force_deletions: bool,
    /// Something was saved.
    progressed: &'a Cell<bool>,
}

/// Runs the job as far as its time reaches.
pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let loaded = jobs::load_work(database, &call.job_id, call.lease_version, clock::now()).await;
    let work = match loaded {
        Ok(Some(work)) => work,
        Ok(None) => return RunReport::lease_lost(),
        Err(error) => return RunReport::database_failed(&error),
    };
    let tenant = match Caller::internal("employment-hero-sync").tenant_named(&work.organization_id)
    {
        Ok(tenant) => tenant,
        Err(error) => return RunReport::failed("configuration", &error.to_string()),
    };
    let lease = Lease {
        tenant: &tenant,
        job_id: &work.job_id,
        version: call.lease_version,
    };
    let (progressed, uncounted) = (Cell::new(false), Cell::new(0));
    let result = worked(
        database,
        &work,
        lease,
        call.deadline_ms,
        &progressed,
        &uncounted,
    )
    .await;
    let report = match result {
        Ok(report) => report,
        Err(Stop::LeaseLost) => RunReport::lease_lost(),
        Err(Stop::Database(error)) => RunReport::database_failed(&error),
        Err(Stop::OutOfTime) if progressed.get() => RunReport::more(),
        // One page takes longer than a call: that does not pass by itself for ever.
        Err(Stop::OutOfTime) => RunReport::retry_at(
            clock::now(),
            "timeout",
            "Employment Hero did not answer in the time of one call. It is tried again by itself.",
        ),
        Err(Stop::Reported(reported)) => {
            let Reported { report, state } = *reported;
            if let Some((state, reason)) = state {
                set_state(database, lease, &work, state, Some(&reason)).await;
            }
            report
        }
    };
    RunReport {
        progressed: progressed.get(),
        uncounted_calls: uncounted.get(),
        ..report
    }
}

async fn worked(
    database: &SpinDatabase,
    work: &Work,
    lease: Lease<'_>,
    deadline_ms: i64,
    progressed: &Cell<bool>,
    uncounted: &Cell<u32>,
) -> Result<RunReport, Stop> {
    let Ok(stream @ (Stream::Employees | Stream::LeaveRequests)) = work.name.parse() else {
        let why = format!("'{}' is no stream of Employment Hero.", work.name);
        return Err(Stop::failed("configuration", &why, None));
    };
    let account = Account::open(lease.tenant, &work.connector_id, &work.config).await?;
    let params: Params = work
        .params
        .as_deref()
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    let until_ms = deadline_ms.saturating_add(LAST_ANSWER_MS);
    let run = Run {
        database,
        work,
        lease,
        session: Session::begin(&account, database, until_ms),
        stream,
        resource: Resource::of(stream),
        checkpoint: serde_json::from_str(&work.checkpoint).unwrap_or_default(),
        deadline_ms,
        force_deletions: params.force_deletions,
        progressed,
    };
    let result = run.work(params.full).await;
    uncounted.set(run.session.uncounted());
    result
}

impl Run<'_> {
    /// Everything, from where the checkpoint is. The order of the end matters: what the pass has seen is forgotten only
    /// when it is saved that nobody will ask for it again.
    async fn work(&self, is_full: bool) -> Result<RunReport, Stop> {
        if let Some(closed) = self.checkpoint.closed(&self.work.run_id) {
            // The report was lost, or the process died before it.
            return self.closed(&self.checkpoint, closed).await;
        }
        let mut pass = self.begin(is_full).await?;
        if !self.tidy(&mut pass).await? {
            return Ok(RunReport::more());
        }
        loop {
            if !(self.walk(&mut pass).await? && self.look_for_missing(&mut pass).await?) {
                return Ok(RunReport::more());
            }
            if self.has_all(&mut pass).await? {
                break;
            }
            pass = pass.again();
        }
        if !self.sweep(&mut pass).await? {
            return Ok(RunReport::more());
        }
        self.close(&pass).await
    }

    /// Whether as many records were seen as the list has. Where some came twice others may not have come at all, and of
    /// these nobody knows yet: then the list is read once more.
    async fn has_all(&self, pass: &mut Pass) -> Result<bool, Stop> {
        if !pass.is_complete() || pass.held_back == Some(HeldBack::NotesLost) {
            return Ok(true);
        }
        let noted = records::count_notes(self.database, &pass.run_id).await?;
        if noted >= pass.received {
            return Ok(true);
        }
        if pass.is_second {
            pass.held_back = Some(HeldBack::Moving);
        }
        Ok(pass.is_second)
    }

    /// The pass of this run: the one in progress, or a new one.
    async fn begin(&self, is_full: bool) -> Result<Pass, Stop> {
        let now = clock::now();
        let zone = Zone::parse(&self.work.time_zone).unwrap_or(Zone::UTC);
        let configured = self.session.account.config.organisation_id.as_deref();
        let settings = serde_json::from_str(&self.work.sync_settings)
            .ok()
            .and_then(|document| SyncSettings::from_json(&document).ok())
            .unwrap_or_default();
        let night = |at: i64| zone.date(at.saturating_sub(NIGHT_SECONDS));
        let start = Start {
            run_id: &self.work.run_id,
            now,
            today: zone.date(now),
            backfill_days: settings.backfill_days,
            organisation_id: configured,
            is_leave: self.stream == Stream::LeaveRequests,
            is_full: is_full || self.force_deletions,
            is_new_night: self
                .checkpoint
                .complete_from
                .is_none_or(|before| night(before) != night(now)),
        };
        if let Some(pass) = self.checkpoint.held(&start) {
            return Ok(pass);
        }
        let is_part = self.checkpoint.reads_a_part(&start);
        // Between complete passes the login sees what it saw.
        let organisation_id = if is_part {
            self.checkpoint.organisation_id.clone()
        } else {
            self.session.organisation_id().await?
        };
        Ok(Pass::new(&start, organisation_id, is_part))
    }

    fn is_late(&self) -> bool {
        clock::now_ms().saturating_add(PAGE_MARGIN_MS) >= self.deadline_ms
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            tenant: self.lease.tenant,
            connector_id: &self.work.connector_id,
            source: EMPLOYMENT_HERO,
        }
    }

    /// Removes leave that is over for long, without a tombstone: not to keep it is our rule. True when none is left.
    async fn tidy(&self, pass: &mut Pass) -> Result<bool, Stop> {
        while !pass.is_tidied {
            if self.is_late() {
                return Ok(false);
            }
            let scope = self.scope();
            let before = pass.keep_from;
            *pass = self
                .database
                .transaction(async |transaction| {
                    let has_more =
                        employees::remove_ended_leave(transaction, &scope, before, TIDY_ROWS)
                            .await?;
                    let saved = Pass {
                        is_tidied: !has_more,
                        ..pass.clone()
                    };
                    self.save(transaction, &saved, 0, RunCounts::default())
                        .await?;
                    Ok::<_, Stop>(saved)
                })
                .await?;
            self.saved();
        }
        Ok(true)
    }

    /// Reads the pages that are left; true at the end of the list.
    async fn walk(&self, pass: &mut Pass) -> Result<bool, Stop> {
        while !pass.is_read {
            if self.is_late() {
                return Ok(false);
            }
            let fetched = self.fetch(pass).await?;
            let mut after = pass.clone();
            after.is_read = fetched.next.is_none();
            after.cursor.clone_from(&fetched.next);
            after.pages = after.pages.saturating_add(1);
            let ids = u64::try_from(fetched.ids.len()).unwrap_or(u64::MAX);
            after.received = after.received.saturating_add(ids);
            *pass = self.write(after, fetched, 1).await?;
        }
        Ok(true)
    }

    async fn fetch(&self, pass: &Pass) -> Result<Fetched, Failure> {
        let (id, cursor) = (&pass.organisation_id, pass.cursor.as_deref());
        if self.stream == Stream::Employees {
            let page = self
                .session
                .ask(|client| client.organisation(id)?.employees(cursor))
                .await?;
            return Ok(Fetched::employees(page, pass.pages));
        }
        let query = LeaveRequestsQuery {
            cursor: pass.cursor.clone(),
            start_date: pass.since,
            end_date: None,
        };
        let page = self
            .session
            .ask(|client| client.organisation(id)?.leave_requests(&query))
            .await?;
        Ok(Fetched::leave(
            page,
            pass.pages,
            pass.keep_from,
            clock::now(),
        ))
    }

    /// Rows, notes, quarantine and checkpoint of one page, all or nothing. Returns the pass as it was saved.
    async fn write(&self, mut pass: Pass, fetched: Fetched, pages: u32) -> Result<Pass, Stop> {
        let scope = self.scope();
        let now = clock::now();
        pass.unidentified = pass.unidentified.saturating_add(fetched.unidentified);
        let saved = self
            .database
            .transaction(async |transaction| {
                let mut pass = pass.clone();
                let mut counts = RunCounts {
                    fetched: u64::try_from(fetched.received).unwrap_or(u64::MAX),
                    ..RunCounts::default()
                };
                let mut refused = fetched.refused.clone();
                let now_micros = clock::now_micros();
                let rows = fetched.records.rows();
                if rows.len() > MAX_ROWS {
                    return Err(Stop::failed(
                        "unexpected_answer",
                        "Employment Hero gave more records in a page than it says that it gives.",
                        None,
                    ));
                }
                let outcome =
                    records::write_page(transaction, &scope, rows, random::id, now_micros).await?;
                counts.created = outcome.created;
                counts.updated = outcome.updated;
                counts.unchanged = outcome.unchanged;
                counts.deleted = outcome.deleted;
                refused.extend(outcome.refused);
                if pass.is_complete() {
                    if !pass.is_noting {
                        records::open_pass(transaction, &pass.run_id).await?;
                        pass.is_noting = true;
                    }
                    records::mark_seen(transaction, &pass.run_id, &fetched.ids).await?;
                }
                let landed: Vec<&str> = fetched
                    .records
                    .ids()
                    .into_iter()
                    .filter(|id| !refused.iter().any(|refused| refused.external_id == *id))
                    .collect();
                records::clear_quarantine(transaction, &scope, self.stream, &landed).await?;
                let run_id = &pass.run_id;
                counts.errors =
                    records::quarantine(transaction, &scope, self.stream, run_id, &refused, now)
                        .await?;
                pass.errors = pass.errors.saturating_add(counts.errors);
                self.save(transaction, &pass, pages, counts).await?;
                Ok(pass)
            })
            .await?;
        self.saved();
        Ok(saved)
    }

    /// Saves the pass with what it has done, or stops when the lease is lost.
    async fn save<E: store::Execute>(
        &self,
        transaction: &E,
        pass: &Pass,
        pages: u32,
        counts: RunCounts,
    ) -> Result<(), Stop> {
        let checkpoint = self.checkpoint.with(pass);
        self.save_checkpoint(transaction, &checkpoint, Some(pass), pages, counts)
            .await
    }

    async fn save_checkpoint<E: store::Execute>(
        &self,
        transaction: &E,
        checkpoint: &Checkpoint,
        pass: Option<&Pass>,
        pages: u32,
        counts: RunCounts,
    ) -> Result<(), Stop> {
        let text = serde_json::to_string(checkpoint)
            .map_err(|error| DatabaseError::Shape(error.to_string()))?;
        let progress = Progress {
            checkpoint: &text,
            kind: pass.map(Pass::kind),
            pages,
            provider_calls: self.session.uncounted(),
            counts,
        };
        if jobs::checkpoint(transaction, self.lease, progress, clock::now()).await? {
            Ok(())
        } else {
            Err(Stop::LeaseLost)
        }
    }

    /// What was saved is counted.
    fn saved(&self) {
        self.session.counted(self.session.uncounted());
        self.progressed.set(true);
    }

    /// Asks for what a complete list lacks by its id; true when there is nothing more to ask for. What is there after all
    /// is written and noted as seen.
    async fn look_for_missing(&self, pass: &mut Pass) -> Result<bool, Stop> {
        if !pass.is_complete() || pass.missing.is_through {
            return Ok(true);
        }
        if pass.missing == Missing::default() {
            pass.held_back = self.held_back(pass).await?;
        }
        while !pass.missing.is_through {
            if self.is_late() {
                return Ok(false);
            }
            *pass = self.ask_for_missing(pass).await?;
        }
        Ok(true)
    }

    /// Why this pass may not delete what it has not seen.
    async fn held_back(&self, pass: &Pass) -> Result<Option<HeldBack>, Stop> {
        if !records::is_open(self.database, &pass.run_id).await? {
            return Ok(Some(HeldBack::NotesLost));
        }
        let (scope, window) = (self.scope(), window(pass));
        let absent =
            records::absent(self.database, &scope, self.resource, &pass.run_id, window).await?;
        if absent.absent == 0 {
            return Ok(None);
        }
        if pass.unidentified > 0 {
            return Ok(Some(HeldBack::Unreadable));
        }
        let brake = Brake::OF_LISTS.check(absent.live, absent.absent, self.force_deletions);
        Ok(brake
            .err()
            .map(|reason| HeldBack::TooMany(reason.to_string())))
    }

    /// One step. Returns the pass as it was saved.
    async fn ask_for_missing(&self, pass: &Pass) -> Result<Pass, Stop> {
        let mut after = pass.clone();
        let is_held = !matches!(pass.held_back, None | Some(HeldBack::Left));
        let ids = if is_held {
            Vec::new()
        } else {
            let sweep = SweepFrom {
                resource: self.resource,
                pass_id: &pass.run_id,
                window: window(pass),
                after: Some(&pass.missing.after),
            };
            let limit = if pass.missing.asked >= MAX_MISSING {
                // Whatever is left stays, unless somebody wants it to go unasked.
                TIDY_ROWS
            } else {
                MISSING_A_STEP
            };
            records::absent_ids(self.database, &self.scope(), &sweep, limit).await?
        };
        let Some(last) = ids.last() else {
            after.missing.is_through = true;
            return Ok(after);
        };
        after.missing.after.clone_from(last);
        if pass.missing.asked < MAX_MISSING {
            after.missing.asked = after.missing.asked.saturating_add(ids.len());
            let found = self.ask(&after, &ids).await?;
            return self.write(after, found, 0).await;
        }
        if self.force_deletions {
            after.missing.is_through = true;
            return Ok(after);
        }
        after.held_back = Some(HeldBack::Left);
        let seen = Fetched {
            ids,
            ..nothing(self.stream)
        };
        // They are held back by being noted: what was asked for before goes.
        self.write(after, seen, 0).await
    }

    /// Those of `ids` that are there, by one request each.
    async fn ask(&self, pass: &Pass, ids: &[String]) -> Result<Fetched, Stop> {
        let mut found = nothing(self.stream);
        let organisation_id = &pass.organisation_id;
        for id in ids {
            let asked = match &mut found.records {
                Records::Employees(records) => self
                    .session
                    .ask(|client| client.organisation(organisation_id)?.employee(id))
                    .await
                    .map(|row| records.push(employee(row))),
                Records::Leave(records) => self
                    .session
                    .ask(|client| client.organisation(organisation_id)?.leave_request(id))
                    .await
                    .map(|row| records.push(leave(row, pass.keep_from, clock::now()))),
            };
            match asked {
                Ok(()) => found.received = found.received.saturating_add(1),
                Err(Failure::Provider(
                    ProviderError::NotFound { .. } | ProviderError::Gone { .. },
                )) => {
                    continue;
                }
                // It is there, and cannot be read.
                Err(Failure::Provider(ProviderError::Malformed { what })) => {
                    found.refused.push(Refused {
                        external_id: id.clone(),
                        reason: what,
                    });
                }
                Err(failure) => return Err(failure.into()),
            }
            found.ids.push(id.clone());
        }
        Ok(found)
    }

    /// Deletes what a complete pass has not seen; true when there is nothing more to delete.
    async fn sweep(&self, pass: &mut Pass) -> Result<bool, Stop> {
        let may_delete = matches!(pass.held_back, None | Some(HeldBack::Left));
        while pass.is_complete() && may_delete && pass.sweep != Sweep::Done {
            if self.is_late() {
                return Ok(false);
            }
            // The notes may have gone while this pass waited for its next call.
            if !records::is_open(self.database, &pass.run_id).await? {
                pass.held_back = Some(HeldBack::NotesLost);
                return Ok(true);
            }
            *pass = self.sweep_on(pass).await?;
        }
        Ok(true)
    }

    /// One step of the sweep, with how far it came. Returns the pass as it was saved.
    async fn sweep_on(&self, pass: &Pass) -> Result<Pass, Stop> {
        let scope = self.scope();
        let after = match &pass.sweep {
            Sweep::After(id) => Some(id.as_str()),
            Sweep::Ahead | Sweep::Done => None,
        };
        let sweep = SweepFrom {
            resource: self.resource,
            pass_id: &pass.run_id,
            window: window(pass),
            after,
        };
        let (now, now_micros) = (clock::now(), clock::now_micros());
        let saved = self
            .database
            .transaction(async |transaction| {
                let step =
                    records::sweep_absent(transaction, &scope, &sweep, SWEEP_ROWS, now, now_micros)
                        .await?;
                let saved = Pass {
                    sweep: step.next.map_or(Sweep::Done, Sweep::After),
                    ..pass.clone()
                };
                let counts = RunCounts {
                    deleted: step.deleted,
                    ..RunCounts::default()
                };
                self.save(transaction, &saved, 0, counts).await?;
                Ok::<_, Stop>(saved)
            })
            .await?;
        self.saved();
        Ok(saved)
    }

    /// Closes the pass: the quarantine holds what this pass has refused.
    async fn close(&self, pass: &Pass) -> Result<RunReport, Stop> {
        let checkpoint = self.checkpoint.finished(pass);
        let scope = self.scope();
        self.database
            .transaction(async |transaction| {
                if pass.is_complete() {
                    let (run_id, began) = (&pass.run_id, pass.started_at);
                    records::release_unseen(transaction, &scope, self.stream, run_id, began)
                        .await?;
                }
                let counts = RunCounts::default();
                self.save_checkpoint(transaction, &checkpoint, Some(pass), 0, counts)
                    .await
            })
            .await?;
        self.saved();
        match checkpoint.closed(&pass.run_id) {
            Some(closed) => self.closed(&checkpoint, closed).await,
            None => Ok(RunReport::done()),
        }
    }

    /// What follows when it is saved that the pass is closed: its notes can go, the connector is well, and what came of it
    /// is reported.
    async fn closed(&self, checkpoint: &Checkpoint, closed: &Closed) -> Result<RunReport, Stop> {
        self.forget(checkpoint, &closed.run_id).await?;
        // The common case costs no statement.
        if self.work.connector_state != ConnectorState::Active.as_str() {
            let active = ConnectorState::Active;
            set_state(self.database, self.lease, self.work, active, None).await;
        }
        let held_back = closed
            .held_back
            .as_ref()
            .map(|held_back| ReportedFailure::new(held_back.code(), &held_back.reason()));
        Ok(RunReport::closed(
            closed.is_complete,
            held_back,
            closed.errors,
        ))
    }

    /// Removes the notes of the closed pass, under the lease: who has taken over may be making his.
    async fn forget(&self, checkpoint: &Checkpoint, pass_id: &str) -> Result<(), Stop> {
        // Maintenance removes what is left.
        while !self.is_late() && records::has_notes(self.database, pass_id).await? {
            self.database
                .transaction(async |transaction| {
                    records::forget_pass(transaction, pass_id, TIDY_ROWS).await?;
                    let counts = RunCounts::default();
                    self.save_checkpoint(transaction, checkpoint, None, 0, counts)
                        .await
                })
                .await?;
            self.saved();
        }
        Ok(())
    }
}

fn nothing(stream: Stream) -> Fetched {
    let records = if stream == Stream::Employees {
        Records::Employees(Vec::new())
    } else {
        Records::Leave(Vec::new())
    };
    Fetched {
        records,
        refused: Vec::new(),
        ids: Vec::new(),
        unidentified: 0,
        received: 0,
        next: None,
    }
}

/// What a complete pass covers: what is kept.
fn window(pass: &Pass) -> Window<'static> {
    Window {
        from: midnight(pass.keep_from),
        ..Window::ALL
    }
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()
}

async fn set_state(
    database: &SpinDatabase,
    lease: Lease<'_>,
    work: &Work,
    to: ConnectorState,
    reason: Option<&str>,
) {
    let from = [
        ConnectorState::Active,
        ConnectorState::Error,
        ConnectorState::Expired,
    ];
    let change = StateChange {
        from: &from,
        to,
        reason,
    };
    let used = access_tokens::lasting(&work.credentials);
    run::set_state(database, lease, &work.connector_id, &used, change).await;
}
