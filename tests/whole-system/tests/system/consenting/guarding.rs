//! What comes twice, too late, from elsewhere, or wrong.

use simulators::employment_hero::{Consent, ScriptedAnswer};
use simulators::{Fault, FaultRule};

use super::*;

const JSON: &str = "application/json";

#[track_caller]
fn refused(answer: &Answer, error: &str) {
    let problem = answer.expect(StatusCode::BAD_REQUEST);
    assert_eq!(problem["error"], error, "{problem}");
}

async fn is_not_connected(app: &App, organization: &Organization, id: &str) {
    assert_eq!(read(app, organization, id).await["state"], "disconnected");
    assert_eq!(stored(app, id), ["client_secret"]);
}

#[tokio::test(start_paused = true)]
async fn a_link_and_an_answer_are_good_once() {
    let (app, organization) = start(1611).await;
    let id = connector(&app, &organization).await;
    let link = link(&app, &organization, &id, json!({})).await;
    let mut browser = Browser::default();
    let back = browser.consents(&app, &link).await;
    refused(
        &Browser::default().open(&app, &link, JSON).await,
        "link_is_spent",
    );
    let again = Browser::default().go_on(&app, &link, None).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    let cookies = browser.cookies.clone();
    browser.open(&app, &back, JSON).await.expect(StatusCode::OK);
    browser.cookies = cookies;
    refused(&browser.open(&app, &back, JSON).await, "state_mismatch");
    // The code was sent once, or the provider would have withdrawn what it gave.
    let counts = app.employment_hero.provider().counts();
    assert_eq!((counts.replayed_codes, counts.live_grants), (0, 1));
}

