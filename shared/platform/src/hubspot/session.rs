//! An opened connector, and the requests that are made with it.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;
use std::pin::Pin;

use bytes::Bytes;
use domain::access::Tenant;
use http::{Request, Response, StatusCode};
use providers::hubspot::{
    AccessToken, AccountDetails, Call, Client, DEFAULT_API_BASE_URL, LimitPolicy, RateLimits,
    SEARCHES_PER_SECOND,
};
use providers::{ProviderError, Secret};
use store::credentials;
use store::jobs::SealedCredential;
use store::rate_budgets;

use super::{Config, HUBSPOT, Learnt, Method, TOKEN, signing_secret};
use crate::access_tokens::{self, Tokens};
use crate::oauth::{Consent, Endpoints};
use crate::outbound::{self, Again, CallError, Line, Terms};
use crate::vault::{Place, Vault};
use crate::{SpinDatabase, clock, time, variables};

/// How long one try may take, in milliseconds.
const TRY_TIMEOUT_MS: i64 = 5_000;
/// A locked record is waited for this long at the least, in milliseconds.
const LOCKED_WAIT_MS: i64 = 2_000;
/// How long a 429 that says nothing blocks searches, and all else, in milliseconds: a window of each.
const SEARCH_BLOCK_MS: i64 = 1_000;
const BLOCK_MS: i64 = 10_000;
/// Tokens of one account that are remembered: of several connectors, and of before.
const VERIFIED_MAX: usize = 8;

/// Why nothing came of a request.
#[derive(Clone, Debug)]
pub enum Failure {
    /// HubSpot's answer.
    HubSpot(ProviderError),
    /// The account's requests of the day are used up, until so many Unix seconds if its zone is known. Nobody waits for that.
    DayUsedUp { until: Option<i64> },
    /// No answer.
    Call(CallError),
    /// There is no access token.
    Token(String),
    /// The connector or its credential is not in order; for a manager.
    Unusable(String),
}

impl Failure {
    /// For a person.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            // Many of their texts end with a full stop, and ours do not.
            Self::HubSpot(error) => {
                format!("HubSpot: {}.", error.to_string().trim_end_matches('.'))
            }
            Self::DayUsedUp { until: Some(until) } => format!(
                "HubSpot's requests of the day are used up: the next may go at {}.",
                time::rfc3339(*until)
            ),
            Self::DayUsedUp { until: None } => {
                "HubSpot's requests of the day are used up: the next may go after midnight in the account's time zone.".to_owned()
            }
            Self::Call(CallError::RateLimited { at_ms }) => format!(
                "HubSpot's rate limit is reached: the next request may go at {}.",
                time::rfc3339(at_ms.saturating_add(999).div_euclid(1_000))
            ),
            Self::Call(error) => format!("HubSpot: {error}."),
            Self::Token(why) => format!("There is no access token: {why}."),
            Self::Unusable(why) => why.clone(),
        }
    }

    /// The name by which programs know it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::HubSpot(error) => error.code(),
            Self::DayUsedUp { .. } => "daily_limit",
            Self::Call(CallError::RateLimited { .. }) => "rate_limited",
            Self::Call(CallError::Timeout | CallError::OutOfTime) => "timeout",
            Self::Call(_) => "no_answer",
            Self::Token(_) => "no_access_token",
            Self::Unusable(_) => "unusable",
        }
    }

    /// Whether the connector's credential was not taken.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::HubSpot(ProviderError::Unauthorized { .. }))
    }
}

/// An opened connector.
pub struct Account<'a> {
    pub tenant: &'a Tenant,
    pub connector_id: &'a str,
    pub config: Config,
    pub sealed: Vec<SealedCredential>,
    vault: Vault,
    base_url: String,
    /// With a private app none.
    endpoints: Option<Endpoints>,
}

