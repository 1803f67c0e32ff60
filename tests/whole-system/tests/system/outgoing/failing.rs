//! Endpoints that fail: what disables them, and who enables them again.

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use simulators::receiver::Told;

use super::{
    create, delivery, id, next_attempt, pass, patch, read, received, retry, start, tell, test, url,
};

#[tokio::test(start_paused = true)]
async fn who_answers_410_is_sent_nothing_more_until_a_person_says_so() {
    let (app, organization) = start(731).await;
    let endpoint = create(&app, &organization, "/hook").await;
    tell(&app, "/hook", 500);
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let said = test(&app, &organization, &endpoint).await;
        waiting.push(said.expect(StatusCode::ACCEPTED));
    }
    tell(&app, "/hook", 410);
    let problem = test(&app, &organization, &endpoint)
        .await
        .expect(StatusCode::BAD_GATEWAY);
    assert!(problem["detail"].as_str().unwrap().contains("410"));
    let disabled = read(&app, &organization, &endpoint).await;
    assert_eq!(disabled["state"], "disabled");
    assert!(disabled["state_reason"].as_str().unwrap().contains("410"));
    let list = format!("/api/deliveries?endpoint_id={}", id(&endpoint));
    let all = app.all(&list, &organization.key).await;
    let codes: Vec<_> = all.iter().map(|one| &one["error_code"]).collect();
    assert_eq!(codes, ["gone", "endpoint_disabled", "endpoint_disabled"]);
    assert!(all.iter().all(|one| one["state"] == "failed"));
    // Nobody can have it called again behind its back.
    let refused = test(&app, &organization, &endpoint).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let refused = retry(&app, &organization, id(&waiting[0])).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    pass(86_400).await;
    app.tick().await;
    assert_eq!(received(&app).len(), 3);
    tell(&app, "/hook", 200);
    let active = patch(&app, &organization, &endpoint, json!({"state": "active"})).await;
    assert_eq!(
        (&active["state_reason"], &active["failing_since"]),
        (&Value::Null, &Value::Null)
    );
    for one in &waiting {
        retry(&app, &organization, id(one))
            .await
            .expect(StatusCode::ACCEPTED);
    }
    app.tick().await;
    for one in &waiting {
        let known = delivery(&app, &organization, id(one)).await;
        assert_eq!(known["state"], "delivered", "{known:#}");
    }
}

#[tokio::test(start_paused = true)]
async fn five_days_in_which_every_attempt_has_failed_disable() {
    let (app, organization) = start(732).await;
    let failing = create(&app, &organization, "/failing").await;
    let mending = create(&app, &organization, "/mending").await;
    for path in ["/failing", "/mending"] {
        tell(&app, path, 502);
    }
    for hour in 0..120 {
        if hour % 12 == 0 {
            for endpoint in [&failing, &mending] {
                test(&app, &organization, endpoint)
                    .await
                    .expect(StatusCode::ACCEPTED);
            }
        }
        // One that is well for a moment begins anew.
        tell(&app, "/mending", if hour == 60 { 200 } else { 502 });
        if hour == 60 {
            test(&app, &organization, &mending)
                .await
                .expect(StatusCode::OK);
            tell(&app, "/mending", 502);
        }
        let known = read(&app, &organization, &failing).await;
        assert_eq!(known["state"], "active", "after {hour} hours");
        assert!(known["failing_since"].is_string());
        pass(3_600).await;
        app.tick().await.expect(StatusCode::OK);
    }
    // The first that fails now is the last, were it the retry that was due with this tick.
    let last = test(&app, &organization, &failing).await.status;
    assert!([StatusCode::BAD_GATEWAY, StatusCode::CONFLICT].contains(&last));
    let disabled = read(&app, &organization, &failing).await;
    assert_eq!(disabled["state"], "disabled");
    let reason = disabled["state_reason"].as_str().unwrap();
    assert!(
        reason.contains("5 days") && reason.contains("502"),
        "{reason}"
    );
    let pending = format!("/api/deliveries?state=pending&endpoint_id={}", id(&failing));
    assert!(app.all(&pending, &organization.key).await.is_empty());
    test(&app, &organization, &mending)
        .await
        .expect(StatusCode::ACCEPTED);
    let mending = read(&app, &organization, &mending).await;
    assert_eq!(mending["state"], "active");
    assert!(mending["failing_since"].is_string());
    let enabled = patch(&app, &organization, &failing, json!({"state": "active"})).await;
    assert_eq!(enabled["failing_since"], Value::Null);
    // The days begin anew.
    test(&app, &organization, &failing)
        .await
        .expect(StatusCode::ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (app, organization) = start(733).await;
    let endpoint = create(&app, &organization, "/old").await;
    for status in [301, 302, 303, 307, 308] {
        let told = Told::status(StatusCode::from_u16(status).unwrap()).header(
            header::LOCATION,
            HeaderValue::from_str(&url("/new")).unwrap(),
        );
        app.receiver.provider().tell("/old", told);
        let said = test(&app, &organization, &endpoint).await;
        let waiting = said.expect(StatusCode::ACCEPTED);
        let attempt = &waiting["attempts"][0];
        assert_eq!(
            (&attempt["code"], &attempt["status"]),
            (&json!("redirected"), &json!(status))
        );
        let came = received(&app);
        let of_it = came
            .iter()
            .filter(|one| one.header("webhook-id") == id(&waiting));
        assert_eq!(of_it.count(), 1);
    }
    assert!(received(&app).iter().all(|one| one.path == "/old"));
    // Put right by a person, what waits goes where it is to go.
    let all = app.all("/api/deliveries", &organization.key).await;
    patch(&app, &organization, &endpoint, json!({"url": url("/new")})).await;
    let known = next_attempt(&app, &organization, id(&all[0])).await;
    assert_eq!(known["state"], "delivered", "{known:#}");
    let paths: Vec<_> = received(&app).into_iter().map(|one| one.path).collect();
    assert!(paths.contains(&"/new".to_owned()));
}
