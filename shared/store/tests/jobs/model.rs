//! Any sequence of claims, outcomes (late ones too), crashes, requests, plans and stops, against a
//! model in plain Rust.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Tenant;
use domain::run::{RunCounts, RunStatus, Trigger};
use proptest::prelude::*;
use store::Value;
use store::jobs::plan::{Replanned, planning_inputs_of, replan, stop_stream_jobs};
use store::jobs::{Claimed, Failure, Lease, Progress, checkpoint};

use crate::fixture::{Fixture, LEASE_SECS, NOW, STREAMS, ended, goes_on, text};
use crate::support::wait;

const CONNECTORS: u64 = 3;

#[derive(Clone, Debug)]
enum Step {
    Claim {
        limit: usize,
    },
    /// Of one of all claims so far, by its place from the last.
    Record {
        claim: usize,
        outcome: Outcome,
    },
    Checkpoint {
        claim: usize,
    },
    Wait {
        secs: i64,
    },
    Request {
        connector: usize,
        stream: usize,
    },
    Plan {
        connector: usize,
        stream: usize,
        after: Option<i64>,
    },
    Stop {
        connector: usize,
    },
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Done { next_after: Option<i64> },
    Failed { next_after: i64 },
    More,
    Retry { after: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop_oneof![
        prop::option::of(0..200_i64).prop_map(|next_after| Outcome::Done { next_after }),
        (0..200_i64).prop_map(|next_after| Outcome::Failed { next_after }),
        Just(Outcome::More),
        (1..100_i64).prop_map(|after| Outcome::Retry { after }),
    ];
    let connector = 0..usize::try_from(CONNECTORS).unwrap();
    let stream = 0..STREAMS.len();
    let step = prop_oneof![
        4 => (1..4_usize).prop_map(|limit| Step::Claim { limit }),
        4 => (0..6_usize, outcome).prop_map(|(claim, outcome)| Step::Record { claim, outcome }),
        2 => (0..6_usize).prop_map(|claim| Step::Checkpoint { claim }),
        3 => (0..90_i64).prop_map(|secs| Step::Wait { secs }),
        2 => (connector.clone(), stream.clone())
            .prop_map(|(connector, stream)| Step::Request { connector, stream }),
        1 => (connector.clone(), stream, prop::option::of(0..200_i64))
            .prop_map(|(connector, stream, after)| Step::Plan { connector, stream, after }),
        1 => connector.prop_map(|connector| Step::Stop { connector }),
    ];
    prop::collection::vec(step, 1..60)
}

/// A job as the rules have it.
#[derive(Clone, Debug)]
struct Job {
    connector: usize,
    rank: usize,
    due: Option<i64>,
    /// The end of the lease.
    leased: Option<i64>,
    version: i64,
    run: Option<String>,
    promised: Option<String>,
}

struct World {
    fixture: Fixture,
    now: i64,
    connectors: Vec<(Tenant, String)>,
    jobs: BTreeMap<String, Job>,
    claims: Vec<Claimed>,
    /// Every run that was handed out, with the lease versions under which it was.
    runs: BTreeMap<String, BTreeSet<(String, i64)>>,
    /// Promised, and neither begun nor stopped.
    promises: BTreeSet<String>,
    /// Begun and neither ended nor stopped.
    open: BTreeSet<String>,
}

impl World {
    fn new() -> Self {
        let fixture = Fixture::new();
        let connectors: Vec<_> = (1..=CONNECTORS)
            .map(|number| fixture.connected(number, [Some(NOW), Some(NOW + 5), None]))
            .collect();
        let mut jobs = BTreeMap::new();
        for (connector, (tenant, id)) in connectors.iter().enumerate() {
            for input in wait(planning_inputs_of(&fixture.database, tenant, id)).unwrap() {
                let job = Job {
                    connector,
                    rank: usize::try_from(input.rank).unwrap(),
                    due: input.next_due_at,
                    leased: None,
                    version: 0,
                    run: None,
                    promised: None,
                };
                jobs.insert(input.job_id, job);
            }
        }
        Self {
            fixture,
            now: NOW,
            connectors,
            jobs,
            claims: Vec::new(),
            runs: BTreeMap::new(),
            promises: BTreeSet::new(),
            open: BTreeSet::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Claim { limit } => self.claim(limit),
            Step::Record { claim, outcome } => self.record(claim, outcome),
            Step::Checkpoint { claim } => self.checkpoint(claim),
            Step::Wait { secs } => self.now += secs,
            Step::Request { connector, stream } => self.request(connector, stream),
            Step::Plan {
                connector,
                stream,
                after,
            } => self.plan(connector, stream, after),
            Step::Stop { connector } => self.stop(connector),
        }
    }

