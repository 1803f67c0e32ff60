//! Typed clients of the providers' APIs, without I/O.
//!
//! A client builds a [`Call`]: the [`http::Request`] to send and the [`Reply`] that
//! reads the answer into a typed page or a typed [`ProviderError`]. Who sends it, when,
//! and how often is decided elsewhere: nothing here opens a socket, reads a clock or
//! keeps state between calls.
//!
//! Foreign bytes never panic and never cost more than their own record: what cannot be
//! read is listed in [`Page::rejected`] with its id and the reason, and the rest of the
//! page lands.

pub mod box_folders;
mod call;
pub mod employment_hero;
mod error;
mod field;
pub mod hubspot;
mod json;
pub mod oauth;
mod origin;
mod page;
mod problem;
mod record;
pub mod rest;
mod secret;
pub mod seven_shifts;
pub mod slack;
pub mod timestamp;
mod written_forms;

pub use call::{Call, MAX_BODY_BYTES, Reply};
pub use error::ProviderError;
pub use page::{MAX_CURSOR_BYTES, MAX_PAGE_RECORDS, Page, RawPage, Rejected};
pub use secret::Secret;
