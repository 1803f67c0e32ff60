//! How often each tier runs: the published table, operating hours, switches, and the spread of
//! organizations.

use std::collections::BTreeSet;

use chrono::{NaiveTime, Timelike};
use serde_json::json;
use whole_system::{App, LAKESHORE};

use super::{
    COOL, DAY, HOT, HOUR, MINUTE, Run, WARM, assert_one_a_night, assert_well, connected, let_pass,
    now, of, runs, zone,
};

/// A run may start this late: a tick's distance, and its turn behind others of the credential.
const LATE_SECONDS: i64 = 2 * MINUTE;

#[derive(Clone, Copy, Debug)]
enum Cadence {
    Every(i64),
    Nightly,
    Never,
}

use Cadence::{Every, Never, Nightly};

#[tokio::test(start_paused = true)]
async fn every_selection_runs_each_tier_as_the_table_says() {
    let table = [
        ("every_15_min", Every(15 * MINUTE), Every(HOUR), Nightly),
        ("every_30_min", Every(30 * MINUTE), Every(4 * HOUR), Nightly),
        ("hourly", Every(HOUR), Every(4 * HOUR), Nightly),
        ("every_4_hours", Every(4 * HOUR), Every(4 * HOUR), Nightly),
        ("daily", Nightly, Nightly, Nightly),
        ("manual", Never, Never, Never),
    ];
    let app = App::simulate(11, super::at("2026-06-10T11:00:00-04:00")).await;
    let mut organizations = Vec::new();
    for (selection, ..) in table {
        let settings = json!({"frequency": selection});
        organizations.push(connected(&app, selection, LAKESHORE, settings).await);
    }
    let began = now(&app);
    app.simulator.clear_requests();
    // To the evening of the third day: two nights, and the four-hourly ones find their phase.
    let span = 57 * HOUR;
    let_pass(&app, span, MINUTE).await;

    let mut calls = 0;
    for ((selection, hot, warm, cool), organization) in table.iter().zip(&organizations) {
        let runs = runs(&app, organization).await;
        assert_well(&runs);
        let all = app.all("/api/sync-runs", &organization.key).await;
        calls += all
            .iter()
            .filter_map(|run| run["provider_calls"].as_u64())
            .sum::<u64>();
        for stream in COOL {
            assert_cadence(&runs, selection, stream, *cool, began, span);
        }
        assert_cadence(&runs, selection, WARM, *warm, began, span);
        assert_cadence(&runs, selection, HOT, *hot, began, span);
    }
    // What the log of runs says is what the provider saw.
    assert_eq!(app.simulator.requests().len() as u64, calls);
}

