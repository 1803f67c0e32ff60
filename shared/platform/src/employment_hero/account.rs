//! An opened connector, and the requests that are made with it. All of them share one budget, whichever instance sends
//! them; a token that is not taken any more is renewed once.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;

use bytes::Bytes;
use domain::access::Tenant;
use http::Response;
use providers::employment_hero::{Client, Organisation};
use providers::oauth::TokenFailure;
use providers::{Call, ProviderError, Secret};
use store::DatabaseError;
use store::jobs::SealedCredential;
use store::rate_budgets::Pace;

use super::Config;
use crate::access_tokens::{self, Tokens};
use crate::clients::EMPLOYMENT_HERO;
use crate::oauth::{Consent, Endpoints};
use crate::outbound::{self, Again, CallError, Line, Terms};
use crate::vault::Vault;
use crate::{SpinDatabase, clock, variables};

/// Ten at once after a pause, and then 89 a minute: in no minute more than the 100, and in no second more than the 20 that
/// Employment Hero allows, with something left for requests that come late.
const PACE: Pace = Pace {
    interval_ms: 675,
    burst: 10,
};
/// How long a 429 that does not say for how long holds up everybody, in milliseconds.
const BLOCK_MS: i64 = 5_000;
/// Requests for tokens a second; there is one in a quarter of an hour.
const TOKENS_PER_SECOND: NonZeroU32 = NonZeroU32::MIN;
/// Pages of organisations that are read: a login sees a few.
const MAX_ORGANISATION_PAGES: u32 = 10;

/// Why nothing came of a request.
pub enum Failure {
    /// The connector or its credential is not in order; for a manager.
    Unusable(String),
    /// Which organisation is meant is not clear, or none is to be seen; for a manager.
    Organisation(String),
    /// Employment Hero's answer.
    Provider(ProviderError),
    /// There is no access token.
    Token(TokenFailure),
    /// Another holder renews the access token for longer than this call waits.
    TokenBusy,
    /// No answer.
    Call(CallError),
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::Call(CallError::Database(error))
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

impl Failure {
    /// For a person.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Unusable(why) | Self::Organisation(why) => why.clone(),
            Self::Provider(ProviderError::Forbidden { detail }) => format!(
                "Employment Hero refused access{}: the application there lacks the scope for it. Scopes are fixed when an application is registered, so register another with organisations, employees and leave requests, and give the connector its client id and secret.",
                detail
                    .as_ref()
                    .map_or_else(String::new, |detail| format!(" ({detail})"))
            ),
            Self::Provider(error) => format!("Employment Hero: {error}."),
            Self::Token(failure) => format!("There is no access token: {failure}"),
            Self::TokenBusy => {
                "The access token is being renewed. Try again in a moment.".to_owned()
            }
            Self::Call(CallError::RateLimited { .. }) => {
                "Employment Hero's limit of requests is reached.".to_owned()
            }
            Self::Call(error) => format!("Employment Hero: {error}."),
        }
    }
}

/// A connector of the type `employment_hero`.
pub struct Account<'a> {
    pub tenant: &'a Tenant,
    pub connector_id: &'a str,
    pub config: Config,
    vault: Vault,
    endpoints: Endpoints,
    base_url: String,
}

impl<'a> Account<'a> {
    /// `config` as it is stored.
    ///
    /// # Errors
    /// [`Failure::Unusable`].
    pub async fn open(
        tenant: &'a Tenant,
        connector_id: &'a str,
        config: &str,
    ) -> Result<Self, Failure> {
        let unusable = |why: &str| Failure::Unusable(why.to_owned());
        let endpoints = Consent::of(EMPLOYMENT_HERO, config)
            .ok_or_else(|| {
                unusable("The connector's configuration has no client_id: give it one.")
            })?
            .endpoints()
            .await
            .map_err(Failure::Unusable)?;
        let vault = Vault::open()
            .await
            .map_err(|error| Failure::Unusable(error.to_string()))?;
        let base_url = variables::get("employment_hero_url")
            .await
            .ok_or_else(|| unusable("The variable employment_hero_url is not set."))?;
        Ok(Self {
            tenant,
            connector_id,
            config: Config::stored(config).map_err(Failure::Unusable)?,
            vault,
            endpoints,
            base_url: base_url.trim().trim_end_matches('/').to_owned(),
        })
    }

    fn tokens(&self) -> Tokens<'_> {
        Tokens {
            tenant: self.tenant,
            connector_id: self.connector_id,
            vault: &self.vault,
        }
    }
}

/// The requests of one piece of work, none of which lasts longer than until its deadline.
pub struct Session<'a> {
    pub account: &'a Account<'a>,
    database: &'a SpinDatabase,
    line: Line<'a, SpinDatabase>,
    token_line: Line<'a, SpinDatabase>,
    access_token: RefCell<Option<Secret>>,
    /// What is kept in case that the access token is not taken.
    unproven: RefCell<Option<SealedCredential>>,
    /// Calls that a checkpoint has counted.
    counted: Cell<u32>,
}

