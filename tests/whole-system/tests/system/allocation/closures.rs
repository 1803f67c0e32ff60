//! Days on which the office is closed.

use super::super::api::{fields, problem};
use super::*;

#[tokio::test(start_paused = true)]
async fn a_closure_is_made_found_changed_and_deleted() {
    let (app, organization) = advisers(801).await;
    let key = organization.key.as_str();
    let body = json!({"start_date": "2026-12-24", "end_date": "2027-01-03", "description": "Christmas shutdown",
        "tags": " public,office,Public"});
    let (row, path) = made(&app, "/closures", key, body).await;
    assert_eq!(row["organization_id"], organization.id);
    assert_eq!(
        (&row["tags"], &row["workdays"], &row["updated_at"]),
        (&json!(["public", "office"]), &json!(7), &row["created_at"])
    );
    assert_eq!(app.get(&path, key).await.expect(StatusCode::OK), row);
    // One day where nothing else is said, by the old name of its description.
    let good_friday = json!({"start_date": "2026-04-03", "reason": "Good Friday"});
    let (day, _) = made(&app, "/closures", key, good_friday).await;
    assert_eq!(
        (&day["end_date"], &day["description"], &day["tags"]),
        (&json!("2026-04-03"), &json!("Good Friday"), &json!([]))
    );
    let all = app.all("/closures", key).await;
    assert_eq!(all, [day.clone(), row.clone()]);
    for (filter, expected) in [
        ("from=2027-01-03", &all[1..]),
        ("from=2027-01-04", &[]),
        ("to=2026-12-23", &all[..1]),
        ("from=2026-04-03&to=2026-04-03", &all[..1]),
        ("from=2026-12-30&to=2026-12-30", &all[1..]),
        ("from=2026-01-01&to=2028-01-01", &all),
    ] {
        let found = app.all(&format!("/closures?{filter}"), key).await;
        assert_eq!(found, expected, "{filter}");
    }
    // What is left out stays, and the same again is no change.
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let changed = put(
        &app,
        &path,
        key,
        json!({"end_date": "2026-12-31", "tags": ["office"]}),
    )
    .await
    .expect(StatusCode::OK);
    assert_eq!(
        (&changed["start_date"], &changed["workdays"]),
        (&row["start_date"], &json!(6))
    );
    assert!(changed["updated_at"].as_str() > row["updated_at"].as_str());
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    for same in [json!({}), json!({"description": " Christmas shutdown "})] {
        let answer = put(&app, &path, key, same).await;
        assert_eq!(answer.expect(StatusCode::OK), changed);
    }
    let deleted = delete(&app, &path, key).await.expect(StatusCode::OK);
    assert_eq!(deleted, json!({"ok": true}));
    for answer in [
        delete(&app, &path, key).await,
        app.get(&path, key).await,
        put(&app, &path, key, json!({})).await,
    ] {
        problem(&answer, 404, "not-found");
    }
    assert_eq!(app.all("/closures", key).await, [day]);
    let told = app
        .all(
            &format!(
                "/api/audit?resource=closure&resource_id={}",
                row["id"].as_str().expect("an id")
            ),
            key,
        )
        .await;
    assert_eq!(texts(&told, "action"), ["deleted", "updated", "created"]);
    assert_eq!(told[1]["before"]["end_date"], "2027-01-03");
    assert_eq!(told[1]["after"]["end_date"], "2026-12-31");
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_is_wrong_names_every_member_and_its_remedy() {
    let (app, organization) = advisers(802).await;
    let key = organization.key.as_str();
    let (row, path) = made(&app, "/closures", key, json!({"start_date": "2026-04-03"})).await;
    for (body, named) in [
        (json!({}), vec!["/start_date"]),
        (json!({"start_date": "3 April"}), vec!["/start_date"]),
        (
            json!({"start_date": "2026-12-24", "end_date": "2026-12-23"}),
            vec!["/end_date"],
        ),
        (
            json!({"start_date": 20_261_224, "description": 7, "tags": ["a", 5], "colour": "red"}),
            vec!["/colour", "/start_date", "/description", "/tags/1"],
        ),
    ] {
        let answer = app.post("/closures", key, body.clone()).await;
        assert_eq!(fields(&answer), named, "{body}");
    }
    let answer = put(&app, &path, key, json!({"end_date": "2026-04-02"})).await;
    assert_eq!(fields(&answer), ["/end_date"]);
    let detail = answer.json()["detail"].to_string();
    assert!(
        detail.contains("2026-04-02 is before the start, 2026-04-03"),
        "{detail}"
    );
    assert!(
        detail.contains("give the last day of the closure"),
        "{detail}"
    );
    assert_eq!(
        fields(
            &app.get("/closures?from=2026-05-01&to=2026-04-01", key)
                .await
        ),
        ["from"]
    );
    assert_eq!(app.all("/closures", key).await, [row]);
}

#[tokio::test(start_paused = true)]
async fn repeating_a_request_with_its_key_makes_one() {
    let (app, organization) = advisers(803).await;
    let body = json!({"start_date": "2026-04-03"}).to_string();
    let create = async |key: &str| {
        let request = http::Request::builder()
            .method(Method::POST)
            .uri("/closures")
            .header("authorization", format!("Bearer {}", organization.key))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(bytes::Bytes::from(body.clone()))
            .expect("a request");
        whole_system::send_raw(&app.runtime, request)
            .await
            .expect(StatusCode::CREATED)
    };
    let first = create("easter").await;
    assert_eq!(create("easter").await, first);
    assert_ne!(create("another").await["id"], first["id"]);
    assert_eq!(app.all("/closures", &organization.key).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn members_see_closures_and_admins_change_them() {
    let (app, organization) = advisers(804).await;
    let other = app.organization("Other", "Australia/Perth").await;
    let (row, path) = made(
        &app,
        "/closures",
        &organization.key,
        json!({"start_date": "2026-04-03"}),
    )
    .await;
    let roles = [
        (Method::GET, "/closures", [200, 200, 200]),
        (Method::GET, path.as_str(), [200, 200, 200]),
        (Method::POST, "/closures", [403, 400, 400]),
        (Method::PUT, path.as_str(), [403, 200, 200]),
    ];
    assert_roles(&app, &organization, &roles).await;
    let member = app.key(&organization.id, "member").await;
    problem(&delete(&app, &path, &member).await, 403, "forbidden");
    // Another organization has none of it.
    assert!(app.all("/closures", &other.key).await.is_empty());
    for answer in [
        app.get(&path, &other.key).await,
        put(&app, &path, &other.key, json!({"tags": "theirs"})).await,
        delete(&app, &path, &other.key).await,
    ] {
        problem(&answer, 404, "not-found");
    }
    let read = app.get(&path, &organization.key).await;
    assert_eq!(read.expect(StatusCode::OK), row);
}

#[tokio::test(start_paused = true)]
async fn who_has_too_many_is_told_to_delete_some() {
    let (app, organization) = advisers(805).await;
    let key = organization.key.as_str();
    let (row, path) = made(&app, "/closures", key, json!({"start_date": "2026-04-03"})).await;
    app.database()
        .execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1999)
             INSERT INTO office_closures (id, organization_id, start_date, end_date, description, tags, workdays, created_by, created_at, updated_at)
             SELECT printf('0190f3a0-0000-7000-8000-%012d', i), ?1, '2026-01-01', '2026-01-01', '', '[]', 1, 'u', 0, 0 FROM n",
            [&organization.id],
        )
        .expect("rows");
    let one_more = async || {
        app.post("/closures", key, json!({"start_date": "2026-05-01"}))
            .await
    };
    let refused = problem(&one_more().await, 409, "conflict");
    let detail = refused["detail"].as_str().expect("a text");
    assert!(
        detail.contains("2000 closures") && detail.contains("delete some"),
        "{detail}"
    );
    // All of them are listed once.
    let mut all = texts(&app.all("/closures", key).await, "id");
    assert_eq!(all.last().map(String::as_str), row["id"].as_str());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 2_000);
    delete(&app, &path, key).await.expect(StatusCode::OK);
    one_more().await.expect(StatusCode::CREATED);
}
