//! Allocations: one live record of each deal, one job of each connector, and an end that follows from the delivery.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of a test fail as a test does"
)]

#[expect(dead_code, reason = "not every test needs every helper")]
mod support;

use domain::access::{Caller, Tenant};
use domain::run::{RunStatus, Trigger};
use serde_json::{Value, json};
use store::allocation::notices::{self, Target};
use store::allocation::records::{
    self, ALLOCATION, Counted, DecidedRow, HUBSPOT_DEAL, KEEP_EXPLANATIONS_SECONDS, KEEP_SECONDS,
    Live, MAX_WAITING, NewRecord, Postponed, Received, SAME_BODY_SECONDS,
};
use store::jobs::{self, Claim, Claimed, Conclusion, Lease, Only};
use store::lists::{self, AllocationFilter, Kind, Paging};
use store::outbox::{self, DeliveryJob, Enqueued, NewDelivery, Sender};
use store::{Database, DatabaseError, Execute};
use support::{TestDatabase, wait};

const NOW: i64 = 1_800_000_000;

fn uuid(number: u64) -> String {
    format!("0190a5c0-0000-7000-8000-{number:012x}")
}

fn tenant(number: u64) -> Tenant {
    Caller::internal("test")
        .tenant_named(&uuid(number))
        .unwrap()
}

/// The connector of the organization of this number.
fn connector(number: u64) -> String {
    uuid(100 + number)
}

/// A database with the organizations 1 and 2, each with a connector to the CRM and one to Slack. Every statement on the first is held
/// to its indexes; the second is for the test's own questions.
fn databases() -> (TestDatabase, TestDatabase) {
    let database = TestDatabase::checked();
    let raw = TestDatabase::at(database.path());
    for number in [1, 2] {
        let tenant = tenant(number);
        let made =
            store::organizations::create(&database, &tenant, "Harbour", "Australia/Sydney", NOW);
        assert_eq!(wait(made), Ok(true));
        for (id, provider) in [
            (connector(number), "hubspot"),
            (uuid(200 + number), "slack"),
        ] {
            let sql = format!(
                "INSERT INTO connectors (id, organization_id, provider, integration_key, name, state, state_changed_at, config, sync_settings, created_at, updated_at)
                 VALUES ('{id}', '{}', '{provider}', '{provider}', 'C', 'active', 0, '{{\"method\":\"bot_token\"}}', '{{}}', 0, 0)",
                tenant.as_str()
            );
            wait(raw.execute(&sql, &[])).unwrap();
        }
    }
    (database, raw)
}

fn new<'a>(
    id: &'a str,
    connector_id: &'a str,
    deal_id: &'a str,
    call_id: &'a str,
) -> NewRecord<'a> {
    NewRecord {
        id,
        connector_id,
        deal_id,
        source: "hubspot_webhook",
        requested_by: "hubspot",
        call_id,
        request: r#"{"service_package":"Seed"}"#,
        client_email: Some("lee@example.test"),
    }
}

/// Asks for the deal of the organization 1, under this id of a record.
fn receive(database: &TestDatabase, id: u64, deal: &str, call: &str) -> Received {
    let (id, connector) = (uuid(id), connector(1));
    let received = database.transaction(async |transaction| {
        records::receive(
            transaction,
            &tenant(1),
            new(&id, &connector, deal, call),
            NOW,
        )
        .await
    });
    wait::<_>(received)
        .map_err(|error: DatabaseError| error)
        .unwrap()
}

/// A person has the deal decided again.
fn again(database: &TestDatabase, id: u64, deal: &str) -> Received {
    let (id, connector) = (uuid(id), connector(1));
    let new = NewRecord {
        source: "rerun",
        ..new(&id, &connector, deal, &id)
    };
    let replaced = database.transaction(async |transaction| {
        records::replace(transaction, &tenant(1), new, NOW + 1).await
    });
    wait(replaced)
        .map_err(|error: DatabaseError| error)
        .unwrap()
}

/// A delivery comes to its end.
fn deliver(raw: &TestDatabase, id: u64, state: &str, code: &str) {
    let sql = format!(
        "UPDATE deliveries SET state = '{state}', finished_at = {NOW} + 5, attempts = 2, result = '{{\"status\":200}}',
           error_code = {code}, error_detail = 'HubSpot says no.' WHERE id = '{}'",
        uuid(id)
    );
    wait(raw.execute(&sql, &[])).unwrap();
}

