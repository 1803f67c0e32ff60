//! Whoever signs with an HMAC-SHA256 of the body in a header. The options say in which, and how.

use super::{Delivery, Encoding, Key, Options, Outcome, Rejection, Verified};
use super::{clock, headers, mac, payload};

pub fn verify(
    options: &Options,
    delivery: &Delivery<'_>,
    keys: &[Key<'_>],
    now: i64,
) -> Result<Outcome, Rejection> {
    let signature = signature(options, delivery)?;
    let timestamp = match &options.timestamp_header {
        Some(header) => {
            let text = headers::required(delivery, header)?;
            Some((text, clock::timestamp(header, text)?))
        }
        None => None,
    };
    let id = match &options.id_header {
        Some(header) => Some(headers::required_id(delivery, header)?),
        None => None,
    };
    let event = match &options.event_header {
        Some(header) => headers::optional_id(delivery, header)?,
        None => None,
    };
    let signed_timestamp = timestamp.filter(|_| options.is_timestamp_signed());
    let key_id = mac::signer(keys, &[signature], |key| {
        let secret = key.secret.as_bytes();
        Some([match signed_timestamp {
            Some((text, _)) => mac::hmac_sha256(secret, &[text.as_bytes(), b".", delivery.body])?,
            None => mac::hmac_sha256(secret, &[delivery.body])?,
        }])
    })?;
    let sent_at = timestamp.map(|(_, sent_at)| sent_at);
    if let Some(sent_at) = sent_at {
        clock::check(
            sent_at.saturating_mul(1_000),
            options.tolerance_seconds(),
            now,
        )?;
    }
    let [body_id, body_event, body_type] =
        payload::members(delivery.body, ["id", "event", "type"]).unwrap_or_default();
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        delivery_id: match id {
            Some(id) => Some(id.to_owned()),
            None => payload::label(body_id),
        },
        event: match &options.event_header {
            Some(_) => payload::label(event.map(str::to_owned)),
            None => payload::label(body_event.or(body_type)),
        },
        sent_at,
        ..Verified::default()
    }))
}

