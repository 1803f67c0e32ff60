//! Connectors to HubSpot, checked and tested.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::hubspot::{Change, TOKEN, demo_data};

use super::{EARLIEST, EPOCH, Stage, ZONE, connector, problem};
use whole_system::App;

async fn state(stage: &Stage) -> Value {
    stage
        .told(&format!("/api/connectors/{}", stage.connector_id))
        .await["state"]
        .clone()
}

async fn test(stage: &Stage) -> Value {
    let path = format!("/api/connectors/{}/test", stage.connector_id);
    stage
        .app
        .request(Method::POST, &path, &stage.organization.key, None)
        .await
        .expect(StatusCode::OK)
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_connector_is_named() {
    let app = App::simulate(3_001, EPOCH).await;
    let organization = app.organization("Harbour", ZONE).await;
    for (member, value, field) in [
        ("config", json!({}), "/config/portal_id"),
        (
            "config",
            json!({"portal_id": 1, "stages": []}),
            "/config/stages",
        ),
        ("credentials", json!({"token": ""}), "/credentials/token"),
        (
            "credentials",
            json!({"token": TOKEN, "signature_secret": ""}),
            "/credentials/signature_secret",
        ),
    ] {
        let mut connector = connector();
        connector[member] = value;
        let said = app
            .post("/api/connectors", &organization.key, connector)
            .await;
        problem(&said, StatusCode::BAD_REQUEST, field);
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_says_whose_account_it_is() {
    let stage = Stage::set(3_002).await;
    let tested = test(&stage).await;
    assert_eq!(tested["success"], true, "{tested}");
    let detail = tested["detail"].as_str().unwrap();
    assert!(
        detail.contains("62515") && detail.contains(ZONE),
        "{detail}"
    );
    assert_eq!(stage.asked(), ["/account-info/v3/details"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_taken_is_told_and_tried_on() {
    let stage = Stage::set(3_003).await;
    stage.change(Change::RevokeToken {
        token: TOKEN.to_owned(),
    });
    let tested = test(&stage).await;
    assert_eq!(tested["success"], false);
    assert_eq!(state(&stage).await, "error");
    let said = stage.get(EARLIEST).await;
    problem(
        &said,
        StatusCode::BAD_GATEWAY,
        "the credential was not accepted",
    );
    // Nothing of the token is in any answer.
    assert!(!said.json().to_string().contains(TOKEN));
}

#[tokio::test(start_paused = true)]
async fn reading_tells_by_the_state_whether_the_token_is_taken() {
    let stage = Stage::set(3_006).await;
    stage.change(Change::RevokeToken {
        token: TOKEN.to_owned(),
    });
    stage.get(EARLIEST).await;
    assert_eq!(state(&stage).await, "error");
    let account = demo_data(EPOCH);
    stage.change(Change::PutToken {
        token: TOKEN.to_owned(),
        grant: account.tokens[TOKEN].clone(),
    });
    super::pass(5).await;
    assert_eq!(stage.earliest().await["is_stale"], false);
    assert_eq!(state(&stage).await, "active");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_of_another_account_than_the_configurations() {
    let stage = Stage::set(3_004).await;
    let path = format!("/api/connectors/{}", stage.connector_id);
    let other = json!({"config": {"portal_id": 62_516}, "credentials": {"token": TOKEN}});
    let key = &stage.organization.key;
    stage
        .app
        .request(Method::PATCH, &path, key, Some(other))
        .await
        .expect(StatusCode::OK);
    // Before anybody has tested it.
    let said = stage.get(EARLIEST).await;
    problem(
        &said,
        StatusCode::BAD_GATEWAY,
        "The credential is of the account 62515",
    );
    assert_eq!(stage.asked(), ["/account-info/v3/details"]);
    assert_eq!(test(&stage).await["success"], false);
    assert_eq!(state(&stage).await, "revoked");
    let said = stage.get(EARLIEST).await;
    problem(&said, StatusCode::CONFLICT, "revoked and asks nothing");
    // The credential that is stored is of the portal that it was given for.
    let right = json!({"config": {"portal_id": 62_515}});
    let said = stage
        .app
        .request(Method::PATCH, &path, key, Some(right))
        .await;
    problem(&said, StatusCode::BAD_REQUEST, "/credentials");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_connected_by_consent_waits_for_it() {
    let app = App::simulate(3_005, EPOCH).await;
    let organization = app.organization("Harbour", ZONE).await;
    let mut connector = connector();
    connector["config"] = json!({"method": "oauth", "portal_id": 62_515, "client_id": "abc"});
    connector["credentials"] = json!({"client_secret": "s"});
    let made = app
        .post("/api/connectors", &organization.key, connector)
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(made["state"], "disconnected");
    let said = app.get(EARLIEST, &organization.key).await;
    problem(&said, StatusCode::CONFLICT, "has not agreed yet");
}
