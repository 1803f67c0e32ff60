//! Shifts that are over long enough go where the schedule says so, and nothing else does.

use std::collections::BTreeSet;

use proptest::prelude::*;
use store::records::retention::{EndedShifts, connectors_at_fixed_times, remove_ended_shifts};
use store::records::{Page, Resource, ShiftRecord};

use crate::fixture::{Fixture, NOW, Party, party, punch, shift, uuid};
use crate::support::wait;

const DAY: i64 = 86_400;
const CUT: i64 = NOW - 30 * DAY;
const FIXED: &str = r#"{"schedule":"fixed_times"}"#;

/// The connector's row, and that of its stream of shifts.
fn connector(fixture: &Fixture, party: &Party, sync_settings: &str) {
    let (organization, id) = (party.tenant.as_str(), party.connector_id.as_str());
    // Settings that cannot be read are what nobody writes, and the audit tells of none.
    fixture.query("DROP TRIGGER IF EXISTS connectors_audit_created", &[]);
    fixture.query(
        "INSERT INTO connectors (id, organization_id, provider, integration_key, name, state,
           state_changed_at, config, sync_settings, created_at, updated_at)
         VALUES (?1, ?2, 'seven_shifts', '7shifts', '7shifts', 'active', 0, '{}', ?3, 0, 0)",
        &[id.into(), organization.into(), sync_settings.into()],
    );
    fixture.query(
        "INSERT INTO jobs (id, kind, name, organization_id, subject, function, checkpoint, concurrency_key,
           state, created_at, updated_at)
         VALUES ('job of ' || ?1, 'sync', 'shifts', ?2, ?1, 'seven-shifts-sync',
           '{\"current_until\":5,\"covered_from\":7}', ?1, 'pending', 0, 0)",
        &[id.into(), organization.into()],
    );
}

/// A shift that ends then.
fn ended(id: &str, ends_at: i64) -> ShiftRecord {
    ShiftRecord {
        ends_at,
        ..shift(id, None, ends_at - 8 * 3_600)
    }
}

/// Walks to the end in steps of `limit`, and returns how many went.
fn retain(fixture: &Fixture, party: &Party, limit: u32) -> u64 {
    let (mut removed, mut place) = (0, None);
    loop {
        let step = EndedShifts {
            connector_id: &party.connector_id,
            before: CUT,
            after: place.as_ref(),
            limit,
        };
        let step = wait(remove_ended_shifts(&fixture.database, &party.tenant, step)).unwrap();
        assert!(step.removed <= u64::from(limit));
        removed += step.removed;
        place = step.next;
        if place.is_none() {
            return removed;
        }
    }
}

fn left(fixture: &Fixture, party: &Party) -> Vec<String> {
    fixture
        .query(
            "SELECT external_id FROM schedule_shifts WHERE connector_id = ?1 ORDER BY external_id",
            &[party.connector_id.as_str().into()],
        )
        .iter()
        .map(|row| row.text(0).unwrap().to_owned())
        .collect()
}

fn checkpoint(fixture: &Fixture) -> Option<String> {
    fixture.text("SELECT checkpoint FROM jobs LIMIT 1")
}

#[test]
fn what_ended_longer_ago_goes_and_what_a_punch_refers_to_stays() {
    let fixture = Fixture::new();
    let party = party(1);
    connector(&fixture, &party, FIXED);
    let close = ShiftRecord {
        is_close: true,
        starts_at: CUT - DAY,
        ends_at: CUT - DAY,
        ..ended("closes within the day", 0)
    };
    let closed = ShiftRecord {
        starts_at: CUT - DAY - 1,
        external_id: "closed".to_owned(),
        ..close.clone()
    };
    let backwards = ShiftRecord {
        starts_at: CUT,
        ..ended("ends before it starts", CUT - 1)
    };
    let shifts = [
        ended("over", CUT - 1),
        ended("long over", CUT - 400 * DAY),
        ended("punched", CUT - 1),
        ended("punched, and the punch deleted", CUT - 1),
        ended("deleted", CUT - 1),
        ended("just not over", CUT),
        ended("ahead", NOW + DAY),
        close,
        closed,
        backwards,
    ];
    fixture.write(&party, Page::Shifts(&shifts));
    fixture.write(
        &party,
        Page::TimePunches(&[
            punch("1", "u", Some("punched"), CUT - DAY),
            punch("2", "u", Some("punched, and the punch deleted"), CUT - DAY),
        ]),
    );
    fixture.query(
        "UPDATE time_punches SET deleted_at = 1 WHERE external_id = '2'",
        &[],
    );
    fixture.query(
        "UPDATE schedule_shifts SET deleted_at = 1 WHERE external_id = 'deleted'",
        &[],
    );
    let kept = [
        "ahead",
        "closes within the day",
        "ends before it starts",
        "just not over",
        "punched",
        "punched, and the punch deleted",
    ];
    assert_eq!(retain(&fixture, &party, 3), 4);
    assert_eq!(left(&fixture, &party), kept);
    assert_eq!(
        fixture.number(
            "SELECT count(*) FROM time_punches WHERE schedule_shift_id IN (SELECT id FROM schedule_shifts)"
        ),
        2
    );
    // What was read whole has holes now, and the rest of the checkpoint stays.
    assert_eq!(
        checkpoint(&fixture).as_deref(),
        Some(r#"{"current_until":5}"#)
    );
    assert_eq!(retain(&fixture, &party, 3), 0);
}

#[test]
fn nothing_goes_of_another_schedule_and_nothing_while_shifts_are_synced() {
    for settings in [
        "{}",
        r#"{"schedule":"frequency"}"#,
        r#"{"backfill_days":30}"#,
        "no JSON",
    ] {
        let fixture = Fixture::new();
        let party = party(1);
        connector(&fixture, &party, settings);
        fixture.write(&party, Page::Shifts(&[ended("over", CUT - 1)]));
        assert_eq!(retain(&fixture, &party, 10), 0, "{settings}");
        assert_eq!(left(&fixture, &party), ["over"]);
        assert_eq!(found(&fixture, "", 10), [""; 0]);
    }
    let fixture = Fixture::new();
    let party = party(1);
    connector(&fixture, &party, FIXED);
    fixture.write(&party, Page::Shifts(&[ended("over", CUT - 1)]));
    fixture.query("UPDATE jobs SET run_id = 'in progress'", &[]);
    let before = checkpoint(&fixture);
    assert_eq!(retain(&fixture, &party, 10), 0);
    assert_eq!(checkpoint(&fixture), before);
    fixture.query("UPDATE jobs SET run_id = NULL", &[]);
    assert_eq!(retain(&fixture, &party, 10), 1);
}

#[test]
fn another_tenant_and_another_connector_are_out_of_reach() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    for party in [&ours, &theirs] {
        connector(&fixture, party, FIXED);
        // The same shift, and a punch of the other's that names it.
        fixture.write(party, Page::Shifts(&[ended("over", CUT - 1)]));
    }
    fixture.write(
        &theirs,
        Page::TimePunches(&[punch("1", "u", Some("over"), CUT - DAY)]),
    );
    let mixed = Party {
        tenant: ours.tenant.clone(),
        connector_id: theirs.connector_id.clone(),
    };
    assert_eq!(retain(&fixture, &mixed, 10), 0);
    assert_eq!(retain(&fixture, &ours, 10), 1);
    assert_eq!(left(&fixture, &theirs), ["over"]);
    assert_eq!(retain(&fixture, &theirs, 10), 0);
}

