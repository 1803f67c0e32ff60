//! Connectors to Box: what one is made of, and the way out with the token of its app.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

use api::FieldError;
use bytes::Bytes;
use domain::access::Tenant;
use domain::client_folder::Settings;
use http::{Response, StatusCode};
use providers::box_folders::{
    AppConfig, Assertion, BoxFailure, CALLS_PER_MINUTE, Call, Class, Client, DEFAULT_BASE_URL, Id,
    Subject, TokenCall, TokenFailure, TokenFailureClass, User, with_login,
};
use providers::{ProviderError, Secret};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::DatabaseError;
use store::jobs::SealedCredential;
use store::outbox::DeliveryJob;

use crate::access_tokens::{Granted, NotGranted, Tokens};
use crate::clients::{CheckCall, Checked};
use crate::outbound::{self, Again, CallError, Line, Terms};
use crate::vault::{Place, Vault};
use crate::{SpinDatabase, clock, random, variables};

pub use crate::clients::BOX;

/// The component that makes folders, and checks and tests connectors.
pub const FUNCTION: &str = "box-folder";
/// The kind of a delivery that gives a deal or a contact at HubSpot the link of its folder.
pub const HUBSPOT_LINK: &str = "hubspot_link";

/// The configuration file of the app, as a text.
const APP_CONFIG: &str = "app_config";
/// How long one try may take, in milliseconds: a copy of 500 items takes its time.
const TRY_TIMEOUT_MS: i64 = 25_000;
/// How long a 429 that asks for nothing blocks the credential, in milliseconds.
const BLOCK_MS: i64 = 1_000;
/// Assertions that are signed for one token: the second with Box's own time.
const ASSERTIONS: u32 = 2;

/// What a delivery of the kind [`CLIENT_FOLDER`](store::client_folders::CLIENT_FOLDER) is about.
#[derive(Serialize, Deserialize)]
pub struct FolderToMake {
    pub client_folder_id: String,
    pub deal_id: String,
}

/// Folders of one connector are made one after the other: Box copies a template once at a time.
#[must_use]
pub fn concurrency_key(connector_id: &str) -> String {
    format!("{BOX}:{connector_id}")
}

/// The same of links, by the connector to HubSpot.
#[must_use]
pub fn link_concurrency_key(connector_id: &str) -> String {
    format!("{HUBSPOT_LINK}:{connector_id}")
}

#[must_use]
pub fn job(concurrency_key: &str) -> DeliveryJob<'_> {
    DeliveryJob {
        function: FUNCTION,
        concurrency_key,
    }
}

/// What a connector is to be made of: the configuration as it is stored, or every field that is wrong. Nothing of the
/// credential comes back.
#[must_use]
pub fn check(call: &CheckCall) -> Checked {
    let mut errors = Vec::new();
    let settings = match Settings::from_json(&Value::Object(call.config.clone())) {
        Ok(settings) => Some(settings),
        Err(domain::Error::InvalidFields(wrong)) => {
            errors.extend(FieldError::all("/config", &wrong));
            None
        }
        Err(other) => {
            errors.push(FieldError::new("/config", other.to_string()));
            None
        }
    };
    // The stored credential goes to Box, whatever the configuration is.
    if let Some(given) = &call.credentials {
        credential(given, &mut errors);
    }
    match settings {
        Some(settings) if errors.is_empty() => Checked::Config(settings.to_json()),
        _ => Checked::Errors(errors.into_iter().map(Into::into).collect()),
    }
}

fn credential(given: &BTreeMap<String, String>, errors: &mut Vec<FieldError>) {
    for name in given.keys().filter(|name| *name != APP_CONFIG) {
        let field = format!("/credentials/{}", api::body::segment(name));
        errors.push(FieldError::new(field, "is not known: give app_config"));
    }
    let Some(text) = given.get(APP_CONFIG) else {
        errors.push(FieldError::new(
            "/credentials/app_config",
            "is missing: give the configuration file as the app's page in Box's developer console offers it for download, whole, as a text",
        ));
        return;
    };
    let opened = AppConfig::parse(text).and_then(|app| app.signing_key().map(drop));
    if let Err(error) = opened {
        errors.push(FieldError::new(
            "/credentials/app_config",
            error.to_string(),
        ));
    }
}

