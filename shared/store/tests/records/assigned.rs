//! Who works as what.

use store::records::{Assigned, Page, RoleAssignmentRecord, RoleRecord, Wanted, assigned};

use crate::fixture::{Fixture, NOW, Party, assignment, party, uuid};
use crate::support::wait;

fn works(user: &str, role: &str, location: &str) -> RoleAssignmentRecord {
    RoleAssignmentRecord {
        external_role_id: role.to_owned(),
        external_location_id: Some(location.to_owned()),
        skill_level: Some(2),
        ..assignment(&format!("{user}:{role}"), user)
    }
}

fn read(fixture: &Fixture, party: &Party, location: Option<&str>, limit: u16) -> Assigned {
    read_after(fixture, party, None, location, limit)
}

fn read_after(
    fixture: &Fixture,
    party: &Party,
    after: Option<&str>,
    location: Option<&str>,
    limit: u16,
) -> Assigned {
    let wanted = Wanted {
        external_location_id: location,
        after,
        limit,
    };
    wait(assigned(
        &fixture.database,
        &party.tenant,
        &party.connector_id,
        wanted,
    ))
    .unwrap()
}

fn ids(assigned: &Assigned) -> Vec<String> {
    assigned
        .rows
        .iter()
        .map(|row| format!("{}:{}", row.external_user_id, row.external_role_id))
        .collect()
}

#[test]
fn the_roles_of_everybody_are_one_statement_up_to_the_limit() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    let gone = RoleAssignmentRecord {
        deleted_at: Some(NOW),
        ..works("7", "72", "1")
    };
    let primary = RoleAssignmentRecord {
        is_primary: true,
        ..works("7", "70", "1")
    };
    fixture.write(&ours, Page::RoleAssignments(&[works("7", "72", "1")]));
    let rows = [works("8", "71", "2"), works("8", "70", "1"), primary, gone];
    fixture.write(&ours, Page::RoleAssignments(&rows));
    fixture.write(&theirs, Page::RoleAssignments(&[works("9", "70", "1")]));
    let role = RoleRecord {
        external_id: "70".to_owned(),
        name: "Cook".to_owned(),
        ..RoleRecord::default()
    };
    fixture.write(&ours, Page::Roles(&[role]));

    fixture.database.take_statements();
    let all = read(&fixture, &ours, None, 3);
    assert_eq!(fixture.database.take_statements().len(), 1);
    assert_eq!(ids(&all), ["7:70", "8:70", "8:71"]);
    assert!(!all.has_more);
    let first = &all.rows[0];
    assert_eq!(
        (
            first.role_name.as_deref(),
            first.is_primary,
            first.skill_level
        ),
        (Some("Cook"), true, Some(2))
    );
    assert_eq!(
        (all.rows[2].role_name.as_deref(), all.rows[2].is_primary),
        (None, false)
    );

    let few = read(&fixture, &ours, None, 2);
    assert_eq!(ids(&few), ["7:70", "8:70"]);
    assert!(few.has_more);
    let last = few.rows[1].external_id.as_str();
    let rest = read_after(&fixture, &ours, Some(last), None, 2);
    assert_eq!(ids(&rest), ["8:71"]);
    assert!(!rest.has_more);
    assert_eq!(ids(&read(&fixture, &ours, Some("2"), 500)), ["8:71"]);
    let mixed = Party {
        tenant: party(3).tenant,
        connector_id: ours.connector_id.clone(),
    };
    assert!(ids(&read(&fixture, &mixed, None, 500)).is_empty());
}

#[test]
fn the_last_good_sync_of_assignments_says_as_of_when() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    assert_eq!(read(&fixture, &ours, None, 1).as_of, None);
    for (id, party, stream, at) in [
        (901, &ours, "assignments", NOW),
        (902, &ours, "wages", NOW + 1),
        (903, &theirs, "assignments", NOW + 2),
    ] {
        fixture.query(
            "INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key,
               state, last_success_at, created_at, updated_at)
             VALUES (?1, 'sync', ?2, ?3, ?4, 'sync', 'key', 'pending', ?5, 0, 0)",
            &[
                uuid(id).into(),
                stream.into(),
                party.tenant.as_str().into(),
                party.connector_id.as_str().into(),
                at.into(),
            ],
        );
    }
    assert_eq!(read(&fixture, &ours, None, 1).as_of, Some(NOW));
}
