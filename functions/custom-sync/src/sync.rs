//! The run: page by page, each with its checkpoint in one transaction, until the list is read or the
//! time is nearly spent.
//!
//! A crash costs the page in hand: its rows and its checkpoint are committed together or not at all.
//! Only a list that was read to its end says that something is gone.

use std::cell::Cell;

use domain::access::Caller;
use domain::api_key::sha256_hex;
use domain::connector_state::ConnectorState;
use domain::deletion_brake::Brake;
use domain::run::RunCounts;
use domain::stream::Stream;
use domain::zone::Zone;
use platform::rest_api::CUSTOM;
use platform::rest_api::account::Account;
use platform::run::{self, LAST_ANSWER_MS, ReportedFailure, RunCall, RunReport};
use platform::{SpinDatabase, access_tokens, clock, random};
use providers::rest::Verdict;
use providers::rest::listing::{ListMapping, ListPage, Position};
use serde::Deserialize;
use store::connectors::StateChange;
use store::jobs::{self, Lease, Progress, Work};
use store::records::{self, MAX_ROWS, Page, Resource, Scope, Sweep as SweepFrom, Window};
use store::{Database, DatabaseError};

use crate::checkpoint::{Checkpoint, Closed, HeldBack, NIGHT_SECONDS, Pass, Start, Sweep};
use crate::failure::{Reported, Stop};
use crate::page::Stored;

/// Time that must be left for another page, in milliseconds.
const PAGE_MARGIN_MS: i64 = 3_000;
/// Rows that one step of a sweep looks at.
const SWEEP_ROWS: u32 = 2_000;
/// Rows that one statement of tidying touches.
const TIDY_ROWS: u32 = 2_000;

const STREAM: Stream = Stream::Records;
const RESOURCE: Resource = Resource::CustomRecords;

/// What may be asked of a run.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Params {
    /// Read the whole list.
    full: bool,
    /// Delete what is gone even if it is much.
    force_deletions: bool,
}

/// What this call has done, whatever becomes of it.
#[derive(Default)]
struct Tally {
    /// Something was saved.
    progressed: Cell<bool>,
    /// Requests that no checkpoint has counted.
    uncounted_calls: Cell<u32>,
}

struct Run<'a> {
    database: &'a SpinDatabase,
    work: &'a Work,
    lease: Lease<'a>,
    account: Account<'a>,
    mapping: ListMapping,
    /// The digest of what the list is asked for with.
    list: String,
    checkpoint: Checkpoint,
    deadline_ms: i64,
    force_deletions: bool,
    tally: &'a Tally,
}

/// Runs the job as far as its time reaches.
pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let loaded = jobs::load_work(database, &call.job_id, call.lease_version, clock::now()).await;
    let work = match loaded {
        Ok(Some(work)) => work,
        Ok(None) => return RunReport::lease_lost(),
        Err(error) => return RunReport::database_failed(&error),
    };
    let tenant = match Caller::internal("custom-sync").tenant_named(&work.organization_id) {
        Ok(tenant) => tenant,
        Err(error) => return RunReport::failed("configuration", &error.to_string()),
    };
    let lease = Lease {
        tenant: &tenant,
        job_id: &work.job_id,
        version: call.lease_version,
    };
    let tally = Tally::default();
    let report = match worked(database, &work, lease, call.deadline_ms, &tally).await {
        Ok(report) => report,
        Err(Stop::LeaseLost) => RunReport::lease_lost(),
        Err(Stop::Database(error)) => RunReport::database_failed(&error),
        Err(Stop::OutOfTime) if tally.progressed.get() => RunReport::more(),
        // One page takes longer than a call: that does not pass by itself for ever.
        Err(Stop::OutOfTime) => RunReport::retry_at(
            clock::now(),
            "timeout",
            "The API did not answer in the time of one call. It is tried again by itself.",
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
        progressed: tally.progressed.get(),
        uncounted_calls: tally.uncounted_calls.get(),
        ..report
    }
}

