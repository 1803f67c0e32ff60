//! How much may be asked.

use http::Method;
use providers::ProviderError;
use providers::hubspot::{LimitPolicy, RateLimits, UsersQuery};
use serde_json::{Value, json};
use simulators::hubspot::OAUTH_TOKEN;

use crate::support::{Answer, DEALS, USERS, World, client, request};

fn limited(answer: &Answer, policy: &str) {
    assert_eq!(answer.status, 429, "{:?}", answer.body);
    let body = answer.json();
    assert_eq!(body["errorType"], "RATE_LIMIT");
    assert_eq!(body["policyName"], policy);
    assert_eq!(body.get("category"), None);
    assert_eq!(answer.header("retry-after"), None);
}

#[tokio::test]
async fn ten_seconds_roll() {
    let world = World::demo();
    world
        .hubspot()
        .change_settings(|settings| settings.requests_per_ten_seconds = Some(3));
    let said = async || {
        let answer = world.get(USERS).await;
        (
            answer.status.as_u16(),
            RateLimits::read(&answer.headers).remaining,
        )
    };
    assert_eq!(said().await, (200, Some(2)));
    world.clock.advance_seconds(4);
    assert_eq!(said().await, (200, Some(1)));
    assert_eq!(said().await, (200, Some(0)));
    assert_eq!(said().await, (429, Some(0)));
    limited(&world.get(USERS).await, "TEN_SECONDLY_ROLLING");
    world.clock.advance_ms(5_999);
    assert_eq!(said().await, (429, Some(0)));
    world.clock.advance_ms(1);
    assert_eq!(said().await, (200, Some(0)));
    let headers = world.get(USERS).await.headers;
    let limits = RateLimits::read(&headers);
    assert_eq!((limits.interval_ms, limits.max), (Some(10_000), Some(3)));
    assert_eq!(limits.daily, Some(625_000));
    assert_eq!(limits.daily_remaining, Some(625_000 - 8));
}

#[tokio::test]
async fn searches_have_a_limit_of_their_own_and_no_headers() {
    let world = World::demo();
    let path = format!("{DEALS}/search");
    for _ in 0..5 {
        let answer = world.post(&path, &json!({})).await;
        assert_eq!(answer.status, 200);
        assert_eq!(RateLimits::read(&answer.headers), RateLimits::default());
    }
    let answer = world.post(&path, &json!({})).await;
    limited(&answer, "SECONDLY");
    assert_eq!(RateLimits::read(&answer.headers), RateLimits::default());
    assert_eq!(world.get(USERS).await.status, 200);
    let other = request(Method::POST, &path, OAUTH_TOKEN, "{}");
    assert_eq!(world.ask(other.clone()).await.unwrap().status, 200);
    world.clock.advance_ms(1_000);
    assert_eq!(world.post(&path, &json!({})).await.status, 200);
    // By the newer wording, all tokens share.
    world.hubspot().change_settings(|settings| {
        settings.searches_are_shared = true;
        settings.searches_per_second = Some(1);
    });
    assert_eq!(world.post(&path, &json!({})).await.status, 200);
    limited(&world.ask(other).await.unwrap(), "SECONDLY");
}

#[tokio::test]
async fn a_day_ends_at_midnight_of_the_account() {
    let world = World::demo();
    world
        .hubspot()
        .change_settings(|settings| settings.requests_per_day = Some(2));
    assert_eq!(world.get(USERS).await.status, 200);
    assert_eq!(
        world
            .post(&format!("{DEALS}/search"), &json!({}))
            .await
            .status,
        200
    );
    limited(&world.get(USERS).await, "DAILY");
    // It is ten past eleven in Sydney: twelve hours and fifty minutes are left.
    world.clock.advance_seconds(12 * 3_600 + 50 * 60 - 1);
    limited(&world.get(USERS).await, "DAILY");
    world.clock.advance_seconds(1);
    assert_eq!(world.get(USERS).await.status, 200);
    world
        .hubspot()
        .change_settings(|settings| settings.requests_per_day = Some(0));
    limited(&world.get(USERS).await, "DAILY");
}

#[tokio::test]
async fn an_oauth_token_has_its_own_limit_and_is_told_nothing_of_the_day() {
    let world = World::demo();
    world
        .hubspot()
        .change_settings(|settings| settings.oauth_requests_per_ten_seconds = Some(1));
    let ask = async || {
        world
            .ask(request(Method::GET, USERS, OAUTH_TOKEN, ""))
            .await
            .unwrap()
    };
    let limits = RateLimits::read(&ask().await.headers);
    assert_eq!((limits.max, limits.remaining), (Some(1), Some(0)));
    assert_eq!((limits.daily, limits.daily_remaining), (None, None));
    limited(&ask().await, "TEN_SECONDLY_ROLLING");
    assert_eq!(world.get(USERS).await.status, 200);
}

#[tokio::test]
async fn our_client_tells_the_limits_apart_in_both_shapes() {
    let world = World::demo();
    for older in [false, true] {
        world.hubspot().change_settings(|settings| {
            settings.requests_per_day = Some(0);
            settings.older_limit_shape = older;
            settings.retry_after = older.then_some(3);
        });
        let body: Value = world.get(USERS).await.json();
        assert_eq!(body.get("correlationId").is_none(), older);
        assert_eq!(body.get("requestId").is_some(), older);
        let call = client().users(&UsersQuery::default()).unwrap();
        let response = world
            .simulator
            .send(call.request.map(bytes::Bytes::from))
            .await
            .unwrap();
        assert_eq!(LimitPolicy::of(&response), Some(LimitPolicy::Daily));
        match call.reply.read(&response, 0).unwrap_err() {
            ProviderError::RateLimited { retry_after, .. } => {
                assert_eq!(retry_after.map(|wait| wait.as_secs()), older.then_some(3));
            }
            other => panic!("{other:?}"),
        }
    }
}
