//! Accounts that are connected by their owner's consent (OAuth 2.0 authorization code with PKCE): which types of connectors
//! are, where each provider asks for it, and the access token of one that has it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::api_key::sha256_hex;
use providers::oauth::Client;
use providers::{Secret, employment_hero, hubspot};
use serde::Deserialize;
use store::jobs::SealedCredential;

use crate::access_tokens::{Failure, Tokens, Usable};
use crate::clients::{EMPLOYMENT_HERO, HUBSPOT};
use crate::outbound::Line;
use crate::{SpinDatabase, random, variables};

/// The field of `credentials` that holds the secret of the client, as the provider has registered it.
pub const CLIENT_SECRET: &str = "client_secret";
/// Where a link leads, below the variable `public_url`.
pub const START_PATH: &str = "/auth/start";
/// Where browsers come back to: what is to be registered with the provider.
pub const CALLBACK_PATH: &str = "/auth/callback";
/// Why a connector that was made or given another client is not connected.
pub const AWAITS_CONSENT: &str = "The account's owner has not agreed yet: ask for a link by POST /api/connectors/{id}/authorizations, and open it in a browser.";

/// What nobody can guess, for a link, a state or a cookie: 256 bits.
#[must_use]
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(random::bytes::<32>())
}

/// What is kept of such a token.
#[must_use]
pub fn hash(token: &str) -> String {
    sha256_hex(token.as_bytes())
}

/// Who can be asked.
#[derive(Clone, Copy)]
enum Provider {
    EmploymentHero,
    HubSpot,
}

/// What is read of a connector's configuration.
#[derive(Deserialize)]
struct Config {
    method: Option<String>,
    client_id: Option<String>,
}

/// Whom a connector asks for consent, and as which client.
pub struct Consent {
    provider: Provider,
    client_id: String,
}

impl Consent {
    /// `None` where a connector of this type, or configured so, needs none.
    #[must_use]
    pub fn of(connector_type: &str, config: &str) -> Option<Self> {
        let config: Config = serde_json::from_str(config).ok()?;
        let provider = match connector_type {
            EMPLOYMENT_HERO => Provider::EmploymentHero,
            HUBSPOT if config.method.as_deref() == Some("oauth") => Provider::HubSpot,
            _ => return None,
        };
        Some(Self {
            provider,
            client_id: config.client_id?,
        })
    }

    /// The provider's name, for people.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        match self.provider {
            Provider::EmploymentHero => "Employment Hero",
            Provider::HubSpot => "HubSpot",
        }
    }

    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What is asked for; nothing where that is fixed when the client is registered.
    #[must_use]
    pub fn scopes(&self) -> &'static [&'static str] {
        match self.provider {
            Provider::EmploymentHero => &[],
            Provider::HubSpot => &hubspot::SCOPES,
        }
    }

    /// # Errors
    /// Which variable is not set.
    pub async fn endpoints(self) -> Result<Endpoints, String> {
        let (people, tokens) = match self.provider {
            Provider::EmploymentHero => ("employment_hero_oauth_url", "employment_hero_oauth_url"),
            Provider::HubSpot => ("hubspot_app_url", "hubspot_url"),
        };
        Ok(Endpoints {
            people: origin(people).await?,
            tokens: origin(tokens).await?,
            consent: self,
        })
    }
}

/// [`Consent`] with the addresses of this installation.
pub struct Endpoints {
    consent: Consent,
    /// Where people are asked.
    people: String,
    /// Where tokens are given.
    tokens: String,
}

impl Endpoints {
    #[must_use]
    pub fn consent(&self) -> &Consent {
        &self.consent
    }

    /// # Errors
    /// What cannot be used of the client, never its secret, or of the variables.
    pub fn client(&self, client_secret: &Secret) -> Result<Client, String> {
        let (id, secret) = (self.consent.client_id.as_str(), client_secret.expose());
        match self.consent.provider {
            Provider::EmploymentHero => employment_hero::oauth_client(&self.tokens, id, secret),
            Provider::HubSpot => hubspot::oauth_client(&self.people, &self.tokens, id, secret),
        }
        .map_err(|error| error.to_string())
    }

    /// An access token of an account whose owner has agreed: another than `rejected`, and one that does not end right
    /// away.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn access_token(
        &self,
        tokens: &Tokens<'_>,
        database: &SpinDatabase,
        line: &Line<'_, SpinDatabase>,
        rejected: Option<&Secret>,
    ) -> Result<Usable, Failure> {
        let ask = |sealed: &[SealedCredential], before: Option<&Secret>| {
            let client_secret = tokens.open(sealed, CLIENT_SECRET).ok_or_else(|| {
                "The connector lacks its client_secret: give it its credentials.".to_owned()
            })?;
            let refresh_token = before
                .cloned()
                .or_else(|| tokens.refresh_token(sealed))
                .ok_or_else(|| AWAITS_CONSENT.to_owned())?;
            self.client(&client_secret)?
                .refresh(&refresh_token)
                .map_err(|error| error.to_string())
        };
        tokens.get(database, line, rejected, ask).await
    }
}

async fn origin(variable: &'static str) -> Result<String, String> {
    variables::get(variable)
        .await
        .map(|origin| origin.trim().trim_end_matches('/').to_owned())
        .ok_or_else(|| format!("the variable {variable} is not set"))
}
