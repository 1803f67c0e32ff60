//! Nobody has us call what is not public: neither when a URL is saved, nor when it is used.

use http::{Method, StatusCode};
use serde_json::json;
use whole_system::{App, Settings};

use super::{EPOCH, create, delivery, id, path_of, received, start, test};

/// Private addresses, in every spelling that some parser reads as one.
const REFUSED: &[&str] = &[
    "http://receiver.example.com/hook",
    "https://receiver.example.com:8443/hook",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127.0.0.1./",
    "https://10.0.0.5/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:db8::1]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fec0::1]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://metadata.google.internal/",
    "https://status.spin.internal/",
    "https://user:password@receiver.example.com/hook",
    "https://receiver.example.com\\@127.0.0.1/",
    "https://127.0.0.1%2f@receiver.example.com/",
    "https://a@b@127.0.0.1/",
    "https://receiver.example.com/hook#fragment",
    "https://receiver.example.com/a b",
    "file:///etc/passwd",
    "//receiver.example.com/hook",
    "receiver.example.com/hook",
    "",
];

#[tokio::test(start_paused = true)]
async fn no_spelling_of_a_private_address_is_saved() {
    let (app, organization) = start(741).await;
    let endpoint = create(&app, &organization, "/hook").await;
    for url in REFUSED {
        for (method, path, body) in [
            (
                Method::POST,
                "/api/outgoing-webhooks".to_owned(),
                json!({"name": "a", "url": url}),
            ),
            (Method::PATCH, path_of(&endpoint), json!({"url": url})),
        ] {
            let answer = app
                .request(method, &path, &organization.key, Some(body))
                .await;
            let said = answer.expect(StatusCode::BAD_REQUEST);
            assert_eq!(said["errors"][0]["field"], "/url", "{url}");
            assert!(!said.to_string().contains("password@"));
        }
    }
    let list = app.all("/api/outgoing-webhooks", &organization.key).await;
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["url"], endpoint["url"]);
    assert!(received(&app).is_empty());
}

/// What the operator allowed when it was saved may not be allowed any more.
#[tokio::test(start_paused = true)]
async fn a_url_is_judged_again_whenever_it_is_used() {
    let private = "http://10.0.0.5:8069";
    let settings = Settings {
        seed: 742,
        ..Settings::default()
    };
    let accounts = simulators::seven_shifts::demo_data(742, EPOCH);
    let allowing = settings.clone().variable("private_origin", private);
    let mut app = App::simulate_with(allowing, EPOCH, accounts).await;
    let organization = app.organization("Product", "America/Toronto").await;
    let body = json!({"name": "Odoo", "url": format!("{private}/hook")});
    let endpoint = app
        .post("/api/outgoing-webhooks", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    let said = test(&app, &organization, &endpoint).await;
    let waiting = said.expect(StatusCode::ACCEPTED);
    assert_eq!(waiting["attempts"][0]["code"], "unreachable");
    assert_eq!(waiting["attempts"][0]["may_have_happened"], false);
    let settings = settings.variable("private_origin", "https://private.invalid");
    app.restart(settings).await;
    super::pass(10).await;
    app.tick().await.expect(StatusCode::OK);
    let known = delivery(&app, &organization, id(&waiting)).await;
    assert_eq!(
        (&known["state"], &known["error_code"]),
        (&json!("failed"), &json!("not_allowed")),
        "{known:#}"
    );
    assert_eq!(
        known["attempts"].as_array().map(Vec::len),
        Some(1),
        "nothing went out"
    );
}

/// A setting that cannot be read is the operator's to mend: nothing is lost meanwhile.
#[tokio::test(start_paused = true)]
async fn a_broken_setting_holds_back_and_loses_nothing() {
    let (mut app, organization) = start(743).await;
    let endpoint = create(&app, &organization, "/hook").await;
    super::tell(&app, "/hook", 500);
    let said = test(&app, &organization, &endpoint).await;
    let waiting = said.expect(StatusCode::ACCEPTED);
    super::tell(&app, "/hook", 200);
    let broken = Settings::default().variable("outbound_ports", "https");
    app.restart(broken).await;
    for _ in 0..20 {
        super::pass(400).await;
        app.tick().await.expect(StatusCode::OK);
    }
    let held = delivery(&app, &organization, id(&waiting)).await;
    assert_eq!(
        (&held["state"], &held["error_code"]),
        (&json!("pending"), &json!("configuration")),
        "{held:#}"
    );
    let detail = held["error_detail"].as_str().unwrap();
    assert!(detail.contains("outbound_ports"), "{detail}");
    let refused = app
        .post(
            "/api/outgoing-webhooks",
            &organization.key,
            json!({"name": "a", "url": super::url("/b")}),
        )
        .await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    app.restart(Settings::default()).await;
    super::pass(400).await;
    app.tick().await.expect(StatusCode::OK);
    let known = delivery(&app, &organization, id(&waiting)).await;
    assert_eq!(known["state"], "delivered", "{known:#}");
}
