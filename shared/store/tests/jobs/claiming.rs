//! What is claimed, in which order, and what is not.

use std::collections::HashSet;
use std::time::Instant;

use domain::run::RunStatus;
use store::jobs::{Only, SYNC};
use store::scheduler_ticks::{begin, finish};

use crate::fixture::{Fixture, LEASE_SECS, NOW, STREAMS, ended, goes_on, integer, tenant, text};
use crate::support::{TestDatabase, assert_indexed, wait};

#[test]
fn nothing_due_claims_nothing() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW + 1), None, Some(NOW + 900)]);
    assert_eq!(fixture.claim(10, NOW), []);
}

#[test]
fn of_one_connector_the_lowest_rank_that_is_due_comes_first_and_alone() {
    let fixture = Fixture::new();
    // Punches have waited longest, but what they refer to comes first.
    fixture.connected(1, [Some(NOW), Some(NOW + 1), Some(NOW - 900)]);
    let mut order = Vec::new();
    for now in [NOW, NOW + 1, NOW + 2] {
        let claimed = fixture.claim(10, now);
        assert_eq!(claimed.len(), 1, "{claimed:?}");
        assert_eq!(fixture.claim(10, now), [], "the key is taken");
        order.push(claimed[0].name.clone());
        fixture.record(&[ended(&claimed[0], RunStatus::Success, None)], now);
    }
    assert_eq!(order, STREAMS);
}

#[test]
fn a_claim_hands_out_everything_that_a_function_is_called_with() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [Some(NOW), None, None]);
    let claimed = fixture.claim(1, NOW).remove(0);
    assert_eq!(
        (claimed.kind.as_str(), claimed.name.as_str()),
        (SYNC, "users")
    );
    assert_eq!(claimed.organization_id, tenant.as_str());
    assert_eq!(claimed.subject, connector);
    assert_eq!(claimed.function, "scheduled-sync");
    assert_eq!(claimed.lease_version, 1);
    assert_eq!(claimed.lease_expires_at, NOW + LEASE_SECS);
    assert_eq!(claimed.trigger, "cron");
    assert_eq!(claimed.attempts, 0);
    assert_eq!(fixture.job(&claimed.job_id, "state"), text("running"));
    assert_eq!(fixture.job(&claimed.job_id, "lease_holder"), text("tick"));
    assert_eq!(
        fixture.job(&claimed.job_id, "next_due_at"),
        integer(NOW + LEASE_SECS)
    );
    assert_eq!(
        fixture.job(&claimed.job_id, "last_started_at"),
        integer(NOW)
    );
}

#[test]
fn the_longest_due_come_first_and_the_limit_holds() {
    let fixture = Fixture::new();
    let mut connectors: Vec<_> = (0..10)
        .map(|n| {
            // Neither in the order of ids nor of organizations.
            let due = NOW - (n * 7) % 10;
            (
                due,
                fixture
                    .connected(u64::try_from(n).unwrap() + 1, [None, Some(due), None])
                    .1,
            )
        })
        .collect();
    connectors.sort();
    let claimed: HashSet<_> = fixture
        .claim(4, NOW)
        .into_iter()
        .map(|job| job.subject)
        .collect();
    let longest: HashSet<_> = connectors[..4].iter().map(|(_, id)| id.clone()).collect();
    assert_eq!(claimed, longest);
    assert_eq!(fixture.claim(100, NOW).len(), 6);
}

#[test]
fn every_new_run_has_an_id_of_its_own() {
    let fixture = Fixture::new();
    for number in 1..=20 {
        fixture.connected(number, [Some(NOW), None, None]);
    }
    let ids: HashSet<_> = fixture
        .claim(20, NOW)
        .into_iter()
        .map(|job| job.run_id)
        .collect();
    assert_eq!(ids.len(), 20);
}

#[test]
fn blocked_jobs_at_the_head_hold_nobody_up() {
    let fixture = Fixture::new();
    for number in 1..=40 {
        fixture.connected(number, [Some(NOW - 10); 3]);
    }
    assert_eq!(fixture.claim(40, NOW).len(), 40);
    // 80 jobs due longer than this one wait for their connectors.
    let (_, connector) = fixture.connected(41, [None, Some(NOW), None]);
    let claimed = fixture.claim(5, NOW);
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].subject, connector);
}

