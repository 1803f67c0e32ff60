//! The lists: which rows a query asks for, and how they come.

mod availability;
mod time_off;
mod webhooks;

use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime};

use super::model::{Company, TimePunch, User};
use super::paging::{Paging, Selected, SortKey};
use super::problem::Problem;
use super::query::{Bound, Query};
use super::settings::{DefaultStatus, Settings, SeveralFilters};
use super::shift::{ShiftFace, ShiftView};
use super::wire::{self, DepartmentWire, LocationWire, PunchWire, RoleWire, ShiftWire, UserWire};

pub use availability::{availabilities, availability_reasons};
pub use time_off::{time_off, total_hours};
pub use webhooks::webhooks;

/// How far past `start[lte]` the reported leak reaches.
const LEAK_SECONDS: i64 = 24 * 3600;

/// `modified_since` is a date; deleted ones only with `deleted=true`.
pub fn locations(company: &Company, query: &Query, paging: &Paging<'_>) -> Result<Bytes, Problem> {
    let since = query.date("modified_since")?;
    let deleted = query.boolean("deleted")?.unwrap_or(false);
    let rows = company
        .locations
        .iter()
        .filter(|location| location.deleted == deleted && changed(location.modified, since))
        .map(|location| LocationWire::new(company.id, location))
        .collect();
    let page = paging.by_offset(rows)?;
    Ok(wire::list("locations", &page.rows, page.cursor))
}

pub fn departments(
    company: &Company,
    query: &Query,
    paging: &Paging<'_>,
) -> Result<Bytes, Problem> {
    let since = query.date("modified_since")?;
    let location = query.id("location_id")?;
    let rows = company
        .departments
        .iter()
        .filter(|department| {
            changed(department.modified, since) && wanted(location, department.location_id)
        })
        .map(|department| DepartmentWire::new(company.id, department))
        .collect();
    let page = paging.by_offset(rows)?;
    Ok(wire::list("departments", &page.rows, page.cursor))
}

pub fn roles(company: &Company, query: &Query, paging: &Paging<'_>) -> Result<Bytes, Problem> {
    let since = query.date("modified_since")?;
    let location = query.id("location_id")?;
    let department = query.id("department_id")?;
    let ids = query.ids("ids")?;
    let page = paging.by_id(&company.roles, since, |role| {
        (changed(role.modified, since)
            && wanted(location, role.location_id)
            && wanted(department, role.department_id)
            && ids.as_ref().is_none_or(|ids| ids.contains(&role.id)))
        .then(|| RoleWire::new(company.id, role))
    })?;
    Ok(wire::list("roles", &page.rows, page.cursor))
}

/// `modified_since` is a date; without `status` the settings decide.
pub fn users(
    company: &Company,
    query: &Query,
    paging: &Paging<'_>,
    settings: &Settings,
    api_version: &str,
) -> Result<Bytes, Problem> {
    let filter = UserFilter::read(query, settings)?;
    let selected = |user| {
        filter
            .matches(user)
            .then(|| UserWire::new(company.id, user, api_version))
    };
    let page = match user_sort(query)? {
        None => paging.by_id(&company.users, filter.since, selected)?,
        Some((field, descending)) => paging.by_key(
            company.users.iter().filter_map(|user| {
                let name = match field {
                    UserSort::FirstName => &user.first_name,
                    UserSort::LastName => &user.last_name,
                };
                selected(user).map(|row| Selected {
                    key: Some(SortKey::Text(name.to_lowercase())),
                    id: user.id,
                    row,
                })
            }),
            descending,
        )?,
    };
    Ok(wire::list("users", &page.rows, page.cursor))
}

struct UserFilter {
    since: Option<i64>,
    active: Option<bool>,
    location: Option<i64>,
    department: Option<i64>,
    role: Option<i64>,
    name: Option<String>,
}

