//! What an hour of each role costs today: from the cache while it holds, computed anew when it does not.

use api::{Problem, ProblemKind};
use domain::NaiveDate;
use domain::access::{Scope, Tenant};
use domain::labor_cost::{Rates, View};
use domain::stream::Stream;
use domain::zone::Zone;
use store::labor_cost::{self, Cached};

use crate::{Context, clock, log, problems};

/// What rates rest on.
pub const STREAMS: [Stream; 4] = [
    Stream::Roles,
    Stream::Users,
    Stream::Wages,
    Stream::Assignments,
];

/// The rates of one organization, as the caller may see them.
pub struct Today {
    pub rates: Rates,
    pub date: NaiveDate,
    /// The organization's.
    pub zone: Zone,
    reads_wages: bool,
}

impl Today {
    /// One statement where the cached rates still hold, which they do until something that they rest on
    /// changes, or the day ends.
    ///
    /// # Errors
    /// 404 where there is no such organization; the database's.
    pub async fn of(context: &Context, tenant: &Tenant) -> Result<Self, Problem> {
        let known = labor_cost::known(&context.database, tenant)
            .await
            .map_err(|error| problems::database(&error))?;
        let Some(mut known) = known else {
            return Err(Problem::new(
                ProblemKind::NotFound,
                "There is no such organization, or it is being removed.",
            ));
        };
        let zone = Zone::parse(&known.time_zone).unwrap_or(Zone::UTC);
        let date = zone.date(clock::now());
        let rates = match known.current(&date.to_string()) {
            Some(rates) => rates,
            None => computed(context, tenant, &date.to_string()).await?,
        };
        Ok(Self {
            rates,
            date,
            zone,
            reads_wages: context.caller()?.may(Scope::WagesRead),
        })
    }

    /// As the caller may see them.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View::of(&self.rates, self.reads_wages)
    }
}

/// The rates and what they rest on come from one statement, so that what is kept
/// is never taken for newer than it is.
async fn computed(context: &Context, tenant: &Tenant, today: &str) -> Result<Rates, Problem> {
    let (staff, basis) = labor_cost::staff(&context.database, tenant, today)
        .await
        .map_err(|error| problems::database(&error))?;
    let cached = Cached {
        rate_date: today.to_owned(),
        basis,
        rates: Rates::of(&staff, today),
    };
    // Without it the next reader computes them once more.
    let kept = labor_cost::keep(&context.database, tenant, &cached, clock::now()).await;
    if let Err(error) = kept {
        log::error("labor-rates", &error.to_string());
    }
    Ok(cached.rates)
}
