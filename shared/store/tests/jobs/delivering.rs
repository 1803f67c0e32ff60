//! Deliveries: decided once, claimed one after the other for one channel, and recorded with their
//! jobs.

use domain::job::JobState;
use domain::run::RunStatus;
use store::jobs::{Claimed, Conclusion, Failure, Lease, Only};
use store::outbox::{
    self, Attempt, DeliveryJob, Effect, Enqueued, MAX_PENDING, NewDelivery, NewLease, OUTBOX,
    Sender,
};
use store::{Database, DatabaseError, Value};

use crate::fixture::{Fixture, LEASE_SECS, NOW, ended, goes_on, tenant, text};
use crate::support::wait;

/// A connector of the organization of this number, with nothing else due.
fn connected(fixture: &Fixture, number: u64) -> String {
    fixture.organization(number);
    fixture.connector(&tenant(number))
}

fn enqueue(fixture: &Fixture, number: u64, connector: &str, channel: &str) -> String {
    let (id, _, decided) = decide(fixture, number, connector, channel, None);
    assert_eq!(decided, Enqueued::Done);
    id
}

/// The delivery, its job, and what came of deciding it.
fn decide(
    fixture: &Fixture,
    number: u64,
    connector: &str,
    channel: &str,
    lease: Option<NewLease<'_>>,
) -> (String, String, Enqueued) {
    let (id, job_id) = (fixture.id(), fixture.id());
    let new = NewDelivery {
        id: &id,
        job_id: &job_id,
        kind: "slack",
        sender: Sender::Connector(connector),
        requested_by: "user-1",
        payload: r#"{"text":"Hello"}"#,
        depth: 0,
        lease,
        job: DeliveryJob {
            function: "slack-notify",
            concurrency_key: channel,
        },
    };
    let tenant = tenant(number);
    let decided = transact(fixture, async |transaction| {
        outbox::enqueue(transaction, &tenant, new, NOW).await
    });
    (id, job_id, decided)
}

fn transact<T>(
    fixture: &Fixture,
    body: impl AsyncFnOnce(
        &<crate::support::TestDatabase as Database>::Transaction,
    ) -> Result<T, DatabaseError>,
) -> T {
    wait(fixture.database.transaction(body)).unwrap()
}

fn delivery(fixture: &Fixture, id: &str, column: &str) -> Value {
    let sql = format!("SELECT {column} FROM deliveries WHERE id = ?1");
    fixture.execute(&sql, &[Value::from(id)])[0].0[0].clone()
}

fn jobs_left(fixture: &Fixture) -> i64 {
    let of = |number| {
        let sql = "SELECT count(*) FROM jobs WHERE organization_id = ?1 AND kind = 'outbox'";
        fixture.execute(sql, &[Value::from(tenant(number).as_str())])[0]
            .integer(0)
            .unwrap()
    };
    of(1) + of(2)
}

fn load(fixture: &Fixture, claimed: &Claimed, now: i64) -> Option<Effect> {
    wait(outbox::load(
        &fixture.database,
        &claimed.job_id,
        claimed.lease_version,
        now,
    ))
    .unwrap()
}

