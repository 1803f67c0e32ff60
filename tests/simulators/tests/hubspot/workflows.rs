//! What workflows post: forms, signatures, retries.

use domain::allocation::settings::Properties;
use domain::webhook_signature::{Delivery as Arrived, Key, Options, Scheme, verify};
use http::Request;
use providers::hubspot::workflow::{Names, WorkflowCall, read};
use serde_json::{Value, json};
use simulators::hubspot::workflow::{
    Form, Next, Outcome, Workflow, next_attempt, sign_v2, sign_v3,
};
use simulators::hubspot::{CLIENT_SECRET, Kind};

use crate::support::{NOW, World};

const URL: &str = "https://alloc.example.test/post/allocate?src=hs%3Awf%2F7&n=%28a%29&sp=a%20b";
const MINUTE: i64 = 60_000;

fn call(body: &[u8]) -> WorkflowCall {
    read(body, &Names::from(&Properties::default())).unwrap()
}

fn is_proven(request: &Request<bytes::Bytes>, versions: &str, secret: &str, now: i64) -> bool {
    let headers: Vec<(&str, &[u8])> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let url = request.uri().to_string();
    let delivery = Arrived {
        method: request.method().as_str(),
        url: &url,
        headers: &headers,
        body: request.body(),
    };
    let options: Options = serde_json::from_value(json!({"versions": [versions]})).unwrap();
    let keys = [Key { id: "k", secret }];
    verify(Scheme::Hubspot, &options, &delivery, &keys, now).is_ok()
}

