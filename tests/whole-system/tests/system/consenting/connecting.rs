//! From the link to an account that is connected.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_owners_consent_connects_the_account() {
    let (app, organization) = start(1601).await;
    let id = connector(&app, &organization).await;
    assert_eq!(stored(&app, &id), ["client_secret"]);
    let before = read(&app, &organization, &id).await;
    assert!(
        before["state_reason"]
            .as_str()
            .unwrap()
            .contains("/authorizations")
    );
    let given = connect(&app, &organization, &id).await;
    assert_eq!(given["ok"], true);
    assert_eq!(given["connector_id"], id.as_str());
    assert_eq!(given["test"]["success"], true, "{given}");
    let after = read(&app, &organization, &id).await;
    assert_eq!(after["state"], "active");
    assert!(after["connected_at"].is_string());
    assert_eq!(
        after["connected_by"],
        before_asker(&app, &organization).await
    );
    assert_eq!(
        stored(&app, &id),
        ["access_token", "client_secret", "refresh_token"]
    );
    let counts = app.employment_hero.provider().counts();
    assert_eq!(
        (counts.codes, counts.issued, counts.burnt_grants),
        (1, 1, 0)
    );
    // Its streams are planned, and the next tick runs them.
    app.tick().await.expect(StatusCode::OK);
    let runs = app.runs(&organization.key).await;
    assert_eq!(runs["employees"]["status"], "success", "{runs:?}");
    // Nothing of it is in a log.
    let output = app.output.text();
    for secret in [CLIENT_SECRET, "eh_code_", "access_", "rt_"] {
        assert!(!output.contains(secret), "{secret}");
    }
}

/// The key that asked for the link, as `connected_by` names it.
async fn before_asker(app: &App, organization: &Organization) -> Value {
    let keys = app.all("/api/api-keys", &organization.key).await;
    keys[0]["id"].clone()
}

#[tokio::test(start_paused = true)]
async fn whoever_asked_for_the_link_is_in_the_audit() {
    let (app, organization) = start(1602).await;
    let id = connector(&app, &organization).await;
    connect(&app, &organization, &id).await;
    let entries = app.all("/api/audit", &organization.key).await;
    let connected = entries
        .iter()
        .find(|entry| entry["after"]["state"] == "active" && entry["resource_id"] == id.as_str())
        .unwrap_or_else(|| panic!("{entries:#?}"));
    assert_eq!(connected["actor_kind"], "api_key", "{connected}");
}

#[tokio::test(start_paused = true)]
async fn who_opens_a_link_is_told_who_asks_and_spends_nothing_by_looking() {
    let (app, _) = start(1606).await;
    let organization = app
        .organization("Harbour <b>& Sons</b>", "Australia/Sydney")
        .await;
    let id = connector(&app, &organization).await;
    let link = link(&app, &organization, &id, json!({})).await;
    // A chat that previews links, and a product that has a page of its own.
    for _ in 0..3 {
        let mut program = Browser::default();
        let told = program
            .open(&app, &link, "*/*")
            .await
            .expect(StatusCode::OK);
        assert_eq!(told["organization"], "Harbour <b>& Sons</b>");
        assert_eq!(told["connector_id"], id.as_str());
        assert_eq!(told["connector"], "People of Harbour Advice");
        assert_eq!(told["provider"], "Employment Hero");
        assert!(program.cookies.is_empty());
    }
    let mut browser = Browser::default();
    let page = browser.open(&app, &link, PAGE).await;
    assert_eq!(page.status, StatusCode::OK);
    // Nobody puts it in a frame, and no other site learns of the link.
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.headers["referrer-policy"], "same-origin");
    assert_eq!(page.headers["cache-control"], "no-store");
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    for part in [
        "<strong>Harbour &lt;b&gt;&amp; Sons&lt;/b&gt;</strong> asks for access",
        "“People of Harbour Advice”",
        "Go on to Employment Hero",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let back = browser.consents(&app, &link).await;
    browser
        .open(&app, &back, "application/json")
        .await
        .expect(StatusCode::OK);
    assert_eq!(read(&app, &organization, &id).await["state"], "active");
}

