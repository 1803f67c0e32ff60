//! The people of an answer that has rows for each of them.

use api::Problem;
use domain::access::Tenant;
use platform::attendance::Sight;
use platform::lists::Paging;
use platform::{Context, problems, table};
use store::attendance::answers::{self, PeopleAsked};
use store::lists::Key;

/// Which people are asked for.
pub struct Wanted<'a> {
    pub team_member_id: Option<&'a str>,
    pub location_id: Option<&'a str>,
    /// People of a page; none of a table, which has all of them.
    pub limit: Option<u32>,
    /// Rows of a table that a person has.
    pub rows: usize,
}

/// People by id, and where the next page begins if there is one.
pub struct PageOfPeople {
    pub ids: Vec<String>,
    pub next: Option<Key>,
}

/// Those whom the caller may see: who is at work, and who is asked for by id or is the caller.
///
/// # Errors
/// 404 for somebody whom the caller may not see; what is wrong with the cursor; more people than a table has rows for;
/// the database's.
pub async fn page(
    context: &Context,
    tenant: &Tenant,
    paging: &Paging,
    sight: &Sight,
    wanted: Wanted<'_>,
) -> Result<PageOfPeople, Problem> {
    let only = sight.people(wanted.team_member_id)?;
    let after = paging.after()?.map(|key| key.id);
    let most = wanted.limit.map_or(
        table::MAX_ROWS.checked_div(wanted.rows).unwrap_or(0),
        |limit| usize::try_from(limit).unwrap_or(usize::MAX),
    );
    let asked = PeopleAsked {
        ids: only.as_deref(),
        location_id: wanted.location_id,
        after: after.as_deref(),
        limit: u32::try_from(most).unwrap_or(u32::MAX),
    };
    let mut ids = answers::people(&context.database, tenant, asked)
        .await
        .map_err(|error| problems::database(&error))?;
    let has_more = ids.len() > most;
    if wanted.limit.is_none() {
        table::check(ids.len().saturating_mul(wanted.rows))?;
    }
    ids.truncate(most);
    let next = ids.last().filter(|_| has_more).map(|id| Key {
        order: 0,
        id: id.clone(),
    });
    Ok(PageOfPeople { ids, next })
}
