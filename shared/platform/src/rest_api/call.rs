//! One request to the API of a connector, with what it takes to have it answered.

use crate::outbound::{Again, CallError, SHORT_BLOCK_MS, Terms};
use crate::{SpinDatabase, clock, log};
use bytes::Bytes;
use http::Response;
use providers::ProviderError;
use providers::rest::{
    self, NewRequest, Redactor, RestCall, Secrets, Sent, Verdict, judge_answer, judge_failure,
};

use super::account::{Account, Failure};

/// What came back, whatever its status.
pub struct Answered {
    pub answer: Response<Bytes>,
    pub verdict: Verdict,
    pub redactor: Redactor,
}

impl Account<'_> {
    /// Sends a request until `deadline_ms` (Unix milliseconds) at the latest. Returns, too, how many
    /// went out, tries and requests for an access token included.
    pub async fn call(
        &self,
        database: &SpinDatabase,
        new: &NewRequest<'_>,
        deadline_ms: i64,
    ) -> (Result<Answered, Failure>, u32) {
        self.call_with(database, deadline_ms, |secrets| {
            self.config.request(new, secrets)
        })
        .await
    }

    /// [`Self::call`] of the request that `build` makes with the secrets of the moment.
    pub async fn call_with(
        &self,
        database: &SpinDatabase,
        deadline_ms: i64,
        build: impl Fn(&Secrets) -> Result<RestCall, ProviderError>,
    ) -> (Result<Answered, Failure>, u32) {
        let line = self.line(database, deadline_ms);
        let result = async {
            let mut rejected = None;
            loop {
                let to_send = self
                    .secrets_to_send(database, &line, rejected.as_ref())
                    .await?;
                let secrets = &to_send.secrets;
                let call = build(secrets).map_err(|error| Failure::Request(error.to_string()))?;
                let sent = if rejected.is_some() {
                    call.sent.renewed()
                } else {
                    call.sent
                };
                let terms = Terms {
                    try_timeout_ms: i64::try_from(call.timeout.as_millis()).unwrap_or(i64::MAX),
                    max_body_bytes: call.max_response_bytes,
                    block_ms: SHORT_BLOCK_MS,
                    waits_as_asked: true,
                };
                let request = call.request.map(|body| body.to_vec());
                let result = line
                    .send(&request, terms, |result| again(result, sent))
                    .await;
                let answer = match result {
                    Ok(answer) => answer,
                    Err(error) => {
                        let verdict = judged(&error, sent.is_repeatable);
                        return Err(Failure::Call(error, verdict));
                    }
                };
                let verdict = judge_answer(&answer, sent, clock::now());
                if verdict == Verdict::Renew {
                    rejected = secrets.access_token().cloned();
                    continue;
                }
                if verdict == Verdict::Success {
                    self.taken(database, &to_send).await?;
                }
                return Ok(Answered {
                    answer,
                    verdict,
                    redactor: self.config.redactor(secrets),
                });
            }
        }
        .await;
        (result, line.calls())
    }
}

fn again(result: &Result<Response<Bytes>, CallError>, sent: Sent) -> Again {
    let verdict = match result {
        Ok(answer) => judge_answer(answer, sent, clock::now()),
        Err(error) => judged(error, sent.is_repeatable),
    };
    match verdict {
        Verdict::Retry { after } => {
            Again::After(after.map(|after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX)))
        }
        Verdict::Success | Verdict::Renew | Verdict::GiveUp(_) => Again::No,
    }
}

/// What follows when there is no answer. An address that this installation lets nobody reach is not
/// told from one where nobody listens: its networks are not for tenants to explore.
pub fn judged(error: &CallError, is_repeatable: bool) -> Verdict {
    let failure = match error {
        CallError::NotAllowed(why) => {
            log::error("outbound", why);
            rest::Failure::NotConnected
        }
        CallError::Connect(_) => rest::Failure::NotConnected,
        CallError::TooLarge { .. } => rest::Failure::TooLarge,
        CallError::Timeout | CallError::Broken(_) => rest::Failure::Broken,
        CallError::RateLimited { .. } | CallError::OutOfTime | CallError::Database(_) => {
            return Verdict::Retry { after: None };
        }
    };
    let sent = Sent {
        is_repeatable,
        has_idempotency_key: false,
        may_renew: false,
    };
    judge_failure(failure, sent)
}

/// An error for people; it says no more of a network than [`judged`] does.
pub fn in_words(error: &CallError) -> String {
    match error {
        CallError::Connect(_) | CallError::NotAllowed(_) => {
            "The API cannot be reached: there is no connection to it.".to_owned()
        }
        CallError::Timeout => "The API did not answer in time.".to_owned(),
        CallError::Broken(_) => "The connection to the API broke.".to_owned(),
        CallError::TooLarge { max_bytes } => {
            format!("The API's answer is longer than {max_bytes} bytes.")
        }
        CallError::RateLimited { .. } | CallError::OutOfTime => {
            "The connector's rate limit leaves no time for this request.".to_owned()
        }
        CallError::Database(_) => "Our database failed. Try again in a moment.".to_owned(),
    }
}
