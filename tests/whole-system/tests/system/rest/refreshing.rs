//! Access tokens: kept, renewed ahead of their end and after a 401, by one at a time.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::rest::{CLIENT_SECRET, ClientProof, REFRESH_TOKEN, ScriptedAnswer};
use simulators::{Fault, FaultRule};
use whole_system::send;

use super::{connect, connector, get, oauth, pass, request, start, statuses, test};

const TOKEN_PATH: &str = "/oauth/token";

fn items() -> Value {
    json!({"method": "GET", "path": "/items"})
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_shortly_before_its_end() {
    for (seed, kind) in [
        (731, "oauth2_client_credentials"),
        (732, "oauth2_refresh_token"),
    ] {
        let (app, organization) = start(seed).await;
        let id = connect(&app, &organization, oauth(kind, "basic")).await;
        for (wait, issued) in [(0, 1), (3_500, 1), (45, 2), (10, 2), (3_600, 3)] {
            pass(wait).await;
            assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
            let authority = app.rest.provider().authority();
            assert_eq!(authority.issued(), issued, "{kind} after {wait} s more");
            assert_eq!(authority.reused(), 0);
        }
        assert!(!statuses(&app, "/oauth/items").contains(&Some(401)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_withdrawn_is_renewed_once() {
    let (app, organization) = start(733).await;
    let body = oauth("oauth2_refresh_token", "basic");
    let id = connect(&app, &organization, body).await;
    get(&app, &organization, &id, "/items").await;
    app.rest
        .provider()
        .change_authority(simulators::rest::Authority::withdraw_access);
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
    assert_eq!(
        statuses(&app, "/oauth/items"),
        [Some(200), Some(401), Some(200)]
    );
    // A 401 that a new token does not mend is the answer.
    app.rest.clear_requests();
    app.rest.add_fault(FaultRule::always(
        "/oauth/items",
        Fault::status(StatusCode::UNAUTHORIZED),
    ));
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 401);
    assert_eq!(statuses(&app, "/oauth/items"), [Some(401), Some(401)]);
    assert_eq!(statuses(&app, TOKEN_PATH), [Some(200)]);
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
}

#[tokio::test(start_paused = true)]
async fn of_many_at_once_one_renews() {
    let (app, organization) = start(734).await;
    let body = oauth("oauth2_refresh_token", "basic");
    let id = connect(&app, &organization, body).await;
    let other = app.another();
    let path = format!("/api/connectors/{id}/request");
    for round in 1..=4_u64 {
        // So slow that all others come while it is under way.
        app.rest.add_fault(FaultRule::once(
            TOKEN_PATH,
            Fault::Delay {
                milliseconds: 3_000,
            },
        ));
        let all = (0..6).map(|number| {
            let runtime = if number % 2 == 0 {
                &app.runtime
            } else {
                &other
            };
            send(
                runtime,
                Method::POST,
                &path,
                &organization.key,
                Some(items()),
            )
        });
        for answer in futures::future::join_all(all).await {
            assert_eq!(answer.expect(StatusCode::OK)["status"], 200);
        }
        let authority = app.rest.provider().authority();
        assert_eq!((authority.issued(), authority.reused()), (round, 0));
        match round {
            1 => pass(3_590).await,
            2 => pass(4_000).await,
            // All of them find out by a 401.
            _ => app
                .rest
                .provider()
                .change_authority(simulators::rest::Authority::withdraw_access),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_of_the_token_endpoint_disconnects_nobody_and_burns_no_token() {
    let (app, organization) = start(735).await;
    let body = oauth("oauth2_refresh_token", "basic");
    let id = connect(&app, &organization, body).await;
    app.rest.provider().change_authority(|authority| {
        let busy = ScriptedAnswer {
            status: 400,
            error: "temporarily_unavailable".to_owned(),
        };
        authority.script.extend([busy.clone(), busy]);
    });
    for _ in 0..2 {
        let answer = request(&app, &organization, &id, items()).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{}", answer.json());
        assert_eq!(connector(&app, &organization, &id).await["state"], "active");
    }
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
    app.rest
        .provider()
        .change_authority(simulators::rest::Authority::withdraw_grant);
    let answer = request(&app, &organization, &id, items()).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.json());
    assert_eq!(
        statuses(&app, TOKEN_PATH),
        [Some(400), Some(400), Some(200), Some(400)]
    );
    assert_eq!(app.rest.provider().authority().reused(), 0);
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(shown["state"], "expired");
    assert!(
        shown["state_reason"]
            .as_str()
            .unwrap()
            .contains("invalid_grant"),
        "{shown:#}"
    );
    // Nothing is asked until somebody connects again.
    app.rest.clear_requests();
    let answer = request(&app, &organization, &id, items()).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(app.rest.requests().is_empty());
    app.rest
        .provider()
        .change_authority(|authority| *authority = Default::default());
    let path = format!("/api/connectors/{id}");
    let given =
        json!({"credentials": {"client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}});
    app.request(Method::PATCH, &path, &organization.key, Some(given))
        .await
        .expect(StatusCode::OK);
    assert_eq!(test(&app, &organization, &id).await["success"], true);
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
}

/// It is kept until its successor has shown that the server knows it, and no longer.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_the_server_has_lost_costs_no_grant() {
    let (app, organization) = start(738).await;
    let body = oauth("oauth2_refresh_token", "basic");
    let id = connect(&app, &organization, body).await;
    // The token is got, and nothing is had for it.
    app.rest.add_fault(FaultRule::always(
        "/oauth/items",
        Fault::status(StatusCode::SERVICE_UNAVAILABLE),
    ));
    request(&app, &organization, &id, items()).await;
    app.rest.clear_faults();
    app.rest
        .provider()
        .change_authority(simulators::rest::Authority::lose_the_last_refresh);
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
    assert_eq!(
        statuses(&app, TOKEN_PATH),
        [Some(200), Some(400), Some(200)]
    );
    assert_eq!(app.rest.provider().authority().reused(), 0);
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
}

#[tokio::test(start_paused = true)]
async fn other_failures_of_the_token_endpoint_are_said_and_leave_the_connector() {
    let (app, organization) = start(736).await;
    let body = oauth("oauth2_client_credentials", "body");
    let id = connect(&app, &organization, body).await;
    // The simulator wants the client in a header.
    let answer = request(&app, &organization, &id, items()).await;
    let problem = answer.expect(StatusCode::CONFLICT);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("invalid_client"),
        "{problem:#}"
    );
    app.rest
        .provider()
        .change_authority(|authority| authority.proof = ClientProof::Body);
    for fault in [
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::WrongJson,
        Fault::reset(),
        Fault::too_many_requests(Some(2)),
    ] {
        app.rest
            .add_fault(FaultRule::once(TOKEN_PATH, fault.clone()));
        let answer = request(&app, &organization, &id, items()).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_GATEWAY,
            "{fault:?} {}",
            answer.json()
        );
        pass(10).await;
    }
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
}

#[tokio::test(start_paused = true)]
async fn a_token_does_not_outlive_the_credential_it_was_got_with() {
    let (app, organization) = start(737).await;
    let body = oauth("oauth2_client_credentials", "basic");
    let id = connect(&app, &organization, body.clone()).await;
    get(&app, &organization, &id, "/items").await;
    let path = format!("/api/connectors/{id}");
    for (change, issued) in [
        (json!({"name": "Other"}), 1),
        (json!({"config": body["config"]}), 2),
        (json!({"credentials": body["credentials"]}), 3),
    ] {
        app.request(
            Method::PATCH,
            &path,
            &organization.key,
            Some(change.clone()),
        )
        .await
        .expect(StatusCode::OK);
        get(&app, &organization, &id, "/items").await;
        let authority = app.rest.provider().authority();
        assert_eq!(authority.issued(), issued, "{change}");
    }
}
