//! HubSpot: one account with its users, owners, meetings, deals and contacts, and the workflows that
//! call others.
//!
//! Lists and single records are as they are now; searches see them as they were a while ago
//! ([`Settings::search_delay_ms`]). What a workflow sends is built here and posted by the test.

mod answer;
mod associations;
mod change;
mod consent;
mod control;
mod demo;
mod limits;
mod model;
mod objects;
mod owners;
mod paging;
mod properties;
mod search;
mod settings;
pub mod workflow;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Offset as _};
use http::{Method, Request, Response, StatusCode, header};
use serde_json::json;

pub use change::Change;
pub use consent::ACCESS_SECONDS;
pub use demo::{
    ADVISERS, CLIENT_ID, CLIENT_SECRET, DEALS, OAUTH_TOKEN, PIPELINE, PORTAL, STAGES, TOKEN,
    demo_data,
};
pub use model::{Account, Association, Kind, Owner, Patch, Property, Record, Token, ValueType};
pub use settings::Settings;

use self::answer::Problem;
use self::consent::Consents;
use self::limits::Limits;
use crate::{Clock, Error, ErrorShape, PageFault, Provider};

/// The provider with its one account.
pub struct HubSpot {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

struct State {
    account: Account,
    settings: Settings,
    limits: Limits,
    consents: Consents,
    /// Makes correlation ids, callback ids and the cursors of faulty pages differ.
    serial: u64,
}

/// One request, as the routes see it.
struct Asked<'a> {
    request: &'a Request<Bytes>,
    token: Token,
    fault: Option<PageFault>,
    now_ms: i64,
}

impl HubSpot {
    pub fn new(account: Account, clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Mutex::new(State {
                account,
                settings: Settings::default(),
                limits: Limits::default(),
                consents: Consents::default(),
                serial: 0,
            }),
            clock,
        }
    }

    /// The account as it is now.
    pub fn account(&self) -> Account {
        self.lock().account.clone()
    }

    /// The value of a property as it is now.
    pub fn value(&self, kind: Kind, id: u64, property: &str) -> Option<String> {
        let state = self.lock();
        let record = state.account.records(kind).get(&id)?;
        record.properties().get(property).cloned()
    }

    /// What was changed by PATCH, the oldest first; also where a fault lost the answer.
    pub fn patches(&self) -> Vec<Patch> {
        self.lock().account.patches.clone()
    }

    pub fn clear_patches(&self) {
        self.lock().account.patches.clear();
    }

    /// Changes the account as its people do.
    ///
    /// # Errors
    /// When the change names what does not exist.
    pub fn change(&self, change: Change) -> Result<(), Error> {
        let now_ms = self.clock.now_ms();
        self.lock().account.apply(change, now_ms)
    }

    /// The account's owner uninstalls the application that they have agreed to.
    pub fn uninstall(&self) {
        self.lock().uninstall();
    }

    pub fn settings(&self) -> Settings {
        self.lock().settings.clone()
    }

    /// Changes limits and delays; all use is forgotten.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut state = self.lock();
        change(&mut state.settings);
        state.limits = Limits::default();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn respond(
        &mut self,
        request: &Request<Bytes>,
        fault: Option<PageFault>,
        now_ms: i64,
    ) -> Response<Bytes> {
        if let Some(answer) = self.consent(request, now_ms) {
            return answer;
        }
        let answer = self.admit(request, fault, now_ms);
        let answer = answer.unwrap_or_else(|problem| {
            let serial = self.next_serial();
            problem.response(serial)
        });
        match bearer(request) {
            Some(token) if !is_search(request) => self.with_limits(answer, &token, now_ms),
            _ => answer,
        }
    }

    fn admit(
        &mut self,
        request: &Request<Bytes>,
        fault: Option<PageFault>,
        now_ms: i64,
    ) -> Result<Response<Bytes>, Problem> {
        let name = bearer(request).ok_or_else(Problem::unauthorized)?;
        let token = self
            .account
            .tokens
            .get(&name)
            .filter(|token| !token.is_revoked && !self.consents.has_ended(&name, now_ms))
            .cloned()
            .ok_or_else(Problem::unauthorized)?;
        self.take(&name, token.is_oauth, is_search(request), now_ms)?;
        let asked = Asked {
            request,
            token,
            fault,
            now_ms,
        };
        self.route(&asked)
    }

    fn route(&mut self, asked: &Asked<'_>) -> Result<Response<Bytes>, Problem> {
        let path = asked.request.uri().path().trim_matches('/');
        let segments: Vec<&str> = path.split('/').collect();
        let method = asked.request.method();
        match (method, segments.as_slice()) {
            (&Method::GET, ["account-info", "v3", "details"]) => {
                Ok(self.account_details(asked.now_ms))
            }
            (&Method::GET, ["crm", "v3", "owners"]) => self.list_owners(asked),
            (&Method::GET, ["crm", "v3", "owners", id]) => self.one_owner(asked, id),
            (_, ["crm", "v3", "objects", kind, rest @ ..]) => {
                let kind = Kind::of_path(kind).ok_or_else(Problem::no_such_kind)?;
                match (method, rest) {
                    (&Method::GET, []) => self.list_objects(asked, kind),
                    (&Method::POST, ["search"]) => self.search_objects(asked, kind),
                    (&Method::POST, ["batch", "read"]) => self.read_objects(asked, kind),
                    (&Method::GET, [id]) => self.one_object(asked, kind, id),
                    (&Method::PATCH, [id]) => self.patch_object(asked, kind, id),
                    (_, [] | [_]) => Err(Problem::method_not_allowed()),
                    _ => Err(Problem::not_found()),
                }
            }
            (&Method::GET, ["crm", "v4", "objects", from, id, "associations", to]) => {
                self.contacts_of_deal(asked, from, id, to)
            }
            (&Method::POST, ["crm", "v4", "associations", from, to, "batch", "read"]) => {
                self.contacts_of_deals(asked, from, to)
            }
            _ => Err(Problem::not_found()),
        }
    }

    fn account_details(&self, now_ms: i64) -> Response<Bytes> {
        let account = &self.account;
        let now = DateTime::from_timestamp_millis(now_ms).unwrap_or(DateTime::UNIX_EPOCH);
        let offset = now.with_timezone(&account.time_zone).offset().fix();
        answer::ok(&json!({
            "portalId": account.portal_id, "accountType": "STANDARD",
            "timeZone": account.time_zone, "companyCurrency": "AUD", "additionalCurrencies": [],
            "utcOffset": offset.to_string(), "utcOffsetMilliseconds": i64::from(offset.local_minus_utc()) * 1_000,
            "uiDomain": "app.hubspot.com", "dataHostingLocation": "na1",
        }))
    }
}

