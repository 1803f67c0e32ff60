//! SQLite and key-value as guests see them.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use runtime::{Limits, Runtime, Storage};
use tokio::join;

use crate::support::{application, get, post, sql, start};

const DATA: (&str, &str) = (
    "data",
    "sqlite_databases = ['default', 'other']\nkey_value_stores = ['default', 'cache']",
);
const SCHEMA: &str =
    "PRAGMA journal_mode = WAL\nCREATE TABLE item (id INTEGER PRIMARY KEY, value TEXT) STRICT\n";

#[tokio::test(flavor = "multi_thread")]
async fn values_come_back_as_they_went_in() {
    let runtime = start(&[DATA]);
    let (status, rows) = sql(
        &runtime,
        "SELECT 1, -9223372036854775808, 1.5, 'ä', x'00ff', NULL\nSELECT ?, ?|a|b\nSELECT 1 WHERE 0",
    )
    .await;
    assert_eq!(status, 200, "{rows}");
    assert_eq!(
        rows,
        "Value::Integer(1) Value::Integer(-9223372036854775808) Value::Real(1.5) Value::Text(\"ä\") \
         Value::Blob([0, 255]) Value::Null\nValue::Text(\"a\") Value::Text(\"b\")\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_fails_says_why_and_leaves_the_connection_usable() {
    let runtime = start(&[DATA]);
    for (statement, why) in [
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM missing", "no such table"),
        ("SELECT ?", "parameter"),
        ("SELECT 1|surplus", "parameter"),
        ("SELECT CAST(x'ff' AS TEXT)", "utf-8"),
        ("SELECT 1; SELECT 2", "Multiple statements"),
        ("COMMIT", "no transaction"),
    ] {
        let (status, error) = sql(&runtime, statement).await;
        assert_eq!(status, 422, "{statement}: {error}");
        assert!(
            error.to_lowercase().contains(&why.to_lowercase()),
            "{statement}: {error}"
        );
    }
    let script = format!(
        "{SCHEMA}INSERT INTO item VALUES (1, 'a')\nkeep INSERT INTO item VALUES (1, 'b')\nSELECT value FROM item"
    );
    let (_, rows) = sql(&runtime, &script).await;
    assert!(rows.contains("UNIQUE constraint failed: item.id"), "{rows}");
    assert!(rows.ends_with("Value::Text(\"a\")\n"), "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_query_is_answered_and_holds_nobody_up() {
    let runtime = start(&[DATA]);
    let started = Instant::now();
    let count = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n";
    // More of them than the host has threads.
    let long = futures::future::join_all((0..8).map(|_| async {
        let answer = sql(&runtime, count).await;
        (answer, started.elapsed())
    }));
    let hello = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        (get(&runtime, "/hello").await, started.elapsed())
    };
    let (long, (hello, after)) = join!(long, hello);
    assert_eq!(hello.0, 200);
    for (answer, took) in long {
        assert_eq!(answer, (200, "Value::Integer(3000000)\n".to_owned()));
        assert!(after < took, "{after:?} {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_manifests_databases_can_be_opened() {
    let runtime = start(&[DATA]);
    let (_, wal) = post(
        &runtime,
        "/data/sql/other",
        "CREATE TABLE a (b)\nSELECT count(*) FROM a",
    )
    .await;
    assert_eq!(wal, "Value::Integer(0)\n");
    let (_, missing) = sql(&runtime, "SELECT count(*) FROM a").await;
    assert!(
        missing.contains("no such table"),
        "the databases are separate: {missing}"
    );
    let (status, denied) = post(&runtime, "/data/sql/third", "SELECT 1").await;
    assert_eq!((status, denied.as_str()), (422, "Error::AccessDenied"));
    let (status, denied) = post(&start(&[]), "/data/sql/default", "SELECT 1").await;
    assert_eq!((status, denied.as_str()), (422, "Error::AccessDenied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_survives_and_what_is_not_does_not() {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("state");
    let open = || Storage::directory(&folder).expect("a storage");
    let application = application(&[DATA]);
    let first = Runtime::builder(&application)
        .storage(open())
        .start()
        .expect("a start");
    assert_eq!(
        sql(
            &first,
            &format!("{SCHEMA}INSERT INTO item VALUES (1, 'kept')")
        )
        .await
        .0,
        200
    );
    post(&first, "/data/key-value/cache/set/a", "kept").await;
    // The guest dies within its transaction.
    let (status, _) = sql(
        &first,
        "BEGIN IMMEDIATE\nINSERT INTO item VALUES (2, 'lost')\ntrap",
    )
    .await;
    assert_eq!(status, 503);
    let (_, rows) = sql(&first, "SELECT value FROM item").await;
    assert_eq!(rows, "Value::Text(\"kept\")\n");
    // The tables hold people's data: they are the owner's to read, and nobody else's.
    let mode = |path: &std::path::Path| {
        let metadata = std::fs::metadata(path).expect("it is there");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode(&folder), 0o700);
    for file in std::fs::read_dir(&folder).expect("the folder") {
        let file = file.expect("a file").path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    first.kill().await;
    assert_eq!(get(&first, "/data/read").await.0, 503);

    let second = Runtime::builder(&application)
        .storage(open())
        .start()
        .expect("a start");
    assert_eq!(
        get(&second, "/data/read").await.1,
        "Value::Text(\"kept\")\n"
    );
    assert_eq!(get(&second, "/data/key-value/cache/get/a").await.1, "kept");
    assert!(open().database_path("default").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_take_turns_and_readers_do_not_wait() {
    let runtime = Runtime::builder(&application(&[DATA]))
        .instance_reuse(1)
        .start()
        .expect("a start");
    sql(
        &runtime,
        &format!("{SCHEMA}INSERT INTO item VALUES (1, '0')"),
    )
    .await;
    let started = Instant::now();
    let long = sql(
        &runtime,
        "BEGIN\nUPDATE item SET value = 'held'\nsleep 600\nUPDATE item SET value = 'held+'\nCOMMIT",
    );
    let reader = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let (_, value) = get(&runtime, "/data/read").await;
        (value, started.elapsed())
    };
    // In the order of their arrival, which fairness keeps.
    let writers = futures::future::join_all((2..6).map(|id: u64| {
        let runtime = &runtime;
        async move {
            tokio::time::sleep(Duration::from_millis(100 * id)).await;
            let statement =
                format!("INSERT INTO item VALUES ({id}, 'w')\nSELECT value FROM item WHERE id = 1");
            (sql(runtime, &statement).await, started.elapsed())
        }
    }));
    let (long, (value, read_after), writers) = join!(long, reader, writers);
    assert_eq!(long.0, 200, "{long:?}");
    assert_eq!(
        value, "Value::Text(\"0\")\n",
        "a reader sees what was committed"
    );
    assert!(read_after < Duration::from_millis(550), "{read_after:?}");
    for ((status, rows), after) in &writers {
        assert_eq!((*status, rows.as_str()), (200, "Value::Text(\"held+\")\n"));
        assert!(*after >= Duration::from_millis(550), "{after:?}");
    }
    let (_, order) = sql(
        &runtime,
        "SELECT group_concat(id) FROM (SELECT id FROM item ORDER BY rowid)",
    )
    .await;
    assert_eq!(order, "Value::Text(\"1,2,3,4,5\")\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_all_get_through() {
    for reuse in [1, 128] {
        let runtime = Runtime::builder(&application(&[DATA]))
            .instance_reuse(reuse)
            .start()
            .expect("a start");
        sql(
            &runtime,
            &format!("{SCHEMA}INSERT INTO item VALUES (1, '0')"),
        )
        .await;
        let writers = (0..64).map(|_| {
            sql(
                &runtime,
                "UPDATE item SET value = CAST(value AS INTEGER) + 1 RETURNING id",
            )
        });
        let answers = futures::future::join_all(writers).await;
        assert!(
            answers.iter().all(|(status, _)| *status == 200),
            "{answers:?}"
        );
        assert_eq!(get(&runtime, "/data/read").await.1, "Value::Text(\"64\")\n");
    }
}

/// Who has the writer's turn may need the connection on which another one waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn writers_that_share_a_connection_do_not_wait_for_each_other_for_ever() {
    let runtime = Runtime::builder(&application(&[DATA]))
        .instance_reuse(128)
        .start()
        .expect("a start");
    sql(
        &runtime,
        &format!("{SCHEMA}INSERT INTO item VALUES (1, '0')"),
    )
    .await;
    let add = "UPDATE item SET value = CAST(value AS INTEGER) + 1\n".repeat(20);
    let writers = (0..32).map(|number| {
        let (runtime, add) = (&runtime, &add);
        let path = ["/data/shared", "/data/sql/default"][number % 2];
        async move { post(runtime, path, add).await }
    });
    let all = futures::future::join_all(writers);
    let answers = tokio::time::timeout(Duration::from_secs(20), all).await;
    for (status, said) in answers.expect("they get through") {
        assert_eq!(status, 200, "{said}");
    }
    assert_eq!(
        get(&runtime, "/data/read").await.1,
        "Value::Text(\"640\")\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_stays_open_loses_its_turn() {
    let runtime = Runtime::builder(&application(&[DATA]))
        .limits(Limits {
            writer_hold: Duration::from_millis(200),
            ..Limits::default()
        })
        .start()
        .expect("a start");
    sql(
        &runtime,
        &format!("{SCHEMA}INSERT INTO item VALUES (1, 'before')"),
    )
    .await;
    let (_, output) = sql(
        &runtime,
        "BEGIN\nUPDATE item SET value = 'half'\nsleep 500\nkeep UPDATE item SET value = 'stray'\nkeep COMMIT\n\
         SELECT value FROM item\nBEGIN\nUPDATE item SET value = 'after'\nCOMMIT",
    )
    .await;
    assert_eq!(output.matches("rolled back").count(), 2, "{output}");
    assert!(output.contains("\"before\""), "{output}");
    assert_eq!(
        get(&runtime, "/data/read").await.1,
        "Value::Text(\"after\")\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_synchronous_functions_read_the_same() {
    let runtime = start(&[DATA]);
    let (status, error) = get(&runtime, "/data/row").await;
    assert_eq!(status, 422);
    assert!(error.contains("no such table"), "{error}");
    let script = format!("{SCHEMA}INSERT INTO item VALUES (1, 'a')");
    sql(&runtime, &script).await;
    for path in ["/data/row", "/data/read", "/data/row"] {
        let answer = get(&runtime, path).await;
        assert_eq!(answer, (200, "Value::Text(\"a\")\n".to_owned()), "{path}");
    }
}

const ENDLESS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n) SELECT i, 'n' FROM n";

/// An endless statement, then a write: when it was answered.
async fn write_after(limits: Limits, endless: &str) -> ((u16, String), Duration) {
    let runtime = Runtime::builder(&application(&[DATA]))
        .limits(limits)
        .start()
        .expect("a start");
    sql(&runtime, SCHEMA).await;
    let ended = sql(&runtime, endless).await;
    let started = Instant::now();
    let written = sql(&runtime, "INSERT INTO item VALUES (1, 'next')").await;
    assert_eq!(written.0, 200, "{written:?}");
    assert_eq!(
        get(&runtime, "/data/read").await.1,
        "Value::Text(\"next\")\n"
    );
    (ended, started.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_never_ends_is_ended() {
    let limits = Limits {
        writer_hold: Duration::from_millis(300),
        ..Limits::default()
    };
    for statement in [
        format!("INSERT INTO item {ENDLESS}"),
        format!("BEGIN\nINSERT INTO item {ENDLESS}"),
    ] {
        let (ended, after) = write_after(limits.clone(), &statement).await;
        assert_eq!(ended.0, 422, "{ended:?}");
        assert!(ended.1.contains("took too long"), "{ended:?}");
        assert!(after < Duration::from_secs(2), "{after:?}");
    }
}

/// Its request has timed out and its instance is gone; so is the statement, long before it would
/// have had to give the writer's turn back.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_for_which_nobody_waits_is_ended() {
    let limits = Limits {
        request: Duration::from_millis(500),
        writer_hold: Duration::from_secs(60),
        ..Limits::default()
    };
    let (ended, after) = write_after(limits, &format!("BEGIN\nINSERT INTO item {ENDLESS}")).await;
    // The bound of the statement is its request's: the guest may just be told before it is gone.
    assert!([422, 503, 504].contains(&ended.0), "{ended:?}");
    assert!(after < Duration::from_secs(5), "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_file_can_be_reached() {
    let runtime = start(&[DATA]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("other.db");
    sql(&runtime, SCHEMA).await;
    for statement in [
        format!("ATTACH '{}' AS other", file.display()),
        format!("ATTACH ? AS other|{}", file.display()),
        format!("VACUUM INTO '{}'", file.display()),
    ] {
        let (status, error) = sql(&runtime, &statement).await;
        assert_eq!(status, 422, "{statement}");
        assert!(error.contains("authoriz"), "{statement}: {error}");
    }
    assert!(!file.exists());
    assert_eq!(sql(&runtime, "VACUUM").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_has_a_largest_size() {
    let (status, error) = sql(&start(&[DATA]), "SELECT length(hex(zeroblob(100000000)))").await;
    assert_eq!(status, 422);
    assert!(error.contains("too big"), "{error}");
}

/// Connections are kept for the next guest, who must not notice.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_used_again_is_like_a_new_one() {
    let runtime = start(&[DATA]);
    sql(&runtime, SCHEMA).await;
    let (_, fresh) = sql(&runtime, "PRAGMA cache_size").await;
    for (before, after, expected) in [
        (
            "CREATE TEMP TABLE mine (a)",
            "SELECT * FROM mine",
            "no such table",
        ),
        ("PRAGMA cache_size = 7", "PRAGMA cache_size", fresh.as_str()),
        (
            "BEGIN\nINSERT INTO item VALUES (1, 'open')",
            "SELECT count(*) FROM item",
            "Value::Integer(0)",
        ),
        (
            "BEGIN\nSELECT 1",
            "BEGIN\nCOMMIT\nSELECT 1",
            "Value::Integer(1)",
        ),
    ] {
        for _ in 0..20 {
            assert_eq!(sql(&runtime, before).await.0, 200, "{before}");
        }
        for _ in 0..20 {
            let (_, output) = sql(&runtime, after).await;
            assert!(output.contains(expected), "{before}: {output}");
        }
    }
}

/// An acknowledged write survives a loss of power. A killed process cannot tell the difference, so
/// the setting itself is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn every_commit_is_on_disk() {
    let runtime = start(&[DATA]);
    let script = format!("{SCHEMA}PRAGMA synchronous");
    let (_, output) = sql(&runtime, &script).await;
    assert!(output.ends_with("Value::Integer(2)\n"), "{output}");
    assert_eq!(
        sql(&runtime, "PRAGMA synchronous").await.1,
        "Value::Integer(2)\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn key_value_stores_keep_small_values() {
    let runtime = start(&[DATA]);
    let call = async |path: &str, body: &str| {
        post(&runtime, &format!("/data/key-value/{path}"), body)
            .await
            .1
    };
    assert_eq!(call("default/get/a", "").await, "none");
    assert_eq!(call("default/exists/a", "").await, "false");
    call("default/set/b", "1").await;
    call("default/set/a", "1").await;
    call("default/set/a", "2").await;
    call("cache/set/c", "3").await;
    assert_eq!(call("default/get/a", "").await, "2");
    assert_eq!(call("default/exists/a", "").await, "true");
    assert_eq!(call("default/keys", "").await, "a b");
    call("default/delete/a", "").await;
    call("default/delete/a", "").await;
    assert_eq!(call("default/get/a", "").await, "none");
    assert_eq!(call("cache/keys", "").await, "c");
    assert_eq!(call("third/get/a", "").await, "Error::AccessDenied");
    let long = "k".repeat(256);
    assert!(
        call(&format!("default/set/{long}"), "1")
            .await
            .contains("255 bytes")
    );
    let large = "v".repeat((1 << 20) + 1);
    assert!(
        call("default/set/large", &large)
            .await
            .contains("1048576 bytes")
    );
}
