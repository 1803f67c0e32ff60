//! 7shifts, API version 2: an account's places, people, shifts and punches,
//! wages, availability, time off and webhooks.

mod accounts;
mod availability;
mod control;
mod demo;
mod life;
mod lists;
mod model;
mod mutation;
mod paging;
mod people;
mod problem;
mod query;
mod request_status;
mod routes;
mod scale;
mod season;
mod settings;
mod shift;
mod table;
mod terms;
mod time_off;
mod time_off_routes;
mod truth;
mod wage;
mod webhook;
mod wire;
mod writes;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};

pub use accounts::{Account, Accounts, Token, TokenKind};
pub use availability::{
    AVAILABLE_ALL_DAY, AVAILABLE_BETWEEN, Availability, AvailabilityDay, AvailabilityReason,
    UNAVAILABLE_ALL_DAY,
};
pub use demo::demo_data;
pub use life::Life;
pub use model::{
    Assignments, Department, InviteStatus, Location, PosType, PunchBreak, Resource, Role, Station,
    TimePunch, User, UserType,
};
pub use mutation::{
    AvailabilityChanges, Changed, Mutation, NewAvailability, NewBreak, NewPunch, NewShift,
    NewTimeOff, NewUser, NewWage, NewWebhook, PunchChanges, ShiftChanges, TimeOffChanges,
    UserChanges, WageChanges,
};
pub use request_status::RequestStatus;
pub use scale::scale;
pub use settings::{DefaultStatus, OverLimit, Settings, SeveralFilters};
pub use shift::{AttendanceStatus, OpenOfferType, PlannedBreak, ShiftDetails};
pub use time_off::{PartOfDay, TimeOff, TimeOffCategory, TimeOffDay, TimeOffSettings};
pub use truth::{PublishedShift, Truth};
pub use wage::{Wage, WageType};
pub use webhook::Webhook;

use crate::rate_limit::Limiter;
use crate::{Clock, Error, ErrorShape, PageFault, Provider};
use problem::Problem;

/// The provider with all its accounts.
pub struct SevenShifts {
    accounts: RwLock<Accounts>,
    settings: RwLock<Settings>,
    limiter: Mutex<Limiter>,
    clock: Arc<dyn Clock>,
    serial: AtomicU64,
}

impl SevenShifts {
    pub fn new(accounts: Accounts, clock: Arc<dyn Clock>) -> Self {
        Self {
            accounts: RwLock::new(accounts),
            settings: RwLock::default(),
            limiter: Mutex::default(),
            clock,
            serial: AtomicU64::new(1),
        }
    }

    /// The accounts and the tokens that open them.
    pub fn accounts(&self) -> Vec<Account> {
        self.read().list()
    }

    /// Changes an account as people do, stamped with the clock's now.
    ///
    /// # Errors
    /// When the change names what does not exist or asks for what cannot be.
    pub fn mutate(&self, company_id: i64, mutation: Mutation) -> Result<Changed, Error> {
        let now = self.clock.now_seconds();
        self.write().apply(company_id, mutation, now)
    }

    /// What a perfect mirror of this account would hold now.
    pub fn truth(&self, company_id: i64) -> Option<Truth> {
        let now = self.clock.now_seconds();
        let accounts = self.read();
        let company = accounts.companies.get(&company_id)?;
        Some(Truth::of(company, now))
    }

    pub fn settings(&self) -> Settings {
        self.settings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes limits and undocumented behaviours; blocks are lifted.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(
            &mut self
                .settings
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.limiter
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .forgive();
    }

    fn read(&self) -> RwLockReadGuard<'_, Accounts> {
        self.accounts.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Accounts> {
        self.accounts
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SevenShifts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SevenShifts")
            .field("accounts", &self.accounts())
            .finish_non_exhaustive()
    }
}

impl Provider for SevenShifts {
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn token(&self, request: &Request<Bytes>) -> Option<String> {
        bearer(request.headers()).map(str::to_owned)
    }

    fn answer(&self, request: &Request<Bytes>, page_fault: Option<PageFault>) -> Response<Bytes> {
        let settings = self.settings();
        let version = api_version(request.headers()).unwrap_or(&settings.default_api_version);
        let mut answer = match self.route(request, &settings, version, page_fault) {
            Ok(reply) => reply.into_response(),
            Err(problem) => problem.into_response(settings.legacy_errors),
        };
        self.add_usual_headers(&mut answer, version);
        answer
    }

    fn error(&self, status: StatusCode, shape: ErrorShape, detail: &str) -> Response<Bytes> {
        let settings = self.settings();
        let legacy = settings.legacy_errors || shape == ErrorShape::Legacy;
        let mut answer = Problem::new(status, detail).into_response(legacy);
        self.add_usual_headers(&mut answer, &settings.default_api_version);
        answer
    }

    fn control(&self, path: &str, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        control::answer(self, path, request)
    }
}

impl SevenShifts {
    fn add_usual_headers(&self, answer: &mut Response<Bytes>, version: &str) {
        let serial = self
            .serial
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let headers = answer.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("x-request-id", HeaderValue::from(serial));
        if let Ok(version) = HeaderValue::from_str(version) {
            headers.insert("x-api-version", version);
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

fn api_version(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-api-version")?.to_str().ok()
}
