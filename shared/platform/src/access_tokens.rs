//! Access tokens that a server gives for a grant: kept sealed beside what they were got with, renewed ahead of their end
//! and once after a 401, by one holder at a time over all instances.
//!
//! A server that gives a new refresh token with each renewal withdraws the grant when it sees a spent one (RFC 9700 §4.14),
//! so what it gave is kept in one transaction before any of it is used. The refresh token that was sent stays beside its
//! successor until the access token that came with that one was taken: should the server have lost what it gave, the one
//! before is tried.

use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use providers::Secret;
use providers::oauth::{Token, TokenCall, TokenFailure, TokenFailureClass};
use serde::{Deserialize, Serialize};
use store::connectors::{self, StateChange};
use store::credentials::{self, Sealed};
use store::jobs::SealedCredential;
use store::token_leases::{self, TokenLease};
use store::{Database, DatabaseError, Execute};

use crate::outbound::{self, Again, CallError, Line, Terms};
use crate::vault::{self, Place, Vault};
use crate::{SpinDatabase, clock};

/// Fields of `credentials`.
pub const ACCESS_TOKEN: &str = "access_token";
const REFRESH_TOKEN: &str = "refresh_token";
const PREVIOUS_REFRESH_TOKEN: &str = "previous_refresh_token";
/// Those that change when a token is renewed, and are the same account's all the same.
const RENEWED: [&str; 3] = [ACCESS_TOKEN, REFRESH_TOKEN, PREVIOUS_REFRESH_TOKEN];

/// How often who waits for another's renewal looks whether it is there, in milliseconds.
const LOOK_EVERY_MS: i64 = 100;
/// How long a lease lasts beyond the last moment of its request, in milliseconds: for keeping what came.
const KEEPING_MS: i64 = 5_000;

/// What of a connector's secrets stays when its tokens are renewed: what a run has found out of the connector counts for as
/// long as these are the same.
#[must_use]
pub fn lasting(secrets: &[SealedCredential]) -> Vec<SealedCredential> {
    let secrets = secrets.iter();
    secrets
        .filter(|stored| !RENEWED.contains(&stored.field.as_str()))
        .cloned()
        .collect()
}

/// The tokens of one connector.
#[derive(Clone, Copy)]
pub struct Tokens<'a> {
    pub tenant: &'a Tenant,
    pub connector_id: &'a str,
    pub vault: &'a Vault,
}

/// What is stored of a connector, and an access token among it that can be used.
pub struct Usable {
    pub sealed: Vec<SealedCredential>,
    pub access_token: Secret,
}

impl Usable {
    /// The refresh token before the stored one, as long as nothing has shown that the server knows that one. It goes by
    /// [`Tokens::proven`].
    #[must_use]
    pub fn unproven(&self) -> Option<SealedCredential> {
        stored_as(&self.sealed, PREVIOUS_REFRESH_TOKEN).cloned()
    }
}

/// Why there is no token.
pub enum Failure {
    /// The connector or its credential is not in order; for a manager.
    Unusable(String),
    /// The server's answer.
    Token(TokenFailure),
    /// Another holder renews for longer than this call waits.
    Busy,
    /// There is no answer.
    Call(CallError),
}

/// What was given for a grant that has no refresh token.
pub struct Granted {
    pub access_token: Secret,
    /// Unix seconds; without it the token is used until a 401.
    pub renew_at: Option<i64>,
}

/// Why nothing was granted, where the asking is the provider's own.
pub enum NotGranted<E> {
    /// What asking came to.
    Refused(E),
    /// Another holder asks for longer than this call waits.
    Busy,
    /// It cannot be kept.
    Unusable(String),
    Database(DatabaseError),
}

impl<E> From<DatabaseError> for NotGranted<E> {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::Call(CallError::Database(error))
    }
}

/// What is sealed of an access token.
#[derive(Serialize, Deserialize)]
struct Kept {
    token: String,
    /// Unix seconds; without it the token is used until a 401.
    renew_at: Option<i64>,
}

/// What became of a renewal.
enum Renewed {
    Token(Secret),
    /// What it went by has changed meanwhile: look again.
    Outdated,
}

