//! Requests that a caller waits for: whatever the API answers is passed on, whatever it does is said.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use simulators::{Fault, FaultRule, RetryAfter};
use whole_system::send_raw;

use super::{connect, get, open, pass, request, start, statuses};

#[tokio::test(start_paused = true)]
async fn items_are_made_read_changed_and_removed() {
    let (app, organization) = start(711).await;
    let id = connect(&app, &organization, open()).await;
    let call = async |body: Value| {
        request(&app, &organization, &id, body)
            .await
            .expect(StatusCode::OK)
    };
    let made = call(json!({"method": "POST", "path": "/items", "body": {"name": "Soup"}})).await;
    assert_eq!(
        (&made["status"], &made["body"]),
        (&json!(201), &json!({"id": 1, "name": "Soup"}))
    );
    assert_eq!(made["body_base64"], Value::Null);
    assert_eq!(made["headers"]["content-type"], "application/json");
    assert!(made["duration_ms"].is_i64(), "{made}");
    let changed = json!({"method": "PATCH", "path": "/items/1", "body": {"price": 7}});
    let changed = call(changed).await;
    assert_eq!(
        changed["body"],
        json!({"id": 1, "name": "Soup", "price": 7})
    );
    let put = call(json!({"method": "PUT", "path": "/items/1", "body": {"name": "Stew"}})).await;
    assert_eq!(put["body"], json!({"id": 1, "name": "Stew"}));
    let page =
        call(json!({"method": "GET", "path": "/items", "query": [["page", "1"], ["q", "a b&c"]]}))
            .await;
    assert_eq!(page["body"]["items"][0]["name"], "Stew");
    let query = app.rest.requests().last().unwrap().query.clone();
    assert_eq!(query, "page=1&q=a+b%26c");
    let head = call(json!({"method": "HEAD", "path": "/echo"})).await;
    assert_eq!(head["status"], 200);
    let gone = call(json!({"method": "DELETE", "path": "/items/1"})).await;
    assert_eq!(
        (&gone["status"], &gone["body"]),
        (&json!(204), &Value::Null)
    );
    // What the API refuses is its answer, not our failure.
    let missing = get(&app, &organization, &id, "/items/1").await;
    assert_eq!(
        (&missing["status"], &missing["body"]),
        (&json!(404), &json!({"error": "no such item"}))
    );
    let binary = get(&app, &organization, &id, "/binary").await;
    assert_eq!(
        (&binary["body"], &binary["body_base64"]),
        (&Value::Null, &json!("AJ+Slg=="))
    );
}

