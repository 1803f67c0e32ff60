//! Deletion by absence.

use store::records::{
    Absent, Page, Resource, Sweep, SweepStep, WageRecord, Window, absent, absent_ids, ended_pass,
    forget_pass, has_notes, is_open, mark_asked, mark_planned, mark_seen, open_pass, outside_ids,
    sweep_absent, tombstone,
};

use crate::fixture::{
    Fixture, NOW, NOW_MICROS, Party, assignment, day, member, party, punch, shift, uuid, wage,
};
use crate::support::wait;

const PASS: &str = "pass";

#[test]
fn what_a_pass_did_not_see_is_swept_step_by_step() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    let people: Vec<_> = (0..10)
        .map(|number| member(&format!("p{number}")))
        .collect();
    fixture.write(&ours, Page::TeamMembers(&people));
    fixture.write(&theirs, Page::TeamMembers(&people));
    see(&fixture, PASS, &["p1", "p2", "p2", "p9", "unknown"]);
    see(&fixture, PASS, &["p1"]);
    see(&fixture, "another pass", &["p3"]);
    assert_eq!(
        look(&fixture, &ours, Resource::TeamMembers, Window::ALL),
        Absent {
            live: 10,
            absent: 7
        }
    );
    let mut steps = Vec::new();
    let mut after = None;
    loop {
        let step = sweep(
            &fixture,
            &ours,
            Resource::TeamMembers,
            Window::ALL,
            after.as_deref(),
        );
        steps.push(step.deleted);
        after = step.next;
        if after.is_none() {
            break;
        }
    }
    // p0-p3, p4-p7, p8-p9
    assert_eq!(steps, [2, 4, 1]);
    assert_eq!(alive(&fixture, &ours), ["p1", "p2", "p9"]);
    assert_eq!(alive(&fixture, &theirs).len(), 10);
    assert_eq!(
        look(&fixture, &ours, Resource::TeamMembers, Window::ALL),
        Absent { live: 3, absent: 0 }
    );
}

#[test]
fn a_window_leaves_what_lies_outside() {
    let fixture = Fixture::new();
    let party = party(1);
    let window = Window {
        from: NOW,
        to: NOW + 100,
        ..Window::ALL
    };
    let starts = [NOW - 1, NOW, NOW + 99, NOW + 100];
    let shifts: Vec<_> = (0..)
        .zip(starts)
        .map(|(id, at)| shift(&format!("{id}"), None, at))
        .collect();
    let punches: Vec<_> = (0..)
        .zip(starts)
        .map(|(id, at)| punch(&format!("{id}"), "1", None, at))
        .collect();
    fixture.write(&party, Page::Shifts(&shifts));
    fixture.write(&party, Page::TimePunches(&punches));
    for resource in [Resource::Shifts, Resource::TimePunches] {
        assert_eq!(
            look(&fixture, &party, resource, window),
            Absent { live: 2, absent: 2 }
        );
        let first = sweep(&fixture, &party, resource, window, None);
        assert_eq!((first.deleted, first.next.as_deref()), (2, Some("3")));
        let last = sweep(&fixture, &party, resource, window, Some("3"));
        assert_eq!(
            last,
            SweepStep {
                deleted: 0,
                next: None
            }
        );
    }
    assert_eq!(
        fixture
            .text("SELECT group_concat(external_id) FROM schedule_shifts WHERE deleted_at IS NULL"),
        Some("0,3".to_owned())
    );
}

#[test]
fn of_a_connector_with_one_location_others_are_covered_at_any_time() {
    let fixture = Fixture::new();
    let party = party(1);
    let window = Window {
        from: NOW,
        location: Some("1"),
        ..Window::ALL
    };
    let shifts: Vec<_> = [("new", "1", NOW), ("old", "1", 0), ("foreign", "2", 0)]
        .into_iter()
        .map(|(id, location, starts_at)| {
            let mut record = shift(id, None, starts_at);
            record.external_location_id = Some(location.to_owned());
            record
        })
        .chain([shift("nowhere", None, 0)])
        .collect();
    fixture.write(&party, Page::Shifts(&shifts));
    see(&fixture, PASS, &["new"]);
    assert_eq!(
        look(&fixture, &party, Resource::Shifts, window),
        Absent { live: 2, absent: 1 }
    );
    assert_eq!(
        look(&fixture, &party, Resource::Roles, window),
        Absent { live: 0, absent: 0 }
    );
    let step = sweep(&fixture, &party, Resource::Shifts, window, None);
    assert_eq!(step.deleted, 1);
    assert_eq!(
        fixture.text("SELECT external_id FROM schedule_shifts WHERE deleted_at IS NOT NULL"),
        Some("foreign".to_owned())
    );
}

