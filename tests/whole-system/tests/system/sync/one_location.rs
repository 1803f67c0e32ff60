//! Connectors that are kept to one location of a company: what is of other locations leaves, what is
//! of this one stays, whatever goes wrong on the way.

mod moves;
mod random;

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use serde_json::{Value, json};
use simulators::seven_shifts::{Assignments, Mutation, NewUser, Resource, Truth};
use simulators::{Fault, FaultRule, When};
use whole_system::{App, LAKESHORE, Organization};

use super::{EPOCH, Runs, change, pass, settle, sync, try_sync};

/// The external ids of each list.
type Ids = BTreeMap<&'static str, BTreeSet<String>>;

fn truth(app: &App) -> Truth {
    app.simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account")
}

/// The first and the second location.
fn places(app: &App) -> (i64, i64) {
    let locations = truth(app).locations;
    (locations[0].id, locations[1].id)
}

/// Ids of what a connector of `place` brings; without wages that others have taken the place of.
fn expected(truth: &Truth, place: i64) -> Ids {
    fn of<T>(
        rows: &[T],
        is_wanted: impl Fn(&T) -> bool,
        id: impl Fn(&T) -> i64,
    ) -> BTreeSet<String> {
        rows.iter()
            .filter(|row| is_wanted(row))
            .map(|row| id(row).to_string())
            .collect()
    }
    let people: BTreeSet<i64> = truth
        .users
        .iter()
        .filter(|user| user.assignments.location_ids.contains(&place))
        .map(|user| user.id)
        .collect();
    BTreeMap::from([
        (
            "locations",
            of(&truth.locations, |row| row.id == place, |row| row.id),
        ),
        (
            "departments",
            of(
                &truth.departments,
                |row| row.location_id == place,
                |row| row.id,
            ),
        ),
        (
            "roles",
            of(&truth.roles, |row| row.location_id == place, |row| row.id),
        ),
        ("team-members", people.iter().map(i64::to_string).collect()),
        (
            "shifts",
            of(
                &truth.shifts,
                |row| row.details.location_id == place,
                |row| row.id,
            ),
        ),
        (
            "time-punches",
            of(
                &truth.time_punches,
                |row| row.location_id == place,
                |row| row.id,
            ),
        ),
        (
            "availability",
            of(
                &truth.availabilities,
                |row| people.contains(&row.user_id),
                |row| row.id,
            ),
        ),
        (
            "time-off",
            of(
                &truth.time_off,
                |row| people.contains(&row.user_id),
                |row| row.id,
            ),
        ),
    ])
}

async fn rows(app: &App, organization: &Organization, path: &str) -> Vec<Value> {
    app.all(&format!("/api/{path}"), &organization.key).await
}

/// Our tables hold what is of `place` at 7shifts, and nothing else.
async fn assert_place(app: &App, organization: &Organization, place: i64, what: &str) {
    let truth = truth(app);
    for (path, expected) in expected(&truth, place) {
        // The days of a week are one record.
        let ours: BTreeSet<String> = rows(app, organization, path)
            .await
            .iter()
            .filter_map(|row| row["external_id"].as_str()?.split(':').next())
            .map(str::to_owned)
            .collect();
        let missing: Vec<_> = expected.difference(&ours).collect();
        let surplus: Vec<_> = ours.difference(&expected).collect();
        assert!(
            missing.is_empty() && surplus.is_empty(),
            "{what}: {path}: missing {missing:?}, too many {surplus:?}"
        );
    }
    let people = &expected(&truth, place)["team-members"];
    for path in ["wages", "role-assignments"] {
        for row in rows(app, organization, path).await {
            let person = row["external_user_id"].as_str().unwrap_or_default();
            assert!(people.contains(person), "{what}: {path}: {row}");
            if path == "role-assignments" {
                assert_eq!(
                    row["external_location_id"],
                    place.to_string(),
                    "{what}: {row}"
                );
            }
        }
    }
}

async fn connect(app: &App, organization: &Organization, place: Option<i64>) -> Runs {
    let call = json!({"action": "connect", "apiKey": LAKESHORE.token,
        "companyId": LAKESHORE.company_id, "locationId": place});
    app.proxy(&organization.key, call)
        .await
        .expect(StatusCode::OK);
    pass(60).await;
    settle(app, organization).await
}

/// A connector of the first location, and that one's id and the second one's.
async fn one_location(seed: u64) -> (App, Organization, i64, i64) {
    let app = App::simulate(seed, EPOCH).await;
    let organization = app.organization("One place", LAKESHORE.zone).await;
    let (here, there) = places(&app);
    connect(&app, &organization, Some(here)).await;
    assert_place(&app, &organization, here, "at first").await;
    (app, organization, here, there)
}

