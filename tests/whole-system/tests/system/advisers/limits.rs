//! HubSpot's limits: obeyed where they pass by themselves, told where they last.

use http::StatusCode;
use serde_json::Value;
use simulators::Fault;
use simulators::{ErrorShape, FaultRule, RetryAfter};

use super::{DEALS, EARLIEST, MEETINGS, Stage, USERS, pass, problem, source};

fn limit(policy: &str, retry_after: Option<u64>) -> Fault {
    Fault::Status {
        status: 429,
        retry_after: retry_after.map(RetryAfter::Seconds),
        shape: ErrorShape::Native,
        detail: Some(policy.to_owned()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_passes_is_waited_for() {
    for (seed, path, policy, least_ms) in [
        (3_401, DEALS, "SECONDLY", 1_000),
        (3_402, MEETINGS, "TEN_SECONDLY_ROLLING", 10_000),
        (3_403, USERS, "TEN_SECONDLY_ROLLING", 10_000),
    ] {
        let stage = Stage::set(seed).await;
        let rule = FaultRule::once(path, limit(policy, None));
        assert!(stage.app.hubspot.add_fault(rule));
        let list = stage.earliest().await;
        assert_eq!(list["is_stale"], false, "{policy}: {list:#}");
        let times: Vec<i64> = stage
            .app
            .hubspot
            .requests()
            .iter()
            .filter(|request| request.path.starts_with(path))
            .map(|request| request.at_ms)
            .collect();
        assert_eq!(times.len(), 2);
        assert!(times[1] - times[0] >= least_ms, "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_have_used_up_of_the_window_is_waited_for() {
    let stage = Stage::set(3_404).await;
    // The window holds less than one look needs.
    stage.settings(|settings| settings.requests_per_ten_seconds = Some(3));
    let list = stage.earliest().await;
    assert_eq!(list["is_stale"], false, "{list:#}");
    let requests = stage.app.hubspot.requests();
    let refused = requests
        .iter()
        .filter(|request| request.status == Some(429));
    // One or two leave before the headers say it.
    assert!(refused.count() <= 2, "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_day_is_told_and_not_waited_for() {
    let stage = Stage::set(3_405).await;
    let before = stage.earliest().await;
    stage.settings(|settings| settings.requests_per_day = Some(0));
    pass(600).await;
    stage.asked();
    let list = stage.earliest().await;
    assert_eq!(list["data"], before["data"]);
    for name in ["users", "meetings", "deals"] {
        let source = source(&list, name);
        assert_eq!(source["error"], "daily_limit", "{source}");
        // Midnight in Sydney.
        let detail = source["detail"].as_str().unwrap();
        assert!(detail.contains("2026-09-22T14:00:00Z"), "{detail}");
    }
    assert!(stage.asked().len() <= 2);
    // Nothing is asked for a quarter of an hour; then somebody looks whether that still holds.
    pass(600).await;
    stage.earliest().await;
    assert_eq!(stage.asked(), [""; 0]);
    stage.settings(|settings| settings.requests_per_day = Some(10_000));
    pass(400).await;
    let list = stage.earliest().await;
    assert_eq!(source(&list, "users")["error"], Value::Null, "{list:#}");
    assert_eq!(list["is_stale"], false);
}

#[tokio::test(start_paused = true)]
async fn a_day_without_requests_is_no_list_without_advisers() {
    let stage = Stage::set(3_406).await;
    stage.settings(|settings| settings.requests_per_day = Some(0));
    let said = stage.get(EARLIEST).await;
    problem(
        &said,
        StatusCode::SERVICE_UNAVAILABLE,
        "requests of the day are used up",
    );
    assert_eq!(stage.asked().len(), 1);
}
