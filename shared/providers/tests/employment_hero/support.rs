//! A client, answers, and one full record of every kind with values of our own.

use bytes::Bytes;
use chrono::NaiveDate;
use http::Response;
use providers::employment_hero::{Client, DEFAULT_BASE_URL, OrganisationClient};
use providers::{Call, ProviderError, Secret};
use serde_json::{Value, json};

pub const TOKEN: &str = "eyJhbGciOi.demo.access";
pub const ORGANISATION: &str = "6f0d4b1e-8a1c-4a77-9c43-0f6f2f6a1001";
pub const MIA: &str = "b3d7c0aa-52c5-4f0b-9f0e-2c7b6a3e2001";
pub const LEAVE: &str = "0c7e4c0e-3b2f-4b61-8f3d-6a1f6c0d3001";
pub const RECEIVED_AT: i64 = 784_111_777;

pub fn account() -> Client {
    Client::new(DEFAULT_BASE_URL, Secret::new(TOKEN)).unwrap()
}

pub fn client() -> OrganisationClient {
    account().organisation(ORGANISATION).unwrap()
}

pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

pub fn read<T>(call: Call<T>, body: impl Into<Bytes>) -> Result<T, ProviderError> {
    call.reply.read(&answer(200, &[], body), RECEIVED_AT)
}

/// The only page of a list.
pub fn page_of(items: Value) -> String {
    let count = items.as_array().unwrap().len();
    json!({"data": {
        "items": items, "page_index": 1, "item_per_page": 100, "total_pages": 1,
        "total_items": count,
    }})
    .to_string()
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn organisation() -> Value {
    json!({"id": ORGANISATION, "name": "Harbour Advice Pty Ltd", "phone": "+61280000000",
        "country": "AU", "logo_url": null})
}

pub fn employee() -> Value {
    json!({
        "id": MIA, "account_email": "mia.private@example.test",
        "company_email": "Mia.Tan@Example.test", "personal_email": "secret@example.test",
        "first_name": "Mia", "last_name": "Tan", "full_name": "Mia Tan", "known_as": "Mimi",
        "job_title": "Financial Adviser", "status": "active",
        "start_date": "2024-02-05T00:00:00+00:00", "termination_date": null,
        "time_zone": "Australia/Sydney", "date_of_birth": "1990-01-01T00:00:00+00:00",
        "address": "1 Private Lane", "tax_file_number": "000", "gender": "x",
        "teams": [{"id": "1f1a7c55-0000-4000-8000-000000000031", "name": "Advice"}],
        "primary_manager": {"id": "x", "full_name": "y"},
    })
}

pub fn leave() -> Value {
    json!({
        "id": LEAVE, "employee_id": MIA, "start_date": "2026-03-23T00:00:00+00:00",
        "end_date": "2026-03-24T00:00:00+00:00", "total_hours": 11.4, "status": "Approved",
        "leave_category_name": "Annual Leave", "leave_balance_amount": 61.5,
        "reason": "a private reason", "comment": "a private comment",
        "hours_per_day": [{"date": "2026-03-23", "hours": 7.6}, {"date": "2026-03-24", "hours": 3.8}],
    })
}

/// The record with another value of one field, or without it where the value is null.
pub fn with(mut record: Value, field: &str, value: Value) -> Value {
    let members = record.as_object_mut().unwrap();
    members.remove(field);
    if !value.is_null() {
        members.insert(field.to_owned(), value);
    }
    record
}
