//! Folders of clients: one for each deal, written by who holds the lease only, and faring as their deliveries do.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of a test fail as a test does"
)]

#[expect(dead_code, reason = "not every test needs every helper")]
mod support;

use domain::access::{Caller, Tenant};
use serde_json::{Value, json};
use store::client_folders::{
    self, Again, CLIENT_FOLDER, DealKey, Made, NewClientFolder, NewWanted, Person, Want, Wanted,
};
use store::connectors::NewConnector;
use store::jobs::Lease;
use store::lists::{self, ClientFolderFilter, Kind, Paging};
use store::outbox::{self, DeliveryJob, NewDelivery, NewLease, Sender};
use store::{Database, DatabaseError, Execute, audit, portals};
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

/// The organizations 1 and 2 with a connector to Box (11, 12) and one to HubSpot (21, 22), both to portal 77. Every
/// statement on the first is held to its indexes.
fn databases() -> (TestDatabase, TestDatabase) {
    let database = TestDatabase::checked();
    for number in [1, 2] {
        let tenant = tenant(number);
        let created =
            store::organizations::create(&database, &tenant, "Harbour", "Australia/Sydney", NOW);
        assert_eq!(wait(created), Ok(true));
        for (id, provider, config) in [
            (10 + number, "box", json!({})),
            (20 + number, "hubspot", json!({"portal_id": 77})),
        ] {
            let new = NewConnector {
                id: &uuid(id),
                provider,
                integration_key: provider,
                name: "One",
                config: &config.to_string(),
                sync_settings: "{}",
                connected_by: "user-1",
            };
            wait(store::connectors::connect(&database, &tenant, new, NOW)).unwrap();
        }
    }
    let raw = TestDatabase::at(database.path());
    (database, raw)
}

/// A deal of the organization, with the delivery of the same number plus 1000 and its job plus 2000; the first has the lease.
fn ask(database: &TestDatabase, of: u64, id: u64, deal: &str, contact: Option<&str>) -> bool {
    let tenant = tenant(of);
    let people = [Person {
        id: contact.map(str::to_owned),
        first_name: "Sam".to_owned(),
        ..Person::default()
    }];
    let connector = uuid(10 + of);
    let new = NewClientFolder {
        id: &uuid(id),
        key: DealKey {
            connector_id: &connector,
            portal: "77",
            deal_id: deal,
        },
        crm_connector_id: Some(&uuid(20 + of)),
        contacts: contact.map(|_| people.as_slice()),
        requested_name: None,
        delivery_id: &uuid(1_000 + id),
        callback_id: Some("ap-1"),
        requested_by: "user-1",
    };
    let made: Result<bool, DatabaseError> = wait(database.transaction(async |transaction| {
        let is_new = client_folders::create(transaction, &tenant, new, NOW).await?;
        if is_new {
            send(transaction, &tenant, id, 1_000 + id, 2_000 + id).await?;
        }
        Ok(is_new)
    }));
    made.unwrap()
}

async fn send<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: u64,
    delivery: u64,
    job: u64,
) -> Result<(), DatabaseError> {
    let of = if tenant.as_str() == uuid(1) { 1 } else { 2 };
    let payload = json!({"client_folder_id": uuid(id)}).to_string();
    let new = NewDelivery {
        id: &uuid(delivery),
        job_id: &uuid(job),
        kind: CLIENT_FOLDER,
        sender: Sender::Connector(&uuid(10 + of)),
        requested_by: "user-1",
        payload: &payload,
        depth: 0,
        job: DeliveryJob {
            function: "box-folder",
            concurrency_key: &format!("box:{job}"),
        },
        lease: Some(NewLease {
            holder: "test",
            run_id: &uuid(9_000 + job),
            lease_secs: 60,
            now_ms: NOW * 1_000,
        }),
    };
    outbox::enqueue(transaction, tenant, new, NOW)
        .await
        .map(drop)
}

fn lease(tenant: &Tenant, job_id: &str, version: i64) -> Lease<'static> {
    // A test lives as long as its names.
    Lease {
        tenant: Box::leak(Box::new(tenant.clone())),
        job_id: Box::leak(job_id.to_owned().into_boxed_str()),
        version,
    }
}

fn row(database: &TestDatabase, of: u64, id: u64) -> Value {
    let text = wait(lists::get(
        database,
        &tenant(of),
        Kind::ClientFolder,
        &uuid(id),
    ))
    .unwrap();
    serde_json::from_str(&text.unwrap()).unwrap()
}

fn made<'a>(folder_id: &'a str, name: &'a str, path: &'a [String]) -> Made<'a> {
    Made {
        folder_id,
        name,
        parent_id: Some("310"),
        path,
    }
}

