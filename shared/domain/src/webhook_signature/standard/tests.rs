use proptest::prelude::*;

use super::super::sample::{BODY, NOW, cut, event, post};
use super::super::{Scheme, verify as verify_any};
use super::*;

const CURRENT: &str = "whsec_UmVzdGF1cmFudEZhcm0tdGVzdC1rZXktMDAwMQ==";
const NEXT: &str = "whsec_UmVzdGF1cmFudEZhcm0tdGVzdC1rZXktMDAwMg==";
const CURRENT_ENTRY: &str = "v1,JvTwfyztr6biUXyOpjUKBXcBf0kL7Lyw9/RRUDbGbOI=";
const NEXT_ENTRY: &str = "v1,WciuupI4K63AWkrtcaJmNUhKvZoKDfMAhVSOfkzAluE=";
const SEED: &str = "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const PUBLIC: &str = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
const ED25519_ENTRY: &str =
    "v1a,Ecdblv318xKb8exxsgumWNbpFL2AX/E8reqnL5KML3ghxISAoT6R1Ebsrjf2+yLIfPUDER7U1vyflZcVqgmiBg==";

const PUBLISHED: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PUBLISHED_ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const PUBLISHED_AT: i64 = 1_614_265_330;
const PUBLISHED_BODY: &[u8] = br#"{"test": 2432232314}"#;
const PUBLISHED_ENTRY: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const PUBLISHED_SEED: &str = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=";
const PUBLISHED_PUBLIC: &str = "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g=";
const PUBLISHED_ED25519_ENTRY: &str =
    "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==";

fn deliver(
    headers: &[(&str, &str)],
    body: &[u8],
    secrets: &[&str],
    now: i64,
) -> Result<Outcome, Rejection> {
    let headers: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()))
        .collect();
    let keys: Vec<_> = secrets
        .iter()
        .map(|secret| Key { id: secret, secret })
        .collect();
    let delivery = post("https://example.test/hooks/standard", &headers, body);
    verify_any(Scheme::Standard, &Options::default(), &delivery, &keys, now)
}

fn headers<'a>(id: &'a str, timestamp: &'a str, signature: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("webhook-id", id),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signature),
    ]
}

fn ours(signature: &str, secrets: &[&str]) -> Result<Outcome, Rejection> {
    let headers = headers("msg_farm_0001", "1760000000", signature);
    deliver(&headers, BODY, secrets, NOW)
}

#[test]
fn malformed_headers_are_refused() {
    let many = [CURRENT_ENTRY; 17].join(" ");
    let id = "msg_farm_0001";
    let at = "1760000000";
    let upper = CURRENT_ENTRY.replace("v1", "V1");
    let long = "x".repeat(256);
    for (id, timestamp, signature, code) in [
        ("", at, CURRENT_ENTRY, "missing_header"),
        (id, "", CURRENT_ENTRY, "missing_header"),
        (id, at, "", "missing_header"),
        ("msg.farm", at, CURRENT_ENTRY, "malformed_header"),
        ("msg farm", at, CURRENT_ENTRY, "malformed_header"),
        (&*long, at, CURRENT_ENTRY, "malformed_header"),
        (id, "1760000000.0", CURRENT_ENTRY, "malformed_header"),
        (id, " 1760000000", CURRENT_ENTRY, "malformed_header"),
        (id, "1760000000abc", CURRENT_ENTRY, "malformed_header"),
        (id, "-1760000000", CURRENT_ENTRY, "malformed_header"),
        (
            id,
            at,
            CURRENT_ENTRY.strip_prefix("v1,").unwrap(),
            "malformed_header",
        ),
        (
            id,
            at,
            &format!("{CURRENT_ENTRY}  {NEXT_ENTRY}"),
            "malformed_header",
        ),
        (id, at, &format!("{CURRENT_ENTRY} "), "malformed_header"),
        // Without its padding.
        (id, at, cut(CURRENT_ENTRY), "malformed_header"),
        (id, at, "v1,", "malformed_header"),
        (id, at, "v1a,AAAA", "malformed_header"),
        (id, at, &many, "malformed_header"),
        (id, at, &upper, "unsupported_version"),
        (id, at, "v2,AAAA", "unsupported_version"),
        (id, at, NEXT_ENTRY, "wrong_signature"),
        (id, "1760000001", CURRENT_ENTRY, "wrong_signature"),
        ("msg_farm_0002", at, CURRENT_ENTRY, "wrong_signature"),
        (id, at, ED25519_ENTRY, "wrong_signature"),
    ] {
        let headers = headers(id, timestamp, signature);
        let rejection = deliver(&headers, BODY, &[CURRENT], NOW).unwrap_err();
        assert_eq!(rejection.code(), code, "{headers:?}");
    }
    for repeated in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut headers = headers(id, at, CURRENT_ENTRY).to_vec();
        let again = *headers.iter().find(|(name, _)| *name == repeated).unwrap();
        headers.push(again);
        assert_eq!(
            deliver(&headers, BODY, &[CURRENT], NOW).unwrap_err().code(),
            "malformed_header",
            "{repeated}"
        );
    }
}

