//! What is decided equals what the account's people did, and goes on to, whatever changes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use simulators::seven_shifts::{AttendanceStatus, Mutation, PunchChanges, ShiftChanges};

use super::*;

/// What the obvious rules say of one shift of the account, or of one lone punch: by the provider's ids.
fn expected(truth: &Truth, now: i64) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut of_shifts: BTreeMap<i64, Vec<&TimePunch>> = BTreeMap::new();
    let mut lone: Vec<&TimePunch> = Vec::new();
    let shifts: Vec<&PublishedShift> = truth
        .shifts
        .iter()
        .filter(|shift| shift.details.user_id.is_some())
        .collect();
    for punch in &truth.time_punches {
        // In this account nobody works two shifts within four hours: the nearest is the best.
        let named = shifts.iter().find(|shift| {
            Some(shift.id) == punch.shift_id && shift.details.user_id == Some(punch.user_id)
        });
        let near = shifts
            .iter()
            .filter(|shift| shift.details.user_id == Some(punch.user_id))
            .map(|shift| (shift, apart(truth, shift, punch)))
            .filter(|(_, apart)| *apart <= 2 * HOUR)
            .min_by_key(|(_, apart)| *apart)
            .map(|(shift, _)| shift);
        match named.or(near) {
            Some(shift) => of_shifts.entry(shift.id).or_default().push(punch),
            None => lone.push(punch),
        }
    }
    let mut expected = BTreeMap::new();
    for shift in shifts {
        let details = &shift.details;
        let Some(punches) = of_shifts.get(&shift.id) else {
            if expected_start(truth, shift) + 30 * MIN <= now {
                expected.insert(format!("s{}", shift.id), BTreeSet::from(["no_show"]));
            }
            continue;
        };
        let mut names = BTreeSet::new();
        let came = punches
            .iter()
            .map(|punch| punch.clocked_in)
            .min()
            .expect("one");
        let late = came - details.start;
        if late.abs() <= 5 * MIN {
            names.insert("on_time");
        } else if late > 0 {
            names.insert("late_arrival");
        }
        let is_running = punches.iter().any(|punch| punch.clocked_out.is_none());
        let last = punches
            .iter()
            .max_by_key(|punch| punch.clocked_out)
            .expect("one");
        if !is_running && !last.auto_clocked_out && !details.close {
            let went = last.clocked_out.expect("an end");
            if details.end - went > 15 * MIN {
                names.insert("early_departure");
            }
            let done: i64 = punches.iter().filter_map(|punch| worked(punch)).sum();
            let net = done - planned(shift);
            if net > 15 * MIN {
                names.insert("overtime");
            }
            if -net * 100 > planned(shift) * 25 {
                names.insert("short_shift");
            }
        }
        expected.insert(format!("s{}", shift.id), names);
    }
    for punch in lone {
        expected.insert(format!("p{}", punch.id), BTreeSet::from(["unscheduled"]));
    }
    expected
}

/// Between a clock-in and the start of a shift, or when its person was to come.
fn apart(truth: &Truth, shift: &PublishedShift, punch: &TimePunch) -> i64 {
    [shift.details.start, expected_start(truth, shift)]
        .map(|start| (start - punch.clocked_in).abs())
        .into_iter()
        .min()
        .expect("two")
}

/// When somebody was to come: where time off of a part of the day covers the start, and not all of the shift, at its end.
fn expected_start(truth: &Truth, shift: &PublishedShift) -> i64 {
    let details = &shift.details;
    let start = chrono::DateTime::from_timestamp(details.start, 0)
        .expect("a time")
        .with_timezone(&chrono_tz::America::Toronto)
        .naive_local();
    let until = truth
        .time_off
        .iter()
        .filter(|off| Some(off.user_id) == details.user_id && off.status == RequestStatus::Approved)
        .filter(|off| (off.from_date..=off.to_date).contains(&start.date()))
        .filter_map(|off| off.partial)
        .filter(|part| part.from <= start.time() && start.time() < part.to)
        .map(|part| details.start + (part.to - start.time()).num_seconds())
        .max();
    until
        .filter(|&until| details.close || until < details.end)
        .unwrap_or(details.start)
}

