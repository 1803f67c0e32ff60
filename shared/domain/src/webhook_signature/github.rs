//! GitHub: `X-Hub-Signature-256` over the raw body, with no clock. A delivery that is sent again by
//! hand keeps its id. Gitea and Forgejo send the same headers.

use super::{Delivery, Key, Outcome, Rejection, Verified};
use super::{headers, mac, payload};

/// The older `X-Hub-Signature` is SHA-1, and is not looked at.
const SIGNATURE: &str = "x-hub-signature-256";
const PREFIX: &str = "sha256=";
const DELIVERY: &str = "x-github-delivery";
const EVENT: &str = "x-github-event";

pub fn verify(delivery: &Delivery<'_>, keys: &[Key<'_>]) -> Result<Outcome, Rejection> {
    let signature = headers::required(delivery, SIGNATURE)?
        .strip_prefix(PREFIX)
        .and_then(mac::lower_hex)
        .ok_or_else(|| {
            Rejection::malformed(SIGNATURE, "is not sha256= and 64 lower-case hex digits")
        })?;
    let delivery_id = headers::required_id(delivery, DELIVERY)?;
    let event = headers::required_id(delivery, EVENT)?;
    let key_id = mac::signer(keys, &[signature], |key| {
        Some([mac::hmac_sha256(key.secret.as_bytes(), &[delivery.body])?])
    })?;
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        delivery_id: Some(delivery_id.to_owned()),
        event: payload::label(Some(match action(delivery.body) {
            Some(action) => format!("{event}.{action}"),
            None => event.to_owned(),
        })),
        ..Verified::default()
    }))
}

/// The member `action`, of a form in the JSON of its field `payload`.
fn action(body: &[u8]) -> Option<String> {
    let [action] = match payload::members(body, ["action"]) {
        Some(members) => members,
        None => payload::members(payload::field(body, "payload")?.as_bytes(), ["action"])?,
    };
    payload::label(action)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{BODY, NOW, cut, event, post};
    use super::super::{Options, Scheme};
    use super::*;

    const OURS: &str = "sha256=68bdda26ec962cddf00d9ca8880b08e1ed16d52ad0088cc72c32323f09d567ea";

    fn verify(secret: &str, signature: &str, body: &[u8]) -> Result<Outcome, Rejection> {
        let headers: &[(&str, &[u8])] = &[
            ("x-hub-signature-256", signature.as_bytes()),
            ("x-github-delivery", b"72d3162e-cc78-11e3-81ab-4c9367dc0958"),
            ("x-github-event", b"pull_request"),
        ];
        let keys = [Key { id: "k", secret }];
        let delivery = post("https://example.test/hooks/github", headers, body);
        super::super::verify(Scheme::Github, &Options::default(), &delivery, &keys, NOW)
    }

    #[test]
    fn what_is_not_the_digest_is_refused() {
        let digest = OURS.strip_prefix("sha256=").unwrap();
        for (signature, code) in [
            (String::new(), "missing_header"),
            (digest.to_owned(), "malformed_header"),
            (format!("sha1={digest}"), "malformed_header"),
            (format!("SHA256={digest}"), "malformed_header"),
            (
                format!("sha256={}", digest.to_uppercase()),
                "malformed_header",
            ),
            (cut(OURS).to_owned(), "malformed_header"),
            (format!("{OURS}0"), "malformed_header"),
            (format!(" {OURS}"), "malformed_header"),
            (OURS.replace("68bd", "68be"), "wrong_signature"),
        ] {
            let rejection = verify("farm-github-secret", &signature, BODY).unwrap_err();
            assert_eq!(rejection.code(), code, "{signature}");
        }
        assert_eq!(
            verify("farm-github-secret", OURS, b""),
            Err(Rejection::WrongSignature)
        );
        assert_eq!(verify("", OURS, BODY), Err(Rejection::UnusableKey));
    }

    #[test]
    fn the_vectors_hold() {
        let published = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        for (secret, signature, body) in [
            (
                "It's a Secret to Everybody",
                published,
                &b"Hello, World!"[..],
            ),
            ("farm-github-secret", OURS, BODY),
        ] {
            let verified = event(verify(secret, signature, body));
            assert_eq!(
                verified.delivery_id.as_deref(),
                Some("72d3162e-cc78-11e3-81ab-4c9367dc0958")
            );
            assert_eq!(verified.event.as_deref(), Some("pull_request"));
            assert_eq!(verified.sent_at, None);
        }
    }

    #[test]
    fn the_headers_that_name_it_are_wanted() {
        for left_out in ["x-github-delivery", "x-github-event"] {
            let headers: Vec<(&str, &[u8])> = [
                ("x-hub-signature-256", OURS),
                ("x-github-delivery", "1"),
                ("x-github-event", "push"),
            ]
            .into_iter()
            .filter(|(name, _)| *name != left_out)
            .map(|(name, value)| (name, value.as_bytes()))
            .collect();
            let keys = [Key {
                id: "k",
                secret: "farm-github-secret",
            }];
            let delivery = post("https://example.test/", &headers, BODY);
            assert_eq!(
                super::verify(&delivery, &keys),
                Err(Rejection::missing(left_out))
            );
        }
    }

    #[test]
    fn the_action_is_part_of_the_event() {
        assert_eq!(action(br#"{"action":"opened"}"#).as_deref(), Some("opened"));
        assert_eq!(
            action(b"payload=%7B%22action%22%3A%22opened%22%7D").as_deref(),
            Some("opened")
        );
        for body in [
            &b""[..],
            b"{}",
            br#"{"action":["opened"]}"#,
            br#"{"action":"a\nb"}"#,
            b"payload=x",
            b"\xff",
        ] {
            assert_eq!(action(body), None);
        }
    }
}
