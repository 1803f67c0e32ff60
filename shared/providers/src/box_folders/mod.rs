//! Box: folders of clients, made from a template by an app's service account.
//!
//! An app proves itself with an [`Assertion`] that its private key signs, and gets an [`AccessToken`] for
//! about an hour; there is no refresh token. Calls may name a user to act as. Nothing here opens a
//! socket or reads a clock; time and randomness are given.
//!
//! Creation and copy have no idempotency key. Whether a call that failed may have done its work is said
//! by [`BoxFailure::may_have_happened`]; then it is looked for before it is made again.

mod assertion;
mod call;
mod client;
mod config;
mod failure;
mod id;
mod item;
mod key;
mod metadata;
mod token;
mod wire;

pub use assertion::{Assertion, LIFE_S, Subject};
pub use call::{Call, Reply};
pub use client::{Client, FolderChange, Role};
pub use config::AppConfig;
pub use failure::{BoxFailure, Class};
pub use id::Id;
pub use item::{Folder, Item, User, with_login};
pub use key::SigningKey;
pub use metadata::MetadataTemplate;
pub use token::{AccessToken, TokenCall, TokenFailure, TokenFailureClass, TokenReply};

/// Where the API and the token endpoint live unless a deployment says otherwise.
pub const DEFAULT_BASE_URL: &str = "https://api.box.com";

/// Calls in a minute for each user, as documented.
pub const CALLS_PER_MINUTE: u32 = 1_000;

/// A copy of more items goes on after its answer.
pub const MAX_ITEMS_COPIED_AT_ONCE: u32 = 500;

/// Some edges in front of APIs refuse requests without one.
const PRODUCT: &str = concat!("patchbay/", env!("CARGO_PKG_VERSION"));
