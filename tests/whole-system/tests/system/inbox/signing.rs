//! How senders sign, by the documents of each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::webhook_signature::standard::{SigningKey, sign};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

use super::Headers;

pub fn standard(secret: &str, message: &str, now: i64, body: &[u8]) -> Headers {
    let key = SigningKey::parse(secret).expect("a key");
    let signature = sign(&[key], message, now, body).expect("a signature");
    vec![
        ("webhook-id", message.to_owned()),
        ("webhook-timestamp", now.to_string()),
        ("webhook-signature", signature),
    ]
}

pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("a key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a sender of this scheme adds to a `POST` of `body` to `url` at `now`.
pub fn of(scheme: &str, secret: &str, url: &str, now: i64, body: &[u8]) -> Headers {
    let key = secret.as_bytes();
    let time = now.to_string();
    match scheme {
        "standard" => standard(secret, "msg_1", now, body),
        "github" => vec![
            (
                "x-hub-signature-256",
                format!("sha256={}", hex(&hmac_sha256(key, &[body]))),
            ),
            ("x-github-delivery", "72d3162e".to_owned()),
            ("x-github-event", "push".to_owned()),
        ],
        "slack" => vec![
            (
                "x-slack-signature",
                format!(
                    "v0={}",
                    hex(&hmac_sha256(key, &[b"v0:", time.as_bytes(), b":", body]))
                ),
            ),
            ("x-slack-request-timestamp", time),
        ],
        "stripe" => {
            let signature = hex(&hmac_sha256(key, &[time.as_bytes(), b".", body]));
            vec![("stripe-signature", format!("t={time},v1={signature}"))]
        }
        "hubspot" => {
            let time = (now * 1_000).to_string();
            let text: [&[u8]; 4] = [b"POST", url.as_bytes(), body, time.as_bytes()];
            vec![
                (
                    "x-hubspot-signature-v3",
                    STANDARD.encode(hmac_sha256(key, &text)),
                ),
                ("x-hubspot-request-timestamp", time),
            ]
        }
        "shopify" => vec![
            (
                "x-shopify-hmac-sha256",
                STANDARD.encode(hmac_sha256(key, &[body])),
            ),
            ("x-shopify-webhook-id", "b54557e4".to_owned()),
            ("x-shopify-topic", "orders/create".to_owned()),
        ],
        "square" => vec![(
            "x-square-hmacsha256-signature",
            STANDARD.encode(hmac_sha256(key, &[url.as_bytes(), body])),
        )],
        // The values of the form `a=1&b=2`, sorted, without what stands between them.
        "twilio" => vec![(
            "x-twilio-signature",
            STANDARD.encode(hmac_sha1(key, &[url.as_bytes(), b"a1b2"])),
        )],
        "seven_shifts" => {
            let key = format!("{time}#{secret}");
            vec![
                (
                    "x-hmac-signature",
                    hex(&hmac_sha256(key.as_bytes(), &[body])),
                ),
                ("x-hmac-timestamp", time),
                ("x-webhook-topic", "user.created".to_owned()),
            ]
        }
        "google_channel" => vec![
            ("x-goog-channel-token", secret.to_owned()),
            ("x-goog-channel-id", "channel-1".to_owned()),
            ("x-goog-message-number", "2".to_owned()),
            ("x-goog-resource-state", "update".to_owned()),
        ],
        // The proof is in the body.
        "microsoft_graph" => Vec::new(),
        "generic" => vec![
            (
                "x-signature",
                hex(&hmac_sha256(key, &[time.as_bytes(), b".", body])),
            ),
            ("x-time", time),
        ],
        other => panic!("{other} is no scheme"),
    }
}
