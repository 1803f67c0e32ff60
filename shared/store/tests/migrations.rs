//! The migrations runner: first use, second use, two at once, a failure half way, a newer database.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test fail as a test does"
)]

#[expect(dead_code, reason = "not every test needs every helper")]
mod support;

use domain::access::Caller;
use store::lists::{Kind, get};
use store::migrations::{CURRENT, Migration, all, migrate, migrate_with, version};
use store::{DatabaseError, Execute};
use support::{TestDatabase, wait};

const ORGANIZATION: &str = "0190a5c0-0000-7000-8000-000000000001";

#[test]
fn a_new_database_gets_every_migration_once_and_is_in_wal() {
    let database = TestDatabase::empty();
    assert_eq!(wait(migrate(&database, 1)), Ok(all().unwrap().len()));
    assert_eq!(wait(migrate(&database, 2)), Ok(0));
    assert_eq!(wait(version(&database)), Ok(CURRENT));
    let mode = wait(database.execute("PRAGMA journal_mode", &[])).unwrap();
    assert_eq!(mode[0].text(0), Ok("wal"));
    // A `kill -9` cannot tell NORMAL from FULL, so the pragma itself is held.
    let synchronous = wait(database.execute("PRAGMA synchronous", &[])).unwrap();
    assert_eq!(synchronous[0].integer(0), Ok(2));
}

#[test]
fn a_current_database_costs_one_statement() {
    let database = TestDatabase::new();
    wait(migrate(&database, 1)).unwrap();
    assert_eq!(database.take_statements().len(), 1);
}

#[test]
fn versions_ascend_without_gaps() {
    assert_eq!(usize::try_from(CURRENT), Ok(all().unwrap().len()));
    for (index, migration) in all().unwrap().iter().enumerate() {
        assert_eq!(
            migration.version,
            i64::try_from(index).unwrap() + 1,
            "{}",
            migration.name
        );
    }
}

#[test]
fn hours_of_before_are_read_by_their_minutes_until_a_sync_knows_the_seconds() {
    let database = TestDatabase::empty();
    wait(migrate_with(&database, &all().unwrap()[..2], 1)).unwrap();
    let insert = |id: &str, out: &str, minutes: &str| {
        wait(database.execute(
            &format!(
                "INSERT INTO time_punches (id, organization_id, connector_id, source, external_id,
                   clocked_in_at, clocked_out_at, auto_clocked_out, worked_minutes, break_minutes,
                   paid_break_minutes, unpaid_break_minutes, breaks, is_approved, created_seq, changed_seq)
                 VALUES ('{id}', '{ORGANIZATION}', 'c', '7shifts', '{id}', 0, {out}, 0, {minutes}, 0, 0, 0, '[]', 1, 1, 1)"
            ),
            &[],
        ))
        .unwrap();
    };
    insert("over", "20929", "349");
    insert("running", "NULL", "NULL");
    assert_eq!(wait(migrate(&database, 2)), Ok(all().unwrap().len() - 2));
    let tenant = Caller::internal("test").tenant_named(ORGANIZATION).unwrap();
    let read = |id: &str| {
        let json = wait(get(&database, &tenant, Kind::TimePunch, id));
        serde_json::from_str::<serde_json::Value>(&json.unwrap().unwrap()).unwrap()
    };
    let over = read("over");
    assert_eq!(
        (&over["worked_minutes"], &over["total_hours"]),
        (&349.into(), &5.82.into())
    );
    assert!(read("running")["total_hours"].is_null());
    wait(database.execute(
        "UPDATE time_punches SET worked_seconds = 20929 WHERE id = 'over'",
        &[],
    ))
    .unwrap();
    let over = read("over");
    assert_eq!(
        (&over["worked_minutes"], &over["total_hours"]),
        (&349.into(), &5.81.into())
    );
}

#[test]
fn connectors_of_before_get_the_streams_that_are_new() {
    let database = TestDatabase::empty();
    wait(migrate_with(&database, &all().unwrap()[..3], 1)).unwrap();
    for (tail, stream, due) in [("a", "users", "NULL"), ("b", "shifts", "500")] {
        wait(database.execute(
            &format!(
                "INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, rank,
                   state, next_due_at, created_at, updated_at)
                 VALUES ('0190a5c0-0000-7000-8000-00000000{tail}000', 'sync', '{stream}', '{ORGANIZATION}', 'c',
                   'seven-shifts-sync', 'c', 3, 'pending', {due}, 1, 1)"
            ),
            &[],
        ))
        .unwrap();
    }
    wait(migrate(&database, 2)).unwrap();
    let rows = wait(database.execute(
        "SELECT group_concat(name || ' ' || rank || ' ' || coalesce(next_due_at, 'never') || ' ' || length(id), ', ')
         FROM (SELECT * FROM jobs WHERE rank > 5 ORDER BY rank)",
        &[],
    ))
    .unwrap();
    assert_eq!(
        rows[0].text(0),
        Ok("wages 6 never 36, assignments 7 never 36, availability 8 never 36, time_off 9 500 36")
    );
}

#[test]
fn a_migration_that_fails_half_way_leaves_nothing() {
    let database = TestDatabase::empty();
    let broken = [Migration {
        version: 1,
        name: "broken".to_owned(),
        sql: "CREATE TABLE half (id INTEGER) STRICT\n--; statement\nCREATE NONSENSE".to_owned(),
    }];
    assert!(wait(migrate_with(&database, &broken, 1)).is_err());
    assert!(wait(database.execute("SELECT * FROM half", &[])).is_err());
    assert_eq!(wait(version(&database)), Ok(0));
}

#[test]
fn a_database_of_newer_code_is_refused_and_left_alone() {
    let database = TestDatabase::new();
    wait(database.execute(
        "INSERT INTO schema_migrations VALUES (999, 'later', 1)",
        &[],
    ))
    .unwrap();
    let refused = wait(migrate(&database, 1)).unwrap_err();
    assert!(
        matches!(refused, DatabaseError::Newer { found: 999, .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("deploy the newer code"));
}

#[test]
fn two_processes_that_start_at_once_both_succeed() {
    let database = TestDatabase::empty();
    let path = database.path();
    let applied: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| wait(migrate(&TestDatabase::at(path), 1)).unwrap()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(applied, all().unwrap().len());
}

#[test]
fn no_statement_asks_the_database_for_time_or_chance() {
    for migration in all().unwrap() {
        let sql = migration.sql.to_ascii_lowercase();
        for forbidden in [
            "'now'",
            "current_timestamp",
            "current_date",
            "current_time",
            "random(",
            "randomblob(",
        ] {
            assert!(
                !sql.contains(forbidden),
                "{forbidden} in {}",
                migration.name
            );
        }
    }
}
