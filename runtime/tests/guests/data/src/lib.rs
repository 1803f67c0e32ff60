//! SQL statements and key-value operations, as the request says.

use std::{cell::RefCell, rc::Rc};

use bytes::Bytes;
use http_body_util::BodyExt;
use spin_sdk::{
    http::{FullBody, Request, Response},
    http_service,
    key_value::Store,
    sqlite::{Connection, Value, wit::sqlite as wit},
};

#[http_service]
async fn handle(request: Request) -> Response<FullBody<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let body = String::from_utf8(body.to_vec()).expect("text");
    let path = parts.uri.path().to_owned();
    let path = path.strip_prefix("/data").unwrap_or(&path);
    let mut words = path.trim_start_matches('/').split('/');
    let result = match words.next() {
        Some("sql") => sql(words.next().unwrap_or("default"), &body).await,
        Some("shared") => shared(&body).await,
        Some("key-value") => {
            let arguments: Vec<&str> = words.collect();
            key_value(&arguments, body).await
        }
        Some("read") => read().await,
        Some("row") => row(),
        _ => Err("unknown path".to_owned()),
    };
    let (status, text) = match result {
        Ok(text) => (200, text),
        Err(text) => (422, text),
    };
    let mut response = Response::new(FullBody::new(Bytes::from(text)));
    *response.status_mut() = status.try_into().expect("a status");
    response
}

/// Runs the lines of `script` on one connection. A line `sleep <ms>` waits,
/// `trap` traps, `keep` runs the next statement though the one before failed.
async fn sql(database: &str, script: &str) -> Result<String, String> {
    let connection = Connection::open(database)
        .await
        .map_err(|error| format!("{error:?}"))?;
    run(&connection, script).await
}

/// The same on the connection that all requests of the instance share.
async fn shared(script: &str) -> Result<String, String> {
    run(&*kept().await?, script).await
}

async fn run(connection: &Connection, script: &str) -> Result<String, String> {
    let mut output = String::new();
    for line in script.lines() {
        if let Some(time) = line.strip_prefix("sleep ") {
            let time = std::time::Duration::from_millis(time.parse().expect("milliseconds"));
            spin_sdk::time::sleep(time).await;
            continue;
        }
        if line == "trap" {
            std::process::abort();
        }
        let (line, tolerant) = match line.strip_prefix("keep ") {
            Some(line) => (line, true),
            None => (line, false),
        };
        match execute(connection, line).await {
            Ok(rows) => output.push_str(&rows),
            Err(error) if tolerant => output.push_str(&format!("{error}\n")),
            Err(error) => return Err(error),
        }
    }
    Ok(output)
}

/// Reads one row, on a connection that is kept for the requests that follow.
async fn read() -> Result<String, String> {
    execute(&*kept().await?, "SELECT value FROM item WHERE id = 1").await
}

async fn kept() -> Result<Rc<Connection>, String> {
    thread_local! {
        static KEPT: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
    }
    if let Some(connection) = KEPT.with_borrow(Clone::clone) {
        return Ok(connection);
    }
    let opened = Connection::open("default")
        .await
        .map_err(|error| format!("{error:?}"))?;
    let opened = Rc::new(opened);
    KEPT.set(Some(Rc::clone(&opened)));
    Ok(opened)
}

/// The same row by the synchronous functions, without a stream and a future.
fn row() -> Result<String, String> {
    thread_local! {
        static KEPT: RefCell<Option<wit::Connection>> = const { RefCell::new(None) };
    }
    let connection = match KEPT.take() {
        Some(connection) => connection,
        None => wit::Connection::open("default").map_err(|error| format!("{error:?}"))?,
    };
    let result = connection
        .execute("SELECT value FROM item WHERE id = 1", &[])
        .map_err(|error| format!("{error:?}"))?;
    KEPT.set(Some(connection));
    let values = result.rows.iter().flat_map(|row| &row.values);
    Ok(values.map(|value| format!("{value:?}\n")).collect())
}

async fn execute(connection: &Connection, statement: &str) -> Result<String, String> {
    let mut parts = statement.split('|');
    let sql = parts.next().unwrap_or_default();
    let parameters = parts.map(|text| Value::Text(text.to_owned()));
    let mut result = connection
        .execute(sql, parameters)
        .await
        .map_err(|error| format!("{error:?}"))?;
    let mut output = String::new();
    while let Some(row) = result.next().await {
        let values: Vec<String> = row
            .values
            .iter()
            .map(|value| format!("{value:?}"))
            .collect();
        output.push_str(&values.join(" "));
        output.push('\n');
    }
    result
        .result()
        .await
        .map_err(|error| format!("{error:?}"))?;
    Ok(output)
}

async fn key_value(arguments: &[&str], body: String) -> Result<String, String> {
    let (label, operation) = match arguments {
        [label, rest @ ..] => (*label, rest),
        [] => return Err("no store".to_owned()),
    };
    let explain = |error| format!("{error:?}");
    let store = Store::open(label).await.map_err(explain)?;
    match operation {
        ["get", key] => {
            let value = store.get(key).await.map_err(explain)?;
            Ok(value.map_or("none".to_owned(), |value| {
                String::from_utf8_lossy(&value).into_owned()
            }))
        }
        ["set", key] => store
            .set(key, body.as_bytes())
            .await
            .map(|()| String::new())
            .map_err(explain),
        ["delete", key] => store
            .delete(key)
            .await
            .map(|()| String::new())
            .map_err(explain),
        ["exists", key] => store
            .exists(key)
            .await
            .map(|found| found.to_string())
            .map_err(explain),
        ["keys"] => {
            let mut keys = store.get_keys().await;
            let mut found = Vec::new();
            while let Some(key) = keys.next().await {
                found.push(key);
            }
            keys.result().await.map_err(explain)?;
            Ok(found.join(" "))
        }
        _ => Err("unknown operation".to_owned()),
    }
}
