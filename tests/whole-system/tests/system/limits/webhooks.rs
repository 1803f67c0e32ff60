//! The quota of a webhook.

use http::{Method, StatusCode};
use serde_json::json;

use super::{pass, rows, throttled};
use crate::api::problem;
use crate::inbox::{create, deliver, events, id, send, signed, start};

#[tokio::test(start_paused = true)]
async fn a_webhook_takes_as_much_as_it_says_and_rubbish_uses_nothing_up() {
    let (app, organization) = start(821).await;
    let body = json!({"name": "Orders", "scheme": "standard", "events_per_minute": 3});
    let webhook = create(&app, &organization, body).await;
    assert_eq!(webhook["events_per_minute"], 3);
    let other = json!({"name": "Others", "scheme": "standard"});
    let other = create(&app, &organization, other).await;
    assert_eq!(other["events_per_minute"], 60_000);
    let path = format!("/hooks/{}", id(&webhook));
    let forged = signed(&app, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "m", b"{}");
    for _ in 0..20 {
        let answer = deliver(&app, &path, &forged, "{}").await;
        problem(&answer, 401, "unauthenticated");
    }
    // All of them, though nobody comes after the last one.
    pass(2).await;
    let path_of_log = "/api/logs?event_type=webhook_refused";
    let counted = rows(&app, path_of_log, &organization).await;
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0]["counts"], json!({"refused": 20}));
    pass(9).await;
    for message in ["m-1", "m-2", "m-3"] {
        let answer = send(&app, &webhook, message, "{}").await;
        answer.expect(StatusCode::OK);
    }
    let answer = send(&app, &webhook, "m-4", "{}").await;
    assert_eq!(throttled(&answer, 3), 20);
    assert_eq!(answer.headers["ratelimit-policy"], "\"webhook\";q=3;w=60");
    assert_eq!(answer.headers["ratelimit"], "\"webhook\";r=0;t=20");
    send(&app, &other, "m-4", "{}").await.expect(StatusCode::OK);
    assert_eq!(events(&app, &organization).await.len(), 4, "it is not kept");
    let logged = rows(&app, "/api/logs?event_type=webhook_refused", &organization).await;
    let limited: Vec<_> = logged
        .iter()
        .filter(|row| row["code"] == "rate_limited")
        .collect();
    assert_eq!(limited.len(), 1, "{logged:#?}");
    assert_eq!(limited[0]["subject_id"], webhook["id"]);
    assert_eq!(limited[0]["counts"], json!({"refused": 1}));
    // What another webhook is sent hides nothing, nor another reason.
    let other_path = format!("/hooks/{}", id(&other));
    for (headers, path) in [(&forged, &other_path), (&Vec::new(), &path)] {
        let answer = deliver(&app, path, headers, "{}").await;
        problem(&answer, 401, "unauthenticated");
    }
    let logged = rows(&app, "/api/logs?event_type=webhook_refused", &organization).await;
    assert_eq!(logged.len(), 4, "{logged:#?}");
    // One row in a while says enough.
    for _ in 0..10 {
        throttled(&send(&app, &webhook, "m-4", "{}").await, 3);
    }
    let again = rows(&app, "/api/logs?event_type=webhook_refused", &organization).await;
    assert_eq!(again.len(), logged.len());

    pass(20).await;
    send(&app, &webhook, "m-4", "{}")
        .await
        .expect(StatusCode::OK);
    throttled(&send(&app, &webhook, "m-5", "{}").await, 3);

    // A larger quota counts at once, as soon as a part of it is there.
    let path = format!("/api/webhooks/{}", id(&webhook));
    let patch = |body| app.request(Method::PATCH, &path, &organization.key, Some(body));
    for wrong in [
        json!(0),
        json!(-1),
        json!(1_000_001),
        json!(null),
        json!("9"),
    ] {
        let answer = patch(json!({"events_per_minute": wrong})).await;
        let said = problem(&answer, 400, "invalid-request");
        assert_eq!(said["errors"][0]["field"], "/events_per_minute", "{said}");
    }
    let patched = patch(json!({"events_per_minute": 60})).await;
    assert_eq!(patched.expect(StatusCode::OK)["events_per_minute"], 60);
    pass(1).await;
    send(&app, &webhook, "m-5", "{}")
        .await
        .expect(StatusCode::OK);
    throttled(&send(&app, &webhook, "m-6", "{}").await, 60);
    let stored = events(&app, &organization).await;
    assert_eq!(stored.len(), 6, "each once: {stored:#?}");
}
