//! A database with organizations, connectors and streams, and short ways to use it.

use std::cell::Cell;

use domain::access::{Caller, Tenant};
use domain::job::JobState;
use domain::run::{RunStatus, Trigger};
use store::connectors::{Connect, NewConnector};
use store::jobs::plan::{StreamJob, StreamJobs, ensure_stream_jobs};
use store::jobs::{Claim, Claimed, Conclusion, Failure, Only, PromisedRun, RunRequest};
use store::outbox::OUTBOX;
use store::{Execute, Value, connectors, jobs, organizations};

use crate::support::{TestDatabase, wait};

pub const NOW: i64 = 1_800_000_000;
pub const LEASE_SECS: i64 = 60;
/// The streams of every connector, in the order of their ranks.
pub const STREAMS: [&str; 3] = ["users", "shifts", "time_punches"];

pub struct Fixture {
    pub database: TestDatabase,
    ids: Cell<u64>,
}

/// The organization of this number.
pub fn tenant(number: u64) -> Tenant {
    Caller::internal("test")
        .tenant_named(&uuid(number))
        .unwrap()
}

pub fn uuid(number: u64) -> String {
    format!("0190a5c0-0000-7000-8000-{number:012x}")
}

impl Fixture {
    /// The engine alone: what is raised has no job here that would be claimed too.
    pub fn new() -> Self {
        let fixture = Self::with_events();
        fixture.execute("DROP TRIGGER events_have_a_job", &[]);
        fixture
    }

    /// Without the job that a stream's end makes due.
    pub fn with_events() -> Self {
        let fixture = Self::with_everything();
        fixture.execute("DROP TRIGGER jobs_make_attendance_due", &[]);
        fixture
    }

    pub fn with_everything() -> Self {
        Self::on(TestDatabase::checked(), 1_000)
    }

    /// On a database that others use too: their ids start elsewhere.
    pub fn on(database: TestDatabase, first_id: u64) -> Self {
        Self {
            database,
            ids: Cell::new(first_id),
        }
    }

    pub fn id(&self) -> String {
        self.ids.set(self.ids.get() + 1);
        uuid(self.ids.get())
    }

