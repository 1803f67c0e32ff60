//! The process ends in the middle of an allocation.

use std::sync::Arc;

use super::*;
use crate::kill_switch::KillSwitch;

/// Dies at each statement of a function in turn, while a deal is allocated; each ends in one allocation.
async fn dies(seed: u64, component: &'static str, statements: std::ops::Range<i64>) {
    let switch = Arc::new(KillSwitch::of(component));
    let settings = Settings {
        faults: Some(switch.clone()),
        ..settings(seed)
    };
    let mut stage = Stage::with(settings).await;
    let mut deaths = 0;
    for (deal, statement) in (2_000..).zip(statements) {
        stage.put_deal(deal, "Seed", "", "2026-09-21");
        let delivery = stage.delivery(deal, Form::Envelope);
        switch.arm(statement);
        let died = tokio::select! {
            biased;
            () = switch.reached.notified() => true,
            _ = stage.call(&delivery) => false,
        };
        switch.disarm();
        if died {
            deaths += 1;
            stage.app.crash().await;
        }
        // HubSpot heard nothing, and calls again a minute later.
        pass(61).await;
        stage.call(&delivery).await;
        stage.settle().await;
        let path = format!("/api/allocations?deal={deal}");
        let records = stage.app.all(&path, &stage.organization.key).await;
        assert_eq!(records.len(), 1, "{statement} of {component}: {records:#?}");
        assert_eq!(
            records[0]["status"], "completed",
            "{statement} of {component}: {records:#?}"
        );
        let owner = records[0]["adviser_hubspot_id"].as_str();
        assert_eq!(
            stage.at_hubspot(deal, "advisor").as_deref(),
            owner,
            "{statement} of {component}"
        );
        let owners: Vec<String> = stage
            .app
            .hubspot
            .provider()
            .patches()
            .into_iter()
            .filter(|patch| patch.id == deal)
            .filter_map(|patch| patch.properties.get("advisor").cloned())
            .collect();
        assert!(
            owners.iter().all(|one| Some(one.as_str()) == owner),
            "{owners:?}"
        );
    }
    assert!(deaths >= 5, "died only {deaths} times");
}

#[tokio::test(start_paused = true)]
async fn a_death_while_it_is_decided_ends_in_one_allocation() {
    dies(940, "allocation-engine", 1..16).await;
}

#[tokio::test(start_paused = true)]
async fn a_death_while_it_is_asked_and_written_ends_in_one_allocation() {
    dies(941, "allocate-deal", 1..24).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_the_change_is_no_second_allocation() {
    use simulators::{Fault, FaultRule};
    let stage = Stage::set(942).await;
    // The change takes effect, and its answer is lost, time and again.
    let path = format!("{DEALS}/501");
    let rule = FaultRule::next(5, path, Fault::truncate()).method(&Method::PATCH);
    assert!(stage.app.hubspot.add_fault(rule));
    let answer = stage.enrol(501).await.expect(StatusCode::OK);
    stage.settle().await;
    let record = stage.live(501).await;
    assert_eq!(record["status"], "completed", "{record:#}");
    assert_eq!(record["adviser_hubspot_id"], answer["adviser"]["owner_id"]);
    assert_eq!(stage.records().await.len(), 1);
    assert_eq!(
        stage.at_hubspot(501, "advisor").as_deref(),
        answer["adviser"]["owner_id"].as_str()
    );
}
