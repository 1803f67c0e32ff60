//! What the documented shapes become.

use providers::seven_shifts::{
    Break, Company, Department, LocationsQuery, Role, ShiftBreak, ShiftsQuery, Station, TimePunch,
    TimePunchesQuery, User, UsersQuery,
};
use providers::seven_shifts::{DepartmentsQuery, Location, RolesQuery, Shift};
use serde_json::{Value, json};

use crate::support::{self, SATURDAY_22H, account, client, page_of, read, saturday, with};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn one_shift(record: &Value) -> Shift {
    let call = client().shifts(&ShiftsQuery::default()).unwrap();
    let page = read(&call, page_of(&json!([record]))).unwrap();
    assert_eq!(page.rejected, []);
    page.rows.into_iter().next().unwrap()
}

fn one_punch(record: &Value) -> TimePunch {
    let call = client().time_punches(&TimePunchesQuery::default()).unwrap();
    let page = read(&call, page_of(&json!([record]))).unwrap();
    assert_eq!(page.rejected, []);
    page.rows.into_iter().next().unwrap()
}

fn one_user(record: &Value) -> User {
    let call = client().users(&UsersQuery::default()).unwrap();
    let page = read(&call, page_of(&json!([record]))).unwrap();
    assert_eq!(page.rejected, []);
    page.rows.into_iter().next().unwrap()
}

fn one_department(record: &Value) -> Department {
    let call = client().departments(&DepartmentsQuery::default()).unwrap();
    let page = read(&call, page_of(&json!([record]))).unwrap();
    assert_eq!(page.rejected, []);
    page.rows.into_iter().next().unwrap()
}

#[test]
fn a_location() {
    let call = client().locations(&LocationsQuery::default()).unwrap();
    let page = read(&call, page_of(&json!([support::location()]))).unwrap();
    assert_eq!(
        page.rows,
        [Location {
            id: 5501,
            company_id: Some(4410),
            name: "Riverside".to_owned(),
            timezone: text("America/Toronto"),
            country: text("CA"),
            state: text("ON"),
            city: text("Toronto"),
            formatted_address: text("12 Quay St, Toronto"),
            mapping_id: text("R-1"),
            deleted: false,
            created: Some(SATURDAY_22H),
            modified: Some(SATURDAY_22H + 5),
        }]
    );
}

#[test]
fn a_department() {
    assert_eq!(
        one_department(&support::department()),
        Department {
            id: 6601,
            company_id: Some(4410),
            location_id: Some(5501),
            name: "Kitchen".to_owned(),
            default: true,
            deleted: false,
            created: Some(SATURDAY_22H),
            modified: Some(SATURDAY_22H + 5),
        }
    );
}

#[test]
fn a_department_is_deleted_by_a_text_in_place_of_null() {
    let deleted = |mark: Value| {
        one_department(&with(support::department(), json!({ "deleted": mark }))).deleted
    };
    assert!(!deleted(json!(null)));
    assert!(!deleted(json!("")));
    assert!(!deleted(json!(false)));
    assert!(deleted(json!("2026-03-14T22:00:00+00:00")));
    assert!(deleted(json!(true)));
}

#[test]
fn a_role_with_its_stations() {
    let call = client().roles(&RolesQuery::default()).unwrap();
    let page = read(&call, page_of(&json!([support::role()]))).unwrap();
    assert_eq!(
        page.rows,
        [Role {
            id: 7701,
            company_id: Some(4410),
            location_id: Some(5501),
            department_id: Some(6601),
            name: "Line Cook".to_owned(),
            color: text("3c78d8"),
            job_code: text("LC"),
            sort: Some(1),
            num_stations: Some(1),
            stations: vec![Station {
                id: 9101,
                station_number: Some(1),
                name: text("Grill"),
            }],
            is_tipped_role: Some(false),
            created: Some(SATURDAY_22H),
            modified: Some(SATURDAY_22H + 5),
        }]
    );
}