    pub fn ids(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.id()).collect()
    }

    pub fn organization(&self, number: u64) -> Tenant {
        let tenant = tenant(number);
        wait(organizations::create(
            &self.database,
            &tenant,
            "Bistro",
            "America/Toronto",
            NOW,
        ))
        .unwrap();
        tenant
    }

    pub fn connector(&self, tenant: &Tenant) -> String {
        let id = self.id();
        let new = NewConnector {
            id: &id,
            provider: "seven_shifts",
            integration_key: &id,
            name: "7shifts",
            config: r#"{"company_id":7}"#,
            sync_settings: r#"{"enabled":true}"#,
            connected_by: "test",
        };
        let connected = wait(connectors::connect(&self.database, tenant, new, NOW)).unwrap();
        assert_eq!(connected, Connect::Created { id: id.clone() });
        id
    }

    /// An organization with one connector whose streams are due at these times.
    pub fn connected(&self, number: u64, due: [Option<i64>; 3]) -> (Tenant, String) {
        let tenant = self.organization(number);
        let connector = self.connector(&tenant);
        self.streams(&tenant, &connector, due);
        (tenant, connector)
    }

    pub fn streams(&self, tenant: &Tenant, connector_id: &str, due: [Option<i64>; 3]) {
        let streams: Vec<_> = STREAMS
            .iter()
            .zip(due)
            .zip(1..)
            .map(|((stream, next_due_at), rank)| StreamJob {
                id: self.id(),
                stream,
                rank,
                next_due_at,
                planned_trigger: Trigger::Cron,
            })
            .collect();
        let jobs = StreamJobs {
            connector_id,
            function: "scheduled-sync",
            concurrency_key: connector_id,
            streams: &streams,
        };
        wait(ensure_stream_jobs(&self.database, tenant, jobs, NOW)).unwrap();
    }

    pub fn claim(&self, limit: usize, now: i64) -> Vec<Claimed> {
        self.claim_only(limit, now, None)
    }

    pub fn claim_only(&self, limit: usize, now: i64, only: Option<Only<'_>>) -> Vec<Claimed> {
        self.claim_of(limit, now, only, &[])
    }

    /// Of none of these organizations.
    pub fn claim_except(&self, limit: usize, now: i64, except: &[&str]) -> Vec<Claimed> {
        self.claim_of(limit, now, None, except)
    }

    fn claim_of(
        &self,
        limit: usize,
        now: i64,
        only: Option<Only<'_>>,
        except: &[&str],
    ) -> Vec<Claimed> {
        let ids = self.ids(limit);
        let claim = Claim {
            holder: "tick",
            now_ms: now * 1_000,
            lease_secs: LEASE_SECS,
            fresh_run_ids: &ids,
            only,
            except,
        };
        wait(jobs::claim(&self.database, claim)).unwrap()
    }

    /// The ids of the jobs whose outcome was accepted.
    pub fn record(&self, conclusions: &[Conclusion], now: i64) -> Vec<String> {
        wait(jobs::record(&self.database, conclusions, now * 1_000)).unwrap()
    }

    pub fn request(&self, tenant: &Tenant, connector_id: &str, now: i64) -> Vec<PromisedRun> {
        self.request_with(tenant, connector_id, &STREAMS, None, now)
    }

    pub fn request_with(
        &self,
        tenant: &Tenant,
        connector_id: &str,
        streams: &[&str],
        params: Option<&str>,
        now: i64,
    ) -> Vec<PromisedRun> {
        let streams: Vec<_> = streams.iter().map(|stream| (*stream, self.id())).collect();
        let request = RunRequest {
            connector_id,
            streams: &streams,
            params,
            trigger: Trigger::Manual,
        };
        let mut runs = wait(jobs::request_run(&self.database, tenant, request, now)).unwrap();
        runs.sort_by(|a, b| a.job_id.cmp(&b.job_id));
        runs
    }

    pub fn execute(&self, sql: &str, parameters: &[Value]) -> Vec<store::Row> {
        wait(self.database.execute(sql, parameters)).unwrap()
    }

    /// A column of a job.
    pub fn job(&self, id: &str, column: &str) -> Value {
        self.execute(
            &format!("SELECT {column} FROM jobs WHERE id = ?1"),
            &[Value::from(id)],
        )[0]
        .0[0]
            .clone()
    }

    /// A column of a run; NULL where there is no such run.
    pub fn run(&self, id: &str, column: &str) -> Value {
        self.execute(
            &format!("SELECT {column} FROM sync_runs WHERE id = ?1"),
            &[Value::from(id)],
        )
        .first()
        .map_or(Value::Null, |row| row.0[0].clone())
    }
}

/// The run of `claimed` is over, and its job is due again at `next_due_at`.
pub fn ended(claimed: &Claimed, status: RunStatus, next_due_at: Option<i64>) -> Conclusion {
    let failure = (status == RunStatus::Failed).then(|| Failure {
        code: "provider_unavailable".to_owned(),
        detail: "7shifts answered 503".to_owned(),
    });
    Conclusion {
        job_id: claimed.job_id.clone(),
        lease_version: claimed.lease_version,
        state: JobState::Pending,
        next_due_at,
        planned_trigger: Trigger::Cron,
        attempts: 0,
        ended: Some(status),
        failure,
        nightly_date: None,
        complete: false,
        uncounted_calls: 0,
        is_sync: claimed.kind == jobs::SYNC,
        delivery_id: (claimed.kind == OUTBOX).then(|| claimed.name.clone()),
    }
}

/// The run of `claimed` goes on at `at`, after a failure if `attempts` says so.
pub fn goes_on(claimed: &Claimed, at: i64, attempts: u32) -> Conclusion {
    Conclusion {
        state: JobState::Pending,
        next_due_at: Some(at),
        attempts,
        ended: None,
        failure: (attempts > 0).then(|| Failure {
            code: "rate_limited".to_owned(),
            detail: "7shifts asked for a pause".to_owned(),
        }),
        ..ended(claimed, RunStatus::Success, None)
    }
}

pub fn text(value: &str) -> Value {
    Value::from(value)
}

pub fn integer(value: i64) -> Value {
    Value::from(value)
}
