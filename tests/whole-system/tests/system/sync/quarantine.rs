//! A record that cannot be read costs only itself.

use serde_json::json;
use simulators::seven_shifts::{Life, Mutation, Resource};
use simulators::{Fault, FaultRule};
use whole_system::{App, LAKESHORE, Organization};

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
        let external_id = id.to_string();
        let record = waiting
            .iter()
            .find(|record| record["external_id"].as_str() == Some(&external_id));
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

/// The entries of the quarantine, by id.
async fn waiting(app: &App, organization: &Organization) -> Vec<String> {
    let mut ids: Vec<_> = app
        .all("/api/quarantined-records", &organization.key)
        .await
        .iter()
        .map(|record| {
            record["external_id"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    ids.sort();
    ids
}

fn corrupt(app: &App, resource: Resource, id: i64, field: &str, raw: &str) {
    change(app, Mutation::Heal { resource, id });
    change(
        app,
        Mutation::Corrupt {
            resource,
            id,
            field: field.to_owned(),
            raw: raw.to_owned(),
        },
    );
}

/// What can never land must not wait for ever.
#[tokio::test(start_paused = true)]
async fn what_is_gone_or_never_had_an_id_leaves_with_the_next_sync() {
    let (app, organization, _) = restaurant(43).await;
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account");
    let vanishing = truth.shifts.last().expect("a shift").id;
    let (nameless, role) = (truth.roles[0].id, Resource::Roles);
    pass(60).await;
    corrupt(&app, Resource::Shifts, vanishing, "start", "null");
    corrupt(&app, role, nameless, "id", "null");
    try_sync(&app, &organization).await;
    assert_eq!(
        waiting(&app, &organization).await,
        [vanishing.to_string(), "unreadable-all-0-0".to_owned()]
    );
    change(
        &app,
        Mutation::Heal {
            resource: role,
            id: nameless,
        },
    );
    change(
        &app,
        Mutation::Heal {
            resource: Resource::Shifts,
            id: vanishing,
        },
    );
    change(&app, Mutation::ForgetShift { id: vanishing });
    // Roles are read whole every time; of shifts what waits is asked for by its id.
    let runs = sync(&app, &organization).await;
    assert_eq!(runs["shifts"]["kind"], "incremental");
    assert_eq!(waiting(&app, &organization).await, [""; 0]);
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn a_record_is_counted_once_however_often_a_run_meets_it() {
    let (app, organization, _) = restaurant(44).await;
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account");
    // Changed since the last sync and in the whole list: a reconciliation meets it twice.
    pass(8 * 86_400).await;
    let punch = truth.time_punches.last().expect("a punch").id;
    corrupt(&app, Resource::TimePunches, punch, "notes", "\"\\ud800\"");
    // On a page that comes twice.
    corrupt(
        &app,
        Resource::Roles,
        truth.roles[0].id,
        "name",
        "\"\\ud800\"",
    );
    let path = format!("/v2/company/{}/roles", LAKESHORE.company_id);
    app.simulator
        .add_fault(FaultRule::once(path, Fault::DuplicatePage));
    let runs = try_sync(&app, &organization).await;
    assert_eq!(runs["time_punches"]["kind"], "reconciliation");
    for stream in ["time_punches", "roles"] {
        assert_eq!(runs[stream]["errors"], 1, "{:#}", runs[stream]);
    }
    assert_eq!(runs["roles"]["pages"], 2, "{:#}", runs["roles"]);
}

/// Two records without an id, each on the only page of its list, are two entries.
#[tokio::test(start_paused = true)]
async fn records_without_an_id_do_not_stand_for_each_other() {
    let (app, organization, _) = restaurant(45).await;
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account");
    let active: Vec<_> = truth.users.iter().filter(|user| user.active).collect();
    let [first, second] = [active[0].id, active[1].id];
    pass(60).await;
    change(&app, Mutation::DeactivateUser { id: second });
    for id in [first, second] {
        corrupt(&app, Resource::Users, id, "id", "null");
    }
    let runs = try_sync(&app, &organization).await;
    assert_eq!(runs["users"]["errors"], 2, "{:#}", runs["users"]);
    assert_eq!(
        waiting(&app, &organization).await,
        ["unreadable-active-0-0", "unreadable-inactive-0-0"]
    );
}

/// Only a record that may be any of those that are missing holds deletions back.
#[tokio::test(start_paused = true)]
async fn a_bad_record_whose_id_is_known_blocks_no_deletion() {
    let (app, organization, _) = restaurant(46).await;
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account");
    let [bad, gone] = [truth.roles[0].id, truth.roles[1].id];
    corrupt(&app, Resource::Roles, bad, "name", "\"\\ud800\"");
    change(&app, Mutation::DeleteRole { id: gone });
    let run = try_sync(&app, &organization).await["roles"].clone();
    assert_eq!(
        (&run["status"], &run["errors"], &run["deleted"]),
        (&json!("partial"), &json!(1), &json!(1)),
        "{run:#}"
    );
    let left = app.all("/api/roles", &organization.key).await;
    let is_left = |id: i64| {
        let id = id.to_string();
        left.iter()
            .any(|role| role["external_id"].as_str() == Some(&id))
    };
    assert!(is_left(bad) && !is_left(gone));
}

/// A bad answer that has passed leaves nothing behind, though nobody touches the records again.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_is_read_as_soon_as_it_can_be() {
    let app = App::simulate(47, super::EPOCH).await;
    let path = |list: &str| format!("/v2/company/{}/{list}", LAKESHORE.company_id);
    let huge = |field: &str, number: &str| Fault::HugeNumber {
        record: 1,
        field: Some(field.to_owned()),
        number: number.to_owned(),
    };
    app.simulator.add_fault(FaultRule::always(
        path("time_punches"),
        huge("tips", "1180591620717411303424"),
    ));
    app.simulator.add_fault(FaultRule::always(
        path("shifts"),
        Fault::LoneSurrogate {
            record: 2,
            field: Some("notes".to_owned()),
        },
    ));
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    app.connect(&organization, LAKESHORE).await;
    let runs = super::settle(&app, &organization).await;
    for stream in ["time_punches", "shifts"] {
        let run = &runs[stream];
        assert_eq!(run["status"], "partial", "{run:#}");
        assert!(
            run["errors"].as_i64().is_some_and(|errors| errors > 1),
            "{run:#}"
        );
    }
    // One that cannot be had even by its id keeps nothing else from us, and stays where it is.
    app.simulator.clear_faults();
    let waiting = app.all("/api/quarantined-records", &organization.key).await;
    app.simulator.add_fault(FaultRule::always(
        path("time_punches/"),
        Fault::status(http::StatusCode::INTERNAL_SERVER_ERROR),
    ));
    live(&app, &mut Life::new(47), 10);
    pass(3_600).await;
    let runs = try_sync(&app, &organization).await;
    assert_eq!(
        runs["time_punches"]["status"], "success",
        "{:#}",
        runs["time_punches"]
    );
    let still = app.all("/api/quarantined-records", &organization.key).await;
    assert!(
        !still.is_empty() && still.len() < waiting.len(),
        "{still:#?}"
    );
    app.simulator.clear_faults();
    pass(86_400).await;
    let runs = sync(&app, &organization).await;
    assert_eq!(runs["time_punches"]["kind"], "incremental");
    mirror::assert_equal(&app, &organization).await;
    let left = app.all("/api/quarantined-records", &organization.key).await;
    assert!(left.is_empty(), "{left:#?}");
}

/// Without an id nobody knows which record it is; two of them are two all the same.
#[tokio::test(start_paused = true)]
async fn records_without_an_id_are_counted_each() {
    let app = App::simulate(48, super::EPOCH).await;
    let punches = format!("/v2/company/{}/time_punches", LAKESHORE.company_id);
    app.simulator.add_fault(FaultRule::always(
        punches,
        Fault::HugeNumber {
            record: 1,
            field: Some("id".to_owned()),
            number: "1e400".to_owned(),
        },
    ));
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    app.connect(&organization, LAKESHORE).await;
    let runs = super::settle(&app, &organization).await;
    let run = &runs["time_punches"];
    let count = |name: &str| run[name].as_i64().expect("a count");
    assert!(count("errors") > 1, "{run:#}");
    assert_eq!(
        count("fetched"),
        count("created") + count("errors"),
        "{run:#}"
    );
    let waiting = app.all("/api/quarantined-records", &organization.key).await;
    assert_eq!(waiting.len() as i64, count("errors"), "{waiting:#?}");
    // They are found by the next complete pass, which is not a week away.
    app.simulator.clear_faults();
    pass(86_400 + 60).await;
    let runs = sync(&app, &organization).await;
    assert_eq!(runs["time_punches"]["kind"], "reconciliation");
    mirror::assert_equal(&app, &organization).await;
}
