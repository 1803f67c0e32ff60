//! Stripe: `{timestamp}.{body}` with the endpoint's secret as it is shown, `whsec_` and all. It is
//! not the key of Standard Webhooks with the same prefix: nothing of it is decoded.

use super::{Delivery, Key, Options, Outcome, Rejection, Verified};
use super::{clock, headers, mac, payload};

const SIGNATURE: &str = "stripe-signature";

/// While a secret is being replaced there are two signatures; more than this are none of Stripe's.
const MAX_SIGNATURES: usize = 16;

pub fn verify(
    options: &Options,
    delivery: &Delivery<'_>,
    keys: &[Key<'_>],
    now: i64,
) -> Result<Outcome, Rejection> {
    let header = Header::read(headers::required(delivery, SIGNATURE)?)?;
    let sent_at = clock::timestamp(SIGNATURE, header.timestamp)?;
    let key_id = mac::signer(keys, &header.signatures, |key| {
        let text: [&[u8]; 3] = [header.timestamp.as_bytes(), b".", delivery.body];
        Some([mac::hmac_sha256(key.secret.as_bytes(), &text)?])
    })?;
    clock::check(
        sent_at.saturating_mul(1_000),
        options.tolerance_seconds(),
        now,
    )?;
    let [id, event] = payload::members(delivery.body, ["id", "type"]).unwrap_or_default();
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        delivery_id: payload::label(id),
        event: payload::label(event),
        sent_at: Some(sent_at),
        ..Verified::default()
    }))
}

struct Header<'a> {
    timestamp: &'a str,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Header<'a> {
    /// Items that are neither `t` nor `v1` are ignored: `v0` is of test events alone.
    fn read(text: &'a str) -> Result<Self, Rejection> {
        let malformed = |problem| Rejection::malformed(SIGNATURE, problem);
        let mut timestamp = None;
        let mut signatures = Vec::new();
        for item in text.split(',') {
            let (name, value) = item
                .split_once('=')
                .ok_or_else(|| malformed("has an item without an equals sign"))?;
            match name {
                "t" if timestamp.is_some() => {
                    return Err(malformed("has more than one timestamp"));
                }
                "t" => timestamp = Some(value),
                "v1" => {
                    if signatures.len() >= MAX_SIGNATURES {
                        return Err(malformed("has more than 16 signatures"));
                    }
                    signatures.push(mac::lower_hex(value).ok_or_else(|| {
                        malformed("has a signature that is not 64 lower-case hex digits")
                    })?);
                }
                _ => {}
            }
        }
        let timestamp = timestamp.ok_or_else(|| malformed("has no timestamp"))?;
        if signatures.is_empty() {
            return Err(Rejection::version(SIGNATURE, "v1"));
        }
        Ok(Self {
            timestamp,
            signatures,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scheme;
    use super::super::sample::{BODY, NOW, cut, event, post};
    use super::*;

    const OLD: &str = "f02167bce5bc0426acd44a34f3815b9ae75bbfe73f6d64894dddaa23f4e022b1";
    const NEW: &str = "fd702a692a11481db267e2baaa04ff7ad85cbd1c1ceb6c40f8488c97c4f79f09";

    fn verify(secret: &str, header: &str, now: i64) -> Result<Outcome, Rejection> {
        let headers: &[(&str, &[u8])] = &[("stripe-signature", header.as_bytes())];
        let keys = [Key { id: "k", secret }];
        let delivery = post("https://example.test/hooks/stripe", headers, BODY);
        super::super::verify(Scheme::Stripe, &Options::default(), &delivery, &keys, now)
    }

    #[test]
    fn what_is_not_signed_so_is_refused() {
        for (header, code) in [
            (String::new(), "missing_header"),
            (
                format!("t=1760000000,v1={}", OLD.to_uppercase()),
                "malformed_header",
            ),
            (format!("t=1760000000,v1={}", cut(OLD)), "malformed_header"),
            (format!("t=1760000000,v1={OLD},"), "malformed_header"),
            (format!("t=1760000000,{OLD}"), "malformed_header"),
            (
                format!("t=1760000000,t=1760000000,v1={OLD}"),
                "malformed_header",
            ),
            (format!("v1={OLD}"), "malformed_header"),
            (format!("t=,v1={OLD}"), "malformed_header"),
            (format!("t=1760000000.0,v1={OLD}"), "malformed_header"),
            (
                format!("t=1760000000{}", format!(",v1={OLD}").repeat(17)),
                "malformed_header",
            ),
            ("t=1760000000".to_owned(), "unsupported_version"),
            (format!("t=1760000000,v0={OLD}"), "unsupported_version"),
            (format!("t=1760000000, v1={OLD}"), "unsupported_version"),
            (format!("t=1760000001,v1={OLD}"), "wrong_signature"),
            (format!("t=1760000000,v1={NEW}"), "wrong_signature"),
        ] {
            let rejection = verify("whsec_farm_stripe", &header, NOW).unwrap_err();
            assert_eq!(rejection.code(), code, "{header}");
        }
        // Nothing is cut off or decoded: the prefix is part of the key.
        let header = format!("t=1760000000,v1={OLD}");
        assert_eq!(
            verify("farm_stripe", &header, NOW),
            Err(Rejection::WrongSignature)
        );
    }

    #[test]
    fn the_clock_is_checked_where_the_library_does_not_look() {
        let header = format!("t=1760000000,v1={OLD}");
        for (now, code) in [(NOW + 301, "too_old"), (NOW - 301, "from_the_future")] {
            let rejection = verify("whsec_farm_stripe", &header, now).unwrap_err();
            assert_eq!(rejection.code(), code);
        }
        for now in [NOW + 300, NOW - 300] {
            assert!(verify("whsec_farm_stripe", &header, now).is_ok());
        }
    }

    #[test]
    fn the_vectors_hold_also_while_a_secret_is_replaced() {
        for secret in ["whsec_farm_stripe", "whsec_farm_stripe_new"] {
            let both = format!("t=1760000000,v1={OLD},v0=6ff,v1={NEW},v9=x");
            let swapped = format!("v1={NEW},v1={OLD},t=1760000000");
            for header in [both, swapped] {
                let verified = event(verify(secret, &header, NOW));
                assert_eq!(verified.event.as_deref(), Some("shift.published"));
                assert_eq!(verified.delivery_id, None);
                assert_eq!(verified.sent_at, Some(NOW));
            }
        }
        let header = format!("t=1760000000,v1={NEW}");
        event(verify("whsec_farm_stripe_new", &header, NOW));
    }

    #[test]
    fn the_body_names_the_event() {
        let body = br#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1"}}}"#;
        let text: [&[u8]; 2] = [b"1760000000.", body];
        let digest = hex::encode(mac::hmac_sha256(b"s", &text).unwrap());
        let header = format!("t=1760000000,v1={digest}");
        let headers: &[(&str, &[u8])] = &[("stripe-signature", header.as_bytes())];
        let keys = [Key {
            id: "k",
            secret: "s",
        }];
        let delivery = post("https://example.test/", headers, body);
        let verified = event(super::verify(&Options::default(), &delivery, &keys, NOW));
        assert_eq!(verified.delivery_id.as_deref(), Some("evt_1"));
        assert_eq!(verified.event.as_deref(), Some("invoice.paid"));
    }
}
