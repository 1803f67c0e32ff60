//! Bad weather at HubSpot, and a process that dies in it: each deal is given to one adviser in the end, whom the record names.

use simulators::FaultRule;
use simulators::hubspot::DEALS;

use super::*;

#[tokio::test(start_paused = true)]
async fn whatever_the_weather_each_deal_has_one_adviser() {
    for seed in 0..5 {
        let mut stage = Stage::set(9_600 + seed).await;
        let lag = |settings: &mut hubspot::Settings| settings.search_delay_ms = 60_000;
        stage.app.hubspot.provider().change_settings(lag);
        for rule in FaultRule::bad_weather(seed, 0.04) {
            stage.app.hubspot.add_fault(rule);
        }
        for round in 0..3 {
            let calls: Vec<_> = DEALS
                .filter(|deal| (deal + seed + round) % 3 != 0)
                .map(|deal| stage.delivery(deal, Form::Envelope))
                .collect();
            let answers = calls.iter().map(|delivery| stage.call(delivery));
            for answer in futures::future::join_all(answers).await {
                assert!(answer.status.is_success(), "seed {seed}: {answer:?}");
            }
            if round == 1 {
                interfere(&stage, seed).await;
            }
            stage.app.crash().await;
            pass(30).await;
            stage.app.tick().await;
        }
        stage.app.hubspot.clear_faults();
        for deal in DEALS {
            let record = ended(&stage, deal).await;
            assert_eq!(record["status"], "completed", "seed {seed}: {record:#}");
            let owner = record["adviser_hubspot_id"].as_str();
            for property in ["advisor", "hubspot_owner_id"] {
                let written = stage.at_hubspot(deal, property);
                assert_eq!(written.as_deref(), owner, "seed {seed}: {deal} {property}");
            }
            // Whatever a deal was ever given to was decided by a record of it.
            let path = format!("/api/allocations?deal={deal}");
            let all = stage.app.all(&path, &stage.organization.key).await;
            let patches = stage.app.hubspot.provider().patches();
            for patch in patches
                .iter()
                .filter(|patch| patch.kind == Kind::Deal && patch.id == deal)
            {
                let given = patch.properties.get("advisor").map(String::as_str);
                let known = all
                    .iter()
                    .any(|one| one["adviser_hubspot_id"].as_str() == given);
                assert!(
                    known,
                    "seed {seed}: {deal} was given to {given:?}: {all:#?}"
                );
            }
            let live = all.iter().filter(|one| one["is_live"] == true).count();
            assert_eq!(live, 1, "seed {seed}: {all:#?}");
        }
    }
}

/// An owner overrides and re-runs in the middle of it, also to nobody who is known.
async fn interfere(stage: &Stage, seed: u64) {
    for (number, record) in (0..).zip(
        stage
            .records()
            .await
            .iter()
            .filter(|one| one["is_live"] == true),
    ) {
        let id = record["id"].as_str().unwrap();
        let (path, body) = match (number + seed) % 4 {
            0 => ("rerun", json!({})),
            1 => (
                "override",
                json!({"adviser_email": "ruby.shah@example.test"}),
            ),
            2 => ("override", json!({"adviser_email": "nobody@example.test"})),
            _ => continue,
        };
        let path = format!("/api/allocations/{id}/{path}");
        let answer = stage.app.post(&path, &stage.organization.key, body).await;
        assert!(answer.status.is_success(), "seed {seed}: {answer:?}");
    }
}

/// The live record of a deal, once it has its end; one that failed is enrolled again, as people do.
async fn ended(stage: &Stage, deal: u64) -> Value {
    for _ in 0..10 {
        stage.settle().await;
        let record = stage.live(deal).await;
        if record["status"] != "failed" {
            return record;
        }
        stage.enrol(deal).await.expect(StatusCode::OK);
        pass(120).await;
    }
    stage.live(deal).await
}
