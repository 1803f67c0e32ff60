//! What is agreed with people besides their shifts: pay, places, hours, time off.

use bytes::Bytes;
use chrono::NaiveDate;
use providers::seven_shifts::{
    AvailabilitiesQuery, Availability, AvailabilityDay, AvailabilityReason,
    AvailabilityReasonsQuery, LaborSettings, NewWebhook, RequestStatus, RoleAssignment, TimeOff,
    TimeOffCategory, TimeOffDay, TimeOffQuery, TimeOffSettings, UserAssignments, UserWages, Wage,
    Webhook, WebhooksQuery,
};
use providers::{ProviderError, Secret};
use serde_json::{Value, json};

use crate::support::{self, RECEIVED_AT, SATURDAY_22H, answer, client, page_of, read, with};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn one_time_off(record: &Value) -> TimeOff {
    let call = client().time_off(&TimeOffQuery::default()).unwrap();
    let page = read(&call, page_of(&json!([record]))).unwrap();
    assert_eq!(page.rejected, []);
    page.rows.into_iter().next().unwrap()
}

fn one_availability(record: &Value) -> Availability {
    let call = client()
        .availabilities(&AvailabilitiesQuery::default())
        .unwrap();
    let page = read(&call, page_of(&json!([record]))).unwrap();
    assert_eq!(page.rejected, []);
    page.rows.into_iter().next().unwrap()
}

#[test]
fn wages_of_now_and_of_later() {
    let later = with(
        support::wage(),
        json!({"id": 40111, "role_id": null, "wage_type": "annual_salary",
               "effective_date": "2026-05-01", "wage_cents": 6_240_000,
               "created": null, "modified": null}),
    );
    let call = client().user_wages(881_002).unwrap();
    let body = support::wages(&json!([support::wage()]), &json!([later]));
    assert_eq!(
        read(&call, body).unwrap(),
        UserWages {
            wage_type: text("hourly"),
            current: vec![Wage {
                id: 40110,
                effective_date: day("2025-09-01"),
                role_id: Some(7701),
                wage_type: "hourly".to_owned(),
                wage_cents: 1800,
                created: Some(SATURDAY_22H),
                modified: Some(SATURDAY_22H + 5),
            }],
            upcoming: vec![Wage {
                id: 40111,
                effective_date: day("2026-05-01"),
                role_id: None,
                wage_type: "annual_salary".to_owned(),
                wage_cents: 6_240_000,
                created: None,
                modified: None,
            }],
            rejected: vec![],
        }
    );
}

#[test]
fn a_wage_of_no_role_says_null_or_zero_and_someone_without_a_wage_has_empty_lists() {
    let call = client().user_wages(881_002).unwrap();
    for none in [json!(null), json!(0), json!("0")] {
        let wage = with(support::wage(), json!({ "role_id": none }));
        let wages = read(&call, support::wages(&json!([wage]), &json!([]))).unwrap();
        assert_eq!(wages.current[0].role_id, None);
    }
    let nothing = json!({"data": {"wage_type": null, "current_wages": [], "upcoming_wages": []}});
    let wages = read(&call, nothing.to_string()).unwrap();
    assert_eq!((wages.wage_type, wages.current.len()), (None, 0));
}

#[test]
fn assignments_to_locations_departments_and_roles() {
    let call = client().user_assignments(881_002).unwrap();
    let body = support::assignments(
        &json!([support::location_assignment()]),
        &json!([support::department_assignment()]),
        &json!([support::role_assignment()]),
    );
    assert_eq!(
        read(&call, body).unwrap(),
        UserAssignments {
            roles: vec![RoleAssignment {
                id: 7701,
                company_id: Some(4410),
                location_id: Some(5501),
                department_id: Some(6601),
                name: text("Line Cook"),
                is_primary: true,
                skill_level: Some(2),
                sort: Some(1),
            }],
            locations: Some(vec![5501]),
            rejected: vec![],
        }
    );
}

