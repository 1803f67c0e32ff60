//! What a sync brings, when it comes by itself, and what it takes away.

use super::*;

#[tokio::test(start_paused = true)]
async fn everything_comes_with_half_days_and_nothing_that_is_nobodys_business() {
    let (app, organization, id) = start(901).await;
    sync_all(&app, &organization).await;
    assert_true(&app, &organization, "after the first sync").await;
    let people = rows(&app, &organization, "/api/employees").await;
    let organisations = app.employment_hero.provider().organisations();
    assert_eq!(
        people.len(),
        organisations.get(HARBOUR).unwrap().employees.len()
    );
    let mia = &people[&adviser(1)];
    assert_eq!(
        (&mia["name"], &mia["company_email"], &mia["status"]),
        (
            &json!("Mia Tan"),
            &json!("mia.tan@example.test"),
            &json!("active")
        )
    );
    // As people type them, and none at all.
    assert_eq!(
        people[&adviser(10)]["company_email"],
        "omar.aziz@example.test"
    );
    assert_eq!(people[&adviser(12)]["company_email"], Value::Null);
    assert_eq!(people[&adviser(101)]["status"], "former");
    let leave = leave_here(&app, &organization).await;
    let half = &leave[&request(8)];
    assert_eq!(
        (
            &half["days"][0]["hours"],
            &half["days"][0]["minutes"],
            &half["total_hours"]
        ),
        (&json!(3.8), &json!(228), &json!(3.8))
    );
    assert_eq!(half["employee_name"], "Jude Mori");
    // It began before anybody looked.
    assert_eq!(leave[&request(2)]["status"], "approved");
    assert_eq!(leave[&request(5)]["status"], "pending");
    // Personal things are not in the database at all.
    let file = app.storage.database_path("default");
    for end in ["", "-wal"] {
        let mut path = file.clone().into_os_string();
        path.push(end);
        let bytes = std::fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        for word in [
            "a private",
            "Private Lane",
            "private@example",
            "1990-01-01",
            "61400000000",
        ] {
            assert!(!text.contains(word), "{word}");
        }
    }
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(shown["state"], "active");
    // The same again writes nothing.
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        (
            &run["created"],
            &run["updated"],
            &run["unchanged"],
            &run["deleted"]
        ),
        (&json!(0), &json!(0), &json!(leave.len()), &json!(0)),
        "{run:#}"
    );
}

