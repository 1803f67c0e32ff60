//! What has come is worked on at once where there is room: after the answer, only while nothing else
//! comes in and nobody is at it, and a few times a second at the most: each time costs some writes, and
//! whoever calls waits for the same one writer. Otherwise the next tick does it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use domain::access::{Caller, Tenant};
use platform::{clock, on_demand, outbound};
use store::automation::INBOX;

/// How long the scheduler is waited for, in milliseconds; it goes on by itself.
const TIMEOUT_MS: i64 = 5_000;
/// From one time to the next, in milliseconds.
const AT_MOST_EVERY_MS: i64 = 250;

thread_local! {
    static IN_HAND: Cell<usize> = const { Cell::new(0) };
    static IS_NUDGING: Cell<bool> = const { Cell::new(false) };
    /// Unix milliseconds.
    static LAST_MS: Cell<i64> = const { Cell::new(0) };
    /// Webhooks that have brought something since the scheduler was last told of them.
    static WAITING: RefCell<BTreeMap<String, Tenant>> = RefCell::default();
}

/// A delivery that this instance has in hand.
pub struct InHand;

impl InHand {
    pub fn begin() -> Self {
        IN_HAND.set(IN_HAND.get().saturating_add(1));
        Self
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        IN_HAND.set(IN_HAND.get().saturating_sub(1));
    }
}

/// Has the scheduler work on what the webhook has brought, when the answer is out.
pub fn work_on(organization_id: &str, webhook_id: &str) {
    let tenant = Caller::internal("webhook-receiver").tenant_named(organization_id);
    let (false, Ok(tenant)) = (IN_HAND.get() > 1, tenant) else {
        return;
    };
    WAITING.with_borrow_mut(|waiting| waiting.insert(webhook_id.to_owned(), tenant));
    if IS_NUDGING.replace(true) {
        return;
    }
    spin_sdk::wasip3::spawn(async {
        while !WAITING.with_borrow(BTreeMap::is_empty) {
            let since_ms = clock::now_ms().saturating_sub(LAST_MS.get());
            // A clock that was put back tells nothing.
            outbound::sleep_ms(AT_MOST_EVERY_MS.saturating_sub(since_ms.max(0))).await;
            for (webhook_id, tenant) in WAITING.take() {
                on_demand::nudge(INBOX, &tenant, &webhook_id, TIMEOUT_MS).await;
            }
            LAST_MS.set(clock::now_ms());
        }
        IS_NUDGING.set(false);
    });
}
