//! The function's side of a lease.

use domain::access::Tenant;
use domain::run::{RunCounts, RunStatus};
use store::credentials::Sealed;
use store::jobs::{Claimed, Lease, Progress, checkpoint, load_work};
use store::{Database, DatabaseError, Value, credentials};

use crate::fixture::{Fixture, LEASE_SECS, NOW, ended, integer, tenant, text};
use crate::support::wait;

const PAGE: Progress<'static> = Progress {
    checkpoint: r#"{"cursor":"abc"}"#,
    kind: None,
    pages: 1,
    provider_calls: 2,
    counts: RunCounts {
        fetched: 250,
        created: 200,
        updated: 20,
        unchanged: 27,
        deleted: 1,
        errors: 2,
    },
};

fn save(
    fixture: &Fixture,
    tenant: &Tenant,
    claimed: &Claimed,
    progress: Progress<'_>,
    now: i64,
) -> bool {
    let lease = Lease {
        tenant,
        job_id: &claimed.job_id,
        version: claimed.lease_version,
    };
    wait(checkpoint(&fixture.database, lease, progress, now)).unwrap()
}

#[test]
fn a_checkpoint_is_saved_and_its_counts_are_added_up() {
    let fixture = Fixture::new();
    let (tenant, _) = fixture.connected(1, [Some(NOW), None, None]);
    let claimed = fixture.claim(1, NOW).remove(0);
    assert!(save(
        &fixture,
        &tenant,
        &claimed,
        Progress {
            kind: Some("backfill"),
            ..PAGE
        },
        NOW
    ));
    assert!(save(&fixture, &tenant, &claimed, PAGE, NOW + 1));
    let run = |column| fixture.run(&claimed.run_id, column);
    assert_eq!(run("status"), text("running"));
    assert_eq!(run("kind"), text("backfill"));
    assert_eq!(run("started_at"), integer(NOW));
    for (column, value) in [
        ("pages", 2),
        ("provider_calls", 4),
        ("fetched", 500),
        ("created", 400),
        ("updated", 40),
        ("unchanged", 54),
        ("deleted", 2),
        ("errors", 4),
    ] {
        assert_eq!(run(column), integer(value), "{column}");
    }
    fixture.record(&[ended(&claimed, RunStatus::Partial, None)], NOW + 3);
    assert_eq!(run("status"), text("partial"));
    assert_eq!(run("kind"), text("backfill"));
    assert_eq!(run("created"), integer(400));
    assert_eq!(
        fixture.job(&claimed.job_id, "checkpoint"),
        text(PAGE.checkpoint)
    );
}

#[test]
fn who_has_lost_the_lease_saves_nothing() {
    let fixture = Fixture::new();
    let (mine, _) = fixture.connected(1, [Some(NOW), None, None]);
    let late = fixture.claim(1, NOW).remove(0);
    let end = NOW + LEASE_SECS;
    assert!(
        !save(&fixture, &mine, &late, PAGE, end),
        "the lease has ended"
    );
    assert!(
        !save(&fixture, &tenant(2), &late, PAGE, NOW),
        "another tenant's"
    );
    let holder = fixture.claim(1, end).remove(0);
    assert!(!save(&fixture, &mine, &late, PAGE, end), "another's");
    assert_eq!(fixture.job(&late.job_id, "checkpoint"), text("{}"));
    assert_eq!(fixture.run(&late.run_id, "status"), Value::Null);
    assert!(save(&fixture, &mine, &holder, PAGE, end));
    fixture.record(&[ended(&holder, RunStatus::Success, None)], end);
    assert!(!save(&fixture, &mine, &holder, PAGE, end), "given back");
}

