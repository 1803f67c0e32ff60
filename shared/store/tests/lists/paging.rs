//! Pages: every row once, in order, also while rows change.

use std::collections::BTreeSet;

use store::lists::{
    Key, MAX_LIMIT, Paging, ShiftFilter, SyncRunFilter, TeamMemberFilter, shifts, sync_runs,
    team_members,
};
use store::records::{Page, Resource, tombstone};

use crate::fixture::{Fixture, NOW, NOW_MICROS, member, party, shift, uuid};
use crate::reading::{LISTS, fill, read, read_all, run};

#[test]
fn every_list_visits_every_row_once_whatever_the_page() {
    let fixture = Fixture::new();
    let party = party(1);
    fill(&fixture, &party, 7);
    for (name, list) in LISTS {
        let whole = read_all(&fixture.database, 7, |paging| list(&party.tenant, paging));
        assert_eq!(
            whole.len(),
            1,
            "{name}: a full last page needs no empty one"
        );
        assert_eq!(whole[0].len(), 7, "{name}");
        for limit in [1, 2, 3, 6, 8] {
            let pages = read_all(&fixture.database, limit, |paging| {
                list(&party.tenant, paging)
            });
            assert!(pages.iter().all(|page| page.len() <= limit as usize));
            assert_eq!(pages.concat(), whole[0], "{name} by {limit}");
        }
    }
}

#[test]
fn an_empty_list_is_one_empty_page() {
    let fixture = Fixture::new();
    let party = party(1);
    for (name, list) in LISTS {
        let (rows, next) = read(&fixture.database, &list(&party.tenant, &Paging::default()));
        assert_eq!((rows.len(), next), (0, None), "{name}");
    }
}

#[test]
fn a_limit_is_held_within_its_bounds() {
    let fixture = Fixture::new();
    let party = party(1);
    let people: Vec<_> = (0..501).map(|number| member(&number.to_string())).collect();
    fixture.write(&party, Page::TeamMembers(&people));
    for (limit, expected) in [(0, 1), (500, 500), (u32::MAX, MAX_LIMIT as usize)] {
        let paging = Paging { limit, after: None };
        let list = team_members(&party.tenant, &TeamMemberFilter::default(), &paging);
        let (rows, next) = read(&fixture.database, &list);
        assert_eq!(rows.len(), expected);
        assert!(next.is_some());
    }
}

#[test]
fn a_key_that_nobody_gave_out_is_only_another_place() {
    let fixture = Fixture::new();
    let party = party(1);
    fill(&fixture, &party, 3);
    for key in [
        Key {
            order: i64::MIN,
            id: String::new(),
        },
        Key {
            order: i64::MAX,
            id: "\u{10ffff}|'--".to_owned(),
        },
    ] {
        for (_, list) in LISTS {
            let paging = Paging {
                limit: 10,
                after: Some(&key),
            };
            read(&fixture.database, &list(&party.tenant, &paging));
        }
    }
}

#[test]
fn natural_orders() {
    let fixture = Fixture::new();
    let party = party(1);
    let times = [30, 10, 20];
    let records: Vec<_> = times
        .map(|at| shift(&at.to_string(), None, NOW + at))
        .into();
    fixture.write(&party, Page::Shifts(&records));
    let list = shifts(&party.tenant, &ShiftFilter::default(), &Paging::default());
    assert_eq!(crate::reading::ids(&fixture, &list), ["10", "20", "30"]);
    for at in times {
        run(&fixture, &party, &uuid(at.unsigned_abs()), NOW + at);
    }
    let list = sync_runs(&party.tenant, &SyncRunFilter::default(), &Paging::default());
    let (rows, _) = read(&fixture.database, &list);
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [uuid(30), uuid(20), uuid(10)], "newest first");
}

#[test]
fn a_reader_of_changes_misses_nothing_that_changes_under_way() {
    let fixture = Fixture::new();
    let party = party(1);
    let people: Vec<_> = (0..9).map(|number| member(&number.to_string())).collect();
    fixture.write(&party, Page::TeamMembers(&people));
    let filter = TeamMemberFilter {
        updated_since: Some(0),
        ..TeamMemberFilter::default()
    };
    let mut seen: Vec<(String, String, bool)> = Vec::new();
    let mut after: Option<Key> = None;
    for page in 0.. {
        assert!(page < 20, "a reader who never catches up");
        let paging = Paging {
            limit: 2,
            after: after.as_ref(),
        };
        let (rows, next) = read(
            &fixture.database,
            &team_members(&party.tenant, &filter, &paging),
        );
        seen.extend(rows.iter().map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (
                text("external_id"),
                text("first_name"),
                row["deleted_at"].is_null(),
            )
        }));
        // Meanwhile: one that was read changes, one that was not is deleted, one is new.
        let now_micros = NOW_MICROS + page + 1;
        match page {
            0 => {
                let mut changed = member(&seen[0].0);
                changed.first_name = "Changed".to_owned();
                fixture.write_at(&party, Page::TeamMembers(&[changed]), now_micros);
            }
            1 => {
                let unread = (0..9)
                    .map(|id: i32| id.to_string())
                    .find(|id| seen.iter().all(|row| row.0 != *id))
                    .unwrap();
                fixture.transact(async |transaction| {
                    tombstone(
                        transaction,
                        &party.scope(),
                        Resource::TeamMembers,
                        &[unread],
                        NOW,
                        now_micros,
                    )
                    .await
                });
            }
            2 => {
                fixture.write_at(&party, Page::TeamMembers(&[member("new")]), now_micros);
            }
            _ => {}
        }
        match next {
            Some(key) => after = Some(key),
            None => break,
        }
    }
    let ids: BTreeSet<_> = seen.iter().map(|row| row.0.as_str()).collect();
    assert_eq!(ids.len(), 10, "{seen:?}");
    // Nine, one of them again after its change, and the new one.
    assert_eq!(seen.len(), 11, "{seen:?}");
    assert_eq!(seen.iter().filter(|row| row.1 == "Changed").count(), 1);
    assert_eq!(
        seen.iter().filter(|row| !row.2).count(),
        1,
        "the deleted one comes as such"
    );
}

#[test]
fn updated_since_takes_the_second_it_names() {
    let fixture = Fixture::new();
    let party = party(1);
    for second in 0..3 {
        let record = member(&second.to_string());
        fixture.write_at(
            &party,
            Page::TeamMembers(&[record]),
            (NOW + second) * 1_000_000,
        );
    }
    let since = |since| {
        let filter = TeamMemberFilter {
            updated_since: Some(since),
            ..TeamMemberFilter::default()
        };
        crate::reading::ids(
            &fixture,
            &team_members(&party.tenant, &filter, &Paging::default()),
        )
    };
    assert_eq!(since(NOW + 1), ["1", "2"]);
    assert_eq!(since(NOW + 3), [""; 0]);
    assert_eq!(since(i64::MIN), ["0", "1", "2"]);
    assert_eq!(since(i64::MAX), [""; 0]);
}