#[test]
fn a_user_without_what_no_stream_needs() {
    let user = one_user(&support::user());
    assert_eq!(
        user,
        User {
            id: 881_002,
            identity_id: Some(70_212),
            company_id: Some(4410),
            first_name: "Jon".to_owned(),
            last_name: "Reyes".to_owned(),
            preferred_first_name: text("Jonny"),
            preferred_last_name: text("R"),
            email: text("jon@example.test"),
            mobile_number: text("4165550144"),
            home_number: text("4165550145"),
            photo: text("https://img.example.test/u.png"),
            r#type: text("employee"),
            active: true,
            invite_status: text("accepted"),
            reactivation_status: text("pending"),
            identity_status: text("merged"),
            punch_id: text("0625"),
            employee_id: text("E-7"),
            max_weekly_hours: text("40"),
            timezone: text("America/Toronto"),
            language: text("en"),
            skill_level: Some(1),
            hourly_wage: Some(1800),
            wage_type: text("hourly"),
            hire_date: text("2024-04-01"),
            appear_as_employee: true,
            created: Some(SATURDAY_22H),
            modified: Some(SATURDAY_22H + 5),
        }
    );
    let printed = format!("{user:?}");
    assert!(!printed.contains("1999-01-01") && !printed.contains("Main St"));
}

#[test]
fn the_many_blanks_of_a_user_are_nothing() {
    let user = one_user(&with(
        support::user(),
        json!({"email": "", "mobile_number": "", "employee_id": "", "max_weekly_hours": "",
               "timezone": null, "hourly_wage": 0, "skill_level": 0, "meta": null,
               "identity_id": null, "active": false}),
    ));
    assert_eq!(user.email, None);
    assert_eq!(user.mobile_number, None);
    assert_eq!(user.employee_id, None);
    assert_eq!(user.max_weekly_hours, None);
    assert_eq!(user.timezone, None);
    assert_eq!(user.hourly_wage, Some(0));
    assert_eq!(user.skill_level, Some(0));
    assert_eq!(user.identity_status, None);
    assert_eq!(user.identity_id, None);
    assert!(!user.active);
}

#[test]
fn an_empty_object_written_as_an_empty_list_is_still_empty() {
    let user = one_user(&with(support::user(), json!({"meta": []})));
    assert_eq!(user.identity_status, None);
}

#[test]
fn a_shift_with_its_planned_breaks() {
    assert_eq!(
        one_shift(&support::shift()),
        Shift {
            id: 910_001,
            user_id: Some(881_002),
            company_id: Some(4410),
            location_id: Some(5501),
            department_id: Some(6601),
            role_id: Some(7701),
            station: Some(1),
            station_name: text("Grill"),
            station_id: Some(9101),
            start: SATURDAY_22H,
            end: SATURDAY_22H + 27_000,
            close: true,
            business_decline: true,
            hourly_wage: 1800,
            notes: text("Bring keys"),
            draft: true,
            notified: true,
            open: true,
            unassigned: true,
            open_offer_type: text("all_location_members"),
            publish_status: text("published"),
            attendance_status: text("late"),
            late_minutes: 12,
            deleted: true,
            soft_deleted: text("2026-03-14 22:13:00"),
            breaks: vec![ShiftBreak {
                id: Some(31),
                name: text("Meal"),
                start: Some(SATURDAY_22H + 10_800),
                end: Some(SATURDAY_22H + 12_600),
                length: Some(30),
                r#type: text("unpaid"),
                break_type_id: Some(4),
            }],
            created: Some(SATURDAY_22H),
            modified: Some(SATURDAY_22H + 5),
        }
    );
}

#[test]
fn an_open_shift_has_nobody_whether_null_or_zero() {
    for nobody in [json!(null), json!(0), json!("0")] {
        let shift = one_shift(&with(
            support::shift(),
            json!({"user_id": nobody, "open": true, "notified": false}),
        ));
        assert_eq!(shift.user_id, None);
        assert!(shift.open);
    }
}

#[test]
fn a_shift_is_deleted_by_either_of_its_marks() {
    let deleted = |deleted: bool, soft_deleted: Value| {
        one_shift(&with(
            support::shift(),
            json!({"deleted": deleted, "soft_deleted": soft_deleted}),
        ))
        .is_deleted()
    };
    assert!(!deleted(false, json!(null)));
    assert!(!deleted(false, json!("")));
    assert!(deleted(true, json!(null)));
    assert!(deleted(false, json!("2026-03-14 22:13:00")));
}

#[test]
fn late_minutes_are_read_in_the_spelling_of_the_schema_too() {
    let mut record = support::shift();
    record.as_object_mut().unwrap().remove("late_minutes");
    let shift = one_shift(&with(record, json!({"late_minuets": 7})));
    assert_eq!(shift.late_minutes, 7);
}