#[test]
fn signatures_are_those_that_were_published() {
    let (secret, url) = (
        "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
        "https://www.example.com/webhook_uri",
    );
    assert_eq!(
        sign_v2(secret, "GET", url, b""),
        "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"
    );
    assert_eq!(
        sign_v2(secret, "POST", url, br#"{"example_field":"example_value"}"#),
        "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"
    );
    assert_eq!(
        sign_v3(
            secret,
            "POST",
            url,
            b"{'example_field':'example_value'}",
            "1693657560000"
        ),
        "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
    );
    let body = br#"{"object":{"objectId":501,"objectType":"DEAL"},"fields":{"service_package":"Seed","hs_deal_record_id":"501"}}"#;
    assert_eq!(
        sign_v3("test-secret-0001", "POST", URL, body, "1770000000000"),
        "+Y7k2bPu5TYjCOG8V3GgQsERLQgA4x4RQ9OqJG7888o="
    );
}

#[test]
fn what_is_signed_here_is_proven_by_our_own_rules() {
    let world = World::demo();
    let workflow = Workflow::signed(URL, CLIENT_SECRET);
    let delivery = world.hubspot().enrol(&workflow, 501).unwrap();
    let request = delivery.request(NOW * 1_000).unwrap();
    assert_eq!(request.uri(), URL);
    for version in ["v2", "v3"] {
        assert!(
            is_proven(&request, version, CLIENT_SECRET, NOW),
            "{version}"
        );
        assert!(!is_proven(&request, version, "another", NOW), "{version}");
    }
    assert!(!is_proven(&request, "v3", CLIENT_SECRET, NOW + 301));
    // A repeat is signed afresh, and is otherwise the same.
    let again = delivery.request((NOW + 3_600) * 1_000).unwrap();
    assert_eq!(again.body(), request.body());
    assert!(is_proven(&again, "v3", CLIENT_SECRET, NOW + 3_600));
    let older = Workflow {
        signs_v3: false,
        ..workflow.clone()
    };
    let older = world.hubspot().enrol(&older, 501).unwrap();
    let older = older.request(NOW * 1_000).unwrap();
    assert!(!older.headers().contains_key("x-hubspot-signature-v3"));
    assert!(is_proven(&older, "v2", CLIENT_SECRET, NOW));
    let keyed = Workflow {
        secret: None,
        api_key: Some(("x-api-key".to_owned(), "k3y".to_owned())),
        ..workflow
    };
    let keyed = world.hubspot().enrol(&keyed, 501).unwrap();
    let keyed = keyed.request(NOW * 1_000).unwrap();
    assert_eq!(keyed.headers()["x-api-key"], "k3y");
    assert!(!keyed.headers().contains_key("x-hubspot-signature"));
}

#[test]
fn every_form_says_the_same_of_a_deal() {
    let world = World::demo();
    let workflow = Workflow::signed(URL, CLIENT_SECRET);
    let hubspot = world.hubspot();
    world.put(Kind::Deal, 503, &[("agreement_start_date", "2026-04-20")]);
    for (form, date) in [
        (Form::Envelope, "1776643200000"),
        (Form::Object, "2026-04-20"),
        (Form::OlderObject, "1776643200000"),
    ] {
        let delivery = hubspot.enrol(&workflow.clone().form(form), 503).unwrap();
        let call = call(&delivery.body);
        assert_eq!(call.deal_id, "503");
        assert_eq!(call.service_package.as_deref(), Some("Series A"));
        assert_eq!(call.household_type.as_deref(), Some("Couple"));
        assert_eq!(call.agreement_start_date.as_deref(), Some(date));
        assert_eq!(
            call.client_email.as_deref(),
            Some("grace.evans@example.test")
        );
        assert_eq!(call.callback_id, delivery.callback_id);
        assert!(call.is_about_a_deal());
        let is_named = form != Form::Object;
        assert_eq!(call.portal_id, is_named.then_some(62_515));
    }
    assert!(hubspot.enrol(&workflow, 999).is_err());
}

#[test]
fn an_envelope_is_as_it_was_seen() {
    let world = World::demo();
    let workflow = Workflow::signed(URL, CLIENT_SECRET);
    let one = world.hubspot().enrol(&workflow, 504).unwrap();
    let body: Value = serde_json::from_slice(&one.body).unwrap();
    assert_eq!(
        body["object"],
        json!({"objectId": 504, "objectType": "DEAL"})
    );
    assert_eq!(body["fields"], body["inputFields"]);
    assert_eq!(body["fields"]["hs_deal_record_id"], "504");
    // Without a date.
    assert_eq!(body["fields"]["agreement_start_date"], "");
    let other = world.hubspot().enrol(&workflow, 504).unwrap();
    assert_ne!(one.callback_id, other.callback_id);
}

#[test]
fn calls_are_tried_again_for_three_days() {
    let answered = |status| Outcome::Answered {
        status,
        retry_after_ms: None,
    };
    for (outcome, next) in [
        (answered(200), Next::Done),
        (answered(204), Next::Done),
        (answered(400), Next::GivenUp),
        (answered(401), Next::GivenUp),
        (answered(404), Next::GivenUp),
        (answered(302), Next::GivenUp),
        (answered(500), Next::At(MINUTE)),
        (answered(503), Next::At(MINUTE)),
        (answered(429), Next::At(MINUTE)),
        (Outcome::NoAnswer, Next::At(MINUTE)),
        (
            Outcome::Answered {
                status: 429,
                retry_after_ms: Some(2_500),
            },
            Next::At(2_500),
        ),
    ] {
        assert_eq!(next_attempt(0, 1, 0, outcome), next, "{outcome:?}");
    }
    let mut gaps = Vec::new();
    let (mut now, mut attempts) = (0, 1);
    while let Next::At(at) = next_attempt(0, attempts, now, answered(500)) {
        gaps.push((at - now) / MINUTE);
        now = at;
        attempts += 1;
    }
    assert!(
        gaps.starts_with(&[1, 2, 4, 8, 16, 32, 64, 128, 256, 480, 480]),
        "{gaps:?}"
    );
    assert!(gaps.iter().all(|gap| *gap <= 480));
    assert!((2 * 1_440..=3 * 1_440).contains(&(now / MINUTE)));
}
