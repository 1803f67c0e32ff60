//! What labour cost rests on, and when rates that were computed hold no more.

use std::time::Instant;

use domain::labor_cost::{Assignment, Rates, StaffMember, Wage, Work, Worked};
use store::labor_cost::{Basis, Cached, Known, keep, known, places, staff, worked};
use store::parameters;
use store::records::{
    LocationRecord, Page, Resource, RoleAssignmentRecord, RoleRecord, TeamMemberRecord, WageRecord,
    tombstone,
};

use crate::fixture::{
    Fixture, NOW, NOW_MICROS, Party, assignment, member, party, punch, shift, wage,
};
use crate::support::wait;

const TODAY: &str = "2027-01-15";

fn add(fixture: &Fixture, party: &Party) {
    fixture.query(
        "INSERT INTO organizations (id, name, time_zone, created_at, updated_at) VALUES (?1, 'Osei Grill', 'America/Toronto', 0, 0)",
        parameters![party.tenant.as_str()],
    );
    connect(fixture, party, &party.connector_id);
}

fn connect(fixture: &Fixture, party: &Party, connector_id: &str) {
    fixture.query(
        "INSERT INTO connectors (id, organization_id, provider, integration_key, name, state, state_changed_at, config, sync_settings, created_at, updated_at)
         VALUES (?1, ?2, 'seven_shifts', ?1, 'Account', 'active', 0, '{}', '{}', 0, 0)",
        parameters![connector_id, party.tenant.as_str()],
    );
}

fn set_state(fixture: &Fixture, connector_id: &str, state: &str) {
    fixture.query(
        "UPDATE connectors SET state = ?2 WHERE id = ?1",
        parameters![connector_id, state],
    );
}

fn role(external_id: &str, name: &str) -> RoleRecord {
    RoleRecord {
        external_id: external_id.to_owned(),
        name: name.to_owned(),
        ..RoleRecord::default()
    }
}

fn location(external_id: &str) -> LocationRecord {
    LocationRecord {
        external_id: external_id.to_owned(),
        name: format!("Location {external_id}"),
        time_zone: Some("America/Vancouver".to_owned()),
        ..LocationRecord::default()
    }
}

fn works(external_id: &str, user: &str, role: &str, at: Option<&str>) -> RoleAssignmentRecord {
    RoleAssignmentRecord {
        external_role_id: role.to_owned(),
        external_location_id: at.map(str::to_owned),
        ..assignment(external_id, user)
    }
}

/// Two people, one of them a cook here, and what does not count besides.
fn fill(fixture: &Fixture, party: &Party) {
    add(fixture, party);
    fixture.write(party, Page::Locations(&[location("5"), location("6")]));
    fixture.write(party, Page::Roles(&[role("1", "Cook"), role("2", "Gone")]));
    let left = TeamMemberRecord {
        is_active: false,
        ..member("9")
    };
    fixture.write(
        party,
        Page::TeamMembers(&[member("7"), member("8"), left, member("10")]),
    );
    let of_cook = WageRecord {
        external_role_id: Some("1".to_owned()),
        wage_cents: 2_000,
        effective_date: TODAY.to_owned(),
        ..wage("12", "7")
    };
    let next = WageRecord {
        effective_date: "2027-01-16".to_owned(),
        ..wage("13", "7")
    };
    let salary = WageRecord {
        wage_type: "annual_salary".to_owned(),
        ..wage("14", "8")
    };
    let of_others = [wage("15", "9"), wage("16", "10"), wage("17", "8")];
    fixture.write(
        party,
        Page::Wages(&[wage("11", "7"), of_cook, next, salary]),
    );
    fixture.write(party, Page::Wages(&of_others));
    fixture.write(
        party,
        Page::RoleAssignments(&[
            works("7:1", "7", "1", Some("5")),
            works("7:2", "7", "2", Some("6")),
            works("8:1", "8", "1", None),
            works("8:2", "8", "2", Some("5")),
        ]),
    );
    for (resource, id) in [
        (Resource::Roles, "2"),
        (Resource::TeamMembers, "10"),
        (Resource::Wages, "17"),
        (Resource::RoleAssignments, "8:2"),
        (Resource::Locations, "6"),
    ] {
        fixture.transact(async |transaction| {
            let scope = party.scope();
            tombstone(transaction, &scope, resource, &[id], NOW, NOW_MICROS).await
        });
    }
}

