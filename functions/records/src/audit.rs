//! Who changed what is set up.

use api::Problem;
use api::routes::AUDITED;
use platform::{Context, Reply, lists};
use store::lists::{self as rows, AuditFilter};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (
            query.one_of("resource", AUDITED),
            query.text("resource_id"),
            query.text("actor"),
        )
    })?;
    asked
        .reply(context, |asked, paging| {
            let (resource, resource_id, actor) = &asked.filter;
            let filter = AuditFilter {
                resource: resource.as_deref(),
                resource_id: resource_id.as_deref(),
                actor: actor.as_deref(),
            };
            rows::audit_entries(&asked.tenant, &filter, paging)
        })
        .await
}
