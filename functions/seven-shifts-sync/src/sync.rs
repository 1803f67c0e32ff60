//! The run: page by page, each with its checkpoint in one transaction, until the stream is current
//! or the time is nearly spent.
//!
//! The next page is asked for while the current one is written. A crash costs the page in hand:
//! its rows and its checkpoint are committed together or not at all.

use std::cell::Cell;

use domain::access::{Caller, Tenant};
use domain::connector_state::ConnectorState;
use domain::deletion_brake::Brake;
use domain::run::{RunCounts, RunStatus};
use domain::stream::Stream;
use domain::sync_settings::SyncSettings;
use futures::future::join;
use platform::run::{ReportedFailure, RunCall, RunReport};
use platform::seven_shifts::checkpoint::{Checkpoint, HeldBack, Kind, PageSeen, Pass, Start, Step};
use platform::seven_shifts::{self, Config, Failure, FailureKind, SOURCE};
use platform::{SpinDatabase, clock, log, random};
use serde::Deserialize;
use store::connectors::{self, StateChange};
use store::jobs::{self, Lease, Progress, Work};
use store::records::{self, Refused, Resource, Scope, Sweep, Window};
use store::{Database, DatabaseError};

use crate::fetch::{self, Fetched, Source};

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

struct Run<'a> {
    database: &'a SpinDatabase,
    work: &'a Work,
    tenant: &'a Tenant,
    stream: Stream,
    resource: Resource,
    lease_version: i64,
    checkpoint: Checkpoint,
    deadline_ms: i64,
    force_deletions: bool,
    /// Provider calls that are in the run's count already.
    accounted_calls: Cell<u32>,
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
            return RunReport::retry_at(
                clock::now(),
                "lease_lost",
                "The lease of this job has ended.",
            );
        }
        Err(error) => return database_report(&error),
    };
    match prepared(database, call, &work).await {
        Ok(report) => report,
        Err(failure) => failed(database, &work, &failure).await,
    }
}

async fn prepared(
    database: &SpinDatabase,
    call: &RunCall,
    work: &Work,
) -> Result<RunReport, Failure> {
    let unreadable = |what: &str| Failure {
        kind: FailureKind::Ours,
        code: "configuration",
        reason: format!("The connector's {what} cannot be read."),
    };
    let tenant = Caller::internal("seven-shifts-sync")
        .tenant_named(&work.organization_id)
        .map_err(|_| unreadable("organization"))?;
    let stream: Stream = work.name.parse().map_err(|_| unreadable("stream"))?;
    let resource = Resource::of(stream).ok_or_else(|| unreadable("stream"))?;
    let settings = serde_json::from_str(&work.sync_settings)
        .ok()
        .and_then(|json| SyncSettings::from_json(&json).ok())
        .ok_or_else(|| unreadable("sync settings"))?;
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
        deadline_ms,
    )
    .await?;
    let now = clock::now();
    let checkpoint: Checkpoint = serde_json::from_str(&work.checkpoint).unwrap_or_default();
    let mut pass = checkpoint.pass(Start {
        run_id: &work.run_id,
        stream,
        now,
        backfill_days: i64::from(settings.backfill_days),
        window_hours: params.sync_window_hours,
        force_deletions: params.force_deletions,
    });
    let source = Source {
        account: &account,
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
        lease_version: call.lease_version,
        checkpoint,
        deadline_ms,
        force_deletions: params.force_deletions,
        accounted_calls: Cell::new(0),
    };
    let stopped = run.walk(source, &mut pass).await;
    match stopped {
        Ok(true) => Ok(run.finished(source, &pass).await),
        Ok(false) => Ok(RunReport::more()),
        Err(Stop::LeaseLost) => Ok(RunReport::retry_at(
            clock::now(),
            "lease_lost",
            "Another run has taken over.",
        )),
        Err(Stop::Database(error)) => Ok(database_report(&error)),
        Err(Stop::Failed(failure)) => Err(explained(source, failure).await),
    }
}

