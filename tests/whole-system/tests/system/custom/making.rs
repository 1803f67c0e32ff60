//! How a connector of the type `custom` is made, changed, asked and removed.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    assert_true, connect, connector, custom, incremental, list, put, records, start, sync,
};

/// A connector that finds its list by its settings.
fn with_settings(settings: Value) -> Value {
    let mut body = custom("cursor");
    body["config"]["settings_schema"] = json!({
    "type": "object", "required": ["rule"], "additionalProperties": false,
    "properties": {
        "rule": {"type": "string", "pattern": "^[a-z-]+$"},
        "size": {"type": "integer", "minimum": 1, "maximum": 100},
    }});
    body["config"]["settings"] = settings;
    body["config"]["headers"] = json!({"X-Rule": "{{ settings.rule }}"});
    body["config"]["list"]["request"] = json!({
        "path": "/records/{{ settings.rule }}", "query": {"size": "{{ settings.size | \"7\" }}"}});
    body
}

fn fields(problem: &Value) -> Vec<String> {
    problem["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| error["field"].as_str().expect("a field").to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn settings_are_held_to_their_schema_and_stand_in_the_requests() {
    let (app, organization) = start(751).await;
    put(&app, 1..=15, &json!({}));
    let body = with_settings(json!({"rule": "cursor"}));
    let id = connect(&app, &organization, body.clone()).await;
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(shown["config"]["list"], body["config"]["list"]);
    assert_eq!(shown["config"]["headers"]["X-Rule"], "{{ settings.rule }}");
    let run = sync(&app, &organization, &id, json!({})).await;
    assert_eq!(
        (&run["status"], &run["pages"]),
        (&json!("success"), &json!(3)),
        "{run:#}"
    );
    assert_true(&app, &organization, "by settings").await;
    let asked = app.rest.requests();
    let asked = asked.last().expect("a request");
    assert_eq!(asked.path, "/open/records/cursor");
    // What is shown can be sent back, and with other settings other pages are asked for.
    let mut config = shown["config"].clone();
    config["settings"]["size"] = json!(5);
    let path = format!("/api/connectors/{id}");
    app.request(
        Method::PATCH,
        &path,
        &organization.key,
        Some(json!({ "config": config })),
    )
    .await
    .expect(StatusCode::OK);
    let run = sync(&app, &organization, &id, json!({})).await;
    assert_eq!(
        (&run["pages"], &run["unchanged"]),
        (&json!(3), &json!(15)),
        "{run:#}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_named_and_makes_none() {
    let (app, organization) = start(752).await;
    let change = |pointer: &str, value: Value| {
        let mut body = with_settings(json!({"rule": "cursor"}));
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        body.pointer_mut(parent).expect("a parent")[name] = value;
        body
    };
    for (body, expected) in [
        (
            change("/config/settings", json!({"rule": 1, "size": 0, "x": 1})),
            &[
                "/config/settings/rule",
                "/config/settings/size",
                "/config/settings/x",
            ][..],
        ),
        (
            change("/config/settings", json!({})),
            &[
                "/config/settings/rule",
                "/config/headers/X-Rule",
                "/config/list/request/path",
            ],
        ),
        (
            change("/config/settings", json!([])),
            &[
                "/config/settings",
                "/config/headers/X-Rule",
                "/config/list/request/path",
            ],
        ),
        (
            change("/config/settings", json!({"rule": "NO"})),
            &["/config/settings/rule"],
        ),
        (
            change(
                "/config/settings_schema",
                json!({"type": "object", "if": true}),
            ),
            &["/config/settings_schema/if"],
        ),
        (
            change(
                "/config/settings_schema",
                json!({"$ref": "https://example.com/schema"}),
            ),
            &["/config/settings_schema/$ref"],
        ),
        (
            change("/config/settings_schema", Value::Null),
            &[
                "/config/settings",
                "/config/headers/X-Rule",
                "/config/list/request/path",
            ],
        ),
        (change("/config/list", Value::Null), &["/config/list"]),
        (change("/config/list/id", json!("id")), &["/config/list/id"]),
        (
            change("/config/list/paging", json!({"type": "cursor"})),
            &["/config/list/paging/next", "/config/list/paging/parameter"],
        ),
        (
            change("/config/list/request/path", json!("/{{ settings.")),
            &["/config/list/request/path"],
        ),
        (
            change(
                "/config/list/request/path",
                json!("/../{{ settings.rule }}"),
            ),
            &["/config/list/request/path"],
        ),
        (
            change(
                "/config/events",
                json!({"created": "sync.completed", "updated": "invoice", "moved": "a.b"}),
            ),
            &[
                "/config/events/moved",
                "/config/events/created",
                "/config/events/updated",
            ],
        ),
        (
            change("/config/base_url", json!("http://169.254.169.254/x")),
            &["/config/base_url"],
        ),
        (change("/config/base_ur", json!("x")), &["/config/base_ur"]),
        (
            change("/credentials", json!({"token": "x"})),
            &["/credentials/token"],
        ),
    ] {
        let answer = app
            .post("/api/connectors", &organization.key, body.clone())
            .await;
        let problem = answer.expect(StatusCode::BAD_REQUEST);
        assert_eq!(fields(&problem), expected, "{} {problem:#}", body["config"]);
    }
    let all = app.all("/api/connectors", &organization.key).await;
    assert_eq!(all, [] as [Value; 0]);
}

#[tokio::test(start_paused = true)]
async fn it_is_tested_and_has_settings_of_its_sync_and_no_requests() {
    let (app, organization) = start(753).await;
    let id = connect(&app, &organization, custom("none")).await;
    let path = format!("/api/connectors/{id}");
    let tested = app
        .post(&format!("{path}/test"), &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(tested["success"], true, "{tested}");
    let settings = format!("{path}/sync-settings");
    let shown = app
        .get(&settings, &organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(shown["frequency"], "every_15_min");
    let streams = shown["streams"].as_object().expect("streams");
    assert_eq!(streams.keys().collect::<Vec<_>>(), ["records"]);
    let replace = |body: Value| app.request(Method::PUT, &settings, &organization.key, Some(body));
    let shown = replace(json!({"frequency": "hourly"}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(shown["frequency"], "hourly");
    let problem = replace(json!({"streams": {"shifts": {"enabled": false}}}))
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(fields(&problem), ["/streams/shifts"]);
    let answer = app
        .post(
            &format!("{path}/request"),
            &organization.key,
            json!({"method": "GET"}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.json());
    let status = app.all("/api/sync-status", &organization.key).await;
    assert_eq!(status.len(), 1, "{status:#?}");
    assert!(status[0]["streams"]["records"].is_object(), "{status:#?}");
}

#[tokio::test(start_paused = true)]
async fn another_organization_reaches_nothing_of_it() {
    let (app, organization) = start(754).await;
    put(&app, 1..=3, &json!({}));
    let id = connect(&app, &organization, custom("none")).await;
    sync(&app, &organization, &id, json!({})).await;
    let theirs = app.organization("Other", "America/Toronto").await;
    for (method, path) in [
        (Method::POST, format!("/api/connectors/{id}/sync")),
        (Method::POST, format!("/api/connectors/{id}/test")),
        (Method::DELETE, format!("/api/connectors/{id}")),
    ] {
        let answer = app
            .request(method, &path, &theirs.key, Some(json!({})))
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let rows = app.all("/api/custom-records", &organization.key).await;
    let one = format!(
        "/api/custom-records/{}",
        rows[0]["id"].as_str().expect("an id")
    );
    assert_eq!(
        app.get(&one, &theirs.key).await.status,
        StatusCode::NOT_FOUND
    );
    app.get(&one, &organization.key)
        .await
        .expect(StatusCode::OK);
    for query in [
        "".to_owned(),
        format!("?connector_id={id}"),
        "?external_id=0001".to_owned(),
    ] {
        let found = app
            .all(&format!("/api/custom-records{query}"), &theirs.key)
            .await;
        assert_eq!(found, [] as [Value; 0], "{query}");
    }
    let found = app
        .all("/api/custom-records?external_id=0002", &organization.key)
        .await;
    assert_eq!(found.len(), 1);
    let path = format!("/api/custom-records?connector_id={id}&updated_since=2026-01-01T00:00:00Z");
    assert_eq!(app.all(&path, &organization.key).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_is_removed_takes_its_records_along() {
    let (app, organization) = start(755).await;
    put(&app, 1..=25, &json!({}));
    let id = connect(&app, &organization, incremental("cursor")).await;
    let kept = connect(&app, &organization, custom("none")).await;
    sync(&app, &organization, &id, json!({})).await;
    sync(&app, &organization, &kept, json!({})).await;
    app.request(
        Method::DELETE,
        &format!("/api/connectors/{id}"),
        &organization.key,
        None,
    )
    .await
    .expect(StatusCode::OK);
    let rows = app.all("/api/custom-records", &organization.key).await;
    assert_eq!(rows.len(), 25);
    assert!(rows.iter().all(|row| row["connector_id"] == kept.as_str()));
    let jobs: i64 = app
        .database()
        .query_row(
            "SELECT count(*) FROM jobs WHERE subject = ?1",
            [&id],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(jobs, 0);
    assert_eq!(records(&app, &organization).await.len(), 25);
    // The key is free again, also for another list.
    let mut body = custom("cursor");
    body["config"]["list"] = list("offset");
    connect(&app, &organization, body).await;
}
