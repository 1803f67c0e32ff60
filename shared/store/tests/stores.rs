//! Stores, the locations that they are, and who people are in the product.

#![expect(
    clippy::cast_possible_wrap,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of a test fail as a test does"
)]

#[expect(dead_code, reason = "not every test needs every helper")]
mod support;

use domain::access::{Caller, Tenant};
use domain::place_name::{Match, folded};
use store::location_mappings::{self, Mapped, Place};
use store::product_refs::{self, Named, ProductRef};
use store::staff::{self, EmployeeFilter, ShiftFilter, Staff};
use store::staff_policies::{self, StaffPolicy};
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
    let names = ["uno".to_owned(), "two".to_owned(), "four".to_owned()];
    let named = wait(stores::named(&database, &tenant(1), &names)).unwrap();
    let named: Vec<_> = named.iter().map(|store| store.name.as_str()).collect();
    assert_eq!(named, ["Uno", "Two"]);
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

/// A role, three people in it or in none, and a shift of each.
fn staffed(raw: &TestDatabase) {
    let connector = uuid(101);
    let organization = uuid(1);
    let sql = format!(
        "INSERT INTO roles (id, organization_id, connector_id, source, external_id, name, created_seq, changed_seq) VALUES ('{}', '{organization}', '{connector}', 's', '7', 'Line Cook', 1, 1)",
        uuid(70)
    );
    wait(raw.execute(&sql, &[])).unwrap();
    for index in 0..2_u64 {
        let person = uuid(2000 + index);
        let sql = format!(
            "INSERT INTO team_member_role_assignments (id, organization_id, connector_id, source, external_id, team_member_id, external_user_id, external_role_id, external_location_id, is_primary, created_seq, changed_seq) VALUES ('{}', '{organization}', '{connector}', 's', '{}:7', '{person}', '{}', '7', '{}', 1, 1, 1)",
            uuid(80 + index),
            index + 1,
            index + 1,
            index + 1
        );
        wait(raw.execute(&sql, &[])).unwrap();
    }
    for index in 0..4_u64 {
        let person = uuid(2000 + index);
        let sql = format!(
            "INSERT INTO schedule_shifts (id, organization_id, connector_id, source, external_id, team_member_id, external_user_id, external_location_id, external_role_id, starts_at, ends_at, is_open, is_close, is_business_decline, break_minutes, unpaid_break_minutes, breaks, created_seq, changed_seq) VALUES ('{}', '{organization}', '{connector}', 's', 's{index}', '{person}', '{}', '{}', '7', {}, {}, 0, 0, 0, 0, 0, '[]', 1, 1)",
            uuid(90 + index),
            index + 1,
            index % 2 + 1,
            NOW + 100 * index as i64,
            NOW + 1_000
        );
        wait(raw.execute(&sql, &[])).unwrap();
    }
}

