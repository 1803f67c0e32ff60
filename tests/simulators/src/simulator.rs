//! One simulator: a provider with faults, a log and a control plane around it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::fault::{ErrorShape, Fault, FaultRule, Faults, RetryAfter};
use crate::request_log::{LoggedRequest, RequestLog};
use crate::{NetworkError, PageFault, Provider, control, spoil};

/// A provider on the network, in process. Cheap to clone; clones share all.
pub struct Simulator<P>(Arc<Shared<P>>);

struct Shared<P> {
    provider: P,
    faults: Mutex<Faults>,
    log: Mutex<RequestLog>,
}

impl<P> Clone for Simulator<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Provider> Simulator<P> {
    pub fn new(provider: P) -> Self {
        Self(Arc::new(Shared {
            provider,
            faults: Mutex::default(),
            log: Mutex::default(),
        }))
    }

    /// The provider, to look at its state and to change it.
    pub fn provider(&self) -> &P {
        &self.0.provider
    }

    /// Makes matching requests go wrong. Refused past a bound of rules.
    pub fn add_fault(&self, rule: FaultRule) -> bool {
        lock(&self.0.faults).add(rule)
    }

    pub fn clear_faults(&self) {
        lock(&self.0.faults).clear();
    }

    /// The rules that can still strike.
    pub fn faults(&self) -> Vec<FaultRule> {
        lock(&self.0.faults).rules()
    }

    /// Every request received, in order of arrival. The control plane's own
    /// are not among them.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.0.log).entries().cloned().collect()
    }

    pub fn clear_requests(&self) {
        lock(&self.0.log).clear();
    }

    /// The highest number of requests received in any sliding second, of one
    /// credential or of all.
    pub fn peak_requests_in_a_second(&self, token: Option<&str>) -> usize {
        lock(&self.0.log).peak_in_a_second(token)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, RequestLog> {
        lock(&self.0.log)
    }

    /// Asks in process and waits for the whole body.
    ///
    /// # Errors
    /// When a fault breaks the connection. A fault that never answers makes
    /// this future never end: put it under a timer.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NetworkError> {
        let (head, body) = self.handle(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    /// Asks in process; the body may break while it is read.
    ///
    /// # Errors
    /// When a fault resets the connection.
    pub async fn handle(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<SimulatorBody>, NetworkError> {
        let path = request.uri().path();
        if let Some(path) = path.strip_prefix("/_sim") {
            return Ok(whole(control::answer(self, path, &request)));
        }
        let token = self.0.provider.token(&request);
        let query = request.uri().query().unwrap_or_default();
        let number = self.log().arrived(LoggedRequest {
            at_ms: self.0.provider.clock().now_ms(),
            token: token.clone(),
            method: request.method().to_string(),
            path: path.to_owned(),
            query: query.to_owned(),
            status: None,
        });
        let fault = lock(&self.0.faults).strike(request.method(), path, query, token.as_deref());
        let answer = self.answer(&request, fault).await;
        if let Ok(answer) = &answer {
            self.log().answered(number, answer.status().as_u16());
        }
        answer
    }

    async fn answer(
        &self,
        request: &Request<Bytes>,
        fault: Option<Fault>,
    ) -> Result<Response<SimulatorBody>, NetworkError> {
        let provider = &self.0.provider;
        let right = || self.dated(provider.answer(request, None), 0);
        let paged = |page_fault| {
            Ok(whole(
                self.dated(provider.answer(request, Some(page_fault)), 0),
            ))
        };
        let Some(fault) = fault else {
            return Ok(whole(right()));
        };
        match fault {
            Fault::NoAnswer => std::future::pending().await,
            Fault::Delay { milliseconds } => {
                let answer = right();
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                Ok(whole(answer))
            }
            Fault::Status {
                status,
                retry_after,
                shape,
                detail,
            } => Ok(whole(self.injected_error(
                status,
                retry_after,
                shape,
                detail.as_deref(),
            ))),
            Fault::Reset { after_handling } => {
                if after_handling {
                    drop(right());
                }
                Err(NetworkError::Reset)
            }
            Fault::Truncate { keep } => Ok(truncated(right(), keep)),
            Fault::WrongJson => Ok(whole(right().map(|_| spoil::wrong_json()))),
            Fault::WrongShape => Ok(whole(right().map(|_| spoil::wrong_shape()))),
            Fault::LoneSurrogate { record, field } => {
                Ok(whole(right().map(|body| {
                    spoil::lone_surrogate(&body, record, field.as_deref())
                })))
            }
            Fault::HugeNumber {
                record,
                field,
                number,
            } => Ok(whole(right().map(|body| {
                spoil::huge_number(&body, record, field.as_deref(), &number)
            }))),
            Fault::DuplicatePage => paged(PageFault::Duplicate),
            Fault::EmptyPage => paged(PageFault::Empty),
            Fault::ListCutShort { keep } => paged(PageFault::CutShort { keep }),
            Fault::NeverEndingCursor {
                repeat_rows,
                same_cursor,
            } => paged(PageFault::NeverEnding {
                repeat_rows,
                same_cursor,
            }),
            Fault::DateSkew { seconds } => {
                Ok(whole(self.dated(provider.answer(request, None), seconds)))
            }
        }
    }

    fn injected_error(
        &self,
        status: u16,
        retry_after: Option<RetryAfter>,
        shape: ErrorShape,
        detail: Option<&str>,
    ) -> Response<Bytes> {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let detail = detail.unwrap_or("Injected by the simulator.");
        let mut answer = match shape {
            ErrorShape::Native | ErrorShape::Legacy => self.0.provider.error(status, shape, detail),
            ErrorShape::Html => proxy_page(status),
            ErrorShape::Empty => bare(status),
        };
        let now = self.0.provider.clock().now_seconds();
        let retry_after = retry_after.and_then(|value| match value {
            RetryAfter::Seconds(seconds) => Some(HeaderValue::from(seconds)),
            RetryAfter::DateIn(seconds) => {
                http_date(now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX)))
            }
            RetryAfter::Text(text) => HeaderValue::from_str(&text).ok(),
        });
        if let Some(value) = retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, value);
        }
        self.dated(answer, 0)
    }

    /// The simulator's clock speaks in `Date` too, so that a client can be
    /// shown a provider whose clock differs from its own.
    fn dated(&self, mut answer: Response<Bytes>, skew_seconds: i64) -> Response<Bytes> {
        let now = self.0.provider.clock().now_seconds();
        if let Some(date) = http_date(now.saturating_add(skew_seconds)) {
            answer.headers_mut().insert(header::DATE, date);
        }
        answer
    }
}

