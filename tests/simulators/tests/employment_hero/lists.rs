//! The API.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use simulators::employment_hero::{
    ADVISERS, Change, DateFilter, DateForm, HARBOUR, HARBOUR_WEST, LeaveRequest, List, OTHER_FIRM,
    SCALE, Scope, scale,
};
use simulators::{Fault, FaultRule};

use crate::support::{NOW, World, request};

fn ids(data: &Value) -> Vec<String> {
    let items = data["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn leave_of(data: &Value, adviser: usize) -> Vec<&Value> {
    let employee = format!("b3d7c0aa-52c5-4f0b-9f0e-{adviser:012x}");
    let items = data["items"].as_array().unwrap();
    items
        .iter()
        .filter(|item| item["employee_id"] == json!(employee))
        .collect()
}

#[tokio::test]
async fn a_login_sees_its_organisations_and_no_other() {
    let world = World::demo();
    let token = world.access_token();
    let answer = world.get(&token, "organisations").await.json();
    assert_eq!(ids(&answer["data"]), [HARBOUR, HARBOUR_WEST]);
    assert_eq!(answer["data"]["total_pages"], 1);
    let one = world.get(&token, &format!("organisations/{HARBOUR}")).await;
    assert_eq!(one.json()["data"]["time_zone"], "Australia/Sydney");
    for path in [
        format!("organisations/{OTHER_FIRM}"),
        format!("organisations/{OTHER_FIRM}/employees"),
        "organisations/none/employees".to_owned(),
        format!("organisations/{HARBOUR}/employees/none"),
        format!("organisations/{HARBOUR}/payslips"),
        "payslips".to_owned(),
    ] {
        let answer = world.get(&token, &path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["code"], 404);
    }
    let path = format!("/api/v1/organisations/{HARBOUR}/employees");
    assert_eq!(
        world.ask(request(Method::GET, &path, &[], "")).await.status,
        401
    );
}

#[tokio::test]
async fn the_demo_has_the_twelve_advisers_and_the_odd_ones() {
    let world = World::demo();
    let people = world
        .list(&world.access_token(), "employees?item_per_page=100")
        .await;
    let people = people["items"].as_array().unwrap();
    let mails: Vec<_> = people
        .iter()
        .map(|person| {
            let mail = person["company_email"].as_str();
            mail.unwrap_or_default().to_lowercase()
        })
        .collect();
    for (first, last) in ADVISERS {
        let mail = format!("{first}.{last}@example.test").to_lowercase();
        let expected = match first {
            "Kai" => 0,
            "Tess" => 2,
            _ => 1,
        };
        let count = mails.iter().filter(|known| **known == mail).count();
        assert_eq!(count, expected, "{mail}");
    }
    let shared = mails.iter().filter(|mail| *mail == "office@example.test");
    assert_eq!(shared.count(), 2);
    let kai = people
        .iter()
        .find(|person| person["first_name"] == "Kai")
        .unwrap();
    assert_eq!(kai["company_email"], Value::Null);
    assert_eq!(kai["account_email"], "kai.lund@example.test");
}

#[tokio::test]
async fn the_demo_has_leave_of_every_kind() {
    let world = World::demo();
    let leave = world
        .list(&world.access_token(), "leave_requests?item_per_page=100")
        .await;
    let words: BTreeSet<String> = leave["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["status"].as_str().unwrap().to_lowercase())
        .collect();
    let all = ["approved", "cancelled", "declined", "pending"].map(str::to_owned);
    assert_eq!(words, BTreeSet::from(all));
    let running = leave_of(&leave, 2)[0];
    assert_eq!(running["start_date"], "2026-09-18T00:00:00+00:00");
    assert_eq!(running["end_date"], "2026-09-25T00:00:00+00:00");
    assert_eq!(running["status"], "APPROVED");
    // Friday, and Monday to Friday.
    assert_eq!(running["hours_per_day"].as_array().unwrap().len(), 6);
    assert_eq!(running["total_hours"], 45.6);
    let two_weeks = leave_of(&leave, 3)[0];
    assert_eq!(two_weeks["start_date"], "2026-09-30T00:00:00+00:00");
    assert_eq!(two_weeks["end_date"], "2026-10-06T00:00:00+00:00");
    let year_end = leave_of(&leave, 4)[0];
    assert_eq!(year_end["end_date"], "2027-01-09T00:00:00+00:00");
    let halves = leave_of(&leave, 8);
    assert_eq!(halves.len(), 2);
    assert_eq!(
        halves[0]["hours_per_day"],
        json!([{"date": "2026-09-28", "hours": 3.8}])
    );
    assert_eq!(
        leave_of(&leave, 9)[0]["end_date"],
        "2026-08-22T00:00:00+00:00"
    );
}

#[tokio::test]
async fn pages_are_counted_from_one_and_have_a_hundred_rows_at_the_most() {
    let world = World::of(scale(250, 0, NOW));
    let token = world.access_token();
    let list = async |query: &str| {
        let path = format!("organisations/{SCALE}/employees{query}");
        world.get(&token, &path).await.json()["data"].take()
    };
    for (query, rows, index, size, pages) in [
        ("", 20, 1, 20, 13),
        ("?item_per_page=100&page_index=3", 50, 3, 100, 3),
        ("?item_per_page=500", 100, 1, 100, 3),
        ("?item_per_page=100&page_index=4", 0, 4, 100, 3),
    ] {
        let data = list(query).await;
        assert_eq!(data["items"].as_array().unwrap().len(), rows, "{query}");
        assert_eq!(data["page_index"], index);
        assert_eq!(data["item_per_page"], size);
        assert_eq!(data["total_pages"], pages);
        assert_eq!(data["total_items"], 250);
    }
    let path = format!("organisations/{SCALE}/leave_requests");
    let empty = world.get(&token, &path).await.json();
    assert_eq!(empty["data"]["total_pages"], 1);
    assert_eq!(empty["data"]["items"], json!([]));
    for query in ["?page_index=0", "?page_index=x", "?item_per_page=0"] {
        let path = format!("organisations/{SCALE}/employees{query}");
        assert_eq!(world.get(&token, &path).await.status, 422, "{query}");
    }
}

#[tokio::test]
async fn leave_is_selected_by_overlap_or_by_its_start() {
    let world = World::demo();
    let token = world.access_token();
    let path = "leave_requests?start_date=2026-09-21&end_date=2026-09-25&item_per_page=100";
    let selected = world.list(&token, path).await;
    assert_eq!(leave_of(&selected, 2).len(), 1);
    assert_eq!(ids(&selected).len(), 1);
    world.settings(|settings| settings.date_filter = DateFilter::Start);
    assert_eq!(ids(&world.list(&token, path).await), Vec::<String>::new());
    let from = world
        .list(&token, "leave_requests?start_date=2026-12-01")
        .await;
    assert_eq!(ids(&from).len(), 1);
    let bad = format!("organisations/{HARBOUR}/leave_requests?start_date=2026-09-21T00:00:00Z");
    assert_eq!(world.get(&token, &bad).await.status, 422);
}

#[tokio::test]
async fn dates_are_written_in_every_form_that_was_seen() {
    let world = World::demo();
    let token = world.access_token();
    for (form, written) in [
        (DateForm::Date, "2026-09-18"),
        (DateForm::Local, "2026-09-18T00:00:00+11:00"),
    ] {
        world.settings(|settings| settings.date_form = form);
        let leave = world.list(&token, "leave_requests?item_per_page=100").await;
        assert_eq!(leave_of(&leave, 2)[0]["start_date"], written);
    }
}

#[tokio::test]
async fn a_scope_that_was_not_asked_for_is_missed() {
    let world = World::demo();
    let token = world.access_token();
    world.settings(|settings| {
        settings.withheld_scopes.insert(Scope::LeaveRequests);
    });
    let path = format!("organisations/{HARBOUR}/leave_requests");
    let answer = world.get(&token, &path).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json(),
        json!({"code": 403, "errors": ["insufficient_scope"]})
    );
    assert_eq!(world.get(&token, "organisations").await.status, 200);
}

#[tokio::test]
async fn twenty_a_second_and_a_hundred_a_minute_are_let_through() {
    let world = World::demo();
    let token = world.access_token();
    let mut passed = 0;
    for _ in 0..5 {
        for _ in 0..20 {
            assert_eq!(world.get(&token, "organisations").await.status, 200);
            passed += 1;
        }
        let refused = world.get(&token, "organisations").await;
        assert_eq!(refused.status, 429);
        assert!(!refused.headers.contains_key("retry-after"));
        world.clock.advance_seconds(1);
    }
    assert_eq!(passed, 100);
    assert_eq!(world.get(&token, "organisations").await.status, 429);
    // Another access token of the same grant would be no way around it, another grant is.
    let other = world.access_token();
    assert_eq!(world.get(&other, "organisations").await.status, 200);
    world.clock.advance_seconds(55);
    assert_eq!(world.get(&token, "organisations").await.status, 200);
    world.settings(|settings| {
        settings.per_second = Some(0);
        settings.retry_after = true;
    });
    let refused = world.get(&token, "organisations").await;
    assert_eq!(refused.headers["retry-after"], "1");
}

#[tokio::test]
async fn leave_is_asked_for_decided_and_withdrawn() {
    let world = World::demo();
    let token = world.access_token();
    let before = world.list(&token, "leave_requests?item_per_page=100").await;
    let id = leave_of(&before, 5)[0]["id"].as_str().unwrap().to_owned();
    world.change(Change::SetLeaveStatus {
        id: id.clone(),
        status: "Approved".to_owned(),
    });
    let path = format!("organisations/{HARBOUR}/leave_requests/{id}");
    assert_eq!(
        world.get(&token, &path).await.json()["data"]["status"],
        "Approved"
    );
    world.change(Change::WithdrawLeave { id: id.clone() });
    assert_eq!(world.get(&token, &path).await.status, 404);
    let organisations = world.provider().organisations();
    let mut again: LeaveRequest = organisations.get(HARBOUR).unwrap().leave_requests[0].clone();
    again.id = "new".to_owned();
    world.change(Change::AddLeave {
        organisation: HARBOUR.to_owned(),
        leave: again,
    });
    let after = world.list(&token, "leave_requests?item_per_page=100").await;
    let (before, after) = (ids(&before), ids(&after));
    assert_eq!(after.len(), before.len());
    assert!(!after.contains(&id) && after.contains(&"new".to_owned()));
}

#[tokio::test]
async fn a_row_moves_between_two_pages() {
    let world = World::of(scale(250, 0, NOW));
    let token = world.access_token();
    world.change(Change::SwapAfterPages {
        list: List::Employees,
        times: 1,
    });
    let mut seen = Vec::new();
    for page in 1..=3 {
        let path = format!("organisations/{SCALE}/employees?item_per_page=100&page_index={page}");
        seen.extend(ids(&world.get(&token, &path).await.json()["data"]));
    }
    assert_eq!(seen.len(), 250);
    // One twice, one not at all: whoever merges by id has one too few, and can ask for it.
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 249);
    let path = format!("organisations/{SCALE}/employees/5ca1e000-52c5-4f0b-9f0e-000000000065");
    assert!(!seen.contains(&"5ca1e000-52c5-4f0b-9f0e-000000000065".to_owned()));
    assert_eq!(world.get(&token, &path).await.status, 200);
}

#[tokio::test]
async fn pages_are_faulty_on_demand() {
    let world = World::of(scale(250, 0, NOW));
    let token = world.access_token();
    let page = async |number: u32, fault: Fault| {
        world
            .simulator
            .add_fault(FaultRule::once("/api/v1/", fault));
        let path = format!("organisations/{SCALE}/employees?item_per_page=100&page_index={number}");
        let data = world.get(&token, &path).await.json()["data"].take();
        (ids(&data).len(), data["total_pages"].clone())
    };
    assert_eq!(page(2, Fault::EmptyPage).await, (0, json!(3)));
    assert_eq!(
        page(1, Fault::ListCutShort { keep: 7 }).await,
        (7, json!(1))
    );
    let never = Fault::NeverEndingCursor {
        repeat_rows: true,
        same_cursor: false,
    };
    assert_eq!(page(9, never).await, (50, json!(10)));
    assert_eq!(page(2, Fault::DuplicatePage).await, (100, json!(3)));
}