#[test]
fn a_refused_checkpoint_takes_its_page_with_it() {
    let fixture = Fixture::new();
    let (mine, _) = fixture.connected(1, [Some(NOW), None, None]);
    let late = fixture.claim(1, NOW).remove(0);
    fixture.claim(1, NOW + LEASE_SECS);
    let lease = Lease {
        tenant: &mine,
        job_id: &late.job_id,
        version: late.lease_version,
    };
    let lost = wait(fixture.database.transaction(async |transaction| {
        let insert = "INSERT INTO sync_seen (pass_id, external_id) VALUES ('pass', '1')";
        store::Execute::execute(transaction, insert, &[]).await?;
        if checkpoint(transaction, lease, PAGE, NOW + 1).await? {
            Ok(())
        } else {
            Err(DatabaseError::Io("lease lost".to_owned()))
        }
    }));
    assert!(lost.is_err());
    assert!(
        fixture
            .execute("SELECT 1 FROM sync_seen WHERE pass_id = 'pass'", &[])
            .is_empty()
    );
}

#[test]
fn work_has_everything_that_a_function_needs() {
    let fixture = Fixture::new();
    let (mine, connector) = fixture.connected(1, [None; 3]);
    let fields = [
        Sealed {
            field: "access_token",
            sealed: "gAAAA1",
            sealed_by: "k1",
        },
        Sealed {
            field: "company_guid",
            sealed: "gAAAA2",
            sealed_by: "k1",
        },
    ];
    assert!(
        wait(credentials::put(
            &fixture.database,
            &mine,
            &connector,
            &fields,
            NOW
        ))
        .unwrap()
    );
    let params = r#"{"full":true}"#;
    let asked = fixture.request_with(&mine, &connector, &["users"], Some(params), NOW);
    let claimed = fixture.claim(1, NOW).remove(0);
    let load =
        |version, now| wait(load_work(&fixture.database, &claimed.job_id, version, now)).unwrap();
    fixture.database.take_statements();
    let work = load(1, NOW).unwrap();
    assert_eq!(fixture.database.take_statements().len(), 1);
    assert_eq!(work.job_id, claimed.job_id);
    assert_eq!((work.kind.as_str(), work.name.as_str()), ("sync", "users"));
    assert_eq!(work.organization_id, mine.as_str());
    assert_eq!(work.time_zone, "America/Toronto");
    assert_eq!(work.connector_id, connector);
    assert_eq!(work.provider, "seven_shifts");
    assert_eq!(work.connector_state, "active");
    assert_eq!(work.config, r#"{"company_id":7}"#);
    assert_eq!(work.sync_settings, r#"{"enabled":true}"#);
    assert_eq!(work.payload, "{}");
    assert_eq!(work.checkpoint, "{}");
    assert_eq!(work.params.as_deref(), Some(params));
    assert_eq!(work.run_id, asked[0].run_id);
    assert_eq!(work.trigger, "manual");
    assert_eq!(work.lease_expires_at, NOW + LEASE_SECS);
    assert_eq!(work.last_success_at, None);
    let sealed: Vec<_> = work
        .credentials
        .iter()
        .map(|credential| (credential.field.as_str(), credential.sealed.as_str()))
        .collect();
    assert_eq!(
        sealed,
        [("access_token", "gAAAA1"), ("company_guid", "gAAAA2")]
    );
    assert!(!format!("{work:?}").contains("gAAAA1"));
    assert!(load(0, NOW).is_none(), "an older lease");
    assert!(
        load(1, NOW + LEASE_SECS).is_none(),
        "a lease that has ended"
    );
}

#[test]
fn the_next_attempt_starts_from_the_checkpoint() {
    let fixture = Fixture::new();
    let (mine, _) = fixture.connected(1, [Some(NOW), None, None]);
    let claimed = fixture.claim(1, NOW).remove(0);
    assert!(save(&fixture, &mine, &claimed, PAGE, NOW));
    let again = fixture.claim(1, NOW + LEASE_SECS).remove(0);
    let work = wait(load_work(
        &fixture.database,
        &again.job_id,
        again.lease_version,
        NOW + LEASE_SECS,
    ))
    .unwrap()
    .unwrap();
    assert_eq!(work.checkpoint, PAGE.checkpoint);
    assert_eq!(work.attempts, 1);
}
