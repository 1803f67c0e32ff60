//! What the configuration file may hold, and what is said of one that is wrong.

use pkcs8::pkcs5::pbes2::{Kdf, Parameters, Pbkdf2Prf, ScryptParams};
use providers::box_folders::AppConfig;
use serde_json::{Value, json};

use crate::keys::{self, aes, in_pem, parameters, sealed, triple_des};
use crate::support::{CLIENT_SECRET, config, file};

fn refusal(file: &Value) -> String {
    let error = AppConfig::parse(&file.to_string()).unwrap_err();
    assert_eq!(error.code(), "unusable_credential");
    error.to_string()
}

fn with(pointer: &str, value: Value) -> Value {
    let mut file = file();
    *file.pointer_mut(pointer).unwrap() = value;
    file
}

fn with_key(pem: &str) -> AppConfig {
    let file = with("/boxAppSettings/appAuth/privateKey", json!(pem));
    AppConfig::parse(&file.to_string()).unwrap()
}

fn key_refusal(pem: &str) -> String {
    let error = with_key(pem).signing_key().unwrap_err();
    assert_eq!(error.code(), "unusable_credential");
    let text = error.to_string();
    assert!(text.contains("boxAppSettings.appAuth.privateKey"), "{text}");
    text
}

#[test]
fn a_file_as_the_console_gives_it_is_read() {
    let config = config();
    assert_eq!(config.client_id(), "ly1nj6n11vionaie65emwzk575hnnmrk");
    assert_eq!(config.enterprise_id(), "27335");
    config.signing_key().unwrap();
    // Numbers and spaces around are as good.
    let file = with("/enterpriseID", json!(27335));
    assert_eq!(
        AppConfig::parse(&file.to_string()).unwrap().enterprise_id(),
        "27335"
    );
    let file = with("/boxAppSettings/clientID", json!(" abc\n"));
    assert_eq!(
        AppConfig::parse(&file.to_string()).unwrap().client_id(),
        "abc"
    );
}

#[test]
fn every_member_that_is_missing_or_wrong_is_named() {
    for (pointer, name) in [
        ("/boxAppSettings/clientID", "boxAppSettings.clientID"),
        (
            "/boxAppSettings/clientSecret",
            "boxAppSettings.clientSecret",
        ),
        (
            "/boxAppSettings/appAuth/publicKeyID",
            "boxAppSettings.appAuth.publicKeyID",
        ),
        (
            "/boxAppSettings/appAuth/privateKey",
            "boxAppSettings.appAuth.privateKey",
        ),
        (
            "/boxAppSettings/appAuth/passphrase",
            "boxAppSettings.appAuth.passphrase",
        ),
        ("/enterpriseID", "enterpriseID"),
    ] {
        for (value, what) in [
            (Value::Null, "is missing"),
            (json!(" "), "is empty"),
            (json!(["x"]), "is not text"),
        ] {
            let text = refusal(&with(pointer, value));
            assert!(text.contains(&format!("{name} {what}")), "{text}");
            assert!(text.contains("developer console"), "{text}");
        }
    }
    for (pointer, value, what) in [
        (
            "/boxAppSettings",
            json!(1),
            "boxAppSettings.clientID is missing",
        ),
        (
            "/boxAppSettings/appAuth",
            json!({}),
            "appAuth.publicKeyID is missing",
        ),
        (
            "/boxAppSettings/clientID",
            json!("a b"),
            "clientID is too long, or holds a space",
        ),
        (
            "/boxAppSettings/clientSecret",
            json!("é"),
            "letter that is not ASCII",
        ),
        (
            "/boxAppSettings/clientID",
            json!("a".repeat(201)),
            "is too long",
        ),
        (
            "/enterpriseID",
            json!("abc"),
            "enterpriseID is not a number",
        ),
        ("/enterpriseID", json!("0"), "authorize the app"),
    ] {
        let text = refusal(&with(pointer, value));
        assert!(text.contains(what), "{text}");
    }
}