/// Or its visitors' accounts would be connected without anybody having read whose organization it is for.
#[tokio::test(start_paused = true)]
async fn a_page_of_another_site_sends_nobody_on() {
    let (app, organization) = start(1622).await;
    let id = connector(&app, &organization).await;
    let link = link(&app, &organization, &id, json!({})).await;
    let mut browser = Browser::default();
    // Also of one that may read answers: reading is not consenting.
    for origin in [
        "https://elsewhere.example",
        "https://app.example.com",
        "http://patchbay.example.com",
        "https://patchbay.example.com.elsewhere.example",
        "null",
        "",
    ] {
        let answer = browser.go_on(&app, &link, Some(origin)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{origin}");
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(text.contains("another_site"), "{text}");
        assert!(browser.cookies.is_empty());
    }
    // It has spent nothing.
    browser.consents(&app, &link).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_counts_in_the_browser_that_was_sent_only() {
    let (app, organization) = start(1612).await;
    let id = connector(&app, &organization).await;
    let link = link(&app, &organization, &id, json!({})).await;
    let mut sent = Browser::default();
    let back = sent.consents(&app, &link).await;
    // Somebody is made to open the end of another's flow.
    refused(
        &Browser::default().open(&app, &back, JSON).await,
        "state_mismatch",
    );
    is_not_connected(&app, &organization, &id).await;
    // The state is spent by that.
    refused(&sent.open(&app, &back, JSON).await, "state_mismatch");
    assert_eq!(app.employment_hero.provider().counts().asked, 0);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_nobody_was_sent_with_is_none() {
    let (app, _) = start(1613).await;
    for (query, error) in [
        ("code=abc&state=abc", "state_mismatch"),
        ("code=abc", "state_mismatch"),
        ("", "state_mismatch"),
        ("state=abc", "missing_code"),
        ("state=abc&state=abc&code=a", "invalid_answer"),
    ] {
        let path = format!("/auth/callback?{query}");
        refused(&Browser::default().open(&app, &path, JSON).await, error);
    }
    refused(
        &Browser::default().open(&app, "/auth/start", JSON).await,
        "missing_ticket",
    );
    refused(
        &Browser::default()
            .open(&app, "/auth/start?ticket=abc", JSON)
            .await,
        "link_is_spent",
    );
}

#[tokio::test(start_paused = true)]
async fn it_takes_ten_minutes_at_the_most() {
    let (app, organization) = start(1614).await;
    let id = connector(&app, &organization).await;
    let late = link(&app, &organization, &id, json!({})).await;
    pass(601).await;
    refused(
        &Browser::default().open(&app, &late, JSON).await,
        "link_is_spent",
    );
    let slow = link(&app, &organization, &id, json!({})).await;
    let mut browser = Browser::default();
    let back = browser.consents(&app, &slow).await;
    pass(601).await;
    refused(&browser.open(&app, &back, JSON).await, "link_is_spent");
    is_not_connected(&app, &organization, &id).await;
}

#[tokio::test(start_paused = true)]
async fn who_refuses_connects_nothing() {
    let (app, organization) = start(1615).await;
    let id = connector(&app, &organization).await;
    app.employment_hero
        .provider()
        .change_settings(|settings| settings.consent = Consent::Refuse);
    let link = link(&app, &organization, &id, json!({})).await;
    let mut browser = Browser::default();
    let back = browser.consents(&app, &link).await;
    refused(&browser.open(&app, &back, JSON).await, "access_denied");
    is_not_connected(&app, &organization, &id).await;
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_fails_connects_nothing_and_tells_no_secret() {
    let (app, organization) = start(1616).await;
    let id = connector(&app, &organization).await;
    let mut browser = Browser::default();
    for answer in [
        ScriptedAnswer::Status(400),
        ScriptedAnswer::Status(401),
        ScriptedAnswer::Status(500),
    ] {
        app.employment_hero.provider().script([answer]);
        let link = link(&app, &organization, &id, json!({})).await;
        let back = browser.consents(&app, &link).await;
        let answer = browser.open(&app, &back, JSON).await;
        refused(&answer, "token_exchange_failed");
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(
            !text.contains(CLIENT_SECRET) && !text.contains("eh_code_"),
            "{text}"
        );
        is_not_connected(&app, &organization, &id).await;
    }
    // No answer at all.
    app.employment_hero
        .add_fault(FaultRule::once("/oauth2/token", Fault::reset()));
    let link = link(&app, &organization, &id, json!({})).await;
    let back = browser.consents(&app, &link).await;
    refused(
        &browser.open(&app, &back, JSON).await,
        "token_exchange_failed",
    );
    is_not_connected(&app, &organization, &id).await;
    connect(&app, &organization, &id).await;
}

/// What was refused leaves nobody's name behind, in which the system's next change would be audited.
#[tokio::test(start_paused = true)]
async fn a_connector_that_was_changed_meanwhile_keeps_nothing_and_names_nobody() {
    let (app, organization) = start(1621).await;
    let id = connector(&app, &organization).await;
    let link = link(&app, &organization, &id, json!({})).await;
    let mut browser = Browser::default();
    let back = browser.consents(&app, &link).await;
    app.employment_hero.add_fault(FaultRule::once(
        "/oauth2/token",
        Fault::Delay {
            milliseconds: 5_000,
        },
    ));
    let path = format!("/api/connectors/{id}");
    let change = async {
        pass(2).await;
        let body = json!({"config": {"client_id": CLIENT_ID}});
        app.request(Method::PATCH, &path, &organization.key, Some(body))
            .await
            .expect(StatusCode::OK)
    };
    let (answer, _) = futures::future::join(browser.open(&app, &back, JSON), change).await;
    refused(&answer, "connector_is_gone");
    is_not_connected(&app, &organization, &id).await;
    let named: i64 = app
        .database()
        .query_row("SELECT count(*) FROM audit_actors", [], |row| row.get(0))
        .unwrap();
    assert_eq!(named, 0);
}

#[tokio::test(start_paused = true)]
async fn a_browser_is_sent_to_known_places_only() {
    let (app, organization) = start(1617).await;
    let id = connector(&app, &organization).await;
    for url in [
        "https://evil.example.com/",
        "https://app.example.com.evil.example.com/",
        "https://app.example.com@evil.example.com/",
        "https://patchbay.example.com.evil.example.com/",
        "//app.example.com/",
        "/settings",
        "javascript:alert(1)",
        "http://app.example.com/",
        "",
    ] {
        let answer = ask(&app, &organization, &id, json!({"return_url": url})).await;
        let problem = answer.expect(StatusCode::BAD_REQUEST);
        assert_eq!(problem["errors"][0]["field"], "/return_url", "{url}");
    }
    for url in [
        "https://app.example.com",
        "https://patchbay.example.com/done",
    ] {
        link(&app, &organization, &id, json!({"return_url": url})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_connect_asks_nobody() {
    let (app, organization) = start(1618).await;
    let id = connector(&app, &organization).await;
    let member = app.key(&organization.id, "member").await;
    let path = format!("/api/connectors/{id}/authorizations");
    app.post(&path, &member, json!({}))
        .await
        .expect(StatusCode::FORBIDDEN);
    let other = app.organization("Other", "Australia/Sydney").await;
    app.post(&path, &other.key, json!({}))
        .await
        .expect(StatusCode::NOT_FOUND);
    // Of a connector that is connected by a credential.
    let slack =
        json!({"type": "slack", "name": "Slack", "credentials": {"bot_token": "xoxb-1-2-a"}});
    let slack = app
        .post("/api/connectors", &organization.key, slack)
        .await
        .expect(StatusCode::CREATED);
    let refused = ask(
        &app,
        &organization,
        slack["id"].as_str().unwrap(),
        json!({}),
    )
    .await;
    assert!(
        refused.expect(StatusCode::CONFLICT)["detail"]
            .as_str()
            .unwrap()
            .contains("needs no consent")
    );
}

#[tokio::test(start_paused = true)]
async fn links_are_bounded() {
    let (app, organization) = start(1619).await;
    let id = connector(&app, &organization).await;
    for _ in 0..20 {
        link(&app, &organization, &id, json!({})).await;
    }
    let refused = ask(&app, &organization, &id, json!({})).await;
    refused.expect(StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key("retry-after"));
    pass(601).await;
    link(&app, &organization, &id, json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_public_url_it_says_what_to_set() {
    let app = App::simulate(1620, EPOCH).await;
    let organization = app.organization("Harbour Advice", "Australia/Sydney").await;
    let id = connector(&app, &organization).await;
    let refused = ask(&app, &organization, &id, json!({}))
        .await
        .expect(StatusCode::CONFLICT);
    assert!(refused["detail"].as_str().unwrap().contains("public_url"));
}