#[test]
fn rates_rest_on_who_is_at_work_and_on_wages_that_have_come() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    fill(&fixture, &ours);
    fill(&fixture, &theirs);
    let here = fixture.text(&format!(
        "SELECT id FROM locations WHERE external_id = '5' AND connector_id = '{}'",
        ours.connector_id
    ));
    let (found, _) = wait(staff(&fixture.database, &ours.tenant, TODAY)).unwrap();
    assert_eq!(found.roles.len(), 1);
    assert_eq!(
        (
            found.roles[0].external_id.as_str(),
            found.roles[0].name.as_str()
        ),
        ("1", "Cook")
    );
    assert_eq!(found.roles[0].connector_id, ours.connector_id);
    let mut people = found.people;
    people.sort_by_key(|person| person.wages.len());
    let paid = |role: Option<&str>, is_hourly, cents, date: &str, number| Wage {
        external_role_id: role.map(str::to_owned),
        is_hourly,
        cents,
        effective_date: date.to_owned(),
        number,
    };
    let work = |role: &str, location_id: Option<String>| Assignment {
        external_role_id: role.to_owned(),
        location_id,
    };
    let mut expected = [
        StaffMember {
            connector_id: ours.connector_id.clone(),
            wages: vec![paid(None, false, 1_805, "2027-01-01", 14)],
            assignments: vec![work("1", None)],
        },
        StaffMember {
            connector_id: ours.connector_id.clone(),
            wages: vec![
                paid(None, true, 1_805, "2027-01-01", 11),
                paid(Some("1"), true, 2_000, TODAY, 12),
            ],
            // A location that is gone is no place.
            assignments: vec![work("1", here), work("2", None)],
        },
    ];
    for person in people.iter_mut().chain(&mut expected) {
        person.wages.sort_by_key(|wage| wage.number);
        person
            .assignments
            .sort_by_key(|work| work.external_role_id.clone());
    }
    assert_eq!(people, expected);
    assert_eq!(fixture.database.take_statements().len(), 1);
}

fn known_of(fixture: &Fixture, party: &Party) -> Known {
    wait(known(&fixture.database, &party.tenant))
        .unwrap()
        .unwrap()
}

/// As a function does it.
fn compute(fixture: &Fixture, party: &Party) -> Rates {
    let (staff, basis) = wait(staff(&fixture.database, &party.tenant, TODAY)).unwrap();
    let cached = Cached {
        rate_date: TODAY.to_owned(),
        basis,
        rates: Rates::of(&staff, TODAY),
    };
    wait(keep(&fixture.database, &party.tenant, &cached, NOW)).unwrap();
    cached.rates
}

