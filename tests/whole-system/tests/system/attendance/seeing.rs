//! Who sees what: people themselves, admins everybody's records, owners every number.

use super::super::api::token_for;
use super::*;

/// The routes that tell of attendance, each with what it answers to member, admin and owner.
const SEEN: &[(&str, [u16; 3])] = &[
    ("/api/attendance/deltas", [403, 403, 200]),
    ("/api/attendance/records", [200, 200, 200]),
    ("/api/attendance/summary", [200, 200, 200]),
    ("/api/attendance/sick-leave", [200, 200, 200]),
    ("/api/attendance/availability", [200, 200, 200]),
    ("/api/attendance/policy", [403, 200, 200]),
    ("/api/wages", [403, 403, 200]),
    ("/api/time-punches", [403, 200, 200]),
    ("/api/sync-runs", [403, 403, 200]),
    ("/api/sync-status", [200, 200, 200]),
];

#[tokio::test(start_paused = true)]
async fn each_role_sees_what_the_table_says() {
    let (app, organization, _) = restaurant(741).await;
    let start = EPOCH - 30 * HOUR;
    let person = hire(&app);
    add_shift(&app, person, start, start + 8 * HOUR);
    sync(&app, &organization).await;
    let own = member(&app, &organization, person.0).await;
    let refs = json!({"people": [{"team_member_id": own, "product_ref": "user-7"}]});
    let set = app
        .request(
            Method::PUT,
            "/api/product-refs",
            &organization.key,
            Some(refs),
        )
        .await;
    assert!(set.status.is_success(), "{}", set.json());
    let token = |role: &str| token_for(&organization.id, role, "user-7");
    let (cook, admin, owner) = (token("member"), token("admin"), token("owner"));
    for (path, expected) in SEEN {
        for (key, status) in [&cook, &admin, &owner].into_iter().zip(expected) {
            let answer = app.get(path, key).await;
            assert_eq!(answer.status.as_u16(), *status, "{path}: {}", answer.json());
        }
    }
    // A member sees their own.
    let mine = app.all("/api/attendance/records", &cook).await;
    assert!(
        !mine.is_empty() && mine.iter().all(|row| row["team_member_id"] == own.as_str()),
        "{mine:#?}"
    );
    let everybody = app.all("/api/attendance/records", &admin).await;
    assert!(everybody.len() > mine.len());
    let other = everybody
        .iter()
        .find(|row| row["team_member_id"] != own.as_str())
        .expect("another one");
    let path = format!(
        "/api/attendance/records/{}",
        other["id"].as_str().expect("an id")
    );
    assert_eq!(app.get(&path, &cook).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get(&path, &admin).await.status, StatusCode::OK);
    let named = format!(
        "/api/attendance/records?team_member_id={}",
        other["team_member_id"].as_str().expect("an id")
    );
    assert_eq!(app.get(&named, &cook).await.status, StatusCode::NOT_FOUND);
    // The badges of where they work, of nobody by name.
    let badges = app.all("/api/attendance/summary", &cook).await;
    assert!(!badges.is_empty());
    let places: Vec<String> = {
        let assigned = app
            .all(
                &format!("/api/role-assignments?team_member_id={own}"),
                &organization.key,
            )
            .await;
        assigned
            .iter()
            .filter_map(|row| row["location_id"].as_str().map(str::to_owned))
            .collect()
    };
    for row in &badges {
        assert!(
            row["team_member_id"].is_null()
                && row["employee_name"].is_null()
                && row["points"].is_null()
                && row["overtime_cost_cents"].is_null(),
            "{row:#}"
        );
        assert!(places.contains(&row["location_id"].as_str().expect("a place").to_owned()));
    }
    assert_eq!(app.all("/api/attendance/sick-leave", &cook).await.len(), 1);
    // Of themselves by their id, too, and of nobody else.
    for (list, rows) in [("sick-leave", 1), ("availability", 7)] {
        let named = format!("/api/attendance/{list}?team_member_id={own}");
        assert_eq!(app.all(&named, &cook).await.len(), rows);
        let other = other["team_member_id"].as_str().expect("an id");
        let named = format!("/api/attendance/{list}?team_member_id={other}");
        assert_eq!(app.get(&named, &cook).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(
        app.all("/api/attendance/availability", &cook).await.len(),
        7
    );
    // Members say nothing.
    for (path, body) in [
        (path.as_str(), json!({"excused": true})),
        ("/api/attendance/policy", json!({})),
    ] {
        let method = if path.ends_with("policy") {
            Method::PUT
        } else {
            Method::PATCH
        };
        let answer = app.request(method, path, &cook, Some(body)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(
        app.post("/api/attendance/runs", &cook, json!({}))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    // Somebody who is no person here, and a key, which is none either.
    let nobody = token_for(&organization.id, "member", "user-8");
    let key = app.key(&organization.id, "member").await;
    for (key, remedies) in [
        (&nobody, ["PUT /api/product-refs", "mapped"]),
        (&key, ["an API key is no person", "attendance:read"]),
    ] {
        for list in ["records", "summary", "sick-leave", "availability"] {
            let answer = app.get(&format!("/api/attendance/{list}"), key).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
            let problem = answer.json();
            let detail = problem["detail"].as_str().expect("a text");
            for remedy in remedies {
                assert!(detail.contains(remedy), "{detail}");
            }
        }
    }
}