fn assign(app: &App, id: i64, assignments: Assignments) {
    change(app, Mutation::AssignUser { id, assignments });
}

/// At these locations without a role.
fn without_role(locations: &[i64]) -> Assignments {
    Assignments {
        location_ids: locations.iter().copied().collect(),
        ..Assignments::default()
    }
}

/// At these locations, with a role at one of them only.
fn with_role_at(app: &App, locations: &[i64], place: i64) -> Assignments {
    let roles = truth(app).roles;
    let role = roles
        .iter()
        .find(|role| role.location_id == place)
        .expect("a role");
    Assignments {
        department_ids: [role.department_id].into(),
        role_ids: [role.id].into(),
        primary_role_id: Some(role.id),
        ..without_role(locations)
    }
}

/// The next so many requests for a list of this path end after `keep` rows.
fn cut(app: &App, path: &str, keep: usize, when: When) {
    app.simulator.add_fault(FaultRule {
        query_contains: Some("limit=".to_owned()),
        ..FaultRule::on(path, when, Fault::ListCutShort { keep })
    });
}

const USERS: &str = "/v2/company/4410/users";
const SHIFTS: &str = "/v2/company/4410/shifts";

#[tokio::test(start_paused = true)]
async fn narrowing_ends_though_its_first_runs_fail() {
    for status in [
        StatusCode::FORBIDDEN,
        StatusCode::UNAUTHORIZED,
        StatusCode::SERVICE_UNAVAILABLE,
    ] {
        let app = App::simulate(130, EPOCH).await;
        let organization = app.organization("Narrowed", LAKESHORE.zone).await;
        let (here, _) = places(&app);
        connect(&app, &organization, None).await;
        for path in [SHIFTS, USERS, "/v2/time_off"] {
            app.simulator.add_fault(FaultRule {
                query_contains: Some("limit=".to_owned()),
                ..FaultRule::next(1, path, Fault::status(status))
            });
        }
        connect(&app, &organization, Some(here)).await;
        app.simulator.clear_faults();
        for _ in 0..2 {
            pass(60).await;
            try_sync(&app, &organization).await;
            settle(&app, &organization).await;
        }
        assert_place(&app, &organization, here, status.as_str()).await;
        pass(60).await;
        sync(&app, &organization).await;
    }
}

/// More people than one pass asks for: each pass is a step, and the steps follow by themselves.
#[tokio::test(start_paused = true)]
async fn a_large_company_is_narrowed_in_several_passes() {
    let app = App::simulate(131, EPOCH).await;
    let organization = app.organization("Narrowed", LAKESHORE.zone).await;
    let (here, there) = places(&app);
    let assignments = with_role_at(&app, &[there], there);
    for number in 0..700 {
        change(
            &app,
            Mutation::AddUser(NewUser {
                first_name: format!("Person {number}"),
                last_name: "Elsewhere".to_owned(),
                assignments: assignments.clone(),
                ..NewUser::default()
            }),
        );
    }
    connect(&app, &organization, None).await;
    assert!(rows(&app, &organization, "team-members").await.len() > 700);
    let narrowed = json!({"action": "connect", "apiKey": LAKESHORE.token,
        "companyId": LAKESHORE.company_id, "locationId": here});
    app.proxy(&organization.key, narrowed)
        .await
        .expect(StatusCode::OK);
    // Each pass comes half an hour after the one before.
    for _ in 0..3 * 180 {
        pass(20).await;
        app.tick().await;
    }
    let found = app
        .all("/api/sync-runs?stream=users", &organization.key)
        .await;
    let partial: Vec<_> = found
        .iter()
        .filter(|run| run["status"] == "partial")
        .collect();
    assert!(!partial.is_empty(), "{found:#?}");
    for run in partial {
        assert_eq!(run["error_code"], "deletions_left", "{run:#}");
        let detail = run["error_detail"].as_str().unwrap_or_default();
        assert!(detail.contains("more users are missing"), "{detail}");
    }
    assert_place(&app, &organization, here, "narrowed").await;
    settle(&app, &organization).await;
}

/// What is of other places goes without a question, and what the short list lacks of this one stays.
#[tokio::test(start_paused = true)]
async fn narrowing_keeps_what_a_short_list_lacks_of_the_place() {
    let app = App::simulate(132, EPOCH).await;
    let organization = app.organization("Narrowed", LAKESHORE.zone).await;
    let (here, _) = places(&app);
    connect(&app, &organization, None).await;
    for path in [SHIFTS, "/v2/company/4410/time_punches"] {
        app.simulator.add_fault(FaultRule {
            query_contains: Some("gte".to_owned()),
            ..FaultRule::next(1, path, Fault::ListCutShort { keep: 40 })
        });
    }
    let runs = connect(&app, &organization, Some(here)).await;
    app.simulator.clear_faults();
    for stream in ["shifts", "time_punches"] {
        let run = &runs[stream];
        assert_eq!(run["error_code"], "list_cut_short", "{run:#}");
    }
    assert_place(&app, &organization, here, "narrowed").await;
}