#[test]
fn rates_hold_until_something_of_it_changes_or_the_day_ends() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    fill(&fixture, &ours);
    assert_eq!(wait(known(&fixture.database, &theirs.tenant)), Ok(None));
    let first = known_of(&fixture, &ours);
    assert_eq!(
        (first.time_zone.as_str(), &first.cached),
        ("America/Toronto", &None)
    );
    let rates = compute(&fixture, &ours);
    assert_eq!(
        rates.find("cook").unwrap().rate.unwrap().average_cents,
        2_000
    );
    let current = |day: &str| known_of(&fixture, &ours).current(day);
    assert_eq!(current(TODAY), Some(rates));
    assert_eq!(current("2027-01-16"), None);
    assert_eq!(current("2027-01-14"), None);
    // Another organization's changes are nothing to it, and neither are shifts.
    fill(&fixture, &theirs);
    fixture.write(&ours, Page::Shifts(&[shift("1", Some("7"), NOW)]));
    assert!(current(TODAY).is_some());
    let changes: [(&str, &dyn Fn()); 8] = [
        ("a wage", &|| {
            fixture.write(&ours, Page::Wages(&[wage("18", "8")]));
        }),
        ("a role's name", &|| {
            fixture.write(&ours, Page::Roles(&[role("1", "Line Cook")]));
        }),
        ("where somebody works", &|| {
            let page = [works("8:1", "8", "1", Some("5"))];
            fixture.write(&ours, Page::RoleAssignments(&page));
        }),
        ("who is at work", &|| {
            let left = TeamMemberRecord {
                is_active: false,
                ..member("8")
            };
            fixture.write(&ours, Page::TeamMembers(&[left]));
        }),
        ("a location", &|| {
            fixture.write(&ours, Page::Locations(&[location("6")]));
        }),
        ("another account", &|| {
            connect(&fixture, &ours, "another");
        }),
        ("an account that counts no more", &|| {
            set_state(&fixture, "another", "disconnected");
        }),
        ("a wage that is gone", &|| {
            fixture.transact(async |transaction| {
                let scope = ours.scope();
                tombstone(
                    transaction,
                    &scope,
                    Resource::Wages,
                    &["18"],
                    NOW,
                    NOW_MICROS,
                )
                .await
            });
        }),
    ];
    for (what, change) in changes {
        compute(&fixture, &ours);
        assert!(current(TODAY).is_some(), "{what}");
        change();
        assert_eq!(current(TODAY), None, "{what}");
    }
    // Rates of other rules are none.
    compute(&fixture, &ours);
    fixture.query("UPDATE role_labor_rates SET rules_version = 0", &[]);
    assert_eq!(known_of(&fixture, &ours).cached, None);
    compute(&fixture, &ours);
    assert!(current(TODAY).is_some());
}

/// Of two that compute at once, the one with older rows may come last.
#[test]
fn older_rates_that_come_last_are_seen_to_be_older() {
    let fixture = Fixture::new();
    let ours = party(1);
    fill(&fixture, &ours);
    let (_, older) = wait(staff(&fixture.database, &ours.tenant, TODAY)).unwrap();
    fixture.write(&ours, Page::Wages(&[wage("18", "8")]));
    let newer = compute(&fixture, &ours);
    let late = Cached {
        rate_date: TODAY.to_owned(),
        basis: older,
        rates: Rates::default(),
    };
    wait(keep(&fixture.database, &ours.tenant, &late, NOW)).unwrap();
    assert_eq!(known_of(&fixture, &ours).current(TODAY), None);
    assert_eq!(compute(&fixture, &ours), newer);
    assert_eq!(known_of(&fixture, &ours).current(TODAY), Some(newer));
}

/// Whatever else has become of a connector: its rows stay, and its people are at work.
#[test]
fn people_of_a_disconnected_account_count_in_no_rate() {
    let fixture = Fixture::new();
    let ours = party(1);
    fill(&fixture, &ours);
    let second = Party {
        connector_id: "0190a5c0-0000-7000-8000-0000000000f2".to_owned(),
        ..party(1)
    };
    connect(&fixture, &ours, &second.connector_id);
    fixture.write(
        &second,
        Page::Roles(&[role("1", "Cook"), role("3", "Host")]),
    );
    fixture.write(&second, Page::TeamMembers(&[member("7")]));
    let of_cook = WageRecord {
        external_role_id: Some("1".to_owned()),
        wage_cents: 3_000,
        ..wage("1", "7")
    };
    fixture.write(&second, Page::Wages(&[of_cook]));
    let cooks = || {
        let rates = compute(&fixture, &ours);
        let rate = rates.find("cook").unwrap().rate.unwrap();
        (rates.roles.len(), rate.average_cents, rate.head_count)
    };
    assert_eq!(cooks(), (2, 2_500, 2));
    for state in ["paused", "expired", "revoked", "error"] {
        set_state(&fixture, &second.connector_id, state);
        assert_eq!(cooks(), (2, 2_500, 2), "{state}");
    }
    set_state(&fixture, &second.connector_id, "disconnected");
    assert_eq!(known_of(&fixture, &ours).current(TODAY), None);
    assert_eq!(cooks(), (1, 2_000, 1));
    set_state(&fixture, &ours.connector_id, "disconnected");
    assert_eq!(compute(&fixture, &ours), Rates::default());
    let known = known_of(&fixture, &ours);
    assert_eq!(
        known.basis,
        Basis {
            connector_ids: Vec::new(),
            ..known.basis.clone()
        }
    );
    // What was worked there has its names still.
    let places = wait(places(&fixture.database, &ours.tenant)).unwrap();
    assert_eq!((places.locations.len(), places.roles.len()), (2, 4));
}

