//! The log, counted.

use store::logs::{self, Counted, Span};
use store::parameters;

use super::fixture::{Fixture, party};
use super::support::wait;

const DAY: i64 = 86_400;

fn counted(of: &str, up_to_ms: i64, total: i64, failed: i64) -> Counted {
    Counted {
        of: of.to_owned(),
        up_to_ms,
        total,
        failed,
    }
}

#[test]
fn statistics_are_what_the_rows_of_the_log_say() {
    let fixture = Fixture::new();
    let (mine, other) = (party(1).tenant, party(2).tenant);
    for (tenant, connector_id, event_type, status, duration_ms, day) in [
        (&mine, "a", "sync", "success", Some(9), 0),
        (&mine, "b", "sync", "failed", Some(10), 0),
        (&mine, "a", "sync", "partial", Some(11), 1),
        (&mine, "a", "rule", "failed", None, 1),
        (&mine, "a", "connector", "info", None, 1),
        (&mine, "a", "sync", "success", Some(9), 2),
        (&other, "a", "sync", "success", Some(9), 0),
    ] {
        fixture.query(
            "INSERT INTO integration_logs (organization_id, connector_id, event_type, status, duration_ms, occurred_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            parameters![tenant.as_str(), connector_id, event_type, status, duration_ms, day * DAY],
        );
    }
    let of = |connector_id| {
        let span = Span {
            from_day: 0,
            to_day: 1,
            connector_id,
        };
        wait(logs::counted(&fixture.database, &mine, span)).unwrap()
    };
    let all = of(None);
    assert_eq!(
        all.by_day,
        [
            counted("1970-01-01", 10, 2, 1),
            counted("1970-01-02", 0, 1, 1),
            counted("1970-01-02", 15, 1, 0),
        ]
    );
    assert_eq!(
        all.by_type,
        [
            counted("connector", 0, 0, 0),
            counted("rule", 0, 1, 1),
            counted("sync", 10, 2, 1),
            counted("sync", 15, 1, 0),
        ]
    );
    assert_eq!(of(Some("b")).by_type, [counted("sync", 10, 1, 1)]);
}

#[test]
fn refused_deliveries_are_counted_in_one_row_for_each_webhook_and_reason_in_ten_seconds() {
    let fixture = Fixture::new();
    let (mine, other) = (party(1).tenant, party(2).tenant);
    for tenant in [&mine, &other] {
        fixture.query(
            "INSERT INTO organizations (id, name, time_zone, created_at, updated_at) VALUES (?1, 'x', 'UTC', 0, 0)",
            parameters![tenant.as_str()],
        );
    }
    let note = |tenant, webhook_id, code, count, now| {
        let refused = logs::Refused {
            webhook_id,
            code,
            detail: "no key of the webhook made it",
            request_id: "r-1",
            count,
        };
        wait(logs::note_refused(&fixture.database, tenant, refused, now)).unwrap();
    };
    note(&mine, "till", "bad_signature", 1, 100);
    note(&mine, "door", "bad_signature", 1, 100);
    note(&mine, "till", "stale", 1, 101);
    note(&other, "till", "bad_signature", 1, 101);
    note(&mine, "till", "bad_signature", 41, 109);
    note(&mine, "till", "bad_signature", 5, 110);
    note(&mine, "till", "bad_signature", 2, 111);
    let rows = fixture.query(
        "SELECT organization_id = ?1, subject_id, code, counts ->> 'refused', occurred_at FROM integration_logs
         WHERE event_type = ?2 ORDER BY seq",
        parameters![mine.as_str(), logs::REFUSED],
    );
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.integer(0).unwrap() == 1,
                row.text(1).unwrap().to_owned(),
                row.text(2).unwrap().to_owned(),
                row.integer(3).unwrap(),
                row.integer(4).unwrap(),
            )
        })
        .collect();
    let row = |is_mine, of: &str, code: &str, count, at| {
        (is_mine, of.to_owned(), code.to_owned(), count, at)
    };
    assert_eq!(
        rows,
        [
            row(true, "till", "bad_signature", 42, 100),
            row(true, "door", "bad_signature", 1, 100),
            row(true, "till", "stale", 1, 101),
            row(false, "till", "bad_signature", 1, 101),
            row(true, "till", "bad_signature", 7, 110),
        ]
    );
}

#[test]
fn rows_and_counts_of_the_log_are_kept_for_as_long_as_is_said_and_pruned_in_parts() {
    let fixture = Fixture::new();
    let mine = party(1).tenant;
    let now = 200 * DAY;
    for (event_type, days) in [
        ("sync", 91),
        ("rule", 91),
        ("log", 90),
        ("sync", 89),
        ("sync", 0),
    ] {
        fixture.query(
            "INSERT INTO integration_logs (organization_id, event_type, status, occurred_at) VALUES (?1, ?2, 'success', ?3)",
            parameters![mine.as_str(), event_type, now - days * DAY],
        );
    }
    let prune = || wait(logs::prune(&fixture.database, now - logs::KEEP_SECONDS, 1)).unwrap();
    assert_eq!((prune(), prune(), prune()), (1, 1, 0));
    for table in ["integration_logs", "log_statistics"] {
        let kept = fixture.query(&format!("SELECT count(*) FROM {table}"), parameters![]);
        assert_eq!(kept.first().unwrap().integer(0).unwrap(), 3, "{table}");
    }
}
