//! A client, answers, and one full record of every kind with values of our own.

use bytes::Bytes;
use http::Response;
use providers::seven_shifts::{Client, CompanyClient, Credential};
use providers::{Call, ProviderError};
use serde_json::{Value, json};

pub const TOKEN: &str = "tok+4410/secret=";
pub const COMPANY: i64 = 4410;
/// 2026-03-14T22:00:00Z
pub const SATURDAY_22H: i64 = 1_773_525_600;
pub const RECEIVED_AT: i64 = SATURDAY_22H;

pub fn account() -> Client {
    Client::new(
        "https://api.7shifts.com",
        Credential::access_token(TOKEN).unwrap(),
    )
    .unwrap()
}

pub fn client() -> CompanyClient {
    account().company(COMPANY).unwrap()
}

pub fn answer(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .body(body.into())
        .unwrap()
}

pub fn read<T>(call: &Call<T>, body: impl Into<Bytes>) -> Result<T, ProviderError> {
    call.reply.read(&answer(200, body), RECEIVED_AT)
}

pub fn page_of(records: &Value) -> String {
    json!({
        "data": records,
        "meta": {"cursor": {"current": null, "prev": null, "next": null, "count": 1}},
        "object": "things",
    })
    .to_string()
}

/// The second of `2026-03-14T<time>Z`.
pub fn saturday(time: &str) -> i64 {
    providers::timestamp::parse(&format!("2026-03-14T{time}Z")).unwrap()
}

pub fn location() -> Value {
    json!({
        "id": 5501, "company_id": 4410, "name": "Riverside", "country": "CA", "state": "ON",
        "city": "Toronto", "formatted_address": "12 Quay St, Toronto", "lat": 43.64, "lng": -79.38,
        "place_id": null, "timezone": "America/Toronto", "timezone_updated": true,
        "hash": "9f3a0c4d5e6f7a8b9c0d1e2f3a4b5c6d", "mapping_id": "R-1",
        "mon_hours_open": "10:00:00", "mon_hours_close": "22:30:00", "mon_is_closed": false,
        "shift_feedback": false, "department_based_budget": null, "holiday_pay": false,
        "message": "", "deleted": false,
        "created": "2026-03-14T22:00:00+00:00", "modified": "2026-03-14T22:00:05+00:00",
    })
}

pub fn department() -> Value {
    json!({
        "id": 6601, "company_id": 4410, "location_id": 5501, "name": "Kitchen", "default": true,
        "deleted": null,
        "created": "2026-03-14T22:00:00+00:00", "modified": "2026-03-14T22:00:05+00:00",
    })
}

pub fn role() -> Value {
    json!({
        "id": 7701, "company_id": 4410, "location_id": 5501, "department_id": 6601,
        "color": "3c78d8", "num_stations": 1, "name": "Line Cook", "job_code": "LC", "sort": 1,
        "stations": [{"id": 9101, "role_id": 7701, "station_number": 1, "name": "Grill"}],
        "created": "2026-03-14T22:00:00+0000", "modified": "2026-03-14T22:00:05+0000",
        "is_tipped_role": false,
    })
}

pub fn user() -> Value {
    json!({
        "id": 881002, "identity_id": 70212, "company_id": 4410, "first_name": "Jon",
        "last_name": "Reyes", "preferred_first_name": "Jonny", "preferred_last_name": "R",
        "pronouns": null, "email": "jon@example.test", "mobile_number": "4165550144",
        "home_number": "4165550145", "address": "1 Main St", "postal_zip": "", "city": "",
        "prov_state": "", "invite_status": "accepted", "last_login": "2026-03-10T02:11:09+00:00",
        "active": true, "photo": "https://img.example.test/u.png", "notes": "",
        "timezone": "America/Toronto", "type": "employee", "punch_id": "0625",
        "employee_id": "E-7", "max_weekly_hours": "40", "invited": null,
        "invite_accepted": "2024-04-02T10:00:00+00:00", "is_new": false,
        "birth_date": "1999-01-01", "language": "en", "appear_as_employee": true,
        "subscribe_to_updates": false, "skill_level": 1, "hourly_wage": 1800,
        "wage_type": "hourly", "sms_me_schedules": null, "notify_ot_risk": null, "push": true,
        "permissions_template_id": 310, "onboarding_required": false,
        "reactivation_status": "pending", "hire_date": "2024-04-01",
        "meta": {"readonly_fields": ["email"], "identity_status": "merged"},
        "created": "2026-03-14T22:00:00+00:00", "modified": "2026-03-14T22:00:05+00:00",
    })
}

