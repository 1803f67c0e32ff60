//! Employees and their leave: what is written, what is swept, and who is away as far as that is known.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of a test fail as a test does"
)]

#[expect(dead_code, reason = "not every test needs every helper")]
mod support;

use std::cell::Cell;

use domain::NaiveDate;
use domain::access::{Caller, Tenant};
use serde_json::{Value, json};
use store::employees::{Absences, Known, absences, ids_of, remove_ended_leave};
use store::records::{
    Absent, EmployeeRecord, EmployeeTeam, LeaveRequestRecord, Page, PageOutcome, Resource, Scope,
    Sweep, TimeOffDay, Window, absent, absent_ids, count_notes, mark_seen, open_pass,
    remove_brought, sweep_absent, write_page,
};
use store::{Database, DatabaseError, Execute, parameters};
use support::{TestDatabase, wait};

/// 2027-01-15T08:00:00Z.
const NOW: i64 = 1_800_000_000;
const HOUR: i64 = 3_600;

fn uuid(number: u64) -> String {
    format!("0190a5c0-0000-7000-8000-{number:012x}")
}

fn tenant(number: u64) -> Tenant {
    Caller::internal("test")
        .tenant_named(&uuid(number))
        .unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Two organizations. Every statement on the first handle is held to its indexes; the second is for the test's own.
struct Fixture {
    database: TestDatabase,
    raw: TestDatabase,
    ids: Cell<u64>,
}

/// A connector of an organization, by their numbers.
#[derive(Clone, Copy)]
struct Party {
    organization: u64,
    connector: u64,
}

const OURS: Party = Party {
    organization: 1,
    connector: 11,
};
const OTHER_ACCOUNT: Party = Party {
    organization: 1,
    connector: 12,
};
const THEIRS: Party = Party {
    organization: 2,
    connector: 21,
};

impl Fixture {
    fn new() -> Self {
        let database = TestDatabase::checked();
        for number in [1, 2] {
            let tenant = tenant(number);
            let created = store::organizations::create(
                &database,
                &tenant,
                "Harbour Advice",
                "Australia/Sydney",
                NOW,
            );
            assert_eq!(wait(created), Ok(true));
        }
        let raw = TestDatabase::at(database.path());
        Self {
            database,
            raw,
            ids: Cell::new(1_000),
        }
    }

    fn id(&self) -> String {
        self.ids.set(self.ids.get() + 1);
        uuid(self.ids.get())
    }

    /// Makes the connector with its two streams, whose last runs ended at these times; `None` is never.
    fn connect(&self, party: Party, state: &str, employees_at: Option<i64>, leave_at: Option<i64>) {
        let (organization, connector) = (uuid(party.organization), uuid(party.connector));
        self.run(
            "INSERT INTO connectors (id, organization_id, provider, integration_key, name, state, state_reason,
               state_changed_at, config, sync_settings, created_at, updated_at)
             VALUES (?1, ?2, 'employment_hero', 'key-' || ?1, 'HR', ?3, iif(?3 = 'active', NULL, 'its owner withdrew it'),
               1, '{}', '{\"frequency\": \"hourly\"}', 1, 1)",
            parameters![connector.as_str(), organization.as_str(), state],
        );
        for (name, at) in [("employees", employees_at), ("leave_requests", leave_at)] {
            self.run(
                "INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state,
                   last_success_at, last_complete_at, created_at, updated_at)
                 VALUES (?1, 'sync', ?2, ?3, ?4, 'employment-hero', 'c', 'pending', ?5, ?5, 1, 1)",
                parameters![self.id(), name, organization.as_str(), connector.as_str(), at],
            );
        }
    }

    fn run(&self, sql: &str, parameters: &[store::Value]) {
        wait(self.raw.execute(sql, parameters)).unwrap();
    }

    fn number(&self, sql: &str) -> i64 {
        let rows = wait(self.raw.execute(sql, &[])).unwrap();
        rows.first().unwrap().integer(0).unwrap()
    }

    fn write(&self, party: Party, page: Page<'_>) -> PageOutcome {
        self.transact(party, async |transaction, scope| {
            write_page(transaction, scope, page, || self.id(), NOW * 1_000_000).await
        })
    }

    fn transact<T>(
        &self,
        party: Party,
        body: impl AsyncFnOnce(
            &<TestDatabase as Database>::Transaction,
            &Scope<'_>,
        ) -> Result<T, DatabaseError>,
    ) -> T {
        let (tenant, connector_id) = (tenant(party.organization), uuid(party.connector));
        let scope = Scope {
            tenant: &tenant,
            connector_id: &connector_id,
            source: "employment_hero",
        };
        wait(
            self.database
                .transaction(async |transaction| body(transaction, &scope).await),
        )
        .unwrap()
    }

    fn absences(&self, from: &str) -> Absences {
        wait(absences(&self.database, &tenant(1), day(from))).unwrap()
    }
}

