use domain::connector_state::ConnectorState::{Active, Expired, Paused};
use store::audit::{Actor, begin, end, prune};
use store::connectors::{StateChange, set_state};
use store::credentials::{self, Sealed};
use store::{Database, DatabaseError, Execute};

use crate::support::{TestDatabase, wait};
use crate::{NOW, connect, new_connector, two_organizations, uuid};

fn actor() -> Actor {
    Actor {
        kind: "jwt".into(),
        name: "user-7".to_owned(),
        request_id: "request-7".to_owned(),
    }
}

/// Resource, action and actor of each entry, the oldest first, without what set the test up.
fn told(database: &TestDatabase) -> Vec<String> {
    let rows = wait(database.execute(
        "SELECT resource || ' ' || action || ' ' || coalesce(actor, actor_kind) FROM audit_entries
         WHERE seq > 0 AND resource <> 'organization' ORDER BY seq",
        &[],
    ));
    rows.unwrap()
        .iter()
        .map(|row| row.text(0).unwrap().to_owned())
        .collect()
}

fn change(database: &TestDatabase, to: domain::connector_state::ConnectorState) {
    let (tenant, id) = (crate::tenant(1), uuid(9));
    let from = &[Active, Expired, Paused];
    let change = StateChange {
        from,
        to,
        reason: None,
    };
    wait(set_state(database, &tenant, &id, change, NOW)).unwrap();
}

#[test]
fn a_change_is_the_actors_within_the_transaction_only() {
    let (database, first, _) = two_organizations();
    connect(&database, &first, new_connector(&uuid(9)), NOW);
    let before = told(&database).len();
    wait(database.transaction(async |transaction| {
        begin(transaction, &actor(), NOW).await?;
        let token = Sealed {
            field: "access_token",
            sealed: "sealed-1",
            sealed_by: "k1",
        };
        credentials::put(transaction, &first, &uuid(9), &[token], NOW).await?;
        end(transaction).await?;
        Ok::<_, DatabaseError>(())
    }))
    .unwrap();
    // A renewed token and an expired connector are nobody's doing.
    let renewed = Sealed {
        field: "access_token",
        sealed: "sealed-2",
        sealed_by: "k1",
    };
    wait(credentials::put(
        &database,
        &first,
        &uuid(9),
        &[renewed],
        NOW,
    ))
    .unwrap();
    change(&database, Expired);
    assert_eq!(told(&database)[before..], ["credential created user-7"]);
    let entries = wait(database.execute("SELECT group_concat(coalesce(before, '') || coalesce(after, '')) FROM audit_entries WHERE seq > 0", &[]));
    let text = entries.unwrap()[0].text(0).unwrap().to_owned();
    assert!(!text.contains("sealed-"), "{text}");
}

#[test]
fn what_is_rolled_back_leaves_neither_an_entry_nor_an_actor() {
    let (database, first, _) = two_organizations();
    connect(&database, &first, new_connector(&uuid(9)), NOW);
    let before = told(&database);
    let failed = wait(database.transaction(async |transaction| {
        begin(transaction, &actor(), NOW).await?;
        let change = StateChange {
            from: &[Active],
            to: Paused,
            reason: None,
        };
        set_state(transaction, &first, &uuid(9), change, NOW).await?;
        Err::<(), _>(DatabaseError::Shape("no".to_owned()))
    }));
    assert!(failed.is_err());
    assert_eq!(told(&database), before);
    change(&database, Paused);
    assert_eq!(told(&database), before, "an actor was left behind");
}

#[test]
fn old_entries_go_in_bounded_steps() {
    let (database, _, _) = two_organizations();
    let all = wait(prune(&database, NOW, 10)).unwrap();
    assert_eq!(all, 0);
    assert_eq!(wait(prune(&database, NOW + 1, 1)), Ok(1));
    assert_eq!(wait(prune(&database, NOW + 1, 10)), Ok(1));
    assert_eq!(wait(prune(&database, NOW + 1, 10)), Ok(0));
}
