//! 7shifts' rows as the records of our tables.

use std::collections::BTreeMap;

use domain::NaiveDate;
use domain::availability::{Hours, Weekday};
use domain::worked_time::{self, worked_time};
use providers::seven_shifts as wire;
use store::records::{
    AvailabilityRecord, DepartmentRecord, LocationRecord, PunchBreak, RoleAssignmentRecord,
    RoleRecord, ShiftBreak, ShiftRecord, TeamMemberRecord, TimeOffDay, TimeOffRecord,
    TimePunchRecord, WageRecord,
};

/// `now` stands in for a time of deletion that the provider does not give.
#[must_use]
pub fn location(row: wire::Location, now: i64) -> LocationRecord {
    LocationRecord {
        external_id: row.id.to_string(),
        name: row.name,
        time_zone: row.timezone,
        country: row.country,
        region: row.state,
        city: row.city,
        address: row.formatted_address,
        provider_modified_at: row.modified,
        deleted_at: row.deleted.then(|| row.modified.unwrap_or(now)),
    }
}

#[must_use]
pub fn department(row: wire::Department, now: i64) -> DepartmentRecord {
    DepartmentRecord {
        external_id: row.id.to_string(),
        external_location_id: text(row.location_id),
        name: row.name,
        provider_modified_at: row.modified,
        deleted_at: row.deleted.then(|| row.modified.unwrap_or(now)),
    }
}

#[must_use]
pub fn role(row: wire::Role) -> RoleRecord {
    RoleRecord {
        external_id: row.id.to_string(),
        external_location_id: text(row.location_id),
        external_department_id: text(row.department_id),
        name: row.name,
        color: row.color,
        job_code: row.job_code,
        is_tipped: row.is_tipped_role,
        provider_modified_at: row.modified,
        deleted_at: None,
    }
}

#[must_use]
pub fn team_member(row: wire::User) -> TeamMemberRecord {
    TeamMemberRecord {
        external_id: row.id.to_string(),
        first_name: row.first_name,
        last_name: row.last_name,
        preferred_first_name: row.preferred_first_name,
        preferred_last_name: row.preferred_last_name,
        email: row.email,
        mobile_number: row.mobile_number,
        employee_number: row.employee_id,
        user_type: row.r#type,
        is_active: row.active,
        invite_status: row.invite_status,
        language: row.language,
        time_zone: row.timezone,
        hire_date: row.hire_date,
        photo_url: row.photo,
        provider_modified_at: row.modified,
        deleted_at: None,
    }
}

/// A shift that is not published, or no longer, is a tombstone: people do not see it, so it is not
/// part of the schedule.
#[must_use]
pub fn shift(row: wire::Shift, now: i64) -> ShiftRecord {
    let deleted_at = (!is_published(&row)).then(|| row.modified.unwrap_or(now));
    let minutes = |row: &wire::Shift, wanted: fn(&wire::ShiftBreak) -> bool| {
        row.breaks
            .iter()
            .filter(|planned| wanted(planned))
            .filter_map(|planned| planned.length)
            .fold(0, i64::saturating_add)
    };
    let break_minutes = minutes(&row, |_| true);
    let unpaid_break_minutes = minutes(&row, |planned| !is_paid(planned));
    ShiftRecord {
        external_id: row.id.to_string(),
        external_user_id: text(row.user_id),
        external_location_id: text(row.location_id),
        external_department_id: text(row.department_id),
        external_role_id: text(row.role_id),
        starts_at: row.start,
        ends_at: row.end,
        is_open: row.open,
        is_close: row.close,
        is_business_decline: row.business_decline,
        station_name: row.station_name,
        notes: row.notes,
        attendance_status: row.attendance_status,
        late_minutes: Some(row.late_minutes),
        break_minutes,
        unpaid_break_minutes,
        breaks: row
            .breaks
            .into_iter()
            .map(|planned| ShiftBreak {
                is_paid: is_paid(&planned),
                name: planned.name,
                starts_at: planned.start,
                ends_at: planned.end,
                minutes: planned.length,
            })
            .collect(),
        provider_modified_at: row.modified,
        deleted_at,
    }
}

/// Published and not deleted. A row without `publish_status` goes by its `draft` flag.
#[must_use]
pub fn is_published(row: &wire::Shift) -> bool {
    let published = row
        .publish_status
        .as_deref()
        .map_or(!row.draft, |status| status == "published");
    published && !row.is_deleted()
}