pub fn shift() -> Value {
    json!({
        "id": 910001, "user_id": 881002, "department_id": 6601, "location_id": 5501,
        "company_id": 4410, "role_id": 7701, "station": 1, "station_name": "Grill",
        "station_id": 9101, "start": "2026-03-14T22:00:00Z", "end": "2026-03-15T05:30:00Z",
        "close": true, "business_decline": true, "hourly_wage": 1800, "notes": "Bring keys",
        "draft": true, "notified": true, "open": true, "unassigned": true,
        "unassigned_skill_level": 0, "open_offer_type": "all_location_members",
        "publish_status": "published", "attendance_status": "late", "late_minutes": 12,
        "custom_flag": {"id": 1, "name": "VIP", "color": "ff0000"},
        "created": "2026-03-14T22:00:00Z", "modified": "2026-03-14T22:00:05Z",
        "soft_deleted": "2026-03-14 22:13:00", "deleted": true,
        "breaks": [{"id": 31, "shift_id": 910001, "start": "2026-03-15T01:00:00Z",
                    "end": "2026-03-15T01:30:00Z", "name": "Meal", "length": 30,
                    "break_type_id": 4, "type": "unpaid", "break_policy_id": null,
                    "duration_override_min": null}],
    })
}

pub fn time_punch() -> Value {
    json!({
        "id": 720001, "company_id": 4410, "shift_id": 910001, "user_id": 881002,
        "editable_punch": true, "role_id": 7701, "location_id": 5501, "department_id": 6601,
        "hourly_wage": 1800, "approved": true, "clocked_in": "2026-03-14T22:12:00+00:00",
        "clocked_out": "2026-03-15T05:31:00+00:00", "notes": "Late bus", "auto_clocked_out": true,
        "clocked_in_offline": true, "clocked_out_offline": true, "tips": -250,
        "created": "2026-03-14T22:00:00+00:00", "modified": "2026-03-14T22:00:05+00:00",
        "deleted": true, "pos_type": "web",
        "breaks": [{"id": 55001, "user_id": 881002, "custom_break_id": 12, "paid": false,
                    "in": "2026-03-15T01:00:00+00:00", "out": "2026-03-15T01:30:00+00:00",
                    "deleted": false}],
    })
}

pub fn company() -> Value {
    json!({
        "id": 4410, "name": "Osei Grill", "uuid": "0d5f6a3e-1c55-4b0a-9a53-2f0f7c1b9a10",
        "country": "CA", "photo": null, "trial": false, "plan_id": "the_works_2024",
        "created": "2026-03-14T22:00:00+00:00", "modified": "2026-03-14T22:00:05+00:00",
        "expires": null, "days_to_expire": null, "converted": null, "pos": "",
        "status": "active", "start_week_on": 1, "meta": {"api_key": "must-not-be-read"},
        "active": true, "coupon": "",
    })
}

pub fn wage() -> Value {
    json!({
        "id": 40110, "effective_date": "2025-09-01", "role_id": 7701, "wage_type": "hourly",
        "wage_cents": 1800,
        "created": "2026-03-14T22:00:00+00:00", "modified": "2026-03-14T22:00:05+00:00",
    })
}

