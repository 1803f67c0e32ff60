use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use domain::webhook_plan::RegistrationState;
use store::connectors::{StateChange, set_state};
use store::webhooks::{
    Endpoint, Finding, NewEndpoint, Reached, Registration, endpoint, list, open, orphaned, reached,
    record, remove, retire, retired,
};

use crate::support::{TestDatabase, wait};
use crate::{NOW, connect, new_connector, tenant, two_organizations, uuid};

/// Organizations 1 and 2 with the connectors 9 and 10.
fn connected() -> (TestDatabase, Tenant, Tenant) {
    let (database, first, second) = two_organizations();
    connect(&database, &first, new_connector(&uuid(9)), NOW);
    connect(&database, &second, new_connector(&uuid(10)), NOW);
    (database, first, second)
}

/// Why a registration is orphaned.
const LEFT_BEHIND: &str = "left behind";

/// Opens the endpoint of this number, of a path and an account that are named like it.
fn opened(database: &TestDatabase, tenant: &Tenant, connector: u64, number: u64) -> bool {
    let new = NewEndpoint {
        id: &uuid(number),
        connector_id: &uuid(connector),
        path_hash: &format!("hash-{number}"),
        account: "4410",
    };
    wait(open(database, tenant, new, NOW)).unwrap()
}

fn finding(id: u64, topic: &str, external_id: Option<&str>) -> Finding {
    Finding {
        id: uuid(id),
        topic: topic.to_owned(),
        external_id: external_id.map(str::to_owned),
        base_url: "https://patchbay.example.com".to_owned(),
        state: if external_id.is_some() {
            RegistrationState::Registered
        } else {
            RegistrationState::Failed
        },
        reason: external_id.is_none().then(|| "refused".to_owned()),
    }
}

fn note(database: &TestDatabase, tenant: &Tenant, endpoint: u64, findings: &[Finding], now: i64) {
    wait(record(
        database,
        tenant,
        &uuid(endpoint),
        findings,
        LEFT_BEHIND,
        now,
    ))
    .unwrap();
}

fn rows(database: &TestDatabase, tenant: &Tenant, connector: u64) -> Vec<Registration> {
    wait(list(database, tenant, &uuid(connector))).unwrap()
}

fn states(rows: &[Registration]) -> Vec<(&str, Option<&str>, &str)> {
    rows.iter()
        .map(|row| {
            (
                row.topic.as_str(),
                row.external_id.as_deref(),
                row.state.as_str(),
            )
        })
        .collect()
}

#[test]
fn a_connector_has_one_live_path_by_which_it_is_found() {
    let (database, first, _) = connected();
    assert_eq!(wait(endpoint(&database, &first, &uuid(9))), Ok(None));
    assert!(opened(&database, &first, 9, 20));
    let live = Endpoint {
        id: uuid(20),
        path_hash: "hash-20".to_owned(),
        account: "4410".to_owned(),
    };
    assert_eq!(wait(endpoint(&database, &first, &uuid(9))), Ok(Some(live)));
    let found = Reached {
        organization_id: first.as_str().to_owned(),
        connector_id: uuid(9),
    };
    assert_eq!(wait(reached(&database, "hash-20")), Ok(Some(found)));
    assert_eq!(wait(reached(&database, "hash-21")), Ok(None));
    let twice = NewEndpoint {
        id: &uuid(21),
        connector_id: &uuid(9),
        path_hash: "hash-21",
        account: "4410",
    };
    assert!(wait(open(&database, &first, twice, NOW)).is_err());

    assert_eq!(wait(retire(&database, &first, &uuid(9), "r", NOW)), Ok(0));
    assert_eq!(wait(endpoint(&database, &first, &uuid(9))), Ok(None));
    assert_eq!(wait(reached(&database, "hash-20")), Ok(None));
    assert!(opened(&database, &first, 9, 21));
    let hashes = ["hash-20", "hash-21", "hash-22"].map(str::to_owned);
    assert_eq!(
        wait(retired(&database, &first, &hashes)),
        Ok(vec!["hash-20".to_owned()])
    );
}