#[test]
fn what_is_no_such_file_is_refused() {
    for text in ["", "{", "[]", "\"x\"", "null"] {
        let error = AppConfig::parse(text).unwrap_err().to_string();
        assert!(error.contains("not a JSON object"), "{error}");
    }
    let error = AppConfig::parse(&" ".repeat(40_000))
        .unwrap_err()
        .to_string();
    assert!(error.contains("longer than 32 KiB"), "{error}");
}

#[test]
fn keys_open_however_they_are_encrypted() {
    for parameters in [
        parameters(Pbkdf2Prf::HmacWithSha1, 2_048, triple_des()),
        parameters(Pbkdf2Prf::HmacWithSha256, 2_048, triple_des()),
        parameters(Pbkdf2Prf::HmacWithSha256, 2_048, aes()),
        parameters(Pbkdf2Prf::HmacWithSha512, 10_000, aes()),
    ] {
        with_key(&sealed(&parameters)).signing_key().unwrap();
    }
    let pem = keys::pem();
    for pem in [
        pem.replace('\n', "\\n"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', " "),
        format!("\n\n{pem}\n\n"),
    ] {
        with_key(&pem).signing_key().unwrap();
    }
}

#[test]
fn keys_that_do_not_open_say_why() {
    let wrong = with("/boxAppSettings/appAuth/passphrase", json!("wrong"));
    let error = AppConfig::parse(&wrong.to_string())
        .unwrap()
        .signing_key()
        .unwrap_err()
        .to_string();
    assert!(error.contains("appAuth.passphrase"), "{error}");

    let pem = keys::pem();
    let sealed_with = |parameters: &Parameters| in_pem(parameters, &[7; 1_024]);
    let scrypt = Parameters {
        kdf: Kdf::Scrypt(ScryptParams {
            salt: b"salt".as_slice().try_into().unwrap(),
            cost_parameter: 1 << 20,
            block_size: 8,
            parallelization: 1,
            key_length: None,
        }),
        encryption: aes(),
    };
    for (pem, what) in [
        (String::from("x"), "is not a key in PEM"),
        (
            pem.replace("ENCRYPTED PRIVATE", "RSA PRIVATE"),
            "is not an encrypted PKCS#8 key (openssl pkcs8 -topk8",
        ),
        (
            pem.replace("ENCRYPTED ", ""),
            "is not an encrypted PKCS#8 key",
        ),
        (pem.replace("-----END", "-----"), "is cut"),
        (pem.replacen('M', "!", 1), "is damaged"),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"
                .to_owned(),
            "encrypted in a way that is not supported",
        ),
        // Who writes a key cannot make opening it last.
        (
            sealed_with(&parameters(Pbkdf2Prf::HmacWithSha256, 200_001, aes())),
            "more than 200,000 rounds",
        ),
        (sealed_with(&scrypt), "something else than PBES2 and PBKDF2"),
        (
            in_pem(
                &parameters(Pbkdf2Prf::HmacWithSha256, 1, aes()),
                &[7; 5_000],
            ),
            "is damaged, or is no key",
        ),
    ] {
        let text = key_refusal(&pem);
        assert!(text.contains(what), "{what}: {text}");
    }
}

#[test]
fn a_key_that_is_too_short_is_refused() {
    use pkcs8::EncodePrivateKey as _;
    let short = rsa::PrivateKey::new(&mut keys::Hashes::new(2), 1024).unwrap();
    let parameters = parameters(Pbkdf2Prf::HmacWithSha256, 1, aes());
    let sealed = parameters
        .encrypt(keys::PASSPHRASE, short.to_pkcs8_der().unwrap().as_bytes())
        .unwrap();
    let text = key_refusal(&in_pem(&parameters, &sealed));
    assert!(text.contains("fewer than 2048"), "{text}");
}

#[test]
fn nothing_secret_prints() {
    let config = config();
    let key = config.signing_key().unwrap();
    let printed = format!("{config:?} {key:?}");
    for secret in [CLIENT_SECRET, keys::PASSPHRASE, "ENCRYPTED"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