#[must_use]
pub fn time_punch(row: wire::TimePunch, now: i64) -> TimePunchRecord {
    let breaks: Vec<_> = row
        .breaks
        .iter()
        .map(|taken| worked_time::Break {
            started_at: taken.r#in,
            ended_at: taken.out,
            paid: taken.paid,
            deleted: taken.deleted,
        })
        .collect();
    let worked = worked_time(&worked_time::Punch {
        clocked_in: row.clocked_in,
        clocked_out: row.clocked_out,
        breaks: &breaks,
    });
    TimePunchRecord {
        external_id: row.id.to_string(),
        external_user_id: text(row.user_id),
        external_shift_id: text(row.shift_id),
        external_location_id: text(row.location_id),
        external_department_id: text(row.department_id),
        external_role_id: text(row.role_id),
        clocked_in_at: row.clocked_in,
        clocked_out_at: row.clocked_out,
        auto_clocked_out: row.auto_clocked_out,
        worked_minutes: worked.worked_minutes,
        worked_seconds: worked.worked_seconds,
        break_minutes: worked.break_minutes(),
        paid_break_minutes: worked.paid_break_minutes,
        unpaid_break_minutes: worked.unpaid_break_minutes,
        breaks: breaks
            .iter()
            .filter(|taken| !taken.deleted)
            .map(|taken| PunchBreak {
                started_at: taken.started_at,
                ended_at: taken.ended_at,
                is_paid: taken.paid,
            })
            .collect(),
        tips_cents: Some(row.tips),
        is_approved: row.approved,
        notes: row.notes,
        pos_type: row.pos_type,
        provider_modified_at: row.modified,
        deleted_at: row.deleted.then(|| row.modified.unwrap_or(now)),
    }
}

#[must_use]
pub fn wage(row: wire::Wage, user_id: i64) -> WageRecord {
    WageRecord {
        external_id: row.id.to_string(),
        external_user_id: user_id.to_string(),
        external_role_id: text(row.role_id),
        wage_type: row.wage_type,
        wage_cents: row.wage_cents,
        effective_date: row.effective_date.to_string(),
        provider_modified_at: row.modified,
        deleted_at: None,
    }
}

/// 7shifts numbers no assignments: one is known by its person and its role.
#[must_use]
pub fn role_assignment(row: &wire::RoleAssignment, user_id: i64) -> RoleAssignmentRecord {
    RoleAssignmentRecord {
        external_id: format!("{user_id}:{}", row.id),
        external_user_id: user_id.to_string(),
        external_role_id: row.id.to_string(),
        external_department_id: text(row.department_id),
        external_location_id: text(row.location_id),
        is_primary: row.is_primary,
        skill_level: row.skill_level.filter(|level| *level > 0),
        provider_modified_at: None,
        deleted_at: None,
    }
}

/// The ids of the rows of an availability.
#[must_use]
pub fn days_of(availability_id: &str) -> Vec<String> {
    Weekday::ALL
        .iter()
        .map(|day| format!("{availability_id}:{}", day.name()))
        .collect()
}

/// A row for each day of the week. `reasons` are the company's, by their ids.
#[must_use]
pub fn availability(
    row: &wire::Availability,
    reasons: &BTreeMap<i64, String>,
) -> Vec<AvailabilityRecord> {
    Weekday::ALL
        .into_iter()
        .zip(&row.days)
        .map(|(weekday, day)| {
            let hours = Hours::of(day.code, day.from.as_deref(), day.to.as_deref());
            AvailabilityRecord {
                external_id: format!("{}:{}", row.id, weekday.name()),
                external_user_id: row.user_id.to_string(),
                external_availability_id: row.id.to_string(),
                day_of_week: weekday.number(),
                is_available: hours.is_available,
                available_from: hours.from.map(str::to_owned),
                available_to: hours.to.map(str::to_owned),
                is_recurring: row.repeat,
                valid_from: date(row.week),
                valid_to: date(row.week_to),
                specific_date: date(
                    row.week
                        .filter(|_| !row.repeat)
                        .and_then(|week| weekday.in_week_from(week)),
                ),
                reason: day.reason_id.and_then(|id| reasons.get(&id).cloned()),
                comments: day.comments.clone(),
                status: status(row.status).to_owned(),
                provider_modified_at: row.modified,
                deleted_at: None,
            }
        })
        .collect()
}

#[must_use]
pub fn time_off(row: wire::TimeOff) -> TimeOffRecord {
    TimeOffRecord {
        external_id: row.id.to_string(),
        external_user_id: row.user_id.to_string(),
        start_date: row.from_date.to_string(),
        end_date: row.to_date.to_string(),
        is_partial_day: row.partial,
        partial_start: row.partial_from,
        partial_end: row.partial_to,
        provider_category: row.category,
        status: status(row.status).to_owned(),
        comments: row.comments,
        total_minutes: row.amount_minutes,
        days: row
            .hours
            .into_iter()
            .map(|day| TimeOffDay {
                date: day.date.to_string(),
                minutes: day.minutes,
            })
            .collect(),
        external_action_user_id: text(row.status_action_user_id),
        action_message: row.status_action_message,
        requested_at: row.created,
        provider_modified_at: None,
        deleted_at: None,
    }
}

fn status(status: wire::RequestStatus) -> &'static str {
    match status {
        wire::RequestStatus::Pending => "pending",
        wire::RequestStatus::Approved => "approved",
        wire::RequestStatus::Declined => "declined",
        wire::RequestStatus::Unknown(_) => "unknown",
    }
}

fn date(date: Option<NaiveDate>) -> Option<String> {
    date.map(|date| date.to_string())
}

fn is_paid(planned: &wire::ShiftBreak) -> bool {
    planned.r#type.as_deref() == Some("paid")
}

fn text(id: Option<i64>) -> Option<String> {
    id.map(|id| id.to_string())
}
