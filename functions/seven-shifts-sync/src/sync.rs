//! The run: page by page, each with its checkpoint in one transaction, until the stream is current
//! or the time is nearly spent.
//!
//! The next page is asked for while the current one is written. A crash costs the page in hand:
//! its rows and its checkpoint are committed together or not at all.

use std::cell::{Cell, OnceCell};

use domain::access::{Caller, Tenant};
use domain::connector_state::ConnectorState;
use domain::deletion_brake::Brake;
use domain::run::RunCounts;
use domain::stream::Stream;
use domain::sync_settings::{Schedule, SyncSettings};
use futures::future::join;
use platform::run::{LAST_ANSWER_MS, ReportedFailure, RunCall, RunReport};
use platform::seven_shifts::checkpoint::{
    Checkpoint, Closed, HeldBack, Kind, PageSeen, Pass, Start, Step, SweepState,
};
use platform::seven_shifts::{self, Config, Failure, FailureKind, SOURCE};
use platform::{SpinDatabase, clock, random};
use serde::Deserialize;
use store::connectors::StateChange;
use store::jobs::{self, Lease, Progress, Work};
use store::records::{self, Refused, Resource, Scope, Sweep, Window};
use store::{Database, DatabaseError};

use crate::fetch::{self, Fetched, Source, Unread};
use crate::one_by_one;

/// Time that must be left for another page, in milliseconds.
const PAGE_MARGIN_MS: i64 = 3_000;
/// Rows that one step of a sweep looks at.
const SWEEP_ROWS: u32 = 2_000;
/// Rows that one statement of tidying touches.
const TIDY_ROWS: u32 = 2_000;

/// What may be asked of a run.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Params {
    sync_window_hours: Option<i64>,
    /// Delete what is gone even if it is much.
    force_deletions: bool,
}

/// What a run wants to know of the sync settings; they were checked when they were stored.
#[derive(Deserialize)]
#[serde(default)]
struct Settings {
    schedule: Schedule,
    backfill_days: u16,
}

impl Default for Settings {
    fn default() -> Self {
        let SyncSettings {
            schedule,
            backfill_days,
            ..
        } = SyncSettings::default();
        Self {
            schedule,
            backfill_days,
        }
    }
}

struct Run<'a> {
    database: &'a SpinDatabase,
    work: &'a Work,
    tenant: &'a Tenant,
    stream: Stream,
    resource: Resource,
    /// Only this location of the company.
    location_id: Option<i64>,
    lease_version: i64,
    checkpoint: Checkpoint,
    deadline_ms: i64,
    force_deletions: bool,
    /// Provider calls that are in the run's count already.
    counted_calls: Cell<u32>,
    tally: &'a Tally,
}

/// What this call has done, whatever becomes of it.
#[derive(Default)]
struct Tally {
    /// Something was saved.
    progressed: Cell<bool>,
    /// Provider calls that no checkpoint has counted.
    uncounted_calls: Cell<u32>,
}

