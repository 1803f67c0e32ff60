//! Refused records: kept with their reason, released when they land.

use std::collections::BTreeMap;

use domain::stream::Stream;
use store::parameters;
use store::records::{Refused, clear_quarantine, quarantine, release_unseen};

use crate::fixture::{Fixture, NOW, Party, party};

#[test]
fn a_refused_record_stays_until_it_lands() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    for party in [&ours, &theirs] {
        refuse(&fixture, party, Stream::Shifts, &["1", "2", "2"], NOW);
        refuse(&fixture, party, Stream::Users, &["1"], NOW);
    }
    assert_eq!(
        count(&fixture, &ours),
        BTreeMap::from([(Stream::Shifts, 2), (Stream::Users, 1)])
    );
    release(&fixture, &ours, Stream::Shifts, &["1", "never refused"]);
    release(&fixture, &ours, Stream::Shifts, &[]);
    assert_eq!(
        count(&fixture, &ours),
        BTreeMap::from([(Stream::Shifts, 1), (Stream::Users, 1)])
    );
    assert_eq!(count(&fixture, &theirs)[&Stream::Shifts], 2);
    assert_eq!(count(&fixture, &party(3)), BTreeMap::new());
}

#[test]
fn a_record_refused_again_keeps_when_it_began() {
    let fixture = Fixture::new();
    let party = party(1);
    refuse(&fixture, &party, Stream::Shifts, &["1"], NOW);
    refuse(&fixture, &party, Stream::Shifts, &["1"], NOW + 60);
    let rows = fixture.query(
        "SELECT first_seen_at, last_seen_at FROM quarantined_records",
        &[],
    );
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].integer(0), Ok(NOW));
    assert_eq!(rows[0].integer(1), Ok(NOW + 60));
}

#[test]
fn a_reason_without_end_is_cut() {
    let fixture = Fixture::new();
    let party = party(1);
    let refused = [Refused {
        external_id: "1".to_owned(),
        reason: "x".repeat(100_000),
    }];
    fixture.transact(async |transaction| {
        quarantine(
            transaction,
            &party.scope(),
            Stream::Shifts,
            "run",
            &refused,
            NOW,
        )
        .await
    });
    assert!(fixture.number("SELECT length(reason) FROM quarantined_records") <= 500);
}

#[test]
fn a_record_is_new_to_a_run_once() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    let noted = |party: &Party, run: &str, ids: &[&str]| {
        let refused: Vec<Refused> = ids
            .iter()
            .map(|id| Refused {
                external_id: (*id).to_owned(),
                reason: "start is missing".to_owned(),
            })
            .collect();
        fixture.transact(async |transaction| {
            let scope = party.scope();
            quarantine(transaction, &scope, Stream::Shifts, run, &refused, NOW).await
        })
    };
    assert_eq!(noted(&ours, "first", &["1", "2", "2"]), 2);
    assert_eq!(noted(&theirs, "first", &["1"]), 1);
    assert_eq!(noted(&ours, "first", &["2", "3"]), 1);
    assert_eq!(noted(&ours, "second", &["2"]), 1);
    assert_eq!(noted(&ours, "second", &[]), 0);
    // The second run has read everything.
    fixture.transact(async |transaction| {
        release_unseen(
            transaction,
            &ours.scope(),
            Stream::Users,
            "second",
            i64::MAX,
        )
        .await?;
        release_unseen(
            transaction,
            &ours.scope(),
            Stream::Shifts,
            "second",
            i64::MAX,
        )
        .await
    });
    assert_eq!(
        fixture.text(
            "SELECT group_concat(external_id) FROM quarantined_records WHERE run_id = 'second'"
        ),
        Some("2".to_owned())
    );
    assert_eq!(count(&fixture, &ours)[&Stream::Shifts], 1);
    assert_eq!(count(&fixture, &theirs)[&Stream::Shifts], 1);
}

fn refuse(fixture: &Fixture, party: &Party, stream: Stream, ids: &[&str], now: i64) {
    let refused: Vec<Refused> = ids
        .iter()
        .map(|id| Refused {
            external_id: (*id).to_owned(),
            reason: "start is missing".to_owned(),
        })
        .collect();
    fixture.transact(async |transaction| {
        quarantine(transaction, &party.scope(), stream, "run", &refused, now).await
    });
}

fn release(fixture: &Fixture, party: &Party, stream: Stream, ids: &[&str]) {
    fixture.transact(async |transaction| {
        clear_quarantine(transaction, &party.scope(), stream, ids).await
    });
}

fn count(fixture: &Fixture, party: &Party) -> BTreeMap<Stream, i64> {
    let rows = fixture.query(
        "SELECT stream, count(*) FROM quarantined_records
         WHERE organization_id = ?1 AND connector_id = ?2 GROUP BY stream",
        parameters![party.tenant.as_str(), party.connector_id.as_str()],
    );
    rows.iter()
        .map(|row| {
            (
                row.text(0).unwrap().parse().unwrap(),
                row.integer(1).unwrap(),
            )
        })
        .collect()
}