fn signature(options: &Options, delivery: &Delivery<'_>) -> Result<[u8; 32], Rejection> {
    let header = options.signature_header()?;
    let text = headers::required(delivery, header)?;
    let prefix = options.prefix.as_deref().unwrap_or_default();
    let text = text
        .strip_prefix(prefix)
        .ok_or_else(|| Rejection::malformed(header, "does not begin with the prefix"))?;
    match options.encoding() {
        Encoding::Hex => {
            mac::any_hex(text).ok_or_else(|| Rejection::malformed(header, "is not 64 hex digits"))
        }
        Encoding::Base64 => mac::base64(text)
            .ok_or_else(|| Rejection::malformed(header, "is not 44 characters of base64")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scheme;
    use super::super::sample::{BODY, NOW, cut, event, post};
    use super::*;

    const SECRET: &str = "farm-generic-secret";
    const HEX: &str = "4f4df4fdf80de53aeb69a4fc7567dc97649526858b9272e4cd5503d9fbb63684";
    const BASE64: &str = "T030/fgN5TrraaT8dWfcl2SVJoWLknLkzVUD2fu2NoQ=";
    const EMPTY: &str = "6b46105d1657e9757d31eb8aae407b25cef13670b1a63ae74f509697b24dd572";

    fn verify(
        options: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        now: i64,
    ) -> Result<Outcome, Rejection> {
        let options: Options = serde_json::from_str(options).unwrap();
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let keys = [Key {
            id: "k",
            secret: SECRET,
        }];
        let delivery = post("https://example.test/hooks/generic", &headers, body);
        super::super::verify(Scheme::Generic, &options, &delivery, &keys, now)
    }

    #[test]
    fn what_is_not_signed_so_is_refused() {
        let plain = r#"{"header":"x-sig"}"#;
        let prefixed = r#"{"header":"x-sig","prefix":"sha256="}"#;
        let base64 = r#"{"header":"x-sig","encoding":"base64"}"#;
        let timed = r#"{"header":"x-sig","timestamp_header":"x-time"}"#;
        let named = r#"{"header":"x-sig","id_header":"x-id"}"#;
        for (options, headers, code) in [
            ("{}", &[("x-sig", HEX)][..], "bad_options"),
            (plain, &[], "missing_header"),
            (plain, &[("x-sig", cut(HEX))], "malformed_header"),
            (plain, &[("x-sig", BASE64)], "malformed_header"),
            (plain, &[("x-sig", EMPTY)], "wrong_signature"),
            (prefixed, &[("x-sig", HEX)], "malformed_header"),
            (base64, &[("x-sig", HEX)], "malformed_header"),
            (base64, &[("x-sig", cut(BASE64))], "malformed_header"),
            (timed, &[("x-sig", HEX)], "missing_header"),
            (
                timed,
                &[("x-sig", HEX), ("x-time", "now")],
                "malformed_header",
            ),
            (
                timed,
                &[("x-sig", HEX), ("x-time", "1760000000")],
                "wrong_signature",
            ),
            (named, &[("x-sig", HEX)], "missing_header"),
            (named, &[("x-sig", HEX), ("x-id", "")], "missing_header"),
        ] {
            let rejection = verify(options, headers, BODY, NOW).unwrap_err();
            assert_eq!(rejection.code(), code, "{options} {headers:?}");
        }
    }

    #[test]
    fn our_vectors_hold() {
        let prefixed = format!("sha256={HEX}");
        for (options, signature, body) in [
            (r#"{"header":"X-Sig"}"#, HEX, BODY),
            (r#"{"header":"x-sig"}"#, &HEX.to_uppercase(), BODY),
            (r#"{"header":"x-sig"}"#, EMPTY, b""),
            (r#"{"header":"x-sig","prefix":"sha256="}"#, &prefixed, BODY),
            (r#"{"header":"x-sig","encoding":"base64"}"#, BASE64, BODY),
        ] {
            let verified = event(verify(options, &[("x-sig", signature)], body, NOW));
            assert_eq!(verified.sent_at, None);
        }
    }

    #[test]
    fn a_timestamp_is_checked_whether_it_is_signed_or_not() {
        let text: [&[u8]; 2] = [b"1760000000.", BODY];
        let signed = hex::encode(mac::hmac_sha256(SECRET.as_bytes(), &text).unwrap());
        for (is_signed, signature) in [("true", &*signed), ("false", HEX)] {
            let options = format!(
                r#"{{"header":"x-sig","timestamp_header":"x-time","timestamp_is_signed":{is_signed},"tolerance_seconds":10}}"#
            );
            let headers = [("x-sig", signature), ("x-time", "1760000000")];
            for (now, code) in [
                (NOW - 11, "from_the_future"),
                (NOW - 10, "ok"),
                (NOW + 10, "ok"),
                (NOW + 11, "too_old"),
            ] {
                let outcome = verify(&options, &headers, BODY, now);
                let found = outcome.as_ref().map_or_else(Rejection::code, |_| "ok");
                assert_eq!(found, code, "{is_signed} {now}");
            }
            assert_eq!(
                event(verify(&options, &headers, BODY, NOW)).sent_at,
                Some(NOW)
            );
        }
    }

    #[test]
    fn headers_or_the_body_name_the_event() {
        let named = r#"{"header":"x-sig","id_header":"x-id","event_header":"x-event"}"#;
        let plain = r#"{"header":"x-sig"}"#;
        for (options, headers, body, id, name) in [
            (
                named,
                &[("x-id", "7"), ("x-event", "a")][..],
                r#"{"id":1,"type":"b"}"#,
                Some("7"),
                Some("a"),
            ),
            (
                named,
                &[("x-id", "7")],
                r#"{"id":1,"type":"b"}"#,
                Some("7"),
                None,
            ),
            (plain, &[], r#"{"id":1,"type":"b"}"#, Some("1"), Some("b")),
            (
                plain,
                &[],
                r#"{"id":"x","event":"a","type":"b"}"#,
                Some("x"),
                Some("a"),
            ),
            (plain, &[], r#"{"id":{},"event":{"name":"a"}}"#, None, None),
            (plain, &[], r#"["id"]"#, None, None),
            (plain, &[], "text", None, None),
        ] {
            let code = mac::hmac_sha256(SECRET.as_bytes(), &[body.as_bytes()]).unwrap();
            let code = hex::encode(code);
            let headers: Vec<_> = headers.iter().copied().chain([("x-sig", &*code)]).collect();
            let verified = event(verify(options, &headers, body.as_bytes(), NOW));
            assert_eq!(verified.delivery_id.as_deref(), id, "{body}");
            assert_eq!(verified.event.as_deref(), name, "{body}");
        }
    }
}