#[test]
fn a_disconnected_connector_gets_no_path() {
    let (database, first, _) = connected();
    let change = StateChange {
        from: ConnectorState::ALL,
        to: ConnectorState::Disconnected,
        reason: None,
    };
    assert_eq!(
        wait(set_state(&database, &first, &uuid(9), change, NOW)),
        Ok(true)
    );
    assert!(!opened(&database, &first, 9, 20));
    assert!(
        !opened(&database, &first, 11, 20),
        "there is no such connector"
    );
}

#[test]
fn a_topic_has_one_row_that_follows_what_is_found() {
    let (database, first, _) = connected();
    opened(&database, &first, 9, 20);
    let before = [finding(30, "b", None), finding(31, "a", Some("81"))];
    note(&database, &first, 20, &before, NOW);
    let found = rows(&database, &first, 9);
    assert_eq!(
        states(&found),
        [("a", Some("81"), "registered"), ("b", None, "failed")]
    );
    assert_eq!(found[1].reason.as_deref(), Some("refused"));
    note(
        &database,
        &first,
        20,
        &[finding(32, "b", Some("82"))],
        NOW + 5,
    );
    let after = rows(&database, &first, 9);
    assert_eq!(after[0], found[0]);
    let expected = Registration {
        external_id: Some("82".to_owned()),
        state: RegistrationState::Registered,
        reason: None,
        last_checked_at: NOW + 5,
        ..found[1].clone()
    };
    assert_eq!(after[1], expected);
    wait(remove(&database, &first, &[&after[0].id, "unknown"])).unwrap();
    assert_eq!(rows(&database, &first, 9), [expected]);
}

#[test]
fn what_is_given_up_is_orphaned_and_comes_back_to_who_connects_the_account() {
    let (database, first, second) = connected();
    opened(&database, &first, 9, 20);
    let noted = [finding(30, "a", Some("81")), finding(31, "b", None)];
    note(&database, &first, 20, &noted, NOW);
    assert_eq!(
        wait(retire(&database, &first, &uuid(9), LEFT_BEHIND, NOW)),
        Ok(1)
    );
    let left = rows(&database, &first, 9);
    assert_eq!(states(&left), [("a", Some("81"), "orphaned")]);
    // A repair that was under way goes on, and finds its endpoint given up.
    let late = [finding(32, "c", Some("83")), finding(33, "d", None)];
    note(&database, &first, 20, &late, NOW);
    let left = rows(&database, &first, 9);
    assert_eq!(
        states(&left),
        [("a", Some("81"), "orphaned"), ("c", Some("83"), "orphaned")]
    );
    assert!(
        left.iter()
            .all(|row| row.reason.as_deref() == Some(LEFT_BEHIND))
    );
    // The same topic of the next endpoint is another row.
    opened(&database, &first, 9, 21);
    note(&database, &first, 21, &[finding(34, "a", Some("90"))], NOW);
    assert_eq!(rows(&database, &first, 9).len(), 3);
    assert_eq!(wait(orphaned(&database, &first, "4410")), Ok(left));
    assert_eq!(wait(orphaned(&database, &first, "4420")), Ok(Vec::new()));
    assert_eq!(wait(orphaned(&database, &second, "4410")), Ok(Vec::new()));
}

#[test]
fn nobody_reads_or_changes_anothers() {
    let (database, first, second) = connected();
    opened(&database, &first, 9, 20);
    note(&database, &first, 20, &[finding(30, "a", Some("81"))], NOW);
    let ours = rows(&database, &first, 9);
    assert!(!opened(&database, &second, 9, 22), "another's connector");
    assert_eq!(wait(endpoint(&database, &second, &uuid(9))), Ok(None));
    assert_eq!(rows(&database, &second, 9), []);
    note(
        &database,
        &second,
        20,
        &[finding(31, "a", None), finding(32, "b", Some("9"))],
        NOW + 1,
    );
    wait(remove(&database, &second, &[&ours[0].id])).unwrap();
    assert_eq!(wait(retire(&database, &second, &uuid(9), "r", NOW)), Ok(0));
    assert_eq!(rows(&database, &first, 9), ours);
    wait(retire(&database, &first, &uuid(9), "r", NOW)).unwrap();
    let hashes = ["hash-20".to_owned()];
    assert_eq!(wait(retired(&database, &second, &hashes)), Ok(Vec::new()));
    assert_eq!(tenant(1), first);
}
