//! An opened connector: where its API is, and what proves that it is the organization that asks.

use crate::outbound::{CallError, Line};
use crate::vault::{Place, Vault};
use crate::{SpinDatabase, targets};
use domain::access::Tenant;
use domain::outbound_target::Policy;
use providers::rest::{CustomConfig, ListMapping, RestConfig, Secrets, TokenFailure, Verdict};
use serde_json::{Map, Value};
use store::DatabaseError;
use store::jobs::SealedCredential;

/// Why nothing came of a call.
pub enum Failure {
    /// The request cannot be sent as it is.
    Request(String),
    /// The connector or its credential is not in order; for a manager.
    Unusable(String),
    /// There is no access token.
    Token(TokenFailure),
    /// Another holder renews the access token for longer than this call waits.
    TokenBusy,
    /// No answer came, and what follows from that.
    Call(CallError, Verdict),
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::Call(CallError::Database(error), Verdict::Retry { after: None })
    }
}

/// A connector whose configuration was read anew: the operator's policy may have changed.
pub struct Account<'a> {
    pub tenant: &'a Tenant,
    pub connector_id: &'a str,
    pub config: RestConfig,
    pub vault: Vault,
}

impl<'a> Account<'a> {
    /// # Errors
    /// [`Failure::Unusable`].
    pub async fn open(
        tenant: &'a Tenant,
        connector_id: &'a str,
        config: &str,
    ) -> Result<Self, Failure> {
        let (policy, document) = read(config).await?;
        let config = RestConfig::from_json(&document, &policy).map_err(|error| refused(&error))?;
        Self::with(tenant, connector_id, config).await
    }

    /// [`Self::open`] for a connector of the type `custom`.
    ///
    /// # Errors
    /// [`Failure::Unusable`].
    pub async fn open_custom(
        tenant: &'a Tenant,
        connector_id: &'a str,
        config: &str,
    ) -> Result<(Self, ListMapping), Failure> {
        let (policy, document) = read(config).await?;
        let custom =
            CustomConfig::from_json(&document, &policy).map_err(|error| refused(&error))?;
        let (config, list) = custom.into_parts();
        Ok((Self::with(tenant, connector_id, config).await?, list))
    }

    async fn with(
        tenant: &'a Tenant,
        connector_id: &'a str,
        config: RestConfig,
    ) -> Result<Self, Failure> {
        let vault = Vault::open()
            .await
            .map_err(|error| Failure::Unusable(error.to_string()))?;
        Ok(Self {
            tenant,
            connector_id,
            config,
            vault,
        })
    }

    /// The way to the API: one budget for a connector, shared by all instances.
    pub fn line<'d>(&self, database: &'d SpinDatabase, deadline_ms: i64) -> Line<'d, SpinDatabase> {
        let budget = super::concurrency_key(self.connector_id);
        let per_second = self.config.requests_per_second();
        Line::new(database, budget, per_second, deadline_ms)
    }

    /// The stored secrets that the configuration needs, without an access token.
    ///
    /// # Errors
    /// [`Failure::Unusable`].
    pub fn secrets(&self, sealed: &[SealedCredential]) -> Result<Secrets, Failure> {
        let auth = self.config.auth();
        let mut opened = Map::new();
        for name in auth.secret_names() {
            let field = name.as_str();
            let Some(stored) = sealed.iter().find(|stored| stored.field == field) else {
                return Err(Failure::Unusable(format!(
                    "The connector lacks the secret {field}: give it its credentials."
                )));
            };
            let secret = self
                .vault
                .unseal(self.place(field), &stored.sealed)
                .map_err(|error| Failure::Unusable(error.to_string()))?;
            opened.insert(field.to_owned(), secret.expose().into());
        }
        Secrets::from_json(auth, &Value::Object(opened)).map_err(|_| {
            Failure::Unusable(
                "The stored credential cannot be used: give the connector another.".to_owned(),
            )
        })
    }

    pub fn place<'p>(&'p self, field: &'p str) -> Place<'p> {
        Place {
            organization_id: self.tenant.as_str(),
            connector_id: self.connector_id,
            field,
        }
    }
}

async fn read(config: &str) -> Result<(Policy, Value), Failure> {
    let policy = targets::policy().await.map_err(Failure::Unusable)?;
    Ok((policy, serde_json::from_str(config).unwrap_or_default()))
}

fn refused(error: &domain::Error) -> Failure {
    Failure::Unusable(format!(
        "The connector's configuration is not allowed as it stands: {error}."
    ))
}
