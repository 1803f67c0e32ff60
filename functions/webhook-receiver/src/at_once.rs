//! What has come is worked on at once where there is room: after the answer, and only while nothing else
//! comes in. Otherwise the next tick does it.

use std::cell::Cell;

use domain::access::Caller;
use platform::on_demand;
use store::automation::INBOX;

/// How long the scheduler is waited for, in milliseconds; it goes on by itself.
const TIMEOUT_MS: i64 = 5_000;

thread_local! {
    static IN_HAND: Cell<usize> = const { Cell::new(0) };
    static IS_NUDGING: Cell<bool> = const { Cell::new(false) };
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
    let is_busy = IN_HAND.get() > 1 || IS_NUDGING.get();
    let tenant = Caller::internal("webhook-receiver").tenant_named(organization_id);
    let (false, Ok(tenant)) = (is_busy, tenant) else {
        return;
    };
    IS_NUDGING.set(true);
    let webhook_id = webhook_id.to_owned();
    spin_sdk::wasip3::spawn(async move {
        on_demand::nudge(INBOX, &tenant, &webhook_id, TIMEOUT_MS).await;
        IS_NUDGING.set(false);
    });
}
