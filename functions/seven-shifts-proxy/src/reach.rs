//! How far a call reaches: a connector, and of its company one location or all.

use api::Problem;
use api::seven_shifts_proxy::SevenShiftsCall;
use domain::access::Tenant;
use platform::seven_shifts::{Account, Config};
use platform::{Context, SpinDatabase, problems};
use store::connectors::Connector;

use crate::{account, refusal};

pub struct Reach {
    pub tenant: Tenant,
    pub connector: Connector,
    pub company_id: i64,
    /// Only this one.
    pub location_id: Option<i64>,
}

impl Reach {
    pub async fn of(context: &Context, call: &SevenShiftsCall) -> Result<Self, Problem> {
        let tenant = account::tenant(context, call)?;
        let asked = account::number("/locationId", call.location_id.as_deref())?;
        let connector = account::connector(context, &tenant, call).await?;
        let config: Config = serde_json::from_str(&connector.config)
            .map_err(|_| problems::internal("the connector's configuration cannot be read"))?;
        let location_id = within(config.location_id, asked)?;
        Ok(Self {
            tenant,
            connector,
            company_id: config.company_id,
            location_id,
        })
    }

    pub async fn account<'a>(
        &self,
        context: &'a Context,
    ) -> Result<Account<'a, SpinDatabase>, Problem> {
        account::stored(context, &self.tenant, &self.connector).await
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