#[test]
fn what_is_outside_of_a_connector_is_known_without_a_list() {
    let fixture = Fixture::new();
    let party = party(1);
    let shifts: Vec<_> = [("a", "1"), ("b", "2"), ("c", "2"), ("d", "3")]
        .into_iter()
        .map(|(id, location)| {
            let mut record = shift(id, None, NOW);
            record.external_location_id = Some(location.to_owned());
            record
        })
        .chain([shift("nowhere", None, 0)])
        .collect();
    fixture.write(&party, Page::Shifts(&shifts));
    let people = [member("here"), member("gone")];
    fixture.write(&party, Page::TeamMembers(&people));
    let days = [day("1:0", "here"), day("2:0", "gone"), day("3:0", "gone")];
    fixture.write(&party, Page::Availability(&days));
    fixture.transact(async |transaction| {
        let ids = ["gone"];
        let people = Resource::TeamMembers;
        tombstone(transaction, &party.scope(), people, &ids, NOW, NOW_MICROS).await
    });
    see(&fixture, PASS, &["3:0"]);
    let outside = |resource, location, limit| {
        let scope = party.scope();
        wait(outside_ids(
            &fixture.database,
            &scope,
            resource,
            PASS,
            location,
            limit,
        ))
        .unwrap()
    };
    let one = Some("1");
    assert_eq!(outside(Resource::Shifts, one, 9), ["b", "c", "d"]);
    assert_eq!(outside(Resource::Shifts, one, 2), ["b", "c"]);
    assert_eq!(outside(Resource::Availability, one, 9), ["2:0"]);
    for resource in Resource::ALL {
        assert!(outside(resource, None, 9).is_empty(), "{resource:?}");
        let ids = outside(resource, Some("2"), 9);
        let has_any = matches!(resource, Resource::Shifts | Resource::Availability);
        assert_eq!(ids.is_empty(), !has_any, "{resource:?} {ids:?}");
    }
}

#[test]
fn the_days_of_a_week_are_one_record_for_the_brake() {
    let fixture = Fixture::new();
    let party = party(1);
    let days: Vec<_> = [("1:0", "1"), ("1:1", "1"), ("2:0", "2"), ("2:1", "2")]
        .into_iter()
        .map(|(id, availability)| {
            let mut record = day(id, "p");
            record.external_availability_id = availability.to_owned();
            record
        })
        .collect();
    fixture.write(&party, Page::Availability(&days));
    see(&fixture, PASS, &["1:0", "1:1"]);
    assert_eq!(
        look(&fixture, &party, Resource::Availability, Window::ALL),
        Absent { live: 2, absent: 1 }
    );
}

/// 7shifts lists the wage that is paid now and those that are agreed for later.
#[test]
fn a_wage_stays_as_history_while_the_one_that_took_its_place_is_listed() {
    let until = Window {
        to: NOW,
        ..Window::ALL
    };
    let (first, second, third) = ("2026-01-01", "2026-05-01", "2026-12-01");
    for (listed, planned, kept) in [
        (vec!["c"], vec![], vec!["a", "b", "c"]),
        // The last one was withdrawn together with the one before it.
        (vec!["a"], vec![], vec!["a"]),
        (vec!["b"], vec![], vec!["a", "b"]),
        // The last one is not paid yet, whatever day it is.
        (vec!["b", "c"], vec!["c"], vec!["a", "b", "c"]),
        (vec!["c"], vec!["c"], vec!["c"]),
        // Nothing is paid any more.
        (vec![], vec![], vec![]),
    ] {
        let fixture = Fixture::new();
        let party = party(1);
        let wages = [("a", first), ("b", second), ("c", third)].map(|(id, day)| WageRecord {
            effective_date: day.to_owned(),
            ..wage(id, "7")
        });
        fixture.write(&party, Page::Wages(&wages));
        see(&fixture, PASS, &listed);
        wait(mark_planned(&fixture.database, PASS, &planned)).unwrap();
        wait(mark_asked(&fixture.database, PASS, &["7"])).unwrap();
        let mut after = None;
        loop {
            let step = sweep(&fixture, &party, Resource::Wages, until, after.as_deref());
            after = step.next;
            if after.is_none() {
                break;
            }
        }
        let left = fixture.text(
            "SELECT group_concat(external_id, '') FROM (
               SELECT external_id FROM team_member_wages WHERE deleted_at IS NULL ORDER BY 1)",
        );
        assert_eq!(left.unwrap_or_default(), kept.concat(), "{listed:?}");
    }
}

