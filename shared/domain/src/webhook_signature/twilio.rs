//! Twilio: the URL, then the names and values of the form, sorted. The auth token signs with SHA-1;
//! a shared key signs with SHA-256, and a header says so. Of a JSON body the hash is in the query,
//! and the URL alone is signed.
//!
//! Names and values are not separated in what is signed, nor is there a clock: what tells a repeat
//! is the id of the delivery.

use std::collections::BTreeSet;

use super::{Delivery, Key, Outcome, Rejection, Verified};
use super::{headers, mac, payload};

const SIGNATURE: &str = "x-twilio-signature";
const SETTINGS: &str = "x-twilio-webhooks-signature-settings";
const IDEMPOTENCY_TOKEN: &str = "i-twilio-idempotency-token";
const BODY_HASH: &str = "bodySHA256";

/// What names a delivery: whose id it is, and the fields with its state.
const SUBJECTS: [(&str, &str, &[&str]); 2] = [
    ("message", "MessageSid", &["MessageStatus", "SmsStatus"]),
    ("call", "CallSid", &["CallStatus"]),
];

pub fn verify(delivery: &Delivery<'_>, keys: &[Key<'_>]) -> Result<Outcome, Rejection> {
    let signature = headers::required(delivery, SIGNATURE)?;
    let algorithm = algorithm(delivery)?;
    let token = headers::optional_id(delivery, IDEMPOTENCY_TOKEN)?;
    let body_hash = body_hash(delivery.url)?;
    let parameters = if body_hash.is_some() {
        String::new()
    } else {
        signed_parameters(delivery.body)
    };
    let urls = both_urls(delivery.url);
    let texts = urls
        .each_ref()
        .map(|url| [url.as_bytes(), parameters.as_bytes()]);
    let malformed = || Rejection::malformed(SIGNATURE, "is not base64 of the algorithm's length");
    let key_id = match algorithm {
        Algorithm::Sha1 => {
            let signature = mac::base64(signature).ok_or_else(malformed)?;
            mac::signer(keys, &[signature], |key| {
                let [with, without] = &texts;
                let secret = key.secret.as_bytes();
                Some([
                    mac::hmac_sha1(secret, with)?,
                    mac::hmac_sha1(secret, without)?,
                ])
            })?
        }
        Algorithm::Sha256 => {
            let signature = mac::base64(signature).ok_or_else(malformed)?;
            mac::signer(keys, &[signature], |key| {
                let [with, without] = &texts;
                let secret = key.secret.as_bytes();
                Some([
                    mac::hmac_sha256(secret, with)?,
                    mac::hmac_sha256(secret, without)?,
                ])
            })?
        }
    };
    if body_hash.is_some_and(|hash| hash != mac::sha256(delivery.body)) {
        return Err(Rejection::WrongBodyHash);
    }
    let told = Told::read(delivery.body);
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        delivery_id: token.map(str::to_owned).or(told.delivery_id),
        event: told.event,
        ..Verified::default()
    }))
}

enum Algorithm {
    Sha1,
    Sha256,
}

/// From `key=…,algorithm=HMAC_SHA256`; without the header the auth token has signed.
fn algorithm(delivery: &Delivery<'_>) -> Result<Algorithm, Rejection> {
    let Some(settings) = headers::optional(delivery, SETTINGS)? else {
        return Ok(Algorithm::Sha1);
    };
    let mut names = settings
        .split(',')
        .filter_map(|item| item.trim().strip_prefix("algorithm="));
    let name = names.next();
    if names.next().is_some() {
        return Err(Rejection::malformed(
            SETTINGS,
            "has more than one algorithm",
        ));
    }
    match name {
        Some("HMAC_SHA1") => Ok(Algorithm::Sha1),
        Some("HMAC_SHA256") => Ok(Algorithm::Sha256),
        Some(_) => Err(Rejection::version(SETTINGS, "HMAC_SHA1 and HMAC_SHA256")),
        None => Err(Rejection::malformed(SETTINGS, "has no algorithm")),
    }
}

