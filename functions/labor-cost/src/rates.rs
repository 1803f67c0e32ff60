//! The rates of today: from the cache while they hold, computed anew when they do not.

use api::costing::LaborRate;
use api::{Problem, ProblemKind};
use domain::NaiveDate;
use domain::access::{Scope, Tenant};
use domain::labor_cost::{Rates, RoleRate, View};
use domain::stream::Stream;
use domain::zone::Zone;
use platform::{Context, Reply, clock, freshness, lists, log, problems};
use store::labor_cost::{self, Cached};
use store::lists::Key;

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

    pub fn view(&self) -> View<'_> {
        View::of(&self.rates, self.reads_wages)
    }
}

/// The rates and the newest change among what they rest on come from one statement, so that what is kept
/// is never taken for newer than it is.
async fn computed(context: &Context, tenant: &Tenant, today: &str) -> Result<Rates, Problem> {
    let (staff, changed_seq) = labor_cost::staff(&context.database, tenant, today)
        .await
        .map_err(|error| problems::database(&error))?;
    let cached = Cached {
        rate_date: today.to_owned(),
        changed_seq,
        rates: Rates::of(&staff, today),
    };
    // Without it the next reader computes them once more.
    let kept = labor_cost::keep(&context.database, tenant, &cached, clock::now()).await;
    if let Err(error) = kept {
        log::error("labor-rates", &error.to_string());
    }
    Ok(cached.rates)
}

/// Every role by name, with what an hour of it costs.
pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |_| ())?;
    let after = asked.paging.after()?;
    let today = Today::of(context, &asked.tenant).await?;
    let freshness = freshness::of(context, &asked.tenant, &STREAMS).await?;
    let roles = &today.rates.roles;
    let first = after.map_or(0, |key| place_after(roles, &key));
    let limit = usize::try_from(asked.paging.limit()).unwrap_or(usize::MAX);
    let mut page = roles.iter().skip(first).take(limit);
    let rows: Vec<_> = page.clone().map(|role| row(&today, role)).collect();
    let place = first.saturating_add(rows.len());
    let next = page.next_back().filter(|_| place < roles.len());
    let next = next.map(|last| Key {
        order: i64::try_from(place).unwrap_or(i64::MAX),
        id: last.ids.first().cloned().unwrap_or_default(),
    });
    asked.paging.fresh_reply(&rows, next.as_ref(), &freshness)
}

/// Behind the role of a cursor, or where it was.
fn place_after(roles: &[RoleRate], key: &Key) -> usize {
    let role = roles.iter().position(|role| role.ids.contains(&key.id));
    role.map_or_else(
        || usize::try_from(key.order).unwrap_or(0),
        |place| place.saturating_add(1),
    )
}

fn row(today: &Today, role: &RoleRate) -> LaborRate {
    let view = today.view();
    let (price, range) = (view.role(role), view.range(role));
    LaborRate {
        role: role.name.clone(),
        role_ids: role.ids.clone(),
        rate_cents: price.map(|price| price.cents),
        basis: price.map(|price| price.basis.into()),
        minimum_cents: range.map(|(minimum, _)| minimum),
        maximum_cents: range.map(|(_, maximum)| maximum),
        head_count: role.rate.map_or(0, |rate| rate.head_count),
        rate_date: today.date.to_string(),
    }
}
