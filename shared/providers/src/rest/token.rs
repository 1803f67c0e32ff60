//! The requests for access tokens (RFC 6749); [`crate::oauth`] reads the answers.

use http::Method;

use super::auth::Auth;
use super::call::{assemble, unusable};
use super::config::RestConfig;
use super::request::secret;
use super::secrets::{SecretName, Secrets};
use crate::ProviderError;
use crate::oauth::{Grant, TokenCall, token_call, token_form};

impl RestConfig {
    /// Asks for an access token with the client's credentials or the refresh token.
    ///
    /// Two such requests must not be under way for one connector: a server that gives a new refresh
    /// token with each withdraws everything when it sees one twice.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if the configuration has no access tokens,
    /// [`ProviderError::Credential`] if a secret is not there or cannot be sent.
    pub fn token_request(&self, secrets: &Secrets) -> Result<TokenCall, ProviderError> {
        let (grant, client, mut form) = match &self.auth {
            Auth::ClientCredentials(client) => (
                Grant::ClientCredentials,
                client,
                vec![("grant_type", "client_credentials")],
            ),
            Auth::RefreshToken(client) => (
                Grant::RefreshToken,
                client,
                vec![
                    ("grant_type", "refresh_token"),
                    (
                        "refresh_token",
                        secret(secrets, SecretName::RefreshToken)?.expose(),
                    ),
                ],
            ),
            _ => return Err(unusable("this connector has no access tokens")),
        };
        let client_secret = secret(secrets, SecretName::ClientSecret)?;
        let optional = [("scope", &client.scope), ("audience", &client.audience)];
        form.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_deref()?))),
        );
        let (headers, body) =
            token_form(form, client.client_auth, &client.client_id, client_secret)?;
        let request = assemble(Method::POST, &client.token_url, headers, body)?;
        let hidden = self.redactor(secrets).into_forms();
        Ok(token_call(request, self.timeout(), grant, hidden))
    }
}
