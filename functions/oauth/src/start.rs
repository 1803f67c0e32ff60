//! From our page to the provider.

use api::Problem;
use domain::access::{Caller, Tenant};
use http::header::{ORIGIN, REFERRER_POLICY, SET_COOKIE};
use platform::access_tokens::Tokens;
use platform::oauth::{self, CALLBACK_PATH, CLIENT_SECRET, Consent, Endpoints};
use platform::public_url::PublicUrl;
use platform::vault::{Place, Secret as Clear, Vault};
use platform::{Context, Reply, clock, problems, random};
use providers::oauth::{Authorization, Client, Verifier};
use store::connectors::{self, Connector};
use store::credentials;
use store::oauth_flows::{self, Sent};

use crate::outcome::{Audience, Failed, on};
use crate::{cookie, offer};

/// The name under which a verifier is sealed: no field of `credentials` has it.
pub const VERIFIER: &str = "oauth_verifier";

/// A connector whose account is to be connected.
pub struct Asking {
    pub tenant: Tenant,
    pub connector: Connector,
    pub endpoints: Endpoints,
    pub client: Client,
    pub vault: Vault,
}

pub async fn start(context: &Context) -> Result<Reply, Problem> {
    match sent(context).await? {
        Ok(reply) => Ok(reply),
        Err(failed) => Audience::of(context).tell(Err(failed)),
    }
}

async fn sent(context: &Context) -> Result<Result<Reply, Failed>, Problem> {
    let ticket = match offer::ticket(context)? {
        Ok(ticket) => ticket,
        Err(failed) => return Ok(Err(failed)),
    };
    let public_url = match PublicUrl::configured().await {
        Ok(public_url) => public_url,
        Err(why) => return Ok(Err(Failed::new("not_configured", why))),
    };
    if !is_our_page(context, &public_url) {
        return Ok(Err(Failed::new(
            "another_site",
            "Another site has tried to connect an account in your name. Nothing was connected.",
        )));
    }
    let opened = oauth_flows::open(&context.database, &oauth::hash(&ticket), clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    let Some(opened) = opened else {
        return Ok(Err(offer::spent()));
    };
    let asking = match Asking::of(context, &opened.organization_id, &opened.connector_id).await? {
        Ok(asking) => asking,
        Err(failed) => return Ok(Err(failed)),
    };
    let (state, browser) = (oauth::token(), oauth::token());
    let verifier = Verifier::from_random(random::bytes());
    let sealed = asking
        .vault
        .seal(
            asking.verifier_place(),
            &Clear::new(verifier.expose().to_owned()),
        )
        .map_err(|error| problems::internal(&error.to_string()))?;
    let redirect_uri = format!("{}{CALLBACK_PATH}", public_url.as_str());
    let sent = Sent {
        state_hash: &oauth::hash(&state),
        browser_hash: &oauth::hash(&browser),
        sealed_verifier: &sealed.token,
        redirect_uri: &redirect_uri,
    };
    let is_first = oauth_flows::send(&context.database, &asking.tenant, &opened.id, sent)
        .await
        .map_err(|error| problems::database(&error))?;
    if !is_first {
        return Ok(Err(Failed::new(
            "link_is_spent",
            "The link was used twice at the same moment. Ask for another one.",
        )));
    }
    let authorization = Authorization {
        state: &state,
        verifier: &verifier,
        redirect_uri: &redirect_uri,
        scopes: asking.endpoints.consent().scopes(),
        extra: &[],
    };
    let url = match asking.client.authorization_url(&authorization) {
        Ok(url) => url,
        Err(error) => return Ok(Err(Failed::new("not_configured", error.to_string()))),
    };
    Ok(Ok(on(&url).header(REFERRER_POLICY, "no-referrer").header(
        SET_COOKIE,
        &cookie::set(&opened.id, &browser, &public_url),
    )))
}

/// Browsers say which page sends a form; a page of another site would connect an account without its owner having read
/// whose organization it is for. Programs say nothing.
fn is_our_page(context: &Context, public_url: &PublicUrl) -> bool {
    let origins = context.headers.get_all(ORIGIN);
    origins
        .iter()
        .all(|origin| origin.as_bytes() == public_url.origin().as_bytes())
}

impl Asking {
    /// Why a connector cannot be connected is for the person whose browser it is.
    pub async fn of(
        context: &Context,
        organization_id: &str,
        connector_id: &str,
    ) -> Result<Result<Self, Failed>, Problem> {
        let tenant = Caller::internal("oauth")
            .tenant_named(organization_id)
            .map_err(|_| problems::internal("a flow names no organization"))?;
        let database = &context.database;
        let connector = connectors::get(database, &tenant, connector_id)
            .await
            .map_err(|error| problems::database(&error))?;
        let Some(connector) = connector else {
            return Ok(Err(Failed::new(
                "connector_is_gone",
                "The connector was removed meanwhile.",
            )));
        };
        let unusable = |why: String| Ok(Err(Failed::new("not_configured", why)));
        let Some(consent) = Consent::of(&connector.provider, &connector.config) else {
            return unusable("The connector needs no consent any more.".to_owned());
        };
        let endpoints = match consent.endpoints().await {
            Ok(endpoints) => endpoints,
            Err(why) => return unusable(why),
        };
        let vault = Vault::open()
            .await
            .map_err(|error| problems::internal(&error.to_string()))?;
        let sealed = credentials::list(database, &tenant, &connector.id)
            .await
            .map_err(|error| problems::database(&error))?;
        let tokens = Tokens {
            tenant: &tenant,
            connector_id: &connector.id,
            vault: &vault,
        };
        let Some(client_secret) = tokens.open(&sealed, CLIENT_SECRET) else {
            return unusable(
                "The connector has no client_secret any more: it was disconnected meanwhile."
                    .to_owned(),
            );
        };
        let client = match endpoints.client(&client_secret) {
            Ok(client) => client,
            Err(why) => return unusable(why),
        };
        Ok(Ok(Self {
            tenant,
            connector,
            endpoints,
            client,
            vault,
        }))
    }

    pub fn verifier_place(&self) -> Place<'_> {
        Place {
            organization_id: self.tenant.as_str(),
            connector_id: &self.connector.id,
            field: VERIFIER,
        }
    }

    pub fn tokens(&self) -> Tokens<'_> {
        Tokens {
            tenant: &self.tenant,
            connector_id: &self.connector.id,
            vault: &self.vault,
        }
    }

    /// The verifier of a flow.
    pub fn verifier(&self, sealed: &str) -> Option<Verifier> {
        let opened = self.vault.unseal(self.verifier_place(), sealed).ok()?;
        Verifier::parse(opened.expose()).ok()
    }
}
