//! The quota of a key, or of a user of the product.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::join_all;
use http::{Method, StatusCode};
use runtime::{Faults, StatementFault};
use serde_json::json;
use simulators::seven_shifts::demo_data;
use whole_system::{App, JWT_SECRET, OPERATOR_KEY, Settings};

use super::{header, key_of, pass, rows, used_up};
use crate::api::{jwt, problem};
use crate::inbox::EPOCH;

/// Paths of different functions: they share the quota.
const PATHS: [&str; 3] = ["/api/shifts", "/api/connectors", "/api/webhooks"];

async fn with(settings: Settings) -> App {
    App::simulate_with(settings, EPOCH, demo_data(1, EPOCH)).await
}

#[tokio::test(start_paused = true)]
async fn a_key_may_come_as_often_as_it_says_and_is_told_when_to_come_again() {
    let app = App::simulate(801, EPOCH).await;
    let organization = app.organization("Bounded", "America/Toronto").await;
    let key = key_of(&app, &organization, 5).await;
    let another = key_of(&app, &organization, 5).await;
    for number in 0..5 {
        let answer = app.get(PATHS[number % 3], &key).await;
        answer.expect(StatusCode::OK);
        assert_eq!(header(&answer, "ratelimit-policy"), r#""caller";q=5;w=60"#);
        let left = format!(r#""caller";r={};"#, 4 - number);
        assert!(
            header(&answer, "ratelimit").starts_with(&left),
            "{left}: {answer:?}"
        );
    }
    let mut seconds = 0;
    for path in PATHS {
        seconds = used_up(&app.get(path, &key).await, "caller", 5);
    }
    assert_eq!(seconds, 12);
    // Nothing is done for whoever comes too often.
    let body = json!({"name": "Orders", "scheme": "standard"});
    used_up(&app.post("/api/webhooks", &key, body).await, "caller", 5);
    assert!(rows(&app, "/api/webhooks", &organization).await.is_empty());

    // Others have quotas of their own, and the operator has none.
    app.get("/api/shifts", &another)
        .await
        .expect(StatusCode::OK);
    let neighbour = app.organization("Neighbour", "America/Toronto").await;
    for _ in 0..20 {
        let answer = app.get("/api/shifts", &neighbour.key).await;
        answer.expect(StatusCode::OK);
    }
    let answer = app.get("/api/organizations", OPERATOR_KEY).await;
    answer.expect(StatusCode::OK);
    assert!(!answer.headers.contains_key("ratelimit"), "{answer:?}");

    pass(11).await;
    assert_eq!(used_up(&app.get(PATHS[0], &key).await, "caller", 5), 1);
    pass(1).await;
    app.get(PATHS[0], &key).await.expect(StatusCode::OK);
    used_up(&app.get(PATHS[0], &key).await, "caller", 5);
}

#[tokio::test(start_paused = true)]
async fn what_comes_at_once_is_counted_as_well() {
    let app = App::simulate(802, EPOCH).await;
    let organization = app.organization("Bounded", "America/Toronto").await;
    let key = key_of(&app, &organization, 12).await;
    let answers = join_all((0..60).map(|number| app.get(PATHS[number % 3], &key))).await;
    let admitted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(admitted, 12);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        used_up(answer, "caller", 12);
    }
}

/// Where an instance goes by a copy: each may let in a hundredth more.
#[tokio::test(start_paused = true)]
async fn a_large_quota_is_kept_but_for_what_instances_do_not_know_of_each_other() {
    const AT_ONCE: usize = 60;
    let app = App::simulate(803, EPOCH).await;
    let organization = app.organization("Bounded", "America/Toronto").await;
    let key = key_of(&app, &organization, 400).await;
    let mut admitted = 0;
    for _ in 0..10 {
        let answers = join_all((0..AT_ONCE).map(|number| app.get(PATHS[number % 3], &key))).await;
        admitted += answers.iter().filter(|answer| answer.status == 200).count();
    }
    // There are no more instances than requests that come at once.
    assert!((400..=400 + AT_ONCE * 4).contains(&admitted), "{admitted}");
    used_up(&app.get(PATHS[0], &key).await, "caller", 400);
}

#[tokio::test(start_paused = true)]
async fn users_of_the_product_do_not_share_and_keys_have_what_the_installation_gives() {
    let app = with(Settings::default().variable("requests_per_minute", "3")).await;
    let organization = app.organization("Bounded", "America/Toronto").await;
    let user = |sub: &str| {
        let custom = json!({"sub": sub, "organization_id": organization.id, "role": "owner"});
        jwt(JWT_SECRET, custom, None, Some(EPOCH + 3_600))
    };
    for token in [
        user("ann@example.com"),
        user("bob@example.com"),
        organization.key.clone(),
    ] {
        for _ in 0..3 {
            app.get("/api/shifts", &token).await.expect(StatusCode::OK);
        }
        // Another token of the same user is the same caller.
        used_up(&app.get("/api/shifts", &token).await, "caller", 3);
    }
    used_up(
        &app.get("/api/shifts", &user("ann@example.com")).await,
        "caller",
        3,
    );
    let kept: i64 = app
        .database()
        .query_row(
            "SELECT count(*) FROM rate_budgets WHERE key LIKE '%ann%'",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(kept, 0, "a user is not named");
}

#[tokio::test(start_paused = true)]
async fn without_a_number_nobody_is_limited_and_one_that_is_none_is_named() {
    let app = with(Settings::default().variable("requests_per_minute", "0")).await;
    let organization = app.organization("Free", "America/Toronto").await;
    let answer = app.get("/api/shifts", &organization.key).await;
    answer.expect(StatusCode::OK);
    assert!(!answer.headers.contains_key("ratelimit"), "{answer:?}");
    let app = with(Settings::default().variable("requests_per_minute", "many")).await;
    let organization = app.organization("Free", "America/Toronto").await;
    let answer = app.get("/api/shifts", &organization.key).await;
    let said = problem(&answer, 503, "unavailable");
    assert!(
        said["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("requests_per_minute")),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_other_reasons_counts_and_tells_what_is_left() {
    let app = App::simulate(806, EPOCH).await;
    let organization = app.organization("Bounded", "America/Toronto").await;
    let path = format!("/api/api-keys?organization_id={}", organization.id);
    let body = json!({"name": "small", "scopes": ["shifts:read"], "requests_per_minute": 3});
    let made = app.post(&path, OPERATOR_KEY, body).await;
    let key = made.expect(StatusCode::CREATED)["key"]
        .as_str()
        .expect("a key")
        .to_owned();
    let id = "0190f3a0-0000-7000-8000-000000000000";
    for (left, status, path) in [
        (2, 403, "/api/connectors".to_owned()),
        (1, 404, format!("/api/shifts/{id}")),
        (0, 400, "/api/shifts?limit=none".to_owned()),
    ] {
        let answer = app.get(&path, &key).await;
        assert_eq!(answer.status, status, "{path}");
        let said = header(&answer, "ratelimit");
        assert!(
            said.starts_with(&format!(r#""caller";r={left};"#)),
            "{said}"
        );
    }
    used_up(&app.get("/api/shifts", &key).await, "caller", 3);
    // The older members are there as well, where callers of a replaced system come.
    let call = json!({"action": "test"});
    let answer = app.proxy(&key, call).await;
    used_up(&answer, "caller", 3);
    let said = answer.json();
    assert_eq!(said["error"], said["detail"], "{said}");
}

#[tokio::test(start_paused = true)]
async fn only_the_operator_gives_more_than_everybody_has_and_rotation_keeps_it() {
    let app = App::simulate(807, EPOCH).await;
    let organization = app.organization("Bounded", "America/Toronto").await;
    let make = async |key: &str, requests: serde_json::Value| {
        let body = json!({"name": "till", "role": "member", "requests_per_minute": requests});
        let path = if key == OPERATOR_KEY {
            format!("/api/api-keys?organization_id={}", organization.id)
        } else {
            "/api/api-keys".to_owned()
        };
        app.post(&path, key, body).await
    };
    for (key, requests) in [
        (organization.key.as_str(), json!(6_001)),
        (&organization.key, json!(0)),
        (OPERATOR_KEY, json!(-1)),
        (OPERATOR_KEY, json!(1_000_001)),
        (OPERATOR_KEY, json!(4_294_967_297_i64)),
    ] {
        let answer = make(key, requests.clone()).await;
        let said = problem(&answer, 400, "invalid-request");
        assert_eq!(said["errors"][0]["field"], "/requests_per_minute", "{said}");
    }
    let listed = rows(&app, "/api/api-keys", &organization).await;
    assert_eq!(listed.len(), 1, "nothing was made");
    assert_eq!(listed[0]["requests_per_minute"], json!(null));

    let less = make(&organization.key, json!(6_000)).await;
    less.expect(StatusCode::CREATED);
    let made = make(OPERATOR_KEY, json!(1_000_000)).await;
    let made = made.expect(StatusCode::CREATED);
    let path = format!(
        "/api/api-keys/{}/rotate",
        made["id"].as_str().expect("an id")
    );
    let rotated = app
        .request(Method::POST, &path, &organization.key, None)
        .await;
    let rotated = rotated.expect(StatusCode::CREATED);
    assert_eq!(rotated["requests_per_minute"], 1_000_000);
    let answer = app
        .get("/api/shifts", rotated["key"].as_str().expect("a key"))
        .await;
    assert_eq!(header(&answer, "ratelimit"), r#""caller";r=999999;t=1"#);
}

/// Fails every statement on the buckets.
#[derive(Default)]
struct Broken {
    is_on: AtomicBool,
    failed: AtomicUsize,
}

impl Faults for Broken {
    fn statement(&self, _: &str, _: &str, sql: &str) -> StatementFault {
        if !self.is_on.load(Ordering::SeqCst) || !sql.contains("rate_budgets") {
            return StatementFault::None;
        }
        self.failed.fetch_add(1, Ordering::SeqCst);
        StatementFault::FailBefore("database is locked".to_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_does_not_take_the_count_refuses_nobody() {
    let faults = Arc::new(Broken::default());
    let app = with(Settings {
        faults: Some(faults.clone()),
        ..Settings::default()
    })
    .await;
    let organization = app.organization("Bounded", "America/Toronto").await;
    let key = key_of(&app, &organization, 10).await;
    faults.is_on.store(true, Ordering::SeqCst);
    for _ in 0..10 {
        app.get("/api/shifts", &key).await.expect(StatusCode::OK);
    }
    assert!(faults.failed.load(Ordering::SeqCst) > 0);
    faults.is_on.store(false, Ordering::SeqCst);
    for _ in 0..10 {
        app.get("/api/webhooks", &key).await.expect(StatusCode::OK);
    }
}