/// Why a run stops before its end.
enum Stop {
    Failed(Failure),
    /// Somebody else has the lease: what was read is not ours to write.
    LeaseLost,
    Database(DatabaseError),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DatabaseError> for Stop {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// Runs the job as far as its time reaches.
pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let work = match jobs::load_work(database, &call.job_id, call.lease_version, clock::now()).await
    {
        Ok(Some(work)) => work,
        Ok(None) => {
            return RunReport::lease_lost();
        }
        Err(error) => return RunReport::database_failed(&error),
    };
    let tally = Tally::default();
    let report = match prepared(database, call, &work, &tally).await {
        Ok(report) => report,
        Err(failure) => failed(database, call, &work, &failure).await,
    };
    RunReport {
        progressed: tally.progressed.get(),
        uncounted_calls: tally.uncounted_calls.get(),
        ..report
    }
}

async fn prepared(
    database: &SpinDatabase,
    call: &RunCall,
    work: &Work,
    tally: &Tally,
) -> Result<RunReport, Failure> {
    let unreadable = |what: &str| Failure {
        kind: FailureKind::Ours,
        code: "configuration",
        reason: format!("The connector's {what} cannot be read."),
    };
    let tenant = Caller::internal("seven-shifts-sync")
        .tenant_named(&work.organization_id)
        .map_err(|_| unreadable("organization"))?;
    let stream = work.name.parse().ok();
    let stream: Stream = stream
        .filter(|stream| Stream::SEVEN_SHIFTS.contains(stream))
        .ok_or_else(|| unreadable("stream"))?;
    let resource = Resource::of(stream);
    let settings: Settings =
        serde_json::from_str(&work.sync_settings).map_err(|_| unreadable("sync settings"))?;
    let config: Config =
        serde_json::from_str(&work.config).map_err(|_| unreadable("configuration"))?;
    let params: Params = work
        .params
        .as_deref()
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    let deadline_ms = call.deadline_ms;
    let account = seven_shifts::account(
        database,
        &tenant,
        &work.connector_id,
        &work.config,
        &work.credentials,
        deadline_ms.saturating_add(LAST_ANSWER_MS),
    )
    .await?;
    let now = clock::now();
    let checkpoint: Checkpoint = serde_json::from_str(&work.checkpoint).unwrap_or_default();
    let scope = Scope {
        tenant: &tenant,
        connector_id: &work.connector_id,
        source: SOURCE,
    };
    let mut pass = checkpoint.pass(Start {
        has_quarantined: has_quarantined(database, &scope, stream).await?,
        run_id: &work.run_id,
        stream,
        now,
        backfill_days: i64::from(settings.backfill_days),
        fixed_times: settings.schedule == Schedule::FixedTimes,
        window_hours: params.sync_window_hours,
        force_deletions: params.force_deletions,
        one_location: config.location_id.is_some(),
    });
    let reasons = OnceCell::new();
    let source = Source {
        account: &account,
        scope,
        reasons: &reasons,
        stream,
        location_id: config.location_id,
        now,
    };
    let run = Run {
        database,
        work,
        tenant: &tenant,
        stream,
        resource,
        location_id: config.location_id,
        lease_version: call.lease_version,
        checkpoint,
        deadline_ms,
        force_deletions: params.force_deletions,
        counted_calls: Cell::new(0),
        tally,
    };
    let report = match run.work(source, &mut pass).await {
        Ok(report) => Ok(report),
        Err(Stop::LeaseLost) => Ok(RunReport::lease_lost()),
        Err(Stop::Database(error)) => Ok(RunReport::database_failed(&error)),
        Err(Stop::Failed(failure)) => {
            let mut failure = seven_shifts::explained(&account, stream.as_str(), failure).await;
            if failure.kind == FailureKind::Forbidden {
                failure.reason.push_str(" The other streams go on.");
            }
            Err(failure)
        }
    };
    tally
        .uncounted_calls
        .set(run.uncounted(account.line.calls()));
    report
}

/// Whether records wait that a list of changes may not bring again. The other streams are read whole
/// every time.
async fn has_quarantined(
    database: &SpinDatabase,
    scope: &Scope<'_>,
    stream: Stream,
) -> Result<bool, Failure> {
    if !matches!(stream, Stream::Shifts | Stream::TimePunches) {
        return Ok(false);
    }
    let first = records::quarantined_numbers(database, scope, stream, "", 1).await?;
    Ok(!first.is_empty())
}

impl Run<'_> {
    /// Everything, from where the checkpoint is. The order of the end matters: what the pass has
    /// seen is forgotten only when it is saved that nobody will ask for it again.
    async fn work(&self, source: Source<'_>, pass: &mut Pass) -> Result<RunReport, Stop> {
        if let Some(closed) = self.checkpoint.closed(&self.work.run_id) {
            // The report was lost, or the process died before it.
            return self.closed(&self.checkpoint, closed).await;
        }
        let is_through =
            self.walk(source, pass).await? && self.sweep(pass).await? && self.heal(pass).await?;
        if !is_through {
            return Ok(RunReport::more());
        }
        self.close(source, pass).await
    }