/// Notes an attempt that was taken, or that failed for this reason.
fn attempt(fixture: &Fixture, claimed: &Claimed, code: Option<&str>, now: i64) -> bool {
    let tenant = tenant(1);
    let lease = Lease {
        tenant: &tenant,
        job_id: &claimed.job_id,
        version: claimed.lease_version,
    };
    let failure = code.map(|code| Failure {
        code: code.to_owned(),
        detail: "Why.".to_owned(),
    });
    let attempt = Attempt {
        started_ms: now * 1_000,
        duration_ms: 5,
        status: code.is_none().then_some(200),
        failure: failure.as_ref(),
        may_have_happened: code == Some("timeout"),
        result: code.is_none().then_some(r#"{"ts":"1.2"}"#),
    };
    transact(fixture, async |transaction| {
        outbox::note_attempt(transaction, lease, attempt, now).await
    })
}

/// The outcome of a job that has an end.
fn over(claimed: &Claimed, status: RunStatus) -> Conclusion {
    Conclusion {
        state: if status == RunStatus::Failed {
            JobState::Failed
        } else {
            JobState::Done
        },
        ..ended(claimed, status, None)
    }
}

#[test]
fn a_delivery_that_is_born_leased_is_its_deciders_until_the_lease_ends() {
    let fixture = Fixture::new();
    let connector = connected(&fixture, 1);
    let run_id = fixture.id();
    let lease = || {
        Some(NewLease {
            holder: "slack-notify",
            run_id: &run_id,
            lease_secs: LEASE_SECS,
            now_ms: NOW * 1_000,
        })
    };
    let (first, job_id, decided) = decide(&fixture, 1, &connector, "ops", lease());
    assert_eq!(decided, Enqueued::Leased);
    // What comes behind it in its channel waits for it; another channel does not.
    let (second, _, decided) = decide(&fixture, 1, &connector, "ops", lease());
    assert_eq!(decided, Enqueued::Done);
    let (_, other_job, decided) = decide(&fixture, 1, &connector, "kitchen", lease());
    assert_eq!(decided, Enqueued::Leased);
    assert!(fixture.claim(10, NOW).is_empty());
    let mine = |job_id: &str, delivery: &str| Claimed {
        job_id: job_id.to_owned(),
        kind: OUTBOX.to_owned(),
        name: delivery.to_owned(),
        organization_id: tenant(1).as_str().to_owned(),
        subject: connector.clone(),
        function: "slack-notify".to_owned(),
        lease_version: 1,
        lease_expires_at: NOW + LEASE_SECS,
        run_id: run_id.clone(),
        trigger: "manual".to_owned(),
        attempts: 0,
    };
    let held = mine(&job_id, &first);
    assert_eq!(load(&fixture, &held, NOW).unwrap().delivery_id, first);
    assert!(attempt(&fixture, &held, None, NOW));
    fixture.record(&[over(&held, RunStatus::Success)], NOW);
    assert_eq!(delivery(&fixture, &first, "state"), text("delivered"));
    let claimed = fixture.claim(10, NOW);
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].name, second);
    // Whoever held the other one is gone: the engine takes it, and a late word of it counts nothing.
    let later = NOW + LEASE_SECS + 1;
    let taken: Vec<_> = fixture.claim(10, later);
    let taken = taken.iter().find(|one| one.job_id == other_job).unwrap();
    assert_eq!((taken.lease_version, taken.attempts), (2, 1));
    let late = mine(&other_job, &taken.name);
    assert!(!attempt(&fixture, &late, None, later));
    fixture.record(&[over(&late, RunStatus::Success)], later);
    assert_eq!(delivery(&fixture, &taken.name, "state"), text("pending"));
}