impl UserFilter {
    fn read(query: &Query, settings: &Settings) -> Result<Self, Problem> {
        let mut filter = Self {
            since: query.date("modified_since")?,
            active: query
                .one_of("status", &[("active", true), ("inactive", false)])?
                .or(match settings.users_default_status {
                    DefaultStatus::Active => Some(true),
                    DefaultStatus::All => None,
                }),
            location: query.id("location_id")?,
            department: query.id("department_id")?,
            role: query.id("role_id")?,
            name: query.text("name").map(str::to_lowercase),
        };
        let given = [filter.location, filter.department, filter.role]
            .into_iter()
            .flatten()
            .count();
        if given > 1 {
            match settings.several_user_filters {
                SeveralFilters::Refuse => {
                    return Err(Problem::bad_parameter(
                        "location_id",
                        "Only one of location_id, department_id and role_id is allowed.",
                    ));
                }
                SeveralFilters::Ignore => {
                    filter.role = None;
                    if filter.location.is_some() {
                        filter.department = None;
                    }
                }
            }
        }
        Ok(filter)
    }

    fn matches(&self, user: &User) -> bool {
        let assigned = &user.assignments;
        changed(user.modified, self.since)
            && self.active.is_none_or(|active| user.active == active)
            && self
                .location
                .is_none_or(|id| assigned.location_ids.contains(&id))
            && self
                .department
                .is_none_or(|id| assigned.department_ids.contains(&id))
            && self.role.is_none_or(|id| assigned.role_ids.contains(&id))
            && self.name.as_ref().is_none_or(|name| {
                format!("{} {}", user.first_name, user.last_name)
                    .to_lowercase()
                    .contains(name)
            })
    }
}

#[derive(Clone, Copy)]
enum UserSort {
    FirstName,
    LastName,
}

/// `firstname.asc,lastname.desc`: the first one decides, ids break ties.
fn user_sort(query: &Query) -> Result<Option<(UserSort, bool)>, Problem> {
    let Some(first) = query
        .text("sort_by")
        .and_then(|text| text.split(',').next())
    else {
        return Ok(None);
    };
    let sort = match first {
        "firstname.asc" => (UserSort::FirstName, false),
        "firstname.desc" => (UserSort::FirstName, true),
        "lastname.asc" => (UserSort::LastName, false),
        "lastname.desc" => (UserSort::LastName, true),
        _ => {
            return Err(Problem::bad_parameter(
                "sort_by",
                "sort_by must be firstname or lastname with .asc or .desc.",
            ));
        }
    };
    Ok(Some(sort))
}

/// `modified_since` is a date-time; drafts and deletions by the documented
/// precedence.
pub fn shifts(
    company: &Company,
    query: &Query,
    paging: &Paging<'_>,
    settings: &Settings,
) -> Result<Bytes, Problem> {
    let filter = ShiftFilter::read(query, settings)?;
    let sort = query.one_of("sort_by", &[("start", true), ("end", false)])?;
    let descending = query
        .one_of("sort_dir", &[("asc", false), ("desc", true)])?
        .unwrap_or(false);
    let page = match sort {
        None => paging.by_id(&company.shifts, filter.since, |shift| filter.select(shift))?,
        Some(by_start) => paging.by_key(
            company.shifts.iter().filter_map(|shift| {
                filter.select(shift).map(|face| Selected {
                    key: Some(SortKey::Number(if by_start {
                        face.details.start
                    } else {
                        face.details.end
                    })),
                    id: face.id,
                    row: face,
                })
            }),
            descending,
        )?,
    };
    let rows: Vec<ShiftWire<'_>> = page
        .rows
        .into_iter()
        .map(|face| ShiftWire::new(company, face))
        .collect();
    Ok(wire::list("shifts", &rows, page.cursor))
}

struct ShiftFilter {
    view: ShiftView,
    since: Option<i64>,
    start: Range,
    end: Range,
    location: Option<i64>,
    department: Option<i64>,
    departments: Option<Vec<i64>>,
    role: Option<i64>,
    user: Option<i64>,
    ids: Option<Vec<i64>>,
    open: Option<bool>,
}

impl ShiftFilter {
    fn read(query: &Query, settings: &Settings) -> Result<Self, Problem> {
        let mut start = Range::read(query, "start")?;
        if settings.leaky_start_bound {
            start.latest = start.latest.map(|latest| latest + LEAK_SECONDS);
        }
        Ok(Self {
            view: Self::view(query)?,
            since: query
                .date_time("modified_since")?
                .map(|bound| bound.instant),
            start,
            end: Range::read(query, "end")?,
            location: query.id("location_id")?,
            department: query.id("department_id")?,
            departments: query.ids("department_ids")?,
            role: query.id("role_id")?,
            user: query.id("user_id")?,
            ids: query.ids("shift_ids")?,
            open: query.boolean("open")?.filter(|open| *open),
        })
    }

