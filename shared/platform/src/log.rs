//! Structured log lines on standard error, one JSON object each. Never a secret, a body or a query.

use domain::redact;
use serde::Serialize;

use crate::clock;

const MAX_TEXT_CHARS: usize = 400;

#[derive(Serialize)]
struct Event<'a> {
    at_ms: i64,
    level: &'a str,
    event: &'a str,
    detail: &'a str,
}

/// One finished request.
#[derive(Serialize)]
pub struct Request<'a> {
    pub at_ms: i64,
    pub level: &'a str,
    pub event: &'a str,
    pub function: &'a str,
    pub request_id: &'a str,
    pub method: &'a str,
    /// The route's pattern, never the path with its ids.
    pub route: &'a str,
    pub status: u16,
    pub duration_ms: i64,
    pub caller: Option<&'a str>,
    pub organization_id: Option<&'a str>,
    pub problem: Option<&'a str>,
}

/// One run that did not bring everything.
#[derive(Serialize)]
pub struct Run<'a> {
    pub at_ms: i64,
    pub level: &'a str,
    pub event: &'a str,
    pub organization_id: &'a str,
    pub connector_id: &'a str,
    pub stream: &'a str,
    pub run_id: &'a str,
    pub status: &'a str,
    pub code: &'a str,
    /// For a manager: it names no record and no secret.
    pub detail: &'a str,
}

pub fn run(run: &Run<'_>) {
    write(run);
}

pub fn error(event: &str, detail: &str) {
    write_event("error", event, detail);
}

pub fn info(event: &str, detail: &str) {
    write_event("info", event, detail);
}

pub fn request(request: &Request<'_>) {
    write(request);
}

fn write_event(level: &str, event: &str, detail: &str) {
    let detail = redact::excerpt(detail, MAX_TEXT_CHARS, &[]);
    write(&Event {
        at_ms: clock::now_ms(),
        level,
        event,
        detail: &detail,
    });
}

fn write<T: Serialize>(line: &T) {
    if let Ok(text) = serde_json::to_string(line) {
        eprintln!("{text}");
    }
}