#[tokio::test(start_paused = true)]
async fn a_person_sees_a_page() {
    let (app, organization) = start(1603).await;
    let id = connector(&app, &organization).await;
    let mut browser = Browser::default();
    let first = link(&app, &organization, &id, json!({})).await;
    let back = browser.consents(&app, &first).await;
    let page = browser.open(&app, &back, PAGE).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(
        text.contains("People of Harbour Advice is connected now."),
        "{text}"
    );
    // The cookie of the flow is gone with it.
    assert!(browser.cookies.is_empty());
    // What is wrong is a page as well.
    let spent = browser.open(&app, &first, PAGE).await;
    assert_eq!(spent.status, StatusCode::BAD_REQUEST);
    let text = String::from_utf8(spent.body.to_vec()).unwrap();
    assert!(text.contains("The link was used before"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_browser_goes_where_the_product_wants_it() {
    let (app, organization) = start(1604).await;
    let id = connector(&app, &organization).await;
    let body = json!({"return_url": "https://app.example.com/settings?tab=people#connect"});
    let mut browser = Browser::default();
    let link = link(&app, &organization, &id, body.clone()).await;
    let back = browser.consents(&app, &link).await;
    let sent = browser.open(&app, &back, PAGE).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert_eq!(
        location(&sent),
        format!(
            "https://app.example.com/settings?tab=people&connector={id}&connected=true#connect"
        )
    );
    assert_eq!(read(&app, &organization, &id).await["state"], "active");
    // Also with what went wrong.
    app.employment_hero.provider().change_settings(|settings| {
        settings.consent = simulators::employment_hero::Consent::Refuse;
    });
    let link = super::link(&app, &organization, &id, body).await;
    let back = browser.consents(&app, &link).await;
    let sent = browser.open(&app, &back, PAGE).await;
    assert_eq!(
        location(&sent),
        format!(
            "https://app.example.com/settings?tab=people&connector={id}&connected=false&error=access_denied#connect"
        )
    );
    // Who refuses a second time has not disconnected the first.
    assert_eq!(read(&app, &organization, &id).await["state"], "active");
}

#[tokio::test(start_paused = true)]
async fn disconnecting_and_connecting_again_keeps_the_data() {
    let (app, organization) = start(1605).await;
    let id = connector(&app, &organization).await;
    connect(&app, &organization, &id).await;
    app.tick().await.expect(StatusCode::OK);
    let people = app.all("/api/employees", &organization.key).await;
    assert!(
        !people.is_empty(),
        "{:?}",
        app.runs(&organization.key).await
    );
    let open = link(&app, &organization, &id, json!({})).await;
    let path = format!("/api/connectors/{id}/disconnect");
    app.post(&path, &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    assert!(stored(&app, &id).is_empty());
    // A link that was open does not connect it again.
    let answer = Browser::default()
        .open(&app, &open, "application/json")
        .await;
    assert_eq!(
        answer.expect(StatusCode::BAD_REQUEST)["error"],
        "link_is_spent"
    );
    assert_eq!(app.all("/api/employees", &organization.key).await, people);
    // Without the client's secret there is nothing to ask with.
    let refused = ask(&app, &organization, &id, json!({})).await;
    let refused = refused.expect(StatusCode::CONFLICT);
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("client_secret")
    );
    let secret = json!({"credentials": {"client_secret": CLIENT_SECRET}});
    let path = format!("/api/connectors/{id}");
    let changed = app
        .request(Method::PATCH, &path, &organization.key, Some(secret))
        .await
        .expect(StatusCode::OK);
    assert_eq!(changed["state"], "disconnected");
    connect(&app, &organization, &id).await;
    app.tick().await.expect(StatusCode::OK);
    let again = app.all("/api/employees", &organization.key).await;
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&people));
    assert_eq!(read(&app, &organization, &id).await["state"], "active");
}

#[tokio::test(start_paused = true)]
async fn another_secret_of_the_same_client_asks_nobody_again() {
    let (app, organization) = start(1606).await;
    let id = connector(&app, &organization).await;
    connect(&app, &organization, &id).await;
    let path = format!("/api/connectors/{id}");
    let change = async |body: Value| {
        app.request(Method::PATCH, &path, &organization.key, Some(body))
            .await
    };
    let same = change(json!({"credentials": {"client_secret": CLIENT_SECRET}})).await;
    assert_eq!(same.expect(StatusCode::OK)["state"], "active");
    assert_eq!(
        stored(&app, &id),
        ["access_token", "client_secret", "refresh_token"]
    );
    // Another client is another consent, and needs a secret of its own.
    let config = json!({"client_id": "another", "organisation_id": HARBOUR});
    let refused = change(json!({"config": config}))
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused["errors"][0]["field"], "/credentials");
    let other = change(json!({"config": config, "credentials": {"client_secret": "x"}})).await;
    assert_eq!(other.expect(StatusCode::OK)["state"], "disconnected");
    assert_eq!(stored(&app, &id), ["client_secret"]);
}
