//! What people do to their account, and the tables after the next sync.

use std::time::Duration;

use serde_json::{Value, json};
use simulators::seven_shifts::{
    Assignments, Mutation, NewBreak, NewPunch, NewShift, NewUser, PunchChanges, Resource,
    ShiftChanges, Truth, UserChanges, scale,
};
use whole_system::{App, LAKESHORE, Settings};

use super::{EPOCH, SCALE, assert_quiet, change, live, mirror, pass, restaurant, settle, sync};

fn truth(app: &App) -> Truth {
    app.simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account exists")
}

/// One of every kind of change to shifts, by name.
fn shift_changes(truth: &Truth, now: i64) -> Vec<(&'static str, Mutation)> {
    let held: Vec<_> = truth
        .shifts
        .iter()
        .filter(|shift| shift.details.user_id.is_some() && shift.details.start > now)
        .collect();
    let (id, place) = (|index: usize| held[index].id, &held[0].details);
    let user = truth
        .users
        .iter()
        .find(|user| user.active)
        .expect("someone works");
    vec![
        (
            "edit",
            Mutation::EditShift {
                id: id(0),
                changes: ShiftChanges {
                    notes: Some("Bring the keys".to_owned()),
                    ..ShiftChanges::default()
                },
                publish: true,
            },
        ),
        (
            "an edit that is not published",
            Mutation::EditShift {
                id: id(1),
                changes: ShiftChanges {
                    notes: Some("secret".to_owned()),
                    ..ShiftChanges::default()
                },
                publish: false,
            },
        ),
        ("publish", Mutation::PublishShift { id: id(1) }),
        (
            "move",
            Mutation::MoveShift {
                id: id(2),
                start: place.start + 86_400,
                end: place.start + 100_800,
                location_id: truth.locations.last().map(|location| location.id),
            },
        ),
        ("unpublish", Mutation::UnpublishShift { id: id(3) }),
        ("publish again", Mutation::PublishShift { id: id(3) }),
        (
            "delete",
            Mutation::DeleteShift {
                id: id(4),
                publish: true,
            },
        ),
        (
            "a deletion that is not published",
            Mutation::DeleteShift {
                id: id(5),
                publish: false,
            },
        ),
        ("open", Mutation::OpenShift { id: id(6) }),
        (
            "assign",
            Mutation::AssignShift {
                id: id(6),
                user_id: user.id,
            },
        ),
        (
            "add",
            Mutation::AddShift(NewShift {
                location_id: place.location_id,
                start: place.start,
                end: place.end,
                ..NewShift::default()
            }),
        ),
    ]
}

/// Every record that came is in one of the other counts.
pub(super) fn assert_accounted(stream: &str, run: &Value) {
    let count = |name: &str| run[name].as_i64().expect("a count");
    let kept: i64 = ["created", "updated", "unchanged", "errors"]
        .map(count)
        .iter()
        .sum();
    // A list that is read whole does not have what is gone; a list of changes does.
    let gone = if run["kind"] == "complete" {
        0
    } else {
        count("deleted")
    };
    assert_eq!(count("fetched"), kept + gone, "{stream}: {run:#}");
}

