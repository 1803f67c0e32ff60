//! Events: raised by what changes, worked on under a lease, ended once.

use domain::connector_state::ConnectorState;
use domain::job::JobState;
use domain::run::RunStatus;
use store::automation::notices::{self, NewNotice};
use store::automation::work::{self, Ended, Firing, Settled, Source};
use store::automation::{AUTOMATION, INBOX};
use store::connectors::{self, StateChange};
use store::inbox::events::{self, Arrival, Replay, Stored};
use store::inbox::webhooks::{self, NewWebhook};
use store::jobs::{Claimed, Conclusion, Lease};
use store::{Database, DatabaseError, Value};

use crate::fixture::{Fixture, LEASE_SECS, NOW, ended, integer, tenant, text};
use crate::support::wait;

fn count(fixture: &Fixture, sql: &str) -> i64 {
    fixture.execute(sql, &[])[0].integer(0).unwrap()
}

/// Name, depth and payload of what was raised.
fn raised(fixture: &Fixture) -> Vec<(String, i64, serde_json::Value)> {
    fixture
        .execute(
            "SELECT name, depth, payload FROM events WHERE seq > 0 ORDER BY seq",
            &[],
        )
        .iter()
        .map(|row| {
            let payload = serde_json::from_str(row.text(2).unwrap()).unwrap();
            (
                row.text(0).unwrap().to_owned(),
                row.integer(1).unwrap(),
                payload,
            )
        })
        .collect()
}

fn names(fixture: &Fixture) -> Vec<String> {
    raised(fixture).into_iter().map(|(name, ..)| name).collect()
}

fn set_state(fixture: &Fixture, connector: &str, to: ConnectorState, now: i64) {
    let change = StateChange {
        from: &[
            ConnectorState::Active,
            ConnectorState::Expired,
            ConnectorState::Revoked,
            ConnectorState::Error,
        ],
        to,
        reason: Some("7shifts answers 401."),
    };
    wait(connectors::set_state(
        &fixture.database,
        &tenant(1),
        connector,
        change,
        now,
    ))
    .unwrap();
}

/// Of a job that is there while there are events.
fn over(claimed: &Claimed) -> Conclusion {
    Conclusion {
        state: JobState::Done,
        ..ended(claimed, RunStatus::Success, None)
    }
}

fn webhook(fixture: &Fixture, number: u64) -> String {
    let id = fixture.id();
    let new = NewWebhook {
        id: &id,
        name: "orders",
        scheme: "generic",
        options: "{}",
        events: None,
        failure_limit: Some(4),
        events_per_minute: 60_000,
        created_by: "user-1",
    };
    wait(webhooks::create(
        &fixture.database,
        &tenant(number),
        new,
        NOW,
    ))
    .unwrap();
    id
}

fn bring(fixture: &Fixture, number: u64, webhook: &str, name: &str, at: i64) -> String {
    let id = fixture.id();
    let arrival = Arrival {
        id: id.clone(),
        webhook_id: webhook.to_owned(),
        organization_id: tenant(number).as_str().to_owned(),
        version: 1,
        dedupe_key: format!("id:{id}"),
        delivery_id: None,
        event: Some(name.to_owned()),
        ordering_key: None,
        key_id: None,
        is_hint: false,
        items: None,
        content_type: None,
        body: b"\xff\x00{}".to_vec(),
        sent_at: None,
        received_at: at,
    };
    assert_eq!(
        wait(events::store(&fixture.database, &[arrival])).unwrap(),
        [Stored::New {
            is_worked_on: false
        }]
    );
    id
}

fn settle(fixture: &Fixture, claimed: &Claimed, settled: Settled<'_>, now: i64) -> bool {
    let of = claimed.organization_id.clone();
    let tenant = domain::access::Caller::internal("test")
        .tenant_named(&of)
        .unwrap();
    let lease = Lease {
        tenant: &tenant,
        job_id: &claimed.job_id,
        version: claimed.lease_version,
    };
    wait(
        fixture
            .database
            .transaction(async |transaction| work::settle(transaction, lease, settled, now).await),
    )
    .unwrap()
}

fn processed(seq: i64) -> Ended {
    Ended {
        seq,
        code: None,
        detail: None,
    }
}

fn dead(seq: i64) -> Ended {
    Ended {
        seq,
        code: Some("rule_failed"),
        detail: Some("Tell: nothing is left of the text".to_owned()),
    }
}

