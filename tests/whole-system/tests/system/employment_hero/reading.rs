//! The paths of the replaced system, and who may call them.

use simulators::employment_hero::HARBOUR_WEST;

use super::*;

async fn get(app: &App, organization: &Organization, path: &str) -> Value {
    app.get(path, &organization.key)
        .await
        .expect(StatusCode::OK)
}

async fn refused(app: &App, organization: &Organization, path: &str, status: StatusCode) -> String {
    let problem = app.get(path, &organization.key).await.expect(status);
    problem["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn syncs_answer_what_came_whether_asked_by_post_or_by_get() {
    let (app, organization, id) = start(971).await;
    let organisations = app.employment_hero.provider().organisations();
    let people = organisations.get(HARBOUR).unwrap().employees.len();
    let answer = app
        .post(EMPLOYEES, &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (
            &answer["synced"],
            &answer["created"],
            &answer["status"],
            &answer["connector_id"]
        ),
        (
            &json!(people),
            &json!(people),
            &json!("success"),
            &json!(id)
        )
    );
    let answer = get(&app, &organization, EMPLOYEES).await;
    assert_eq!(
        (&answer["synced"], &answer["created"], &answer["unchanged"]),
        (&json!(people), &json!(0), &json!(people))
    );
    // What takes longer goes on, and is asked for by its run.
    add_leave(&app, 1_500);
    let answer = app
        .get(LEAVE, &organization.key)
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(answer["synced"], Value::Null);
    let run = ended(&app, &organization, answer["run_id"].as_str().unwrap()).await;
    assert_eq!(run["status"], "success");
}

#[tokio::test(start_paused = true)]
async fn people_and_leave_are_found_as_the_replaced_system_had_them() {
    let (app, organization, _) = start(972).await;
    sync_all(&app, &organization).await;
    let page = get(&app, &organization, "/get/employees?limit=5").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 5);
    assert_eq!(page["employees"].as_array().unwrap().len(), 5);
    assert!(page["next_cursor"].is_string());
    assert_eq!(page["is_stale"], false);
    let names = ["employee_id", "name", "company_email", "account_email"];
    assert!(
        names
            .iter()
            .all(|name| page["employees"][0].get(name).is_some())
    );
    let found = get(
        &app,
        &organization,
        "/get/employee_id?email=MIA.TAN%40example.test",
    )
    .await;
    assert_eq!(
        (&found["employee_id"], &found["matched_by"]),
        (&json!(adviser(1)), &json!("company_email"))
    );
    // Without a company's mail, by the account's.
    let found = get(
        &app,
        &organization,
        "/get/employee_id?email=kai.lund%40example.test",
    )
    .await;
    assert_eq!(
        (&found["employee_id"], &found["matched_by"]),
        (&json!(adviser(12)), &json!("account_email"))
    );
    // Who worked here before has the same mail, and only one is active.
    let found = get(
        &app,
        &organization,
        "/get/employee_id?email=tess.vogt%40example.test",
    )
    .await;
    assert_eq!(found["employee_id"], adviser(11));
    let path = "/get/employee_id?email=office%40example.test";
    let why = refused(&app, &organization, path, StatusCode::CONFLICT).await;
    assert!(
        why.contains(&adviser(102)) && why.contains(&adviser(103)),
        "{why}"
    );

    let path = format!("/get/employee_leave_requests?employee_id={}", adviser(8));
    let of_jude = get(&app, &organization, &path).await;
    let leave = of_jude["leave_requests"].as_array().unwrap();
    assert_eq!(leave.len(), 2);
    assert_eq!(
        (
            &leave[0]["leave_request_id"],
            &leave[0]["employee_id"],
            &leave[0]["hours_per_day"][0]["hours"]
        ),
        (&json!(request(8)), &json!(adviser(8)), &json!(3.8))
    );
    // By our own id as well.
    let ours = of_jude["employees"][0]["id"].as_str().unwrap();
    let path = format!("/get/employee_leave_requests?employee_id={ours}");
    assert_eq!(get(&app, &organization, &path).await, of_jude);
    let path = "/get/leave_requests_by_email?email=jude.mori%40example.test";
    assert_eq!(get(&app, &organization, path).await, of_jude);
    // Two share a mail: what either has.
    let path = "/get/leave_requests_by_email?email=office%40example.test";
    let both = get(&app, &organization, path).await;
    assert_eq!(both["employees"].as_array().unwrap().len(), 2);
    // Pending, declined and cancelled leave is none, nor what is over.
    for number in [5, 6, 7, 9] {
        let path = format!(
            "/get/employee_leave_requests?employee_id={}",
            adviser(number)
        );
        let leave = get(&app, &organization, &path).await;
        assert_eq!(leave["leave_requests"], json!([]), "{number}");
    }
    let page = get(&app, &organization, "/get/leave_requests").await;
    let ids: Vec<_> = page["leave_requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["leave_request_id"].as_str().unwrap().to_owned())
        .collect();
    let expected: std::collections::BTreeSet<_> = [1, 2, 3, 4, 8, 9, 11, 12]
        .into_iter()
        .map(request)
        .collect();
    assert_eq!(
        ids.iter()
            .cloned()
            .collect::<std::collections::BTreeSet<_>>(),
        expected
    );
    let page = get(&app, &organization, "/get/leave_requests?status=PENDING").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_named_and_what_is_unknown_says_what_to_do() {
    let (app, organization, _) = start(973).await;
    for (path, name) in [
        ("/get/employee_id", "email"),
        ("/get/employee_id?email=", "email"),
        ("/get/leave_requests_by_email", "email"),
        ("/get/employee_leave_requests", "employee_id"),
        ("/get/leave_requests_list?page_index=0", "page_index"),
        ("/sync/employees?full=maybe", "full"),
    ] {
        let answer = app.get(path, &organization.key).await;
        let problem = answer.expect(StatusCode::BAD_REQUEST);
        assert_eq!(problem["errors"][0]["field"], name, "{path} {problem:#}");
    }
    for path in [
        "/get/employee_id?email=nobody%40example.test",
        "/get/leave_requests_by_email?email=nobody%40example.test",
        "/get/employee_leave_requests?employee_id=b3d7c0aa-0000-0000-0000-000000000000",
        "/get/employee_leave_requests?employee_id=7",
    ] {
        let why = refused(&app, &organization, path, StatusCode::NOT_FOUND).await;
        assert!(why.contains("POST /sync/employees"), "{why}");
    }
    let (app, organization) = unconnected(974).await;
    for path in [LEAVE, "/test/organisations", "/get/leave_requests_list"] {
        let why = refused(&app, &organization, path, StatusCode::NOT_FOUND).await;
        assert!(why.contains("POST /api/connectors"), "{why}");
    }
    // Nothing is old where nothing is connected.
    let page = get(&app, &organization, "/get/employees").await;
    assert_eq!(
        (&page["employees"], &page["is_stale"]),
        (&json!([]), &json!(false))
    );
}

#[tokio::test(start_paused = true)]
async fn which_organisation_is_asked_for_where_there_are_several() {
    let (app, organization) = unconnected(975).await;
    let id = connect(&app, &organization, "people", Value::Null).await;
    let seen = get(&app, &organization, "/test/organisations").await;
    let ids: Vec<_> = seen["organisations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["id"].as_str().unwrap(),
                one["is_used"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(ids, [(HARBOUR, false), (HARBOUR_WEST, false)]);
    let tested = app
        .post(
            &format!("/api/connectors/{id}/test"),
            &organization.key,
            json!({}),
        )
        .await
        .expect(StatusCode::OK);
    assert_eq!(tested["success"], false);
    let detail = tested["detail"].as_str().unwrap();
    assert!(
        detail.contains(HARBOUR)
            && detail.contains("Harbour Advice West")
            && detail.contains("config.organisation_id"),
        "{detail}"
    );
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(
        (&run["status"], &run["error_code"]),
        (&json!("failed"), &json!("organisation")),
        "{run:#}"
    );
    let body = json!({"config": {"client_id": CLIENT_ID, "organisation_id": HARBOUR}});
    let path = format!("/api/connectors/{id}");
    app.request(Method::PATCH, &path, &organization.key, Some(body))
        .await
        .expect(StatusCode::OK);
    let tested = app
        .post(&format!("{path}/test"), &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(tested["success"], true, "{tested:#}");
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
    sync_all(&app, &organization).await;
    assert_true(&app, &organization, "once it is chosen").await;
    // One that the login does not see.
    let body = json!({"config": {"client_id": CLIENT_ID, "organisation_id": "6f0d4b1e-0000"}});
    app.request(Method::PATCH, &path, &organization.key, Some(body))
        .await
        .expect(StatusCode::OK);
    let run = sync(&app, &organization, LEAVE).await;
    assert_eq!(run["status"], "failed", "{run:#}");
    assert!(
        run["error_detail"]
            .as_str()
            .unwrap()
            .contains("GET /test/organisations")
    );
    assert!(
        !leave_here(&app, &organization).await.is_empty(),
        "the data stays"
    );
}

#[tokio::test(start_paused = true)]
async fn several_connectors_are_told_apart() {
    let (app, organization, first) = start(976).await;
    let second = connect(&app, &organization, "west", json!(HARBOUR_WEST)).await;
    let answer = app.post(EMPLOYEES, &organization.key, json!({})).await;
    let problem = answer.expect(StatusCode::BAD_REQUEST);
    assert_eq!(problem["errors"][0]["field"], "connector");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("employment_hero, west")
    );
    for named in ["west", second.as_str()] {
        let run = sync(
            &app,
            &organization,
            &format!("{EMPLOYEES}?connector={named}"),
        )
        .await;
        assert_eq!(run["connector_id"], second);
    }
    sync(
        &app,
        &organization,
        &format!("{EMPLOYEES}?connector={first}"),
    )
    .await;
    let of_west = get(&app, &organization, "/get/employees?connector=west").await;
    assert_eq!(of_west["employees"].as_array().unwrap().len(), 1);
    let all = get(&app, &organization, "/get/employees").await;
    assert_eq!(all["employees"].as_array().unwrap().len(), 17);
    let path = "/get/employees?connector=nowhere";
    refused(&app, &organization, path, StatusCode::NOT_FOUND).await;
    // A connector that is removed takes along what it has brought.
    let path = format!("/api/connectors/{second}");
    app.request(Method::DELETE, &path, &organization.key, None)
        .await
        .expect(StatusCode::OK);
    let all = get(&app, &organization, "/get/employees").await;
    assert_eq!(all["employees"].as_array().unwrap().len(), 16);
}

#[tokio::test(start_paused = true)]
async fn the_raw_list_is_read_now_and_without_reasons() {
    let (app, organization, _) = start(977).await;
    add_leave(&app, 150);
    let page = get(&app, &organization, "/get/leave_requests_list").await;
    assert_eq!(
        (
            &page["page_index"],
            &page["next_page_index"],
            &page["unreadable"]
        ),
        (&json!(1), &json!(2), &json!(0))
    );
    assert_eq!(page["leave_requests"].as_array().unwrap().len(), 100);
    assert_eq!(page["leave_requests"][1]["status"], "APPROVED");
    assert!(!page.to_string().contains("private"));
    let last = get(&app, &organization, "/get/leave_requests_list?page_index=2").await;
    assert_eq!(last["next_page_index"], Value::Null);
    assert!(
        leave_here(&app, &organization).await.is_empty(),
        "nothing is stored"
    );
}

#[tokio::test(start_paused = true)]
async fn members_see_nobodys_leave_and_start_nothing() {
    let (app, organization, _) = start(978).await;
    sync_all(&app, &organization).await;
    let member = app.key(&organization.id, "member").await;
    let admin = app.key(&organization.id, "admin").await;
    app.employment_hero.clear_requests();
    let paths = [
        "/test/organisations",
        EMPLOYEES,
        LEAVE,
        "/get/employees",
        "/get/leave_requests",
        "/get/employee_id?email=mia.tan%40example.test",
        "/get/leave_requests_by_email?email=mia.tan%40example.test",
        "/get/leave_requests_list",
        "/api/employees",
        "/api/leave-requests",
    ];
    for path in paths {
        app.get(path, &member).await.expect(StatusCode::FORBIDDEN);
        app.get(path, "").await.expect(StatusCode::UNAUTHORIZED);
    }
    assert_eq!(app.employment_hero.requests().len(), 0);
    for path in paths {
        app.get(path, &admin).await.expect(StatusCode::OK);
    }
    // Nor does another organization.
    let other = app.organization("Other", "Australia/Sydney").await;
    let page = get(&app, &other, "/get/employees").await;
    assert_eq!(page["employees"], json!([]));
    let path = "/get/leave_requests_by_email?email=mia.tan%40example.test";
    refused(&app, &other, path, StatusCode::NOT_FOUND).await;
}

#[tokio::test(start_paused = true)]
async fn a_connector_is_made_of_a_client_and_its_secret() {
    let (app, organization) = unconnected(979).await;
    let make = async |config: Value, credentials: Value| {
        let body = json!({"type": "employment_hero", "name": "People", "config": config, "credentials": credentials});
        let answer = app.post("/api/connectors", &organization.key, body).await;
        let problem = answer.expect(StatusCode::BAD_REQUEST);
        let errors = problem["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| error["field"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let secret = json!({"client_secret": CLIENT_SECRET});
    let fields = make(json!({}), secret.clone()).await;
    assert_eq!(fields, ["/config/client_id"]);
    let fields = make(json!({"client_id": "a", "scope": "x"}), secret.clone()).await;
    assert_eq!(fields, ["/config/scope"]);
    let fields = make(json!({"client_id": "a", "organisation_id": "a/b"}), secret).await;
    assert_eq!(fields, ["/config/organisation_id"]);
    let fields = make(json!({"client_id": "a"}), json!({"access_token": "x"})).await;
    assert_eq!(
        fields,
        ["/credentials/client_secret", "/credentials/access_token"]
    );
}
