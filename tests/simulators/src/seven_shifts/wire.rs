//! The forms on the wire. Borrowed, so that a page is written straight from
//! the state into its bytes.

mod availability;
mod time_off;
mod wages;
mod webhook;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat};
use serde::{Serialize, Serializer};

use super::model::{
    Company, Department, InviteStatus, Location, PosType, PunchBreak, Role, Station, TimePunch,
    User, UserType,
};
use super::paging::CursorMeta;
use super::shift::{AttendanceStatus, OpenOfferType, PlannedBreak, PublishStatus, ShiftFace};

pub use availability::{AvailabilityReasonWire, AvailabilityWire};
pub use time_off::{TimeOffSettingsWire, TimeOffWire, TotalHoursWire};
pub use wages::{WageWire, WagesWire};
pub use webhook::WebhookWire;

/// `{"data":[…],"meta":{"cursor":{…}},"object":"shifts"}`
pub fn list<T: Serialize>(object: &'static str, rows: &[T], cursor: CursorMeta) -> Bytes {
    list_of(Some(object), rows, cursor)
}

/// `{"data":[…],"meta":{"cursor":{…}}}`: time off.
pub fn list_without_object<T: Serialize>(rows: &[T], cursor: CursorMeta) -> Bytes {
    list_of(None, rows, cursor)
}

fn list_of<T: Serialize>(object: Option<&'static str>, rows: &[T], cursor: CursorMeta) -> Bytes {
    #[derive(Serialize)]
    struct List<'a, T> {
        data: &'a [T],
        meta: Meta,
        #[serde(skip_serializing_if = "Option::is_none")]
        object: Option<&'static str>,
    }
    #[derive(Serialize)]
    struct Meta {
        cursor: CursorMeta,
    }
    bytes(&List {
        data: rows,
        meta: Meta { cursor },
        object,
    })
}

/// `{"data":…}`: a single availability, sums of time off.
pub fn data_only<T: Serialize>(data: &T) -> Bytes {
    #[derive(Serialize)]
    struct DataOnly<'a, T> {
        data: &'a T,
    }
    bytes(&DataOnly { data })
}

/// `{"data":…,"object":"shift"}`: single answers, and the lists without `meta`.
pub fn single<T: Serialize>(object: &'static str, data: T) -> Bytes {
    #[derive(Serialize)]
    struct Single<T> {
        object: &'static str,
        data: T,
    }
    bytes(&Single { object, data })
}

/// Without an envelope.
pub fn bare<T: Serialize>(data: &T) -> Bytes {
    bytes(data)
}

fn bytes<T: Serialize>(value: &T) -> Bytes {
    // Serializing these types to memory cannot fail.
    Bytes::from(serde_json::to_vec(value).unwrap_or_default())
}

/// `2026-03-14T22:00:00Z`: shifts.
struct Zulu(i64);
/// `2026-03-14T22:00:00+00:00`: punches, users, places.
struct Offset(i64);
/// `2026-03-14T22:00:00+0000`: roles.
struct PlainOffset(i64);

fn moment(unix_seconds: i64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(unix_seconds, 0).unwrap_or_default()
}

impl Serialize for Zulu {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&moment(self.0).to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl Serialize for Offset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&moment(self.0).to_rfc3339_opts(SecondsFormat::Secs, false))
    }
}

impl Serialize for PlainOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&moment(self.0).format("%Y-%m-%dT%H:%M:%S%z"))
    }
}

#[derive(Serialize)]
pub struct CompanyWire<'a> {
    id: i64,
    name: &'a str,
    uuid: &'a str,
    country: &'a str,
    photo: Option<&'a str>,
    trial: bool,
    plan_id: &'a str,
    created: Offset,
    modified: Offset,
    expires: Option<Offset>,
    days_to_expire: Option<i64>,
    converted: Option<&'a str>,
    pos: &'a str,
    status: &'a str,
    start_week_on: i64,
    meta: Empty,
    active: bool,
    coupon: &'a str,
}

#[derive(Serialize)]
struct Empty {}

impl<'a> From<&'a Company> for CompanyWire<'a> {
    fn from(company: &'a Company) -> Self {
        Self {
            id: company.id,
            name: &company.name,
            uuid: &company.guid,
            country: &company.country,
            photo: None,
            trial: false,
            plan_id: "the_works_2024",
            created: Offset(company.created),
            modified: Offset(company.modified),
            expires: None,
            days_to_expire: None,
            converted: None,
            pos: "",
            status: "active",
            start_week_on: 1,
            meta: Empty {},
            active: true,
            coupon: "",
        }
    }
}

