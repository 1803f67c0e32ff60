//! Bad days of the provider, of the network and of ours.

use simulators::{Fault, FaultRule};

use super::*;

const PAGES: &str = "/api/v1/organisations";

fn on_page(page: u32, fault: Fault) -> FaultRule {
    FaultRule::once(PAGES, fault)
        .path_suffix("/leave_requests")
        .query_contains(format!("page_index={page}&"))
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_in_mid_sync_is_renewed_once_and_the_run_goes_on() {
    let (app, organization, id) = start(921).await;
    add_leave(&app, 350);
    app.employment_hero
        .add_fault(on_page(3, Fault::status(StatusCode::UNAUTHORIZED)));
    let before = asked(&app, "/oauth2/token");
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        (&run["status"], &run["pages"]),
        (&json!("success"), &json!(4)),
        "{run:#}"
    );
    assert_eq!(asked(&app, "/oauth2/token") - before, 1);
    assert_true(&app, &organization, "after 401").await;
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
    // All tokens that are out, and after their quarter of an hour.
    app.employment_hero.provider().withdraw_access();
    assert_eq!(sync(&app, &organization, LEAVE).await["status"], "success");
    pass(1_000).await;
    assert_eq!(sync(&app, &organization, LEAVE).await["status"], "success");
    let counts = serde_json::to_value(app.employment_hero.provider().counts()).unwrap();
    assert_eq!(counts["reused"], 0, "{counts:#}");
}

