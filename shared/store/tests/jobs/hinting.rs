//! What a provider says has changed.

use domain::access::Tenant;
use domain::run::RunStatus;
use store::jobs::{HINT_GAP_SECONDS, HintedRun, hint_runs};

use crate::fixture::{Fixture, NOW, ended, integer, text};
use crate::support::wait;

fn hint(fixture: &Fixture, tenant: &Tenant, connector: &str, stream: &str, now: i64) {
    let hinted = [HintedRun {
        stream,
        run_id: fixture.id(),
    }];
    wait(hint_runs(
        &fixture.database,
        tenant,
        connector,
        &hinted,
        now,
    ))
    .unwrap();
}

#[test]
fn a_stream_is_due_at_once_and_half_a_minute_after_its_last_start() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [Some(NOW + 900), None, None]);
    hint(&fixture, &tenant, &connector, "users", NOW);
    let first = fixture.claim(5, NOW).remove(0);
    assert_eq!(
        (first.name.as_str(), first.trigger.as_str()),
        ("users", "webhook")
    );
    fixture.record(
        &[ended(&first, RunStatus::Success, Some(NOW + 900))],
        NOW + 2,
    );
    hint(&fixture, &tenant, &connector, "users", NOW + 3);
    let due = fixture.job(&first.job_id, "next_due_at");
    assert_eq!(due, integer(NOW + HINT_GAP_SECONDS));
    // Another hint changes nothing: the run that is promised begins after both.
    let promised = fixture.job(&first.job_id, "next_run_id");
    hint(&fixture, &tenant, &connector, "users", NOW + 9);
    assert_eq!(fixture.job(&first.job_id, "next_run_id"), promised);
    assert_eq!(fixture.job(&first.job_id, "next_due_at"), due);
    let second = fixture.claim(5, NOW + HINT_GAP_SECONDS).remove(0);
    assert_eq!(text(&second.run_id), promised);
}

#[test]
fn a_run_in_progress_is_followed_by_another_after_the_gap() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [Some(NOW), None, None]);
    let running = fixture.claim(1, NOW).remove(0);
    hint(&fixture, &tenant, &connector, "users", NOW + 5);
    assert_eq!(fixture.job(&running.job_id, "state"), text("running"));
    fixture.record(
        &[ended(&running, RunStatus::Success, Some(NOW + 900))],
        NOW + 6,
    );
    let due = integer(NOW + HINT_GAP_SECONDS);
    assert_eq!(fixture.job(&running.job_id, "next_due_at"), due);
    let next = fixture.claim(1, NOW + HINT_GAP_SECONDS).remove(0);
    assert_eq!(next.trigger, "webhook");
    // The wait was for this run, and is forgotten with it.
    fixture.record(
        &[ended(&next, RunStatus::Success, Some(NOW + 900))],
        NOW + 40,
    );
    assert_eq!(
        fixture.job(&running.job_id, "next_due_at"),
        integer(NOW + 900)
    );
}

#[test]
fn who_asks_does_not_wait_for_the_gap_of_a_hint() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [Some(NOW), None, None]);
    let running = fixture.claim(1, NOW).remove(0);
    hint(&fixture, &tenant, &connector, "users", NOW + 1);
    fixture.request(&tenant, &connector, NOW + 2);
    fixture.record(
        &[ended(&running, RunStatus::Success, Some(NOW + 900))],
        NOW + 3,
    );
    assert_eq!(
        fixture.job(&running.job_id, "next_due_at"),
        integer(NOW + 3)
    );
}

#[test]
fn what_is_switched_off_or_anothers_is_not_touched() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [Some(NOW + 60), None, Some(NOW + 60)]);
    let stranger = fixture.organization(2);
    hint(&fixture, &stranger, &connector, "users", NOW);
    hint(&fixture, &tenant, &connector, "shifts", NOW);
    hint(&fixture, &tenant, &connector, "weather", NOW);
    let rows = fixture.execute(
        "SELECT count(next_run_id) FROM jobs WHERE kind = 'sync' AND subject = ?1",
        &[text(&connector)],
    );
    assert_eq!(rows[0].integer(0).unwrap(), 0);
}