fn firing(event_id: &str, rule_id: &str, outcome: &'static str) -> Firing {
    Firing {
        event_id: event_id.to_owned(),
        rule_id: rule_id.to_owned(),
        outcome,
        detail: None,
        tat_ms: 7,
    }
}

#[test]
fn a_connector_that_is_cut_off_is_told_once() {
    let fixture = Fixture::with_events();
    let (_, connector) = fixture.connected(1, [None; 3]);
    set_state(&fixture, &connector, ConnectorState::Error, NOW);
    assert_eq!(raised(&fixture), []);
    set_state(&fixture, &connector, ConnectorState::Expired, NOW + 1);
    set_state(&fixture, &connector, ConnectorState::Expired, NOW + 2);
    set_state(&fixture, &connector, ConnectorState::Revoked, NOW + 3);
    let told = raised(&fixture);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.as_str(), told[0].1), ("connector.expired", 0));
    assert_eq!(
        told[0].2,
        serde_json::json!({
            "connector": {"id": connector, "name": "7shifts", "type": "seven_shifts", "state": "expired"},
            "reason": "7shifts answers 401.",
        })
    );
    set_state(&fixture, &connector, ConnectorState::Active, NOW + 4);
    set_state(&fixture, &connector, ConnectorState::Expired, NOW + 5);
    assert_eq!(names(&fixture).len(), 2);
}

#[test]
fn a_sync_is_completed_when_its_last_stream_is() {
    let fixture = Fixture::with_events();
    let (_, connector) = fixture.connected(1, [Some(NOW); 3]);
    fixture.execute("DROP TRIGGER events_have_a_job", &[]);
    for (changed, stream) in (0_i64..).zip(["users", "shifts", "time_punches"]) {
        assert_eq!(raised(&fixture), [], "before {stream}");
        let claimed = fixture.claim(1, NOW).remove(0);
        assert_eq!(claimed.name, stream);
        fixture.execute(
            "INSERT INTO sync_runs (id, organization_id, connector_id, job_id, stream, trigger, status, started_at, created, updated, deleted)
             VALUES (?1, ?2, ?3, ?4, ?5, 'cron', 'running', ?6, ?7, 1, 0)",
            &[
                text(&claimed.run_id),
                text(tenant(1).as_str()),
                text(&connector),
                text(&claimed.job_id),
                text(stream),
                integer(NOW),
                integer(changed),
            ],
        );
        fixture.record(
            &[ended(&claimed, RunStatus::Success, Some(NOW + 600))],
            NOW + 1,
        );
    }
    let told = raised(&fixture);
    assert_eq!(told.len(), 1);
    let (name, _, payload) = &told[0];
    assert_eq!(name, "sync.completed");
    assert_eq!(
        payload["streams"],
        serde_json::json!(["users", "shifts", "time_punches"])
    );
    assert_eq!(payload["stream"], "users, shifts, time_punches");
    assert_eq!(payload["rows_changed"], 6);
    assert_eq!(payload["connector"]["name"], "7shifts");
    // The next one has its own rows only.
    for _ in 0..3 {
        let claimed = fixture.claim(1, NOW + 600).remove(0);
        fixture.record(
            &[ended(&claimed, RunStatus::Success, Some(NOW + 1_200))],
            NOW + 601,
        );
    }
    let told = raised(&fixture);
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].2["rows_changed"], 0);
}

#[test]
fn a_stream_that_goes_on_failing_is_told_once() {
    let fixture = Fixture::with_events();
    fixture.connected(1, [Some(NOW), None, None]);
    let run = |status, at| {
        let claimed = fixture.claim(1, at).remove(0);
        fixture.record(&[ended(&claimed, status, Some(at + 100))], at);
    };
    fixture.execute("DROP TRIGGER events_have_a_job", &[]);
    run(RunStatus::Failed, NOW);
    run(RunStatus::Failed, NOW + 100);
    let told = raised(&fixture);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, "sync.failed");
    assert_eq!(told[0].2["stream"], "users");
    assert_eq!(told[0].2["reason"], "7shifts answered 503");
    run(RunStatus::Success, NOW + 200);
    run(RunStatus::Failed, NOW + 300);
    assert_eq!(
        names(&fixture),
        ["sync.failed", "sync.completed", "sync.failed"]
    );
}

