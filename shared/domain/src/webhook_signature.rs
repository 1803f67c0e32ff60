//! Whether a webhook that arrived comes from the provider that it claims, and what it tells.
//!
//! A scheme is a file. What holds for all of them:
//!
//! - The raw bytes are what is signed; a body is read only after its signature was found right.
//! - Signatures are compared in constant time, every live key with every signature, to the end.
//! - Where a scheme has a clock, it is checked on both sides, even where the provider's own library
//!   looks at the past only.
//! - A header that is malformed or sent twice is a rejection, and so is a webhook without a key.
//! - URLs that are signed are the caller's, never made from `Host` or `X-Forwarded-*`.

mod clock;
mod generic;
mod github;
mod google_channel;
mod headers;
mod hubspot;
mod mac;
mod microsoft_graph;
mod options;
mod payload;
mod rejection;
mod seven_shifts;
mod shopify;
mod slack;
mod square;
pub mod standard;
mod stripe;
mod twilio;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;

use std::fmt;

pub use headers::{MAX_HEADER_BYTES, MAX_ID_BYTES};
pub use options::{
    DEFAULT_TOLERANCE_SECONDS, Encoding, HubspotVersion, Options, SevenShiftsSigning,
    TOLERANCE_SECONDS,
};
pub use rejection::Rejection;

use crate::text_enum::text_enum;

text_enum! {
    /// How a provider proves that a delivery is its own.
    pub enum Scheme, "webhook scheme" {
        /// Standard Webhooks 1.0.0, and Svix, which it comes from.
        Standard = "standard",
        Github = "github",
        Slack = "slack",
        Stripe = "stripe",
        Hubspot = "hubspot",
        Shopify = "shopify",
        Square = "square",
        Twilio = "twilio",
        SevenShifts = "seven_shifts",
        /// Push notifications of Google Drive and Calendar.
        GoogleChannel = "google_channel",
        /// Basic change notifications and lifecycle notifications of Microsoft Graph.
        MicrosoftGraph = "microsoft_graph",
        /// An HMAC-SHA256 of the body in a header that the webhook's options name.
        Generic = "generic",
    }
}

impl Scheme {
    /// Whether the secret is the receiver's to choose; else the provider shows it.
    #[must_use]
    pub const fn has_own_secret(self) -> bool {
        matches!(
            self,
            Self::Standard
                | Self::Github
                | Self::GoogleChannel
                | Self::MicrosoftGraph
                | Self::Generic
        )
    }

    /// Whether the URL that was called is part of what is signed.
    #[must_use]
    pub const fn signs_url(self) -> bool {
        matches!(self, Self::Hubspot | Self::Square | Self::Twilio)
    }
}

/// One delivery as it arrived.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    pub method: &'a str,
    /// The public URL of this endpoint as it is configured, with the query as it arrived. Never
    /// made from `Host` or `X-Forwarded-*`, which the sender chooses.
    pub url: &'a str,
    /// Names in lower case, values as they came.
    pub headers: &'a [(&'a str, &'a [u8])],
    pub body: &'a [u8],
}

/// A live key of a webhook. During a rotation there are several.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    /// What is logged of it.
    pub id: &'a str,
    /// As the provider shows it. Google: the token of the channel. Microsoft Graph: the
    /// `clientState` of the subscription. 7shifts: the GUID of the company's grant.
    pub secret: &'a str,
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What is known of a delivery whose proof was right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The key that proved it; `None` where nothing is signed.
    pub key_id: Option<String>,
    /// The provider's id of the delivery, the same when it is sent again; at most
    /// [`MAX_ID_BYTES`]. `None`: only the body can tell two deliveries apart.
    ///
    /// GitHub, Shopify and Twilio send theirs in a header that the signature does not cover, so it
    /// tells repeats of the provider apart, not those of somebody who has recorded a delivery.
    pub delivery_id: Option<String>,
    /// The provider's name of what happened.
    pub event: Option<String>,
    /// Events with the same one are to be processed in their order.
    pub ordering_key: Option<String>,
    /// When this attempt was sent, in Unix seconds.
    pub sent_at: Option<i64>,
    /// A reason to ask the provider, never data: the body was not signed.
    pub is_hint: bool,
    /// Microsoft Graph: the indices in `value` whose `clientState` was right, ascending; the other
    /// items must not be used. `None`: the whole body may be.
    pub items: Option<Vec<usize>>,
}

/// What a delivery with the right proof asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something happened: queue it, then answer 2xx.
    Event(Verified),
    /// Answer 200 with this and do nothing else.
    Handshake {
        content_type: &'static str,
        body: String,
    },
    /// Answer 2xx and do nothing.
    Acknowledge,
}

