//! What is signed, checked by the public key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use providers::box_folders::{Assertion, DEFAULT_BASE_URL, Subject, TokenCall};
use serde_json::{Value, json};

use crate::keys::{Hashes, key};
use crate::support::{CLIENT_SECRET, config, id};

const NOW: i64 = 1_790_000_000;

fn form(subject: &Subject, seed: u64) -> Vec<(String, String)> {
    let config = config();
    let key = config.signing_key().unwrap();
    let mut random = Hashes::new(seed);
    let assertion =
        Assertion::sign(&config, &key, subject, NOW, |bytes| random.fill(bytes)).unwrap();
    assert!(format!("{assertion:?}").contains("[redacted]"));
    let call = TokenCall::new(DEFAULT_BASE_URL, &config, &assertion).unwrap();
    assert!(!format!("{call:?}").contains(CLIENT_SECRET));
    let request = &call.request;
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "https://api.box.com/oauth2/token");
    assert_eq!(
        request.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
    form_urlencoded::parse(request.body())
        .into_owned()
        .collect()
}

fn claims(assertion: &str) -> (Value, Value) {
    let parts: Vec<_> = assertion.split('.').collect();
    assert_eq!(parts.len(), 3);
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    let signed = format!("{}.{}", parts[0], parts[1]);
    key()
        .as_public_key()
        .pkcs1v15_verify::<rsa::sha2::Sha256>(signed.as_bytes(), &signature)
        .unwrap();
    let part = |text| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    (part(parts[0]), part(parts[1]))
}

#[test]
fn the_service_account_proves_itself_as_documented() {
    let form = form(&Subject::ServiceAccount, 1);
    let names: Vec<_> = form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["grant_type", "assertion", "client_id", "client_secret"]
    );
    assert_eq!(form[0].1, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!(form[2].1, "ly1nj6n11vionaie65emwzk575hnnmrk");
    assert_eq!(form[3].1, CLIENT_SECRET);
    let (header, claims) = claims(&form[1].1);
    assert_eq!(
        header,
        json!({"alg": "RS256", "typ": "JWT", "kid": "8hmm4h82"})
    );
    let nonce = claims["jti"].as_str().unwrap();
    assert!((16..=128).contains(&nonce.len()));
    assert_eq!(
        claims,
        json!({
            "iss": "ly1nj6n11vionaie65emwzk575hnnmrk",
            "sub": "27335",
            "box_sub_type": "enterprise",
            "aud": "https://api.box.com/oauth2/token",
            "jti": nonce,
            "exp": NOW + 30,
        })
    );
}

#[test]
fn a_user_is_named_by_id() {
    let form = form(&Subject::User(id("22000001")), 1);
    let (_, claims) = claims(&form[1].1);
    assert_eq!(claims["sub"], "22000001");
    assert_eq!(claims["box_sub_type"], "user");
}

#[test]
fn nonces_come_from_the_randomness_that_is_given() {
    let nonce = |seed| claims(&form(&Subject::ServiceAccount, seed)[1].1).1["jti"].clone();
    assert_eq!(nonce(1), nonce(1));
    assert_ne!(nonce(1), nonce(2));
}

#[test]
fn randomness_that_is_none_ends_in_an_error() {
    let config = config();
    let key = config.signing_key().unwrap();
    let error = Assertion::sign(&config, &key, &Subject::ServiceAccount, NOW, |bytes| {
        bytes.fill(0);
    })
    .unwrap_err();
    assert_eq!(error.code(), "unusable_request");
}

#[test]
fn blinding_does_not_change_the_signature() {
    // Deterministic by its standard: what differs is how it is computed.
    let signature = |blinding: u64| {
        let config = config();
        let key = config.signing_key().unwrap();
        let mut nonce = Some(Hashes::new(1));
        let mut random = Hashes::new(blinding);
        let assertion =
            Assertion::sign(
                &config,
                &key,
                &Subject::ServiceAccount,
                NOW,
                |bytes| match nonce.take() {
                    Some(mut first) => first.fill(bytes),
                    None => random.fill(bytes),
                },
            )
            .unwrap();
        TokenCall::new(DEFAULT_BASE_URL, &config, &assertion)
            .unwrap()
            .request
            .into_body()
    };
    assert_eq!(signature(5), signature(6));
}
