//! One large organisation, for measurements.

use chrono::{DateTime, Days};

use super::CONSULTANT;
use super::demo::{employee, uuid};
use super::model::{LeaveRequest, Organisation, Organisations};

pub const SCALE: &str = "6f0d4b1e-8a1c-4a77-9c43-0f6f2f6a4900";

/// Two years of leave, most of it over.
const SPREAD_DAYS: u64 = 730;
const STATUSES: [&str; 5] = ["Approved", "Approved", "Approved", "Pending", "Declined"];

/// An organisation of so many people with so many leave requests, which the consultant sees. Its ids
/// are apart from the demo's, so that both can stand side by side.
#[must_use]
pub fn scale(employees: u64, leave_requests: u64, now: i64) -> Organisations {
    let today = DateTime::from_timestamp(now, 0)
        .unwrap_or(DateTime::UNIX_EPOCH)
        .date_naive();
    let first_day = today - Days::new(SPREAD_DAYS / 2);
    let mut organisation = Organisation::new(SCALE, "Scale", "Australia/Sydney");
    organisation.employees = (1..=employees)
        .map(|number| {
            let mut person = employee(number, "Person", &format!("N{number}"), "Clerk");
            person.id = uuid("5ca1e000", number);
            person
        })
        .collect();
    organisation.leave_requests = (1..=leave_requests)
        .map(|number| {
            let start_date = first_day + Days::new(number.wrapping_mul(37) % SPREAD_DAYS);
            let status = usize::try_from(number).unwrap_or(0) % STATUSES.len();
            LeaveRequest {
                id: uuid("5ca1e1ea", number),
                employee_id: uuid("5ca1e000", number % employees.max(1) + 1),
                start_date,
                end_date: start_date + Days::new(number % 12),
                status: STATUSES.get(status).copied().unwrap_or_default().to_owned(),
                category: "Annual Leave".to_owned(),
                hours_a_day: if number % 10 == 0 { 3.8 } else { 7.6 },
            }
        })
        .collect();
    Organisations::default().with(CONSULTANT, organisation)
}