#[test]
fn an_event_has_its_job_due_also_while_it_runs() {
    let fixture = Fixture::with_events();
    let (_, connector) = fixture.connected(1, [None; 3]);
    set_state(&fixture, &connector, ConnectorState::Expired, NOW);
    let claimed = fixture.claim(5, NOW).remove(0);
    assert_eq!(
        (claimed.kind.as_str(), claimed.subject.as_str()),
        (AUTOMATION, tenant(1).as_str())
    );
    // Its last look was before this one.
    set_state(&fixture, &connector, ConnectorState::Active, NOW + 1);
    set_state(&fixture, &connector, ConnectorState::Expired, NOW + 1);
    fixture.record(&[over(&claimed)], NOW + 2);
    let again = fixture.claim(5, NOW + 2).remove(0);
    assert_eq!(again.job_id, claimed.job_id);
    fixture.record(&[over(&again)], NOW + 3);
    assert_eq!(fixture.claim(5, NOW + 900), []);
    // One that waits for another try is not called off its wait, nor forgotten.
    set_state(&fixture, &connector, ConnectorState::Active, NOW + 1_000);
    set_state(&fixture, &connector, ConnectorState::Expired, NOW + 1_000);
    assert_eq!(fixture.claim(5, NOW + 1_000).len(), 1);
}

#[test]
fn what_a_webhook_has_brought_is_worked_on_in_its_order() {
    let fixture = Fixture::with_events();
    fixture.organization(1);
    fixture.organization(2);
    let (mine, theirs) = (webhook(&fixture, 1), webhook(&fixture, 2));
    let ids: Vec<_> = (0..3)
        .map(|index| bring(&fixture, 1, &mine, "order.paid", NOW + index))
        .collect();
    bring(&fixture, 2, &theirs, "order.paid", NOW);
    let mut claimed = fixture.claim(5, NOW);
    claimed.sort_by_key(|claimed| claimed.subject != mine);
    assert_eq!(claimed.len(), 2);
    let claimed = claimed.remove(0);
    assert_eq!((claimed.kind.as_str(), &claimed.subject), (INBOX, &mine));
    let found = wait(work::load(
        &fixture.database,
        &claimed.job_id,
        claimed.lease_version,
        NOW,
    ))
    .unwrap()
    .unwrap();
    assert_eq!(found.webhook.unwrap().failure_limit, Some(4));
    let brought = wait(work::brought(&fixture.database, &tenant(1), &mine, 10)).unwrap();
    let found: Vec<_> = brought.iter().map(|one| one.id.clone()).collect();
    assert_eq!(found, ids);
    assert_eq!(brought[0].body, b"\xff\x00{}");
    // Another organization has no such webhook.
    assert!(
        wait(work::brought(&fixture.database, &tenant(2), &mine, 10))
            .unwrap()
            .is_empty()
    );
    let ends = [processed(brought[0].seq), dead(brought[1].seq)];
    let firings = [
        firing(&ids[0], "rule-1", "fired"),
        firing(&ids[1], "rule-1", "failed"),
        firing(&ids[1], "rule-2", "fired"),
    ];
    let settled = Settled {
        source: Source::Brought,
        events: &ends,
        firings: &firings,
    };
    // The lease is over: nothing of it counts.
    assert!(!settle(&fixture, &claimed, settled, NOW + LEASE_SECS));
    assert_eq!(
        count(
            &fixture,
            "SELECT count(*) FROM rule_firings WHERE event_id > ''"
        ),
        0
    );
    assert!(settle(&fixture, &claimed, settled, NOW + 1));
    let rest = wait(work::brought(&fixture.database, &tenant(1), &mine, 10)).unwrap();
    assert_eq!(rest.len(), 1);
    let fired = wait(work::fired(
        &fixture.database,
        &tenant(1),
        &[ids[0].as_str(), ids[1].as_str()],
    ))
    .unwrap();
    assert_eq!(fired.len(), 2);

    // A dead one is worked on again; what has fired on it has fired.
    fixture.record(&[over(&claimed)], NOW + 2);
    let replay =
        |replay| {
            wait(fixture.database.transaction(async |transaction| {
                events::replay(transaction, &tenant(1), replay).await
            }))
            .unwrap()
        };
    let of_dead = Replay {
        state: Some("dead"),
        ..Replay::default()
    };
    assert_eq!(replay(of_dead), [(ids[1].clone(), mine.clone())]);
    assert_eq!(replay(of_dead), []);
    let fired = wait(work::fired(
        &fixture.database,
        &tenant(1),
        &[ids[1].as_str()],
    ))
    .unwrap();
    assert_eq!(fired, [(ids[1].clone(), "rule-2".to_owned())]);
    assert_eq!(
        count(
            &fixture,
            "SELECT count(*) FROM rule_firings WHERE event_id > '' AND outcome = 'failed'"
        ),
        0
    );
    let by_webhook = Replay {
        webhook_id: Some(&mine),
        received_to: Some(NOW),
        fires_again: true,
        ..Replay::default()
    };
    assert_eq!(replay(by_webhook), [(ids[0].clone(), mine.clone())]);
    let one = Replay {
        id: Some(&ids[0]),
        ..Replay::default()
    };
    assert_eq!(replay(one), []);
    let theirs_is_theirs = Replay {
        webhook_id: Some(&theirs),
        ..Replay::default()
    };
    assert_eq!(replay(theirs_is_theirs), []);
    assert_eq!(
        replay(Replay {
            event: Some("no"),
            ..Replay::default()
        }),
        []
    );
    let due = fixture.claim(5, NOW + 100);
    assert!(due.iter().any(|claimed| claimed.subject == mine));
    let again = wait(work::brought(&fixture.database, &tenant(1), &mine, 10)).unwrap();
    assert_eq!(again.len(), 3);
}

