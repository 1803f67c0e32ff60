//! HubSpot's CRM: the users, owners, meetings, deals and contacts that deals are allocated by.
//!
//! Searches end at [`MAX_SEARCH_RESULTS`]: one that finds more is an error, and so is one that ends
//! before its own total, because a list that is cut short would make a busy adviser look free.
//! Between two pages of a search records may come and go; who must not miss one asks again.
//!
//! Property names are the account's own, so records are read as maps of text ([`Record`]). Missing,
//! null and empty are one and the same.

mod account;
mod association;
mod call;
mod client;
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

pub use account::AccountDetails;
pub use association::{AssociatedContact, ContactsOfDeals, DealContacts};
pub use call::{Call, Reply};
pub use client::Client;
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

/// The most deals whose contacts are asked for at once.
pub const MAX_BATCH: usize = 100;
