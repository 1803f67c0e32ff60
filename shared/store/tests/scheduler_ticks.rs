//! What a tick and health learn about the scheduler.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test fail as a test does"
)]

#[expect(dead_code, reason = "not every test needs every helper")]
mod support;

use store::scheduler_ticks::{Begun, Lag, begin, finish, lag};
use store::{Execute, parameters};
use support::{TestDatabase, wait};

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

fn start(database: &TestDatabase, now: i64) -> Begun {
    wait(begin(database, now, now + 2 * DAY)).unwrap()
}

fn add_job(database: &TestDatabase, id: &str, due: Option<i64>) {
    let sql = "INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key,
        state, next_due_at, created_at, updated_at) VALUES (?1, 'sync', ?1, 'o', 's', 'f', 'k', 'pending', ?2, 0, 0)";
    wait(database.execute(sql, parameters![id, due])).unwrap();
}

#[test]
fn ticks_are_counted() {
    let database = TestDatabase::checked();
    for tick in 1..=3 {
        let begun = start(&database, NOW + tick * 20);
        assert_eq!((begun.ticks, begun.due_too_far), (tick, false));
        assert!(begun.clock_back_secs <= 0);
        wait(finish(&database, NOW + tick * 20, NOW + tick * 20 + 3)).unwrap();
    }
    let health = wait(lag(&database, NOW + 100)).unwrap();
    assert_eq!(health.last_started_at, Some(NOW + 60));
    assert_eq!(health.last_finished_at, Some(NOW + 63));
}

#[test]
fn a_clock_that_went_back_is_known_until_a_tick_is_finished() {
    let database = TestDatabase::checked();
    start(&database, NOW + DAY);
    wait(finish(&database, NOW + DAY, NOW + DAY)).unwrap();
    assert_eq!(start(&database, NOW).clock_back_secs, DAY);
    // That tick died. The next one is told again.
    assert_eq!(start(&database, NOW + 20).clock_back_secs, DAY - 20);
    wait(finish(&database, NOW + 20, NOW + 25)).unwrap();
    assert_eq!(start(&database, NOW + 40).clock_back_secs, 0);
}

#[test]
fn a_long_tick_does_not_set_a_shorter_one_back() {
    let database = TestDatabase::checked();
    start(&database, NOW);
    start(&database, NOW + 20);
    wait(finish(&database, NOW + 20, NOW + 21)).unwrap();
    wait(finish(&database, NOW, NOW + 22)).unwrap();
    let health = wait(lag(&database, NOW + 22)).unwrap();
    assert_eq!(health.last_started_at, Some(NOW + 20));
}

#[test]
fn a_job_that_is_due_too_far_is_noticed() {
    let database = TestDatabase::checked();
    add_job(&database, "a", Some(NOW + 2 * DAY));
    assert!(!start(&database, NOW).due_too_far);
    add_job(&database, "b", Some(NOW + 2 * DAY + 1));
    assert!(start(&database, NOW).due_too_far);
}

#[test]
fn health_knows_what_waits_and_since_when() {
    let database = TestDatabase::checked();
    let nothing = Lag {
        last_started_at: None,
        last_finished_at: None,
        oldest_due_at: None,
        due: 0,
    };
    assert_eq!(wait(lag(&database, NOW)), Ok(nothing));
    add_job(&database, "a", None);
    add_job(&database, "b", Some(NOW + 1));
    assert_eq!(wait(lag(&database, NOW)), Ok(nothing));
    add_job(&database, "c", Some(NOW - 40));
    add_job(&database, "d", Some(NOW));
    let waits = wait(lag(&database, NOW)).unwrap();
    assert_eq!((waits.oldest_due_at, waits.due), (Some(NOW - 40), 2));
    // A delivery waits for the pace of who takes it, and nobody is ill.
    let sql = "UPDATE jobs SET kind = 'outbox' WHERE id = 'c'";
    wait(Execute::execute(&database, sql, &[])).unwrap();
    let waits = wait(lag(&database, NOW)).unwrap();
    assert_eq!((waits.oldest_due_at, waits.due), (Some(NOW), 2));
}
