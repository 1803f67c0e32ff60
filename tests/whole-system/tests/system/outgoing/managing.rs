//! Setting endpoints up, changing them, and giving them other secrets.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use whole_system::send_raw;

use super::{
    create, delivery, id, is_signed_by, pass, patch, path_of, read, received, retry, rotate,
    secret, start, tell, test, url,
};

#[tokio::test(start_paused = true)]
async fn a_secret_is_shown_once_and_stored_nowhere_in_the_clear() {
    let (app, organization) = start(711).await;
    let endpoint = create(&app, &organization, "/hook").await;
    let shown = secret(&endpoint).to_owned();
    assert!(shown.starts_with("whsec_"));
    test(&app, &organization, &endpoint)
        .await
        .expect(StatusCode::OK);
    let mut expected = endpoint.clone();
    expected.as_object_mut().unwrap().remove("secret");
    let read = read(&app, &organization, &endpoint).await;
    assert_eq!(read, expected);
    let list = app.all("/api/outgoing-webhooks", &organization.key).await;
    assert_eq!(list, [read]);
    let rotated = rotate(&app, &organization, &endpoint, json!({})).await;
    assert_ne!(secret(&rotated), shown);
    assert_eq!(rotated["secrets"].as_array().map(Vec::len), Some(2));

    // What was given is not shown, and what is repeated neither.
    let given = "whsec_UmVzdGF1cmFudEZhcm0tdGVzdC1rZXktMDAwMQ==";
    let body = json!({"name": "Given", "url": url("/given"), "secret": given});
    let made = app
        .post("/api/outgoing-webhooks", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(made["secret"], Value::Null);
    test(&app, &organization, &made)
        .await
        .expect(StatusCode::OK);
    assert!(is_signed_by(&received(&app)[1], given));
    let once = || {
        let body = json!({"name": "Once", "url": url("/once")}).to_string();
        let request = Request::builder()
            .method(Method::POST)
            .uri("/api/outgoing-webhooks")
            .header("authorization", format!("Bearer {}", organization.key))
            .header("content-type", "application/json")
            .header("idempotency-key", "once")
            .body(body.into())
            .unwrap();
        send_raw(&app.runtime, request)
    };
    let first = once().await.expect(StatusCode::CREATED);
    let again = once().await.expect(StatusCode::CREATED);
    assert_eq!((id(&first), &again["secret"]), (id(&again), &Value::Null));

    for text in [&shown, secret(&rotated), given, secret(&first)] {
        let part = text.trim_start_matches("whsec_");
        for name in ["default.db", "default.db-wal"] {
            let file = app.storage.database_path("default").with_file_name(name);
            let bytes = std::fs::read(file).unwrap_or_default();
            let is_there = bytes
                .windows(part.len())
                .any(|window| window == part.as_bytes());
            assert!(!is_there, "{name}");
        }
        assert!(!app.output.text().contains(part));
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_an_endpoint_is_named_by_its_fields() {
    let (app, organization) = start(712).await;
    let good = url("/hook");
    for (body, fields) in [
        (json!({}), vec!["/name"]),
        (json!({"name": "a"}), vec!["/url"]),
        (
            json!({"name": " ", "url": "ftp://example.com", "events": ["*"], "secret": "whsec_%"}),
            vec!["/name", "/url", "/events/0", "/secret"],
        ),
        (
            json!({"name": "a", "url": good, "events": []}),
            vec!["/events"],
        ),
        (
            json!({"name": "a", "url": good, "secret": "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g="}),
            vec!["/secret"],
        ),
        (json!({"name": "a", "url": good, "more": 1}), vec!["/more"]),
    ] {
        let answer = app
            .post("/api/outgoing-webhooks", &organization.key, body.clone())
            .await;
        let said = answer.expect(StatusCode::BAD_REQUEST);
        let named: Vec<_> = said["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        assert_eq!(named, fields, "{body}: {said:#}");
        assert!(!said.to_string().contains("whsec_%"));
    }
    let list = app.all("/api/outgoing-webhooks", &organization.key).await;
    assert!(list.is_empty());

    let endpoint = create(&app, &organization, "/hook").await;
    for (body, field) in [
        (json!({"state": "disabled"}), "/state"),
        (json!({"state": null}), "/state"),
        (json!({"name": ""}), "/name"),
        (json!({"url": "https://10.0.0.1/"}), "/url"),
        (json!({"events": ["a b"]}), "/events/0"),
        (json!({"secret": "whsec_"}), "/secret"),
    ] {
        let path = path_of(&endpoint);
        let answer = app
            .request(Method::PATCH, &path, &organization.key, Some(body.clone()))
            .await;
        let said = answer.expect(StatusCode::BAD_REQUEST);
        assert_eq!(said["errors"][0]["field"], field, "{body}");
    }
    let path = format!("{}/rotate-secret", path_of(&endpoint));
    for (body, field) in [
        (
            json!({"keep_previous_seconds": 2_592_001}),
            "/keep_previous_seconds",
        ),
        (json!({"secret": "short"}), "/secret"),
    ] {
        let answer = app.post(&path, &organization.key, body).await;
        let said = answer.expect(StatusCode::BAD_REQUEST);
        assert_eq!(said["errors"][0]["field"], field);
    }
    let mut expected = endpoint.clone();
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(read(&app, &organization, &endpoint).await, expected);
}

#[tokio::test(start_paused = true)]
async fn both_keys_sign_while_both_count() {
    let (app, organization) = start(713).await;
    let endpoint = create(&app, &organization, "/hook").await;
    let first = secret(&endpoint).to_owned();
    let kept = json!({"keep_previous_seconds": 3_600});
    let second = rotate(&app, &organization, &endpoint, kept).await;
    let second = secret(&second).to_owned();
    let signed = async |by: &[&String], not_by: &[&String]| {
        app.receiver.provider().clear();
        test(&app, &organization, &endpoint)
            .await
            .expect(StatusCode::OK);
        let came = received(&app).remove(0);
        let entries = came.header("webhook-signature").split(' ').count();
        assert_eq!(entries, by.len());
        assert!(by.iter().all(|secret| is_signed_by(&came, secret)));
        assert!(!not_by.iter().any(|secret| is_signed_by(&came, secret)));
    };
    signed(&[&first, &second], &[]).await;
    pass(3_601).await;
    signed(&[&second], &[&first]).await;
    let at_once = json!({"keep_previous_seconds": 0});
    let third = rotate(&app, &organization, &endpoint, at_once).await;
    let third = secret(&third).to_owned();
    signed(&[&third], &[&first, &second]).await;
    for _ in 0..4 {
        rotate(&app, &organization, &endpoint, json!({})).await;
    }
    let path = format!("{}/rotate-secret", path_of(&endpoint));
    let many = app.post(&path, &organization.key, json!({})).await;
    assert_eq!(many.status, StatusCode::CONFLICT);
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_back_and_a_deletion_gives_up() {
    let (app, organization) = start(714).await;
    let endpoint = create(&app, &organization, "/hook").await;
    tell(&app, "/hook", 503);
    let said = test(&app, &organization, &endpoint).await;
    let waiting = said.expect(StatusCode::ACCEPTED);
    patch(&app, &organization, &endpoint, json!({"state": "paused"})).await;
    let refused = test(&app, &organization, &endpoint).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    tell(&app, "/hook", 200);
    for _ in 0..30 {
        pass(400).await;
        app.tick().await;
    }
    let held = delivery(&app, &organization, id(&waiting)).await;
    assert_eq!(
        (&held["state"], &held["error_code"]),
        (&json!("pending"), &json!("paused"))
    );
    assert_eq!(received(&app).len(), 1);
    let active =
        json!({"state": "active", "url": url("/new"), "name": "Renamed", "events": ["a.*"]});
    let changed = patch(&app, &organization, &endpoint, active).await;
    assert_eq!(
        (&changed["url"], &changed["name"], &changed["events"]),
        (&json!(url("/new")), &json!("Renamed"), &json!(["a.*"]))
    );
    app.tick().await;
    let done = delivery(&app, &organization, id(&waiting)).await;
    assert_eq!(done["state"], "delivered", "{done:#}");
    assert_eq!(received(&app)[1].path, "/new");

    tell(&app, "/new", 500);
    let said = test(&app, &organization, &endpoint).await;
    let never = said.expect(StatusCode::ACCEPTED);
    let path = path_of(&endpoint);
    app.request(Method::DELETE, &path, &organization.key, None)
        .await
        .expect(StatusCode::OK);
    let given_up = delivery(&app, &organization, id(&never)).await;
    assert_eq!(
        (&given_up["state"], &given_up["error_code"]),
        (&json!("failed"), &json!("endpoint_deleted"))
    );
    let again = retry(&app, &organization, id(&never)).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let gone = app.get(&path, &organization.key).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    pass(60).await;
    app.tick().await;
    assert_eq!(received(&app).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn another_organization_and_a_member_have_no_endpoint_here() {
    let (app, organization) = start(715).await;
    let endpoint = create(&app, &organization, "/hook").await;
    let said = test(&app, &organization, &endpoint).await;
    let sent = said.expect(StatusCode::OK);
    let other = app.organization("Other", "America/Toronto").await;
    let member = app.key(&organization.id, "member").await;
    let admin = app.key(&organization.id, "admin").await;
    let path = path_of(&endpoint);
    for (method, path, body) in [
        (Method::GET, path.clone(), None),
        (Method::PATCH, path.clone(), Some(json!({"name": "theirs"}))),
        (
            Method::POST,
            format!("{path}/rotate-secret"),
            Some(json!({})),
        ),
        (Method::POST, format!("{path}/test"), None),
        (Method::GET, format!("/api/deliveries/{}", id(&sent)), None),
        (
            Method::POST,
            format!("/api/deliveries/{}/retry", id(&sent)),
            Some(json!({})),
        ),
        (Method::DELETE, path.clone(), None),
    ] {
        let foreign = app
            .request(method.clone(), &path, &other.key, body.clone())
            .await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{method} {path}");
        let refused = app.request(method.clone(), &path, &member, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    let list = app.all("/api/outgoing-webhooks", &other.key).await;
    assert!(list.is_empty());
    let of_it = format!("/api/deliveries?endpoint_id={}", id(&endpoint));
    assert!(app.all(&of_it, &other.key).await.is_empty());
    assert_eq!(app.all(&of_it, &admin).await.len(), 1);
    // It is no connector.
    let of_it = format!("/api/deliveries?connector_id={}", id(&endpoint));
    assert!(app.all(&of_it, &admin).await.is_empty());
    let list = app.all("/api/outgoing-webhooks", &admin).await;
    assert_eq!(list[0]["name"], "Product");
    assert_eq!(received(&app).len(), 1);
}