#[tokio::test(start_paused = true)]
async fn what_passes_costs_nothing() {
    let status = |status: StatusCode| Fault::status(status);
    let faults = [
        ("429", Fault::too_many_requests(None)),
        ("429 with a time", Fault::too_many_requests(Some(3))),
        ("429 with a long time", Fault::too_many_requests(Some(90))),
        ("500", status(StatusCode::INTERNAL_SERVER_ERROR)),
        ("503", status(StatusCode::SERVICE_UNAVAILABLE)),
        (
            "a slow page",
            Fault::Delay {
                milliseconds: 4_000,
            },
        ),
        (
            "a very slow page",
            Fault::Delay {
                milliseconds: 40_000,
            },
        ),
        ("reset", Fault::reset()),
        ("truncated", Fault::truncate()),
        ("no JSON", Fault::WrongJson),
        ("another shape", Fault::WrongShape),
        ("another page", Fault::DuplicatePage),
    ];
    for (seed, (name, fault)) in (930..).zip(faults) {
        let (app, organization, id) = start(seed).await;
        add_leave(&app, 250);
        app.employment_hero.add_fault(on_page(2, fault));
        let run = sync(&app, &organization, LEAVE).await;
        assert_eq!(run["status"], "success", "{name}: {run:#}");
        assert_eq!(run["deleted"], 0, "{name}");
        assert_true(&app, &organization, name).await;
        assert_eq!(
            connector(&app, &organization, &id).await["state"],
            "active",
            "{name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_holds_up_everybody_for_as_long_as_it_says() {
    for (seed, asked_for, least) in [(950, Some(30), 30_000), (951, None, 4_900)] {
        let (app, organization, _) = start(seed).await;
        add_leave(&app, 250);
        app.employment_hero
            .add_fault(on_page(2, Fault::too_many_requests(asked_for)));
        sync(&app, &organization, LEAVE).await;
        let requests = app.employment_hero.requests();
        let place = requests
            .iter()
            .position(|one| one.status == Some(429))
            .unwrap();
        let waited = requests[place + 1].at_ms - requests[place].at_ms;
        assert!(waited >= least, "{waited}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_record_that_cannot_be_read_waits_in_quarantine_and_the_others_land() {
    let (app, organization, _) = start(960).await;
    let spoiled = Fault::HugeNumber {
        record: 2,
        field: Some("total_hours".to_owned()),
        number: "1e400".to_owned(),
    };
    app.employment_hero.add_fault(on_page(1, spoiled));
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        (&run["status"], &run["errors"], &run["error_code"]),
        (&json!("partial"), &json!(1), &json!("quarantined")),
        "{run:#}"
    );
    let held = app.all("/api/quarantined-records", &organization.key).await;
    assert_eq!(held.len(), 1, "{held:#?}");
    assert_eq!(
        (&held[0]["stream"], &held[0]["external_id"]),
        (&json!("leave_requests"), &json!(request(3)))
    );
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(run["status"], "success", "{run:#}");
    assert_true(&app, &organization, "after it can be read").await;
    let held = app.all("/api/quarantined-records", &organization.key).await;
    assert_eq!(held.len(), 0, "{held:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_grant_asks_for_its_owner_and_keeps_the_data() {
    let (app, organization, id) = start(961).await;
    sync_all(&app, &organization).await;
    let before = leave_here(&app, &organization).await;
    app.employment_hero.provider().withdraw_grants();
    app.employment_hero.provider().withdraw_access();
    let answer = app.post(LEAVE, &organization.key, json!({})).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{:?}", answer.body);
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(shown["state"], "expired", "{shown:#}");
    assert!(
        shown["state_reason"]
            .as_str()
            .unwrap()
            .contains("invalid_grant"),
        "{shown:#}"
    );
    assert_eq!(leave_here(&app, &organization).await, before);
    agree(&app, &organization, &id).await;
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        (&run["status"], &run["unchanged"]),
        (&json!("success"), &json!(before.len())),
        "{run:#}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_is_not_granted_is_named_with_its_remedy() {
    let (app, organization, id) = start(962).await;
    app.employment_hero.provider().change_settings(|settings| {
        settings
            .withheld_scopes
            .insert(simulators::employment_hero::Scope::LeaveRequests);
    });
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        (&run["status"], &run["error_code"]),
        (&json!("failed"), &json!("forbidden"))
    );
    let detail = run["error_detail"].as_str().unwrap();
    assert!(detail.contains("insufficient_scope"), "{detail}");
    assert!(detail.contains("register another"), "{detail}");
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(shown["state"], "error", "{shown:#}");
    // Employees are another scope; and what comes back mends the connector.
    assert_eq!(
        sync(&app, &organization, EMPLOYEES).await["status"],
        "success"
    );
    app.employment_hero
        .provider()
        .change_settings(|settings| settings.withheld_scopes.clear());
    assert_eq!(sync(&app, &organization, LEAVE).await["status"], "success");
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
}

#[tokio::test(start_paused = true)]
async fn a_crash_in_mid_sync_costs_the_page_in_hand() {
    let (mut app, organization, _) = start(963).await;
    add_leave(&app, 350);
    app.employment_hero.add_fault(on_page(
        3,
        Fault::Delay {
            milliseconds: 120_000,
        },
    ));
    let run = ask(&app, &organization, LEAVE).await;
    assert_eq!(leave_here(&app, &organization).await.len(), 200);
    app.crash().await;
    let run = ended(&app, &organization, &run).await;
    assert_eq!(
        (&run["status"], &run["pages"], &run["deleted"]),
        (&json!("success"), &json!(4), &json!(0)),
        "{run:#}"
    );
    let firsts = app.employment_hero.requests();
    let firsts = firsts
        .iter()
        .filter(|one| one.path.ends_with("/leave_requests"))
        .filter(|one| one.query.contains("page_index=1&"))
        .count();
    assert_eq!(firsts, 1, "pages were asked for again");
    assert_true(&app, &organization, "after the crash").await;
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_cut_short_deletes_nothing_that_is_there() {
    let (app, organization, _) = start(964).await;
    sync_all(&app, &organization).await;
    app.employment_hero
        .add_fault(on_page(1, Fault::ListCutShort { keep: 9 }));
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        (&run["status"], &run["deleted"]),
        (&json!("success"), &json!(0)),
        "{run:#}"
    );
    assert_true(&app, &organization, "after a short list").await;
}

/// Days with all kinds of trouble, changes and crashes; then it heals, and what is here is what is there.
#[tokio::test(start_paused = true)]
async fn after_days_of_bad_weather_everything_is_as_the_provider_has_it() {
    for seed in [981, 982, 983] {
        let (mut app, organization, id) = start(seed).await;
        add_leave(&app, 250);
        sync_all(&app, &organization).await;
        for mut rule in FaultRule::bad_weather(seed, 0.02) {
            rule.path_prefix = "/api/".to_owned();
            app.employment_hero.add_fault(rule);
        }
        for step in 0..60_u64 {
            change(
                &app,
                Change::AddLeave {
                    organisation: HARBOUR.to_owned(),
                    leave: leave(6_000 + step, step),
                },
            );
            if step % 3 == 0 {
                change(
                    &app,
                    Change::WithdrawLeave {
                        id: request(1_000 + step),
                    },
                );
            }
            if step % 4 == 0 {
                let id = request(1_100 + step);
                let status = "Declined".to_owned();
                change(&app, Change::SetLeaveStatus { id, status });
            }
            if step % 17 == 16 {
                app.crash().await;
            }
            for _ in 0..6 {
                app.tick().await.expect(StatusCode::OK);
                pass(400).await;
            }
        }
        let struck = app.employment_hero.requests();
        let struck = struck.iter().filter(|one| one.status != Some(200)).count();
        assert!(struck > 20, "{struck} requests went wrong");
        app.employment_hero.clear_faults();
        pass(3_600).await;
        sync_all(&app, &organization).await;
        assert_true(&app, &organization, &format!("seed {seed}")).await;
        assert_eq!(connector(&app, &organization, &id).await["state"], "active");
        let counts = app.employment_hero.provider().counts();
        assert_eq!((counts.reused, counts.burnt_grants), (0, 0), "seed {seed}");
        let held = app.all("/api/quarantined-records", &organization.key).await;
        assert_eq!(held.len(), 0, "{held:#?}");
    }
}