    /// Walks the steps that are left; true when all lists are read.
    async fn walk(&self, source: Source<'_>, pass: &mut Pass) -> Result<bool, Stop> {
        let mut fetched: Option<Fetched> = None;
        while let Some(step) = pass.steps.first().copied() {
            // What is known to be outside need not be asked for.
            if step == Step::Missing && pass.cursor.is_none() && !self.leave_outside(pass).await? {
                return Ok(false);
            }
            let page = match fetched.take() {
                Some(page) => page,
                None if self.is_late() => return Ok(false),
                None => match self.fetch(source, pass, step).await? {
                    Some(page) => page,
                    None => return Ok(false),
                },
            };
            let mut after = pass.clone();
            advance(&mut after, &page)?;
            // The same page of the next step, or the next page of this one, is on its way while
            // this one is written. What is missing shows when all that was seen is written.
            let is_ahead = |next: Step| next != Step::Missing || next == step;
            let prefetch = async {
                match after.steps.first().copied().filter(|next| is_ahead(*next)) {
                    Some(next) if !self.is_late() => self.fetch(source, &after, next).await,
                    _ => Ok(None),
                }
            };
            let write = self.write((step, pass.pages), &page, after.clone(), source);
            let (next, written) = join(prefetch, write).await;
            *pass = written?;
            fetched = next?;
            if fetched.is_none() && !pass.steps.is_empty() && self.is_late() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_late(&self) -> bool {
        clock::now_ms().saturating_add(PAGE_MARGIN_MS) >= self.deadline_ms
    }

    /// A page, or `None` when the time for this call is over.
    async fn fetch(
        &self,
        source: Source<'_>,
        pass: &Pass,
        step: Step,
    ) -> Result<Option<Fetched>, Failure> {
        match fetch::page(source, pass, step, pass.cursor.as_deref()).await {
            Ok(page) => Ok(Some(page)),
            Err(failure) if failure.kind == FailureKind::OutOfTime => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            tenant: self.tenant,
            connector_id: &self.work.connector_id,
            source: SOURCE,
        }
    }

    fn lease(&self) -> Lease<'_> {
        Lease {
            tenant: self.tenant,
            job_id: &self.work.job_id,
            version: self.lease_version,
        }
    }

    /// Rows, notes, quarantine and checkpoint of one page, all or nothing. Returns the pass as it
    /// was saved.
    async fn write(
        &self,
        (step, number): (Step, u32),
        page: &Fetched,
        mut after: Pass,
        source: Source<'_>,
    ) -> Result<Pass, Stop> {
        let scope = self.scope();
        let calls = source.account.line.calls();
        let now = clock::now();
        let unread = self.ours(step, &page.unread).await?;
        let rejected: Vec<Refused> = unread
            .iter()
            .enumerate()
            .map(|(index, unread)| refused(unread, step, number, index))
            .collect();
        let mut gone = page.gone.as_slice();
        if step == Step::Missing
            && let Some(held_back) = self.too_many(&after, page).await?
        {
            // What else is missing is not asked for: this answer tells enough.
            after.held_back = Some(held_back);
            after.steps.clear();
            after.cursor = None;
            gone = &[];
        }
        self.database
            .transaction(async |transaction| {
                let outcome = records::write_page(
                    transaction,
                    &scope,
                    page.records.page(),
                    random::id,
                    clock::now_micros(),
                )
                .await?;
                let buried = records::tombstone(
                    transaction,
                    &scope,
                    self.resource,
                    gone,
                    now,
                    clock::now_micros(),
                )
                .await?;
                if step == Step::Missing {
                    after.confirmed = after.confirmed.saturating_add(buried);
                }
                let ids = page.records.ids();
                if step.is_noted(after.kind) {
                    if !after.is_noting {
                        records::open_pass(transaction, &after.run_id).await?;
                        after.is_noting = true;
                    }
                    records::mark_seen(transaction, &after.run_id, &ids).await?;
                    if self.resource.is_of_one_person() {
                        records::mark_asked(transaction, &after.run_id, &page.asked).await?;
                        records::mark_planned(transaction, &after.run_id, &page.planned).await?;
                    }
                    // What cannot be read is there all the same.
                    let unread: Vec<_> = unread.iter().flat_map(|unread| &unread.rows).collect();
                    records::mark_seen(transaction, &after.run_id, &unread).await?;
                }
                if step.is_noted(after.kind) || after.kind == Kind::Backfill {
                    let nameless = unread.iter().filter(|unread| unread.rows.is_empty());
                    after.unidentified = after
                        .unidentified
                        .saturating_add(u64::try_from(nameless.count()).unwrap_or(u64::MAX));
                }
                let mut all_refused = rejected.clone();
                all_refused.extend(outcome.refused.iter().cloned());
                records::clear_quarantine(
                    transaction,
                    &scope,
                    self.stream,
                    &landed(&ids, &outcome.refused),
                )
                .await?;
                records::clear_quarantine(transaction, &scope, self.stream, gone).await?;
                let errors = records::quarantine(
                    transaction,
                    &scope,
                    self.stream,
                    &after.run_id,
                    &all_refused,
                    now,
                )
                .await?;
                records::keep_quarantined(transaction, &scope, self.stream, &page.kept, now)
                    .await?;
                let unknown =
                    records::unknown_references(transaction, &scope, page.records.page()).await?;
                for stream in unknown.streams() {
                    if !after.wanted.contains(&stream) {
                        after.wanted.push(stream);
                    }
                }
                after.errors = after.errors.saturating_add(errors);
                after.left_out = after.left_out.saturating_add(page.left_out);
                let counts = RunCounts {
                    fetched: u64::try_from(page.received.saturating_sub(page.skipped))
                        .unwrap_or(u64::MAX),
                    created: outcome.created,
                    updated: outcome.updated,
                    unchanged: outcome.unchanged,
                    deleted: outcome.deleted.saturating_add(buried),
                    errors,
                };
                let is_page = step != Step::Missing || !page.asked.is_empty();
                self.save(
                    transaction,
                    &after,
                    u32::from(is_page),
                    self.uncounted(calls),
                    counts,
                )
                .await
            })
            .await?;
        self.counted_calls.set(calls);
        self.tally.progressed.set(true);
        Ok(after)
    }

    /// Of what cannot be read, what is for this run to report: a list of the whole company has
    /// records of other locations too, and only what is here can have left.
    async fn ours<'b>(&self, step: Step, unread: &'b [Unread]) -> Result<Vec<&'b Unread>, Stop> {
        if !step.is_of_what_moved() || unread.is_empty() {
            return Ok(unread.iter().collect());
        }
        let rows: Vec<&str> = unread
            .iter()
            .flat_map(|unread| &unread.rows)
            .map(String::as_str)
            .collect();
        let alive = records::alive(self.database, &self.scope(), self.resource, &rows).await?;
        let is_ours = |unread: &&Unread| {
            unread.rows.is_empty() || unread.rows.iter().any(|row| alive.contains(row))
        };
        Ok(unread.iter().filter(is_ours).collect())
    }

    /// Why what 7shifts does not have when it is asked for may not go all the same. The first of them
    /// decides: with each that goes less is missing.
    async fn too_many(&self, pass: &Pass, page: &Fetched) -> Result<Option<HeldBack>, Stop> {
        if page.gone.is_empty() || pass.confirmed > 0 || pass.is_elsewhere {
            return Ok(None);
        }
        let location = self.location_id.map(|id| id.to_string());
        let window = one_by_one::window(pass, self.resource, location.as_deref());
        let (scope, run_id) = (self.scope(), &pass.run_id);
        let absent = records::absent(self.database, &scope, self.resource, run_id, window).await?;
        let brake = Brake::OF_ANSWERS.check(absent.live, absent.absent, self.force_deletions);
        Ok(brake
            .err()
            .map(|reason| HeldBack::TooMany(reason.to_string())))
    }

    /// Those of `calls` that are not in the run's count yet.
    fn uncounted(&self, calls: u32) -> u32 {
        calls.saturating_sub(self.counted_calls.get())
    }

    async fn save<E: store::Execute>(
        &self,
        transaction: &E,
        pass: &Pass,
        pages: u32,
        provider_calls: u32,
        counts: RunCounts,
    ) -> Result<(), Stop> {
        let checkpoint = Checkpoint {
            pass: Some(pass.clone()),
            ..self.checkpoint.clone()
        };
        self.save_checkpoint(
            transaction,
            &checkpoint,
            Some(pass.kind),
            pages,
            provider_calls,
            counts,
        )
        .await
    }

    async fn save_checkpoint<E: store::Execute>(
        &self,
        transaction: &E,
        checkpoint: &Checkpoint,
        kind: Option<Kind>,
        pages: u32,
        provider_calls: u32,
        counts: RunCounts,
    ) -> Result<(), Stop> {
        let text = serde_json::to_string(checkpoint)
            .map_err(|error| DatabaseError::Shape(error.to_string()))?;
        let progress = Progress {
            checkpoint: &text,
            kind: kind.map(Kind::as_str),
            pages,
            provider_calls,
            counts,
        };
        if jobs::checkpoint(transaction, self.lease(), progress, clock::now()).await? {
            Ok(())
        } else {
            Err(Stop::LeaseLost)
        }
    }

    /// Deletes what is outside of the connector by what we know ourselves, however much it is; true
    /// when nothing of it is left.
    async fn leave_outside(&self, pass: &Pass) -> Result<bool, Stop> {
        // Without its notes the pass does not know what it saw.
        if !records::is_open(self.database, &pass.run_id).await? {
            return Ok(true);
        }
        let scope = self.scope();
        let location = self.location_id.map(|id| id.to_string());
        while !self.is_late() {
            let ids = records::outside_ids(
                self.database,
                &scope,
                self.resource,
                &pass.run_id,
                location.as_deref(),
                SWEEP_ROWS,
            )
            .await?;
            if ids.is_empty() {
                return Ok(true);
            }
            self.database
                .transaction(async |transaction| {
                    let deleted = records::tombstone(
                        transaction,
                        &scope,
                        self.resource,
                        &ids,
                        clock::now(),
                        clock::now_micros(),
                    )
                    .await?;
                    let counts = RunCounts {
                        deleted,
                        ..RunCounts::default()
                    };
                    self.save(transaction, pass, 0, 0, counts).await
                })
                .await?;
            self.tally.progressed.set(true);
        }
        Ok(false)
    }

    /// Deletes what a complete pass has not seen; true when there is nothing more to delete.
    async fn sweep(&self, pass: &mut Pass) -> Result<bool, Stop> {
        if !pass.kind.sweeps() || pass.sweep == SweepState::Done || pass.held_back.is_some() {
            return Ok(true);
        }
        // The other streams did so before they asked for what is missing.
        if self.resource.is_of_one_person() && !self.leave_outside(pass).await? {
            return Ok(false);
        }
        let location = self.location_id.map(|id| id.to_string());
        let window = one_by_one::window(pass, self.resource, location.as_deref());
        pass.held_back = self.held_back(pass, window).await?;
        if let Some(HeldBack::Left(_)) = pass.held_back
            && !pass.wanted.contains(&self.stream)
        {
            pass.wanted.push(self.stream);
        }
        while pass.held_back.is_none() && pass.sweep != SweepState::Done {
            if self.is_late() {
                return Ok(false);
            }
            *pass = self.sweep_on(pass, window).await?;
        }
        Ok(true)
    }

    /// Why this pass may not delete what it has not seen. What was asked for one by one is settled
    /// already, and what is left of it waits for the next pass; of what cannot be asked for only a
    /// person who has checked the account can say that so much is gone.
    async fn held_back(&self, pass: &Pass, window: Window<'_>) -> Result<Option<HeldBack>, Stop> {
        if !records::is_open(self.database, &pass.run_id).await? {
            return Ok(Some(HeldBack::NotesLost));
        }
        if pass.sweep != SweepState::Ahead {
            return Ok(None);
        }
        let (scope, resource) = (self.scope(), self.resource);
        let absent = records::absent(self.database, &scope, resource, &pass.run_id, window).await?;
        if absent.absent == 0 {
            return Ok(None);
        }
        // A record without an id may be any of those that were not seen.
        if pass.unidentified > 0 {
            return Ok(Some(HeldBack::Unreadable));
        }
        let records = self.records();
        if pass.left_out > 0 {
            return Ok(Some(HeldBack::CutShort(format!(
                "{} {} more {records} that it lacks were not asked for and stay as well.",
                self.left_out(pass.left_out),
                absent.absent,
            ))));
        }
        // What can be asked for goes only when it was asked for, whoever forces it.
        if !self.resource.is_of_one_person() {
            let more = format!(
                "{} more {records} are missing from the list of 7shifts than one sync asks for one by one.",
                absent.absent,
            );
            return Ok(Some(if pass.confirmed > 0 {
                HeldBack::Left(format!(
                    "{more} They stay until the next sync, which follows by itself and asks for them; those that were asked for are gone."
                ))
            } else {
                HeldBack::TooMany(format!(
                    "{more} None of those that were asked for is gone, so nothing was deleted. The next complete sync asks again."
                ))
            }));
        }
        let brake = Brake::OF_LISTS.check(absent.live, absent.absent, self.force_deletions);
        Ok(brake
            .err()
            .map(|reason| HeldBack::TooMany(reason.to_string())))
    }

    /// The stream, as text calls its records.
    fn records(&self) -> String {
        self.stream.as_str().replace('_', " ")
    }

    /// One step of the sweep, with how far it came. Returns the pass as it was saved.
    async fn sweep_on(&self, pass: &Pass, window: Window<'_>) -> Result<Pass, Stop> {
        let scope = self.scope();
        let after = match &pass.sweep {
            SweepState::After(id) => Some(id.as_str()),
            SweepState::Ahead | SweepState::Done => None,
        };
        let saved = self
            .database
            .transaction(async |transaction| {
                let sweep = Sweep {
                    resource: self.resource,
                    pass_id: &pass.run_id,
                    window,
                    after,
                };
                let step = records::sweep_absent(
                    transaction,
                    &scope,
                    &sweep,
                    SWEEP_ROWS,
                    clock::now(),
                    clock::now_micros(),
                )
                .await?;
                let saved = Pass {
                    sweep: step.next.map_or(SweepState::Done, SweepState::After),
                    ..pass.clone()
                };
                let counts = RunCounts {
                    deleted: step.deleted,
                    ..RunCounts::default()
                };
                self.save(transaction, &saved, 0, 0, counts).await?;
                Ok::<_, Stop>(saved)
            })
            .await?;
        self.tally.progressed.set(true);
        Ok(saved)
    }

    /// Makes links that pages had to leave; true when none waits.
    async fn heal(&self, pass: &Pass) -> Result<bool, Stop> {
        let scope = self.scope();
        while records::links_wait(self.database, &scope).await? {
            if self.is_late() {
                return Ok(false);
            }
            self.database
                .transaction(async |transaction| {
                    records::heal_links(transaction, &scope, TIDY_ROWS, clock::now_micros())
                        .await?;
                    self.save(transaction, pass, 0, 0, RunCounts::default())
                        .await
                })
                .await?;
            self.tally.progressed.set(true);
        }
        Ok(true)
    }

    /// Closes the pass: the mark moves on, the quarantine holds what this pass has refused.
    async fn close(&self, source: Source<'_>, pass: &Pass) -> Result<RunReport, Stop> {
        let checkpoint = self.checkpoint.finished(pass, clock::now());
        let scope = self.scope();
        let calls = source.account.line.calls();
        self.database
            .transaction(async |transaction| {
                if pass.kind != Kind::Incremental {
                    records::release_unseen(
                        transaction,
                        &scope,
                        self.stream,
                        &pass.run_id,
                        pass.started_at,
                    )
                    .await?;
                }
                let counts = RunCounts::default();
                let uncounted = self.uncounted(calls);
                self.save_checkpoint(
                    transaction,
                    &checkpoint,
                    Some(pass.kind),
                    0,
                    uncounted,
                    counts,
                )
                .await
            })
            .await?;
        self.counted_calls.set(calls);
        match checkpoint.closed(&pass.run_id) {
            Some(closed) => self.closed(&checkpoint, closed).await,
            None => Ok(RunReport::done()),
        }
    }

    /// What follows when it is saved that the pass is closed: its notes can go, the connector is
    /// well, and what came of it is reported.
    async fn closed(&self, checkpoint: &Checkpoint, closed: &Closed) -> Result<RunReport, Stop> {
        self.forget(checkpoint, &closed.run_id).await?;
        self.set_active().await;
        let held_back = closed
            .held_back
            .as_ref()
            .map(|held_back| ReportedFailure::new(held_back.code(), held_back.reason()));
        let mut report = RunReport::closed(closed.complete, held_back, closed.errors);
        report.wanted.clone_from(&closed.wanted);
        if report.failure.is_none() && closed.left_out > 0 {
            let left_out = self.left_out(closed.left_out);
            report = report.partial(ReportedFailure::new("list_cut_short", &left_out));
        }
        Ok(report)
    }

    fn left_out(&self, records: u64) -> String {
        format!(
            "The list of 7shifts lacked {records} of the {} that are there when they are asked for one by one: they stay. New ones may have been missing from it as well; the next sync reads it again.",
            self.records()
        )
    }

    /// Removes the notes of the closed pass, under the lease: who has taken over may be making his.
    async fn forget(&self, checkpoint: &Checkpoint, pass_id: &str) -> Result<(), Stop> {
        // Maintenance removes what is left.
        while !self.is_late() && records::has_notes(self.database, pass_id).await? {
            self.database
                .transaction(async |transaction| {
                    records::forget_pass(transaction, pass_id, TIDY_ROWS).await?;
                    let counts = RunCounts::default();
                    self.save_checkpoint(transaction, checkpoint, None, 0, 0, counts)
                        .await
                })
                .await?;
        }
        Ok(())
    }

    async fn set_active(&self) {
        // The common case costs no statement.
        if self.work.connector_state != ConnectorState::Active.as_str() {
            set_state(
                self.database,
                self.lease(),
                self.work,
                ConnectorState::Active,
                None,
            )
            .await;
        }
    }
}

