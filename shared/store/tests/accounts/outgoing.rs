//! Endpoints that webhooks are sent to, what becomes of what is sent, and who counts as failing.

use domain::access::Tenant;
use domain::job::JobState;
use domain::run::{RunStatus, Trigger};
use store::jobs::{self, Claim, Claimed, Conclusion, Failure, Lease};
use store::outbox::{self, Attempt, DeliveryJob, Enqueued, MAX_PENDING, NewDelivery, Sender};
use store::outgoing_webhooks::{
    self as endpoints, Called, Change, Created, MAX_ENDPOINTS, NewEndpoint, Sending,
};
use store::webhook_secrets::{self, NewSecret, Owner};
use store::{Execute as _, Value};

use crate::support::{TestDatabase, wait};
use crate::{NOW, tenant, two_organizations, uuid};

const URL: &str = "https://example.com/hook";
const LEASE_SECONDS: i64 = 60;

fn create(database: &TestDatabase, tenant: &Tenant, number: u64) -> Created {
    let new = NewEndpoint {
        id: &uuid(number),
        name: "product",
        url: URL,
        events: Some(r#"["shift.*"]"#),
        created_by: "user-1",
    };
    wait(endpoints::create(database, tenant, new, NOW)).unwrap()
}

fn put(database: &TestDatabase, tenant: &Tenant, endpoint: u64, number: u64, until: i64) {
    let new = NewSecret {
        id: &uuid(number),
        owner: Owner::Outgoing(&uuid(endpoint)),
        sealed: &format!("sealed-{number}"),
        sealed_by: "k",
    };
    assert!(wait(webhook_secrets::put(database, tenant, new, until, NOW)).unwrap());
}

/// Organizations 1 and 2 with the endpoints 9 and 10.
fn with_endpoints() -> (TestDatabase, Tenant, Tenant) {
    let (database, first, second) = two_organizations();
    // Deliveries alone: what is raised has no job here that would be claimed too.
    wait(database.execute("DROP TRIGGER events_have_a_job", &[])).unwrap();
    for (tenant, number) in [(&first, 9), (&second, 10)] {
        assert_eq!(create(&database, tenant, number), Created::Done);
        put(&database, tenant, number, number + 100, NOW);
    }
    (database, first, second)
}

/// Decides the delivery of this number; its job has the number after it.
fn enqueue(database: &TestDatabase, tenant: &Tenant, endpoint: u64, number: u64) -> Enqueued {
    let (id, job_id, endpoint) = (uuid(number), uuid(number + 1), uuid(endpoint));
    let new = NewDelivery {
        id: &id,
        job_id: &job_id,
        kind: endpoints::WEBHOOK,
        sender: Sender::Endpoint(&endpoint),
        requested_by: "automation",
        payload: r#"{"type":"shift.changed"}"#,
        depth: 0,
        lease: None,
        job: job(&endpoint),
    };
    wait(outbox::enqueue(database, tenant, new, NOW)).unwrap()
}

fn job(endpoint: &str) -> DeliveryJob<'_> {
    DeliveryJob {
        function: "outgoing-webhooks",
        concurrency_key: endpoint,
    }
}

fn claim(database: &TestDatabase, now: i64) -> Vec<Claimed> {
    let ids: Vec<_> = (0..5).map(|number| uuid(90_000 + number)).collect();
    let claim = Claim {
        holder: "tick",
        now_ms: now * 1_000,
        lease_secs: LEASE_SECONDS,
        fresh_run_ids: &ids,
        only: None,
        except: &[],
    };
    wait(jobs::claim(database, claim)).unwrap()
}

fn conclude(
    database: &TestDatabase,
    claimed: &Claimed,
    due: Option<i64>,
    ended: Option<RunStatus>,
) {
    let conclusion = Conclusion {
        job_id: claimed.job_id.clone(),
        lease_version: claimed.lease_version,
        state: match ended {
            None => JobState::Pending,
            Some(RunStatus::Failed) => JobState::Failed,
            Some(_) => JobState::Done,
        },
        next_due_at: due,
        planned_trigger: Trigger::Manual,
        attempts: 0,
        ended,
        failure: None,
        nightly_date: None,
        complete: false,
        uncounted_calls: 0,
        is_sync: false,
        delivery_id: Some(claimed.name.clone()),
    };
    wait(jobs::record(database, &[conclusion], NOW * 1_000)).unwrap();
}

