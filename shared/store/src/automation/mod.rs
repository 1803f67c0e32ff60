//! Automation: events that wait, the rules of what follows from them, and what people have to see.
//!
//! Two kinds of jobs work on events, each in the order in which its events were stored: [`INBOX`] on
//! what one webhook has brought, [`AUTOMATION`] on what has happened in one organization. What follows
//! from an event is decided in the transaction that ends it ([`work::settle`]), so that a crash
//! repeats nothing and forgets nothing.

pub mod notices;
pub mod rules;
pub mod work;

/// The kind of a job that works on what a webhook has brought: subject = webhook.
pub const INBOX: &str = "inbox";
/// The kind of a job that works on what has happened: subject = organization.
pub const AUTOMATION: &str = "automation";
/// How long events that are over, firings and dismissed notices are kept, in seconds: 30 days.
pub const KEEP_SECONDS: i64 = 30 * 86_400;
