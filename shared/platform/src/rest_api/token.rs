//! The access token of a connector: kept sealed beside what it was got with, renewed ahead of its end
//! and once after a 401, by one holder at a time over all instances.

use super::ACCESS_TOKEN;
use crate::outbound::{self, Again, Line, Terms};
use crate::vault::Secret as Sealable;
use crate::{SpinDatabase, clock};
use domain::connector_state::ConnectorState;
use providers::Secret;
use providers::rest::{SecretName, Secrets, Token, TokenFailureClass};
use serde::{Deserialize, Serialize};
use store::connectors::{self, StateChange};
use store::credentials::{self, Sealed};
use store::jobs::SealedCredential;
use store::token_leases::{self, TokenLease};
use store::{Database, DatabaseError};

use super::account::{Account, Failure};
use super::call::{BLOCK_MS, judged};

/// How often who waits for another's renewal looks whether it is there, in milliseconds.
const LOOK_EVERY_MS: i64 = 100;
/// How long a lease lasts beyond the last moment of its request, in milliseconds: for keeping what came.
const KEEPING_MS: i64 = 5_000;

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    token: String,
    /// Unix seconds; without it the token is used until a 401.
    renew_at: Option<i64>,
}

/// What became of a renewal.
enum Renewed {
    Token(Secrets),
    /// What it went by has changed meanwhile: look again.
    Outdated,
}

impl Account<'_> {
    /// The secrets of a request, with an access token where it needs one: another than `rejected`,
    /// and one that does not end right away.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn secrets_to_send(
        &self,
        database: &SpinDatabase,
        line: &Line<'_, SpinDatabase>,
        rejected: Option<&Secret>,
    ) -> Result<Secrets, Failure> {
        loop {
            let sealed = credentials::list(database, self.tenant, self.connector_id).await?;
            let secrets = self.secrets(&sealed)?;
            if !self.config.auth().has_access_token() {
                return Ok(secrets);
            }
            if let Some(token) = self.usable(&sealed, rejected) {
                return Ok(secrets.with_access_token(token));
            }
            let now_ms = clock::now_ms();
            if now_ms >= line.deadline_ms {
                return Err(Failure::TokenBusy);
            }
            let until_ms = line.deadline_ms.saturating_add(KEEPING_MS);
            let taken =
                token_leases::take(database, self.tenant, self.connector_id, now_ms, until_ms)
                    .await?;
            let Some(lease) = taken else {
                outbound::sleep_ms(LOOK_EVERY_MS).await;
                continue;
            };
            match self.renew(database, line, lease, rejected).await {
                Ok(Renewed::Token(secrets)) => return Ok(secrets),
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

    async fn renew(
        &self,
        database: &SpinDatabase,
        line: &Line<'_, SpinDatabase>,
        lease: TokenLease<'_>,
        rejected: Option<&Secret>,
    ) -> Result<Renewed, Failure> {
        // Another may have renewed it between the look and the lease.
        let sealed = credentials::list(database, self.tenant, self.connector_id).await?;
        if self.usable(&sealed, rejected).is_some() {
            return Ok(Renewed::Outdated);
        }
        let secrets = self.secrets(&sealed)?;
        let call = self
            .config
            .token_request(&secrets)
            .map_err(|error| Failure::Unusable(error.to_string()))?;
        let terms = Terms {
            try_timeout_ms: i64::try_from(call.timeout.as_millis()).unwrap_or(i64::MAX),
            max_body_bytes: call.max_response_bytes,
            block_ms: BLOCK_MS,
            waits_as_asked: false,
        };
        let request = call.request.map(|body| body.to_vec());
        // Once: a server that rotates must not see one refresh token twice.
        let answer = line
            .send(&request, terms, |_| Again::No)
            .await
            .map_err(|error| {
                let verdict = judged(&error, true);
                Failure::Call(error, verdict)
            })?;
        let received_at = clock::now();
        match call.reply.read(&answer, received_at) {
            Ok(token) => {
                self.keep(database, lease, secrets, token, received_at)
                    .await
            }
            Err(failure) if failure.class == TokenFailureClass::Reconnect => {
                let stored = credentials::list(database, self.tenant, self.connector_id).await?;
                if stored != sealed {
                    return Ok(Renewed::Outdated);
                }
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
                Err(Failure::Token(failure))
            }
            Err(failure) => Err(Failure::Token(failure)),
        }
    }

    /// Keeps all that the server gave in one transaction, before any of it is used.
    async fn keep(
        &self,
        database: &SpinDatabase,
        lease: TokenLease<'_>,
        secrets: Secrets,
        token: Token,
        received_at: i64,
    ) -> Result<Renewed, Failure> {
        let kept = Kept {
            token: token.access_token.expose().to_owned(),
            renew_at: token.renew_at(received_at),
        };
        let kept =
            serde_json::to_string(&kept).map_err(|error| Failure::Unusable(error.to_string()))?;
        let mut clear = vec![(ACCESS_TOKEN, kept)];
        if let Some(refresh_token) = &token.refresh_token {
            clear.push((
                SecretName::RefreshToken.as_str(),
                refresh_token.expose().to_owned(),
            ));
        }
        let mut sealed = Vec::with_capacity(clear.len());
        for (field, text) in clear {
            let token = self
                .vault
                .seal(self.place(field), &Sealable::new(text))
                .map_err(|error| Failure::Unusable(error.to_string()))?;
            sealed.push((field, token));
        }
        let fields: Vec<_> = sealed
            .iter()
            .map(|(field, sealed)| Sealed {
                field,
                sealed: &sealed.token,
                sealed_by: &sealed.sealed_by,
            })
            .collect();
        let is_kept = database
            .transaction(async |transaction| {
                token_leases::keep(transaction, lease, &fields, clock::now()).await
            })
            .await?;
        if !is_kept {
            return Ok(Renewed::Outdated);
        }
        let secrets = match token.refresh_token {
            Some(refresh_token) => secrets.with_refresh_token(refresh_token),
            None => secrets,
        };
        Ok(Renewed::Token(
            secrets.with_access_token(token.access_token),
        ))
    }

    /// The stored token, if it can be used.
    fn usable(&self, sealed: &[SealedCredential], rejected: Option<&Secret>) -> Option<Secret> {
        let stored = sealed.iter().find(|stored| stored.field == ACCESS_TOKEN)?;
        let opened = self
            .vault
            .unseal(self.place(ACCESS_TOKEN), &stored.sealed)
            .ok()?;
        let kept: Kept = serde_json::from_str(opened.expose()).ok()?;
        let is_fresh = kept.renew_at.is_none_or(|renew_at| clock::now() < renew_at);
        let token = Secret::new(kept.token);
        (is_fresh && rejected != Some(&token)).then_some(token)
    }
}
