//! Runs that somebody asks for.

use domain::run::RunStatus;
use store::jobs::plan::{Replanned, replan};
use store::jobs::{WantedRun, want_runs};
use store::{Value, sync_runs};

use crate::fixture::{Fixture, NOW, STREAMS, ended, goes_on, integer, tenant, text};
use crate::support::wait;

#[test]
fn who_asks_before_it_starts_gets_the_same_run() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [Some(NOW + 900), None, Some(NOW - 5)]);
    let asked = fixture.request(&tenant, &connector, NOW);
    assert_eq!(asked.len(), STREAMS.len());
    assert_eq!(fixture.request(&tenant, &connector, NOW + 1), asked);
    let claimed = fixture.claim(1, NOW + 1).remove(0);
    assert_eq!(claimed.name, "users");
    assert_eq!(claimed.trigger, "manual");
    assert_eq!(claimed.run_id, asked[0].run_id);
    // What was due already keeps its place in the queue.
    assert_eq!(
        fixture.job(&asked[2].job_id, "next_due_at"),
        integer(NOW - 5)
    );
}

#[test]
fn what_runs_when_asked_runs_again_under_the_promised_id() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [Some(NOW), None, None]);
    let running = fixture.claim(1, NOW).remove(0);
    let asked = fixture.request(&tenant, &connector, NOW + 1).remove(0);
    assert_ne!(asked.run_id, running.run_id);
    // Asking does not take the lease away, nor make a running job due.
    assert_eq!(fixture.job(&running.job_id, "state"), text("running"));
    let mut outcome = ended(&running, RunStatus::Success, Some(NOW + 900));
    outcome.planned_trigger = domain::run::Trigger::Nightly;
    fixture.record(&[outcome], NOW + 2);
    let promised = fixture.claim(1, NOW + 2).remove(0);
    assert_eq!(promised.job_id, running.job_id);
    assert_eq!(promised.run_id, asked.run_id);
    assert_eq!(promised.trigger, "manual");
    // Kept once: the next run is another one.
    fixture.record(
        &[ended(&promised, RunStatus::Success, Some(NOW + 3))],
        NOW + 3,
    );
    fixture.execute(
        "UPDATE jobs SET next_due_at = NULL WHERE kind = 'sync' AND subject = ?1 AND rank > 1",
        &[text(&connector)],
    );
    let next = fixture.claim(1, NOW + 3).remove(0);
    assert_ne!(next.run_id, asked.run_id);
    assert_eq!(next.trigger, "cron");
}

