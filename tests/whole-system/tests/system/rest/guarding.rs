//! What a connector may reach: no spelling of a private address, no redirect, no other origin, when
//! it is kept and whenever it is used.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use whole_system::{App, SIMULATED_REST_ORIGIN, Settings};

use super::{api, connect, get, oauth, open, request, start};

/// Spellings of addresses that are nobody's to call, and URLs that parsers read in two ways.
const REFUSED: &[&str] = &[
    "http://api.example.com/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x100000000/",
    "https://127.0.0.1./",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://odoo.internal/",
    "https://metadata.google.internal/",
    "https://169.254.169.254/",
    "https://169.254.170.2/",
    "https://100.100.100.200/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00:ec2::254]/",
    "https://[fec0::1]/",
    "https://\u{2460}\u{2461}\u{2466}.\u{24ea}.\u{24ea}.\u{2460}/",
    "https://api.example.com\\@127.0.0.1/",
    "https://127.0.0.1%2f@api.example.com/",
    "https://user:word@api.example.com/",
    "https://a@b@127.0.0.1/",
    "https://api.example.com:22/",
    "https://api.example.com:8443/",
    "https://api.example.com/#a",
    "ftp://api.example.com/",
];

#[tokio::test(start_paused = true)]
async fn no_private_address_is_kept() {
    let (app, organization) = start(721).await;
    let id = connect(&app, &organization, open()).await;
    for url in REFUSED {
        let mut by_base = open();
        by_base["integration_key"] = json!("other");
        by_base["config"]["base_url"] = json!(url);
        let mut by_token = oauth("oauth2_client_credentials", "basic");
        by_token["config"]["auth"]["token_url"] = json!(url);
        for (body, field) in [
            (by_base.clone(), "/config/base_url"),
            (by_token, "/config/auth/token_url"),
        ] {
            let answer = app.post("/api/connectors", &organization.key, body).await;
            let problem = answer.expect(StatusCode::BAD_REQUEST);
            assert_eq!(problem["errors"][0]["field"], field, "{url} {problem:#}");
        }
        let path = format!("/api/connectors/{id}");
        let change = json!({"config": by_base["config"]});
        let answer = app
            .request(Method::PATCH, &path, &organization.key, Some(change))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{url}");
    }
    assert!(app.rest.requests().is_empty());
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
}

#[tokio::test(start_paused = true)]
async fn no_path_leads_out_of_the_base_url() {
    let (app, organization) = start(722).await;
    let id = connect(&app, &organization, open()).await;
    for path in [
        "/../bearer/items",
        "/%2e%2e/bearer/items",
        "/..%2fbearer",
        "/..;/bearer",
        "//evil.example/",
        "https://evil.example/",
        "\\\\evil.example",
        "/a b",
        "/a?b=c",
        "/a#b",
        "/a%00b",
        "/caf\u{e9}",
        "/100%",
    ] {
        let asked = json!({"method": "GET", "path": path});
        let problem = request(&app, &organization, &id, asked)
            .await
            .expect(StatusCode::BAD_REQUEST);
        assert_eq!(problem["errors"][0]["field"], "/path", "{path} {problem:#}");
    }
    for (asked, field) in [
        (json!({"method": "TRACE"}), "/method"),
        (json!({"method": "get"}), "/method"),
        (json!({"method": "GET", "body": {}}), "/body"),
        (json!({"path": "/items"}), "/method"),
        (
            json!({"method": "GET", "url": "https://evil.example"}),
            "/url",
        ),
        (json!({"method": "GET", "query": {"a": "b"}}), "/query"),
    ] {
        let problem = request(&app, &organization, &id, asked.clone())
            .await
            .expect(StatusCode::BAD_REQUEST);
        assert_eq!(problem["errors"][0]["field"], field, "{asked} {problem:#}");
    }
    assert!(app.rest.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (app, organization) = start(723).await;
    let body = api(
        "bearer",
        json!({"type": "bearer"}),
        json!({"token": super::TOKEN}),
    );
    let id = connect(&app, &organization, body).await;
    for to in [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:11/open/items",
        "https://evil.example/",
        "/bearer/items",
    ] {
        let asked = json!({"method": "GET", "path": "/redirect", "query": [["to", to]]});
        let answer = request(&app, &organization, &id, asked)
            .await
            .expect(StatusCode::OK);
        assert_eq!(answer["status"], 302);
        assert_eq!(answer["headers"]["location"], to);
    }
    let paths: Vec<_> = app.rest.requests().into_iter().map(|r| r.path).collect();
    assert_eq!(paths, ["/bearer/redirect"; 4]);
}

#[tokio::test(start_paused = true)]
async fn what_the_operator_takes_back_is_not_called_any_more() {
    let (mut app, organization) = start(724).await;
    let id = connect(&app, &organization, open()).await;
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
    app.runtime.kill().await;
    let other = Settings::default().variable("private_origin", "http://127.0.0.1:12");
    app.restart(other).await;
    let answer = request(
        &app,
        &organization,
        &id,
        json!({"method": "GET", "path": "/items"}),
    )
    .await;
    let problem = answer.expect(StatusCode::CONFLICT);
    assert!(
        problem["detail"].as_str().unwrap().contains("base_url"),
        "{problem:#}"
    );
    let tested = super::test(&app, &organization, &id).await;
    assert_eq!(tested["success"], false);
    assert_eq!(app.rest.requests().len(), 1);
    app.runtime.kill().await;
    let first = Settings::default().variable("private_origin", SIMULATED_REST_ORIGIN);
    app.restart(first).await;
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
}

/// In real time, because only there the host resolves and connects.
#[tokio::test]
async fn what_the_host_blocks_looks_like_what_cannot_be_reached() {
    let mut app = App::start().await;
    let organization = app.organization("Kitchen", "America/Toronto").await;
    // Nobody listens at this port.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    app.runtime.kill().await;
    app.restart(Settings::default().variable("private_origin", &dead))
        .await;
    let mut body = open();
    body["config"]["base_url"] = json!(dead);
    let id = connect(&app, &organization, body).await;
    let said = async |app: &App| -> Value {
        let asked = json!({"method": "POST", "path": "/items", "body": {}});
        let mut problem = request(app, &organization, &id, asked)
            .await
            .expect(StatusCode::BAD_GATEWAY);
        problem["request_id"] = Value::Null;
        problem["instance"] = Value::Null;
        problem
    };
    let unreachable = said(&app).await;
    app.runtime.kill().await;
    let blocking = Settings {
        blocks_private_networks: true,
        ..Settings::default().variable("private_origin", &dead)
    };
    app.restart(blocking).await;
    assert_eq!(said(&app).await, unreachable);
}