#[tokio::test(start_paused = true)]
async fn every_change_to_a_shift_is_in_the_table_after_the_next_sync() {
    let (app, organization, _) = restaurant(11).await;
    mirror::assert_equal(&app, &organization).await;
    for (name, mutation) in shift_changes(&truth(&app), super::EPOCH) {
        pass(60).await;
        change(&app, mutation);
        for (stream, run) in sync(&app, &organization).await {
            assert_accounted(&stream, &run);
        }
        println!("{name}");
        mirror::assert_equal(&app, &organization).await;
    }
    assert_quiet(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn every_change_to_a_punch_is_in_the_table_after_the_next_sync() {
    let (app, organization, _) = restaurant(12).await;
    let before = truth(&app);
    let at_work = |user_id: i64| {
        before
            .time_punches
            .iter()
            .any(|punch| punch.user_id == user_id && punch.clocked_out.is_none())
    };
    let user = before
        .users
        .iter()
        .find(|user| user.active && !at_work(user.id))
        .expect("someone is at home");
    let place = before.locations[0].id;
    let old = before
        .time_punches
        .iter()
        .filter(|punch| punch.clocked_out.is_some())
        .collect::<Vec<_>>();
    let checked = async |name: &str, mutation: Mutation| {
        pass(600).await;
        let id = change(&app, mutation);
        sync(&app, &organization).await;
        println!("{name}");
        mirror::assert_equal(&app, &organization).await;
        id
    };
    let id = checked(
        "punch in",
        Mutation::PunchIn {
            user_id: user.id,
            location_id: place,
            department_id: None,
            role_id: None,
            shift_id: None,
            at: None,
        },
    )
    .await;
    checked("begin of a break", Mutation::StartBreak { id, paid: false }).await;
    checked("end of a break", Mutation::EndBreak { id }).await;
    checked("a paid break", Mutation::StartBreak { id, paid: true }).await;
    checked("punch out", Mutation::PunchOut { id, at: None }).await;
    checked(
        "late correction",
        Mutation::EditPunch {
            id: old[0].id,
            changes: PunchChanges {
                clocked_out: old[0].clocked_out.map(|out| out + 1_800),
                tips: Some(1_250),
                approved: Some(true),
                ..PunchChanges::default()
            },
        },
    )
    .await;
    checked("deletion", Mutation::DeletePunch { id: old[1].id }).await;
    let begun = super::EPOCH - 20 * 86_400;
    checked(
        "a forgotten punch",
        Mutation::AddPunch(NewPunch {
            user_id: user.id,
            location_id: place,
            clocked_in: begun,
            clocked_out: Some(begun + 8 * 3_600 + 40),
            breaks: vec![
                NewBreak {
                    started: begun + 7_200,
                    ended: Some(begun + 9_000),
                    paid: false,
                },
                NewBreak {
                    started: begun + 8_400,
                    ended: Some(begun + 9_600),
                    paid: false,
                },
            ],
            tips: -50,
            notes: "entered by hand".to_owned(),
            ..NewPunch::default()
        }),
    )
    .await;
    assert_quiet(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn every_change_to_people_and_places_is_in_the_tables_after_the_next_sync() {
    let (app, organization, _) = restaurant(13).await;
    let before = truth(&app);
    let active: Vec<_> = before
        .users
        .iter()
        .filter(|user| user.active)
        .map(|user| user.id)
        .collect();
    let (first, second, third) = (active[3], active[4], active[5]);
    let place = before.locations[0].id;
    let department = before.departments[0].id;
    let changes = [
        (
            "hire",
            Mutation::AddUser(NewUser {
                first_name: "Zoë".to_owned(),
                email: "zoe@example.test".to_owned(),
                assignments: Assignments::default(),
                ..NewUser::default()
            }),
        ),
        (
            "edit",
            Mutation::EditUser {
                id: first,
                changes: UserChanges {
                    preferred_first_name: Some("Sam".to_owned()),
                    mobile_number: Some("5550001".to_owned()),
                    ..UserChanges::default()
                },
            },
        ),
        ("deactivate", Mutation::DeactivateUser { id: first }),
        ("rehire", Mutation::ReactivateUser { id: first }),
        (
            "deactivate one more",
            Mutation::DeactivateUser { id: second },
        ),
        (
            "merge",
            Mutation::MergeUsers {
                from: second,
                into: third,
                silent: false,
            },
        ),
        (
            "rename a location",
            Mutation::RenameLocation {
                id: place,
                name: "Harbourfront West".to_owned(),
            },
        ),
        (
            "rename a department",
            Mutation::RenameDepartment {
                id: department,
                name: "Kitchen & Pass".to_owned(),
            },
        ),
        (
            "add a role",
            Mutation::AddRole {
                department_id: department,
                name: "Expo".to_owned(),
            },
        ),
        (
            "rename a role",
            Mutation::RenameRole {
                id: before.roles[0].id,
                name: "Host".to_owned(),
            },
        ),
        (
            "delete a role",
            Mutation::DeleteRole {
                id: before.roles[1].id,
            },
        ),
        (
            "add a location",
            Mutation::AddLocation {
                name: "Union".to_owned(),
            },
        ),
    ];
    for (name, mutation) in changes {
        pass(60).await;
        change(&app, mutation);
        sync(&app, &organization).await;
        println!("{name}");
        mirror::assert_equal(&app, &organization).await;
    }
    assert_quiet(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_merge_is_found_by_the_weekly_reconciliation() {
    let (app, organization, _) = restaurant(14).await;
    let active: Vec<_> = truth(&app)
        .users
        .iter()
        .filter(|user| user.active)
        .map(|user| user.id)
        .collect();
    pass(60).await;
    change(
        &app,
        Mutation::MergeUsers {
            from: active[7],
            into: active[8],
            silent: true,
        },
    );
    pass(8 * 86_400).await;
    let runs = sync(&app, &organization).await;
    assert_eq!(runs["time_punches"]["kind"], "reconciliation");
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn days_of_a_restaurants_life_are_mirrored() {
    let (app, organization, _) = restaurant(15).await;
    let mut life = simulators::seven_shifts::Life::new(15);
    for _ in 0..6 {
        for _ in 0..4 {
            pass(1_800).await;
            live(&app, &mut life, 10);
        }
        app.tick().await;
        settle(&app, &organization).await;
    }
    // Silent merges show only in a complete pass.
    pass(8 * 86_400).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}

/// A new hire clocks in before the nightly sync of people.
#[tokio::test(start_paused = true)]
async fn a_punch_of_an_unknown_person_brings_the_person() {
    let (app, organization, _) = restaurant(16).await;
    let place = truth(&app).locations[0].id;
    pass(1_790).await;
    let user_id = change(&app, Mutation::AddUser(NewUser::default()));
    change(
        &app,
        Mutation::PunchIn {
            user_id,
            location_id: place,
            department_id: None,
            role_id: None,
            shift_id: None,
            at: None,
        },
    );
    pass(1_900).await;
    settle(&app, &organization).await;
    let members = app.all("/api/team-members", &organization.key).await;
    let hired = members
        .iter()
        .find(|row| row["external_id"].as_str() == Some(user_id.to_string().as_str()))
        .expect("the new hire is known the same day");
    let punches = app
        .all(
            &format!(
                "/api/time-punches?team_member_id={}",
                hired["id"].as_str().unwrap_or_default()
            ),
            &organization.key,
        )
        .await;
    assert_eq!(punches.len(), 1, "the punch leads to the person");
    mirror::assert_equal(&app, &organization).await;
}

/// More rows wait for the people than a page, or a run, links at once.
#[tokio::test(start_paused = true)]
async fn people_that_come_late_are_linked_to_all_of_their_punches() {
    let app = App::simulate_with(Settings::default(), EPOCH, scale(12_000, EPOCH)).await;
    let plan = |included| {
        let change = Mutation::SetPlan {
            resource: Resource::Users,
            included,
        };
        app.simulator
            .provider()
            .mutate(SCALE.company_id, change)
            .expect("the plan is changed");
    };
    let unlinked = || -> i64 {
        app.database()
            .query_row(
                "SELECT count(*) FROM time_punches WHERE team_member_id IS NULL",
                [],
                |row| row.get(0),
            )
            .expect("punches can be counted")
    };
    plan(false);
    let organization = app.organization("Scale", SCALE.zone).await;
    app.connect(&organization, SCALE).await;
    settle(&app, &organization).await;
    assert_eq!(unlinked(), 12_000);
    plan(true);
    app.proxy(
        &organization.key,
        json!({"action": "scheduled_sync", "streams": ["users"]}),
    )
    .await;
    let runs = settle(&app, &organization).await;
    assert_eq!(runs["users"]["status"], "success", "{runs:#?}");
    assert_eq!(unlinked(), 0);
    // And now that there are people, what they have.
    sync(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_hot_and_warm_sync_makes_at_most_five_calls() {
    let (app, organization, _) = restaurant(17).await;
    pass(600).await;
    app.simulator.clear_requests();
    app.proxy(
        &organization.key,
        json!({"action": "scheduled_sync", "streams": ["shifts", "time_punches", "time_off"]}),
    )
    .await
    .expect(http::StatusCode::OK);
    let requests = app.simulator.requests();
    assert!((1..=5).contains(&requests.len()), "{requests:#?}");
    let runs = app.runs(&organization.key).await;
    let counted: i64 = ["shifts", "time_punches", "time_off"]
        .iter()
        .filter_map(|stream| runs[*stream]["provider_calls"].as_i64())
        .sum();
    assert_eq!(
        counted,
        requests.len() as i64,
        "the runs say how many calls they made"
    );
    assert_quiet(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn two_calls_at_once_share_one_run() {
    let (app, organization, _) = restaurant(18).await;
    pass(60).await;
    let call = || app.proxy(&organization.key, json!({"action": "scheduled_sync"}));
    let (first, second) = tokio::join!(call(), call());
    let (first, second) = (first.json(), second.json());
    assert!(
        first["run_ids"]
            .as_object()
            .is_some_and(|ids| ids.len() == api::routes::SEVEN_SHIFTS_STREAMS.len()),
        "{first:#}"
    );
    assert_eq!(first["run_ids"], second["run_ids"]);
}

/// The same over real sockets, in real time.
#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_over_real_connections() {
    let app = App::start().await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE.by_day()).await;
    mirror::assert_equal(&app, &organization).await;
    let mut life = simulators::seven_shifts::Life::new(19);
    // A change in the second of the sync may be missed by it, and is found by the next one.
    live(&app, &mut life, 40);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    sync(&app, &organization).await;
    for (_, mutation) in shift_changes(&truth(&app), whole_system::now()) {
        change(&app, mutation);
    }
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}
