//! The people of an answer that has rows for each of them.

use api::Problem;
use domain::access::Tenant;
use platform::attendance::Sight;
use platform::{Context, problems, table};
use store::attendance::answers::{self, PeopleAsked};
use store::lists::Key;

/// Which people are asked for.
pub struct Wanted<'a> {
    pub team_member_id: Option<&'a str>,
    pub location_id: Option<&'a str>,
    /// Behind this id.
    pub after: Option<&'a str>,
    pub limit: u32,
}

/// People by id, and where the next page begins if there is one.
pub struct PageOfPeople {
    pub ids: Vec<String>,
    pub next: Option<Key>,
}

/// Those whom the caller may see: who is at work, and who is asked for by id or is the caller.
///
/// # Errors
/// 404 for somebody whom the caller may not see; the database's.
pub async fn page(
    context: &Context,
    tenant: &Tenant,
    sight: &Sight,
    wanted: Wanted<'_>,
) -> Result<PageOfPeople, Problem> {
    let only = sight.people(wanted.team_member_id)?;
    let asked = PeopleAsked {
        ids: only.as_deref(),
        location_id: wanted.location_id,
        after: wanted.after,
        limit: wanted.limit,
    };
    let mut ids = answers::people(&context.database, tenant, asked)
        .await
        .map_err(|error| problems::database(&error))?;
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let has_more = ids.len() > limit;
    ids.truncate(limit);
    let next = ids.last().filter(|_| has_more).map(|id| Key {
        order: 0,
        id: id.clone(),
    });
    Ok(PageOfPeople { ids, next })
}

impl PageOfPeople {
    /// # Errors
    /// There are more people than a table has rows for.
    pub fn check_is_all(&self) -> Result<(), Problem> {
        if self.next.is_some() {
            table::check(table::MAX_ROWS.saturating_add(1))?;
        }
        Ok(())
    }
}
