//! Which endpoints an event is sent to, and what they are told. The SQL has tests of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail as a test does"
)]

use std::cell::RefCell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use domain::access::{Caller, Tenant};
use platform::outgoing_webhooks::{Decided, Event, send_to, send_to_all};
use serde_json::{Value as Json, json};
use store::{DatabaseError, Execute, Row, Value};

/// What is there, and what was decided.
#[derive(Default)]
struct Fake {
    active: Json,
    /// Endpoints for which too much waits.
    full: Vec<&'static str>,
    /// Endpoint and body.
    decided: RefCell<Vec<(String, Json)>>,
    missed: RefCell<Vec<String>>,
}

impl Execute for Fake {
    async fn execute(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        let text = |index: usize| match &parameters[index] {
            Value::Text(text) => text.clone(),
            other => panic!("{other:?} is no text"),
        };
        let one = || vec![Row(vec![Value::from("x")])];
        let is_there = |id: &String| id != "none";
        Ok(if sql.contains("json_group_array") {
            vec![Row(vec![Value::from(self.active.to_string())])]
        } else if sql.contains("INSERT INTO deliveries") {
            let id = text(0);
            if is_there(&id) && !self.full.contains(&id.as_str()) {
                let body = serde_json::from_str(&text(5)).unwrap();
                self.decided.borrow_mut().push((id, body));
                one()
            } else {
                Vec::new()
            }
        } else if sql.contains("missed_count") {
            self.missed.borrow_mut().push(text(1));
            Vec::new()
        } else if sql.contains("INSERT INTO jobs") {
            assert!(sql.contains("'outbox'"));
            Vec::new()
        } else if is_there(&text(0)) {
            one()
        } else {
            Vec::new()
        })
    }
}

fn wait<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn tenant() -> Tenant {
    Caller::internal("test")
        .tenant_named("0190a5c0-0000-7000-8000-000000000001")
        .unwrap()
}

fn event(data: &Json) -> Event<'_> {
    Event {
        event_type: "shift.changed",
        data,
        occurred_at: 1_790_000_000,
        requested_by: "automation",
        depth: 0,
    }
}

#[test]
fn an_event_goes_to_every_endpoint_whose_filter_takes_it() {
    let fake = Fake {
        active: json!([
            {"id": "all", "events": null},
            {"id": "by prefix", "events": ["order.paid", "shift.*"]},
            {"id": "by name", "events": ["shift.changed"]},
            {"id": "other", "events": ["shifts.*", "shift.deleted"]},
            {"id": "broken", "events": []},
            {"id": "full", "events": null},
            {"id": "full and other", "events": ["order.*"]},
        ]),
        full: vec!["full", "full and other"],
        ..Fake::default()
    };
    let data = json!({"id": 7, "name": "Zoë"});
    assert_eq!(
        wait(send_to_all(&fake, &tenant(), event(&data), None)),
        Ok(3)
    );
    let decided = fake.decided.borrow();
    let ids: Vec<_> = decided.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["all", "by prefix", "by name"]);
    let body = json!({"type": "shift.changed", "timestamp": "2026-09-21T14:13:20Z", "data": data});
    assert!(decided.iter().all(|(_, sent)| *sent == body));
    assert_eq!(*fake.missed.borrow(), ["full"]);
}

#[test]
fn one_endpoint_is_sent_what_its_filter_would_not_take() {
    let fake = Fake {
        full: vec!["full"],
        ..Fake::default()
    };
    let data = Json::Null;
    let send = |id| wait(send_to(&fake, &tenant(), id, event(&data))).unwrap();
    let (first, second) = (send("a"), send("a"));
    assert!(matches!(&first, Decided::Delivery(id) if id.len() == 36));
    assert_ne!(first, second);
    assert_eq!(send("none"), Decided::NoEndpoint);
    assert_eq!(send("full"), Decided::Full);
    assert_eq!(*fake.missed.borrow(), ["full"]);
    assert_eq!(fake.decided.borrow().len(), 2);
}
