//! The one way out: every request to a provider goes through here.
//!
//! A [`Line`] is one credential's way to its provider. Each request waits for its slot in the
//! credential's rate budget (shared by all streams and instances), has a deadline, a bounded
//! body, and is tried again when trying again is safe and there is time. What a status means is
//! for the provider's client to say; only retries and 429 are decided here.

use std::cell::Cell;
use std::num::NonZeroU32;

use bytes::Bytes;
use domain::{gcra, redact, retry, retry_after};
use futures::future::{Either, select};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use providers::MAX_BODY_BYTES;
use spin_sdk::wasip3::http::types::{self, ErrorCode, Fields, RequestOptions};
use spin_sdk::wasip3::http_compat::http_into_wasi_request;
use spin_sdk::wasip3::{http::client, wit_future};
use spin_sdk::wit_bindgen::StreamResult;
use spin_sdk::{http::FullBody, time};
use store::rate_budgets::{self, Pace, Slot};
use store::{Database, DatabaseError};

use crate::{clock, random};

/// How long one try may take from its slot to the end of its answer, in milliseconds; less where
/// the deadline comes first.
pub const TRY_TIMEOUT_MS: i64 = 15_000;
/// A try that would have less time than this until the deadline is not begun, in milliseconds.
const LEAST_TRY_MS: i64 = 2_000;
/// Tries of one request that is safe to repeat.
const TRIES: u32 = 3;
/// Base and cap of the pause between two tries, in seconds.
const PAUSE_BASE_SECONDS: i64 = 1;
const PAUSE_CAP_SECONDS: i64 = 4;
/// How long a 429 without `Retry-After` blocks the credential, in milliseconds: 7shifts documents
/// a block of one minute.
const DEFAULT_BLOCK_MS: i64 = 60_000;
/// The same for an API that a tenant has chosen, and its token endpoint.
pub const SHORT_BLOCK_MS: i64 = 1_000;
/// How late a request may leave after its slot, in milliseconds: ten slots of 7shifts' budget are so
/// much longer than a second.
const SLOT_TOLERANCE_MS: i64 = 40;
/// Slots in a row that a request may miss.
const MISSED_SLOTS_MAX: u32 = 3;
/// How long the start of a body that is only shown is waited for, in milliseconds.
const EXCERPT_MS: i64 = 1_000;
const READ_BYTES: usize = 64 * 1024;

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error("the provider did not answer in time")]
    Timeout,
    #[error("no connection to the provider: {0}")]
    Connect(String),
    #[error("the connection to the provider broke: {0}")]
    Broken(String),
    #[error("the provider's answer is larger than {max_bytes} bytes")]
    TooLarge { max_bytes: usize },
    #[error("this address may not be called: add its origin to allowed_outbound_hosts ({0})")]
    NotAllowed(String),
    /// The rate budget has no slot before the deadline, or the provider said 429.
    #[error("the provider's rate limit is reached; the next request may go at {at_ms} ms")]
    RateLimited { at_ms: i64 },
    #[error("the time for this call is over")]
    OutOfTime,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// How the tries of one request go.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How long one may take, in milliseconds.
    pub try_timeout_ms: i64,
    /// Where receiving stops, in bytes.
    pub max_body_bytes: usize,
    /// How long a 429 that asks for nothing blocks the credential, in milliseconds.
    pub block_ms: i64,
    /// Whether a wait that the provider asks for is waited here if the deadline allows it, or is left
    /// to whoever called.
    pub waits_as_asked: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            try_timeout_ms: TRY_TIMEOUT_MS,
            max_body_bytes: MAX_BODY_BYTES,
            block_ms: DEFAULT_BLOCK_MS,
            waits_as_asked: false,
        }
    }
}

/// What follows from a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    No,
    /// The same request may go again, after what the provider asked for, in milliseconds, if it did.
    After(Option<i64>),
}

/// One credential's way to its provider.
pub struct Line<'a, D> {
    pub database: &'a D,
    /// Names the credential in `rate_budgets`; never the credential itself.
    pub budget: String,
    /// The provider's limit for one credential.
    pace: Pace,
    /// No try lasts longer than until this, in Unix milliseconds.
    pub deadline_ms: i64,
    calls: Cell<u32>,
}

impl<'a, D: Database> Line<'a, D> {
    #[must_use]
    pub fn new(
        database: &'a D,
        budget: String,
        requests_per_second: NonZeroU32,
        deadline_ms: i64,
    ) -> Self {
        Self {
            database,
            budget,
            pace: Pace::steady(gcra::interval_ms(requests_per_second)),
            deadline_ms,
            calls: Cell::new(0),
        }
    }