fn claim(database: &TestDatabase, now: i64) -> Option<Claimed> {
    let (tenant, connector) = (tenant(1), connector(1));
    let run_ids = [uuid(9_000)];
    let claim = Claim {
        holder: "test",
        now_ms: now * 1_000,
        lease_secs: 60,
        fresh_run_ids: &run_ids,
        only: Some(Only {
            tenant: &tenant,
            kind: ALLOCATION,
            subject: Some(&connector),
        }),
        except: &[],
    };
    wait(jobs::claim(database, claim)).unwrap().pop()
}

fn conclude(database: &TestDatabase, claimed: &Claimed, now: i64) {
    let conclusion = Conclusion {
        job_id: claimed.job_id.clone(),
        lease_version: claimed.lease_version,
        state: domain::job::JobState::Done,
        next_due_at: None,
        planned_trigger: Trigger::Webhook,
        attempts: 0,
        ended: Some(RunStatus::Success),
        failure: None,
        nightly_date: None,
        complete: false,
        uncounted_calls: 0,
        is_sync: false,
        delivery_id: None,
    };
    wait(jobs::record(database, &[conclusion], now * 1_000)).unwrap();
}

fn decided(id: u64, delivery: Option<u64>, notices: Option<Value>) -> DecidedRow {
    DecidedRow {
        id: uuid(id),
        status: if delivery.is_some() {
            "received"
        } else {
            "failed"
        },
        failure: delivery
            .is_none()
            .then(|| r#"{"reason":"no_advisers","detail":"None.","remedy":"Do."}"#.to_owned()),
        adviser_email: delivery.map(|_| "mia.tan@example.test".to_owned()),
        service_package: "Seed".to_owned(),
        decided_on: Some("2027-01-15".parse().unwrap()),
        earliest_week: Some("2027-01-25".parse().unwrap()),
        delivery_id: delivery.map(uuid),
        notices: notices.map(|notices| notices.to_string()),
        decision: Some(r#"{"deal_id":"501"}"#.to_owned()),
        ..DecidedRow::default()
    }
}

/// Settles under a lease; `None` where it is not held.
fn settle(
    database: &TestDatabase,
    claimed: &Claimed,
    rows: &[DecidedRow],
    now: i64,
) -> Option<Vec<String>> {
    let (tenant, connector) = (tenant(1), connector(1));
    let lease = Lease {
        tenant: &tenant,
        job_id: &claimed.job_id,
        version: claimed.lease_version,
    };
    let settled = database.transaction(async |transaction| {
        if !records::is_held(transaction, lease, now).await? {
            return Ok(None);
        }
        let settled = records::settle(transaction, &tenant, rows, now).await?;
        for row in rows {
            let Some(delivery) = &row.delivery_id else {
                continue;
            };
            let job_id = format!("{delivery}-job");
            let new = NewDelivery {
                id: delivery,
                job_id: &job_id,
                kind: HUBSPOT_DEAL,
                sender: Sender::Connector(&connector),
                requested_by: "allocation",
                payload: "{}",
                depth: 0,
                job: DeliveryJob {
                    function: "allocate-deal",
                    concurrency_key: delivery,
                },
                lease: None,
            };
            assert_eq!(
                outbox::enqueue(transaction, &tenant, new, now).await?,
                Enqueued::Done
            );
        }
        Ok::<_, DatabaseError>(Some(settled))
    });
    wait(settled).unwrap()
}

fn row(database: &TestDatabase, id: u64) -> Value {
    let found = wait(lists::get(
        database,
        &tenant(1),
        Kind::Allocation,
        &uuid(id),
    ))
    .unwrap();
    serde_json::from_str(&found.unwrap()).unwrap()
}

fn number(raw: &TestDatabase, sql: &str) -> Option<i64> {
    wait(raw.execute(sql, &[])).unwrap()[0]
        .optional_integer(0)
        .unwrap()
}

#[test]
fn a_deal_has_one_live_record_and_a_failed_one_is_asked_for_again() {
    let (database, raw) = databases();
    assert_eq!(receive(&database, 10, "501", "ap-1"), Received::New);
    assert_eq!(
        receive(&database, 11, "501", "ap-1"),
        Received::Stored(uuid(10))
    );
    assert_eq!(
        receive(&database, 12, "501", "ap-2"),
        Received::Stored(uuid(10))
    );
    let claimed = claim(&database, NOW).unwrap();
    assert_eq!(
        (claimed.function.as_str(), claimed.subject.as_str()),
        ("allocation-engine", connector(1).as_str())
    );
    // Somebody has it.
    assert_eq!(claim(&database, NOW), None);
    let waiting = wait(records::waiting(
        &database,
        &tenant(1),
        &connector(1),
        NOW,
        50,
    ))
    .unwrap();
    assert_eq!((waiting.len(), waiting[0].deal_id.as_str()), (1, "501"));
    assert_eq!(
        settle(&database, &claimed, &[decided(10, None, None)], NOW),
        Some(vec![uuid(10)])
    );
    // What is decided is not decided again.
    assert_eq!(
        settle(&database, &claimed, &[decided(10, None, None)], NOW),
        Some(vec![])
    );
    conclude(&database, &claimed, NOW);
    assert_eq!(row(&database, 10)["reason"], "no_advisers");
    assert_eq!(
        receive(&database, 13, "501", "ap-1"),
        Received::Stored(uuid(10))
    );
    assert_eq!(receive(&database, 14, "501", "ap-3"), Received::New);
    let (before, after) = (row(&database, 10), row(&database, 14));
    assert_eq!(
        (&before["is_live"], &after["is_live"], &after["replaces_id"]),
        (&json!(false), &json!(true), &json!(uuid(10)))
    );
    assert!(
        wait(records::live(&database, &tenant(2), &connector(1), "501"))
            .unwrap()
            .is_none()
    );
    let foreign = wait(database.transaction(async |transaction| {
        records::receive(
            transaction,
            &tenant(2),
            new(&uuid(20), &connector(1), "502", "ap"),
            NOW,
        )
        .await
    }));
    assert_eq!(
        foreign.map_err(|error: DatabaseError| error),
        Ok(Received::NoConnector)
    );
    let twice = format!(
        "UPDATE allocations SET superseded_at = NULL WHERE id = '{}'",
        uuid(10)
    );
    assert!(matches!(
        wait(raw.execute(&twice, &[])),
        Err(DatabaseError::Constraint(_))
    ));
}

#[test]
fn what_comes_while_it_is_decided_is_due_when_that_has_ended() {
    let (database, raw) = databases();
    let due = "SELECT next_due_at FROM jobs WHERE kind = 'allocation'";
    receive(&database, 10, "501", "ap-1");
    assert_eq!(number(&raw, due), Some(NOW));
    let claimed = claim(&database, NOW).unwrap();
    let standing = |id, now| {
        wait(records::standing(&database, &tenant(1), &uuid(id), now))
            .unwrap()
            .unwrap()
    };
    assert!(!standing(10, NOW).is_free && standing(10, NOW + 60).is_free);
    receive(&database, 11, "502", "ap-2");
    settle(&database, &claimed, &[decided(10, None, None)], NOW);
    conclude(&database, &claimed, NOW + 1);
    assert_eq!(number(&raw, due), Some(NOW));
    // One that waits for a source is due at its time.
    let claimed = claim(&database, NOW + 2).unwrap();
    let postponed = [Postponed {
        id: uuid(11),
        next_try_at: NOW + 40,
        failure: r#"{"reason":"source_unknown"}"#.to_owned(),
        sources: None,
    }];
    let written = database.transaction(async |transaction| {
        records::postpone(transaction, &tenant(1), &postponed).await
    });
    wait(written).map_err(|error: DatabaseError| error).unwrap();
    conclude(&database, &claimed, NOW + 2);
    assert_eq!(number(&raw, due), Some(NOW + 40));
    assert!(claim(&database, NOW + 39).is_none());
    // Another deal is not held up by it.
    receive(&database, 12, "503", "ap-3");
    assert_eq!(number(&raw, due), Some(NOW));
    let late = claim(&database, NOW + 40).unwrap();
    // The lease has ended: nothing is written.
    assert_eq!(
        settle(&database, &late, &[decided(11, None, None)], NOW + 101),
        None
    );
    conclude(&database, &late, NOW + 101);
    assert_eq!(number(&raw, due), Some(NOW));
}

#[test]
fn a_record_ends_with_its_delivery_and_then_somebody_is_told() {
    let (database, raw) = databases();
    receive(&database, 10, "501", "ap-1");
    receive(&database, 11, "502", "ap-2");
    let claimed = claim(&database, NOW).unwrap();
    let notice = |delivery: u64| {
        json!([{"delivery_id": uuid(delivery), "job_id": uuid(delivery + 1), "kind": "slack", "connector_id": uuid(201),
            "function": "slack-notify", "concurrency_key": "slack:x", "payload": {"text": "Hello"}}])
    };
    let rows = [
        decided(10, Some(30), Some(notice(40))),
        decided(11, Some(31), Some(notice(50))),
    ];
    settle(&database, &claimed, &rows, NOW);
    let own = |since| wait(records::own(&database, &tenant(1), &connector(1), since)).unwrap();
    assert_eq!(own(NOW).len(), 2);
    assert_eq!((own(NOW)[0].written_at, own(NOW + 1).len()), (None, 0));
    deliver(&raw, 30, "delivered", "NULL");
    deliver(&raw, 31, "failed", "'invalid'");
    let (written, refused) = (row(&database, 10), row(&database, 11));
    assert_eq!(
        (
            &written["status"],
            &written["answer"]["status"],
            &written["failure"]
        ),
        (&json!("completed"), &json!(200), &Value::Null)
    );
    assert_eq!(
        (
            &refused["status"],
            &refused["reason"],
            &refused["error_message"]
        ),
        (
            &json!("failed"),
            &json!("write_refused"),
            &json!("HubSpot says no.")
        )
    );
    // The place of the one that was refused is free again.
    assert_eq!(
        own(0)
            .iter()
            .map(|one| (one.deal_id.as_str(), one.written_at))
            .collect::<Vec<_>>(),
        [("501", Some(NOW + 5))]
    );
    let told = "SELECT count(*) FROM deliveries JOIN jobs ON jobs.name = deliveries.id AND jobs.kind = 'outbox' WHERE deliveries.kind = 'slack'";
    assert_eq!(number(&raw, told), Some(1));
    let counted = Counted {
        from: NOW,
        deal_id: None,
        adviser_email: None,
    };
    let counts = wait(records::counts(&database, &tenant(1), counted)).unwrap();
    assert_eq!(
        (counts.received, counts.completed, counts.failed),
        (0, 1, 1)
    );
    let filter = AllocationFilter {
        adviser_email: Some("mia.tan@example.test"),
        received_from: Some(NOW),
        ..AllocationFilter::default()
    };
    assert_eq!(
        wait(lists::allocations(&tenant(1), &filter, &Paging::default()).read(&database))
            .unwrap()
            .count,
        2
    );
    assert_eq!(
        wait(lists::allocations(&tenant(2), &filter, &Paging::default()).read(&database))
            .unwrap()
            .count,
        0
    );
}

#[test]
fn a_rerun_takes_the_place_of_what_waits_and_of_what_is_decided() {
    let (database, raw) = databases();
    receive(&database, 10, "501", "ap-1");
    let again = |id| again(&database, id, "501");
    assert_eq!(again(11), Received::New);
    assert_eq!(row(&database, 10)["reason"], "superseded");
    let claimed = claim(&database, NOW + 1).unwrap();
    assert_eq!(
        settle(&database, &claimed, &[decided(10, Some(30), None)], NOW + 1),
        Some(vec![])
    );
    settle(&database, &claimed, &[decided(11, Some(31), None)], NOW + 1);
    assert_eq!(again(12), Received::New);
    let held = wait(records::held(&database, &tenant(1), &uuid(11)))
        .unwrap()
        .unwrap();
    assert!(!held.is_live && held.is_decided && held.status == "received");
    assert!(
        wait(records::held(&database, &tenant(2), &uuid(11)))
            .unwrap()
            .is_none()
    );
    let audited = "SELECT count(*) FROM audit_entries WHERE resource = 'allocation'";
    assert_eq!(number(&raw, audited), Some(2));
}

#[test]
fn a_call_without_an_id_is_the_same_for_a_while() {
    let live = |call_id: &str, status: &str| Live {
        id: uuid(10),
        status: status.to_owned(),
        call_id: call_id.to_owned(),
        is_decided: true,
        finished_at: Some(NOW),
    };
    let failed = live("body:1", "failed");
    assert!(failed.answers("body:1", NOW + SAME_BODY_SECONDS - 1));
    assert!(!failed.answers("body:1", NOW + SAME_BODY_SECONDS));
    assert!(!failed.answers("body:2", NOW));
    assert!(live("ap-1", "failed").answers("ap-1", NOW + 3 * 86_400));
    assert!(live("body:1", "completed").answers("body:2", NOW + 3 * 86_400));
}

#[test]
fn what_comes_to_nothing_gives_the_deal_back() {
    let (database, raw) = databases();
    let is_live = |id| row(&database, id)["is_live"] == true;
    let status = |id| row(&database, id)["status"].as_str().unwrap().to_owned();
    receive(&database, 10, "501", "ap-1");
    let claimed = claim(&database, NOW).unwrap();
    settle(&database, &claimed, &[decided(10, Some(30), None)], NOW);
    deliver(&raw, 30, "delivered", "NULL");
    // Nobody could be chosen.
    again(&database, 11, "501");
    assert!(!is_live(10) && is_live(11));
    settle(&database, &claimed, &[decided(11, None, None)], NOW + 1);
    assert!(is_live(10) && !is_live(11));
    assert_eq!(
        (status(10), status(11)),
        ("completed".into(), "failed".into())
    );
    assert_eq!(
        receive(&database, 12, "501", "ap-1"),
        Received::Stored(uuid(10))
    );
    // The CRM refused the change.
    again(&database, 13, "501");
    settle(&database, &claimed, &[decided(13, Some(31), None)], NOW + 1);
    deliver(&raw, 31, "failed", "'invalid'");
    assert!(is_live(10) && !is_live(13));
    assert_eq!(row(&database, 13)["reason"], "write_refused");
    // One after the other before either is decided.
    again(&database, 14, "501");
    again(&database, 15, "501");
    assert_eq!(row(&database, 15)["replaces_id"], json!(uuid(14)));
    settle(&database, &claimed, &[decided(15, None, None)], NOW + 1);
    assert!(is_live(14) && !is_live(15) && status(14) == "received");
    settle(&database, &claimed, &[decided(14, None, None)], NOW + 2);
    assert!(is_live(10) && !is_live(14));
    assert_eq!(
        number(
            &raw,
            "SELECT count(*) FROM allocations WHERE superseded_at IS NULL"
        ),
        Some(1)
    );
    // Of two that failed, the later one says what keeps the deal.
    receive(&database, 20, "502", "ap-1");
    settle(&database, &claimed, &[decided(20, None, None)], NOW + 1);
    again(&database, 21, "502");
    settle(&database, &claimed, &[decided(21, None, None)], NOW + 1);
    assert!(!is_live(20) && is_live(21));
}

#[test]
fn what_waited_is_decided_after_all_when_a_later_record_comes_to_nothing() {
    let (database, raw) = databases();
    let due = "SELECT next_due_at FROM jobs WHERE kind = 'allocation'";
    receive(&database, 10, "501", "ap-1");
    again(&database, 11, "501");
    let claimed = claim(&database, NOW + 1).unwrap();
    settle(&database, &claimed, &[decided(11, Some(30), None)], NOW + 1);
    conclude(&database, &claimed, NOW + 1);
    assert_eq!(
        (row(&database, 10)["reason"].clone(), number(&raw, due)),
        (json!("superseded"), None)
    );
    deliver(&raw, 30, "failed", "'invalid'");
    assert_eq!(number(&raw, due), Some(NOW + 5));
    let waiting = wait(records::waiting(
        &database,
        &tenant(1),
        &connector(1),
        NOW + 5,
        50,
    ))
    .unwrap();
    assert_eq!(
        (waiting.len(), waiting[0].id.as_str()),
        (1, uuid(10).as_str())
    );
    assert!(!waiting[0].was_decided);
    let before = row(&database, 10);
    assert_eq!(
        (&before["status"], &before["is_live"], &before["failure"]),
        (&json!("received"), &json!(true), &Value::Null)
    );
    // One whose change had been decided is known to have been.
    let claimed = claim(&database, NOW + 5).unwrap();
    settle(&database, &claimed, &[decided(10, Some(31), None)], NOW + 5);
    again(&database, 12, "501");
    deliver(&raw, 31, "failed", "'superseded'");
    settle(&database, &claimed, &[decided(12, None, None)], NOW + 6);
    let waiting = wait(records::waiting(
        &database,
        &tenant(1),
        &connector(1),
        NOW + 6,
        50,
    ))
    .unwrap();
    assert_eq!(
        (waiting[0].id.as_str(), waiting[0].was_decided),
        (uuid(10).as_str(), true)
    );
    // With the connector there is nobody who could decide it.
    again(&database, 13, "501");
    let delete = format!("DELETE FROM connectors WHERE id = '{}'", connector(1));
    wait(raw.execute(&delete, &[])).unwrap();
    assert_eq!(row(&database, 13)["is_live"], true);
    assert_eq!(row(&database, 10)["reason"], "superseded");
}

#[test]
fn no_more_wait_than_may_and_old_records_go() {
    let (database, raw) = databases();
    let many = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MAX_WAITING})
         INSERT INTO allocations (id, organization_id, connector_id, deal_id, source, requested_by, call_id, request, status, next_try_at, received_at)
         SELECT 'x' || i, '{}', '{}', i, 'api', 'u', 'c', '{{}}', 'received', {NOW}, {NOW} FROM n",
        uuid(1),
        connector(1)
    );
    wait(raw.execute(&many, &[])).unwrap();
    assert_eq!(receive(&database, 10, "50001", "ap-1"), Received::Full);
    wait(raw.execute("DELETE FROM allocations", &[])).unwrap();
    receive(&database, 11, "501", "ap-1");
    let claimed = claim(&database, NOW).unwrap();
    settle(&database, &claimed, &[decided(11, None, None)], NOW);
    let explained = || wait(records::explanation(&database, &tenant(1), &uuid(11))).unwrap();
    assert!(
        explained().is_some()
            && wait(records::explanation(&database, &tenant(2), &uuid(11)))
                .unwrap()
                .is_none()
    );
    assert_eq!(
        wait(records::prune(
            &database,
            NOW + KEEP_EXPLANATIONS_SECONDS,
            100
        )),
        Ok(0)
    );
    assert_eq!(
        wait(records::prune(
            &database,
            NOW + KEEP_EXPLANATIONS_SECONDS + 1,
            100
        )),
        Ok(1)
    );
    assert!(explained().is_none());
    assert_eq!(
        wait(records::prune(&database, NOW + KEEP_SECONDS + 1, 100)),
        Ok(1)
    );
    assert_eq!(number(&raw, "SELECT count(*) FROM allocations"), Some(0));
}