fn load(database: &TestDatabase, claimed: &Claimed, now: i64) -> Option<Sending> {
    let (id, version) = (&claimed.job_id, claimed.lease_version);
    wait(endpoints::load(database, id, version, now)).unwrap()
}

fn attempt(database: &TestDatabase, tenant: &Tenant, claimed: &Claimed, now: i64) -> bool {
    let lease = Lease {
        tenant,
        job_id: &claimed.job_id,
        version: claimed.lease_version,
    };
    let attempt = Attempt {
        started_ms: now * 1_000,
        duration_ms: 5,
        status: Some(500),
        failure: None,
        may_have_happened: false,
        result: None,
    };
    wait(outbox::note_attempt(database, lease, attempt, now)).unwrap()
}

fn value(database: &TestDatabase, sql: &str, id: &str) -> Value {
    let rows = wait(database.execute(sql, &[Value::from(id)])).unwrap();
    rows.into_iter().next().map_or(Value::Null, |row| {
        row.0.first().cloned().unwrap_or(Value::Null)
    })
}

fn endpoint(database: &TestDatabase, number: u64, column: &str) -> Value {
    let sql = format!("SELECT {column} FROM outgoing_webhooks WHERE id = ?1");
    value(database, &sql, &uuid(number))
}

fn delivery(database: &TestDatabase, number: u64, column: &str) -> Value {
    let sql = format!("SELECT {column} FROM deliveries WHERE id = ?1");
    value(database, &sql, &uuid(number))
}

fn reason() -> Failure {
    Failure {
        code: "endpoint_disabled".to_owned(),
        detail: "It answered 410.".to_owned(),
    }
}

fn called(id: &str) -> Called<'_> {
    Called { id, url: URL }
}

#[test]
fn a_delivery_is_loaded_with_its_endpoint_and_every_key_that_counts() {
    let (database, first, _) = with_endpoints();
    put(&database, &first, 9, 200, NOW + 60);
    assert_eq!(enqueue(&database, &first, 9, 50), Enqueued::Done);
    let claimed = claim(&database, NOW).remove(0);
    let sending = load(&database, &claimed, NOW).unwrap();
    assert_eq!(sending.organization_id, first.as_str());
    assert_eq!(
        (sending.delivery_id, sending.endpoint_id, sending.tries),
        (uuid(50), uuid(9), 0)
    );
    assert_eq!(
        (sending.url.as_str(), sending.state.as_str()),
        (URL, "active")
    );
    assert_eq!(sending.payload, r#"{"type":"shift.changed"}"#);
    let mut sealed: Vec<_> = sending.secrets.into_iter().map(|key| key.sealed).collect();
    sealed.sort();
    assert_eq!(sealed, ["sealed-109", "sealed-200"]);
    assert!(load(&database, &claimed, NOW + LEASE_SECONDS).is_none());
    // An hour later the key of before is over.
    let claimed = claim(&database, NOW + 3_600).remove(0);
    let sending = load(&database, &claimed, NOW + 3_600).unwrap();
    assert_eq!(sending.secrets.len(), 1);
    assert_eq!(sending.secrets[0].sealed, "sealed-200");
}

#[test]
fn tries_are_counted_from_the_last_decision() {
    let (database, first, _) = with_endpoints();
    enqueue(&database, &first, 9, 50);
    for tries in 0..3 {
        let at = NOW + 100 * tries;
        let claimed = claim(&database, at).remove(0);
        let sending = load(&database, &claimed, at).unwrap();
        assert_eq!(sending.tries, usize::try_from(tries).unwrap());
        assert!(attempt(&database, &first, &claimed, at));
        let ended = (tries == 2).then_some(RunStatus::Failed);
        conclude(&database, &claimed, Some(at + 100), ended);
    }
    // In the same second.
    let now = NOW + 200;
    let (id, job_id, to) = (uuid(50), uuid(70), uuid(9));
    assert!(
        wait(outbox::retry(
            &database,
            &first,
            &id,
            &job_id,
            job(&to),
            now
        ))
        .unwrap()
    );
    let claimed = claim(&database, now).remove(0);
    assert_eq!(load(&database, &claimed, now).unwrap().tries, 0);
    assert!(attempt(&database, &first, &claimed, now));
    assert_eq!(load(&database, &claimed, now).unwrap().tries, 1);
    assert_eq!(delivery(&database, 50, "attempts"), Value::from(4_i64));
}

#[test]
fn what_waits_for_its_retry_does_not_hold_the_next() {
    let (database, first, _) = with_endpoints();
    enqueue(&database, &first, 9, 50);
    enqueue(&database, &first, 9, 60);
    let claimed = claim(&database, NOW);
    assert_eq!(claimed.len(), 1, "one endpoint, one at a time");
    assert_eq!(claimed[0].name, uuid(50));
    conclude(&database, &claimed[0], Some(NOW + 36_000), None);
    let next = claim(&database, NOW);
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].name, uuid(60));
}

