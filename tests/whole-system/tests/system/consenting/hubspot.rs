//! HubSpot by consent: scopes are asked for, the refresh token stays, and a refusal has a shape of its own.

use simulators::hubspot::{ACCESS_SECONDS, CLIENT_ID, CLIENT_SECRET, PORTAL};

use super::*;

async fn portal(app: &App, organization: &Organization) -> String {
    let body = json!({
        "type": "hubspot", "name": "HubSpot of Harbour Advice",
        "config": {"method": "oauth", "portal_id": PORTAL, "client_id": CLIENT_ID},
        "credentials": {"client_secret": CLIENT_SECRET},
    });
    let made = app
        .post("/api/connectors", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(made["state"], "disconnected");
    made["id"].as_str().unwrap().to_owned()
}

async fn test(app: &App, organization: &Organization, id: &str) -> Value {
    let path = format!("/api/connectors/{id}/test");
    app.post(&path, &organization.key, json!({}))
        .await
        .expect(StatusCode::OK)
}

#[tokio::test(start_paused = true)]
async fn a_portal_is_connected_and_its_token_renewed_until_it_is_uninstalled() {
    let (app, organization) = start(1641).await;
    let id = portal(&app, &organization).await;
    let link = link(&app, &organization, &id, json!({})).await;
    let mut browser = Browser::default();
    let sent = browser.go_on(&app, &link, Some(PUBLIC_URL)).await;
    let authorize = location(&sent).to_owned();
    for part in [
        "scope=oauth+crm.objects.contacts.read",
        "code_challenge_method=S256",
    ] {
        assert!(authorize.contains(part), "{authorize}");
    }
    assert!(!authorize.contains(CLIENT_SECRET));
    let back = browser.answers(&app, &authorize).await;
    let given = browser
        .open(&app, &back, "application/json")
        .await
        .expect(StatusCode::OK);
    assert_eq!(given["test"]["success"], true, "{given}");
    assert_eq!(read(&app, &organization, &id).await["state"], "active");
    assert_eq!(
        stored(&app, &id),
        ["access_token", "client_secret", "refresh_token"]
    );
    // The functions that decide, read and write have the token, too.
    let settings =
        json!({"pipeline": simulators::hubspot::PIPELINE, "stages": simulators::hubspot::STAGES});
    let key = &organization.key;
    let set = app
        .request(Method::PUT, "/api/allocation/settings", key, Some(settings))
        .await;
    set.expect(StatusCode::OK);
    let body = json!({"object": {"objectId": 501, "objectType": "DEAL"}});
    let given = app
        .post("/post/allocate", key, body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(given["status"], "completed", "{given:#}");
    for _ in 0..3 {
        pass(ACCESS_SECONDS.unsigned_abs()).await;
        assert_eq!(test(&app, &organization, &id).await["success"], true);
    }
    // The owner takes it back.
    app.hubspot.provider().uninstall();
    let refused = test(&app, &organization, &id).await;
    assert_eq!(refused["success"], false, "{refused}");
    let connector = read(&app, &organization, &id).await;
    assert_eq!(connector["state"], "expired", "{connector}");
    let reason = connector["state_reason"].as_str().unwrap();
    assert!(
        reason.contains("BAD_REFRESH_TOKEN") && reason.contains("Connect again"),
        "{reason}"
    );
    // And gives it again.
    let link = super::link(&app, &organization, &id, json!({})).await;
    let back = browser.consents(&app, &link).await;
    browser
        .open(&app, &back, "application/json")
        .await
        .expect(StatusCode::OK);
    assert_eq!(read(&app, &organization, &id).await["state"], "active");
}
