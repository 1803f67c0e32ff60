//! Stores, the locations that they are, and who people are in the product.

mod support;

use domain::access::{Caller, Tenant};
use domain::place_name::{Match, folded};
use store::location_mappings::{self, Mapped, Place};
use store::product_refs::{self, Named, ProductRef};
use store::stores::{self, Change, StoreRecord, Upserted};
use store::{Database, DatabaseError, Execute};
use support::{TestDatabase, wait};

const NOW: i64 = 1_800_000_000;
const MICROS: i64 = NOW * 1_000_000;

fn uuid(number: u64) -> String {
    format!("0190a5c0-0000-7000-8000-{number:012x}")
}

fn tenant(number: u64) -> Tenant {
    Caller::internal("test")
        .tenant_named(&uuid(number))
        .unwrap()
}

/// Two organizations, each with a connector (100 + number) and locations 1 to 3 named A to C.
/// Every statement on the first is held to its indexes; the second is for the test's own questions.
fn databases() -> (TestDatabase, TestDatabase) {
    let database = TestDatabase::checked();
    let raw = TestDatabase::at(database.path());
    for number in [1, 2] {
        let organization = uuid(number);
        for sql in [
            format!(
                "INSERT INTO organizations (id, name, time_zone, created_at, updated_at) VALUES ('{organization}', 'x', 'UTC', 0, 0)"
            ),
            format!(
                "INSERT INTO connectors (id, organization_id, provider, integration_key, name, state, state_changed_at, config, sync_settings, created_at, updated_at) VALUES ('{}', '{organization}', 'p', 'k', 'x', 'active', 0, '{{}}', '{{}}', 0, 0)",
                uuid(100 + number)
            ),
        ] {
            wait(raw.execute(&sql, &[])).unwrap();
        }
        for (index, name) in ["A", "B", "C"].iter().enumerate() {
            let sql = format!(
                "INSERT INTO locations (id, organization_id, connector_id, source, external_id, name, created_seq, changed_seq) VALUES ('{}', '{organization}', '{}', 's', '{}', '{name}', 1, 1)",
                uuid(1000 * number + index as u64),
                uuid(100 + number),
                index + 1
            );
            wait(raw.execute(&sql, &[])).unwrap();
        }
        for (index, email) in ["'a@x'", "'A@X'", "'b@x'", "NULL"].iter().enumerate() {
            let sql = format!(
                "INSERT INTO team_members (id, organization_id, connector_id, source, external_id, first_name, last_name, email, is_active, created_seq, changed_seq) VALUES ('{}', '{organization}', '{}', 's', '{}', 'f', 'l', {email}, 1, 1, 1)",
                uuid(2000 * number + index as u64),
                uuid(100 + number),
                index + 1
            );
            wait(raw.execute(&sql, &[])).unwrap();
        }
    }
    (database, raw)
}

fn transact<T>(
    database: &TestDatabase,
    body: impl AsyncFnOnce(&<TestDatabase as Database>::Transaction) -> Result<T, DatabaseError>,
) -> T {
    wait(database.transaction(body)).unwrap()
}

fn record<'a>(number: u64, name: &'a str, product_ref: Option<&'a str>) -> StoreRecord<'a> {
    StoreRecord {
        id: uuid(number),
        name,
        folded_name: folded(name),
        product_ref,
    }
}

fn number(database: &TestDatabase, sql: &str) -> i64 {
    wait(database.execute(sql, &[])).unwrap()[0]
        .integer(0)
        .unwrap()
}

#[test]
fn an_upsert_by_the_products_id_creates_renames_and_leaves_alone() {
    let (database, raw) = databases();
    let upsert = |records: &[StoreRecord<'_>], at| {
        transact(&database, async |transaction| {
            stores::upsert(transaction, &tenant(1), records, at).await
        })
    };
    let both = [record(1, "One", Some("1")), record(2, "Two", Some("2"))];
    assert_eq!(
        upsert(&both, MICROS),
        Upserted {
            created: 2,
            updated: 0
        }
    );
    assert_eq!(
        upsert(&both, MICROS + 1),
        Upserted {
            created: 0,
            updated: 0
        }
    );
    let changed = [record(3, "Uno", Some("1")), record(4, "Three", Some("3"))];
    assert_eq!(
        upsert(&changed, MICROS + 2),
        Upserted {
            created: 1,
            updated: 1
        }
    );
    assert_eq!(wait(stores::count(&database, &tenant(1))), Ok(3));
    assert_eq!(wait(stores::count(&database, &tenant(2))), Ok(0));
    let find = |named: &str| wait(stores::by_any_id(&database, &tenant(1), named)).unwrap();
    assert_eq!(find("1"), Some(uuid(1)));
    assert_eq!(find(&uuid(1)), Some(uuid(1)));
    assert_eq!(find("9"), None);
    assert_eq!(
        wait(stores::by_any_id(&database, &tenant(2), "1")),
        Ok(None)
    );
    // Without a reference every one is new; nobody else's reference is in the way.
    assert_eq!(upsert(&[record(5, "One", None)], MICROS + 3).created, 1);
    transact(&database, async |transaction| {
        stores::upsert(
            transaction,
            &tenant(2),
            &[record(6, "One", Some("1"))],
            MICROS + 4,
        )
        .await
    });
    // A change that changes nothing moves nothing.
    let before = number(&raw, "SELECT max(changed_seq) FROM stores");
    let folded_name = folded("Uno");
    let change = Change {
        name: Some(("Uno", &folded_name)),
        product_ref: Some(Some("1")),
    };
    transact(&database, async |transaction| {
        stores::update(transaction, &tenant(1), &uuid(1), change, MICROS + 5).await
    });
    assert_eq!(number(&raw, "SELECT max(changed_seq) FROM stores"), before);
    // Deleted, its reference is free, and it cannot be changed.
    let deleted = |id: u64| {
        transact(&database, async |transaction| {
            stores::delete(transaction, &tenant(1), &uuid(id), MICROS + 6).await
        })
    };
    assert!(!deleted(6), "another organization's");
    assert!(deleted(1));
    assert!(!deleted(1));
    assert_eq!(
        upsert(&[record(7, "One", Some("1"))], MICROS + 7).created,
        1
    );
}

