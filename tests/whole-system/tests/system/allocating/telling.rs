//! Who is told when a deal has got its adviser.

use simulators::{Fault, FaultRule};
use whole_system::SIMULATED_RECEIVER_ORIGIN;

use super::*;

async fn tell(stage: &Stage, targets: Value) {
    let body = json!({"targets": targets});
    let put = stage.app.request(
        Method::PUT,
        "/api/allocation/notices",
        &stage.organization.key,
        Some(body),
    );
    put.await.expect(StatusCode::OK);
}

async fn connect(stage: &Stage, body: Value) -> String {
    let made = stage
        .app
        .post("/api/connectors", &stage.organization.key, body)
        .await;
    made.expect(StatusCode::CREATED)["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn slack(stage: &Stage) -> String {
    connect(
        stage,
        json!({"type": "slack", "name": "Slack", "config": {"default_channel": "C0OPERATN"},
        "credentials": {"bot_token": "xoxb-sim-lakeshore-1"}}),
    )
    .await
}

async fn deliveries(stage: &Stage, id: &str) -> Vec<Value> {
    let path = format!("/api/deliveries?connector_id={id}");
    stage.app.all(&path, &stage.organization.key).await
}

#[tokio::test(start_paused = true)]
async fn slack_is_told_when_the_deal_is_changed_unless_the_call_says_no() {
    let stage = Stage::set(960).await;
    let slack = slack(&stage).await;
    tell(&stage, json!([{"connector_id": slack}])).await;
    stage.enrol(501).await.expect(StatusCode::OK);
    let quiet = stage
        .ask("?send_chat_alert=off", 502, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(quiet["status"], "completed");
    pass(5).await;
    stage.app.tick().await.expect(StatusCode::OK);
    let sent = deliveries(&stage, &slack).await;
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert_eq!(sent[0]["state"], "delivered", "{sent:#?}");
    let text = sent[0]["payload"]["text"].as_str().unwrap();
    assert!(
        text.contains("Deal 501") && text.contains("Package: Seed"),
        "{text}"
    );
    // A failure is nobody's news.
    stage.put_deal(700, "", "Single", "2026-09-28");
    stage.enrol(700).await.expect(StatusCode::OK);
    pass(5).await;
    stage.app.tick().await.expect(StatusCode::OK);
    assert_eq!(deliveries(&stage, &slack).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn google_chat_gets_a_card_and_its_failure_is_not_the_allocations() {
    let settings = settings(961).variable("google_chat_url", SIMULATED_RECEIVER_ORIGIN);
    let stage = Stage::with(settings).await;
    let bad = json!({"type": "google_chat", "name": "Chat", "credentials": {"webhook_url": "https://chat.example.com/v1/spaces/AAA/messages?key=k&token=t"}});
    let refused = stage
        .app
        .post("/api/connectors", &stage.organization.key, bad)
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused["errors"][0]["field"], "/credentials/webhook_url");
    let url =
        "https://chat.googleapis.com/v1/spaces/AAA/messages?key=chat-key-1&token=chat-token-1";
    let chat = connect(
        &stage,
        json!({"type": "google_chat", "name": "Chat", "credentials": {"webhook_url": url}}),
    )
    .await;
    tell(&stage, json!([{"connector_id": chat}])).await;
    let rule = FaultRule::once(
        "/v1/spaces/",
        Fault::status(StatusCode::SERVICE_UNAVAILABLE),
    );
    assert!(stage.app.receiver.add_fault(rule));
    let answer = stage.enrol(501).await.expect(StatusCode::OK);
    assert_eq!(answer["status"], "completed");
    for _ in 0..6 {
        pass(20).await;
        stage.app.tick().await.expect(StatusCode::OK);
    }
    let sent = deliveries(&stage, &chat).await;
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert_eq!(sent[0]["state"], "delivered", "{sent:#?}");
    let card = &sent[0]["payload"]["cards"][0];
    assert_eq!(card["header"]["title"], "Deal Allocation");
    let headers: Vec<_> = card["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["header"].as_str().unwrap())
        .collect();
    assert_eq!(
        headers,
        ["Deal Details", "Eligible Advisers", "Selected Adviser"]
    );
    assert!(!format!("{sent:?}").contains("chat-token-1"));
    // One that is refused for good.
    let rule = FaultRule::always("/v1/spaces/", Fault::status(StatusCode::FORBIDDEN));
    assert!(stage.app.receiver.add_fault(rule));
    let second = stage.enrol(502).await.expect(StatusCode::OK);
    pass(5).await;
    stage.app.tick().await.expect(StatusCode::OK);
    let sent = deliveries(&stage, &chat).await;
    assert_eq!(sent[0]["state"], "failed", "{sent:#?}");
    assert_eq!(stage.live(502).await["status"], second["status"]);
    assert_eq!(second["status"], "completed");
}

#[tokio::test(start_paused = true)]
async fn only_connectors_that_can_tell_are_taken() {
    let stage = Stage::set(962).await;
    let put = async |targets: Value| {
        let body = json!({"targets": targets});
        stage
            .app
            .request(
                Method::PUT,
                "/api/allocation/notices",
                &stage.organization.key,
                Some(body),
            )
            .await
    };
    let refused = put(json!([{"connector_id": stage.connector_id}]))
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused["errors"][0]["field"], "/targets/0/connector_id");
    let slack = slack(&stage).await;
    put(json!([{"connector_id": slack}, {"connector_id": slack}]))
        .await
        .expect(StatusCode::BAD_REQUEST);
    put(json!([{"connector_id": slack, "channel": "#deals"}]))
        .await
        .expect(StatusCode::OK);
    let read = stage
        .app
        .get("/api/allocation/notices", &stage.organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        read["targets"],
        json!([{"connector_id": slack, "channel": "#deals"}])
    );
    let other = stage.app.organization("Other", "Australia/Sydney").await;
    let theirs = stage
        .app
        .get("/api/allocation/notices", &other.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(theirs["targets"], json!([]));
}