impl Run<'_> {
    /// Walks the steps that are left; true when the pass is complete.
    async fn walk(&self, source: Source<'_>, pass: &mut Pass) -> Result<bool, Stop> {
        let mut fetched: Option<Fetched> = None;
        while let Some(step) = pass.steps.first().copied() {
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
            // this one is written.
            let prefetch = async {
                match after.steps.first().copied() {
                    Some(next) if !self.is_late() => self.fetch(source, &after, next).await,
                    _ => Ok(None),
                }
            };
            let write = self.write(step, &page, after.clone(), source);
            let (next, written) = join(prefetch, write).await;
            *pass = written?;
            fetched = next?;
            if fetched.is_none() && !pass.steps.is_empty() && self.is_late() {
                return Ok(false);
            }
        }
        if pass.kind.sweeps() {
            return self.sweep(pass).await;
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
        step: Step,
        page: &Fetched,
        mut after: Pass,
        source: Source<'_>,
    ) -> Result<Pass, Stop> {
        let scope = self.scope();
        let calls = self.unaccounted_calls(source);
        let now = clock::now();
        let rejected: Vec<Refused> = page
            .rejected
            .iter()
            .enumerate()
            .map(|(index, rejected)| refused(rejected, after.pages, index))
            .collect();
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
                let ids = page.records.ids();
                if step.is_noted(after.kind) {
                    records::mark_seen(transaction, &after.run_id, &ids).await?;
                    // What cannot be read is there all the same.
                    let unread: Vec<_> = rejected
                        .iter()
                        .map(|refused| refused.external_id.as_str())
                        .collect();
                    records::mark_seen(transaction, &after.run_id, &unread).await?;
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
                records::quarantine(
                    transaction,
                    &scope,
                    self.stream,
                    &after.run_id,
                    &all_refused,
                    now,
                )
                .await?;
                let unknown =
                    records::unknown_references(transaction, &scope, page.records.page()).await?;
                for stream in unknown.streams() {
                    if !after.wanted.contains(&stream) {
                        after.wanted.push(stream);
                    }
                }
                let errors = u64::try_from(all_refused.len()).unwrap_or(u64::MAX);
                after.errors = after.errors.saturating_add(errors);
                let counts = RunCounts {
                    fetched: u64::try_from(page.received).unwrap_or(u64::MAX),
                    created: outcome.created,
                    updated: outcome.updated,
                    unchanged: outcome.unchanged,
                    deleted: outcome.deleted,
                    errors,
                };
                self.save(transaction, &after, 1, calls, counts).await
            })
            .await?;
        Ok(after)
    }

    /// Calls since this was last asked.
    fn unaccounted_calls(&self, source: Source<'_>) -> u32 {
        let calls = source.account.line.calls();
        calls.saturating_sub(self.accounted_calls.replace(calls))
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
            pass.kind,
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
        kind: Kind,
        pages: u32,
        provider_calls: u32,
        counts: RunCounts,
    ) -> Result<(), Stop> {
        let text = serde_json::to_string(checkpoint)
            .map_err(|error| DatabaseError::Shape(error.to_string()))?;
        let progress = Progress {
            checkpoint: &text,
            kind: Some(kind.as_str()),
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

    /// Deletes what a complete pass has not seen; true when it is through.
    async fn sweep(&self, pass: &mut Pass) -> Result<bool, Stop> {
        let scope = self.scope();
        let window = pass
            .window_from
            .map_or(Window::ALL, |from| Window { from, to: i64::MAX });
        if !pass.is_sweeping {
            let absent =
                records::absent(self.database, &scope, self.resource, &pass.run_id, window).await?;
            // A record that could not be read may be any of those that were not seen.
            let held_back = if pass.errors > 0 && absent.absent > 0 {
                Some(HeldBack::Unreadable)
            } else {
                Brake::default()
                    .check(absent.live, absent.absent, self.force_deletions)
                    .err()
                    .map(|reason| HeldBack::TooMany(reason.to_string()))
            };
            if held_back.is_some() {
                pass.held_back = held_back;
                self.forget(pass).await?;
                return Ok(true);
            }
            pass.is_sweeping = true;
        }
        loop {
            if self.is_late() {
                return Ok(false);
            }
            let next = self
                .database
                .transaction(async |transaction| {
                    let sweep = Sweep {
                        resource: self.resource,
                        pass_id: &pass.run_id,
                        window,
                        after: pass.sweep_after.as_deref(),
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
                        sweep_after: step.next.clone(),
                        ..pass.clone()
                    };
                    let counts = RunCounts {
                        deleted: step.deleted,
                        ..RunCounts::default()
                    };
                    self.save(transaction, &saved, 0, 0, counts).await?;
                    Ok::<_, Stop>(step.next)
                })
                .await?;
            pass.sweep_after = next;
            if pass.sweep_after.is_none() {
                self.forget(pass).await?;
                return Ok(true);
            }
        }
    }

    async fn forget(&self, pass: &Pass) -> Result<(), DatabaseError> {
        while records::forget_pass(self.database, &pass.run_id, TIDY_ROWS).await? {
            if self.is_late() {
                // Maintenance removes what is left.
                break;
            }
        }
        Ok(())
    }

    /// Closes the pass: the mark moves on, links that waited are made, the connector is well.
    async fn finished(&self, source: Source<'_>, pass: &Pass) -> RunReport {
        let checkpoint = self.checkpoint.finished(pass, clock::now());
        let scope = self.scope();
        let closed = self
            .database
            .transaction(async |transaction| {
                records::heal_links(transaction, &scope, TIDY_ROWS, clock::now_micros()).await?;
                self.save_checkpoint(
                    transaction,
                    &checkpoint,
                    pass.kind,
                    0,
                    self.unaccounted_calls(source),
                    RunCounts::default(),
                )
                .await
            })
            .await;
        match closed {
            Ok(()) => {}
            Err(Stop::LeaseLost) => {
                return RunReport::retry_at(
                    clock::now(),
                    "lease_lost",
                    "Another run has taken over.",
                );
            }
            Err(Stop::Database(error)) => return database_report(&error),
            Err(Stop::Failed(failure)) => return RunReport::failed(failure.code, &failure.reason),
        }
        set_state(
            self.database,
            self.tenant,
            self.work,
            ConnectorState::Active,
            None,
        )
        .await;
        let mut report = RunReport::done();
        report.complete = pass.is_complete();
        report.wanted.clone_from(&pass.wanted);
        let quarantined = || {
            format!(
                "{} records could not be stored; `/api/quarantined-records` says why. The rest is in.",
                pass.errors
            )
        };
        report.failure = match &pass.held_back {
            Some(held_back) => Some(ReportedFailure::new(held_back.code(), held_back.reason())),
            None if pass.errors > 0 => Some(ReportedFailure::new("quarantined", &quarantined())),
            None => None,
        };
        if report.failure.is_some() {
            report.status = RunStatus::Partial;
        }
        report
    }
}

/// Moves the pass past a page.
fn advance(pass: &mut Pass, page: &Fetched) -> Result<(), Failure> {
    let ids = page.records.ids();
    let seen = PageSeen {
        ids: &ids,
        received: page.received,
        next: page.next.as_deref(),
        newest_change: page.newest_change,
        provider_time: page.provider_time,
    };
    pass.advance(&seen, clock::now())
}

fn refused(rejected: &providers::Rejected, page: u32, index: usize) -> Refused {
    Refused {
        external_id: rejected
            .external_id
            .clone()
            .unwrap_or_else(|| format!("unreadable-{page}-{index}")),
        reason: rejected.reason.clone(),
    }
}

fn landed<'a>(ids: &[&'a str], refused: &[Refused]) -> Vec<&'a str> {
    ids.iter()
        .copied()
        .filter(|id| !refused.iter().any(|refused| refused.external_id == *id))
        .collect()
}

