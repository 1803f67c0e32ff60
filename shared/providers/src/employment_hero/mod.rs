//! Employment Hero, the HR API: organisations, their people, and when they are away.
//!
//! Row fields carry Employment Hero's own names. Enum values stay text, because the reference lists
//! only some, and are compared without regard to case. Dates are the first ten characters of what is
//! sent: the times behind them are local midnights that are labelled as UTC. Hours are whole minutes.
//! What no stream needs is not read at all: reasons and comments of leave, balances, birth dates,
//! addresses, private mails and what banks are told.

mod client;
mod employee;
mod field;
mod leave_request;
mod list;
mod organisation;
mod query;

use crate::ProviderError;
use crate::oauth::{self, ClientAuth, Registration};

pub use client::{Client, OrganisationClient};
pub use employee::{Employee, Team};
pub use leave_request::{LeaveDay, LeaveRequest};
pub use list::MAX_PAGES;
pub use organisation::Organisation;
pub use query::LeaveRequestsQuery;

/// Where the API lives unless a deployment says otherwise. The path `/api/v1` is the client's.
pub const DEFAULT_BASE_URL: &str = "https://api.employmenthero.com";

/// Where people agree and tokens come from, unless a deployment says otherwise.
pub const DEFAULT_OAUTH_URL: &str = "https://oauth.employmenthero.com";

/// How many requests may be sent in a second, and in a minute.
pub const REQUESTS_PER_SECOND: u32 = 20;
pub const REQUESTS_PER_MINUTE: u32 = 100;

/// Rows of a page: the most that is given.
pub const PAGE_SIZE: u32 = 100;

/// The client of Employment Hero's authorization server. Scopes are fixed where the application is
/// registered, so none are asked for; the client proves itself in the body.
///
/// # Errors
/// [`ProviderError::Request`] if `oauth_url` is not an origin,
/// [`ProviderError::Credential`] if the id or the secret cannot be one.
pub fn oauth_client(
    oauth_url: &str,
    client_id: &str,
    client_secret: &str,
) -> Result<oauth::Client, ProviderError> {
    let origin = crate::origin::Origin::parse(oauth_url)?;
    let origin = origin.as_str();
    oauth::Client::new(&Registration {
        authorize_url: &format!("{origin}/oauth2/authorize"),
        token_url: &format!("{origin}/oauth2/token"),
        client_id,
        client_secret,
        client_auth: ClientAuth::Body,
    })
}
