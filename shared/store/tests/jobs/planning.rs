//! The rows of a connector's streams, and their due times.

use domain::job::Outcome;
use domain::run::{RunStatus, Trigger};
use domain::stream::Stream;
use store::jobs::plan::{
    MAX_JOBS, PlanningInput, Replanned, due_too_far, hasten_unfinished, next_due_at,
    planning_inputs, planning_inputs_of, planning_inputs_of_all, planning_inputs_of_streams,
    replan, stop_stream_jobs,
};
use store::jobs::{Failure, Lease, Progress, checkpoint};
use store::outbox::{self, DeliveryJob, NewDelivery, Sender};
use store::{Value, jobs};

use crate::fixture::{Fixture, LEASE_SECS, NOW, STREAMS, ended, goes_on, integer, tenant, text};
use crate::support::wait;

fn of(fixture: &Fixture, tenant: &domain::access::Tenant, connector: &str) -> Vec<PlanningInput> {
    let mut inputs = wait(planning_inputs_of(&fixture.database, tenant, connector)).unwrap();
    inputs.sort_by_key(|input| input.rank);
    inputs
}

#[test]
fn what_is_due_next_is_the_first_of_those_that_are_meant() {
    let fixture = Fixture::new();
    let (mine, connector) = fixture.connected(1, [Some(NOW + 7), Some(NOW + 5), None]);
    let next = |tenant, streams: &[&str]| {
        wait(next_due_at(&fixture.database, tenant, &connector, streams)).unwrap()
    };
    assert_eq!(next(&mine, &STREAMS), Some(NOW + 5));
    assert_eq!(next(&mine, &["users"]), Some(NOW + 7));
    assert_eq!(next(&mine, &["time_punches"]), None);
    assert_eq!(next(&mine, &[]), None);
    assert_eq!(next(&fixture.organization(2), &STREAMS), None);
}

#[test]
fn the_streams_of_connectors_are_told_with_those_that_are_disconnected_or_without() {
    let fixture = Fixture::new();
    let (mine, first) = fixture.connected(1, [Some(NOW), None, None]);
    let second = fixture.connector(&mine);
    fixture.streams(&mine, &second, [None; 3]);
    fixture.connected(2, [Some(NOW); 3]);
    let of = |streams: &[Stream], with_disconnected| -> Vec<_> {
        let inputs =
            planning_inputs_of_streams(&fixture.database, &mine, streams, with_disconnected);
        wait(inputs)
            .unwrap()
            .into_iter()
            .map(|input| (input.connector_id, input.stream, input.connected_at))
            .collect()
    };
    let row = |connector: &str, stream: &str| (connector.to_owned(), stream.to_owned(), Some(NOW));
    let both = [row(&first, "users"), row(&second, "users")];
    for with_disconnected in [true, false] {
        assert_eq!(of(&[Stream::Users, Stream::Wages], with_disconnected), both);
        assert!(of(&[], with_disconnected).is_empty());
    }
    for (connector, state) in [(&first, "disconnected"), (&second, "paused")] {
        fixture.execute(
            "UPDATE connectors SET state = ?2 WHERE id = ?1",
            &[connector.as_str().into(), state.into()],
        );
    }
    assert_eq!(of(&[Stream::Users], true), both);
    assert_eq!(of(&[Stream::Users], false), [row(&second, "users")]);
}

#[test]
fn a_stream_has_one_row_for_ever() {
    let fixture = Fixture::new();
    let (mine, connector) = fixture.connected(1, [Some(NOW), None, None]);
    let before = of(&fixture, &mine, &connector);
    let claimed = fixture.claim(1, NOW).remove(0);
    fixture.record(&[ended(&claimed, RunStatus::Success, None)], NOW);
    fixture.streams(&mine, &connector, [Some(NOW + 5), Some(NOW + 6), None]);
    let after = of(&fixture, &mine, &connector);
    let ids = |inputs: &[PlanningInput]| -> Vec<_> {
        inputs.iter().map(|input| input.job_id.clone()).collect()
    };
    assert_eq!(ids(&after), ids(&before));
    assert_eq!(after[0].next_due_at, Some(NOW + 5));
    assert_eq!(after[0].last_success_at, Some(NOW));
    assert_eq!(after[1].next_due_at, Some(NOW + 6));
}

