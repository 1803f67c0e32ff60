//! One delivery from the outbox: a folder to be made, or a link to be passed on.

use platform::box_folders::{FUNCTION, HUBSPOT_LINK};
use platform::run::{LAST_ANSWER_MS, RunCall, RunReport};
use platform::{SpinDatabase, delivering};
use store::jobs::Lease;

use crate::{link, make};

pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let until_ms = call.deadline_ms.saturating_add(LAST_ANSWER_MS);
    delivering::run(database, FUNCTION, call, async |tenant, effect| {
        if effect.kind == HUBSPOT_LINK {
            return link::send(database, tenant, effect, until_ms).await;
        }
        let lease = Lease {
            tenant,
            job_id: &call.job_id,
            version: call.lease_version,
        };
        make::make(database, lease, effect, until_ms).await
    })
    .await
}
