//! The database and the version of the code: brought up by whoever comes first, refused by code
//! that is older.

use std::collections::BTreeMap;

use api::routes::{Access, Operation, ROUTES};
use http::{Method, StatusCode};
use runtime::Runtime;
use rusqlite::types::Value as Sqlite;
use serde_json::json;
use tokio::task::JoinSet;
use whole_system::{App, INTERNAL_TOKEN, LAKESHORE, OPERATOR_KEY, root, send};

const EPOCH: i64 = 1_790_000_000;
/// How often two runtimes start on nothing; the moment at which they meet is never the same.
const MEETINGS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn two_runtimes_meet_an_empty_database_at_once() {
    for meeting in 0..MEETINGS {
        let app = App::start().await;
        // Two in one process take turns at writing; of two processes each knows only the file.
        let other = if meeting % 2 == 0 {
            app.another()
        } else {
            app.another_process()
        };
        let mut answers = JoinSet::new();
        for (number, runtime) in [app.runtime.clone(), other.clone()].into_iter().enumerate() {
            first_requests(&mut answers, &runtime, &format!("Number {number}"));
        }
        while let Some(answer) = answers.join_next().await {
            let (path, answer) = answer.expect("an answer");
            assert!(
                answer.status.is_success(),
                "meeting {meeting}, {path}: {} {}\n{}",
                answer.status,
                String::from_utf8_lossy(&answer.body),
                app.output.text()
            );
        }
        assert_eq!(recorded(&app), of_the_repository(), "meeting {meeting}");
        for runtime in [&app.runtime, &other] {
            let all = send(
                runtime,
                Method::GET,
                "/api/organizations",
                OPERATOR_KEY,
                None,
            )
            .await;
            let all = all.expect(StatusCode::OK);
            assert_eq!(all["data"].as_array().map(Vec::len), Some(2), "{all:#}");
        }
    }
}

/// Requests to some functions: each has instances of its own, which migrate. Two to the same one
/// share an instance.
fn first_requests(
    answers: &mut JoinSet<(&'static str, whole_system::Answer)>,
    runtime: &Runtime,
    name: &str,
) {
    let organization = json!({"name": name, "time_zone": "America/Toronto"});
    let requests = [
        (Method::GET, "/health", "", None),
        (Method::GET, "/health", "", None),
        (Method::POST, "/internal/tick", INTERNAL_TOKEN, None),
        (
            Method::POST,
            "/api/organizations",
            OPERATOR_KEY,
            Some(organization),
        ),
    ];
    for (method, path, key, body) in requests {
        let runtime = runtime.clone();
        answers.spawn(async move { (path, send(&runtime, method, path, key, body).await) });
    }
}

/// The migrations that the database says it has had.
fn recorded(app: &App) -> Vec<(i64, String)> {
    let database = app.database();
    let mut statement = database
        .prepare("SELECT version, name FROM schema_migrations ORDER BY version")
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

/// The migrations that there are, by their files.
fn of_the_repository() -> Vec<(i64, String)> {
    let mut migrations: Vec<_> = std::fs::read_dir(root().join("migrations"))
        .expect("the migrations")
        .filter_map(|file| {
            let file = file.expect("a file").file_name();
            let (version, name) = file.to_str()?.strip_suffix(".sql")?.split_once('_')?;
            Some((version.parse().ok()?, name.to_owned()))
        })
        .collect();
    migrations.sort();
    assert!(!migrations.is_empty());
    migrations
}

#[tokio::test(start_paused = true)]
async fn a_newer_database_is_refused_by_every_route() {
    let mut app = App::simulate(61, EPOCH).await;
    let (organization, connector_id) = app.synced("Lakeshore", LAKESHORE).await;
    app.runtime.kill().await;
    app.database()
        .execute(
            "INSERT INTO schema_migrations (version, name, applied_at) VALUES (9999, 'of_another_year', ?1)",
            [EPOCH],
        )
        .unwrap();
    let before = everything(&app);
    assert!(
        before["time_punches"].len() > 1_000,
        "there is data to lose"
    );
    app.crash().await;

    // Neither does one request get past while another finds out.
    let (one, two) = tokio::join!(app.get("/health", ""), app.get("/health", ""));
    for answer in [one, two] {
        answer.expect(StatusCode::SERVICE_UNAVAILABLE);
    }
    let mut refused = 0;
    for route in ROUTES {
        // These two say what is compiled into them.
        if matches!(
            route.operation,
            Operation::ShowStatus | Operation::ShowOpenapi
        ) {
            continue;
        }
        let id = if route.path.starts_with("/api/organizations") {
            &organization.id
        } else {
            &connector_id
        };
        let path = route.path.replace("{id}", id).replace("{path}", "secret");
        let key = match route.access {
            Access::Public | Access::Provider => "",
            Access::Internal => INTERNAL_TOKEN,
            Access::Caller => &organization.key,
            Access::Scope(_) if route.path.starts_with("/api/organizations") => OPERATOR_KEY,
            Access::Scope(_) | Access::AnyScope(_) | Access::SignedOr(_) => &organization.key,
        };
        let body = route.body.map(|_| json!({}));
        let method: Method = route.method.parse().expect("a method");
        let answer = app.request(method, &path, key, body).await;
        let problem = answer.expect(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            problem["type"], "urn:patchbay:problem:unavailable",
            "{path}: {problem:#}"
        );
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(
            detail.contains("9999") && detail.contains("deploy the newer code"),
            "{path}: {detail}"
        );
        refused += 1;
    }
    assert_eq!(refused, ROUTES.len() - 2);
    let after = everything(&app);
    for (table, rows) in &before {
        assert_eq!(rows, &after[table], "{table} was changed");
    }
    assert_eq!(before.len(), after.len(), "a table came or went");

    // The code that knows the version goes on where the data is.
    app.runtime.kill().await;
    app.database()
        .execute("DELETE FROM schema_migrations WHERE version = 9999", [])
        .unwrap();
    app.crash().await;
    app.get("/api/time-punches", &organization.key)
        .await
        .expect(StatusCode::OK);
}

/// Every row of every table.
fn everything(app: &App) -> BTreeMap<String, Vec<Vec<Sqlite>>> {
    let database = app.database();
    let mut tables = database
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
        .unwrap();
    let names: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    names
        .into_iter()
        .map(|name| {
            let mut select = database
                .prepare(&format!("SELECT * FROM \"{name}\" ORDER BY 1, 2"))
                .or_else(|_| database.prepare(&format!("SELECT * FROM \"{name}\" ORDER BY 1")))
                .unwrap();
            let columns = select.column_count();
            let rows = select
                .query_map([], |row| {
                    (0..columns).map(|column| row.get(column)).collect()
                })
                .unwrap()
                .map(Result::unwrap)
                .collect();
            (name, rows)
        })
        .collect()
}
