//! The owner of an Employment Hero account, who connects it in a browser.

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::json;

use crate::{App, Organization, send_raw};

/// Asks for a link, goes on from the page that it opens, agrees, and comes back. `public_url` is the variable's.
pub async fn agree(app: &App, organization: &Organization, public_url: &str, connector_id: &str) {
    let path = format!("/api/connectors/{connector_id}/authorizations");
    let asked = app
        .post(&path, &organization.key, json!({}))
        .await
        .expect(StatusCode::CREATED);
    let link = asked["url"].as_str().expect("a link");
    let ours = |url: &str| url.strip_prefix(public_url).unwrap_or(url).to_owned();
    let go_on = Request::post(ours(link)).body(Bytes::new()).expect("a URL");
    let sent = send_raw(&app.runtime, go_on).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{:?}", sent.body);
    let header = |name: &str| sent.headers[name].to_str().expect("text").to_owned();
    let cookie = header("set-cookie");
    let cookie = cookie.split(';').next().unwrap_or_default();
    let authorize = Request::get(header("location"))
        .body(Bytes::new())
        .expect("a URL");
    let answer = app.employment_hero.send(authorize).await.expect("a page");
    let back = answer.headers()["location"].to_str().expect("a URL");
    let back = Request::get(ours(back))
        .header("cookie", cookie)
        .body(Bytes::new())
        .expect("a URL");
    let ended = send_raw(&app.runtime, back).await;
    assert_eq!(ended.status, StatusCode::OK, "{:?}", ended.body);
}
