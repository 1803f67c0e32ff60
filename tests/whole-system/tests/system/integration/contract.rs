//! The contract with the callers of the replaced system, replayed route by route through the life of
//! an account: paths, methods, status codes, the members of every answer with their types, orders.

use http::Method;
use serde_json::{Value, json};
use simulators::seven_shifts::{Mutation, Resource};
use simulators::{Fault, FaultRule};
use whole_system::{App, HARBOUR, JWT_SECRET, LAKESHORE, OPERATOR_KEY, Organization};

use super::shapes::{self, Shape};
use super::{BASE, EPOCH, account, settle, token};
use crate::api::jwt;

/// Calls with and without the slash in the end.
struct Caller<'a> {
    app: &'a App,
    key: &'a str,
}

impl Caller<'_> {
    async fn call(&self, method: &Method, path: &str, body: &Value) -> (u16, Value) {
        let path = format!("{BASE}/{path}");
        let body = (!body.is_null()).then(|| body.clone());
        let answer = self
            .app
            .request(method.clone(), &path, self.key, body)
            .await;
        (answer.status.as_u16(), answer.json())
    }

    /// Both spellings of the path answer so. An error may have more members.
    async fn says(&self, call: (Method, &str, Value), status: u16, shape: Shape) -> Value {
        let (method, path, body) = call;
        let (route, query) = path.split_once('?').unwrap_or((path, ""));
        let mut last = Value::Null;
        for slash in ["", "/"] {
            let path = format!("{route}{slash}?{query}");
            let (said, value) = self.call(&method, path.trim_end_matches('?'), &body).await;
            assert_eq!(said, status, "{method} {path} {body}: {value:#}");
            if status < 400 {
                shapes::fits(&value, &shape);
            } else {
                shapes::refuses(&value, &shape);
            }
            last = value;
        }
        last
    }

    async fn get(&self, path: &str, status: u16, shape: Shape) -> Value {
        self.says((Method::GET, path, Value::Null), status, shape)
            .await
    }

    async fn post(&self, path: &str, body: Value, status: u16, shape: Shape) -> Value {
        self.says((Method::POST, path, body), status, shape).await
    }

    async fn delete(&self, path: &str, status: u16, shape: Shape) -> Value {
        self.says((Method::DELETE, path, Value::Null), status, shape)
            .await
    }
}

#[tokio::test(start_paused = true)]
async fn every_route_answers_as_the_replaced_system_did() {
    let (app, organization) = account(441).await;
    nobody_and_nowhere(&app).await;
    let caller = Caller {
        app: &app,
        key: &organization.key,
    };
    not_set_up(&caller).await;
    a_test(&caller).await;
    set_up(&caller, &organization).await;
    settle(&app).await;
    synced(&caller).await;
    settle(&app).await;
    read(&caller).await;
    mapped(&caller).await;
    failing(&caller).await;
    disconnected(&caller).await;
}

/// 401 before anything else; 400 for who belongs to no account.
async fn nobody_and_nowhere(app: &App) {
    let routes = [
        (Method::GET, "status"),
        (Method::POST, "configure"),
        (Method::POST, "test-connection"),
        (Method::POST, "sync"),
        (Method::DELETE, "disconnect"),
        (Method::GET, "employees"),
        (Method::GET, "shifts"),
        (Method::GET, "should-send?email=a@x"),
        (Method::POST, "should-send"),
        (Method::GET, "on-shift"),
        (Method::GET, "sync-logs"),
        (Method::GET, "locations"),
        (Method::GET, "roles"),
        (Method::POST, "locations/map"),
        (Method::DELETE, "locations/1/unmap"),
    ];
    for (method, path) in routes {
        let body = if method == Method::POST {
            json!({"access_token": "x"})
        } else {
            Value::Null
        };
        let nobody = Caller { app, key: "" };
        let call = (method.clone(), path, body.clone());
        nobody.says(call, 401, shapes::REFUSED).await;
        let claims = json!({"sub": "user-1", "role": "owner"});
        let token = jwt(JWT_SECRET, claims, None, Some(EPOCH + 3_600));
        for key in [OPERATOR_KEY, &token] {
            let call = (method.clone(), path, body.clone());
            let said = Caller { app, key }.says(call, 400, shapes::REFUSED).await;
            assert_eq!(said["error"], "User not associated with an account");
        }
    }
}

