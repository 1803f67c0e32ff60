//! Webhooks that organizations receive, and the inbox of what came.
//!
//! A *webhook* is one URL that a provider calls, with the scheme by which it proves itself and the
//! keys for that. Its `version` is one more after each change of what the receiver goes by: what
//! was proven by an older version is not stored, so that a copy of the configuration may be old and
//! nothing comes of it.

pub mod events;
pub mod webhooks;
