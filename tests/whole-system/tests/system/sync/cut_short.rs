//! Lists that end too early: what is missing from a list is asked for by its id before it is
//! deleted.

use http::StatusCode;
use serde_json::{Value, json};
use simulators::seven_shifts::{Assignments, Mutation, Truth};
use simulators::{Fault, FaultRule, When};
use whole_system::{App, LAKESHORE, Organization};

use super::{assert_braked, change, mirror, pass, restaurant, sync, try_sync};

/// Where each stream that is read whole is listed.
const LISTS: [(&str, &str); 6] = [
    ("locations", "/v2/company/4410/locations"),
    ("departments", "/v2/company/4410/departments"),
    ("roles", "/v2/company/4410/roles"),
    ("users", "/v2/company/4410/users"),
    ("availability", "/v2/company/4410/availabilities"),
    ("time_off", "/v2/time_off"),
];

/// And some minutes more; a tick is every 20 s.
const HALF_AN_HOUR_OF_TICKS: usize = 105;

/// The list of `path`, and nothing below it, ends after `keep` rows of a page.
fn cut(app: &App, path: &str, keep: usize) {
    app.simulator.add_fault(FaultRule {
        query_contains: Some("limit=".to_owned()),
        ..FaultRule::always(path, Fault::ListCutShort { keep })
    });
}

fn truth(app: &App) -> Truth {
    app.simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account")
}

/// As the manager of a small place has it: few enough people for the brake to let all of them go.
async fn of_few_people(seed: u64) -> (App, Organization) {
    let (app, organization, _) = restaurant(seed).await;
    let people: Vec<i64> = truth(&app).users.iter().map(|user| user.id).collect();
    for from in people.iter().skip(18) {
        change(
            &app,
            Mutation::MergeUsers {
                from: *from,
                into: people[0],
                silent: false,
            },
        );
    }
    pass(60).await;
    for _ in 0..2 {
        let call = json!({"action": "scheduled_sync", "params": {"force_deletions": true}});
        app.proxy(&organization.key, call).await;
        pass(60).await;
        super::settle(&app, &organization).await;
    }
    pass(8 * 86_400).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
    (app, organization)
}

