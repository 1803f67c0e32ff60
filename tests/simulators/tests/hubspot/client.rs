//! Our own client against the simulator.

use proptest::prelude::*;
use providers::ProviderError;
use providers::hubspot::{
    AccessToken, Client, DealsQuery, MeetingsQuery, OwnersQuery, Record, UsersQuery,
};
use simulators::hubspot::{Kind, PIPELINE, STAGES};

use crate::support::{NOW, World, client, texts};

fn deals() -> DealsQuery {
    DealsQuery {
        pipeline: Some(PIPELINE.to_owned()),
        stages: texts(&STAGES),
        unset: texts(&[
            "most_recent_clarify_booked_date",
            "most_recent_clarify_call_date",
        ]),
        adviser_property: "advisor_email".to_owned(),
        adviser_email: None,
        properties: texts(&["advisor_email", "agreement_start_date"]),
        above_id: None,
        after: None,
    }
}

async fn all_deals(world: &World, mut query: DealsQuery) -> Result<Vec<Record>, ProviderError> {
    let mut rows = Vec::new();
    loop {
        let page = world.call(client().deals(&query)?).await?;
        assert!(page.rejected.is_empty());
        rows.extend(page.rows);
        match page.next {
            None => return Ok(rows),
            next => query.after = next,
        }
    }
}