#[test]
fn staff_are_those_of_the_roles_that_count() {
    let (database, raw) = databases();
    staffed(&raw);
    let tenant = tenant(1);
    let connector = uuid(101);
    let everybody: [String; 0] = [];
    let cooks = ["LINE cook".to_owned()];
    let none = ["Host".to_owned()];
    let night = ["éQUIPE de Nuit".to_owned()];
    let of = |role_names| Staff {
        tenant: &tenant,
        connector_id: &connector,
        role_names,
    };
    let counts = |role_names, now| wait(staff::counts(&database, of(role_names), now)).unwrap();
    database.take_statements();
    assert_eq!(counts(&everybody[..], NOW), (4, 4));
    // However many shifts lie ahead, none of their rows is looked up.
    let plan = database.plan(&database.take_statements()[0]);
    let covering = "COVERING INDEX schedule_shifts_assigned";
    assert!(plan.iter().any(|line| line.contains(covering)), "{plan:#?}");
    assert_eq!(counts(&everybody[..], NOW + 101), (4, 2));
    assert_eq!(counts(&cooks[..], NOW), (2, 2));
    assert_eq!(counts(&none[..], NOW), (0, 0));
    // The case of any letter, of which SQLite knows those of ASCII.
    let rename = |name: &str| {
        let sql = format!("UPDATE roles SET name = '{name}' WHERE external_id = '7'");
        wait(raw.execute(&sql, &[])).unwrap();
    };
    rename("Équipe de nuit");
    assert_eq!(counts(&night[..], NOW), (2, 2));
    assert_eq!(counts(&cooks[..], NOW), (0, 0));
    rename("Line Cook");
    transact(&database, async |transaction| {
        stores::upsert(transaction, &tenant, &[record(1, "S", Some("s-1"))], MICROS).await?;
        let place = Place {
            connector_id: &connector,
            external_id: "1",
        };
        location_mappings::map_by_hand(transaction, &tenant, place, &uuid(1), NOW).await
    });
    let one = uuid(1);
    let rows = |text: String| -> Vec<serde_json::Value> { serde_json::from_str(&text).unwrap() };
    let employees = |role_names, store_id, active_only| {
        let filter = EmployeeFilter {
            store_id,
            active_only,
            placeholder: Some(("temp_", "@x")),
        };
        rows(wait(staff::employees(&database, of(role_names), filter)).unwrap())
    };
    assert_eq!(employees(&everybody[..], None, true).len(), 4);
    let at_store = employees(&everybody[..], Some(&*one), true);
    assert_eq!(at_store.len(), 1);
    assert_eq!(at_store[0]["store"], "s-1");
    assert_eq!(employees(&cooks[..], None, true).len(), 2);
    let nameless = employees(&everybody[..], None, false);
    assert!(nameless.iter().any(|person| person["email"] == "temp_4@x"));
    let shifts = |role_names, store_id, to| {
        let filter = ShiftFilter {
            store_id,
            from: NOW,
            to,
            placeholder: None,
        };
        rows(wait(staff::shifts(&database, of(role_names), filter)).unwrap())
    };
    let all = shifts(&everybody[..], None, None);
    let ids: Vec<_> = all
        .iter()
        .map(|shift| shift["seven_shifts_shift_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["s0", "s1", "s2", "s3"]);
    assert_eq!(all[0]["role"], "Line Cook");
    assert_eq!(all[3]["employee_email"], "", "nobody invents an address");
    assert_eq!(shifts(&everybody[..], Some(&*one), None).len(), 2);
    assert_eq!(shifts(&cooks[..], None, Some(NOW + 100)).len(), 2);
    assert_eq!(shifts(&none[..], None, None).len(), 0);
    let mapping = wait(staff::user_mapping(&database, of(&everybody[..]), 2)).unwrap();
    assert_eq!(
        (mapping.mapped, mapping.unmapped, mapping.without_email),
        (0, 4, 1)
    );
    assert_eq!(mapping.unmapped_people.len(), 2);
    let run = ("users", "run");
    assert_eq!(
        wait(staff::reasons(&database, &tenant, &connector, run, 5)),
        Ok(vec![])
    );
}

#[test]
fn a_log_entry_is_what_was_asked_for_as_one() {
    let (database, raw) = databases();
    let tenant = tenant(1);
    let connector = uuid(101);
    let run = |id: u64, stream: &str, status: &str, at: i64, request: &str| {
        let sql = format!(
            "INSERT INTO sync_runs (id, organization_id, connector_id, job_id, stream, trigger, status, started_at, finished_at, created, errors, error_detail, request_id) VALUES ('{}', '{}', '{connector}', 'j', '{stream}', 'manual', '{status}', {at}, {}, 3, 1, iif('{status}' = 'success', NULL, 'why'), {request})",
            uuid(id),
            uuid(1),
            at + 5
        );
        wait(raw.execute(&sql, &[])).unwrap();
    };
    run(1, "users", "success", NOW, "'r1'");
    run(2, "shifts", "failed", NOW + 1, "'r1'");
    run(3, "users", "success", NOW + 10, "NULL");
    run(4, "shifts", "failed", NOW + 20, "NULL");
    run(5, "wages", "success", NOW + 30, "NULL");
    let log = |limit| -> Vec<serde_json::Value> {
        let text = wait(staff::log(&database, &tenant, &connector, limit)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let all = log(20);
    let shown: Vec<_> = all
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap().to_owned();
            (
                text("sync_type"),
                text("status"),
                entry["items_synced"].as_i64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("SHIFTS", "FAILED", 3),
        ("EMPLOYEES", "SUCCESS", 3),
        ("FULL", "PARTIAL", 6),
    ];
    assert_eq!(shown.len(), expected.len());
    for (shown, (kind, status, items)) in shown.iter().zip(expected) {
        assert_eq!((&*shown.0, &*shown.1, shown.2), (kind, status, items));
    }
    assert_eq!(all[2]["error_details"], serde_json::json!(["why"]));
    assert_eq!(all[2]["duration_seconds"], 6);
    assert_eq!(log(1).len(), 1);
    assert_eq!(
        wait(staff::log(&database, &self::tenant(2), &connector, 20)).as_deref(),
        Ok("[]")
    );
}

#[test]
fn a_policy_is_kept_beside_its_connector() {
    let (database, _) = databases();
    let tenant = tenant(1);
    let found = || {
        wait(staff_policies::connector_with_policy(
            &database, &tenant, "k",
        ))
        .unwrap()
        .unwrap()
        .1
    };
    assert_eq!(found(), StaffPolicy::default());
    let policy = StaffPolicy {
        enforce_shift_schedule: false,
        sync_role_names: vec!["Host".to_owned()],
        create_users_without_email: false,
    };
    transact(&database, async |transaction| {
        staff_policies::put(transaction, &tenant, &uuid(101), &policy, NOW).await?;
        // Another organization's connector is none of this one's.
        staff_policies::put(transaction, &tenant, &uuid(102), &policy, NOW).await
    });
    assert_eq!(found(), policy);
    let other = wait(staff_policies::connector_with_policy(
        &database,
        &self::tenant(2),
        "k",
    ))
    .unwrap();
    assert_eq!(other.unwrap().1, StaffPolicy::default());
}