#[derive(Serialize)]
pub struct LocationWire<'a> {
    id: i64,
    company_id: i64,
    name: &'a str,
    country: &'a str,
    state: &'a str,
    city: &'a str,
    formatted_address: &'a str,
    lat: f64,
    lng: f64,
    place_id: Option<&'a str>,
    timezone: &'static str,
    timezone_updated: bool,
    hash: String,
    mapping_id: &'a str,
    #[serde(flatten)]
    hours: OpeningHours,
    shift_feedback: bool,
    department_based_budget: bool,
    holiday_pay: bool,
    message: &'a str,
    auto_send_log_book_time: Option<&'a str>,
    deleted: bool,
    created: Offset,
    modified: Offset,
}

impl<'a> LocationWire<'a> {
    pub fn new(company_id: i64, location: &'a Location) -> Self {
        Self {
            id: location.id,
            company_id,
            name: &location.name,
            country: &location.country,
            state: &location.state,
            city: &location.city,
            formatted_address: &location.formatted_address,
            lat: location.lat,
            lng: location.lng,
            place_id: None,
            timezone: location.timezone.name(),
            timezone_updated: true,
            hash: format!("{:032x}", location.id.unsigned_abs()),
            mapping_id: "",
            hours: OpeningHours,
            shift_feedback: false,
            department_based_budget: false,
            holiday_pay: false,
            message: "",
            auto_send_log_book_time: None,
            deleted: location.deleted,
            created: Offset(location.created),
            modified: Offset(location.modified),
        }
    }
}

/// `{sun…sat}_hours_open`, `_hours_close`, `_is_closed`: every day the same.
struct OpeningHours;

impl Serialize for OpeningHours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(Some(21))?;
        for day in ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] {
            map.serialize_entry(&format!("{day}_hours_open"), "10:00:00")?;
            map.serialize_entry(&format!("{day}_hours_close"), "22:30:00")?;
            map.serialize_entry(&format!("{day}_is_closed"), &false)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
pub struct DepartmentWire<'a> {
    id: i64,
    company_id: i64,
    location_id: i64,
    name: &'a str,
    default: bool,
    deleted: Option<&'a str>,
    created: Offset,
    modified: Offset,
}

impl<'a> DepartmentWire<'a> {
    pub fn new(company_id: i64, department: &'a Department) -> Self {
        Self {
            id: department.id,
            company_id,
            location_id: department.location_id,
            name: &department.name,
            default: department.default,
            deleted: None,
            created: Offset(department.created),
            modified: Offset(department.modified),
        }
    }
}

#[derive(Serialize)]
pub struct RoleWire<'a> {
    id: i64,
    company_id: i64,
    location_id: i64,
    department_id: i64,
    color: Option<&'a str>,
    num_stations: usize,
    name: &'a str,
    job_code: Option<&'a str>,
    sort: i64,
    stations: Vec<StationWire<'a>>,
    created: PlainOffset,
    modified: PlainOffset,
    is_tipped_role: bool,
}

#[derive(Serialize)]
struct StationWire<'a> {
    id: i64,
    role_id: i64,
    station_number: i64,
    name: &'a str,
}

impl<'a> RoleWire<'a> {
    pub fn new(company_id: i64, role: &'a Role) -> Self {
        Self {
            id: role.id,
            company_id,
            location_id: role.location_id,
            department_id: role.department_id,
            color: role.color.as_deref(),
            num_stations: role.stations.len(),
            name: &role.name,
            job_code: role.job_code.as_deref(),
            sort: role.sort,
            stations: role
                .stations
                .iter()
                .map(|station| StationWire {
                    id: station.id,
                    role_id: role.id,
                    station_number: station.station_number,
                    name: &station.name,
                })
                .collect(),
            created: PlainOffset(role.created),
            modified: PlainOffset(role.modified),
            is_tipped_role: role.is_tipped_role,
        }
    }
}

