use domain::access::Tenant;
use store::oauth_flows::{
    FLOW_SECONDS, MAX_FLOWS, NewFlow, Opened, Sent, begin, offered, open, prune, send, take,
};

use crate::support::{TestDatabase, wait};
use crate::{NOW, connect, new_connector, two_organizations, uuid};

const SENT: Sent<'_> = Sent {
    state_hash: "state",
    browser_hash: "browser",
    sealed_verifier: "sealed",
    redirect_uri: "https://patchbay.example.com/auth/callback",
};

struct Flows {
    database: TestDatabase,
    first: Tenant,
    second: Tenant,
    connector_id: String,
}

impl Flows {
    fn new() -> Self {
        let (database, first, second) = two_organizations();
        let connector_id = uuid(9);
        connect(&database, &first, new_connector(&connector_id), NOW);
        Self {
            database,
            first,
            second,
            connector_id,
        }
    }

    fn begin(&self, tenant: &Tenant, number: u64, now: i64) -> Option<i64> {
        let (id, ticket) = (uuid(100 + number), format!("ticket{number}"));
        let new = NewFlow {
            id: &id,
            connector_id: &self.connector_id,
            begun_by: r#"{"kind":"api_key"}"#,
            ticket_hash: &ticket,
            return_url: Some("https://product.example.com/done"),
        };
        wait(begin(&self.database, tenant, new, now)).unwrap()
    }

    fn opened(&self, number: u64, now: i64) -> Option<Opened> {
        wait(open(&self.database, &format!("ticket{number}"), now)).unwrap()
    }
}

#[test]
fn every_step_is_made_once() {
    let flows = Flows::new();
    let database = &flows.database;
    assert_eq!(flows.begin(&flows.first, 1, NOW), Some(NOW + FLOW_SECONDS));
    // What is not known leads nowhere, and a state before it was sent is none.
    assert_eq!(flows.opened(2, NOW), None);
    assert_eq!(wait(take(database, "state")), Ok(None));
    // Who looks spends nothing.
    for _ in 0..2 {
        let offered = wait(offered(database, "ticket1", NOW + 1))
            .unwrap()
            .unwrap();
        assert_eq!(offered.connector_id, flows.connector_id);
        assert_eq!(offered.expires_at, NOW + FLOW_SECONDS);
    }
    assert_eq!(wait(offered(database, "ticket2", NOW)), Ok(None));
    let opened = flows.opened(1, NOW + 1).unwrap();
    assert_eq!(wait(offered(database, "ticket1", NOW + 1)), Ok(None));
    assert_eq!(
        (opened.organization_id.as_str(), &opened.connector_id),
        (flows.first.as_str(), &flows.connector_id)
    );
    assert_eq!(flows.opened(1, NOW + 1), None);
    assert_eq!(
        wait(send(database, &flows.second, &opened.id, SENT)),
        Ok(false)
    );
    assert_eq!(
        wait(send(database, &flows.first, &opened.id, SENT)),
        Ok(true)
    );
    let other = Sent {
        state_hash: "other",
        ..SENT
    };
    assert_eq!(
        wait(send(database, &flows.first, &opened.id, other)),
        Ok(false)
    );
    let returned = wait(take(database, "state")).unwrap().unwrap();
    assert_eq!(
        (
            returned.organization_id.as_str(),
            returned.browser_hash.as_str(),
            returned.sealed_verifier.as_str(),
            returned.redirect_uri.as_str(),
            returned.return_url.as_deref(),
            returned.expires_at
        ),
        (
            flows.first.as_str(),
            "browser",
            "sealed",
            SENT.redirect_uri,
            Some("https://product.example.com/done"),
            NOW + FLOW_SECONDS
        )
    );
    assert_eq!(wait(take(database, "state")), Ok(None));
}

#[test]
fn a_link_leads_nowhere_when_it_is_old_and_goes_by_itself() {
    let flows = Flows::new();
    flows.begin(&flows.first, 1, NOW).unwrap();
    assert_eq!(flows.opened(1, NOW + FLOW_SECONDS), None);
    assert_eq!(wait(prune(&flows.database, NOW + FLOW_SECONDS - 1)), Ok(0));
    assert_eq!(wait(prune(&flows.database, NOW + FLOW_SECONDS)), Ok(1));
}

#[test]
fn a_connector_has_so_many_at_a_time_and_nobody_elses() {
    let flows = Flows::new();
    assert_eq!(flows.begin(&flows.second, 0, NOW), None);
    for number in 0..u64::try_from(MAX_FLOWS).unwrap() {
        assert!(flows.begin(&flows.first, number, NOW).is_some());
    }
    assert_eq!(flows.begin(&flows.first, 99, NOW), None);
    assert!(flows.begin(&flows.first, 99, NOW + FLOW_SECONDS).is_some());
}
