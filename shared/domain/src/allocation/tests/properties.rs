//! What holds whatever the input is, and a counterexample where it does not.

use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;

use super::super::availability;
use super::super::settings::{Limits, Settings};
use super::super::{
    Adviser, Closed, Deal, HoursOfDay, Leave, LimitOverride, Meeting, MeetingKind, Outcome,
    OwnAllocation, Request, Source, Unknown,
};
use super::oracle::{a_request, a_world, some_settings};
use super::{MIA, World, date};

/// A permutation of rows that is made of a number.
fn shuffled<T: Copy>(rows: &[T], mut seed: u64, with_twins: bool) -> Vec<T> {
    let mut rows = rows.to_vec();
    if with_twins {
        let again = rows.len() / 2;
        rows.extend_from_within(..again);
    }
    for at in (1..rows.len()).rev() {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(seed >> 33).unwrap() % (at + 1);
        rows.swap(at, other);
    }
    rows
}

fn moved(day: NaiveDate, weeks: i64) -> NaiveDate {
    day + TimeDelta::days(7 * weeks)
}

/// Everything so many weeks later.
fn moved_world(world: &World, weeks: i64) -> World {
    let to = |day| moved(day, weeks);
    let text = |day: &str| -> &'static str {
        match day.parse::<NaiveDate>() {
            Ok(day) => Box::leak(to(day).to_string().into_boxed_str()),
            Err(_) => "",
        }
    };
    let seconds = weeks * 7 * 86_400;
    let mut world = world.clone();
    world.today = to(world.today);
    for adviser in &mut world.advisers {
        adviser.start_date = text(adviser.start_date);
    }
    for meeting in &mut world.meetings {
        meeting.day = to(meeting.day);
        meeting.starts_at += seconds;
    }
    for deal in &mut world.deals {
        deal.agreement_start = deal.agreement_start.map(to);
    }
    world.deals_read_at += seconds;
    for leave in &mut world.leave {
        (leave.first, leave.last) = (to(leave.first), to(leave.last));
        let hours = leave.hours.iter().map(|one| HoursOfDay {
            day: to(one.day),
            ..*one
        });
        leave.hours = Box::leak(hours.collect::<Box<[_]>>());
    }
    for closed in &mut world.closures {
        *closed = Closed {
            first: to(closed.first),
            last: to(closed.last),
        };
    }
    for limit in &mut world.overrides {
        limit.effective_date = to(limit.effective_date);
    }
    for one in &mut world.allocations {
        one.decided_on = to(one.decided_on);
        one.written_at = one.written_at.map(|at| at + seconds);
        one.agreement_start = one.agreement_start.map(to);
        one.earliest_week = one.earliest_week.map(to);
    }
    world
}

/// Mia's earliest week; the end of the calendar for never.
fn week(world: &World, settings: &Settings) -> NaiveDate {
    let answer = world.answer(None, settings);
    answer
        .week
        .map_or(NaiveDate::MAX, super::super::Week::monday)
}

