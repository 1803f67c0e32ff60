//! From the event to the receiver: what is sent, and when again.

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use simulators::receiver::Told;
use simulators::{Fault, FaultRule};

use super::{
    create, delivery, id, is_signed_by, next_attempt, now, pass, path_of, received, retry, seconds,
    secret, start, tell, test,
};

#[tokio::test(start_paused = true)]
async fn an_event_arrives_signed_and_the_answer_says_so() {
    let (app, organization) = start(721).await;
    let endpoint = create(&app, &organization, "/hook").await;
    let said = test(&app, &organization, &endpoint).await;
    let sent = said.expect(StatusCode::OK);
    assert_eq!(
        (
            &sent["kind"],
            &sent["state"],
            &sent["connector_id"],
            &sent["endpoint_id"]
        ),
        (
            &json!("webhook"),
            &json!("delivered"),
            &Value::Null,
            &endpoint["id"]
        )
    );
    assert_eq!(sent["attempts"][0]["status"], 204);
    let came = received(&app).remove(0);
    assert_eq!(came.header("webhook-id"), id(&sent));
    assert_eq!(
        came.header("webhook-timestamp"),
        (came.at_ms / 1_000).to_string()
    );
    assert_eq!(came.header("content-type"), "application/json");
    assert!(came.header("user-agent").starts_with("patchbay/"));
    assert!(is_signed_by(&came, secret(&endpoint)));
    let body: Value = serde_json::from_slice(&came.body).unwrap();
    assert_eq!(body, sent["payload"]);
    assert_eq!(body["type"], "patchbay.test");
    assert!((seconds(&body["timestamp"]) - now(&app)).abs() <= 1);
    assert_eq!(body["data"]["endpoint_id"], endpoint["id"]);
}

/// The published schedule: at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, a tenth
/// more or less; then it is given up, and a person can have it sent again.
#[tokio::test(start_paused = true)]
async fn a_failing_endpoint_is_tried_on_the_published_schedule() {
    let (app, organization) = start(722).await;
    let endpoint = create(&app, &organization, "/hook").await;
    tell(&app, "/hook", 500);
    let said = test(&app, &organization, &endpoint).await;
    let first = said.expect(StatusCode::ACCEPTED);
    assert_eq!(first["attempts"].as_array().map(Vec::len), Some(1));
    for tries in 2..=8 {
        let known = next_attempt(&app, &organization, id(&first)).await;
        assert_eq!(
            known["attempts"].as_array().map(Vec::len),
            Some(tries),
            "{known:#}"
        );
    }
    let known = delivery(&app, &organization, id(&first)).await;
    assert_eq!(
        (
            &known["state"],
            &known["error_code"],
            &known["next_attempt_at"]
        ),
        (&json!("failed"), &json!("http_500"), &Value::Null)
    );
    let detail = known["error_detail"].as_str().unwrap();
    assert!(detail.starts_with("Given up after 8 tries."), "{detail}");
    let came = received(&app);
    let gaps: Vec<_> = came
        .windows(2)
        .map(|pair| (pair[1].at_ms - pair[0].at_ms) / 1_000)
        .collect();
    let delays = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
    assert_eq!(gaps.len(), delays.len());
    for (gap, delay) in gaps.iter().zip(delays) {
        let reach = (delay / 10).max(1) + 2;
        assert!((delay - reach..=delay + reach).contains(gap), "{gaps:?}");
    }
    assert!(gaps != delays, "there is no jitter");
    for one in &came {
        assert_eq!(one.header("webhook-id"), id(&first));
        assert_eq!(one.body, came[0].body);
        assert!(
            is_signed_by(one, secret(&endpoint)),
            "by the time of its attempt"
        );
    }
    // Again by hand: the schedule begins anew.
    retry(&app, &organization, id(&first))
        .await
        .expect(StatusCode::ACCEPTED);
    app.tick().await.expect(StatusCode::OK);
    let again = delivery(&app, &organization, id(&first)).await;
    assert_eq!(again["attempts"].as_array().map(Vec::len), Some(9));
    assert!((4..=8).contains(&(seconds(&again["next_attempt_at"]) - now(&app))));
    tell(&app, "/hook", 200);
    let known = next_attempt(&app, &organization, id(&first)).await;
    assert_eq!(known["state"], "delivered");
    assert_eq!(received(&app).len(), 10);
}

