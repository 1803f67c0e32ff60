//! Who sees what: people themselves, admins everybody's records, owners every number.

use simulators::seven_shifts::AttendanceStatus;

use super::super::api::{api_key, token_for};
use super::*;

/// A route, its body, and what it answers to a member by key, a member by token, admin and owner. `RECORD` and
/// `PUNCH` in a path stand for ids of somebody else's.
type Seen = (&'static str, &'static str, &'static str, [u16; 4]);

/// Everything of attendance, labour cost and shift checks, and the tables behind them.
const SEEN: &[Seen] = &[
    ("GET", "/api/attendance/deltas", "", [403, 403, 403, 200]),
    ("GET", "/api/attendance/records", "", [404, 200, 200, 200]),
    (
        "GET",
        "/api/attendance/records/RECORD",
        "",
        [404, 404, 200, 200],
    ),
    (
        "PATCH",
        "/api/attendance/records/RECORD",
        r#"{"note": "Said so"}"#,
        [403, 403, 200, 200],
    ),
    ("GET", "/api/attendance/summary", "", [404, 200, 200, 200]),
    (
        "GET",
        "/api/attendance/sick-leave",
        "",
        [404, 200, 200, 200],
    ),
    (
        "GET",
        "/api/attendance/availability",
        "",
        [404, 200, 200, 200],
    ),
    ("GET", "/api/attendance/policy", "", [403, 403, 200, 200]),
    ("GET", "/api/shifts", "", [200, 200, 200, 200]),
    ("GET", "/api/time-punches", "", [403, 403, 200, 200]),
    (
        "GET",
        "/api/time-punches?is_disputed=true",
        "",
        [403, 403, 200, 200],
    ),
    ("GET", "/api/time-punches/PUNCH", "", [403, 403, 200, 200]),
    (
        "PATCH",
        "/api/time-punches/PUNCH",
        r#"{"disputed": true}"#,
        [403, 403, 200, 200],
    ),
    ("GET", "/api/time-off", "", [403, 403, 200, 200]),
    ("GET", "/api/availability", "", [403, 403, 200, 200]),
    ("GET", "/api/wages", "", [403, 403, 403, 200]),
    ("GET", "/api/costing/rates", "", [403, 403, 200, 200]),
    (
        "POST",
        "/api/costing/labor",
        r#"{"items": [{"role": "Line Cook", "minutes": 60}]}"#,
        [403, 403, 200, 200],
    ),
    ("GET", "/api/costing/daily", "", [403, 403, 200, 200]),
    (
        "GET",
        "/api/integrations/7shifts/should-send?email=nobody@example.test",
        "",
        [403, 403, 200, 200],
    ),
    (
        "POST",
        "/api/integrations/7shifts/should-send",
        r#"{"recipients": [{"email": "nobody@example.test"}]}"#,
        [403, 403, 200, 200],
    ),
    (
        "GET",
        "/api/integrations/7shifts/on-shift",
        "",
        [403, 403, 200, 200],
    ),
    ("GET", "/api/sync-runs", "", [403, 403, 403, 200]),
    ("GET", "/api/sync-status", "", [200, 200, 200, 200]),
    // Last: everything is decided again by them.
    ("PUT", "/api/attendance/policy", "{}", [403, 403, 200, 200]),
    ("POST", "/api/attendance/runs", "{}", [403, 403, 200, 200]),
];

const ROLES: [&str; 4] = ["member by key", "member by token", "admin", "owner"];

/// Members that are null in each row of a list, or not there, for these of the roles.
const HIDDEN: &[(&str, &[&str], &[usize])] = &[
    ("/api/shifts", &["attendance_status", "late_minutes"], &[0]),
    (
        "/api/attendance/summary",
        &[
            "team_member_id",
            "employee_name",
            "points",
            "overtime_cost_cents",
        ],
        &[1],
    ),
    (
        "/api/costing/rates",
        &["minimum_cents", "maximum_cents"],
        &[2],
    ),
];

#[tokio::test(start_paused = true)]
async fn each_role_sees_what_the_table_says() {
    let (app, organization, _) = restaurant(741).await;
    let start = EPOCH - 30 * HOUR;
    let person = hire(&app);
    add_shift(&app, person, start, start + 8 * HOUR);
    sync(&app, &organization).await;
    let own = member(&app, &organization, person.0).await;
    call(&app, &organization, &own, "user-7").await;
    let token = |role: &str| token_for(&organization.id, role, "user-7");
    let (cook, admin, owner) = (token("member"), token("admin"), token("owner"));
    let by_key = app.key(&organization.id, "member").await;
    let keys = [&by_key, &cook, &admin, &owner];
    let id_of = |rows: &[Value]| {
        let of_another = rows
            .iter()
            .find(|row| row["team_member_id"].is_string() && row["team_member_id"] != own.as_str());
        let id = of_another.expect("somebody else")["id"].as_str();
        id.expect("an id").to_owned()
    };
    let record = id_of(&app.all("/api/attendance/records", &owner).await);
    let punch = id_of(&app.all("/api/time-punches", &owner).await);
    for (method, path, body, expected) in SEEN {
        let path = path.replace("RECORD", &record).replace("PUNCH", &punch);
        for ((key, role), status) in keys.into_iter().zip(ROLES).zip(expected) {
            let body = (!body.is_empty()).then(|| body.parse().expect("JSON"));
            let method = method.parse().expect("a method");
            let answer = app.request(method, &path, key, body).await;
            // A run that goes on after the answer is one as well.
            let said = match answer.status.as_u16() {
                202 if path.ends_with("/runs") => 200,
                said => said,
            };
            assert_eq!(said, *status, "{path} as {role}: {}", answer.json());
        }
    }
    settle(&app).await;
    for (path, members, roles) in HIDDEN {
        let empty = |row: &Value| members.iter().all(|member| row[*member].is_null());
        let all = app.all(path, &owner).await;
        assert!(!all.iter().all(empty), "{path} shows them to owners");
        for role in *roles {
            let rows = app.all(path, keys[*role]).await;
            assert!(!rows.is_empty(), "{path}");
            let shown = rows.iter().find(|row| !empty(row));
            assert_eq!(shown, None, "{path} as {}", ROLES[*role]);
        }
    }
    // Of attendance, the rows of a member are their own in each list.
    for row in app.all("/api/shifts", &cook).await {
        let is_own = row["team_member_id"] == own.as_str();
        assert_eq!(row["attendance_status"].is_string(), is_own, "{row:#}");
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

/// Whoever is called `product_ref` in the product from now on.
async fn call(app: &App, organization: &Organization, member: &str, product_ref: &str) {
    let refs = json!({"people": [{"team_member_id": member, "product_ref": product_ref}]});
    let set = app
        .request(
            Method::PUT,
            "/api/product-refs",
            &organization.key,
            Some(refs),
        )
        .await;
    assert!(set.status.is_success(), "{}", set.json());
}

/// The shifts whose rows tell of attendance; both members are in every row, and null in the others.
fn telling(rows: &[Value], id: &str) -> Vec<String> {
    assert!(!rows.is_empty());
    let mut telling = Vec::new();
    for row in rows {
        let (status, minutes) = (
            row.get("attendance_status").expect("the member"),
            row.get("late_minutes").expect("the member"),
        );
        assert_eq!(status.is_null(), minutes.is_null(), "{row:#}");
        if !status.is_null() {
            telling.push(row[id].to_string());
        }
    }
    telling.sort();
    telling
}

#[tokio::test(start_paused = true)]
async fn shifts_tell_of_attendance_to_who_may_know_of_it() {
    let (app, organization, _) = restaurant(742).await;
    let start = EPOCH - 30 * HOUR;
    let person = hire(&app);
    let shift = add_shift(&app, person, start, start + 8 * HOUR);
    let late = Mutation::SetAttendance {
        id: shift,
        status: AttendanceStatus::Late,
        late_minutes: 12,
    };
    change(&app, late);
    sync(&app, &organization).await;
    let own = member(&app, &organization, person.0).await;
    call(&app, &organization, &own, "user-7").await;
    let token = |role: &str, subject: &str| token_for(&organization.id, role, subject);
    let only = async |scopes: Value| {
        let body = json!({"name": "k", "scopes": scopes});
        let key = api_key(&app, &organization, body).await;
        key["key"].as_str().expect("a key").to_owned()
    };
    let owner = app.all("/api/shifts", &organization.key).await;
    let every = telling(&owner, "id");
    assert_eq!(every.len(), owner.len());
    let mine = owner
        .iter()
        .find(|row| row["external_id"] == shift.to_string().as_str())
        .expect("it");
    assert_eq!(
        (&mine["attendance_status"], &mine["late_minutes"]),
        (&json!("late"), &json!(12))
    );
    let others = owner
        .iter()
        .find(|row| row["attendance_status"] == "late" && row["id"] != mine["id"])
        .expect("somebody else who was late");
    let callers = [
        ("owner", organization.key.clone(), true, true),
        (
            "admin",
            app.key(&organization.id, "admin").await,
            true,
            true,
        ),
        ("admin by token", token("admin", "user-7"), true, true),
        (
            "both scopes",
            only(json!(["shifts:read", "attendance:read"])).await,
            true,
            true,
        ),
        ("cook", token("member", "user-7"), true, false),
        (
            "member",
            app.key(&organization.id, "member").await,
            false,
            false,
        ),
        ("nobody known", token("member", "user-8"), false, false),
        (
            "shifts only",
            only(json!(["shifts:read"])).await,
            false,
            false,
        ),
    ];
    for (name, key, sees_own, sees_all) in &callers {
        let rows = app.all("/api/shifts", key).await;
        assert_eq!(rows.len(), owner.len(), "{name} sees the schedule");
        let expected = match (sees_own, sees_all) {
            (_, true) => every.clone(),
            (true, false) => vec![mine["id"].to_string()],
            (false, false) => Vec::new(),
        };
        assert_eq!(telling(&rows, "id"), expected, "{name}");
        // What else there is of a shift is the same for all.
        for (row, whole) in rows.iter().zip(&owner) {
            let mut whole = whole.clone();
            for told in ["attendance_status", "late_minutes"] {
                whole[told] = row[told].clone();
            }
            assert_eq!(*row, whole, "{name}");
        }
        let changes = "/api/shifts?updated_since=2020-01-01T00:00:00Z";
        assert_eq!(telling(&app.all(changes, key).await, "id").len(), {
            if *sees_all {
                app.all(changes, &organization.key).await.len()
            } else {
                expected.len()
            }
        });
        for (whole, sees) in [(mine, *sees_own), (others, *sees_all)] {
            let path = format!("/api/shifts/{}", whole["id"].as_str().expect("an id"));
            let row = app.get(&path, key).await.expect(StatusCode::OK);
            let shown = if sees {
                ["attendance_status", "late_minutes"].map(|told| whole[told].clone())
            } else {
                [Value::Null, Value::Null]
            };
            assert_eq!(
                [&row["attendance_status"], &row["late_minutes"]],
                [&shown[0], &shown[1]],
                "{name}"
            );
        }
        // 7shifts does not say which of its users the caller is.
        let day = json!({"startDate": day(start), "endDate": day(start + DAY)});
        let ask = json!({"action": "get_shifts", "params": day});
        let answer = app.proxy(key, ask).await.expect(StatusCode::OK);
        let rows = answer["data"].as_array().expect("rows");
        assert!(rows.iter().any(|row| row["id"] == shift), "{name}");
        let told = telling(rows, "id").len();
        assert_eq!(told, if *sees_all { rows.len() } else { 0 }, "{name}");
    }
}