/// Why nothing came of a call.
pub enum Failure {
    Box(BoxFailure),
    /// No answer came; whether the call may have done its work all the same.
    Call(CallError, bool),
    /// There is no access token.
    Token(TokenFailure),
    /// Another holder asks for the access token for longer than this call waits.
    TokenBusy,
    /// The connector or its credential is not in order; for a manager.
    Unusable(String),
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::Call(CallError::Database(error), false)
    }
}

impl Failure {
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Box(failure) => failure.may_have_happened,
            Self::Call(_, may_have_happened) => *may_have_happened,
            Self::Token(_) | Self::TokenBusy | Self::Unusable(_) => false,
        }
    }

    /// The class of Box's answer, where there is one.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Box(failure) => Some(failure.class),
            _ => None,
        }
    }

    /// Whether Box or a person has to put something right: the connector does not work as it stands.
    #[must_use]
    pub fn is_of_the_connector(&self) -> bool {
        match self {
            Self::Box(failure) => matches!(failure.class, Class::NewToken | Class::Refused),
            Self::Token(failure) => failure.class == TokenFailureClass::Configuration,
            Self::Unusable(_) => true,
            Self::Call(..) | Self::TokenBusy => false,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Box(failure) => failure.fmt(f),
            Self::Call(error, _) => write!(f, "Box: {error}."),
            Self::Token(failure) => failure.fmt(f),
            Self::TokenBusy => f.write_str("The access token is being renewed."),
            Self::Unusable(why) => f.write_str(why),
        }
    }
}

/// An opened connector.
pub struct Account<'a> {
    tenant: &'a Tenant,
    connector_id: &'a str,
    pub settings: Settings,
    app: AppConfig,
    vault: Vault,
    base_url: String,
}

impl<'a> Account<'a> {
    /// `config` and `sealed` are what is stored of the connector.
    ///
    /// # Errors
    /// [`Failure::Unusable`].
    pub async fn open(
        tenant: &'a Tenant,
        connector_id: &'a str,
        config: &str,
        sealed: &[SealedCredential],
    ) -> Result<Self, Failure> {
        let unusable = |why: &str| Failure::Unusable(why.to_owned());
        let settings = serde_json::from_str(config)
            .ok()
            .and_then(|config| Settings::from_json(&config).ok())
            .ok_or_else(|| {
                unusable("The connector's configuration cannot be read: give it another.")
            })?;
        let stored = sealed
            .iter()
            .find(|stored| stored.field == APP_CONFIG)
            .ok_or_else(|| unusable("The connector has no app_config: give it its credential."))?;
        let vault = Vault::open()
            .await
            .map_err(|error| Failure::Unusable(error.to_string()))?;
        let place = Place {
            organization_id: tenant.as_str(),
            connector_id,
            field: APP_CONFIG,
        };
        let opened = vault
            .unseal(place, &stored.sealed)
            .map_err(|error| Failure::Unusable(error.to_string()))?;
        let app = AppConfig::parse(opened.expose()).map_err(|_| {
            unusable("The stored credential cannot be used: give the connector another.")
        })?;
        let base_url = variables::get("box_url").await;
        Ok(Self {
            tenant,
            connector_id,
            settings,
            app,
            vault,
            base_url: base_url.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned()),
        })
    }

    #[must_use]
    pub fn enterprise_id(&self) -> &str {
        self.app.enterprise_id()
    }
}

/// As whom a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// The app's own account.
    Service,
    /// The user of the configuration, or the app's own account where there is none.
    User,
}

/// The calls of one piece of work, none of which lasts longer than until its deadline.
pub struct Session<'a> {
    pub account: &'a Account<'a>,
    database: &'a SpinDatabase,
    line: Line<'a, SpinDatabase>,
    token: RefCell<Option<Secret>>,
    user: RefCell<Option<Id>>,
}

impl<'a> Session<'a> {
    #[must_use]
    pub fn begin(account: &'a Account<'a>, database: &'a SpinDatabase, deadline_ms: i64) -> Self {
        let budget = concurrency_key(account.connector_id);
        let per_second = NonZeroU32::new(CALLS_PER_MINUTE / 60).unwrap_or(NonZeroU32::MIN);
        Self {
            account,
            database,
            line: Line::new(database, budget, per_second, deadline_ms),
            token: RefCell::default(),
            user: RefCell::default(),
        }
    }