#[test]
fn an_availability_has_seven_days_monday_first() {
    let monday = AvailabilityDay {
        code: Some(1),
        from: text("09:00:00"),
        to: text("17:00:00"),
        comments: text("After class"),
        reason_id: Some(11),
    };
    let mut days = std::array::from_fn(|_| monday.clone());
    days[6] = AvailabilityDay {
        code: Some(0),
        from: None,
        to: text("24:00:00"),
        comments: None,
        reason_id: None,
    };
    let record = with(
        support::availability(),
        json!({"sun": 0, "sun_from": null, "sun_to": "24:00", "sun_comments": null,
               "sun_reason": null}),
    );
    let expected = Availability {
        id: 3301,
        user_id: 881_002,
        company_id: Some(4410),
        week: Some(day("2026-03-09")),
        week_to: Some(day("2026-03-15")),
        repeat: true,
        status: RequestStatus::Approved,
        status_action_user_id: Some(881_001),
        status_action_message: text("ok"),
        days,
        created: Some(SATURDAY_22H),
        modified: Some(SATURDAY_22H + 5),
    };
    assert_eq!(one_availability(&record), expected);
    // A single one comes with `data` and nothing else.
    let single = read(
        &client().availability(3301).unwrap(),
        json!({ "data": record }).to_string(),
    );
    assert_eq!(single.unwrap(), expected);
}

#[test]
fn the_reasons_of_availability() {
    let call = client()
        .availability_reasons(&AvailabilityReasonsQuery::default())
        .unwrap();
    let page = read(&call, page_of(&json!([support::availability_reason()]))).unwrap();
    assert_eq!(
        page.rows,
        [AvailabilityReason {
            id: 11,
            company_id: Some(4410),
            reason: "School".to_owned(),
            comments_required: Some(false),
            sort: Some(1),
            created: Some(SATURDAY_22H),
            modified: Some(SATURDAY_22H + 5),
        }]
    );
}

#[test]
fn time_off_in_a_list_without_a_name_and_alone_without_an_envelope() {
    let expected = TimeOff {
        id: 2201,
        user_id: 881_002,
        company_id: Some(4410),
        from_date: day("2026-04-03"),
        to_date: day("2026-04-04"),
        partial: true,
        partial_from: text("13:00:00"),
        partial_to: text("17:30:00"),
        comments: text("Family"),
        status: RequestStatus::Declined,
        status_action_user_id: Some(881_001),
        status_action_message: text("Too busy"),
        category: text("unpaid"),
        amount_minutes: Some(750),
        hours: vec![
            TimeOffDay {
                date: day("2026-04-03"),
                minutes: 480,
            },
            TimeOffDay {
                date: day("2026-04-04"),
                minutes: 270,
            },
        ],
        created: Some(SATURDAY_22H),
    };
    let list = json!({"data": [support::time_off()], "meta": {"cursor": {"next": "n"}}});
    let call = client().time_off(&TimeOffQuery::default()).unwrap();
    let page = read(&call, list.to_string()).unwrap();
    assert_eq!(page.rows, std::slice::from_ref(&expected));
    assert_eq!(page.next.as_deref(), Some("n"));
    let single = read(
        &client().one_time_off(2201).unwrap(),
        support::time_off().to_string(),
    );
    assert_eq!(single.unwrap(), expected);
}

#[test]
fn a_status_that_no_document_explains_is_kept() {
    for (status, expected) in [
        (json!(0), RequestStatus::Pending),
        (json!("1"), RequestStatus::Approved),
        (json!(2), RequestStatus::Declined),
        (json!(7), RequestStatus::Unknown(7)),
        (json!(-1), RequestStatus::Unknown(-1)),
    ] {
        let off = one_time_off(&with(support::time_off(), json!({ "status": status })));
        assert_eq!(off.status, expected);
    }
}

#[test]
fn the_hours_of_a_day_are_read_under_the_name_of_the_writes_too() {
    let hours = json!([{"date": "2026-04-03", "num_hours": "7.25"}, {"date": "2026-04-04"}]);
    let off = one_time_off(&with(support::time_off(), json!({ "hours": hours })));
    let minutes: Vec<i64> = off.hours.iter().map(|day| day.minutes).collect();
    assert_eq!(minutes, [435, 0]);
}

