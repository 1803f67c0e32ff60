//! What a link is for: whoever opens it sees who asks before their account is asked for. Looking spends nothing, since
//! programs that preview links look as well.

use api::connectors::ConsentOffered;
use api::{Problem, query::Query};
use http::StatusCode;
use platform::oauth::{self, Consent};
use platform::{Context, Reply, clock, problems, time};
use store::oauth_flows;

use crate::outcome::{Audience, Failed};
use crate::page;

pub async fn offer(context: &Context) -> Result<Reply, Problem> {
    let audience = Audience::of(context);
    let (ticket, offered) = match offered(context).await? {
        Ok(offered) => offered,
        Err(failed) => return audience.tell(Err(failed)),
    };
    if audience.is_a_person() {
        return Ok(page::offered(&offered, &ticket));
    }
    Reply::json(StatusCode::OK, &offered)
}

async fn offered(context: &Context) -> Result<Result<(String, ConsentOffered), Failed>, Problem> {
    let ticket = match ticket(context)? {
        Ok(ticket) => ticket,
        Err(failed) => return Ok(Err(failed)),
    };
    let offered = oauth_flows::offered(&context.database, &oauth::hash(&ticket), clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    let Some(offered) = offered else {
        return Ok(Err(spent()));
    };
    let Some(consent) = Consent::of(&offered.provider, &offered.config) else {
        return Ok(Err(Failed::new(
            "not_configured",
            "The connector needs no consent any more.",
        )));
    };
    let offered = ConsentOffered {
        organization: offered.organization,
        connector_id: offered.connector_id,
        connector: offered.connector,
        provider: consent.provider().to_owned(),
        expires_at: time::rfc3339(offered.expires_at),
    };
    Ok(Ok((ticket, offered)))
}

/// What the link came with.
pub fn ticket(context: &Context) -> Result<Result<String, Failed>, Problem> {
    let mut query = Query::parse(&context.query);
    let ticket = query.text("ticket");
    query.finish()?;
    Ok(ticket.ok_or_else(|| {
        Failed::new(
            "missing_ticket",
            "This address is opened by a link only: ask for one by POST /api/connectors/{id}/authorizations.",
        )
    }))
}

pub fn spent() -> Failed {
    Failed::new(
        "link_is_spent",
        "The link was used before, or is older than ten minutes. Ask whoever sent it for another one.",
    )
}
