use domain::access::Tenant;
use store::credentials::{
    MAX_PAGE, Sealed, forget, list, purge, put, replace, sealed_by_other_keys,
};

use store::token_leases::{end, take};

use crate::support::{TestDatabase, wait};
use crate::{NOW, connect, new_connector, two_organizations, uuid};

fn connected() -> (TestDatabase, Tenant, Tenant) {
    let (database, first, second) = two_organizations();
    connect(&database, &first, new_connector(&uuid(9)), NOW);
    connect(&database, &second, new_connector(&uuid(10)), NOW);
    (database, first, second)
}

fn store(
    database: &TestDatabase,
    tenant: &Tenant,
    connector: u64,
    fields: &[(&str, &str, &str)],
) -> bool {
    let fields: Vec<_> = fields
        .iter()
        .map(|&(field, sealed, sealed_by)| Sealed {
            field,
            sealed,
            sealed_by,
        })
        .collect();
    wait(put(database, tenant, &uuid(connector), &fields, NOW)).unwrap()
}

fn sealed(database: &TestDatabase, tenant: &Tenant, connector: u64) -> Vec<(String, String)> {
    wait(list(database, tenant, &uuid(connector)))
        .unwrap()
        .into_iter()
        .map(|credential| (credential.field, credential.sealed))
        .collect()
}

fn pair(field: &str, sealed: &str) -> (String, String) {
    (field.to_owned(), sealed.to_owned())
}

#[test]
fn fields_are_replaced_one_by_one_and_purged_together() {
    let (database, first, _) = connected();
    assert!(store(
        &database,
        &first,
        9,
        &[("access_token", "a1", "k1"), ("guid", "g1", "k1")]
    ));
    assert!(store(&database, &first, 9, &[("access_token", "a2", "k2")]));
    assert_eq!(
        sealed(&database, &first, 9),
        [pair("access_token", "a2"), pair("guid", "g1")]
    );
    assert_eq!(wait(purge(&database, &first, &uuid(9))), Ok(2));
    assert_eq!(wait(purge(&database, &first, &uuid(9))), Ok(0));
    assert_eq!(sealed(&database, &first, 9), []);
}

#[test]
fn nobody_reads_writes_or_purges_anothers() {
    let (database, first, second) = connected();
    assert!(store(&database, &first, 9, &[("access_token", "a1", "k1")]));
    assert!(!store(
        &database,
        &second,
        9,
        &[("access_token", "stolen", "k1")]
    ));
    assert_eq!(sealed(&database, &second, 9), []);
    assert_eq!(wait(purge(&database, &second, &uuid(9))), Ok(0));
    assert_eq!(sealed(&database, &first, 9), [pair("access_token", "a1")]);
}

#[test]
fn the_sweep_finds_what_other_keys_have_sealed_in_pages_and_meets_nothing_twice() {
    let (database, first, second) = connected();
    // Keys on both sides of the current one in the index.
    let fields = [
        ("a", "s1", "k1"),
        ("b", "s2", "k2"),
        ("c", "s3", "k3"),
        ("d", "s4", "k1"),
    ];
    store(&database, &first, 9, &fields);
    store(
        &database,
        &second,
        10,
        &[("a", "s5", "k3"), ("b", "s6", "k2")],
    );
    let mut found = Vec::new();
    let mut last = None;
    loop {
        let page = wait(sealed_by_other_keys(&database, "k2", last.as_ref(), 2)).unwrap();
        assert!(page.len() <= 2);
        let Some(end) = page.last() else { break };
        last = Some(end.clone());
        found.extend(page.into_iter().map(|stale| stale.sealed));
    }
    assert_eq!(found, ["s1", "s4", "s3", "s5"]);
    let all = wait(sealed_by_other_keys(&database, "k2", None, MAX_PAGE)).unwrap();
    assert_eq!(all.len(), 4);
    assert!(!format!("{all:?}").contains("s1"), "{all:?}");
}

#[test]
fn a_credential_that_changed_meanwhile_is_not_replaced() {
    let (database, first, _) = connected();
    store(&database, &first, 9, &[("access_token", "old", "k1")]);
    let stale = wait(sealed_by_other_keys(&database, "k2", None, 9))
        .unwrap()
        .remove(0);
    assert_eq!(
        (stale.organization_id.as_str(), stale.connector_id),
        (first.as_str(), uuid(9))
    );
    let stale = wait(sealed_by_other_keys(&database, "k2", None, 9))
        .unwrap()
        .remove(0);
    // The provider rotates the token between reading and writing.
    store(&database, &first, 9, &[("access_token", "newer", "k1")]);
    assert_eq!(
        wait(replace(&database, &stale, "old, sealed again", "k2", NOW)),
        Ok(false)
    );
    assert_eq!(
        sealed(&database, &first, 9),
        [pair("access_token", "newer")]
    );
    let stale = wait(sealed_by_other_keys(&database, "k2", None, 9))
        .unwrap()
        .remove(0);
    assert_eq!(
        wait(replace(&database, &stale, "newer, sealed again", "k2", NOW)),
        Ok(true)
    );
    assert_eq!(
        wait(sealed_by_other_keys(&database, "k2", None, 9)).unwrap(),
        []
    );
    assert_eq!(
        sealed(&database, &first, 9),
        [pair("access_token", "newer, sealed again")]
    );
}

#[test]
fn what_is_forgotten_is_what_was_seen_and_a_renewal_goes_on() {
    let (database, first, second) = connected();
    store(
        &database,
        &first,
        9,
        &[("access_token", "a", "k1"), ("previous", "old", "k1")],
    );
    let seen = wait(list(&database, &first, &uuid(9))).unwrap();
    let previous = seen.iter().find(|one| one.field == "previous").unwrap();
    let id = uuid(9);
    let lease = wait(take(&database, &first, &id, NOW, NOW + 1)).unwrap();
    // Another organization's hand, and another value.
    wait(forget(&database, &second, &uuid(9), previous)).unwrap();
    store(&database, &first, 9, &[("previous", "newer", "k1")]);
    wait(forget(&database, &first, &uuid(9), previous)).unwrap();
    assert_eq!(sealed(&database, &first, 9).len(), 2);
    store(&database, &first, 9, &[("previous", "old", "k1")]);
    wait(forget(&database, &first, &uuid(9), previous)).unwrap();
    assert_eq!(sealed(&database, &first, 9), [pair("access_token", "a")]);
    assert_eq!(wait(end(&database, lease.unwrap())), Ok(true));
}