    /// The same at another pace than so many a second.
    #[must_use]
    pub fn at_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// How many requests went out so far, tries included.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls.get()
    }

    /// Sends a request and reads its whole answer, whatever its status; a 429 is an error that
    /// says until when everybody waits. It is tried again where its method is idempotent.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn call(&self, request: &Request<Vec<u8>>) -> Result<Response<Bytes>, CallError> {
        let answer = self
            .send(request, Terms::default(), |result| {
                if request.method().is_idempotent() && is_transient(result) {
                    Again::After(asked_wait_ms(result))
                } else {
                    Again::No
                }
            })
            .await?;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            let wait_ms = retry_after_ms(answer.headers()).unwrap_or(DEFAULT_BLOCK_MS);
            let at_ms = clock::now_ms().saturating_add(wait_ms);
            return Err(CallError::RateLimited { at_ms });
        }
        Ok(answer)
    }

    /// Sends a request on terms of its own and reads its whole answer, whatever its status. `judge`
    /// says whether it goes again; a 429 blocks the credential in any case.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn send(
        &self,
        request: &Request<Vec<u8>>,
        terms: Terms,
        judge: impl Fn(&Result<Response<Bytes>, CallError>) -> Again,
    ) -> Result<Response<Bytes>, CallError> {
        let mut tried = 0;
        loop {
            tried += 1;
            self.wait_for_slot().await?;
            self.calls.set(self.calls.get().saturating_add(1));
            let left_ms = self.deadline_ms.saturating_sub(clock::now_ms());
            let timeout_ms = left_ms.min(terms.try_timeout_ms);
            let result = within(
                timeout_ms,
                exchange(request, timeout_ms, terms.max_body_bytes),
            )
            .await
            .unwrap_or(Err(CallError::Timeout));
            if let Ok(answer) = &result
                && answer.status() == StatusCode::TOO_MANY_REQUESTS
            {
                self.block(answer.headers(), terms.block_ms).await?;
            }
            let pause_ms = retry::backoff(
                tried,
                random::number(),
                PAUSE_BASE_SECONDS,
                PAUSE_CAP_SECONDS,
            )
            .saturating_mul(1000);
            let Again::After(asked_ms) = judge(&result) else {
                return result;
            };
            // A provider that asks for more patience than the pause gets it.
            let asked_ms = asked_ms.unwrap_or(0);
            let is_too_soon = asked_ms > pause_ms && !terms.waits_as_asked;
            let wait_ms = pause_ms.max(asked_ms);
            let next_ends_ms = clock::now_ms()
                .saturating_add(wait_ms)
                .saturating_add(LEAST_TRY_MS);
            if tried >= TRIES || is_too_soon || next_ends_ms > self.deadline_ms {
                return result;
            }
            sleep_ms(wait_ms).await;
        }
    }

    /// Waits for a slot of the budget. Who wakes up long after it takes another: requests that a busy
    /// machine has held up would otherwise leave together, more of them in a second than there may
    /// be.
    async fn wait_for_slot(&self) -> Result<(), CallError> {
        for _ in 0..MISSED_SLOTS_MAX {
            let send_at_ms = self.slot().await?;
            if clock::now_ms().saturating_sub(send_at_ms) <= SLOT_TOLERANCE_MS {
                return Ok(());
            }
        }
        self.slot().await.map(drop)
    }

    /// Takes a slot, waits for it, and says when it was, in Unix milliseconds.
    async fn slot(&self) -> Result<i64, CallError> {
        let now_ms = clock::now_ms();
        let remaining_ms = self
            .deadline_ms
            .saturating_sub(LEAST_TRY_MS)
            .saturating_sub(now_ms);
        if remaining_ms <= 0 {
            return Err(CallError::OutOfTime);
        }
        match rate_budgets::reserve_at(self.database, &self.budget, now_ms, self.pace, remaining_ms)
            .await?
        {
            Slot::At(send_at_ms) => {
                sleep_ms(send_at_ms.saturating_sub(now_ms)).await;
                Ok(send_at_ms)
            }
            Slot::Later(at_ms) => Err(CallError::RateLimited { at_ms }),
        }
    }

    async fn block(&self, headers: &HeaderMap, default_ms: i64) -> Result<(), CallError> {
        let now_ms = clock::now_ms();
        let wait_ms = retry_after_ms(headers).unwrap_or(default_ms);
        let at_ms = now_ms.saturating_add(wait_ms);
        rate_budgets::block(self.database, &self.budget, now_ms, at_ms).await?;
        Ok(())
    }
}

