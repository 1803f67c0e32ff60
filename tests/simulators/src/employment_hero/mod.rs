//! Employment Hero's HR API and its authorization server, on one listener.
//!
//! `/oauth2/authorize` and `/oauth2/token` are the authorization server, `/api/v1/` is the API. A test
//! gives the origin for both base URLs.

mod answer;
mod authority;
mod authorize;
mod change;
mod control;
mod demo;
mod limits;
mod lists;
mod model;
mod scale;
mod settings;
mod tokens;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};

pub use authority::{Counts, IssuedTokens, ScriptedAnswer, ScriptedRefusal};
pub use change::{Change, List};
pub use demo::{ADVISERS, CONSULTANT, HARBOUR, HARBOUR_WEST, OTHER_FIRM, demo_data};
pub use model::{Employee, LeaveRequest, Organisation, Organisations};
pub use scale::{SCALE, scale};
pub use settings::{Consent, DateFilter, DateForm, Rotation, Scope, Settings};

use crate::{Clock, Error, ErrorShape, PageFault, Provider};
use authority::Authority;
use limits::Usage;

/// The client that is registered.
pub const CLIENT_ID: &str = "sim-eh-client";
pub const CLIENT_SECRET: &str = "sim-eh-secret/+ 1";
/// Where browsers come back to, unless the settings say otherwise.
pub const REDIRECT_URI: &str = "https://patchbay.example.test/employment-hero/auth/callback";

/// The provider with all its state.
pub struct EmploymentHero {
    state: Mutex<State>,
    settings: RwLock<Settings>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct State {
    organisations: Organisations,
    authority: Authority,
    usage: Usage,
    /// How often the last row of a page still changes places with the first one of the next.
    swaps: change::Swaps,
}

impl EmploymentHero {
    pub fn new(organisations: Organisations, clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Mutex::new(State {
                organisations,
                ..State::default()
            }),
            settings: RwLock::default(),
            clock,
        }
    }

    /// What there is now.
    pub fn organisations(&self) -> Organisations {
        self.lock().organisations.clone()
    }

    /// Changes what there is, as people do in the application.
    ///
    /// # Errors
    /// When the change names what does not exist.
    pub fn change(&self, change: Change) -> Result<(), Error> {
        self.lock().apply(change)
    }

    /// What the authorization server has given out and seen again.
    pub fn counts(&self) -> Counts {
        self.lock().authority.counts()
    }

    /// Lets the next requests for tokens be answered so, whatever they are.
    pub fn script(&self, answers: impl IntoIterator<Item = ScriptedAnswer>) {
        self.lock().authority.script.extend(answers);
    }

    /// Tokens for a login, as if a person had agreed.
    pub fn grant(&self, login: &str) -> IssuedTokens {
        let settings = self.settings();
        let now = self.clock.now_seconds();
        self.lock().authority.grant(login, &settings, now)
    }

    /// Takes back the access tokens that are out: refresh tokens stay good.
    pub fn withdraw_access(&self) {
        self.lock().authority.withdraw_access();
    }

    /// Takes back all grants, as people do who disconnect the application.
    pub fn withdraw_grants(&self) {
        self.lock().authority.withdraw_grants();
    }

    pub fn settings(&self) -> Settings {
        self.settings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes limits and undocumented behaviours; what was used of the limits is forgotten.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(
            &mut self
                .settings
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.lock().usage = Usage::default();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for EmploymentHero {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EmploymentHero")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Provider for EmploymentHero {
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn token(&self, request: &Request<Bytes>) -> Option<String> {
        bearer(request.headers()).map(str::to_owned)
    }

    fn answer(&self, request: &Request<Bytes>, fault: Option<PageFault>) -> Response<Bytes> {
        let settings = self.settings();
        let now_ms = self.clock.now_ms();
        let path = request.uri().path();
        let mut state = self.lock();
        match path {
            "/oauth2/authorize" => state
                .authority
                .authorize(request, &settings, now_ms / 1_000),
            "/oauth2/token" => state.authority.token(request, &settings, now_ms / 1_000),
            _ => match path.strip_prefix("/api/v1/") {
                Some(path) => state.api(path, request, &settings, now_ms, fault),
                None => answer::error(StatusCode::NOT_FOUND, "not_found"),
            },
        }
    }

    fn error(&self, status: StatusCode, shape: ErrorShape, detail: &str) -> Response<Bytes> {
        match shape {
            ErrorShape::Legacy => answer::message(status, detail),
            _ => answer::error(status, detail),
        }
    }

    fn control(&self, path: &str, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        control::answer(self, path, request)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

fn query(request: &Request<Bytes>) -> impl Iterator<Item = (String, String)> {
    let query = request.uri().query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).into_owned()
}