fn employee(id: &str, company_email: Option<&str>, account_email: Option<&str>) -> EmployeeRecord {
    EmployeeRecord {
        external_id: id.to_owned(),
        name: Some("Mia Tan".to_owned()),
        company_email: company_email.map(str::to_owned),
        account_email: account_email.map(str::to_owned),
        status: Some("active".to_owned()),
        teams: vec![EmployeeTeam {
            id: Some("t-1".to_owned()),
            name: Some("Advice".to_owned()),
        }],
        ..EmployeeRecord::default()
    }
}

fn leave(id: &str, of: &str, from: &str, to: &str, status: &str) -> LeaveRequestRecord {
    LeaveRequestRecord {
        external_id: id.to_owned(),
        external_employee_id: of.to_owned(),
        start_date: from.to_owned(),
        end_date: to.to_owned(),
        status: status.to_owned(),
        leave_category: Some("Annual Leave".to_owned()),
        ..LeaveRequestRecord::default()
    }
}

fn counts(outcome: &PageOutcome) -> [u64; 4] {
    [
        outcome.created,
        outcome.updated,
        outcome.unchanged,
        outcome.deleted,
    ]
}

fn reason(known: &Known<'_>) -> String {
    match known {
        Known::Unknown { reason } => reason.clone(),
        other => panic!("{other:?} is no doubt"),
    }
}

#[test]
fn only_approved_leave_that_has_not_ended_counts_and_half_days_keep_their_hours() {
    let fixture = Fixture::new();
    fixture.connect(OURS, "active", Some(NOW - HOUR), Some(NOW - 60));
    fixture.write(
        OURS,
        Page::Employees(&[employee("mia", Some("mia@example.test"), None)]),
    );
    let half = LeaveRequestRecord {
        days: vec![TimeOffDay {
            date: "2027-02-01".to_owned(),
            minutes: 228,
        }],
        ..leave("half", "mia", "2027-02-01", "2027-02-01", "approved")
    };
    let requests = [
        half,
        // It began before and still runs.
        leave("runs", "mia", "2027-01-04", "2027-01-15", "approved"),
        leave("over", "mia", "2027-01-04", "2027-01-14", "approved"),
        leave("asked", "mia", "2027-02-02", "2027-02-02", "pending"),
        leave("refused", "mia", "2027-02-03", "2027-02-03", "declined"),
    ];
    assert_eq!(
        counts(&fixture.write(OURS, Page::LeaveRequests(&requests))),
        [5, 0, 0, 0]
    );
    let absences = fixture.absences("2027-01-15");
    let Known::Away(person) = absences.of("  MIA@Example.test ", NOW) else {
        panic!("{absences:?}");
    };
    let found: Vec<&str> = person
        .leave
        .iter()
        .map(|leave| leave.external_id.as_str())
        .collect();
    assert_eq!(found, ["runs", "half"]);
    assert!(person.leave[0].days.is_empty());
    let half = &person.leave[1].days;
    assert_eq!((half.len(), half[0].minutes), (1, 228));
    assert_eq!(half[0].date, day("2027-02-01"));
    assert_eq!(person.complete_at, Some(NOW - 60));
    assert!(!person.is_ambiguous);
}

