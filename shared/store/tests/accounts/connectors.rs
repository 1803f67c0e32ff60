use domain::connector_state::ConnectorState;
use store::connectors::{
    Connect, Connector, NewConnector, StateChange, get, get_by_key, list, set_state,
    set_state_by_run, set_sync_settings,
};
use store::credentials::{Sealed, put};
use store::jobs::{Lease, SealedCredential};
use store::{Execute, parameters};

use crate::support::{TestDatabase, wait};
use crate::{NOW, connect, new_connector, tenant, two_organizations, uuid};

fn found(database: &TestDatabase, number: u64) -> Connector {
    wait(get(database, &tenant(1), &uuid(number)))
        .unwrap()
        .unwrap()
}

fn change(
    database: &TestDatabase,
    from: &[ConnectorState],
    to: ConnectorState,
    reason: Option<&str>,
    now: i64,
) -> bool {
    let change = StateChange { from, to, reason };
    wait(set_state(database, &tenant(1), &uuid(9), change, now)).unwrap()
}

#[test]
fn connecting_again_keeps_the_id_and_the_settings() {
    let (database, first, _) = two_organizations();
    let id = uuid(9);
    assert_eq!(
        connect(&database, &first, new_connector(&id), NOW),
        Connect::Created { id: id.clone() }
    );
    assert!(change(
        &database,
        &[ConnectorState::Active],
        ConnectorState::Revoked,
        Some("withdrawn"),
        NOW + 1
    ));
    let again = NewConnector {
        config: r#"{"company_id":8}"#,
        sync_settings: r#"{"enabled":false}"#,
        connected_by: "user-2",
        ..new_connector("another")
    };
    assert_eq!(
        connect(&database, &first, again, NOW + 2),
        Connect::Reconnected { id }
    );
    let connector = found(&database, 9);
    assert_eq!(connector.state, ConnectorState::Active);
    assert_eq!(connector.state_reason, None);
    assert_eq!(connector.state_changed_at, NOW + 2);
    assert_eq!(connector.config, r#"{"company_id":8}"#);
    assert_eq!(connector.sync_settings, r#"{"enabled":true}"#);
    assert_eq!(connector.connected_by.as_deref(), Some("user-2"));
    assert_eq!(
        (connector.connected_at, connector.created_at),
        (Some(NOW + 2), NOW)
    );
}

#[test]
fn a_key_belongs_to_one_provider() {
    let (database, first, _) = two_organizations();
    connect(&database, &first, new_connector(&uuid(9)), NOW);
    let slack = NewConnector {
        provider: "slack",
        ..new_connector("another")
    };
    assert_eq!(connect(&database, &first, slack, NOW), Connect::KeyTaken);
    assert_eq!(found(&database, 9).provider, "seven_shifts");
}

#[test]
fn nobody_connects_for_an_organization_that_is_not_there() {
    let (database, ..) = two_organizations();
    assert_eq!(
        connect(&database, &tenant(3), new_connector(&uuid(9)), NOW),
        Connect::NoOrganization
    );
}

#[test]
fn a_connector_is_its_tenants_alone() {
    let (database, first, second) = two_organizations();
    let id = uuid(9);
    connect(&database, &first, new_connector(&id), NOW);
    connect(&database, &second, new_connector(&uuid(10)), NOW);
    assert_eq!(wait(get(&database, &second, &id)), Ok(None));
    let theirs = wait(get_by_key(&database, &second, "7shifts"))
        .unwrap()
        .unwrap();
    assert_eq!(theirs.id, uuid(10));
    let listed = wait(list(&database, &second, &[], "", 100)).unwrap();
    assert_eq!(listed, [theirs]);
    assert_eq!(
        wait(set_sync_settings(&database, &second, &id, "{}", NOW)),
        Ok(false)
    );
    let pause = StateChange {
        from: &[ConnectorState::Active],
        to: ConnectorState::Paused,
        reason: None,
    };
    assert_eq!(
        wait(set_state(&database, &second, &id, pause, NOW)),
        Ok(false)
    );
    assert_eq!(found(&database, 9).state, ConnectorState::Active);
}

#[test]
fn a_state_is_written_only_when_it_changes() {
    use ConnectorState::{Active, Error};
    let (database, first, _) = two_organizations();
    connect(&database, &first, new_connector(&uuid(9)), NOW);
    assert!(!change(&database, &[Active, Error], Active, None, NOW + 1));
    assert!(change(
        &database,
        &[Active, Error],
        Error,
        Some("503"),
        NOW + 2
    ));
    assert!(!change(
        &database,
        &[Active, Error],
        Error,
        Some("503"),
        NOW + 3
    ));
    // Another reason is news, but not another state.
    assert!(change(
        &database,
        &[Active, Error],
        Error,
        Some("timeout"),
        NOW + 4
    ));
    let connector = found(&database, 9);
    assert_eq!(connector.state_reason.as_deref(), Some("timeout"));
    assert_eq!(
        (connector.state_changed_at, connector.updated_at),
        (NOW + 2, NOW + 4)
    );
}

#[test]
fn a_late_outcome_does_not_undo_what_a_person_decided() {
    use ConnectorState::{Active, Disconnected, Error, Expired};
    let (database, first, _) = two_organizations();
    connect(&database, &first, new_connector(&uuid(9)), NOW);
    assert!(change(
        &database,
        ConnectorState::ALL,
        Disconnected,
        None,
        NOW
    ));
    // A sync that was under way when the account was disconnected.
    assert!(!change(&database, &[Active, Error], Active, None, NOW));
    assert!(!change(
        &database,
        &[Active, Error],
        Expired,
        Some("401"),
        NOW
    ));
    // Not even where the caller would allow it: there is no such step.
    assert!(!change(
        &database,
        ConnectorState::ALL,
        Expired,
        Some("401"),
        NOW
    ));
    assert_eq!(found(&database, 9).state, Disconnected);
}

/// A run speaks for the connector while it holds its lease, and of the credentials that it used.
#[test]
fn what_a_run_found_out_counts_under_its_lease_and_for_its_token() {
    use ConnectorState::{Active, Error, Expired};
    let (database, first, _) = two_organizations();
    let (connector, job) = (uuid(9), uuid(20));
    connect(&database, &first, new_connector(&connector), NOW);
    let store_token = |sealed: &str| {
        let field = Sealed {
            field: "access_token",
            sealed,
            sealed_by: "key",
        };
        wait(put(&database, &first, &connector, &[field], NOW)).unwrap();
    };
    store_token("old");
    let sql =
        "INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key,
          state, lease_holder, lease_version, lease_expires_at, created_at, updated_at)
        VALUES (?1, 'sync', 'users', ?2, ?3, 'f', ?3, 'running', 'tick', 4, ?4, 0, 0)";
    let row = parameters![job.as_str(), first.as_str(), connector.as_str(), NOW + 60];
    wait(database.execute(sql, row)).unwrap();
    let found_out = |version, sealed: &str, now| {
        let lease = Lease {
            tenant: &first,
            job_id: &job,
            version,
        };
        let used = [SealedCredential {
            field: "access_token".to_owned(),
            sealed: sealed.to_owned(),
        }];
        let change = StateChange {
            from: &[Active, Error, Expired],
            to: Expired,
            reason: Some("401"),
        };
        wait(set_state_by_run(
            &database, lease, &connector, &used, change, now,
        ))
        .unwrap()
    };
    assert!(!found_out(3, "old", NOW), "somebody else has the lease");
    assert!(!found_out(4, "old", NOW + 60), "the lease has ended");
    store_token("new");
    assert!(!found_out(4, "old", NOW), "the token was replaced");
    assert_eq!(found(&database, 9).state, Active);
    assert!(found_out(4, "new", NOW));
    assert_eq!(found(&database, 9).state, Expired);
}

#[test]
fn the_list_has_pages_and_one_provider_if_asked() {
    let (database, first, _) = two_organizations();
    for (number, (key, provider)) in [("c", "slack"), ("a", "seven_shifts"), ("b", "slack")]
        .into_iter()
        .enumerate()
    {
        let id = uuid(100 + u64::try_from(number).unwrap());
        let new = NewConnector {
            integration_key: key,
            provider,
            ..new_connector(&id)
        };
        connect(&database, &first, new, NOW);
    }
    let keys = |provider, after, limit| -> Vec<String> {
        wait(list(&database, &first, provider, after, limit))
            .unwrap()
            .into_iter()
            .map(|connector| connector.integration_key)
            .collect()
    };
    assert_eq!(keys(&[], "", 2), ["a", "b"]);
    assert_eq!(keys(&[], "b", 2), ["c"]);
    assert_eq!(keys(&["slack"], "", 9), ["b", "c"]);
}

#[test]
fn the_last_sync_is_that_of_any_stream() {
    let (database, first, _) = two_organizations();
    connect(&database, &first, new_connector(&uuid(9)), NOW);
    assert_eq!(found(&database, 9).last_sync_at, None);
    for (stream, success, complete) in
        [("users", NOW + 5, None), ("shifts", NOW + 3, Some(NOW + 2))]
    {
        let sql =
            "INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key,
            state, last_success_at, last_complete_at, created_at, updated_at)
            VALUES (?1, 'sync', ?1, ?2, ?3, 'f', ?3, 'pending', ?4, ?5, 0, 0)";
        let row = parameters![stream, first.as_str(), uuid(9), success, complete];
        wait(database.execute(sql, row)).unwrap();
    }
    let connector = found(&database, 9);
    assert_eq!(connector.last_sync_at, Some(NOW + 5));
    assert_eq!(
        connector.last_full_sync_at, None,
        "users had no complete one"
    );
    for (settings, complete, full) in [
        (
            r#"{"streams":{"users":{"enabled":false}}}"#,
            None,
            Some(NOW + 2),
        ),
        (r#"{"streams":{"users":{"enabled":true}}}"#, None, None),
        (
            r#"{"streams":{"users":{"enabled":true}}}"#,
            Some(NOW + 1),
            Some(NOW + 1),
        ),
        ("{}", Some(NOW + 4), Some(NOW + 2)),
    ] {
        wait(set_sync_settings(
            &database,
            &first,
            &uuid(9),
            settings,
            NOW,
        ))
        .unwrap();
        let sql = "UPDATE jobs SET last_complete_at = ?1
            WHERE kind = 'sync' AND subject = ?2 AND name = 'users'";
        wait(database.execute(sql, parameters![complete, uuid(9)])).unwrap();
        assert_eq!(found(&database, 9).last_full_sync_at, full, "{settings}");
    }
    let connector = found(&database, 9);
    assert_eq!(
        wait(list(&database, &first, &[], "", 9)).unwrap(),
        [connector]
    );
}