/// A person has said that what is gone may be much; but the list is not to be believed.
#[tokio::test(start_paused = true)]
async fn force_does_not_delete_what_a_short_list_lacks() {
    let (app, organization, _) = super::restaurant(133).await;
    app.simulator.add_fault(FaultRule {
        query_contains: Some("gte".to_owned()),
        ..FaultRule::next(1, SHIFTS, Fault::ListCutShort { keep: 200 })
    });
    pass(60).await;
    let call = json!({"action": "scheduled_sync", "streams": ["shifts"],
        "params": {"force_deletions": true}});
    app.proxy(&organization.key, call).await;
    let runs = settle(&app, &organization).await;
    app.simulator.clear_faults();
    let run = &runs["shifts"];
    assert_eq!(
        (&run["status"], &run["deleted"], &run["error_code"]),
        (&json!("partial"), &json!(0), &json!("list_cut_short")),
        "{run:#}"
    );
    super::mirror::assert_equal(&app, &organization).await;
}

/// Who works here without a role here is listed here, and asked about is still here; who leaves is
/// gone, with a role or without.
#[tokio::test(start_paused = true)]
async fn people_are_where_their_locations_are() {
    let (app, organization, here, there) = one_location(134).await;
    let people: Vec<i64> = truth(&app)
        .users
        .iter()
        .filter(|user| user.active && user.assignments.location_ids.contains(&here))
        .map(|user| user.id)
        .collect();
    let (roleless, elsewhere) = (people[1], people[2]);
    assign(&app, roleless, without_role(&[here]));
    assign(&app, elsewhere, with_role_at(&app, &[here, there], there));
    pass(60).await;
    sync(&app, &organization).await;
    assert_place(&app, &organization, here, "assigned").await;
    for keep in [0, 1, 2, 5] {
        cut(&app, USERS, keep, When::Always);
        pass(60).await;
        let runs = try_sync(&app, &organization).await;
        app.simulator.clear_faults();
        assert_eq!(runs["users"]["deleted"], 0, "{keep}: {:#}", runs["users"]);
        assert_eq!(runs["users"]["error_code"], "list_cut_short", "{keep}");
        assert_place(&app, &organization, here, "cut short").await;
    }
    for assignments in [without_role(&[there]), Assignments::default()] {
        assign(&app, roleless, assignments);
        pass(60).await;
        sync(&app, &organization).await;
        assert_place(&app, &organization, here, "left").await;
        assign(&app, roleless, without_role(&[here]));
        pass(60).await;
        sync(&app, &organization).await;
        assert_place(&app, &organization, here, "back").await;
    }
}

/// Of whom nobody can tell where they work, everything stays.
#[tokio::test(start_paused = true)]
async fn one_whose_role_here_cannot_be_read_stays() {
    let (app, organization, here, there) = one_location(135).await;
    let truth = truth(&app);
    let who = truth
        .users
        .iter()
        .rfind(|user| user.active && user.assignments.location_ids.contains(&here))
        .expect("somebody")
        .id;
    let role = |place: i64| {
        let found = truth.roles.iter().find(|role| role.location_id == place);
        found
            .map(|role| (role.id, role.department_id))
            .expect("a role")
    };
    let ((own, own_department), (other, other_department)) = (role(here), role(there));
    assign(
        &app,
        who,
        Assignments {
            // Only the role tells.
            location_ids: [there].into(),
            department_ids: [own_department, other_department].into(),
            role_ids: [own, other].into(),
            primary_role_id: Some(own),
        },
    );
    change(
        &app,
        Mutation::Corrupt {
            resource: Resource::Assignments,
            id: who,
            field: "roles".to_owned(),
            raw: format!(
                r#"[{{"id":{own},"company_id":4410,"location_id":"x","department_id":{own_department},"name":"n","is_primary":true}},{{"id":{other},"company_id":4410,"location_id":{there},"department_id":{other_department},"name":"n","is_primary":false}}]"#
            ),
        },
    );
    pass(60).await;
    let runs = try_sync(&app, &organization).await;
    let run = &runs["users"];
    assert_eq!(
        (&run["deleted"], &run["errors"], &run["status"]),
        (&json!(0), &json!(1), &json!("partial")),
        "{run:#}"
    );
    let people = rows(&app, &organization, "team-members").await;
    let id = json!(who.to_string());
    assert!(people.iter().any(|person| person["external_id"] == id));
    change(
        &app,
        Mutation::Heal {
            resource: Resource::Assignments,
            id: who,
        },
    );
    assign(&app, who, with_role_at(&app, &[there], there));
    pass(60).await;
    try_sync(&app, &organization).await;
    assert_place(&app, &organization, here, "readable again").await;
}

