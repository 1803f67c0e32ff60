//! The rates of today, role by role.

use api::Problem;
use api::costing::LaborRate;
use domain::labor_cost::RoleRate;
use platform::labor_rates::{STREAMS, Today};
use platform::{Context, Reply, freshness, lists};
use store::lists::Key;

/// Every role by name, with what an hour of it costs.
pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |_| ())?;
    let after = asked.paging.after()?;
    let today = Today::of(context, &asked.tenant).await?;
    let freshness = freshness::of_connected(context, &asked.tenant, &STREAMS).await?;
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
