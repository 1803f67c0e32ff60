//! What callers get.

use http::StatusCode;
use serde_json::{Value, json};
use simulators::hubspot::{Change, Kind};

use super::{EARLIEST, EPOCH, Stage, ZONE, connect, connector, of, problem, source};
use whole_system::{App, OPERATOR_KEY};

fn emails(list: &Value) -> Vec<&str> {
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|row| row["email"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn advisers_are_listed_with_the_week_in_which_they_have_room() {
    let stage = Stage::set(3_101).await;
    let list = stage.earliest().await;
    assert_eq!(list["today"], "2026-09-22");
    assert_eq!(list["agreement_start_date"], "2026-09-22");
    assert_eq!(list["is_computed"], true);
    assert_eq!(list["connector_id"], stage.connector_id);
    // Jude takes nobody on, and the office is no adviser.
    assert_eq!(list["data"].as_array().unwrap().len(), 11);
    let weeks: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["earliest_open_week"].as_str())
        .collect();
    assert!(weeks.is_sorted() && weeks.len() == 10, "{weeks:?}");
    let mia = of(&list, "mia.tan@example.test");
    assert_eq!(mia["name"], "Mia Tan");
    assert_eq!(mia["service_packages"], json!(["Seed", "Series A"]));
    assert_eq!(mia["household_types"], json!(["Single", "Couple"]));
    assert_eq!(mia["client_monthly_limit"], 6);
    assert_eq!(
        of(&list, "kai.lund@example.test")["client_monthly_limit"],
        4
    );
    // Two weeks after the current one at the earliest.
    assert_eq!(mia["earliest_open_week"], "2026-10-05");
    assert_eq!(mia["earliest_label"], "2026-W41");
    assert_eq!(mia["found"], "open");
    let tess = of(&list, "tess.vogt@example.test");
    assert_eq!(
        (&tess["because"], &tess["earliest_open_week"]),
        (&json!("no_owner_id"), &Value::Null)
    );
    for name in ["users", "owners", "meetings", "deals"] {
        let source = source(&list, name);
        assert_eq!(source["is_copy"], false, "{source}");
        assert_eq!(source["is_unknown"], false, "{source}");
        assert_eq!(source["error"], Value::Null, "{source}");
        // Reading takes its time: HubSpot lets five searches through in a second.
        assert!(source["age_seconds"].as_i64().unwrap() <= 2, "{source}");
    }
    assert_eq!(source(&list, "users")["rows"], 12);
    assert_eq!(source(&list, "deals")["rows"], 7);
    assert_eq!(list["is_stale"], false);
}

#[tokio::test(start_paused = true)]
async fn weeks_are_looked_for_only_when_they_are_asked_for() {
    let stage = Stage::set(3_102).await;
    let list = stage.told("/availability/earliest?include_no=1").await;
    assert_eq!(list["is_computed"], false);
    assert_eq!(emails(&list).len(), 12);
    assert!(emails(&list).is_sorted());
    assert_eq!(
        of(&list, "jude.mori@example.test")["taking_on_clients"],
        false
    );
    for row in list["data"].as_array().unwrap() {
        for member in ["earliest_open_week", "found", "because"] {
            assert_eq!(row[member], Value::Null, "{row}");
        }
    }
    let asked = stage.asked();
    assert!(
        asked.iter().all(|path| !path.ends_with("/search")),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_wrongly_is_named() {
    let stage = Stage::set(3_103).await;
    for (path, field) in [
        (
            "/availability/earliest?agreement_start_date=soon",
            "agreement_start_date",
        ),
        (
            "/availability/earliest?agreement_start_date=2026-02-30",
            "agreement_start_date",
        ),
        (
            "/availability/earliest?agreement_start_date=9999-01-01",
            "agreement_start_date",
        ),
        ("/availability/earliest?compute=yes", "compute"),
        ("/availability/earliest?connector=x", "connector"),
        ("/availability/schedule?compute=1", "email"),
        ("/availability/schedule?email=mia", "email"),
        (
            "/availability/meetings?email=mia.tan@example.test&weeks_back=0",
            "weeks_back",
        ),
        (
            "/availability/meetings?email=mia.tan@example.test&weeks_back=53",
            "weeks_back",
        ),
        ("/availability/meetings?weeks_back=2", "email"),
        ("/availability/matrix?compute=1", "compute"),
    ] {
        problem(&stage.get(path).await, StatusCode::BAD_REQUEST, field);
    }
    assert_eq!(stage.asked(), [""; 0]);
    for path in ["schedule?compute=1&", "meetings?"] {
        let path = format!("/availability/{path}email=nobody@example.test");
        let said = stage.get(&path).await;
        problem(&said, StatusCode::NOT_FOUND, "adviser");
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_agreement_has_a_later_week() {
    let stage = Stage::set(3_104).await;
    let path = format!("{EARLIEST}&agreement_start_date=2026-11-03");
    let list = stage.told(&path).await;
    let mia = of(&list, "mia.tan@example.test");
    assert_eq!(mia["earliest_open_week"], "2026-11-09");
}

#[tokio::test(start_paused = true)]
async fn the_weeks_of_an_adviser_are_a_table_with_the_open_week_marked() {
    let stage = Stage::set(3_105).await;
    let path = "/availability/schedule?compute=1&email=MIA.Tan@example.test";
    let schedule = stage.told(path).await;
    let weeks = schedule["weeks"].as_array().unwrap();
    assert_eq!(weeks.len(), 53);
    assert_eq!(weeks[0]["monday"], "2026-09-14");
    assert_eq!(weeks[0]["week"], "2026-W38");
    // Her two deals are from before this week.
    assert_eq!(weeks[0]["deal_no_clarify"], 2);
    let marked: Vec<_> = weeks
        .iter()
        .filter(|week| week["is_earliest"] == true)
        .collect();
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0]["monday"], schedule["earliest_open_week"]);
    for week in weeks {
        let number = |name: &str| week[name].as_i64().unwrap();
        assert_eq!(
            number("difference"),
            number("actual") - number("target"),
            "{week}"
        );
    }
    let bare = stage
        .told("/availability/schedule?email=mia.tan@example.test")
        .await;
    assert_eq!(
        (&bare["weeks"], &bare["is_computed"]),
        (&json!([]), &json!(false))
    );
}

#[tokio::test(start_paused = true)]
async fn closures_and_limits_count_at_once() {
    let stage = Stage::set(3_106).await;
    let key = &stage.organization.key;
    stage.earliest().await;
    stage.asked();
    // Everybody is away in the first week that anybody could have, and Mia takes nobody any more.
    let closure = json!({"start_date": "2026-10-05", "end_date": "2026-10-09"});
    stage
        .app
        .post("/closures", key, closure)
        .await
        .expect(StatusCode::CREATED);
    let limit = json!({"adviser_email": "mia.tan@example.test", "effective_date": "2026-09-01", "client_limit_monthly": 1});
    stage
        .app
        .post("/capacity_overrides", key, limit)
        .await
        .expect(StatusCode::CREATED);
    let list = stage.earliest().await;
    let mia = of(&list, "mia.tan@example.test");
    assert_eq!(mia["because"], "target_is_zero");
    assert_eq!(mia["earliest_open_week"], Value::Null);
    assert_eq!(mia["limit_override"]["client_limit_monthly"], 1);
    assert_eq!(mia["limit_override"]["is_active"], true);
    let rows = list["data"].as_array().unwrap();
    assert!(
        rows.iter()
            .all(|row| row["earliest_open_week"] != "2026-10-05")
    );
    assert_eq!(stage.asked(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_nothing_is_no_room() {
    let stage = Stage::set(3_107).await;
    let settings = json!({"limits": {"monthly": 0, "by_pod_type": {}}});
    super::put_settings(&stage.app, &stage.organization, settings).await;
    let list = stage.earliest().await;
    for row in list["data"].as_array().unwrap() {
        assert_eq!(row["earliest_open_week"], Value::Null, "{row}");
        assert_eq!(row["client_monthly_limit"], 0);
    }
}

#[tokio::test(start_paused = true)]
async fn meetings_are_listed_further_back_than_tables_begin() {
    let stage = Stage::set(3_108).await;
    let at = |time: &str| {
        [
            ("hs_meeting_title", "Clarify - Ray"),
            ("hs_meeting_start_time", time),
            ("hs_activity_type", "Clarify"),
            ("hs_meeting_outcome", "CANCELED"),
            ("hubspot_owner_id", "7001"),
        ]
        .map(|(name, value)| (name, value.to_owned()))
    };
    for (id, time) in [
        (1, "2026-07-27T00:30:00Z"),
        (2, "2026-07-26T13:30:00Z"),
        (3, "2025-10-01T00:00:00Z"),
    ] {
        let properties = at(time);
        let properties: Vec<_> = properties
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        stage.put(Kind::Meeting, id, &properties);
    }
    let path = "/availability/meetings?email=mia.tan@example.test";
    let list = stage.told(path).await;
    assert_eq!(list["from"], "2026-07-27");
    let rows = list["data"].as_array().unwrap();
    let starts: Vec<_> = rows
        .iter()
        .map(|row| row["starts_at"].as_str().unwrap())
        .collect();
    assert!(starts.is_sorted_by(|one, other| one >= other), "{starts:?}");
    let ray: Vec<_> = rows
        .iter()
        .filter(|row| row["title"] == "Clarify - Ray")
        .collect();
    // The second one was on a Sunday in Sydney.
    assert_eq!(ray.len(), 1);
    assert_eq!(
        (
            &ray[0]["id"],
            &ray[0]["date"],
            &ray[0]["counts"],
            &ray[0]["kind"]
        ),
        (
            &json!("1"),
            &json!("2026-07-27"),
            &json!(false),
            &json!("clarify")
        )
    );
    let list = stage.told(&format!("{path}&weeks_back=52")).await;
    let ids: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].clone())
        .collect();
    assert!(
        ids.contains(&json!("2")) && ids.contains(&json!("3")),
        "{ids:?}"
    );
    // What was read of a year is there for eight weeks too.
    stage.asked();
    let list = stage.told(path).await;
    assert_eq!(stage.asked(), [""; 0]);
    assert_eq!(source(&list, "meetings")["is_copy"], true);
    // Pages.
    let page = stage.told(&format!("{path}&limit=1")).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = stage.told(&format!("{path}&limit=1&cursor={cursor}")).await;
    assert_eq!(next["data"][0], list["data"][1]);
    // Tess has no owner, by whom meetings would be found.
    let tess = stage
        .told("/availability/meetings?email=tess.vogt@example.test")
        .await;
    assert_eq!(tess["data"], json!([]));
    assert!(
        source(&tess, "meetings")["detail"]
            .as_str()
            .unwrap()
            .contains("no owner id")
    );
}

#[tokio::test(start_paused = true)]
async fn the_matrix_names_who_takes_whom() {
    let stage = Stage::set(3_109).await;
    let matrix = stage.told("/availability/matrix").await;
    let columns = matrix["household_types"].as_array().unwrap();
    let single = columns.iter().position(|name| name == "Single").unwrap();
    let cell = |package: &str, column: usize| {
        let rows = matrix["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["service_package"] == package);
        row.unwrap()["advisers"][column].clone()
    };
    assert_eq!(cell("Series B", single), json!(["Isla Ward", "Leo Park"]));
    // Jude takes nobody on.
    let seed = cell("Seed", single);
    assert!(
        !seed.as_array().unwrap().contains(&json!("Jude Mori")),
        "{seed}"
    );
    assert!(
        seed.as_array().unwrap().contains(&json!("Mia Tan")),
        "{seed}"
    );
}

#[tokio::test(start_paused = true)]
async fn tables_are_files_too() {
    let stage = Stage::set(3_110).await;
    for (path, header, words) in [
        (
            "/availability/earliest?compute=1&format=csv",
            "email,service_packages,household_types,pod_type,client_monthly_limit,earliest_open_week,earliest_label,",
            "mia.tan@example.test,Seed; Series A,Single; Couple,Standard Pod,6,2026-10-05,2026-W41,",
        ),
        (
            "/availability/schedule?compute=1&email=mia.tan@example.test&format=csv",
            "week,monday,clarify_count,ooo,deal_no_clarify,target,actual,difference,",
            "2026-W38,2026-09-14,0,No,2,3,0,-3,",
        ),
        (
            "/availability/meetings?email=mia.tan@example.test&format=csv",
            "week,monday,date,starts_at,kind,outcome,counts,title,id,",
            ",clarify,SCHEDULED,true,",
        ),
        (
            "/availability/matrix?format=csv",
            "service_package,Single,Couple,",
            "Isla Ward; Leo Park",
        ),
    ] {
        let answer = stage.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
        assert_eq!(answer.headers["x-is-stale"], "false");
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(text.starts_with(header), "{path}: {text}");
        assert!(text.contains(words), "{path}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn members_do_not_see_when_others_are_away() {
    let stage = Stage::set(3_111).await;
    let id = &stage.organization.id;
    let (member, admin) = (
        stage.app.key(id, "member").await,
        stage.app.key(id, "admin").await,
    );
    let said = stage.app.get("/availability/matrix", &member).await;
    problem(&said, StatusCode::FORBIDDEN, "advisers:read");
    let said = stage.app.get("/availability/matrix", &admin).await;
    said.expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn of_several_accounts_one_is_named() {
    let stage = Stage::set(3_112).await;
    let mut second = connector();
    second["integration_key"] = json!("hubspot-2");
    second["config"]["portal_id"] = json!(777);
    let made = stage
        .app
        .post("/api/connectors", &stage.organization.key, second)
        .await;
    let made = made.expect(StatusCode::CREATED);
    let other = made["id"].as_str().unwrap();
    let said = stage.get(EARLIEST).await;
    problem(&said, StatusCode::BAD_REQUEST, other);
    let list = stage
        .told(&format!("{EARLIEST}&connector={}", stage.connector_id))
        .await;
    assert_eq!(list["connector_id"], stage.connector_id.as_str());
    // Whose token is another account's.
    let said = stage.get(&format!("{EARLIEST}&connector={other}")).await;
    problem(&said, StatusCode::BAD_GATEWAY, "777");
}

#[tokio::test(start_paused = true)]
async fn without_a_connector_it_is_said_what_to_do() {
    let app = App::simulate(3_113, EPOCH).await;
    let organization = app.organization("Harbour", ZONE).await;
    let said = app.get(EARLIEST, &organization.key).await;
    problem(&said, StatusCode::CONFLICT, "/api/connectors");
    // What is wrong with the question is told before.
    for path in [
        "/availability/earliest?cursor=x",
        "/availability/meetings?email=a@x&cursor=e30",
        "/availability/meetings?email=a@x&limit=501",
    ] {
        let said = app.get(path, &organization.key).await;
        assert_eq!(said.status, StatusCode::BAD_REQUEST, "{path}");
    }
    for email in ["", "x", "@x", "a%20b@x", "a@x%00"] {
        let path = format!("/availability/schedule?email={email}");
        let said = app.get(&path, &organization.key).await.json();
        assert_eq!(said["errors"].as_array().unwrap().len(), 1, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn tenants_have_copies_of_their_own() {
    let stage = Stage::set(3_114).await;
    stage.earliest().await;
    let other = stage.app.organization("Other", ZONE).await;
    let foreign = format!("{EARLIEST}&connector={}", stage.connector_id);
    let said = stage.app.get(&foreign, &other.key).await;
    problem(&said, StatusCode::NOT_FOUND, "connector");
    // The same account, connected by somebody else, is read anew for them.
    let connector_id = connect(&stage.app, &other, "hubspot").await;
    stage.asked();
    stage.change(Change::ArchiveRecord {
        kind: Kind::User,
        id: 90_210_001,
    });
    let list = stage
        .app
        .get(EARLIEST, &other.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(list["connector_id"], connector_id);
    assert_eq!(list["data"].as_array().unwrap().len(), 10);
    assert!(!stage.asked().is_empty());
    // Theirs is what it was.
    assert_eq!(stage.earliest().await["data"].as_array().unwrap().len(), 11);
    assert_eq!(stage.asked(), [""; 0]);
    let names = stage.app.key_value_names();
    let mine = names
        .iter()
        .filter(|name| name.contains(&stage.organization.id));
    let theirs = names.iter().filter(|name| name.contains(&other.id));
    assert_eq!((mine.count(), theirs.count()), (9, 9), "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn the_operator_names_the_organization() {
    let stage = Stage::set(3_115).await;
    let get = async |path: &str| stage.app.get(path, OPERATOR_KEY).await;
    for path in ["earliest", "schedule", "meetings?email=a@x", "matrix"] {
        let path = format!("/availability/{path}");
        problem(
            &get(&path).await,
            StatusCode::BAD_REQUEST,
            "organization_id",
        );
        let mark = if path.contains('?') { '&' } else { '?' };
        let nobody = "0190f3a0-0000-7000-8000-000000000000";
        let path = format!("{path}{mark}organization_id={nobody}");
        let path = path.replace("schedule?", "schedule?email=a@x&");
        problem(
            &get(&path).await,
            StatusCode::NOT_FOUND,
            "no such organization",
        );
    }
    let path = format!(
        "/availability/matrix?organization_id={}",
        stage.organization.id
    );
    get(&path).await.expect(StatusCode::OK);
}