/// What was found, by the provider's ids.
async fn found(app: &App, organization: &Organization) -> BTreeMap<String, BTreeSet<String>> {
    let by_id = |rows: BTreeMap<String, String>| -> BTreeMap<String, String> {
        rows.into_iter()
            .map(|(external, id)| (id, external))
            .collect()
    };
    let shifts = by_id(ids(app, organization, "/api/shifts").await);
    let punches = by_id(ids(app, organization, "/api/time-punches").await);
    deltas(app, organization)
        .await
        .iter()
        .map(|row| {
            let first = |name: &str| row[name][0].as_str().map(str::to_owned);
            let key = match first("schedule_shift_ids") {
                Some(id) => format!("s{}", shifts[&id]),
                None => format!("p{}", punches[&first("time_punch_ids").expect("a punch")]),
            };
            let names = row["categories"].as_array().expect("names");
            let names = names
                .iter()
                .map(|name| name.as_str().expect("text").to_owned());
            (key, names.collect())
        })
        .collect()
}

async fn assert_true(app: &App, organization: &Organization) {
    let found = found(app, organization).await;
    let expected = expected(&truth(app), now(app));
    for (key, names) in &expected {
        let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found.get(key), Some(&names), "{key}");
    }
    assert_eq!(found.len(), expected.len(), "nothing else was found");
}

