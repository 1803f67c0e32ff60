//! The authorization server.

use http::{Method, StatusCode};
use simulators::employment_hero::{
    CLIENT_ID, CLIENT_SECRET, CONSULTANT, Consent, REDIRECT_URI, Rotation, ScriptedAnswer,
};

use crate::support::{Answer, World, request};

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What a right request for a code says.
const ASKED: [(&str, &str); 6] = [
    ("response_type", "code"),
    ("client_id", CLIENT_ID),
    ("redirect_uri", REDIRECT_URI),
    ("state", "s t"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

/// Asks for a code with other values of some parameters; one without a value is left out.
async fn authorize(world: &World, other: &[(&str, Option<&str>)]) -> Answer {
    let mut pairs: Vec<(&str, &str)> = ASKED
        .into_iter()
        .filter(|(name, _)| other.iter().all(|(changed, _)| changed != name))
        .collect();
    pairs.extend(
        other
            .iter()
            .filter_map(|(name, value)| Some((*name, (*value)?))),
    );
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let path = format!("/oauth2/authorize?{query}");
    world.ask(request(Method::GET, &path, &[], "")).await
}

async fn code(world: &World) -> String {
    let (_, query) = authorize(world, &[]).await.redirect();
    query["code"].clone()
}

async fn exchange(world: &World, code: &str, verifier: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", verifier),
    ];
    world.token(&form).await
}

fn refresh_token(answer: &Answer) -> String {
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

fn bad_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

#[tokio::test]
async fn a_person_agrees_and_the_code_is_worth_tokens() {
    let world = World::demo();
    let (place, query) = authorize(&world, &[]).await.redirect();
    assert_eq!(place, REDIRECT_URI);
    assert_eq!(query["state"], "s t");
    let answer = exchange(&world, &query["code"], VERIFIER).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "bearer");
    assert_eq!(tokens["expires_in"], 900);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(world.get(access, "organisations").await.status, 200);
    assert_eq!(world.counts().live_grants, 1);
}

#[tokio::test]
async fn a_person_refuses_and_the_browser_says_so() {
    let world = World::demo();
    world.settings(|settings| settings.consent = Consent::Refuse);
    let (place, query) = authorize(&world, &[]).await.redirect();
    assert_eq!(place, REDIRECT_URI);
    assert_eq!(query["error"], "access_denied");
    assert_eq!(query["state"], "s t");
    assert!(!query.contains_key("code"));
}

#[tokio::test]
async fn nobody_is_sent_to_a_place_that_is_not_registered() {
    let world = World::demo();
    let longer = format!("{REDIRECT_URI}/more");
    for other in [
        ("client_id", Some("somebody")),
        ("client_id", None),
        ("redirect_uri", Some("https://attacker.example.test/")),
        ("redirect_uri", Some(longer.as_str())),
        ("redirect_uri", None),
    ] {
        let answer = authorize(&world, &[other]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{other:?}");
        assert!(!answer.headers.contains_key("location"));
    }
}

#[tokio::test]
async fn what_else_is_wrong_goes_back_with_the_browser() {
    let world = World::demo();
    for (name, value, error) in [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("scope", Some("everything"), "invalid_scope"),
    ] {
        let (_, query) = authorize(&world, &[(name, value)]).await.redirect();
        assert_eq!(query["error"], error, "{name} {value:?}");
        assert_eq!(query["state"], "s t");
    }
    let (_, query) = authorize(&world, &[("state", None)]).await.redirect();
    assert!(!query.contains_key("state") && query.contains_key("code"));
}

#[tokio::test]
async fn a_code_is_good_once_and_takes_what_it_gave_when_it_comes_again() {
    let world = World::demo();
    let code = code(&world).await;
    let tokens = exchange(&world, &code, VERIFIER).await;
    assert_eq!(exchange(&world, &code, VERIFIER).await.word(), bad_grant());
    let counts = world.counts();
    assert_eq!((counts.replayed_codes, counts.burnt_grants), (1, 1));
    let refreshed = world.refresh(&refresh_token(&tokens)).await;
    assert_eq!(refreshed.word(), bad_grant());
}

#[tokio::test]
async fn a_code_is_for_who_asked_for_it_and_not_for_long() {
    let world = World::demo();
    for verifier in ["", "short", &"a".repeat(43)] {
        let code = code(&world).await;
        let answer = exchange(&world, &code, verifier).await;
        assert_eq!(answer.word(), bad_grant(), "{verifier}");
        // The first try has spent it.
        assert_eq!(exchange(&world, &code, VERIFIER).await.word(), bad_grant());
    }
    assert_eq!(
        exchange(&world, "eh_code_9999", VERIFIER).await.word(),
        bad_grant()
    );
    let elsewhere = [
        ("grant_type", "authorization_code"),
        ("code", &code(&world).await),
        ("redirect_uri", "https://other.example.test/"),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(world.token(&elsewhere).await.word(), bad_grant());
    let code = code(&world).await;
    world.clock.advance_seconds(600);
    assert_eq!(exchange(&world, &code, VERIFIER).await.word(), bad_grant());
    assert_eq!(world.counts().burnt_grants, 0);
}

#[tokio::test]
async fn the_client_proves_itself_in_the_body_and_nowhere_else() {
    let world = World::demo();
    let tokens = world.provider().grant(CONSULTANT);
    let token = tokens.refresh_token.unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
    ];
    for proof in [
        [("client_id", CLIENT_ID), ("client_secret", "wrong")],
        [("client_id", "wrong"), ("client_secret", CLIENT_SECRET)],
    ] {
        let answer = world
            .token_without_proof(&[&form[..], &proof].concat())
            .await;
        assert_eq!(answer.word(), (401, "invalid_client".to_owned()));
    }
    let all = "grant_type=refresh_token&client_id=sim-eh-client";
    let form_type = [("content-type", "application/x-www-form-urlencoded")];
    for wrong in [
        request(
            Method::POST,
            &format!("/oauth2/token?{all}"),
            &form_type,
            "",
        ),
        request(
            Method::POST,
            "/oauth2/token",
            &[("content-type", "application/json")],
            "{}",
        ),
        request(
            Method::POST,
            "/oauth2/token",
            &form_type,
            format!("{all}&client_id=x"),
        ),
    ] {
        let answer = world.ask(wrong).await;
        assert_eq!(answer.word(), (400, "invalid_request".to_owned()));
    }
    let answer = world.token(&[("grant_type", "password")]).await;
    assert_eq!(answer.word(), (400, "unsupported_grant_type".to_owned()));
    // Nothing of it has spent the token.
    assert_eq!(world.refresh(&token).await.status, 200);
}

#[tokio::test]
async fn an_access_token_lives_for_fifteen_minutes() {
    let world = World::demo();
    let token = world.access_token();
    world.clock.advance_seconds(899);
    assert_eq!(world.get(&token, "organisations").await.status, 200);
    world.clock.advance_seconds(1);
    let answer = world.get(&token, "organisations").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["code"], 401);
}

#[tokio::test]
async fn a_refresh_token_is_replaced_and_dies_at_once() {
    let world = World::demo();
    let tokens = world.provider().grant(CONSULTANT);
    let first = tokens.refresh_token.unwrap();
    let second = refresh_token(&world.refresh(&first).await);
    assert_ne!(first, second);
    let third = refresh_token(&world.refresh(&second).await);
    assert_eq!(world.counts().burnt_grants, 0);
    // Whoever comes with the first one again has stolen it, or has lost an answer.
    assert_eq!(world.refresh(&first).await.word(), bad_grant());
    assert_eq!(world.refresh(&third).await.word(), bad_grant());
    assert_eq!(
        world
            .get(&tokens.access_token, "organisations")
            .await
            .status,
        401
    );
    let counts = world.counts();
    assert_eq!(
        (counts.reused, counts.burnt_grants, counts.live_grants),
        (1, 1, 0)
    );
}

#[tokio::test]
async fn with_a_grace_a_lost_answer_costs_nothing() {
    let world = World::demo();
    world.settings(|settings| settings.rotation = Rotation::Grace { seconds: 30 });
    let first = world.provider().grant(CONSULTANT).refresh_token.unwrap();
    world.refresh(&first).await;
    world.clock.advance_seconds(29);
    assert_eq!(world.refresh(&first).await.status, 200);
    assert_eq!(world.counts().burnt_grants, 0);
    // The grace is that of the first time.
    world.clock.advance_seconds(1);
    assert_eq!(world.refresh(&first).await.word(), bad_grant());
    let counts = world.counts();
    assert_eq!((counts.reused, counts.burnt_grants), (2, 1));
}

#[tokio::test]
async fn without_rotation_no_other_token_is_given() {
    let world = World::demo();
    world.settings(|settings| settings.rotation = Rotation::Off);
    let token = world.provider().grant(CONSULTANT).refresh_token.unwrap();
    for _ in 0..3 {
        let answer = world.refresh(&token).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json().get("refresh_token"), None);
    }
}

