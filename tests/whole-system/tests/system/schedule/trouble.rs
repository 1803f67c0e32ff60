//! Ticks that do not come, come twice, or come by a wrong clock.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::json;
use whole_system::{App, LAKESHORE};

use super::{
    COOL, DAY, HOT, HOUR, MINUTE, WARM, assert_one_a_night, assert_well, connected, let_pass,
    local, now, of, runs, sleep, zone,
};

#[tokio::test(start_paused = true)]
async fn days_without_ticks_are_made_up_for_once_with_warm_streams_swept_along() {
    let mut app = App::simulate(31, super::at("2026-06-10T11:00:00-04:00")).await;
    let organization = connected(&app, "Lakeshore", LAKESHORE, json!({})).await;
    let_pass(&app, HOUR, 10 * MINUTE).await;
    // The machine is off for three nights and comes back at ten in the morning.
    app.runtime.kill().await;
    sleep(2 * DAY + 22 * HOUR).await;
    app.crash().await;
    let back = now(&app);
    let_pass(&app, 2 * HOUR, 10 * MINUTE).await;
    let toronto = zone(LAKESHORE);
    let today = local(back, toronto).date_naive();
    let all = runs(&app, &organization).await;
    assert_well(&all);
    for stream in COOL {
        assert_one_a_night(&all, stream, toronto, today, today);
        assert_eq!(of(&all, stream, back).len(), 1, "{stream}");
    }
    let warm = of(&all, WARM, back);
    assert_eq!(warm.len(), 1, "{warm:?}");
    assert!(warm[0].started_at - back <= 10 * MINUTE);
    let hot = of(&all, HOT, back);
    assert!(hot[0].started_at - back <= 10 * MINUTE);
    assert!((4..=5).contains(&hot.len()), "{} in two hours", hot.len());

    // The next night comes at its own time.
    let_pass(&app, DAY, 10 * MINUTE).await;
    let all = runs(&app, &organization).await;
    for stream in COOL {
        let tomorrow = today.succ_opt().expect("a date");
        assert_one_a_night(&all, stream, toronto, today, tomorrow);
    }
}

#[tokio::test(start_paused = true)]
async fn a_date_that_passed_without_ticks_is_not_served_on_the_next() {
    let app = App::simulate(32, super::at("2026-06-10T11:00:00-04:00")).await;
    let organization = connected(&app, "Lakeshore", LAKESHORE, json!({})).await;
    let_pass(&app, HOUR, 10 * MINUTE).await;
    // From noon to half past midnight of the day after: a whole date had no tick.
    sleep(DAY + 12 * HOUR + 30 * MINUTE).await;
    let back = now(&app);
    let_pass(&app, HOUR, 5 * MINUTE).await;
    let all = runs(&app, &organization).await;
    for stream in COOL {
        assert!(of(&all, stream, back).is_empty(), "{stream}: {all:?}");
    }
    assert!(!of(&all, HOT, back).is_empty());
    let_pass(&app, 2 * HOUR, 5 * MINUTE).await;
    let today = local(back, zone(LAKESHORE)).date_naive();
    let all = runs(&app, &organization).await;
    for stream in COOL {
        assert_one_a_night(&all, stream, zone(LAKESHORE), today, today);
    }
}

#[tokio::test(start_paused = true)]
async fn warm_streams_whose_hours_went_by_without_ticks_are_swept_along_by_the_night() {
    let app = App::simulate(34, super::at("2026-06-10T10:00:00-04:00")).await;
    let settings = json!({
        "active_hours_only": true,
        "operating_hours": {"start": "09:00", "end": "17:00", "timezone": "America/Toronto"},
    });
    // When the ticks stop, the early one's shifts are planned for the night, for their hours will
    // have ended; the late one's for what is left of the hours.
    let early = connected(&app, "Early", LAKESHORE, settings.clone()).await;
    let_pass(&app, 90 * MINUTE, 10 * MINUTE).await;
    let late = connected(&app, "Late", LAKESHORE, settings).await;
    let_pass(&app, 3 * HOUR + 30 * MINUTE, 10 * MINUTE).await;
    // What the last tick started is over.
    sleep(MINUTE).await;
    let stopped = now(&app);
    assert!((stopped - super::at("2026-06-10T15:00:00-04:00")).abs() < 2 * MINUTE);
    let planned: BTreeSet<String> = {
        let database = app.database();
        let mut triggers = database
            .prepare("SELECT planned_trigger FROM jobs WHERE name = ?1")
            .unwrap();
        let triggers = triggers.query_map([WARM], |row| row.get(0)).unwrap();
        triggers.map(Result::unwrap).collect()
    };
    assert_eq!(
        planned.iter().map(String::as_str).collect::<Vec<_>>(),
        ["cron", "nightly"]
    );

    sleep(13 * HOUR).await;
    let back = now(&app);
    let_pass(&app, 7 * HOUR, 10 * MINUTE).await;
    let opening = super::at("2026-06-11T09:00:00-04:00");
    for organization in [&early, &late] {
        let all = runs(&app, organization).await;
        assert_well(&all);
        let swept: Vec<_> = of(&all, WARM, stopped)
            .into_iter()
            .filter(|run| run.started_at < opening)
            .collect();
        assert_eq!(swept.len(), 1, "{swept:?}");
        assert_eq!(swept[0].trigger, "nightly");
        assert!(
            (0..10 * MINUTE).contains(&(swept[0].started_at - back)),
            "{swept:?}"
        );
        for stream in COOL {
            let made_up_for = of(&all, stream, stopped);
            assert_eq!(made_up_for.len(), 1, "{stream}");
            assert_eq!(made_up_for[0].trigger, "nightly", "{stream}");
        }
        let hot = of(&all, HOT, stopped);
        assert!(
            (0..20 * MINUTE).contains(&(hot[0].started_at - opening)),
            "punches wait for their hours: {hot:?}"
        );
        assert_eq!(hot[0].trigger, "cron");
    }
}