/// Checks the proof of a delivery. `now` is in Unix seconds.
///
/// A handshake of Microsoft Graph is answered without proof, for it has none.
///
/// # Errors
/// The [`Rejection`]; each of them is a 401.
pub fn verify(
    scheme: Scheme,
    options: &Options,
    delivery: &Delivery<'_>,
    keys: &[Key<'_>],
    now: i64,
) -> Result<Outcome, Rejection> {
    match scheme {
        Scheme::Standard => standard::verify(options, delivery, keys, now),
        Scheme::Github => github::verify(delivery, keys),
        Scheme::Slack => slack::verify(options, delivery, keys, now),
        Scheme::Stripe => stripe::verify(options, delivery, keys, now),
        Scheme::Hubspot => hubspot::verify(options, delivery, keys, now),
        Scheme::Shopify => shopify::verify(delivery, keys),
        Scheme::Square => square::verify(delivery, keys),
        Scheme::Twilio => twilio::verify(delivery, keys),
        Scheme::SevenShifts => seven_shifts::verify(options, delivery, keys, now),
        Scheme::GoogleChannel => google_channel::verify(delivery, keys),
        Scheme::MicrosoftGraph => microsoft_graph::verify(delivery, keys),
        Scheme::Generic => generic::verify(options, delivery, keys, now),
    }
}

/// The longest secret that is taken, in bytes.
pub const MAX_SECRET_BYTES: usize = 1_024;

/// Microsoft's page on subscriptions allows so many characters, its page on notifications more.
const MAX_CLIENT_STATE_CHARS: usize = 128;

/// Why a text cannot be the secret of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSecret {
    #[error("the secret is empty; copy it from the provider")]
    Empty,
    #[error("the secret has blanks or control characters around it; copy it again without them")]
    Blanks,
    #[error("the secret is longer than {max} {unit}; use a shorter one")]
    TooLong { max: usize, unit: &'static str },
    #[error(transparent)]
    Standard(standard::KeyError),
}

/// Whether a text can be the secret of a key, so that a bad one is refused where it is entered.
///
/// # Errors
/// [`UnusableSecret`], without the text.
pub fn check_secret(scheme: Scheme, secret: &str) -> Result<(), UnusableSecret> {
    if secret.is_empty() {
        return Err(UnusableSecret::Empty);
    }
    if secret.len() > MAX_SECRET_BYTES {
        return Err(UnusableSecret::TooLong {
            max: MAX_SECRET_BYTES,
            unit: "bytes",
        });
    }
    let is_blank = |c: char| c.is_whitespace() || c.is_control();
    if secret.starts_with(is_blank) || secret.ends_with(is_blank) {
        return Err(UnusableSecret::Blanks);
    }
    match scheme {
        Scheme::Standard => standard::VerifyingKey::parse(secret)
            .map(drop)
            .map_err(UnusableSecret::Standard),
        Scheme::MicrosoftGraph if secret.chars().count() > MAX_CLIENT_STATE_CHARS => {
            Err(UnusableSecret::TooLong {
                max: MAX_CLIENT_STATE_CHARS,
                unit: "characters",
            })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_cannot_be_one_is_refused_where_it_is_entered() {
        let long = "x".repeat(MAX_SECRET_BYTES + 1);
        let state = "å".repeat(MAX_CLIENT_STATE_CHARS + 1);
        let too_long = |max, unit| UnusableSecret::TooLong { max, unit };
        for (scheme, secret, fault) in [
            (Scheme::Github, "", UnusableSecret::Empty),
            (Scheme::Github, "k3y\n", UnusableSecret::Blanks),
            (Scheme::Stripe, " k3y", UnusableSecret::Blanks),
            (Scheme::Slack, "\u{0}k3y", UnusableSecret::Blanks),
            (Scheme::Generic, &*long, too_long(1_024, "bytes")),
            (Scheme::MicrosoftGraph, &*state, too_long(128, "characters")),
            (
                Scheme::Standard,
                "whsec_%%%%",
                UnusableSecret::Standard(standard::KeyError::Base64),
            ),
        ] {
            assert_eq!(check_secret(scheme, secret), Err(fault), "{scheme}");
            assert!(secret.is_empty() || !fault.to_string().contains(secret));
        }
        assert_eq!(
            check_secret(Scheme::Github, "It's a Secret to Everybody"),
            Ok(())
        );
        assert_eq!(
            check_secret(Scheme::MicrosoftGraph, &"å".repeat(128)),
            Ok(())
        );
        assert_eq!(
            check_secret(Scheme::Standard, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            Ok(())
        );
    }

    #[test]
    fn a_key_does_not_print_its_secret() {
        let key = Key {
            id: "key-1",
            secret: "farm-secret",
        };
        assert_eq!(format!("{key:?}"), r#"Key { id: "key-1", .. }"#);
    }
}
