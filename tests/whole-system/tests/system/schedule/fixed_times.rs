//! Fixed times beside the frequency model: when streams run, and which shifts they bring.

use std::collections::BTreeSet;

use serde_json::json;
use simulators::seven_shifts::{Mutation, NewShift};
use whole_system::mirror::Mirror;
use whole_system::{App, LAKESHORE, Organization};

use super::{
    COOL, DAY, HOT, HOUR, MINUTE, Run, WARM, assert_well, connected, connector_of, let_pass, now,
    of, runs, set, sleep,
};

const TICK_SECONDS: i64 = 5 * MINUTE;
/// As organizations are spread, two ticks' distance, and the turn behind the other streams.
const LATE_SECONDS: i64 = 10 * MINUTE + 2 * TICK_SECONDS + MINUTE;

/// The frequency and the hours would have it run otherwise.
fn fixed_times() -> serde_json::Value {
    json!({
        "schedule": "fixed_times",
        "frequency": "every_15_min",
        "active_hours_only": true,
        "operating_hours": {"start": "09:00", "end": "10:00", "timezone": "Australia/Sydney"},
        "backfill_days": 60,
    })
}

#[tokio::test(start_paused = true)]
async fn streams_run_at_their_times_and_once_after_an_outage() {
    // Over a change of the clocks in Toronto, which does not move them.
    let app = App::simulate(62, super::at("2026-03-06T15:00:00Z")).await;
    let organization = connected(&app, "Fixed", LAKESHORE, fixed_times()).await;
    let manual = json!({"schedule": "fixed_times", "frequency": "manual"});
    let manual = connected(&app, "Manual", LAKESHORE, manual).await;
    let began = now(&app);
    let_pass(&app, 3 * DAY, TICK_SECONDS).await;
    let all = runs(&app, &organization).await;
    assert_well(&all);
    for stream in COOL {
        assert_times(&all, stream, began, &[3]);
    }
    for stream in [WARM, HOT, "time_off"] {
        assert_times(&all, stream, began, &[6, 18]);
    }

    // Two days without a tick: what was missed is made up for by one run, at once.
    sleep(2 * DAY).await;
    let back = now(&app);
    let_pass(&app, 2 * HOUR, TICK_SECONDS).await;
    let all = runs(&app, &organization).await;
    for stream in COOL.into_iter().chain([WARM, HOT]) {
        let since = of(&all, stream, back);
        assert_eq!(since.len(), 1, "{stream}: {since:?}");
        assert!(since[0].started_at - back <= TICK_SECONDS + MINUTE);
    }
    // Manual stops this schedule too: there is only what whoever connects asks for.
    for stream in COOL.into_iter().chain([WARM, HOT]) {
        let runs = runs(&app, &manual).await;
        assert_eq!(of(&runs, stream, 0).len(), 1, "{stream}");
    }
}

/// The first sync at once, and then one run soon after each of these hours of the UTC day.
#[track_caller]
fn assert_times(all: &[Run], stream: &str, began: i64, hours: &[i64]) {
    let runs = of(all, stream, began);
    assert!(runs[0].started_at - began <= TICK_SECONDS, "{stream}");
    let times: Vec<_> = (began..began + 3 * DAY)
        .filter(|at| hours.iter().any(|hour| at.rem_euclid(DAY) == hour * HOUR))
        .collect();
    assert_eq!(runs.len(), times.len() + 1, "{stream}: {runs:?}");
    for (run, time) in runs[1..].iter().zip(times) {
        assert_eq!(run.trigger, "cron");
        let late = run.started_at - time;
        assert!((0..LATE_SECONDS).contains(&late), "{stream}: {late} s late");
    }
}

/// The shifts that are there, by the provider's ids.
async fn shifts(app: &App, organization: &Organization) -> BTreeSet<i64> {
    shifts_since(app, organization, i64::MIN).await
}

/// Those of them that start then or later.
async fn shifts_since(app: &App, organization: &Organization, since: i64) -> BTreeSet<i64> {
    app.all("/api/shifts", &organization.key)
        .await
        .iter()
        .filter(|row| row["deleted_at"].is_null())
        .filter(|row| super::at(row["starts_at"].as_str().expect("a time")) >= since)
        .filter_map(|row| row["external_id"].as_str()?.parse().ok())
        .collect()
}

fn change(app: &App, mutation: Mutation) -> i64 {
    app.simulator
        .provider()
        .mutate(LAKESHORE.company_id, mutation)
        .expect("the change is possible")
        .id
        .unwrap_or_default()
}

