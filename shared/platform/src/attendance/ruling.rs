//! By what an organization's attendance goes: its policy, and the day that it is there.

use api::attendance::AttendancePolicy;
use api::{Problem, ProblemKind};
use domain::NaiveDate;
use domain::access::Tenant;
use domain::attendance::policy::Policy;
use domain::zone::Zone;
use store::Execute;
use store::attendance::policies::{self, StoredPolicy};
use store::organizations::OrganizationState;

use crate::{clock, problems, time};

pub struct Ruling {
    /// The local day of the organization.
    pub today: NaiveDate,
    /// `None` where none was set: the default holds.
    stored: Option<StoredPolicy>,
}

impl Ruling {
    /// One statement.
    ///
    /// # Errors
    /// 404 where there is no such organization; the database's.
    pub async fn of<E: Execute>(database: &E, tenant: &Tenant) -> Result<Self, Problem> {
        let found = policies::get(database, tenant)
            .await
            .map_err(|error| problems::database(&error))?
            .filter(|found| found.state == OrganizationState::Active)
            .ok_or_else(|| {
                Problem::new(
                    ProblemKind::NotFound,
                    "There is no such organization, or it is being removed.",
                )
            })?;
        let zone = Zone::parse(&found.time_zone).unwrap_or(Zone::UTC);
        Ok(Self {
            today: zone.date(clock::now()),
            stored: found.policy,
        })
    }

    /// The policy that holds.
    ///
    /// # Errors
    /// A stored document that cannot be read, which is a bug of ours.
    pub fn policy(&self) -> Result<Policy, Problem> {
        let Some(stored) = &self.stored else {
            return Ok(Policy::default());
        };
        Policy::from_text(&stored.document)
            .map_err(|_| problems::internal("a stored attendance policy cannot be read"))
    }

    /// It, as it is shown.
    ///
    /// # Errors
    /// Those of [`Ruling::policy`].
    pub fn shown(&self) -> Result<AttendancePolicy, Problem> {
        let stored = self.stored.as_ref();
        Ok(AttendancePolicy {
            policy: self.policy()?.to_json(),
            version: stored.map_or(0, |stored| stored.version),
            updated_by: stored.map(|stored| stored.updated_by.clone()),
            updated_at: stored.map(|stored| time::rfc3339(stored.updated_at)),
        })
    }
}