    /// `include_draft` overrides both others, `draft` overrides `deleted`.
    fn view(query: &Query) -> Result<ShiftView, Problem> {
        let asked = |name| query.boolean(name).map(|value| value == Some(true));
        Ok(
            match (asked("include_draft")?, asked("draft")?, asked("deleted")?) {
                (true, _, _) => ShiftView::PublishedAndDraft,
                (false, true, _) => ShiftView::Draft,
                (false, false, true) => ShiftView::Deleted,
                (false, false, false) => ShiftView::Published,
            },
        )
    }

    fn select<'a>(&self, shift: &'a super::shift::Shift) -> Option<ShiftFace<'a>> {
        let face = shift.face(self.view)?;
        let details = face.details;
        let department_wanted = self.departments.as_ref().is_none_or(|departments| {
            details
                .department_id
                .is_some_and(|id| departments.contains(&id))
        });
        (changed(details.modified, self.since)
            && self.start.holds(details.start)
            && self.end.holds(details.end)
            && wanted(self.location, details.location_id)
            && wanted_option(self.department, details.department_id)
            && department_wanted
            && wanted_option(self.role, details.role_id)
            && wanted_option(self.user, details.user_id)
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&face.id))
            && self.open.is_none_or(|open| details.open == open))
        .then_some(face)
    }
}

/// Inclusive bounds `name[gte]` and `name[lte]`; a plain `name=` has no effect.
#[derive(Clone, Copy)]
struct Range {
    earliest: Option<i64>,
    latest: Option<i64>,
}

impl Range {
    fn read(query: &Query, name: &str) -> Result<Self, Problem> {
        let bound = |side: &str| {
            query
                .date_time(&format!("{name}[{side}]"))
                .map(|bound| bound.map(|bound| bound.instant))
        };
        Ok(Self {
            earliest: bound("gte")?,
            latest: bound("lte")?,
        })
    }

    fn holds(self, moment: i64) -> bool {
        self.earliest.is_none_or(|earliest| moment >= earliest)
            && self.latest.is_none_or(|latest| moment <= latest)
    }
}

/// `modified_since` is a date-time; deleted ones by `deleted`.
pub fn time_punches(
    company: &Company,
    query: &Query,
    paging: &Paging<'_>,
) -> Result<Bytes, Problem> {
    let filter = PunchFilter::read(company, query)?;
    let page = match punch_sort(query)? {
        None => paging.by_id(&company.time_punches, filter.since, |punch| {
            filter.matches(punch).then_some(punch)
        })?,
        Some((field, descending)) => paging.by_key(
            company
                .time_punches
                .iter()
                .filter(|punch| filter.matches(punch))
                .map(|punch| Selected {
                    key: Some(SortKey::Number(field.of(punch))),
                    id: punch.id,
                    row: punch,
                }),
            descending,
        )?,
    };
    let rows: Vec<PunchWire<'_>> = page
        .rows
        .into_iter()
        .map(|punch| PunchWire::new(company.id, punch))
        .collect();
    Ok(wire::list("time_punches", &rows, page.cursor))
}

struct PunchFilter<'a> {
    company: &'a Company,
    since: Option<i64>,
    /// None is both.
    deleted: Option<bool>,
    location: Option<i64>,
    department: Option<i64>,
    role: Option<i64>,
    user: Option<i64>,
    approved: Option<bool>,
    clocked_in: Moments,
    clocked_out: Moments,
    localize: bool,
}

impl<'a> PunchFilter<'a> {
    fn read(company: &'a Company, query: &Query) -> Result<Self, Problem> {
        let deleted = query
            .one_of(
                "deleted",
                &[("false", Some(false)), ("true", Some(true)), ("null", None)],
            )?
            .unwrap_or(Some(false));
        // Deprecated, still understood: both.
        let include_deleted = query.boolean("include_deleted")?.unwrap_or(false);
        Ok(Self {
            company,
            since: query
                .date_time("modified_since")?
                .map(|bound| bound.instant),
            deleted: deleted.filter(|_| !include_deleted),
            location: query.id("location_id")?,
            department: query.id("department_id")?,
            role: query.id("role_id")?,
            user: query.id("user_id")?,
            approved: query.boolean("approved")?,
            clocked_in: Moments::read(query, "clocked_in")?,
            clocked_out: Moments::read(query, "clocked_out")?,
            localize: query.boolean("localize_search_time")?.unwrap_or(false),
        })
    }

