//! Organizations, their connectors, credentials and keys, and the answers kept for them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test fail as a test does"
)]

#[expect(dead_code, reason = "not every test needs every helper")]
mod support;

#[path = "accounts/api_keys.rs"]
mod api_keys;
#[path = "accounts/auditing.rs"]
mod auditing;
#[path = "accounts/checkpoints.rs"]
mod checkpoints;
#[path = "accounts/connectors.rs"]
mod connectors;
#[path = "accounts/credentials.rs"]
mod credentials;
#[path = "accounts/idempotency.rs"]
mod idempotency;
#[path = "accounts/inbox.rs"]
mod inbox;
#[path = "accounts/oauth_flows.rs"]
mod oauth_flows;
#[path = "accounts/organizations.rs"]
mod organizations;
#[path = "accounts/outgoing.rs"]
mod outgoing;
#[path = "accounts/sources.rs"]
mod sources;
#[path = "accounts/token_leases.rs"]
mod token_leases;
#[path = "accounts/webhooks.rs"]
mod webhooks;

use domain::access::{Caller, Tenant};
use store::connectors::{Connect, NewConnector};
use support::{TestDatabase, wait};

const NOW: i64 = 1_800_000_000;

fn uuid(number: u64) -> String {
    format!("0190a5c0-0000-7000-8000-{number:012x}")
}

fn tenant(number: u64) -> Tenant {
    Caller::internal("test")
        .tenant_named(&uuid(number))
        .unwrap()
}

/// A database with the organizations 1 and 2.
fn two_organizations() -> (TestDatabase, Tenant, Tenant) {
    let database = TestDatabase::checked();
    let (first, second) = (tenant(1), tenant(2));
    for tenant in [&first, &second] {
        let created =
            store::organizations::create(&database, tenant, "Bistro", "America/Toronto", NOW);
        assert_eq!(wait(created), Ok(true));
    }
    (database, first, second)
}

fn new_connector(id: &str) -> NewConnector<'_> {
    NewConnector {
        id,
        provider: "seven_shifts",
        integration_key: "7shifts",
        name: "7shifts",
        config: r#"{"company_id":7}"#,
        sync_settings: r#"{"enabled":true}"#,
        connected_by: "user-1",
    }
}

fn connect(database: &TestDatabase, tenant: &Tenant, new: NewConnector<'_>, now: i64) -> Connect {
    wait(store::connectors::connect(database, tenant, new, now)).unwrap()
}
