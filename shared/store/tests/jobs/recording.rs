//! Outcomes: which count, and what they leave.

use domain::run::{RunStatus, Trigger};
use store::Value;
use store::jobs::Conclusion;

use crate::fixture::{Fixture, LEASE_SECS, NOW, ended, goes_on, integer, text};

#[test]
fn a_late_outcome_is_refused_and_changes_nothing() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW), None, None]);
    let late = fixture.claim(1, NOW).remove(0);
    let holder = fixture.claim(1, NOW + LEASE_SECS).remove(0);
    let refused = fixture.record(&[ended(&late, RunStatus::Failed, None)], NOW + LEASE_SECS);
    assert_eq!(refused, Vec::<String>::new());
    assert_eq!(fixture.run(&late.run_id, "status"), Value::Null);
    assert_eq!(fixture.job(&late.job_id, "state"), text("running"));
    assert_eq!(fixture.job(&late.job_id, "last_error"), Value::Null);
    let accepted = fixture.record(
        &[ended(&holder, RunStatus::Success, Some(NOW + 900))],
        NOW + LEASE_SECS + 5,
    );
    assert_eq!(accepted, [holder.job_id]);
    assert_eq!(fixture.run(&holder.run_id, "status"), text("success"));
}

#[test]
fn an_outcome_counts_once() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW), None, None]);
    let claimed = fixture.claim(1, NOW).remove(0);
    let first = ended(&claimed, RunStatus::Success, Some(NOW + 900));
    assert_eq!(
        fixture.record(std::slice::from_ref(&first), NOW + 1).len(),
        1
    );
    let again = ended(&claimed, RunStatus::Failed, None);
    assert_eq!(fixture.record(&[again], NOW + 2), Vec::<String>::new());
    assert_eq!(
        fixture.job(&claimed.job_id, "next_due_at"),
        integer(NOW + 900)
    );
    assert_eq!(fixture.run(&claimed.run_id, "status"), text("success"));
}

#[test]
fn an_outcome_after_the_lease_counts_while_nobody_else_holds_the_job() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW), None, None]);
    let claimed = fixture.claim(1, NOW).remove(0);
    let outcome = ended(&claimed, RunStatus::Success, Some(NOW + 900));
    assert_eq!(fixture.record(&[outcome], NOW + LEASE_SECS + 1).len(), 1);
}

#[test]
fn one_late_outcome_does_not_refuse_its_neighbours() {
    let fixture = Fixture::new();
    for number in 1..=3 {
        fixture.connected(number, [Some(NOW), None, None]);
    }
    let claimed = fixture.claim(3, NOW);
    let mut conclusions: Vec<_> = claimed
        .iter()
        .map(|job| ended(job, RunStatus::Success, Some(NOW + 900)))
        .collect();
    conclusions[1].lease_version -= 1;
    let mut accepted = fixture.record(&conclusions, NOW + 1);
    accepted.sort();
    let mut expected = vec![claimed[0].job_id.clone(), claimed[2].job_id.clone()];
    expected.sort();
    assert_eq!(accepted, expected);
}

#[test]
fn a_run_whose_function_was_never_reached_leaves_its_row() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [Some(NOW), None, None]);
    let claimed = fixture.claim(1, NOW).remove(0);
    fixture.record(
        &[ended(&claimed, RunStatus::Failed, Some(NOW + 3_600))],
        NOW + 2,
    );
    let run = |column| fixture.run(&claimed.run_id, column);
    assert_eq!(run("organization_id"), text(tenant.as_str()));
    assert_eq!(run("connector_id"), text(&connector));
    assert_eq!(run("job_id"), text(&claimed.job_id));
    assert_eq!(run("stream"), text("users"));
    assert_eq!(run("trigger"), text("cron"));
    assert_eq!(run("status"), text("failed"));
    assert_eq!(run("started_at"), integer(NOW));
    assert_eq!(run("finished_at"), integer(NOW + 2));
    assert_eq!(run("duration_ms"), integer(2_000));
    assert_eq!(run("error_code"), text("provider_unavailable"));
    assert_eq!(run("error_detail"), text("7shifts answered 503"));
    assert_eq!(fixture.job(&claimed.job_id, "last_status"), text("failed"));
    assert_eq!(
        fixture.job(&claimed.job_id, "last_error"),
        text("7shifts answered 503")
    );
    assert_eq!(fixture.job(&claimed.job_id, "last_success_at"), Value::Null);
}

