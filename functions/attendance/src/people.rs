//! The people of an answer that has rows for each of them.

use api::Problem;
use domain::access::Tenant;
use platform::{Context, problems};
use store::attendance::answers::{self, PeopleAsked};
use store::lists::Key;

use crate::own::Sight;
use crate::table;

/// People by id, and where the next page begins if there is one.
pub struct PageOfPeople {
    pub ids: Vec<String>,
    pub next: Option<Key>,
}

/// The people whom the caller may see; their own rows are one page.
///
/// # Errors
/// The database's.
pub async fn page(
    context: &Context,
    tenant: &Tenant,
    sight: &Sight,
    asked: PeopleAsked<'_>,
) -> Result<PageOfPeople, Problem> {
    let mut ids = match sight {
        Sight::Own(own) => own.clone(),
        Sight::Everybody => answers::people(&context.database, tenant, asked)
            .await
            .map_err(|error| problems::database(&error))?,
    };
    let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
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
