//! The process ends in the middle of a run of the Delta Engine.

use std::sync::Arc;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use simulators::seven_shifts::{Life, demo_data};
use whole_system::Settings;

use super::*;
use crate::kill_switch::KillSwitch;

#[tokio::test(start_paused = true)]
async fn a_death_in_the_middle_of_a_run_leaves_nothing_out_and_nothing_twice() {
    let switch = Arc::new(KillSwitch::of("delta-engine"));
    let settings = Settings {
        seed: 731,
        faults: Some(switch.clone()),
        ..Settings::default()
    };
    let mut app = App::simulate_with(settings, EPOCH, demo_data(731, EPOCH)).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    app.connect(&organization, LAKESHORE).await;
    let mut random = ChaCha8Rng::seed_from_u64(731);
    let mut life = Life::new(731);
    let mut deaths = 0;
    for round in 0..16 {
        if round >= 6 {
            for _ in 0..8 {
                life.happen(app.simulator.provider(), LAKESHORE.company_id)
                    .expect("something can happen");
            }
            app.proxy(&organization.key, json!({"action": "scheduled_sync"}))
                .await;
        }
        switch.arm(random.random_range(1..12));
        for _ in 0..6 {
            let died = tokio::select! {
                biased;
                () = switch.reached.notified() => true,
                _ = app.tick() => false,
            };
            if died {
                deaths += 1;
                switch.disarm();
                app.crash().await;
                break;
            }
            pass(20).await;
        }
        switch.disarm();
        // The lease of the dead ends by itself.
        pass(61).await;
    }
    assert!(deaths >= 8, "died only {deaths} times");
    sync(&app, &organization).await;
    let found = (
        deltas(&app, &organization).await,
        records(&app, &organization).await,
    );
    assert!(found.0.len() > 100 && found.1.len() > 20);
    run_everything(&app, &organization).await;
    let again = (
        deltas(&app, &organization).await,
        records(&app, &organization).await,
    );
    assert_eq!(found, again, "{}", differing(&found.1, &again.1));
}
