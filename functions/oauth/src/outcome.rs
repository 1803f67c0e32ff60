//! What came of a flow, as it is told: to the page that the flow was begun for, to a person, or to a program.

use api::connectors::{ConsentGiven, TestedConnector};
use api::{Problem, ProblemKind};
use http::header::{ACCEPT, LOCATION, REFERRER_POLICY, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use platform::{Context, Reply, problems};
use url::Url;

use crate::page;

/// An account was connected.
pub struct Connected {
    pub connector_id: String,
    pub name: String,
    pub test: Option<TestedConnector>,
}

/// Why none was. The codes are those of the replaced system, and the provider's own where it refused.
pub struct Failed {
    pub code: String,
    /// For a person, with what to do.
    pub detail: String,
}

impl Failed {
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.into(),
        }
    }
}

/// Who is told, and with what.
pub struct Audience<'a> {
    pub headers: &'a HeaderMap,
    /// Where the browser goes in the end, and the connector that it is told of.
    pub return_to: Option<(&'a str, &'a str)>,
    /// Removes the cookie of the flow.
    pub cookie: Option<String>,
}

impl<'a> Audience<'a> {
    pub fn of(context: &'a Context) -> Self {
        Self {
            headers: &context.headers,
            return_to: None,
            cookie: None,
        }
    }

    pub fn tell(&self, outcome: Result<Connected, Failed>) -> Result<Reply, Problem> {
        let reply = match (&self.return_to, outcome) {
            (Some((return_url, connector_id)), outcome) => {
                let error = outcome.as_ref().err().map(|failed| failed.code.as_str());
                on(&returning(return_url, connector_id, error)?)
            }
            (None, Ok(connected)) => self.connected(connected)?,
            (None, Err(failed)) => self.failed(&failed)?,
        };
        let reply = reply.header(REFERRER_POLICY, "no-referrer");
        Ok(match &self.cookie {
            Some(cookie) => reply.header(SET_COOKIE, cookie),
            None => reply,
        })
    }

    fn connected(&self, connected: Connected) -> Result<Reply, Problem> {
        if self.is_a_person() {
            return Ok(page::connected(&connected));
        }
        let given = ConsentGiven {
            ok: true,
            connector_id: connected.connector_id,
            test: connected.test,
        };
        Reply::json(StatusCode::OK, &given)
    }

    fn failed(&self, failed: &Failed) -> Result<Reply, Problem> {
        if self.is_a_person() {
            return Ok(page::failed(failed));
        }
        Err(Problem::new(ProblemKind::InvalidRequest, &failed.detail)
            .with_legacy(StatusCode::BAD_REQUEST, "INVALID_REQUEST")
            .with_legacy_error(&failed.code))
    }

    /// Browsers ask for pages by name.
    pub fn is_a_person(&self) -> bool {
        let accepts = self.headers.get_all(ACCEPT).iter();
        accepts
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.contains("text/html"))
    }
}

/// Sends the browser on; also one that has posted a form reads the other page (RFC 9110 section 15.4.4).
pub fn on(location: &str) -> Reply {
    Reply::text(
        StatusCode::SEE_OTHER,
        "text/plain; charset=utf-8",
        String::new(),
    )
    .header(LOCATION, location)
}

fn returning(return_url: &str, connector_id: &str, error: Option<&str>) -> Result<String, Problem> {
    let mut url =
        Url::parse(return_url).map_err(|_| problems::internal("a kept return_url is no URL"))?;
    url.query_pairs_mut()
        .append_pair("connector", connector_id)
        .append_pair("connected", if error.is_none() { "true" } else { "false" })
        .extend_pairs(error.map(|code| ("error", code)));
    Ok(url.into())
}
