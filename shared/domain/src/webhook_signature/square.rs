//! Square: HMAC-SHA256 of the URL that is registered, byte for byte, and the body. The older
//! `x-square-signature` is SHA-1, and is not looked at.

use super::{Delivery, Key, Outcome, Rejection, Verified};
use super::{headers, mac, payload};

const SIGNATURE: &str = "x-square-hmacsha256-signature";

pub fn verify(delivery: &Delivery<'_>, keys: &[Key<'_>]) -> Result<Outcome, Rejection> {
    let signature = mac::base64(headers::required(delivery, SIGNATURE)?)
        .ok_or_else(|| Rejection::malformed(SIGNATURE, "is not 44 characters of base64"))?;
    let key_id = mac::signer(keys, &[signature], |key| {
        let text: [&[u8]; 2] = [delivery.url.as_bytes(), delivery.body];
        Some([mac::hmac_sha256(key.secret.as_bytes(), &text)?])
    })?;
    let [id, event] = payload::members(delivery.body, ["event_id", "type"]).unwrap_or_default();
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        delivery_id: payload::label(id),
        event: payload::label(event),
        ..Verified::default()
    }))
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::super::sample::{BODY, NOW, event, post};
    use super::super::{Options, Scheme};
    use super::*;

    const OURS: &str = "LUZ+xFJGYhWt2AWG0fivlZkR0T9DXlzOpVt8szYuj0Q=";
    const URL: &str = "https://example.test/hooks/square";

    fn verify(signature: &str, url: &str, body: &[u8]) -> Result<Outcome, Rejection> {
        let headers: &[(&str, &[u8])] = &[(SIGNATURE, signature.as_bytes())];
        let keys = [Key {
            id: "k",
            secret: "farm-square-key",
        }];
        let delivery = post(url, headers, body);
        super::super::verify(Scheme::Square, &Options::default(), &delivery, &keys, NOW)
    }

    #[test]
    fn what_is_not_signed_so_is_refused() {
        for (signature, url, code) in [
            ("", URL, "missing_header"),
            ("LUZ", URL, "malformed_header"),
            // The older signature: 20 bytes.
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAA=", URL, "malformed_header"),
            (
                OURS,
                "https://example.test/hooks/square/",
                "wrong_signature",
            ),
            (OURS, "http://example.test/hooks/square", "wrong_signature"),
            (OURS, "https://EXAMPLE.test/hooks/square", "wrong_signature"),
        ] {
            let rejection = verify(signature, url, BODY).unwrap_err();
            assert_eq!(rejection.code(), code, "{signature} {url}");
        }
        assert_eq!(verify(OURS, URL, b""), Err(Rejection::WrongSignature));
    }

    #[test]
    fn our_vector_holds() {
        let verified = event(verify(OURS, URL, BODY));
        assert_eq!(verified.event.as_deref(), Some("shift.published"));
        assert_eq!(verified.delivery_id, None);
    }

    #[test]
    fn the_body_names_the_event() {
        let body = br#"{"merchant_id":"M","type":"payment.updated","event_id":"6a8f5f28"}"#;
        let text: [&[u8]; 2] = [URL.as_bytes(), body];
        let code = mac::hmac_sha256(b"farm-square-key", &text).unwrap();
        let signature = STANDARD.encode(code);
        let verified = event(verify(&signature, URL, body));
        assert_eq!(verified.delivery_id.as_deref(), Some("6a8f5f28"));
        assert_eq!(verified.event.as_deref(), Some("payment.updated"));
    }
}