    #[must_use]
    pub fn deadline_ms(&self) -> i64 {
        self.line.deadline_ms
    }

    /// How many requests went out so far, tries and those for tokens included.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.line.calls()
    }

    /// The user that [`As::User`] is. A mail address is looked up as the app's own account: users cannot list users.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::Unusable`] where Box has no such user, or they are not active.
    pub async fn user(&self) -> Result<Id, Failure> {
        if let Some(known) = self.user.borrow().clone() {
            return Ok(known);
        }
        let id = match self.account.settings.as_user.as_deref() {
            None => self.send(As::Service, Client::current_user).await?.id,
            Some(named) => match Id::parse(named) {
                Some(id) => id,
                None => self.look_up(named).await?,
            },
        };
        *self.user.borrow_mut() = Some(id.clone());
        Ok(id)
    }

    async fn look_up(&self, login: &str) -> Result<Id, Failure> {
        let found = self.send(As::Service, |client| client.users(login)).await?;
        match with_login(&found.rows, login) {
            Some(User {
                id,
                is_active: true,
                ..
            }) => Ok(id.clone()),
            Some(_) => Err(Failure::Unusable(format!(
                "The user {login} is not active in Box: activate them, or set as_user to another."
            ))),
            None => Err(Failure::Unusable(format!(
                "Box has no user with the login {login}: check as_user, and that the app may read users."
            ))),
        }
    }

    /// Makes a call, once more with another token after a 401. What only reads is tried again while that may help; what
    /// writes is not, unless Box says that it did nothing.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn send<T>(
        &self,
        caller: As,
        build: impl Fn(&Client) -> Result<Call<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let mut rejected = None;
        loop {
            let token = self.token(rejected.as_ref()).await?;
            let client = Client::new(&self.account.base_url, token.clone()).map_err(unbuilt)?;
            // Without a user to act as, the app acts as itself.
            let acts = caller == As::User && self.account.settings.as_user.is_some();
            let client = if acts {
                client.acting_as(&Box::pin(self.user()).await?)
            } else {
                client
            };
            let call = build(&client).map_err(unbuilt)?;
            let is_write = call.reply.is_write();
            let terms = Terms {
                try_timeout_ms: TRY_TIMEOUT_MS,
                block_ms: BLOCK_MS,
                waits_as_asked: true,
                ..Terms::default()
            };
            let answer = self
                .line
                .send(&call.request, terms, |result| again(result, is_write))
                .await
                .map_err(|error| {
                    let is_unknown = matches!(
                        error,
                        CallError::Timeout | CallError::Broken(_) | CallError::TooLarge { .. }
                    );
                    Failure::Call(error, is_write && is_unknown)
                })?;
            match call.reply.read(&answer, clock::now()) {
                Ok(value) => return Ok(value),
                Err(failure) if failure.class == Class::NewToken && rejected.is_none() => {
                    rejected = Some(token);
                }
                Err(failure) => return Err(Failure::Box(failure)),
            }
        }
    }

    async fn token(&self, rejected: Option<&Secret>) -> Result<Secret, Failure> {
        let held = self.token.borrow().clone();
        if let Some(held) = held.filter(|held| Some(held) != rejected) {
            return Ok(held);
        }
        let tokens = Tokens {
            tenant: self.account.tenant,
            connector_id: self.account.connector_id,
            vault: &self.account.vault,
        };
        let token = tokens
            .get_by(self.database, self.line.deadline_ms, rejected, async |_| {
                self.ask().await
            })
            .await
            .map_err(|failure| match failure {
                NotGranted::Refused(failure) => failure,
                NotGranted::Busy => Failure::TokenBusy,
                NotGranted::Unusable(why) => Failure::Unusable(why),
                NotGranted::Database(error) => error.into(),
            })?;
        *self.token.borrow_mut() = Some(token.clone());
        Ok(token)
    }

    /// Signs an assertion and asks for a token; where Box finds the time or the nonce wrong, once more by its own clock.
    async fn ask(&self) -> Result<Granted, Failure> {
        let app = &self.account.app;
        let key = app.signing_key().map_err(unbuilt)?;
        let mut now = clock::now();
        let mut signed = 0;
        loop {
            signed += 1;
            let fill = |buffer: &mut [u8]| random::fill(buffer);
            let assertion =
                Assertion::sign(app, &key, &Subject::ServiceAccount, now, fill).map_err(unbuilt)?;
            let call = TokenCall::new(&self.account.base_url, app, &assertion).map_err(unbuilt)?;
            let terms = Terms {
                block_ms: BLOCK_MS,
                ..Terms::default()
            };
            // An assertion is good once.
            let answer = self
                .line
                .send(&call.request, terms, |_| Again::No)
                .await
                .map_err(|error| Failure::Call(error, false))?;
            let received_at = clock::now();
            match call.reply.read(&answer, received_at) {
                Ok(token) => {
                    return Ok(Granted {
                        renew_at: token.renew_at(received_at),
                        access_token: token.token,
                    });
                }
                Err(failure) => match failure.class {
                    TokenFailureClass::SignAnew { server_time } if signed < ASSERTIONS => {
                        now = server_time.unwrap_or_else(clock::now);
                    }
                    _ => return Err(Failure::Token(failure)),
                },
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "maps errors by value")]
fn unbuilt(error: ProviderError) -> Failure {
    Failure::Unusable(error.to_string())
}

/// What follows from a try.
fn again(result: &Result<Response<Bytes>, CallError>, is_write: bool) -> Again {
    match result {
        // Refused before anything was done.
        Ok(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => {
            Again::After(outbound::retry_after_ms(answer.headers()))
        }
        Ok(answer) if !is_write && is_transient(answer.status()) => {
            Again::After(outbound::retry_after_ms(answer.headers()))
        }
        Err(CallError::Connect(_)) => Again::After(None),
        Err(CallError::Timeout | CallError::Broken(_)) if !is_write => Again::After(None),
        _ => Again::No,
    }
}

fn is_transient(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::ACCEPTED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(config: &Value, credentials: Option<Value>) -> Vec<(String, String)> {
        let call = CheckCall {
            r#type: BOX.to_owned(),
            config: config.as_object().unwrap().clone(),
            credentials: credentials.map(|given| serde_json::from_value(given).unwrap()),
            before: None,
        };
        match check(&call) {
            Checked::Config(_) => Vec::new(),
            Checked::Errors(errors) => errors
                .into_iter()
                .map(|error| (error.field, error.detail))
                .collect(),
        }
    }

    #[test]
    fn the_member_of_the_file_that_is_wrong_is_named_and_never_shown() {
        let config = json!({"template_folder_id": "2", "parent_folder_id": "1"});
        assert_eq!(wrong(&config, None), []);
        let fields = |given: Value| {
            let wrong = wrong(&config, Some(given));
            assert!(
                wrong.iter().all(|(_, detail)| !detail.contains("s3cr3t")),
                "{wrong:?}"
            );
            wrong
        };
        assert_eq!(fields(json!({}))[0].0, "/credentials/app_config");
        let other = fields(json!({"app_config": "{}", "token": "s3cr3t"}));
        assert_eq!(other[0].0, "/credentials/token");
        for (text, named) in [
            ("s3cr3t", "not a JSON object"),
            ("{}", "boxAppSettings.clientID is missing"),
            (
                r#"{"boxAppSettings":{"clientID":"a","clientSecret":7}}"#,
                "boxAppSettings.clientSecret is not text",
            ),
            (
                r#"{"boxAppSettings":{"clientID":"a","clientSecret":"s3cr3t","appAuth":{"publicKeyID":"k",
                    "privateKey":"s3cr3t","passphrase":"s3cr3t"}},"enterpriseID":"7"}"#,
                "boxAppSettings.appAuth.privateKey is not a key in PEM",
            ),
        ] {
            let found = fields(json!({"app_config": text}));
            assert_eq!(found[0].0, "/credentials/app_config");
            assert!(found[0].1.contains(named), "{found:?}");
        }
        let both = wrong(&json!({}), Some(json!({"app_config": "{}"})));
        let fields: Vec<_> = both.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "/config/template_folder_id",
                "/config/parent_folder_id",
                "/credentials/app_config"
            ]
        );
    }
}
