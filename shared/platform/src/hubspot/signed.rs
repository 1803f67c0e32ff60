//! A call of a workflow that HubSpot signs: of which organization it is, and that it is HubSpot's.

use api::body::Document;
use api::{Problem, ProblemKind};
use domain::access::{Caller, Tenant};
use domain::organization::OrganizationId;

use domain::webhook_signature::{
    self as signature, Delivery, HubspotVersion, Key, Options, Rejection, Scheme,
};
use http::HeaderMap;
use providers::hubspot::workflow::{self, Names, WorkflowCall};
use store::portals::{self, Candidate};

use super::{Config, signing_secret};
use crate::public_url::PublicUrl;
use crate::vault::Vault;
use crate::{Context, clock, inbound_limits, log, problems};

/// The connector whose secret has signed.
pub struct Signed {
    pub tenant: Tenant,
    pub connector_id: String,
    pub portal_id: i64,
}

/// All that whoever has proven nothing is told: neither which portals nor which connectors there are is learned from it.
const UNPROVEN: &str = "The call is not proven. Of a workflow: check that the connector has the secret of the app that signs, that the variable public_url is the URL that HubSpot calls, and, where several connectors are of one portal, that the URL names one (?connector=). Of anybody else: send `Authorization: Bearer` with an API key.";

/// Whose call it is: of the connector that the URL names, or else of the one to the portal that the body names. `path`
/// is the route's, as HubSpot was told it. A portal and an id are no proof: the signature is.
///
/// # Errors
/// 401 where nobody's secret has made the signature, two organizations' have, or the connector is of another portal than the
/// body: an app signs for all accounts that it is installed in with one secret. It says the same whatever it is; 429 for an address that is refused too
/// often; the database's and the vault's.
pub async fn signed(
    context: &Context,
    path: &str,
    named: Option<&str>,
    portal_id: Option<i64>,
) -> Result<Signed, Problem> {
    let candidates = match (named, portal_id) {
        (Some(id), _) => portals::of_connector(&context.database, id).await,
        (None, Some(portal_id)) => portals::of_portal(&context.database, portal_id).await,
        (None, None) => {
            return Err(refused(
                context,
                "the body names no portal: add `?connector=` with the id of the connector to HubSpot to the URL",
            )
            .await);
        }
    }
    .map_err(|error| problems::database(&error))?;
    let vault = Vault::open()
        .await
        .map_err(|error| problems::internal(&error.to_string()))?;
    let url = called(context, path).await;
    let headers = headers(&context.headers);
    let delivery = Delivery {
        method: context.method.as_str(),
        url: &url,
        headers: &headers,
        body: &context.body,
    };
    let mut found = Vec::new();
    let mut why = "there is no connector to this portal that has the secret of the app: give one its signature_secret"
        .to_owned();
    for candidate in candidates {
        match proven(&candidate, &vault, &delivery) {
            Ok(Some(signed)) => found.push(signed),
            Ok(None) => {}
            Err(rejection) => why = rejection.to_string(),
        }
    }
    match (found.pop(), found.pop()) {
        (Some(signed), None) if portal_id.is_none_or(|id| id == signed.portal_id) => Ok(signed),
        (Some(_), None) => Err(refused(context, "the body names another portal than the connector's").await),
        (Some(_), Some(_)) => Err(refused(
            context,
            "several connectors have this secret: add `?connector=` with the id of the one that is meant to the URL",
        )
        .await),
        (None, _) => Err(refused(context, &why).await),
    }
}

/// What a workflow asks for. An object that names a member twice is refused: one of them would win unseen.
///
/// # Errors
/// 400 with the member that is wrong.
pub fn workflow_call(body: &[u8], names: &Names<'_>) -> Result<WorkflowCall, Problem> {
    let call = workflow::read(body, names)
        .map_err(|why| Problem::field(why.pointer(), why.to_string()))?;
    api::body::parse::<Document>(None, body)?;
    Ok(call)
}

/// `None`: the connector has no secret.
fn proven(
    candidate: &Candidate,
    vault: &Vault,
    delivery: &Delivery<'_>,
) -> Result<Option<Signed>, Rejection> {
    let Some((tenant, config)) = opened(candidate) else {
        return Ok(None);
    };
    let id = &candidate.connector_id;
    let secret = match signing_secret(&tenant, id, &config, vault, &candidate.credentials) {
        Ok(Some(secret)) => secret,
        Ok(None) => return Ok(None),
        Err(error) => {
            log::error("hubspot_secret", &format!("connector {id}: {error}"));
            return Ok(None);
        }
    };
    let key = Key {
        id,
        secret: secret.expose(),
    };
    // Version 1 is that of subscriptions to events, and says nothing of the URL.
    let options = Options {
        versions: Some(vec![HubspotVersion::V3, HubspotVersion::V2]),
        ..Options::default()
    };
    signature::verify(Scheme::Hubspot, &options, delivery, &[key], clock::now())?;
    Ok(Some(Signed {
        tenant,
        connector_id: id.clone(),
        portal_id: config.portal_id,
    }))
}

fn opened(candidate: &Candidate) -> Option<(Tenant, Config)> {
    let config = Config::parse(&candidate.config).ok()?;
    let organization: OrganizationId = candidate.organization_id.parse().ok()?;
    let tenant = Caller::provider(organization, &candidate.connector_id)
        .tenant()
        .ok()?;
    Some((tenant, config))
}

async fn refused(context: &Context, why: &str) -> Problem {
    log::info("workflow_refused", why);
    let problem = Problem::new(ProblemKind::Unauthenticated, UNPROVEN);
    inbound_limits::refused(&context.headers, &context.database, problem).await
}

/// The URL that HubSpot has called, as this installation is known by: `Host` and `X-Forwarded-*` are the sender's to
/// choose.
async fn called(context: &Context, path: &str) -> String {
    let base = PublicUrl::configured().await;
    let base = base.as_ref().map_or("", PublicUrl::as_str);
    if context.query.is_empty() {
        format!("{base}{path}")
    } else {
        format!("{base}{path}?{}", context.query)
    }
}

fn headers(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}