#[test]
fn who_is_away_is_read_by_one_statement_and_only_of_the_tenant() {
    let fixture = Fixture::new();
    for party in [OURS, THEIRS] {
        fixture.connect(party, "active", Some(NOW), Some(NOW));
        fixture.write(
            party,
            Page::Employees(&[employee("mia", Some("mia@example.test"), None)]),
        );
        let request = leave("1", "mia", "2027-02-01", "2027-02-05", "approved");
        fixture.write(party, Page::LeaveRequests(&[request]));
    }
    fixture.database.take_statements();
    let absences = fixture.absences("2027-01-15");
    assert_eq!(fixture.database.take_statements().len(), 1);
    let ours = uuid(OURS.connector);
    assert_eq!(absences.sources.len(), 1);
    assert_eq!(
        (absences.employees.len(), absences.leave.len()),
        (1, 1),
        "{absences:?}"
    );
    assert_eq!(absences.employees[0].connector_id, ours);
    assert_eq!(absences.leave[0].connector_id, ours);
}

#[test]
fn company_mails_come_before_those_of_accounts() {
    let fixture = Fixture::new();
    fixture.connect(OURS, "active", Some(NOW), Some(NOW));
    fixture.write(
        OURS,
        Page::Employees(&[
            employee("a", Some("mia@example.test"), Some("private@example.test")),
            employee("b", None, Some("mia@example.test")),
            employee("c", None, Some("lee@example.test")),
        ]),
    );
    let absences = fixture.absences("2027-01-15");
    for (mail, expected) in [("mia@example.test", "a"), ("lee@example.test", "c")] {
        let Known::Away(person) = absences.of(mail, NOW) else {
            panic!("{mail}");
        };
        let ids: Vec<&str> = person
            .employees
            .iter()
            .map(|employee| employee.external_id.as_str())
            .collect();
        assert_eq!(ids, [expected], "{mail}");
        assert!(person.leave.is_empty());
    }
    assert_eq!(absences.of("nobody@example.test", NOW), Known::Nobody);
}

#[test]
fn a_mail_that_two_share_is_away_when_either_is() {
    let fixture = Fixture::new();
    let shared = Some("advice@example.test");
    for party in [OURS, OTHER_ACCOUNT] {
        fixture.connect(party, "active", Some(NOW), Some(NOW - 60));
    }
    fixture.write(
        OURS,
        Page::Employees(&[employee("a", shared, None), employee("b", shared, None)]),
    );
    // The ids of another account are its own.
    fixture.write(
        OTHER_ACCOUNT,
        Page::Employees(&[employee("a", Some("other@example.test"), None)]),
    );
    let away = |id: &str, of: &str| leave(id, of, "2027-02-01", "2027-02-05", "approved");
    fixture.write(
        OURS,
        Page::LeaveRequests(&[away("1", "a"), away("2", "b"), away("3", "x")]),
    );
    let absences = fixture.absences("2027-01-15");
    let Known::Away(person) = absences.of("advice@example.test", NOW) else {
        panic!();
    };
    assert!(person.is_ambiguous);
    assert_eq!(person.leave.len(), 2);
    let Known::Away(person) = absences.of("other@example.test", NOW) else {
        panic!();
    };
    assert!(!person.is_ambiguous && person.leave.is_empty());
}

#[test]
fn nobody_is_here_by_a_source_that_is_not_in_order() {
    type Case = (&'static str, Option<i64>, Option<i64>, Option<&'static str>);
    let cases: [Case; 9] = [
        ("active", Some(NOW - 15 * HOUR), Some(NOW - HOUR), None),
        (
            "active",
            Some(NOW - 17 * HOUR),
            Some(NOW),
            Some("employees of the connector 'HR' were read too long ago"),
        ),
        (
            "active",
            Some(NOW),
            Some(NOW - 3 * HOUR),
            Some("leave of the connector 'HR' were read too long ago"),
        ),
        (
            "active",
            None,
            Some(NOW),
            Some("employees of the connector 'HR' have not been read"),
        ),
        (
            "active",
            Some(NOW),
            None,
            Some("leave of the connector 'HR' have not been read to the end"),
        ),
        (
            "paused",
            Some(NOW),
            Some(NOW),
            Some("connector 'HR' is paused"),
        ),
        (
            "expired",
            Some(NOW),
            Some(NOW),
            Some("is expired (its owner withdrew it)"),
        ),
        ("revoked", Some(NOW), Some(NOW), Some("is revoked")),
        (
            "disconnected",
            Some(NOW),
            Some(NOW),
            Some("is disconnected"),
        ),
    ];
    for (state, employees_at, leave_at, doubt) in cases {
        let fixture = Fixture::new();
        assert_eq!(
            fixture.absences("2027-01-15").of("a@b.test", NOW),
            Known::NoSource
        );
        fixture.connect(OURS, state, employees_at, leave_at);
        fixture.write(
            OURS,
            Page::Employees(&[employee("mia", Some("mia@example.test"), None)]),
        );
        let absences = fixture.absences("2027-01-15");
        for mail in ["mia@example.test", "nobody@example.test"] {
            let known = absences.of(mail, NOW);
            match doubt {
                Some(doubt) => assert!(reason(&known).contains(doubt), "{state}: {known:?}"),
                None => assert!(!matches!(known, Known::Unknown { .. }), "{known:?}"),
            }
        }
    }
}

