//! Golden tables of the rules, and properties against a slow oracle.

use proptest::prelude::*;
use serde_json::json;

use super::delta::{self, Category, Delta, Review};
use super::event::{self, EventType, Exemption, WallTime};
use super::excuse::{self, Excuse, TimeOff};
use super::matching::{self, MatchedBy, Window, Work};
use super::policy::{Policy, Preset, Thresholds};
use super::span::{self, Span};
use super::{Punch, Shift, notes_absence};

const MIN: i64 = 60;
const HOUR: i64 = 60 * MIN;
const DAY: i64 = 24 * HOUR;
/// 2026-03-10T00:00:00Z, a Tuesday; local time is UTC here.
const MIDNIGHT: i64 = 1_773_100_800;

fn day_of(at: i64) -> i32 {
    i32::try_from(at.div_euclid(DAY)).unwrap()
}

/// `10:00` of that day; hours may go beyond 24 or below 0.
fn at(hours: i64, minutes: i64) -> i64 {
    MIDNIGHT + hours * HOUR + minutes * MIN
}

fn shift(key: &str, starts_at: i64, ends_at: i64) -> Shift<'_> {
    Shift {
        key,
        starts_at,
        expected_at: starts_at,
        ends_at,
        is_close: false,
        absence_noted: false,
        unpaid_break_seconds: 0,
        day: day_of(starts_at),
    }
}

fn punch(key: &str, from: i64, to: impl Into<Option<i64>>) -> Punch<'_> {
    let to = to.into();
    Punch {
        key,
        clocked_in_at: from,
        clocked_out_at: to,
        worked_seconds: to.map(|to| to - from),
        auto_clocked_out: false,
        shift: None,
        day: day_of(from),
    }
}

fn linked(punch: Punch<'_>, shift: usize) -> Punch<'_> {
    Punch {
        shift: Some(shift),
        ..punch
    }
}

/// Each work as the keys of its shifts and punches.
fn keys(shifts: &[Shift<'_>], punches: &[Punch<'_>], window: Window) -> Vec<String> {
    matching::works(shifts, punches, window)
        .iter()
        .map(|work| {
            let of_shifts: Vec<_> = work.shifts.iter().map(|&at| shifts[at].key).collect();
            let of_punches: Vec<_> = work.punches.iter().map(|&at| punches[at].key).collect();
            format!(
                "{} {} {}",
                of_shifts.join("+"),
                of_punches.join("+"),
                work.matched_by.as_str()
            )
        })
        .collect()
}

fn matched(shifts: &[Shift<'_>], punches: &[Punch<'_>]) -> Vec<String> {
    keys(shifts, punches, Window::default())
}

fn deltas(shifts: &[Shift<'_>], punches: &[Punch<'_>]) -> Vec<Delta> {
    let thresholds = Thresholds::default();
    matching::works(shifts, punches, thresholds.window())
        .iter()
        .map(|work| delta::delta(work, shifts, punches, &thresholds))
        .collect()
}

fn one_delta(shift: Shift<'_>, punch: Punch<'_>) -> Delta {
    let mut deltas = deltas(&[shift], &[punch]);
    assert_eq!(deltas.len(), 1, "a pair");
    deltas.pop().unwrap()
}

fn names(delta: &Delta) -> Vec<&'static str> {
    delta.categories.iter().map(Category::as_str).collect()
}

#[test]
fn the_seeds_worked_example() {
    let delta = one_delta(
        shift("s", at(10, 0), at(18, 0)),
        punch("p", at(10, 12), at(18, 45)),
    );
    assert_eq!(delta.late_minutes(), Some(12));
    assert_eq!(delta.late_stay_minutes(), Some(45));
    assert_eq!(delta.delta_minutes(), Some(33));
    assert_eq!(delta.worked_seconds, Some(8 * HOUR + 33 * MIN));
    assert_eq!(names(&delta), ["late_arrival", "overtime"]);
}

#[test]
fn categories_begin_where_the_seed_says_to_the_second() {
    let planned = || shift("s", at(10, 0), at(18, 0));
    let came = |seconds: i64| one_delta(planned(), punch("p", at(10, 0) + seconds, at(18, 0)));
    let table = [
        (-7_200, vec!["overtime"]),
        (-301, vec![]),
        (-300, vec!["on_time"]),
        (0, vec!["on_time"]),
        (300, vec!["on_time"]),
        (301, vec!["late_arrival"]),
        // A quarter of eight hours is missing, and a second more.
        (7_200, vec!["late_arrival"]),
    ];
    for (seconds, expected) in table {
        assert_eq!(names(&came(seconds)), expected, "{seconds} s");
    }
    let went = |seconds: i64| one_delta(planned(), punch("p", at(10, 0), at(18, 0) + seconds));
    let table = [
        (-7_201, vec!["on_time", "early_departure", "short_shift"]),
        (-7_200, vec!["on_time", "early_departure"]),
        (-901, vec!["on_time", "early_departure"]),
        (-900, vec!["on_time"]),
        (900, vec!["on_time"]),
        (901, vec!["on_time", "overtime"]),
    ];
    for (seconds, expected) in table {
        assert_eq!(names(&went(seconds)), expected, "{seconds} s");
    }
}

#[test]
fn breaks_that_are_not_paid_count_on_neither_side() {
    let planned = Shift {
        unpaid_break_seconds: 30 * MIN,
        ..shift("s", at(10, 0), at(18, 0))
    };
    let worked = Punch {
        worked_seconds: Some(7 * HOUR + 30 * MIN),
        ..punch("p", at(10, 0), at(18, 0))
    };
    let delta = one_delta(planned, worked);
    assert_eq!(delta.scheduled_seconds, Some(27_000));
    assert_eq!(
        (delta.delta_minutes(), names(&delta)),
        (Some(0), vec!["on_time"])
    );
    // The break was planned and not taken.
    let delta = one_delta(planned, punch("p", at(10, 0), at(18, 0)));
    assert_eq!(
        (delta.delta_minutes(), names(&delta)),
        (Some(30), vec!["on_time", "overtime"])
    );
}

#[test]
fn who_is_on_the_clock_is_judged_by_the_clock_in_only() {
    let delta = one_delta(
        shift("s", at(10, 0), at(18, 0)),
        punch("p", at(10, 6), None),
    );
    assert_eq!(names(&delta), ["late_arrival"]);
    assert!(delta.is_running);
    assert_eq!(
        (
            delta.actual_end,
            delta.worked_seconds,
            delta.delta_minutes(),
            delta.late_stay_minutes()
        ),
        (None, None, None, None)
    );
}

