//! HubSpot's CRM: the users, owners, meetings, deals and contacts that deals are allocated by.
//!
//! A search that ends before its own total is an error, because a list that is cut short would make a
//! busy adviser look free. HubSpot gives [`MAX_SEARCH_RESULTS`] of one search; who wants more, or must
//! not miss one where records come and go between two pages, reads on from the last id.
//!
//! Property names are the account's own, so records are read as maps of text ([`Record`]). Missing,
//! null and empty are one and the same.

mod account;
mod association;
mod call;
mod client;
mod deals_read;
mod failure;
mod limits;
mod meeting;
mod owner;
mod page;
mod query;
mod record;
mod search;
mod token;
pub mod workflow;

use crate::ProviderError;
use crate::oauth::{self, ClientAuth, Registration};
use crate::origin::Origin;

pub use account::AccountDetails;
pub use association::{AssociatedContact, ContactsOfDeals, DealContacts};
pub use call::{Call, Reply};
pub use client::Client;
pub use deals_read::DealsRead;
pub use limits::{LimitPolicy, RateLimits};
pub use meeting::Meeting;
pub use owner::Owner;
pub use query::{DealsQuery, MeetingsQuery, OwnersQuery, UsersQuery};
pub use record::Record;
pub use search::{MAX_OWNERS_PER_SEARCH, MAX_SEARCH_RESULTS};
pub use token::AccessToken;

/// Where the API lives unless a deployment says otherwise. The paths below it are the client's.
pub const DEFAULT_API_BASE_URL: &str = "https://api.hubapi.com";

/// How many searches one token may make in a second. Their answers have no headers that say how many
/// are left.
pub const SEARCHES_PER_SECOND: u32 = 5;

/// How many requests the smallest plan allows one private app in ten seconds; larger ones allow 190
/// or 250, and the headers say which ([`RateLimits`]).
pub const REQUESTS_PER_TEN_SECONDS: u32 = 100;

/// The most deals that are asked for at once, and the most whose contacts are.
pub const MAX_BATCH: usize = 100;

/// What an application is asked to be allowed: what the calls of [`Client`] need (the API's specification names the scope
/// of each; meetings go by that of contacts).
pub const SCOPES: [&str; 7] = [
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.objects.owners.read",
    "crm.objects.users.read",
];

/// The client of HubSpot's authorization server: people agree in the application, tokens come from the API's host, and the
/// client proves itself in the body. The path is the one that stays: `/oauth/v1/token` ends in February 2027.
///
/// # Errors
/// [`ProviderError::Request`] if a URL is not an origin, [`ProviderError::Credential`] if the id or the secret cannot be one.
pub fn oauth_client(
    app_url: &str,
    api_url: &str,
    client_id: &str,
    client_secret: &str,
) -> Result<oauth::Client, ProviderError> {
    oauth::Client::new(&Registration {
        authorize_url: &format!("{}/oauth/authorize", Origin::parse(app_url)?.as_str()),
        token_url: &format!("{}/oauth/2026-09/token", Origin::parse(api_url)?.as_str()),
        client_id,
        client_secret,
        client_auth: ClientAuth::Body,
    })
}