#[test]
fn a_source_in_doubt_says_nothing_of_those_that_another_one_has() {
    let fixture = Fixture::new();
    fixture.connect(OURS, "active", Some(NOW), Some(NOW));
    fixture.connect(OTHER_ACCOUNT, "expired", Some(NOW), Some(NOW));
    fixture.write(
        OURS,
        Page::Employees(&[employee("mia", Some("mia@example.test"), None)]),
    );
    let absences = fixture.absences("2027-01-15");
    assert!(matches!(
        absences.of("mia@example.test", NOW),
        Known::Away(_)
    ));
    // Who is in none may be in the one that is not read.
    assert!(reason(&absences.of("lee@example.test", NOW)).contains("expired"));
    // One that was given up is waited for by nobody.
    fixture.run(
        "UPDATE connectors SET state = 'disconnected' WHERE state = 'expired'",
        &[],
    );
    let absences = fixture.absences("2027-01-15");
    assert_eq!(absences.of("lee@example.test", NOW), Known::Nobody);
}

#[test]
fn the_same_page_again_writes_nothing_and_a_change_of_status_is_one_row() {
    let fixture = Fixture::new();
    let page = [
        leave("1", "mia", "2027-02-01", "2027-02-05", "pending"),
        leave("2", "mia", "2027-03-01", "2027-03-05", "approved"),
    ];
    assert_eq!(
        counts(&fixture.write(OURS, Page::LeaveRequests(&page))),
        [2, 0, 0, 0]
    );
    assert_eq!(
        counts(&fixture.write(OURS, Page::LeaveRequests(&page))),
        [0, 0, 2, 0]
    );
    let approved = [leave("1", "mia", "2027-02-01", "2027-02-05", "approved")];
    assert_eq!(
        counts(&fixture.write(OURS, Page::LeaveRequests(&approved))),
        [0, 1, 0, 0]
    );
    // The same id at another account is another request.
    assert_eq!(
        counts(&fixture.write(OTHER_ACCOUNT, Page::LeaveRequests(&approved))),
        [1, 0, 0, 0]
    );
    let people = [employee("mia", Some("mia@example.test"), None)];
    assert_eq!(
        counts(&fixture.write(OURS, Page::Employees(&people))),
        [1, 0, 0, 0]
    );
    assert_eq!(
        counts(&fixture.write(OURS, Page::Employees(&people))),
        [0, 0, 1, 0]
    );
}

#[test]
fn a_page_of_a_hundred_is_as_many_statements_as_one_of_one() {
    let fixture = Fixture::new();
    let statements = |count: usize| {
        let page: Vec<_> = (0..count)
            .map(|number| {
                let id = format!("{count}-{number}");
                leave(&id, "mia", "2027-02-01", "2027-02-05", "approved")
            })
            .collect();
        let (tenant, connector_id) = (tenant(1), uuid(OURS.connector));
        let scope = Scope {
            tenant: &tenant,
            connector_id: &connector_id,
            source: "employment_hero",
        };
        fixture.database.take_statements();
        let page = Page::LeaveRequests(&page);
        let written = write_page(&fixture.database, &scope, page, || fixture.id(), NOW);
        wait(written).unwrap();
        fixture.database.take_statements().len()
    };
    let one = statements(1);
    assert_eq!(statements(100), one);
}

