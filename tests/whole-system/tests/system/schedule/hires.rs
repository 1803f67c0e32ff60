//! People are listed nightly, and whoever clocks in before that is known soon all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, Uri};
use runtime::{Faults, OutboundFault};
use serde_json::json;
use simulators::seven_shifts::{Mutation, NewUser, demo_data};
use whole_system::{Account, App, LAKESHORE, Organization, Settings};

use super::{DAY, HOUR, MINUTE, assert_well, connected, let_pass, now, of, runs};

/// Somebody new clocks in now; returns the punch.
pub fn hire(app: &App, at: Account) -> i64 {
    let account = app.simulator.provider();
    let change = |mutation| {
        let changed = account.mutate(at.company_id, mutation);
        changed.unwrap().id.unwrap()
    };
    let location_id = account.truth(at.company_id).unwrap().locations[0].id;
    let user_id = change(Mutation::AddUser(NewUser::default()));
    change(Mutation::PunchIn {
        user_id,
        location_id,
        department_id: None,
        role_id: None,
        shift_id: None,
        at: None,
    })
}

async fn is_linked(app: &App, organization: &Organization, punch: i64) -> bool {
    let punches = app.all("/api/time-punches", &organization.key).await;
    let punch = punch.to_string();
    punches
        .iter()
        .find(|row| row["external_id"] == punch.as_str())
        .is_some_and(|row| row["team_member_id"].is_string())
}

/// While it is on, every run takes ten seconds longer.
#[derive(Default)]
struct SlowRuns(AtomicBool);

impl Faults for SlowRuns {
    fn outbound(&self, component: &str, _: &Method, uri: &Uri) -> OutboundFault {
        let is_run = component == "scheduled-sync" && uri.path().ends_with("/run");
        if is_run && self.0.load(Ordering::SeqCst) {
            OutboundFault::Delay(Duration::from_secs(10))
        } else {
            OutboundFault::None
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_hires_shortly_one_after_the_other_are_both_linked_within_the_hour() {
    let epoch = super::at("2026-06-10T11:00:00-04:00");
    let faults = Arc::new(SlowRuns::default());
    let settings = Settings {
        seed: 75,
        faults: Some(faults.clone()),
        ..Settings::default()
    };
    let app = App::simulate_with(settings, epoch, demo_data(75, epoch)).await;
    let organization = connected(&app, "Lakeshore", LAKESHORE, json!({})).await;
    let_pass(&app, 2 * HOUR, 20).await;
    let began = now(&app);
    let first = hire(&app, LAKESHORE);
    // People are listed some seconds after the punches that asked for it were.
    faults.0.store(true, Ordering::SeqCst);
    while !is_linked(&app, &organization, first).await {
        assert!(now(&app) - began <= 45 * MINUTE, "the first is not linked");
        let_pass(&app, MINUTE, 20).await;
    }
    faults.0.store(false, Ordering::SeqCst);
    // So the next look at punches comes a little too soon to ask again, and the one after it does
    // not look back as far as this hire.
    let_pass(&app, 5 * MINUTE, 20).await;
    let second = hire(&app, LAKESHORE);
    let_pass(&app, 45 * MINUTE, 20).await;
    assert!(is_linked(&app, &organization, second).await);

    // Asked for twice, and never twice within half an hour.
    let all = runs(&app, &organization).await;
    assert_well(&all);
    let users = of(&all, "users", began);
    assert_eq!(users.len(), 2, "{users:?}");
    assert!(users[1].started_at - users[0].started_at >= 30 * MINUTE);

    // The night is served as ever.
    let_pass(&app, DAY, 5 * MINUTE).await;
    let all = runs(&app, &organization).await;
    let nights: Vec<_> = of(&all, "users", began)
        .into_iter()
        .filter(|run| run.trigger == "nightly")
        .collect();
    assert_eq!(nights.len(), 1, "{nights:?}");
}