#[test]
fn a_deal_has_one_folder_whoever_asks() {
    let (database, _) = databases();
    assert!(ask(&database, 1, 100, "501", Some("80010")));
    assert!(!ask(&database, 1, 101, "501", None));
    // Another organization's deal of the same number is another.
    assert!(ask(&database, 2, 102, "501", None));
    let key = |connector: u64| DealKey {
        connector_id: Box::leak(uuid(connector).into_boxed_str()),
        portal: "77",
        deal_id: "501",
    };
    let known = wait(client_folders::find(&database, &tenant(1), key(11)))
        .unwrap()
        .unwrap();
    assert_eq!(
        (known.id.as_str(), known.status.as_str()),
        (uuid(100).as_str(), "pending")
    );
    assert_eq!(
        wait(client_folders::find(&database, &tenant(2), key(11))),
        Ok(None)
    );
    // A connector of somebody else is none.
    let foreign = NewClientFolder {
        id: &uuid(103),
        key: DealKey {
            connector_id: &uuid(12),
            portal: "77",
            deal_id: "9",
        },
        crm_connector_id: None,
        contacts: None,
        requested_name: None,
        delivery_id: &uuid(1_103),
        callback_id: None,
        requested_by: "user-1",
    };
    let created: Result<bool, DatabaseError> = wait(database.transaction(async |transaction| {
        client_folders::create(transaction, &tenant(1), foreign, NOW).await
    }));
    assert_eq!(created, Ok(false));
}

#[test]
fn only_who_holds_the_lease_writes() {
    let (database, raw) = databases();
    assert!(ask(&database, 1, 100, "501", None));
    let (ours, theirs) = (tenant(1), tenant(2));
    let (id, job) = (uuid(100), uuid(2_100));
    let held = lease(&ours, &job, 1);
    let path = ["1. Active Clients".to_owned()];
    let people = [Person {
        id: Some("80010".to_owned()),
        first_name: "Sam".to_owned(),
        last_name: "Lee".to_owned(),
        ..Person::default()
    }];
    for lost in [
        lease(&ours, &job, 2),
        lease(&theirs, &job, 1),
        lease(&ours, &uuid(7), 1),
    ] {
        assert_eq!(
            wait(client_folders::set_contacts(
                &database, lost, &id, &people, NOW
            )),
            Ok(false)
        );
        assert_eq!(
            wait(client_folders::made(
                &database,
                lost,
                &id,
                made("1", "A", &path),
                NOW
            )),
            Ok(false)
        );
        assert_eq!(
            wait(client_folders::finish(
                &database,
                lost,
                &id,
                "created",
                &[],
                NOW
            )),
            Ok(false)
        );
        assert_eq!(
            wait(client_folders::answered(&database, lost, &id, NOW)),
            Ok(false)
        );
    }
    // Nor who held it until a minute ago.
    assert_eq!(
        wait(client_folders::answered(&database, held, &id, NOW + 61)),
        Ok(false)
    );
    assert_eq!(
        wait(client_folders::set_contacts(
            &database, held, &id, &people, NOW
        )),
        Ok(true)
    );
    assert_eq!(
        wait(client_folders::made(
            &database,
            held,
            &id,
            made("31", "Sam Lee", &path),
            NOW
        )),
        Ok(true)
    );
    let record = wait(client_folders::load(&database, &ours, &id))
        .unwrap()
        .unwrap();
    assert_eq!(record.contacts.as_deref(), Some(people.as_slice()));
    assert_eq!(
        (record.folder_id.as_deref(), record.status.as_str()),
        (Some("31"), "pending")
    );
    assert_eq!(
        wait(client_folders::load(&database, &theirs, &id)),
        Ok(None)
    );
    assert_eq!(
        wait(client_folders::finish(
            &database,
            held,
            &id,
            "created",
            &[uuid(5)],
            NOW + 1
        )),
        Ok(true)
    );
    // What has its end stays.
    assert_eq!(
        wait(client_folders::made(
            &database,
            held,
            &id,
            made("32", "B", &path),
            NOW
        )),
        Ok(false)
    );
    let shown = row(&database, 1, 100);
    assert_eq!(
        (
            &shown["status"],
            &shown["name"],
            &shown["link"],
            &shown["path"],
            &shown["links"]
        ),
        (
            &json!("created"),
            &json!("Sam Lee"),
            &json!("https://app.box.com/folder/31"),
            &json!(["1. Active Clients"]),
            &json!([])
        )
    );
    assert!(shown["finished_at"].is_string());
    drop(raw);
}