#[test]
fn a_pass_covers_what_has_not_ended_before_its_window() {
    let fixture = Fixture::new();
    let requests = [
        leave("seen", "mia", "2027-02-01", "2027-02-05", "approved"),
        leave("gone", "mia", "2027-02-01", "2027-02-05", "approved"),
        leave("old", "mia", "2026-06-01", "2026-06-05", "approved"),
    ];
    fixture.write(OURS, Page::LeaveRequests(&requests));
    fixture.write(THEIRS, Page::LeaveRequests(&requests));
    let window = Window {
        from: NOW,
        ..Window::ALL
    };
    let resource = Resource::LeaveRequests;
    let (found, ids, deleted) = fixture.transact(OURS, async |transaction, scope| {
        open_pass(transaction, "pass").await?;
        mark_seen(transaction, "pass", &["seen"]).await?;
        let sweep = Sweep {
            resource,
            pass_id: "pass",
            window,
            after: None,
        };
        let found = absent(transaction, scope, resource, "pass", window).await?;
        let ids = absent_ids(transaction, scope, &sweep, 10).await?;
        let step = sweep_absent(transaction, scope, &sweep, 100, NOW, NOW * 1_000_000).await?;
        Ok((found, ids, step.deleted))
    });
    assert_eq!(
        (found, ids, deleted),
        (Absent { live: 2, absent: 1 }, vec!["gone".to_owned()], 1)
    );
    let alive = fixture.number("SELECT count(*) FROM leave_requests WHERE deleted_at IS NULL");
    assert_eq!(alive, 5);
}

#[test]
fn what_is_personal_has_no_column() {
    let fixture = Fixture::new();
    for table in ["employees", "leave_requests"] {
        let columns = wait(fixture.raw.execute(
            "SELECT json_group_array(name) FROM pragma_table_info(?1)",
            parameters![table],
        ))
        .unwrap();
        let columns: Value = serde_json::from_str(columns[0].text(0).unwrap()).unwrap();
        for column in columns.as_array().unwrap() {
            for word in [
                "reason", "comment", "birth", "address", "personal", "balance", "phone",
            ] {
                assert!(!column.as_str().unwrap().contains(word), "{table}.{column}");
            }
        }
        assert_ne!(columns, json!([]));
    }
}

