//! Webhooks that organizations receive, and what they bring.

use domain::access::Tenant;
use proptest::prelude::*;
use store::inbox::events::{self, Arrival, KEEP_SECONDS, MAX_BATCH, Stored};
use store::inbox::webhooks::{self, Change, Created, Ignored, MAX_WEBHOOKS, NewWebhook, Receiving};
use store::webhook_secrets::{self as secrets, MAX_LIVE, NewSecret, Owner};

use store::{Database as _, Execute as _, Value};

use crate::support::{TestDatabase, wait};
use crate::{NOW, tenant, two_organizations, uuid};

const DAY: i64 = 86_400;

fn create(database: &TestDatabase, tenant: &Tenant, number: u64) -> Created {
    let new = NewWebhook {
        id: &uuid(number),
        name: "orders",
        scheme: "generic",
        options: r#"{"header":"x-signature"}"#,
        events: Some(r#"["order.*"]"#),
        failure_limit: None,
        events_per_minute: 60_000,
        created_by: "user-1",
    };
    wait(webhooks::create(database, tenant, new, NOW)).unwrap()
}

/// Makes the secret of this number the one in force.
fn put(database: &TestDatabase, tenant: &Tenant, webhook: u64, number: u64, until: i64) -> bool {
    put_at(database, tenant, webhook, number, until, NOW)
}

fn put_at(
    database: &TestDatabase,
    tenant: &Tenant,
    webhook: u64,
    number: u64,
    until: i64,
    now: i64,
) -> bool {
    let new = NewSecret {
        id: &uuid(number),
        owner: Owner::Received(&uuid(webhook)),
        sealed: &format!("sealed-{number}"),
        sealed_by: "k",
    };
    wait(secrets::put(database, tenant, new, until, now)).unwrap()
}

/// Organizations 1 and 2 with the webhooks 9 and 10.
fn received() -> (TestDatabase, Tenant, Tenant) {
    let (database, first, second) = two_organizations();
    for (tenant, number) in [(&first, 9), (&second, 10)] {
        assert_eq!(create(&database, tenant, number), Created::Done);
        assert!(put(&database, tenant, number, number + 100, NOW));
    }
    (database, first, second)
}

fn known(database: &TestDatabase, number: u64, now: i64) -> Option<Receiving> {
    wait(webhooks::receiving(database, &uuid(number), now)).unwrap()
}

fn live(database: &TestDatabase, number: u64, now: i64) -> Vec<(String, Option<i64>)> {
    let secrets = known(database, number, now).unwrap().secrets;
    secrets
        .into_iter()
        .map(|secret| (secret.sealed, secret.expires_at))
        .collect()
}

fn arrival(database: &TestDatabase, webhook: u64, number: u64, key: &str) -> Arrival {
    let known = known(database, webhook, NOW).unwrap();
    Arrival {
        id: uuid(number),
        webhook_id: uuid(webhook),
        organization_id: known.organization_id,
        version: known.version,
        dedupe_key: key.to_owned(),
        delivery_id: None,
        event: Some("order.paid".to_owned()),
        ordering_key: None,
        key_id: None,
        is_hint: false,
        items: None,
        content_type: None,
        body: b"{}".to_vec(),
        sent_at: None,
        received_at: NOW,
    }
}

/// The first column of the first row.
fn value(database: &TestDatabase, sql: &str, parameters: &[Value]) -> Value {
    let rows = wait(database.execute(sql, parameters)).unwrap();
    rows.into_iter().next().unwrap().0.remove(0)
}

/// Rows that belong to the webhook of this number.
fn count(database: &TestDatabase, table: &str, number: u64) -> i64 {
    let column = match table {
        "credentials" => "connector_id",
        _ => "webhook_id",
    };
    let sql = format!("SELECT count(*) FROM {table} WHERE {column} = ?1");
    match value(database, &sql, &[uuid(number).into()]) {
        Value::Integer(count) => count,
        other => panic!("{other:?}"),
    }
}

fn store(database: &TestDatabase, arrivals: &[Arrival]) -> Vec<Stored> {
    wait(events::store(database, arrivals)).unwrap()
}

#[test]
fn a_webhook_is_known_by_its_id_with_the_keys_that_count() {
    let (database, first, second) = received();
    let found = known(&database, 9, NOW).unwrap();
    assert_eq!(found.organization_id, first.as_str());
    assert_eq!(found.events, Some(vec!["order.*".to_owned()]));
    assert_eq!((found.state.as_str(), found.version), ("active", 2));
    assert_eq!(live(&database, 9, NOW), [("sealed-109".to_owned(), None)]);
    assert_eq!(known(&database, 11, NOW), None);
    assert_eq!(create(&database, &tenant(3), 12), Created::NoOrganization);
    // Nobody else's, whatever the id.
    let change = Change {
        name: Some("theirs"),
        ..Change::default()
    };
    assert!(!wait(webhooks::update(&database, &second, &uuid(9), change, NOW)).unwrap());
    assert!(!put(&database, &second, 9, 110, NOW));
    assert!(!wait(webhooks::delete(&database, &second, &uuid(9))).unwrap());
    assert_eq!(live(&database, 9, NOW), [("sealed-109".to_owned(), None)]);
}

#[test]
fn a_secret_that_was_replaced_counts_until_it_is_over() {
    let (database, first, _) = received();
    assert!(put(&database, &first, 9, 200, NOW + DAY));
    let both = [
        ("sealed-109".to_owned(), Some(NOW + DAY)),
        ("sealed-200".to_owned(), None),
    ];
    assert_eq!(live(&database, 9, NOW), both);
    assert_eq!(live(&database, 9, NOW + DAY - 1), both);
    assert_eq!(live(&database, 9, NOW + DAY), both[1..]);
    // Another rotation makes none last longer than it was to.
    assert!(put(&database, &first, 9, 201, NOW + 2 * DAY));
    let until: Vec<_> = live(&database, 9, NOW)
        .into_iter()
        .map(|one| one.1)
        .collect();
    assert_eq!(until, [Some(NOW + DAY), Some(NOW + 2 * DAY), None]);
    // At once: only the new one counts, and nothing is left of those before.
    assert!(put(&database, &first, 9, 202, NOW));
    assert_eq!(live(&database, 9, NOW), [("sealed-202".to_owned(), None)]);
    let sealed = "SELECT group_concat(field) FROM credentials WHERE connector_id = ?1";
    let fields = value(&database, sealed, &[uuid(9).into()]);
    assert_eq!(fields, uuid(202).into());
}

#[test]
fn so_many_secrets_count_at_a_time_and_no_more() {
    let (database, first, _) = received();
    for number in 1..MAX_LIVE as u64 {
        assert!(put(&database, &first, 9, 200 + number, NOW + DAY));
    }
    let added = wait(database.transaction(async |transaction| {
        let new = NewSecret {
            id: &uuid(300),
            owner: Owner::Received(&uuid(9)),
            sealed: "sealed-300",
            sealed_by: "k",
        };
        match secrets::put(transaction, &first, new, NOW + DAY, NOW).await? {
            true => Ok(true),
            false => Err(store::DatabaseError::Shape("full".to_owned())),
        }
    }));
    assert!(added.is_err());
    assert_eq!(i64::try_from(live(&database, 9, NOW).len()), Ok(MAX_LIVE));
    assert!(put_at(&database, &first, 9, 300, NOW + DAY, NOW + DAY));
}

#[test]
fn every_change_is_another_version() {
    let (database, first, _) = received();
    let version = || known(&database, 9, NOW).unwrap().version;
    let change = Change {
        events: Some(None),
        state: Some("paused"),
        ..Change::default()
    };
    let before = version();
    assert!(wait(webhooks::update(&database, &first, &uuid(9), change, NOW)).unwrap());
    let found = known(&database, 9, NOW).unwrap();
    assert_eq!((found.version, found.events), (before + 1, None));
    assert_eq!(found.state, "paused");
    assert!(put(&database, &first, 9, 200, NOW));
    assert_eq!(version(), before + 2);
    assert!(wait(webhooks::delete(&database, &first, &uuid(9))).unwrap());
    assert_eq!(known(&database, 9, NOW), None);
    for table in ["credentials", "webhook_secrets"] {
        assert_eq!(
            [count(&database, table, 9), count(&database, table, 10)],
            [0, 1]
        );
    }
}

#[test]
fn an_organization_has_so_many_webhooks() {
    let (database, first, second) = received();
    for number in 1..MAX_WEBHOOKS as u64 {
        assert_eq!(create(&database, &first, 1_000 + number), Created::Done);
    }
    assert_eq!(create(&database, &first, 9_000), Created::TooMany);
    assert_eq!(create(&database, &second, 9_001), Created::Done);
}

#[test]
fn an_event_is_stored_once_and_a_repeat_finds_the_first() {
    let (database, ..) = received();
    let new = |number, key: &str| arrival(&database, 9, number, key);
    let three = [new(50, "id:a"), new(51, "id:b"), new(52, "id:a")];
    database.take_statements();
    assert_eq!(
        store(&database, &three),
        [
            Stored::New {
                is_worked_on: false
            },
            Stored::New {
                is_worked_on: false
            },
            Stored::Repeat(uuid(50))
        ]
    );
    // One statement wrote them; only the repeat needs another.
    assert_eq!(database.take_statements().len(), 2);
    assert_eq!(
        store(&database, &[new(53, "id:b"), new(54, "id:c")]),
        [
            Stored::Repeat(uuid(51)),
            Stored::New {
                is_worked_on: false
            }
        ]
    );
    let one = [new(55, "id:d")];
    database.take_statements();
    assert_eq!(
        store(&database, &one),
        [Stored::New {
            is_worked_on: false
        }]
    );
    assert_eq!(database.take_statements().len(), 1);
    // Another webhook may have the same key.
    let theirs = arrival(&database, 10, 56, "id:a");
    assert_eq!(
        store(&database, &[theirs]),
        [Stored::New {
            is_worked_on: false
        }]
    );
    let events = [9, 10].map(|webhook| count(&database, "webhook_events", webhook));
    assert_eq!(events, [4, 1]);
    assert_eq!(store(&database, &[]), []);
}

#[test]
fn nothing_is_stored_that_was_proven_by_what_does_not_count_any_more() {
    let (database, first, second) = received();
    let old = arrival(&database, 9, 50, "id:a");
    let stored = arrival(&database, 9, 51, "id:b");
    assert_eq!(
        store(&database, std::slice::from_ref(&stored)),
        [Stored::New {
            is_worked_on: false
        }]
    );
    assert!(put(&database, &first, 9, 200, NOW));
    let theirs = arrival(&database, 10, 52, "id:a");
    let foreign = Arrival {
        organization_id: second.as_str().to_owned(),
        ..arrival(&database, 9, 53, "id:c")
    };
    assert_eq!(
        store(&database, &[old, theirs, stored, foreign]),
        [
            Stored::Changed,
            Stored::New {
                is_worked_on: false
            },
            Stored::Repeat(uuid(51)),
            Stored::Changed
        ]
    );
    let change = Change {
        state: Some("paused"),
        ..Change::default()
    };
    let paused = arrival(&database, 9, 54, "id:e");
    wait(webhooks::update(&database, &first, &uuid(9), change, NOW)).unwrap();
    assert_eq!(store(&database, &[paused]), [Stored::Changed]);
    let paused = arrival(&database, 9, 55, "id:e");
    assert_eq!(store(&database, &[paused]), [Stored::Changed]);
}

#[test]
fn any_bytes_come_back_as_they_came_and_to_nobody_else() {
    let (database, first, second) = received();
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let one = Arrival {
        body: bytes.clone(),
        ..arrival(&database, 9, 50, "id:a")
    };
    let empty = Arrival {
        body: Vec::new(),
        ..arrival(&database, 9, 51, "id:b")
    };
    store(&database, &[one, empty]);
    let read = |tenant, number| wait(events::body(&database, tenant, &uuid(number))).unwrap();
    assert_eq!(read(&first, 50), Some(bytes));
    assert_eq!(read(&first, 51), Some(Vec::new()));
    assert_eq!(read(&second, 50), None);
    assert_eq!(read(&first, 99), None);
}

#[test]
fn what_is_not_kept_is_counted_by_the_version_that_does_not_keep_it() {
    let (database, first, _) = received();
    let version = known(&database, 9, NOW).unwrap().version;
    let ignored = |number, version, count| Ignored {
        id: uuid(number),
        version,
        count,
    };
    let counted = wait(webhooks::count_ignored(
        &database,
        &[ignored(9, version, 3), ignored(10, 1, 5), ignored(11, 1, 1)],
    ));
    assert_eq!(counted, Ok(vec![(uuid(9), version)]));
    let again = wait(webhooks::count_ignored(
        &database,
        &[ignored(9, version, 4)],
    ));
    assert_eq!(again, Ok(vec![(uuid(9), version)]));
    let sql = "SELECT ignored_count FROM webhooks WHERE id = ?1 AND organization_id = ?2";
    let counted = value(&database, sql, &[uuid(9).into(), first.as_str().into()]);
    assert_eq!(counted, Value::Integer(7));
}

#[test]
fn what_is_old_goes_in_bounded_steps() {
    let (database, ..) = received();
    for number in 0..10 {
        let one = Arrival {
            received_at: NOW + i64::try_from(number).unwrap(),
            ..arrival(&database, 9, 50 + number, &format!("id:{number}"))
        };
        store(&database, &[one]);
    }
    let before = NOW + 5;
    let prune = |limit| wait(events::prune(&database, before, limit)).unwrap();
    // What nobody has worked on yet stays.
    assert_eq!(prune(3), 0);
    let processed = "UPDATE webhook_events SET state = 'processed' WHERE seq > 0";
    wait(database.execute(processed, &[])).unwrap();
    assert_eq!([prune(3), prune(3), prune(3)], [3, 2, 0]);
    assert_eq!(count(&database, "webhook_events", 9), 5);
    const { assert!(KEEP_SECONDS >= 30 * DAY) };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However deliveries are spread over batches, each key is stored once, by its first arrival.
    #[test]
    fn each_key_is_stored_once(
        keys in proptest::collection::vec(0_u8..12, 1..150),
        size in 1_usize..=MAX_BATCH,
    ) {
        let (database, ..) = received();
        let arrivals: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(index, key)| arrival(&database, 9, 1_000 + index as u64, &format!("id:{key}")))
            .collect();
        let mut first = std::collections::HashMap::new();
        for batch in arrivals.chunks(size) {
            let stored = store(&database, batch);
            prop_assert_eq!(stored.len(), batch.len());
            for (arrival, stored) in batch.iter().zip(stored) {
                let known = first.entry(arrival.dedupe_key.clone());
                match known {
                    std::collections::hash_map::Entry::Vacant(place) => {
                        prop_assert_eq!(stored, Stored::New { is_worked_on: false });
                        place.insert(arrival.id.clone());
                    }
                    std::collections::hash_map::Entry::Occupied(place) => {
                        prop_assert_eq!(stored, Stored::Repeat(place.get().clone()));
                    }
                }
            }
        }
        prop_assert_eq!(usize::try_from(count(&database, "webhook_events", 9)), Ok(first.len()));
    }
}
