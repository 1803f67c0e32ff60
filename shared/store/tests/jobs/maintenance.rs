//! The installation's own jobs, and what a tick looks at before it claims.

use domain::job::JobState;
use domain::run::RunStatus;
use store::jobs::plan::{due, hasten_unfinished};
use store::jobs::{
    Conclusion, MAINTENANCE, PURGE_ORGANIZATION, ensure_maintenance_job, ensure_organization_job,
};
use store::scheduler_ticks::begin;

use crate::fixture::{Fixture, NOW, ended, integer, text};
use crate::support::wait;

#[test]
fn a_maintenance_job_is_made_once_and_claimed_like_any_other() {
    let fixture = Fixture::new();
    let mine = fixture.organization(1);
    for _ in 0..2 {
        let (id, other) = (fixture.id(), fixture.id());
        wait(ensure_maintenance_job(
            &fixture.database,
            &id,
            "prune",
            "scheduled-sync",
            NOW,
        ))
        .unwrap();
        wait(ensure_organization_job(
            &fixture.database,
            &mine,
            &other,
            PURGE_ORGANIZATION,
            "scheduled-sync",
            NOW,
        ))
        .unwrap();
    }
    let mut claimed: Vec<_> = fixture
        .claim(10, NOW)
        .into_iter()
        .map(|job| (job.kind, job.name, job.subject, job.function))
        .collect();
    claimed.sort();
    let job = |name: &str, subject: &str| {
        (
            MAINTENANCE.to_owned(),
            name.to_owned(),
            subject.to_owned(),
            "scheduled-sync".to_owned(),
        )
    };
    assert_eq!(
        claimed,
        [job("prune", ""), job(PURGE_ORGANIZATION, mine.as_str())]
    );
}

#[test]
fn a_job_that_was_given_up_is_due_again_when_it_is_wanted_again() {
    let fixture = Fixture::new();
    let mine = fixture.organization(1);
    let ensure = |now| {
        let id = fixture.id();
        wait(ensure_organization_job(
            &fixture.database,
            &mine,
            &id,
            PURGE_ORGANIZATION,
            "scheduled-sync",
            now,
        ))
        .unwrap();
    };
    ensure(NOW);
    let claimed = fixture.claim(1, NOW).remove(0);
    // What runs keeps its lease, and its due time with it.
    ensure(NOW + 1);
    let lease_end = integer(claimed.lease_expires_at);
    assert_eq!(fixture.job(&claimed.job_id, "next_due_at"), lease_end);
    assert_eq!(fixture.job(&claimed.job_id, "state"), text("running"));
    let given_up = Conclusion {
        state: JobState::Failed,
        ..ended(&claimed, RunStatus::Failed, None)
    };
    assert_eq!(fixture.record(&[given_up], NOW + 2).len(), 1);
    assert_eq!(fixture.claim(1, NOW + 3), []);
    ensure(NOW + 4);
    let again = fixture.claim(1, NOW + 4).remove(0);
    assert_eq!(again.job_id, claimed.job_id);
    assert_eq!(again.attempts, 0, "it has all of its tries again");
    assert_ne!(again.run_id, claimed.run_id);
}

#[test]
fn what_is_due_is_seen_before_it_is_claimed() {
    let fixture = Fixture::new();
    let nothing = wait(begin(&fixture.database, NOW, NOW + 100_000)).unwrap();
    assert!(!nothing.is_due);
    let (_, connector) = fixture.connected(1, [Some(NOW - 5), Some(NOW - 9), Some(NOW + 1)]);
    let begun = wait(begin(&fixture.database, NOW, NOW + 100_000)).unwrap();
    assert!(begun.is_due);
    let mut found: Vec<_> = wait(due(&fixture.database, NOW))
        .unwrap()
        .into_iter()
        .map(|input| (input.connector_id, input.stream))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            (connector.clone(), "shifts".to_owned()),
            (connector, "users".to_owned())
        ]
    );
}

#[test]
fn a_maintenance_job_that_a_wrong_clock_put_far_ahead_is_due_again() {
    let fixture = Fixture::new();
    let job_id = fixture.id();
    wait(ensure_maintenance_job(
        &fixture.database,
        &job_id,
        "prune",
        "scheduled-sync",
        NOW + 10 * 86_400,
    ))
    .unwrap();
    let hasten = |horizon| wait(hasten_unfinished(&fixture.database, horizon, horizon, NOW));
    assert_eq!(hasten(NOW + 11 * 86_400), Ok(0), "its time is its own");
    assert_eq!(hasten(NOW + 7_200), Ok(1));
    assert_eq!(fixture.claim(1, NOW).len(), 1);
}