#[test]
fn keys_that_are_none_open_nothing() {
    assert_eq!(ours(CURRENT_ENTRY, &[]), Err(Rejection::NoKey));
    assert_eq!(
        ours(CURRENT_ENTRY, &["", "whsec_"]),
        Err(Rejection::UnusableKey)
    );
    assert_eq!(
        ours(CURRENT_ENTRY, &["", NEXT]),
        Err(Rejection::WrongSignature)
    );
    event(ours(CURRENT_ENTRY, &["whsec_%", "", CURRENT]));
    // A public key is no secret: it must not become one.
    let public = PUBLIC.strip_prefix("whpk_").unwrap();
    let code = mac::hmac_sha256(
        &mac::base64::<32>(public).unwrap(),
        &[b"msg_farm_0001.1760000000.", BODY],
    );
    let forged = format!("v1,{}", STANDARD.encode(code.unwrap()));
    assert_eq!(ours(&forged, &[PUBLIC]), Err(Rejection::WrongSignature));
}

#[test]
fn texts_that_are_no_keys_are_named() {
    let short = format!("whsec_{}", STANDARD.encode([7; 23]));
    let long = format!("whsec_{}", STANDARD.encode([7; 65]));
    for (text, fault) in [
        ("", KeyError::SecretLength),
        ("whsec_", KeyError::SecretLength),
        (&*short, KeyError::SecretLength),
        (&*long, KeyError::SecretLength),
        ("whsec_****", KeyError::Base64),
        (
            "WHSEC_UmVzdGF1cmFudEZhcm0tdGVzdC1rZXktMDAwMQ==",
            KeyError::Base64,
        ),
        ("whsk_AAEC", KeyError::Ed25519Length),
        ("whsk_\u{e9}", KeyError::Base64),
        ("whpk_AAEC", KeyError::Ed25519Length),
        // Not on the curve.
        (
            "whpk_AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            KeyError::Ed25519Point,
        ),
        // The neutral element, with which everybody can sign.
        (
            "whpk_AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            KeyError::Ed25519Point,
        ),
    ] {
        assert_eq!(VerifyingKey::parse(text).unwrap_err(), fault, "{text}");
    }
    assert_eq!(
        SigningKey::parse(PUBLIC).unwrap_err(),
        KeyError::PublicCannotSign
    );
    for bytes in [&[7; 24][..], &[7; 64]] {
        let text = format!("whsec_{}", STANDARD.encode(bytes));
        assert!(SigningKey::parse(&text).is_ok() && VerifyingKey::parse(&text).is_ok());
    }
}

#[test]
fn the_vectors_hold() {
    for secret in [PUBLISHED, &format!("whsec_{PUBLISHED}")] {
        let headers = headers(PUBLISHED_ID, "1614265330", PUBLISHED_ENTRY);
        event(deliver(&headers, PUBLISHED_BODY, &[secret], PUBLISHED_AT));
    }
    for secret in [PUBLISHED_SEED, PUBLISHED_PUBLIC] {
        let headers = headers(PUBLISHED_ID, "1614265330", PUBLISHED_ED25519_ENTRY);
        event(deliver(&headers, PUBLISHED_BODY, &[secret], PUBLISHED_AT));
    }
    for (entry, secret) in [
        (CURRENT_ENTRY, CURRENT),
        (CURRENT_ENTRY, CURRENT.trim_end_matches('=')),
        (NEXT_ENTRY, NEXT),
        (ED25519_ENTRY, PUBLIC),
        (ED25519_ENTRY, SEED),
    ] {
        assert_eq!(
            event(ours(entry, &[secret])),
            Verified {
                key_id: Some(secret.to_owned()),
                delivery_id: Some("msg_farm_0001".to_owned()),
                event: Some("shift.published".to_owned()),
                sent_at: Some(NOW),
                ..Verified::default()
            }
        );
    }
}

#[test]
fn what_we_sign_is_what_the_vectors_say() {
    for (secret, id, at, body, entry) in [
        (
            PUBLISHED,
            PUBLISHED_ID,
            PUBLISHED_AT,
            PUBLISHED_BODY,
            PUBLISHED_ENTRY,
        ),
        (
            PUBLISHED_SEED,
            PUBLISHED_ID,
            PUBLISHED_AT,
            PUBLISHED_BODY,
            PUBLISHED_ED25519_ENTRY,
        ),
        (CURRENT, "msg_farm_0001", NOW, BODY, CURRENT_ENTRY),
        (NEXT, "msg_farm_0001", NOW, BODY, NEXT_ENTRY),
        (SEED, "msg_farm_0001", NOW, BODY, ED25519_ENTRY),
    ] {
        let key = SigningKey::parse(secret).unwrap();
        assert_eq!(sign(&[key], id, at, body), Ok(entry.to_owned()));
    }
    let keys = [CURRENT, NEXT, SEED].map(|text| SigningKey::parse(text).unwrap());
    assert_eq!(
        sign(&keys, "msg_farm_0001", NOW, BODY),
        Ok([CURRENT_ENTRY, NEXT_ENTRY, ED25519_ENTRY].join(" "))
    );
    for (seed, public) in [(SEED, PUBLIC), (PUBLISHED_SEED, PUBLISHED_PUBLIC)] {
        let key = SigningKey::parse(seed).unwrap();
        assert_eq!(key.public_text().as_deref(), Some(public));
    }
    assert_eq!(SigningKey::parse(CURRENT).unwrap().public_text(), None);
}