#[tokio::test(start_paused = true)]
async fn headers_and_keys_of_the_configuration_go_with_each_request() {
    let (app, organization) = start(712).await;
    let mut body = open();
    body["config"]["headers"] = json!({"X-Tenant": "7", "Accept": "application/vnd.menu+json"});
    body["config"]["idempotency_header"] = json!("Idempotency-Key");
    let id = connect(&app, &organization, body).await;
    let echoed = get(&app, &organization, &id, "/echo").await["body"]["headers"].clone();
    assert_eq!(echoed["x-tenant"], "7");
    assert_eq!(echoed["accept"], "application/vnd.menu+json");
    assert_eq!(echoed["idempotency-key"], Value::Null);
    let send = async |key: &str| {
        let asked = json!({"method": "POST", "path": "/items", "body": {}}).to_string();
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/api/connectors/{id}/request"))
            .header("authorization", format!("Bearer {}", organization.key))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(asked.into())
            .unwrap();
        send_raw(&app.runtime, request).await
    };
    // With a key a request that may have been done goes again.
    app.rest.add_fault(FaultRule::once(
        "/open/items",
        Fault::Reset {
            after_handling: true,
        },
    ));
    for _ in 0..2 {
        let answer = send("order-7").await.expect(StatusCode::OK);
        assert_eq!(answer["body"]["id"], 1, "{answer}");
    }
    assert_eq!(app.rest.provider().items().list().len(), 1);
    assert_eq!(send("a b").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again_and_what_may_have_happened_is_not() {
    let (app, organization) = start(713).await;
    let id = connect(&app, &organization, open()).await;
    let status = |status: u16, seconds: Option<u64>| Fault::Status {
        status,
        retry_after: seconds.map(RetryAfter::Seconds),
        shape: simulators::ErrorShape::Native,
        detail: None,
    };
    for (method, fault, times, answered, tries) in [
        ("GET", status(503, None), 1, 200, 2),
        ("POST", status(503, Some(2)), 1, 201, 2),
        ("POST", status(429, Some(3)), 1, 201, 2),
        ("POST", status(429, None), 1, 201, 2),
        ("POST", status(408, None), 1, 201, 2),
        ("POST", status(425, None), 1, 201, 2),
        ("GET", status(500, None), 1, 200, 2),
        ("GET", status(502, None), 2, 200, 3),
        ("GET", status(504, None), 9, 504, 3),
        ("POST", status(500, None), 9, 500, 1),
        ("POST", status(502, None), 9, 502, 1),
        ("PATCH", status(504, None), 9, 504, 1),
        ("GET", status(401, None), 9, 401, 1),
        ("GET", status(403, None), 9, 403, 1),
        ("GET", status(409, None), 9, 409, 1),
        // More patience than there is time.
        ("GET", status(503, Some(600)), 9, 503, 1),
        ("GET", status(429, Some(30)), 9, 429, 1),
    ] {
        pass(60).await;
        app.rest.clear_requests();
        app.rest
            .add_fault(FaultRule::next(times, "/open/items", fault.clone()));
        let mut asked = json!({"method": method, "path": "/items"});
        if method != "GET" {
            asked["body"] = json!({});
        }
        let answer = request(&app, &organization, &id, asked)
            .await
            .expect(StatusCode::OK);
        assert_eq!(answer["status"], answered, "{method} {fault:?} {answer}");
        assert_eq!(
            statuses(&app, "/open/items").len(),
            tries,
            "{method} {fault:?}"
        );
        app.rest.clear_faults();
    }
    // Who was told to wait keeps everybody waiting.
    let asked = json!({"method": "GET", "path": "/status"});
    let answer = request(&app, &organization, &id, asked.clone()).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
    pass(seconds).await;
    let answer = request(&app, &organization, &id, asked).await;
    assert_eq!(answer.expect(StatusCode::OK)["status"], 200);
}

#[tokio::test(start_paused = true)]
async fn what_gives_no_answer_is_a_problem() {
    let (app, organization) = start(714).await;
    let mut body = open();
    body["config"]["timeout_ms"] = json!(2_000);
    body["config"]["max_response_bytes"] = json!(10_000);
    let id = connect(&app, &organization, body).await;
    for (method, fault, tries, word) in [
        ("GET", Fault::NoAnswer, 3, "in time"),
        ("POST", Fault::NoAnswer, 1, "in time"),
        ("GET", Fault::reset(), 3, "broke"),
        ("POST", Fault::reset(), 1, "broke"),
        ("GET", Fault::truncate(), 3, "broke"),
    ] {
        app.rest.clear_requests();
        app.rest
            .add_fault(FaultRule::always("/open/items", fault.clone()));
        let mut asked = json!({"method": method, "path": "/items"});
        if method == "POST" {
            asked["body"] = json!({});
        }
        let problem = request(&app, &organization, &id, asked)
            .await
            .expect(StatusCode::BAD_GATEWAY);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{method} {fault:?} {detail}");
        assert_eq!(
            statuses(&app, "/open/items").len(),
            tries,
            "{method} {fault:?}"
        );
        app.rest.clear_faults();
    }
    for (bytes, status) in [(10_000, StatusCode::OK), (10_001, StatusCode::BAD_GATEWAY)] {
        let asked =
            json!({"method": "GET", "path": "/huge", "query": [["bytes", bytes.to_string()]]});
        let answer = request(&app, &organization, &id, asked).await;
        assert_eq!(answer.status, status, "{bytes}");
    }
    // JSON that is none is passed on as the text that it is.
    app.rest
        .add_fault(FaultRule::once("/open/items", Fault::WrongJson));
    let answer = get(&app, &organization, &id, "/items").await;
    assert!(answer["body"].is_string(), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_connector_keeps_to_its_rate() {
    let (app, organization) = start(715).await;
    let mut body = open();
    body["config"]["requests_per_second"] = json!(5);
    let id = connect(&app, &organization, body).await;
    let all = (0..20).map(|_| get(&app, &organization, &id, "/items"));
    let answers = futures::future::join_all(all).await;
    assert!(answers.iter().all(|answer| answer["status"] == 200));
    assert!(app.rest.peak_requests_in_a_second(None) <= 6);
}