#[test]
fn what_waits_ends_with_its_connector() {
    let (database, raw) = databases();
    receive(&database, 10, "501", "ap-1");
    let delete = format!("DELETE FROM connectors WHERE id = '{}'", connector(1));
    wait(raw.execute(&delete, &[])).unwrap();
    assert_eq!(row(&database, 10)["reason"], "connector_gone");
    let waiting = wait(records::waiting(
        &database,
        &tenant(1),
        &connector(1),
        NOW,
        50,
    ));
    assert!(waiting.unwrap().is_empty());
}

#[test]
fn who_is_told_is_a_tenants_own() {
    let (database, _) = databases();
    let targets = [
        Target {
            connector_id: uuid(201),
            channel: Some("#deals".to_owned()),
        },
        Target {
            connector_id: uuid(202),
            channel: None,
        },
    ];
    let put = database.transaction(async |transaction| {
        notices::put(transaction, &tenant(1), &targets, "user-1", NOW).await
    });
    wait(put).map_err(|error: DatabaseError| error).unwrap();
    let stored = wait(notices::get(&database, &tenant(1))).unwrap().unwrap();
    assert_eq!(
        (stored.targets.len(), stored.updated_by.as_str()),
        (2, "user-1")
    );
    // The other connector is another organization's.
    let tellers = wait(notices::tellers(&database, &tenant(1))).unwrap();
    assert_eq!(
        tellers
            .iter()
            .map(|one| one.channel.as_deref())
            .collect::<Vec<_>>(),
        [Some("#deals")]
    );
    assert!(wait(notices::get(&database, &tenant(2))).unwrap().is_none());
    let state = wait(records::connector(&database, &tenant(1), &connector(1)))
        .unwrap()
        .unwrap()
        .state;
    assert_eq!(state, "active");
    assert!(
        wait(records::connector(&database, &tenant(2), &connector(1)))
            .unwrap()
            .is_none()
    );
    let nothing = wait(records::job_of(&database, "nothing", 1, NOW)).unwrap();
    assert!(nothing.is_none());
}
