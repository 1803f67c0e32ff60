//! Box: an enterprise with apps, users and a tree of folders.
//!
//! The token endpoint is `/oauth2/token`, the API is under `/2.0`, on one listener. What is not
//! documented (the body of a 401, the status of a user who may not be acted as, which folders a copy
//! locks beyond its source) is as the client takes it to be.

mod access;
mod answer;
mod app;
mod change;
mod control;
mod demo;
mod listing;
mod model;
mod routes;
mod settings;
mod token;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use http::{Request, Response, StatusCode};

pub use app::{App, KeyPair};
pub use change::Change;
pub use demo::{CLIENT_ID, CLIENTS, OPS_LOGIN, OPS_USER, SERVICE_ACCOUNT, TEMPLATE, demo_data};
pub use model::{Enterprise, Item, Kind, ScriptedFailure, User};
pub use settings::{Conflicts, Settings};

use crate::{Clock, Error, ErrorShape, PageFault, Provider};
use answer::Refusal;

/// The provider with its one enterprise.
pub struct BoxFolders {
    enterprise: Mutex<Enterprise>,
    settings: RwLock<Settings>,
    clock: Arc<dyn Clock>,
}

impl BoxFolders {
    pub fn new(enterprise: Enterprise, clock: Arc<dyn Clock>) -> Self {
        Self {
            enterprise: Mutex::new(enterprise),
            settings: RwLock::default(),
            clock,
        }
    }

    /// Everything as it is now. Copies whose time has come are done.
    pub fn enterprise(&self) -> Enterprise {
        let mut enterprise = self.lock();
        enterprise.settle(self.clock.now_ms());
        enterprise.clone()
    }

    /// The item at a path of names from a user's root, such as `/1. Active Clients/Sam Lee`.
    pub fn at(&self, user: &str, path: &str) -> Option<Item> {
        self.enterprise().at(user, path).cloned()
    }

    /// The names of what is in the folder at a path, as Box sorts them.
    pub fn names(&self, user: &str, path: &str) -> Vec<String> {
        let enterprise = self.enterprise();
        let Some(folder) = enterprise.at(user, path) else {
            return Vec::new();
        };
        enterprise
            .listed(user, Some(folder.id))
            .into_iter()
            .map(|item| item.name.clone())
            .collect()
    }

    /// The configuration file of an app, as the console offers it.
    pub fn config(&self, client_id: &str) -> Option<String> {
        let enterprise = self.lock();
        let app = enterprise.apps.get(client_id)?;
        Some(app.config(&enterprise.id).to_string())
    }

    /// Changes what people can change in Box, or scripts a failure.
    ///
    /// # Errors
    /// When the change names what does not exist.
    pub fn change(&self, change: Change) -> Result<(), Error> {
        let now = self.clock.now_seconds();
        self.lock().apply(change, now)
    }

    pub fn settings(&self) -> Settings {
        self.settings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes limits and undocumented behaviours; what was called so far is forgotten.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(
            &mut self
                .settings
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.lock().calls.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Enterprise> {
        self.enterprise
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// `path` is what follows `/2.0`.
    fn answer_api(
        &self,
        path: &str,
        request: &Request<Bytes>,
        page_fault: Option<PageFault>,
    ) -> Result<Response<Bytes>, Refusal> {
        let settings = self.settings();
        let now_ms = self.clock.now_ms();
        let mut enterprise = self.lock();
        enterprise.settle(now_ms);
        let user = access::caller(&enterprise, request, now_ms.div_euclid(1000))?;
        access::admit(&mut enterprise, &user, &settings, now_ms)?;
        let scripted = enterprise.take_scripted(request.method().as_str(), path);
        if let Some(failure) = scripted.as_ref().filter(|failure| !failure.after_handling) {
            return Err(as_refusal(failure));
        }
        let asked = routes::Asked::new(request, &user, &settings, now_ms, page_fault);
        let answer = routes::answer(&mut enterprise, request.method(), path, &asked);
        scripted.map_or(answer, |failure| Err(as_refusal(&failure)))
    }
}

fn as_refusal(failure: &ScriptedFailure) -> Refusal {
    Refusal {
        retry_after: failure.retry_after,
        ..Refusal::new(failure.status, &failure.code)
    }
}

impl fmt::Debug for BoxFolders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BoxFolders")
            .field("enterprise", &self.lock().id)
            .finish_non_exhaustive()
    }
}

impl Provider for BoxFolders {
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn token(&self, request: &Request<Bytes>) -> Option<String> {
        access::bearer(request.headers()).map(str::to_owned)
    }

    fn answer(&self, request: &Request<Bytes>, page_fault: Option<PageFault>) -> Response<Bytes> {
        let path = request.uri().path();
        if path == "/oauth2/token" {
            let settings = self.settings();
            let now = self.clock.now_seconds();
            return token::answer(&mut self.lock(), request, &settings, now);
        }
        let answer = match path.strip_prefix("/2.0/") {
            Some(path) => self.answer_api(path, request, page_fault),
            None => Err(Refusal::new(404, "not_found")),
        };
        answer.unwrap_or_else(Refusal::into_response)
    }

    /// Natively the API's envelope; the older shape stands for the token endpoint's. A detail that is
    /// a word is the word.
    fn error(&self, status: StatusCode, shape: ErrorShape, detail: &str) -> Response<Bytes> {
        let is_word = detail
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let code = if is_word {
            detail
        } else {
            answer::usual_code(status)
        };
        match shape {
            ErrorShape::Legacy => {
                let mut answer = answer::token_refusal("invalid_grant", detail);
                *answer.status_mut() = status;
                answer
            }
            _ => Refusal::new(status.as_u16(), code).into_response(),
        }
    }

    fn control(&self, path: &str, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        control::answer(self, path, request)
    }
}