#[test]
fn nobody_sends_to_a_foreign_or_disabled_endpoint_and_not_without_end() {
    let (database, first, second) = with_endpoints();
    assert_eq!(enqueue(&database, &second, 9, 50), Enqueued::NoSender);
    assert_eq!(enqueue(&database, &first, 11, 50), Enqueued::NoSender);
    for number in 0..MAX_PENDING as u64 {
        let decided = enqueue(&database, &first, 9, 1_000 + 2 * number);
        assert_eq!(decided, Enqueued::Done);
    }
    assert_eq!(enqueue(&database, &first, 9, 50), Enqueued::Full);
    // Another endpoint, and another tenant's, have their own.
    assert_eq!(create(&database, &first, 11), Created::Done);
    assert_eq!(enqueue(&database, &first, 11, 50), Enqueued::Done);
    assert_eq!(enqueue(&database, &second, 10, 52), Enqueued::Done);
    let id = uuid(11);
    let why = reason();
    let disabled = endpoints::disable(&database, &first, called(&id), "none", &why, NOW);
    assert!(wait(disabled).unwrap());
    assert_eq!(enqueue(&database, &first, 11, 54), Enqueued::NoSender);
    wait(endpoints::count_missed(&database, &first, &uuid(9))).unwrap();
    wait(endpoints::count_missed(&database, &second, &uuid(9))).unwrap();
    assert_eq!(endpoint(&database, 9, "missed_count"), Value::from(1_i64));
}

#[test]
fn days_of_failure_begin_with_the_first_and_end_with_a_success_or_a_person() {
    let (database, first, second) = with_endpoints();
    let id = uuid(9);
    let fail = |tenant: &Tenant, called, now| {
        wait(endpoints::fail(&database, tenant, called, now)).unwrap()
    };
    let elsewhere = Called {
        id: &id,
        url: "https://example.com/old",
    };
    assert_eq!(fail(&second, called(&id), NOW), None);
    assert_eq!(
        fail(&first, elsewhere, NOW),
        None,
        "it is called otherwise by now"
    );
    assert_eq!(fail(&first, called(&id), NOW), Some(NOW));
    assert_eq!(fail(&first, called(&id), NOW + 60), Some(NOW));
    wait(endpoints::succeed(&database, &first, elsewhere)).unwrap();
    assert_eq!(fail(&first, called(&id), NOW + 61), Some(NOW));
    wait(endpoints::succeed(&database, &first, called(&id))).unwrap();
    assert_eq!(endpoint(&database, 9, "failing_since"), Value::Null);
    assert_eq!(fail(&first, called(&id), NOW + 70), Some(NOW + 70));
    let update = |change| wait(endpoints::update(&database, &first, &id, change, NOW)).unwrap();
    // The same URL again is no other.
    let unchanged = Change {
        url: Some(URL),
        name: Some("x"),
        ..Change::default()
    };
    assert!(update(unchanged));
    assert_eq!(
        endpoint(&database, 9, "failing_since"),
        Value::from(NOW + 70)
    );
    assert!(update(Change {
        state: Some("paused"),
        ..Change::default()
    }));
    assert_eq!(
        endpoint(&database, 9, "failing_since"),
        Value::from(NOW + 70)
    );
    assert!(update(Change {
        state: Some("active"),
        ..Change::default()
    }));
    assert_eq!(endpoint(&database, 9, "failing_since"), Value::Null);
    fail(&first, called(&id), NOW + 80);
    assert!(update(Change {
        url: Some("https://example.com/new"),
        ..Change::default()
    }));
    assert_eq!(endpoint(&database, 9, "failing_since"), Value::Null);
    assert!(
        !wait(endpoints::update(
            &database,
            &second,
            &id,
            Change::default(),
            NOW
        ))
        .unwrap()
    );
}