#[test]
fn nothing_is_kept_of_an_organization_that_is_being_removed() {
    let fixture = Fixture::new();
    let ours = party(1);
    fill(&fixture, &ours);
    fixture.query("UPDATE organizations SET state = 'purging'", &[]);
    compute(&fixture, &ours);
    assert_eq!(fixture.number("SELECT count(*) FROM role_labor_rates"), 0);
}

#[test]
fn work_is_summed_by_day_location_and_role() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    fill(&fixture, &ours);
    fill(&fixture, &theirs);
    let at = |external_id: &str, starts_at, role: &str, location: &str| {
        let mut shift = shift(external_id, Some("7"), starts_at);
        shift.external_role_id = Some(role.to_owned());
        shift.external_location_id = Some(location.to_owned());
        shift
    };
    let mut closing = at("4", NOW + 9, "1", "5");
    closing.is_close = true;
    let mut with_break = at("2", NOW + 86_399, "1", "5");
    with_break.unpaid_break_minutes = 30;
    let shifts = [
        at("1", NOW, "1", "5"),
        with_break,
        // A role and a location that are gone have their names still.
        at("3", NOW + 86_400, "2", "6"),
        closing,
        at("5", NOW - 1, "1", "5"),
        at("6", NOW + 2 * 86_400, "1", "5"),
        shift("7", None, NOW),
        at("8", NOW, "1", "5"),
        shift("9", Some("unknown"), NOW),
    ];
    let mut over = punch("1", "7", None, NOW);
    over.external_location_id = Some("5".to_owned());
    over.external_role_id = Some("1".to_owned());
    over.clocked_out_at = Some(NOW + 3_600);
    over.worked_seconds = Some(3_001);
    let mut running = over.clone();
    running.external_id = "2".to_owned();
    (running.clocked_out_at, running.worked_seconds) = (None, None);
    for party in [&ours, &theirs] {
        fixture.write(party, Page::Shifts(&shifts));
        fixture.write(party, Page::TimePunches(&[over.clone(), running.clone()]));
        fixture.transact(async |transaction| {
            let scope = party.scope();
            tombstone(
                transaction,
                &scope,
                Resource::Shifts,
                &["8"],
                NOW,
                NOW_MICROS,
            )
            .await
        });
    }
    let ids: Vec<_> = ["5", "6"]
        .into_iter()
        .map(|external_id| {
            fixture.text(&format!(
                "SELECT id FROM locations WHERE external_id = '{external_id}' AND connector_id = '{}'",
                ours.connector_id
            ))
        })
        .collect();
    let days = [(NOW, NOW + 86_400), (NOW + 86_400, NOW + 2 * 86_400)];
    let work = |day, location: Option<usize>, role: Option<&str>, seconds, open_ended| Work {
        day,
        location_id: location.and_then(|location| ids[location].clone()),
        role_name: role.map(str::to_owned),
        seconds,
        open_ended,
    };
    let read = |location_id: Option<&str>| {
        let mut found = wait(worked(&fixture.database, &ours.tenant, &days, location_id)).unwrap();
        for list in [&mut found.shifts, &mut found.punches] {
            list.sort_by_key(|work| (work.day, work.role_name.clone()));
        }
        found
    };
    // The one until closing counts to the end that it has.
    let cooks = work(0, Some(0), Some("Cook"), 3 * 8 * 3_600 - 1_800, 1);
    let punches = vec![work(0, Some(0), Some("Cook"), 3_001, 1)];
    let all = read(None);
    assert_eq!(
        all,
        Worked {
            shifts: vec![
                work(0, None, None, 8 * 3_600, 0),
                cooks.clone(),
                work(1, Some(1), Some("Gone"), 8 * 3_600, 0),
            ],
            punches: punches.clone(),
        }
    );
    let here = Worked {
        shifts: vec![cooks],
        punches,
    };
    assert_eq!(read(ids[0].as_deref()), here);
    let theirs = wait(places(&fixture.database, &theirs.tenant)).unwrap();
    assert_eq!((theirs.locations.len(), theirs.roles.len()), (2, 2));
    assert_eq!(read(Some(&theirs.locations[0].id)), Worked::default());
    assert_eq!(read(Some("x")), Worked::default());
}

