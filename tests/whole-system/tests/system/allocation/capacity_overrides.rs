//! Other limits of single advisers.

use super::super::api::{fields, problem};
use super::*;

const LIST: &str = "/capacity_overrides";

#[tokio::test(start_paused = true)]
async fn an_override_is_made_found_changed_and_deleted() {
    let (app, organization) = advisers(811).await;
    let key = organization.key.as_str();
    let body = json!({"adviser_email": " Mia.Tan@Example.com ", "effective_date": "2026-04-07",
        "client_limit_monthly": 10, "pod_type": "Team Pod", "notes": "Until Easter.\nThen 6 again."});
    let (row, path) = made(&app, LIST, key, body).await;
    assert_eq!(
        (
            &row["adviser_email"],
            &row["effective_week"],
            &row["client_limit_monthly"],
            &row["notes"]
        ),
        (
            &json!("mia.tan@example.com"),
            &json!("2026-04-13"),
            &json!(10),
            &json!("Until Easter.\nThen 6 again.")
        )
    );
    let body = json!({"adviser_email": "jo@example.com", "effective_date": "2026-04-06", "client_limit_monthly": 1});
    let (earlier, _) = made(&app, LIST, key, body).await;
    assert!(earlier["pod_type"].is_null() && earlier["notes"].is_null());
    assert_eq!(app.all(LIST, key).await, [earlier.clone(), row.clone()]);
    for (email, expected) in [
        ("mia.tan@example.com", vec![row.clone()]),
        ("MIA.TAN@example.com", vec![row.clone()]),
        ("nobody@example.com", vec![]),
    ] {
        let found = app.all(&format!("{LIST}?adviser_email={email}"), key).await;
        assert_eq!(found, expected, "{email}");
    }
    let changed = put(
        &app,
        &path,
        key,
        json!({"client_limit_monthly": 4, "pod_type": null}),
    )
    .await
    .expect(StatusCode::OK);
    assert_eq!(
        (
            &changed["client_limit_monthly"],
            &changed["pod_type"],
            &changed["notes"]
        ),
        (&json!(4), &Value::Null, &row["notes"])
    );
    assert_eq!(app.get(&path, key).await.expect(StatusCode::OK), changed);
    let deleted = delete(&app, &path, key).await.expect(StatusCode::OK);
    assert_eq!(deleted, json!({"ok": true}));
    problem(&delete(&app, &path, key).await, 404, "not-found");
    problem(&app.get(&path, key).await, 404, "not-found");
    let told = app.all("/api/audit?resource=capacity_override", key).await;
    assert_eq!(
        texts(&told, "action"),
        ["deleted", "updated", "created", "created"]
    );
    assert_eq!(told[1]["before"]["client_limit_monthly"], 10);
    assert_eq!(told[1]["after"]["client_limit_monthly"], 4);
}

#[tokio::test(start_paused = true)]
async fn an_override_that_is_wrong_names_every_member_and_its_remedy() {
    let (app, organization) = advisers(812).await;
    let key = organization.key.as_str();
    let answer = app.post(LIST, key, json!({})).await;
    assert_eq!(
        fields(&answer),
        ["/adviser_email", "/effective_date", "/client_limit_monthly"]
    );
    let detail = answer.json()["detail"].to_string();
    assert!(
        detail.contains("give the adviser's mail address"),
        "{detail}"
    );
    let good = json!({"adviser_email": "a@example.com", "effective_date": "2026-04-07", "client_limit_monthly": 4});
    let (row, path) = made(&app, LIST, key, good.clone()).await;
    for (member, value) in [
        ("adviser_email", json!("mia")),
        ("adviser_email", json!(7)),
        ("effective_date", json!("07/04/2026")),
        ("client_limit_monthly", json!(0)),
        ("client_limit_monthly", json!(-1)),
        ("client_limit_monthly", json!(2.5)),
        ("client_limit_monthly", json!("4")),
        ("pod_type", json!(["Team Pod"])),
        ("limit", json!(4)),
    ] {
        let mut body = good.clone();
        body[member] = value.clone();
        let pointer = format!("/{member}");
        let answer = app.post(LIST, key, body).await;
        assert_eq!(fields(&answer), [pointer.as_str()], "{member} {value}");
        let mut change = json!({});
        change[member] = value;
        let answer = put(&app, &path, key, change).await;
        assert_eq!(fields(&answer), [pointer.as_str()]);
    }
    assert_eq!(app.all(LIST, key).await, [row]);
}

#[tokio::test(start_paused = true)]
async fn members_see_none_and_admins_change_them() {
    let (app, organization) = advisers(813).await;
    let other = app.organization("Other", "Australia/Perth").await;
    let good = json!({"adviser_email": "a@example.com", "effective_date": "2026-04-07", "client_limit_monthly": 4});
    let (row, path) = made(&app, LIST, &organization.key, good).await;
    let roles = [
        (Method::GET, LIST, [403, 200, 200]),
        (Method::GET, path.as_str(), [403, 200, 200]),
        (Method::POST, LIST, [403, 400, 400]),
        (Method::PUT, path.as_str(), [403, 200, 200]),
    ];
    assert_roles(&app, &organization, &roles).await;
    assert!(app.all(LIST, &other.key).await.is_empty());
    for answer in [
        app.get(&path, &other.key).await,
        put(&app, &path, &other.key, json!({"client_limit_monthly": 1})).await,
        delete(&app, &path, &other.key).await,
    ] {
        problem(&answer, 404, "not-found");
    }
    let read = app.get(&path, &organization.key).await;
    assert_eq!(read.expect(StatusCode::OK), row);
}
