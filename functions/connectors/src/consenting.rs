//! Asking the owner of an account for consent: a link for a browser, good once and for ten minutes.

use api::connectors::{AskForConsent, ConsentAsked};
use api::{Problem, ProblemKind, cors};
use http::{StatusCode, Uri};
use platform::oauth::{self, Consent};
use platform::public_url::PublicUrl;
use platform::{Context, Reply, clock, problems, random, time, variables};
use store::credentials;
use store::oauth_flows::{self, NewFlow};

use crate::found;

const MAX_RETURN_URL_BYTES: usize = 2_048;

/// Whoever opens the link connects the account in this organization, so it goes to its owner only.
pub async fn ask(context: &Context) -> Result<Reply, Problem> {
    let (tenant, connector) = found(context).await?;
    let asked: AskForConsent = context.json()?;
    let conflict = |why: String| Problem::new(ProblemKind::Conflict, why);
    if Consent::of(&connector.provider, &connector.config).is_none() {
        return Err(conflict(format!(
            "A connector of {} configured like this one needs no consent: it is connected by its credentials.",
            connector.provider
        )));
    }
    let public_url = PublicUrl::configured()
        .await
        .map_err(|_| conflict("The variable public_url is not set to the https URL of this installation, so no browser could come back. Set it, and register it with the provider followed by /auth/callback.".to_owned()))?;
    let return_url = asked.return_url.as_deref();
    if let Some(url) = return_url {
        check_return_url(url, &public_url).await?;
    }
    let held = credentials::list(&context.database, &tenant, &connector.id)
        .await
        .map_err(|error| problems::database(&error))?;
    if !held.iter().any(|held| held.field == oauth::CLIENT_SECRET) {
        return Err(conflict(
            "The connector has no client_secret: give it its credentials first (PATCH /api/connectors/{id})."
                .to_owned(),
        ));
    }
    let ticket = oauth::token();
    let begun_by = serde_json::to_string(&context.actor())
        .map_err(|error| problems::internal(&error.to_string()))?;
    let new = NewFlow {
        id: &random::id(),
        connector_id: &connector.id,
        begun_by: &begun_by,
        ticket_hash: &oauth::hash(&ticket),
        return_url,
    };
    let expires_at = oauth_flows::begin(&context.database, &tenant, new, clock::now())
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| {
            Problem::new(
                ProblemKind::RateLimited,
                "Too many links of this connector are open: use one of them, or wait until they are over.",
            )
            .retry_after(oauth_flows::FLOW_SECONDS)
        })?;
    let answer = ConsentAsked {
        url: format!(
            "{}{}?ticket={ticket}",
            public_url.as_str(),
            oauth::START_PATH
        ),
        redirect_uri: format!("{}{}", public_url.as_str(), oauth::CALLBACK_PATH),
        expires_at: time::rfc3339(expires_at),
    };
    Reply::json(StatusCode::CREATED, &answer)
}

/// Only to pages that may read our answers anyway: a link of ours must lead nowhere else.
async fn check_return_url(url: &str, public_url: &PublicUrl) -> Result<(), Problem> {
    let refused = || {
        Problem::field(
            "/return_url",
            "must be an absolute URL, of this installation or of one of the origins in the variable allowed_origins",
        )
    };
    let uri: Uri = url
        .parse()
        .ok()
        .filter(|_| url.len() <= MAX_RETURN_URL_BYTES)
        .ok_or_else(refused)?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refused());
    };
    let origin = format!("{scheme}://{authority}");
    let allowed = variables::get("allowed_origins").await.unwrap_or_default();
    let is_ours = public_url.origin() == origin;
    let is_plain = matches!(scheme, "http" | "https") && !authority.as_str().contains('@');
    if is_plain && (is_ours || cors::is_allowed(&origin, &allowed)) {
        Ok(())
    } else {
        Err(refused())
    }
}