#[test]
fn a_clock_out_by_the_system_says_nothing_of_the_end() {
    let forgotten = Punch {
        auto_clocked_out: true,
        ..punch("p", at(10, 0), at(23, 0))
    };
    let (shifts, punches) = ([shift("s", at(10, 0), at(18, 0))], [forgotten]);
    let works = matching::works(&shifts, &punches, Window::default());
    let delta = delta::delta(&works[0], &shifts, &punches, &Thresholds::default());
    assert_eq!(names(&delta), ["on_time"]);
    assert_eq!(delta.late_stay_minutes(), None);
    let review = delta::review(&works[0], &delta, &shifts, &punches);
    assert_eq!(review, Some(Review::AutoClockOut));
    // Whoever decides finds it among the records, on time or not.
    let events = event::events(&delta, review, &Policy::default(), Exemption::Nothing);
    let found: Vec<_> = events.iter().map(|one| (one.event, one.review)).collect();
    assert_eq!(
        found,
        [(EventType::AutoClockOut, Some(Review::AutoClockOut))]
    );
}

#[test]
fn a_shift_until_closing_time_has_no_end_to_be_measured_by() {
    let planned = Shift {
        is_close: true,
        ..shift("s", at(17, 0), at(18, 0))
    };
    let delta = one_delta(planned, punch("p", at(17, 10), at(23, 0)));
    assert_eq!(names(&delta), ["late_arrival"]);
    assert_eq!(
        (delta.scheduled_seconds, delta.delta_minutes()),
        (None, None)
    );
    // Both punches of the evening are its work.
    assert_eq!(
        matched(
            &[planned],
            &[
                punch("a", at(17, 0), at(20, 0)),
                punch("b", at(20, 30), at(23, 0))
            ]
        ),
        ["s a+b time"]
    );
}

#[test]
fn the_window_is_two_hours_to_the_second() {
    let planned = [shift("s", at(10, 0), at(18, 0))];
    for (seconds, expected) in [
        (-7_201, vec![" p nothing", "s  nothing"]),
        (-7_200, vec!["s p time"]),
        (7_200, vec!["s p time"]),
        (7_201, vec!["s  nothing", " p nothing"]),
    ] {
        let came = at(10, 0) + seconds;
        assert_eq!(
            matched(&planned, &[punch("p", came, at(17, 0))]),
            expected,
            "{seconds} s"
        );
    }
}

#[test]
fn a_no_show_of_somebody_on_the_clock_waits_for_a_person() {
    let shifts = [
        shift("s", at(10, 0), at(18, 0)),
        shift("t", at(34, 0), at(42, 0)),
    ];
    for from in [at(7, 0), at(12, 30)] {
        let punches = [punch("p", from, at(17, 0))];
        let works = matching::works(&shifts, &punches, Window::default());
        let reviews: Vec<_> = works
            .iter()
            .map(|work| {
                let delta = delta::delta(work, &shifts, &punches, &Thresholds::default());
                let review = delta::review(work, &delta, &shifts, &punches);
                let events = event::events(&delta, review, &Policy::default(), Exemption::Nothing);
                (
                    work.shifts.first().copied(),
                    review,
                    events
                        .iter()
                        .filter(|event| event.review.is_none())
                        .map(|event| event.points)
                        .sum::<i32>(),
                )
            })
            .collect();
        assert!(reviews.contains(&(Some(0), Some(Review::OnTheClock), 0)));
        assert!(reviews.contains(&(Some(1), None, 6)));
    }
}

#[test]
fn who_taps_in_and_out_before_a_shift_is_late_all_the_same() {
    let late = |punches: &[Punch<'_>]| {
        let shifts = [shift("s", at(10, 0), at(18, 0))];
        matching::works(&shifts, punches, Window::default())
            .iter()
            .map(|work| {
                let delta = delta::delta(work, &shifts, punches, &Thresholds::default());
                (work.shifts.len(), delta.late_minutes())
            })
            .collect::<Vec<_>>()
    };
    let tap = |from, to| punch("tap", from, to);
    let came = |at_minute| punch("came", at(10, at_minute), at(18, 0));
    for (from, to, minute) in [
        (at(8, 30), at(8, 31), 40),
        (at(8, 10), at(9, 0), 20),
        (at(8, 10), at(10, 0), 20),
    ] {
        for is_named in [false, true] {
            let mut came = came(minute);
            came.shift = is_named.then_some(0);
            let mut found = late(&[tap(from, to), came]);
            found.sort_unstable();
            assert_eq!(found, [(0, None), (1, Some(minute))]);
        }
    }
    // Who is there when it begins, and goes out later, works in two punches.
    assert_eq!(late(&[tap(at(9, 0), at(10, 1)), came(20)]), [(1, Some(0))]);
}

