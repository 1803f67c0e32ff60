//! Which connector a request is about, and what its failures are to a caller.

use api::query::Query;
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use platform::clients::EMPLOYMENT_HERO;
use platform::outbound::CallError;
use platform::{Context, clock, problems};
use providers::ProviderError;
use store::connectors::{self, Connector, MAX_LISTED};

use platform::employment_hero::Failure;

/// How long a request to Employment Hero may take that a caller waits for, in milliseconds.
pub const ASK_MS: i64 = 8_000;

/// The organization and the connector of a query, before the connector is looked up.
pub struct Asked<T> {
    pub tenant: Tenant,
    named: Option<String>,
    pub of_query: T,
}

impl<T> Asked<T> {
    /// # Errors
    /// Every parameter that is wrong; a caller without a right to the organization.
    pub fn parse(
        context: &Context,
        read: impl FnOnce(&mut Query<'_>) -> T,
    ) -> Result<Self, Problem> {
        let mut query = Query::parse(&context.query);
        let organization_id = query.id("organization_id");
        let named = query.text("connector");
        let of_query = read(&mut query);
        let tenant = context.tenant(organization_id.as_deref());
        // Of another organization nothing is told, not even what is missing to ask.
        if organization_id.is_some() {
            tenant.as_ref().map_err(Clone::clone)?;
        }
        query.finish()?;
        Ok(Self {
            tenant: tenant?,
            named,
            of_query,
        })
    }

    /// The connector that is named, or the only one.
    ///
    /// # Errors
    /// [`one`].
    pub async fn connector(&self, context: &Context) -> Result<Connector, Problem> {
        one(context, &self.tenant, self.named.as_deref()).await
    }

    /// The id of the connector that is named; `None` where none is.
    ///
    /// # Errors
    /// 404 where there is no such connector.
    pub async fn connector_id(&self, context: &Context) -> Result<Option<String>, Problem> {
        id_of(context, &self.tenant, self.named.as_deref()).await
    }
}

/// The id of the connector that is named; `None` where none is.
///
/// # Errors
/// 404 where there is no such connector.
pub async fn id_of(
    context: &Context,
    tenant: &Tenant,
    named: Option<&str>,
) -> Result<Option<String>, Problem> {
    match named {
        Some(_) => Ok(Some(one(context, tenant, named).await?.id)),
        None => Ok(None),
    }
}

/// The connector of this id or integration key, or the only one where none is named. Disconnected ones are left out where
/// there are others.
///
/// # Errors
/// 400 where several are meant, 404 where none is.
async fn one(
    context: &Context,
    tenant: &Tenant,
    named: Option<&str>,
) -> Result<Connector, Problem> {
    let mut all = connectors::list(
        &context.database,
        tenant,
        &[EMPLOYMENT_HERO],
        "",
        MAX_LISTED,
    )
    .await
    .map_err(|error| problems::database(&error))?;
    if let Some(named) = named {
        all.retain(|connector| connector.integration_key == named || connector.id == named);
    } else if all
        .iter()
        .any(|connector| connector.state != ConnectorState::Disconnected)
    {
        all.retain(|connector| connector.state != ConnectorState::Disconnected);
    }
    let keys: Vec<_> = all
        .iter()
        .map(|connector| connector.integration_key.clone())
        .collect();
    let mut all = all.into_iter();
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Problem::field(
            "connector",
            format!("must be one of {}: there are several", keys.join(", ")),
        )),
        (None, _) if named.is_some() => Err(Problem::new(
            ProblemKind::NotFound,
            "There is no connector of the type employment_hero with this id or integration key: GET /api/connectors lists all.",
        )),
        (None, _) => Err(Problem::new(
            ProblemKind::NotFound,
            "There is no connector of the type employment_hero: make one by POST /api/connectors, and connect it by POST /api/connectors/{id}/authorizations.",
        )),
    }
}

/// A connector that is asked something must be connected.
///
/// # Errors
/// 409 with the reason.
pub fn connected(connector: &Connector) -> Result<(), Problem> {
    if matches!(
        connector.state,
        ConnectorState::Disconnected | ConnectorState::Revoked
    ) {
        let why = connector
            .state_reason
            .as_deref()
            .or(connector.state.remedy())
            .unwrap_or_default();
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!("The connector is {}. {why}", connector.state.as_str()),
        ));
    }
    Ok(())
}

pub fn problem(failure: Failure) -> Problem {
    let detail = failure.detail();
    let kind = match failure {
        Failure::Call(CallError::Database(error)) => return problems::database(&error),
        Failure::Unusable(_) | Failure::Organisation(_) => ProblemKind::Conflict,
        Failure::Call(CallError::RateLimited { at_ms }) => {
            let wait_ms = at_ms.saturating_sub(clock::now_ms());
            return Problem::new(ProblemKind::RateLimited, detail)
                .retry_after(wait_ms.saturating_add(999).div_euclid(1_000));
        }
        Failure::Provider(ProviderError::RateLimited { retry_after, .. }) => {
            let wait = retry_after.map_or(5, |wait| wait.as_secs());
            return Problem::new(ProblemKind::RateLimited, detail)
                .retry_after(i64::try_from(wait).unwrap_or(i64::MAX));
        }
        _ => ProblemKind::ProviderFailed,
    };
    Problem::new(kind, detail)
}