/// In process, as one of the services a test's network is made of.
impl<P: Provider> tower::Service<Request<Bytes>> for Simulator<P> {
    type Response = Response<SimulatorBody>;
    type Error = NetworkError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NetworkError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NetworkError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let simulator = self.clone();
        Box::pin(async move { simulator.handle(request).await })
    }
}

/// A body that is all there, or breaks off before its end.
#[derive(Debug)]
pub struct SimulatorBody {
    data: Option<Bytes>,
    promised_bytes: u64,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    /// Waits once, so that a server flushes what it has before it learns that
    /// no more comes.
    Flushing,
    Cut,
}

impl Body for SimulatorBody {
    type Data = Bytes;
    type Error = NetworkError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, NetworkError>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Flushing => {
                self.end = End::Cut;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Cut => Poll::Ready(Some(Err(NetworkError::Truncated))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.end == End::Whole
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised_bytes)
    }
}

fn whole(answer: Response<Bytes>) -> Response<SimulatorBody> {
    answer.map(|data| SimulatorBody {
        promised_bytes: data.len() as u64,
        data: (!data.is_empty()).then_some(data),
        end: End::Whole,
    })
}

fn truncated(answer: Response<Bytes>, keep: Option<usize>) -> Response<SimulatorBody> {
    answer.map(|data| {
        // One byte at least is missing, else nothing would be cut.
        let keep = keep
            .unwrap_or(data.len() / 2)
            .min(data.len().saturating_sub(1));
        SimulatorBody {
            promised_bytes: data.len() as u64,
            data: (keep > 0).then(|| data.slice(..keep)),
            end: End::Flushing,
        }
    })
}

fn proxy_page(status: StatusCode) -> Response<Bytes> {
    let mut answer = bare(status);
    *answer.body_mut() = Bytes::from(format!(
        "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
    ));
    answer.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=UTF-8"),
    );
    answer
}

fn bare(status: StatusCode) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}

fn http_date(unix_seconds: i64) -> Option<HeaderValue> {
    let date = DateTime::from_timestamp(unix_seconds, 0)?;
    HeaderValue::from_str(&date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

/// A panic while the lock was held fails the test that caused it; the others
/// go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
