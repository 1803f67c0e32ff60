//! Deliveries that are not proven, or too many, in the organization's log: a row counts those of one
//! webhook and reason for a while, and whoever sends rubbish makes us write once a second.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::access::Caller;
use platform::{Context, clock, log};
use store::logs::{self, Refused};

/// Webhooks and reasons that one instance counts for.
const MAX_KEPT: usize = 256;

/// What is not in the log yet.
struct Counted {
    /// Unix seconds.
    written_at: i64,
    count: i64,
}

thread_local! {
    static COUNTED: RefCell<HashMap<(String, String), Counted>> = RefCell::default();
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
    let Some(count) = to_write(webhook_id, code, now) else {
        return;
    };
    let Ok(tenant) = Caller::internal("webhook-receiver").tenant_named(organization_id) else {
        return;
    };
    let refused = Refused {
        webhook_id,
        code,
        detail,
        request_id: &context.request_id,
        count,
    };
    if let Err(error) = logs::note_refused(&context.database, &tenant, refused, now).await {
        log::error("log", &error.to_string());
    }
}

/// Counts one more. Returns how many are to be written, once a second.
fn to_write(webhook_id: &str, code: &str, now: i64) -> Option<i64> {
    COUNTED.with_borrow_mut(|kept| {
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        let key = (webhook_id.to_owned(), code.to_owned());
        let counted = kept.entry(key).or_insert(Counted {
            written_at: 0,
            count: 0,
        });
        counted.count = counted.count.saturating_add(1);
        if counted.written_at == now {
            return None;
        }
        counted.written_at = now;
        Some(std::mem::take(&mut counted.count))
    })
}
