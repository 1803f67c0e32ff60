//! Rows of the provider as they are stored.

use domain::NaiveDate;
use providers::employment_hero::{Employee, LeaveDay, LeaveRequest};
use providers::{Page, Rejected};
use store::records::{
    EmployeeRecord, EmployeeTeam, LeaveRequestRecord, Page as Rows, Refused, TimeOffDay,
};

/// The records of one stream.
pub enum Records {
    Employees(Vec<EmployeeRecord>),
    Leave(Vec<LeaveRequestRecord>),
}

/// A page as it is stored.
pub struct Fetched {
    pub records: Records,
    pub refused: Vec<Refused>,
    /// All ids of the page, those of refused rows included: these are there all the same.
    pub ids: Vec<String>,
    /// Rows without a readable id.
    pub unidentified: u64,
    pub received: usize,
    pub next: Option<String>,
}

impl Records {
    pub fn rows(&self) -> Rows<'_> {
        match self {
            Self::Employees(records) => Rows::Employees(records),
            Self::Leave(records) => Rows::LeaveRequests(records),
        }
    }

    pub fn ids(&self) -> Vec<&str> {
        match self {
            Self::Employees(records) => records
                .iter()
                .map(|record| record.external_id.as_str())
                .collect(),
            Self::Leave(records) => records
                .iter()
                .map(|record| record.external_id.as_str())
                .collect(),
        }
    }
}

impl Fetched {
    /// `number` is the page's: it names what has no id.
    pub fn employees(page: Page<Employee>, number: u32) -> Self {
        let records = page.rows.into_iter().map(employee).collect();
        Self::of(
            Records::Employees(records),
            page.rejected,
            page.received,
            page.next,
            number,
        )
    }

    /// Leave that ended before `keep_from` is not kept: where it was, because its days have been changed, it is deleted.
    pub fn leave(page: Page<LeaveRequest>, number: u32, keep_from: NaiveDate, now: i64) -> Self {
        let records = page
            .rows
            .into_iter()
            .map(|row| leave(row, keep_from, now))
            .collect();
        Self::of(
            Records::Leave(records),
            page.rejected,
            page.received,
            page.next,
            number,
        )
    }

    fn of(
        records: Records,
        rejected: Vec<Rejected>,
        received: usize,
        next: Option<String>,
        number: u32,
    ) -> Self {
        let mut ids: Vec<String> = records.ids().into_iter().map(str::to_owned).collect();
        let mut unidentified = 0_u64;
        let mut refused = Vec::with_capacity(rejected.len());
        for (place, row) in rejected.into_iter().enumerate() {
            let external_id = match row.external_id {
                Some(id) => {
                    ids.push(id.clone());
                    id
                }
                None => {
                    unidentified = unidentified.saturating_add(1);
                    format!("unreadable-{number}-{place}")
                }
            };
            refused.push(Refused {
                external_id,
                reason: row.reason,
            });
        }
        Self {
            records,
            refused,
            ids,
            unidentified,
            received,
            next,
        }
    }
}

pub fn employee(row: Employee) -> EmployeeRecord {
    EmployeeRecord {
        name: row.name(),
        external_id: row.id,
        first_name: row.first_name,
        last_name: row.last_name,
        known_as: row.known_as,
        company_email: row.company_email,
        account_email: row.account_email,
        job_title: row.job_title,
        status: row.status.map(|status| word(&status)),
        start_date: row.start_date.map(|date| date.to_string()),
        termination_date: row.termination_date.map(|date| date.to_string()),
        time_zone: row.time_zone,
        teams: row
            .teams
            .into_iter()
            .map(|team| EmployeeTeam {
                id: team.id,
                name: team.name,
            })
            .collect(),
        deleted_at: None,
    }
}

pub fn leave(row: LeaveRequest, keep_from: NaiveDate, now: i64) -> LeaveRequestRecord {
    LeaveRequestRecord {
        deleted_at: (row.end_date < keep_from).then_some(now),
        external_id: row.id,
        external_employee_id: row.employee_id,
        start_date: row.start_date.to_string(),
        end_date: row.end_date.to_string(),
        status: word(&row.status),
        leave_category: row.leave_category_name,
        total_minutes: row.total_minutes,
        days: row.hours_per_day.iter().map(day).collect(),
    }
}

fn day(day: &LeaveDay) -> TimeOffDay {
    TimeOffDay {
        date: day.date.to_string(),
        minutes: day.minutes,
    }
}

/// Words of the provider are compared whatever their case.
fn word(text: &str) -> String {
    text.trim().to_lowercase()
}