#[test]
fn who_is_disabled_gives_up_what_waits_except_what_has_found_it_out() {
    let (database, first, second) = with_endpoints();
    for number in [50, 60, 70] {
        enqueue(&database, &first, 9, number);
    }
    enqueue(&database, &second, 10, 80);
    let claimed = claim(&database, NOW);
    let mine = claimed.iter().find(|job| job.name == uuid(50)).unwrap();
    let id = uuid(9);
    let disable = |tenant, called| {
        wait(endpoints::disable(
            &database,
            tenant,
            called,
            &uuid(50),
            &reason(),
            NOW,
        ))
        .unwrap()
    };
    let elsewhere = Called {
        id: &id,
        url: "https://example.com/old",
    };
    assert!(!disable(&second, called(&id)));
    assert!(!disable(&first, elsewhere));
    assert_eq!(delivery(&database, 60, "state"), Value::from("pending"));
    assert!(disable(&first, called(&id)));
    assert!(!disable(&first, called(&id)), "it is disabled already");
    assert_eq!(endpoint(&database, 9, "state"), Value::from("disabled"));
    assert_eq!(
        endpoint(&database, 9, "state_reason"),
        Value::from("It answered 410.")
    );
    assert_eq!(delivery(&database, 50, "state"), Value::from("pending"));
    for number in [60, 70] {
        assert_eq!(delivery(&database, number, "state"), Value::from("failed"));
        let code = delivery(&database, number, "error_code");
        assert_eq!(code, Value::from("endpoint_disabled"));
    }
    assert_eq!(delivery(&database, 80, "state"), Value::from("pending"));
    conclude(&database, mine, None, Some(RunStatus::Failed));
    assert_eq!(delivery(&database, 50, "state"), Value::from("failed"));
    // Enabled by a person, it is as new.
    let change = Change {
        state: Some("active"),
        ..Change::default()
    };
    assert!(wait(endpoints::update(&database, &first, &id, change, NOW)).unwrap());
    assert_eq!(endpoint(&database, 9, "state_reason"), Value::Null);
    assert_eq!(enqueue(&database, &first, 9, 90), Enqueued::Done);
}

#[test]
fn a_deleted_endpoint_leaves_no_key_and_nothing_that_waits() {
    let (database, first, second) = with_endpoints();
    enqueue(&database, &first, 9, 50);
    let id = uuid(9);
    let delete = |tenant| wait(endpoints::delete(&database, tenant, &id, &reason(), NOW)).unwrap();
    assert!(!delete(&second));
    assert_eq!(delivery(&database, 50, "state"), Value::from("pending"));
    assert_eq!(
        wait(endpoints::state(&database, &second, &id)).unwrap(),
        None
    );
    assert_eq!(
        wait(endpoints::state(&database, &first, &id)).unwrap(),
        Some("active".to_owned())
    );
    assert!(delete(&first));
    assert_eq!(delivery(&database, 50, "state"), Value::from("failed"));
    assert_eq!(claim(&database, NOW).len(), 0);
    for (table, column) in [
        ("credentials", "connector_id"),
        ("webhook_secrets", "webhook_id"),
    ] {
        let sql = format!("SELECT count(*) FROM {table} WHERE {column} = ?1");
        assert_eq!(value(&database, &sql, &uuid(9)), Value::from(0_i64));
        assert_eq!(value(&database, &sql, &uuid(10)), Value::from(1_i64));
    }
}

#[test]
fn only_active_endpoints_are_offered_events() {
    let (database, first, _) = with_endpoints();
    for (number, state) in [(11, "paused"), (12, "active")] {
        assert_eq!(create(&database, &first, number), Created::Done);
        let change = Change {
            events: Some(None),
            state: Some(state),
            ..Change::default()
        };
        let id = uuid(number);
        assert!(wait(endpoints::update(&database, &first, &id, change, NOW)).unwrap());
    }
    let active = wait(endpoints::active(&database, &first)).unwrap();
    let offered: Vec<_> = active.into_iter().map(|one| (one.id, one.events)).collect();
    let filter = Some(vec!["shift.*".to_owned()]);
    assert_eq!(offered, [(uuid(9), filter), (uuid(12), None)]);
}

#[test]
fn an_organization_has_so_many_endpoints() {
    let (database, first, second) = with_endpoints();
    for number in 1..MAX_ENDPOINTS as u64 {
        assert_eq!(create(&database, &first, 1_000 + number), Created::Done);
    }
    assert_eq!(create(&database, &first, 9_000), Created::TooMany);
    assert_eq!(create(&database, &second, 9_001), Created::Done);
    assert_eq!(
        create(&database, &tenant(3), 9_002),
        Created::NoOrganization
    );
}
