//! Whether a connector holds anything.

use store::records::{LocationRecord, Page, holds_rows};

use crate::fixture::{Fixture, NOW, Party, party, punch};
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
