use domain::access::Tenant;
use store::credentials::{self, Sealed};
use store::token_leases::{MAX_LEASE_MS, TokenLease, break_off, end, keep, take};

use crate::support::{TestDatabase, wait};
use crate::{NOW, connect, new_connector, two_organizations, uuid};

const NOW_MS: i64 = NOW * 1_000;
const UNTIL_MS: i64 = NOW_MS + 30_000;

fn connected() -> (TestDatabase, Tenant, Tenant, String) {
    let (database, first, second) = two_organizations();
    let id = uuid(9);
    connect(&database, &first, new_connector(&id), NOW);
    (database, first, second, id)
}

fn taken<'a>(
    database: &TestDatabase,
    tenant: &'a Tenant,
    id: &'a str,
    now_ms: i64,
) -> Option<TokenLease<'a>> {
    wait(take(database, tenant, id, now_ms, now_ms + 30_000)).unwrap()
}

fn keeps(database: &TestDatabase, lease: TokenLease<'_>, sealed: &str) -> bool {
    let fields = [Sealed {
        field: "access_token",
        sealed,
        sealed_by: "k1",
    }];
    wait(keep(database, lease, &fields, NOW)).unwrap()
}

fn stored(database: &TestDatabase, tenant: &Tenant, id: &str) -> Vec<String> {
    let all = wait(credentials::list(database, tenant, id)).unwrap();
    all.into_iter().map(|stored| stored.sealed).collect()
}

#[test]
fn one_holder_at_a_time() {
    let (database, first, second, id) = connected();
    let lease = taken(&database, &first, &id, NOW_MS).unwrap();
    assert!(taken(&database, &first, &id, NOW_MS).is_none());
    assert!(taken(&database, &second, &id, UNTIL_MS).is_none());
    assert!(wait(end(&database, lease)).unwrap());
    assert!(taken(&database, &first, &id, NOW_MS).is_some());
    // One that was lost ends by itself.
    assert!(taken(&database, &first, &id, UNTIL_MS - 1).is_none());
    assert!(taken(&database, &first, &id, UNTIL_MS).is_some());
    // One of a clock that jumped keeps nobody out.
    let past_ms = UNTIL_MS - MAX_LEASE_MS - 86_400_000;
    assert!(taken(&database, &first, &id, past_ms).is_some());
}

#[test]
fn what_a_late_holder_brings_is_not_kept() {
    let (database, first, _, id) = connected();
    let late = taken(&database, &first, &id, NOW_MS).unwrap();
    let next = taken(&database, &first, &id, UNTIL_MS).unwrap();
    assert!(!keeps(&database, late, "late"));
    assert!(!wait(end(&database, late)).unwrap());
    assert!(keeps(&database, next, "next"));
    assert_eq!(stored(&database, &first, &id), ["next"]);
}

#[test]
fn a_replaced_credential_takes_the_lease_with_it() {
    let (database, first, second, id) = connected();
    let lease = taken(&database, &first, &id, NOW_MS).unwrap();
    wait(break_off(&database, &second, &id)).unwrap();
    assert!(keeps(&database, lease, "kept"));
    for break_it in [
        |database: &TestDatabase, tenant: &Tenant, id: &str| {
            wait(credentials::purge(database, tenant, id)).unwrap();
        },
        |database: &TestDatabase, tenant: &Tenant, id: &str| {
            wait(credentials::remove(database, tenant, id, "access_token")).unwrap();
        },
    ] {
        let lease = taken(&database, &first, &id, NOW_MS).unwrap();
        break_it(&database, &first, &id);
        assert!(!keeps(&database, lease, "got with the old one"));
        assert!(stored(&database, &first, &id).is_empty());
        let lease = taken(&database, &first, &id, NOW_MS).unwrap();
        assert!(keeps(&database, lease, "new"));
        assert_eq!(stored(&database, &first, &id), ["new"]);
    }
}