#[test]
fn renewing_the_rows_disturbs_no_run() {
    let fixture = Fixture::new();
    let (mine, connector) = fixture.connected(1, [Some(NOW), None, None]);
    let running = fixture.claim(1, NOW).remove(0);
    let asked = fixture.request_with(&mine, &connector, &["shifts"], None, NOW);
    fixture.streams(&mine, &connector, [Some(NOW + 9_000); 3]);
    let inputs = of(&fixture, &mine, &connector);
    assert_eq!(inputs[0].next_due_at, Some(NOW + LEASE_SECS));
    assert_eq!(inputs[0].run_id, Some(running.run_id));
    assert_eq!(inputs[1].next_due_at, Some(NOW));
    assert_eq!(inputs[1].next_run_id.as_ref(), Some(&asked[0].run_id));
    assert_eq!(inputs[2].next_due_at, Some(NOW + 9_000));
}

#[test]
fn nobody_gives_another_tenants_connector_streams() {
    let fixture = Fixture::new();
    let mine = fixture.organization(1);
    let connector = fixture.connector(&mine);
    fixture.organization(2);
    fixture.streams(&tenant(2), &connector, [Some(NOW); 3]);
    assert_eq!(of(&fixture, &mine, &connector), []);
    assert_eq!(fixture.claim(5, NOW), []);
}

#[test]
fn the_planner_is_told_everything_it_asks() {
    let fixture = Fixture::new();
    let (mine, connector) = fixture.connected(1, [Some(NOW), None, None]);
    let claimed = fixture.claim(1, NOW).remove(0);
    let mut failed = ended(&claimed, RunStatus::Failed, Some(NOW + 60));
    failed.nightly_date = Some("2027-01-15".parse().unwrap());
    fixture.record(&[failed], NOW + 1);
    let by_id = wait(planning_inputs(&fixture.database, &[&claimed.job_id])).unwrap();
    assert_eq!(by_id.len(), 1);
    let input = &by_id[0];
    assert_eq!(input, &of(&fixture, &mine, &connector)[0]);
    assert_eq!(input.organization_id, mine.as_str());
    assert_eq!(input.connector_id, connector);
    assert_eq!(input.stream, STREAMS[0]);
    assert_eq!(input.time_zone, "America/Toronto");
    assert_eq!(input.connector_state, "active");
    assert_eq!(input.sync_settings, r#"{"enabled":true}"#);
    assert_eq!(input.next_due_at, Some(NOW + 60));
    assert_eq!(input.trigger.as_deref(), Some("cron"));
    assert_eq!(input.last_started_at, Some(NOW));
    assert_eq!(input.last_success_at, None);
    assert_eq!(
        input.last_outcome(),
        Some(Outcome::Failed {
            reason: "7shifts answered 503".to_owned()
        })
    );
    assert_eq!(input.last_nightly_date, Some("2027-01-15".parse().unwrap()));
    assert_eq!(of(&fixture, &tenant(2), &connector), []);
    assert_eq!(wait(planning_inputs(&fixture.database, &[])).unwrap(), []);
}

#[test]
fn several_connectors_are_asked_for_at_once_and_nobody_elses() {
    let fixture = Fixture::new();
    let (mine, one) = fixture.connected(1, [Some(NOW), None, None]);
    let two = fixture.connector(&mine);
    fixture.streams(&mine, &two, [Some(NOW + 1); 3]);
    let third = fixture.connector(&mine);
    fixture.streams(&mine, &third, [None; 3]);
    let (_, theirs) = fixture.connected(2, [Some(NOW), None, None]);
    let all = |ids: &[&str]| {
        let mut inputs = wait(planning_inputs_of_all(&fixture.database, &mine, ids)).unwrap();
        inputs.sort_by(|a, b| (&a.connector_id, a.rank).cmp(&(&b.connector_id, b.rank)));
        inputs
    };
    let mut expected = of(&fixture, &mine, &one);
    expected.extend(of(&fixture, &mine, &two));
    assert_eq!(all(&[&two, &theirs, &one, "none"]), expected);
    assert_eq!(all(&[]), []);
}

#[test]
fn plans_move_what_waits_and_nothing_else() {
    let fixture = Fixture::new();
    let (mine, connector) = fixture.connected(1, [Some(NOW), Some(NOW + 600), None]);
    fixture.claim(1, NOW);
    fixture.request_with(&mine, &connector, &["time_punches"], None, NOW);
    let before = of(&fixture, &mine, &connector);
    let plans: Vec<_> = before
        .iter()
        .map(|input| Replanned {
            job_id: input.job_id.clone(),
            next_due_at: None,
            planned_trigger: Trigger::Nightly,
        })
        .collect();
    wait(replan(&fixture.database, &plans, NOW + 1)).unwrap();
    let after = of(&fixture, &mine, &connector);
    assert_eq!(after[0], before[0], "runs");
    assert_eq!(after[2], before[2], "is promised");
    assert_eq!(after[1].next_due_at, None);
    assert_eq!(
        fixture.job(&after[1].job_id, "planned_trigger"),
        text("nightly")
    );
}

#[test]
fn a_plan_that_changes_nothing_writes_nothing() {
    let fixture = Fixture::new();
    let (mine, connector) = fixture.connected(1, [None, Some(NOW + 600), None]);
    let plans: Vec<_> = of(&fixture, &mine, &connector)
        .iter()
        .map(|input| Replanned {
            job_id: input.job_id.clone(),
            next_due_at: input.next_due_at,
            planned_trigger: Trigger::Cron,
        })
        .collect();
    wait(replan(&fixture.database, &plans, NOW + 77)).unwrap();
    for plan in &plans {
        assert_eq!(fixture.job(&plan.job_id, "updated_at"), integer(NOW));
    }
}

#[test]
fn what_is_due_too_far_is_listed_once_over_all_pages() {
    let fixture = Fixture::new();
    let connectors = MAX_JOBS / 2 + 50;
    for number in 0..connectors {
        let far = NOW + 100_000 + number % 5;
        let number = u64::try_from(number).unwrap() + 1;
        fixture.connected(number, [Some(far), Some(far), Some(NOW + 50_000)]);
    }
    let mut pages = 0;
    let mut found = Vec::new();
    loop {
        let last = found.last().cloned();
        let page = wait(due_too_far(&fixture.database, NOW + 50_000, last.as_ref())).unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= usize::try_from(MAX_JOBS).unwrap());
        pages += 1;
        found.extend(page);
    }
    let total = usize::try_from(connectors).unwrap() * 2;
    assert_eq!(found.len(), total);
    found.sort_by(|a: &PlanningInput, b| a.job_id.cmp(&b.job_id));
    found.dedup_by(|a, b| a.job_id == b.job_id);
    assert_eq!(found.len(), total);
    assert_eq!(pages, 2);
}

