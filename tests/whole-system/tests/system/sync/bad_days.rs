//! Bad days at the provider: a clear state with a reason, nothing lost, nothing twice, and the
//! next good sync heals it.

use http::StatusCode;
use serde_json::{Value, json};
use simulators::seven_shifts::{Life, Mutation, Resource, scale};
use simulators::{Fault, FaultRule, RetryAfter, When};
use whole_system::mirror::Mirror;
use whole_system::{App, LAKESHORE, OPERATOR_KEY, Settings, send};

use super::{
    EPOCH, SCALE, assert_braked, assert_quiet, change, connector, live, mirror, pass, restaurant,
    settle, sync, try_sync,
};

fn revoke(revoked: bool) -> Mutation {
    Mutation::SetToken {
        token: LAKESHORE.token.to_owned(),
        revoked,
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_expires_the_connector_until_it_is_good_again() {
    let (app, organization, id) = restaurant(21).await;
    change(&app, revoke(true));
    let runs = try_sync(&app, &organization).await;
    assert!(
        runs.values().any(|run| run["error_code"] == "unauthorized"),
        "{runs:#?}"
    );
    let expired = connector(&app, &organization, &id).await;
    assert_eq!(expired["state"], "expired");
    assert!(
        expired["state_reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("reconnect")),
        "{expired:#}"
    );

    change(&app, revoke(false));
    pass(5 * 3_600).await;
    settle(&app, &organization).await;
    let healed = connector(&app, &organization, &id).await;
    assert_eq!(
        (&healed["state"], &healed["state_reason"]),
        (&json!("active"), &Value::Null)
    );
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
}

/// What goes between a first sync that fails half way and the next one is in no list of changes that
/// is asked for: the first has no mark to ask from.
#[tokio::test(start_paused = true)]
async fn what_goes_after_a_first_sync_that_failed_half_way_goes_here_too() {
    let app = App::simulate(37, EPOCH).await;
    let organization = app.organization("Half", LAKESHORE.zone).await;
    for stream in ["time_punches", "shifts"] {
        let path = format!("/v2/company/{}/{stream}", LAKESHORE.company_id);
        let refused = Fault::status(StatusCode::BAD_REQUEST);
        let rule = FaultRule::always(path, refused).query_contains("cursor=");
        app.simulator.add_fault(rule);
    }
    app.connect(&organization, LAKESHORE).await;
    settle(&app, &organization).await;
    let ids = async |path: &str| -> Vec<i64> {
        let rows = app.all(path, &organization.key).await;
        let ids = rows.iter().filter_map(|row| row["external_id"].as_str());
        ids.filter_map(|id| id.parse().ok()).take(2).collect()
    };
    let (punches, shifts) = (ids("/api/time-punches").await, ids("/api/shifts").await);
    assert_eq!((punches.len(), shifts.len()), (2, 2));
    pass(3_600).await;
    change(&app, Mutation::DeletePunch { id: punches[0] });
    change(
        &app,
        Mutation::DeleteShift {
            id: shifts[0],
            publish: true,
        },
    );
    change(&app, Mutation::UnpublishShift { id: shifts[1] });
    app.simulator.clear_faults();
    settle(&app, &organization).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn connecting_again_with_a_good_token_heals_at_once() {
    let (app, organization, id) = restaurant(22).await;
    change(&app, revoke(true));
    try_sync(&app, &organization).await;
    live(&app, &mut Life::new(22), 5);
    let answer = app
        .proxy(&organization.key, json!({"action": "connect", "apiKey": "sim7s_lakeshore_2", "companyId": LAKESHORE.company_id}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(answer["connector_id"], *id, "the connector stays the same");
    pass(60).await;
    settle(&app, &organization).await;
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_a_feature_fails_that_stream_alone() {
    let (app, organization, id) = restaurant(23).await;
    change(
        &app,
        Mutation::SetPlan {
            resource: Resource::TimePunches,
            included: false,
        },
    );
    let runs = try_sync(&app, &organization).await;
    for (stream, run) in &runs {
        if stream == "time_punches" {
            // The list that was refused, and the question whose token it is.
            assert_eq!(run["provider_calls"], 2, "{run:#}");
            assert_eq!(
                (&run["status"], &run["error_code"]),
                (&json!("failed"), &json!("plan_or_permission")),
                "{run:#}"
            );
            assert!(
                run["error_detail"]
                    .as_str()
                    .is_some_and(|detail| detail.contains("plan")),
                "{run:#}"
            );
        } else {
            assert_eq!(run["status"], "success", "{stream}: {run:#}");
        }
    }
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
    change(
        &app,
        Mutation::SetPlan {
            resource: Resource::TimePunches,
            included: true,
        },
    );
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_company_is_named_as_such() {
    let (mut app, organization, id) = restaurant(24).await;
    app.runtime.kill().await;
    let company = |company_id: i64| {
        app.database()
            .execute(
                "UPDATE connectors SET config = json_set(config, '$.company_id', ?1)",
                [company_id],
            )
            .expect("the connector is changed");
    };
    company(whole_system::HARBOUR.company_id);
    app.crash().await;
    let before = app.all("/api/time-punches", &organization.key).await;
    let runs = try_sync(&app, &organization).await;
    assert!(
        runs.values()
            .any(|run| run["error_code"] == "foreign_company"),
        "{runs:#?}"
    );
    assert!(
        connector(&app, &organization, &id).await["state_reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("4420"))
    );
    assert_eq!(
        app.all("/api/time-punches", &organization.key).await,
        before,
        "no foreign row came in"
    );
}

/// When the provider was asked, in its own milliseconds.
fn asked_at(app: &whole_system::App) -> Vec<i64> {
    app.simulator
        .requests()
        .iter()
        .map(|request| request.at_ms)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_wait_as_long_as_they_are_told_or_a_minute() {
    let (app, organization, _) = restaurant(25).await;
    let cases = [
        (Some(RetryAfter::Seconds(7)), 7_000),
        (Some(RetryAfter::DateIn(20)), 19_000),
        (Some(RetryAfter::Text("soon".to_owned())), 60_000),
        (None, 60_000),
    ];
    for (retry_after, least_ms) in cases {
        pass(120).await;
        app.simulator.clear_requests();
        let said = format!("{retry_after:?}");
        let fault = Fault::Status {
            status: 429,
            retry_after,
            shape: simulators::ErrorShape::Native,
            detail: None,
        };
        app.simulator
            .add_fault(FaultRule::once("/v2/company", fault));
        try_sync(&app, &organization).await;
        let runs = settle(&app, &organization).await;
        assert!(
            runs.values().all(|run| run["status"] == "success"),
            "{said}: {runs:#?}"
        );
        let asked = asked_at(&app);
        let waited = asked[1] - asked[0];
        assert!(
            (least_ms..least_ms + 45_000).contains(&waited),
            "{said}: waited {waited} ms"
        );
    }
    mirror::assert_equal(&app, &organization).await;
}

/// Whoever says how long he is busy is not asked again before.
#[tokio::test(start_paused = true)]
async fn a_503_that_names_a_time_is_not_tried_before_it() {
    let (app, organization, _) = restaurant(33).await;
    pass(60).await;
    app.simulator.clear_requests();
    let path = format!("/v2/company/{}/locations", LAKESHORE.company_id);
    let fault = Fault::Status {
        status: 503,
        retry_after: Some(RetryAfter::Seconds(120)),
        shape: simulators::ErrorShape::Native,
        detail: None,
    };
    app.simulator
        .add_fault(FaultRule::once(path.as_str(), fault));
    app.proxy(
        &organization.key,
        json!({"action": "scheduled_sync", "streams": ["locations"]}),
    )
    .await;
    let asked = || -> Vec<i64> {
        app.simulator
            .requests()
            .iter()
            .filter(|request| request.path.starts_with(&path))
            .map(|request| request.at_ms)
            .collect()
    };
    pass(30).await;
    app.tick().await;
    assert_eq!(asked().len(), 1, "tried again at once");
    let runs = settle(&app, &organization).await;
    assert_eq!(runs["locations"]["status"], "success", "{runs:#?}");
    let waited = asked()[1] - asked()[0];
    assert!((120_000..180_000).contains(&waited), "waited {waited} ms");
}

/// The run itself says that 7shifts hangs, before the scheduler gives the function up.
#[tokio::test(start_paused = true)]
async fn a_provider_that_never_answers_is_named() {
    let (app, organization, _) = restaurant(34).await;
    pass(60).await;
    app.simulator
        .add_fault(FaultRule::always("/v2/", Fault::NoAnswer));
    app.proxy(
        &organization.key,
        json!({"action": "scheduled_sync", "streams": ["locations"]}),
    )
    .await;
    pass(30).await;
    let run = app.runs(&organization.key).await["locations"].clone();
    assert_eq!(run["error_code"], "timeout", "{run:#}");
    assert!(
        run["error_detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("7shifts did not answer")),
        "{run:#}"
    );
    app.simulator.clear_faults();
    let runs = settle(&app, &organization).await;
    assert_eq!(runs["locations"]["status"], "success", "{runs:#?}");
}

/// Failures are counted in a row: a hitch now and then does not end a long first sync.
#[tokio::test(start_paused = true)]
async fn a_long_backfill_outlives_more_hitches_than_a_run_has_tries() {
    const PUNCHES: usize = 18_000;
    let app = App::simulate_with(Settings::default(), EPOCH, scale(PUNCHES, EPOCH)).await;
    let organization = app.organization("Scale", "America/Toronto").await;
    for number in 0..10 {
        // Every fourth request: a rule counts those that no earlier one has struck.
        let when = When::Next {
            requests: 1,
            after: 3 * number + 3,
        };
        app.simulator.add_fault(FaultRule::on(
            "/v2/company/4900/time_punches",
            when,
            Fault::too_many_requests(Some(1)),
        ));
    }
    app.connect(&organization, SCALE).await;
    let run = settle(&app, &organization).await["time_punches"].clone();
    assert_eq!(
        (&run["status"], &run["created"]),
        (&json!("success"), &json!(PUNCHES)),
        "{run:#}"
    );
    assert!(app.simulator.faults().is_empty(), "not every hitch came");
}

/// Somebody else uses up the token's budget, and the provider blocks it for a minute.
#[tokio::test(start_paused = true)]
async fn the_block_of_one_minute_is_sat_out() {
    let (app, organization, _) = restaurant(26).await;
    pass(60).await;
    for _ in 0..11 {
        let request = http::Request::get(format!("/v2/company/{}/locations", LAKESHORE.company_id))
            .header("authorization", format!("Bearer {}", LAKESHORE.token))
            .body(bytes::Bytes::new())
            .expect("a request");
        app.simulator.send(request).await.expect("an answer");
    }
    live(&app, &mut Life::new(26), 10);
    app.simulator.clear_requests();
    try_sync(&app, &organization).await;
    let runs = settle(&app, &organization).await;
    assert!(
        runs.values().all(|run| run["status"] == "success"),
        "{runs:#?}"
    );
    let refused = app
        .simulator
        .requests()
        .iter()
        .filter(|request| request.status == Some(429))
        .count();
    assert!(
        (1..=2).contains(&refused),
        "one refusal is enough: {refused}"
    );
    mirror::assert_equal(&app, &organization).await;
}

/// Each kind of bad answer.
fn bad_answers() -> [Fault; 15] {
    [
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::status(StatusCode::BAD_GATEWAY),
        Fault::status(StatusCode::SERVICE_UNAVAILABLE),
        Fault::NoAnswer,
        Fault::Delay {
            milliseconds: 17_000,
        },
        Fault::reset(),
        Fault::Reset {
            after_handling: true,
        },
        Fault::truncate(),
        Fault::Truncate { keep: Some(0) },
        Fault::WrongJson,
        Fault::WrongShape,
        Fault::DuplicatePage,
        Fault::EmptyPage,
        Fault::DateSkew { seconds: -7_200 },
        Fault::DateSkew { seconds: 7_200 },
    ]
}

/// On lists that are in the middle of being read.
#[tokio::test(start_paused = true)]
async fn whatever_answers_go_wrong_the_next_good_sync_heals() {
    let (app, organization, _) = restaurant(27).await;
    let mut life = Life::new(27);
    for fault in bad_answers() {
        pass(300).await;
        live(&app, &mut life, 6);
        // More often than one call is tried.
        for path in ["time_punches", "shifts", "users"] {
            let rule = FaultRule::on(
                format!("/v2/company/{}/{path}", LAKESHORE.company_id),
                When::Next {
                    requests: 4,
                    after: 0,
                },
                fault.clone(),
            );
            app.simulator.add_fault(rule);
        }
        try_sync(&app, &organization).await;
        let runs = settle(&app, &organization).await;
        println!("{fault:?}");
        for (stream, run) in &runs {
            assert_eq!(run["status"], "success", "{fault:?} {stream}: {run:#}");
        }
        app.simulator.clear_faults();
    }
    // Silent changes show in a complete pass only.
    pass(8 * 86_400).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}

/// On what people agree on: pay and roles person by person, the rest in lists.
#[tokio::test(start_paused = true)]
async fn whatever_answers_about_pay_and_absence_go_wrong_the_next_good_sync_heals() {
    let (app, organization, _) = restaurant(38).await;
    let mut life = Life::new(38);
    let people = format!("/v2/company/{}/users/", LAKESHORE.company_id);
    let availabilities = format!("/v2/company/{}/availabilities", LAKESHORE.company_id);
    for fault in bad_answers() {
        pass(300).await;
        live(&app, &mut life, 12);
        // More often than one call is tried.
        let rule = |path: &str| FaultRule::next(4, path, fault.clone());
        for rule in [
            rule(&people).path_suffix("/wages"),
            rule(&people).path_suffix("/assignments"),
            rule(&availabilities),
            rule("/v2/time_off"),
        ] {
            app.simulator.add_fault(rule);
        }
        try_sync(&app, &organization).await;
        let runs = settle(&app, &organization).await;
        println!("{fault:?}");
        for (stream, run) in &runs {
            println!("{stream} {} {}", run["status"], run["error_code"]);
            assert_ne!(run["status"], "failed", "{fault:?} {stream}: {run:#}");
        }
        // A wrong date is no reason to ask again: not all of those are used up.
        let left = app.simulator.faults();
        let is_struck = left.is_empty() || matches!(fault, Fault::DateSkew { .. });
        assert!(is_struck, "{fault:?} did not strike: {left:#?}");
        app.simulator.clear_faults();
        pass(60).await;
        sync(&app, &organization).await;
        Mirror::default()
            .assert_of_people(
                &app,
                &organization.key,
                LAKESHORE.company_id,
                "pay and absence",
            )
            .await;
    }
    pass(8 * 86_400).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}

/// A provider that is down for hours: the runs fail with a reason, the connector keeps trying.
#[tokio::test(start_paused = true)]
async fn a_long_outage_ends_in_a_reason_and_then_by_itself() {
    let (app, organization, _) = restaurant(28).await;
    app.simulator.add_fault(FaultRule::always(
        "/",
        Fault::status(StatusCode::SERVICE_UNAVAILABLE),
    ));
    try_sync(&app, &organization).await;
    for _ in 0..40 {
        pass(120).await;
        app.tick().await;
    }
    let failed = app
        .all("/api/sync-runs?status=failed", &organization.key)
        .await;
    assert!(
        failed.iter().any(
            |run| run["error_detail"].as_str().is_some_and(|detail| detail
                .contains("gave up after 8 attempts")
                && detail.contains("503"))
        ),
        "{failed:#?}"
    );
    app.simulator.clear_faults();
    live(&app, &mut Life::new(28), 10);
    pass(26 * 3_600).await;
    let runs = settle(&app, &organization).await;
    assert!(
        runs.values().all(|run| run["status"] == "success"),
        "{runs:#?}"
    );
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn a_list_without_an_end_is_cut_off() {
    let (app, organization, _) = restaurant(29).await;
    for (repeat_rows, same_cursor) in [(false, false), (true, false), (true, true)] {
        pass(60).await;
        app.simulator.clear_requests();
        let path = format!("/v2/company/{}/locations", LAKESHORE.company_id);
        app.simulator.add_fault(FaultRule::always(
            path,
            Fault::NeverEndingCursor {
                repeat_rows,
                same_cursor,
            },
        ));
        try_sync(&app, &organization).await;
        pass(30).await;
        app.tick().await;
        let runs = app.runs(&organization.key).await;
        let run = &runs["locations"];
        assert_ne!(run["status"], "success", "{run:#}");
        assert_eq!(run["error_code"], "endless_list", "{run:#}");
        let asked = app
            .simulator
            .requests()
            .iter()
            .filter(|request| request.path.ends_with("/locations"))
            .count();
        assert_eq!(run["provider_calls"], asked, "{run:#}");
        let asked = app.simulator.requests().len();
        assert!(asked < 150, "asked {asked} times");
        app.simulator.clear_faults();
        let runs = settle(&app, &organization).await;
        assert!(
            runs.values().all(|run| run["status"] == "success"),
            "{runs:#?}"
        );
    }
    mirror::assert_equal(&app, &organization).await;
}

/// Each was asked for, and 7shifts does not have it; of most of what was there a person has to say so
/// too.
#[tokio::test(start_paused = true)]
async fn many_deletions_at_once_are_asked_for_one_by_one() {
    let (app, organization, _) = restaurant(30).await;
    let department_id = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account")
        .departments[0]
        .id;
    let added: Vec<_> = (0..60)
        .map(|number| {
            change(
                &app,
                Mutation::AddRole {
                    department_id,
                    name: format!("Role {number}"),
                },
            )
        })
        .collect();
    sync(&app, &organization).await;
    let roles = app.all("/api/roles", &organization.key).await.len();
    let (few, most) = added.split_at(roles / 2 - 5);
    for id in few {
        change(&app, Mutation::DeleteRole { id: *id });
    }
    let runs = sync(&app, &organization).await;
    assert_eq!(runs["roles"]["deleted"], few.len(), "{:#}", runs["roles"]);

    for id in most {
        change(&app, Mutation::DeleteRole { id: *id });
    }
    pass(60).await;
    let run = &try_sync(&app, &organization).await["roles"];
    assert_braked(run);
    let forced = json!({"action": "scheduled_sync", "streams": ["roles"],
        "params": {"force_deletions": true}});
    app.proxy(&organization.key, forced).await;
    let run = &settle(&app, &organization).await["roles"];
    assert_eq!(
        (&run["status"], &run["deleted"]),
        (&json!("success"), &json!(most.len())),
        "{run:#}"
    );
    mirror::assert_equal(&app, &organization).await;
}

/// Nobody numbers wages, so they cannot be asked for one by one.
#[tokio::test(start_paused = true)]
async fn many_wages_that_vanish_are_held_back_until_someone_accepts_them() {
    let (app, organization, _) = restaurant(33).await;
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account");
    let wages = truth.past_wages.iter().chain(&truth.upcoming_wages);
    for wage in wages.chain(&truth.current_wages) {
        change(&app, Mutation::DeleteWage { id: wage.id });
    }
    let before = app.all("/api/wages", &organization.key).await.len();
    assert!(before > 20, "{before}");
    let runs = try_sync(&app, &organization).await;
    let run = &runs["wages"];
    assert_braked(run);
    assert_eq!(app.all("/api/wages", &organization.key).await.len(), before);
    app.proxy(&organization.key, json!({"action": "scheduled_sync", "streams": ["wages"], "params": {"force_deletions": true}}))
        .await;
    let runs = settle(&app, &organization).await;
    assert_eq!(runs["wages"]["status"], "success", "{:#}", runs["wages"]);
    mirror::assert_equal(&app, &organization).await;
}

/// Of a stream that is synced by its changes, only the weekly complete pass, or one that a person
/// forces, finds that rows are gone without a trace. More than one asks for go in several.
#[tokio::test(start_paused = true)]
async fn many_shifts_that_vanish_are_gone_after_some_passes() {
    let (app, organization, _) = restaurant(32).await;
    let truth = || {
        app.simulator
            .provider()
            .truth(LAKESHORE.company_id)
            .expect("an account")
    };
    let shifts = truth().shifts;
    let gone = 400;
    for shift in shifts.iter().take(gone) {
        change(&app, Mutation::ForgetShift { id: shift.id });
    }
    sync(&app, &organization).await;
    pass(8 * 86_400).await;
    let run = &try_sync(&app, &organization).await["shifts"];
    assert_eq!(
        (&run["status"], &run["error_code"], &run["deleted"]),
        (&json!("partial"), &json!("deletions_left"), &json!(300)),
        "{run:#}"
    );
    let left = format!("{} more shifts are missing", gone - 300);
    let detail = run["error_detail"].as_str().unwrap_or_default();
    assert!(detail.starts_with(&left), "{detail}");
    // The rest follows by itself.
    let run = &settle(&app, &organization).await["shifts"];
    assert_eq!(
        (&run["status"], &run["kind"], &run["deleted"]),
        (
            &json!("success"),
            &json!("reconciliation"),
            &json!(gone - 300)
        ),
        "{run:#}"
    );
    mirror::assert_equal(&app, &organization).await;
}

/// Clocks that jump, ours and not the provider's.
#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_neither_stops_the_schedule_nor_loses_a_change() {
    let (app, organization, _) = restaurant(31).await;
    let clock = app.clock.clone().expect("virtual time");
    let mut life = Life::new(31);
    for jump_ms in [6 * 3_600_000_i64, -12 * 3_600_000, 6 * 3_600_000] {
        live(&app, &mut life, 5);
        clock.jump(jump_ms);
        for _ in 0..30 {
            pass(600).await;
            app.tick().await;
        }
        settle(&app, &organization).await;
    }
    pass(8 * 86_400).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
    // Eight days without a tick: the first ones afterwards do the installation's own work too.
    settle(&app, &organization).await;
    let health = send(
        &app.runtime,
        http::Method::GET,
        "/health",
        OPERATOR_KEY,
        None,
    )
    .await;
    assert_eq!(health.status, StatusCode::OK);
}
