//! Shopify: HMAC-SHA256 of the raw body with the app's client secret. The signatures of its OAuth
//! redirects are another scheme.

use super::{Delivery, Key, Outcome, Rejection, Verified};
use super::{headers, mac, payload};

const SIGNATURE: &str = "x-shopify-hmac-sha256";
const DELIVERY: &str = "x-shopify-webhook-id";
const TOPIC: &str = "x-shopify-topic";

pub fn verify(delivery: &Delivery<'_>, keys: &[Key<'_>]) -> Result<Outcome, Rejection> {
    let signature = mac::base64(headers::required(delivery, SIGNATURE)?)
        .ok_or_else(|| Rejection::malformed(SIGNATURE, "is not 44 characters of base64"))?;
    let delivery_id = headers::required_id(delivery, DELIVERY)?;
    let topic = headers::required_id(delivery, TOPIC)?;
    if delivery.body.is_empty() {
        // Shopify's own library takes none either.
        return Err(Rejection::MalformedBody {
            problem: "is empty",
        });
    }
    let key_id = mac::signer(keys, &[signature], |key| {
        Some([mac::hmac_sha256(key.secret.as_bytes(), &[delivery.body])?])
    })?;
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        delivery_id: Some(delivery_id.to_owned()),
        event: payload::label(Some(topic.to_owned())),
        ..Verified::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{BODY, NOW, cut, event, post};
    use super::super::{Options, Scheme};
    use super::*;

    const OURS: &str = "OH725FuJqicdNFOpFDGN6Oe7MY1/GxOTmaiRHFf8qrU=";
    const SECRET: &str = "farm-shopify-secret";

    fn verify(
        secrets: &[&str],
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Outcome, Rejection> {
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let keys: Vec<_> = secrets
            .iter()
            .map(|secret| Key { id: secret, secret })
            .collect();
        let delivery = post("https://example.test/hooks/shopify", &headers, body);
        super::super::verify(Scheme::Shopify, &Options::default(), &delivery, &keys, NOW)
    }

    fn headers(signature: &str) -> [(&str, &str); 3] {
        [
            (SIGNATURE, signature),
            (DELIVERY, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
            (TOPIC, "orders/create"),
        ]
    }

    #[test]
    fn what_is_not_signed_so_is_refused() {
        // As OAuth redirects are signed: the same bytes in hex.
        let hex = hex::encode(mac::base64::<32>(OURS).unwrap());
        for (signature, code) in [
            ("", "missing_header"),
            (&*hex, "malformed_header"),
            (cut(OURS), "malformed_header"),
            (&OURS.replace("OH7", "OH8"), "wrong_signature"),
        ] {
            let rejection = verify(&[SECRET], &headers(signature), BODY).unwrap_err();
            assert_eq!(rejection.code(), code, "{signature}");
        }
        let empty = verify(&[SECRET], &headers(OURS), b"").unwrap_err();
        assert_eq!(empty.code(), "malformed_body");
        for left_out in [DELIVERY, TOPIC] {
            let headers: Vec<_> = headers(OURS)
                .into_iter()
                .filter(|(name, _)| *name != left_out)
                .collect();
            assert_eq!(
                verify(&[SECRET], &headers, BODY),
                Err(Rejection::missing(left_out))
            );
        }
    }

    #[test]
    fn our_vector_holds_also_while_the_secret_is_replaced() {
        for secrets in [&[SECRET][..], &["the new one", SECRET]] {
            let verified = event(verify(secrets, &headers(OURS), BODY));
            assert_eq!(verified.key_id.as_deref(), Some(SECRET));
            assert_eq!(
                verified.delivery_id.as_deref(),
                Some("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043")
            );
            assert_eq!(verified.event.as_deref(), Some("orders/create"));
        }
    }
}
