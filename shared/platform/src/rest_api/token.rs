//! The secrets of a request, with an access token where the configuration needs one.

use providers::Secret;
use providers::rest::Secrets;
use store::credentials;
use store::jobs::SealedCredential;

use super::account::{Account, Failure};
use super::call::judged;
use crate::SpinDatabase;
use crate::access_tokens::{self, Tokens};
use crate::outbound::Line;

/// What a request is sent with.
pub struct ToSend {
    pub secrets: Secrets,
    /// What is kept in case that the access token is not taken.
    unproven: Option<SealedCredential>,
}

impl Account<'_> {
    /// The access token of a request was taken.
    ///
    /// # Errors
    /// The database's.
    pub async fn taken(&self, database: &SpinDatabase, sent: &ToSend) -> Result<(), Failure> {
        if let Some(before) = &sent.unproven {
            self.tokens().proven(database, before).await?;
        }
        Ok(())
    }

    fn tokens(&self) -> Tokens<'_> {
        Tokens {
            tenant: self.tenant,
            connector_id: self.connector_id,
            vault: &self.vault,
        }
    }

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
    ) -> Result<ToSend, Failure> {
        if !self.config.auth().has_access_token() {
            let sealed = credentials::list(database, self.tenant, self.connector_id).await?;
            return Ok(ToSend {
                secrets: self.secrets(&sealed)?,
                unproven: None,
            });
        }
        let ask = |sealed: &[SealedCredential], refresh_token: Option<&Secret>| {
            let secrets = self.secrets(sealed).map_err(|failure| match failure {
                Failure::Unusable(why) => why,
                _ => "The stored credential cannot be used.".to_owned(),
            })?;
            let secrets = match refresh_token {
                Some(refresh_token) => secrets.with_refresh_token(refresh_token.clone()),
                None => secrets,
            };
            self.config
                .token_request(&secrets)
                .map_err(|error| error.to_string())
        };
        let tokens = self.tokens();
        let usable = tokens
            .get(database, line, rejected, ask)
            .await
            .map_err(failed)?;
        let secrets = self.secrets(&usable.sealed)?;
        Ok(ToSend {
            unproven: usable.unproven(),
            secrets: secrets.with_access_token(usable.access_token),
        })
    }
}

fn failed(failure: access_tokens::Failure) -> Failure {
    match failure {
        access_tokens::Failure::Unusable(why) => Failure::Unusable(why),
        access_tokens::Failure::Token(failure) => Failure::Token(failure),
        access_tokens::Failure::Busy => Failure::TokenBusy,
        access_tokens::Failure::Call(error) => {
            let verdict = judged(&error, true);
            Failure::Call(error, verdict)
        }
    }
}
