//! What records are read into.

use proptest::prelude::*;
use providers::Page;
use providers::employment_hero::{
    Employee, LeaveDay, LeaveRequest, LeaveRequestsQuery, Organisation, Team,
};
use serde_json::{Value, json};

use crate::support::{
    LEAVE, MIA, ORGANISATION, account, client, date, employee, leave, organisation, page_of, read,
    with,
};

fn employees(items: Value) -> Page<Employee> {
    read(client().employees(None).unwrap(), page_of(items)).unwrap()
}

fn leaves(items: Value) -> Page<LeaveRequest> {
    let call = client().leave_requests(&LeaveRequestsQuery::default());
    read(call.unwrap(), page_of(items)).unwrap()
}

fn one_leave(record: Value) -> LeaveRequest {
    let page = leaves(json!([record]));
    assert_eq!(page.rejected, []);
    page.rows.into_iter().next().unwrap()
}

#[test]
fn an_organisation_is_read_from_the_list_and_alone() {
    let expected = Organisation {
        id: ORGANISATION.to_owned(),
        name: "Harbour Advice Pty Ltd".to_owned(),
        country: Some("AU".to_owned()),
        time_zone: None,
    };
    let call = account().organisations(None).unwrap();
    let page = read(call, page_of(json!([organisation()]))).unwrap();
    assert_eq!(page.rows, std::slice::from_ref(&expected));
    let detailed = with(organisation(), "time_zone", json!("Australia/Sydney"));
    let call = client().organisation().unwrap();
    let alone = read(call, json!({ "data": detailed }).to_string()).unwrap();
    assert_eq!(
        alone,
        Organisation {
            time_zone: Some("Australia/Sydney".to_owned()),
            ..expected
        }
    );
}

#[test]
fn a_person_is_read_with_what_is_worth_keeping() {
    let expected = Employee {
        id: MIA.to_owned(),
        full_name: Some("Mia Tan".to_owned()),
        first_name: Some("Mia".to_owned()),
        last_name: Some("Tan".to_owned()),
        known_as: Some("Mimi".to_owned()),
        account_email: Some("mia.private@example.test".to_owned()),
        company_email: Some("mia.tan@example.test".to_owned()),
        job_title: Some("Financial Adviser".to_owned()),
        status: Some("active".to_owned()),
        start_date: Some(date("2024-02-05")),
        termination_date: None,
        time_zone: Some("Australia/Sydney".to_owned()),
        teams: vec![Team {
            id: Some("1f1a7c55-0000-4000-8000-000000000031".to_owned()),
            name: Some("Advice".to_owned()),
        }],
    };
    let page = employees(json!([employee()]));
    assert_eq!(page.rows, std::slice::from_ref(&expected));
    let call = client().employee(MIA).unwrap();
    let alone = read(call, json!({ "data": employee() }).to_string()).unwrap();
    assert_eq!(alone, expected);
    let shown = format!("{:?} {:?}", page, leaves(json!([leave()])));
    for private in [
        "secret@",
        "1990",
        "Private Lane",
        "000\"",
        "private reason",
        "private comment",
        "61.5",
    ] {
        assert!(!shown.contains(private), "{private}");
    }
}

#[test]
fn a_person_is_known_by_the_company_mail_first() {
    let mails = |record: Value| -> Vec<String> {
        let page = employees(json!([record]));
        page.rows[0].mails().map(str::to_owned).collect()
    };
    assert_eq!(
        mails(employee()),
        ["mia.tan@example.test", "mia.private@example.test"]
    );
    for nothing in [json!(""), json!("  "), Value::Null] {
        let record = with(employee(), "company_email", nothing);
        assert_eq!(mails(record), ["mia.private@example.test"]);
    }
    let bare = json!({"id": MIA});
    assert_eq!(mails(bare), Vec::<String>::new());
}

#[test]
fn names_and_statuses_are_made_of_what_there_is() {
    let person = |record: Value| employees(json!([record])).rows.remove(0);
    assert_eq!(person(employee()).name().as_deref(), Some("Mia Tan"));
    let parts = json!({"id": MIA, "first_name": "Mia", "last_name": "Tan", "full_name": ""});
    assert_eq!(person(parts).name().as_deref(), Some("Mia Tan"));
    let known = json!({"id": MIA, "known_as": "Mimi"});
    assert_eq!(person(known).name().as_deref(), Some("Mimi"));
    assert_eq!(person(json!({"id": MIA})).name(), None);
    for (status, is_active) in [("active", true), ("Active", true), ("former", false)] {
        let record = with(employee(), "status", json!(status));
        assert_eq!(person(record).is_active(), is_active, "{status}");
    }
}

