//! Organizations: made once, changed, exported whole, removed without a trace.

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use whole_system::{Answer, App, HARBOUR, LAKESHORE, OPERATOR_KEY};

use super::{EPOCH, problem, raw, token_of};

async fn create(app: &App, key: &str, body: &Value) -> Answer {
    let authorization = format!("Bearer {OPERATOR_KEY}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    raw(
        app,
        Method::POST,
        "/api/organizations",
        &headers,
        body.to_string(),
    )
    .await
}

#[tokio::test(start_paused = true)]
async fn a_repeated_creation_creates_once() {
    let app = App::simulate(91, EPOCH).await;
    let body = json!({"name": "Once", "time_zone": "Europe/Zurich"});
    let first = create(&app, "first-key", &body)
        .await
        .expect(StatusCode::CREATED);
    let again = create(&app, "first-key", &body)
        .await
        .expect(StatusCode::CREATED);
    let quoted = create(&app, "\"first-key\"", &body)
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(first, again);
    assert_eq!(first, quoted);
    let other = create(
        &app,
        "first-key",
        &json!({"name": "Other", "time_zone": "UTC"}),
    )
    .await;
    problem(&other, 422, "idempotency-key-reused");
    let bad = json!({"name": "", "time_zone": "UTC"});
    problem(
        &create(&app, "second-key", &bad).await,
        400,
        "invalid-request",
    );
    // What was refused did nothing, so its key is free.
    create(&app, "second-key", &body)
        .await
        .expect(StatusCode::CREATED);
    let at_once = futures_of(8, || create(&app, "third-key", &body)).await;
    let mut ids = BTreeSet::new();
    for answer in &at_once {
        match answer.status.as_u16() {
            201 => {
                ids.insert(answer.json()["id"].as_str().unwrap().to_owned());
            }
            409 => {
                problem(answer, 409, "conflict");
                assert!(answer.headers.contains_key("retry-after"));
            }
            other => panic!("{other}: {:?}", answer.body),
        }
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(app.all("/api/organizations", OPERATOR_KEY).await.len(), 3);
    for organization in app.all("/api/organizations", OPERATOR_KEY).await {
        serde_json::from_value::<api::organizations::Organization>(organization).unwrap();
    }
}

/// So many of the same request at the same time.
async fn futures_of<F: Future<Output = Answer>>(count: usize, make: impl Fn() -> F) -> Vec<Answer> {
    let mut running: Vec<_> = (0..count).map(|_| Box::pin(make())).collect();
    let mut answers = Vec::new();
    std::future::poll_fn(|context| {
        running.retain_mut(|request| match request.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if running.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    answers
}

#[tokio::test(start_paused = true)]
async fn name_and_zone_can_be_changed_by_the_operator_alone() {
    let app = App::simulate(92, EPOCH).await;
    let organization = app.organization("Before", "America/Toronto").await;
    let path = format!("/api/organizations/{}", organization.id);
    let patch =
        async |key: &str, body: Value| app.request(Method::PATCH, &path, key, Some(body)).await;
    problem(
        &patch(&organization.key, json!({"name": "Mine"})).await,
        403,
        "forbidden",
    );
    let named = patch(OPERATOR_KEY, json!({"name": "  After "}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (named["name"].as_str(), named["time_zone"].as_str()),
        (Some("After"), Some("America/Toronto"))
    );
    let moved = patch(OPERATOR_KEY, json!({"time_zone": "Australia/Lord_Howe"}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (moved["name"].as_str(), moved["time_zone"].as_str()),
        (Some("After"), Some("Australia/Lord_Howe"))
    );
    assert_eq!(
        patch(OPERATOR_KEY, json!({})).await.expect(StatusCode::OK)["name"],
        "After"
    );
    assert_eq!(
        app.get(&path, &organization.key)
            .await
            .expect(StatusCode::OK)["name"],
        "After"
    );
    let none = format!("/api/organizations/{}", super::NO_ID);
    let answer = app
        .request(
            Method::PATCH,
            &none,
            OPERATOR_KEY,
            Some(json!({"name": "x"})),
        )
        .await;
    problem(&answer, 404, "not-found");
}

#[tokio::test(start_paused = true)]
async fn an_export_has_every_row_once_and_no_secret() {
    let app = App::simulate(93, EPOCH).await;
    let (organization, _) = app.synced("Exported", LAKESHORE).await;
    let (other, _) = app.synced("Other", HARBOUR).await;
    let path = format!("/api/organizations/{}/export", organization.id);
    let mut exported: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut cursor = String::new();
    let mut pages = 0;
    loop {
        let page = app
            .get(&format!("{path}?limit=150{cursor}"), OPERATOR_KEY)
            .await
            .expect(StatusCode::OK);
        let rows = page["data"].as_array().unwrap();
        assert!(rows.len() <= 150);
        exported
            .entry(page["resource"].as_str().unwrap().to_owned())
            .or_default()
            .extend(rows.iter().cloned());
        pages += 1;
        assert!(pages < 1_000, "the export does not end");
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(pages > 3);
    for (list, resource) in [
        ("team-members", "team_members"),
        ("shifts", "shifts"),
        ("time-punches", "time_punches"),
        ("locations", "locations"),
        ("roles", "roles"),
        ("departments", "departments"),
        ("sync-runs", "sync_runs"),
    ] {
        let deleted = if list == "sync-runs" {
            ""
        } else {
            "?include_deleted=true"
        };
        let ids = |rows: &[Value]| -> Vec<String> {
            let mut ids: Vec<_> = rows
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned())
                .collect();
            ids.sort();
            ids
        };
        let listed = app
            .all(&format!("/api/{list}{deleted}"), &organization.key)
            .await;
        let rows = exported
            .get(resource)
            .unwrap_or_else(|| panic!("no {resource} in {:?}", exported.keys()));
        assert_eq!(ids(rows), ids(&listed), "{resource}");
    }
    let text = serde_json::to_string(&exported).unwrap();
    for secret in [
        LAKESHORE.token,
        &organization.key,
        "gAAAA",
        &other.id,
        "key_hash",
        "sealed",
    ] {
        assert!(!text.contains(secret), "the export has {secret}");
    }
    // Nobody but the operator takes everything away.
    problem(&app.get(&path, &organization.key).await, 403, "forbidden");
}

#[tokio::test(start_paused = true)]
async fn a_purge_leaves_no_row_and_its_keys_stop_at_once() {
    let app = App::simulate(94, EPOCH).await;
    let (organization, _) = app.synced("Gone", LAKESHORE).await;
    let (neighbour, _) = app.synced("Stays", HARBOUR).await;
    let body = json!({"name": "k", "role": "member"}).to_string();
    let authorization = format!("Bearer {}", organization.key);
    let headers = [
        ("authorization", authorization.as_str()),
        ("idempotency-key", "kept-answer"),
    ];
    raw(&app, Method::POST, "/api/api-keys", &headers, body)
        .await
        .expect(StatusCode::CREATED);
    let rows_of = |id: &str| -> BTreeMap<String, i64> {
        let database = app.database();
        let tables: Vec<String> = database
            .prepare("SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'organization_id'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(tables.len() >= 13, "{tables:?}");
        let count = |sql: &str| -> i64 { database.query_row(sql, [id], |row| row.get(0)).unwrap() };
        tables
            .iter()
            .map(|table| {
                (
                    table.clone(),
                    count(&format!(
                        "SELECT count(*) FROM {table} WHERE organization_id = ?1"
                    )),
                )
            })
            .chain([(
                "organizations".to_owned(),
                count("SELECT count(*) FROM organizations WHERE id = ?1"),
            )])
            .collect()
    };
    let before = rows_of(&organization.id);
    let neighbours = rows_of(&neighbour.id);
    assert!(
        before["schedule_shifts"] > 0
            && before["credentials"] > 0
            && before["idempotency_keys"] > 0
    );

    let path = format!("/api/organizations/{}", organization.id);
    problem(
        &app.request(Method::DELETE, &path, &organization.key, None)
            .await,
        403,
        "forbidden",
    );
    let purging = app
        .request(Method::DELETE, &path, OPERATOR_KEY, None)
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(purging["state"], "purging");
    problem(
        &app.get("/api/shifts", &organization.key).await,
        401,
        "unauthenticated",
    );
    let name = app
        .request(
            Method::PATCH,
            &path,
            OPERATOR_KEY,
            Some(json!({"name": "x"})),
        )
        .await;
    problem(&name, 409, "conflict");
    let key = format!("/api/api-keys?organization_id={}", organization.id);
    problem(
        &app.post(&key, OPERATOR_KEY, json!({"name": "x", "role": "member"}))
            .await,
        404,
        "not-found",
    );
    // Asking twice is asking once.
    app.request(Method::DELETE, &path, OPERATOR_KEY, None)
        .await
        .expect(StatusCode::ACCEPTED);
    for _ in 0..20 {
        app.tick().await.expect(StatusCode::OK);
        if rows_of(&organization.id).values().sum::<i64>() == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    }
    let left: Vec<_> = rows_of(&organization.id)
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect();
    assert!(left.is_empty(), "{left:?}");
    problem(&app.get(&path, OPERATOR_KEY).await, 404, "not-found");
    problem(
        &app.request(Method::DELETE, &path, OPERATOR_KEY, None).await,
        404,
        "not-found",
    );
    let token = token_of(&organization.id, "owner");
    assert_eq!(
        app.get("/api/shifts", &token).await.expect(StatusCode::OK)["data"],
        json!([])
    );
    let kept = rows_of(&neighbour.id);
    for table in [
        "schedule_shifts",
        "time_punches",
        "team_members",
        "credentials",
        "api_keys",
        "connectors",
    ] {
        assert!(
            kept[table] >= neighbours[table] && kept[table] > 0,
            "{table} of the neighbour"
        );
    }
    // Nothing of another kind that hangs on a row of it stays behind.
    let orphans: i64 = app
        .database()
        .query_row(
            "SELECT count(*) FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'connector_id'
              AND NOT EXISTS (SELECT 1 FROM pragma_table_info(m.name) o WHERE o.name = 'organization_id')",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(
        orphans, 0,
        "a table names connectors and not their organization"
    );
}