/// Sends one request, once, without a budget, and reads its whole answer.
///
/// # Errors
/// [`CallError`], never for a status.
pub async fn send(
    request: &Request<Vec<u8>>,
    timeout_ms: i64,
) -> Result<Response<Bytes>, CallError> {
    within(timeout_ms, exchange(request, timeout_ms, MAX_BODY_BYTES))
        .await
        .unwrap_or(Err(CallError::Timeout))
}

/// Sends one request, once, without a budget, to whoever may answer anything: reads the head of the
/// answer, and of one that is no success the first `excerpt_bytes` of its body, as far as they come at
/// once.
///
/// # Errors
/// [`CallError`], never for a status nor for a body.
pub async fn send_for_status(
    request: &Request<Vec<u8>>,
    timeout_ms: i64,
    excerpt_bytes: usize,
) -> Result<Response<Bytes>, CallError> {
    let (answer, mut head) = within(timeout_ms, head(request, timeout_ms))
        .await
        .unwrap_or(Err(CallError::Timeout))?;
    if !head.status().is_success() {
        let start = within(EXCERPT_MS, read_start(answer, excerpt_bytes)).await;
        *head.body_mut() = start.unwrap_or_default();
    }
    Ok(head)
}

/// How long the endpoint asks to be left alone, in milliseconds (`Retry-After`).
#[must_use]
pub fn retry_after_ms(headers: &HeaderMap) -> Option<i64> {
    let value = header_text(headers, &header::RETRY_AFTER)?;
    let wait = retry_after::parse(value, header_text(headers, &header::DATE), clock::now())?;
    i64::try_from(wait.as_millis()).ok()
}