#[test]
fn an_event_that_ends_its_holder_is_counted() {
    let fixture = Fixture::with_events();
    fixture.organization(1);
    let mine = webhook(&fixture, 1);
    bring(&fixture, 1, &mine, "order.paid", NOW);
    let brought = wait(work::brought(&fixture.database, &tenant(1), &mine, 1)).unwrap();
    let attempt = |number| {
        wait(work::attempt(
            &fixture.database,
            &tenant(number),
            Source::Brought,
            brought[0].seq,
        ))
        .unwrap()
    };
    assert_eq!((attempt(1), attempt(1), attempt(2)), (1, 2, 0));
}

#[test]
fn a_notice_about_the_same_counts_up() {
    let fixture = Fixture::with_events();
    let tenant = fixture.organization(1);
    let put = |about, title, count, now| {
        let id = fixture.id();
        let new = NewNotice {
            id: &id,
            kind: "rule",
            about,
            connector_id: None,
            title,
            remedy: "Do.",
            count,
        };
        wait(notices::put(&fixture.database, &tenant, new, now)).unwrap();
    };
    put("a", "first", 1, NOW);
    put("a", "second", 3, NOW + 1);
    put("b", "other", 1, NOW + 1);
    let held = fixture.execute(
        "SELECT id, title, count FROM notices WHERE organization_id = ?1 ORDER BY about",
        &[text(tenant.as_str())],
    );
    assert_eq!(held.len(), 2);
    assert_eq!(
        (held[0].text(1).unwrap(), held[0].integer(2).unwrap()),
        ("second", 4)
    );
    let id = held[0].text(0).unwrap().to_owned();
    let is_read = || {
        fixture.execute(
            "SELECT read_at FROM notices WHERE id = ?1",
            &[Value::from(id.as_str())],
        )[0]
        .0[0]
            .clone()
    };
    assert!(wait(notices::read(&fixture.database, &tenant, &id, NOW + 2)).unwrap());
    assert_eq!(is_read(), integer(NOW + 2));
    put("a", "third", 1, NOW + 3);
    assert_eq!(is_read(), Value::Null);
    assert!(wait(notices::dismiss(&fixture.database, &tenant, &id, NOW + 4)).unwrap());
    put("a", "fourth", 1, NOW + 5);
    assert_eq!(
        count(
            &fixture,
            "SELECT count(*) FROM notices WHERE organization_id > ''"
        ),
        3
    );
    let foreign = crate::fixture::tenant(2);
    assert!(!wait(notices::dismiss(&fixture.database, &foreign, &id, NOW)).unwrap());
    let prune = |before| wait(notices::prune(&fixture.database, before, 10)).unwrap();
    assert_eq!((prune(NOW + 4), prune(NOW + 5), prune(NOW + 5)), (0, 1, 0));
}