#[test]
fn enum_values_that_are_new_stay_as_they_are() {
    let shift = one_shift(&with(
        support::shift(),
        json!({"publish_status": "scheduled", "attendance_status": "left_early", "open_offer_type": "robots"}),
    ));
    assert_eq!(shift.publish_status, text("scheduled"));
    assert_eq!(shift.attendance_status, text("left_early"));
    assert_eq!(shift.open_offer_type, text("robots"));
    assert_eq!(
        one_user(&with(support::user(), json!({"type": "robot"}))).r#type,
        text("robot")
    );
}

#[test]
fn a_time_punch_with_its_breaks() {
    assert_eq!(
        one_punch(&support::time_punch()),
        TimePunch {
            id: 720_001,
            company_id: Some(4410),
            user_id: Some(881_002),
            shift_id: Some(910_001),
            role_id: Some(7701),
            location_id: Some(5501),
            department_id: Some(6601),
            clocked_in: saturday("22:12:00"),
            clocked_out: Some(SATURDAY_22H + 27_060),
            hourly_wage: 1800,
            tips: -250,
            approved: true,
            auto_clocked_out: true,
            clocked_in_offline: true,
            clocked_out_offline: true,
            editable_punch: Some(true),
            notes: text("Late bus"),
            pos_type: text("web"),
            deleted: true,
            breaks: vec![Break {
                id: Some(55_001),
                custom_break_id: Some(12),
                paid: false,
                r#in: SATURDAY_22H + 10_800,
                out: Some(SATURDAY_22H + 12_600),
                deleted: false,
            }],
            created: Some(SATURDAY_22H),
            modified: Some(SATURDAY_22H + 5),
        }
    );
}

#[test]
fn a_loose_punch_is_linked_to_nothing() {
    let punch = one_punch(&with(
        support::time_punch(),
        json!({"shift_id": 0, "role_id": 0, "department_id": 0}),
    ));
    assert_eq!(
        (punch.shift_id, punch.role_id, punch.department_id),
        (None, None, None)
    );
}

#[test]
fn a_running_punch_and_a_running_break_have_no_end() {
    let punch = one_punch(&with(
        support::time_punch(),
        json!({"clocked_out": null, "breaks": [
            {"id": 1, "user_id": 881002, "custom_break_id": 0, "paid": true,
             "in": "2026-03-14T23:00:00+00:00", "out": null, "deleted": false}]}),
    ));
    assert_eq!(punch.clocked_out, None);
    assert_eq!(
        punch.breaks,
        [Break {
            id: Some(1),
            custom_break_id: None,
            paid: true,
            r#in: saturday("23:00:00"),
            out: None,
            deleted: false,
        }]
    );
}

#[test]
fn a_deleted_break_stays_marked_and_may_lack_what_a_live_one_needs() {
    let punch = one_punch(&with(
        support::time_punch(),
        json!({"breaks": [
            {"id": 1, "in": "2026-03-14T23:00:00+00:00", "deleted": true},
            {"id": 2, "in": null, "deleted": true}]}),
    ));
    assert_eq!(punch.breaks.len(), 1);
    assert!(punch.breaks[0].deleted);
}

#[test]
fn all_three_timestamp_styles_are_read_on_every_resource() {
    for style in [
        "2026-03-14T22:00:00Z",
        "2026-03-14T22:00:00+00:00",
        "2026-03-14T22:00:00+0000",
    ] {
        let shift = one_shift(&with(support::shift(), json!({"start": style})));
        assert_eq!(shift.start, SATURDAY_22H);
        let punch = one_punch(&with(support::time_punch(), json!({"clocked_in": style})));
        assert_eq!(punch.clocked_in, SATURDAY_22H);
        let user = one_user(&with(support::user(), json!({"modified": style})));
        assert_eq!(user.modified, Some(SATURDAY_22H));
    }
}

#[test]
fn ids_and_money_may_come_as_text() {
    let punch = one_punch(&with(
        support::time_punch(),
        json!({"id": "720001", "user_id": "881002", "shift_id": "0", "tips": "-5", "hourly_wage": "1800"}),
    ));
    assert_eq!(
        (punch.id, punch.user_id, punch.shift_id),
        (720_001, Some(881_002), None)
    );
    assert_eq!((punch.tips, punch.hourly_wage), (-5, 1800));
}