/// 20,000 people with two wages and two roles each. What is looked at each time does not grow with them.
#[test]
fn rates_of_many_people_are_read_in_one_walk() {
    const PEOPLE: i64 = 20_000;
    let fixture = Fixture::new();
    let ours = party(1);
    add(&fixture, &ours);
    let roles: Vec<_> = (0..40)
        .map(|id: i32| role(&id.to_string(), &format!("Role {id}")))
        .collect();
    fixture.write(&ours, Page::Roles(&roles));
    fixture.write(&ours, Page::Locations(&[location("5")]));
    let of_many = |select: &str| {
        let people = format!(
            "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {}) {select}",
            PEOPLE - 1
        );
        let parameters = parameters![ours.tenant.as_str(), ours.connector_id.as_str()];
        fixture.query(&people, parameters);
    };
    of_many(
        "INSERT INTO team_members (id, organization_id, connector_id, source, external_id, first_name, last_name, is_active, created_seq, changed_seq)
         SELECT 'p' || n, ?1, ?2, '7shifts', n, 'A', 'B', 1, 7, 7 FROM n",
    );
    for (part, role) in [(0, "NULL"), (1, "n % 40")] {
        of_many(&format!(
            "INSERT INTO team_member_wages (id, organization_id, connector_id, source, external_id, team_member_id, external_user_id, external_role_id, wage_type, wage_cents, effective_date, created_seq, changed_seq)
             SELECT 'w' || n || '-{part}', ?1, ?2, '7shifts', 2 * n + {part}, 'p' || n, n, {role}, 'hourly', 1500 + n % 1000, '2026-01-01', 7, 7 FROM n"
        ));
        of_many(&format!(
            "INSERT INTO team_member_role_assignments (id, organization_id, connector_id, source, external_id, team_member_id, external_user_id, external_role_id, external_location_id, is_primary, created_seq, changed_seq)
             SELECT 'a' || n || '-{part}', ?1, ?2, '7shifts', n || ':{part}', 'p' || n, n, (n + {part}) % 40, '5', 1, 7, 7 FROM n"
        ));
    }
    let begun = Instant::now();
    let rates = compute(&fixture, &ours);
    println!("rates of {PEOPLE} people took {:?}", begun.elapsed());
    let people: u32 = rates
        .roles
        .iter()
        .filter_map(|role| role.rate)
        .map(|rate| rate.head_count)
        .sum();
    assert_eq!(i64::from(people), 2 * PEOPLE);
    let steps = fixture.database.take_steps();
    assert!(steps < 150 * PEOPLE, "{steps} steps");
    assert_eq!(known_of(&fixture, &ours).current(TODAY), Some(rates));
    let steps = fixture.database.take_steps();
    assert!(steps < 200, "{steps} steps to see that nothing has changed");
}