    fn matches(&self, punch: &TimePunch) -> bool {
        changed(punch.modified, self.since)
            && self.deleted.is_none_or(|deleted| punch.deleted == deleted)
            && wanted(self.location, punch.location_id)
            && wanted_option(self.department, punch.department_id)
            && wanted_option(self.role, punch.role_id)
            && wanted(self.user, punch.user_id)
            && self
                .approved
                .is_none_or(|approved| punch.approved == approved)
            && self.within(self.clocked_in, Some(punch.clocked_in), punch)
            && self.within(self.clocked_out, punch.clocked_out, punch)
    }

    /// A running punch has no `clocked_out`, so no bound on it holds.
    fn within(&self, bounds: Moments, moment: Option<i64>, punch: &TimePunch) -> bool {
        if bounds.earliest.is_none() && bounds.latest.is_none() {
            return true;
        }
        let Some(moment) = moment else {
            return false;
        };
        if !self.localize {
            return bounds.earliest.is_none_or(|bound| moment >= bound.instant)
                && bounds.latest.is_none_or(|bound| moment <= bound.instant);
        }
        let local = self.wall_clock(moment, punch.location_id);
        bounds
            .earliest
            .is_none_or(|bound| local >= bound.wall_clock)
            && bounds.latest.is_none_or(|bound| local <= bound.wall_clock)
    }

    fn wall_clock(&self, moment: i64, location_id: i64) -> NaiveDateTime {
        let zone = self
            .company
            .locations
            .get(location_id)
            .map_or(self.company.timezone, |location| location.timezone);
        DateTime::from_timestamp(moment, 0)
            .unwrap_or_default()
            .with_timezone(&zone)
            .naive_local()
    }
}

#[derive(Clone, Copy)]
struct Moments {
    earliest: Option<Bound>,
    latest: Option<Bound>,
}

impl Moments {
    fn read(query: &Query, name: &str) -> Result<Self, Problem> {
        Ok(Self {
            earliest: query.date_time(&format!("{name}[gte]"))?,
            latest: query.date_time(&format!("{name}[lte]"))?,
        })
    }
}

#[derive(Clone, Copy)]
enum PunchSort {
    Id,
    ClockedIn,
    ClockedOut,
    Created,
    Modified,
}

impl PunchSort {
    /// Running punches sort last by `clocked_out`.
    fn of(self, punch: &TimePunch) -> i64 {
        match self {
            Self::Id => punch.id,
            Self::ClockedIn => punch.clocked_in,
            Self::ClockedOut => punch.clocked_out.unwrap_or(i64::MAX),
            Self::Created => punch.created,
            Self::Modified => punch.modified,
        }
    }
}

/// `sort_by=<field>.asc|desc`. The form shifts take (`sort_by=start` with
/// `sort_dir`) has no effect here.
fn punch_sort(query: &Query) -> Result<Option<(PunchSort, bool)>, Problem> {
    let Some((field, direction)) = query.text("sort_by").and_then(|text| text.split_once('.'))
    else {
        return Ok(None);
    };
    let wrong = |detail: &str| Problem::bad_parameter("sort_by", detail);
    let field = match field {
        "id" => PunchSort::Id,
        "clocked_in" => PunchSort::ClockedIn,
        "clocked_out" => PunchSort::ClockedOut,
        "created" => PunchSort::Created,
        "modified" => PunchSort::Modified,
        _ => return Err(wrong("sort_by names a field that cannot be sorted by.")),
    };
    match direction {
        "asc" => Ok(Some((field, false))),
        "desc" => Ok(Some((field, true))),
        _ => Err(wrong("sort_by must end in .asc or .desc.")),
    }
}

fn changed(modified: i64, since: Option<i64>) -> bool {
    since.is_none_or(|since| modified >= since)
}

fn wanted(filter: Option<i64>, value: i64) -> bool {
    filter.is_none_or(|filter| filter == value)
}

fn wanted_option(filter: Option<i64>, value: Option<i64>) -> bool {
    filter.is_none_or(|filter| value == Some(filter))
}
