//! What is only handed on: asked for as what is read, and left as it is.

use providers::ProviderError;
use providers::seven_shifts::{
    AvailabilitiesQuery, DepartmentsQuery, ListQuery, LocationsQuery, Paging, RolesQuery,
    ShiftsQuery, SingleQuery, TimeOffQuery, TimePunchesQuery, UsersQuery,
};
use serde_json::{Value, json};

use crate::support::{client, read};

fn page(rows: &Value, next: &Value) -> Vec<u8> {
    json!({"data": rows, "meta": {"cursor": {"next": next}}})
        .to_string()
        .into_bytes()
}

#[test]
fn a_list_is_asked_for_in_the_same_words_whoever_reads_it() {
    let client = client();
    let paging = || Paging {
        cursor: Some("eyJ=".to_owned()),
        limit: Some(7),
    };
    macro_rules! same {
        ($($kind:ident $query:ident $list:ident;)*) => {$(
            for paging in [Paging::default(), paging()] {
                let query = $query { paging, ..$query::default() };
                let typed = client.$list(&query).unwrap().request;
                let raw = client.raw_list(&ListQuery::$kind(query)).unwrap().request;
                assert_eq!((raw.method(), raw.uri()), (typed.method(), typed.uri()));
                assert_eq!(raw.headers(), typed.headers());
            }
        )*};
    }
    same! {
        Locations LocationsQuery locations;
        Departments DepartmentsQuery departments;
        Roles RolesQuery roles;
        Users UsersQuery users;
        Shifts ShiftsQuery shifts;
        TimePunches TimePunchesQuery time_punches;
        Availabilities AvailabilitiesQuery availabilities;
        TimeOff TimeOffQuery time_off;
    }
    for (single, typed) in [
        (
            SingleQuery::UserWages(881_002),
            client.user_wages(881_002).unwrap().request,
        ),
        (
            SingleQuery::UserAssignments(881_002),
            client.user_assignments(881_002).unwrap().request,
        ),
        (
            SingleQuery::LaborSettings,
            client.labor_settings().unwrap().request,
        ),
    ] {
        let raw = client.raw_single(single).unwrap().request;
        assert_eq!(raw.uri(), typed.uri());
        assert_eq!(raw.headers(), typed.headers());
    }
}

#[test]
fn rows_stay_as_they_are_but_no_row_of_another_account_comes_along() {
    let list = ListQuery::Shifts(ShiftsQuery::default());
    let call = client().raw_list(&list).unwrap();
    let own = json!({"id": "x", "company_id": 4410, "new_one_day": [1.5, null]});
    let bare = json!({"start": 7});
    let foreign = json!({"id": 2, "company_id": 4420});
    let answer = read(&call, page(&json!([own, foreign, bare]), &json!("abc"))).unwrap();
    let rows: Vec<Value> = answer.rows.into_iter().map(Value::Object).collect();
    assert_eq!(rows, [own, bare]);
    assert_eq!(answer.next.as_deref(), Some("abc"));
    let last = read(&call, page(&json!([]), &Value::Null)).unwrap();
    assert_eq!((last.rows.len(), last.next), (0, None));
}

#[test]
fn an_answer_that_is_no_page_or_no_object_is_malformed() {
    let list = ListQuery::TimeOff(TimeOffQuery::default());
    let call = client().raw_list(&list).unwrap();
    for body in [
        "see attachment",
        r#"{"data":"see attachment","meta":[],"object":7}"#,
        r#"{"meta":{"cursor":{"next":null}}}"#,
        r#"{"data":[],"meta":{}}"#,
        r#"{"data":[7],"meta":{"cursor":{"next":null}}}"#,
        r#"{"data":[{"a":"\ud800"}],"meta":{"cursor":{"next":null}}}"#,
    ] {
        let failed = read(&call, body.as_bytes().to_vec()).unwrap_err();
        assert!(matches!(failed, ProviderError::Malformed { .. }), "{body}");
    }
    let call = client().raw_single(SingleQuery::LaborSettings).unwrap();
    let good = read(&call, br#"{"data":{"company_id":4410,"x":1}}"#.to_vec()).unwrap();
    assert_eq!(Value::Object(good), json!({"company_id": 4410, "x": 1}));
    for body in [
        "{}",
        r#"{"data":[]}"#,
        r#"{"data":null}"#,
        r#"{"data":{"company_id":4420}}"#,
    ] {
        let failed = read(&call, body.as_bytes().to_vec()).unwrap_err();
        assert!(matches!(failed, ProviderError::Malformed { .. }), "{body}");
    }
}
