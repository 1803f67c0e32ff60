//! Leave as the sync of an HR system leaves it in the database, whoever that is.

use serde_json::{Value, json};

use super::{EARLIEST, EPOCH, Stage, of, pass, source};

/// A connector whose employees and leave were read to the end at the beginning.
fn connect_hr(stage: &Stage, state: &str) {
    let database = stage.app.database();
    let organization = stage.organization.id.as_str();
    database
        .execute(
            "INSERT INTO connectors (id, organization_id, provider, integration_key, name, state, state_changed_at, config,
               sync_settings, created_at, updated_at)
             VALUES ('hr', ?1, 'employment_hero', 'hr', 'HR', ?2, ?3, '{}', '{}', ?3, ?3)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state",
            rusqlite::params![organization, state, EPOCH],
        )
        .unwrap();
    for name in ["employees", "leave_requests"] {
        database
            .execute(
                "INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, last_success_at,
                   last_complete_at, created_at, updated_at)
                 VALUES (?1, 'sync', ?1, ?2, 'hr', 'none', 'none', 'done', ?3, ?3, ?3, ?3)
                 ON CONFLICT (id) DO NOTHING",
                rusqlite::params![name, organization, EPOCH],
            )
            .unwrap();
    }
}

/// Mia and Ava work there; Mia is away for the first weeks that anybody could have.
fn employ(stage: &Stage) {
    let database = stage.app.database();
    let organization = stage.organization.id.as_str();
    for (id, mail) in [("1", "mia.tan@example.test"), ("2", "ava.lim@example.test")] {
        database
            .execute(
                "INSERT INTO employees (id, organization_id, connector_id, source, external_id, company_email, teams, created_seq,
                   changed_seq)
                 VALUES (?1, ?2, 'hr', 'employment_hero', ?1, ?3, '[]', 1, 1)",
                rusqlite::params![id, organization, mail],
            )
            .unwrap();
    }
    database
        .execute(
            "INSERT INTO leave_requests (id, organization_id, connector_id, source, external_id, external_employee_id, start_date,
               end_date, status, days, created_seq, changed_seq)
             VALUES ('9', ?1, 'hr', 'employment_hero', '9', '1', '2026-10-05', '2026-10-16', 'approved', '[]', 1, 1)",
            rusqlite::params![organization],
        )
        .unwrap();
}

fn week<'a>(list: &'a Value, email: &str) -> &'a Value {
    &of(list, email)["earliest_open_week"]
}

#[tokio::test(start_paused = true)]
async fn whoever_is_on_leave_has_a_later_week() {
    let stage = Stage::set(3_501).await;
    let before = stage.earliest().await;
    assert_eq!(week(&before, "mia.tan@example.test"), "2026-10-05");
    connect_hr(&stage, "active");
    employ(&stage);
    let list = stage.earliest().await;
    assert_eq!(week(&list, "mia.tan@example.test"), "2026-10-19");
    // Who is in no HR system is not away by it.
    assert_eq!(
        week(&list, "leo.park@example.test"),
        week(&before, "leo.park@example.test")
    );
    let leave = source(&list, "leave");
    assert_eq!(
        (&leave["rows"], &leave["is_unknown"], &leave["read_at"]),
        (&json!(1), &json!(false), &json!("2026-09-21T14:13:20Z"))
    );
    let path = "/availability/schedule?compute=1&email=mia.tan@example.test";
    let schedule = stage.told(path).await;
    let away: Vec<_> = schedule["weeks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|week| week["ooo"] == "Full")
        .map(|week| week["monday"].clone())
        .collect();
    assert_eq!(away, ["2026-10-05", "2026-10-12"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_here_for_want_of_the_hr_system() {
    let stage = Stage::set(3_502).await;
    connect_hr(&stage, "active");
    employ(&stage);
    let unknown = |list: &Value| {
        let rows = list["data"].as_array().unwrap();
        for row in rows.iter().filter(|row| row["because"] == "source_unknown") {
            assert_eq!(row["unknown"], json!(["leave"]), "{row}");
            assert_eq!(row["earliest_open_week"], Value::Null);
        }
        rows.iter()
            .filter(|row| row["because"] == "source_unknown")
            .count()
    };
    assert_eq!(unknown(&stage.earliest().await), 0);
    connect_hr(&stage, "revoked");
    let list = stage.earliest().await;
    // Everybody could be in it who has an owner.
    assert_eq!(unknown(&list), 10);
    let leave = source(&list, "leave");
    assert_eq!(leave["is_unknown"], true);
    assert!(
        leave["detail"]
            .as_str()
            .unwrap()
            .contains("'HR' is revoked"),
        "{leave}"
    );
    assert_eq!(list["is_stale"], true);
    // The same where it was last read too long ago.
    connect_hr(&stage, "active");
    pass(14 * 86_400).await;
    let list = stage.told(EARLIEST).await;
    assert_eq!(unknown(&list), 10);
    let leave = source(&list, "leave");
    assert!(
        leave["detail"].as_str().unwrap().contains("too long ago"),
        "{leave}"
    );
}
