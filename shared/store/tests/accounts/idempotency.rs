use domain::access::Tenant;
use store::idempotency::{
    ABANDONED_SECS, Begun, KEEP_SECS, Keyed, MAX_PRUNED, abandon, begin, finish, prune,
};
use store::{Execute, parameters};

use crate::support::{TestDatabase, wait};
use crate::{NOW, two_organizations};

fn keyed<'a>(tenant: &'a Tenant, attempt_id: &'a str) -> Keyed<'a> {
    Keyed {
        tenant,
        caller: "key-1",
        key: "order-7",
        attempt_id,
    }
}

fn ask(database: &TestDatabase, keyed: Keyed<'_>, request: &str, now: i64) -> Begun {
    wait(begin(database, keyed, request, now)).unwrap()
}

fn answered() -> Begun {
    Begun::Answered {
        status: 201,
        body: r#"{"id":1}"#.to_owned(),
    }
}

#[test]
fn the_answer_is_given_again() {
    let (database, first, _) = two_organizations();
    assert_eq!(
        ask(&database, keyed(&first, "1"), "hash", NOW),
        Begun::First
    );
    assert_eq!(
        ask(&database, keyed(&first, "2"), "hash", NOW),
        Begun::Pending
    );
    assert_eq!(
        wait(finish(&database, keyed(&first, "1"), 201, r#"{"id":1}"#)),
        Ok(true)
    );
    assert_eq!(
        ask(&database, keyed(&first, "3"), "hash", NOW + 5),
        answered()
    );
    assert_eq!(
        ask(&database, keyed(&first, "4"), "other", NOW + 5),
        Begun::Mismatch
    );
    assert_eq!(
        ask(&database, keyed(&first, "5"), "hash", NOW + 6),
        answered()
    );
}

#[test]
fn a_key_is_its_tenants_and_callers() {
    let (database, first, second) = two_organizations();
    ask(&database, keyed(&first, "1"), "hash", NOW);
    assert_eq!(
        ask(&database, keyed(&second, "2"), "hash", NOW),
        Begun::First
    );
    let other_caller = Keyed {
        caller: "key-2",
        ..keyed(&first, "3")
    };
    assert_eq!(ask(&database, other_caller, "hash", NOW), Begun::First);
}

#[test]
fn another_request_under_a_pending_key_is_refused() {
    let (database, first, _) = two_organizations();
    ask(&database, keyed(&first, "1"), "hash", NOW);
    assert_eq!(
        ask(&database, keyed(&first, "2"), "other", NOW),
        Begun::Mismatch
    );
    // Also when the first has died: its key is no free key.
    let later = NOW + ABANDONED_SECS;
    assert_eq!(
        ask(&database, keyed(&first, "2"), "other", later),
        Begun::Mismatch
    );
}

#[test]
fn a_request_that_died_gives_its_place_to_the_next() {
    let (database, first, _) = two_organizations();
    ask(&database, keyed(&first, "1"), "hash", NOW);
    let later = NOW + ABANDONED_SECS;
    assert_eq!(
        ask(&database, keyed(&first, "2"), "hash", later - 1),
        Begun::Pending
    );
    assert_eq!(
        ask(&database, keyed(&first, "2"), "hash", later),
        Begun::First
    );
    // It was only slow, and comes too late.
    assert_eq!(
        wait(finish(&database, keyed(&first, "1"), 500, "{}")),
        Ok(false)
    );
    wait(abandon(&database, keyed(&first, "1"))).unwrap();
    assert_eq!(
        wait(finish(&database, keyed(&first, "2"), 201, r#"{"id":1}"#)),
        Ok(true)
    );
    assert_eq!(
        ask(&database, keyed(&first, "3"), "hash", later),
        answered()
    );
    // An answer is not abandoned.
    wait(abandon(&database, keyed(&first, "2"))).unwrap();
    assert_eq!(
        ask(&database, keyed(&first, "3"), "hash", later),
        answered()
    );
}

#[test]
fn a_request_that_failed_gives_its_key_back() {
    let (database, first, _) = two_organizations();
    ask(&database, keyed(&first, "1"), "hash", NOW);
    wait(abandon(&database, keyed(&first, "1"))).unwrap();
    assert_eq!(
        ask(&database, keyed(&first, "2"), "other", NOW),
        Begun::First
    );
}

#[test]
fn after_a_day_a_key_is_free() {
    let (database, first, _) = two_organizations();
    ask(&database, keyed(&first, "1"), "hash", NOW);
    wait(finish(&database, keyed(&first, "1"), 201, r#"{"id":1}"#)).unwrap();
    assert_eq!(
        ask(&database, keyed(&first, "2"), "hash", NOW + KEEP_SECS - 1),
        answered()
    );
    assert_eq!(
        ask(&database, keyed(&first, "2"), "other", NOW + KEEP_SECS),
        Begun::First
    );
    assert_eq!(
        ask(&database, keyed(&first, "3"), "other", NOW + KEEP_SECS),
        Begun::Pending
    );
}

#[test]
fn old_keys_are_removed_in_bounded_steps() {
    let (database, first, _) = two_organizations();
    let sql = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
        INSERT INTO idempotency_keys (organization_id, caller, key, attempt_id, request_hash, created_at)
        SELECT ?1, 'c', i, 'a', 'h', ?3 + (i > ?2 - 1) FROM n";
    // Not through the checked handle: the numbers come from a recursion, which is a scan.
    let plain = TestDatabase::at(database.path());
    let old = NOW - KEEP_SECS;
    wait(plain.execute(sql, parameters![first.as_str(), MAX_PRUNED + 6, old])).unwrap();
    let bound = usize::try_from(MAX_PRUNED).unwrap();
    assert_eq!(wait(prune(&database, NOW)), Ok(bound));
    assert_eq!(wait(prune(&database, NOW)), Ok(5));
    assert_eq!(wait(prune(&database, NOW)), Ok(0));
    assert_eq!(wait(prune(&database, NOW + 1)), Ok(1));
}