#[test]
fn names_map_what_nobody_has_decided_about() {
    let (database, _) = databases();
    let one = tenant(1);
    let connector = uuid(101);
    assert_eq!(wait(location_mappings::names(&database, &one)), Ok(None));
    transact(&database, async |transaction| {
        let stores = [record(1, "a", None), record(2, "b", None)];
        stores::upsert(transaction, &one, &stores, MICROS).await
    });
    let names = wait(location_mappings::names(&database, &one))
        .unwrap()
        .unwrap();
    assert_eq!((names.stores.len(), names.locations.len()), (2, 3));
    let found = |external_id: &str, store: u64, connector_id: &str| Match {
        connector_id: connector_id.to_owned(),
        external_id: external_id.to_owned(),
        store_id: uuid(store),
    };
    let by_name = |matches: &[Match]| {
        transact(&database, async |transaction| {
            location_mappings::map_by_name(transaction, &one, matches, NOW).await
        })
    };
    // Nothing of another organization's, on either side.
    assert_eq!(
        by_name(&[found("1", 1, &uuid(102)), found("2", 9, &connector)]),
        0
    );
    assert_eq!(by_name(&[found("1", 1, &connector)]), 1);
    let place = |external_id| Place {
        connector_id: &connector,
        external_id,
    };
    let by_hand = |external_id, store: u64| {
        transact(&database, async |transaction| {
            location_mappings::map_by_hand(transaction, &one, place(external_id), &uuid(store), NOW)
                .await
        })
    };
    assert_eq!(by_hand("1", 2), Mapped::Updated);
    assert_eq!(
        by_hand("7", 2),
        Mapped::Created,
        "no sync has brought it yet"
    );
    assert_eq!(by_hand("2", 9), Mapped::NoStore);
    // A person's word stands.
    assert_eq!(by_name(&[found("1", 1, &connector)]), 0);
    let take_off = |external_id| {
        wait(location_mappings::take_off(
            &database,
            &one,
            place(external_id),
            NOW,
        ))
        .unwrap()
    };
    assert!(take_off("1"));
    assert!(!take_off("1"));
    assert!(!take_off("3"), "it has no store");
    assert_eq!(by_name(&[found("1", 1, &connector)]), 0);
    let mapped = wait(location_mappings::of_connector(&database, &one, &connector)).unwrap();
    assert_eq!(mapped.len(), 1);
    assert!(wait(location_mappings::is_known(&database, &one, place("1"))).unwrap());
    assert!(!wait(location_mappings::is_known(&database, &one, place("7"))).unwrap());
    assert!(
        !wait(location_mappings::is_known(
            &database,
            &tenant(2),
            place("1")
        ))
        .unwrap()
    );
    // The store's end frees what it was mapped to.
    transact(&database, async |transaction| {
        stores::delete(transaction, &one, &uuid(2), MICROS + 1).await
    });
    assert_eq!(
        wait(location_mappings::of_connector(&database, &one, &connector)),
        Ok(vec![])
    );
}

#[test]
fn a_person_is_found_by_one_name_and_has_a_reference_alone() {
    let (database, raw) = databases();
    let one = tenant(1);
    let person = |index: u64| uuid(2000 + index);
    let by_email = |email| Named {
        team_member_id: None,
        external_id: None,
        email: Some(email),
    };
    let by_external_id = |id| Named {
        team_member_id: None,
        external_id: Some(id),
        email: None,
    };
    let theirs = uuid(4000);
    let names = [
        by_email("a@x"),
        by_email("B@X"),
        by_external_id("4"),
        by_external_id("9"),
        Named {
            team_member_id: Some(&theirs),
            external_id: None,
            email: None,
        },
    ];
    let found = wait(product_refs::find(&database, &one, &names)).unwrap();
    let counts: Vec<_> = found
        .iter()
        .map(|found| found.team_member_ids.len())
        .collect();
    assert_eq!(
        counts,
        [2, 1, 1, 0, 0],
        "two people share an address; the rest is one or nobody"
    );
    assert_eq!(found[2].team_member_ids, [person(3)]);
    let set = |refs: &[(u64, Option<&str>)]| {
        let ids: Vec<_> = refs.iter().map(|(index, _)| person(*index)).collect();
        let refs: Vec<_> = ids
            .iter()
            .zip(refs)
            .map(|(id, (_, product_ref))| ProductRef {
                team_member_id: id,
                product_ref: *product_ref,
            })
            .collect();
        transact(&database, async |transaction| {
            product_refs::set(transaction, &one, &refs, MICROS).await
        })
    };
    assert_eq!(set(&[(0, Some("p0")), (1, Some("p1"))]).updated, 2);
    assert_eq!(set(&[(0, Some("p0")), (1, Some("p1"))]).updated, 0);
    assert_eq!(set(&[(2, Some("p0"))]).doubled, ["p0"]);
    // Two swap theirs in one go, and one gives it up.
    let swapped = set(&[(2, None), (0, Some("p1")), (1, Some("p0"))]);
    assert_eq!((swapped.updated, swapped.doubled.len()), (3, 0));
    let moved = number(
        &raw,
        "SELECT count(*) FROM team_members WHERE product_ref IS NOT NULL AND changed_seq > 1",
    );
    assert_eq!(moved, 2, "readers of changes see them");
}