#[test]
fn the_company_list_comes_without_meta_and_its_secrets_are_not_read() {
    let call = account().companies().unwrap();
    let body = json!({"data": [support::company()], "object": "companies"}).to_string();
    let page = read(&call, body).unwrap();
    assert_eq!(page.next, None);
    assert_eq!(
        page.rows,
        [Company {
            id: 4410,
            name: "Osei Grill".to_owned(),
            uuid: text("0d5f6a3e-1c55-4b0a-9a53-2f0f7c1b9a10"),
            country: text("CA"),
            plan_id: text("the_works_2024"),
            status: text("active"),
            active: Some(true),
            start_week_on: Some(1),
            created: Some(SATURDAY_22H),
            modified: Some(SATURDAY_22H + 5),
        }]
    );
}

#[test]
fn a_single_company_stands_bare() {
    let call = client().company().unwrap();
    let company = read(&call, support::company().to_string()).unwrap();
    assert_eq!(company.name, "Osei Grill");
}

#[test]
fn single_records_come_in_an_envelope_without_meta() {
    let client = client();
    let body = |record: Value| json!({"data": record, "object": "thing"}).to_string();
    let user = read(&client.user(881_002).unwrap(), body(support::user())).unwrap();
    assert_eq!(user.id, 881_002);
    let shift = read(
        &client.shift(910_001, true).unwrap(),
        body(support::shift()),
    )
    .unwrap();
    assert_eq!(shift.id, 910_001);
    let punch = read(
        &client.time_punch(720_001).unwrap(),
        body(support::time_punch()),
    )
    .unwrap();
    assert_eq!(punch.id, 720_001);
}

#[test]
fn whoami_tells_which_companies_the_credential_speaks_for() {
    let call = account().whoami().unwrap();
    let body = json!({"object": "whoami", "data": {"identity_id": 70211, "users": [
        {"id": 881001, "company_id": 4410, "first_name": "Mara", "last_name": "Osei",
         "email": "mara@example.test", "type": "employer", "active": true, "punch_id": "3127",
         "invite_status": "accepted", "is_new": false},
        {"id": 881009, "company_id": 5520, "active": false},
        {"id": 881010, "company_id": 6630},
    ]}});
    let whoami = read(&call, body.to_string()).unwrap();
    assert_eq!(whoami.identity_id, Some(70_211));
    assert_eq!(whoami.users.len(), 2);
    assert_eq!(whoami.active_company_ids().collect::<Vec<_>>(), [4410]);
    assert_eq!(whoami.active_member_of(4410).unwrap().first_name, "Mara");
    assert_eq!(whoami.active_member_of(5520), None);
    assert_eq!(whoami.rejected.len(), 1);
    assert_eq!(whoami.rejected[0].external_id, text("881010"));
    assert_eq!(whoami.rejected[0].reason, "active is missing");
}

#[test]
fn both_kinds_of_cursor_are_handed_on_as_they_are() {
    use base64::Engine as _;
    let call = client().time_punches(&TimePunchesQuery::default()).unwrap();
    for cursor in [
        r#"{"id":85685660,"next":true}"#,
        r#"{"id":"85685660","next":true}"#,
        r#"{"limit":100,"offset":100}"#,
    ] {
        let next = base64::engine::general_purpose::STANDARD.encode(cursor);
        let body = json!({"object": "time_punches", "data": [support::time_punch()],
                          "meta": {"cursor": {"current": null, "prev": null, "next": next, "count": null}}});
        let page = read(&call, body.to_string()).unwrap();
        assert_eq!(page.next.as_deref(), Some(next.as_str()));
        assert_eq!((page.rows.len(), page.received), (1, 1));
    }
}

#[test]
fn an_empty_page_may_have_a_next_one() {
    let call = client().shifts(&ShiftsQuery::default()).unwrap();
    let page = read(
        &call,
        json!({"data": [], "meta": {"cursor": {"next": "bmV4dA=="}}}).to_string(),
    )
    .unwrap();
    assert_eq!((page.rows.len(), page.received), (0, 0));
    assert_eq!(page.next, text("bmV4dA=="));
}

#[test]
fn the_list_ends_at_a_null_missing_or_empty_cursor() {
    let call = client().shifts(&ShiftsQuery::default()).unwrap();
    for cursor in [json!({"next": null}), json!({}), json!({"next": ""})] {
        let body = json!({"meta": {"cursor": cursor}, "data": []});
        assert_eq!(read(&call, body.to_string()).unwrap().next, None);
    }
}