#[test]
fn one_deal_at_a_time_has_a_name_below_a_parent() {
    let (database, _) = databases();
    for (id, deal, contact) in [
        (100, "501", Some("80010")),
        (101, "502", Some("80020")),
        (102, "503", Some("80010")),
    ] {
        assert!(ask(&database, 1, id, deal, contact));
    }
    let ours = tenant(1);
    let want = |id: u64, key: &str, parent: &str, now: i64| {
        let held = lease(&ours, &uuid(2_000 + id), 1);
        let (id, wanted) = (
            uuid(id),
            NewWanted {
                name: key,
                key,
                parent_id: parent,
                user_id: "22",
            },
        );
        let noted: Result<Want, DatabaseError> = wait(database.transaction(async |transaction| {
            client_folders::want(transaction, held, &id, wanted, now).await
        }));
        noted.unwrap()
    };
    assert_eq!(want(100, "sam lee", "310", NOW), Want::Noted);
    // Again is the same copy, since it was first asked for.
    assert_eq!(want(100, "sam lee", "310", NOW + 9), Want::Noted);
    let record = wait(client_folders::load(&database, &ours, &uuid(100)))
        .unwrap()
        .unwrap();
    assert_eq!(
        record.wanted,
        Some(Wanted {
            name: "sam lee".to_owned(),
            parent_id: "310".to_owned(),
            since: NOW,
            user_id: "22".to_owned()
        })
    );
    assert_eq!(row(&database, 1, 100)["copies"], 2);
    // Another client's takes another name; one of the same client waits for it.
    assert_eq!(want(101, "sam lee", "310", NOW), Want::Taken);
    assert_eq!(want(102, "sam lee", "310", NOW), Want::Awaited);
    assert_eq!(want(101, "sam lee (2)", "310", NOW), Want::Noted);
    assert_eq!(want(102, "sam lee", "311", NOW), Want::Noted);
    let held = lease(&ours, &uuid(2_100), 1);
    assert_eq!(
        wait(client_folders::answered(&database, held, &uuid(100), NOW)),
        Ok(true)
    );
    assert_eq!(want(101, "sam lee", "310", NOW + 20), Want::Noted);
    let record = wait(client_folders::load(&database, &ours, &uuid(101)))
        .unwrap()
        .unwrap();
    assert_eq!(record.wanted.unwrap().since, NOW + 20);
}

#[test]
fn a_client_with_several_deals_has_one_folder() {
    let (database, _) = databases();
    assert!(ask(&database, 1, 100, "501", Some("80010")));
    assert!(ask(&database, 1, 101, "502", Some("80010")));
    assert!(ask(&database, 2, 102, "503", Some("80010")));
    let find = |of: u64, id: u64, contact: &str| {
        wait(client_folders::of_contact(
            &database,
            &tenant(of),
            &uuid(id),
            contact,
        ))
        .unwrap()
    };
    assert_eq!(find(1, 101, "80010"), None, "it is not there yet");
    let held = lease(&tenant(1), &uuid(2_100), 1);
    assert_eq!(
        wait(client_folders::made(
            &database,
            held,
            &uuid(100),
            made("31", "Sam", &[]),
            NOW
        )),
        Ok(true)
    );
    assert_eq!(find(1, 101, "80010").as_deref(), Some("31"));
    assert_eq!(find(1, 101, "80011"), None);
    assert_eq!(find(1, 100, "80010"), None, "its own is not another's");
    assert_eq!(find(2, 102, "80010"), None);
}