#[track_caller]
fn assert_cadence(
    all: &[Run],
    selection: &str,
    stream: &str,
    cadence: Cadence,
    began: i64,
    span: i64,
) {
    let what = format!("{selection} {stream}");
    let runs = of(all, stream, began);
    match cadence {
        // Whoever connects an account asks for its first sync.
        Never => assert_eq!(runs.len(), 1, "{what}: {runs:?}"),
        Nightly => {
            let toronto = zone(LAKESHORE);
            // What has just been connected does not wait for the night.
            assert!(runs[0].started_at - began <= LATE_SECONDS, "{what}");
            assert_eq!(runs[0].trigger, "manual", "{what}");
            let first = runs[0].date(toronto).succ_opt().expect("a date");
            let last = first.succ_opt().expect("a date");
            assert_one_a_night(all, stream, toronto, first, last);
            assert_eq!(runs.len(), 3, "{what}: {runs:?}");
            for run in &runs[1..] {
                let time = run.time(toronto);
                assert!(
                    time.hour() == 2 && time.minute() <= 12,
                    "{what}: {time} is not in the first minutes of the night"
                );
            }
        }
        Every(seconds) => {
            assert!(runs[0].started_at - began <= LATE_SECONDS, "{what}");
            for pair in runs.windows(2) {
                let gap = pair[1].started_at - pair[0].started_at;
                assert_eq!(pair[1].trigger, "cron", "{what}");
                // Up to a tenth sooner, while it moves towards the connector's own phase.
                assert!(
                    gap <= seconds + LATE_SECONDS && gap >= seconds * 9 / 10 - LATE_SECONDS,
                    "{what}: {gap} s between two runs"
                );
            }
            let expected = span / seconds;
            let number = i64::try_from(runs.len()).expect("few");
            assert!(
                (expected..=expected + 2).contains(&number),
                "{what}: {number} runs, {expected} intervals"
            );
            // The phase is found after ten intervals at the latest, and kept.
            let settled: Vec<_> = runs.iter().skip(11).collect();
            for pair in settled.windows(2) {
                let off = (pair[1].started_at - pair[0].started_at - seconds).abs();
                assert!(off <= LATE_SECONDS, "{what}: {off} s off");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn by_the_clock_alone_the_cron_trigger_ticks_every_20_seconds() {
    let app = App::simulate(12, super::at("2026-06-10T11:00:07-04:00")).await;
    let settings = json!({"frequency": "every_15_min"});
    let organization = connected(&app, "Lakeshore", LAKESHORE, settings).await;
    let began = now(&app);
    let schedules = app.runtime.keep_schedules();
    super::sleep(2 * HOUR).await;
    drop(schedules);
    let ticks: i64 = app
        .database()
        .query_row("SELECT ticks FROM scheduler_ticks", [], |row| row.get(0))
        .unwrap();
    assert!((355..=361).contains(&ticks), "{ticks} ticks in two hours");
    let runs = runs(&app, &organization).await;
    assert_well(&runs);
    assert_cadence(
        &runs,
        "every_15_min",
        HOT,
        Every(15 * MINUTE),
        began,
        2 * HOUR,
    );
}

#[tokio::test(start_paused = true)]
async fn operating_hours_gate_hot_and_warm_streams_also_across_midnight() {
    let app = App::simulate(13, super::at("2026-06-10T11:00:00-04:00")).await;
    let hours = |start: &str, end: &str| {
        json!({
            "frequency": "every_15_min",
            "active_hours_only": true,
            "operating_hours": {"start": start, "end": end, "timezone": "America/Toronto"},
        })
    };
    let day = connected(&app, "Lunch", LAKESHORE, hours("10:00", "16:00")).await;
    let night = connected(&app, "Bar", LAKESHORE, hours("17:00", "01:30")).await;
    let began = now(&app);
    let_pass(&app, 45 * HOUR, 2 * MINUTE).await;

    let clock = |text: &str| text.parse::<NaiveTime>().expect("a time");
    let day_ends = clock("16:00:00");
    let is_day = |time: NaiveTime| time >= clock("10:00:00") && time < day_ends;
    let is_night = |time: NaiveTime| time >= clock("17:00:00") || time < clock("01:30:00");
    let toronto = zone(LAKESHORE);
    let cases: [(_, &dyn Fn(NaiveTime) -> bool, _); 2] = [
        (&day, &is_day, [10, 11, 12, 13, 14, 15].as_slice()),
        (
            &night,
            &is_night,
            [17, 18, 19, 20, 21, 22, 23, 0, 1].as_slice(),
        ),
    ];
    for (organization, is_open, hours) in cases {
        let runs = runs(&app, organization).await;
        assert_well(&runs);
        for stream in [HOT, WARM] {
            let runs = of(&runs, stream, began);
            // The first sync waits for nobody; the night takes along warm streams that are old.
            let gated: Vec<_> = runs[1..]
                .iter()
                .filter(|run| run.trigger != "nightly")
                .collect();
            for run in &gated {
                let time = run.time(toronto);
                assert!(is_open(time), "{stream} at {time}, {}", run.trigger);
            }
            let seen: BTreeSet<_> = gated.iter().map(|run| run.time(toronto).hour()).collect();
            let expected: BTreeSet<_> = hours.iter().copied().collect();
            if stream == HOT {
                assert_eq!(seen, expected, "{stream}: hours with a run");
            } else {
                // An hourly run may miss the half hour before closing, and an hour while it moves
                // towards its phase.
                assert!(seen.len() + 2 >= expected.len(), "{stream}: {seen:?}");
            }
        }
        // A warm stream whose hours were closed is taken along at night, a hot one is not.
        let swept = |stream: &str| {
            of(&runs, stream, began)
                .iter()
                .filter(|run| run.trigger == "nightly")
                .count()
        };
        assert_eq!(swept(HOT), 0);
        assert_eq!(swept("users"), 2);
    }
    let lunch = runs(&app, &day).await;
    assert_eq!(
        of(&lunch, WARM, began)
            .iter()
            .filter(|run| run.trigger == "nightly")
            .count(),
        2,
        "shifts were last read at 16:00, ten hours before the night"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_switched_off_and_a_connector_that_is_not_enabled_never_run() {
    let app = App::simulate(14, super::at("2026-06-10T11:00:00-04:00")).await;
    let streams = json!({"time_punches": {"enabled": false}, "roles": {"enabled": false}});
    let some = connected(&app, "Some", LAKESHORE, json!({"streams": streams})).await;
    let none = connected(&app, "None", LAKESHORE, json!({"enabled": false})).await;
    // The first sync was asked for, by connecting.
    let_pass(&app, HOUR, 10 * MINUTE).await;
    let began = now(&app);
    let_pass(&app, DAY, 10 * MINUTE).await;
    let ran: BTreeSet<_> = runs(&app, &some)
        .await
        .into_iter()
        .filter(|run| run.started_at >= began)
        .map(|run| run.stream)
        .collect();
    let ran: Vec<_> = ran.iter().map(String::as_str).collect();
    assert_eq!(
        ran,
        [
            "assignments",
            "availability",
            "departments",
            "locations",
            "shifts",
            "time_off",
            "users",
            "wages"
        ]
    );
    let none = runs(&app, &none).await;
    assert!(none.iter().all(|run| run.started_at < began), "{none:?}");
}

#[tokio::test(start_paused = true)]
async fn organizations_do_not_start_in_the_same_second() {
    let app = App::simulate(15, super::at("2026-06-10T11:00:00-04:00")).await;
    for number in 0..20 {
        let name = format!("Organization {number}");
        connected(&app, &name, LAKESHORE, json!({"backfill_days": 1})).await;
    }
    // By then the streams that began together have found their own phase: each interval brings
    // them a tenth nearer, which must be more than a tick's distance.
    let_pass(&app, 7 * HOUR, MINUTE).await;
    let planned = |stream: &str| -> BTreeSet<i64> {
        let database = app.database();
        let mut statement = database
            .prepare("SELECT next_due_at FROM jobs WHERE name = ?1")
            .unwrap();
        let rows = statement.query_map([stream], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for (stream, span) in [("users", 600), (HOT, 30 * MINUTE)] {
        let due = planned(stream);
        assert!(due.len() >= 18, "{stream}: {due:?}");
        let widest = due.last().unwrap() - due.first().unwrap();
        assert!(widest > span / 2, "{stream}: within {widest} s");
        assert!(widest <= span + 5 * MINUTE, "{stream}: within {widest} s");
    }
}