/// Moves the pass past a page.
fn advance(pass: &mut Pass, page: &Fetched) -> Result<(), Failure> {
    let ids = match page.asked.as_slice() {
        [] => page.records.ids(),
        asked => asked.iter().map(String::as_str).collect(),
    };
    let seen = PageSeen {
        ids: &ids,
        received: page.received.max(page.asked.len()),
        next: page.next.as_deref(),
        also: page.also,
        newest_change: page.newest_change,
        provider_time: page.provider_time,
    };
    pass.advance(&seen, clock::now())
}

/// What does not say which record it is gets an id that is made up: two of them are two records.
fn refused(unread: &Unread, step: Step, page: u32, index: usize) -> Refused {
    let id = unread.rejected.external_id.clone();
    Refused {
        external_id: id
            .filter(|_| !unread.rows.is_empty())
            .unwrap_or_else(|| format!("unreadable-{}-{page}-{index}", step.name())),
        reason: unread.rejected.reason.clone(),
    }
}

fn landed<'a>(ids: &[&'a str], refused: &[Refused]) -> Vec<&'a str> {
    ids.iter()
        .copied()
        .filter(|id| !refused.iter().any(|refused| refused.external_id == *id))
        .collect()
}

/// Turns a failure into the report, and into the connector's state where it concerns all streams.
async fn failed(
    database: &SpinDatabase,
    call: &RunCall,
    work: &Work,
    failure: &Failure,
) -> RunReport {
    let tenant = Caller::internal("seven-shifts-sync").tenant_named(&work.organization_id);
    let state = match failure.kind {
        FailureKind::Unauthorized => Some(ConnectorState::Expired),
        FailureKind::Refused | FailureKind::Ours => Some(ConnectorState::Error),
        FailureKind::Forbidden | FailureKind::Later(_) | FailureKind::OutOfTime => None,
    };
    if let (Ok(tenant), Some(state)) = (tenant, state) {
        let lease = Lease {
            tenant: &tenant,
            job_id: &work.job_id,
            version: call.lease_version,
        };
        set_state(database, lease, work, state, Some(&failure.reason)).await;
    }
    match failure.kind {
        FailureKind::Later(at) => {
            let reason = format!("{} It is tried again by itself.", failure.reason);
            RunReport::retry_at(at, failure.code, &reason)
        }
        FailureKind::OutOfTime => RunReport::more(),
        _ => RunReport::failed(failure.code, &failure.reason),
    }
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
    let (id, used) = (&work.connector_id, &work.credentials);
    platform::run::set_state(database, lease, id, used, change).await;
}
