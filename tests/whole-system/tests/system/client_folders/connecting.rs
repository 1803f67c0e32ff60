//! Connectors to Box: what one is made of, and what its test says.

use http::StatusCode;
use serde_json::{Value, json};
use simulators::box_folders::{CLIENT_ID, Change, OPS_USER};

use super::{Stage, box_connector, connect, connector, start};

async fn refused(app: &whole_system::App, key: &str, body: Value) -> Vec<(String, String)> {
    let answer = app.post("/api/connectors", key, body).await;
    let problem = answer.expect(StatusCode::BAD_REQUEST);
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            let text = |name: &str| error[name].as_str().unwrap().to_owned();
            (text("field"), text("detail"))
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_connector_is_named_and_nothing_of_its_key_is_shown() {
    let app = start(6_101).await;
    let organization = app.organization("Harbour", "Australia/Sydney").await;
    let good = box_connector(&app, json!({}));
    let file: Value =
        serde_json::from_str(good["credentials"]["app_config"].as_str().unwrap()).unwrap();
    for (pointer, value, named) in [
        (
            "/boxAppSettings/clientID",
            json!(null),
            "clientID is missing",
        ),
        (
            "/boxAppSettings/clientSecret",
            json!(""),
            "clientSecret is empty",
        ),
        (
            "/boxAppSettings/appAuth/publicKeyID",
            json!(7),
            "publicKeyID is not text",
        ),
        (
            "/boxAppSettings/appAuth/privateKey",
            json!("s3cr3t"),
            "privateKey is not a key in PEM",
        ),
        (
            "/boxAppSettings/appAuth/passphrase",
            json!("s3cr3t"),
            "passphrase",
        ),
        ("/enterpriseID", json!("0"), "enterpriseID is 0"),
    ] {
        let mut file = file.clone();
        *file.pointer_mut(pointer).unwrap() = value;
        let mut body = good.clone();
        body["credentials"]["app_config"] = json!(file.to_string());
        let wrong = refused(&app, &organization.key, body).await;
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert_eq!(wrong[0].0, "/credentials/app_config");
        assert!(wrong[0].1.contains(named), "{wrong:?}");
        assert!(!wrong[0].1.contains("s3cr3t"), "{wrong:?}");
    }
    let mut body = good.clone();
    body["config"] = json!({"template_folder_id": "x", "as_user": "Ops", "folder": 1});
    body["credentials"] = json!({"token": "s3cr3t"});
    let fields: Vec<_> = refused(&app, &organization.key, body)
        .await
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(
        fields,
        [
            "/config/folder",
            "/config/template_folder_id",
            "/config/parent_folder_id",
            "/config/as_user",
            "/credentials/token",
            "/credentials/app_config"
        ]
    );
    let id = connect(&app, &organization, good).await;
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(shown["provider"], "box");
    assert_eq!(shown["config"]["as_user"], "ops@harbour.example");
    assert_eq!(shown["config"]["properties"]["contact_id"], "hs_contact_id");
    assert!(!shown.to_string().contains("simboxsecret0001"));
}

#[tokio::test(start_paused = true)]
async fn a_test_says_who_we_are_and_what_is_missing() {
    let stage = Stage::set(6_102).await;
    let test = async || {
        let path = format!("/api/connectors/{}/test", stage.box_id);
        let answer = stage
            .app
            .post(&path, &stage.organization.key, json!({}))
            .await;
        let tested = answer.expect(StatusCode::OK);
        let shown = connector(&stage.app, &stage.organization, &stage.box_id).await;
        (
            tested["success"].as_bool().unwrap(),
            tested["detail"].as_str().unwrap().to_owned(),
            shown["state"].as_str().unwrap().to_owned(),
        )
    };
    let (success, detail, state) = test().await;
    assert_eq!(
        (success, detail.as_str(), state.as_str()),
        (
            true,
            "Box knows the app of the enterprise 27335, which acts as Ops (ops@harbour.example): it copies \"Client Folder Template\" into \"1. Active Clients\".",
            "active"
        )
    );
    // What is missing, one after the other; each is put right again.
    let (template, parent) = (stage.template(), stage.parent());
    for (wrong, right, named) in [
        (
            Change::Trash { item: template },
            Change::Restore { item: template },
            "does not see the template",
        ),
        (
            Change::Trash { item: parent },
            Change::Restore { item: parent },
            "does not see the parent",
        ),
        (
            Change::SetUserActive {
                user: OPS_USER.to_owned(),
                is_active: false,
            },
            Change::SetUserActive {
                user: OPS_USER.to_owned(),
                is_active: true,
            },
            "is not active in Box",
        ),
        (
            Change::LetAppActAsUsers {
                client_id: CLIENT_ID.to_owned(),
                is_allowed: false,
            },
            Change::LetAppActAsUsers {
                client_id: CLIENT_ID.to_owned(),
                is_allowed: true,
            },
            "the app may act as users",
        ),
    ] {
        stage.change(wrong);
        let (success, detail, state) = test().await;
        assert!(!success && detail.contains(named), "{detail}");
        assert_eq!(state, "error", "{detail}");
        stage.change(right);
        let (success, _, state) = test().await;
        assert!(success && state == "active");
    }
    // An administrator has not authorized the app, or its secret was replaced.
    stage.change(Change::ExpireTokens);
    stage.change(Change::AuthorizeApp {
        client_id: CLIENT_ID.to_owned(),
        is_authorized: false,
    });
    let (success, detail, state) = test().await;
    assert!(!success && detail.contains("authorized"), "{detail}");
    assert_eq!(state, "error");
    stage.change(Change::AuthorizeApp {
        client_id: CLIENT_ID.to_owned(),
        is_authorized: true,
    });
    assert!(test().await.0);
}

/// Without a user to act as, the app's own account needs to be invited.
#[tokio::test(start_paused = true)]
async fn without_a_user_the_app_is_itself() {
    let stage = Stage::with(6_103, json!({"as_user": null})).await;
    let path = format!("/api/connectors/{}/test", stage.box_id);
    let test = async || {
        let answer = stage
            .app
            .post(&path, &stage.organization.key, json!({}))
            .await;
        answer.expect(StatusCode::OK)
    };
    let detail = test().await["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("does not see the template"), "{detail}");
    for item in [stage.template(), stage.parent()] {
        stage.change(Change::Invite {
            item,
            user: simulators::box_folders::SERVICE_ACCOUNT.to_owned(),
            role: "editor".to_owned(),
        });
    }
    let tested = test().await;
    assert_eq!(tested["success"], true, "{tested:#}");
    let told = stage
        .told(super::of_people("9001", &[("1", "Sam", "Lee")]))
        .await;
    assert_eq!(told["status"], "created", "{told:#}");
    assert_eq!(stage.names(), ["Sam Lee"]);
}

/// Nobody needs to ask: a connector that does not work any more is found out, and so is one that works again.
#[tokio::test(start_paused = true)]
async fn a_connector_is_asked_now_and_then() {
    let stage = Stage::set(6_104).await;
    let template = stage.template();
    for (change, state) in [
        (Change::Trash { item: template }, "error"),
        (Change::Restore { item: template }, "active"),
    ] {
        stage.change(change);
        for _ in 0..4 {
            super::pass(1_000).await;
            stage.app.tick().await.expect(StatusCode::OK);
        }
        let shown = connector(&stage.app, &stage.organization, &stage.box_id).await;
        assert_eq!(shown["state"], state, "{shown:#}");
    }
}