#[test]
fn a_run_runs_until_it_ends_and_its_duration_is_from_start_to_end() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW), None, None]);
    let first = fixture.claim(1, NOW).remove(0);
    let went_on = Conclusion {
        uncounted_calls: 2,
        ..goes_on(&first, NOW + 5, 1)
    };
    fixture.record(&[went_on], NOW + 5);
    assert_eq!(fixture.run(&first.run_id, "status"), text("running"));
    assert_eq!(fixture.run(&first.run_id, "finished_at"), Value::Null);
    // Why it is tried again is to be seen while it is.
    assert_eq!(
        fixture.run(&first.run_id, "error_code"),
        text("rate_limited")
    );
    assert_eq!(fixture.job(&first.job_id, "last_finished_at"), Value::Null);
    let second = fixture.claim(1, NOW + 5).remove(0);
    let over = Conclusion {
        uncounted_calls: 3,
        ..ended(&second, RunStatus::Partial, Some(NOW + 900))
    };
    fixture.record(&[over], NOW + 9);
    assert_eq!(fixture.run(&first.run_id, "status"), text("partial"));
    // Calls that no checkpoint has counted.
    assert_eq!(fixture.run(&first.run_id, "provider_calls"), integer(5));
    assert_eq!(fixture.run(&first.run_id, "duration_ms"), integer(9_000));
    assert_eq!(fixture.run(&first.run_id, "error_code"), Value::Null);
    assert_eq!(
        fixture.job(&first.job_id, "last_success_at"),
        integer(NOW + 9)
    );
    assert_eq!(fixture.job(&first.job_id, "run_id"), Value::Null);
}

#[test]
fn a_clock_that_went_back_gives_no_negative_duration() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW), None, None]);
    let claimed = fixture.claim(1, NOW).remove(0);
    fixture.record(&[ended(&claimed, RunStatus::Success, None)], NOW - 3_600);
    assert_eq!(fixture.run(&claimed.run_id, "duration_ms"), integer(0));
}

#[test]
fn the_night_and_the_complete_pass_are_remembered() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW), None, None]);
    let claimed = fixture.claim(1, NOW).remove(0);
    let mut nightly = ended(&claimed, RunStatus::Success, Some(NOW + 100));
    nightly.nightly_date = Some("2027-01-15".parse().unwrap());
    nightly.complete = true;
    nightly.planned_trigger = Trigger::Nightly;
    fixture.record(&[nightly], NOW + 1);
    let job = |column| fixture.job(&claimed.job_id, column);
    assert_eq!(job("last_nightly_date"), text("2027-01-15"));
    assert_eq!(job("last_complete_at"), integer(NOW + 1));
    // The next run, which is none of both, leaves them.
    let next = fixture.claim(1, NOW + 100).remove(0);
    assert_eq!(next.trigger, "nightly");
    fixture.record(&[ended(&next, RunStatus::Success, None)], NOW + 101);
    assert_eq!(job("last_nightly_date"), text("2027-01-15"));
    assert_eq!(job("last_complete_at"), integer(NOW + 1));
    assert_eq!(job("last_success_at"), integer(NOW + 101));
}

#[test]
fn a_failed_complete_pass_is_none() {
    let fixture = Fixture::new();
    fixture.connected(1, [Some(NOW), None, None]);
    let claimed = fixture.claim(1, NOW).remove(0);
    let mut failed = ended(&claimed, RunStatus::Failed, None);
    failed.complete = true;
    fixture.record(&[failed], NOW);
    assert_eq!(
        fixture.job(&claimed.job_id, "last_complete_at"),
        Value::Null
    );
}

#[test]
fn nothing_to_record_asks_the_database_nothing() {
    let fixture = Fixture::new();
    fixture.database.take_statements();
    assert_eq!(fixture.record(&[], NOW), Vec::<String>::new());
    assert_eq!(fixture.database.take_statements(), Vec::<String>::new());
}