#[tokio::test]
async fn answers_are_given_as_they_are_scripted_and_burn_nothing() {
    let world = World::demo();
    let token = world.provider().grant(CONSULTANT).refresh_token.unwrap();
    world
        .provider()
        .script([400, 400, 200, 400].map(ScriptedAnswer::Status));
    assert_eq!(world.refresh(&token).await.word(), bad_grant());
    assert_eq!(world.refresh(&token).await.word(), bad_grant());
    let next = refresh_token(&world.refresh(&token).await);
    assert_eq!(world.refresh(&next).await.word(), bad_grant());
    assert_eq!(world.refresh(&next).await.status, 200);
    let counts = world.counts();
    assert_eq!((counts.asked, counts.refreshed), (5, 2));
    assert_eq!((counts.reused, counts.burnt_grants), (0, 0));
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_token_was_spent() {
    let world = World::demo();
    let token = world.provider().grant(CONSULTANT).refresh_token.unwrap();
    let lost = serde_json::from_str(r#"{"status":503,"after_handling":true}"#).unwrap();
    world.provider().script([lost]);
    assert_eq!(world.refresh(&token).await.status, 503);
    assert_eq!(world.refresh(&token).await.word(), bad_grant());
    assert_eq!(world.counts().burnt_grants, 1);
}

#[tokio::test]
async fn grants_and_access_are_withdrawn() {
    let world = World::demo();
    let tokens = world.provider().grant(CONSULTANT);
    world.provider().withdraw_access();
    assert_eq!(
        world
            .get(&tokens.access_token, "organisations")
            .await
            .status,
        401
    );
    let refreshed = world.refresh(&tokens.refresh_token.unwrap()).await;
    assert_eq!(refreshed.status, 200);
    world.provider().withdraw_grants();
    assert_eq!(
        world.refresh(&refresh_token(&refreshed)).await.word(),
        bad_grant()
    );
    // Nobody burnt them.
    assert_eq!(world.counts().burnt_grants, 0);
}