#[test]
fn what_is_over_long_enough_is_removed_and_what_waits_stays() {
    let fixture = Fixture::with_events();
    let (_, connector) = fixture.connected(1, [None; 3]);
    for at in [NOW, NOW + 10, NOW + 20] {
        set_state(&fixture, &connector, ConnectorState::Expired, at);
        set_state(&fixture, &connector, ConnectorState::Active, at);
    }
    let claimed = fixture.claim(1, NOW + 20).remove(0);
    let happened = wait(work::happened(&fixture.database, &tenant(1), 10)).unwrap();
    assert_eq!(happened.len(), 3);
    let seq = happened[0].seq;
    let settled = Settled {
        source: Source::Happened,
        events: &[processed(seq)],
        firings: &[firing(&seq.to_string(), "rule-1", "fired")],
    };
    assert!(settle(&fixture, &claimed, settled, NOW + 21));
    let prune = |before| wait(work::prune(&fixture.database, before, 10)).unwrap();
    assert_eq!((prune(NOW), prune(NOW + 15)), (0, 1));
    assert_eq!(
        wait(work::happened(&fixture.database, &tenant(1), 10))
            .unwrap()
            .len(),
        2
    );
    assert_eq!(prune(NOW + 22), 1);
}

#[test]
fn an_error_of_a_holder_changes_nothing() {
    let fixture = Fixture::with_events();
    fixture.organization(1);
    let mine = webhook(&fixture, 1);
    bring(&fixture, 1, &mine, "order.paid", NOW);
    let claimed = fixture.claim(1, NOW).remove(0);
    let seq = wait(work::brought(&fixture.database, &tenant(1), &mine, 1)).unwrap()[0].seq;
    let tenant = tenant(1);
    let lease = Lease {
        tenant: &tenant,
        job_id: &claimed.job_id,
        version: claimed.lease_version,
    };
    let failed: Result<(), DatabaseError> =
        wait(fixture.database.transaction(async |transaction| {
            let settled = Settled {
                source: Source::Brought,
                events: &[processed(seq)],
                firings: &[],
            };
            assert!(work::settle(transaction, lease, settled, NOW).await?);
            work::keep_failures(transaction, &tenant, &mine, 4, Some("Mend it."), NOW).await?;
            Err(DatabaseError::Shape("full".to_owned()))
        }));
    assert!(failed.is_err());
    assert_eq!(
        wait(work::brought(&fixture.database, &tenant, &mine, 1))
            .unwrap()
            .len(),
        1
    );
    let state = fixture.execute("SELECT state FROM webhooks WHERE id = ?1", &[text(&mine)]);
    assert_eq!(state[0].text(0).unwrap(), "active");
}

/// The plans of triggers are nowhere to be seen: what they cost is.
#[test]
fn what_a_trigger_reads_does_not_grow_with_the_history() {
    let fixture = Fixture::with_events();
    let (_, connector) = fixture.connected(1, [Some(NOW), None, None]);
    fixture.execute("DROP TRIGGER events_have_a_job", &[]);
    let run = |at| {
        let claimed = fixture.claim(1, at).remove(0);
        fixture.database.take_steps();
        fixture.record(&[ended(&claimed, RunStatus::Success, Some(at + 100))], at);
        fixture.database.take_steps()
    };
    run(NOW);
    let before = run(NOW + 100);
    for number in 0..3_000 {
        fixture.execute(
            "INSERT INTO sync_runs (id, organization_id, connector_id, job_id, stream, trigger, status, started_at, finished_at)
             VALUES (?1, ?2, ?3, 'j', ?4, 'cron', 'success', ?5, ?5)",
            &[
                text(&fixture.id()),
                text(tenant(1).as_str()),
                text(&connector),
                text(if number % 2 == 0 { "users" } else { "shifts" }),
                integer(NOW - 9_000 + number),
            ],
        );
        fixture.execute(
            "INSERT INTO events (organization_id, name, connector_id, payload, occurred_at)
             VALUES (?1, ?2, ?3, '{}', ?4)",
            &[
                text(tenant(1).as_str()),
                text(if number % 2 == 0 {
                    "sync.completed"
                } else {
                    "sync.failed"
                }),
                text(&connector),
                integer(NOW - 9_000 + number),
            ],
        );
    }
    let after = run(NOW + 200);
    assert!(after < before * 2, "{before} steps before, {after} after");
}