impl<'a> Session<'a> {
    #[must_use]
    pub fn begin(account: &'a Account<'a>, database: &'a SpinDatabase, deadline_ms: i64) -> Self {
        let budget = format!("{EMPLOYMENT_HERO}:{}", account.connector_id);
        let token_budget = format!("{budget}:token");
        Self {
            account,
            database,
            line: Line::new(database, budget, NonZeroU32::MIN, deadline_ms).at_pace(PACE),
            token_line: Line::new(database, token_budget, TOKENS_PER_SECOND, deadline_ms),
            access_token: RefCell::default(),
            unproven: RefCell::default(),
            counted: Cell::new(0),
        }
    }

    /// How many requests went out that [`Self::counted`] has not been told of, tries included.
    #[must_use]
    pub fn uncounted(&self) -> u32 {
        let calls = self.line.calls().saturating_add(self.token_line.calls());
        calls.saturating_sub(self.counted.get())
    }

    pub fn counted(&self, calls: u32) {
        self.counted.set(self.counted.get().saturating_add(calls));
    }

    /// Sends what `build` makes, and once more with another token where this one is not taken.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn ask<T>(
        &self,
        build: impl Fn(Client) -> Result<Call<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let token = self.token(None).await?;
        match self.send(&token, &build).await {
            Err(Failure::Provider(ProviderError::Unauthorized { .. })) => {
                let other = self.token(Some(&token)).await?;
                self.send(&other, &build).await
            }
            result => result,
        }
    }

    async fn send<T>(
        &self,
        token: &Secret,
        build: &impl Fn(Client) -> Result<Call<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let client = Client::new(&self.account.base_url, token.clone())?;
        let call = build(client)?;
        let terms = Terms {
            block_ms: BLOCK_MS,
            waits_as_asked: true,
            ..Terms::default()
        };
        let answer = self.line.send(&call.request, terms, again).await?;
        let read = call.reply.read(&answer, clock::now())?;
        // The token was taken, so its refresh token is known there: the one before can go.
        let before = self.unproven.borrow_mut().take();
        if let Some(before) = before {
            self.account.tokens().proven(self.database, &before).await?;
        }
        Ok(read)
    }

    /// An access token: another than `rejected`.
    async fn token(&self, rejected: Option<&Secret>) -> Result<Secret, Failure> {
        let held = self.access_token.borrow().clone();
        if let Some(held) = held.filter(|held| rejected != Some(held)) {
            return Ok(held);
        }
        let usable = self
            .account
            .endpoints
            .access_token(
                &self.account.tokens(),
                self.database,
                &self.token_line,
                rejected,
            )
            .await
            .map_err(|failure| match failure {
                access_tokens::Failure::Unusable(why) => Failure::Unusable(why),
                access_tokens::Failure::Token(failure) => Failure::Token(failure),
                access_tokens::Failure::Busy => Failure::TokenBusy,
                access_tokens::Failure::Call(error) => Failure::Call(error),
            })?;
        *self.unproven.borrow_mut() = usable.unproven();
        let token = usable.access_token;
        *self.access_token.borrow_mut() = Some(token.clone());
        Ok(token)
    }

    /// All that the login sees.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn organisations(&self) -> Result<Vec<Organisation>, Failure> {
        let mut all = Vec::new();
        let mut cursor = None;
        for _ in 0..MAX_ORGANISATION_PAGES {
            let page = self
                .ask(|client| client.organisations(cursor.as_deref()))
                .await?;
            all.extend(page.rows);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// The id of the organisation that is meant.
    ///
    /// # Errors
    /// [`Failure::Organisation`] where it is not clear which; else what the request for the list came to.
    pub async fn organisation_id(&self) -> Result<String, Failure> {
        if let Some(id) = &self.account.config.organisation_id {
            return Ok(id.clone());
        }
        let all = self.organisations().await?;
        chosen(&all, None)
            .map(|organisation| organisation.id.clone())
            .map_err(Failure::Organisation)
    }
}

/// Which of `all` is meant, by the id in the configuration if there is one.
///
/// # Errors
/// For a manager: which there are.
pub fn chosen<'o>(all: &'o [Organisation], id: Option<&str>) -> Result<&'o Organisation, String> {
    let names = || {
        all.iter()
            .map(|one| format!("{} ({})", one.id, one.name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (id, all) {
        (_, []) => Err("The login sees no organisation at Employment Hero: connect with the login of an administrator.".to_owned()),
        (Some(id), _) => all.iter().find(|one| one.id == id).ok_or_else(|| {
            format!("The login does not see the organisation {id} of config.organisation_id. It sees {}: set one of these.", names())
        }),
        (None, [one]) => Ok(one),
        (None, _) => Err(format!(
            "The login sees several organisations at Employment Hero, and which one to sync is not set: put one of these ids into config.organisation_id of the connector: {}.",
            names()
        )),
    }
}

/// Every request reads, so it may go again.
fn again(result: &Result<Response<Bytes>, CallError>) -> Again {
    match result {
        Ok(answer) => match answer.status().as_u16() {
            408 | 425 | 429 | 500 | 502 | 503 | 504 => {
                Again::After(outbound::retry_after_ms(answer.headers()))
            }
            _ => Again::No,
        },
        Err(CallError::Timeout | CallError::Connect(_) | CallError::Broken(_)) => {
            Again::After(None)
        }
        Err(_) => Again::No,
    }
}
