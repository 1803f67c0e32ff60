use std::collections::BTreeSet;

use domain::access::{Scope, Tenant};
use store::DatabaseError;
use store::api_keys::{NewApiKey, ShownKey, create, find_by_hash, get, list, revoke, touch};
use store::organizations::begin_purge;

use crate::support::{TestDatabase, wait};
use crate::{NOW, tenant, two_organizations, uuid};

fn new_key<'a>(id: &'a str, key_hash: &'a str, scopes: &'a BTreeSet<Scope>) -> NewApiKey<'a> {
    NewApiKey {
        id,
        name: "payroll",
        key_hash,
        display_prefix: "pb_live_abcd",
        last_four: "wxyz",
        scopes,
        networks: Some(r#"["10.0.0.0/8"]"#),
        created_by: "user-1",
        expires_at: Some(NOW + 1_000),
        requests_per_minute: Some(60),
    }
}

fn add(
    database: &TestDatabase,
    tenant: &Tenant,
    number: u64,
    hash: &str,
) -> Result<bool, DatabaseError> {
    let scopes = BTreeSet::from([Scope::ShiftsRead, Scope::LocationsRead]);
    wait(create(
        database,
        tenant,
        new_key(&uuid(number), hash, &scopes),
        NOW,
    ))
}

fn found(database: &TestDatabase, hash: &str) -> Option<ShownKey> {
    wait(find_by_hash(database, hash)).unwrap()
}

#[test]
fn a_key_is_found_by_its_hash_with_everything_that_limits_it() {
    let (database, first, second) = two_organizations();
    assert_eq!(add(&database, &first, 9, "hash-1"), Ok(true));
    assert_eq!(add(&database, &second, 10, "hash-2"), Ok(true));
    database.take_statements();
    let key = found(&database, "hash-1").unwrap();
    assert_eq!(database.take_statements().len(), 1);
    assert_eq!((key.id, key.organization_id), (uuid(9), uuid(1)));
    assert_eq!(
        key.scopes,
        BTreeSet::from([Scope::ShiftsRead, Scope::LocationsRead])
    );
    assert_eq!(key.networks.unwrap(), ["10.0.0.0/8"]);
    assert_eq!(key.requests_per_minute, Some(60));
    assert_eq!(
        (key.expires_at, key.revoked_at, key.last_used_at),
        (Some(NOW + 1_000), None, None)
    );
    let key = wait(get(&database, &first, &uuid(9))).unwrap().unwrap();
    assert_eq!(
        (key.display_prefix.as_str(), key.last_four.as_str()),
        ("pb_live_abcd", "wxyz")
    );
    assert_eq!(found(&database, "hash-3"), None);
}

#[test]
fn a_hash_is_of_one_key() {
    let (database, first, second) = two_organizations();
    assert_eq!(add(&database, &first, 9, "hash-1"), Ok(true));
    let refused = add(&database, &second, 10, "hash-1").unwrap_err();
    assert!(matches!(refused, DatabaseError::Constraint(_)), "{refused}");
    assert_eq!(found(&database, "hash-1").unwrap().organization_id, uuid(1));
}

#[test]
fn keys_of_an_organization_that_is_being_purged_open_nothing() {
    let (database, first, _) = two_organizations();
    add(&database, &first, 9, "hash-1").unwrap();
    wait(begin_purge(&database, &first, NOW)).unwrap();
    assert_eq!(found(&database, "hash-1"), None);
    assert_eq!(add(&database, &first, 10, "hash-2"), Ok(false));
    assert_eq!(add(&database, &tenant(3), 11, "hash-3"), Ok(false));
}

#[test]
fn only_the_tenant_revokes_and_lists() {
    let (database, first, second) = two_organizations();
    for (number, hash) in [(9, "hash-1"), (10, "hash-2"), (11, "hash-3")] {
        add(&database, &first, number, hash).unwrap();
    }
    assert_eq!(wait(list(&database, &second, "", 100)), Ok(vec![]));
    assert_eq!(wait(revoke(&database, &second, &uuid(9), NOW)), Ok(None));
    assert_eq!(found(&database, "hash-1").unwrap().revoked_at, None);
    assert_eq!(
        wait(revoke(&database, &first, &uuid(9), NOW + 5)),
        Ok(Some(NOW + 5))
    );
    // Since when does not change.
    assert_eq!(
        wait(revoke(&database, &first, &uuid(9), NOW + 9)),
        Ok(Some(NOW + 5))
    );
    assert_eq!(
        found(&database, "hash-1").unwrap().revoked_at,
        Some(NOW + 5)
    );
    let ids = |after: &str| -> Vec<String> {
        let page = wait(list(&database, &first, after, 2)).unwrap();
        page.into_iter().map(|key| key.id).collect()
    };
    assert_eq!(ids(""), [uuid(9), uuid(10)]);
    assert_eq!(ids(&uuid(10)), [uuid(11)]);
}

#[test]
fn the_last_use_is_noted_once_a_minute() {
    let (database, first, second) = two_organizations();
    add(&database, &first, 9, "hash-1").unwrap();
    let used = |tenant: &Tenant, now| {
        let key = found(&database, "hash-1").unwrap();
        database.take_statements();
        wait(touch(&database, tenant, &key, now)).unwrap();
        let statements = database.take_statements().len();
        (statements, found(&database, "hash-1").unwrap().last_used_at)
    };
    assert_eq!(used(&second, NOW), (1, None), "another's");
    assert_eq!(used(&first, NOW), (1, Some(NOW)));
    assert_eq!(used(&first, NOW + 59), (0, Some(NOW)));
    assert_eq!(used(&first, NOW + 60), (1, Some(NOW + 60)));
    // A clock that went back.
    assert_eq!(used(&first, NOW), (1, Some(NOW)));
}

#[test]
fn two_requests_of_one_minute_write_once() {
    let (database, first, _) = two_organizations();
    add(&database, &first, 9, "hash-1").unwrap();
    let as_both_read_it = found(&database, "hash-1").unwrap();
    wait(touch(&database, &first, &as_both_read_it, NOW)).unwrap();
    wait(touch(&database, &first, &as_both_read_it, NOW + 30)).unwrap();
    assert_eq!(found(&database, "hash-1").unwrap().last_used_at, Some(NOW));
}
