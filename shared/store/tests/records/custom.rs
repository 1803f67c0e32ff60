//! Records of connectors of the type `custom`: written, told of, swept, removed.

use serde_json::{Value, json};
use store::parameters;
use store::records::{
    CustomRecord, Page, Refused, Resource, Scope, Sweep, Window, absent, mark_seen, open_pass,
    quarantine, remove_brought, sweep_absent, tombstone,
};

use domain::stream::Stream;

use crate::fixture::{Fixture, NOW, NOW_MICROS, Party, counts, party};
use crate::support::wait;

const PASS: &str = "pass";

pub fn record(external_id: &str, record: &Value) -> CustomRecord {
    CustomRecord {
        external_id: external_id.to_owned(),
        record: record.to_string(),
        ..CustomRecord::default()
    }
}

/// A connector with names for its events, whose first complete pass has ended if `has_passed`.
fn connect(fixture: &Fixture, party: &Party, events: &Value, has_passed: bool) {
    fixture.query(
        "INSERT INTO connectors (id, organization_id, provider, integration_key, name, state,
           state_changed_at, config, sync_settings, created_at, updated_at)
         VALUES (?1, ?2, 'custom', 'billing', 'Billing', 'active', 1, ?3, '{}', 1, 1)",
        parameters![
            party.connector_id.as_str(),
            party.tenant.as_str(),
            json!({ "events": events }).to_string()
        ],
    );
    fixture.query(
        "INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state,
           last_complete_at, created_at, updated_at)
         VALUES (?1, 'sync', 'records', ?2, ?3, 'custom-sync', 'c', 'pending', ?4, 1, 1)",
        parameters![
            fixture.id(),
            party.tenant.as_str(),
            party.connector_id.as_str(),
            has_passed.then_some(NOW)
        ],
    );
}

fn events(fixture: &Fixture) -> Vec<(String, Value)> {
    fixture
        .query("SELECT name, payload FROM events ORDER BY seq", &[])
        .iter()
        .map(|row| {
            let payload = serde_json::from_str(row.text(1).unwrap()).unwrap();
            (row.text(0).unwrap().to_owned(), payload)
        })
        .collect()
}

fn bury(fixture: &Fixture, party: &Party, ids: &[&str], now_micros: i64) -> u64 {
    fixture.transact(async |transaction| {
        let custom = Resource::CustomRecords;
        tombstone(transaction, &party.scope(), custom, ids, NOW, now_micros).await
    })
}

#[test]
fn a_row_changes_only_with_its_record_and_comes_back_when_it_is_seen_again() {
    let fixture = Fixture::new();
    let party = party(1);
    let write = |rows: &[CustomRecord]| counts(&fixture.write(&party, Page::Custom(rows)));
    let (one, two) = (json!({"id": 1, "a": 1}), json!({"id": 1, "a": 2}));
    assert_eq!(write(&[record("1", &one)]), [1, 0, 0, 0]);
    assert_eq!(write(&[record("1", &one)]), [0, 0, 1, 0]);
    assert_eq!(write(&[record("1", &two)]), [0, 1, 0, 0]);
    assert_eq!(bury(&fixture, &party, &["1"], NOW_MICROS), 1);
    assert_eq!(write(&[record("1", &two)]), [0, 1, 0, 0]);
    let alive = fixture.number("SELECT count(*) FROM custom_records WHERE deleted_at IS NULL");
    assert_eq!(alive, 1);
}

#[test]
fn what_happens_to_a_record_is_told_by_the_names_that_it_has_here() {
    let fixture = Fixture::new();
    let party = party(1);
    let names = json!({"created": "invoice.created", "deleted": "invoice.gone"});
    connect(&fixture, &party, &names, true);
    let write = |value: &Value| fixture.write(&party, Page::Custom(&[record("7", value)]));
    let (first, second) = (json!({"id": 7}), json!({"id": 7, "paid": true}));
    write(&first);
    write(&first);
    // It has no name.
    write(&second);
    bury(&fixture, &party, &["7"], NOW_MICROS);
    write(&second);
    let payload = |change: &str, record: &Value| {
        json!({"connector": {"id": party.connector_id, "name": "Billing", "type": "custom"},
            "external_id": "7", "change": change, "record": record})
    };
    assert_eq!(
        events(&fixture),
        [
            ("invoice.created".to_owned(), payload("created", &first)),
            ("invoice.gone".to_owned(), payload("deleted", &second)),
            ("invoice.created".to_owned(), payload("created", &second)),
        ]
    );
    let occurred = fixture.number("SELECT max(abs(occurred_at - 1800000000)) FROM events");
    assert_eq!(occurred, 0);
    // The job that works on them.
    let due = fixture.number("SELECT count(*) FROM jobs WHERE kind = 'automation'");
    assert_eq!(due, 1);
}