#[test]
fn a_delivery_is_sent_once_and_its_job_goes() {
    let fixture = Fixture::new();
    let connector = connected(&fixture, 1);
    let id = enqueue(&fixture, 1, &connector, "ops");
    let claimed = fixture.claim(5, NOW).remove(0);
    assert_eq!((claimed.kind.as_str(), &claimed.name), (OUTBOX, &id));
    assert_eq!(claimed.subject, connector);
    let effect = load(&fixture, &claimed, NOW).unwrap();
    assert_eq!(
        (effect.delivery_id, effect.connector_id),
        (id.clone(), connector)
    );
    assert_eq!(effect.payload, r#"{"text":"Hello"}"#);
    assert!(attempt(&fixture, &claimed, None, NOW));
    assert_eq!(
        fixture
            .record(&[over(&claimed, RunStatus::Success)], NOW + 1)
            .len(),
        1
    );
    assert_eq!(delivery(&fixture, &id, "state"), text("delivered"));
    assert_eq!(delivery(&fixture, &id, "result"), text(r#"{"ts":"1.2"}"#));
    assert_eq!(delivery(&fixture, &id, "finished_at"), Value::from(NOW + 1));
    assert_eq!(jobs_left(&fixture), 0);
    assert_eq!(
        fixture.run(&claimed.run_id, "status"),
        Value::Null,
        "it is no run"
    );
}

#[test]
fn one_channel_takes_one_after_the_other_and_others_go_beside_it() {
    let fixture = Fixture::new();
    let connector = connected(&fixture, 1);
    let ops: Vec<_> = (0..3)
        .map(|_| enqueue(&fixture, 1, &connector, "ops"))
        .collect();
    let shifts = enqueue(&fixture, 1, &connector, "shifts");
    let mut order = Vec::new();
    loop {
        let mut claimed = fixture.claim(10, NOW);
        if claimed.is_empty() {
            break;
        }
        claimed.sort_by(|a, b| a.name.cmp(&b.name));
        order.push(
            claimed
                .iter()
                .map(|job| job.name.clone())
                .collect::<Vec<_>>(),
        );
        let over: Vec<_> = claimed
            .iter()
            .map(|job| over(job, RunStatus::Success))
            .collect();
        fixture.record(&over, NOW);
    }
    let expected = [
        vec![ops[0].clone(), shifts],
        vec![ops[1].clone()],
        vec![ops[2].clone()],
    ];
    assert_eq!(order, expected);
}

#[test]
fn a_failure_that_passes_is_tried_again_and_one_that_does_not_is_kept() {
    let fixture = Fixture::new();
    let connector = connected(&fixture, 1);
    let id = enqueue(&fixture, 1, &connector, "ops");
    let first = fixture.claim(1, NOW).remove(0);
    assert!(attempt(&fixture, &first, Some("timeout"), NOW));
    fixture.record(&[goes_on(&first, NOW + 30, 1)], NOW + 1);
    assert_eq!(delivery(&fixture, &id, "state"), text("pending"));
    assert_eq!(delivery(&fixture, &id, "error_code"), text("rate_limited"));
    assert!(fixture.claim(1, NOW + 29).is_empty());
    let second = fixture.claim(1, NOW + 30).remove(0);
    assert!(attempt(
        &fixture,
        &second,
        Some("channel_not_found"),
        NOW + 30
    ));
    fixture.record(&[over(&second, RunStatus::Failed)], NOW + 31);
    assert_eq!(delivery(&fixture, &id, "state"), text("failed"));
    assert_eq!(delivery(&fixture, &id, "attempts"), Value::from(2_i64));
    assert_eq!(jobs_left(&fixture), 0);
    // Sent again by hand, under a job of its own; what was delivered is not.
    let retry = |now: i64| {
        let (tenant, job_id) = (tenant(1), fixture.id());
        let job = DeliveryJob {
            function: "slack-notify",
            concurrency_key: "ops",
        };
        transact(&fixture, async |transaction| {
            outbox::retry(transaction, &tenant, &id, &job_id, job, now).await
        })
    };
    assert!(retry(NOW + 60));
    assert!(!retry(NOW + 60), "it is on its way");
    let third = fixture.claim(1, NOW + 60).remove(0);
    assert!(attempt(&fixture, &third, None, NOW + 60));
    fixture.record(&[over(&third, RunStatus::Success)], NOW + 61);
    assert_eq!(delivery(&fixture, &id, "state"), text("delivered"));
    assert_eq!(delivery(&fixture, &id, "error_code"), Value::Null);
    assert!(!retry(NOW + 90));
    let numbers = fixture.execute(
        "SELECT group_concat(number || coalesce(code, '')) FROM delivery_attempts WHERE delivery_id = ?1",
        &[Value::from(id.as_str())],
    );
    assert_eq!(numbers[0].text(0), Ok("1timeout,2channel_not_found,3"));
}

#[test]
fn who_has_lost_the_lease_sends_and_notes_nothing() {
    let fixture = Fixture::new();
    let connector = connected(&fixture, 1);
    let id = enqueue(&fixture, 1, &connector, "ops");
    let late = fixture.claim(1, NOW).remove(0);
    let after = NOW + LEASE_SECS;
    let holder = fixture.claim(1, after).remove(0);
    assert!(load(&fixture, &late, after).is_none());
    assert!(!attempt(&fixture, &late, None, after));
    assert!(
        fixture
            .record(&[over(&late, RunStatus::Failed)], after)
            .is_empty()
    );
    assert_eq!(delivery(&fixture, &id, "state"), text("pending"));
    assert_eq!(delivery(&fixture, &id, "attempts"), Value::from(0_i64));
    assert!(load(&fixture, &holder, after).is_some());
}

#[test]
fn what_a_connector_cannot_send_any_more_is_given_up() {
    let fixture = Fixture::new();
    let (connector, other) = (connected(&fixture, 1), connected(&fixture, 2));
    let ids = [0, 1].map(|_| enqueue(&fixture, 1, &connector, "ops"));
    let theirs = enqueue(&fixture, 2, &other, "ops of theirs");
    let running = fixture.claim(1, NOW).remove(0);
    let reason = Failure {
        code: "disconnected".to_owned(),
        detail: "The connector was disconnected.".to_owned(),
    };
    transact(&fixture, async |transaction| {
        // Another tenant's word counts for nothing.
        outbox::cancel(transaction, &tenant(2), &connector, None, &reason, NOW).await
    });
    assert_eq!(jobs_left(&fixture), 3);
    transact(&fixture, async |transaction| {
        outbox::cancel(transaction, &tenant(1), &connector, None, &reason, NOW).await
    });
    for id in &ids {
        assert_eq!(delivery(&fixture, id, "state"), text("failed"));
        assert_eq!(delivery(&fixture, id, "error_code"), text("disconnected"));
    }
    assert_eq!(delivery(&fixture, &theirs, "state"), text("pending"));
    assert_eq!(jobs_left(&fixture), 1);
    assert!(!attempt(&fixture, &running, None, NOW));
    assert!(
        fixture
            .record(&[over(&running, RunStatus::Success)], NOW)
            .is_empty()
    );
}

#[test]
fn a_foreign_connector_has_nothing_sent() {
    let fixture = Fixture::new();
    let connector = connected(&fixture, 1);
    fixture.organization(2);
    let tenant = tenant(2);
    let decided = transact(&fixture, async |transaction| {
        let new = NewDelivery {
            id: "a",
            job_id: "b",
            kind: "slack",
            sender: Sender::Connector(&connector),
            requested_by: "user-2",
            payload: "{}",
            depth: 0,
            lease: None,
            job: DeliveryJob {
                function: "slack-notify",
                concurrency_key: "ops",
            },
        };
        outbox::enqueue(transaction, &tenant, new, NOW).await
    });
    assert_eq!(decided, Enqueued::NoSender);
    assert_eq!(jobs_left(&fixture), 0);
}

#[test]
fn only_so_many_wait() {
    let fixture = Fixture::new();
    let connector = connected(&fixture, 1);
    let other = connected(&fixture, 2);
    for _ in 0..MAX_PENDING {
        enqueue(&fixture, 1, &connector, "ops");
    }
    let (tenant, id, job_id) = (tenant(1), fixture.id(), fixture.id());
    let new = NewDelivery {
        id: &id,
        job_id: &job_id,
        kind: "slack",
        sender: Sender::Connector(&connector),
        requested_by: "user-1",
        payload: "{}",
        depth: 0,
        lease: None,
        job: DeliveryJob {
            function: "slack-notify",
            concurrency_key: "ops",
        },
    };
    let more = || {
        transact(&fixture, async |transaction| {
            outbox::enqueue(transaction, &tenant, new, NOW).await
        })
    };
    assert_eq!(more(), Enqueued::Full);
    // Others are not kept from theirs, and one that has gone makes room.
    enqueue(&fixture, 2, &other, "theirs");
    let claimed = fixture.claim_only(
        1,
        NOW,
        Some(Only {
            tenant: &tenant,
            kind: OUTBOX,
            subject: Some(&connector),
        }),
    );
    fixture.record(&[over(&claimed[0], RunStatus::Success)], NOW);
    assert_eq!(more(), Enqueued::Done);
}

#[test]
fn what_waits_is_woken_when_what_kept_it_has_passed() {
    let fixture = Fixture::new();
    let connector = connected(&fixture, 1);
    enqueue(&fixture, 1, &connector, "ops");
    let claimed = fixture.claim(1, NOW).remove(0);
    let wake = |number, now| {
        wait(outbox::wake(
            &fixture.database,
            &tenant(number),
            &connector,
            now,
        ))
        .unwrap();
    };
    // Nobody takes it from who has it.
    wake(1, NOW + 1);
    assert!(fixture.claim(1, NOW + 1).is_empty());
    fixture.record(&[goes_on(&claimed, NOW + 300, 0)], NOW + 2);
    wake(2, NOW + 3);
    assert!(
        fixture.claim(1, NOW + 3).is_empty(),
        "another tenant's word"
    );
    wake(1, NOW + 3);
    assert_eq!(fixture.claim(1, NOW + 3).len(), 1);
}

#[test]
fn what_is_over_long_enough_goes_in_bounded_steps() {
    let fixture = Fixture::new();
    let connector = connected(&fixture, 1);
    for _ in 0..5 {
        enqueue(&fixture, 1, &connector, "ops");
        let claimed = fixture.claim(1, NOW).remove(0);
        assert!(attempt(&fixture, &claimed, None, NOW));
        fixture.record(&[over(&claimed, RunStatus::Success)], NOW);
    }
    let waiting = enqueue(&fixture, 1, &connector, "ops");
    let prune = |before: i64| {
        transact(&fixture, async |transaction| {
            outbox::prune(transaction, before, 2).await
        })
    };
    assert_eq!(prune(NOW), 0);
    assert_eq!([prune(NOW + 1), prune(NOW + 1), prune(NOW + 1)], [2, 2, 1]);
    assert_eq!(delivery(&fixture, &waiting, "state"), text("pending"));
    let left = fixture.execute(
        "SELECT count(*) FROM delivery_attempts WHERE organization_id = ?1",
        &[Value::from(tenant(1).as_str())],
    );
    assert_eq!(left[0].integer(0), Ok(0));
}
