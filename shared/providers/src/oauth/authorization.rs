//! The request that a person's browser takes to the provider.

use super::Verifier;

/// What one authorization request says, beyond who asks.
#[derive(Clone, Debug)]
pub struct Authorization<'a> {
    /// Random, used once, and bound to whoever began (RFC 9700 section 4.7).
    pub state: &'a str,
    pub verifier: &'a Verifier,
    /// Where the browser comes back to, exactly as it is registered.
    pub redirect_uri: &'a str,
    /// Without any, the parameter is left out: some providers have fixed the scopes at registration.
    pub scopes: &'a [&'a str],
    /// The provider's own, such as `access_type`.
    pub extra: &'a [(&'a str, &'a str)],
}

/// No parameter of the provider's own has such a name.
pub(super) const RESERVED: [&str; 9] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "client_secret",
    "code_verifier",
];