/// The hash of a body that is no form.
fn body_hash(url: &str) -> Result<Option<[u8; 32]>, Rejection> {
    let Some((_, query)) = url.split_once('?') else {
        return Ok(None);
    };
    let mut hashes = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == BODY_HASH)
        .map(|(_, hash)| hash);
    let Some(hash) = hashes.next() else {
        return Ok(None);
    };
    let malformed = |problem| Rejection::MalformedQuery {
        name: BODY_HASH,
        problem,
    };
    if hashes.next().is_some() {
        return Err(malformed("was sent more than once"));
    }
    mac::lower_hex(&hash)
        .map(Some)
        .ok_or_else(|| malformed("is not 64 lower-case hex digits"))
}

/// Each name and value of the form in the order of their bytes, each pair once.
fn signed_parameters(form: &[u8]) -> String {
    let pairs: BTreeSet<_> = form_urlencoded::parse(form).collect();
    let mut text = String::with_capacity(form.len());
    for (name, value) in pairs {
        text.push_str(&name);
        text.push_str(&value);
    }
    text
}

/// The URL with a port and without one: Twilio signs either.
fn both_urls(url: &str) -> [String; 2] {
    let Some((scheme, rest)) = url.split_once("://") else {
        return [url.to_owned(), url.to_owned()];
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    // Only after the bracket of an IPv6 address does a colon begin the port.
    let host_start = authority.rfind(['@', ']']).unwrap_or(0);
    let port_start = authority
        .match_indices(':')
        .map(|(at, _)| at)
        .find(|at| *at >= host_start);
    let bare = port_start
        .and_then(|at| authority.split_at_checked(at))
        .map_or(authority, |(bare, _)| bare);
    let without = format!("{scheme}://{bare}{path}");
    let with = if port_start.is_some() {
        url.to_owned()
    } else {
        let port = if scheme.eq_ignore_ascii_case("https") {
            443
        } else {
            80
        };
        format!("{scheme}://{bare}:{port}{path}")
    };
    [with, without]
}

#[derive(Default)]
struct Told {
    delivery_id: Option<String>,
    event: Option<String>,
}

impl Told {
    /// `{sid}:{status}`, for the same message is told of once for each status, and as the event
    /// `message.{status}` or `call.{status}`.
    fn read(body: &[u8]) -> Self {
        for (subject, id, states) in SUBJECTS {
            let Some(id) = value(body, id) else { continue };
            return match states.iter().find_map(|state| value(body, state)) {
                Some(state) => Self {
                    delivery_id: payload::label(Some(format!("{id}:{state}"))),
                    event: payload::label(Some(format!("{subject}.{state}"))),
                },
                None => Self {
                    delivery_id: payload::label(Some(id)),
                    event: None,
                },
            };
        }
        Self::default()
    }
}

fn value(body: &[u8], name: &str) -> Option<String> {
    let value = match payload::members(body, [name]) {
        Some([value]) => value,
        None => payload::field(body, name),
    };
    payload::label(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample::{NOW, event, post};
    use super::super::{Options, Scheme};
    use super::*;

    const TOKEN: &str = "farm-twilio-token";
    const URL: &str = "https://example.test/hooks/twilio?tenant=7";
    const FORM: &[u8] = b"Body=Late+10+min&From=%2B15550001&To=%2B15550002";
    const SHA1: &str = "xWScnsVprujVW+oyRGzr3Ar1QQ4=";
    const SHA256: &str = "HMUTQqh+jx1G3HdeXu6vlnQoUqbrggnbXn34eHUbOvM=";
    const SHARED_KEY: &str = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256";

    fn verify(
        secret: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Outcome, Rejection> {
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let keys = [Key { id: "k", secret }];
        let delivery = post(url, &headers, body);
        super::super::verify(Scheme::Twilio, &Options::default(), &delivery, &keys, NOW)
    }

    #[test]
    fn what_is_not_signed_so_is_refused() {
        for (headers, url, body, code) in [
            (&[][..], URL, FORM, "missing_header"),
            (&[(SIGNATURE, "xWS")], URL, FORM, "malformed_header"),
            // Each algorithm has its length.
            (&[(SIGNATURE, SHA256)], URL, FORM, "malformed_header"),
            (
                &[(SIGNATURE, SHA1), (SETTINGS, SHARED_KEY)],
                URL,
                FORM,
                "malformed_header",
            ),
            (
                &[(SIGNATURE, SHA256), (SETTINGS, "algorithm=HMAC_SHA512")],
                URL,
                FORM,
                "unsupported_version",
            ),
            (
                &[(SIGNATURE, SHA256), (SETTINGS, "algorithm=")],
                URL,
                FORM,
                "unsupported_version",
            ),
            (
                &[(SIGNATURE, SHA256), (SETTINGS, "key=1")],
                URL,
                FORM,
                "malformed_header",
            ),
            (
                &[
                    (SIGNATURE, SHA256),
                    (SETTINGS, "algorithm=HMAC_SHA256,algorithm=HMAC_SHA1"),
                ],
                URL,
                FORM,
                "malformed_header",
            ),
            (
                &[(SIGNATURE, SHA1)],
                "https://example.test/hooks/twilio?tenant=8",
                FORM,
                "wrong_signature",
            ),
            (
                &[(SIGNATURE, SHA1)],
                "http://example.test/hooks/twilio?tenant=7",
                FORM,
                "wrong_signature",
            ),
            (&[(SIGNATURE, SHA1)], URL, b"", "wrong_signature"),
            (
                &[(SIGNATURE, SHA1)],
                URL,
                b"Body=Late+11+min&From=%2B15550001&To=%2B15550002",
                "wrong_signature",
            ),
        ] {
            let rejection = verify(TOKEN, url, headers, body).unwrap_err();
            assert_eq!(rejection.code(), code, "{headers:?} {url}");
        }
    }

    #[test]
    fn the_vectors_hold_with_either_algorithm() {
        event(verify(TOKEN, URL, &[(SIGNATURE, SHA1)], FORM));
        for settings in [
            SHARED_KEY,
            "algorithm=HMAC_SHA256",
            "key=1, algorithm=HMAC_SHA256",
        ] {
            let headers = [(SIGNATURE, SHA256), (SETTINGS, settings)];
            event(verify(TOKEN, URL, &headers, FORM));
        }
        let headers = [(SIGNATURE, SHA1), (SETTINGS, "key=1,algorithm=HMAC_SHA1")];
        event(verify(TOKEN, URL, &headers, FORM));
        event(verify(
            "12345",
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            &[(SIGNATURE, "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")],
            b"To=%2B18005551212&Digits=1234&CallSid=CA1234567890ABCDE&From=%2B12349013030&Caller=%2B12349013030",
        ));
        event(verify(
            "t",
            "https://e.test/h",
            &[(SIGNATURE, "cXReWibyP6nRtHK01WmKYMGtelA=")],
            b"a=2&a=1&a=1",
        ));
    }

    #[test]
    fn the_url_is_tried_with_and_without_a_port() {
        for url in [
            "https://example.test:443/hooks/twilio?tenant=7",
            "https://example.test:8443/hooks/twilio?tenant=7",
        ] {
            event(verify(TOKEN, url, &[(SIGNATURE, SHA1)], FORM));
        }
        for (url, with, without) in [
            (
                "https://a.test/b?c=d:1",
                "https://a.test:443/b?c=d:1",
                "https://a.test/b?c=d:1",
            ),
            ("http://a.test", "http://a.test:80", "http://a.test"),
            (
                "HTTPS://a.test?b",
                "HTTPS://a.test:443?b",
                "HTTPS://a.test?b",
            ),
            (
                "https://a.test:8443/b",
                "https://a.test:8443/b",
                "https://a.test/b",
            ),
            (
                "https://u:p@a.test/b",
                "https://u:p@a.test:443/b",
                "https://u:p@a.test/b",
            ),
            (
                "https://u:p@a.test:1/b",
                "https://u:p@a.test:1/b",
                "https://u:p@a.test/b",
            ),
            ("https://[::1]/b", "https://[::1]:443/b", "https://[::1]/b"),
            ("https://[::1]:1/b", "https://[::1]:1/b", "https://[::1]/b"),
            ("https://u@[::1]:1", "https://u@[::1]:1", "https://u@[::1]"),
            ("a.test/b", "a.test/b", "a.test/b"),
        ] {
            assert_eq!(both_urls(url), [with, without], "{url}");
        }
    }

    #[test]
    fn of_a_json_body_the_hash_is_signed() {
        let hash = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
        let signature = [(SIGNATURE, "K8iMXx4px5AcfRX4MYR5wLcUwPU=")];
        let url = format!("https://example.test/hooks/twilio?bodySHA256={hash}");
        event(verify(TOKEN, &url, &signature, br#"{"a":1}"#));
        assert_eq!(
            verify(TOKEN, &url, &signature, br#"{"a":2}"#),
            Err(Rejection::WrongBodyHash)
        );
        // A hash that somebody else puts there was not signed.
        let other = hex::encode(mac::sha256(br#"{"a":2}"#));
        let url = format!("https://example.test/hooks/twilio?bodySHA256={other}");
        assert_eq!(
            verify(TOKEN, &url, &signature, br#"{"a":2}"#),
            Err(Rejection::WrongSignature)
        );
        for query in [
            "bodySHA256=".to_owned(),
            format!("bodySHA256={}", hash.to_uppercase()),
            format!("bodySHA256={hash}&bodySHA256={hash}"),
        ] {
            let url = format!("https://example.test/hooks/twilio?{query}");
            let rejection = verify(TOKEN, &url, &signature, br#"{"a":1}"#).unwrap_err();
            assert_eq!(rejection.code(), "malformed_query", "{query}");
        }
    }

    #[test]
    fn names_are_sorted_by_their_bytes_and_pairs_counted_once() {
        for (form, text) in [
            (&b""[..], ""),
            (b"b=1&a=2&B=3", "B3a2b1"),
            (b"a=2&a=1&a=1", "a1a2"),
            (b"a=&b", "ab"),
            ("a=%C3%AB+%26&%61=x".as_bytes(), "axaë &"),
        ] {
            assert_eq!(signed_parameters(form), text);
        }
    }

    #[test]
    fn what_names_the_delivery() {
        for (body, id, name) in [
            (
                &b"MessageSid=SM1&MessageStatus=delivered&SmsStatus=sent"[..],
                Some("SM1:delivered"),
                Some("message.delivered"),
            ),
            (
                b"MessageSid=SM1&SmsStatus=received",
                Some("SM1:received"),
                Some("message.received"),
            ),
            (
                b"CallSid=CA1&CallStatus=ringing",
                Some("CA1:ringing"),
                Some("call.ringing"),
            ),
            (b"CallSid=CA1", Some("CA1"), None),
            (
                br#"{"MessageSid":"SM1","MessageStatus":"sent"}"#,
                Some("SM1:sent"),
                Some("message.sent"),
            ),
            (b"MessageSid=&a=b", None, None),
            (b"", None, None),
        ] {
            let told = Told::read(body);
            assert_eq!(told.delivery_id.as_deref(), id);
            assert_eq!(told.event.as_deref(), name);
        }
        let headers = [(SIGNATURE, SHA1), (IDEMPOTENCY_TOKEN, "c4b3")];
        let verified = event(verify(TOKEN, URL, &headers, FORM));
        assert_eq!(verified.delivery_id.as_deref(), Some("c4b3"));
        let twice = [
            (SIGNATURE, SHA1),
            (IDEMPOTENCY_TOKEN, "a"),
            (IDEMPOTENCY_TOKEN, "a"),
        ];
        assert_eq!(
            verify(TOKEN, URL, &twice, FORM).unwrap_err().code(),
            "malformed_header"
        );
    }

    proptest! {
        #[test]
        fn the_order_in_which_fields_came_does_not_matter(
            fields in prop::collection::vec(("[a-cA-C]{1,2}", "[x-z]{0,2}"), 0..8), seed: u64
        ) {
            let form = |fields: &[(String, String)]| {
                form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
            };
            let mut shuffled = fields.clone();
            if !shuffled.is_empty() {
                let by = usize::try_from(seed % 97).unwrap() % shuffled.len();
                shuffled.rotate_left(by);
                shuffled.reverse();
            }
            prop_assert_eq!(
                signed_parameters(form(&fields).as_bytes()),
                signed_parameters(form(&shuffled).as_bytes())
            );
        }

        #[test]
        fn a_port_that_is_added_goes_again(host in "[a-z]{1,8}(\\.test)?", path in "(/[a-z:@]{0,8})?(\\?[a-z=:/]{0,8})?") {
            let url = format!("https://{host}{path}");
            let [with, without] = both_urls(&url);
            prop_assert_eq!(&without, &url);
            prop_assert_eq!(both_urls(&with), [with, without]);
        }
    }
}
