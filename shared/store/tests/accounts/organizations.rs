use store::organizations::{
    Change, OrganizationState, begin_purge, create, get, list, purging, remove, update,
};

use crate::support::{TestDatabase, wait};
use crate::{NOW, connect, new_connector, tenant, two_organizations, uuid};

const RENAMED: Change<'static> = Change {
    name: Some("x"),
    time_zone: None,
    time_off_categories: None,
};

#[test]
fn an_organization_is_created_once() {
    let (database, first, _) = two_organizations();
    assert_eq!(
        wait(create(
            &database,
            &first,
            "Other",
            "Australia/Sydney",
            NOW + 1
        )),
        Ok(false)
    );
    let found = wait(get(&database, &first)).unwrap().unwrap();
    assert_eq!(found.id, uuid(1));
    assert_eq!(
        (found.name.as_str(), found.time_zone.as_str()),
        ("Bistro", "America/Toronto")
    );
    assert_eq!(found.state, OrganizationState::Active);
    assert_eq!((found.created_at, found.updated_at), (NOW, NOW));
    assert_eq!(wait(get(&database, &tenant(3))), Ok(None));
}

#[test]
fn only_what_is_given_is_set() {
    let (database, first, second) = two_organizations();
    assert_eq!(
        wait(update(
            &database,
            &first,
            Change {
                time_zone: Some("Australia/Sydney"),
                ..Change::default()
            },
            NOW + 1
        )),
        Ok(true)
    );
    assert_eq!(
        wait(update(
            &database,
            &first,
            Change {
                name: Some("Harbour Plates"),
                time_off_categories: Some(r#"{"paid_sick":"sick"}"#),
                ..Change::default()
            },
            NOW + 2
        )),
        Ok(true)
    );
    let found = wait(get(&database, &first)).unwrap().unwrap();
    assert_eq!(
        (
            found.name.as_str(),
            found.time_zone.as_str(),
            found.updated_at
        ),
        ("Harbour Plates", "Australia/Sydney", NOW + 2)
    );
    assert_eq!(found.time_off_categories["paid_sick"], "sick");
    assert_eq!(
        wait(get(&database, &second)).unwrap().unwrap().name,
        "Bistro"
    );
    assert_eq!(wait(update(&database, &tenant(3), RENAMED, NOW)), Ok(false));
}

#[test]
fn pages_visit_every_organization_once() {
    let database = TestDatabase::checked();
    for number in 1..=7 {
        wait(create(&database, &tenant(number), "Bistro", "UTC", NOW)).unwrap();
    }
    let mut visited = Vec::new();
    let mut after = String::new();
    loop {
        let page = wait(list(&database, &after, 3)).unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        visited.extend(page.into_iter().map(|organization| organization.id));
    }
    assert_eq!(visited, (1..=7).map(uuid).collect::<Vec<_>>());
}

#[test]
fn to_what_is_being_purged_nothing_can_be_added() {
    let (database, first, second) = two_organizations();
    assert_eq!(wait(remove(&database, &first)), Ok(false), "never begun");
    assert_eq!(wait(begin_purge(&database, &first, NOW + 1)), Ok(true));
    assert_eq!(wait(begin_purge(&database, &tenant(3), NOW)), Ok(false));
    let found = wait(get(&database, &first)).unwrap().unwrap();
    assert_eq!(found.state, OrganizationState::Purging);
    assert_eq!(wait(update(&database, &first, RENAMED, NOW)), Ok(false));
    assert_eq!(
        connect(&database, &first, new_connector(&uuid(9)), NOW),
        store::connectors::Connect::NoOrganization
    );
    assert_eq!(wait(remove(&database, &first)), Ok(true));
    assert_eq!(wait(get(&database, &first)), Ok(None));
    assert!(wait(get(&database, &second)).unwrap().is_some());
}

#[test]
fn a_removal_that_has_begun_is_found_until_it_is_over() {
    let (database, first, _) = two_organizations();
    assert_eq!(wait(purging(&database, 10)), Ok(vec![]));
    wait(begin_purge(&database, &first, NOW)).unwrap();
    assert_eq!(
        wait(purging(&database, 10)),
        Ok(vec![first.as_str().to_owned()])
    );
    wait(remove(&database, &first)).unwrap();
    assert_eq!(wait(purging(&database, 10)), Ok(vec![]));
}
