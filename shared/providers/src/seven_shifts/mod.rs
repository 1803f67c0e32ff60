//! 7shifts, REST API v2: people, places, shifts and time punches.
//!
//! Row fields carry 7shifts' own names. Times are Unix seconds UTC, money is whole cents,
//! a reference that 7shifts writes as null or zero is `None`, and enum values stay text,
//! because 7shifts adds values between versions. What no stream needs (birth dates,
//! addresses, signup facts with an API key among them) is not read at all.

mod client;
mod company;
mod credential;
mod place;
mod query;
mod role;
mod shift;
mod time_punch;
mod user;
mod whoami;

pub use client::{Client, CompanyClient};
pub use company::Company;
pub use credential::Credential;
pub use place::{Department, Location};
pub use query::{
    DepartmentsQuery, LocationsQuery, MAX_LIMIT, Paging, PunchSelection, RolesQuery,
    ShiftSelection, ShiftsQuery, TimePunchesQuery, UserStatus, UsersQuery,
};
pub use role::{Role, Station};
pub use shift::{Shift, ShiftBreak};
pub use time_punch::{Break, TimePunch};
pub use user::User;
pub use whoami::Whoami;

/// Where the API lives unless a deployment says otherwise. The path `/v2` is the client's.
pub const DEFAULT_BASE_URL: &str = "https://api.7shifts.com";

/// The version of the API whose shapes this module reads (`x-api-version`).
pub const API_VERSION: &str = "2026-01-01";

/// How many requests one token may send in a second, over all endpoints.
pub const REQUESTS_PER_SECOND: u32 = 10;

/// How long 7shifts blocks a token that went over its limit.
pub const RATE_LIMIT_BLOCK_SECONDS: u64 = 60;
