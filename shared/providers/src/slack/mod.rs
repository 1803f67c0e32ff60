//! Slack: posting messages, by an incoming webhook or with an app's bot token.
//!
//! Slack gives its reason as one word, beside a status that says less: with a token nearly every
//! failure comes with 200. So answers are read by their word first, and by their status where
//! there is none that is known. [`SlackFailure`] is the outcome.
//!
//! There is no idempotency key: who repeats a message that may have arrived may post it twice.

mod call;
mod client;
mod failure;
mod incoming_webhook;
mod word;

pub use call::{Call, Reply};
pub use client::{BotIdentity, BotToken, Client, Posted};
pub use failure::{Class, SlackFailure};
pub use incoming_webhook::IncomingWebhook;

/// Where incoming webhooks live unless a deployment says otherwise. Those of GovSlack live at
/// a host of their own, which this default includes.
pub const DEFAULT_WEBHOOKS_BASE_URL: &str = "https://hooks.slack.com";

/// Where the Web API lives unless a deployment says otherwise. The path `/api` is the client's.
pub const DEFAULT_API_BASE_URL: &str = "https://slack.com";

/// How many messages one channel takes in a second, however they are sent. Short bursts pass.
pub const MESSAGES_PER_SECOND: u32 = 1;