fn mia_alone(mut world: World) -> World {
    world.advisers = vec![MIA];
    world.unknown.clear();
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_order_of_rows_changes_nothing(
        world in a_world(),
        request in a_request(),
        settings in some_settings(),
        seed in any::<u64>(),
        with_twins in any::<bool>(),
    ) {
        let other = World {
            advisers: shuffled(&world.advisers, seed, false),
            meetings: shuffled(&world.meetings, seed, with_twins),
            deals: shuffled(&world.deals, seed, with_twins),
            leave: shuffled(&world.leave, seed, with_twins),
            closures: shuffled(&world.closures, seed, false),
            overrides: shuffled(&world.overrides, seed, with_twins),
            allocations: shuffled(&world.allocations, seed, with_twins),
            unknown: shuffled(&world.unknown, seed, with_twins),
            ..world.clone()
        };
        prop_assert_eq!(world.decide(&request, &settings), other.decide(&request, &settings));
        prop_assert_eq!(
            availability::earliest_weeks(&world.input(), &settings, None, true),
            availability::earliest_weeks(&other.input(), &settings, None, true)
        );
        prop_assert_eq!(
            availability::matrix(&world.advisers, &settings),
            availability::matrix(&other.advisers, &settings)
        );
    }

    #[test]
    fn weeks_later_it_is_the_same(
        world in a_world(),
        request in a_request(),
        settings in some_settings(),
        weeks in -60..200i64,
    ) {
        let later = moved_world(&world, weeks);
        let later_request = Request {
            agreement_start: request.agreement_start.map(|day| moved(day, weeks)),
            ..request
        };
        let answers = |world: &World, request: &Request<'_>, weeks| -> Vec<_> {
            let decision = world.decide(request, &settings);
            let chosen = match decision.outcome {
                Outcome::Chosen(chosen) => Some((chosen.email, chosen.by)),
                Outcome::Failed(_) => None,
            };
            let candidates = decision.candidates.into_iter().map(|one| {
                (one.email, Some(moved(one.earliest_week.monday(), weeks)), Some(one.ratio))
            });
            let left_out = decision.left_out.into_iter().map(|one| (one.email, None, None));
            candidates.chain(left_out).map(|one| (one, chosen.clone())).collect()
        };
        prop_assert_eq!(answers(&world, &request, weeks), answers(&later, &later_request, 0));
    }

    #[test]
    fn what_is_chosen_holds_what_was_promised(world in a_world(), request in a_request()) {
        let decision = world.decide(&request, &Settings::default());
        if let Outcome::Chosen(chosen) = &decision.outcome {
            let first = &decision.candidates[0];
            prop_assert_eq!((&first.email, first.earliest_week), (&chosen.email, chosen.earliest_week));
            let floor = super::super::Week::of(world.today).plus(2);
            prop_assert!(chosen.earliest_week >= floor);
            for one in &decision.candidates {
                prop_assert!(one.earliest_week >= chosen.earliest_week);
                prop_assert_eq!(one.answer.week, Some(one.earliest_week));
                prop_assert!(one.unknown.is_empty());
            }
        }
        prop_assert_eq!(decision.candidates.len() + decision.left_out.len(), match &decision.outcome {
            Outcome::Failed(failure) if failure.reason() == "agreement_beyond_horizon" => 0,
            _ => world.advisers.len(),
        });
    }

    #[test]
    fn more_leave_is_never_earlier_where_nothing_is_booked(
        world in a_world(),
        first in -20..120i64,
        length in 0..30i64,
    ) {
        let mut world = mia_alone(world);
        world.meetings.clear();
        world.deals.clear();
        world.allocations.clear();
        world.overrides.clear();
        let first = date("2026-03-09") + TimeDelta::days(first);
        let before = week(&world, &Settings::default());
        world.closures.push(Closed { first, last: first + TimeDelta::days(length) });
        prop_assert!(week(&world, &Settings::default()) >= before);
    }

    #[test]
    fn a_higher_limit_is_never_later_where_no_meeting_is_booked(
        world in a_world(),
        limit in 2..12u32,
        more in 1..4u32,
    ) {
        let mut world = mia_alone(world);
        world.meetings.clear();
        world.overrides.clear();
        let of = |monthly: u32| Settings {
            limits: Limits { monthly, ..Settings::default().limits },
            ..Settings::default()
        };
        prop_assert!(week(&world, &of(limit + more)) <= week(&world, &of(limit)));
    }
}

/// One would like leave never to make an answer earlier. It does where meetings are booked in a week that becomes
/// one of absence: it is passed over, and its meetings no longer count against the week after it.
#[test]
fn leave_can_make_an_answer_earlier() {
    let booked = World::new().clarifies("2026-03-25", 3);
    let away = booked.clone().leave("2026-03-23", "2026-03-31");
    let settings = Settings::default();
    assert_eq!(week(&booked, &settings), date("2026-04-06"));
    assert_eq!(week(&away, &settings), date("2026-03-30"));
}

