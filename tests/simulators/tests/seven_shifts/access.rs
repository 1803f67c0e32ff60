//! Credentials, companies, versions, limits, and the forms of errors.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use simulators::RateLimit;
use simulators::seven_shifts::{Mutation, Resource};

use crate::support::{HARBOUR, LAKESHORE, OAUTH_GUID, OAUTH_TOKEN, TOKEN, World, request};

#[tokio::test]
async fn a_token_that_is_missing_wrong_or_revoked_is_401_as_a_problem() {
    let world = World::demo();
    let without = Request::get("/v2/whoami").body(Bytes::new()).unwrap();
    let wrong = request(Method::GET, "/v2/whoami", "nonsense", "");
    world.change(Mutation::SetToken {
        token: TOKEN.to_owned(),
        revoked: true,
    });
    let revoked = request(Method::GET, "/v2/whoami", TOKEN, "");
    for request in [without, wrong, revoked] {
        let answer = world.ask(request).await.unwrap();
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let problem = answer.json();
        assert_eq!(problem["title"], "Unauthorized");
        assert_eq!(problem["status"], 401);
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        assert!(problem["type"].is_string());
    }
}

#[tokio::test]
async fn another_company_is_403_whether_it_exists_or_not() {
    let world = World::demo();
    for id in [HARBOUR, 1, 999_999] {
        for path in [
            format!("/v2/company/{id}/shifts"),
            format!("/v2/companies/{id}"),
        ] {
            let answer = world.get(&path).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
}

#[tokio::test]
async fn an_unknown_id_in_the_own_company_is_404() {
    let world = World::demo();
    for resource in [
        "locations",
        "departments",
        "roles",
        "users",
        "shifts",
        "time_punches",
    ] {
        for id in ["1", "nonsense"] {
            let (status, problem) = world.refused(&format!("{resource}/{id}")).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{resource}/{id}");
            assert_eq!(problem["status"], 404);
        }
    }
    assert_eq!(world.get("/v2/company").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_plan_without_the_feature_is_403_and_the_rest_goes_on() {
    let world = World::demo();
    world.change(Mutation::SetPlan {
        resource: Resource::Shifts,
        included: false,
    });
    let (status, problem) = world.refused("shifts").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(problem["detail"].as_str().unwrap().contains("plan"));
    world.own("time_punches").await;
    world.change(Mutation::SetPlan {
        resource: Resource::Shifts,
        included: true,
    });
    world.own("shifts").await;
}

#[tokio::test]
async fn an_oauth_token_needs_the_guid_of_the_grant() {
    let world = World::demo();
    let path = format!("/v2/company/{HARBOUR}/locations");
    let ask = async |guid: Option<&str>| {
        let mut request = request(Method::GET, &path, OAUTH_TOKEN, "");
        if let Some(guid) = guid {
            request
                .headers_mut()
                .insert("x-company-guid", guid.parse().unwrap());
        }
        world.ask(request).await.unwrap().status
    };
    assert_eq!(ask(None).await, StatusCode::BAD_REQUEST);
    assert_eq!(
        ask(Some("00000000-0000-4000-8000-000000000000")).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(ask(Some(OAUTH_GUID)).await, StatusCode::OK);
}

#[tokio::test]
async fn several_tokens_open_one_company_and_each_has_its_own_limit() {
    let world = World::demo();
    world.simulator.provider().change_settings(|settings| {
        settings.rate_limit = RateLimit {
            requests_per_second: Some(10),
            block_ms: Some(60_000),
            retry_after: true,
        };
    });
    for _ in 0..10 {
        world.own("locations").await;
    }
    let answer = world
        .get(&format!("/v2/company/{LAKESHORE}/locations"))
        .await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), Some("60"));
    assert_eq!(answer.json()["status"], 429);
    let other = request(Method::GET, "/v2/whoami", "sim7s_lakeshore_2", "");
    assert_eq!(world.ask(other).await.unwrap().status, StatusCode::OK);
    // The block holds the whole minute, however quiet the caller is.
    world.clock.advance_seconds(59);
    assert_eq!(
        world.get("/v2/whoami").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    world.clock.advance_seconds(1);
    assert_eq!(world.get("/v2/whoami").await.status, StatusCode::OK);
}

#[tokio::test]
async fn by_default_a_refusal_does_not_say_when_to_come_back() {
    let world = World::demo();
    world.simulator.provider().change_settings(|settings| {
        *settings = simulators::seven_shifts::Settings::default();
    });
    for _ in 0..10 {
        assert_eq!(world.get("/v2/whoami").await.status, StatusCode::OK);
    }
    let answer = world.get("/v2/whoami").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), None);
}

#[tokio::test]
async fn the_version_that_was_sent_is_echoed_else_the_default() {
    let world = World::demo();
    let answer = world.get("/v2/whoami").await;
    assert_eq!(answer.header("x-api-version"), Some("2026-02-01"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("x-request-id").is_some());
    assert!(answer.header("date").is_some());
    let mut pinned = request(Method::GET, "/v2/whoami", TOKEN, "");
    pinned
        .headers_mut()
        .insert("x-api-version", "2025-03-01".parse().unwrap());
    let answer = world.ask(pinned).await.unwrap();
    assert_eq!(answer.header("x-api-version"), Some("2025-03-01"));
    // `hire_date` left the user with version 2026-01-01.
    assert!(answer.json()["data"]["users"][0]["hire_date"].is_string());
}

#[tokio::test]
async fn errors_come_in_the_older_form_when_asked_for() {
    let world = World::demo();
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.legacy_errors = true);
    let answer = world.get(&format!("/v2/company/{LAKESHORE}/users/1")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.json(),
        json!({"status": "error", "message": "User 1 was not found.", "error": "invalid_id"})
    );
}

#[tokio::test]
async fn whoami_holds_the_person_behind_the_token_and_its_company() {
    let world = World::demo();
    let answer = world.get("/v2/whoami").await.json();
    assert_eq!(answer["object"], "whoami");
    let user = &answer["data"]["users"][0];
    assert_eq!(user["company_id"], LAKESHORE);
    assert_eq!(user["active"], true);
    assert_eq!(user["type"], "employer");
    assert_eq!(answer["data"]["identity_id"], user["identity_id"]);
}

#[tokio::test]
async fn the_list_of_companies_has_no_meta_and_ignores_a_limit() {
    let world = World::demo();
    for path in ["/v2/companies", "/v2/companies?limit=0"] {
        let answer = world.get(path).await.json();
        assert_eq!(answer["object"], "companies");
        assert_eq!(answer["data"].as_array().unwrap().len(), 1);
        assert_eq!(answer["data"][0]["id"], LAKESHORE);
        assert_eq!(answer.get("meta"), None);
    }
    let wrong = world
        .get("/v2/companies?modified_since=2026-01-01T00:00:00Z")
        .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_single_company_is_bare() {
    let world = World::demo();
    let company = world
        .get(&format!("/v2/companies/{LAKESHORE}"))
        .await
        .json();
    assert_eq!(company["name"], "Lakeshore Kitchens");
    assert_eq!(company["uuid"].as_str().unwrap().len(), 36);
    assert_eq!(company["status"], "active");
    assert_eq!(company.get("data"), None::<&Value>);
}