#[tokio::test(start_paused = true)]
async fn doubled_ticks_run_nothing_twice() {
    let app = App::simulate(33, super::at("2026-06-10T11:00:00-04:00")).await;
    let organization = connected(&app, "Lakeshore", LAKESHORE, json!({})).await;
    let began = now(&app);
    let span = 20 * HOUR;
    while now(&app) < began + span {
        let (one, two) = tokio::join!(app.tick(), app.tick());
        let (one, two) = (one.expect(StatusCode::OK), two.expect(StatusCode::OK));
        for summary in [one, two] {
            assert_eq!(summary["refused"], 0, "{summary}");
            assert_eq!(summary["failed"], 0, "{summary}");
        }
        sleep(10 * MINUTE).await;
    }
    let all = runs(&app, &organization).await;
    assert_well(&all);
    for (stream, seconds) in [(HOT, 30 * MINUTE), (WARM, 4 * HOUR)] {
        let runs = of(&all, stream, began);
        for pair in runs.windows(2) {
            let gap = pair[1].started_at - pair[0].started_at;
            assert!(gap >= seconds * 9 / 10, "{stream}: {gap} s");
        }
        let number = i64::try_from(runs.len()).expect("few");
        assert!(
            number >= span * 9 / 10 / (seconds + 10 * MINUTE),
            "{number}"
        );
    }
    let night = local(began + span, zone(LAKESHORE)).date_naive();
    for stream in COOL {
        assert_one_a_night(&all, stream, zone(LAKESHORE), night, night);
        assert_eq!(of(&all, stream, began).len(), 2, "{stream}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_ahead_and_back_heals_at_the_next_good_tick() {
    jump(41, 10 * DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_back_and_ahead_heals_at_the_next_good_tick() {
    jump(42, -10 * DAY).await;
}

/// The clock is wrong by so many seconds for an hour of ticks, then right again.
async fn jump(seed: u64, seconds: i64) {
    let app = App::simulate(seed, super::at("2026-06-10T11:00:00-04:00")).await;
    let organization = connected(&app, "Lakeshore", LAKESHORE, json!({})).await;
    let_pass(&app, 20 * HOUR, 10 * MINUTE).await;
    let clock = app.clock.clone().expect("a simulation");
    let before = now(&app);
    clock.jump(seconds * 1_000);
    let wrong = now(&app);
    let_pass(&app, HOUR, 10 * MINUTE).await;
    let all = runs(&app, &organization).await;
    let during = all
        .iter()
        .filter(|run| run.stream == HOT && (wrong..=wrong + HOUR).contains(&run.started_at));
    assert!(during.count() >= 1, "no run by the wrong clock");
    clock.jump(-seconds * 1_000);
    let right = now(&app);
    assert!((right - before - HOUR).abs() < 5);

    app.tick().await.expect(StatusCode::OK);
    // Nothing is left that the right clock would not have planned.
    let (latest, leases): (i64, i64) = app
        .database()
        .query_row(
            "SELECT max(next_due_at), count(lease_holder) FROM jobs",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert!(
        latest <= right + 26 * HOUR,
        "due {} s ahead",
        latest - right
    );
    assert_eq!(leases, 0);

    let_pass(&app, 30 * HOUR, 10 * MINUTE).await;
    let all = runs(&app, &organization).await;
    let end = right + 30 * HOUR;
    let healthy: Vec<_> = all
        .iter()
        .filter(|run| (right..=end).contains(&run.started_at))
        .cloned()
        .collect();
    assert_well(&healthy);
    for (stream, every) in [(HOT, 30 * MINUTE), (WARM, 4 * HOUR)] {
        let mut last = right;
        for run in of(&healthy, stream, right) {
            let gap = run.started_at - last;
            assert!(
                gap <= every + 20 * MINUTE,
                "{stream}: {gap} s without a run"
            );
            last = run.started_at;
        }
        assert!(end - last <= every + 20 * MINUTE, "{stream} has stopped");
    }
    let tomorrow = local(end, zone(LAKESHORE)).date_naive();
    for stream in COOL {
        let nights: Vec<_> = of(&healthy, stream, right)
            .iter()
            .filter(|run| run.trigger == "nightly" && run.date(zone(LAKESHORE)) == tomorrow)
            .map(|run| run.started_at)
            .collect();
        assert_eq!(nights.len(), 1, "{stream} on {tomorrow}");
    }
}