#[test]
fn what_somebody_has_who_is_gone_goes_too() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    for party in [&ours, &theirs] {
        fixture.write(party, Page::TeamMembers(&[member("1"), member("12")]));
        let wages = [wage("a", "1"), wage("b", "12")];
        fixture.write(party, Page::Wages(&wages));
        let assignments = [assignment("1:7", "1"), assignment("12:7", "12")];
        fixture.write(party, Page::RoleAssignments(&assignments));
    }
    let left = |table: &str, party: &Party| {
        fixture.text(&format!(
            "SELECT group_concat(external_id) FROM (
               SELECT external_id FROM {table}
               WHERE deleted_at IS NULL AND connector_id = '{}' ORDER BY external_id)",
            party.connector_id
        ))
    };
    see(&fixture, PASS, &["12"]);
    let swept = sweep(&fixture, &ours, Resource::TeamMembers, Window::ALL, None);
    assert_eq!(swept.deleted, 1, "of the people");
    let (pay, work) = ("team_member_wages", "team_member_role_assignments");
    assert_eq!(left(pay, &ours).as_deref(), Some("b"));
    assert_eq!(left(work, &ours).as_deref(), Some("12:7"));
    assert_eq!(left(pay, &theirs).as_deref(), Some("a,b"));
    assert_eq!(left(work, &theirs).as_deref(), Some("12:7,1:7"));
    // A page that was on its way has brought it again: the next pass finds it.
    fixture.write(&ours, Page::Wages(&[wage("a", "1")]));
    fixture.write(&ours, Page::RoleAssignments(&[assignment("1:7", "1")]));
    see(&fixture, PASS, &["b", "12:7"]);
    for (resource, table, kept) in [
        (Resource::Wages, pay, "b"),
        (Resource::RoleAssignments, work, "12:7"),
    ] {
        assert_eq!(look(&fixture, &ours, resource, Window::ALL).absent, 1);
        sweep(&fixture, &ours, resource, Window::ALL, None);
        assert_eq!(left(table, &ours).as_deref(), Some(kept));
    }
}

/// 7shifts lists no wage that another has taken the place of: who comes back would lose it.
#[test]
fn who_comes_back_has_the_wages_that_went_with_them() {
    let fixture = Fixture::new();
    let party = party(1);
    let (first, second) = ("2026-01-01", "2026-05-01");
    let wages =
        [("a", first), ("b", second), ("gone before", "2026-06-01")].map(|(id, day)| WageRecord {
            effective_date: day.to_owned(),
            ..wage(id, "1")
        });
    fixture.write(&party, Page::TeamMembers(&[member("1"), member("2")]));
    fixture.write(&party, Page::Wages(&wages));
    fixture.transact(async |transaction| {
        let (ids, at) = (["gone before"], NOW - 100);
        tombstone(
            transaction,
            &party.scope(),
            Resource::Wages,
            &ids,
            at,
            NOW_MICROS,
        )
        .await
    });
    let live = || {
        fixture.text(
            "SELECT group_concat(external_id) FROM (SELECT external_id FROM team_member_wages
             WHERE deleted_at IS NULL AND external_user_id = '1' ORDER BY 1)",
        )
    };
    see(&fixture, PASS, &["2"]);
    sweep(&fixture, &party, Resource::TeamMembers, Window::ALL, None);
    assert_eq!(live(), None);
    fixture.write(&party, Page::TeamMembers(&[member("1"), member("2")]));
    assert_eq!(live().as_deref(), Some("a,b"));
}

