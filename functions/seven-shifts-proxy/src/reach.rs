//! How far a call reaches: the account of a connector, or of the token in the call, and of its company
//! one location or all.

use api::Problem;
use api::seven_shifts_proxy::SevenShiftsCall;
use domain::access::Tenant;
use platform::seven_shifts::{self, Account, Config};
use platform::vault::Secret;
use platform::{Context, SpinDatabase, clock, problems};
use store::connectors::Connector;

use crate::{DEADLINE_MS, account, connect, refusal};

pub struct Reach {
    whose: Whose,
    pub company_id: i64,
    /// Only this one.
    pub location_id: Option<i64>,
}

enum Whose {
    Stored(Tenant, Box<Connector>),
    /// Nothing of it is stored, nor is anything read that is.
    Given(Secret, Config),
}

impl Reach {
    pub async fn of(context: &Context, call: &SevenShiftsCall) -> Result<Self, Problem> {
        let tenant = account::tenant(context, call)?;
        let asked = account::number("/locationId", call.location_id.as_deref())?;
        let company_id = account::number("/companyId", call.company_id.as_deref())?;
        if call.api_key.is_some() {
            return Self::of_token(context, call, company_id, asked).await;
        }
        let connector = account::connector(context, &tenant, call).await?;
        let config: Config = serde_json::from_str(&connector.config)
            .map_err(|_| problems::internal("the connector's configuration cannot be read"))?;
        if company_id.is_some_and(|asked| asked != config.company_id) {
            return Err(refusal::bad_request(Problem::field(
                "/companyId",
                format!(
                    "is another company than this connector's, {}",
                    config.company_id
                ),
            )));
        }
        Ok(Self {
            whose: Whose::Stored(tenant, Box::new(connector)),
            company_id: config.company_id,
            location_id: within(config.location_id, asked)?,
        })
    }

    /// Of a call that brings its own token, as the replaced system's setup does before it connects.
    async fn of_token(
        context: &Context,
        call: &SevenShiftsCall,
        company_id: Option<i64>,
        location_id: Option<i64>,
    ) -> Result<Self, Problem> {
        let token = account::token(call)?;
        let company_id = match company_id {
            Some(company_id) => company_id,
            None => connect::company(context, call, &token).await?.id,
        };
        let config = account::config(call, company_id, None)?;
        Ok(Self {
            whose: Whose::Given(token, config),
            company_id,
            location_id,
        })
    }

    pub async fn account<'a>(
        &self,
        context: &'a Context,
    ) -> Result<Account<'a, SpinDatabase>, Problem> {
        match &self.whose {
            Whose::Stored(tenant, connector) => account::stored(context, tenant, connector).await,
            Whose::Given(token, config) => {
                let deadline_ms = clock::now_ms().saturating_add(DEADLINE_MS);
                seven_shifts::open(&context.database, token, config, deadline_ms)
                    .await
                    .map_err(|failure| refusal::failed(&failure))
            }
        }
    }

    /// Whose synced rows the call may see: nobody's, where it brings a token.
    pub fn synced(&self) -> Option<(&Tenant, &str)> {
        match &self.whose {
            Whose::Stored(tenant, connector) => Some((tenant, connector.id.as_str())),
            Whose::Given(..) => None,
        }
    }
}

/// The location that is asked for, or the one that the connector is kept to: whoever connected one
/// of several sees nothing of the others.
fn within(own: Option<i64>, asked: Option<i64>) -> Result<Option<i64>, Problem> {
    match (own, asked) {
        (Some(own), Some(asked)) if own != asked => Err(refusal::bad_request(Problem::field(
            "/locationId",
            format!("is outside of this connector, which is kept to location {own}"),
        ))),
        (own, asked) => Ok(own.or(asked)),
    }
}
