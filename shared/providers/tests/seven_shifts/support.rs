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

/// `record` with some of its fields changed.
pub fn with(mut record: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    record.as_object_mut().unwrap().extend(changes);
    record
}