/// A person's wages come with another role, or not at all, and then as they were: 7shifts does not list
/// those again that had ended before.
#[test]
fn history_comes_back_with_the_wage_that_ended_it() {
    let of = |id: &str, day: &str, role: Option<&str>| WageRecord {
        effective_date: day.to_owned(),
        external_role_id: role.map(str::to_owned),
        ..wage(id, "1")
    };
    let role = Some("8");
    // The day of NOW and the next one are the bounds of the pass.
    let wages = [
        of("1", "2026-01-01", role),
        of("2", "2026-02-01", role),
        of("3", "2026-03-01", role),
        of("4", "2099-01-01", role),
    ];
    let [.., current, planned] = &wages;
    let odd = of("3", "2026-03-01", None);
    for (what, answer) in [("odd", &[odd, planned.clone()][..]), ("empty", &[])] {
        let fixture = Fixture::new();
        let party = party(1);
        fixture.write(&party, Page::TeamMembers(&[member("1")]));
        fixture.write(&party, Page::Wages(&wages));
        let live = || {
            fixture.text(
                "SELECT group_concat(external_id) FROM (SELECT external_id FROM team_member_wages
                 WHERE deleted_at IS NULL ORDER BY 1)",
            )
        };
        // The first one was taken back while it counted.
        let bury = |id: &str, at: i64| {
            fixture.transact(async |transaction| {
                tombstone(
                    transaction,
                    &party.scope(),
                    Resource::Wages,
                    &[id],
                    at,
                    NOW_MICROS,
                )
                .await
            });
        };
        bury("1", 1_768_000_000);
        let window = Window {
            to: NOW + 86_400,
            ..Window::ALL
        };
        let answered = |pass: &str, rows: &[WageRecord]| {
            fixture.write(&party, Page::Wages(rows));
            let ids: Vec<&str> = rows.iter().map(|row| row.external_id.as_str()).collect();
            see(&fixture, pass, &ids);
            fixture.transact(async |transaction| mark_asked(transaction, pass, &["1"]).await);
        };
        answered(PASS, answer);
        sweep(&fixture, &party, Resource::Wages, window, None);
        let left = answer.iter().map(|row| row.external_id.as_str());
        assert_eq!(
            live().unwrap_or_default(),
            left.collect::<Vec<_>>().join(","),
            "{what}"
        );
        // One that was not known then does not speak for what went before it.
        answered("another", &[of("9", "2026-02-15", role)]);
        assert!(!live().unwrap_or_default().contains('2'), "{what}");
        bury("9", 1_768_000_000);
        let listed = [current.clone(), planned.clone()];
        answered("next", &listed);
        assert_eq!(live().as_deref(), Some("2,3,4"), "{what}");
        // What is taken back while a later one is planned only stays so.
        bury("3", NOW);
        answered("last", std::slice::from_ref(planned));
        assert_eq!(live().as_deref(), Some("2,4"), "{what}");
        // And also when the planned one counts earlier after all: now, and in every pass after it.
        for pass in ["earlier", "again"] {
            answered(pass, &[of("4", "2026-04-01", role)]);
            assert_eq!(live().as_deref(), Some("2,4"), "{what} {pass}");
        }
    }
}

#[test]
fn what_is_absent_is_named_page_by_page() {
    let fixture = Fixture::new();
    let party = party(1);
    let people: Vec<_> = ["1", "10", "2", "3"].map(member).into();
    fixture.write(&party, Page::TeamMembers(&people));
    see(&fixture, PASS, &["2"]);
    let absent = |after: Option<&str>| {
        let sweep = Sweep {
            resource: Resource::TeamMembers,
            pass_id: PASS,
            window: Window::ALL,
            after,
        };
        wait(absent_ids(&fixture.database, &party.scope(), &sweep, 2)).unwrap()
    };
    assert_eq!(absent(None), ["1", "10"]);
    assert_eq!(absent(Some("10")), ["3"]);
    assert_eq!(absent(Some("3")), Vec::<String>::new());
}

#[test]
fn a_sweep_of_nothing_ends_at_once() {
    let fixture = Fixture::new();
    let party = party(1);
    assert_eq!(
        look(&fixture, &party, Resource::Roles, Window::ALL),
        Absent { live: 0, absent: 0 }
    );
    assert_eq!(
        sweep(&fixture, &party, Resource::Roles, Window::ALL, None),
        SweepStep {
            deleted: 0,
            next: None
        }
    );
}

