//! A firm of twelve advisers, its office in the west, and a firm that is none of their business.

use chrono::{DateTime, Datelike as _, Days, NaiveDate};

use super::model::{Employee, LeaveRequest, Organisation, Organisations};

/// A login that sees both offices of the firm.
pub const CONSULTANT: &str = "consultant@example.test";

pub const HARBOUR: &str = "6f0d4b1e-8a1c-4a77-9c43-0f6f2f6a1001";
pub const HARBOUR_WEST: &str = "6f0d4b1e-8a1c-4a77-9c43-0f6f2f6a1002";
/// The consultant does not see it.
pub const OTHER_FIRM: &str = "6f0d4b1e-8a1c-4a77-9c43-0f6f2f6a1003";

/// First and last names. The mails are `first.last@example.test`, and so are those of the owners that
/// the simulated HubSpot knows. Kai Lund has no company mail.
pub const ADVISERS: [(&str, &str); 12] = [
    ("Mia", "Tan"),
    ("Noah", "Reid"),
    ("Ava", "Lim"),
    ("Leo", "Park"),
    ("Ruby", "Shah"),
    ("Finn", "Cole"),
    ("Isla", "Ward"),
    ("Jude", "Mori"),
    ("Nina", "Bauer"),
    ("Omar", "Aziz"),
    ("Tess", "Vogt"),
    ("Kai", "Lund"),
];

/// The same for the same `now` (Unix seconds): leave lies around its day.
#[must_use]
pub fn demo_data(now: i64) -> Organisations {
    let today = DateTime::from_timestamp(now, 0)
        .unwrap_or(DateTime::UNIX_EPOCH)
        .date_naive();
    let mut harbour = Organisation::new(HARBOUR, "Harbour Advice Pty Ltd", "Australia/Sydney");
    harbour.employees = people();
    harbour.leave_requests = leave(today);
    let mut west = Organisation::new(HARBOUR_WEST, "Harbour Advice West", "Australia/Perth");
    west.employees = vec![employee(301, "Wes", "Ng", "Financial Adviser")];
    let mut other = Organisation::new(OTHER_FIRM, "Other Firm", "Australia/Sydney");
    other.employees = vec![employee(401, "Mia", "Tan", "Accountant")];
    Organisations::default()
        .with(CONSULTANT, harbour)
        .with(CONSULTANT, west)
        .with("owner@other.example.test", other)
}

fn people() -> Vec<Employee> {
    let mut people: Vec<_> = (1..)
        .zip(ADVISERS)
        .map(|(number, (first, last))| employee(number, first, last, "Financial Adviser"))
        .collect();
    for person in &mut people {
        match person.first_name.as_str() {
            "Kai" => person.company_email = None,
            // Mails are written as people type them.
            "Omar" => person.company_email = Some("Omar.Aziz@Example.test".to_owned()),
            _ => {}
        }
    }
    // Tess worked here before, and both records have her mail.
    let mut former = employee(101, "Tess", "Vogt", "Associate");
    former.status = "former".to_owned();
    former.termination_date = NaiveDate::from_ymd_opt(2022, 6, 30);
    // Two people share the mail of the office.
    let mut desk = employee(102, "Ida", "Moss", "Office Manager");
    desk.company_email = Some("office@example.test".to_owned());
    let mut assistant = employee(103, "Ben", "Okoro", "Assistant");
    assistant.company_email = Some("Office@example.test".to_owned());
    let mut pending = employee(104, "Zoe", "Hart", "Financial Adviser");
    pending.status = "pending".to_owned();
    people.extend([former, desk, assistant, pending]);
    people
}

fn leave(today: NaiveDate) -> Vec<LeaveRequest> {
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let in_days = |days| monday + Days::new(days);
    let year_end = |year: i32, month, day| NaiveDate::from_ymd_opt(year, month, day);
    let days_of = |number, adviser, from, to, status| LeaveRequest {
        id: uuid("0c7e4c0e", number),
        employee_id: uuid("b3d7c0aa", adviser),
        start_date: from,
        end_date: to,
        status: String::from(status),
        category: "Annual Leave".to_owned(),
        hours_a_day: 7.6,
    };
    let part_of = |number, adviser, day, hours_a_day, status| LeaveRequest {
        hours_a_day,
        category: "Personal Leave".to_owned(),
        ..days_of(number, adviser, day, day, status)
    };
    let mut leave = vec![
        // Next week, whole.
        days_of(1, 1, in_days(7), in_days(11), "Approved"),
        // It runs.
        days_of(2, 2, today - Days::new(3), today + Days::new(4), "APPROVED"),
        // Over two weeks.
        days_of(3, 3, in_days(9), in_days(15), "approved"),
        // Nobody has said yes to half of a day,
        part_of(5, 5, in_days(8), 3.8, "pending"),
        // somebody has said no, and somebody has thought better of it.
        days_of(6, 6, in_days(14), in_days(18), "Declined"),
        days_of(7, 7, in_days(21), in_days(25), "CANCELLED"),
        // Two half days in one week.
        part_of(8, 8, in_days(7), 3.8, "Approved"),
        part_of(9, 8, in_days(10), 3.8, "aPPROVED"),
        // Over already.
        days_of(
            10,
            9,
            today - Days::new(40),
            today - Days::new(30),
            "Approved",
        ),
        days_of(11, 10, in_days(35), in_days(39), "Approved"),
        days_of(12, 12, in_days(14), in_days(18), "Approved"),
        days_of(13, 11, in_days(28), in_days(28), "Pending"),
    ];
    // Over the end of the year.
    let year = today.year();
    if let (Some(from), Some(to)) = (year_end(year, 12, 22), year_end(year + 1, 1, 9)) {
        leave.push(days_of(4, 4, from, to, "Approved"));
    }
    leave
}

pub(super) fn employee(number: u64, first: &str, last: &str, job_title: &str) -> Employee {
    let mail = format!(
        "{}.{}@example.test",
        first.to_lowercase(),
        last.to_lowercase()
    );
    Employee {
        id: uuid("b3d7c0aa", number),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        account_email: Some(mail.clone()),
        company_email: Some(mail),
        job_title: job_title.to_owned(),
        status: "active".to_owned(),
        start_date: NaiveDate::from_ymd_opt(2024, 2, 5).unwrap_or_default(),
        termination_date: None,
    }
}

/// What the ids of one kind begin with, and a number.
pub(super) fn uuid(kind: &str, number: u64) -> String {
    format!("{kind}-52c5-4f0b-9f0e-{number:012x}")
}