#[test]
fn leave_is_read_with_its_days() {
    assert_eq!(
        one_leave(leave()),
        LeaveRequest {
            id: LEAVE.to_owned(),
            employee_id: MIA.to_owned(),
            start_date: date("2026-03-23"),
            end_date: date("2026-03-24"),
            status: "Approved".to_owned(),
            leave_category_name: Some("Annual Leave".to_owned()),
            total_minutes: Some(684),
            hours_per_day: vec![
                LeaveDay {
                    date: date("2026-03-23"),
                    minutes: 456,
                },
                LeaveDay {
                    date: date("2026-03-24"),
                    minutes: 228,
                },
            ],
        }
    );
    for status in ["Approved", "APPROVED", "approved", " Approved "] {
        assert!(one_leave(with(leave(), "status", json!(status))).is_approved());
    }
    for status in ["Pending", "Declined", "Cancelled", "Approved?"] {
        assert!(!one_leave(with(leave(), "status", json!(status))).is_approved());
    }
    let whole = one_leave(with(leave(), "hours_per_day", Value::Null));
    assert_eq!(whole.hours_per_day, []);
}

#[test]
fn a_day_is_the_first_ten_characters_whatever_the_offset() {
    for text in [
        "2026-03-23",
        "2026-03-23T00:00:00+00:00",
        "2026-03-23T00:00:00+11:00",
        "2026-03-23T23:59:59-10:00",
        "2026-03-23T00:00:00Z",
        "2026-03-23 00:00:00",
    ] {
        let read = one_leave(with(leave(), "start_date", json!(text)));
        assert_eq!(read.start_date, date("2026-03-23"), "{text}");
    }
}

#[test]
fn a_record_that_cannot_be_read_costs_itself_only() {
    for (field, value, reason) in [
        (
            "start_date",
            json!("23/03/2026"),
            "start_date is not a date",
        ),
        (
            "start_date",
            json!("2026-02-30T00:00:00Z"),
            "start_date is not a date",
        ),
        (
            "start_date",
            json!("2026-03-23x"),
            "start_date is not a date",
        ),
        ("start_date", json!(20_260_323), "start_date is not a date"),
        ("start_date", Value::Null, "start_date is missing"),
        ("end_date", Value::Null, "end_date is missing"),
        (
            "end_date",
            json!("2026-03-22"),
            "end_date is not on or after start_date",
        ),
        ("employee_id", Value::Null, "employee_id is missing"),
        ("employee_id", json!("a/b"), "employee_id is not an id"),
        ("status", Value::Null, "status is missing"),
        ("status", json!(["Approved"]), "status is not text"),
        (
            "total_hours",
            json!("many"),
            "total_hours is not a number of hours",
        ),
        (
            "hours_per_day",
            json!([{"date": "2026-03-23", "hours": 1}, {"date": "2026-03-24"}]),
            "hours_per_day[1].hours is missing",
        ),
        (
            "hours_per_day",
            json!([{"date": "soon", "hours": 1}]),
            "hours_per_day[0].date is not a date",
        ),
        (
            "hours_per_day",
            json!([{"date": "2026-03-23", "hours": -1}]),
            "hours_per_day[0].hours is not zero or more",
        ),
    ] {
        let other = with(leave(), "id", json!("other"));
        let page = leaves(json!([with(leave(), field, value.clone()), other]));
        assert_eq!(page.rows.len(), 1, "{field} {value}");
        assert_eq!(page.received, 2);
        assert_eq!(page.rejected[0].external_id.as_deref(), Some(LEAVE));
        assert_eq!(page.rejected[0].reason, reason);
    }
    for (record, id) in [
        (json!({"id": "a b", "name": "x"}), Some("a b")),
        (json!({"name": "x"}), None),
        (json!(7), None),
        (json!(null), None),
    ] {
        let page = employees(json!([record, employee()]));
        assert_eq!(page.rows.len(), 1);
        assert_eq!(page.rejected[0].external_id.as_deref(), id);
    }
}

#[test]
fn a_record_that_breaks_the_rules_of_json_costs_itself_only() {
    let good = leave().to_string();
    for bad in [
        good.replace("Annual Leave", "\\ud800"),
        good.replace("11.4", "1e400"),
    ] {
        let other = with(leave(), "id", json!("other")).to_string();
        let body = page_of(json!([])).replace("[]", &format!("[{bad},{other}]"));
        let call = client().leave_requests(&LeaveRequestsQuery::default());
        let page = read(call.unwrap(), body).unwrap();
        assert_eq!((page.rows.len(), page.rejected.len()), (1, 1));
        assert_eq!(page.rejected[0].external_id.as_deref(), Some(LEAVE));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(client().employees(None).unwrap(), body.clone());
        let _ = read(client().organisation().unwrap(), body);
    }

    #[test]
    fn damaged_pages_never_panic(at in 0_usize..2_000, byte in any::<u8>()) {
        let mut body = page_of(json!([leave(), leave()])).into_bytes();
        let at = at % body.len();
        body[at] = byte;
        let call = client().leave_requests(&LeaveRequestsQuery::default());
        if let Ok(page) = read(call.unwrap(), body) {
            prop_assert_eq!(page.rows.len() + page.rejected.len(), page.received);
        }
    }
}