/// It does so also without any meeting, where a shorter week places less of what waits.
#[test]
fn leave_can_make_an_answer_earlier_without_meetings() {
    let waiting = World::new()
        .deals("2026-03-04", 4)
        .deals("2026-03-11", 3)
        .deals("2026-03-18", 1);
    let away = waiting.clone().leave("2026-04-06", "2026-04-08");
    let settings = Settings::default();
    assert_eq!(week(&waiting, &settings), date("2026-04-20"));
    assert_eq!(week(&away, &settings), date("2026-04-13"));
}

/// One would like more capacity never to make an answer later. It does where it places more in a week, which takes
/// up room in the week after it.
#[test]
fn a_higher_limit_can_make_an_answer_later() {
    let booked = World::new()
        .weekly("2026-03-02", &[3, 0, 0, 4, 2])
        .closure("2026-04-14", "2026-04-18");
    let more = booked.clone().limit("2026-04-06", 8);
    let settings = Settings::default();
    assert_eq!(week(&booked, &settings), date("2026-04-13"));
    assert_eq!(week(&more, &settings), date("2026-04-20"));
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    prop_oneof![
        Just(NaiveDate::MIN),
        Just(NaiveDate::MAX),
        (NaiveDate::MIN.num_days_from_ce_i64()..NaiveDate::MAX.num_days_from_ce_i64()).prop_map(
            |days| NaiveDate::from_num_days_from_ce_opt(i32::try_from(days).unwrap()).unwrap()
        ),
        (739_000..740_500).prop_map(|days| NaiveDate::from_num_days_from_ce_opt(days).unwrap()),
    ]
}

trait Number {
    fn num_days_from_ce_i64(&self) -> i64;
}

impl Number for NaiveDate {
    fn num_days_from_ce_i64(&self) -> i64 {
        i64::from(chrono::Datelike::num_days_from_ce(self))
    }
}

fn any_text() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        " ",
        "True",
        "TRUE",
        "Seed",
        "seed;;,|/",
        "é",
        "9999-12-31",
        "2026-05-04",
        "2199-12-31",
        "-5",
        "mia",
        "MIA ",
        "7001",
        "\u{0}",
        "Solo Adviser",
    ])
}