#[test]
fn a_mixed_scope_sweeps_nobody() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    fixture.write(&theirs, Page::TeamMembers(&[member("1")]));
    let mixed = Party {
        tenant: ours.tenant,
        connector_id: theirs.connector_id.clone(),
    };
    assert_eq!(
        look(&fixture, &mixed, Resource::TeamMembers, Window::ALL),
        Absent { live: 0, absent: 0 }
    );
    assert_eq!(
        sweep(&fixture, &mixed, Resource::TeamMembers, Window::ALL, None).deleted,
        0
    );
    assert_eq!(alive(&fixture, &theirs), ["1"]);
}

#[test]
fn a_pass_is_forgotten_in_portions() {
    let fixture = Fixture::new();
    see(&fixture, PASS, &["1", "2", "3", "4", "5"]);
    see(&fixture, "other", &["1"]);
    let forget = |limit| wait(forget_pass(&fixture.database, PASS, limit)).unwrap();
    assert!(forget(2));
    assert_eq!(
        fixture.number("SELECT count(*) FROM sync_seen WHERE pass_id = 'pass'"),
        3
    );
    assert!(forget(2));
    assert!(!forget(2));
    assert!(!forget(2));
    assert_eq!(
        fixture.text("SELECT pass_id FROM sync_seen"),
        Some("other".to_owned())
    );
}

#[test]
fn a_pass_is_open_until_the_first_of_its_notes_is_forgotten() {
    let fixture = Fixture::new();
    let open = |pass| wait(is_open(&fixture.database, pass)).unwrap();
    let has_notes = |pass| wait(has_notes(&fixture.database, pass)).unwrap();
    see(&fixture, PASS, &["1", "2", "3"]);
    assert!(!open(PASS), "notes alone may be what is left of them");
    for _ in 0..2 {
        fixture.transact(async |transaction| open_pass(transaction, PASS).await);
    }
    assert!(open(PASS) && !open("other"));
    assert!(wait(forget_pass(&fixture.database, PASS, 1)).unwrap());
    assert!(!open(PASS) && has_notes(PASS));
    assert!(!wait(forget_pass(&fixture.database, PASS, 9)).unwrap());
    assert!(!has_notes(PASS));
}

#[test]
fn maintenance_finds_the_passes_whose_run_ended() {
    let fixture = Fixture::new();
    let ended = || wait(ended_pass(&fixture.database)).unwrap();
    assert_eq!(ended(), None);
    for (number, status) in [(1, "running"), (2, "failed"), (3, "running")] {
        fixture.query(
            "INSERT INTO sync_runs (id, organization_id, connector_id, job_id, stream, trigger, status, started_at)
             VALUES (?1, 'o', 'c', 'j', 'users', 'cron', ?2, 0)",
            &[uuid(number).into(), status.into()],
        );
        see(&fixture, &uuid(number), &["1", "2", "3"]);
    }
    see(&fixture, &uuid(4), &["1"]);
    assert_eq!(ended(), Some(uuid(2)));
    wait(forget_pass(&fixture.database, &uuid(2), 10)).unwrap();
    assert_eq!(ended(), Some(uuid(4)), "its run is not even known");
    wait(forget_pass(&fixture.database, &uuid(4), 10)).unwrap();
    assert_eq!(ended(), None);
}

fn see(fixture: &Fixture, pass: &str, external_ids: &[&str]) {
    fixture.transact(async |transaction| mark_seen(transaction, pass, external_ids).await);
}

fn look(fixture: &Fixture, party: &Party, resource: Resource, window: Window<'_>) -> Absent {
    wait(absent(
        &fixture.database,
        &party.scope(),
        resource,
        PASS,
        window,
    ))
    .unwrap()
}

/// One step over four rows.
fn sweep(
    fixture: &Fixture,
    party: &Party,
    resource: Resource,
    window: Window<'_>,
    after: Option<&str>,
) -> SweepStep {
    fixture.transact(async |transaction| {
        let sweep = Sweep {
            resource,
            pass_id: PASS,
            window,
            after,
        };
        sweep_absent(transaction, &party.scope(), &sweep, 4, NOW, NOW_MICROS).await
    })
}

fn alive(fixture: &Fixture, party: &Party) -> Vec<String> {
    fixture
        .query(
            "SELECT external_id FROM team_members
             WHERE organization_id = ?1 AND deleted_at IS NULL ORDER BY external_id",
            &[party.tenant.as_str().into()],
        )
        .iter()
        .map(|row| row.text(0).unwrap().to_owned())
        .collect()
}