#[test]
fn connectors_at_fixed_times_are_found_page_by_page_in_the_order_of_ids() {
    let fixture = Fixture::new();
    let parties: Vec<_> = (1..=5).map(party).collect();
    for (party, settings) in parties.iter().zip([FIXED, "{}", FIXED, "no JSON", FIXED]) {
        connector(&fixture, party, settings);
    }
    let ids = [uuid(101), uuid(103), uuid(105)];
    assert_eq!(found(&fixture, "", 2), ids[..2]);
    assert_eq!(found(&fixture, &ids[1], 2), ids[2..]);
    assert_eq!(found(&fixture, &ids[2], 2), [""; 0]);
}

fn found(fixture: &Fixture, after: &str, limit: u32) -> Vec<String> {
    let found = wait(connectors_at_fixed_times(&fixture.database, after, limit)).unwrap();
    found
        .into_iter()
        .map(|connector| connector.connector_id)
        .collect()
}

/// A step costs its rows, however many there are before and after them.
#[test]
fn a_step_costs_its_rows_and_no_more() {
    let fixture = Fixture::new();
    let party = party(1);
    connector(&fixture, &party, FIXED);
    let cost = |shifts: std::ops::Range<i64>| {
        let shifts: Vec<_> = shifts
            .map(|number| ended(&number.to_string(), CUT - 1 - number))
            .collect();
        for page in shifts.chunks(500) {
            fixture.write(&party, Page::Shifts(page));
            let punches: Vec<_> = page
                .iter()
                .map(|shift| punch(&shift.external_id, "u", Some(&shift.external_id), CUT))
                .collect();
            fixture.write(&party, Page::TimePunches(&punches));
        }
        fixture.database.take_steps();
        let step = EndedShifts {
            connector_id: &party.connector_id,
            before: CUT,
            after: None,
            limit: 50,
        };
        wait(remove_ended_shifts(&fixture.database, &party.tenant, step)).unwrap();
        fixture.database.take_steps()
    };
    let few = cost(0..100);
    let many = cost(100..2_000);
    assert!(many <= few + few / 10, "{few} steps, then {many}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_walk_removes_exactly_what_is_over_and_free(
        shifts in proptest::collection::vec((-5_i64..5, any::<bool>(), any::<bool>()), 0..40), limit in 1_u32..12
    ) {
        let fixture = Fixture::new();
        let party = party(1);
        connector(&fixture, &party, FIXED);
        let (mut records, mut punches, mut expected) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (number, (hours, is_punched, is_close)) in shifts.iter().enumerate() {
            let id = format!("{number:03}");
            let starts_at = CUT + hours * 3 * 3_600;
            records.push(ShiftRecord { is_close: *is_close, starts_at, ends_at: starts_at + 3_600, ..ended(&id, 0) });
            if *is_punched {
                punches.push(punch(&id, "u", Some(&id), starts_at));
            }
            let is_over = starts_at + if *is_close { DAY } else { 3_600 } < CUT;
            if *is_punched || !is_over {
                expected.insert(id);
            }
        }
        fixture.write(&party, Page::Shifts(&records));
        fixture.write(&party, Page::TimePunches(&punches));
        let before = fixture.dump(Resource::TimePunches);
        let removed = retain(&fixture, &party, limit);
        prop_assert_eq!(left(&fixture, &party), expected.iter().cloned().collect::<Vec<_>>());
        prop_assert_eq!(removed, (records.len() - expected.len()) as u64);
        prop_assert_eq!(fixture.dump(Resource::TimePunches), before);
    }
}