impl<'a> Account<'a> {
    /// `config` as it is stored.
    ///
    /// # Errors
    /// [`Failure::Unusable`]; [`Failure::Call`] with the database's.
    pub async fn open(
        database: &SpinDatabase,
        tenant: &'a Tenant,
        connector_id: &'a str,
        config: &str,
    ) -> Result<Self, Failure> {
        let sealed = credentials::list(database, tenant, connector_id)
            .await
            .map_err(|error| Failure::Call(CallError::Database(error)))?;
        let vault = Vault::open()
            .await
            .map_err(|error| Failure::Unusable(error.to_string()))?;
        let endpoints = match Consent::of(HUBSPOT, config) {
            Some(consent) => Some(consent.endpoints().await.map_err(Failure::Unusable)?),
            None => None,
        };
        let base_url = variables::get("hubspot_url").await;
        Ok(Self {
            tenant,
            connector_id,
            config: Config::parse(config).map_err(Failure::Unusable)?,
            sealed,
            vault,
            base_url: base_url.unwrap_or_else(|| DEFAULT_API_BASE_URL.to_owned()),
            endpoints,
        })
    }

    /// The secret that calls of workflows are signed with; `None` where the connector was given none.
    ///
    /// # Errors
    /// The vault's, for an operator.
    pub fn signing_secret(&self) -> Result<Option<Secret>, String> {
        signing_secret(
            self.tenant,
            self.connector_id,
            &self.config,
            &self.vault,
            &self.sealed,
        )
    }

    /// Names the budgets: of an organization's account, whichever connector it is asked with.
    fn budget(&self) -> String {
        let (organization, portal) = (self.tenant.as_str(), self.config.portal_id);
        format!("{HUBSPOT}:{organization}:{portal}")
    }
}

/// The requests of one piece of work, none of which lasts longer than until its deadline.
pub struct Session<'a> {
    pub account: &'a Account<'a>,
    database: &'a SpinDatabase,
    searches: Line<'a, SpinDatabase>,
    requests: Line<'a, SpinDatabase>,
    learnt: RefCell<Learnt>,
    access_token: RefCell<Option<Secret>>,
    /// Once an access token that was rejected is renewed.
    can_renew: Cell<bool>,
}

type Later<'s, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + 's>>;

impl<'a> Session<'a> {
    pub async fn begin(
        account: &'a Account<'a>,
        database: &'a SpinDatabase,
        deadline_ms: i64,
    ) -> Self {
        let budget = account.budget();
        let learnt = Learnt::read(&budget).await;
        let per_second = NonZeroU32::new(SEARCHES_PER_SECOND).unwrap_or(NonZeroU32::MIN);
        let search_budget = format!("{budget}:search");
        let pace = learnt.pace();
        Self {
            searches: Line::new(database, search_budget, per_second, deadline_ms),
            requests: Line::new(database, budget, per_second, deadline_ms).at_pace(pace),
            account,
            database,
            learnt: RefCell::new(learnt),
            access_token: RefCell::default(),
            can_renew: Cell::new(account.endpoints.is_some()),
        }
    }

