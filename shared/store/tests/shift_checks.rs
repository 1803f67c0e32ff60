//! Who is found on shift, by whatever leads to them, and at what cost.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of a test fail as a test does"
)]

mod support;

use domain::access::{Caller, Tenant};
use domain::connector_state::ConnectorState;
use domain::shift_check::{CLOSING_SHIFT_SECS, LONGEST_SHIFT_SECS, Shift, current_shift};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::shift_checks::{self, Account, Asked, AskedList, HeldShift, Named, Rows};
use store::staff_policies::{self, StaffPolicy};
use store::{Database, Execute};
use support::{TestDatabase, wait};

const NOW: i64 = 1_800_000_000;
const HOUR: i64 = 3_600;
const PLACEHOLDER: (&str, &str) = ("temp_", "@x");

fn uuid(number: u64) -> String {
    format!("0190a5c0-0000-7000-8000-{number:012x}")
}

fn tenant(number: u64) -> Tenant {
    Caller::internal("test")
        .tenant_named(&uuid(number))
        .unwrap()
}

/// What is shown of a row.
fn shown(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap()
}

fn member(raw: &RawValue, name: &str) -> String {
    shown(raw)[name].as_str().unwrap().to_owned()
}

struct Fixture {
    /// Every statement on it is held to its indexes.
    database: TestDatabase,
    raw: TestDatabase,
}

impl Fixture {
    /// Two organizations, each with a connector (100 + number) under the key `k`, a store `s-1` that is
    /// location 1, a store `s-2` that is none, and the role 7, Line Cook.
    fn new() -> Self {
        let database = TestDatabase::checked();
        let raw = TestDatabase::at(database.path());
        let fixture = Self { database, raw };
        for number in [1, 2] {
            let organization = uuid(number);
            let connector = uuid(100 + number);
            fixture.run(&format!("INSERT INTO organizations (id, name, time_zone, created_at, updated_at) VALUES ('{organization}', 'x', 'UTC', 0, 0)"));
            fixture.connector(number, 100 + number, "k");
            for store in [1, 2] {
                let id = uuid(200 + 10 * number + store);
                fixture.run(&format!("INSERT INTO stores (id, organization_id, name, folded_name, product_ref, created_seq, changed_seq) VALUES ('{id}', '{organization}', 'S{store}', 's{store}', 's-{store}', 1, 1)"));
            }
            let store = uuid(200 + 10 * number + 1);
            fixture.run(&format!("INSERT INTO location_mappings (connector_id, external_location_id, organization_id, store_id, mapped_by, created_at, updated_at) VALUES ('{connector}', '1', '{organization}', '{store}', 'hand', 0, 0)"));
            fixture.run(&format!("INSERT INTO roles (id, organization_id, connector_id, source, external_id, name, created_seq, changed_seq) VALUES ('{}', '{organization}', '{connector}', 's', '7', 'Line Cook', 1, 1)", uuid(300 + number)));
        }
        fixture
    }

    fn run(&self, sql: &str) {
        wait(self.raw.execute(sql, &[])).unwrap();
    }

    fn connector(&self, organization: u64, id: u64, key: &str) {
        self.run(&format!("INSERT INTO connectors (id, organization_id, provider, integration_key, name, state, state_changed_at, config, sync_settings, created_at, updated_at) VALUES ('{}', '{}', 'p', '{key}', 'x', 'active', 0, '{{}}', '{{}}', 0, 0)", uuid(id), uuid(organization)));
    }

    /// A person (1000 + number) of a connector, whose id at the provider is the number.
    fn person(&self, organization: u64, connector: u64, number: u64, email: &str) {
        self.run(&format!("INSERT INTO team_members (id, organization_id, connector_id, source, external_id, first_name, last_name, email, is_active, created_seq, changed_seq) VALUES ('{}', '{}', '{}', 's', '{number}', 'F{number}', 'L{number}', {email}, 1, 1, 1)", uuid(1_000 + number), uuid(organization), uuid(connector)));
    }

