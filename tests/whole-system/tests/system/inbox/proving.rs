//! What proves a delivery, scheme by scheme, through the built component.

use domain::webhook_signature::Scheme;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use whole_system::{App, Organization, send_raw};

use super::{PUBLIC_URL, create, deliver, events, id, now, secret, signing, start};

/// A webhook of a scheme with a secret that both sides have.
async fn set_up(app: &App, organization: &Organization, scheme: Scheme) -> (Value, String) {
    let mut body = json!({"name": scheme.as_str(), "scheme": scheme.as_str()});
    if scheme == Scheme::Generic {
        body["options"] = json!({"header": "x-signature", "timestamp_header": "x-time"});
    }
    if !scheme.has_own_secret() {
        body["secret"] = json!("s3cr3t-of-the-provider");
    }
    let webhook = create(app, organization, body).await;
    let secret = webhook["secret"]
        .as_str()
        .map_or_else(|| "s3cr3t-of-the-provider".to_owned(), str::to_owned);
    (webhook, secret)
}

fn body(scheme: Scheme, secret: &str) -> String {
    match scheme {
        Scheme::MicrosoftGraph => json!({"value": [
            {"clientState": "another's", "changeType": "deleted"},
            {"clientState": secret, "changeType": "updated"},
        ]})
        .to_string(),
        Scheme::Twilio => "a=1&b=2".to_owned(),
        _ => json!({"id": "e-1", "type": "order.paid"}).to_string(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_of_every_scheme_is_taken_when_it_is_proven_and_only_then() {
    let (app, organization) = start(601).await;
    for scheme in Scheme::ALL.iter().copied() {
        let (webhook, secret) = set_up(&app, &organization, scheme).await;
        let path = format!("/hooks/{}", id(&webhook));
        let url = format!("{PUBLIC_URL}{path}");
        assert_eq!(webhook["url"], url);
        let body = body(scheme, &secret);
        let headers =
            |secret: &str, at| signing::of(scheme.as_str(), secret, &url, at, body.as_bytes());

        // With another key, without any header, and with half of a signature.
        let wrong_body = body.replace(&secret, "guessed");
        let mut refused = vec![
            (
                headers("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now(&app)),
                wrong_body.clone(),
            ),
            (Vec::new(), wrong_body),
        ];
        let mut cut = headers(&secret, now(&app));
        if let Some((_, value)) = cut.first_mut() {
            value.pop();
            refused.push((cut, body.clone()));
        }
        for (headers, body) in refused {
            let answer = deliver(&app, &path, &headers, body).await;
            assert_eq!(answer.status, 401, "{scheme} {headers:?}");
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(!said.contains(&secret), "{said}");
        }
        if matches!(
            scheme,
            Scheme::Standard
                | Scheme::Slack
                | Scheme::Stripe
                | Scheme::Hubspot
                | Scheme::SevenShifts
                | Scheme::Generic
        ) {
            for at in [now(&app) - 301, now(&app) + 301] {
                let answer = deliver(&app, &path, &headers(&secret, at), body.clone()).await;
                assert_eq!(answer.status, 401, "{scheme} at {at}");
            }
        }
        assert_eq!(
            of(&app, &organization, &webhook).await,
            [] as [Value; 0],
            "{scheme}"
        );

        let sent = headers(&secret, now(&app));
        let first = deliver(&app, &path, &sent, body.clone()).await;
        let first = first.expect(StatusCode::OK);
        assert_eq!(first["received"], true);
        let stored = of(&app, &organization, &webhook).await;
        assert_eq!(stored.len(), 1, "{scheme}");
        assert_eq!(stored[0]["id"], first["event_id"]);
        assert_eq!(stored[0]["secret_id"], webhook["secrets"][0]["id"]);
        let path_of_event = format!("/api/webhook-events/{}", id(&stored[0]));
        let event = app.get(&path_of_event, &organization.key).await;
        let event = event.expect(StatusCode::OK);
        assert_eq!(event["body"], body, "{scheme}");

        // A repeat has the answer of the first, as long as its provider names it or its body.
        let again = deliver(&app, &path, &sent, body.clone()).await;
        let again = again.expect(StatusCode::OK);
        let repeats = of(&app, &organization, &webhook).await;
        if scheme == Scheme::MicrosoftGraph {
            assert_eq!(event["items"], json!([1]), "only what was proven");
            assert_eq!(repeats.len(), 2, "a hint without an id may come again");
        } else {
            assert_eq!(again, first, "{scheme}");
            assert_eq!(repeats.len(), 1, "{scheme}");
        }
    }
}

async fn of(app: &App, organization: &Organization, webhook: &Value) -> Vec<Value> {
    let path = format!("/api/webhook-events?webhook_id={}", id(webhook));
    app.all(&path, &organization.key).await
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_whether_we_are_there_is_answered() {
    let (app, organization) = start(602).await;
    let (graph, _) = set_up(&app, &organization, Scheme::MicrosoftGraph).await;
    let path = format!("/hooks/{}?validationToken=a%20b%3Cc", id(&graph));
    let answer = deliver(&app, &path, &Vec::new(), "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, "a b<c");
    assert_eq!(answer.headers["content-type"], "text/plain");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");

    let (slack, secret) = set_up(&app, &organization, Scheme::Slack).await;
    let path = format!("/hooks/{}", id(&slack));
    let body = json!({"type": "url_verification", "challenge": "3eZbrw1a"}).to_string();
    let headers = signing::of("slack", &secret, "", now(&app), body.as_bytes());
    let answer = deliver(&app, &path, &headers, body.clone()).await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.body),
        (200, b"3eZbrw1a".as_slice())
    );
    let unsigned = deliver(&app, &path, &Vec::new(), body).await;
    assert_eq!(unsigned.status, 401);
    assert!(events(&app, &organization).await.is_empty());

    // Nothing is at other ids, and by GET there is nothing to ask at these.
    let nowhere = deliver(
        &app,
        "/hooks/0190f3a0-0000-7000-8000-000000000000",
        &Vec::new(),
        "",
    )
    .await;
    assert_eq!(nowhere.status, 404);
    let request = Request::builder().method(Method::GET).uri(path);
    let asked = send_raw(&app.runtime, request.body(bytes::Bytes::new()).unwrap()).await;
    assert_eq!(asked.status, 401);
}

#[tokio::test(start_paused = true)]
async fn the_url_that_is_signed_is_the_configured_one_whatever_the_sender_calls_us() {
    let (app, organization) = start(603).await;
    let (webhook, secret) = set_up(&app, &organization, Scheme::Square).await;
    let path = format!("/hooks/{}?shop=7", id(&webhook));
    let body = body(Scheme::Square, &secret);
    let sign = |base: &str| {
        let mut headers = signing::of(
            "square",
            &secret,
            &format!("{base}{path}"),
            0,
            body.as_bytes(),
        );
        headers.push(("host", "evil.example".to_owned()));
        headers.push(("x-forwarded-host", "evil.example".to_owned()));
        headers
    };
    let answer = deliver(&app, &path, &sign("https://evil.example"), body.clone()).await;
    assert_eq!(answer.status, 401);
    let answer = deliver(&app, &path, &sign(PUBLIC_URL), body.clone()).await;
    answer.expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn the_body_form_names_the_webhook_and_is_signed_like_any_other() {
    let (app, organization) = start(604).await;
    let webhook = super::standard(&app, &organization).await;
    let call =
        |id: &str| json!({"webhook_id": id, "event": "form.sent", "data": {"a": [1]}}).to_string();
    let path = "/functions/v1/webhook-receiver";
    let body = call(id(&webhook));
    let headers = super::signed(&app, secret(&webhook), "m-1", body.as_bytes());
    let said = deliver(&app, path, &headers, body.clone()).await;
    said.expect(StatusCode::OK);
    let stored = events(&app, &organization).await;
    assert_eq!(stored[0]["event"], "form.sent");
    // The same message at the other path is the same event.
    let again = deliver(
        &app,
        &format!("/hooks/{}", id(&webhook)),
        &headers,
        body.clone(),
    )
    .await;
    assert_eq!(again.expect(StatusCode::OK)["event_id"], stored[0]["id"]);

    for (status, body) in [
        (400, "no json".to_owned()),
        (400, "{}".to_owned()),
        (400, json!({"webhook_id": 7}).to_string()),
        (400, call("orders")),
        (404, call("0190f3a0-0000-7000-8000-000000000000")),
        (401, call(id(&webhook)).replace("form.sent", "form.forged")),
    ] {
        let answer = deliver(&app, path, &headers, body.clone()).await;
        assert_eq!(answer.status, status, "{body}");
        let said = answer.json();
        assert_eq!(said["error"], said["detail"], "the older members: {said}");
    }
    let odd = json!({"webhook_id": id(&webhook), "event": 5}).to_string();
    let said = deliver(&app, path, &headers, odd).await;
    let said = crate::api::problem(&said, 400, "invalid-request");
    assert_eq!(said["errors"][0]["field"], "/event");
    assert_eq!(events(&app, &organization).await.len(), 1);
}