#[tokio::test(start_paused = true)]
async fn what_the_endpoint_asks_for_is_waited_for_up_to_an_hour() {
    let (app, organization) = start(723).await;
    for (path, asked, least, most) in [
        ("/ten-minutes", "600", 598, 605),
        ("/a-day", "86400", 3_598, 3_605),
        ("/a-second", "1", 3, 8),
        ("/soon", "soon", 3, 8),
    ] {
        let endpoint = create(&app, &organization, path).await;
        let told = Told::status(StatusCode::SERVICE_UNAVAILABLE)
            .header(header::RETRY_AFTER, HeaderValue::from_static(asked));
        app.receiver.provider().tell(path, told);
        let said = test(&app, &organization, &endpoint).await;
        let waiting = said.expect(StatusCode::ACCEPTED);
        // The answer has waited for up to a second.
        let wait = seconds(&waiting["next_attempt_at"]) - now(&app);
        assert!((least..=most).contains(&wait), "{path}: {wait}");
    }
}

/// One that waits for its retry holds no other, and one endpoint's slowness no other's.
#[tokio::test(start_paused = true)]
async fn what_fails_holds_nobody_up() {
    let (app, organization) = start(724).await;
    let endpoint = create(&app, &organization, "/hook").await;
    tell(&app, "/hook", 500);
    let said = test(&app, &organization, &endpoint).await;
    let waiting = said.expect(StatusCode::ACCEPTED);
    tell(&app, "/hook", 200);
    let next = test(&app, &organization, &endpoint).await;
    assert_eq!(next.expect(StatusCode::OK)["state"], "delivered");
    let still = delivery(&app, &organization, id(&waiting)).await;
    assert_eq!(still["state"], "pending");

    let slow = create(&app, &organization, "/slow").await;
    let rule = FaultRule::always("/slow", Fault::NoAnswer);
    assert!(app.receiver.add_fault(rule));
    let said = test(&app, &organization, &slow).await;
    let hanging = said.expect(StatusCode::ACCEPTED);
    let beside = test(&app, &organization, &endpoint).await;
    assert_eq!(beside.expect(StatusCode::OK)["state"], "delivered");
    pass(25).await;
    let timed_out = delivery(&app, &organization, id(&hanging)).await;
    let attempt = &timed_out["attempts"][0];
    assert_eq!(
        (
            &attempt["code"],
            &attempt["status"],
            &attempt["may_have_happened"]
        ),
        (&json!("timeout"), &Value::Null, &json!(true)),
        "{timed_out:#}"
    );
    let took = attempt["duration_ms"].as_i64().unwrap();
    assert!((20_000..21_000).contains(&took), "{took}");
    app.receiver.clear_faults();
    let known = next_attempt(&app, &organization, id(&hanging)).await;
    assert_eq!(known["state"], "delivered");
}