    /// A shift (5000 + number) of a person, at location 1.
    fn shift(&self, number: u64, person: u64, starts_at: i64, ends_at: i64) {
        self.run(&format!("INSERT INTO schedule_shifts (id, organization_id, connector_id, source, external_id, team_member_id, external_user_id, external_location_id, external_role_id, starts_at, ends_at, is_open, is_close, is_business_decline, break_minutes, unpaid_break_minutes, breaks, created_seq, changed_seq) SELECT '{}', organization_id, connector_id, 's', '{number}', id, external_id, '1', '7', {starts_at}, {ends_at}, 0, 0, 0, 0, 0, '[]', 1, 1 FROM team_members WHERE id = '{}'", uuid(5_000 + number), uuid(1_000 + person)));
    }

    fn set_shift(&self, number: u64, what: &str) {
        self.run(&format!(
            "UPDATE schedule_shifts SET {what} WHERE external_id = '{number}'"
        ));
    }

    /// The account of an organization, by its key.
    fn account_of(&self, number: u64, key: &str) -> Option<Account> {
        let asked = Asked {
            people: &[],
            stores: &[],
            at: NOW,
            placeholder: PLACEHOLDER,
        };
        self.found(number, key, asked).read().unwrap().account
    }

    fn account(&self, number: u64) -> Account {
        self.account_of(number, "k").unwrap()
    }

    fn found(&self, number: u64, key: &str, asked: Asked<'_>) -> Rows {
        let tenant = tenant(number);
        self.database.take_statements();
        let found = shift_checks::find(&self.database, &tenant, key, asked);
        let found = wait(found).unwrap();
        assert_eq!(self.database.take_statements().len(), 1, "one round trip");
        found
    }