#[test]
fn leave_is_found_by_whose_it_is_and_by_its_days_within_one_account() {
    use store::lists::{EmployeeFilter, LeaveRequestFilter, Paging, employees, leave_requests};
    let fixture = Fixture::new();
    for party in [OURS, OTHER_ACCOUNT, THEIRS] {
        fixture.write(
            party,
            Page::Employees(&[
                employee("mia", Some("mia@example.test"), Some("m@example.test")),
                employee("lee", None, Some("lee@example.test")),
            ]),
        );
        fixture.write(
            party,
            Page::LeaveRequests(&[
                leave("1", "mia", "2027-02-01", "2027-02-05", "approved"),
                leave("2", "mia", "2027-03-01", "2027-03-05", "pending"),
                leave("3", "lee", "2027-02-01", "2027-02-05", "approved"),
            ]),
        );
    }
    let read = |list: &store::lists::List| -> Vec<Value> {
        let page = wait(list.read(&fixture.database)).unwrap();
        serde_json::from_str(&page.data_json).unwrap()
    };
    let found =
        |filter: EmployeeFilter<'_>| read(&employees(&tenant(1), &filter, &Paging::default()));
    let ours = uuid(OURS.connector);
    for email in ["mia@example.test", "m@example.test"] {
        let filter = EmployeeFilter {
            email: Some(email),
            connector_id: Some(&ours),
            ..EmployeeFilter::default()
        };
        let rows = found(filter);
        assert_eq!(rows.len(), 1, "{email}");
        assert_eq!(rows[0]["external_id"], "mia");
    }
    let mia = found(EmployeeFilter {
        email: Some("mia@example.test"),
        connector_id: Some(&ours),
        ..EmployeeFilter::default()
    });
    let mia = mia[0]["id"].as_str().unwrap().to_owned();
    let ids = |of: u64, filter: LeaveRequestFilter<'_>| -> Vec<String> {
        let list = leave_requests(&tenant(of), &filter, &Paging::default());
        let rows = read(&list);
        rows.iter()
            .map(|row| row["external_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let of_mia = LeaveRequestFilter {
        employee_id: Some(&mia),
        ..LeaveRequestFilter::default()
    };
    assert_eq!(ids(1, of_mia), ["1", "2"]);
    assert_eq!(ids(2, of_mia), Vec::<String>::new());
    let in_march = LeaveRequestFilter {
        from: Some("2027-03-03"),
        to: Some("2027-03-03"),
        ..of_mia
    };
    assert_eq!(ids(1, in_march), ["2"]);
    let approved = LeaveRequestFilter {
        status: Some("approved"),
        connector_id: Some(&ours),
        ..LeaveRequestFilter::default()
    };
    assert_eq!(ids(1, approved), ["1", "3"]);
}

#[test]
fn what_is_over_for_long_goes_without_a_tombstone_in_bounded_steps() {
    let fixture = Fixture::new();
    let requests: Vec<_> = (0..5)
        .map(|number| {
            let id = format!("old-{number}");
            leave(&id, "mia", "2026-06-01", "2026-06-05", "approved")
        })
        .chain([leave("new", "mia", "2026-06-01", "2026-06-06", "approved")])
        .collect();
    for party in [OURS, OTHER_ACCOUNT, THEIRS] {
        fixture.write(party, Page::LeaveRequests(&requests));
    }
    let remove = || {
        fixture.transact(OURS, async |transaction, scope| {
            remove_ended_leave(transaction, scope, day("2026-06-06"), 2).await
        })
    };
    assert_eq!([remove(), remove(), remove()], [true, true, false]);
    assert!(!remove());
    let left = |party: Party| {
        let sql = format!(
            "SELECT count(*) FROM leave_requests WHERE connector_id = '{}'",
            uuid(party.connector)
        );
        fixture.number(&sql)
    };
    assert_eq!([left(OURS), left(OTHER_ACCOUNT), left(THEIRS)], [1, 6, 6]);
}

#[test]
fn an_employee_is_found_by_both_ids_within_the_organization() {
    let fixture = Fixture::new();
    for party in [OURS, OTHER_ACCOUNT, THEIRS] {
        fixture.connect(party, "active", Some(NOW), Some(NOW));
        fixture.write(party, Page::Employees(&[employee("mia", None, None)]));
    }
    let find = |of: u64, connector: Option<u64>, id: &str| {
        let connector = connector.map(uuid);
        let tenant = tenant(of);
        let ids = ids_of(&fixture.database, &tenant, connector.as_deref(), id);
        wait(ids).unwrap()
    };
    let both = find(1, None, "mia");
    assert_eq!(both.len(), 2);
    let one = find(1, Some(OURS.connector), "mia");
    assert_eq!(one.len(), 1);
    assert_eq!(find(1, None, &one[0]), one);
    assert_eq!(find(2, None, &one[0]), Vec::<String>::new());
    assert_eq!(find(1, Some(THEIRS.connector), "mia"), Vec::<String>::new());
    assert_eq!(find(1, None, "lee"), Vec::<String>::new());
}

#[test]
fn a_pass_counts_what_it_has_noted() {
    let fixture = Fixture::new();
    let count = |ids: &[&str]| {
        fixture.transact(OURS, async |transaction, _| {
            open_pass(transaction, "pass").await?;
            mark_seen(transaction, "pass", ids).await?;
            mark_seen(transaction, "another", &["x"]).await?;
            count_notes(transaction, "pass").await
        })
    };
    assert_eq!(count(&[]), 0);
    assert_eq!(count(&["1", "2"]), 2);
    assert_eq!(count(&["2", "3"]), 3);
}

#[test]
fn a_connector_that_is_removed_takes_along_its_people_and_their_leave() {
    let fixture = Fixture::new();
    for party in [OURS, OTHER_ACCOUNT] {
        fixture.write(
            party,
            Page::Employees(&[employee("a", None, None), employee("b", None, None)]),
        );
        let request = leave("1", "a", "2027-02-01", "2027-02-05", "approved");
        fixture.write(party, Page::LeaveRequests(&[request]));
    }
    let (tenant, connector) = (tenant(1), uuid(OURS.connector));
    let remove = || wait(remove_brought(&fixture.database, &tenant, &connector, 1)).unwrap();
    assert_eq!([remove(), remove(), remove()], [true, true, false]);
    let left = |table: &str| fixture.number(&format!("SELECT count(*) FROM {table}"));
    assert_eq!((left("employees"), left("leave_requests")), (2, 1));
}