pub fn wages(current: &Value, upcoming: &Value) -> String {
    json!({
        "object": "user_wages",
        "data": {"wage_type": "hourly", "current_wages": current, "upcoming_wages": upcoming},
    })
    .to_string()
}

pub fn location_assignment() -> Value {
    json!({"id": 5501, "company_id": 4410, "name": "Riverside", "timezone": "America/Toronto"})
}

pub fn department_assignment() -> Value {
    json!({
        "id": 6601, "company_id": 4410, "location_id": 5501, "name": "Kitchen",
        "appear_on_schedule": true,
    })
}

pub fn role_assignment() -> Value {
    json!({
        "id": 7701, "company_id": 4410, "location_id": 5501, "department_id": 6601,
        "name": "Line Cook", "is_primary": true, "skill_level": 2, "sort": 1,
    })
}

pub fn assignments(locations: &Value, departments: &Value, roles: &Value) -> String {
    json!({
        "object": "assignments",
        "data": {"locations": locations, "departments": departments, "roles": roles},
    })
    .to_string()
}

pub fn availability() -> Value {
    json!({
        "id": 3301, "user_id": 881002, "company_id": 4410, "week": "2026-03-09",
        "week_to": "2026-03-15", "repeat": true, "status": 1, "status_action_user_id": 881001,
        "status_action_message": "ok",
        "mon": 1, "mon_from": "09:00:00", "mon_to": "17:00:00", "mon_comments": "After class",
        "mon_reason": "11",
        "tue": 1, "tue_from": "09:00:00", "tue_to": "17:00:00", "tue_comments": "After class",
        "tue_reason": "11",
        "wed": 1, "wed_from": "09:00:00", "wed_to": "17:00:00", "wed_comments": "After class",
        "wed_reason": "11",
        "thu": 1, "thu_from": "09:00:00", "thu_to": "17:00:00", "thu_comments": "After class",
        "thu_reason": "11",
        "fri": 1, "fri_from": "09:00:00", "fri_to": "17:00:00", "fri_comments": "After class",
        "fri_reason": "11",
        "sat": 1, "sat_from": "09:00:00", "sat_to": "17:00:00", "sat_comments": "After class",
        "sat_reason": "11",
        "sun": 1, "sun_from": "09:00:00", "sun_to": "17:00:00", "sun_comments": "After class",
        "sun_reason": "11",
        "old_approved_data": null,
        "created": "2026-03-14T22:00:00+00:00", "modified": "2026-03-14T22:00:05+00:00",
    })
}

pub fn availability_reason() -> Value {
    json!({
        "id": 11, "company_id": 4410, "reason": "School", "comments_required": false, "sort": 1,
        "created": "2026-03-14T22:00:00+00:00", "modified": "2026-03-14T22:00:05+00:00",
    })
}

pub fn time_off() -> Value {
    json!({
        "id": 2201, "user_id": 881002, "company_id": 4410, "from_date": "2026-04-03",
        "to_date": "2026-04-04", "partial": true, "partial_from": "13:00:00",
        "partial_to": "17:30:00", "comments": "Family", "status": 2,
        "status_action_user_id": 881001, "status_action_message": "Too busy",
        "category": "unpaid", "created": "2026-03-14T22:00:00+00:00", "amount_of_hours": 12.5,
        "hours": [{"date": "2026-04-03", "hours": 8}, {"date": "2026-04-04", "hours": 4.5}],
    })
}

pub fn webhook() -> Value {
    json!({
        "id": 81, "company_id": 4410, "url": "https://hooks.example.test/7s?key=hunter2",
        "method": "post", "event": "time_punch.created",
        "created": "2026-03-14T22:00:00+00:00", "modified": "2026-03-14T22:00:05+00:00",
    })
}

/// `record` with some of its fields changed.
pub fn with(mut record: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    record.as_object_mut().unwrap().extend(changes);
    record
}
