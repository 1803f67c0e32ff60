//! Every reason by a table, both ends to the second, and the rules against one that is obvious.

use proptest::prelude::*;

use super::*;
use crate::sync_settings::Schedule;

const NOW: i64 = 1_800_000_000;
const START: i64 = NOW - 4 * HOUR_SECS;
const END: i64 = NOW + 4 * HOUR_SECS;

fn fixed_times() -> SyncSettings {
    SyncSettings {
        schedule: Schedule::FixedTimes,
        ..SyncSettings::default()
    }
}

fn account(settings: &SyncSettings) -> Account<'_> {
    Account {
        state: ConnectorState::Active,
        settings,
        connected_at: Some(NOW - 365 * DAY_SECS),
        users_synced_at: Some(NOW - HOUR_SECS),
        shifts_synced_at: Some(NOW - 2 * HOUR_SECS),
    }
}

fn shift(store_id: Option<&str>) -> Shift<'_> {
    Shift {
        id: "1",
        store_id,
        starts_at: START,
        ends_at: END,
        is_close: false,
    }
}

fn store(id: &str) -> Option<Store<'_>> {
    Some(Store {
        id,
        is_mapped: id != "nowhere",
    })
}

#[test]
fn every_reason_has_its_case() {
    let here = vec![shift(Some("a"))];
    let nowhere = vec![shift(None)];
    let off: Vec<Shift<'_>> = Vec::new();
    // The people of the address, the store that is asked for, the doubt, and what follows.
    let table: [(&[Vec<Shift<'_>>], _, _, _); 13] = [
        (&[], None, None, Reason::NotAnEmployee),
        (&[], store("a"), None, Reason::NotAnEmployee),
        (&[], store("nowhere"), None, Reason::NotAnEmployee),
        (std::slice::from_ref(&here), None, None, Reason::OnShift),
        (
            std::slice::from_ref(&here),
            store("a"),
            None,
            Reason::OnShift,
        ),
        (
            std::slice::from_ref(&here),
            store("b"),
            None,
            Reason::NotOnShift,
        ),
        (std::slice::from_ref(&nowhere), None, None, Reason::OnShift),
        (
            std::slice::from_ref(&nowhere),
            store("a"),
            None,
            Reason::NotOnShift,
        ),
        (
            std::slice::from_ref(&here),
            store("nowhere"),
            None,
            Reason::StoreNotMapped,
        ),
        (std::slice::from_ref(&off), None, None, Reason::NotOnShift),
        // Two people with one address: one on shift is enough.
        (
            &[off.clone(), here.clone()],
            store("a"),
            None,
            Reason::OnShift,
        ),
        // A doubt is the reason, whoever is on shift.
        (&[], None, Some(Reason::NotHealthy), Reason::NotHealthy),
        (
            std::slice::from_ref(&off),
            None,
            Some(Reason::DataStale),
            Reason::DataStale,
        ),
    ];
    let mut seen = Vec::new();
    for (people, store, doubt, reason) in table {
        let verdict = decide(doubt, people, store, NOW);
        assert_eq!(verdict.reason, reason, "{people:?} at {store:?}");
        assert_eq!(verdict.person.is_some(), !people.is_empty());
        assert_eq!(
            verdict.reason.should_send(),
            reason != Reason::NotOnShift,
            "only who is known to be off is left out"
        );
        seen.push(reason);
    }
    let two = decide(None, &[off, here], store("a"), NOW);
    assert_eq!((two.person, two.shift), (Some(1), Some(0)));
}

#[test]
fn both_ends_of_a_shift_are_on_shift_to_the_second() {
    for (at, is_on) in [
        (START - 1, false),
        (START, true),
        (NOW, true),
        (END, true),
        (END + 1, false),
    ] {
        assert_eq!(shift(None).is_on(at), is_on, "{at}");
    }
    let none = Shift {
        ends_at: START,
        ..shift(None)
    };
    assert!(none.is_on(START) && !none.is_on(START + 1) && !none.is_on(START - 1));
    let reversed = Shift {
        ends_at: START - 1,
        ..none
    };
    assert!(!reversed.is_on(START) && !reversed.is_on(START - 1));
}

#[test]
fn a_shift_until_closing_lasts_half_a_day_and_no_shift_two() {
    let until = |ends_at, is_close| {
        let shift = Shift {
            ends_at,
            is_close,
            ..shift(None)
        };
        let last = (START..=START + 3 * DAY_SECS).rfind(|at| shift.is_on(*at));
        last.map(|at| at - START)
    };
    // Its end is not meaningful, unless it is later.
    for ends_at in [0, START, START + HOUR_SECS, START + CLOSING_SHIFT_SECS] {
        assert_eq!(until(ends_at, true), Some(CLOSING_SHIFT_SECS), "{ends_at}");
    }
    let late = CLOSING_SHIFT_SECS + HOUR_SECS;
    assert_eq!(until(START + late, true), Some(late));
    for is_close in [false, true] {
        let last = until(START + 10 * DAY_SECS, is_close);
        assert_eq!(last, Some(LONGEST_SHIFT_SECS));
    }
}

#[test]
fn an_account_is_doubted_for_its_state_its_age_and_what_it_covers() {
    let settings = fixed_times();
    let good = account(&settings);
    assert_eq!(good.doubt(NOW, NOW), None);
    assert_eq!(good.synced_at(), Some(NOW - 2 * HOUR_SECS));
    for &state in ConnectorState::ALL {
        let doubt = Account { state, ..good }.doubt(NOW, NOW);
        let expected = (state != ConnectorState::Active).then_some(Reason::NotHealthy);
        assert_eq!(doubt, expected, "{state}");
    }
    // Under fixed times shifts come every twelve hours and people every day, six hours late at the most.
    for (users, shifts, is_stale) in [
        (30 * HOUR_SECS, 18 * HOUR_SECS, false),
        (30 * HOUR_SECS + 1, 0, true),
        (0, 18 * HOUR_SECS + 1, true),
    ] {
        let aged = Account {
            users_synced_at: Some(NOW - users),
            shifts_synced_at: Some(NOW - shifts),
            ..good
        };
        assert_eq!(aged.is_stale(NOW), is_stale, "{users} {shifts}");
        let doubt = aged.doubt(NOW, NOW);
        assert_eq!(doubt, is_stale.then_some(Reason::DataStale));
    }
    let never_shifts = Account {
        shifts_synced_at: None,
        ..good
    };
    let never_users = Account {
        users_synced_at: None,
        ..good
    };
    for never in [never_shifts, never_users] {
        assert_eq!(never.doubt(NOW, NOW), Some(Reason::DataStale));
        assert_eq!(never.synced_at(), None);
    }
    // A broken connector says more than its age.
    let broken = Account {
        state: ConnectorState::Revoked,
        ..never_users
    };
    assert_eq!(broken.doubt(NOW, NOW), Some(Reason::NotHealthy));
    let read_until = NOW - 2 * HOUR_SECS + READ_AHEAD_SECS;
    for (at, is_covered) in [
        (NOW - KEPT_SECS - 1, false),
        (NOW - KEPT_SECS, true),
        (read_until, true),
        (read_until + 1, false),
    ] {
        let doubt = (!is_covered).then_some(Reason::TimeNotCovered);
        assert_eq!(good.doubt(at, NOW), doubt, "{at}");
    }
    // What was connected this week knows nothing of the time before what its first sync has read.
    let settings = SyncSettings {
        backfill_days: 1,
        ..fixed_times()
    };
    let young = Account {
        connected_at: Some(NOW - 2 * DAY_SECS),
        ..account(&settings)
    };
    assert_eq!(young.doubt(NOW - 3 * DAY_SECS, NOW), None);
    let earlier = young.doubt(NOW - 3 * DAY_SECS - 1, NOW);
    assert_eq!(earlier, Some(Reason::TimeNotCovered));
}

#[test]
fn of_shifts_at_once_the_one_that_began_last_counts() {
    let of = |id, starts_at, ends_at| Shift {
        id,
        starts_at,
        ends_at,
        ..shift(None)
    };
    let (long, late) = (of("a", START, END), of("b", START + 1, NOW));
    assert_eq!(current_shift(&[long, late], None, NOW), Some(1));
    assert_eq!(current_shift(&[late, long], None, NOW), Some(0));
    assert_eq!(current_shift(&[late, long], None, END), Some(1));
    // Of two that began together the longer one, and of two alike always the same.
    let short = of("c", START, NOW);
    assert_eq!(current_shift(&[short, long], None, NOW), Some(1));
    let twin = of("d", START, END);
    assert_eq!(current_shift(&[twin, long], None, NOW), Some(0));
    assert_eq!(current_shift(&[long, twin], None, NOW), Some(1));
}

/// Small numbers, so that ends and stores meet.
fn any_people() -> impl Strategy<Value = Vec<Vec<Shift<'static>>>> {
    let store = proptest::sample::select(vec![None, Some("a"), Some("b")]);
    let id = proptest::sample::select(vec!["1", "2", "3", "4"]);
    let hours = HOUR_SECS;
    let shift = (id, store, -60_i64..20, -2_i64..60, any::<bool>()).prop_map(
        move |(id, store_id, start, length, is_close)| Shift {
            id,
            store_id,
            starts_at: start * hours,
            ends_at: (start + length) * hours,
            is_close,
        },
    );
    let shifts = proptest::collection::vec(shift, 0..4);
    proptest::collection::vec(shifts, 0..3)
}

proptest! {
    /// The rules, said once more by trying everything.
    #[test]
    fn a_verdict_is_what_trying_everything_comes_to(
        people in any_people(), at in -60_i64..60, off in -1_i64..=1,
        asked in proptest::sample::select(vec![None, Some("a"), Some("b"), Some("nowhere")]),
        doubt in proptest::sample::select(vec![None, Some(Reason::DataStale), Some(Reason::NotHealthy)]),
    ) {
        let at = at * HOUR_SECS + off;
        let asked = asked.and_then(store);
        let verdict = decide(doubt, &people, asked, at);
        let mut working = Vec::new();
        for (person, shifts) in people.iter().enumerate() {
            for (place, shift) in shifts.iter().enumerate() {
                let mut last = shift.ends_at;
                if shift.is_close && last < shift.starts_at + 12 * 3_600 {
                    last = shift.starts_at + 12 * 3_600;
                }
                let began = shift.starts_at <= at && at - shift.starts_at <= 48 * 3_600;
                let is_there = asked.is_none_or(|store| shift.store_id == Some(store.id));
                if began && at <= last && is_there {
                    working.push((person, place));
                }
            }
        }
        let expected = match (doubt, people.is_empty(), working.is_empty()) {
            (Some(doubt), _, _) => doubt,
            (None, true, _) => Reason::NotAnEmployee,
            (None, false, false) => Reason::OnShift,
            (None, false, true) if asked.is_some_and(|store| !store.is_mapped) => Reason::StoreNotMapped,
            (None, false, true) => Reason::NotOnShift,
        };
        prop_assert_eq!(verdict.reason, expected);
        match verdict.shift {
            Some(shift) => {
                let person = verdict.person.unwrap();
                prop_assert!(working.contains(&(person, shift)));
                // None of the others began later.
                let chosen = people[person][shift].starts_at;
                prop_assert!(working.iter().all(|&(person, place)| people[person][place].starts_at <= chosen));
            }
            None => prop_assert!(working.is_empty()),
        }
    }

    /// The order of rows and a common shift of all times change nothing.
    #[test]
    fn neither_order_nor_date_matters(people in any_people(), at in -60_i64..60, weeks in -50_i64..50) {
        let at = at * HOUR_SECS;
        let verdict = decide(None, &people, None, at);
        let shown = |people: &[Vec<Shift<'static>>], verdict: Verdict| {
            let shift = verdict.shift.zip(verdict.person);
            (verdict.reason, shift.map(|(shift, person)| {
                let shift = people[person][shift];
                (shift.id, shift.ends_at - shift.starts_at)
            }))
        };
        let mut turned = people.clone();
        turned.reverse();
        for shifts in &mut turned {
            shifts.reverse();
        }
        let again = decide(None, &turned, None, at);
        prop_assert_eq!(shown(&people, verdict), shown(&turned, again));
        let by = weeks * 7 * DAY_SECS;
        let moved: Vec<Vec<_>> = people.iter().map(|shifts| shifts.iter().map(|shift| Shift {
            starts_at: shift.starts_at + by,
            ends_at: shift.ends_at + by,
            ..*shift
        }).collect()).collect();
        prop_assert_eq!(decide(None, &moved, None, at + by), verdict);
    }

    #[test]
    fn no_time_panics(starts_at: i64, ends_at: i64, is_close: bool, at: i64, now: i64, synced: Option<i64>) {
        let one = Shift { starts_at, ends_at, is_close, ..shift(None) };
        let _ = decide(None, &[vec![one]], None, at);
        let settings = SyncSettings::default();
        let account = Account { connected_at: synced, users_synced_at: synced, shifts_synced_at: synced, ..account(&settings) };
        let _ = account.doubt(at, now);
    }
}