async fn not_set_up(caller: &Caller<'_>) {
    caller.get("status", 200, shapes::NOT_CONFIGURED).await;
    for (path, shape) in [
        ("employees", shapes::EMPLOYEES),
        ("shifts", shapes::SHIFTS),
        ("sync-logs", shapes::SYNC_LOGS),
    ] {
        assert_eq!(caller.get(path, 200, shape).await, json!([]));
    }
    for path in ["locations", "roles"] {
        caller.get(path, 400, shapes::REFUSED).await;
    }
    for path in ["disconnect", "locations/1/unmap"] {
        caller.delete(path, 400, shapes::REFUSED).await;
    }
    caller.post("sync", json!({}), 400, shapes::REFUSED).await;
    let map = json!({"seven_shifts_location_id": "1", "seven_shifts_location_name": "A", "store_id": "s-1"});
    caller
        .post("locations/map", map, 400, shapes::REFUSED)
        .await;
}

async fn a_test(caller: &Caller<'_>) {
    let test = async |body: Value, status, shape| {
        caller.post("test-connection", body, status, shape).await;
    };
    test(json!({}), 400, Shape::Wrong("access_token")).await;
    let wrong = json!({"access_token": "nobody's", "company_id": 4410});
    test(wrong, 400, shapes::REJECTED).await;
    test(
        json!({"access_token": LAKESHORE.token}),
        200,
        shapes::TESTED,
    )
    .await;
    test(token(), 200, shapes::TESTED).await;
    let unnamed = json!({"access_token": LAKESHORE.token, "company_id": ""});
    test(unnamed, 200, shapes::TESTED).await;
    let foreign = json!({"access_token": LAKESHORE.token, "company_id": HARBOUR.company_id});
    test(foreign, 200, shapes::TESTED_WITHOUT_COMPANY).await;
    let no_number = json!({"access_token": LAKESHORE.token, "company_id": "abc"});
    test(no_number, 400, Shape::Wrong("company_id")).await;
}

async fn set_up(caller: &Caller<'_>, organization: &Organization) {
    let configure = async |body: Value, status, shape| {
        caller.post("configure", body, status, shape).await;
    };
    configure(json!({}), 400, Shape::Wrong("company_id")).await;
    let without = json!({"company_id": "4410"});
    configure(without, 400, Shape::Wrong("access_token")).await;
    let bad = json!({"company_id": "4410", "access_token": "nobody's"});
    configure(bad, 400, shapes::REFUSED).await;
    for member in [
        "sync_employees_enabled",
        "sync_shifts_enabled",
        "enforce_shift_schedule",
        "create_users_without_email",
    ] {
        let mut body = token();
        body[member] = json!("yes");
        configure(body, 400, Shape::Wrong(member)).await;
    }
    let mut roles = token();
    roles["sync_role_names"] = json!("Host");
    configure(roles, 400, Shape::Wrong("sync_role_names")).await;
    caller.get("status", 200, shapes::NOT_CONFIGURED).await;

    let created = configured(caller, 201, token()).await;
    assert_eq!(created["account"], organization.id.as_str());
    assert_eq!(created["company_id"], "4410");
    configured(caller, 200, json!({"company_id": 4410})).await;
    let status = caller.get("status", 200, shapes::STATUS).await;
    assert_eq!(status["last_sync_status"]["status"], "SUCCESS");
}

/// The sync that follows is awaited for five seconds: then it may be over, and it may go on.
async fn configured(caller: &Caller<'_>, over: u16, body: Value) -> Value {
    let (status, said) = caller.call(&Method::POST, "configure/", &body).await;
    let shape = if status == over {
        shapes::CONFIGURATION
    } else {
        assert_eq!(status, 202, "{said:#}");
        shapes::CONFIGURING
    };
    shapes::fits(&said, &shape);
    settle(caller.app).await;
    said
}

