//! Links: made with the page, made behind the page, healed in portions; references to nothing.

use domain::stream::Stream;
use store::records::{
    DepartmentRecord, LocationRecord, Page, Resource, RoleRecord, heal_links, links_wait,
    unknown_references,
};

use crate::fixture::{Fixture, NOW, NOW_MICROS, Party, counts, member, party, punch, shift};
use crate::support::wait;

#[test]
fn a_page_is_linked_to_what_is_there() {
    let fixture = Fixture::new();
    let party = party(1);
    fixture.write(&party, Page::TeamMembers(&[member("7")]));
    fixture.write(&party, Page::Shifts(&[shift("20", Some("7"), NOW)]));
    fixture.write(
        &party,
        Page::TimePunches(&[punch("30", "7", Some("20"), NOW)]),
    );
    assert_linked(&fixture, 1);
}

#[test]
fn what_waited_is_linked_when_its_target_arrives() {
    let fixture = Fixture::new();
    let party = party(1);
    fixture.write(
        &party,
        Page::TimePunches(&[punch("30", "7", Some("20"), NOW)]),
    );
    let shifts = fixture.write(&party, Page::Shifts(&[shift("20", Some("7"), NOW)]));
    assert_eq!((shifts.linked, shifts.links_left), (1, false));
    let before = fixture.number("SELECT changed_seq FROM time_punches");
    let people = fixture.write(&party, Page::TeamMembers(&[member("7"), member("8")]));
    assert_eq!((people.linked, people.links_left), (2, false));
    assert_linked(&fixture, 1);
    // Readers of changes have to see the link.
    assert!(fixture.number("SELECT changed_seq FROM time_punches") > before);
    assert_eq!(
        fixture.number("SELECT changed_seq FROM time_punches"),
        people.changed_seq
    );
    // The provider's next page says nothing new.
    let again = fixture.write(
        &party,
        Page::TimePunches(&[punch("30", "7", Some("20"), NOW)]),
    );
    assert_eq!(counts(&again), [0, 0, 1, 0]);
}

#[test]
fn a_row_that_moves_to_an_unknown_person_loses_its_link() {
    let fixture = Fixture::new();
    let party = party(1);
    fixture.write(&party, Page::TeamMembers(&[member("7")]));
    fixture.write(&party, Page::Shifts(&[shift("20", Some("7"), NOW)]));
    fixture.write(&party, Page::Shifts(&[shift("20", Some("8"), NOW)]));
    assert_eq!(
        fixture.text("SELECT team_member_id FROM schedule_shifts"),
        None
    );
    // Open again: nobody's, and nothing to wait for.
    fixture.write(&party, Page::Shifts(&[shift("20", None, NOW)]));
    let people = fixture.write(&party, Page::TeamMembers(&[member("8")]));
    assert_eq!(people.linked, 0);
}

#[test]
fn nobody_is_linked_across_connectors() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    fixture.write(&ours, Page::Shifts(&[shift("20", Some("7"), NOW)]));
    let people = fixture.write(&theirs, Page::TeamMembers(&[member("7")]));
    assert_eq!(people.linked, 0);
    fixture.write(&theirs, Page::Shifts(&[shift("20", Some("7"), NOW)]));
    let linked = fixture.query(
        "SELECT organization_id FROM schedule_shifts WHERE team_member_id IS NOT NULL",
        &[],
    );
    assert_eq!(linked.len(), 1);
    assert_eq!(linked[0].text(0), Ok(theirs.tenant.as_str()));
}

#[test]
fn a_crowd_that_waits_is_linked_in_portions() {
    let fixture = Fixture::new();
    let (party, other) = (party(1), party(2));
    for page in 0..3 {
        let punches: Vec<_> = (0..1000)
            .map(|number| punch(&format!("{page}-{number}"), "7", None, NOW))
            .collect();
        fixture.write(&party, Page::TimePunches(&punches));
    }
    let people = fixture.write(&party, Page::TeamMembers(&[member("7")]));
    assert_eq!((people.linked, people.links_left), (2000, true));
    assert!(waits(&fixture, &party));
    assert!(!waits(&fixture, &other));
    assert_eq!(heal(&fixture, &party, 600), 600);
    assert_eq!(heal(&fixture, &party, 600), 400);
    assert!(!waits(&fixture, &party));
    assert_eq!(heal(&fixture, &party, 600), 0);
    assert_eq!(
        fixture.number("SELECT count(*) FROM time_punches WHERE team_member_id IS NULL"),
        0
    );
}