    /// What a claim must hand out, longest due first.
    fn claimable(&self) -> Vec<String> {
        let now = self.now;
        let place = |id: &String, job: &Job| (job.rank, job.due, id.clone());
        let mut found: Vec<_> = self
            .jobs
            .iter()
            .filter(|(_, job)| job.due.is_some_and(|due| due <= now))
            .filter(|(id, job)| {
                self.jobs
                    .iter()
                    .filter(|(_, other)| other.connector == job.connector)
                    .all(|(other_id, other)| {
                        let held = other.leased.is_some_and(|end| end > now);
                        let due = other.due.is_some_and(|due| due <= now);
                        !held && (!due || place(other_id, other) >= place(id, job))
                    })
            })
            .map(|(id, job)| {
                (
                    job.due,
                    self.connectors[job.connector].1.clone(),
                    id.clone(),
                )
            })
            .collect();
        found.sort();
        found.into_iter().map(|(.., id)| id).collect()
    }

    fn claim(&mut self, limit: usize) {
        let expected: BTreeSet<_> = self.claimable().into_iter().take(limit).collect();
        let claimed = self.fixture.claim(limit, self.now);
        let got: BTreeSet<_> = claimed.iter().map(|job| job.job_id.clone()).collect();
        assert_eq!(got, expected);
        assert_eq!(got.len(), claimed.len(), "the same job twice");
        for claim in claimed {
            let job = self.jobs.get_mut(&claim.job_id).unwrap();
            job.version += 1;
            assert_eq!(claim.lease_version, job.version);
            match job.run.take().or_else(|| job.promised.take()) {
                // A run in progress goes on, a promise is kept.
                Some(run) => assert_eq!(claim.run_id, run),
                None => assert!(!self.runs.contains_key(&claim.run_id), "an old run's id"),
            }
            job.run = Some(claim.run_id.clone());
            job.leased = Some(self.now + LEASE_SECS);
            job.due = job.leased;
            self.promises.remove(&claim.run_id);
            self.open.insert(claim.run_id.clone());
            let holders = self.runs.entry(claim.run_id.clone()).or_default();
            assert!(
                holders.insert((claim.job_id.clone(), claim.lease_version)),
                "handed out twice under one lease version"
            );
            self.claims.push(claim);
        }
    }

    fn nth(&self, from_last: usize) -> Option<Claimed> {
        self.claims.iter().rev().nth(from_last).cloned()
    }

    fn record(&mut self, claim: usize, outcome: Outcome) {
        let Some(claim) = self.nth(claim) else { return };
        let now = self.now;
        let conclusion = match outcome {
            Outcome::Done { next_after } => ended(
                &claim,
                RunStatus::Success,
                next_after.map(|after| now + after),
            ),
            Outcome::Failed { next_after } => {
                ended(&claim, RunStatus::Failed, Some(now + next_after))
            }
            Outcome::More => goes_on(&claim, now, 0),
            Outcome::Retry { after } => goes_on(&claim, now + after, 1),
        };
        let accepted = self.fixture.record(std::slice::from_ref(&conclusion), now);
        let job = self.jobs.get_mut(&claim.job_id).unwrap();
        let valid = job.leased.is_some() && job.version == claim.lease_version;
        assert_eq!(accepted.len(), usize::from(valid), "{conclusion:?}");
        if !valid {
            return;
        }
        job.leased = None;
        job.due = conclusion.next_due_at;
        if conclusion.ended.is_some() {
            self.open.remove(&claim.run_id);
            job.run = None;
            if job.promised.is_some() {
                job.due = Some(now);
            }
        }
    }

