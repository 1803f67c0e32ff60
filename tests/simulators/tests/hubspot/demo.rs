//! The firm that the demo allocates deals for.

use std::collections::BTreeSet;

use simulators::hubspot::{ADVISERS, DEALS, Kind, demo_data};

use crate::support::NOW;

#[test]
fn there_are_advisers_of_several_packages_and_ten_deals_that_nobody_has() {
    let account = demo_data(NOW);
    assert_eq!((account.owners.len(), ADVISERS.len()), (12, 12));
    let users = account.records(Kind::User);
    let packages: BTreeSet<&str> = users
        .values()
        .filter_map(|user| user.properties().get("client_types"))
        .flat_map(|packages| packages.split(';'))
        .collect();
    assert_eq!(
        packages.into_iter().collect::<Vec<_>>(),
        ["IPO", "Seed", "Series A", "Series B", "Series C"]
    );
    let deals = account.records(Kind::Deal);
    for id in DEALS {
        let deal = deals[&id].properties();
        assert!(!deal.contains_key("advisor"));
        let package = &deal["service_package"];
        // Somebody takes it.
        assert!(users.values().any(|user| {
            let taken = user.properties().get("client_types");
            taken.is_some_and(|taken| taken.split(';').any(|one| one == package))
        }));
        let contact = deal["hs_contact_id"].parse::<u64>().unwrap();
        assert!(account.records(Kind::Contact).contains_key(&contact));
        assert_eq!(account.associations[&id][0].contact, contact);
    }
    let held = deals
        .values()
        .filter(|deal| deal.properties().contains_key("advisor"));
    assert_eq!(held.count(), 7);
}

#[test]
fn it_is_the_same_for_the_same_time_and_moves_with_the_week() {
    let starts = |now| {
        let account = demo_data(now);
        let meetings = account.records(Kind::Meeting).values();
        meetings
            .map(|meeting| meeting.properties()["hs_meeting_start_time"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(starts(NOW), starts(NOW));
    assert_eq!(starts(NOW), starts(NOW + 86_400));
    // Tuesday at ten in Sydney, in the summer.
    assert!(starts(NOW).contains(&"2026-03-09T23:00:00Z".to_owned()));
    assert_ne!(starts(NOW), starts(NOW + 7 * 86_400));
    assert!(starts(NOW).len() > 30, "{}", starts(NOW).len());
}