fn assert_cut_short(run: &Value, what: &str) {
    assert_eq!(run["deleted"], 0, "{what}: {run:#}");
    assert_eq!(run["status"], "partial", "{what}: {run:#}");
    assert_eq!(run["error_code"], "list_cut_short", "{what}: {run:#}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_comes_back_empty_or_short_deletes_nothing_that_is_there() {
    let (app, organization) = of_few_people(110).await;
    for keep in [0, 1, 3] {
        for (stream, path) in LISTS {
            cut(&app, path, keep);
            pass(60).await;
            let runs = try_sync(&app, &organization).await;
            app.simulator.clear_faults();
            for (other, run) in &runs {
                assert_eq!(run["deleted"], 0, "{path} {keep} {other}: {run:#}");
            }
            let run = &runs[stream];
            let is_short = matches!(stream, "users" | "availability" | "roles") || keep == 0;
            if is_short {
                assert_cut_short(run, path);
            }
            mirror::assert_equal(&app, &organization).await;
        }
    }
    let reason = {
        cut(&app, "/v2/company/4410/users", 0);
        pass(60).await;
        try_sync(&app, &organization).await["users"]["error_detail"].clone()
    };
    assert_eq!(
        reason,
        "The list of 7shifts lacked 18 of the users that are there when they are asked for one by one: they stay. New ones may have been missing from it as well; the next sync reads it again."
    );
    app.simulator.clear_faults();
    sync(&app, &organization).await;
}

/// One left out, one gone: each gets what it deserves.
#[tokio::test(start_paused = true)]
async fn who_is_gone_leaves_though_others_are_left_out() {
    let (app, organization) = of_few_people(111).await;
    let people = truth(&app).users;
    let gone = people[5].id;
    change(
        &app,
        Mutation::MergeUsers {
            from: gone,
            into: people[2].id,
            silent: false,
        },
    );
    cut(&app, "/v2/company/4410/users", 2);
    pass(60).await;
    let runs = try_sync(&app, &organization).await;
    assert_eq!(runs["users"]["deleted"], 1, "{:#}", runs["users"]);
    assert_eq!(runs["users"]["error_code"], "list_cut_short");
    app.simulator.clear_faults();
    // What he earned and worked as went with him.
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
}

/// Nobody knows of one who cannot be asked about: he stays, and it is said why.
#[tokio::test(start_paused = true)]
async fn one_who_cannot_be_asked_about_stays() {
    let (app, organization) = of_few_people(112).await;
    let missing = truth(&app).users.last().expect("people").id;
    cut(&app, "/v2/company/4410/users", 1);
    app.simulator.add_fault(FaultRule::on(
        format!("/v2/company/4410/users/{missing}"),
        When::Always,
        Fault::WrongShape,
    ));
    pass(60).await;
    let call = json!({"action": "scheduled_sync", "streams": ["users"]});
    app.proxy(&organization.key, call).await;
    pass(60).await;
    let runs = super::settle(&app, &organization).await;
    let run = &runs["users"];
    assert_eq!(
        (&run["status"], &run["deleted"], &run["errors"]),
        (&json!("partial"), &json!(0), &json!(1)),
        "{run:#}"
    );
    app.simulator.clear_faults();
    pass(60).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
}

/// A list without anything, and nothing is there when it is asked for either: so an account looks
/// whose data is lost, or whose token has lost its rights. Only a person can say that it is so.
#[tokio::test(start_paused = true)]
async fn a_list_whose_records_are_all_denied_is_held_back() {
    let (app, organization, _) = restaurant(117).await;
    for (stream, path, list) in [
        ("users", "/v2/company/4410/users", "team-members"),
        (
            "availability",
            "/v2/company/4410/availabilities",
            "availability",
        ),
        ("time_off", "/v2/time_off", "time-off"),
    ] {
        let list = format!("/api/{list}");
        let before = app.all(&list, &organization.key).await.len();
        assert!(before > 20, "{stream} {before}");
        cut(&app, path, 0);
        app.simulator.add_fault(FaultRule::always(
            format!("{path}/"),
            Fault::status(StatusCode::NOT_FOUND),
        ));
        pass(60).await;
        let runs = try_sync(&app, &organization).await;
        app.simulator.clear_faults();
        let run = &runs[stream];
        assert_braked(run);
        assert_eq!(app.all(&list, &organization.key).await.len(), before);
        pass(60).await;
        sync(&app, &organization).await;
    }
    mirror::assert_equal(&app, &organization).await;
}

/// The complete passes over shifts and punches, which changes at the provider do not need.
#[tokio::test(start_paused = true)]
async fn a_complete_pass_over_a_short_list_keeps_shifts_and_punches() {
    let (app, organization, _) = restaurant(113).await;
    let truth = truth(&app);
    for (stream, path, count) in [
        ("shifts", "/v2/company/4410/shifts", truth.shifts.len()),
        (
            "time_punches",
            "/v2/company/4410/time_punches",
            truth.time_punches.len(),
        ),
    ] {
        pass(8 * 86_400).await;
        // All but a few of the last page.
        let rows = count % 500;
        assert!(rows > 30, "{stream} {count}");
        app.simulator.add_fault(FaultRule {
            query_contains: Some("gte".to_owned()),
            ..FaultRule::on(
                path,
                When::Next {
                    requests: 1,
                    after: u64::try_from(count / 500).unwrap(),
                },
                Fault::ListCutShort { keep: rows - 25 },
            )
        });
        let runs = try_sync(&app, &organization).await;
        app.simulator.clear_faults();
        let run = &runs[stream];
        println!("{run:#}");
        assert_eq!(run["deleted"], 0, "{run:#}");
        mirror::assert_equal(&app, &organization).await;
    }
}

/// With more missing than is asked for, those that were asked for tell of the list: it is cut short,
/// so nothing is deleted.
#[tokio::test(start_paused = true)]
async fn more_than_is_asked_for_is_held_back() {
    let (app, organization, _) = restaurant(114).await;
    let shifts = truth(&app).shifts.len();
    assert!(shifts > 1_200, "{shifts}");
    pass(8 * 86_400).await;
    app.simulator.add_fault(FaultRule {
        query_contains: Some("gte".to_owned()),
        ..FaultRule::on(
            "/v2/company/4410/shifts",
            When::Next {
                requests: 1,
                after: 1,
            },
            Fault::ListCutShort { keep: 440 },
        )
    });
    let runs = try_sync(&app, &organization).await;
    app.simulator.clear_faults();
    let run = &runs["shifts"];
    assert_eq!(
        (&run["status"], &run["deleted"], &run["error_code"]),
        (&json!("partial"), &json!(0), &json!("list_cut_short")),
        "{run:#}"
    );
    mirror::assert_equal(&app, &organization).await;
}

/// Those that were asked for are gone, and say nothing of the rest, which a person's word does not
/// delete either.
#[tokio::test(start_paused = true)]
async fn forced_or_not_what_was_not_asked_for_stays() {
    let (app, organization, _) = restaurant(116).await;
    // They are asked for in the order of their ids as text.
    let mut punches: Vec<String> = truth(&app)
        .time_punches
        .iter()
        .map(|punch| punch.id.to_string())
        .collect();
    punches.sort();
    assert!(punches.len() > 700, "{}", punches.len());
    for id in &punches[..300] {
        let id = id.parse().expect("a number");
        change(&app, Mutation::ForgetPunch { id });
    }
    app.simulator.add_fault(FaultRule {
        query_contains: Some("gte".to_owned()),
        ..FaultRule::next(
            1,
            "/v2/company/4410/time_punches",
            Fault::ListCutShort { keep: 20 },
        )
    });
    pass(60).await;
    let call = json!({"action": "scheduled_sync", "streams": ["time_punches"],
        "params": {"force_deletions": true}});
    app.proxy(&organization.key, call).await;
    pass(60).await;
    app.tick().await;
    let forced = app
        .all("/api/sync-runs?stream=time_punches", &organization.key)
        .await
        .into_iter()
        .find(|run| run["deleted"] != 0)
        .expect("a run that deletes");
    assert_eq!(
        (&forced["status"], &forced["deleted"], &forced["error_code"]),
        (&json!("partial"), &json!(300), &json!("deletions_left")),
        "{forced:#}"
    );
    // The next pass follows by itself within half an hour, over a list that is whole.
    for _ in 0..HALF_AN_HOUR_OF_TICKS {
        pass(20).await;
        app.tick().await;
    }
    let run = &super::settle(&app, &organization).await["time_punches"];
    assert_eq!(
        (&run["status"], &run["kind"], &run["deleted"]),
        (&json!("success"), &json!("reconciliation"), &json!(0)),
        "{run:#}"
    );
    mirror::assert_equal(&app, &organization).await;
}

/// A connector that is kept to one location: some people work there without a role, and what is not of
/// a place is of people who are there.
#[tokio::test(start_paused = true)]
async fn a_short_list_of_one_location_deletes_nobody_who_is_there() {
    let app = App::simulate(115, super::EPOCH).await;
    let organization = app.organization("One place", LAKESHORE.zone).await;
    let place = truth(&app).locations[0].id;
    for role_less in [3, 7] {
        let person = truth(&app).users[role_less].id;
        change(
            &app,
            Mutation::AssignUser {
                id: person,
                assignments: Assignments {
                    location_ids: [place].into(),
                    ..Default::default()
                },
            },
        );
    }
    let call = json!({"action": "connect", "apiKey": LAKESHORE.token,
        "companyId": LAKESHORE.company_id, "locationId": place});
    app.proxy(&organization.key, call).await;
    pass(60).await;
    super::settle(&app, &organization).await;
    let count = async |path: &str| app.all(path, &organization.key).await.len();
    let before = [
        count("/api/team-members").await,
        count("/api/availability").await,
        count("/api/time-off").await,
        count("/api/wages").await,
    ];
    assert!(before.iter().all(|rows| *rows > 3), "{before:?}");
    for (path, keep) in [
        ("/v2/company/4410/users", before[0] - 5),
        ("/v2/company/4410/availabilities", before[1] / 7 - 2),
        ("/v2/time_off", before[2] - 3),
    ] {
        cut(&app, path, keep);
        pass(60).await;
        for (stream, run) in try_sync(&app, &organization).await {
            assert_eq!(run["deleted"], 0, "{path} {keep} {stream}: {run:#}");
        }
        app.simulator.clear_faults();
    }
    let after = [
        count("/api/team-members").await,
        count("/api/availability").await,
        count("/api/time-off").await,
        count("/api/wages").await,
    ];
    assert_eq!(after, before);
}