#[derive(Serialize)]
pub struct UserWire<'a> {
    id: i64,
    identity_id: i64,
    company_id: i64,
    first_name: &'a str,
    last_name: &'a str,
    preferred_first_name: Option<&'a str>,
    preferred_last_name: Option<&'a str>,
    pronouns: Option<&'a str>,
    email: &'a str,
    mobile_number: &'a str,
    home_number: &'a str,
    address: &'a str,
    postal_zip: &'a str,
    city: &'a str,
    prov_state: &'a str,
    invite_status: InviteStatus,
    last_login: Option<Offset>,
    active: bool,
    photo: &'a str,
    notes: &'a str,
    timezone: Option<&'a str>,
    r#type: UserType,
    punch_id: Option<&'a str>,
    employee_id: Option<&'a str>,
    max_weekly_hours: &'a str,
    invited: Option<Offset>,
    invite_accepted: Option<Offset>,
    is_new: bool,
    birth_date: Option<&'a str>,
    language: &'a str,
    appear_as_employee: bool,
    subscribe_to_updates: bool,
    skill_level: i64,
    hourly_wage: i64,
    wage_type: Option<&'a str>,
    sms_me_schedules: Option<bool>,
    notify_ot_risk: Option<bool>,
    push: bool,
    permissions_template_id: Option<i64>,
    onboarding_required: bool,
    /// Left the answer with version 2026-01-01.
    #[serde(skip_serializing_if = "Option::is_none")]
    hire_date: Option<&'a str>,
    /// Came with version 2026-01-01; null is a value, absence another.
    #[serde(skip_serializing_if = "Option::is_none")]
    reactivation_status: Option<Option<&'a str>>,
    created: Offset,
    modified: Offset,
}

impl<'a> UserWire<'a> {
    pub fn new(company_id: i64, user: &'a User, api_version: &str) -> Self {
        let is_2026 = api_version >= "2026-01-01";
        let accepted = user.invite_status == InviteStatus::Accepted;
        Self {
            id: user.id,
            identity_id: user.identity_id,
            company_id,
            first_name: &user.first_name,
            last_name: &user.last_name,
            preferred_first_name: user.preferred_first_name.as_deref(),
            preferred_last_name: None,
            pronouns: None,
            email: &user.email,
            mobile_number: &user.mobile_number,
            home_number: "",
            address: "",
            postal_zip: "",
            city: "",
            prov_state: "",
            invite_status: user.invite_status,
            last_login: user.last_login.map(Offset),
            active: user.active,
            photo: "",
            notes: &user.notes,
            timezone: None,
            r#type: user.kind,
            punch_id: user.punch_id.as_deref(),
            employee_id: user.employee_id.as_deref(),
            max_weekly_hours: &user.max_weekly_hours,
            invited: None,
            invite_accepted: accepted.then_some(Offset(user.created)),
            is_new: false,
            birth_date: user.birth_date.as_deref(),
            language: "en",
            appear_as_employee: matches!(user.kind, UserType::Employee | UserType::AsstManager),
            subscribe_to_updates: false,
            skill_level: user.skill_level,
            hourly_wage: user.hourly_wage,
            wage_type: user.wage_type.as_deref(),
            sms_me_schedules: None,
            notify_ot_risk: None,
            push: true,
            permissions_template_id: None,
            onboarding_required: false,
            hire_date: (!is_2026).then_some(user.hire_date.as_str()),
            reactivation_status: is_2026.then_some(user.reactivation_status.as_deref()),
            created: Offset(user.created),
            modified: Offset(user.modified),
        }
    }
}

#[derive(Serialize)]
pub struct ShiftWire<'a> {
    id: i64,
    user_id: Option<i64>,
    department_id: Option<i64>,
    location_id: i64,
    company_id: i64,
    role_id: Option<i64>,
    station: i64,
    station_name: Option<&'a str>,
    station_id: Option<i64>,
    start: Zulu,
    end: Zulu,
    close: bool,
    business_decline: bool,
    hourly_wage: i64,
    notes: &'a str,
    draft: bool,
    notified: bool,
    open: bool,
    unassigned: bool,
    unassigned_skill_level: i64,
    open_offer_type: Option<OpenOfferType>,
    publish_status: PublishStatus,
    attendance_status: AttendanceStatus,
    late_minutes: i64,
    created: Zulu,
    modified: Zulu,
    soft_deleted: Option<Zulu>,
    deleted: bool,
    breaks: PlannedBreaks<'a>,
}

