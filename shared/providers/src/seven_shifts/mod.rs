//! 7shifts, REST API v2: people, places, shifts, time punches, wages, assignments,
//! availability, time off and webhooks.
//!
//! Row fields carry 7shifts' own names. Times are Unix seconds UTC, money is whole cents,
//! a reference that 7shifts writes as null or zero is `None`, and enum values stay text,
//! because 7shifts adds values between versions. Hours, which may have fractions, are whole
//! minutes. What no stream needs (birth dates,
//! addresses, signup facts with an API key among them) is not read at all.

mod assignment;
mod availability;
mod client;
mod company;
mod company_settings;
mod credential;
mod place;
mod query;
mod raw;
mod request_status;
mod role;
mod shift;
mod time_off;
mod time_punch;
mod user;
mod wage;
mod webhook;
mod whoami;

pub use assignment::{RoleAssignment, UserAssignments};
pub use availability::{Availability, AvailabilityDay, AvailabilityReason};
pub use client::{COMPANY_GUID, Client, CompanyClient};
pub use company::Company;
pub use company_settings::{LaborSettings, TimeOffCategory, TimeOffSettings};
pub use credential::Credential;
pub use place::{Department, Location};
pub use query::{
    AvailabilitiesQuery, AvailabilityReasonsQuery, DepartmentsQuery, LocationsQuery, MAX_LIMIT,
    Paging, PunchSelection, RolesQuery, ShiftSelection, ShiftsQuery, TimeOffQuery,
    TimePunchesQuery, UserStatus, UsersQuery, WebhooksQuery,
};
pub use raw::{ListQuery, SingleQuery};
pub use request_status::RequestStatus;
pub use role::{Role, Station};
pub use shift::{Shift, ShiftBreak};
pub use time_off::{TimeOff, TimeOffDay};
pub use time_punch::{Break, TimePunch};
pub use user::User;
pub use wage::{UserWages, Wage};
pub use webhook::{NewWebhook, Webhook};
pub use whoami::Whoami;

/// Where the API lives unless a deployment says otherwise. The path `/v2` is the client's.
pub const DEFAULT_BASE_URL: &str = "https://api.7shifts.com";

/// The version of the API whose shapes this module reads (`x-api-version`).
pub const API_VERSION: &str = "2026-01-01";

/// How many requests one token may send in a second, over all endpoints.
pub const REQUESTS_PER_SECOND: u32 = 10;

/// How long 7shifts blocks a token that went over its limit.
pub const RATE_LIMIT_BLOCK_SECONDS: u64 = 60;