    fn find(&self, people: &[(usize, Named<'_>)], stores: &[&str], at: i64) -> Rows {
        let asked = Asked {
            people,
            stores,
            at,
            placeholder: PLACEHOLDER,
        };
        self.found(1, "k", asked)
    }

    /// Who is found by an address: numbers of people.
    fn by_email(&self, email: &str) -> Vec<String> {
        let rows = self.find(&[(0, Named::Email(email.into()))], &[], NOW);
        let people = rows.read().unwrap().people.into_iter();
        let mut ids: Vec<_> = people
            .map(|person| member(person.shown, "seven_shifts_id"))
            .collect();
        ids.sort();
        ids
    }

    /// The shifts of person 1 that may be on.
    fn shifts_at(&self, at: i64) -> Vec<String> {
        let rows = self.find(&[(0, Named::Email("a@x".into()))], &[], at);
        let shifts = rows.read().unwrap().shifts.into_iter();
        let mut ids: Vec<_> = shifts
            .map(|shift| member(shift.shown, "seven_shifts_shift_id"))
            .collect();
        ids.sort();
        ids
    }

    fn on_shift(&self, store: Option<&str>, at: i64) -> Rows {
        self.on_shift_of("k", store, at)
    }

    fn on_shift_of(&self, key: &str, store: Option<&str>, at: i64) -> Rows {
        self.database.take_statements();
        let tenant = tenant(1);
        let asked = AskedList {
            store,
            at,
            placeholder: PLACEHOLDER,
        };
        let found = shift_checks::on_shift(&self.database, &tenant, key, asked);
        let found = wait(found).unwrap();
        assert_eq!(self.database.take_statements().len(), 1, "one round trip");
        found
    }

    fn policy(&self, role_names: &[&str]) {
        self.put_policy(&StaffPolicy {
            sync_role_names: role_names.iter().map(|name| (*name).to_owned()).collect(),
            ..StaffPolicy::default()
        });
    }

    fn put_policy(&self, policy: &StaffPolicy) {
        let (tenant, connector) = (tenant(1), uuid(101));
        wait(self.database.transaction(async |transaction| {
            staff_policies::put(transaction, &tenant, &connector, policy, NOW).await
        }))
        .unwrap();
    }
}

#[test]
fn an_account_comes_with_its_policy_and_its_syncs_in_one_statement() {
    let fixture = Fixture::new();
    assert_eq!(fixture.account_of(1, "other"), None);
    let bare = fixture.account(1);
    assert_eq!(bare.connector_id, uuid(101));
    assert_eq!(bare.state, ConnectorState::Active);
    assert!(bare.enforces());
    assert_eq!((bare.users_synced_at, bare.shifts_synced_at), (None, None));
    assert_eq!(bare.connected_at, None);
    fixture.run("UPDATE connectors SET connected_at = 9");
    assert_eq!(fixture.account(1).connected_at, Some(9));
    for (organization, stream, at) in [
        (1, "users", 11),
        (1, "shifts", 12),
        (1, "wages", 13),
        (2, "users", 14),
    ] {
        fixture.run(&format!("INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, rank, state, planned_trigger, last_success_at, created_at, updated_at) VALUES ('{organization}{stream}', 'sync', '{stream}', '{}', '{}', 'f', 'c', 1, 'pending', 'cron', {at}, 0, 0)", uuid(organization), uuid(100 + organization)));
    }
    fixture.run("UPDATE connectors SET state = 'paused'");
    let policy = StaffPolicy {
        enforce_shift_schedule: false,
        create_users_without_email: false,
        ..StaffPolicy::default()
    };
    fixture.put_policy(&policy);
    let set = fixture.account(1);
    assert!(!set.enforces());
    assert_eq!(set.state, ConnectorState::Paused);
    assert_eq!(
        (set.users_synced_at, set.shifts_synced_at),
        (Some(11), Some(12))
    );
    let theirs = fixture.account(2);
    assert_eq!(
        (theirs.users_synced_at, theirs.shifts_synced_at),
        (Some(14), None)
    );
    assert!(theirs.enforces(), "a policy is one account's");
}

#[test]
fn employees_are_found_by_their_address_whatever_its_case() {
    let fixture = Fixture::new();
    fixture.connector(1, 111, "second");
    fixture.person(1, 101, 1, "'a@x'");
    fixture.person(1, 101, 2, "'A@X'");
    fixture.person(1, 101, 3, "NULL");
    fixture.person(1, 101, 4, "'gone@x'");
    fixture.person(1, 101, 5, "'left@x'");
    fixture.person(1, 111, 6, "'other@x'");
    fixture.person(2, 102, 7, "'theirs@x'");
    fixture.run(&format!(
        "UPDATE team_members SET deleted_at = 1 WHERE id = '{}'",
        uuid(1_004)
    ));
    fixture.run(&format!(
        "UPDATE team_members SET is_active = 0 WHERE id = '{}'",
        uuid(1_005)
    ));
    for (email, people) in [
        ("a@x", &["1", "2"][..]),
        ("A@x", &["1", "2"]),
        ("gone@x", &[]),
        ("left@x", &[]),
        ("other@x", &[]),
        ("theirs@x", &[]),
        ("nobody@x", &[]),
    ] {
        assert_eq!(fixture.by_email(email), people, "{email}");
    }
    // By the provider's id only who has no address, and each under the number that was asked for.
    let people = [
        (3, Named::WithoutEmail("3")),
        (2, Named::WithoutEmail("1")),
        (1, Named::WithoutEmail("7")),
        (9, Named::Email("a@X".into())),
        (8, Named::Email("A@x".into())),
    ];
    let rows = fixture.find(&people, &[], NOW);
    let found = rows.read().unwrap();
    let mut numbers: Vec<_> = found
        .people
        .iter()
        .map(|person| (person.number, member(person.shown, "seven_shifts_id")))
        .collect();
    numbers.sort();
    let numbers: Vec<_> = numbers
        .iter()
        .map(|(number, id)| (*number, &**id))
        .collect();
    assert_eq!(numbers, [(3, "3"), (8, "1"), (8, "2"), (9, "1"), (9, "2")]);
    let nameless = found
        .people
        .iter()
        .find(|person| person.number == 3)
        .unwrap();
    assert_eq!(
        shown(nameless.shown),
        json!({"id": uuid(1_003), "seven_shifts_id": "3", "email": "temp_3@x",
            "first_name": "F3", "last_name": "L3", "full_name": "F3 L3"})
    );
    // Only those of the roles that count are employees.
    fixture.run(&format!("INSERT INTO team_member_role_assignments (id, organization_id, connector_id, source, external_id, team_member_id, external_user_id, external_role_id, is_primary, created_seq, changed_seq) VALUES ('{}', '{}', '{}', 's', '2:7', '{}', '2', '7', 1, 1, 1)", uuid(80), uuid(1), uuid(101), uuid(1_002)));
    fixture.policy(&["LINE cook"]);
    assert_eq!(fixture.by_email("a@x"), ["2"]);
    let working = || -> Vec<String> {
        let rows = fixture.on_shift(None, NOW);
        let people = rows.read().unwrap().people.into_iter();
        people
            .map(|person| member(person.shown, "seven_shifts_id"))
            .collect()
    };
    fixture.shift(1, 1, NOW, NOW + HOUR);
    fixture.shift(2, 2, NOW, NOW + HOUR);
    assert_eq!(working(), ["2"]);
    // SQLite knows the case of ASCII letters only.
    fixture.run("UPDATE roles SET name = 'ÉCAILLER'");
    fixture.policy(&["Host", "écailler"]);
    assert_eq!(fixture.by_email("a@x"), ["2"]);
    assert_eq!(working(), ["2"]);
    for (change, back) in [
        ("roles SET deleted_at = 1", "roles SET deleted_at = NULL"),
        (
            "team_member_role_assignments SET deleted_at = 1",
            "team_member_role_assignments SET deleted_at = NULL",
        ),
    ] {
        fixture.run(&format!("UPDATE {change}"));
        assert_eq!(fixture.by_email("a@x"), [""; 0], "{change}");
        fixture.run(&format!("UPDATE {back}"));
        assert_eq!(fixture.by_email("a@x"), ["2"], "{back}");
    }
    fixture.policy(&["Host"]);
    assert_eq!(fixture.by_email("a@x"), [""; 0]);
    assert_eq!(working(), [""; 0]);
}

/// What a policy leaves out is left out by the statement that reads the policy.
#[test]
fn a_policy_without_placeholders_or_enforcement_looks_nobody_up_by_them() {
    let fixture = Fixture::new();
    fixture.person(1, 101, 1, "NULL");
    fixture.person(1, 101, 2, "'temp_3@x'");
    fixture.shift(1, 1, NOW, NOW + HOUR);
    let people = [
        (1, Named::WithoutEmail("1")),
        (2, Named::Email("temp_3@x".into())),
    ];
    let emails = |rows: &Rows| -> Vec<(usize, String)> {
        let people = rows.read().unwrap().people.into_iter();
        let mut emails: Vec<_> = people
            .map(|person| (person.number, member(person.shown, "email")))
            .collect();
        emails.sort();
        emails
    };
    let is = |emails: &[(usize, &str)]| -> Vec<(usize, String)> {
        let emails = emails.iter();
        emails
            .map(|(number, email)| (*number, (*email).to_owned()))
            .collect()
    };
    let set = |enforce_shift_schedule: bool, create_users_without_email: bool| {
        let policy = StaffPolicy {
            enforce_shift_schedule,
            create_users_without_email,
            ..StaffPolicy::default()
        };
        fixture.put_policy(&policy);
    };
    let both = fixture.find(&people, &[], NOW);
    assert_eq!(emails(&both), is(&[(1, "temp_1@x"), (2, "temp_3@x")]));
    assert_eq!(emails(&fixture.on_shift(None, NOW)), is(&[(0, "temp_1@x")]));
    set(true, false);
    assert_eq!(
        emails(&fixture.find(&people, &[], NOW)),
        is(&[(2, "temp_3@x")])
    );
    assert_eq!(emails(&fixture.on_shift(None, NOW)), is(&[(0, "")]));
    set(false, true);
    let rows = fixture.find(&people, &["s-1", "s-3"], NOW);
    let found = rows.read().unwrap();
    assert_eq!((found.people.len(), found.shifts.len()), (0, 0));
    let stores = found.stores.iter().map(|store| store.id.is_some());
    assert_eq!(stores.collect::<Vec<_>>(), [true, false]);
}

/// Without an account there are stores all the same, and nothing of another account's.
#[test]
fn stores_are_told_apart_where_there_is_no_account() {
    let fixture = Fixture::new();
    fixture.person(1, 101, 1, "'a@x'");
    fixture.shift(1, 1, NOW, NOW + HOUR);
    let people = [(0, Named::Email("a@x".into()))];
    let asked = Asked {
        people: &people,
        stores: &["s-1", "s-3"],
        at: NOW,
        placeholder: PLACEHOLDER,
    };
    for (rows, stores) in [
        (fixture.found(1, "other", asked), &[true, false][..]),
        (fixture.on_shift_of("other", Some("s-1"), NOW), &[true]),
        (fixture.on_shift_of("other", Some("s-3"), NOW), &[false]),
        (fixture.on_shift_of("other", None, NOW), &[]),
    ] {
        let found = rows.read().unwrap();
        assert_eq!(found.account, None);
        assert_eq!((found.people.len(), found.shifts.len()), (0, 0));
        let known = found.stores.iter().map(|store| store.id.is_some());
        assert_eq!(known.collect::<Vec<_>>(), stores);
        assert!(found.stores.iter().all(|store| !store.is_mapped));
    }
}

#[test]
fn a_shift_that_may_be_on_is_brought_and_no_other() {
    let fixture = Fixture::new();
    fixture.person(1, 101, 1, "'a@x'");
    fixture.person(1, 101, 2, "'b@x'");
    fixture.shift(1, 1, NOW - HOUR, NOW + HOUR);
    fixture.shift(2, 2, NOW - HOUR, NOW + HOUR);
    for (at, shifts) in [
        (NOW - HOUR - 1, &[][..]),
        (NOW - HOUR, &["1"]),
        (NOW + HOUR, &["1"]),
        (NOW + HOUR + 1, &[]),
    ] {
        assert_eq!(fixture.shifts_at(at), shifts, "{at}");
    }
    for (change, back) in [
        ("deleted_at = 1", "deleted_at = NULL"),
        ("is_open = 1", "is_open = 0"),
        (
            "team_member_id = NULL",
            "team_member_id = (SELECT id FROM team_members WHERE external_id = '1')",
        ),
    ] {
        fixture.set_shift(1, change);
        assert_eq!(fixture.shifts_at(NOW), [""; 0], "{change}");
        fixture.set_shift(1, back);
        assert_eq!(fixture.shifts_at(NOW), ["1"], "{back}");
    }
    // Its end says nothing of one that ends at closing.
    fixture.set_shift(1, "is_close = 1, ends_at = starts_at");
    assert_eq!(fixture.shifts_at(NOW), ["1"]);
    let rows = fixture.find(
        &[(0, Named::Email("a@x".into()))],
        &["s-1", "s-2", "s-3", &uuid(211), &uuid(221), "s-1"],
        NOW,
    );
    let found = rows.read().unwrap();
    let shift = &found.shifts[0];
    assert_eq!(shift.person_id, uuid(1_001));
    assert_eq!(shift.store_id, Some(&*uuid(211)));
    assert!(shift.is_close);
    assert_eq!(
        shown(shift.shown),
        json!({"id": uuid(5_001), "seven_shifts_shift_id": "1", "store": "s-1", "store_name": "S1",
            "start_time": "2027-01-15T07:00:00Z", "end_time": "2027-01-15T07:00:00Z", "is_close": true,
            "role": "Line Cook"})
    );
    // The stores in the order in which they were asked for: by the product's ids and by ours.
    let stores: Vec<_> = found
        .stores
        .iter()
        .map(|store| (store.id.map(str::to_owned), store.is_mapped))
        .collect();
    let (one, two) = (Some(uuid(211)), Some(uuid(212)));
    assert_eq!(
        stores,
        [
            (one.clone(), true),
            (two, false),
            (None, false),
            (one.clone(), true),
            (None, false),
            (one, true)
        ],
        "another organization's store is none"
    );
}

/// What SQL leaves out never changes what the rules say: against all rows, at every end of a shift.
#[test]
fn what_is_left_out_is_never_on() {
    let fixture = Fixture::new();
    fixture.person(1, 101, 1, "'a@x'");
    let mut number = 0;
    let mut all = Vec::new();
    for start in [-60, -49, -48, -47, -30, -12, -11, -3, 0, 2] {
        for length in [-1, 0, 2, 12, 13, 48, 50] {
            for is_close in [false, true] {
                number += 1;
                let (starts_at, ends_at) = (NOW + start * HOUR, NOW + (start + length) * HOUR);
                fixture.shift(number, 1, starts_at, ends_at);
                fixture.set_shift(number, &format!("is_close = {}", i64::from(is_close)));
                all.push((uuid(5_000 + number), starts_at, ends_at, is_close));
            }
        }
    }
    let all: Vec<_> = all
        .iter()
        .map(|(id, starts_at, ends_at, is_close)| Shift {
            id,
            store_id: None,
            starts_at: *starts_at,
            ends_at: *ends_at,
            is_close: *is_close,
        })
        .collect();
    let mut times: Vec<i64> = all
        .iter()
        .flat_map(|shift| {
            let bounds = [CLOSING_SHIFT_SECS, LONGEST_SHIFT_SECS];
            let bounds = bounds.map(|secs| shift.starts_at + secs);
            [shift.starts_at, shift.ends_at, bounds[0], bounds[1]]
        })
        .flat_map(|at| [at - 1, at, at + 1])
        .collect();
    times.sort_unstable();
    times.dedup();
    let mut on = 0;
    for at in times {
        let expected = current_shift(&all, None, at).map(|place| all[place].id);
        for found in [
            fixture.find(&[(0, Named::Email("a@x".into()))], &[], at),
            fixture.on_shift(None, at),
        ] {
            let found = found.read().unwrap();
            let shifts: Vec<_> = found.shifts.iter().map(HeldShift::times).collect();
            let current = current_shift(&shifts, None, at).map(|place| shifts[place].id);
            assert_eq!(current, expected, "{at}");
        }
        on += usize::from(expected.is_some());
    }
    assert!(on > 50, "{on}");
}

#[test]
fn who_is_on_shift_is_listed_by_name_and_by_store() {
    let fixture = Fixture::new();
    for (number, name) in [(1, "Zoe"), (2, "adam"), (3, "Bea"), (4, "Gone"), (5, "Off")] {
        fixture.person(1, 101, number, "NULL");
        fixture.run(&format!(
            "UPDATE team_members SET last_name = '{name}' WHERE id = '{}'",
            uuid(1_000 + number)
        ));
    }
    fixture.person(2, 102, 6, "'theirs@x'");
    for number in [1, 2, 3, 4, 6] {
        fixture.shift(number, number, NOW - HOUR, NOW + HOUR);
    }
    fixture.shift(7, 2, NOW - 2 * HOUR, NOW);
    fixture.shift(8, 5, NOW + 1, NOW + HOUR);
    fixture.set_shift(3, "external_location_id = '2'");
    fixture.run(&format!(
        "UPDATE team_members SET deleted_at = 1 WHERE id = '{}'",
        uuid(1_004)
    ));
    let names = |store: Option<&str>| -> Vec<String> {
        let rows = fixture.on_shift(store, NOW);
        let people = rows.read().unwrap().people.into_iter();
        people
            .map(|person| member(person.shown, "last_name"))
            .collect()
    };
    assert_eq!(names(None), ["adam", "Bea", "Zoe"]);
    assert_eq!(names(Some("s-1")), ["adam", "Zoe"]);
    assert_eq!(names(Some(&uuid(211))), ["adam", "Zoe"]);
    assert_eq!(names(Some("s-2")), [""; 0], "no location is this store");
    // A store that is not there, and one of another organization's.
    for store in ["s-3", &uuid(221)] {
        let rows = fixture.on_shift(Some(store), NOW);
        let found = rows.read().unwrap();
        assert_eq!((found.people.len(), found.stores[0].id), (0, None));
    }
    let rows = fixture.on_shift(Some("s-1"), NOW);
    let shifts = rows.read().unwrap().shifts.into_iter();
    let of_adam = shifts.filter(|shift| shift.person_id == uuid(1_002));
    assert_eq!(of_adam.count(), 2);
}

/// A check costs the same however many people and years the account has.
#[test]
fn neither_other_people_nor_the_past_cost_anything() {
    let fixture = Fixture::new();
    fixture.person(1, 101, 1, "'a@x'");
    fixture.shift(1, 1, NOW - HOUR, NOW + HOUR);
    let steps = || {
        fixture.find(&[(0, Named::Email("a@x".into()))], &["s-1"], NOW);
        fixture.database.take_steps();
        fixture.find(&[(0, Named::Email("a@x".into()))], &["s-1"], NOW);
        let one = fixture.database.take_steps();
        fixture.on_shift(Some("s-1"), NOW);
        (one, fixture.database.take_steps())
    };
    let before = steps();
    for number in 10..60 {
        fixture.person(1, 101, number, &format!("'p{number}@x'"));
        fixture.shift(number, number, NOW - 300 * HOUR, NOW - 290 * HOUR);
    }
    for number in 100..400 {
        let start = NOW - (i64::try_from(number).unwrap() - 50) * 24 * HOUR;
        fixture.shift(number, 1, start, start + 8 * HOUR);
    }
    // That there is a row beside those that are sought is found out by a step or two.
    let after = steps();
    for (before, after) in [(before.0, after.0), (before.1, after.1)] {
        assert!((after - before).abs() < 10, "{before} and {after}");
    }

    let (people, tenant) = ([(0, Named::Email("a@x".into()))], tenant(1));
    let asked = Asked {
        people: &people,
        stores: &[],
        at: NOW,
        placeholder: PLACEHOLDER,
    };
    fixture.database.take_statements();
    wait(shift_checks::find(&fixture.database, &tenant, "k", asked)).unwrap();
    let asked = AskedList {
        store: None,
        at: NOW,
        placeholder: PLACEHOLDER,
    };
    wait(shift_checks::on_shift(
        &fixture.database,
        &tenant,
        "k",
        asked,
    ))
    .unwrap();
    let statements = fixture.database.take_statements();
    let plans: Vec<_> = statements
        .iter()
        .map(|sql| fixture.database.plan(sql).join("\n"))
        .collect();
    let uses = |plan: &str, index: &str| plan.contains(&format!("USING INDEX {index} "));
    let find = plans.iter().find(|plan| uses(plan, "team_members_email"));
    assert!(
        find.is_some_and(|plan| uses(plan, "schedule_shifts_member")
            && plan.contains("schedule_shifts_member (organization_id=? AND team_member_id=? AND starts_at>? AND starts_at<?)")),
        "{plans:#?}"
    );
    let list = "schedule_shifts_assigned (organization_id=? AND connector_id=? AND starts_at>? AND starts_at<?)";
    assert!(plans.iter().any(|plan| plan.contains(list)), "{plans:#?}");
}
