//! Deliveries that are not proven, or too many, in the organization's log: one row in a while says
//! enough, and whoever sends rubbish does not make us write.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::access::Caller;
use platform::{Context, clock, log};
use store::DatabaseError;
use store::logs::{self, NewLog};

/// Between two rows of one organization, in seconds.
const EVERY_SECONDS: i64 = 10;
/// Organizations that one instance remembers.
const MAX_KEPT: usize = 256;
const REFUSED: &str = "webhook_refused";

thread_local! {
    /// When an organization's last row was looked for, Unix seconds.
    static LOOKED_AT: RefCell<HashMap<String, i64>> = RefCell::default();
}

/// Notes that a delivery was refused. What fails here changes nothing about that.
pub async fn note(
    context: &Context,
    organization_id: &str,
    webhook_id: &str,
    code: &str,
    detail: &str,
) {
    let now = clock::now();
    let is_too_soon = LOOKED_AT.with_borrow_mut(|kept| {
        let last = kept.get(organization_id).copied();
        if last.is_some_and(|last| (0..EVERY_SECONDS).contains(&now.saturating_sub(last))) {
            return true;
        }
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(organization_id.to_owned(), now);
        false
    });
    let tenant = Caller::internal("webhook-receiver").tenant_named(organization_id);
    let (false, Ok(tenant)) = (is_too_soon, tenant) else {
        return;
    };
    let row = NewLog {
        event_type: REFUSED,
        status: "failed",
        subject_id: Some(webhook_id),
        code: Some(code),
        detail: Some(detail),
        request_id: Some(&context.request_id),
        ..NewLog::default()
    };
    let noted = async {
        let database = &context.database;
        let last = logs::last_at(database, &tenant, REFUSED).await?;
        if last.is_none_or(|last| now.saturating_sub(last) >= EVERY_SECONDS) {
            logs::append(database, &tenant, &[row], now).await?;
        }
        Ok::<_, DatabaseError>(())
    };
    if let Err(error) = noted.await {
        log::error("log", &error.to_string());
    }
}
