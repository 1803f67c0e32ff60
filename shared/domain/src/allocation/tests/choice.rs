//! Who is chosen, who is left out, and what is said when it is nobody.

use serde_json::json;

use super::super::decide::Criterion;
use super::super::reason::LeftOutBecause;
use super::super::settings::{Preset, Settings, UnknownSources};
use super::super::{
    Adviser, Deal, Decision, Outcome, OwnAllocation, Request, Source, Unknown, Week,
};
use super::{MIA, World, date, id, seed};

const TOM: Adviser<'static> = Adviser {
    email: "tom.lee@example.com",
    owner_id: "7002",
    id: "9002",
    ..MIA
};
const ANN: Adviser<'static> = Adviser {
    email: "ann.ho@example.com",
    owner_id: "7003",
    id: "9003",
    ..MIA
};

fn world(advisers: &[Adviser<'static>]) -> World {
    World {
        advisers: advisers.to_vec(),
        ..World::new()
    }
}

fn decide(world: &World, request: &Request<'_>) -> Decision {
    world.decide(request, &Settings::default())
}

/// The mail of who was chosen and by what, or the reason.
fn outcome(decision: &Decision) -> (String, &'static str) {
    match &decision.outcome {
        Outcome::Chosen(chosen) => (chosen.email.clone(), chosen.by.as_str()),
        Outcome::Failed(failure) => (String::new(), failure.reason()),
    }
}

fn reason(world: &World, request: &Request<'_>) -> &'static str {
    let decision = decide(world, request);
    assert!(
        matches!(decision.outcome, Outcome::Failed(_)),
        "{decision:?}"
    );
    outcome(&decision).1
}

fn left_out(decision: &Decision) -> Vec<(&str, LeftOutBecause)> {
    decision
        .left_out
        .iter()
        .map(|one| (one.email.as_str(), one.because))
        .collect()
}

fn given(deal_id: &'static str, to: Adviser<'static>, day: &str) -> OwnAllocation<'static> {
    OwnAllocation {
        deal_id,
        decided_at: 1_000,
        adviser_email: to.email,
        decided_on: date(day),
        written_at: Some(1_000),
        agreement_start: None,
        earliest_week: None,
    }
}

#[test]
fn the_earliest_week_wins() {
    let world = world(&[MIA, TOM]).deals("2026-02-16", 6);
    let decision = decide(&world, &seed());
    assert_eq!(outcome(&decision), (TOM.email.to_owned(), "earliest_week"));
    let candidates: Vec<_> = decision
        .candidates
        .iter()
        .map(|one| (one.name.as_str(), one.earliest_label.as_str()))
        .collect();
    assert_eq!(
        candidates,
        [("Tom Lee", "2026-W13"), ("Mia Tan", "2026-W15")]
    );
}

#[test]
fn among_equals_it_is_the_ratio_then_allocations_then_the_alphabet() {
    let ratio = world(&[MIA, TOM]).clarifies("2026-03-25", 1);
    assert_eq!(
        outcome(&decide(&ratio, &seed())),
        (TOM.email.to_owned(), "ratio")
    );

    let mut fewest = world(&[MIA, TOM, ANN]);
    fewest.allocations = vec![
        given("1", ANN, "2026-03-01"),
        given("2", MIA, "2025-12-11"),
        // Too long ago.
        given("3", TOM, "2025-12-10"),
    ];
    let decision = decide(&fewest, &seed());
    assert_eq!(
        outcome(&decision),
        (TOM.email.to_owned(), "fewest_allocations")
    );
    let Outcome::Chosen(chosen) = &decision.outcome else {
        panic!()
    };
    assert_eq!(
        chosen.left_after,
        [
            (Criterion::EarliestWeek, 3),
            (Criterion::Ratio, 3),
            (Criterion::FewestAllocations, 1)
        ]
    );

    let alphabet = world(&[TOM, MIA, ANN]);
    assert_eq!(
        outcome(&decide(&alphabet, &seed())),
        (ANN.email.to_owned(), "email")
    );
    assert_eq!(
        outcome(&decide(&world(&[MIA]), &seed())),
        (MIA.email.to_owned(), "only_candidate")
    );
}

#[test]
fn a_deal_that_went_on_to_somebody_else_counts_for_the_last_one() {
    let mut again = world(&[MIA, TOM]);
    let to_tom = OwnAllocation {
        decided_at: 2_000,
        ..given("1", TOM, "2026-03-01")
    };
    again.allocations = vec![to_tom, given("1", MIA, "2026-03-01")];
    assert_eq!(outcome(&decide(&again, &seed())).0, MIA.email);
}

#[test]
fn a_hundred_deals_at_once_are_spread() {
    for agreement in [None, Some("2026-03-10"), Some("2026-04-20")] {
        let mut world = world(&[MIA, TOM, ANN]);
        let mut weeks: Vec<(&str, Week)> = Vec::new();
        for number in 0..100 {
            let request = Request {
                deal_id: id(number),
                agreement_start: agreement.map(date),
                ..seed()
            };
            let decision = decide(&world, &request);
            let Outcome::Chosen(chosen) = decision.outcome else {
                panic!("{number}")
            };
            let email = world
                .advisers
                .iter()
                .find(|one| one.email == chosen.email)
                .unwrap()
                .email;
            weeks.push((email, chosen.earliest_week));
            world.allocations.push(OwnAllocation {
                deal_id: id(number),
                decided_at: world.deals_read_at,
                adviser_email: email,
                decided_on: world.today,
                written_at: None,
                agreement_start: request.agreement_start,
                earliest_week: Some(chosen.earliest_week.monday()),
            });
        }
        for adviser in [MIA, TOM, ANN] {
            let mine: Vec<Week> = weeks
                .iter()
                .filter(|(email, _)| *email == adviser.email)
                .map(|(_, week)| *week)
                .collect();
            assert!(
                (30..=37).contains(&mine.len()),
                "{agreement:?}: {}",
                mine.len()
            );
            // Later ones get later weeks, and no week is given again and again: what was not used in the two weeks
            // before may be made up for, and after that the pace is the target's.
            assert!(mine.is_sorted(), "{agreement:?}: {mine:?}");
            let of_first = mine.iter().filter(|week| **week == mine[0]).count();
            assert!(of_first <= 5, "{agreement:?}: {of_first} in the first week");
            for (at, week) in mine.iter().enumerate().skip(10) {
                let passed = i64::from(week.weeks_since(mine[0]));
                let places = 5 + (passed + 1) * 3 / 2;
                assert!(
                    i64::try_from(at).unwrap() <= places,
                    "{agreement:?}: {at} by {week}"
                );
            }
        }
    }
}

/// The same without the correction: all of them get the same place.
#[test]
fn without_held_weeks_any_number_of_deals_gets_one_place() {
    let mut settings = Settings::default();
    settings.fixes.hold_promised_weeks = false;
    let mut world = world(&[MIA]);
    for number in 0..20 {
        let request = Request {
            deal_id: id(number),
            agreement_start: Some(date("2026-04-20")),
            ..seed()
        };
        let Outcome::Chosen(chosen) = world.decide(&request, &settings).outcome else {
            panic!()
        };
        assert_eq!(chosen.earliest_week.to_string(), "2026-04-27");
        world.allocations.push(OwnAllocation {
            written_at: None,
            agreement_start: request.agreement_start,
            earliest_week: Some(chosen.earliest_week.monday()),
            ..given(id(number), MIA, "2026-03-11")
        });
    }
}

#[test]
fn a_deal_that_becomes_visible_changes_nothing() {
    let mut before = world(&[MIA]);
    for number in 0..4 {
        before.allocations.push(OwnAllocation {
            written_at: Some(before.deals_read_at - 60),
            agreement_start: Some(date("2026-03-10")),
            earliest_week: Some(date("2026-03-23")),
            ..given(id(number), MIA, "2026-03-11")
        });
    }
    let mut after = before.clone();
    for number in 0..4 {
        after.deals.push(Deal {
            id: id(number),
            adviser_email: MIA.email,
            agreement_start: Some(date("2026-03-10")),
        });
        let tables = |world: &World| world.table(&Settings::default());
        assert_eq!(tables(&after), tables(&before), "{number}");
    }
    // And without what we know ourselves, when the search has caught up.
    after.allocations.clear();
    assert_eq!(
        after.table(&Settings::default()),
        before.table(&Settings::default())
    );
}

#[test]
fn deals_of_somebody_who_has_not_started_wait_for_the_first_week() {
    let new = World::new().starts("2026-05-04").deals("2026-03-10", 5);
    let corrected = new.answer(None, &Settings::default());
    assert!(corrected.week.unwrap().to_string().as_str() > "2026-04-13");
    let compatible = new.answer(None, &Settings::preset(Preset::Compatible));
    assert_eq!(compatible.week.unwrap().to_string(), "2026-04-13");
}

#[test]
fn everybody_who_is_left_out_is_named_with_the_reason() {
    let advisers = [
        MIA,
        Adviser {
            email: "a@example.com",
            taking_on_clients: "False",
            ..TOM
        },
        Adviser {
            email: "b@example.com",
            packages: "IPO",
            ..TOM
        },
        Adviser {
            email: "c@example.com",
            households: "Trust",
            ..TOM
        },
        Adviser {
            email: "d@example.com",
            owner_id: " ",
            ..TOM
        },
        Adviser { email: "", ..TOM },
        Adviser {
            email: "e@example.com",
            owner_id: "1",
            ..TOM
        },
        Adviser {
            email: "E@example.com",
            owner_id: "2",
            ..TOM
        },
        Adviser {
            email: "f@example.com",
            start_date: "in May",
            ..TOM
        },
        Adviser {
            email: "g@example.com",
            start_date: "2031-01-01",
            ..TOM
        },
        Adviser {
            email: "h@example.com",
            ..TOM
        },
        Adviser {
            email: "i@example.com",
            pod_type: "Nobody",
            ..TOM
        },
        Adviser {
            email: "j@example.com",
            ..TOM
        },
    ];
    let mut world = world(&advisers).closure("2026-03-23", "2026-03-23");
    world.unknown.push(Unknown {
        source: Source::Leave,
        adviser: Some("h@example.com"),
    });
    world.leave.push(super::super::Leave {
        id: "1",
        email: "J@example.com",
        first: date("2026-03-01"),
        last: date("2028-01-01"),
        hours: &[],
    });
    let mut settings = Settings::default();
    settings.limits.by_pod_type.insert("Nobody".to_owned(), 0);
    let request = Request {
        household_type: "couple",
        ..seed()
    };
    let decision = world.decide(&request, &settings);
    assert_eq!(outcome(&decision), (MIA.email.to_owned(), "only_candidate"));
    assert_eq!(
        left_out(&decision),
        [
            ("", LeftOutBecause::NoEmail),
            ("E@example.com", LeftOutBecause::EmailNotUnique),
            ("a@example.com", LeftOutBecause::NotTakingClients),
            ("b@example.com", LeftOutBecause::PackageNotServed),
            ("c@example.com", LeftOutBecause::HouseholdNotServed),
            ("d@example.com", LeftOutBecause::NoOwnerId),
            ("e@example.com", LeftOutBecause::EmailNotUnique),
            ("f@example.com", LeftOutBecause::StartDateUnreadable),
            ("g@example.com", LeftOutBecause::StartsBeyondHorizon),
            ("h@example.com", LeftOutBecause::SourceUnknown),
            ("i@example.com", LeftOutBecause::TargetIsZero),
            ("j@example.com", LeftOutBecause::OnLeave),
        ]
    );
    assert_eq!(decision.left_out[9].sources, [Source::Leave]);
}

#[test]
fn what_is_wrong_with_the_deal_is_said_before_anybody_is_looked_at() {
    let one = world(&[MIA]);
    let with = |change: fn(&mut Request<'_>)| {
        let mut request = seed();
        change(&mut request);
        reason(&one, &request)
    };
    assert_eq!(
        with(|request| request.service_package = "  "),
        "missing_service_package"
    );
    assert_eq!(
        with(|request| request.service_package = "Sede"),
        "unknown_service_package"
    );
    assert_eq!(
        with(|request| request.service_package = "Series C"),
        "no_eligible_adviser"
    );
    assert_eq!(
        with(|request| request.household_type = "Trust"),
        "household_mismatch"
    );
    assert_eq!(
        with(|request| request.held_by = "tom.lee@example.com"),
        "already_allocated"
    );
    assert_eq!(
        with(|request| request.agreement_start = Some(date("2027-03-01"))),
        "agreement_beyond_horizon"
    );
    let last = Request {
        agreement_start: Some(date("2027-02-28")),
        ..seed()
    };
    let decision = decide(&one, &last);
    let Outcome::Chosen(chosen) = &decision.outcome else {
        panic!("{decision:?}")
    };
    assert_eq!(chosen.earliest_week.to_string(), "2027-03-01");
    assert_eq!(reason(&world(&[]), &seed()), "no_advisers");
    let no = Adviser {
        taking_on_clients: "False",
        ..MIA
    };
    assert_eq!(reason(&world(&[no]), &seed()), "no_eligible_adviser");
}

#[test]
fn nobody_is_left_for_reasons_of_one_kind() {
    let away = world(&[MIA, TOM]).closure("2026-03-01", "2028-01-01");
    assert_eq!(reason(&away, &seed()), "everyone_on_leave");
    let none = world(&[MIA]).limit("2026-03-02", 1);
    assert_eq!(reason(&none, &seed()), "limits_are_zero");
    let zero = world(&[MIA]).limit("2026-03-02", 0);
    assert_eq!(reason(&zero, &seed()), "limits_are_zero");
    let mixed = world(&[
        MIA,
        Adviser {
            owner_id: "",
            ..TOM
        },
    ])
    .limit("2026-03-02", 1);
    assert_eq!(reason(&mixed, &seed()), "no_eligible_adviser");
}

#[test]
fn a_limit_of_nothing_from_some_week_on_is_an_end() {
    // Booked out until the limit ends.
    let counts = [3; 12];
    let ends = world(&[MIA])
        .weekly("2026-03-09", &counts)
        .limit("2026-06-01", 1);
    assert_eq!(reason(&ends, &seed()), "limits_are_zero");
}

#[test]
fn who_is_unknown_is_never_free() {
    let mut unknown = world(&[MIA, TOM]).deals("2026-02-16", 6);
    unknown.unknown.push(Unknown {
        source: Source::Meetings,
        adviser: Some(TOM.owner_id),
    });
    let decision = decide(&unknown, &seed());
    assert_eq!(
        outcome(&decision).0,
        MIA.email,
        "known to be busy before not known to be free"
    );
    assert_eq!(
        left_out(&decision),
        [(TOM.email, LeftOutBecause::SourceUnknown)]
    );

    // As the replaced system did it.
    let mut free = Settings::default();
    free.fixes.unknown_sources = UnknownSources::CountAsFree;
    let decision = unknown.decide(&seed(), &free);
    assert_eq!(outcome(&decision).0, TOM.email);
    assert_eq!(decision.candidates[0].unknown, [Source::Meetings]);

    let mut fail = Settings::default();
    fail.fixes.unknown_sources = UnknownSources::Fail;
    let decision = unknown.decide(&seed(), &fail);
    assert_eq!(outcome(&decision).1, "source_unknown");
    // Somebody who may not take the deal may be unknown.
    unknown.advisers[1].packages = "IPO";
    assert_eq!(outcome(&unknown.decide(&seed(), &fail)).0, MIA.email);

    for source in [Source::Deals, Source::Users] {
        let mut all = world(&[MIA, TOM]);
        all.unknown.push(Unknown {
            source,
            adviser: None,
        });
        let decision = decide(&all, &seed());
        let Outcome::Failed(failure) = &decision.outcome else {
            panic!()
        };
        assert_eq!(
            (failure.reason(), failure.is_passing()),
            ("source_unknown", true)
        );
        assert!(failure.detail().contains(source.as_str()));
    }
}

#[test]
fn a_decision_explains_itself() {
    let world = world(&[
        MIA,
        Adviser {
            packages: "IPO",
            ..TOM
        },
    ])
    .deals("2026-02-16", 6);
    let decision = decide(
        &world,
        &Request {
            deal_id: "501",
            ..seed()
        },
    );
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(
        json["chosen"],
        json!({
            "email": "mia.tan@example.com", "name": "Mia Tan", "owner_id": "7001",
            "earliest_week": "2026-04-06", "earliest_label": "2026-W15",
            "by": "only_candidate", "left_after": [],
        })
    );
    assert_eq!(
        (&json["mode"], &json["deal_id"]),
        (&json!("corrected"), &json!("501"))
    );
    let mia = &json["candidates"][0];
    assert_eq!(mia["answer"]["carried_in"], 3);
    assert_eq!(
        mia["answer"]["steps"][0],
        json!({
            "week": "2026-03-23", "new": 0, "room": 3, "placed": 2, "spare": 1, "backlog": 1.5,
            "aimed_at": 6, "taken": 0, "is_open": false,
        })
    );
    assert_eq!(mia["table"]["first_week"], "2026-03-02");
    assert_eq!(mia["table"]["deals"][0], 6);
    assert_eq!(mia["table"]["ooo"].as_array().unwrap().len(), 53);
    assert_eq!(json["left_out"][0]["because"], "package_not_served");
    // A record of two hundred advisers has room in a row.
    assert!(serde_json::to_string(&mia).unwrap().len() < 2_500);

    let failed = serde_json::to_value(decide(&world, &Request::default())).unwrap();
    assert_eq!(failed["failed"]["reason"], "missing_service_package");
    assert_eq!(failed.get("chosen"), None);
}