async fn synced(caller: &Caller<'_>) {
    for (body, shape) in [
        (json!({"sync_type": "employees"}), shapes::EMPLOYEES_SYNCED),
        (json!({"sync_type": "shifts"}), shapes::SHIFTS_SYNCED),
        (json!({"sync_type": "full"}), shapes::FULLY_SYNCED),
        (json!({}), shapes::FULLY_SYNCED),
    ] {
        caller.post("sync", body, 200, shape).await;
        settle(caller.app).await;
    }
    // What is switched off did nothing, and has its members all the same.
    let mut people = token();
    people["sync_shifts_enabled"] = json!(false);
    configured(caller, 200, people).await;
    let full = caller
        .post("sync", json!({}), 200, shapes::FULLY_SYNCED)
        .await;
    assert_eq!(full["result"]["shifts"]["shifts_synced"], 0);
    assert_ne!(full["result"]["employees"]["employees_synced"], 0);
    let mut both = token();
    both["sync_shifts_enabled"] = json!(true);
    configured(caller, 200, both).await;
    let weather = json!({"sync_type": "weather"});
    caller
        .post("sync", weather, 400, Shape::Wrong("sync_type"))
        .await;
    // What takes longer than five seconds goes on by its name.
    let slow = Fault::Delay {
        milliseconds: 2_500,
    };
    caller.app.simulator.add_fault(FaultRule::always("/", slow));
    caller.post("sync", json!({}), 202, shapes::SYNCING).await;
    caller.app.simulator.clear_faults();
}

async fn read(caller: &Caller<'_>) {
    // People by last and first name; empty parameters are as good as none.
    let people = caller.get("employees", 200, shapes::EMPLOYEES).await;
    let name = |person: &Value| {
        ["last_name", "first_name"].map(|name| person[name].as_str().map(str::to_lowercase))
    };
    let people = people.as_array().expect("a list");
    assert!(!people.is_empty() && people.iter().map(name).is_sorted());
    assert!(people.iter().all(|person| person["is_active"] == true));
    let empty = "employees?store_id=&active_only=True";
    let same = caller.get(empty, 200, shapes::EMPLOYEES).await;
    assert_eq!(same.as_array(), Some(people));
    let all = caller
        .get("employees?active_only=false", 200, shapes::EMPLOYEES)
        .await;
    assert!(all.as_array().expect("a list").len() > people.len());
    for wrong in ["active_only=maybe", "active_only=false&active_only=true"] {
        let path = format!("employees?{wrong}");
        caller.get(&path, 400, Shape::Wrong("active_only")).await;
    }

    // Shifts by their start; without a first day, only those to come.
    let now = caller.app.clock.as_ref().expect("a simulation");
    let now = runtime::Clock::wall(&**now).as_secs().cast_signed();
    let start = |shift: &Value| {
        let text = shift["start_time"].as_str().unwrap_or_default();
        let time = chrono::DateTime::parse_from_rfc3339(text);
        time.map(|time| time.timestamp()).unwrap_or_default()
    };
    let next = caller.get("shifts", 200, shapes::SHIFTS).await;
    let next = next.as_array().expect("a list");
    assert_eq!(next.len(), 100);
    assert!(next.iter().map(start).is_sorted() && next.iter().all(|shift| start(shift) >= now));
    for query in [
        "start_date=2026-09-18&end_date=2026-09-18",
        "start_date=2026-09-18T00:00:00&end_date=2026-09-18T23:59:59Z",
        "store_id=&start_date=2026-09-18T02:00:00%2B02:00&end_date=2026-09-18",
    ] {
        let path = format!("shifts?{query}");
        let day = caller.get(&path, 200, shapes::SHIFTS).await;
        let day = day.as_array().expect("a list");
        assert!(!day.is_empty() && day.iter().map(start).is_sorted());
        assert!(day.iter().all(|shift| {
            shift["start_time"]
                .as_str()
                .is_some_and(|start| start.starts_with("2026-09-18"))
        }));
    }
    let path = "shifts?start_date=yesterday";
    caller.get(path, 400, Shape::Wrong("start_date")).await;
    let path = "shifts?end_date=2026-02-30";
    caller.get(path, 400, Shape::Wrong("end_date")).await;

    // The newest first, every sync once.
    let log = caller.get("sync-logs", 200, shapes::SYNC_LOGS).await;
    let log = log.as_array().expect("a list");
    let started = |entry: &Value| entry["started_at"].as_str().map(str::to_owned);
    assert!(
        log.windows(2)
            .all(|pair| started(&pair[0]) >= started(&pair[1]))
    );
    let status = caller.get("status", 200, shapes::STATUS).await;
    assert_eq!(
        status["last_sync_status"]["started_at"],
        log[0]["started_at"]
    );
    caller.get("roles", 200, shapes::ROLES).await;
}