#[test]
fn a_webhook_that_waits_for_hours_is_no_sign_of_a_clock_that_jumped() {
    let fixture = Fixture::new();
    let tenant = fixture.organization(1);
    let connector = fixture.connector(&tenant);
    let (id, job_id) = (fixture.id(), fixture.id());
    let new = NewDelivery {
        id: &id,
        job_id: &job_id,
        kind: "webhook",
        sender: Sender::Connector(&connector),
        requested_by: "user-1",
        payload: "{}",
        depth: 0,
        lease: None,
        job: DeliveryJob {
            function: "outgoing-webhooks",
            concurrency_key: &connector,
        },
    };
    wait(outbox::enqueue(&fixture.database, &tenant, new, NOW)).unwrap();
    let claimed = fixture.claim(1, NOW).remove(0);
    let hasten = || wait(hasten_unfinished(&fixture.database, NOW, NOW + 43_200, NOW)).unwrap();
    fixture.record(&[goes_on(&claimed, NOW + 39_600, 0)], NOW);
    assert_eq!(hasten(), 0);
    // Its lease is one like any other, and so is a pause that no schedule has.
    let claimed = fixture.claim(1, NOW + 39_600).remove(0);
    assert_eq!(hasten(), 1);
    let claimed_again = fixture.claim(1, NOW).remove(0);
    assert!(claimed_again.lease_version > claimed.lease_version);
    fixture.record(&[goes_on(&claimed_again, NOW + 43_201, 0)], NOW);
    assert_eq!(hasten(), 1);
}