/// The future's output, or `None` when it takes longer than `timeout_ms`.
pub async fn within<F: Future>(timeout_ms: i64, future: F) -> Option<F::Output> {
    let timer = std::pin::pin!(sleep_ms(timeout_ms));
    match select(std::pin::pin!(future), timer).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

pub async fn sleep_ms(milliseconds: i64) {
    if let Ok(milliseconds @ 1..) = u64::try_from(milliseconds) {
        time::sleep(std::time::Duration::from_millis(milliseconds)).await;
    }
}

async fn exchange(
    request: &Request<Vec<u8>>,
    timeout_ms: i64,
    max_body_bytes: usize,
) -> Result<Response<Bytes>, CallError> {
    let (answer, mut response) = head(request, timeout_ms).await?;
    // To HEAD the length is said of what a GET would bring.
    let expected = header_text(response.headers(), &header::CONTENT_LENGTH)
        .filter(|_| request.method() != Method::HEAD)
        .and_then(|value| value.parse::<usize>().ok());
    *response.body_mut() = read_body(answer, expected, max_body_bytes).await?;
    Ok(response)
}

/// Sends the request; gives the answer with what it says before its body.
async fn head(
    request: &Request<Vec<u8>>,
    timeout_ms: i64,
) -> Result<(types::Response, Response<Bytes>), CallError> {
    let answer = client::send(to_wasi(request, timeout_ms)?)
        .await
        .map_err(network)?;
    let status = StatusCode::from_u16(answer.get_status_code())
        .map_err(|_| CallError::Broken("impossible status".to_owned()))?;
    let headers = HeaderMap::try_from(answer.get_headers()).map_err(network)?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok((answer, response))
}

fn to_wasi(request: &Request<Vec<u8>>, timeout_ms: i64) -> Result<types::Request, CallError> {
    let nanoseconds = u64::try_from(timeout_ms)
        .ok()
        .map(|ms| ms.saturating_mul(1_000_000));
    let options = RequestOptions::new();
    // A host that does not support one of these still has the timer around the whole call.
    let _ = options.set_connect_timeout(nanoseconds);
    let _ = options.set_first_byte_timeout(nanoseconds);
    let _ = options.set_between_bytes_timeout(nanoseconds);
    if request.body().is_empty() {
        return without_body(request, options);
    }
    let mut copy = request.clone().map(|body| FullBody::new(Bytes::from(body)));
    copy.headers_mut().insert(
        header::CONTENT_LENGTH,
        HeaderValue::from(request.body().len()),
    );
    copy.extensions_mut()
        .insert(spin_sdk::wasip3::http_compat::RequestOptionsExtension(
            options,
        ));
    http_into_wasi_request(copy).map_err(network)
}

/// Without a body there is no stream, or the request would be sent with an empty chunked body.
fn without_body(
    request: &Request<Vec<u8>>,
    options: RequestOptions,
) -> Result<types::Request, CallError> {
    let invalid = |what: &str| CallError::Connect(format!("invalid {what}"));
    let headers = Fields::try_from(request.headers().clone()).map_err(|_| invalid("headers"))?;
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (wasi, _) = types::Request::new(headers, None, trailers, Some(options));
    let uri = request.uri();
    wasi.set_method(&request.method().into())
        .map_err(|()| invalid("method"))?;
    wasi.set_scheme(uri.scheme().map(Into::into).as_ref())
        .map_err(|()| invalid("scheme"))?;
    wasi.set_authority(uri.authority().map(http::uri::Authority::as_str))
        .map_err(|()| invalid("host"))?;
    wasi.set_path_with_query(uri.path_and_query().map(http::uri::PathAndQuery::as_str))
        .map_err(|()| invalid("path"))?;
    Ok(wasi)
}

async fn read_body(
    answer: types::Response,
    expected: Option<usize>,
    max_bytes: usize,
) -> Result<Bytes, CallError> {
    if expected.is_some_and(|length| length > max_bytes) {
        return Err(CallError::TooLarge { max_bytes });
    }
    let (_, consumed) = wit_future::new(|| Ok(()));
    let (mut stream, trailers) = types::Response::consume_body(answer, consumed);
    let mut body = Vec::with_capacity(expected.unwrap_or(0));
    loop {
        let (result, mut chunk) = stream.read(Vec::with_capacity(READ_BYTES)).await;
        body.append(&mut chunk);
        if body.len() > max_bytes {
            return Err(CallError::TooLarge { max_bytes });
        }
        match result {
            StreamResult::Complete(_) => {}
            StreamResult::Dropped | StreamResult::Cancelled => break,
        }
    }
    drop(stream);
    // A body that broke off is reported here, after the bytes that did arrive.
    trailers.await.map_err(network)?;
    if expected.is_some_and(|length| length != body.len()) {
        return Err(CallError::Broken("the body ended early".to_owned()));
    }
    Ok(body.into())
}

/// What comes of a body until it is `limit` long, has its end or breaks off.
async fn read_start(answer: types::Response, limit: usize) -> Bytes {
    let (_, consumed) = wit_future::new(|| Ok(()));
    let (mut stream, _trailers) = types::Response::consume_body(answer, consumed);
    let mut body = Vec::new();
    while body.len() < limit {
        let room = Vec::with_capacity(limit.saturating_sub(body.len()));
        let (result, mut chunk) = stream.read(room).await;
        body.append(&mut chunk);
        match result {
            StreamResult::Complete(_) => {}
            StreamResult::Dropped | StreamResult::Cancelled => break,
        }
    }
    body.into()
}

/// How long the provider asks to be left alone, in milliseconds.
fn asked_wait_ms(result: &Result<Response<Bytes>, CallError>) -> Option<i64> {
    result
        .as_ref()
        .ok()
        .and_then(|answer| retry_after_ms(answer.headers()))
}

fn is_transient(result: &Result<Response<Bytes>, CallError>) -> bool {
    match result {
        Ok(answer) => matches!(answer.status().as_u16(), 408 | 425 | 500 | 502 | 503 | 504),
        Err(CallError::Timeout | CallError::Connect(_) | CallError::Broken(_)) => true,
        Err(_) => false,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "maps errors by value")]
fn network(code: ErrorCode) -> CallError {
    let text = in_words(&code);
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => {
            CallError::NotAllowed(text)
        }
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::HttpResponseTimeout
        | ErrorCode::DnsTimeout => CallError::Timeout,
        ErrorCode::DnsError(_)
        | ErrorCode::ConnectionRefused
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsProtocolError => CallError::Connect(text),
        _ => CallError::Broken(text),
    }
}

/// `ConnectionRefused` as "connection refused", with what the host adds to it.
fn in_words(code: &ErrorCode) -> String {
    let text = code.to_string();
    let name = text.strip_prefix("ErrorCode::").unwrap_or(&text);
    let mut words = String::with_capacity(name.len() + 8);
    for character in name.chars() {
        if character.is_ascii_uppercase() && words.ends_with(|last: char| last.is_ascii_lowercase())
        {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    redact::excerpt(&words, 200, &[])
}

fn header_text<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