#[tokio::test(start_paused = true)]
async fn what_moves_to_another_location_leaves_with_the_next_sync() {
    let (app, organization, here, there) = one_location(136).await;
    pass(3_600).await;
    let truth = truth(&app);
    let coming: Vec<_> = truth
        .shifts
        .iter()
        .filter(|row| row.details.location_id == here && row.details.start > EPOCH + 86_400)
        .take(2)
        .collect();
    for shift in &coming {
        change(
            &app,
            Mutation::MoveShift {
                id: shift.id,
                start: shift.details.start,
                end: shift.details.end,
                location_id: Some(there),
            },
        );
    }
    change(
        &app,
        Mutation::DeleteShift {
            id: coming[1].id,
            publish: true,
        },
    );
    let punches: Vec<_> = truth
        .time_punches
        .iter()
        .rev()
        .filter(|row| row.location_id == here && row.clocked_out.is_some())
        .take(2)
        .map(|row| row.id)
        .collect();
    for id in &punches {
        let changes = serde_json::from_value(json!({"location_id": there})).expect("changes");
        change(&app, Mutation::EditPunch { id: *id, changes });
    }
    change(&app, Mutation::DeletePunch { id: punches[1] });
    let runs = sync(&app, &organization).await;
    for stream in ["shifts", "time_punches"] {
        let run = &runs[stream];
        assert_eq!(run["kind"], "incremental", "{run:#}");
        assert_eq!(run["deleted"], 2, "{run:#}");
    }
    assert_place(&app, &organization, here, "moved").await;
    // And what changes elsewhere is nobody's business here.
    let theirs = truth
        .shifts
        .iter()
        .find(|row| row.details.location_id == there && row.details.start > EPOCH + 86_400)
        .expect("a shift");
    change(
        &app,
        Mutation::MoveShift {
            id: theirs.id,
            start: theirs.details.start + 900,
            end: theirs.details.end,
            location_id: None,
        },
    );
    pass(3_600).await;
    let run = &sync(&app, &organization).await["shifts"];
    for count in ["fetched", "created", "updated", "deleted", "errors"] {
        assert_eq!(run[count], 0, "{count}: {run:#}");
    }
}

/// Each has an availability, which is a row for each day, and nobody comes back for it.
#[tokio::test(start_paused = true)]
async fn several_people_who_leave_take_their_availability_with_them() {
    let (app, organization, here, there) = one_location(137).await;
    let truth = truth(&app);
    let with_availability: BTreeSet<i64> =
        truth.availabilities.iter().map(|row| row.user_id).collect();
    let staying = 2;
    let leaving: Vec<i64> = truth
        .users
        .iter()
        .filter(|user| user.assignments.location_ids.contains(&here))
        .map(|user| user.id)
        .filter(|id| with_availability.contains(id))
        .skip(staying)
        .collect();
    assert!(leaving.len() > 2 * staying, "{leaving:?}");
    for id in leaving {
        assign(&app, id, with_role_at(&app, &[there], there));
    }
    pass(60).await;
    let runs = sync(&app, &organization).await;
    assert_eq!(runs["availability"]["deleted"].as_u64().unwrap_or(0) % 7, 0);
    assert_place(&app, &organization, here, "left").await;
}

#[tokio::test(start_paused = true)]
async fn a_short_list_of_absence_or_availability_says_how_many_records_it_lacked() {
    let (app, organization, _) = super::restaurant(138).await;
    let truth = truth(&app);
    assert!(truth.availabilities.len() > 4 && truth.time_off.len() > 4);
    for (stream, path, name, rows) in [
        (
            "availability",
            "/v2/company/4410/availabilities",
            "availability",
            truth.availabilities.len(),
        ),
        ("time_off", "/v2/time_off", "time off", truth.time_off.len()),
    ] {
        cut(&app, path, rows - 2, When::Always);
        pass(60).await;
        let runs = try_sync(&app, &organization).await;
        app.simulator.clear_faults();
        let run = &runs[stream];
        assert_eq!(
            (&run["status"], &run["deleted"], &run["error_code"]),
            (&json!("partial"), &json!(0), &json!("list_cut_short")),
            "{run:#}"
        );
        let detail = run["error_detail"].as_str().unwrap_or_default();
        let lacked = format!("The list of 7shifts lacked 2 of the {name} that");
        assert!(detail.starts_with(&lacked), "{detail}");
    }
}