/// A 403 says little: whose token it is tells a plan without the feature from a foreign company.
async fn explained(source: Source<'_>, failure: Failure) -> Failure {
    if failure.kind != FailureKind::Forbidden {
        return failure;
    }
    let company_id = source.account.client.company_id();
    let Ok(whoami) = seven_shifts::call(&source.account.line, source.account.client.whoami()).await
    else {
        return failure;
    };
    if whoami.value.active_member_of(company_id).is_some() {
        let reason = format!(
            "The 7shifts plan of this company, or the token's permissions, do not include {}. The other streams go on.",
            source.stream.as_str()
        );
        return Failure {
            code: "plan_or_permission",
            reason,
            ..failure
        };
    }
    let reason = format!(
        "The access token does not belong to company {company_id}. Reconnect with a token of this company."
    );
    Failure {
        kind: FailureKind::Unauthorized,
        code: "foreign_company",
        reason,
    }
}

/// Turns a failure into the report, and into the connector's state where it concerns all streams.
async fn failed(database: &SpinDatabase, work: &Work, failure: &Failure) -> RunReport {
    let tenant = Caller::internal("seven-shifts-sync").tenant_named(&work.organization_id);
    let state = match failure.kind {
        FailureKind::Unauthorized => Some(ConnectorState::Expired),
        FailureKind::Refused | FailureKind::Ours => Some(ConnectorState::Error),
        FailureKind::Forbidden | FailureKind::Later(_) | FailureKind::OutOfTime => None,
    };
    if let (Ok(tenant), Some(state)) = (tenant, state) {
        set_state(database, &tenant, work, state, Some(&failure.reason)).await;
    }
    match failure.kind {
        FailureKind::Later(at) => RunReport::retry_at(at, failure.code, &failure.reason),
        FailureKind::OutOfTime => RunReport::more(),
        _ => RunReport::failed(failure.code, &failure.reason),
    }
}

async fn set_state(
    database: &SpinDatabase,
    tenant: &Tenant,
    work: &Work,
    to: ConnectorState,
    reason: Option<&str>,
) {
    let from = [
        ConnectorState::Active,
        ConnectorState::Error,
        ConnectorState::Expired,
    ];
    // The common case costs no statement.
    if to == ConnectorState::Active && work.connector_state == ConnectorState::Active.as_str() {
        return;
    }
    let change = StateChange {
        from: &from,
        to,
        reason,
    };
    if let Err(error) =
        connectors::set_state(database, tenant, &work.connector_id, change, clock::now()).await
    {
        log::error("connector_state", &error.to_string());
    }
}

fn database_report(error: &DatabaseError) -> RunReport {
    log::error("database", &error.to_string());
    RunReport::retry_at(
        clock::now(),
        "database",
        "Our database failed; it is tried again by itself.",
    )
}