#[test]
fn a_lost_lease_is_claimed_again_as_the_same_run_and_counts_as_an_attempt() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW), None, None]);
    let first = fixture.claim(1, NOW).remove(0);
    assert_eq!(fixture.claim(1, NOW + LEASE_SECS - 1), []);
    let second = fixture.claim(1, NOW + LEASE_SECS).remove(0);
    assert_eq!(second.job_id, first.job_id);
    assert_eq!(second.run_id, first.run_id);
    assert_eq!(second.lease_version, first.lease_version + 1);
    assert_eq!(second.attempts, 1);
    // The run began when it began.
    assert_eq!(fixture.job(&first.job_id, "last_started_at"), integer(NOW));
    let third = fixture.claim(1, NOW + 2 * LEASE_SECS).remove(0);
    assert_eq!(third.attempts, 2);
}

#[test]
fn a_new_run_starts_without_the_failures_of_the_last() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW), None, None]);
    let first = fixture.claim(1, NOW).remove(0);
    let mut failed = ended(&first, RunStatus::Failed, Some(NOW + 10));
    failed.attempts = 8;
    fixture.record(&[failed], NOW);
    let second = fixture.claim(1, NOW + 10).remove(0);
    assert_ne!(second.run_id, first.run_id);
    assert_eq!(second.attempts, 0);
}

#[test]
fn a_run_that_goes_on_keeps_id_trigger_and_failures() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [Some(NOW), None, None]);
    let promised = fixture.request(&tenant, &connector, NOW).remove(0);
    let first = fixture.claim(1, NOW).remove(0);
    assert_eq!(first.run_id, promised.run_id);
    fixture.record(&[goes_on(&first, NOW + 30, 3)], NOW);
    let again = fixture.claim(1, NOW + 30);
    let again = again.iter().find(|job| job.job_id == first.job_id).unwrap();
    assert_eq!(again.run_id, first.run_id);
    assert_eq!(again.trigger, "manual");
    assert_eq!(again.attempts, 3);
}

#[test]
fn only_the_subject_that_is_waited_for() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW - 100); 3]);
    let (mine, connector) = fixture.connected(2, [Some(NOW); 3]);
    let only = Only {
        tenant: &mine,
        kind: SYNC,
        subject: Some(&connector),
    };
    let claimed = fixture.claim_only(5, NOW, Some(only));
    assert_eq!(claimed.len(), 1);
    assert_eq!(
        (&claimed[0].subject, claimed[0].name.as_str()),
        (&connector, "users")
    );
    // Nobody claims what is another's.
    let foreign = Only {
        tenant: &tenant(1),
        kind: SYNC,
        subject: Some(&connector),
    };
    fixture.record(&[ended(&claimed[0], RunStatus::Success, None)], NOW);
    assert_eq!(fixture.claim_only(5, NOW, Some(foreign)), []);
    let of_any = |tenant| Only {
        tenant,
        kind: SYNC,
        subject: None,
    };
    let other = tenant(3);
    assert_eq!(fixture.claim_only(5, NOW, Some(of_any(&other))), []);
    assert_eq!(fixture.claim_only(5, NOW, Some(only))[0].name, "shifts");
}