impl Tokens<'_> {
    /// An access token: another than `rejected`, and one that does not end right away. `ask` makes the request for one of
    /// what is stored, with this refresh token in the place of the stored one where there is one.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn get(
        &self,
        database: &SpinDatabase,
        line: &Line<'_, SpinDatabase>,
        rejected: Option<&Secret>,
        ask: impl Fn(&[SealedCredential], Option<&Secret>) -> Result<TokenCall, String>,
    ) -> Result<Usable, Failure> {
        loop {
            let sealed = self.stored(database).await?;
            if let Some(access_token) = self.usable(&sealed, rejected) {
                return Ok(Usable {
                    sealed,
                    access_token,
                });
            }
            let now_ms = clock::now_ms();
            if now_ms >= line.deadline_ms {
                return Err(Failure::Busy);
            }
            let until_ms = line.deadline_ms.saturating_add(KEEPING_MS);
            let taken =
                token_leases::take(database, self.tenant, self.connector_id, now_ms, until_ms)
                    .await?;
            let Some(lease) = taken else {
                outbound::sleep_ms(LOOK_EVERY_MS).await;
                continue;
            };
            match self.renew(database, line, lease, rejected, &ask).await {
                Ok(Renewed::Token(access_token)) => {
                    let sealed = self.stored(database).await?;
                    return Ok(Usable {
                        sealed,
                        access_token,
                    });
                }
                Ok(Renewed::Outdated) => {
                    token_leases::end(database, lease).await?;
                }
                Err(failure) => {
                    token_leases::end(database, lease).await?;
                    return Err(failure);
                }
            }
        }
    }

    /// The access token was taken, so the server knows what it gave with it: the refresh token before goes, for a spent one
    /// that comes again may cost the grant.
    ///
    /// # Errors
    /// The failure of the statement.
    pub async fn proven(
        &self,
        database: &SpinDatabase,
        before: &SealedCredential,
    ) -> Result<(), DatabaseError> {
        credentials::forget(database, self.tenant, self.connector_id, before).await
    }

    /// Keeps the first tokens of a grant beside the client's secret, in the transaction that makes the connector active.
    ///
    /// # Errors
    /// The failure of a statement; what cannot be sealed, as [`Failure::Unusable`].
    pub async fn keep_first<E: Execute>(
        &self,
        transaction: &E,
        token: &Token,
        received_at: i64,
    ) -> Result<(), Failure> {
        let fields = self.fields(token, received_at, None)?;
        let (tenant, id) = (self.tenant, self.connector_id);
        for spent in RENEWED {
            credentials::remove(transaction, tenant, id, spent).await?;
        }
        credentials::put(transaction, tenant, id, &sealed(&fields), received_at).await?;
        Ok(())
    }

    /// [`Self::get`] where a provider has a way of its own: `ask` gets another token for what is stored, which is kept before it
    /// is used. It is asked by one holder at a time, and not after `deadline_ms`.
    ///
    /// # Errors
    /// [`NotGranted`].
    pub async fn get_by<E>(
        &self,
        database: &SpinDatabase,
        deadline_ms: i64,
        rejected: Option<&Secret>,
        ask: impl AsyncFn(&[SealedCredential]) -> Result<Granted, E>,
    ) -> Result<Secret, NotGranted<E>> {
        loop {
            let sealed = self.stored(database).await?;
            if let Some(access_token) = self.usable(&sealed, rejected) {
                return Ok(access_token);
            }
            let now_ms = clock::now_ms();
            if now_ms >= deadline_ms {
                return Err(NotGranted::Busy);
            }
            let until_ms = deadline_ms.saturating_add(KEEPING_MS);
            let (tenant, id) = (self.tenant, self.connector_id);
            let Some(lease) = token_leases::take(database, tenant, id, now_ms, until_ms).await?
            else {
                outbound::sleep_ms(LOOK_EVERY_MS).await;
                continue;
            };
            match self.ask_by(database, lease, rejected, &ask).await {
                Ok(Some(access_token)) => return Ok(access_token),
                Ok(None) => {
                    token_leases::end(database, lease).await?;
                }
                Err(failure) => {
                    token_leases::end(database, lease).await?;
                    return Err(failure);
                }
            }
        }
    }

    /// `None`: what it went by has changed meanwhile, so look again.
    async fn ask_by<E>(
        &self,
        database: &SpinDatabase,
        lease: TokenLease<'_>,
        rejected: Option<&Secret>,
        ask: &impl AsyncFn(&[SealedCredential]) -> Result<Granted, E>,
    ) -> Result<Option<Secret>, NotGranted<E>> {
        // Another may have got one between the look and the lease.
        let stored = self.stored(database).await?;
        if self.usable(&stored, rejected).is_some() {
            return Ok(None);
        }
        let granted = ask(&stored).await.map_err(NotGranted::Refused)?;
        let kept = Kept {
            token: granted.access_token.expose().to_owned(),
            renew_at: granted.renew_at,
        };
        let unusable = |why: String| NotGranted::Unusable(why);
        let kept = serde_json::to_string(&kept).map_err(|error| unusable(error.to_string()))?;
        let token = self
            .vault
            .seal(self.place(ACCESS_TOKEN), &vault::Secret::new(kept))
            .map_err(|error| unusable(error.to_string()))?;
        let fields = [(ACCESS_TOKEN, token)];
        let is_kept = database
            .transaction(async |transaction| {
                token_leases::keep(transaction, lease, &sealed(&fields), clock::now()).await
            })
            .await?;
        Ok(is_kept.then_some(granted.access_token))
    }

    async fn renew(
        &self,
        database: &SpinDatabase,
        line: &Line<'_, SpinDatabase>,
        lease: TokenLease<'_>,
        rejected: Option<&Secret>,
        ask: &impl Fn(&[SealedCredential], Option<&Secret>) -> Result<TokenCall, String>,
    ) -> Result<Renewed, Failure> {
        // Another may have renewed it between the look and the lease.
        let sealed = self.stored(database).await?;
        if self.usable(&sealed, rejected).is_some() {
            return Ok(Renewed::Outdated);
        }
        let call = ask(&sealed, None).map_err(Failure::Unusable)?;
        let mut sent = self.open(&sealed, REFRESH_TOKEN);
        let mut answer = send(line, call).await?;
        if is_over(&answer) {
            // The grant may have been renewed by somebody who had held the lease too long.
            if self.stored(database).await? != sealed {
                return Ok(Renewed::Outdated);
            }
            if let Some(before) = self.open(&sealed, PREVIOUS_REFRESH_TOKEN) {
                let call = ask(&sealed, Some(&before)).map_err(Failure::Unusable)?;
                let of_before = send(line, call).await?;
                if of_before.is_ok() {
                    (answer, sent) = (of_before, Some(before));
                }
            }
        }
        match answer {
            Ok((token, received_at)) => {
                let fields = self.fields(&token, received_at, sent.as_ref())?;
                self.keep(database, lease, &fields, token).await
            }
            Err(failure) => {
                if failure.class == TokenFailureClass::Reconnect {
                    self.ask_for_reconnection(database, lease, &failure).await?;
                }
                Err(Failure::Token(failure))
            }
        }
    }

    /// What is to be kept of an answer, by field and sealed: the token that was sent stays beside one that has taken its
    /// place.
    fn fields(
        &self,
        token: &Token,
        received_at: i64,
        sent: Option<&Secret>,
    ) -> Result<Vec<(&'static str, vault::Sealed)>, Failure> {
        let kept = Kept {
            token: token.access_token.expose().to_owned(),
            renew_at: token.renew_at(received_at),
        };
        let kept =
            serde_json::to_string(&kept).map_err(|error| Failure::Unusable(error.to_string()))?;
        let mut clear = vec![(ACCESS_TOKEN, kept)];
        if let Some(refresh_token) = &token.refresh_token {
            clear.push((REFRESH_TOKEN, refresh_token.expose().to_owned()));
            if let Some(sent) = sent.filter(|sent| *sent != refresh_token) {
                clear.push((PREVIOUS_REFRESH_TOKEN, sent.expose().to_owned()));
            }
        }
        let mut fields = Vec::with_capacity(clear.len());
        for (field, text) in clear {
            let sealed = self
                .vault
                .seal(self.place(field), &vault::Secret::new(text))
                .map_err(|error| Failure::Unusable(error.to_string()))?;
            fields.push((field, sealed));
        }
        Ok(fields)
    }

    /// Keeps all that the server gave in one transaction, before any of it is used. Who was to be connected again is so.
    async fn keep(
        &self,
        database: &SpinDatabase,
        lease: TokenLease<'_>,
        fields: &[(&'static str, vault::Sealed)],
        token: Token,
    ) -> Result<Renewed, Failure> {
        let fields = sealed(fields);
        let now = clock::now();
        let active = StateChange {
            from: &[ConnectorState::Expired],
            to: ConnectorState::Active,
            reason: None,
        };
        let is_kept = database
            .transaction(async |transaction| {
                let is_kept = token_leases::keep(transaction, lease, &fields, now).await?;
                if is_kept {
                    let (tenant, id) = (self.tenant, self.connector_id);
                    connectors::set_state(transaction, tenant, id, active, now).await?;
                }
                Ok::<_, DatabaseError>(is_kept)
            })
            .await?;
        Ok(if is_kept {
            Renewed::Token(token.access_token)
        } else {
            Renewed::Outdated
        })
    }

    async fn ask_for_reconnection(
        &self,
        database: &SpinDatabase,
        lease: TokenLease<'_>,
        failure: &TokenFailure,
    ) -> Result<(), Failure> {
        let reason = failure.to_string();
        let expired = StateChange {
            from: &[ConnectorState::Active, ConnectorState::Error],
            to: ConnectorState::Expired,
            reason: Some(&reason),
        };
        let now = clock::now();
        database
            .transaction(async |transaction| {
                // Not of a connector that somebody has given another credential.
                if token_leases::end(transaction, lease).await? {
                    let (tenant, id) = (self.tenant, self.connector_id);
                    connectors::set_state(transaction, tenant, id, expired, now).await?;
                }
                Ok::<_, DatabaseError>(())
            })
            .await?;
        Ok(())
    }

    async fn stored(
        &self,
        database: &SpinDatabase,
    ) -> Result<Vec<SealedCredential>, DatabaseError> {
        credentials::list(database, self.tenant, self.connector_id).await
    }

    /// The stored token, if it can be used.
    fn usable(&self, sealed: &[SealedCredential], rejected: Option<&Secret>) -> Option<Secret> {
        let opened = self.open(sealed, ACCESS_TOKEN)?;
        let kept: Kept = serde_json::from_str(opened.expose()).ok()?;
        let is_fresh = kept.renew_at.is_none_or(|renew_at| clock::now() < renew_at);
        let token = Secret::new(kept.token);
        (is_fresh && rejected != Some(&token)).then_some(token)
    }

    /// The refresh token that is stored.
    #[must_use]
    pub fn refresh_token(&self, sealed: &[SealedCredential]) -> Option<Secret> {
        self.open(sealed, REFRESH_TOKEN)
    }

    /// A field of what is stored, opened.
    #[must_use]
    pub fn open(&self, sealed: &[SealedCredential], field: &str) -> Option<Secret> {
        let stored = stored_as(sealed, field)?;
        let opened = self.vault.unseal(self.place(field), &stored.sealed).ok()?;
        Some(Secret::new(opened.expose().to_owned()))
    }

    fn place<'p>(&'p self, field: &'p str) -> Place<'p> {
        Place {
            organization_id: self.tenant.as_str(),
            connector_id: self.connector_id,
            field,
        }
    }
}

fn sealed<'f>(fields: &'f [(&'static str, vault::Sealed)]) -> Vec<Sealed<'f>> {
    let fields = fields.iter();
    fields
        .map(|(field, sealed)| Sealed {
            field,
            sealed: &sealed.token,
            sealed_by: &sealed.sealed_by,
        })
        .collect()
}

fn stored_as<'s>(sealed: &'s [SealedCredential], field: &str) -> Option<&'s SealedCredential> {
    sealed.iter().find(|stored| stored.field == field)
}

/// Sends a request for a token, once: a server that rotates must not see one refresh token twice, and a code is good once.
/// Returns when the answer came, too.
///
/// # Errors
/// [`Failure::Call`].
pub async fn send(
    line: &Line<'_, SpinDatabase>,
    call: TokenCall,
) -> Result<Result<(Token, i64), TokenFailure>, Failure> {
    let terms = Terms {
        try_timeout_ms: i64::try_from(call.timeout.as_millis()).unwrap_or(i64::MAX),
        max_body_bytes: call.max_response_bytes,
        block_ms: outbound::SHORT_BLOCK_MS,
        waits_as_asked: false,
    };
    let request = call.request.map(|body| body.to_vec());
    let answer = line
        .send(&request, terms, |_| Again::No)
        .await
        .map_err(Failure::Call)?;
    let received_at = clock::now();
    Ok(call
        .reply
        .read(&answer, received_at)
        .map(|token| (token, received_at)))
}

fn is_over(answer: &Result<(Token, i64), TokenFailure>) -> bool {
    matches!(answer, Err(failure) if failure.class == TokenFailureClass::Reconnect)
}