#[test]
fn an_unfinished_run_is_finished_first() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [Some(NOW), None, None]);
    let first = fixture.claim(1, NOW).remove(0);
    fixture.record(&[goes_on(&first, NOW + 600, 1)], NOW);
    let asked = fixture.request_with(
        &tenant,
        &connector,
        &["users"],
        Some(r#"{"full":true}"#),
        NOW + 1,
    );
    // The wait is over for who asks.
    let going_on = fixture.claim(1, NOW + 1).remove(0);
    assert_eq!(going_on.run_id, first.run_id);
    assert_eq!(fixture.job(&first.job_id, "params"), Value::Null);
    fixture.record(&[ended(&going_on, RunStatus::Failed, None)], NOW + 2);
    let promised = fixture.claim(1, NOW + 2).remove(0);
    assert_eq!(promised.run_id, asked[0].run_id);
    assert_eq!(
        fixture.job(&first.job_id, "params"),
        text(r#"{"full":true}"#)
    );
}

#[test]
fn what_is_asked_of_the_same_run_is_joined() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [None; 3]);
    let ask = |params| fixture.request_with(&tenant, &connector, &["users"], params, NOW);
    ask(Some(r#"{"full":true,"days":7}"#));
    ask(None);
    let job = ask(Some(r#"{"days":30}"#)).remove(0).job_id;
    let claimed = fixture.claim(1, NOW).remove(0);
    assert_eq!(
        fixture.job(&job, "params"),
        text(r#"{"full":true,"days":30}"#)
    );
    // The next run is asked for nothing.
    fixture.record(&[ended(&claimed, RunStatus::Success, Some(NOW))], NOW);
    assert_eq!(fixture.job(&job, "params"), Value::Null);
    fixture.claim(1, NOW);
    assert_eq!(fixture.job(&job, "params"), Value::Null);
}

#[test]
fn a_run_that_is_wanted_by_a_time_is_kept_until_then_and_comes_sooner_if_it_can() {
    let fixture = Fixture::new();
    let night = NOW + 36_000;
    let (mine, connector) = fixture.connected(1, [Some(night), Some(NOW + 60), Some(night)]);
    let run_id = fixture.id();
    let want = |tenant, stream| {
        let wanted = [WantedRun {
            stream,
            run_id: &run_id,
            due_at: NOW + 900,
        }];
        wait(want_runs(
            &fixture.database,
            tenant,
            &connector,
            &wanted,
            NOW,
        ))
        .unwrap();
    };
    let other = fixture.organization(2);
    want(&other, "time_punches");
    want(&mine, "users");
    want(&mine, "shifts");
    let jobs: Vec<_> = fixture
        .execute(
            "SELECT id, next_due_at FROM jobs
             WHERE concurrency_key = ?1 AND next_due_at IS NOT NULL ORDER BY rank",
            &[text(&connector)],
        )
        .iter()
        .map(|row| (row.text(0).unwrap().to_owned(), row.integer(1).unwrap()))
        .collect();
    let due: Vec<_> = jobs.iter().map(|(_, due)| *due).collect();
    assert_eq!(due, [NOW + 900, NOW + 60, night]);
    // Planning again does not put it off.
    let plans = [Replanned {
        job_id: jobs[0].0.clone(),
        next_due_at: Some(night),
        planned_trigger: domain::run::Trigger::Nightly,
    }];
    wait(replan(&fixture.database, &plans, NOW + 1)).unwrap();
    assert_eq!(fixture.claim(5, NOW + 59), []);
    assert_eq!(fixture.claim(5, NOW + 60)[0].name, "shifts");
    let claimed = fixture.claim(5, NOW + 60 + 900).remove(0);
    assert_eq!((claimed.name.as_str(), &claimed.run_id), ("users", &run_id));
    assert_eq!(claimed.trigger, "cron");
}

#[test]
fn nobody_asks_for_another_tenants_streams() {
    let fixture = Fixture::new();
    let (_, connector) = fixture.connected(1, [None; 3]);
    fixture.organization(2);
    assert_eq!(fixture.request(&tenant(2), &connector, NOW), []);
    assert_eq!(fixture.claim(5, NOW), []);
}

#[test]
fn a_stream_that_is_not_synced_is_left_out() {
    let fixture = Fixture::new();
    let (tenant, connector) = fixture.connected(1, [None; 3]);
    let asked = fixture.request_with(&tenant, &connector, &["wages", "shifts"], None, NOW);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].stream, "shifts");
}

#[test]
fn the_state_of_a_run_is_known_from_the_promise_to_the_end() {
    let fixture = Fixture::new();
    let (mine, connector) = fixture.connected(1, [None; 3]);
    let asked = fixture
        .request_with(&mine, &connector, &["users"], None, NOW)
        .remove(0);
    let state =
        |tenant, id: &str| wait(sync_runs::states(&fixture.database, tenant, &[id])).unwrap();
    let queued = state(&mine, &asked.run_id);
    assert_eq!(queued.len(), 1);
    assert_eq!(
        (queued[0].status.as_str(), queued[0].stream.as_str()),
        ("queued", "users")
    );
    let claimed = fixture.claim(1, NOW).remove(0);
    assert_eq!(state(&mine, &asked.run_id)[0].status, "queued");
    // Taken, and not at its first page.
    let read = wait(sync_runs::queued(&fixture.database, &mine, &asked.run_id)).unwrap();
    let read: serde_json::Value = serde_json::from_str(&read.unwrap()).unwrap();
    assert_eq!(
        (&read["status"], &read["trigger"]),
        (&"queued".into(), &"manual".into())
    );
    fixture.record(&[goes_on(&claimed, NOW, 0)], NOW + 1);
    assert_eq!(state(&mine, &asked.run_id)[0].status, "running");
    let claimed = fixture.claim(1, NOW + 1).remove(0);
    fixture.record(&[ended(&claimed, RunStatus::Failed, None)], NOW + 4);
    let failed = state(&mine, &asked.run_id).remove(0);
    assert_eq!(failed.status, "failed");
    assert_eq!(failed.duration_ms, Some(4_000));
    assert_eq!(failed.error_code.as_deref(), Some("provider_unavailable"));
    // Neither a promise nor a run of others is known, nor an id that no run has.
    let other = fixture.organization(2);
    assert_eq!(state(&other, &asked.run_id), []);
    assert_eq!(state(&mine, "nonsense"), []);
    assert_eq!(
        wait(sync_runs::queued(&fixture.database, &other, &asked.run_id)),
        Ok(None)
    );
    let promise = fixture.request(&mine, &connector, NOW + 5).remove(0);
    assert_eq!(state(&other, &promise.run_id), []);
}

#[test]
fn old_runs_are_removed_in_bounded_steps() {
    let fixture = Fixture::new();
    let (tenant, _) = fixture.connected(1, [Some(NOW), None, None]);
    let mut runs = Vec::new();
    for now in NOW..NOW + 5 {
        let claimed = fixture.claim(1, now).remove(0);
        fixture.record(&[ended(&claimed, RunStatus::Success, Some(now + 1))], now);
        runs.push(claimed.run_id);
    }
    let prune = |before| wait(sync_runs::prune(&fixture.database, before, 2)).unwrap();
    assert_eq!(prune(NOW + 3), 2);
    assert_eq!(prune(NOW + 3), 1);
    assert_eq!(prune(NOW + 3), 0);
    let ids: Vec<_> = runs.iter().map(String::as_str).collect();
    let left = wait(sync_runs::states(&fixture.database, &tenant, &ids)).unwrap();
    assert_eq!(left.len(), 2);
}
