//! What came of one request to an endpoint.

use bytes::Bytes;
use domain::outgoing_webhook::{Meaning, TIMEOUT_MS};
use domain::redact;
use http::{Request, Response};
use platform::clock;
use platform::outbound::{self, CallError};
use store::jobs::Failure;

/// How much of a refusal's body is read, in bytes, and shown, in characters.
const EXCERPT_BYTES: usize = 1_024;
const EXCERPT_CHARS: usize = 160;

/// One request that went out.
pub struct Attempted {
    pub started_ms: i64,
    pub duration_ms: i64,
    pub status: Option<u16>,
    pub end: End,
    /// The start of what a refusal says, as a sentence, for the attempt alone: it goes into no log.
    said: String,
    /// It failed, and the endpoint may have taken it all the same.
    pub may_have_happened: bool,
}

/// How it ended.
pub enum End {
    Delivered,
    /// The endpoint wants nothing more.
    Gone(Failure),
    /// Tried again.
    Failed {
        failure: Failure,
        /// What the endpoint asked for, in seconds.
        retry_after: Option<i64>,
    },
}

impl Attempted {
    /// As the attempt shows it.
    pub fn shown(&self) -> Option<Failure> {
        match &self.end {
            End::Delivered => None,
            End::Gone(why) | End::Failed { failure: why, .. } => {
                Some(failure(&why.code, format!("{}{}", why.detail, self.said)))
            }
        }
    }
}

/// Sends the request, once. `secrets` are shown to nobody, whatever the answer says.
///
/// # Errors
/// Nothing was sent: the operator or the host does not allow it.
pub async fn attempt(request: &Request<Vec<u8>>, secrets: &[&str]) -> Result<Attempted, String> {
    let started_ms = clock::now_ms();
    let answer = outbound::send_for_status(request, TIMEOUT_MS, EXCERPT_BYTES).await;
    let (status, end, said, may_have_happened) = match answer {
        Ok(answer) => {
            let status = answer.status().as_u16();
            // A gateway in front of it may have given up on an endpoint that did it.
            let said = said(answer.body(), secrets);
            (Some(status), end_of(&answer), said, status >= 500)
        }
        Err(CallError::NotAllowed(why)) => return Err(why),
        Err(error) => {
            let code = match error {
                CallError::Timeout => "timeout",
                CallError::Connect(_) => "unreachable",
                _ => "broken",
            };
            let detail = match error {
                CallError::Timeout => format!(
                    "The endpoint did not answer within {} seconds.",
                    TIMEOUT_MS.div_euclid(1_000)
                ),
                CallError::Connect(why) => format!("The endpoint cannot be reached: {why}."),
                CallError::Broken(why) => format!("The connection to the endpoint broke: {why}."),
                other => format!("{other}."),
            };
            let end = End::Failed {
                failure: failure(code, detail),
                retry_after: None,
            };
            (None, end, String::new(), code != "unreachable")
        }
    };
    Ok(Attempted {
        started_ms,
        duration_ms: clock::now_ms().saturating_sub(started_ms),
        status,
        end,
        said,
        may_have_happened,
    })
}

fn end_of(answer: &Response<Bytes>) -> End {
    let status = answer.status().as_u16();
    let failure = match Meaning::of(status) {
        Meaning::Delivered => return End::Delivered,
        Meaning::Gone => {
            let detail = "The endpoint answered 410, which says that it wants nothing more, so it was disabled.";
            return End::Gone(failure("gone", detail.to_owned()));
        }
        Meaning::Redirected => failure(
            "redirected",
            format!(
                "The endpoint answered {status}. Redirects are not followed: give the URL that it leads to."
            ),
        ),
        Meaning::Refused => failure(
            &format!("http_{status}"),
            format!("The endpoint answered {status}."),
        ),
    };
    let retry_after = outbound::retry_after_ms(answer.headers())
        .map(|wait_ms| wait_ms.saturating_add(999).div_euclid(1_000));
    End::Failed {
        failure,
        retry_after,
    }
}

/// The start of a body, as a sentence.
fn said(body: &Bytes, secrets: &[&str]) -> String {
    let text = redact::excerpt(&String::from_utf8_lossy(body), EXCERPT_CHARS, secrets);
    if text.is_empty() {
        text
    } else {
        format!(" It said: {text}")
    }
}

fn failure(code: &str, detail: String) -> Failure {
    Failure {
        code: code.to_owned(),
        detail,
    }
}
