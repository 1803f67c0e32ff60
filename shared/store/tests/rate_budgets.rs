//! The pace of calls under one credential, whoever makes them; and the quotas of what comes in.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test fail as a test does"
)]

#[expect(dead_code, reason = "not every test needs every helper")]
mod support;

use std::num::NonZeroU32;

use domain::gcra::{MAX_AHEAD_MS, admit, interval_ms};
use domain::inbound_limit::Quota;
use proptest::prelude::*;
use store::rate_budgets::{
    KEEP_MS, MAX_BLOCK_MS, Pace, Slot, Spent, block, prune, reserve, reserve_at, spend,
};
use store::{Execute, parameters};
use support::{TestDatabase, wait};

const NOW_MS: i64 = 1_800_000_000_000;
const KEY: &str = "seven_shifts:token";
const INTERVAL_MS: i64 = 100;

fn take(database: &TestDatabase, now_ms: i64, max_wait_ms: i64) -> Slot {
    wait(reserve(database, KEY, now_ms, INTERVAL_MS, max_wait_ms)).unwrap()
}

#[test]
fn the_first_call_leaves_at_once_and_the_next_ones_in_turn() {
    let database = TestDatabase::checked();
    assert_eq!(take(&database, NOW_MS, 1_000), Slot::At(NOW_MS));
    assert_eq!(take(&database, NOW_MS, 1_000), Slot::At(NOW_MS + 100));
    assert_eq!(take(&database, NOW_MS + 50, 1_000), Slot::At(NOW_MS + 200));
    // A pause gives no credit.
    assert_eq!(take(&database, NOW_MS + 5_000, 0), Slot::At(NOW_MS + 5_000));
    assert_eq!(
        take(&database, NOW_MS + 5_000, 100),
        Slot::At(NOW_MS + 5_100)
    );
}

const BURSTS: Pace = Pace {
    interval_ms: 675,
    burst: 10,
};

fn take_in_bursts(database: &TestDatabase, now_ms: i64, max_wait_ms: i64) -> Slot {
    let taken = reserve_at(database, KEY, now_ms, BURSTS, max_wait_ms);
    wait(taken).unwrap()
}

#[test]
fn after_a_pause_some_leave_at_once_and_the_next_ones_in_turn() {
    let database = TestDatabase::checked();
    for pause in [0, 60_000] {
        let now_ms = NOW_MS + pause;
        for _ in 0..10 {
            assert_eq!(take_in_bursts(&database, now_ms, 0), Slot::At(now_ms));
        }
        assert_eq!(
            take_in_bursts(&database, now_ms, 674),
            Slot::Later(now_ms + 675)
        );
        assert_eq!(
            take_in_bursts(&database, now_ms, 675),
            Slot::At(now_ms + 675)
        );
        assert_eq!(
            take_in_bursts(&database, now_ms + 1, 9_999),
            Slot::At(now_ms + 1_350)
        );
    }
    // Half of what was used up is there again after half of the time.
    let half = NOW_MS + 60_000 + 1_350 + 5 * 675;
    for _ in 0..5 {
        assert_eq!(take_in_bursts(&database, half, 0), Slot::At(half));
    }
    assert_eq!(take_in_bursts(&database, half, 0), Slot::Later(half + 675));
}