/// Each try takes a place for 20 s. What waits for such an endpoint waits, keeps its tries, and makes
/// nobody ill; when the endpoint answers again, everything arrives.
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_gives_no_answer_is_left_alone() {
    let (app, organization) = start(727).await;
    let key = &organization.key;
    let silent = create(&app, &organization, "/silent").await;
    let other = app.organization("Other", "America/Toronto").await;
    let good = create(&app, &other, "/good").await;
    let rule = FaultRule::always("/silent", Fault::NoAnswer);
    assert!(app.receiver.add_fault(rule));
    let path = format!("{}/test", path_of(&silent));
    let asked =
        futures::future::join_all((0..45).map(|_| app.request(Method::POST, &path, key, None)));
    for said in asked.await {
        said.expect(StatusCode::ACCEPTED);
    }
    let began = now(&app);
    while now(&app) < began + 1_500 {
        app.tick().await.expect(StatusCode::OK);
        let health = app.get("/health", "").await.expect(StatusCode::OK);
        assert_eq!(health["status"], "ok", "{health}");
        pass(20).await;
    }
    let said = test(&app, &other, &good).await;
    assert_eq!(said.expect(StatusCode::OK)["state"], "delivered");
    let attempts = |all: &[Value]| -> usize {
        all.iter()
            .map(|one| one["attempts"].as_array().unwrap().len())
            .sum()
    };
    let list = format!("/api/deliveries?endpoint_id={}", id(&silent));
    let waiting = app.all(&list, key).await;
    assert!(waiting.iter().all(|one| one["state"] == "pending"));
    // After 0, 5, 30, 70, 160 … s, and every 320 s.
    let tried = attempts(&waiting);
    assert!((6..=12).contains(&tried), "{tried}");

    app.receiver.clear_faults();
    // A person has mended it, and looks.
    let said = test(&app, &organization, &silent).await;
    assert_eq!(said.expect(StatusCode::OK)["state"], "delivered");
    for _ in 0..60 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
    }
    let all = app.all(&list, key).await;
    let delivered = all.iter().filter(|one| one["state"] == "delivered");
    // What was tried twice waits for its own time.
    assert!(delivered.count() >= 40, "{all:#?}");
}

/// What a receiver gets twice has one id, by which it is known again.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_and_a_crash_repeat_the_same_id() {
    let (mut app, organization) = start(725).await;
    let endpoint = create(&app, &organization, "/hook").await;
    let lost = Fault::Reset {
        after_handling: true,
    };
    assert!(app.receiver.add_fault(FaultRule::once("/hook", lost)));
    let said = test(&app, &organization, &endpoint).await;
    let sent = said.expect(StatusCode::ACCEPTED);
    assert_eq!(sent["attempts"][0]["code"], "broken");
    assert_eq!(sent["attempts"][0]["may_have_happened"], true);
    let known = next_attempt(&app, &organization, id(&sent)).await;
    assert_eq!(known["state"], "delivered");

    // It has come, and nobody has noted it.
    let late = Fault::Delay {
        milliseconds: 10_000,
    };
    assert!(app.receiver.add_fault(FaultRule::once("/hook", late)));
    let said = test(&app, &organization, &endpoint).await;
    let crashed = said.expect(StatusCode::ACCEPTED);
    assert_eq!(received(&app).len(), 3);
    app.crash().await;
    pass(61).await;
    app.tick().await.expect(StatusCode::OK);
    let known = delivery(&app, &organization, id(&crashed)).await;
    assert_eq!(known["state"], "delivered", "{known:#}");
    let ids: Vec<_> = received(&app)
        .iter()
        .map(|one| one.header("webhook-id").to_owned())
        .collect();
    let (first, second) = (id(&sent), id(&crashed));
    assert_eq!(ids, [first, first, second, second]);
    for one in received(&app) {
        assert!(is_signed_by(&one, secret(&endpoint)));
    }
}

/// What an endpoint says is shown in part, and what is secret of it never.
#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_as_a_short_excerpt_without_what_is_secret() {
    let (app, organization) = start(726).await;
    let endpoint = create(&app, &organization, "/hook").await;
    let shown = secret(&endpoint);
    let body = format!("bad key {shown}\u{1b}[31m{}", "x".repeat(2_000_000));
    let told = Told::status(StatusCode::UNAUTHORIZED).body(body);
    app.receiver.provider().tell("/hook", told);
    let said = test(&app, &organization, &endpoint).await;
    let waiting = said.expect(StatusCode::ACCEPTED);
    let attempt = &waiting["attempts"][0];
    assert_eq!(
        (&attempt["code"], &attempt["status"]),
        (&json!("http_401"), &json!(401))
    );
    let detail = attempt["detail"].as_str().unwrap();
    assert!(detail.contains("bad key [redacted]"), "{detail}");
    assert!(detail.chars().count() < 300 && !detail.contains('\u{1b}'));
    assert!(!waiting.to_string().contains(shown));
    assert_eq!(waiting["error_detail"], "The endpoint answered 401.");
    assert!(!app.output.text().contains("bad key"), "nor is it in a log");
}
