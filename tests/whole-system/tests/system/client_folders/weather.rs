//! Bad weather at both providers, and a process that dies in it: each deal has one folder in the end, and it is its own.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::Value;
use simulators::FaultRule;
use simulators::box_folders::Item;
use simulators::hubspot::{DEALS, Kind};

use super::{Stage, pass};

#[tokio::test(start_paused = true)]
async fn whatever_the_weather_each_deal_has_one_folder_of_its_own() {
    for seed in 0..5 {
        let mut stage = Stage::set(6_170 + seed).await;
        for (number, rule) in FaultRule::bad_weather(seed, 0.04).into_iter().enumerate() {
            if number % 2 == 0 {
                stage.app.hubspot.add_fault(rule.clone());
            }
            stage.app.box_folders.add_fault(rule);
        }
        for round in 0..3 {
            let calls: Vec<_> = DEALS
                .filter(|deal| (deal + seed + round) % 3 != 0)
                .map(|deal| stage.delivery(deal))
                .collect();
            let answers = calls.iter().map(|delivery| stage.call(delivery));
            for answer in futures::future::join_all(answers).await {
                assert!(answer.status.is_success(), "seed {seed}: {answer:?}");
            }
            stage.app.crash().await;
            pass(30).await;
            stage.app.tick().await;
        }
        stage.app.box_folders.clear_faults();
        stage.app.hubspot.clear_faults();
        let all = healed(&stage).await;
        assert_eq!(all.len(), DEALS.count(), "seed {seed}");
        let items = stage.app.box_folders.provider().enterprise().items;
        let of_parent = |item: &&Item| item.parent == Some(stage.parent()) && !item.is_trashed;
        let made: Vec<&Item> = items
            .values()
            .filter(of_parent)
            .filter(|item| item.name != "Noor Rahman")
            .collect();
        let marks: BTreeMap<&str, u64> = made
            .iter()
            .map(|item| (item.description.as_str(), item.id))
            .collect();
        assert_eq!(
            (made.len(), marks.len()),
            (DEALS.count(), DEALS.count()),
            "seed {seed}: {made:#?}"
        );
        for folder in &all {
            let deal = folder["deal_id"].as_str().unwrap();
            let mark = format!(
                "[patchbay portal=62515 deal={deal} contact={}]",
                folder["contacts"][0]["id"].as_str().unwrap_or("none")
            );
            let id = marks.get(mark.as_str());
            let id = id.unwrap_or_else(|| panic!("seed {seed}: {folder:#} {marks:#?}"));
            let id = id.to_string();
            assert_eq!(folder["folder_id"], id, "seed {seed}: {folder:#}");
            let written = stage.at_hubspot(Kind::Deal, deal.parse().unwrap(), "box_folder");
            assert_eq!(
                written.as_deref(),
                folder["link"].as_str(),
                "seed {seed}: {folder:#}"
            );
        }
    }
}

/// All folders, once nothing waits and what was given up was tried again by a person.
async fn healed(stage: &Stage) -> Vec<Value> {
    for _ in 0..10 {
        let all = stage.settle().await;
        let failed: Vec<_> = all
            .iter()
            .filter(|one| one["status"] == "failed")
            .map(|one| one["id"].clone())
            .collect();
        for id in &failed {
            let answer = stage.retry(id).await;
            assert!(answer.status.is_success(), "{answer:?}");
        }
        let path = "/api/deliveries?state=failed";
        for delivery in stage.app.all(path, &stage.organization.key).await {
            // Those of folders have been tried again under another id.
            if delivery["kind"] == "hubspot_link" {
                let path = format!("/api/deliveries/{}/retry", delivery["id"].as_str().unwrap());
                stage
                    .app
                    .post(&path, &stage.organization.key, Value::Null)
                    .await
                    .expect(StatusCode::ACCEPTED);
            }
        }
        let path = "/api/deliveries?state=pending";
        let waiting = stage.app.all(path, &stage.organization.key).await.len();
        if failed.is_empty() && waiting == 0 {
            return all;
        }
        pass(600).await;
    }
    panic!("it never heals");
}
