//! Under fixed times shifts are kept for 30 days after their end, and no longer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use simulators::seven_shifts::{Mutation, NewPunch, NewShift};
use whole_system::mirror::Mirror;
use whole_system::{App, HARBOUR, LAKESHORE, Organization};

use super::{DAY, HOUR, MINUTE, assert_well, connected, connector_of, let_pass, now, runs, set};

const TICK_SECONDS: i64 = 10 * MINUTE;

/// One shift in the table, deleted or not.
#[derive(Clone, Copy, Debug)]
struct Held {
    over_at: i64,
    has_punch: bool,
}

/// All rows of the organization, by the provider's ids.
fn held(app: &App, organization: &Organization) -> BTreeMap<String, Held> {
    let database = app.database();
    let mut statement = database
        .prepare(
            "SELECT external_id, max(ends_at, starts_at + iif(is_close, 86400, 0)), EXISTS (
               SELECT 1 FROM time_punches AS punch
               WHERE punch.organization_id = shift.organization_id
                 AND punch.external_shift_id = shift.external_id)
             FROM schedule_shifts AS shift WHERE organization_id = ?1",
        )
        .unwrap();
    let rows = statement.query_map([&organization.id], |row| {
        let held = Held {
            over_at: row.get(1)?,
            has_punch: row.get(2)?,
        };
        Ok((row.get(0)?, held))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// A shift that ended so many seconds more than 30 days ago, and who worked it.
fn add(app: &App, seconds: i64, is_punched: bool) -> String {
    let provider = app.simulator.provider();
    let truth = provider.truth(LAKESHORE.company_id).unwrap();
    let (location_id, user_id) = (truth.locations[0].id, truth.users[0].id);
    let end = now(app) - 30 * DAY - seconds;
    let made = |mutation| provider.mutate(LAKESHORE.company_id, mutation).unwrap();
    let shift = made(Mutation::AddShift(NewShift {
        location_id,
        user_id: Some(user_id),
        start: end - 4 * HOUR,
        end,
        ..NewShift::default()
    }));
    let id = shift.id.unwrap();
    if is_punched {
        made(Mutation::AddPunch(NewPunch {
            user_id,
            location_id,
            department_id: None,
            role_id: None,
            shift_id: Some(id),
            clocked_in: end - 4 * HOUR,
            clocked_out: Some(end),
            breaks: Vec::new(),
            tips: 0,
            notes: String::new(),
        }));
    }
    id.to_string()
}

#[tokio::test(start_paused = true)]
async fn what_is_over_longer_goes_and_what_a_punch_rests_on_stays() {
    let app = App::simulate(64, super::at("2026-06-10T12:00:00Z")).await;
    let settings = json!({"backfill_days": 60, "frequency": "daily"});
    let fixed = connected(&app, "Fixed", LAKESHORE, settings.clone()).await;
    let by_frequency = connected(&app, "By frequency", LAKESHORE, settings.clone()).await;
    let elsewhere = connected(&app, "Elsewhere", HARBOUR, settings).await;
    let id = connector_of(&app, &fixed).await;
    let old = add(&app, 30 * MINUTE, false);
    let punched = add(&app, 30 * MINUTE, true);
    let young = add(&app, -12 * HOUR, false);
    let_pass(&app, 20 * MINUTE, TICK_SECONDS).await;
    let before = held(&app, &fixed);
    let others = (by_frequency, elsewhere);
    let of_others = |app: &App| (held(app, &others.0).len(), held(app, &others.1).len());
    let count_of_others = of_others(&app);
    let old_ones: Vec<_> = before
        .values()
        .filter(|shift| shift.over_at < now(&app) - 31 * DAY)
        .collect();
    let with = old_ones.iter().filter(|shift| shift.has_punch).count();
    let without = old_ones.len() - with;
    assert!(with > 20 && without > 2, "{with} with, {without} without");

    // The policy applies from the next hour on, before any sync has run under it.
    set(&app, &fixed, &id, json!({"schedule": "fixed_times"})).await;
    let_pass(&app, 2 * HOUR, TICK_SECONDS).await;
    let left = held(&app, &fixed);
    assert_exactly_older_gone(&before, &left, now(&app));
    assert!(!left.contains_key(&old));
    assert!(left.contains_key(&punched) && left.contains_key(&young));
    assert_eq!(of_others(&app), count_of_others);

    // No sync brings back what is gone, and what a sync brings nothing removes again.
    for _ in 0..4 {
        let before = held(&app, &fixed);
        let_pass(&app, 12 * HOUR, TICK_SECONDS).await;
        assert_exactly_older_gone(&before, &held(&app, &fixed), now(&app));
    }
    assert!(!held(&app, &fixed).contains_key(&young));
    for run in app.all("/api/sync-runs?stream=shifts", &fixed.key).await {
        if run["kind"] == "complete" {
            assert_eq!(run["created"], 0, "{run:#}");
        }
    }
    assert_eq!(of_others(&app), count_of_others);
    assert_well(&runs(&app, &fixed).await);
}

/// Of the shifts of before, those are gone that had ended 30 days ago when somebody looked last, at
/// most an hour and a little ago, and that no punch refers to; and none is new.
#[track_caller]
fn assert_exactly_older_gone(
    before: &BTreeMap<String, Held>,
    left: &BTreeMap<String, Held>,
    now: i64,
) {
    let new: BTreeSet<_> = left.keys().filter(|id| !before.contains_key(*id)).collect();
    assert!(new.is_empty(), "{new:?}");
    let looked = now - 30 * DAY - HOUR - 2 * TICK_SECONDS..now - 30 * DAY;
    for (id, shift) in before {
        if shift.has_punch || shift.over_at >= looked.end {
            assert!(left.contains_key(id), "{id} is gone: {shift:?}");
        } else if shift.over_at < looked.start {
            assert!(!left.contains_key(id), "{id} is left: {shift:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_went_comes_back_with_the_frequency_even_if_no_sync_ran_meanwhile() {
    let app = App::simulate(65, super::at("2026-06-10T12:00:00Z")).await;
    let settings = json!({"backfill_days": 60, "frequency": "every_15_min"});
    let organization = connected(&app, "Fixed", LAKESHORE, settings).await;
    let id = connector_of(&app, &organization).await;
    let_pass(&app, 20 * MINUTE, TICK_SECONDS).await;
    let before = held(&app, &organization);
    set(&app, &organization, &id, json!({"schedule": "fixed_times"})).await;
    let_pass(&app, 2 * HOUR, TICK_SECONDS).await;
    assert!(held(&app, &organization).len() < before.len());
    let since = now(&app) - 59 * DAY;
    set(&app, &organization, &id, json!({"schedule": "frequency"})).await;
    let_pass(&app, 2 * HOUR, TICK_SECONDS).await;
    let mirror = Mirror {
        since,
        ..Mirror::default()
    };
    let key = &organization.key;
    mirror
        .assert(&app, key, LAKESHORE.company_id, "back to the frequency")
        .await;
    assert_well(&runs(&app, &organization).await);
}