async fn mapped(caller: &Caller<'_>) {
    let stores = json!({"stores": [{"product_ref": "s-1", "name": "Elsewhere"}]});
    let put = caller
        .app
        .request(Method::PUT, "/api/stores", caller.key, Some(stores))
        .await;
    assert_eq!(put.status.as_u16(), 200);
    let places = caller.get("locations", 200, shapes::LOCATIONS).await;
    let place = &places[0];
    assert_eq!(place["is_mapped"], false);
    let id = place["id"].as_str().expect("an id");
    let whole = json!({"seven_shifts_location_id": id, "seven_shifts_location_name": place["name"], "store_id": "s-1"});
    for member in [
        "seven_shifts_location_id",
        "seven_shifts_location_name",
        "store_id",
    ] {
        let mut without = whole.clone();
        without[member].take();
        caller
            .post("locations/map", without, 400, Shape::Wrong(member))
            .await;
    }
    let (status, first) = caller.call(&Method::POST, "locations/map/", &whole).await;
    assert_eq!(status, 201, "{first}");
    shapes::fits(&first, &shapes::MAPPED);
    caller
        .post("locations/map", whole, 200, shapes::MAPPED)
        .await;
    let places = caller.get("locations", 200, shapes::LOCATIONS).await;
    let names = ["is_mapped", "mapped_store_id", "mapped_store_name"];
    assert_eq!(
        names.map(|name| &places[0][name]),
        [&json!(true), &json!("s-1"), &json!("Elsewhere")]
    );
    let path = format!("locations/{id}/unmap");
    let (status, done) = caller.call(&Method::DELETE, &path, &Value::Null).await;
    assert_eq!(status, 200, "{done}");
    shapes::fits(&done, &shapes::DONE);
    caller.delete(&path, 404, shapes::REFUSED).await;
}

async fn failing(caller: &Caller<'_>) {
    let down = Fault::status(http::StatusCode::BAD_GATEWAY);
    caller.app.simulator.add_fault(FaultRule::always("/", down));
    for path in ["locations", "roles"] {
        caller.get(path, 500, shapes::REFUSED).await;
    }
    caller.app.simulator.clear_faults();
    let plan = Mutation::SetPlan {
        resource: Resource::Shifts,
        included: false,
    };
    let provider = caller.app.simulator.provider();
    provider
        .mutate(LAKESHORE.company_id, plan)
        .expect("possible");
    let shifts = json!({"sync_type": "shifts"});
    let failed = caller.post("sync", shifts, 500, shapes::REFUSED).await;
    let said = failed["error"].as_str().unwrap_or_default();
    assert!(said.starts_with("Sync failed: "), "{said}");
    settle(caller.app).await;
    let log = caller.get("sync-logs", 200, shapes::SYNC_LOGS).await;
    assert_eq!(log[0]["status"], "FAILED");
    assert_ne!(log[0]["error_details"], json!([]));
    caller.get("status", 200, shapes::STATUS).await;
}

/// What was read stays; what needs the account says that there is none.
async fn disconnected(caller: &Caller<'_>) {
    caller.delete("disconnect", 200, shapes::DONE).await;
    let status = caller.get("status", 200, shapes::STATUS).await;
    assert_eq!(status["is_active"], false);
    let people = caller.get("employees", 200, shapes::EMPLOYEES).await;
    assert_ne!(people, json!([]));
    caller.get("shifts", 200, shapes::SHIFTS).await;
    caller.get("sync-logs", 200, shapes::SYNC_LOGS).await;
    caller.post("sync", json!({}), 400, shapes::REFUSED).await;
    for path in ["locations", "roles"] {
        let said = caller.get(path, 400, shapes::REFUSED).await;
        let said = said["error"].as_str().unwrap_or_default();
        assert!(said.contains("is disconnected"), "{said}");
    }
    let without = json!({"company_id": "4410"});
    caller
        .post("configure", without, 400, Shape::Wrong("access_token"))
        .await;
    let again = configured(caller, 200, token()).await;
    assert_eq!(again["is_active"], true);
}
