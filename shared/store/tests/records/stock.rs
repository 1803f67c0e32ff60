//! What a connector holds.

use store::records::{LocationRecord, Page, Resource, alive, holds_rows, tombstone};

use crate::fixture::{Fixture, NOW, NOW_MICROS, Party, party, punch};
use crate::support::wait;

#[test]
fn any_row_counts_and_a_deleted_one_too() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    let holds = |party: &Party| {
        wait(holds_rows(
            &fixture.database,
            &party.tenant,
            &party.connector_id,
        ))
        .unwrap()
    };
    assert!(!holds(&ours));
    fixture.write(&theirs, Page::TimePunches(&[punch("30", "7", None, NOW)]));
    assert!(holds(&theirs) && !holds(&ours));
    let mut place = LocationRecord {
        external_id: "1".to_owned(),
        ..LocationRecord::default()
    };
    fixture.write(&ours, Page::Locations(std::slice::from_ref(&place)));
    place.deleted_at = Some(NOW);
    fixture.write(&ours, Page::Locations(&[place]));
    assert!(holds(&ours));
    let mixed = Party {
        tenant: party(3).tenant,
        connector_id: ours.connector_id.clone(),
    };
    assert!(!holds(&mixed));
}

#[test]
fn of_those_asked_for_the_live_ones_of_this_connector_are_named() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    let punches = ["30", "31", "32"].map(|id| punch(id, "7", None, NOW));
    fixture.write(&ours, Page::TimePunches(&punches));
    fixture.write(&theirs, Page::TimePunches(&[punch("33", "7", None, NOW)]));
    let punches = Resource::TimePunches;
    let scope = ours.scope();
    fixture.transact(async |transaction| {
        tombstone(transaction, &scope, punches, &["31"], NOW, NOW_MICROS).await
    });
    let found = |ids: &[&str]| wait(alive(&fixture.database, &scope, punches, ids)).unwrap();
    assert_eq!(found(&["30", "31", "33", "34"]), ["30"]);
    assert_eq!(found(&[]), Vec::<String>::new());
}