#[test]
fn healing_keeps_to_its_limit_over_all_kinds_of_links() {
    let fixture = Fixture::new();
    let party = party(1);
    fixture.write(&party, Page::TeamMembers(&[member("7")]));
    fixture.write(&party, Page::Shifts(&[shift("20", Some("7"), NOW)]));
    fixture.write(
        &party,
        Page::TimePunches(&[punch("30", "7", Some("20"), NOW)]),
    );
    fixture.query("UPDATE schedule_shifts SET team_member_id = NULL", &[]);
    fixture.query(
        "UPDATE time_punches SET team_member_id = NULL, schedule_shift_id = NULL",
        &[],
    );
    assert_eq!(heal(&fixture, &party, 2), 2);
    assert_eq!(heal(&fixture, &party, 2), 1);
    assert_eq!(heal(&fixture, &party, 2), 0);
    assert_linked(&fixture, 1);
}

#[test]
fn references_to_nothing_name_the_streams_to_run() {
    let fixture = Fixture::new();
    let party = party(1);
    let mut record = shift("20", Some("7"), NOW);
    record.external_location_id = Some("1".to_owned());
    record.external_department_id = Some("2".to_owned());
    record.external_role_id = Some("3".to_owned());
    let shifts = [record];
    assert_eq!(
        unknown(&fixture, &party, Page::Shifts(&shifts)),
        [
            Stream::Locations,
            Stream::Departments,
            Stream::Roles,
            Stream::Users
        ]
    );
    fixture.write(
        &party,
        Page::Locations(&[LocationRecord {
            external_id: "1".to_owned(),
            ..LocationRecord::default()
        }]),
    );
    let mut gone = member("7");
    fixture.write(&party, Page::TeamMembers(std::slice::from_ref(&gone)));
    gone.deleted_at = Some(NOW);
    fixture.write(&party, Page::TeamMembers(&[gone]));
    assert_eq!(
        unknown(&fixture, &party, Page::Shifts(&shifts)),
        [Stream::Departments, Stream::Roles],
        "a deleted person is known"
    );
    let department = DepartmentRecord {
        external_id: "2".to_owned(),
        external_location_id: Some("1".to_owned()),
        ..DepartmentRecord::default()
    };
    assert_eq!(
        unknown(
            &fixture,
            &party,
            Page::Departments(std::slice::from_ref(&department))
        ),
        []
    );
    let role = RoleRecord {
        external_id: "3".to_owned(),
        external_location_id: Some("9".to_owned()),
        external_department_id: Some("2".to_owned()),
        ..RoleRecord::default()
    };
    assert_eq!(
        unknown(&fixture, &party, Page::Roles(std::slice::from_ref(&role))),
        [Stream::Locations, Stream::Departments]
    );
    fixture.write(&party, Page::Departments(&[department]));
    fixture.write(&party, Page::Roles(&[role]));
    assert_eq!(unknown(&fixture, &party, Page::Shifts(&shifts)), []);
}

#[test]
fn another_tenants_people_are_not_known() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    fixture.write(&theirs, Page::TeamMembers(&[member("7")]));
    let punches = [punch("30", "7", None, NOW)];
    assert_eq!(
        unknown(&fixture, &ours, Page::TimePunches(&punches)),
        [Stream::Users]
    );
    let mixed = Party {
        tenant: ours.tenant.clone(),
        connector_id: theirs.connector_id.clone(),
    };
    assert_eq!(
        unknown(&fixture, &mixed, Page::TimePunches(&punches)),
        [Stream::Users]
    );
}

#[test]
fn a_page_without_references_asks_nothing() {
    let fixture = Fixture::new();
    assert_eq!(
        unknown(&fixture, &party(1), Page::TeamMembers(&[member("7")])),
        []
    );
    assert_eq!(fixture.database.take_statements(), [""; 0]);
}

fn waits(fixture: &Fixture, party: &Party) -> bool {
    wait(links_wait(&fixture.database, &party.scope())).unwrap()
}

fn heal(fixture: &Fixture, party: &Party, limit: u32) -> u64 {
    fixture.transact(async |transaction| {
        heal_links(transaction, &party.scope(), limit, NOW_MICROS).await
    })
}

fn unknown(fixture: &Fixture, party: &Party, page: Page<'_>) -> Vec<Stream> {
    wait(unknown_references(&fixture.database, &party.scope(), page))
        .unwrap()
        .streams()
        .collect()
}

/// Shift and punch hold the ids of the rows that they refer to.
fn assert_linked(fixture: &Fixture, expected: i64) {
    assert_eq!(
        fixture.number(
            "SELECT count(*) FROM time_punches
             JOIN team_members ON team_members.id = time_punches.team_member_id
               AND team_members.external_id = time_punches.external_user_id
             JOIN schedule_shifts ON schedule_shifts.id = time_punches.schedule_shift_id
               AND schedule_shifts.external_id = time_punches.external_shift_id
               AND schedule_shifts.team_member_id = team_members.id"
        ),
        expected
    );
    assert!(!fixture.dump(Resource::Shifts).is_empty());
}