    /// How many requests went out so far, tries included.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.searches.calls().saturating_add(self.requests.calls())
    }

    /// Nothing goes on longer, in Unix milliseconds.
    #[must_use]
    pub const fn deadline_ms(&self) -> i64 {
        self.requests.deadline_ms
    }

    /// # Errors
    /// [`Failure`].
    pub async fn search<T>(
        &self,
        build: impl Fn(&Client) -> Result<Call<T>, ProviderError>,
    ) -> Result<T, Failure> {
        self.ask(true, build).await
    }

    /// Whatever is no search.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn request<T>(
        &self,
        build: impl Fn(&Client) -> Result<Call<T>, ProviderError>,
    ) -> Result<T, Failure> {
        self.ask(false, build).await
    }

    /// Asks whose account it is, and refuses another than the configuration's: what is read of it would be somebody
    /// else's.
    ///
    /// # Errors
    /// [`Failure::Unusable`] for another account; those of every request.
    pub async fn account_details(&self) -> Result<AccountDetails, Failure> {
        let details = self.request(Client::account).await?;
        let expected = self.account.config.portal_id;
        if details.portal_id != expected {
            return Err(Failure::Unusable(format!(
                "The credential is of the account {}, and portal_id says {expected}: give the connector the credential of that account, or the other portal_id with its credentials.",
                details.portal_id
            )));
        }
        let mark = mark(&self.token(None).await?);
        self.learn(|learnt| {
            learnt.utc_offset_ms = details.utc_offset_ms;
            if !learnt.verified.contains(&mark) {
                learnt.verified.insert(0, mark);
                learnt.verified.truncate(VERIFIED_MAX);
            }
        })
        .await;
        Ok(details)
    }

    /// [`Session::account_details`], where it is not known yet that the token is of the account.
    ///
    /// # Errors
    /// Those of [`Session::account_details`].
    pub async fn verify(&self) -> Result<(), Failure> {
        let mark = mark(&self.token(None).await?);
        if !self.learnt.borrow().verified.contains(&mark) {
            self.account_details().await?;
        }
        Ok(())
    }

    /// Only this is there once for each type of answer, so it is short.
    async fn ask<T>(
        &self,
        is_search: bool,
        build: impl Fn(&Client) -> Result<Call<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let mut rejected = None;
        loop {
            let client = self.client(rejected.take()).await?;
            let call = build(&client).map_err(Failure::HubSpot)?;
            let answer = self.answer(is_search, call.request).await?;
            if answer.status() == StatusCode::UNAUTHORIZED && self.can_renew.take() {
                rejected = self.access_token.take();
                continue;
            }
            return call
                .reply
                .read(&answer, clock::now())
                .map_err(Failure::HubSpot);
        }
    }

    /// Nothing is sent while it is known to be refused.
    fn is_open(&self) -> Result<(), Failure> {
        let (learnt, now) = (self.learnt.borrow(), clock::now());
        if learnt.is_used_up(now) {
            return Err(Failure::DayUsedUp {
                until: learnt.day_ends_at(now),
            });
        }
        Ok(())
    }

    /// A client with the token, after one was rejected with another.
    fn client(&self, rejected: Option<Secret>) -> Later<'_, Client> {
        Box::pin(async move {
            self.is_open()?;
            let token = self.token(rejected.as_ref()).await?;
            self.client_with(&token)
        })
    }

    fn client_with(&self, token: &Secret) -> Result<Client, Failure> {
        let token = AccessToken::parse(token.expose()).map_err(Failure::HubSpot)?;
        Client::new(&self.account.base_url, token).map_err(Failure::HubSpot)
    }

    fn answer(&self, is_search: bool, request: Request<Vec<u8>>) -> Later<'_, Response<Bytes>> {
        Box::pin(async move {
            let (line, block_ms) = if is_search {
                (&self.searches, SEARCH_BLOCK_MS)
            } else {
                (&self.requests, BLOCK_MS)
            };
            let terms = Terms {
                try_timeout_ms: TRY_TIMEOUT_MS,
                block_ms,
                waits_as_asked: true,
                ..Terms::default()
            };
            let answer = line
                .send(&request, terms, again)
                .await
                .map_err(Failure::Call)?;
            self.obey(&answer).await?;
            Ok(answer)
        })
    }

    /// What an answer says of the limits.
    async fn obey(&self, answer: &Response<Bytes>) -> Result<(), Failure> {
        let now = clock::now();
        let limits = RateLimits::read(answer.headers());
        let policy = LimitPolicy::of(answer);
        if policy == Some(LimitPolicy::Daily) {
            self.learn(|learnt| learnt.day_used_up_at = Some(now)).await;
            let until = self.learnt.borrow().day_ends_at(now);
            return Err(Failure::DayUsedUp { until });
        }
        if policy == Some(LimitPolicy::TenSecondlyRolling) || limits.remaining == Some(0) {
            let wait_ms = limits
                .interval_ms
                .and_then(|interval| i64::try_from(interval).ok())
                .unwrap_or(BLOCK_MS);
            self.pause(wait_ms).await?;
        }
        self.learn(|learnt| {
            // What was the last of the day still has its answer.
            if limits.daily_remaining == Some(0) {
                learnt.day_used_up_at = Some(now);
            } else if policy.is_none() && answer.status().is_success() {
                learnt.day_used_up_at = None;
            }
            if limits.max.is_some() {
                learnt.max_per_window = limits.max;
            }
        })
        .await;
        Ok(())
    }

    /// Nothing leaves for so long, searches or not.
    async fn pause(&self, wait_ms: i64) -> Result<(), Failure> {
        let now_ms = clock::now_ms();
        for line in [&self.searches, &self.requests] {
            let until_ms = now_ms.saturating_add(wait_ms);
            rate_budgets::block(self.database, &line.budget, now_ms, until_ms)
                .await
                .map_err(|error| Failure::Call(CallError::Database(error)))?;
        }
        Ok(())
    }

    async fn learn(&self, change: impl FnOnce(&mut Learnt)) {
        let changed = {
            let mut learnt = self.learnt.borrow_mut();
            let before = learnt.clone();
            change(&mut learnt);
            (*learnt != before).then(|| learnt.clone())
        };
        if let Some(learnt) = changed {
            learnt.keep(&self.requests.budget).await;
        }
    }

    /// The token that requests carry; after one was refused another, if there can be one.
    async fn token(&self, rejected: Option<&Secret>) -> Result<Secret, Failure> {
        let held = self.access_token.borrow().clone();
        if let Some(held) = held.filter(|held| Some(held) != rejected) {
            return Ok(held);
        }
        let account = self.account;
        let token = match &account.endpoints {
            None => private_token(account)?,
            Some(endpoints) => {
                let tokens = Tokens {
                    tenant: account.tenant,
                    connector_id: account.connector_id,
                    vault: &account.vault,
                };
                let usable = endpoints
                    .access_token(&tokens, self.database, &self.requests, rejected)
                    .await
                    .map_err(no_token)?;
                if let Some(before) = usable.unproven() {
                    self.prove(&tokens, &usable.access_token, &before).await?;
                }
                usable.access_token
            }
        };
        *self.access_token.borrow_mut() = Some(token.clone());
        Ok(token)
    }

    /// A new access token is tried before the refresh token of before goes.
    async fn prove(
        &self,
        tokens: &Tokens<'_>,
        token: &Secret,
        before: &SealedCredential,
    ) -> Result<(), Failure> {
        let call = self
            .client_with(token)?
            .account()
            .map_err(Failure::HubSpot)?;
        let answer = self.answer(false, call.request).await?;
        call.reply
            .read(&answer, clock::now())
            .map_err(Failure::HubSpot)?;
        tokens
            .proven(self.database, before)
            .await
            .map_err(|error| Failure::Call(CallError::Database(error)))
    }
}