impl<'a> ShiftWire<'a> {
    pub fn new(company: &'a Company, face: ShiftFace<'a>) -> Self {
        let details = face.details;
        let station: Option<&Station> =
            details
                .role_id
                .zip(details.station_id)
                .and_then(|(role, station)| {
                    let stations = &company.roles.get(role)?.stations;
                    stations.iter().find(|candidate| candidate.id == station)
                });
        Self {
            id: face.id,
            user_id: details.user_id,
            department_id: details.department_id,
            location_id: details.location_id,
            company_id: company.id,
            role_id: details.role_id,
            station: station.map_or(0, |station| station.station_number),
            station_name: station.map(|station| station.name.as_str()),
            station_id: details.station_id,
            start: Zulu(details.start),
            end: Zulu(details.end),
            close: details.close,
            business_decline: details.business_decline,
            hourly_wage: details.hourly_wage,
            notes: &details.notes,
            draft: face.draft,
            notified: details.notified,
            open: details.open,
            unassigned: details.unassigned,
            unassigned_skill_level: 0,
            open_offer_type: details.open_offer_type,
            publish_status: face.publish_status,
            attendance_status: details.attendance_status,
            late_minutes: details.late_minutes,
            created: Zulu(face.created),
            modified: Zulu(details.modified),
            soft_deleted: face.deleted.then_some(Zulu(details.modified)),
            deleted: face.deleted,
            breaks: PlannedBreaks {
                shift_id: face.id,
                breaks: &details.breaks,
            },
        }
    }
}

struct PlannedBreaks<'a> {
    shift_id: i64,
    breaks: &'a [PlannedBreak],
}

impl Serialize for PlannedBreaks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire<'a> {
            id: i64,
            shift_id: i64,
            start: Option<Zulu>,
            end: Option<Zulu>,
            name: &'a str,
            length: i64,
            break_type_id: i64,
            r#type: &'static str,
            break_policy_id: Option<i64>,
            duration_override_min: Option<i64>,
        }
        serializer.collect_seq((1..).zip(self.breaks).map(|(number, planned)| {
            let (break_type_id, kind) = if planned.paid {
                (3, "paid")
            } else {
                (4, "unpaid")
            };
            Wire {
                id: self.shift_id * 10 + number,
                shift_id: self.shift_id,
                start: None,
                end: None,
                name: &planned.name,
                length: planned.length,
                break_type_id,
                r#type: kind,
                break_policy_id: None,
                duration_override_min: None,
            }
        }))
    }
}

#[derive(Serialize)]
pub struct PunchWire<'a> {
    id: i64,
    company_id: i64,
    /// 0 when not linked, as are the role and the department.
    shift_id: i64,
    user_id: i64,
    editable_punch: bool,
    role_id: i64,
    location_id: i64,
    department_id: i64,
    hourly_wage: i64,
    approved: bool,
    clocked_in: Offset,
    clocked_out: Option<Offset>,
    notes: &'a str,
    auto_clocked_out: bool,
    clocked_in_offline: bool,
    clocked_out_offline: bool,
    tips: i64,
    created: Offset,
    modified: Offset,
    deleted: bool,
    pos_type: Option<PosType>,
    breaks: Breaks<'a>,
}

impl<'a> PunchWire<'a> {
    pub fn new(company_id: i64, punch: &'a TimePunch) -> Self {
        Self {
            id: punch.id,
            company_id,
            shift_id: punch.shift_id.unwrap_or(0),
            user_id: punch.user_id,
            editable_punch: punch.editable_punch,
            role_id: punch.role_id.unwrap_or(0),
            location_id: punch.location_id,
            department_id: punch.department_id.unwrap_or(0),
            hourly_wage: punch.hourly_wage,
            approved: punch.approved,
            clocked_in: Offset(punch.clocked_in),
            clocked_out: punch.clocked_out.map(Offset),
            notes: &punch.notes,
            auto_clocked_out: punch.auto_clocked_out,
            clocked_in_offline: punch.clocked_in_offline,
            clocked_out_offline: punch.clocked_out_offline,
            tips: punch.tips,
            created: Offset(punch.created),
            modified: Offset(punch.modified),
            deleted: punch.deleted,
            pos_type: punch.pos_type,
            breaks: Breaks {
                user_id: punch.user_id,
                breaks: &punch.breaks,
            },
        }
    }
}

struct Breaks<'a> {
    user_id: i64,
    breaks: &'a [PunchBreak],
}

impl Serialize for Breaks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire {
            id: i64,
            user_id: i64,
            custom_break_id: i64,
            paid: bool,
            r#in: Offset,
            out: Option<Offset>,
            deleted: bool,
        }
        serializer.collect_seq(self.breaks.iter().map(|taken| Wire {
            id: taken.id,
            user_id: self.user_id,
            custom_break_id: 0,
            paid: taken.paid,
            r#in: Offset(taken.started),
            out: taken.ended.map(Offset),
            deleted: taken.deleted,
        }))
    }
}