#[test]
fn a_block_holds_up_bursts_too() {
    let database = TestDatabase::checked();
    take_in_bursts(&database, NOW_MS, 0);
    wait(block(&database, KEY, NOW_MS, NOW_MS + 5_000)).unwrap();
    let until = NOW_MS + 5_000;
    assert_eq!(take_in_bursts(&database, NOW_MS, 4_999), Slot::Later(until));
    for _ in 0..10 {
        assert_eq!(take_in_bursts(&database, NOW_MS, 9_999), Slot::At(until));
    }
    assert_eq!(
        take_in_bursts(&database, NOW_MS, 9_999),
        Slot::At(until + 675)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// What Employment Hero allows: 100 in any minute, 20 in any second, by one row.
    #[test]
    fn bursts_keep_to_both_limits_whenever_who_asks(
        pauses in prop::collection::vec(prop_oneof![Just(0), 0..700_i64, 0..70_000_i64], 1..400)
    ) {
        let database = TestDatabase::checked();
        let (mut now_ms, mut left) = (NOW_MS, Vec::new());
        for pause in pauses {
            now_ms += pause;
            if let Slot::At(at) = take_in_bursts(&database, now_ms, 20_000) {
                prop_assert!(at >= now_ms);
                left.push(at);
            }
        }
        left.sort_unstable();
        for (window_ms, limit) in [(60_000, 100), (1_000, 20)] {
            for (place, first) in left.iter().enumerate() {
                let within = left.iter().skip(place).filter(|at| **at < first + window_ms).count();
                prop_assert!(within <= limit, "{within} in {window_ms} ms");
            }
        }
    }
}

#[test]
fn a_slot_costs_one_statement() {
    let database = TestDatabase::checked();
    take(&database, NOW_MS, 1_000);
    take(&database, NOW_MS, 1_000);
    assert_eq!(database.take_statements().len(), 2);
}

#[test]
fn who_will_not_wait_takes_nothing() {
    let database = TestDatabase::checked();
    for _ in 0..3 {
        take(&database, NOW_MS, 1_000);
    }
    assert_eq!(take(&database, NOW_MS, 299), Slot::Later(NOW_MS + 300));
    assert_eq!(take(&database, NOW_MS, 299), Slot::Later(NOW_MS + 300));
    assert_eq!(take(&database, NOW_MS, 300), Slot::At(NOW_MS + 300));
}

#[test]
fn nobody_sends_while_the_provider_has_blocked() {
    let database = TestDatabase::checked();
    take(&database, NOW_MS, 0);
    let until = NOW_MS + 60_000;
    wait(block(&database, KEY, NOW_MS, until)).unwrap();
    // A shorter block does not end the longer one.
    wait(block(&database, KEY, NOW_MS, NOW_MS + 10)).unwrap();
    assert_eq!(take(&database, NOW_MS + 1, 1_000), Slot::Later(until));
    assert_eq!(take(&database, NOW_MS + 59_500, 1_000), Slot::At(until));
    assert_eq!(
        take(&database, NOW_MS + 59_500, 1_000),
        Slot::At(until + 100)
    );
}

#[test]
fn a_block_before_the_first_call_counts() {
    let database = TestDatabase::checked();
    wait(block(&database, KEY, NOW_MS, NOW_MS + 500)).unwrap();
    assert_eq!(take(&database, NOW_MS, 1_000), Slot::At(NOW_MS + 500));
}

#[test]
fn a_block_lasts_an_hour_at_the_most() {
    let database = TestDatabase::checked();
    wait(block(&database, KEY, NOW_MS, i64::MAX)).unwrap();
    assert_eq!(
        take(&database, NOW_MS, 0),
        Slot::Later(NOW_MS + MAX_BLOCK_MS)
    );
}

#[test]
fn credentials_do_not_wait_for_each_other() {
    let database = TestDatabase::checked();
    wait(block(&database, "another", NOW_MS, NOW_MS + 60_000)).unwrap();
    assert_eq!(take(&database, NOW_MS, 0), Slot::At(NOW_MS));
}

#[test]
fn what_a_clock_that_jumped_has_written_holds_nobody_up() {
    let database = TestDatabase::checked();
    let ahead = NOW_MS + MAX_AHEAD_MS + 10_000;
    take(&database, ahead, 0);
    wait(block(&database, KEY, ahead, ahead + 60_000)).unwrap();
    assert_eq!(take(&database, NOW_MS, 0), Slot::At(NOW_MS));
    assert_eq!(take(&database, NOW_MS, 100), Slot::At(NOW_MS + 100));
    wait(block(&database, KEY, NOW_MS, NOW_MS + 1_000)).unwrap();
    assert_eq!(take(&database, NOW_MS, 1_000), Slot::At(NOW_MS + 1_000));
}

#[test]
fn instances_on_one_file_get_different_slots() {
    let database = TestDatabase::checked();
    let path = database.path();
    let mut slots: Vec<i64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let database = TestDatabase::at(path);
                    (0..25)
                        .map(|_| match take(&database, NOW_MS, 60_000) {
                            Slot::At(at) => at,
                            Slot::Later(at) => panic!("refused until {at}"),
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    slots.sort_unstable();
    let expected: Vec<_> = (0..100).map(|slot| NOW_MS + slot * INTERVAL_MS).collect();
    assert_eq!(slots, expected);
}

#[test]
fn budgets_that_nobody_uses_are_removed_in_bounded_steps() {
    // Refuses a statement that reads the table from end to end.
    let database = TestDatabase::checked();
    let later = NOW_MS + KEEP_MS;
    for number in 0..7 {
        let key = format!("seven_shifts:{number}");
        let at = if number % 3 == 2 { NOW_MS + 1 } else { NOW_MS };
        wait(reserve(&database, &key, at - INTERVAL_MS, INTERVAL_MS, 0)).unwrap();
    }
    // Idle, and told to be so: the block is to be kept.
    let blocked = "seven_shifts:0";
    wait(block(&database, blocked, NOW_MS, NOW_MS + 1_000)).unwrap();
    let keys = |sql: &str| {
        wait(database.execute(sql, parameters![]))
            .unwrap()
            .iter()
            .map(|row| row.text(0).unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    database.take_statements();
    let mut after = Some(String::new());
    let mut steps = 0;
    while let Some(key) = after {
        after = wait(prune(&database, &key, 3, later)).unwrap();
        steps += 1;
    }
    assert_eq!(steps, 4, "three at a time, and one that finds nothing");
    assert_eq!(database.take_statements().len(), 7);
    let left = keys("SELECT key FROM rate_budgets WHERE key > '' ORDER BY key");
    assert_eq!(left, [blocked, "seven_shifts:2", "seven_shifts:5"]);
    // One that was removed begins anew.
    assert_eq!(
        wait(reserve(&database, "seven_shifts:1", later, INTERVAL_MS, 0)),
        Ok(Slot::At(later))
    );
}

const NOW_US: i64 = NOW_MS * 1_000;
const CALLER: &str = "inbound:caller:key";

fn spent(database: &TestDatabase, requests: u32, now_us: i64, owed_us: i64) -> Spent {
    let quota = Quota::per_minute(requests).unwrap();
    wait(spend(database, CALLER, quota, now_us, owed_us)).unwrap()
}

#[test]
fn a_quota_is_taken_and_not_one_request_more() {
    let database = TestDatabase::checked();
    let taken = |now_us| spent(&database, 3, now_us, 0);
    for used in 1..=3 {
        let expected = Spent {
            is_taken: true,
            tat_us: NOW_US + used * 20_000_000,
        };
        assert_eq!(taken(NOW_US), expected);
    }
    database.take_statements();
    let refused = Spent {
        is_taken: false,
        tat_us: NOW_US + 60_000_000,
    };
    assert_eq!(taken(NOW_US), refused);
    assert_eq!(taken(NOW_US + 19_999_999), refused, "nothing was spent");
    assert_eq!(database.take_statements().len(), 4);
    assert!(taken(NOW_US + 20_000_000).is_taken);
    assert!(!taken(NOW_US + 20_000_000).is_taken);
}

#[test]
fn what_was_let_in_is_owed_whether_or_not_there_is_room() {
    let database = TestDatabase::checked();
    // Three of an instance that asks for a fourth.
    let quota = Quota::per_minute(10).unwrap();
    let said = spent(&database, 10, NOW_US, 3 * quota.cost_us());
    assert_eq!((said.is_taken, said.tat_us), (true, NOW_US + 24_000_000));
    // Another one has let in eight: together it is too much, and paid back.
    let said = spent(&database, 10, NOW_US, 8 * quota.cost_us());
    assert_eq!((said.is_taken, said.tat_us), (false, NOW_US + 72_000_000));
    assert!(!spent(&database, 10, NOW_US + 17_999_999, 0).is_taken);
    assert!(spent(&database, 10, NOW_US + 18_000_000, 0).is_taken);
    // No debt is longer than two windows.
    let said = spent(&database, 10, NOW_US, 60 * quota.cost_us());
    assert_eq!(said.tat_us, NOW_US + 120_000_000);
}

#[test]
fn a_bucket_of_a_clock_that_jumped_is_untouched() {
    let database = TestDatabase::checked();
    spent(&database, 10, NOW_US + 1_000_000_000, 0);
    let said = spent(&database, 10, NOW_US, 0);
    assert_eq!((said.is_taken, said.tat_us), (true, NOW_US + 6_000_000));
}

#[test]
fn instances_on_one_file_share_a_quota() {
    let database = TestDatabase::checked();
    let path = database.path();
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let database = TestDatabase::at(path);
                    (0..25)
                        .filter(|_| spent(&database, 60, NOW_US, 0).is_taken)
                        .count()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(taken, 60);
}

#[test]
fn inbound_buckets_are_removed_when_they_are_idle() {
    let database = TestDatabase::checked();
    spent(&database, 60, NOW_US, 0);
    let count = || {
        let sql = "SELECT count(*) FROM rate_budgets WHERE key > ''";
        let rows = wait(database.execute(sql, parameters![])).unwrap();
        rows.first().unwrap().integer(0).unwrap()
    };
    wait(prune(&database, "", 10, NOW_MS + KEEP_MS)).unwrap();
    assert_eq!(count(), 1);
    wait(prune(&database, "", 10, NOW_MS + KEEP_MS + 1_000)).unwrap();
    assert_eq!(count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// The statements and the rule are one.
    #[test]
    fn a_quota_is_spent_by_the_rule(
        requests in prop_oneof![1..100_u32, 100..1_000_000_u32],
        asks in prop::collection::vec((0..20_000_000_i64, 0..30_i64), 1..40),
    ) {
        let database = TestDatabase::checked();
        let quota = Quota::per_minute(requests).unwrap();
        let (mut now, mut tat) = (NOW_US, 0);
        for (later, owed) in asks {
            now += if later % 3 == 0 { later } else { 0 };
            let owed_us = owed * quota.cost_us();
            let expected = quota.take(tat, now, owed_us + quota.cost_us());
            let said = spent(&database, requests, now, owed_us);
            prop_assert_eq!(said.is_taken, expected.is_some() || tat == 0);
            if expected.is_none() && tat != 0 {
                tat = if owed == 0 { tat } else { quota.owe(tat, now, owed_us) };
                // Untouched buckets are shown as they are kept.
                prop_assert_eq!(quota.level(said.tat_us, now), quota.level(tat, now));
            } else {
                tat = said.tat_us;
                prop_assert!(expected.is_none_or(|expected| expected == tat));
            }
        }
    }

    /// Whoever asks when, and however long each is willing to wait.
    #[test]
    fn no_sliding_second_holds_more_than_the_limit(
        per_second in 1..40_u32,
        asks in prop::collection::vec((0..400_i64, 0..2_000_i64), 1..120),
    ) {
        let database = TestDatabase::checked();
        let interval = interval_ms(NonZeroU32::new(per_second).unwrap());
        let mut now = NOW_MS;
        let mut tat = 0;
        let mut sent = Vec::new();
        for (step, (later, max_wait)) in asks.into_iter().enumerate() {
            // Half of the asks come in the same millisecond as the one before.
            now += if step % 2 == 0 { later } else { 0 };
            let expected = admit(tat, now, interval, 1);
            match wait(reserve(&database, KEY, now, interval, max_wait)).unwrap() {
                Slot::At(at) => {
                    prop_assert_eq!(at, expected.send_at_ms);
                    prop_assert!(at >= now && at - now <= max_wait);
                    tat = expected.new_tat_ms;
                    sent.push(at);
                }
                Slot::Later(at) => {
                    prop_assert_eq!(at, expected.send_at_ms);
                    prop_assert!(at - now > max_wait);
                }
            }
        }
        for (index, at) in sent.iter().enumerate() {
            let in_second = sent.iter().skip(index).take_while(|other| **other < at + 1_000).count();
            prop_assert!(in_second <= usize::try_from(per_second).unwrap());
        }
    }
}