#[tokio::test(start_paused = true)]
async fn what_is_found_is_what_the_account_made_happen() {
    let (app, organization, _) = restaurant(701).await;
    assert_true(&app, &organization).await;
    // The account's own notes: who it says was late, and who did not come.
    let truth = truth(&app);
    let found = found(&app, &organization).await;
    let mut seen = (0, 0, 0);
    for shift in &truth.shifts {
        let Some(names) = found.get(&format!("s{}", shift.id)) else {
            continue;
        };
        match shift.details.attendance_status {
            AttendanceStatus::Late => {
                seen.0 += 1;
                assert!(names.contains("late_arrival"), "{} {names:?}", shift.id);
            }
            AttendanceStatus::NoShow | AttendanceStatus::Sick => {
                seen.1 += 1;
                assert!(names.contains("no_show"), "{} {names:?}", shift.id);
            }
            _ => {
                seen.2 += 1;
                assert!(!names.contains("late_arrival"), "{} {names:?}", shift.id);
            }
        }
    }
    assert!(seen.0 > 30 && seen.1 > 10 && seen.2 > 300, "{seen:?}");
    // One record for each of them.
    let records = records(&app, &organization).await;
    // What the schedule notes as something else than a no-show is for a person to judge.
    let shifts = all(&app, &organization, "/api/shifts").await;
    let mut noted = 0;
    for row in records.iter().filter(|row| row["event_type"] == "no_show") {
        let id = &row["schedule_shift_ids"][0];
        let shift = shifts.iter().find(|shift| shift["id"] == *id);
        let is_sick = shift.expect("its shift")["attendance_status"] == "sick";
        noted += usize::from(is_sick);
        let expected = match (&row["time_off_request_id"], is_sick) {
            (Value::String(_), _) => (json!(null), json!(0)),
            (_, true) => (json!("absence_noted"), json!(0)),
            (_, false) => (json!(null), json!(6)),
        };
        assert_eq!(
            (&row["review"], &row["points_assessed"]),
            (&expected.0, &expected.1),
            "{row:#}"
        );
    }
    assert!(noted > 3, "{noted}");
    let of = |name: &str| {
        records
            .iter()
            .filter(|row| row["event_type"] == name)
            .count()
    };
    let in_deltas = |name: &str| found.values().filter(|names| names.contains(name)).count();
    for name in [
        "late_arrival",
        "no_show",
        "early_departure",
        "short_shift",
        "overtime",
    ] {
        assert_eq!(of(name), in_deltas(name), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_seeds_worked_example_is_found_explained_and_written_back() {
    let (app, organization, _) = restaurant(702).await;
    let start = EPOCH - 30 * HOUR;
    let person = hire(&app);
    let shift = add_shift(&app, person, start, start + 8 * HOUR);
    let punch = add_punch(
        &app,
        person,
        start + 12 * MIN,
        Some(start + 8 * HOUR + 45 * MIN),
    );
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    assert_eq!(
        of_person(&app, &organization, &member).await,
        [
            ("late_arrival".to_owned(), 12, 1),
            ("overtime".to_owned(), 33, 0)
        ]
    );
    let all = deltas(&app, &organization).await;
    let delta = all
        .iter()
        .find(|row| row["team_member_id"] == member.as_str() && row["event_date"] == day(start))
        .expect("it");
    for (name, value) in [
        ("late_minutes", 12),
        ("late_stay_minutes", 45),
        ("delta_minutes", 33),
        ("scheduled_minutes", 480),
        ("worked_minutes", 513),
    ] {
        assert_eq!(delta[name], value, "{name} of {delta:#}");
    }
    assert_eq!(delta["matched_by"], "time");
    let records = records(&app, &organization).await;
    let late = records
        .iter()
        .find(|row| {
            row["team_member_id"] == member.as_str()
                && row["event_type"] == "late_arrival"
                && row["event_date"] == day(start)
        })
        .expect("it");
    let explanation = late["explanation"].as_str().expect("a text");
    assert!(
        explanation.contains("12 min after the start")
            && explanation.contains("1 point from 5 min on"),
        "{explanation}"
    );
    // Written back to the punch.
    let shifts = ids(&app, &organization, "/api/shifts").await;
    let punches = all_punches(&app, &organization).await;
    let row = &punches[&punch.to_string()];
    assert_eq!(
        row["schedule_shift_id"],
        shifts[&shift.to_string()].as_str()
    );
    assert_eq!(
        (&row["scheduled_hours"], &row["delta_minutes"]),
        (&json!(8.0), &json!(33))
    );
}

async fn all_punches(app: &App, organization: &Organization) -> BTreeMap<String, Value> {
    all(app, organization, "/api/time-punches")
        .await
        .into_iter()
        .map(|row| (row["external_id"].as_str().expect("an id").to_owned(), row))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_corrected_later_is_decided_again_and_never_twice() {
    let (app, organization, _) = restaurant(703).await;
    let start = EPOCH - 30 * HOUR;
    let person = hire(&app);
    let other = hire(&app);
    let shift = add_shift(&app, person, start, start + 8 * HOUR);
    sync(&app, &organization).await;
    let (member, second) = (
        member(&app, &organization, person.0).await,
        member(&app, &organization, other.0).await,
    );
    let of = async |who: &str| of_person(&app, &organization, who).await;
    let events = |list: &[(&str, i64, i64)]| -> Vec<(String, i64, i64)> {
        list.iter()
            .map(|(name, minutes, points)| ((*name).to_owned(), *minutes, *points))
            .collect()
    };
    assert_eq!(of(&member).await, events(&[("no_show", 480, 6)]));
    let id = records(&app, &organization)
        .await
        .iter()
        .find(|row| row["team_member_id"] == member.as_str() && row["event_date"] == day(start))
        .expect("it")["id"]
        .clone();

    // The punch comes late, by a device that was offline.
    let punch = add_punch(&app, person, start + 20 * MIN, Some(start + 8 * HOUR));
    sync(&app, &organization).await;
    assert_eq!(of(&member).await, events(&[("late_arrival", 20, 2)]));
    // A manager corrects it.
    let changes = PunchChanges {
        clocked_in: Some(start + 2 * MIN),
        ..PunchChanges::default()
    };
    change(&app, Mutation::EditPunch { id: punch, changes });
    sync(&app, &organization).await;
    assert_eq!(of(&member).await, events(&[]));
    // The shift is edited after the fact.
    let changes = ShiftChanges {
        start: Some(start - HOUR),
        ..ShiftChanges::default()
    };
    change(
        &app,
        Mutation::EditShift {
            id: shift,
            changes,
            publish: true,
        },
    );
    sync(&app, &organization).await;
    assert_eq!(of(&member).await, events(&[("late_arrival", 62, 2)]));
    // It moves to another day, and leaves the punch alone.
    change(
        &app,
        Mutation::MoveShift {
            id: shift,
            start: start + 4 * HOUR,
            end: start + 12 * HOUR,
            location_id: None,
        },
    );
    sync(&app, &organization).await;
    let moved = of(&member).await;
    assert_eq!(
        moved.iter().map(|one| one.0.as_str()).collect::<Vec<_>>(),
        ["no_show", "unscheduled"]
    );
    change(
        &app,
        Mutation::MoveShift {
            id: shift,
            start,
            end: start + 8 * HOUR,
            location_id: None,
        },
    );
    sync(&app, &organization).await;
    assert_eq!(of(&member).await, events(&[]));
    // It is swapped: the punch is nobody's shift, and the other one did not come.
    change(
        &app,
        Mutation::AssignShift {
            id: shift,
            user_id: other.0,
        },
    );
    sync(&app, &organization).await;
    assert_eq!(
        of(&member)
            .await
            .iter()
            .map(|one| one.0.as_str())
            .collect::<Vec<_>>(),
        ["unscheduled"]
    );
    assert_eq!(of(&second).await, events(&[("no_show", 480, 6)]));
    change(
        &app,
        Mutation::AssignShift {
            id: shift,
            user_id: person.0,
        },
    );
    sync(&app, &organization).await;
    assert_eq!(
        (of(&member).await, of(&second).await),
        (events(&[]), events(&[]))
    );
    // The punch is deleted: nobody came.
    change(&app, Mutation::DeletePunch { id: punch });
    sync(&app, &organization).await;
    assert_eq!(of(&member).await, events(&[("no_show", 480, 6)]));
    let again = records(&app, &organization)
        .await
        .iter()
        .find(|row| row["team_member_id"] == member.as_str() && row["event_date"] == day(start))
        .expect("it")["id"]
        .clone();
    assert_eq!(again, id, "the same record, corrected");
    // The shift is deleted: nothing was expected.
    change(
        &app,
        Mutation::DeleteShift {
            id: shift,
            publish: true,
        },
    );
    sync(&app, &organization).await;
    assert_eq!(of(&member).await, events(&[]));
    assert_true(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn days_of_life_in_pieces_come_to_what_all_at_once_does() {
    let (app, organization, _) = restaurant(704).await;
    let mut life = simulators::seven_shifts::Life::new(704);
    for _ in 0..12 {
        for _ in 0..10 {
            life.happen(app.simulator.provider(), LAKESHORE.company_id)
                .expect("something can happen");
        }
        pass(1_500).await;
        settle(&app).await;
    }
    sync(&app, &organization).await;
    // Without what is anew in each row; two of one time have no order.
    let rows = |rows: Vec<Value>| -> Vec<Value> {
        let mut rows: Vec<Value> = rows
            .into_iter()
            .map(|mut row| {
                let row = row.as_object_mut().expect("an object");
                for name in ["id", "updated_at", "created_at"] {
                    row.remove(name);
                }
                json!(row)
            })
            .collect();
        rows.sort_by_key(Value::to_string);
        rows
    };
    let before = (
        rows(deltas(&app, &organization).await),
        rows(records(&app, &organization).await),
    );
    run_everything(&app, &organization).await;
    let after = (
        rows(deltas(&app, &organization).await),
        rows(records(&app, &organization).await),
    );
    assert!(before.0 == after.0, "{}", differing(&before.0, &after.0));
    assert!(before.1 == after.1, "{}", differing(&before.1, &after.1));
    // And from nothing.
    app.database()
        .execute_batch("DELETE FROM attendance_deltas; DELETE FROM attendance_records")
        .expect("they can be deleted");
    run_everything(&app, &organization).await;
    let anew = (
        rows(deltas(&app, &organization).await),
        rows(records(&app, &organization).await),
    );
    assert!(before.0 == anew.0, "{}", differing(&before.0, &anew.0));
    assert!(before.1 == anew.1, "{}", differing(&before.1, &anew.1));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_finds_nothing_new_writes_nothing() {
    let (app, organization, _) = restaurant(705).await;
    let newest = |app: &App| -> i64 {
        app.database()
            .query_row(
                "SELECT max((SELECT max(changed_seq) FROM attendance_deltas), (SELECT max(changed_seq) FROM attendance_records), (SELECT max(changed_seq) FROM time_punches))",
                [],
                |row| row.get(0),
            )
            .expect("a number")
    };
    let before = (
        newest(&app),
        deltas(&app, &organization).await,
        records(&app, &organization).await,
    );
    run_everything(&app, &organization).await;
    let after = (
        newest(&app),
        deltas(&app, &organization).await,
        records(&app, &organization).await,
    );
    assert!(
        before.0 == after.0,
        "{}\n{}",
        differing(&before.1, &after.1),
        differing(&before.2, &after.2)
    );
}