async fn worked(
    database: &SpinDatabase,
    work: &Work,
    lease: Lease<'_>,
    deadline_ms: i64,
    tally: &Tally,
) -> Result<RunReport, Stop> {
    let (account, mapping) = Account::open_custom(lease.tenant, &work.connector_id, &work.config)
        .await
        .map_err(Stop::of_failure)?;
    let params: Params = work
        .params
        .as_deref()
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    let checkpoint: Checkpoint = serde_json::from_str(&work.checkpoint).unwrap_or_default();
    let run = Run {
        database,
        work,
        lease,
        list: list_of(&account, &mapping),
        account,
        mapping,
        checkpoint,
        deadline_ms,
        force_deletions: params.force_deletions,
        tally,
    };
    run.work(params.full).await
}

/// What the rows come from. Of another base URL, path or query nothing is known; pages may be cut as
/// they like.
fn list_of(account: &Account<'_>, mapping: &ListMapping) -> String {
    let base_url = account.config.base_url().as_str();
    sha256_hex(format!("{base_url} {}", mapping.to_json()).as_bytes())
}

impl Run<'_> {
    /// Everything, from where the checkpoint is. The order of the end matters: what the pass has seen
    /// is forgotten only when it is saved that nobody will ask for it again.
    async fn work(&self, is_full: bool) -> Result<RunReport, Stop> {
        if let Some(closed) = self.checkpoint.closed(&self.work.run_id) {
            // The report was lost, or the process died before it.
            return self.closed(&self.checkpoint, closed).await;
        }
        let now = clock::now();
        let mut pass = self.checkpoint.pass(Start {
            run_id: &self.work.run_id,
            list: &self.list,
            now,
            is_incremental: self.mapping.is_incremental(),
            is_full: is_full || self.force_deletions,
            is_new_night: self.is_new_night(now),
        });
        if !(self.walk(&mut pass).await? && self.sweep(&mut pass).await?) {
            return Ok(RunReport::more());
        }
        self.close(&pass).await
    }

    fn is_new_night(&self, now: i64) -> bool {
        let Ok(zone) = Zone::parse(&self.work.time_zone) else {
            return true;
        };
        let night = |at: i64| zone.date(at.saturating_sub(NIGHT_SECONDS));
        self.checkpoint
            .complete_from
            .is_none_or(|before| night(before) != night(now))
    }

    /// Reads the pages that are left; true at the end of the list.
    async fn walk(&self, pass: &mut Pass) -> Result<bool, Stop> {
        while !pass.is_read {
            if self.is_late() {
                return Ok(false);
            }
            let page = self.fetch(pass).await?;
            *pass = self.write(pass, page).await?;
        }
        Ok(true)
    }

    fn is_late(&self) -> bool {
        clock::now_ms().saturating_add(PAGE_MARGIN_MS) >= self.deadline_ms
    }

    async fn fetch(&self, pass: &Pass) -> Result<ListPage, Stop> {
        let (config, mapping) = (&self.account.config, &self.mapping);
        let position = pass.position.as_ref();
        let until_ms = self.deadline_ms.saturating_add(LAST_ANSWER_MS);
        let build = |secrets: &_| mapping.request(config, secrets, position, pass.since);
        let (result, calls) = self.account.call_with(self.database, until_ms, build).await;
        let uncounted = self.tally.uncounted_calls.get().saturating_add(calls);
        self.tally.uncounted_calls.set(uncounted);
        let answered = result.map_err(Stop::of_failure)?;
        let is_end = mapping.is_behind_the_end(position, answered.answer.status());
        if answered.verdict != Verdict::Success && !is_end {
            return Err(Stop::of_answer(&answered));
        }
        mapping
            .read(config, position, &answered.answer)
            .map_err(|failure| Stop::of_list(&failure))
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            tenant: self.lease.tenant,
            connector_id: &self.work.connector_id,
            source: CUSTOM,
        }
    }

    /// Rows, notes, quarantine and checkpoint of one page, all or nothing. Returns the pass as it was
    /// saved.
    async fn write(&self, pass: &Pass, page: ListPage) -> Result<Pass, Stop> {
        let number = pass.position.as_ref().map_or(0, Position::pages);
        let stored = Stored::of(&page, number);
        let fetched = u64::try_from(page.received).unwrap_or(u64::MAX);
        let mut after = pass.clone();
        after.is_read = page.next.is_none();
        after.position = page.next;
        after.unidentified = after.unidentified.saturating_add(stored.unidentified);
        let scope = self.scope();
        let now = clock::now();
        let after = self
            .database
            .transaction(async |transaction| {
                let mut counts = RunCounts {
                    fetched,
                    ..RunCounts::default()
                };
                let mut refused = stored.refused.clone();
                for rows in stored.records.chunks(MAX_ROWS) {
                    let page = Page::Custom(rows);
                    let now_micros = clock::now_micros();
                    let outcome =
                        records::write_page(transaction, &scope, page, random::id, now_micros)
                            .await?;
                    counts.created = counts.created.saturating_add(outcome.created);
                    counts.updated = counts.updated.saturating_add(outcome.updated);
                    counts.unchanged = counts.unchanged.saturating_add(outcome.unchanged);
                    refused.extend(outcome.refused);
                }
                if after.is_complete() {
                    if !after.is_noting {
                        records::open_pass(transaction, &after.run_id).await?;
                        after.is_noting = true;
                    }
                    records::mark_seen(transaction, &after.run_id, &stored.ids).await?;
                }
                let landed: Vec<&str> = stored
                    .records
                    .iter()
                    .map(|record| record.external_id.as_str())
                    .filter(|id| !refused.iter().any(|refused| refused.external_id == *id))
                    .collect();
                records::clear_quarantine(transaction, &scope, STREAM, &landed).await?;
                let run_id = &after.run_id;
                counts.errors =
                    records::quarantine(transaction, &scope, STREAM, run_id, &refused, now).await?;
                after.errors = after.errors.saturating_add(counts.errors);
                self.save(transaction, &after, 1, counts).await?;
                Ok::<_, Stop>(after.clone())
            })
            .await?;
        self.saved();
        Ok(after)
    }

    /// Saves the pass with what it has done, or stops when the lease is lost.
    async fn save<E: store::Execute>(
        &self,
        transaction: &E,
        pass: &Pass,
        pages: u32,
        counts: RunCounts,
    ) -> Result<(), Stop> {
        let checkpoint = self.checkpoint.with(&self.list, pass);
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
            provider_calls: self.tally.uncounted_calls.get(),
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
        self.tally.uncounted_calls.set(0);
        self.tally.progressed.set(true);
    }

    /// Deletes what a complete pass has not seen; true when there is nothing more to delete.
    async fn sweep(&self, pass: &mut Pass) -> Result<bool, Stop> {
        if !pass.is_complete() || pass.sweep == Sweep::Done || pass.held_back.is_some() {
            return Ok(true);
        }
        pass.held_back = self.held_back(pass).await?;
        while pass.held_back.is_none() && pass.sweep != Sweep::Done {
            if self.is_late() {
                return Ok(false);
            }
            *pass = self.sweep_on(pass).await?;
        }
        Ok(true)
    }

    /// Why this pass may not delete what it has not seen.
    async fn held_back(&self, pass: &Pass) -> Result<Option<HeldBack>, Stop> {
        if !records::is_open(self.database, &pass.run_id).await? {
            return Ok(Some(HeldBack::NotesLost));
        }
        if pass.sweep != Sweep::Ahead {
            return Ok(None);
        }
        let scope = self.scope();
        let absent =
            records::absent(self.database, &scope, RESOURCE, &pass.run_id, Window::ALL).await?;
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

    /// One step of the sweep, with how far it came. Returns the pass as it was saved.
    async fn sweep_on(&self, pass: &Pass) -> Result<Pass, Stop> {
        let scope = self.scope();
        let after = match &pass.sweep {
            Sweep::After(id) => Some(id.as_str()),
            Sweep::Ahead | Sweep::Done => None,
        };
        let sweep = SweepFrom {
            resource: RESOURCE,
            pass_id: &pass.run_id,
            window: Window::ALL,
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

    /// Closes the pass: the mark moves on, the quarantine holds what this pass has refused.
    async fn close(&self, pass: &Pass) -> Result<RunReport, Stop> {
        let checkpoint = self.checkpoint.finished(&self.list, pass);
        let scope = self.scope();
        self.database
            .transaction(async |transaction| {
                if pass.is_complete() {
                    let (run_id, began) = (&pass.run_id, pass.started_at);
                    records::release_unseen(transaction, &scope, STREAM, run_id, began).await?;
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

    /// What follows when it is saved that the pass is closed: its notes can go, the connector is well,
    /// and what came of it is reported.
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