/// What a search gives at the most does not end what is read by ids.
#[tokio::test]
async fn a_search_is_read_on_from_the_last_id() {
    let world = World::free();
    world
        .hubspot()
        .change_settings(|settings| settings.search_results_max = 400);
    for id in 1..=1_001 {
        world.put(Kind::Deal, id, &[("advisor_email", "mia.tan@example.test")]);
    }
    let mut query = DealsQuery {
        adviser_property: "advisor_email".to_owned(),
        ..DealsQuery::default()
    };
    let mut found = Vec::new();
    loop {
        let page = world.call(client().deals(&query).unwrap()).await.unwrap();
        found.extend(page.rows.iter().map(|row| row.id.parse::<u64>().unwrap()));
        query.above_id = page.rows.last().map(|row| row.id.clone());
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(found, (1..=1_001).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_connection_is_tested() {
    let world = World::demo();
    let account = world.call(client().account().unwrap()).await.unwrap();
    assert_eq!(account.portal_id, 62_515);
    assert_eq!(account.time_zone.as_deref(), Some("Australia/Sydney"));
    let stranger = Client::new("http://simulator", AccessToken::parse("pat-x").unwrap()).unwrap();
    let error = world.call(stranger.account().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), "unauthorized");
}

#[tokio::test]
async fn advisers_and_owners_are_read() {
    let world = World::demo();
    for id in 1..=150 {
        world.put(
            Kind::User,
            id,
            &[("hs_email", &format!("{id}@example.test"))],
        );
    }
    let mut query = UsersQuery {
        properties: texts(&[
            "hs_email",
            "client_types",
            "household_type",
            "adviser_start_date",
        ]),
        after: None,
    };
    let mut users = Vec::new();
    loop {
        let page = world.call(client().users(&query).unwrap()).await.unwrap();
        users.extend(page.rows);
        match page.next {
            None => break,
            next => query.after = next,
        }
    }
    assert_eq!(users.len(), 163);
    let leo = users.iter().find(|user| user.id == "90210004").unwrap();
    assert_eq!(leo.get("client_types"), Some("Seed;Series A;Series B"));
    assert_eq!(leo.get("household_type"), None);
    assert_eq!(leo.get("adviser_start_date"), Some("2024-02-05"));
    let by_mail = OwnersQuery {
        email: Some("mia.tan@example.test".to_owned()),
        after: None,
    };
    let page = world
        .call(client().owners(&by_mail).unwrap())
        .await
        .unwrap();
    assert_eq!((page.rows[0].id.as_str(), page.rows.len()), ("7001", 1));
}

#[tokio::test]
async fn meetings_are_found_by_owner_type_and_start() {
    let world = World::free();
    for (id, start, kind, owner) in [
        (1, "2030-03-16T01:00:00Z", "Clarify", "7001"),
        (2, "2030-03-17T01:00:00Z", "Clarify", "7001"),
        (3, "2030-03-17T02:00:00Z", "Kick Off", "7001"),
        (4, "2030-03-17T03:00:00Z", "Review", "7001"),
        (5, "2030-03-17T04:00:00Z", "Clarify", "7002"),
        (6, "2030-03-17T04:00:00Z", "Clarify", "7003"),
    ] {
        let properties = [
            ("hs_meeting_start_time", start),
            ("hs_activity_type", kind),
            ("hubspot_owner_id", owner),
        ];
        world.put(Kind::Meeting, id, &properties);
    }
    let found = async |owners: &[&str], types: &[&str]| {
        let query = MeetingsQuery {
            owner_ids: texts(owners),
            types: texts(types),
            // 2030-03-17T01:00:00Z
            starts_from: 1_899_939_600,
            above_id: None,
            after: None,
        };
        let page = world
            .call(client().meetings(&query).unwrap())
            .await
            .unwrap();
        assert!(page.rows.iter().all(|row| row.starts_at >= 1_899_939_600));
        page.rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let both = ["Clarify", "Kick Off"];
    assert_eq!(found(&["7001"], &both).await, ["2", "3"]);
    assert_eq!(found(&["7001", "7002"], &both).await, ["2", "3", "5"]);
    assert_eq!(found(&["7001"], &["Review"]).await, ["4"]);
    assert_eq!(found(&["7001"], &[]).await, ["2", "3", "4"]);
}

#[tokio::test]
async fn deals_are_found_of_one_adviser_and_of_all_over_many_pages() {
    let world = World::free();
    assert_eq!(all_deals(&world, deals()).await.unwrap().len(), 7);
    let of_one = DealsQuery {
        adviser_email: Some("MIA.TAN@example.test".to_owned()),
        ..deals()
    };
    let rows = all_deals(&world, of_one).await.unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["601", "602"]);
    assert_eq!(rows[0].get("agreement_start_date"), Some("2026-03-02"));
    for id in 1_000..1_500 {
        let properties = [
            ("pipeline", PIPELINE),
            ("dealstage", STAGES[0]),
            ("advisor_email", "mia.tan@example.test"),
        ];
        world.put(Kind::Deal, id, &properties);
    }
    assert_eq!(all_deals(&world, deals()).await.unwrap().len(), 507);
}

#[tokio::test]
async fn a_deal_is_read_changed_and_cleared() {
    let world = World::demo();
    let deal = client().deal("501", &["advisor", "client_email"]).unwrap();
    let deal = world.call(deal).await.unwrap();
    assert_eq!(deal.get("client_email"), Some("sam.lee@example.test"));
    assert_eq!(deal.get("advisor"), None);
    let changes = [
        ("advisor", "7001"),
        ("hubspot_owner_id", "7001"),
        ("client_email", ""),
    ];
    let changed = world
        .call(client().update_deal("501", &changes).unwrap())
        .await
        .unwrap();
    assert_eq!(changed.get("advisor"), Some("7001"));
    assert_eq!(changed.get("client_email"), None);
    assert_eq!(world.hubspot().value(Kind::Deal, 501, "client_email"), None);
    assert_eq!(world.hubspot().patches()[0].properties.len(), 3);
    let wrong = client().update_deal("501", &[("advisr", "7001")]).unwrap();
    match world.call(wrong).await.unwrap_err() {
        ProviderError::Invalid { param, detail } => {
            assert_eq!(param.as_deref(), Some("advisr"));
            assert_eq!(
                detail.as_deref(),
                Some("Property \"advisr\" does not exist")
            );
        }
        other => panic!("{other:?}"),
    }
    let missing = client().deal("999", &["advisor"]).unwrap();
    assert_eq!(world.call(missing).await.unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn clients_are_read_through_their_deals() {
    let world = World::demo();
    let page = world
        .call(client().contacts_of_deal("502", None).unwrap())
        .await
        .unwrap();
    let contacts: Vec<_> = page
        .rows
        .iter()
        .map(|row| (row.contact_id.as_str(), row.labels.len()))
        .collect();
    assert_eq!(contacts, [("80020", 0), ("80021", 1)]);
    let batch = client().contacts_of_deals(&["501", "502", "601"]).unwrap();
    let batch = world.call(batch).await.unwrap();
    assert_eq!(batch.deals.len(), 2);
    assert_eq!(batch.deals[1].contacts, page.rows);
    assert_eq!(batch.failures[0].external_id.as_deref(), Some("601"));
    let contact = client()
        .contact("80021", &["firstname", "lastname"])
        .unwrap();
    let contact = world.call(contact).await.unwrap();
    assert_eq!(
        (contact.get("firstname"), contact.get("lastname")),
        (Some("Arun"), Some("Nair"))
    );
    let link = [("box_folder", "https://example.test/folder/7")];
    world
        .call(client().update_contact("80021", &link).unwrap())
        .await
        .unwrap();
    assert!(
        world
            .hubspot()
            .value(Kind::Contact, 80_021, "box_folder")
            .is_some()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever times there are, the search gives those that an ordinary comparison gives.
    #[test]
    fn a_search_by_time_is_a_comparison(
        starts in prop::collection::vec(-2_000_i64..2_000, 0..40),
        from in -2_000_i64..2_000,
    ) {
        let world = World::free();
        for (id, start) in (1..).zip(&starts) {
            let time = chrono::DateTime::from_timestamp(2 * NOW + start, 0).unwrap().to_rfc3339();
            world.put(Kind::Meeting, id, &[
                ("hs_meeting_start_time", &time), ("hubspot_owner_id", "7001"), ("hs_activity_type", "X")]);
        }
        let query = MeetingsQuery {
            owner_ids: texts(&["7001"]),
            types: texts(&["X"]),
            starts_from: 2 * NOW + from,
            above_id: None,
            after: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let page = runtime.block_on(world.call(client().meetings(&query).unwrap())).unwrap();
        let expected: Vec<String> = (1_u64..).zip(&starts)
            .filter(|(_, start)| **start >= from).map(|(id, _)| id.to_string()).collect();
        let found: Vec<String> = page.rows.into_iter().map(|row| row.id).collect();
        prop_assert_eq!(found, expected);
    }
}
