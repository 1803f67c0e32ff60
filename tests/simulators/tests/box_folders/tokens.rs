//! The token endpoint, and what a token opens.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::box_folders::{CLIENT_ID, Change, OPS_USER, SERVICE_ACCOUNT};

use crate::support::{Answer, NOW, SECRET, World, assertion, claims, header};

fn refusal(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("error"), text("error_description"))
}

#[tokio::test]
async fn an_assertion_gives_a_token_for_about_an_hour() {
    let world = World::demo();
    let answer = world.token_with(&claims("nonce nonce nonce")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let body = answer.json();
    assert_eq!(body["expires_in"], 4_123);
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["restricted_to"], json!([]));
    assert!(body.get("refresh_token").is_none());
    let token = body["access_token"].as_str().unwrap();
    let me = || world.call_as(token, None, Method::GET, "/users/me", &Value::Null);
    assert_eq!(me().await.json()["id"], SERVICE_ACCOUNT);
    world.clock.advance_seconds(4_123);
    let answer = me().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.body.is_empty());
    assert!(
        answer
            .header("www-authenticate")
            .unwrap()
            .contains("invalid_token")
    );
}

#[tokio::test]
async fn claims_that_are_wrong_are_named() {
    let world = World::demo();
    for (claim, value) in [
        ("iss", json!("another")),
        ("sub", json!("27336")),
        ("aud", json!("https://example.test/oauth2/token")),
        ("exp", json!(NOW)),
        ("exp", json!(NOW + 61)),
        ("exp", json!("soon")),
        ("jti", json!("short")),
        ("jti", json!("x".repeat(129))),
    ] {
        let mut claims = claims("nonce nonce nonce");
        claims[claim] = value;
        let (code, description) = refusal(&world.token_with(&claims).await);
        assert_eq!(code, "invalid_grant");
        assert!(description.contains(&format!("'{claim}'")), "{description}");
    }
    let mut later = claims("nonce nonce nonce");
    later["exp"] = json!(NOW + 60);
    assert_eq!(world.token_with(&later).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_nonce_is_good_once() {
    let world = World::demo();
    let once = claims("nonce nonce nonce");
    assert_eq!(world.token_with(&once).await.status, StatusCode::OK);
    let (code, description) = refusal(&world.token_with(&once).await);
    assert_eq!(code, "invalid_grant");
    assert!(description.contains("'jti'"));
}

#[tokio::test]
async fn only_the_app_itself_is_believed() {
    let world = World::demo();
    let good = claims("nonce nonce nonce");
    // Another key: the claims of one assertion under the signature of another.
    let mine = assertion(&header(), &good);
    let other = assertion(&header(), &claims("another nonce, longer"));
    let (signed, _) = mine.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    for forged in [
        format!("{signed}.{signature}"),
        format!("{signed}."),
        assertion(&json!({"alg": "none"}), &good),
        assertion(&json!({"alg": "RS256", "kid": "another"}), &good),
        "a.b".to_owned(),
        String::new(),
    ] {
        assert_eq!(
            refusal(&world.token_from(SECRET, &forged).await).0,
            "invalid_grant"
        );
    }
    let wrong_secret = world.token_from("guess", &mine).await;
    assert_eq!(refusal(&wrong_secret).0, "invalid_client");
    world.change(Change::AuthorizeApp {
        client_id: CLIENT_ID.to_owned(),
        is_authorized: false,
    });
    let (_, description) = refusal(&world.token_from(SECRET, &mine).await);
    assert!(description.contains("authorized"), "{description}");
}

#[tokio::test]
async fn the_service_account_acts_as_users_if_it_may() {
    let world = World::demo();
    let token = world.token().await;
    let me = |user| {
        let world = &world;
        let token = &token;
        async move {
            let answer = world
                .call_as(token, user, Method::GET, "/users/me", &Value::Null)
                .await;
            (answer.status.as_u16(), answer.body)
        }
    };
    let (status, body) = me(Some(OPS_USER)).await;
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&body).contains("ops@harbour.example"));
    for user in [SERVICE_ACCOUNT, "999", "ops@harbour.example"] {
        assert_eq!(me(Some(user)).await.0, 403, "{user}");
    }
    world.change(Change::SetUserActive {
        user: OPS_USER.to_owned(),
        is_active: false,
    });
    assert_eq!(me(Some(OPS_USER)).await.0, 403);
    world.change(Change::LetAppActAsUsers {
        client_id: CLIENT_ID.to_owned(),
        is_allowed: false,
    });
    assert_eq!(me(Some("22000003")).await.0, 403);
    assert_eq!(me(None).await.0, 200);
}

#[tokio::test]
async fn a_token_may_be_for_a_user() {
    let world = World::demo();
    let mut claims = claims("nonce nonce nonce");
    claims["sub"] = json!(OPS_USER);
    claims["box_sub_type"] = json!("user");
    let token = world.token_with(&claims).await.json()["access_token"].clone();
    let answer = world
        .call_as(
            token.as_str().unwrap(),
            None,
            Method::GET,
            "/users/me",
            &Value::Null,
        )
        .await;
    assert_eq!(answer.json()["login"], "ops@harbour.example");
}

#[tokio::test]
async fn each_user_has_so_many_calls_in_a_minute() {
    let world = World::demo();
    let token = world.token().await;
    world
        .provider()
        .change_settings(|settings| settings.calls_per_minute = Some(2));
    let me = |user| world.call_as(&token, user, Method::GET, "/users/me", &Value::Null);
    assert_eq!(me(None).await.status, StatusCode::OK);
    world.clock.advance_seconds(10);
    assert_eq!(me(None).await.status, StatusCode::OK);
    let refused = me(None).await;
    assert_eq!(refused.word(), (429, "rate_limit_exceeded".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("50"));
    assert_eq!(me(Some(OPS_USER)).await.status, StatusCode::OK);
    world.clock.advance_seconds(50);
    assert_eq!(me(None).await.status, StatusCode::OK);
}