/// `object: "assignments"`
#[derive(Serialize)]
pub struct AssignmentsWire<'a> {
    pub locations: Vec<LocationAssignment<'a>>,
    pub departments: Vec<DepartmentAssignment<'a>>,
    pub roles: Vec<RoleAssignment<'a>>,
}

#[derive(Serialize)]
pub struct LocationAssignment<'a> {
    id: i64,
    name: &'a str,
    company_id: i64,
    timezone: &'static str,
    formatted_address: &'a str,
    lat: f64,
    lng: f64,
    country: &'a str,
    city: &'a str,
    state: &'a str,
}

#[derive(Serialize)]
pub struct DepartmentAssignment<'a> {
    id: i64,
    company_id: i64,
    location_id: i64,
    name: &'a str,
    appear_on_schedule: bool,
}

#[derive(Serialize)]
pub struct RoleAssignment<'a> {
    id: i64,
    company_id: i64,
    location_id: i64,
    department_id: i64,
    name: &'a str,
    is_primary: bool,
    skill_level: i64,
    sort: i64,
}

impl<'a> AssignmentsWire<'a> {
    pub fn new(company: &'a Company, user: &User) -> Self {
        let assigned = &user.assignments;
        Self {
            locations: assigned
                .location_ids
                .iter()
                .filter_map(|id| company.locations.get(*id))
                .map(|location| LocationAssignment {
                    id: location.id,
                    name: &location.name,
                    company_id: company.id,
                    timezone: location.timezone.name(),
                    formatted_address: &location.formatted_address,
                    lat: location.lat,
                    lng: location.lng,
                    country: &location.country,
                    city: &location.city,
                    state: &location.state,
                })
                .collect(),
            departments: assigned
                .department_ids
                .iter()
                .filter_map(|id| company.departments.get(*id))
                .map(|department| DepartmentAssignment {
                    id: department.id,
                    company_id: company.id,
                    location_id: department.location_id,
                    name: &department.name,
                    appear_on_schedule: true,
                })
                .collect(),
            roles: assigned
                .role_ids
                .iter()
                .filter_map(|id| company.roles.get(*id))
                .map(|role| RoleAssignment {
                    id: role.id,
                    company_id: company.id,
                    location_id: role.location_id,
                    department_id: role.department_id,
                    name: &role.name,
                    is_primary: assigned.primary_role_id == Some(role.id),
                    skill_level: user.skill_level,
                    sort: role.sort,
                })
                .collect(),
        }
    }
}

/// `object: "labor_settings"`: of many settings the one that wages need, and some of each kind. The
/// entries of `custom_min_wages` are not documented: theirs are invented.
#[derive(Serialize)]
pub struct LaborSettingsWire {
    company_id: i64,
    wage_based_roles_enabled: bool,
    overtime_enabled: bool,
    weekly_overtime_threshold: i64,
    weekly_overtime_multiplier: f64,
    is_custom_min_wage: bool,
    custom_min_wages: [MinWageWire; 1],
}

#[derive(Serialize)]
struct MinWageWire {
    amount_cents: i64,
}

impl From<&Company> for LaborSettingsWire {
    fn from(company: &Company) -> Self {
        Self {
            company_id: company.id,
            wage_based_roles_enabled: company.wage_based_roles,
            overtime_enabled: true,
            weekly_overtime_threshold: 44,
            weekly_overtime_multiplier: 1.5,
            is_custom_min_wage: true,
            custom_min_wages: [MinWageWire {
                amount_cents: 1_760,
            }],
        }
    }
}

#[derive(Serialize)]
pub struct WhoamiWire<'a> {
    pub identity_id: i64,
    pub users: Vec<UserWire<'a>>,
}

/// The single assignment lists say `location_id` where the combined one says
/// `id`.
pub fn renamed_ids<T: Serialize>(rows: &[T], name: &str) -> Vec<serde_json::Value> {
    rows.iter()
        .filter_map(|row| serde_json::to_value(row).ok())
        .map(|mut row| {
            if let Some(object) = row.as_object_mut()
                && let Some(id) = object.remove("id")
            {
                object.insert(name.to_owned(), id);
            }
            row
        })
        .collect()
}