#[test]
fn what_nobody_could_verify_is_not_signed() {
    let key = SigningKey::parse(CURRENT).unwrap();
    let keys = std::slice::from_ref(&key);
    for id in ["", "a.b", "a b", "é", "a\n", &"x".repeat(256)] {
        assert_eq!(sign(keys, id, NOW, b""), Err(SigningError::Id), "{id:?}");
    }
    assert_eq!(sign(keys, "a", -1, b""), Err(SigningError::Timestamp));
    assert_eq!(sign(&[], "a", NOW, b""), Err(SigningError::Keys(0)));
    let many = vec![key.clone(); 17];
    assert_eq!(sign(&many, "a", NOW, b""), Err(SigningError::Keys(17)));
}

#[test]
fn a_right_entry_after_wrong_ones_is_enough() {
    for header in [
        format!("{NEXT_ENTRY} {CURRENT_ENTRY}"),
        format!("v2,whatever {CURRENT_ENTRY}"),
        format!("v0, {ED25519_ENTRY} {NEXT_ENTRY} {CURRENT_ENTRY} v9,x"),
    ] {
        let verified = event(ours(&header, &[CURRENT]));
        assert_eq!(verified.key_id.as_deref(), Some(CURRENT));
    }
}

#[test]
fn the_clock_is_checked_on_both_sides() {
    let headers = headers("msg_farm_0001", "1760000000", CURRENT_ENTRY);
    for (now, code) in [
        (NOW - 302, "from_the_future"),
        (NOW - 299, "ok"),
        (NOW + 299, "ok"),
        (NOW + 302, "too_old"),
    ] {
        let outcome = deliver(&headers, BODY, &[CURRENT], now);
        let found = outcome.as_ref().map_or_else(Rejection::code, |_| "ok");
        assert_eq!(found, code, "{now}");
    }
}

#[test]
fn svix_has_names_of_its_own() {
    let svix = [
        ("svix-id", "msg_farm_0001"),
        ("svix-timestamp", "1760000000"),
        ("svix-signature", CURRENT_ENTRY),
    ];
    event(deliver(&svix, BODY, &[CURRENT], NOW));
    // They are preferred as a whole, and not mixed with the others.
    let both = [&svix[..], &headers("msg_farm_0002", "1", "v1,x")].concat();
    let verified = event(deliver(&both, BODY, &[CURRENT], NOW));
    assert_eq!(verified.delivery_id.as_deref(), Some("msg_farm_0001"));
    let mixed = [
        ("webhook-id", "msg_farm_0001"),
        ("webhook-timestamp", "1760000000"),
        ("svix-signature", CURRENT_ENTRY),
    ];
    assert_eq!(
        deliver(&mixed, BODY, &[CURRENT], NOW),
        Err(Rejection::missing("svix-id"))
    );
}

#[test]
fn keys_do_not_print() {
    for text in [CURRENT, SEED] {
        let signing = format!("{:?}", SigningKey::parse(text).unwrap());
        let verifying = format!("{:?}", VerifyingKey::parse(text).unwrap());
        assert_eq!(signing, "SigningKey([redacted])");
        assert_eq!(verifying, "VerifyingKey([redacted])");
    }
}

proptest! {
    #[test]
    fn what_is_signed_is_verified(
        secret: [u8; 32], seed: [u8; 32], id in "[!-\\-/-~]{1,255}", at in 0i64..=999_999_999_999, body: Vec<u8>
    ) {
        let texts = [secret_from(&secret), signing_seed_from(&seed)];
        let keys = texts.each_ref().map(|text| SigningKey::parse(text).unwrap());
        let signature = sign(&keys, &id, at, &body).unwrap();
        let at_text = at.to_string();
        let headers = headers(&id, &at_text, &signature);
        let public = keys[1].public_text().unwrap();
        for secret in [&texts[0], &texts[1], &public] {
            prop_assert!(deliver(&headers, &body, &[secret], at).is_ok());
        }
        prop_assert!(deliver(&headers, &body, &[CURRENT, PUBLIC], at).is_err());
    }

    #[test]
    fn no_text_is_a_key_by_accident_or_panics(text in "(whsec_|whsk_|whpk_)?\\PC{0,80}") {
        let _ = (SigningKey::parse(&text), VerifyingKey::parse(&text));
    }
}