/// A shift that starts so many days from now and lasts for an hour.
fn add(app: &App, days: i64) -> i64 {
    let truth = app.simulator.provider().truth(LAKESHORE.company_id);
    let start = now(app) + days * DAY;
    change(
        app,
        Mutation::AddShift(NewShift {
            location_id: truth.expect("the account exists").locations[0].id,
            start,
            end: start + HOUR,
            ..NewShift::default()
        }),
    )
}

/// What the account has within the window of a run that began then.
fn within(app: &App, began: i64) -> BTreeSet<i64> {
    let truth = app.simulator.provider().truth(LAKESHORE.company_id);
    let window = began - 30 * DAY..began + 14 * DAY;
    truth
        .expect("the account exists")
        .shifts
        .iter()
        .filter(|shift| window.contains(&shift.details.start))
        .map(|shift| shift.id)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn shifts_are_those_of_a_window_until_the_frequency_decides_again() {
    let app = App::simulate(63, super::at("2026-06-10T12:00:00Z")).await;
    let provider = app.simulator.provider();
    provider.change_settings(|settings| settings.leaky_start_bound = true);
    let organization = connected(&app, "Fixed", LAKESHORE, fixed_times()).await;
    let id = connector_of(&app, &organization).await;
    let (long_ago, recent, soon, far) =
        (add(&app, -40), add(&app, -20), add(&app, 10), add(&app, 20));
    let (moved, forgotten) = (add(&app, 9), add(&app, 8));
    let_pass(&app, 10 * MINUTE, TICK_SECONDS).await;
    let first = runs(&app, &organization).await;
    let began = of(&first, WARM, 0)[0].started_at;
    let expected = within(&app, began);
    assert!(expected.contains(&recent) && expected.contains(&soon));
    assert!(!expected.contains(&long_ago) && !expected.contains(&far));
    assert_eq!(shifts(&app, &organization).await, expected);

    change(&app, Mutation::ForgetShift { id: forgotten });
    change(&app, Mutation::UnpublishShift { id: soon });
    let start = now(&app) + 16 * DAY;
    change(
        &app,
        Mutation::MoveShift {
            id: moved,
            start,
            end: start + HOUR,
            location_id: None,
        },
    );
    let new = add(&app, 7);
    let_pass(&app, 8 * HOUR, TICK_SECONDS).await;
    let all = runs(&app, &organization).await;
    assert_well(&all);
    let evening = of(&all, WARM, began + 1)[0].started_at;
    let expected = within(&app, evening);
    assert!(expected.contains(&new));
    for gone in [forgotten, soon, moved] {
        assert!(!expected.contains(&gone));
    }
    // What has left the window since stays until it is too old.
    let since = evening - 30 * DAY;
    assert_eq!(shifts_since(&app, &organization, since).await, expected);
    let kinds: BTreeSet<_> = app
        .all("/api/sync-runs?stream=shifts", &organization.key)
        .await
        .iter()
        .map(|run| run["kind"].to_string())
        .collect();
    assert_eq!(kinds, [r#""complete""#.to_owned()].into());

    // What lies beyond comes when nothing limits it any more.
    set(&app, &organization, &id, by_frequency()).await;
    let_pass(&app, 2 * HOUR, TICK_SECONDS).await;
    let mirror = Mirror {
        since: now(&app) - 59 * DAY,
        ..Mirror::default()
    };
    let key = &organization.key;
    let when = "back to the frequency";
    mirror.assert(&app, key, LAKESHORE.company_id, when).await;
    let all = shifts(&app, &organization).await;
    assert!([long_ago, far, moved].iter().all(|id| all.contains(id)));

    // And what is there beyond the window stays while it is limited, whatever becomes of it.
    set(&app, &organization, &id, fixed_times()).await;
    change(&app, Mutation::ForgetShift { id: far });
    let_pass(&app, DAY, TICK_SECONDS).await;
    assert!(shifts(&app, &organization).await.contains(&far));
    set(&app, &organization, &id, by_frequency()).await;
    let_pass(&app, 2 * HOUR, TICK_SECONDS).await;
    assert!(!shifts(&app, &organization).await.contains(&far));
    let when = "back to the frequency again";
    mirror.assert(&app, key, LAKESHORE.company_id, when).await;
    assert_well(&runs(&app, &organization).await);
}

fn by_frequency() -> serde_json::Value {
    json!({"schedule": "frequency", "active_hours_only": false})
}
