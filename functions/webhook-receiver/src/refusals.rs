//! Deliveries that are not proven, or too many, in the organization's log: a row counts those of one
//! webhook and reason for a while, and whoever sends rubbish makes us write once a second.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::access::{Caller, Tenant};
use platform::{Context, SpinDatabase, clock, log, outbound};
use store::logs::{self, Refused};

/// How long more are gathered before they are written, in milliseconds.
const GATHER_MS: i64 = 1_000;
/// Webhooks and reasons that one instance counts for at a time; of more than that the rest is written
/// at once.
const MAX_KEPT: usize = 256;

thread_local! {
    /// Refused after the first one, and not written yet; a task sees to it.
    static WAITING: RefCell<HashMap<(String, String), i64>> = RefCell::default();
}

/// Deliveries of one webhook that were refused for one reason.
struct Refusals {
    tenant: Tenant,
    webhook_id: String,
    code: String,
    detail: String,
    /// Of the first one.
    request_id: String,
}

/// Notes that a delivery was refused. What fails here changes nothing about that.
pub async fn note(
    context: &Context,
    organization_id: &str,
    webhook_id: &str,
    code: &str,
    detail: &str,
) {
    let key = (webhook_id.to_owned(), code.to_owned());
    if WAITING.with_borrow_mut(|waiting| waiting.get_mut(&key).map(|count| *count += 1).is_some()) {
        return;
    }
    let Ok(tenant) = Caller::internal("webhook-receiver").tenant_named(organization_id) else {
        return;
    };
    let refusals = Refusals {
        tenant,
        webhook_id: webhook_id.to_owned(),
        code: code.to_owned(),
        detail: detail.to_owned(),
        request_id: context.request_id.clone(),
    };
    let gathers = WAITING.with_borrow_mut(|waiting| {
        waiting.len() < MAX_KEPT && waiting.insert(key.clone(), 0).is_none()
    });
    refusals.write(&context.database, 1).await;
    if !gathers {
        return;
    }
    // Those that follow at once are written when the answers are out.
    spin_sdk::wasip3::spawn(async move {
        loop {
            outbound::sleep_ms(GATHER_MS).await;
            let count = WAITING.with_borrow_mut(|waiting| match waiting.get_mut(&key) {
                Some(count) if *count > 0 => std::mem::take(count),
                _ => {
                    waiting.remove(&key);
                    0
                }
            });
            if count == 0 {
                return;
            }
            match SpinDatabase::open().await {
                Ok(database) => refusals.write(&database, count).await,
                Err(error) => log::error("log", &error.to_string()),
            }
        }
    });
}

impl Refusals {
    async fn write(&self, database: &SpinDatabase, count: i64) {
        let refused = Refused {
            webhook_id: &self.webhook_id,
            code: &self.code,
            detail: &self.detail,
            request_id: &self.request_id,
            count,
        };
        let noted = logs::note_refused(database, &self.tenant, refused, clock::now());
        if let Err(error) = noted.await {
            log::error("log", &error.to_string());
        }
    }
}
