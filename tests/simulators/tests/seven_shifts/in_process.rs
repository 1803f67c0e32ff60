//! The log, the tower service, and how fast a page is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use simulators::seven_shifts::{SevenShifts, scale};
use simulators::{Clock, Fault, FaultRule, ManualClock, RateLimit, Simulator};
use tower::ServiceExt as _;

use crate::support::{LAKESHORE, NOW, TOKEN, World, request, zulu};

#[tokio::test]
async fn every_request_is_logged_as_it_came_with_what_it_was_answered() {
    let world = World::demo();
    world.get("/v2/whoami?x=%2B").await;
    world.clock.advance_ms(250);
    world
        .simulator
        .add_fault(FaultRule::once("/v2/companies", Fault::reset()));
    let broken = request(Method::GET, "/v2/companies", "other", "");
    assert!(world.ask(broken).await.is_err());
    let log = world.simulator.requests();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0].at_ms, NOW * 1000);
    assert_eq!(log[0].token.as_deref(), Some(TOKEN));
    assert_eq!(
        (log[0].path.as_str(), log[0].query.as_str()),
        ("/v2/whoami", "x=%2B")
    );
    assert_eq!(log[0].status, Some(200));
    assert_eq!(log[1].at_ms, NOW * 1000 + 250);
    assert_eq!(log[1].token.as_deref(), Some("other"));
    assert_eq!(log[1].status, None);
    assert_eq!(world.simulator.peak_requests_in_a_second(None), 2);
    assert_eq!(world.simulator.peak_requests_in_a_second(Some(TOKEN)), 1);
}

#[tokio::test]
async fn it_is_a_tower_service() {
    let world = World::demo();
    let answer = world
        .simulator
        .clone()
        .oneshot(request(Method::GET, "/v2/whoami", TOKEN, ""))
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"{"));
}

#[tokio::test]
async fn the_clock_is_whatever_its_owner_gives() {
    let clock: Arc<dyn Clock> = Arc::new(|| NOW * 1000 + 42);
    let simulator = Simulator::new(SevenShifts::new(scale(10, NOW), clock));
    let _answer = simulator
        .send(request(Method::GET, "/v2/whoami", "sim7s_scale_1", ""))
        .await;
    assert_eq!(simulator.requests()[0].at_ms, NOW * 1000 + 42);
}

#[tokio::test]
async fn a_large_account_is_made_quickly_and_each_of_its_pages_takes_little() {
    let started = Instant::now();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at_seconds(NOW));
    let provider = SevenShifts::new(scale(200_000, NOW), clock);
    provider.change_settings(|settings| settings.rate_limit = RateLimit::OFF);
    let simulator = Simulator::new(provider);
    assert!(started.elapsed() < Duration::from_secs(5));

    let ask = async |query: &str| {
        let path = format!("/v2/company/4900/time_punches?limit=500{query}");
        let request = request(Method::GET, &path, "sim7s_scale_1", "");
        let started = Instant::now();
        let answer = simulator.send(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        (answer.into_body(), started.elapsed())
    };
    let mut times = Vec::new();
    let mut rows = 0;
    let mut cursor = String::new();
    loop {
        let (body, time) = ask(&cursor).await;
        times.push(time);
        let page: serde_json::Value = serde_json::from_slice(&body).unwrap();
        rows += page["data"].as_array().unwrap().len();
        match page["meta"]["cursor"]["next"].as_str() {
            Some(next) => cursor = format!("&cursor={}", crate::support::escape(next)),
            None => break,
        }
    }
    assert_eq!(rows, 200_000);
    times.sort_unstable();
    let median = times[times.len() / 2];
    assert!(median < Duration::from_millis(5), "a page took {median:?}");
    // Nothing changed: found without a look at every row.
    let mut unchanged: Vec<Duration> = Vec::new();
    for _ in 0..11 {
        unchanged.push(ask(&format!("&modified_since={}", zulu(NOW))).await.1);
    }
    unchanged.sort_unstable();
    assert!(unchanged[5] < Duration::from_millis(5), "{unchanged:?}");
    println!(
        "500 rows: median {median:?}; unchanged: median {:?}",
        unchanged[5]
    );
}

#[tokio::test]
async fn the_demo_and_the_large_account_stand_side_by_side() {
    let world = World::of(simulators::seven_shifts::demo_data(5, NOW).with(scale(1_000, NOW)));
    let companies: Vec<i64> = world
        .simulator
        .provider()
        .accounts()
        .iter()
        .map(|account| account.company_id)
        .collect();
    assert_eq!(companies, [LAKESHORE, 4_420, 4_900]);
    let truth = world.simulator.provider().truth(4_900).unwrap();
    assert_eq!(truth.time_punches.len(), 1_000);
    let newest = truth.time_punches.last().unwrap();
    assert!(newest.clocked_out.unwrap() <= NOW);
}