#[test]
fn what_the_schedule_notes_of_an_absence_waits_for_a_person() {
    for (status, is_noted) in [
        ("none", false),
        ("no_show", false),
        ("late", false),
        ("", false),
        ("sick", true),
        ("called_off", true),
        ("called_in", true),
        ("custom", true),
    ] {
        assert_eq!(notes_absence(status), is_noted, "{status}");
    }
    let planned = Shift {
        absence_noted: true,
        ..shift("s", at(10, 0), at(18, 0))
    };
    let judged = |punches: &[Punch<'_>], off: Option<TimeOff<'_>>| {
        let policy = Policy::default();
        let shifts = [planned];
        matching::works(&shifts, punches, Window::default())
            .iter()
            .flat_map(|work| {
                let delta = delta::delta(work, &shifts, punches, &policy.thresholds);
                let review = delta::review(work, &delta, &shifts, punches);
                let excuse = off.map(|off| Excuse {
                    id: off.id,
                    left_seconds: 0,
                });
                event::events(&delta, review, &policy, Exemption::Nothing)
                    .into_iter()
                    .map(move |event| excuse::judged(event, excuse.as_ref(), &Policy::default()))
                    .map(|event| (event.event, event.points, event.review))
                    .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
    };
    let noted = Some(Review::AbsenceNoted);
    assert_eq!(judged(&[], None), [(EventType::NoShow, 6, noted)]);
    // Time off says what the note would have to be asked about.
    let off = TimeOff {
        id: "off",
        first_day: 0,
        last_day: 9,
        part: None,
    };
    assert_eq!(judged(&[], Some(off)), [(EventType::NoShow, 6, None)]);
    // Who was on the clock may have been there after all.
    let meanwhile = [punch("p", at(13, 0), at(17, 0))];
    let review = judged(&meanwhile, None)
        .into_iter()
        .find(|event| event.0 == EventType::NoShow)
        .and_then(|event| event.2);
    assert_eq!(review, Some(Review::OnTheClock));
    // Who has come is judged by the clock.
    let came = [punch("p", at(10, 20), at(18, 0))];
    assert_eq!(judged(&came, None), [(EventType::LateArrival, 2, None)]);
}

#[test]
fn the_provider_knows_best_which_shift_was_worked() {
    let shifts = [
        shift("a", at(10, 0), at(14, 0)),
        shift("b", at(15, 0), at(20, 0)),
    ];
    // By the times it would be the other way round.
    assert_eq!(
        matched(
            &shifts,
            &[
                linked(punch("p", at(10, 0), at(13, 0)), 1),
                punch("q", at(15, 0), at(20, 0))
            ]
        ),
        ["a+b p+q shift_id"]
    );
    // A name a month away is a slip.
    let far = shift("c", at(10, 0) + 30 * DAY, at(14, 0) + 30 * DAY);
    assert_eq!(
        matched(
            &[shifts[0], far],
            &[linked(punch("p", at(10, 0), at(14, 0)), 1)]
        ),
        ["a p time", "c  nothing"]
    );
    // A shift that is not there any more, or not theirs.
    assert_eq!(
        matched(&shifts[..1], &[linked(punch("p", at(10, 0), at(14, 0)), 7)]),
        ["a p time"]
    );
}

#[test]
fn the_best_total_counts_and_not_who_comes_first() {
    // First come, first served would give the 11:10 to the shift at 10:00 and leave the 12:00 without any.
    assert_eq!(
        matched(
            &[
                shift("a", at(10, 0), at(11, 0)),
                shift("b", at(12, 0), at(18, 0))
            ],
            &[punch("p", at(11, 10), at(18, 0))]
        ),
        ["a  nothing", "b p time"]
    );
    // Nearest first would take the 11:00 for the 11:10, and leave the shift at 13:05 alone.
    assert_eq!(
        matched(
            &[
                shift("a", at(9, 30), at(11, 0)),
                shift("b", at(11, 10), at(15, 0))
            ],
            &[
                punch("p", at(11, 5), at(12, 0)),
                punch("q", at(13, 5), at(15, 0))
            ]
        ),
        ["a p time", "b q time"]
    );
}

#[test]
fn split_and_double_shifts() {
    let day = [shift("a", at(10, 0), at(18, 0))];
    // Out for lunch, and once more for the bank.
    assert_eq!(
        matched(
            &day,
            &[
                punch("p", at(10, 0), at(13, 0)),
                punch("q", at(13, 45), at(16, 0)),
                punch("r", at(16, 20), at(18, 5))
            ]
        ),
        ["a p+q+r time"]
    );
    let split = deltas(
        &day,
        &[
            punch("p", at(10, 0), at(13, 0)),
            punch("q", at(13, 30), at(18, 0)),
        ],
    );
    assert_eq!(split[0].worked_seconds, Some(7 * HOUR + 30 * MIN));
    assert_eq!(
        (split[0].late_minutes(), split[0].late_stay_minutes()),
        (Some(0), Some(0))
    );
    // After the end there is no shift to belong to.
    assert_eq!(
        matched(
            &day,
            &[
                punch("p", at(10, 0), at(18, 0)),
                punch("q", at(18, 0), at(19, 0))
            ]
        ),
        ["a p time", " q nothing"]
    );
    let double = [
        shift("a", at(11, 0), at(15, 0)),
        shift("b", at(17, 0), at(23, 0)),
    ];
    assert_eq!(
        matched(
            &double,
            &[
                punch("p", at(10, 58), at(15, 5)),
                punch("q", at(16, 55), at(23, 10))
            ]
        ),
        ["a p time", "b q time"]
    );
    // Not clocked out between them.
    let through = [punch("p", at(10, 58), at(23, 0))];
    assert_eq!(matched(&double, &through), ["a+b p time"]);
    let delta = &deltas(&double, &through)[0];
    assert_eq!(
        (delta.scheduled_seconds, delta.delta_minutes()),
        (Some(10 * HOUR), Some(122))
    );
    assert_eq!(names(delta), ["on_time", "overtime"]);
    // Gone before the second one.
    assert_eq!(
        matched(&double, &[punch("p", at(10, 58), at(17, 0))]),
        ["a p time", "b  nothing"]
    );
}

#[test]
fn nights_count_by_the_seconds_that_passed() {
    let night = shift("s", at(22, 0), at(30, 0));
    let delta = one_delta(night, punch("p", at(22, 0), at(30, 0)));
    assert_eq!(
        (delta.worked_seconds, delta.delta_minutes()),
        (Some(8 * HOUR), Some(0))
    );
    // 23:55 for 00:00, and 00:20 for 23:30.
    let early = (
        shift("s", at(24, 0), at(28, 0)),
        punch("p", at(23, 55), at(28, 0)),
    );
    let late = (
        shift("s", at(23, 30), at(28, 0)),
        punch("p", at(24, 20), at(28, 0)),
    );
    assert_eq!(names(&one_delta(early.0, early.1)), ["on_time"]);
    assert_eq!(names(&one_delta(late.0, late.1)), ["late_arrival"]);
    let same_day_only = Window {
        across_midnight: false,
        ..Window::default()
    };
    for (shift, punch) in [early, late] {
        assert_eq!(keys(&[shift], &[punch], same_day_only).len(), 2);
    }
}

#[test]
fn points_go_by_the_replaced_systems_tiers() {
    let policy = Policy::preset(Preset::Cheflife);
    let planned = shift("s", at(10, 0), at(18, 0));
    let table = [
        (punch("p", at(10, 5), at(18, 0)), vec![]),
        (
            punch("p", at(10, 5) + 1, at(18, 0)),
            vec![("late_arrival", 1)],
        ),
        (
            punch("p", at(10, 15) - 1, at(18, 0)),
            vec![("late_arrival", 1)],
        ),
        (punch("p", at(10, 15), at(18, 0)), vec![("late_arrival", 2)]),
        (
            punch("p", at(10, 0), at(17, 44)),
            vec![("early_departure", 0)],
        ),
        (
            punch("p", at(10, 0), at(17, 30) + 1),
            vec![("early_departure", 0)],
        ),
        (
            punch("p", at(10, 0), at(17, 30)),
            vec![("early_departure", 2)],
        ),
        (punch("p", at(9, 30) + 1, at(18, 0)), vec![("overtime", 0)]),
        (
            punch("p", at(9, 30), at(18, 0)),
            vec![("overtime", 0), ("early_arrival", -1)],
        ),
        (punch("p", at(10, 0), at(19, 0) - 1), vec![("overtime", 0)]),
        (
            punch("p", at(10, 0), at(19, 0)),
            vec![("overtime", 0), ("late_stay", -1)],
        ),
        (
            punch("p", at(10, 20), at(15, 0)),
            vec![
                ("late_arrival", 2),
                ("early_departure", 2),
                ("short_shift", 0),
            ],
        ),
    ];
    for (punch, expected) in table {
        let delta = one_delta(planned, punch);
        let events: Vec<_> = event::events(&delta, None, &policy, Exemption::Nothing)
            .iter()
            .map(|event| (event.event.as_str(), event.points))
            .collect();
        assert_eq!(events, expected, "{punch:?}");
    }
    let nobody = deltas(&[planned], &[]);
    let events = event::events(&nobody[0], None, &policy, Exemption::Nothing);
    assert_eq!(
        (
            events[0].event,
            events[0].points,
            events[0].minutes(&nobody[0])
        ),
        (EventType::NoShow, 6, 480)
    );
    let unscheduled = deltas(&[], &[punch("p", at(10, 0), at(12, 0))]);
    let events = |exempt| event::events(&unscheduled[0], None, &policy, exempt).len();
    assert_eq!(
        [Exemption::Nothing, Exemption::Unscheduled, Exemption::All].map(events),
        [1, 0, 0]
    );
}

/// What the wall showed, where it shows UTC.
fn utc(at: i64) -> WallTime {
    wall(at, 0)
}

fn wall(at: i64, offset_seconds: i64) -> WallTime {
    let second = (at + offset_seconds).rem_euclid(DAY);
    WallTime {
        shown: format!("{:02}:{:02}", second / HOUR, second % HOUR / MIN),
        offset_seconds,
    }
}

#[test]
fn minutes_of_overtime_are_those_of_the_difference() {
    let planned = shift("s", at(10, 0), at(18, 0));
    for (out, minutes) in [
        (at(19, 14) + 29, 74),
        (at(19, 14) + 31, 75),
        (at(15, 0) + 29, -180),
        (at(15, 0) + 31, -179),
    ] {
        let delta = one_delta(planned, punch("p", at(10, 0), out));
        assert_eq!(delta.delta_minutes(), Some(minutes), "{out}");
        let events = event::events(&delta, None, &Policy::default(), Exemption::Nothing);
        let event = events
            .iter()
            .find(|event| matches!(event.event, EventType::Overtime | EventType::ShortShift))
            .unwrap();
        assert_eq!(event.minutes(&delta), minutes.abs(), "{out}");
        let text = event::explain(event, &delta, None, &Thresholds::default(), utc);
        let expected = format!("{} min", minutes.abs());
        assert!(text.contains(&expected), "{text}");
    }
}

/// What is said of an event of a work from 10 to 18, without its points.
fn said(
    event_type: EventType,
    punch: Punch<'_>,
    clock: impl Fn(i64) -> WallTime,
) -> Option<String> {
    let policy = Policy::preset(Preset::NoPoints);
    let delta = one_delta(shift("s", at(10, 0), at(18, 0)), punch);
    let events = event::events(&delta, None, &policy, Exemption::Nothing);
    let event = events.iter().find(|event| event.event == event_type)?;
    let thresholds = Thresholds::default();
    Some(event::explain(event, &delta, None, &thresholds, clock))
}

#[test]
fn an_explanation_does_not_contradict_itself() {
    let came = |from| punch("p", from, at(18, 0));
    let went = |to| punch("p", at(10, 0), to);
    let table = [
        // Whole minutes, where they are beyond the rule.
        (
            EventType::LateArrival,
            came(at(10, 6)),
            "Clocked in at 10:06, 6 min after the start at 10:00; more than 5 min are late.",
        ),
        (
            EventType::LateArrival,
            came(at(10, 6) + 59),
            "Clocked in at 10:06, 6 min after the start at 10:00; more than 5 min are late.",
        ),
        // Seconds, where they are not.
        (
            EventType::LateArrival,
            came(at(10, 5) + 1),
            "Clocked in at 10:05, 5 min 1 s after the start at 10:00; more than 5 min are late.",
        ),
        (
            EventType::EarlyDeparture,
            went(at(17, 44) + 40),
            "Clocked out at 17:44, 15 min 20 s before the end at 18:00; more than 15 min are early.",
        ),
        (
            EventType::EarlyDeparture,
            went(at(17, 44)),
            "Clocked out at 17:44, 16 min before the end at 18:00; more than 15 min are early.",
        ),
        (
            EventType::Overtime,
            went(at(18, 15) + 20),
            "Worked 8.26 h of 8.00 h scheduled: 15 min 20 s more; more than 15 min are overtime.",
        ),
        (
            EventType::Overtime,
            went(at(18, 15) + 40),
            "Worked 8.26 h of 8.00 h scheduled: 16 min more; more than 15 min are overtime.",
        ),
        (
            EventType::ShortShift,
            went(at(16, 0) - 20),
            "Worked 5.99 h of 8.00 h scheduled: 120 min 20 s less; more than 25 % are a short shift.",
        ),
        (
            EventType::ShortShift,
            went(at(15, 59)),
            "Worked 5.98 h of 8.00 h scheduled: 121 min less; more than 25 % are a short shift.",
        ),
    ];
    for (event, punch, expected) in table {
        assert_eq!(said(event, punch, utc).as_deref(), Some(expected));
    }
}

#[test]
fn times_on_both_sides_of_a_change_of_clocks_say_which_they_are() {
    // The wall goes back by an hour at 10:30, or in the evening at 17:00.
    let changed_at = |change: i64, before: i64, after: i64| {
        move |time: i64| wall(time, if time < change { before } else { after })
    };
    let late = punch("p", at(11, 0), at(18, 0));
    assert_eq!(
        said(
            EventType::LateArrival,
            late,
            changed_at(at(10, 30), -4 * HOUR, -5 * HOUR)
        )
        .as_deref(),
        Some(
            "Clocked in at 06:00 (UTC-5), 60 min after the start at 06:00 (UTC-4); more than 5 min are late."
        )
    );
    let early = punch("p", at(10, 0), at(16, 30));
    assert_eq!(
        said(
            EventType::EarlyDeparture,
            early,
            changed_at(at(17, 0), HOUR, 0)
        )
        .as_deref(),
        Some(
            "Clocked out at 17:30 (UTC+1), 90 min before the end at 18:00 (UTC); more than 15 min are early."
        )
    );
    let half = 30 * MIN;
    assert_eq!(
        said(
            EventType::LateArrival,
            late,
            changed_at(at(10, 30), 11 * HOUR, 10 * HOUR + half)
        )
        .as_deref(),
        Some(
            "Clocked in at 21:30 (UTC+10:30), 60 min after the start at 21:00 (UTC+11); more than 5 min are late."
        )
    );
    // What has changed before or behind them is no matter.
    assert_eq!(
        said(
            EventType::LateArrival,
            late,
            changed_at(at(9, 0), -4 * HOUR, -5 * HOUR)
        )
        .as_deref(),
        Some("Clocked in at 06:00, 60 min after the start at 05:00; more than 5 min are late.")
    );
}

#[test]
fn who_is_exempt_goes_by_level_and_role() {
    let policy = Policy::from_json(&json!({"exempt": {"roles": ["Sous Chef"]}})).unwrap();
    let of = |level, roles: &[&str]| event::exemption(&policy, level, roles);
    assert_eq!(of(Some("employer"), &[]), Exemption::All);
    assert_eq!(of(Some("manager"), &[]), Exemption::Unscheduled);
    assert_eq!(of(Some("manager"), &["sous chef "]), Exemption::All);
    assert_eq!(of(Some("employee"), &["Line Cook"]), Exemption::Nothing);
    assert_eq!(of(None, &[]), Exemption::Nothing);
}

/// What time off leaves of the events of a shift from 9 to 17, in minutes, and the points that remain.
fn excused(came: Option<(i64, i64)>, off: TimeOff<'_>) -> Vec<(&'static str, Option<i64>, i32)> {
    let policy = Policy::default();
    let planned = shift("s", at(9, 0), at(17, 0));
    let punches: Vec<_> = came
        .iter()
        .map(|&(from, to)| punch("p", from, to))
        .collect();
    let delta = deltas(&[planned], &punches).remove(0);
    event::events(&delta, None, &policy, Exemption::Nothing)
        .into_iter()
        .map(|event| {
            let excuse = excuse::excuse(&event, &delta, &policy, &[off], |at| at);
            let judged = excuse::judged(event, excuse.as_ref(), &policy);
            let left = excuse.map(|excuse| excuse.left_seconds / 60);
            let points = if left == Some(0) { 0 } else { judged.points };
            (event.event.as_str(), left, points)
        })
        .collect()
}

#[test]
fn approved_time_off_excuses_what_it_covers() {
    let today = day_of(MIDNIGHT);
    let whole = |first_day, last_day| TimeOff {
        id: "w",
        first_day,
        last_day,
        part: None,
    };
    let part = |from: u32, to: u32| TimeOff {
        id: "m",
        first_day: today,
        last_day: today,
        part: Some((from * 3_600, to * 3_600)),
    };
    // Whole days.
    let away = |off| excused(None, off);
    assert_eq!(away(whole(today, today)), [("no_show", Some(0), 0)]);
    assert_eq!(away(whole(today - 2, today)), [("no_show", Some(0), 0)]);
    assert_eq!(away(whole(today - 2, today - 1)), [("no_show", None, 6)]);
    assert_eq!(away(whole(today + 1, today + 1)), [("no_show", None, 6)]);
    // Being away for a part of a day that is not all of the shift excuses nothing of it.
    assert_eq!(away(part(9, 17)), [("no_show", Some(0), 0)]);
    assert_eq!(away(part(9, 10)), [("no_show", None, 6)]);
    assert_eq!(away(part(10, 17)), [("no_show", None, 6)]);
    // Late is late from the end of the time off on.
    let late = |hour, minute, off| excused(Some((at(hour, minute), at(17, 0))), off)[0];
    assert_eq!(late(10, 5, part(9, 10)), ("late_arrival", Some(0), 0));
    assert_eq!(late(10, 10, part(9, 10)), ("late_arrival", Some(10), 1));
    assert_eq!(late(10, 50, part(9, 10)), ("late_arrival", Some(50), 2));
    assert_eq!(late(9, 20, part(9, 10)), ("late_arrival", Some(0), 0));
    assert_eq!(late(9, 20, part(10, 11)), ("late_arrival", None, 2));
    assert_eq!(late(9, 20, part(7, 8)), ("late_arrival", None, 2));
    // Early is early until the beginning of the time off.
    let early = |hour, minute| excused(Some((at(9, 0), at(hour, minute))), part(16, 17))[0];
    assert_eq!(early(16, 0), ("early_departure", Some(0), 0));
    assert_eq!(early(15, 45), ("early_departure", Some(0), 0));
    assert_eq!(early(15, 20), ("early_departure", Some(40), 2));
    assert_eq!(early(11, 0), ("early_departure", Some(300), 2));
    // Less is less than what is left of the shift.
    let less = |hour, off| *excused(Some((at(9, 0), at(hour, 0))), off).last().unwrap();
    assert_eq!(less(13, part(13, 17)), ("short_shift", Some(0), 0));
    assert_eq!(less(13, part(15, 17)), ("short_shift", Some(0), 0));
    assert_eq!(less(11, part(15, 17)), ("short_shift", Some(240), 0));
    assert_eq!(less(11, part(18, 19)), ("short_shift", None, 0));
    // Nobody takes time off to work more, or without a shift.
    assert_eq!(
        excused(Some((at(9, 0), at(19, 0))), whole(today, today))[0],
        ("overtime", None, 0)
    );
    let policy = Policy::from_json(&json!({"excuse_time_off": false})).unwrap();
    let nobody = deltas(&[shift("s", at(9, 0), at(17, 0))], &[]).remove(0);
    let event = event::events(&nobody, None, &policy, Exemption::Nothing)[0];
    let off = [whole(today, today)];
    assert_eq!(
        excuse::excuse(&event, &nobody, &policy, &off, |at| at),
        None
    );
}

/// A shift whose start time off covers until then.
fn off_until(expected_at: i64, shift: Shift<'_>) -> Shift<'_> {
    Shift {
        expected_at,
        ..shift
    }
}

#[test]
fn who_had_time_off_at_the_start_is_expected_when_it_ends() {
    let policy = Policy::default();
    let today = day_of(MIDNIGHT);
    let part = |from: u32, to: u32| TimeOff {
        id: "m",
        first_day: today,
        last_day: today,
        part: Some((from * 3_600, to * 3_600)),
    };
    let planned = shift("s", at(10, 0), at(18, 0));
    let expected = |off: &[TimeOff<'_>]| excuse::expected_at(&planned, &policy, off, |at| at);
    assert_eq!(expected(&[]), at(10, 0));
    assert_eq!(expected(&[part(10, 13)]), at(13, 0));
    assert_eq!(expected(&[part(8, 13)]), at(13, 0));
    assert_eq!(expected(&[part(8, 11), part(10, 13)]), at(13, 0));
    // What ends at the start, begins behind it, or is of another day.
    assert_eq!(expected(&[part(8, 10)]), at(10, 0));
    assert_eq!(expected(&[part(11, 13)]), at(10, 0));
    let yesterday = TimeOff {
        first_day: today - 1,
        last_day: today - 1,
        ..part(10, 13)
    };
    assert_eq!(expected(&[yesterday]), at(10, 0));
    // Who is away for all of it, or for whole days, is not to come.
    assert_eq!(expected(&[part(10, 18)]), at(10, 0));
    let whole = TimeOff {
        part: None,
        ..part(0, 0)
    };
    assert_eq!(expected(&[whole]), at(10, 0));
    // Where the clocks go back meanwhile it is an hour longer.
    let back = |time: i64| if time < at(12, 0) { time } else { time - HOUR };
    assert_eq!(
        excuse::expected_at(&planned, &policy, &[part(10, 13)], back),
        at(14, 0)
    );
    let nothing = Policy::from_json(&json!({"excuse_time_off": false})).unwrap();
    assert_eq!(
        excuse::expected_at(&planned, &nothing, &[part(10, 13)], |at| at),
        at(10, 0)
    );
    assert_eq!(
        delta::no_show_due_at(expected(&[part(10, 13)]), &policy.thresholds),
        at(13, 30)
    );
}

#[test]
fn who_comes_after_time_off_has_come() {
    let off = || off_until(at(13, 0), shift("s", at(10, 0), at(18, 0)));
    let came = |hour, minute| punch("p", at(hour, minute), at(18, 0));
    for (hour, minute) in [(8, 0), (10, 0), (12, 0), (13, 0), (15, 0)] {
        assert_eq!(matched(&[off()], &[came(hour, minute)]), ["s p time"]);
    }
    // Further from both than the window.
    assert_eq!(
        matched(&[off()], &[came(7, 59)]),
        [" p nothing", "s  nothing"]
    );
    assert_eq!(
        matched(&[off()], &[came(15, 1)]),
        ["s  nothing", " p nothing"]
    );
    // Late from the start on in numbers; what of it is excused is the time off.
    let delta = one_delta(off(), came(13, 10));
    assert_eq!(delta.late_minutes(), Some(190));
    let policy = Policy::default();
    let events = event::events(&delta, None, &policy, Exemption::Nothing);
    let time_off = [TimeOff {
        id: "m",
        first_day: day_of(MIDNIGHT),
        last_day: day_of(MIDNIGHT),
        part: Some((10 * 3_600, 13 * 3_600)),
    }];
    let left: Vec<_> = events
        .iter()
        .map(|event| {
            let excuse = excuse::excuse(event, &delta, &policy, &time_off, |at| at);
            (event.event, excuse.map(|excuse| excuse.left_seconds / MIN))
        })
        .collect();
    assert_eq!(
        left,
        [
            (EventType::LateArrival, Some(10)),
            (EventType::ShortShift, Some(0))
        ]
    );
}

#[test]
fn what_competes_goes_by_when_people_were_to_come() {
    let off = || off_until(at(15, 0), shift("a", at(10, 0), at(16, 0)));
    let evening = shift("b", at(16, 30), at(22, 0));
    // The clock-in at 15:05 is for the rest of the first shift, although only the second is near by its start.
    assert_eq!(
        matched(&[off(), evening], &[punch("p", at(15, 5), at(22, 0))]),
        ["a+b p time"]
    );
    // Who came for the start all the same, and for the second one.
    assert_eq!(
        matched(
            &[off(), evening],
            &[
                punch("p", at(10, 0), at(14, 0)),
                punch("q", at(16, 30), at(22, 0))
            ]
        ),
        ["a p time", "b q time"]
    );
    // A punch of the shift before that went on until then.
    assert_eq!(
        matched(
            &[
                shift("a", at(6, 0), at(12, 0)),
                off_until(at(14, 0), shift("b", at(12, 0), at(18, 0)))
            ],
            &[
                punch("p", at(6, 0), at(11, 55)),
                punch("q", at(11, 58), at(18, 0))
            ]
        ),
        ["a p time", "b q time"]
    );
}

#[test]
fn what_overlaps_counts_once() {
    let planned = shift("s", at(9, 0), at(17, 0));
    let of = |shifts: &[Shift<'_>], punches: &[Punch<'_>]| {
        let deltas = deltas(shifts, punches);
        assert_eq!(deltas.len(), 1);
        let delta = &deltas[0];
        (
            delta.scheduled_seconds.map(|seconds| seconds / MIN),
            delta.worked_seconds.map(|seconds| seconds / MIN),
        )
    };
    let (whole, twice) = (
        punch("p", at(9, 0), at(17, 0)),
        punch("q", at(9, 0), at(17, 0)),
    );
    assert_eq!(of(&[planned], &[whole, twice]), (Some(480), Some(480)));
    let late = punch("q", at(16, 0), at(18, 0));
    assert_eq!(of(&[planned], &[whole, late]), (Some(480), Some(540)));
    let with_break = Punch {
        worked_seconds: Some(450 * MIN),
        ..twice
    };
    assert_eq!(of(&[planned], &[whole, with_break]), (Some(480), Some(480)));
    let again = shift("t", at(9, 0), at(17, 0));
    assert_eq!(of(&[planned, again], &[whole]), (Some(480), Some(480)));
    let inside = shift("t", at(11, 0), at(13, 0));
    assert_eq!(of(&[planned, inside], &[whole]), (Some(480), Some(480)));
}

#[test]
fn who_leaves_as_the_next_shift_begins_did_not_work_it() {
    let planned = [
        shift("a", at(9, 0), at(17, 0)),
        shift("b", at(17, 10), at(22, 0)),
    ];
    let until = |hour, minute| matched(&planned, &[punch("p", at(9, 0), at(hour, minute))]);
    assert_eq!(until(17, 12), ["a p time", "b  nothing"]);
    assert_eq!(until(17, 40), ["a p time", "b  nothing"]);
    assert_eq!(until(17, 41), ["a+b p time"]);
    // A person decides.
    let punches = [punch("p", at(9, 0), at(17, 12))];
    let works = matching::works(&planned, &punches, Window::default());
    let missed = delta::delta(&works[1], &planned, &punches, &Thresholds::default());
    let review = delta::review(&works[1], &missed, &planned, &punches);
    assert_eq!(review, Some(Review::OnTheClock));
    let events = event::events(&missed, review, &Policy::default(), Exemption::Nothing);
    assert_eq!(
        (events[0].event, events[0].points, events[0].review),
        (EventType::NoShow, 6, Some(Review::OnTheClock))
    );
}

#[test]
fn a_policy_reads_what_it_writes() {
    for preset in Preset::ALL {
        let policy = Policy::preset(*preset);
        assert_eq!(Policy::from_json(&policy.to_json()).unwrap(), policy);
        assert_eq!(
            Policy::from_json(&json!({"preset": preset.as_str()})).unwrap(),
            policy
        );
    }
    assert_eq!(Policy::from_json(&json!({})).unwrap(), Policy::default());
}

#[test]
fn a_policy_names_what_is_wrong_with_it() {
    let wrong = json!({
        "preset": "chef",
        "thresholds": {"on_time_minutes": -1, "short_shift_percent": 0, "grace": 5},
        "points": {"late": [], "no_show": [{"points": 1.5}], "overtime": [{"from_minutes": 5, "points": 1}, {"from_minutes": 5, "points": 2}]},
        "exempt": {"levels": [""]},
        "excuse_time_off": "yes",
        "sick_leave": {"year_starts": "02-29", "category": "ill"},
        "rolling_window_days": 731,
    });
    let Err(crate::Error::InvalidFields(errors)) = Policy::from_json(&wrong) else {
        panic!("refused")
    };
    let mut named: Vec<_> = errors
        .as_slice()
        .iter()
        .map(|error| error.pointer.clone())
        .collect();
    named.sort();
    assert_eq!(
        named,
        [
            "/excuse_time_off",
            "/exempt/levels/0",
            "/points/late",
            "/points/no_show/0/points",
            "/points/overtime/1/from_minutes",
            "/preset",
            "/rolling_window_days",
            "/sick_leave/category",
            "/sick_leave/year_starts",
            "/thresholds/grace",
            "/thresholds/on_time_minutes",
            "/thresholds/short_shift_percent",
        ]
    );
}

/// Times of a few days, close enough to compete; a letter each.
const KEYS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

fn some_shifts(most: usize) -> impl Strategy<Value = Vec<Shift<'static>>> {
    proptest::collection::vec((0..600i64, 1..700i64, any::<bool>()), 0..=most).prop_map(|list| {
        list.into_iter()
            .enumerate()
            .map(|(index, (start, length, is_close))| Shift {
                is_close: is_close && length % 5 == 0,
                ..shift(
                    KEYS[index],
                    at(18, 0) + start * MIN,
                    at(18, 0) + (start + length) * MIN,
                )
            })
            .collect()
    })
}

/// Some of them begin in time off.
fn shifts_with_time_off(most: usize) -> impl Strategy<Value = Vec<Shift<'static>>> {
    let later = proptest::collection::vec(proptest::option::weighted(0.4, 1..400i64), most);
    (some_shifts(most), later).prop_map(|(shifts, later)| {
        let pairs = shifts.into_iter().zip(later);
        pairs
            .map(|(shift, later)| {
                let expected_at = shift.starts_at + later.unwrap_or(0) * MIN;
                // Time off of a part of a day ends on it.
                if expected_at < shift.ends_at && day_of(expected_at) == shift.day {
                    off_until(expected_at, shift)
                } else {
                    shift
                }
            })
            .collect()
    })
}

fn some_punches(most: usize) -> impl Strategy<Value = Vec<Punch<'static>>> {
    let one = (
        0..600i64,
        0..700i64,
        proptest::option::weighted(0.3, 0..5usize),
    );
    proptest::collection::vec(one, 0..=most).prop_map(|list| {
        list.into_iter()
            .enumerate()
            .map(|(index, (start, length, shift))| Punch {
                shift,
                ..punch(
                    KEYS[index],
                    at(18, 0) + start * MIN,
                    (length > 50).then_some(at(18, 0) + (start + length) * MIN),
                )
            })
            .collect()
    })
}

/// How many pairs, and what the times at which people were to come and came differ in all, of the best of all
/// assignments: every one is tried.
fn best(shifts: &[Shift<'_>], punches: &[Punch<'_>], window: Window) -> (usize, i64) {
    let Some((first, rest)) = shifts.split_first() else {
        return (0, 0);
    };
    let mut best_one = best(rest, punches, window);
    for (index, punch) in punches.iter().enumerate() {
        let apart = (punch.clocked_in_at - first.expected_at).abs();
        if apart > window.seconds || (!window.across_midnight && punch.day != first.day) {
            continue;
        }
        let others: Vec<_> = punches
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .map(|(_, punch)| *punch)
            .collect();
        let (pairs, sum) = best(rest, &others, window);
        let this = (pairs + 1, sum + apart);
        if this.0 > best_one.0 || (this.0 == best_one.0 && this.1 < best_one.1) {
            best_one = this;
        }
    }
    best_one
}

/// How many pairs, and what they differ in all.
fn measured(pairs: &[(usize, usize)], shifts: &[Shift<'_>], punches: &[Punch<'_>]) -> (usize, i64) {
    let sum = pairs
        .iter()
        .map(|&(shift, punch)| (punches[punch].clocked_in_at - shifts[shift].expected_at).abs())
        .sum();
    (pairs.len(), sum)
}

fn any_window() -> impl Strategy<Value = Window> {
    (1..=360i64, any::<bool>()).prop_map(|(minutes, across_midnight)| Window {
        seconds: minutes * MIN,
        across_midnight,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_assignment_is_better(shifts in shifts_with_time_off(5), punches in some_punches(5), window in any_window()) {
        let free: Vec<_> = punches.iter().map(|one| Punch { shift: None, ..*one }).collect();
        let [by_expected, by_start] = matching::pairs_by_time(&shifts, &free, window);
        prop_assert_eq!(measured(&by_expected, &shifts, &free), best(&shifts, &free, window));
        // What is left over then goes by the starts.
        let at_start: Vec<_> = shifts.iter().map(|one| off_until(one.starts_at, *one)).collect();
        let is_left = |pairs: &[(usize, usize)], shift: usize| pairs.iter().all(|pair| pair.0 != shift);
        let left: Vec<_> = (0..shifts.len()).filter(|&at| is_left(&by_expected, at)).map(|at| at_start[at]).collect();
        let left_over: Vec<_> = (0..free.len())
            .filter(|&at| by_expected.iter().all(|pair| pair.1 != at))
            .map(|at| free[at])
            .collect();
        prop_assert_eq!(measured(&by_start, &at_start, &free), best(&left, &left_over, window));
    }

    /// Time off that covers no start has no say.
    #[test]
    fn without_time_off_the_start_is_all(shifts in some_shifts(6), punches in some_punches(6), window in any_window()) {
        let free: Vec<_> = punches.iter().map(|one| Punch { shift: None, ..*one }).collect();
        let [by_expected, by_start] = matching::pairs_by_time(&shifts, &free, window);
        prop_assert!(by_start.is_empty());
        prop_assert_eq!(measured(&by_expected, &shifts, &free), best(&shifts, &free, window));
    }

    #[test]
    fn everything_is_in_one_work(shifts in shifts_with_time_off(8), punches in some_punches(8), window in any_window()) {
        let works = matching::works(&shifts, &punches, window);
        let mut of_shifts: Vec<_> = works.iter().flat_map(|work| work.shifts.clone()).collect();
        let mut of_punches: Vec<_> = works.iter().flat_map(|work| work.punches.clone()).collect();
        of_shifts.sort_unstable();
        of_punches.sort_unstable();
        prop_assert_eq!(of_shifts, (0..shifts.len()).collect::<Vec<_>>());
        prop_assert_eq!(of_punches, (0..punches.len()).collect::<Vec<_>>());
        for work in &works {
            prop_assert_eq!(work.matched_by == MatchedBy::Nothing, work.shifts.is_empty() || work.punches.is_empty());
            prop_assert!(work.shifts.is_empty() || work.matched_by != MatchedBy::Nothing || work.shifts.len() == 1);
        }
        // Nobody who could be a pair is left over on both sides.
        for lone in works.iter().filter(|work| work.punches.is_empty()) {
            for other in works.iter().filter(|work| work.shifts.is_empty()) {
                let pair = (&shifts[lone.shifts[0]], &punches[other.punches[0]]);
                prop_assert!(!matching::may_pair(pair.0, pair.1, window));
            }
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing(
        (shifts, punches, shifts_so, punches_so) in (shifts_with_time_off(7), some_punches(7)).prop_flat_map(|(shifts, punches)| {
            let named: Vec<_> = punches.iter().map(|one| (*one, one.shift.and_then(|at| shifts.get(at)).map(|one| one.key))).collect();
            (Just(shifts.clone()), Just(named.clone()), Just(shifts).prop_shuffle(), Just(named).prop_shuffle())
        }),
    ) {
        let place = |shifts: &[Shift<'static>], punches: &[(Punch<'static>, Option<&'static str>)]| -> Vec<Punch<'static>> {
            punches
                .iter()
                .map(|(one, key)| Punch { shift: key.and_then(|key| shifts.iter().position(|shift| shift.key == key)), ..*one })
                .collect()
        };
        let here = matched(&shifts, &place(&shifts, &punches));
        let there = matched(&shifts_so, &place(&shifts_so, &punches_so));
        prop_assert_eq!(here, there);
    }

    #[test]
    fn a_week_later_it_is_the_same(shifts in shifts_with_time_off(7), punches in some_punches(7), weeks in -50..50i64) {
        let by = weeks * 7 * DAY;
        let days = i32::try_from(weeks * 7).unwrap();
        let later_shifts: Vec<_> = shifts
            .iter()
            .map(|one| Shift { starts_at: one.starts_at + by, expected_at: one.expected_at + by, ends_at: one.ends_at + by, day: one.day + days, ..*one })
            .collect();
        let later_punches: Vec<_> = punches
            .iter()
            .map(|one| Punch {
                clocked_in_at: one.clocked_in_at + by,
                clocked_out_at: one.clocked_out_at.map(|out| out + by),
                day: one.day + days,
                ..*one
            })
            .collect();
        prop_assert_eq!(matched(&shifts, &punches), matched(&later_shifts, &later_punches));
        let numbers = |deltas: Vec<Delta>| -> Vec<_> {
            deltas.into_iter().map(|one| (one.categories, one.arrival_seconds, one.departure_seconds, one.net_seconds)).collect()
        };
        prop_assert_eq!(numbers(deltas(&shifts, &punches)), numbers(deltas(&later_shifts, &later_punches)));
    }

    /// A schedule of a month, of which a sync brings a change: deciding the spans around it again gives what
    /// deciding everything gives.
    #[test]
    fn what_is_decided_again_is_enough(
        days in proptest::collection::vec(
            (0..3u8, 0..840i64, 60..600i64, -200..200i64, -200..200i64, any::<bool>(), proptest::option::weighted(0.2, 1..400i64)),
            25..32,
        ),
        changed in 0..25usize,
        moved in -3_000..3_000i64,
        is_shift in any::<bool>(),
    ) {
        let keys: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let mut shifts = Vec::new();
        let mut punches = Vec::new();
        for (index, (kind, start, length, early, late, is_linked, off)) in days.iter().enumerate() {
            let from = MIDNIGHT + i64::try_from(index).unwrap() * DAY + start * MIN;
            if *kind != 1 {
                let expected_at = from + off.unwrap_or(0).min(length - 1) * MIN;
                shifts.push(off_until(expected_at, shift(&keys[index], from, from + length * MIN)));
            }
            if *kind != 2 {
                let link = (*is_linked && *kind == 0).then(|| shifts.len() - 1);
                punches.push(Punch { shift: link, ..punch(&keys[index], from + early * MIN, from + length.max(early) * MIN + late.abs() * MIN) });
            }
        }
        let before = (shifts.clone(), punches.clone());
        let mut times = Vec::new();
        if is_shift && changed < shifts.len() {
            let one = &mut shifts[changed];
            times.push(one.starts_at);
            one.starts_at += moved * MIN;
            one.expected_at += moved * MIN;
            one.ends_at += moved * MIN;
            one.day = day_of(one.starts_at);
            times.push(one.starts_at);
        } else if changed < punches.len() {
            times.push(punches[changed].clocked_in_at);
            punches.remove(changed);
        }
        let spans = span::affected(times);
        let mut kept = decided(&before.0, &before.1, Span::ALWAYS);
        for span in &spans {
            kept.retain(|(at, _)| !span.has(*at));
            kept.extend(decided(&shifts, &punches, *span));
        }
        kept.sort();
        prop_assert_eq!(kept, decided(&shifts, &punches, Span::ALWAYS));
    }
}

/// What is decided of a span from what is read for it.
fn decided(shifts: &[Shift<'_>], punches: &[Punch<'_>], span: Span) -> Vec<(i64, String)> {
    let read = span.to_read();
    let near: Vec<_> = shifts
        .iter()
        .filter(|one| read.has(one.starts_at))
        .copied()
        .collect();
    let punches: Vec<_> = punches
        .iter()
        .filter(|one| read.has(one.clocked_in_at))
        .map(|one| {
            let named = one.shift.map(|at| shifts[at].key);
            Punch {
                shift: named.and_then(|key| near.iter().position(|shift| shift.key == key)),
                ..*one
            }
        })
        .collect();
    let works: Vec<Work> = matching::works(&near, &punches, Window::default());
    let mut decided: Vec<_> = works
        .iter()
        .zip(matched(&near, &punches))
        .map(|(work, keys)| {
            let anchor = work.shifts.first().map(|&at| near[at].starts_at);
            (
                anchor.unwrap_or_else(|| punches[work.punches[0]].clocked_in_at),
                keys,
            )
        })
        .filter(|(anchor, _)| span.has(*anchor))
        .collect();
    decided.sort();
    decided
}