#[tokio::test(start_paused = true)]
async fn leave_comes_every_hour_and_people_every_twelve() {
    let (app, organization, id) = start(902).await;
    let settings = app
        .get(
            &format!("/api/connectors/{id}/sync-settings"),
            &organization.key,
        )
        .await
        .expect(StatusCode::OK);
    assert_eq!(settings["frequency"], "hourly");
    // Two days.
    for _ in 0..48 * 12 {
        app.tick().await.expect(StatusCode::OK);
        pass(300).await;
    }
    let runs = app.all("/api/sync-runs", &organization.key).await;
    let of = |stream: &str| {
        let runs: Vec<_> = runs.iter().filter(|run| run["stream"] == stream).collect();
        assert!(
            runs.iter().all(|run| run["status"] == "success"),
            "{runs:#?}"
        );
        runs.len()
    };
    assert!(
        (47..=54).contains(&of("leave_requests")),
        "{}",
        of("leave_requests")
    );
    assert!((4..=5).contains(&of("employees")), "{}", of("employees"));
    // A short list is read whole each time.
    assert!(
        runs.iter().all(|run| run["kind"] == "complete"),
        "{runs:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_withdrawn_or_decided_otherwise_is_so_within_the_hour() {
    let (app, organization, _) = start(903).await;
    sync_all(&app, &organization).await;
    change(&app, Change::WithdrawLeave { id: request(1) });
    change(
        &app,
        Change::SetLeaveStatus {
            id: request(3),
            status: "Cancelled".to_owned(),
        },
    );
    change(
        &app,
        Change::AddLeave {
            organisation: HARBOUR.to_owned(),
            leave: leave(500, 3),
        },
    );
    for _ in 0..13 {
        pass(300).await;
        app.tick().await.expect(StatusCode::OK);
    }
    assert_true(&app, &organization, "an hour later").await;
    let all = rows(
        &app,
        &organization,
        "/api/leave-requests?include_deleted=true",
    )
    .await;
    assert!(all[&request(1)]["deleted_at"].is_string());
    assert_eq!(all[&request(3)]["status"], "cancelled");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_removed_goes_and_comes_back() {
    let (app, organization, _) = start(904).await;
    sync_all(&app, &organization).await;
    change(&app, Change::RemoveEmployee { id: adviser(3) });
    sync_all(&app, &organization).await;
    let people = rows(&app, &organization, "/api/employees").await;
    assert!(!people.contains_key(&adviser(3)));
    assert_true(&app, &organization, "without them").await;
    change(
        &app,
        Change::AddEmployee {
            organisation: HARBOUR.to_owned(),
            employee: employee(3, Some("ava.lim@example.test"), None),
        },
    );
    sync_all(&app, &organization).await;
    let people = rows(&app, &organization, "/api/employees").await;
    assert_eq!(people[&adviser(3)]["deleted_at"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_moves_between_pages_costs_a_request_and_is_not_lost() {
    let (app, organization, _) = start(905).await;
    add_leave(&app, 350);
    sync_all(&app, &organization).await;
    for times in [1, 3] {
        change(
            &app,
            Change::SwapAfterPages {
                list: simulators::employment_hero::List::LeaveRequests,
                times,
            },
        );
        app.employment_hero.clear_requests();
        let run = sync(&app, &organization, LEAVE).await;
        assert_eq!(
            (
                &run["status"],
                &run["deleted"],
                &run["created"],
                &run["updated"]
            ),
            (&json!("success"), &json!(0), &json!(0), &json!(0)),
            "{run:#}"
        );
        assert_eq!(asked(&app, "/leave_requests"), 4);
        let by_id = app.employment_hero.requests().len() - 4;
        assert_eq!(by_id, times as usize);
        assert_true(&app, &organization, "after rows moved").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_row_that_moves_between_pages_is_found_by_another_reading() {
    let (app, organization, _) = start(914).await;
    add_leave(&app, 350);
    let swap = |times| Change::SwapAfterPages {
        list: simulators::employment_hero::List::LeaveRequests,
        times,
    };
    change(&app, swap(2));
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        (&run["status"], &run["pages"]),
        (&json!("success"), &json!(8)),
        "{run:#}"
    );
    assert_true(&app, &organization, "after the second reading").await;
    // One that was withdrawn does not pass for the one that moved.
    change(&app, Change::WithdrawLeave { id: request(1_005) });
    change(
        &app,
        Change::AddLeave {
            organisation: HARBOUR.to_owned(),
            leave: leave(7_000, 9),
        },
    );
    change(&app, swap(1));
    sync(&app, &organization, LEAVE).await;
    assert_true(&app, &organization, "after one came and one went").await;
    // Where it never stands still, nothing is deleted, and nobody calls it complete.
    change(&app, swap(1_000));
    change(&app, Change::WithdrawLeave { id: request(1_006) });
    for number in 0..40 {
        change(
            &app,
            Change::AddLeave {
                organisation: HARBOUR.to_owned(),
                leave: leave(7_100 + number, 9),
            },
        );
    }
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        run["deleted"],
        json!(i64::from(run["status"] == "success")),
        "{run:#}"
    );
    change(&app, swap(0));
    sync(&app, &organization, LEAVE).await;
    assert_true(&app, &organization, "when it stands still").await;
}

#[tokio::test(start_paused = true)]
async fn a_long_list_is_read_whole_at_night_and_a_part_of_it_by_day() {
    let (app, organization, _) = start(906).await;
    add_leave(&app, 1_100);
    // Most of it began long ago.
    for number in 0..900 {
        let mut old = leave(1_000 + number, 0);
        old.start_date = old.start_date - chrono::Days::new(60);
        old.end_date = old.start_date;
        change(&app, Change::SetLeave { leave: old });
    }
    sync_all(&app, &organization).await;
    assert_true(&app, &organization, "the whole list").await;
    app.employment_hero.clear_requests();
    // One that runs, one of the future, and one that the part does not have.
    change(&app, Change::WithdrawLeave { id: request(1_000) });
    change(&app, Change::WithdrawLeave { id: request(1_099) });
    change(
        &app,
        Change::AddLeave {
            organisation: HARBOUR.to_owned(),
            leave: leave(5_000, 20),
        },
    );
    // Before 02:00 in Sydney.
    pass(3_600).await;
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        (&run["kind"], &run["created"], &run["deleted"]),
        (&json!("incremental"), &json!(1), &json!(0)),
        "{run:#}"
    );
    assert_eq!(asked(&app, "/leave_requests"), 3);
    // When somebody asks for it, and once a night.
    let run = sync(&app, &organization, &format!("{LEAVE}?full=true")).await;
    assert_eq!(
        (&run["kind"], &run["deleted"]),
        (&json!("complete"), &json!(2)),
        "{run:#}"
    );
    assert_true(&app, &organization, "the whole list again").await;
    pass(24 * 3_600).await;
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(run["kind"], "complete", "{run:#}");
}

#[tokio::test(start_paused = true)]
async fn the_provider_may_select_by_the_first_day_or_by_the_last() {
    for (seed, filter) in [
        (907, simulators::employment_hero::DateFilter::Start),
        (908, simulators::employment_hero::DateFilter::Overlap),
    ] {
        let (app, organization, _) = start(seed).await;
        app.employment_hero
            .provider()
            .change_settings(|settings| settings.date_filter = filter);
        add_leave(&app, 1_100);
        let mut runs = leave(4_000, 5);
        runs.start_date = runs.start_date - chrono::Days::new(80);
        change(
            &app,
            Change::AddLeave {
                organisation: HARBOUR.to_owned(),
                leave: runs,
            },
        );
        sync_all(&app, &organization).await;
        pass(3_600).await;
        let run = sync(&app, &organization, LEAVE).await;
        assert_eq!(run["kind"], "incremental");
        // Leave that runs is here whatever the part was.
        assert_true(&app, &organization, "after a part").await;
    }
}

#[tokio::test(start_paused = true)]
async fn dates_are_days_whatever_zone_they_are_labelled_with() {
    for (seed, form) in [
        (909, simulators::employment_hero::DateForm::Local),
        (910, simulators::employment_hero::DateForm::Date),
    ] {
        let (app, organization, _) = start(seed).await;
        app.employment_hero
            .provider()
            .change_settings(|settings| settings.date_form = form);
        sync_all(&app, &organization).await;
        assert_true(&app, &organization, "by the first ten characters").await;
    }
}

#[tokio::test(start_paused = true)]
async fn leave_that_is_over_for_long_is_not_kept() {
    let (app, organization, id) = start(911).await;
    sync_all(&app, &organization).await;
    // It ended 30 days ago.
    let old = request(10);
    assert!(leave_here(&app, &organization).await.contains_key(&old));
    let path = format!("/api/connectors/{id}/sync-settings");
    let body = Some(json!({"backfill_days": 31}));
    app.request(Method::PUT, &path, &organization.key, body)
        .await
        .expect(StatusCode::OK);
    pass(3 * 86_400).await;
    sync(&app, &organization, LEAVE).await;
    let all = rows(
        &app,
        &organization,
        "/api/leave-requests?include_deleted=true",
    )
    .await;
    assert!(!all.contains_key(&old), "removed without a tombstone");
    // What turns out to have been long ago is deleted.
    let mut moved = leave(1, 0);
    moved.start_date = moved.start_date - chrono::Days::new(90);
    moved.end_date = moved.start_date;
    change(&app, Change::SetLeave { leave: moved });
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(run["deleted"], 1, "{run:#}");
    // More days bring it again.
    let body = Some(json!({"backfill_days": 365}));
    app.request(Method::PUT, &path, &organization.key, body)
        .await
        .expect(StatusCode::OK);
    sync(&app, &organization, LEAVE).await;
    assert_true(&app, &organization, "with a year").await;
}

#[tokio::test(start_paused = true)]
async fn much_that_is_gone_is_held_back_until_somebody_says_so() {
    let (app, organization, _) = start(912).await;
    add_leave(&app, 60);
    sync_all(&app, &organization).await;
    let before = leave_here(&app, &organization).await;
    for number in 0..50 {
        change(
            &app,
            Change::WithdrawLeave {
                id: request(1_000 + number),
            },
        );
    }
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        (&run["status"], &run["error_code"], &run["deleted"]),
        (&json!("partial"), &json!("deletion_brake"), &json!(0)),
        "{run:#}"
    );
    assert_eq!(leave_here(&app, &organization).await.len(), before.len());
    let run = sync(
        &app,
        &organization,
        &format!("{LEAVE}?force_deletions=true"),
    )
    .await;
    assert_eq!(run["deleted"], 50, "{run:#}");
    assert_true(&app, &organization, "after force").await;
}

#[tokio::test(start_paused = true)]
async fn both_limits_are_kept_by_all_instances_together() {
    let (app, organization, _) = start(913).await;
    add_leave(&app, 9_500);
    app.employment_hero.clear_requests();
    let other = app.another();
    let run = ask(&app, &organization, LEAVE).await;
    // While the run reads, callers ask through another instance.
    for _ in 0..60 {
        let path = "/get/leave_requests_list";
        whole_system::send(&other, Method::GET, path, &organization.key, None).await;
        pass(1).await;
        app.tick().await.expect(StatusCode::OK);
    }
    let run = ended(&app, &organization, &run).await;
    assert_eq!(run["status"], "success", "{run:#}");
    let requests = app.employment_hero.requests();
    let refused = requests
        .iter()
        .filter(|one| one.status == Some(429))
        .count();
    assert_eq!(refused, 0);
    let mut times: Vec<_> = requests
        .iter()
        .filter(|one| one.path.starts_with("/api/"))
        .map(|one| one.at_ms)
        .collect();
    times.sort_unstable();
    for (window, limit) in [(1_000, 20), (60_000, 100)] {
        let peak = times
            .iter()
            .enumerate()
            .map(|(place, from)| {
                times[place..]
                    .iter()
                    .take_while(|at| **at < from + window)
                    .count()
            })
            .max()
            .unwrap();
        assert!(peak <= limit, "{peak} in {window} ms");
        assert!(window == 1_000 || peak > 80, "{peak} in a minute is slow");
    }
    assert_true(&app, &organization, "after the long list").await;
}
