//! What people and roles are called.

use store::records::{Names, Page, RoleRecord, TeamMemberRecord, names};

use crate::fixture::{Fixture, NOW, Party, member, party};
use crate::support::wait;

fn role(external_id: &str, name: &str) -> RoleRecord {
    RoleRecord {
        external_id: external_id.to_owned(),
        name: name.to_owned(),
        ..RoleRecord::default()
    }
}

fn called(fixture: &Fixture, party: &Party, people: &[&str], roles: &[&str]) -> Names {
    let text = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    wait(names(
        &fixture.database,
        &party.tenant,
        &party.connector_id,
        &text(people),
        &text(roles),
    ))
    .unwrap()
}

#[test]
fn the_names_that_people_go_by_are_found_in_one_statement_those_of_the_gone_too() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    let people = [
        member("7"),
        TeamMemberRecord {
            preferred_first_name: Some("Jo".to_owned()),
            ..member("8")
        },
        TeamMemberRecord {
            first_name: String::new(),
            last_name: " ".to_owned(),
            ..member("9")
        },
        TeamMemberRecord {
            deleted_at: Some(NOW),
            ..member("10")
        },
        member("11"),
    ];
    fixture.write(&ours, Page::TeamMembers(&[member("10")]));
    fixture.write(&ours, Page::TeamMembers(&people));
    fixture.write(
        &ours,
        Page::Roles(&[role("70", "Cook"), role("71", "Host")]),
    );
    fixture.write(&theirs, Page::TeamMembers(&[member("12")]));
    fixture.write(&theirs, Page::Roles(&[role("72", "Server")]));

    fixture.database.take_statements();
    let found = called(
        &fixture,
        &ours,
        &["7", "8", "9", "10", "12", "99"],
        &["70", "72"],
    );
    assert_eq!(fixture.database.take_statements().len(), 1);
    let people: Vec<_> = found
        .people
        .iter()
        .map(|(id, name)| (id.as_str(), name.as_deref()))
        .collect();
    assert_eq!(
        people,
        [
            ("10", Some("Jon Reyes")),
            ("7", Some("Jon Reyes")),
            ("8", Some("Jo Reyes")),
            ("9", None),
        ]
    );
    let roles: Vec<_> = found.roles.iter().collect();
    assert_eq!(roles, [(&"70".to_owned(), &"Cook".to_owned())]);
    assert_eq!(called(&fixture, &ours, &[], &[]), Names::default());
    // A connector that belongs to somebody else opens nothing.
    let mixed = Party {
        tenant: party(3).tenant,
        connector_id: ours.connector_id.clone(),
    };
    assert_eq!(called(&fixture, &mixed, &["7"], &["70"]), Names::default());
}