#[test]
fn two_instances_on_one_file_never_hold_the_same_job_or_connector() {
    const CONNECTORS: usize = 60;
    let fixture = Fixture::new();
    for number in 1..=u64::try_from(CONNECTORS).unwrap() {
        fixture.connected(number, [Some(NOW); 3]);
    }
    let path = fixture.database.path();
    let claimed: Vec<(String, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u64)
            .map(|thread| {
                scope.spawn(move || {
                    let mine = Fixture::on(TestDatabase::at(path), (thread + 1) << 32);
                    let mut all = Vec::new();
                    loop {
                        let claimed = mine.claim(3, NOW);
                        if claimed.is_empty() {
                            return all;
                        }
                        all.extend(claimed.into_iter().map(|job| (job.job_id, job.subject)));
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let jobs: HashSet<_> = claimed.iter().map(|(job, _)| job).collect();
    let subjects: HashSet<_> = claimed.iter().map(|(_, subject)| subject).collect();
    assert_eq!(claimed.len(), CONNECTORS);
    assert_eq!(jobs.len(), CONNECTORS);
    assert_eq!(subjects.len(), CONNECTORS);
}

/// Fills the table without going through the store: 10,000 connectors of six streams each.
fn fill(fixture: &Fixture, connectors: i64, due_at: i64) {
    fixture.execute("DELETE FROM jobs WHERE id IS NOT NULL", &[]);
    fixture.execute(
        "WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < ?1 * 6 - 1)
         INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, rank, state,
           next_due_at, created_at, updated_at)
         SELECT printf('0190a5c0-0001-7000-8000-%012d', i), 'sync', 'stream' || (i % 6),
           printf('0190a5c0-0002-7000-8000-%012d', i / 6), printf('0190a5c0-0003-7000-8000-%012d', i / 6),
           'scheduled-sync', printf('0190a5c0-0003-7000-8000-%012d', i / 6), i % 6, 'pending', ?2 + i % 900, 0, 0
         FROM n",
        &[integer(connectors), integer(due_at)],
    );
}

#[test]
fn a_tick_with_nothing_due_among_10_000_connectors_is_three_short_statements() {
    let fixture = Fixture::on(TestDatabase::new(), 1_000);
    fill(&fixture, 10_000, NOW + 1);
    fixture.database.take_statements();
    fixture.database.take_steps();
    let start = Instant::now();
    wait(begin(&fixture.database, NOW, NOW + 1_000)).unwrap();
    assert_eq!(fixture.claim(64, NOW), []);
    wait(finish(&fixture.database, NOW, NOW)).unwrap();
    let took = start.elapsed();
    let steps = fixture.database.take_steps();
    assert!(steps < 250, "{steps} steps");
    let statements = fixture.database.take_statements();
    assert_eq!(statements.len(), 3);
    let plan = fixture.database.plan(&statements[1]);
    assert_indexed(&plan);
    // What is due is found without the table; the table is only for what was picked.
    assert!(
        plan.iter()
            .any(|line| line.starts_with("SEARCH jobs USING COVERING INDEX jobs_due")),
        "{plan:#?}"
    );
    for probe in ["leased", "earlier"] {
        assert!(
            plan.iter()
                .any(|line| line.starts_with(&format!("SEARCH {probe} USING "))),
            "{plan:#?}"
        );
    }
    println!("a tick with nothing due among 60,000 jobs: {steps} steps, {took:?}");
}

#[test]
fn claiming_and_recording_grows_with_what_is_due() {
    let steps_of_a_job = [1_000, 10_000].map(|connectors| {
        let fixture = Fixture::on(TestDatabase::new(), 1_000);
        fill(&fixture, connectors, NOW - 1_000);
        fixture.database.take_steps();
        let start = Instant::now();
        let mut recorded = 0;
        loop {
            let claimed = fixture.claim(256, NOW);
            if claimed.is_empty() {
                break;
            }
            let conclusions: Vec<_> = claimed
                .iter()
                .map(|job| ended(job, RunStatus::Success, Some(NOW + 900)))
                .collect();
            recorded += i64::try_from(fixture.record(&conclusions, NOW).len()).unwrap();
        }
        assert_eq!(recorded, connectors * 6);
        let steps = fixture.database.take_steps() / recorded;
        let a_job = start.elapsed() / u32::try_from(recorded).unwrap();
        println!("{recorded} jobs claimed and recorded: {steps} steps and {a_job:?} a job");
        steps
    });
    let [few, many] = steps_of_a_job;
    assert!(many * 10 < few * 12, "{few} steps a job, then {many}");
}

#[test]
fn a_claim_that_is_refused_by_the_database_takes_nothing() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW), None, None]);
    let other = TestDatabase::at(fixture.database.path());
    wait(store::Execute::execute(&other, "BEGIN IMMEDIATE", &[])).unwrap();
    fixture.execute("PRAGMA busy_timeout = 10", &[]);
    let ids = fixture.ids(1);
    let claim = store::jobs::Claim {
        holder: "tick",
        now_ms: NOW * 1_000,
        lease_secs: LEASE_SECS,
        fresh_run_ids: &ids,
        only: None,
        except: &[],
    };
    let refused = wait(store::jobs::claim(&fixture.database, claim)).unwrap_err();
    assert!(
        matches!(refused, store::DatabaseError::Busy(_)),
        "{refused}"
    );
    wait(store::Execute::execute(&other, "ROLLBACK", &[])).unwrap();
    assert_eq!(fixture.claim(1, NOW).len(), 1);
}

#[test]
fn an_organization_that_has_its_share_is_passed_over() {
    let fixture = Fixture::on(TestDatabase::new(), 1_000);
    fill(&fixture, 3, NOW);
    let organization = |number: u32| format!("0190a5c0-0002-7000-8000-{number:012}");
    let (first, second) = (organization(0), organization(1));
    let now = NOW + 900;
    let claimed = fixture.claim_except(10, now, &[&first, &second]);
    let of: Vec<_> = claimed
        .iter()
        .map(|job| job.organization_id.as_str())
        .collect();
    assert_eq!(of, [organization(2)]);
    assert_eq!(fixture.claim(10, now).len(), 2, "and nobody is forgotten");
}
