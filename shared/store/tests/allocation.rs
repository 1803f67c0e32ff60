//! Closures, capacity overrides and allocation settings: what is written, what is told of it, and what one allocation reads.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of a test fail as a test does"
)]

#[expect(dead_code, reason = "not every test needs every helper")]
mod support;

use domain::access::{Caller, Tenant};
use domain::allocation::Settings;
use domain::allocation::capacity_override::CapacityOverride;
use domain::allocation::closure::Closure;
use domain::allocation::settings::Preset;
use serde_json::{Value, json};
use store::allocation::{
    ClosureRow, MAX_ROWS, OverrideRow, capacity_overrides, closures, documents, settings,
};
use store::lists::{self, CapacityOverrideFilter, ClosureFilter, Key, Kind, List, Paging};
use store::{Database, DatabaseError, Execute, audit};
use support::{TestDatabase, wait};

const NOW: i64 = 1_800_000_000;

fn uuid(number: u64) -> String {
    format!("0190a5c0-0000-7000-8000-{number:012x}")
}

fn tenant(number: u64) -> Tenant {
    Caller::internal("test")
        .tenant_named(&uuid(number))
        .unwrap()
}

/// A database with the organizations 1 and 2. Every statement on the first is held to its indexes; the second is for
/// the test's own questions.
fn databases() -> (TestDatabase, TestDatabase) {
    let database = TestDatabase::checked();
    for number in [1, 2] {
        let tenant = tenant(number);
        let created = store::organizations::create(
            &database,
            &tenant,
            "Harbour Wealth",
            "Australia/Sydney",
            NOW,
        );
        assert_eq!(wait(created), Ok(true));
    }
    let raw = TestDatabase::at(database.path());
    (database, raw)
}

fn closure(document: &Value) -> Closure {
    Closure::from_json(document).unwrap()
}

fn capacity_override(email: &str, from: &str, limit: u32) -> CapacityOverride {
    let document =
        json!({"adviser_email": email, "effective_date": from, "client_limit_monthly": limit});
    CapacityOverride::from_json(&document).unwrap()
}

fn close(database: &TestDatabase, of: u64, id: u64, closure: &Closure) -> bool {
    let (tenant, id) = (tenant(of), uuid(id));
    let made = closures::create(database, &tenant, &id, closure, "user-1", NOW);
    wait(made).unwrap()
}

fn limit(database: &TestDatabase, of: u64, id: u64, limit: &CapacityOverride) -> bool {
    let (tenant, id) = (tenant(of), uuid(id));
    let made = capacity_overrides::create(database, &tenant, &id, limit, "user-1", NOW);
    wait(made).unwrap()
}

fn row(database: &TestDatabase, of: u64, kind: Kind, id: u64) -> Option<Value> {
    wait(lists::get(database, &tenant(of), kind, &uuid(id)))
        .unwrap()
        .map(|text| serde_json::from_str(&text).unwrap())
}