#[test]
fn a_long_record_is_left_out_of_its_event() {
    let fixture = Fixture::new();
    let party = party(1);
    connect(&fixture, &party, &json!({"created": "a.b"}), true);
    let fits = json!({ "a": "é".repeat(4_092) });
    let long = json!({ "a": "é".repeat(4_093) });
    assert_eq!(
        (fits.to_string().len(), long.to_string().len()),
        (8_192, 8_194)
    );
    fixture.write(&party, Page::Custom(&[record("1", &fits)]));
    fixture.write(&party, Page::Custom(&[record("2", &long)]));
    let records: Vec<_> = events(&fixture)
        .into_iter()
        .map(|(_, payload)| payload["record"].clone())
        .collect();
    assert_eq!(records, [fits, Value::Null]);
}

#[test]
fn the_first_pass_tells_of_nothing_and_neither_does_a_connector_without_names() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    connect(&fixture, &ours, &json!({"created": "a.b"}), false);
    connect(&fixture, &theirs, &json!({}), true);
    for party in [&ours, &theirs] {
        fixture.write(party, Page::Custom(&[record("1", &json!({"id": 1}))]));
        fixture.write(party, Page::Custom(&[record("1", &json!({"id": 2}))]));
        bury(&fixture, party, &["1"], NOW_MICROS);
    }
    assert_eq!(events(&fixture), []);
}

#[test]
fn a_sweep_takes_what_a_pass_has_not_seen_of_this_connector() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    let rows: Vec<_> = (0..5)
        .map(|id| record(&id.to_string(), &json!({ "id": id })))
        .collect();
    for party in [&ours, &theirs] {
        fixture.write(party, Page::Custom(&rows));
    }
    fixture.transact(async |transaction| {
        open_pass(transaction, PASS).await?;
        mark_seen(transaction, PASS, &["1", "3"]).await
    });
    let scope: Scope<'_> = ours.scope();
    let custom = Resource::CustomRecords;
    let left = wait(absent(&fixture.database, &scope, custom, PASS, Window::ALL)).unwrap();
    assert_eq!((left.live, left.absent), (5, 3));
    let mut after: Option<String> = None;
    let mut deleted = 0;
    loop {
        let sweep = Sweep {
            resource: custom,
            pass_id: PASS,
            window: Window::ALL,
            after: after.as_deref(),
        };
        let step = fixture.transact(async |transaction| {
            sweep_absent(transaction, &scope, &sweep, 2, NOW, NOW_MICROS).await
        });
        deleted += step.deleted;
        after = step.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(deleted, 3);
    let alive = fixture.text(
        "SELECT group_concat(external_id, ' ' ORDER BY external_id) FROM custom_records
         WHERE deleted_at IS NULL AND connector_id LIKE '%65'",
    );
    assert_eq!(alive.as_deref(), Some("1 3"));
    let all = fixture.number("SELECT count(*) FROM custom_records WHERE deleted_at IS NULL");
    assert_eq!(all, 7);
}

#[test]
fn a_connector_that_goes_takes_its_records_along_in_steps() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    let rows: Vec<_> = (0..5)
        .map(|id| record(&id.to_string(), &json!({ "id": id })))
        .collect();
    let refused = [Refused {
        external_id: "9".to_owned(),
        reason: "no".to_owned(),
    }];
    for party in [&ours, &theirs] {
        fixture.write(party, Page::Custom(&rows));
        fixture.transact(async |transaction| {
            quarantine(
                transaction,
                &party.scope(),
                Stream::Records,
                PASS,
                &refused,
                NOW,
            )
            .await
        });
    }
    let remove = |party: &Party| {
        let (tenant, id) = (&party.tenant, &party.connector_id);
        wait(remove_brought(&fixture.database, tenant, id, 2)).unwrap()
    };
    // Of another organization's connector nothing goes.
    let foreign = Party {
        tenant: ours.tenant.clone(),
        connector_id: theirs.connector_id.clone(),
    };
    assert!(!remove(&foreign));
    let mut steps = 0;
    while remove(&ours) {
        steps += 1;
    }
    assert_eq!(steps, 3);
    let left = |table: &str| fixture.number(&format!("SELECT count(*) FROM {table}"));
    assert_eq!(
        (left("custom_records"), left("quarantined_records")),
        (5, 1)
    );
}
