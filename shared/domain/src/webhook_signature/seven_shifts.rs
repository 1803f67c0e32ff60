//! 7shifts signs the webhooks that it sets up for its partners, with a key of the timestamp and the
//! GUID of the company's grant. Those that a company has made itself are not signed.
//!
//! Whether a signature is hex or base64 is not documented: 32 bytes look different in each, so both
//! are read. `x-webhook-id` is that of the registration, the same for all of its deliveries.

use super::{Delivery, Key, Options, Outcome, Rejection, SevenShiftsSigning, Verified};
use super::{clock, headers, mac, payload};

const SIGNATURE: &str = "x-hmac-signature";
const TIMESTAMP: &str = "x-hmac-timestamp";
const TOPIC: &str = "x-webhook-topic";

pub fn verify(
    options: &Options,
    delivery: &Delivery<'_>,
    keys: &[Key<'_>],
    now: i64,
) -> Result<Outcome, Rejection> {
    match options.signing() {
        SevenShiftsSigning::Signed => verify_signed(options, delivery, keys, now),
        SevenShiftsSigning::Unsigned => Ok(Outcome::Event(Verified {
            event: topic(delivery)?,
            is_hint: true,
            ..Verified::default()
        })),
    }
}

fn verify_signed(
    options: &Options,
    delivery: &Delivery<'_>,
    keys: &[Key<'_>],
    now: i64,
) -> Result<Outcome, Rejection> {
    let signature = headers::required(delivery, SIGNATURE)?;
    let signature: [u8; 32] = mac::lower_hex(signature)
        .or_else(|| mac::base64(signature))
        .ok_or_else(|| {
            Rejection::malformed(SIGNATURE, "is neither 64 lower-case hex digits nor base64")
        })?;
    let timestamp = headers::required(delivery, TIMESTAMP)?;
    let sent_at = clock::timestamp(TIMESTAMP, timestamp)?;
    let event = topic(delivery)?;
    let key_id = mac::signer(keys, &[signature], |key| {
        // Without the GUID, the key would be the timestamp, which everybody can read.
        let guid = Some(key.secret).filter(|guid| !guid.is_empty())?;
        let key = format!("{timestamp}#{guid}");
        Some([mac::hmac_sha256(key.as_bytes(), &[delivery.body])?])
    })?;
    clock::check(
        sent_at.saturating_mul(1_000),
        options.tolerance_seconds(),
        now,
    )?;
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        // Two changes of one person have the same body, so the time is part of what tells them apart.
        delivery_id: Some(format!("{timestamp}-{}", hex::encode(signature))),
        event,
        sent_at: Some(sent_at),
        ..Verified::default()
    }))
}

fn topic(delivery: &Delivery<'_>) -> Result<Option<String>, Rejection> {
    let topic = headers::optional_id(delivery, TOPIC)?;
    Ok(payload::label(topic.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{BODY, NOW, cut, event, post};
    use super::super::{Scheme, check_secret};
    use super::*;

    const GUID: &str = "4b7f0c1e-0000-4000-8000-000000000001";
    const OURS: &str = "2f3271b8a6acba75bab3a099b437c3d9c7cb411ae3a0edf3e56ac5273bcb967f";

    fn verify(
        signing: Option<SevenShiftsSigning>,
        headers: &[(&str, &str)],
        secrets: &[&str],
        now: i64,
    ) -> Result<Outcome, Rejection> {
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let keys: Vec<_> = secrets
            .iter()
            .map(|secret| Key { id: "k", secret })
            .collect();
        let options = Options {
            signing,
            ..Options::default()
        };
        let delivery = post("https://example.test/hooks/7shifts", &headers, BODY);
        super::super::verify(Scheme::SevenShifts, &options, &delivery, &keys, now)
    }

    #[test]
    fn what_is_not_signed_so_is_refused() {
        let upper = OURS.to_uppercase();
        for (timestamp, signature, code) in [
            ("1760000000", "", "missing_header"),
            ("", OURS, "missing_header"),
            ("1760000000", &*upper, "malformed_header"),
            ("1760000000", cut(OURS), "malformed_header"),
            ("1760000000.5", OURS, "malformed_header"),
            ("1760000001", OURS, "wrong_signature"),
        ] {
            let headers = [(TIMESTAMP, timestamp), (SIGNATURE, signature)];
            let rejection = verify(None, &headers, &[GUID], NOW).unwrap_err();
            assert_eq!(rejection.code(), code, "{timestamp} {signature}");
        }
        let headers = [(TIMESTAMP, "1760000000"), (SIGNATURE, OURS)];
        for (secrets, now, code) in [
            (&[][..], NOW, "no_key"),
            (&[""], NOW, "unusable_key"),
            (
                &["4b7f0c1e-0000-4000-8000-000000000002"],
                NOW,
                "wrong_signature",
            ),
            (&[GUID], NOW + 301, "too_old"),
            (&[GUID], NOW - 301, "from_the_future"),
        ] {
            let rejection = verify(None, &headers, secrets, now).unwrap_err();
            assert_eq!(rejection.code(), code);
        }
        assert!(check_secret(Scheme::SevenShifts, "").is_err());
    }

    #[test]
    fn our_vector_holds_in_hex_and_in_base64() {
        let base64 = "LzJxuKasunW6s6CZtDfD2cfLQRrjoO3z5WrFJzvLln8=";
        for signature in [OURS, base64] {
            let headers = [
                (TIMESTAMP, "1760000000"),
                (SIGNATURE, signature),
                (TOPIC, "schedule.published"),
                ("x-webhook-id", "81"),
            ];
            let signed = Some(SevenShiftsSigning::Signed);
            let verified = event(verify(signed, &headers, &[GUID], NOW));
            assert_eq!(
                verified,
                Verified {
                    key_id: Some("k".to_owned()),
                    delivery_id: Some(format!("1760000000-{OURS}")),
                    event: Some("schedule.published".to_owned()),
                    sent_at: Some(NOW),
                    ..Verified::default()
                }
            );
        }
    }

    #[test]
    fn without_a_signature_it_is_a_hint() {
        let unsigned = Some(SevenShiftsSigning::Unsigned);
        for (headers, name) in [
            (&[(TOPIC, "user.modified")][..], Some("user.modified")),
            (&[], None),
            // Nobody has checked it, so it proves nothing.
            (&[(SIGNATURE, OURS), (TIMESTAMP, "1760000000")], None),
        ] {
            let verified = event(verify(unsigned, headers, &[], NOW));
            assert_eq!(
                verified,
                Verified {
                    event: name.map(str::to_owned),
                    is_hint: true,
                    ..Verified::default()
                }
            );
        }
        let twice = [(TOPIC, "user.modified"), (TOPIC, "user.created")];
        assert_eq!(
            verify(unsigned, &twice, &[], NOW).unwrap_err().code(),
            "malformed_header"
        );
    }
}