/// A member of every row of a list, over pages of two.
fn all(database: &TestDatabase, member: &str, list: impl Fn(&Paging<'_>) -> List) -> Vec<String> {
    let mut found = Vec::new();
    let mut after: Option<Key> = None;
    loop {
        let paging = Paging {
            limit: 2,
            after: after.as_ref(),
        };
        let page = wait(list(&paging).read(database)).unwrap();
        let rows: Vec<Value> = serde_json::from_str(&page.data_json).unwrap();
        found.extend(
            rows.iter()
                .map(|row| row[member].as_str().unwrap().to_owned()),
        );
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[test]
fn a_closure_is_made_read_changed_and_deleted() {
    let (database, _) = databases();
    let christmas = closure(
        &json!({"start_date": "2026-12-24", "end_date": "2027-01-03",
        "description": "Christmas shutdown", "tags": "public,office"}),
    );
    assert!(close(&database, 1, 10, &christmas));
    let expected = json!({
        "id": uuid(10), "organization_id": uuid(1), "start_date": "2026-12-24", "end_date": "2027-01-03",
        "description": "Christmas shutdown", "tags": ["public", "office"], "workdays": 7, "created_by": "user-1",
        "created_at": "2027-01-15T08:00:00Z", "updated_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(row(&database, 1, Kind::Closure, 10), Some(expected.clone()));
    let held = |of| wait(closures::held(&database, &tenant(of), &uuid(10))).unwrap();
    assert_eq!(held(1), Some(christmas.clone()));
    let update = |of: u64, to: &Closure, now| {
        wait(closures::update(&database, &tenant(of), &uuid(10), to, now)).unwrap();
    };
    // The same again writes nothing.
    update(1, &christmas, NOW + 60);
    assert_eq!(row(&database, 1, Kind::Closure, 10), Some(expected.clone()));
    let shorter = christmas
        .changed_by(&json!({"end_date": "2026-12-31", "tags": []}))
        .unwrap();
    // Another organization has none of this id.
    update(2, &shorter, NOW + 60);
    assert_eq!(row(&database, 1, Kind::Closure, 10), Some(expected));
    assert_eq!(
        (held(2), row(&database, 2, Kind::Closure, 10)),
        (None, None)
    );
    update(1, &shorter, NOW + 60);
    let changed = row(&database, 1, Kind::Closure, 10).unwrap();
    assert_eq!(
        (
            &changed["workdays"],
            &changed["tags"],
            &changed["updated_at"]
        ),
        (&json!(6), &json!([]), &json!("2027-01-15T08:01:00Z"))
    );
    let delete = |of| wait(closures::delete(&database, &tenant(of), &uuid(10))).unwrap();
    assert!(!delete(2));
    assert!(delete(1));
    assert!(!delete(1));
    assert_eq!(row(&database, 1, Kind::Closure, 10), None);
}

#[test]
fn an_override_is_made_read_changed_and_deleted() {
    let (database, _) = databases();
    let ten = capacity_override(" Mia.Tan@Example.com", "2026-04-07", 10);
    assert!(limit(&database, 1, 10, &ten));
    let expected = json!({
        "id": uuid(10), "organization_id": uuid(1), "adviser_email": "mia.tan@example.com",
        "effective_date": "2026-04-07", "effective_week": "2026-04-13", "client_limit_monthly": 10,
        "pod_type": null, "notes": null, "created_by": "user-1",
        "created_at": "2027-01-15T08:00:00Z", "updated_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(
        row(&database, 1, Kind::CapacityOverride, 10),
        Some(expected.clone())
    );
    let held = |of| wait(capacity_overrides::held(&database, &tenant(of), &uuid(10))).unwrap();
    assert_eq!((held(1), held(2)), (Some(ten.clone()), None));
    let update = |of: u64, to: &CapacityOverride| {
        let (tenant, id) = (tenant(of), uuid(10));
        let update = capacity_overrides::update(&database, &tenant, &id, to, NOW + 60);
        wait(update).unwrap();
    };
    let four = ten
        .changed_by(
            &json!({"client_limit_monthly": 4, "pod_type": "Solo Adviser", "notes": "a\nb"}),
        )
        .unwrap();
    update(2, &four);
    update(1, &ten);
    assert_eq!(
        row(&database, 1, Kind::CapacityOverride, 10),
        Some(expected)
    );
    update(1, &four);
    assert_eq!(held(1), Some(four));
    let delete = |of| {
        wait(capacity_overrides::delete(
            &database,
            &tenant(of),
            &uuid(10),
        ))
        .unwrap()
    };
    assert!(!delete(2));
    assert!(delete(1));
    assert_eq!(row(&database, 1, Kind::CapacityOverride, 10), None);
}

#[test]
fn closures_are_listed_by_their_start_and_found_by_any_of_their_days() {
    let (database, _) = databases();
    for (id, first, last) in [
        (14, "2026-04-03", "2026-04-06"),
        (11, "2026-12-24", "2027-01-03"),
        (12, "2026-01-01", "2026-01-01"),
        (13, "2026-04-03", "2026-04-03"),
    ] {
        let one = closure(&json!({"start_date": first, "end_date": last}));
        assert!(close(&database, 1, id, &one));
    }
    let theirs = closure(&json!({"start_date": "2026-04-03"}));
    assert!(close(&database, 2, 15, &theirs));
    let list = |from: Option<&str>, to: Option<&str>| {
        all(&database, "id", |paging| {
            lists::closures(&tenant(1), &ClosureFilter { from, to }, paging)
        })
    };
    assert_eq!(list(None, None), [12, 13, 14, 11].map(uuid));
    assert_eq!(list(Some("2026-04-04"), None), [14, 11].map(uuid));
    assert_eq!(list(None, Some("2026-04-02")), [uuid(12)]);
    assert_eq!(list(Some("2026-04-06"), Some("2026-04-06")), [uuid(14)]);
    assert_eq!(list(Some("2027-01-03"), Some("2028-01-01")), [uuid(11)]);
    assert_eq!(list(Some("2027-01-04"), None), [""; 0]);
}

#[test]
fn overrides_are_listed_by_the_day_from_which_they_hold() {
    let (database, _) = databases();
    for (id, email, from) in [
        (11, "mia@example.com", "2026-06-01"),
        (12, "jo@example.com", "2026-04-06"),
        (13, "mia@example.com", "2026-02-02"),
        (14, "mia@example.com", "2026-06-01"),
    ] {
        assert!(limit(&database, 1, id, &capacity_override(email, from, 4)));
    }
    let theirs = capacity_override("mia@example.com", "2026-06-01", 4);
    assert!(limit(&database, 2, 15, &theirs));
    let list = |adviser_email: Option<&str>| {
        let filter = CapacityOverrideFilter { adviser_email };
        all(&database, "id", |paging| {
            lists::capacity_overrides(&tenant(1), &filter, paging)
        })
    };
    assert_eq!(list(None), [13, 12, 11, 14].map(uuid));
    assert_eq!(list(Some("mia@example.com")), [13, 11, 14].map(uuid));
    assert_eq!(list(Some("nobody@example.com")), [""; 0]);
}

#[test]
fn there_are_only_so_many_and_none_of_who_is_not_there() {
    let (database, raw) = databases();
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})",
        MAX_ROWS - 1
    );
    let organization = uuid(1);
    for sql in [
        format!(
            "{numbers} INSERT INTO office_closures SELECT 'c' || i, '{organization}', '2026-01-01', '2026-01-01', '', '[]', 1, 'u', 0, 0 FROM n"
        ),
        format!(
            "{numbers} INSERT INTO capacity_overrides SELECT 'o' || i, '{organization}', 'a@b', '2026-01-01', 4, NULL, NULL, 'u', 0, 0 FROM n"
        ),
    ] {
        wait(raw.execute(&sql, &[])).unwrap();
    }
    let day = closure(&json!({"start_date": "2026-04-03"}));
    let four = capacity_override("a@b", "2026-04-06", 4);
    let both = |of, id| {
        (
            close(&database, of, id, &day),
            limit(&database, of, id, &four),
        )
    };
    assert_eq!(both(1, 10), (true, true));
    assert_eq!(both(1, 11), (false, false));
    // Others have theirs.
    assert_eq!(both(2, 12), (true, true));
    assert_eq!(both(3, 13), (false, false));
    wait(store::organizations::begin_purge(
        &database,
        &tenant(2),
        NOW,
    ))
    .unwrap();
    assert_eq!(both(2, 14), (false, false));
    // As many as there may be are read at once.
    let read = wait(documents(&database, &tenant(1))).unwrap().unwrap();
    let count = usize::try_from(MAX_ROWS).unwrap();
    assert_eq!(
        (read.closures.len(), read.capacity_overrides.len()),
        (count, count)
    );
}

#[test]
fn settings_count_their_changes() {
    let (database, _) = databases();
    let get = |of| wait(settings::get(&database, &tenant(of))).unwrap();
    assert!(get(3).is_none());
    assert!(get(1).unwrap().settings.is_none());
    let put = |of, preset, by: &str, now| {
        let document = Settings::preset(preset).to_json().to_string();
        wait(settings::put(&database, &tenant(of), &document, by, now)).unwrap();
    };
    put(3, Preset::Compatible, "user-1", NOW);
    assert!(get(3).is_none());
    put(1, Preset::Compatible, "user-1", NOW);
    put(1, Preset::Compatible, "user-2", NOW + 60);
    let first = get(1).unwrap().settings.unwrap();
    assert_eq!(
        (first.version, first.updated_by.as_str(), first.updated_at),
        (1, "user-1", NOW)
    );
    put(1, Preset::Corrected, "user-2", NOW + 60);
    let second = get(1).unwrap().settings.unwrap();
    assert_eq!(
        (
            second.version,
            second.updated_by.as_str(),
            second.updated_at
        ),
        (2, "user-2", NOW + 60)
    );
    assert_eq!(
        Settings::from_json(&second.document).unwrap(),
        Settings::default()
    );
    assert!(get(2).unwrap().settings.is_none());
}

#[test]
fn one_statement_has_all_that_an_allocation_goes_by() {
    let (database, _) = databases();
    assert!(wait(documents(&database, &tenant(3))).unwrap().is_none());
    let nothing = wait(documents(&database, &tenant(1))).unwrap().unwrap();
    assert_eq!(
        (nothing.time_zone.as_str(), nothing.settings_version),
        ("Australia/Sydney", 0)
    );
    assert_eq!(nothing.settings, Settings::default());
    assert!(nothing.closures.is_empty() && nothing.capacity_overrides.is_empty());
    let said = "\"Anzac\" Day, \u{1f1e6}\u{1f1fa} \\ ☕";
    let anzac = closure(&json!({"start_date": "2026-04-25", "description": said}));
    let easter = closure(&json!({"start_date": "2026-04-03", "end_date": "2026-04-06"}));
    let (ten, four) = (
        capacity_override("mia@example.com", "2026-06-01", 10),
        capacity_override("jo@example.com", "2026-04-06", 4),
    );
    for of in [1, 2] {
        assert!(close(&database, of, 20 + of, &anzac));
    }
    assert!(close(&database, 1, 31, &easter));
    assert!(limit(&database, 1, 41, &ten));
    assert!(limit(&database, 1, 42, &four));
    assert!(limit(&database, 2, 43, &ten));
    let document = Settings::preset(Preset::CompatibleSum)
        .to_json()
        .to_string();
    wait(settings::put(
        &database,
        &tenant(1),
        &document,
        "user-1",
        NOW,
    ))
    .unwrap();
    database.take_statements();
    let read = wait(documents(&database, &tenant(1))).unwrap().unwrap();
    let statements = database.take_statements();
    assert_eq!(statements.len(), 1);
    let plan = database.plan(&statements[0]);
    assert!(
        !plan.iter().any(|line| line.contains("TEMP B-TREE")),
        "{plan:#?}"
    );
    assert_eq!(
        (read.settings.mode(), read.settings_version),
        ("compatible_sum", 1)
    );
    let days: Vec<_> = read.closures.iter().map(ClosureRow::closed).collect();
    assert_eq!(days, [easter.days(), anzac.days()]);
    assert_eq!(read.closures[1].description, said);
    let limits: Vec<_> = read
        .capacity_overrides
        .iter()
        .map(OverrideRow::limit)
        .map(|limit| {
            (
                limit.adviser_email,
                limit.id.to_owned(),
                limit.client_limit_monthly,
            )
        })
        .collect();
    assert_eq!(
        limits,
        [
            ("jo@example.com", uuid(42), 4),
            ("mia@example.com", uuid(41), 10)
        ]
    );
    assert_eq!(
        read.capacity_overrides[1].effective_date,
        ten.effective_date
    );
    wait(store::organizations::begin_purge(
        &database,
        &tenant(1),
        NOW,
    ))
    .unwrap();
    assert!(wait(documents(&database, &tenant(1))).unwrap().is_none());
}

#[test]
fn every_change_is_told_before_and_after() {
    let (database, raw) = databases();
    let actor = audit::Actor {
        kind: "jwt".into(),
        name: "user-7".to_owned(),
        request_id: "request-7".to_owned(),
    };
    let first = tenant(1);
    let change = async |transaction: &<TestDatabase as Database>::Transaction| {
        audit::begin(transaction, &actor, NOW).await?;
        let day = closure(&json!({"start_date": "2026-04-03", "tags": ["public"]}));
        closures::create(transaction, &first, &uuid(10), &day, "user-7", NOW).await?;
        closures::update(transaction, &first, &uuid(10), &day, NOW).await?;
        let longer = day.changed_by(&json!({"end_date": "2026-04-06"})).unwrap();
        closures::update(transaction, &first, &uuid(10), &longer, NOW).await?;
        closures::delete(transaction, &first, &uuid(10)).await?;
        let four = capacity_override("mia@example.com", "2026-04-06", 4);
        capacity_overrides::create(transaction, &first, &uuid(11), &four, "user-7", NOW).await?;
        let noted = four.changed_by(&json!({"notes": "until June"})).unwrap();
        capacity_overrides::update(transaction, &first, &uuid(11), &noted, NOW).await?;
        capacity_overrides::delete(transaction, &first, &uuid(11)).await?;
        for document in [
            "{\"buffer_weeks\":2}",
            "{\"buffer_weeks\":2}",
            "{\"buffer_weeks\":3}",
        ] {
            settings::put(transaction, &first, document, "user-7", NOW).await?;
        }
        audit::end(transaction).await?;
        Ok::<_, DatabaseError>(())
    };
    wait(database.transaction(change)).unwrap();
    let told = wait(raw.execute(
        "SELECT resource || ' ' || action || ' ' || coalesce(before, '-') || ' ' || coalesce(after, '-') FROM audit_entries
         WHERE actor = 'user-7' AND organization_id = ?1 ORDER BY seq",
        &[first.as_str().into()],
    ))
    .unwrap();
    let told: Vec<_> = told.iter().map(|row| row.text(0).unwrap()).collect();
    let day =
        r#"{"start_date":"2026-04-03","end_date":"2026-04-03","description":"","tags":["public"]}"#;
    let longer = day.replace(r#""end_date":"2026-04-03""#, r#""end_date":"2026-04-06""#);
    let four = r#"{"adviser_email":"mia@example.com","effective_date":"2026-04-06","client_limit_monthly":4,"pod_type":null,"notes":null}"#;
    let noted = four.replace(r#""notes":null"#, r#""notes":"until June""#);
    assert_eq!(
        told,
        [
            format!("closure created - {day}"),
            format!("closure updated {day} {longer}"),
            format!("closure deleted {longer} -"),
            format!("capacity_override created - {four}"),
            format!("capacity_override updated {four} {noted}"),
            format!("capacity_override deleted {noted} -"),
            "allocation_settings created - {\"buffer_weeks\":2}".to_owned(),
            "allocation_settings updated {\"buffer_weeks\":2} {\"buffer_weeks\":3}".to_owned(),
        ]
    );
}

/// Of every day of a leap year.
#[test]
fn the_week_of_an_override_is_the_domains() {
    let (database, _) = databases();
    let first = domain::NaiveDate::from_ymd_opt(2027, 12, 27).unwrap();
    for (day, number) in (0..400).zip(1_000..) {
        let from = first + domain::Days::new(day);
        let one = capacity_override("a@b", &from.to_string(), 4);
        assert!(limit(&database, 1, number, &one));
        let row = row(&database, 1, Kind::CapacityOverride, number).unwrap();
        assert_eq!(row["effective_week"], one.to_json()["effective_week"]);
    }
}