#[test]
fn the_blanks_of_time_off_are_nothing() {
    let off = one_time_off(&with(
        support::time_off(),
        json!({"partial": false, "partial_from": null, "partial_to": null, "comments": "",
               "status_action_user_id": 0, "status_action_message": "", "hours": null}),
    ));
    assert_eq!(off.partial_from, None);
    assert_eq!(off.comments, None);
    assert_eq!(off.status_action_user_id, None);
    assert_eq!(off.status_action_message, None);
    assert_eq!(off.hours, []);
}

#[test]
fn the_settings_of_time_off_stand_bare() {
    let call = client().time_off_settings().unwrap();
    let settings = json!({
        "company_id": 4410, "time_off_request_comment": false, "time_off_request_notice": 7,
        "categories": [
            {"label": "Paid", "value": "paid", "require_hours": true, "active": true},
            {"value": "study_leave"},
        ],
    });
    assert_eq!(
        read(&call, settings.to_string()).unwrap(),
        TimeOffSettings {
            company_id: Some(4410),
            time_off_request_comment: Some(false),
            time_off_request_notice: Some(7),
            categories: vec![
                TimeOffCategory {
                    label: text("Paid"),
                    value: "paid".to_owned(),
                    require_hours: true,
                    active: Some(true),
                },
                TimeOffCategory {
                    label: None,
                    value: "study_leave".to_owned(),
                    require_hours: false,
                    active: None,
                },
            ],
        }
    );
    for (change, what) in [
        (
            json!({"company_id": 9999}),
            "the settings belong to another account",
        ),
        (
            json!({"categories": [{"label": "Paid"}]}),
            "categories[0].value is missing",
        ),
    ] {
        let error = read(&call, with(settings.clone(), change).to_string()).unwrap_err();
        assert_eq!(error.detail(), Some(what));
    }
}

#[test]
fn the_settings_of_labor() {
    let call = client().labor_settings().unwrap();
    let body = json!({
        "object": "labor_settings",
        "data": {"company_id": 4410, "wage_based_roles_enabled": true, "jurisdiction": "ON"},
    });
    assert_eq!(
        read(&call, body.to_string()).unwrap(),
        LaborSettings {
            company_id: Some(4410),
            wage_based_roles_enabled: Some(true),
        }
    );
    let foreign = json!({"data": {"company_id": 9999}});
    assert!(read(&call, foreign.to_string()).is_err());
}

#[test]
fn a_webhook_does_not_print_its_url() {
    let call = client().webhooks(&WebhooksQuery::default()).unwrap();
    let page = read(&call, page_of(&json!([support::webhook()]))).unwrap();
    assert_eq!(
        page.rows,
        [Webhook {
            id: 81,
            company_id: Some(4410),
            url: Secret::new("https://hooks.example.test/7s?key=hunter2"),
            method: text("post"),
            event: "time_punch.created".to_owned(),
            created: Some(SATURDAY_22H),
            modified: Some(SATURDAY_22H + 5),
        }]
    );
    assert!(!format!("{page:?}").contains("hunter2"));
}

#[test]
fn what_is_made_is_answered_with_201_and_what_is_deleted_with_204() {
    let create = client()
        .create_webhook(&NewWebhook {
            url: Secret::new("https://hooks.example.test/7s"),
            event: "user.modified".to_owned(),
        })
        .unwrap();
    let made = json!({"object": "webhook", "data": support::webhook()}).to_string();
    let created = create.reply.read(&answer(201, made.clone()), RECEIVED_AT);
    assert_eq!(created.unwrap().id, 81);
    assert_eq!(
        create.reply.read(&answer(200, made), RECEIVED_AT),
        Err(ProviderError::Unexpected {
            status: 200,
            detail: None
        })
    );
    let problem = json!({"detail": "exists"}).to_string();
    assert_eq!(
        create.reply.read(&answer(409, problem), RECEIVED_AT),
        Err(ProviderError::Conflict {
            detail: text("exists")
        })
    );
    let delete = client().delete_webhook(81).unwrap();
    assert_eq!(
        delete.reply.read(&answer(204, Bytes::new()), RECEIVED_AT),
        Ok(())
    );
    assert_eq!(
        delete.reply.read(&answer(404, Bytes::new()), RECEIVED_AT),
        Err(ProviderError::NotFound { detail: None })
    );
}
