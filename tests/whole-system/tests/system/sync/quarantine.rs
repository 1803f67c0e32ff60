//! A record that cannot be read costs only itself.

use serde_json::json;
use simulators::seven_shifts::{Life, Mutation, Resource};
use whole_system::LAKESHORE;

use super::{change, live, mirror, pass, restaurant, sync, try_sync};

#[tokio::test(start_paused = true)]
async fn an_unreadable_record_waits_in_quarantine_while_the_rest_lands() {
    let (app, organization, _) = restaurant(41).await;
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account");
    let mut punches = truth.time_punches.iter().rev().map(|punch| punch.id);
    let mut shifts = truth.shifts.iter().rev().map(|shift| shift.id);
    let poison = [
        (
            Resource::TimePunches,
            punches.next(),
            "notes",
            "\"\\ud800\"",
        ),
        (Resource::TimePunches, punches.next(), "tips", "1e400"),
        (
            Resource::TimePunches,
            punches.next(),
            "clocked_in",
            "\"9999999-01-01\"",
        ),
        (
            Resource::TimePunches,
            punches.next(),
            "user_id",
            "1180591620717411303424",
        ),
        (Resource::Shifts, shifts.next(), "start", "null"),
        (
            Resource::Users,
            truth.users.last().map(|user| user.id),
            "active",
            "\"perhaps\"",
        ),
    ];
    let poison: Vec<_> = poison
        .into_iter()
        .map(|(resource, id, field, raw)| (resource, id.expect("a record"), field, raw))
        .collect();
    pass(60).await;
    for (resource, id, field, raw) in &poison {
        // Touched, so that an incremental sync meets it.
        change(
            &app,
            Mutation::Heal {
                resource: *resource,
                id: *id,
            },
        );
        change(
            &app,
            Mutation::Corrupt {
                resource: *resource,
                id: *id,
                field: (*field).to_owned(),
                raw: (*raw).to_owned(),
            },
        );
    }
    live(&app, &mut Life::new(41), 5);
    let runs = try_sync(&app, &organization).await;
    for (stream, errors) in [("time_punches", 4), ("shifts", 1), ("users", 1)] {
        let run = &runs[stream];
        assert_eq!(
            (&run["status"], &run["errors"]),
            (&json!("partial"), &json!(errors)),
            "{stream}: {run:#}"
        );
        assert_eq!(run["error_code"], "quarantined", "{run:#}");
    }
    let waiting = app.all("/api/quarantined-records", &organization.key).await;
    assert_eq!(waiting.len(), poison.len(), "{waiting:#?}");
    for (_, id, field, _) in &poison {
        let record = waiting
            .iter()
            .find(|record| record["external_id"] == id.to_string());
        let reason = record
            .and_then(|record| record["reason"].as_str())
            .unwrap_or_default();
        assert!(!reason.is_empty(), "{id} {field}: {waiting:#?}");
        println!("{field}: {reason}");
    }
    // It is still broken, and counted once.
    pass(60).await;
    try_sync(&app, &organization).await;
    assert_eq!(
        app.all("/api/quarantined-records", &organization.key)
            .await
            .len(),
        poison.len()
    );

    for (resource, id, ..) in poison {
        change(&app, Mutation::Heal { resource, id });
    }
    pass(60).await;
    sync(&app, &organization).await;
    assert_eq!(
        app.all("/api/quarantined-records", &organization.key).await,
        Vec::<serde_json::Value>::new()
    );
    mirror::assert_equal(&app, &organization).await;
}

/// A record whose id cannot be read may be any of those that seem to be gone.
#[tokio::test(start_paused = true)]
async fn an_unreadable_record_holds_back_deletions_by_absence() {
    let (app, organization, _) = restaurant(42).await;
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account");
    let [unreadable, gone] = [truth.roles[0].id, truth.roles[1].id];
    change(
        &app,
        Mutation::Corrupt {
            resource: Resource::Roles,
            id: unreadable,
            field: "id".to_owned(),
            raw: "\"none\"".to_owned(),
        },
    );
    change(&app, Mutation::DeleteRole { id: gone });
    let roles = app.all("/api/roles", &organization.key).await.len();
    let run = try_sync(&app, &organization).await["roles"].clone();
    assert_eq!(
        (&run["status"], &run["error_code"], &run["deleted"]),
        (&json!("partial"), &json!("quarantined"), &json!(0)),
        "{run:#}"
    );
    assert!(
        run["error_detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("nothing was deleted")),
        "{run:#}"
    );
    assert_eq!(app.all("/api/roles", &organization.key).await.len(), roles);

    change(
        &app,
        Mutation::Heal {
            resource: Resource::Roles,
            id: unreadable,
        },
    );
    assert_eq!(sync(&app, &organization).await["roles"]["deleted"], 1);
    mirror::assert_equal(&app, &organization).await;
}
