//! Secrets: sealed for their place, under keys that can be changed, and never shown.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};
use simulators::{Fault, FaultRule};
use whole_system::{
    App, HARBOUR, INTERNAL_TOKEN, JWT_SECRET, LAKESHORE, OPERATOR_KEY, Organization, Settings,
    VAULT_KEY,
};

use super::{EPOCH, connector, token_of};

/// 32 other bytes.
const NEW_KEY: &str = "cGF0Y2hiYXktdGVzdC12YXVsdC1rZXktbnVtYmVyLTI=";

async fn health(app: &App, organization: &Organization) -> Value {
    app.proxy(&organization.key, json!({"action": "health_check"}))
        .await
        .expect(StatusCode::OK)
}

fn sealed_by(app: &App) -> BTreeSet<String> {
    let database = app.database();
    let mut statement = database
        .prepare("SELECT sealed_by FROM credentials")
        .unwrap();
    statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn keys_are_rotated_without_a_moment_in_which_nothing_opens() {
    let mut app = App::simulate(101, EPOCH).await;
    let (first, _) = app.synced("First", LAKESHORE).await;
    let (second, _) = app.synced("Second", HARBOUR).await;
    let old = sealed_by(&app);
    assert_eq!(old.len(), 1);

    app.runtime.kill().await;
    let both = format!("{NEW_KEY}, {VAULT_KEY}");
    app.restart(Settings::default().variable("vault_keys", &both))
        .await;
    assert_eq!(
        health(&app, &first).await["status"],
        "active",
        "the old key no longer opens"
    );
    assert_eq!(health(&app, &second).await["status"], "active");
    for _ in 0..8 {
        tokio::time::sleep(std::time::Duration::from_secs(900)).await;
        app.tick().await.expect(StatusCode::OK);
        if sealed_by(&app).is_disjoint(&old) {
            break;
        }
    }
    let new = sealed_by(&app);
    assert_eq!(new.len(), 1);
    assert!(new.is_disjoint(&old), "the sweep left {old:?}");

    app.runtime.kill().await;
    app.restart(Settings::default().variable("vault_keys", NEW_KEY))
        .await;
    assert_eq!(
        health(&app, &first).await["status"],
        "active",
        "the old key is still needed"
    );
    assert_eq!(health(&app, &second).await["status"], "active");
    // Without the key that sealed, nothing opens, and that is said.
    app.runtime.kill().await;
    app.restart(Settings::default().variable("vault_keys", VAULT_KEY))
        .await;
    let closed = health(&app, &first).await;
    assert_eq!(closed["error_code"], "CREDENTIAL_ERROR", "{closed}");
    assert!(
        closed["detail"].as_str().unwrap().contains("vault_keys"),
        "{closed}"
    );
    let answer = app.proxy(&first.key, json!({"action": "get_users"})).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.json()["code"], "CREDENTIAL_ERROR");
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_was_moved_opens_nothing_and_says_so() {
    let mut app = App::simulate(102, EPOCH).await;
    let (first, first_id) = app.synced("First", LAKESHORE).await;
    let (second, second_id) = app.synced("Second", HARBOUR).await;
    app.runtime.kill().await;
    let database = app.database();
    let sealed = |id: &str| -> String {
        database
            .query_row(
                "SELECT sealed FROM credentials WHERE connector_id = ?1",
                [id],
                |row| row.get(0),
            )
            .unwrap()
    };
    let (of_first, of_second) = (sealed(&first_id), sealed(&second_id));
    for (id, sealed) in [(&first_id, &of_second), (&second_id, &of_first)] {
        database
            .execute(
                "UPDATE credentials SET sealed = ?2 WHERE connector_id = ?1",
                [id, sealed],
            )
            .unwrap();
    }
    drop(database);
    app.restart(Settings::default()).await;
    let asked = app.simulator.requests().len();
    for organization in [&first, &second] {
        let answer = app
            .proxy(&organization.key, json!({"action": "get_users"}))
            .await;
        assert_eq!(answer.status, 500, "{:?}", answer.body);
        let said = answer.json();
        assert_eq!(said["code"], "CREDENTIAL_ERROR", "{said}");
        assert!(
            said["detail"].as_str().unwrap().contains("another place"),
            "{said}"
        );
        assert_eq!(
            health(&app, organization).await["error_code"],
            "CREDENTIAL_ERROR"
        );
    }
    // The engine does not use it either, and leaves a reason that can be acted on.
    app.proxy(
        &first.key,
        json!({"action": "scheduled_sync", "streams": ["locations"]}),
    )
    .await;
    for _ in 0..3 {
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        app.tick().await.expect(StatusCode::OK);
    }
    assert_eq!(
        app.simulator.requests().len(),
        asked,
        "a moved credential was used"
    );
    let run = app.runs(&first.key).await["locations"].clone();
    assert_ne!(run["status"], "success", "{run}");
    assert!(
        run["error_detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("another place")),
        "{run}"
    );
    // Connecting again heals it.
    assert_eq!(app.connect(&first, LAKESHORE).await, first_id);
    assert_eq!(health(&app, &first).await["status"], "active");
    assert_eq!(connector(&app, &first, &first_id).await["state"], "active");
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_printed_answered_or_stored_as_it_is() {
    let app = App::simulate(103, EPOCH).await;
    let (organization, id) = app.synced("Silent", LAKESHORE).await;
    let token = token_of(&organization.id, "owner");
    app.get("/api/shifts", &token).await.expect(StatusCode::OK);
    let revoked = app.key(&organization.id, "member").await;
    // What goes wrong is where secrets slip out.
    let mut answers = Vec::new();
    for fault in [
        Fault::status(StatusCode::UNAUTHORIZED),
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::WrongJson,
        Fault::reset(),
    ] {
        app.simulator.add_fault(FaultRule::always("/v2", fault));
        for call in [
            json!({"action": "get_users"}),
            json!({"action": "health_check"}),
            json!({"action": "test_connection", "apiKey": HARBOUR.token, "companyId": 4420}),
            json!({"action": "scheduled_sync", "streams": ["users"]}),
        ] {
            answers.push(app.proxy(&organization.key, call).await);
        }
        app.simulator.clear_faults();
        app.clock.as_ref().unwrap().jump(120_000);
        app.tick().await.expect(StatusCode::OK);
    }

    for path in [
        "/",
        "/health",
        "/openapi.json",
        "/api/connectors",
        "/api/api-keys",
        "/api/sync-runs",
        "/api/organizations",
    ] {
        answers.push(app.get(path, &organization.key).await);
    }
    answers.push(
        app.get(&format!("/api/connectors/{id}"), &organization.key)
            .await,
    );
    answers.push(
        app.get(
            &format!("/api/connectors/{id}/sync-settings"),
            &organization.key,
        )
        .await,
    );

    let mut stored = std::fs::read(app.storage.database_path("default")).unwrap();
    let mut log = app.storage.database_path("default").into_os_string();
    log.push("-wal");
    stored.extend(std::fs::read(log).unwrap_or_default());
    let stored = String::from_utf8_lossy(&stored).into_owned();
    assert!(stored.contains("Silent"), "this is not the database");
    let output = app.output.text();
    assert!(output.contains("request_id"), "nothing was captured");
    for secret in [
        LAKESHORE.token,
        HARBOUR.token,
        &organization.key,
        &revoked,
        &token,
        OPERATOR_KEY,
        INTERNAL_TOKEN,
        JWT_SECRET,
        VAULT_KEY,
    ] {
        assert!(!stored.contains(secret), "{secret} is in the database");
        assert!(!output.contains(secret), "{secret} was printed");
        for answer in &answers {
            assert!(
                !String::from_utf8_lossy(&answer.body).contains(secret),
                "{secret} was answered"
            );
        }
    }
}