#[test]
fn after_a_clock_that_jumped_back_unfinished_runs_go_on_now() {
    let fixture = Fixture::new();
    let ahead = NOW + 86_400;
    let (first, _) = fixture.connected(1, [Some(NOW), None, None]);
    fixture.connected(2, [Some(NOW), None, None]);
    fixture.connected(3, [Some(NOW + 90_000), None, None]);
    let claimed = fixture.claim(2, ahead);
    let (held, waits): (Vec<_>, Vec<_>) = claimed
        .into_iter()
        .partition(|job| job.organization_id == first.as_str());
    fixture.record(&[goes_on(&waits[0], ahead + 600, 1)], ahead);
    // The clock is right again.
    assert_eq!(fixture.claim(5, NOW), []);
    let horizon = NOW + 3_600;
    assert_eq!(
        wait(hasten_unfinished(&fixture.database, horizon, horizon, NOW)),
        Ok(2)
    );
    assert_eq!(
        wait(hasten_unfinished(&fixture.database, horizon, horizon, NOW)),
        Ok(0)
    );
    let lease = Lease {
        tenant: &first,
        job_id: &held[0].job_id,
        version: held[0].lease_version,
    };
    let progress = Progress {
        checkpoint: "{}",
        kind: None,
        pages: 0,
        provider_calls: 0,
        counts: domain::run::RunCounts::default(),
    };
    assert_eq!(
        wait(checkpoint(&fixture.database, lease, progress, NOW)),
        Ok(false)
    );
    let mut again: Vec<_> = fixture
        .claim(5, NOW)
        .into_iter()
        .map(|job| job.run_id)
        .collect();
    again.sort();
    let mut expected = vec![held[0].run_id.clone(), waits[0].run_id.clone()];
    expected.sort();
    assert_eq!(again, expected);
}

#[test]
fn stopping_fences_what_runs_and_ends_what_was_promised() {
    let fixture = Fixture::new();
    let (mine, connector) = fixture.connected(1, [Some(NOW), None, Some(NOW + 60)]);
    let (other, other_connector) = fixture.connected(2, [Some(NOW + 60), None, None]);
    let running = fixture.claim(1, NOW).remove(0);
    let asked = fixture.request_with(&mine, &connector, &["users", "shifts"], None, NOW + 1);
    let reason = Failure {
        code: "disconnected".to_owned(),
        detail: "The account was disconnected.".to_owned(),
    };
    let stop = |tenant| {
        wait(stop_stream_jobs(
            &fixture.database,
            tenant,
            &connector,
            &reason,
            (NOW + 2) * 1_000,
        ))
        .unwrap();
    };
    stop(&other);
    assert_eq!(fixture.job(&running.job_id, "state"), text("running"));
    stop(&mine);
    for run in [&running.run_id, &asked[0].run_id, &asked[1].run_id] {
        assert_eq!(fixture.run(run, "status"), text("failed"), "{run}");
        assert_eq!(fixture.run(run, "error_code"), text("disconnected"));
        assert_eq!(fixture.run(run, "finished_at"), integer(NOW + 2));
    }
    assert_eq!(fixture.run(&running.run_id, "duration_ms"), integer(2_000));
    assert_eq!(fixture.run(&asked[1].run_id, "trigger"), text("manual"));
    let outcome = ended(&running, RunStatus::Success, Some(NOW));
    assert_eq!(fixture.record(&[outcome], NOW + 3), Vec::<String>::new());
    assert!(
        wait(jobs::load_work(
            &fixture.database,
            &running.job_id,
            running.lease_version,
            NOW + 3
        ))
        .unwrap()
        .is_none()
    );
    assert_eq!(fixture.run(&running.run_id, "status"), text("failed"));
    let left = fixture.claim(9, NOW + 1_000);
    assert_eq!(left.len(), 1, "only the other's");
    assert_eq!(left[0].subject, other_connector);
    // Connected again, it starts afresh.
    fixture.streams(&mine, &connector, [Some(NOW); 3]);
    let again = fixture.claim(1, NOW + 3).remove(0);
    assert_eq!(again.job_id, running.job_id);
    assert!(again.lease_version > running.lease_version);
    assert_ne!(Value::from(again.run_id), Value::from(running.run_id));
}