#[test]
fn a_folder_fares_as_its_delivery_does_and_is_tried_again() {
    let (database, raw) = databases();
    assert!(ask(&database, 1, 100, "501", None));
    let fare = |state: &str, code: Option<&str>, finished: Option<i64>| {
        let sql = "UPDATE deliveries SET state = ?2, error_code = ?3, error_detail = ?3, finished_at = ?4 WHERE id = ?1";
        let parameters = [
            uuid(1_100).as_str().into(),
            state.into(),
            code.map_or(store::Value::Null, Into::into),
            finished.map_or(store::Value::Null, Into::into),
        ];
        wait(raw.execute(sql, &parameters)).unwrap();
        let shown = row(&database, 1, 100);
        (
            shown["status"].clone(),
            shown["failure_code"].clone(),
            shown["finished_at"].is_string(),
        )
    };
    assert_eq!(
        fare("pending", Some("timeout"), None),
        (json!("pending"), json!("timeout"), false)
    );
    assert_eq!(
        fare("failed", Some("template_missing"), Some(NOW + 5)),
        (json!("failed"), json!("template_missing"), true)
    );
    let filter = |status| ClientFolderFilter {
        deal_id: None,
        status: Some(status),
    };
    let count = |status| {
        let page = lists::client_folders(&tenant(1), &filter(status), &Paging::default());
        wait(page.read(&database)).unwrap().count
    };
    assert_eq!((count("failed"), count("pending")), (1, 0));
    let again = Again {
        delivery_id: &uuid(3_000),
        callback_id: None,
        contacts: None,
        requested_name: None,
    };
    let retried = |of: u64| {
        let again: Result<Option<String>, DatabaseError> =
            wait(database.transaction(async |transaction| {
                client_folders::again(transaction, &tenant(of), &uuid(100), again, NOW + 9).await
            }));
        again.unwrap()
    };
    assert_eq!(retried(2), None);
    assert_eq!(retried(1), Some(uuid(11)));
    assert_eq!(retried(1), None, "it is under way");
    let shown = row(&database, 1, 100);
    assert_eq!(
        (
            &shown["status"],
            &shown["failure_code"],
            &shown["finished_at"],
            &shown["delivery_id"]
        ),
        (
            &json!("pending"),
            &Value::Null,
            &Value::Null,
            &json!(uuid(3_000))
        )
    );
    // What is there does not fare any more.
    let sql = "UPDATE client_folders SET status = 'created' WHERE id = ?1";
    wait(raw.execute(sql, &[uuid(100).as_str().into()])).unwrap();
    assert_eq!(
        fare("failed", Some("cancelled"), Some(NOW)).0,
        json!("created")
    );
}

#[test]
fn what_people_do_about_a_folder_is_in_the_audit() {
    let (database, raw) = databases();
    assert!(ask(&database, 1, 99, "500", None));
    let actor = audit::Actor {
        kind: "api_key".into(),
        name: "key-1".to_owned(),
        request_id: "r-1".to_owned(),
    };
    let by_hand: Result<(), DatabaseError> = wait(database.transaction(async |transaction| {
        audit::begin(transaction, &actor, NOW).await?;
        let id = uuid(100);
        let new = NewClientFolder {
            id: &id,
            key: DealKey {
                connector_id: &uuid(11),
                portal: "77",
                deal_id: "501",
            },
            crm_connector_id: None,
            contacts: Some(&[]),
            requested_name: Some("Lee"),
            delivery_id: &uuid(1_100),
            callback_id: None,
            requested_by: "key-1",
        };
        client_folders::create(transaction, &tenant(1), new, NOW).await?;
        audit::end(transaction).await
    }));
    by_hand.unwrap();
    let sql = "SELECT json_group_array(json_object('id', resource_id, 'action', action, 'actor', actor, 'after', json(after)))
        FROM audit_entries WHERE resource = 'client_folder'";
    let rows = wait(raw.execute(sql, &[])).unwrap();
    let entries: Value = serde_json::from_str(rows[0].text(0).unwrap()).unwrap();
    assert_eq!(
        entries,
        json!([{"id": uuid(100), "action": "created", "actor": "key-1", "after": {"deal_id": "501",
            "connector_id": uuid(11), "requested_name": "Lee", "status": "pending"}}])
    );
}

#[test]
fn a_call_is_looked_up_by_its_portal_or_its_connector() {
    let (database, raw) = databases();
    let ids = |found: Vec<portals::Candidate>| {
        found
            .into_iter()
            .map(|one| (one.organization_id, one.connector_id))
            .collect::<Vec<_>>()
    };
    // One that has no secret signs nothing.
    assert_eq!(ids(wait(portals::of_portal(&database, 77)).unwrap()), []);
    let sealed = "INSERT INTO credentials (connector_id, field, organization_id, sealed, sealed_by, updated_at)
        SELECT id, 'signature_secret', organization_id, 's', 'k', 0 FROM connectors WHERE provider = 'hubspot'";
    wait(raw.execute(sealed, &[])).unwrap();
    let both = wait(portals::of_portal(&database, 77)).unwrap();
    assert_eq!(ids(both), [(uuid(1), uuid(21)), (uuid(2), uuid(22))]);
    assert_eq!(ids(wait(portals::of_portal(&database, 78)).unwrap()), []);
    let one = wait(portals::of_connector(&database, &uuid(22))).unwrap();
    assert_eq!(ids(one), [(uuid(2), uuid(22))]);
    // One to Box signs nothing.
    assert_eq!(
        ids(wait(portals::of_connector(&database, &uuid(12))).unwrap()),
        []
    );
    wait(raw.execute(
        "UPDATE organizations SET state = 'purging' WHERE id = ?1",
        &[uuid(2).as_str().into()],
    ))
    .unwrap();
    assert_eq!(
        ids(wait(portals::of_portal(&database, 77)).unwrap()),
        [(uuid(1), uuid(21))]
    );
}
