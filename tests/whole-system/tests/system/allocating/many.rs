//! Many deals at the same moment, while HubSpot's search lags by a minute.

use std::collections::BTreeMap;

use super::*;

/// What each adviser was promised, by week.
fn promised(records: &[Value]) -> BTreeMap<(String, String), usize> {
    let mut promised = BTreeMap::new();
    for record in records.iter().filter(|one| one["status"] == "completed") {
        let text = |name: &str| record[name].as_str().unwrap().to_owned();
        *promised
            .entry((text("adviser_email"), text("earliest_week")))
            .or_default() += 1;
    }
    promised
}

#[tokio::test(start_paused = true)]
async fn two_deals_never_get_the_same_last_place() {
    let stage = Stage::set(930).await;
    stage
        .app
        .hubspot
        .provider()
        .change_settings(|settings| settings.search_delay_ms = 60_000);
    // One adviser with a target of one client in a fortnight.
    stage.only(&[6]);
    let limit = json!({"adviser_email": "finn.cole@example.test", "effective_date": "2026-08-01", "client_limit_monthly": 2});
    stage
        .app
        .post("/capacity_overrides", &stage.organization.key, limit)
        .await
        .expect(StatusCode::CREATED);
    stage.put_deal(700, "Seed", "Single", "2026-09-21");
    stage.put_deal(701, "Seed", "Single", "2026-09-21");
    let (one, other) = (
        stage.delivery(700, Form::Envelope),
        stage.delivery(701, Form::Envelope),
    );
    let (one, other) = tokio::join!(stage.call(&one), stage.call(&other));
    let (one, other) = (one.expect(StatusCode::OK), other.expect(StatusCode::OK));
    assert_eq!(
        (&one["status"], &other["status"]),
        (&json!("completed"), &json!("completed")),
        "{one:#} {other:#}"
    );
    assert_ne!(one["earliest_week"], other["earliest_week"]);
    // Nor does a third one, seconds later, which HubSpot's search shows neither of.
    stage.put_deal(702, "Seed", "Single", "2026-09-21");
    let third = stage.enrol(702).await.expect(StatusCode::OK);
    assert!(third["earliest_week"].as_str() > one["earliest_week"].as_str());
    assert!(third["earliest_week"].as_str() > other["earliest_week"].as_str());
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_is_delivered_three_times_at_once_allocates_once() {
    let stage = Stage::set(931).await;
    let delivery = stage.delivery(501, Form::Envelope);
    let (first, second, third) = tokio::join!(
        stage.call(&delivery),
        stage.call(&delivery),
        stage.call(&delivery)
    );
    let answers: Vec<Value> = [first, second, third]
        .iter()
        .map(|one| one.expect(StatusCode::OK))
        .collect();
    for answer in &answers {
        assert_eq!(answer["status"], "completed", "{answer:#}");
        assert_eq!(answer["allocation_id"], answers[0]["allocation_id"]);
        assert_eq!(answer["adviser"], answers[0]["adviser"]);
    }
    assert_eq!((stage.records().await.len(), stage.patches(501)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_deals_at_once_are_allocated_and_nobody_has_too_many() {
    let stage = Stage::set(932).await;
    stage
        .app
        .hubspot
        .provider()
        .change_settings(|settings| settings.search_delay_ms = 60_000);
    let deals: Vec<u64> = (1_000..1_100).collect();
    for (number, deal) in (0_usize..).zip(&deals) {
        let package = ["Seed", "Series A", "Series B", "IPO"][number % 4];
        stage.put_deal(*deal, package, "", "2026-09-21");
    }
    let begun_ms = now_ms(&stage.app);
    let deliveries: Vec<Delivery> = deals
        .iter()
        .map(|deal| stage.delivery(*deal, Form::Envelope))
        .collect();
    let answers =
        futures::future::join_all(deliveries.iter().map(|delivery| stage.call(delivery))).await;
    for answer in &answers {
        let answer = answer.expect(StatusCode::OK);
        assert!(answer["adviser"].is_object(), "{answer:#}");
    }
    let records = stage.settle().await;
    let last = records
        .iter()
        .filter_map(|one| one["finished_at"].as_str())
        .max()
        .unwrap();
    let last = chrono::DateTime::parse_from_rfc3339(last)
        .unwrap()
        .timestamp_millis();
    assert!(last - begun_ms < 10_000, "{} ms", last - begun_ms);
    assert_eq!(records.len(), 100);
    assert!(
        records.iter().all(|one| one["status"] == "completed"),
        "{records:#?}"
    );
    let targets = BTreeMap::from([("noah.reid@example.test", 2), ("kai.lund@example.test", 2)]);
    for ((email, week), count) in promised(&records) {
        let target = targets.get(email.as_str()).copied().unwrap_or(3);
        assert!(
            count <= target,
            "{email} was promised {count} in the week of {week}"
        );
    }
    assert!(stage.app.hubspot.peak_requests_in_a_second(None) <= 190);
    let refused = stage
        .app
        .hubspot
        .requests()
        .iter()
        .filter(|one| one.status == Some(429))
        .count();
    assert_eq!(refused, 0);
}