/// Tells tokens apart, and no more.
fn mark(token: &Secret) -> String {
    let digest = domain::api_key::sha256_hex(token.expose().as_bytes());
    digest.chars().take(16).collect()
}

fn private_token(account: &Account<'_>) -> Result<Secret, Failure> {
    if account.config.method == Method::Oauth {
        return Err(Failure::Unusable(
            "The connector has no client_id: give it one.".to_owned(),
        ));
    }
    let stored = account
        .sealed
        .iter()
        .find(|stored| stored.field == TOKEN)
        .ok_or_else(|| {
            Failure::Unusable("The connector has no token: give it its credentials.".to_owned())
        })?;
    let place = Place {
        organization_id: account.tenant.as_str(),
        connector_id: account.connector_id,
        field: TOKEN,
    };
    let opened = account
        .vault
        .unseal(place, &stored.sealed)
        .map_err(|error| Failure::Unusable(error.to_string()))?;
    Ok(Secret::new(opened.expose()))
}

fn no_token(failure: access_tokens::Failure) -> Failure {
    match failure {
        access_tokens::Failure::Unusable(why) => Failure::Unusable(why),
        access_tokens::Failure::Token(failure) => Failure::Token(failure.to_string()),
        access_tokens::Failure::Busy => Failure::Token("it is being renewed".to_owned()),
        access_tokens::Failure::Call(error) => Failure::Call(error),
    }
}

/// What may go by itself is tried again: all requests of this provider are safe to repeat. The end of a day is not
/// waited for.
fn again(result: &Result<Response<Bytes>, CallError>) -> Again {
    match result {
        Ok(answer) => {
            let asked_ms = outbound::retry_after_ms(answer.headers());
            if let Some(policy) = LimitPolicy::of(answer) {
                let Some(window) = policy.window() else {
                    return Again::No;
                };
                let window_ms = i64::try_from(window.as_millis()).unwrap_or(BLOCK_MS);
                return Again::After(Some(asked_ms.unwrap_or(window_ms)));
            }
            match answer.status().as_u16() {
                423 => Again::After(Some(asked_ms.unwrap_or(LOCKED_WAIT_MS))),
                408 | 425 | 500 | 502 | 503 | 504 | 521..=524 => Again::After(asked_ms),
                _ => Again::No,
            }
        }
        Err(CallError::Timeout | CallError::Connect(_) | CallError::Broken(_)) => {
            Again::After(None)
        }
        Err(_) => Again::No,
    }
}