/// Everything that a type allows.
fn a_wild_world() -> impl Strategy<Value = World> {
    let adviser = prop::collection::vec(any_text(), 8);
    let meeting = (
        any_text(),
        any_text(),
        any::<bool>(),
        any::<i64>(),
        any_day(),
    );
    let deal = (any_text(), any_text(), prop::option::of(any_day()));
    let leave = (
        any_text(),
        any_text(),
        any_day(),
        any_day(),
        any_day(),
        any::<i64>(),
    );
    let limit = (any_text(), any_day(), any::<i64>());
    let allocation = (
        (
            any_text(),
            any_text(),
            any::<i64>(),
            prop::option::of(any::<i64>()),
        ),
        (
            any_day(),
            prop::option::of(any_day()),
            prop::option::of(any_day()),
        ),
    );
    (
        (any_day(), any::<i64>()),
        prop::collection::vec(adviser, 0..5),
        prop::collection::vec(meeting, 0..30),
        prop::collection::vec(deal, 0..30),
        prop::collection::vec(leave, 0..6),
        prop::collection::vec((any_day(), any_day()), 0..4),
        prop::collection::vec(limit, 0..6),
        prop::collection::vec(allocation, 0..8),
        prop::collection::vec(prop::option::of(any_text()), 0..2),
    )
        .prop_map(
            |(
                (today, deals_read_at),
                advisers,
                meetings,
                deals,
                leave,
                closures,
                limits,
                allocations,
                unknown,
            )| World {
                today,
                deals_read_at,
                advisers: advisers
                    .into_iter()
                    .map(|texts| Adviser {
                        email: texts[0],
                        owner_id: texts[1],
                        id: texts[2],
                        taking_on_clients: texts[3],
                        packages: texts[4],
                        households: texts[5],
                        pod_type: texts[6],
                        start_date: texts[7],
                    })
                    .collect(),
                meetings: meetings
                    .into_iter()
                    .map(|(id, owner_id, is_clarify, starts_at, day)| Meeting {
                        id,
                        owner_id,
                        kind: if is_clarify {
                            MeetingKind::Clarify
                        } else {
                            MeetingKind::KickOff
                        },
                        starts_at,
                        day,
                        outcome: id,
                        title: id,
                    })
                    .collect(),
                deals: deals
                    .into_iter()
                    .map(|(id, adviser_email, agreement_start)| Deal {
                        id,
                        adviser_email,
                        agreement_start,
                    })
                    .collect(),
                leave: leave
                    .into_iter()
                    .map(|(id, email, first, last, day, minutes)| Leave {
                        id,
                        email,
                        first,
                        last,
                        hours: Box::leak(Box::new([
                            HoursOfDay { day, minutes },
                            HoursOfDay { day, minutes },
                        ])),
                    })
                    .collect(),
                closures: closures
                    .into_iter()
                    .map(|(first, last)| Closed { first, last })
                    .collect(),
                overrides: limits
                    .into_iter()
                    .map(|(id, effective_date, client_limit_monthly)| LimitOverride {
                        adviser_email: id,
                        effective_date,
                        id,
                        client_limit_monthly,
                    })
                    .collect(),
                allocations: allocations
                    .into_iter()
                    .map(
                        |(
                            (deal_id, adviser_email, decided_at, written_at),
                            (decided_on, agreement_start, earliest_week),
                        )| {
                            OwnAllocation {
                                deal_id,
                                decided_at,
                                adviser_email,
                                decided_on,
                                written_at,
                                agreement_start,
                                earliest_week,
                            }
                        },
                    )
                    .collect(),
                unknown: unknown
                    .into_iter()
                    .map(|adviser| Unknown {
                        source: Source::Deals,
                        adviser,
                    })
                    .collect(),
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_input_panics(
        world in a_wild_world(),
        mut settings in some_settings(),
        numbers in prop::collection::vec(prop_oneof![Just(0), Just(u32::MAX), any::<u32>(), 1..60u32], 8),
        texts in prop::collection::vec(any_text(), 5),
        agreement_start in prop::option::of(any_day()),
    ) {
        settings.horizon_weeks = numbers[0];
        settings.buffer_weeks = numbers[1];
        settings.prestart_weeks = numbers[2];
        settings.clarifies_per_week = numbers[3];
        settings.search_lag_seconds = numbers[4];
        settings.half_day_up_to_minutes = numbers[5];
        settings.limits.monthly = numbers[6];
        settings.limits.by_pod_type.insert("Seed".to_owned(), numbers[7]);
        let request = Request {
            deal_id: texts[0],
            service_package: texts[1],
            household_type: texts[2],
            agreement_start,
            held_by: texts[3],
        };
        let decision = world.decide(&request, &settings);
        prop_assert!(serde_json::to_string(&decision).is_ok());
        let input = world.input();
        let rows = availability::earliest_weeks(&input, &settings, agreement_start, true);
        prop_assert!(serde_json::to_string(&rows).is_ok());
        prop_assert!(availability::matrix(&world.advisers, &settings).rows.len() < 100);
        if let Some(schedule) = availability::schedule(&input, &settings, texts[4], agreement_start) {
            prop_assert!(schedule.weeks.len() <= 1_042);
            prop_assert!(serde_json::to_string(&schedule).is_ok());
        }
        let rows = availability::meetings(&input, &settings, texts[4], numbers[0]);
        prop_assert!(rows.is_none_or(|rows| rows.len() <= world.meetings.len()));
    }
}
