//! What a caller sees of the provider's rows: what the scope of the action allows, as in our own
//! tables. What 7shifts adds one day is not shown until somebody has looked at it, where a row is
//! about a person.

use serde_json::{Map, Value};

use crate::read::List;

type Object = Map<String, Value>;

/// Who may see names sees of a person what `/api/team-members` shows: no home address, no birthday,
/// no notes of managers, no pay, and no clock-in code, which opens the time clock.
const OF_A_PERSON: &[&str] = &[
    "id",
    "company_id",
    "first_name",
    "last_name",
    "preferred_first_name",
    "preferred_last_name",
    "email",
    "mobile_number",
    "employee_id",
    "type",
    "active",
    "invite_status",
    "language",
    "timezone",
    "hire_date",
    "photo",
    "created",
    "modified",
];

/// Without `hourly_wage`, which is for those who see wages.
const OF_A_SHIFT: &[&str] = &[
    "id",
    "user_id",
    "company_id",
    "location_id",
    "department_id",
    "role_id",
    "station",
    "station_name",
    "station_id",
    "start",
    "end",
    "close",
    "business_decline",
    "notes",
    "draft",
    "notified",
    "open",
    "unassigned",
    "unassigned_skill_level",
    "open_offer_type",
    "publish_status",
    "attendance_status",
    "late_minutes",
    "custom_flag",
    "created",
    "modified",
    "soft_deleted",
    "deleted",
    "breaks",
];
const OF_A_PLANNED_BREAK: &[&str] = &[
    "id",
    "shift_id",
    "start",
    "end",
    "name",
    "length",
    "break_type_id",
    "type",
    "break_policy_id",
    "duration_override_min",
];

/// Likewise.
const OF_A_PUNCH: &[&str] = &[
    "id",
    "user_id",
    "company_id",
    "shift_id",
    "location_id",
    "department_id",
    "role_id",
    "clocked_in",
    "clocked_out",
    "approved",
    "editable_punch",
    "auto_clocked_out",
    "clocked_in_offline",
    "clocked_out_offline",
    "tips",
    "notes",
    "pos_type",
    "created",
    "modified",
    "deleted",
    "breaks",
];
const OF_A_BREAK: &[&str] = &[
    "id",
    "user_id",
    "custom_break_id",
    "paid",
    "in",
    "out",
    "deleted",
];

/// As `/api/availability`: not what a manager wrote when deciding, and not what was agreed before.
const OF_AN_AVAILABILITY: &[&str] = &[
    "id",
    "user_id",
    "company_id",
    "week",
    "week_to",
    "repeat",
    "status",
    "created",
    "modified",
];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Of each day, behind its name.
const OF_A_DAY: &[&str] = &["", "_from", "_to", "_comments", "_reason"];

/// As `/api/time-off`, which shows who decided and what they said.
const OF_AN_ABSENCE: &[&str] = &[
    "id",
    "user_id",
    "company_id",
    "from_date",
    "to_date",
    "partial",
    "partial_from",
    "partial_to",
    "comments",
    "status",
    "status_action_user_id",
    "status_action_message",
    "category",
    "created",
    "amount_of_hours",
    "hours",
];

/// The lists of an answer about assignments, with what tells where an entry is and what is shown of
/// it.
const OF_ASSIGNMENTS: [(&str, &str, &[&str]); 3] = [
    (
        "locations",
        "id",
        &[
            "id",
            "company_id",
            "name",
            "timezone",
            "formatted_address",
            "lat",
            "lng",
            "country",
            "city",
            "state",
        ],
    ),
    (
        "departments",
        "location_id",
        &[
            "id",
            "company_id",
            "location_id",
            "name",
            "appear_on_schedule",
        ],
    ),
    (
        "roles",
        "location_id",
        &[
            "id",
            "company_id",
            "location_id",
            "department_id",
            "name",
            "is_primary",
            "skill_level",
            "sort",
        ],
    ),
];

/// How hours are counted. `custom_min_wages` is left out: what the company pays at least is for
/// those who see wages.
const OF_LABOR_SETTINGS: &[&str] = &[
    "company_id",
    "wage_based_roles_enabled",
    "jurisdiction",
    "is_custom",
    "overtime_enabled",
    "overtime_by_location_enabled",
    "daily_overtime_threshold",
    "daily_overtime_multiplier",
    "weekly_overtime_threshold",
    "weekly_overtime_multiplier",
    "premium_overtime_threshold",
    "premium_overtime_multiplier",
    "consecutive_days_threshold",
    "consecutive_days_multiplier",
    "ot_alerts_enabled",
    "ot_alerts_buffer_minutes",
    "split_hours_on_holidays",
    "regular_rate_of_pay_enabled",
    "exception_cost_enabled",
    "tipped_minimum_wage_enabled",
    "use_jurisdiction_minimum_wage_for_ot",
    "is_custom_min_wage",
    "auto_break_enabled",
    "auto_break_hours",
    "auto_break_minutes",
    "auto_break_hours_2",
    "auto_break_minutes_2",
];

/// What a shift tells of attendance is for those who see everybody's: 7shifts does not say who of its
/// users the caller is.
const OF_ATTENDANCE: [&str; 2] = ["attendance_status", "late_minutes"];

/// One row of a list.
pub fn row(list: List, mut row: Object, sees_attendance: bool) -> Object {
    match list {
        List::Users => keep(&mut row, OF_A_PERSON),
        List::TimeOff => keep(&mut row, OF_AN_ABSENCE),
        List::Availabilities => row.retain(|member, _| {
            OF_AN_AVAILABILITY.contains(&member.as_str()) || is_of_a_day(member)
        }),
        List::Shifts => {
            keep_with_breaks(&mut row, OF_A_SHIFT, OF_A_PLANNED_BREAK);
            if !sees_attendance {
                for member in OF_ATTENDANCE {
                    if let Some(value) = row.get_mut(member) {
                        *value = Value::Null;
                    }
                }
            }
        }
        List::TimePunches => keep_with_breaks(&mut row, OF_A_PUNCH, OF_A_BREAK),
        List::Locations | List::Roles | List::Departments => {}
    }
    row
}

fn keep_with_breaks(row: &mut Object, shown: &[&str], of_a_break: &[&str]) {
    keep(row, shown);
    if let Some(Value::Array(breaks)) = row.get_mut("breaks") {
        for one in breaks.iter_mut().filter_map(Value::as_object_mut) {
            keep(one, of_a_break);
        }
    }
}

pub fn labor_settings(settings: &mut Object) {
    keep(settings, OF_LABOR_SETTINGS);
}

/// The assignments of one person, or those at one location; whether there are any.
pub fn assignments(data: &mut Object, location_id: Option<i64>) -> bool {
    let mut any = false;
    data.retain(|list, entries| {
        let of_list = OF_ASSIGNMENTS.iter().find(|(name, ..)| *name == list);
        let (Some((_, place, shown)), Value::Array(entries)) = (of_list, entries) else {
            return false;
        };
        entries.retain_mut(|entry| {
            let Some(entry) = entry.as_object_mut() else {
                return false;
            };
            keep(entry, shown);
            location_id.is_none() || entry.get(*place).and_then(Value::as_i64) == location_id
        });
        any |= !entries.is_empty();
        true
    });
    any
}

fn keep(object: &mut Object, shown: &[&str]) {
    object.retain(|member, _| shown.contains(&member.as_str()));
}

fn is_of_a_day(member: &str) -> bool {
    DAYS.iter().any(|day| {
        member
            .strip_prefix(day)
            .is_some_and(|rest| OF_A_DAY.contains(&rest))
    })
}
