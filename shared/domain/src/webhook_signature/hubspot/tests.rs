use super::super::sample::{BODY, NOW, cut, event};
use super::super::{Scheme, verify as verify_any};
use super::*;

const PUBLISHED: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const SECRET: &str = "farm-hubspot-client-secret";
const URL: &str = "https://example.test/hooks/hubspot?x=1";
const MS: &str = "1760000000000";
const V1: &str = "c8f8710495c39b8e706854053341f2bcc58917ca181c70892037a5c06137b4ff";
const V2: &str = "bd43ec1487eed4812b45d0af9121b0a93270704347fb6b1003bb33ba2f824c8f";
const V3: &str = "GU9R1YLTBzFL9f9WMF9SoDqgynHSYLJIwfblmYNychU=";

struct Request<'a> {
    secret: &'a str,
    method: &'a str,
    url: &'a str,
    body: &'a [u8],
    headers: Vec<(&'a str, &'a str)>,
    now: i64,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            secret: SECRET,
            method: "POST",
            url: URL,
            body: BODY,
            headers: Vec::new(),
            now: NOW,
        }
    }
}

impl<'a> Request<'a> {
    fn older(mut self, version: &'a str, signature: &'a str) -> Self {
        self.headers
            .extend([(SIGNATURE, signature), (VERSION, version)]);
        self
    }

    fn v3(mut self, timestamp: &'a str, signature: &'a str) -> Self {
        self.headers
            .extend([(SIGNATURE_V3, signature), (TIMESTAMP, timestamp)]);
        self
    }

    fn verify(&self) -> Result<Outcome, Rejection> {
        self.verify_with(&Options::default())
    }

    fn verify_with(&self, options: &Options) -> Result<Outcome, Rejection> {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let delivery = Delivery {
            method: self.method,
            url: self.url,
            headers: &headers,
            body: self.body,
        };
        let keys = [Key {
            id: "k",
            secret: self.secret,
        }];
        verify_any(Scheme::Hubspot, options, &delivery, &keys, self.now)
    }

    #[track_caller]
    fn refused(&self, code: &str) {
        assert_eq!(self.verify().unwrap_err().code(), code);
    }
}

fn only(versions: &[HubspotVersion]) -> Options {
    Options {
        versions: Some(versions.to_vec()),
        ..Options::default()
    }
}

#[test]
fn what_is_not_signed_so_is_refused() {
    let request = Request::default;
    request().refused("missing_header");
    request().older("", V1).refused("missing_header");
    request().older("v1", "").refused("missing_header");
    request().v3("", V3).refused("missing_header");
    request().older("v0", V1).refused("unsupported_version");
    request().older("v3", V3).refused("unsupported_version");
    request().older("V1", V1).refused("unsupported_version");
    let upper = V1.to_uppercase();
    request().older("v1", &upper).refused("malformed_header");
    request().older("v1", cut(V1)).refused("malformed_header");
    request().v3(MS, cut(V3)).refused("malformed_header");
    request()
        .v3("1760000000000.0", V3)
        .refused("malformed_header");
    request().v3("1.76e12", V3).refused("malformed_header");
    // One version's digest is not another's.
    request().older("v2", V1).refused("wrong_signature");
    request().older("v1", V2).refused("wrong_signature");
    request().v3("1760000000001", V3).refused("wrong_signature");
    for changed in [
        Request {
            method: "PUT",
            ..request()
        },
        Request {
            url: "https://example.test/hooks/hubspot?x=2",
            ..request()
        },
        Request {
            body: b"{}",
            ..request()
        },
        Request {
            secret: "other",
            ..request()
        },
    ] {
        let Request {
            secret,
            method,
            url,
            body,
            ..
        } = changed;
        let again = || Request {
            secret,
            method,
            url,
            body,
            ..request()
        };
        again().v3(MS, V3).refused("wrong_signature");
        again().older("v2", V2).refused("wrong_signature");
    }
}

#[test]
fn our_vectors_hold() {
    let v1 = event(Request::default().older("v1", V1).verify());
    assert_eq!((v1.sent_at, v1.key_id.as_deref()), (None, Some("k")));
    event(Request::default().older("v2", V2).verify());
    let v3 = event(Request::default().v3(MS, V3).verify());
    assert_eq!(v3.sent_at, Some(NOW));
    assert_eq!((v3.delivery_id, v3.event), (None, None));
}

#[test]
fn the_published_vectors_hold() {
    let events = br#"[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]"#;
    let page = "https://www.example.com/webhook_uri";
    for (version, method, body, signature, name) in [
        (
            "v1",
            "POST",
            &events[..],
            "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de",
            Some("contact.creation"),
        ),
        (
            "v1",
            "POST",
            b"{'example_field':'example_value'}",
            "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750",
            None,
        ),
        (
            "v2",
            "GET",
            b"",
            "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e",
            None,
        ),
        (
            "v2",
            "POST",
            br#"{"example_field":"example_value"}"#,
            "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900",
            None,
        ),
    ] {
        let request = Request {
            secret: PUBLISHED,
            method,
            url: page,
            body,
            ..Request::default()
        };
        let verified = event(request.older(version, signature).verify());
        assert_eq!(verified.event.as_deref(), name, "{version} {method}");
    }
    let request = Request {
        secret: PUBLISHED,
        url: page,
        body: b"{'example_field':'example_value'}",
        now: 1_693_657_560,
        ..Request::default()
    };
    event(
        request
            .v3(
                "1693657560000",
                "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
            )
            .verify(),
    );
}

