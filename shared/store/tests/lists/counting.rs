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
