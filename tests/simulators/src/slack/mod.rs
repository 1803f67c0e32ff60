//! Slack: workspaces whose incoming webhooks and bots post to channels.
//!
//! Incoming webhooks are under `/services/`, the Web API's `chat.postMessage`
//! and `auth.test` under `/api/`, on one listener.

mod answer;
mod bucket;
mod change;
mod control;
mod demo;
mod limits;
mod model;
mod payload;
mod settings;
mod web_api;
mod webhook;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};

pub use answer::WEBHOOK_STATUSES;
pub use change::Change;
pub use demo::demo_data;
pub use model::{
    Bot, Channel, ChannelState, PostedMessage, ScriptedFailure, Sender, TokenState, Webhook,
    WebhookState, Workspace, Workspaces,
};
pub use settings::Settings;

use crate::{Clock, Error, ErrorShape, PageFault, Provider};

/// Where an injected redirect leads. Nothing is there: a client that follows it
/// shows in the log.
pub const REDIRECTED: &str = "/redirected";

/// The provider with all its workspaces.
pub struct Slack {
    workspaces: Mutex<Workspaces>,
    settings: RwLock<Settings>,
    clock: Arc<dyn Clock>,
}

impl Slack {
    pub fn new(workspaces: Workspaces, clock: Arc<dyn Clock>) -> Self {
        Self {
            workspaces: Mutex::new(workspaces),
            settings: RwLock::default(),
            clock,
        }
    }

    /// The workspaces as they are now, messages included.
    pub fn workspaces(&self) -> Workspaces {
        self.lock().clone()
    }

    /// What a channel shows, the oldest first; nothing for a channel that does
    /// not exist.
    pub fn messages(&self, channel_id: &str) -> Vec<PostedMessage> {
        self.lock()
            .channel(channel_id)
            .map(|channel| channel.messages.clone())
            .unwrap_or_default()
    }

    /// Forgets what was posted, everywhere. Buckets stay as full as they are.
    pub fn clear_messages(&self) {
        for channel in self.lock().channels_mut() {
            channel.messages.clear();
        }
    }

    /// Changes a workspace as its administrators do, or scripts a failure.
    ///
    /// # Errors
    /// When the change names what does not exist.
    pub fn change(&self, change: Change) -> Result<(), Error> {
        self.lock().apply(change)
    }

    pub fn settings(&self) -> Settings {
        self.settings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes limits and undocumented behaviours; all buckets are emptied.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(
            &mut self
                .settings
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for channel in self.lock().channels_mut() {
            channel.bucket = bucket::LeakyBucket::default();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Workspaces> {
        self.workspaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Slack")
            .field("workspaces", &self.workspaces().list())
            .finish_non_exhaustive()
    }
}

impl Provider for Slack {
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// A bot's token, or the team and service of a webhook.
    fn token(&self, request: &Request<Bytes>) -> Option<String> {
        bearer(request.headers()).map(str::to_owned).or_else(|| {
            let path = request.uri().path().strip_prefix("/services/")?;
            let (team_and_service, _secret) = path.rsplit_once('/')?;
            Some(team_and_service.to_owned())
        })
    }

    /// Slack pages nothing that is simulated here.
    fn answer(&self, request: &Request<Bytes>, _: Option<PageFault>) -> Response<Bytes> {
        let path = request.uri().path();
        if let Some(method) = path.strip_prefix("/api/") {
            self.answer_web_api(method, request)
        } else if let Some(parts) = path.strip_prefix("/services") {
            self.answer_webhook(parts.trim_start_matches('/'), request)
        } else {
            answer::text(StatusCode::NOT_FOUND, "no_service")
        }
    }

    /// Natively a bare word, as webhooks answer; the older shape stands for the
    /// Web API's JSON. A detail that is a word is the word.
    fn error(&self, status: StatusCode, shape: ErrorShape, detail: &str) -> Response<Bytes> {
        let is_word = detail
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let word = match status {
            _ if is_word => detail,
            StatusCode::TOO_MANY_REQUESTS => "rate_limited",
            StatusCode::INTERNAL_SERVER_ERROR => "rollup_error",
            StatusCode::SERVICE_UNAVAILABLE => "service_unavailable",
            _ => "",
        };
        let mut answer = match shape {
            ErrorShape::Legacy => answer::failure_json(status, word),
            _ => answer::text(status, word),
        };
        if status.is_redirection() {
            answer
                .headers_mut()
                .insert(header::LOCATION, HeaderValue::from_static(REDIRECTED));
        }
        answer
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