    fn checkpoint(&self, claim: usize) {
        let Some(claim) = self.nth(claim) else { return };
        let job = &self.jobs[&claim.job_id];
        let saved = format!(r#"{{"version":{}}}"#, claim.lease_version);
        let lease = Lease {
            tenant: &self.connectors[job.connector].0,
            job_id: &claim.job_id,
            version: claim.lease_version,
        };
        let progress = Progress {
            checkpoint: &saved,
            kind: None,
            pages: 1,
            provider_calls: 1,
            counts: RunCounts::default(),
        };
        let valid =
            job.version == claim.lease_version && job.leased.is_some_and(|end| end > self.now);
        let accepted = wait(checkpoint(
            &self.fixture.database,
            lease,
            progress,
            self.now,
        ))
        .unwrap();
        assert_eq!(accepted, valid);
    }

    fn request(&mut self, connector: usize, stream: usize) {
        let (tenant, id) = &self.connectors[connector];
        let promised = self
            .fixture
            .request_with(tenant, id, &[STREAMS[stream]], None, self.now)
            .remove(0);
        let job = self.jobs.get_mut(&promised.job_id).unwrap();
        assert_eq!((job.connector, job.rank), (connector, stream + 1));
        match &job.promised {
            Some(run) => assert_eq!(run, &promised.run_id),
            None => assert!(!self.runs.contains_key(&promised.run_id)),
        }
        job.promised = Some(promised.run_id.clone());
        if job.leased.is_none() {
            job.due = Some(job.due.map_or(self.now, |due| due.min(self.now)));
        }
        self.promises.insert(promised.run_id);
    }

    fn plan(&mut self, connector: usize, stream: usize, after: Option<i64>) {
        let due = after.map(|after| self.now + after);
        let (id, job) = self
            .jobs
            .iter_mut()
            .find(|(_, job)| (job.connector, job.rank) == (connector, stream + 1))
            .unwrap();
        let plan = Replanned {
            job_id: id.clone(),
            next_due_at: due,
            planned_trigger: Trigger::Cron,
        };
        wait(replan(&self.fixture.database, &[plan], self.now)).unwrap();
        if job.run.is_none() && job.promised.is_none() {
            job.due = due;
        }
    }

    fn stop(&mut self, connector: usize) {
        let (tenant, id) = &self.connectors[connector];
        let reason = Failure {
            code: "disconnected".to_owned(),
            detail: "Disconnected.".to_owned(),
        };
        let database = &self.fixture.database;
        wait(stop_stream_jobs(
            database,
            tenant,
            id,
            &reason,
            self.now * 1_000,
        ))
        .unwrap();
        for job in self
            .jobs
            .values_mut()
            .filter(|job| job.connector == connector)
        {
            job.version += 1;
            job.leased = None;
            job.due = None;
            for run in [job.run.take(), job.promised.take()].into_iter().flatten() {
                self.promises.remove(&run);
                self.open.remove(&run);
                assert_eq!(self.fixture.run(&run, "error_code"), text("disconnected"));
                self.runs.entry(run).or_default();
            }
        }
    }

    /// Lets every lease end and every retry come, and finishes what is handed out.
    fn quiesce(&mut self) {
        for _ in 0..100 {
            self.now += 200;
            while !self.claimable().is_empty() {
                self.claim(2);
                self.record(0, Outcome::Done { next_after: None });
                self.record(1, Outcome::Done { next_after: None });
            }
            if self.jobs.values().all(|job| job.due.is_none()) {
                return;
            }
        }
        panic!("jobs are due for ever: {:?}", self.jobs);
    }

    fn check_end(&self) {
        assert_eq!(self.promises, BTreeSet::new(), "promised and never run");
        assert_eq!(self.open, BTreeSet::new(), "begun and never ended");
        for run in self.runs.keys() {
            assert_ne!(self.fixture.run(run, "finished_at"), Value::Null, "{run}");
        }
        let left = self.fixture.execute(
            "SELECT count(*) FROM jobs INDEXED BY jobs_leased WHERE concurrency_key > '' AND lease_holder IS NOT NULL",
            &[],
        );
        assert_eq!(left[0].integer(0), Ok(0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_job_is_lost_none_runs_twice_under_one_lease_and_promises_are_kept(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.quiesce();
        world.check_end();
    }
}