impl Asked<'_> {
    /// Whether the token may do this.
    fn needs(&self, scope: &str) -> Result<(), Problem> {
        if self.token.scopes.contains(scope) {
            Ok(())
        } else {
            Err(Problem::missing_scope(scope))
        }
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.request.uri().query().unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .filter(|value| !value.is_empty())
    }

    /// The names of `properties`, a list with commas between them.
    fn properties(&self) -> Vec<String> {
        self.parameter("properties")
            .map(|names| {
                names
                    .split(',')
                    .map(|name| name.trim().to_owned())
                    .collect()
            })
            .unwrap_or_default()
    }
}

impl fmt::Debug for HubSpot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HubSpot")
            .field("portal_id", &self.lock().account.portal_id)
            .finish_non_exhaustive()
    }
}

impl Provider for HubSpot {
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn token(&self, request: &Request<Bytes>) -> Option<String> {
        bearer(request)
    }

    fn answer(&self, request: &Request<Bytes>, fault: Option<PageFault>) -> Response<Bytes> {
        let now_ms = self.clock.now_ms();
        self.lock().respond(request, fault, now_ms)
    }

    /// A 429 whose detail is the name of a limit is of that limit; the older shape stands for the one
    /// without `correlationId`.
    fn error(&self, status: StatusCode, shape: ErrorShape, detail: &str) -> Response<Bytes> {
        let serial = self.lock().next_serial();
        Problem::injected(status, shape == ErrorShape::Legacy, detail).response(serial)
    }

    fn control(&self, path: &str, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        control::answer(self, path, request)
    }
}

fn is_search(request: &Request<Bytes>) -> bool {
    request.method() == Method::POST && request.uri().path().ends_with("/search")
}

fn bearer(request: &Request<Bytes>) -> Option<String> {
    request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
        .map(str::to_owned)
}