#[test]
fn version_3_decodes_these_escapes_and_version_2_none() {
    let plain = "https://alloc.example.test/post/allocate";
    let query = "https://alloc.example.test/post/allocate?src=hs%3Awf%2F7&n=%28a%29&sp=a%20b";
    let request = |url| {
        Request {
        secret: "test-secret-0001",
        url,
        body: br#"{"object":{"objectId":501,"objectType":"DEAL"},"fields":{"service_package":"Seed","hs_deal_record_id":"501"}}"#,
        now: 1_770_000_000,
        ..Request::default()
    }
    };
    for (version, url, signature) in [
        (
            "v1",
            plain,
            "bb074b0d9ebabfa39899b5a8123a345f8b9b8c478897a99159f96eb417fc81c2",
        ),
        (
            "v2",
            plain,
            "32d9f995ba58526d38f533cec1458f773ae266b6a6e06a32571a98b744de5133",
        ),
        (
            "v2",
            query,
            "57770c167ba0ee0d2727c215defab5c92c850113cdc35c26fee45f5ad1f174a0",
        ),
    ] {
        event(request(url).older(version, signature).verify());
    }
    let ms = "1770000000000";
    for (url, signature) in [
        (plain, "C9L8q/H8tMx+8LVGGIuj6LZGZwFlDRLSS12H7XJH7iM="),
        (query, "+Y7k2bPu5TYjCOG8V3GgQsERLQgA4x4RQ9OqJG7888o="),
    ] {
        event(request(url).v3(ms, signature).verify());
    }
    request(query)
        .v3(ms, "G47+oD8YOU9+FQWq30+N8/oE6ZrQCh0Ca/fh5W9GU3Y=")
        .refused("wrong_signature");
    for (url, expected) in [
        ("https://a.test/b?c=d", "https://a.test/b?c=d"),
        ("%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B", ":/?@!$'()*,;"),
        ("%3a%2f%3b", ":/;"),
        ("%253A%20%26%3D%2B%25", "%253A%20%26%3D%2B%25"),
        ("%%3A%", "%:%"),
        ("%3", "%3"),
        ("%é3A", "%é3A"),
    ] {
        assert_eq!(decoded(url), expected);
    }
}

#[test]
fn the_strongest_version_that_is_there_decides() {
    let wrong_v3 = V3.replace("GU9", "GU8");
    Request::default()
        .v3(MS, &wrong_v3)
        .older("v1", V1)
        .refused("wrong_signature");
    Request::default()
        .v3("", V3)
        .older("v1", V1)
        .refused("missing_header");
    let late = Request {
        now: NOW + 301,
        ..Request::default()
    };
    late.v3(MS, V3).older("v1", V1).refused("too_old");
    let wrong_v1 = "0".repeat(64);
    event(
        Request::default()
            .v3(MS, V3)
            .older("v1", &wrong_v1)
            .verify(),
    );
}

#[test]
fn only_accepted_versions_are_looked_at() {
    use HubspotVersion::{V1 as One, V2 as Two, V3 as Three};
    let code = |request: &Request<'_>, versions: &[HubspotVersion]| {
        request
            .verify_with(&only(versions))
            .map_or_else(|rejection| rejection.code(), |_| "ok")
    };
    let wrong_v3 = V3.replace("GU9", "GU8");
    let all = Request::default().v3(MS, &wrong_v3).older("v1", V1);
    assert_eq!(code(&all, &[One, Two, Three]), "wrong_signature");
    assert_eq!(code(&all, &[One]), "ok");
    assert_eq!(code(&all, &[Two]), "unsupported_version");
    let old = Request::default().older("v2", V2);
    assert_eq!(code(&old, &[Three]), "missing_header");
    assert_eq!(code(&old, &[Three, One]), "unsupported_version");
    assert_eq!(code(&old, &[Three, Two]), "ok");
    assert_eq!(
        old.verify_with(&only(&[Three, One])),
        Err(Rejection::version(VERSION, "v1"))
    );
}

#[test]
fn the_clock_is_checked_on_both_sides_to_the_millisecond() {
    for (now, timestamp, code) in [
        (NOW + 301, MS, "too_old"),
        (NOW - 301, MS, "from_the_future"),
        (NOW + 300, "1759999999999", "wrong_signature"),
    ] {
        let request = Request {
            now,
            ..Request::default()
        };
        request.v3(timestamp, V3).refused(code);
    }
    for now in [NOW + 300, NOW - 300] {
        let request = Request {
            now,
            ..Request::default()
        };
        event(request.v3(MS, V3).verify());
    }
}

#[test]
fn a_digest_that_was_hashed_on_is_refused() {
    // The padding of SHA-256 after the secret and the body, then what somebody adds: its digest
    // can be computed without the secret.
    let longer = [BODY, b"\x80\0\0", br#"{"added":true}"#].concat();
    let digest = hex::encode(mac::keyed_sha256(SECRET.as_bytes(), &[&longer]).unwrap());
    let request = Request {
        body: &longer,
        ..Request::default()
    };
    request.older("v1", &digest).refused("malformed_body");
}

#[test]
fn several_events_of_one_kind_have_its_name() {
    for (body, name) in [
        (&b"[]"[..], None),
        (
            br#"[{"subscriptionType":"a.b"},{"subscriptionType":"a.b"}]"#,
            Some("a.b"),
        ),
        (
            br#"[{"subscriptionType":"a.b"},{"subscriptionType":"c.d"}]"#,
            Some("batch"),
        ),
        (br#"[{"subscriptionType":"a.b"},{}]"#, Some("batch")),
        (br#"{"callbackId":"ap-1"}"#, None),
    ] {
        let digest = hex::encode(mac::keyed_sha256(SECRET.as_bytes(), &[body]).unwrap());
        let request = Request {
            body,
            ..Request::default()
        };
        let verified = event(request.older("v1", &digest).verify());
        assert_eq!(verified.event.as_deref(), name);
    }
}
