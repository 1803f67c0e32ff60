//! What is sent.

use http::Method;
use proptest::prelude::*;
use providers::Secret;
use providers::oauth::{Authorization, Client, ClientAuth, Registration, TokenCall, Verifier};

use crate::support::{
    CHALLENGE, CLIENT_SECRET, REDIRECT_URI, VERIFIER, client, registration, verifier,
};

fn form(call: &TokenCall) -> Vec<(String, String)> {
    form_urlencoded::parse(call.request.body())
        .into_owned()
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn header<'a>(call: &'a TokenCall, name: &str) -> Option<&'a str> {
    let value = call.request.headers().get(name)?;
    Some(value.to_str().unwrap())
}

fn query_of(url: &str) -> Vec<(String, String)> {
    let (_, query) = url.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

#[test]
fn the_challenge_is_that_of_the_rfc() {
    let octets = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37,
        77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];
    let verifier = Verifier::from_random(octets);
    assert_eq!(verifier.expose(), VERIFIER);
    assert_eq!(verifier.challenge(), CHALLENGE);
    assert_eq!(Verifier::parse(VERIFIER).unwrap(), verifier);
    assert_eq!(format!("{verifier:?}"), "Verifier([redacted])");
}

#[test]
fn a_verifier_has_43_to_128_unreserved_characters() {
    for text in [format!("-._~{}Z09", "a".repeat(36)), "-._~aZ09".repeat(16)] {
        assert!(Verifier::parse(&text).is_ok(), "{text}");
    }
    for text in [
        String::new(),
        "a".repeat(42),
        "a".repeat(129),
        format!("{}+", "a".repeat(42)),
        format!("{}é", "a".repeat(42)),
        format!("{}\n", "a".repeat(42)),
    ] {
        let error = Verifier::parse(&text).unwrap_err();
        assert_eq!(error.code(), "unusable_credential", "{text}");
        assert!(text.is_empty() || !error.to_string().contains(&text));
    }
}

#[test]
fn the_browser_is_sent_with_everything_and_no_secret() {
    let verifier = verifier();
    let url = client(ClientAuth::Body)
        .authorization_url(&Authorization {
            state: "s t",
            verifier: &verifier,
            redirect_uri: REDIRECT_URI,
            scopes: &["crm.read", "crm.write"],
            extra: &[("access_type", "offline")],
        })
        .unwrap();
    assert!(url.starts_with("https://id.example.com/oauth2/authorize?response_type=code&"));
    assert_eq!(
        query_of(&url),
        pairs(&[
            ("response_type", "code"),
            ("client_id", "patch bay"),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "crm.read crm.write"),
            ("state", "s t"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("access_type", "offline"),
        ])
    );
    assert!(!url.contains(VERIFIER) && !url.contains("hunter2"));
    let bare = Authorization {
        state: "s",
        verifier: &verifier,
        redirect_uri: REDIRECT_URI,
        scopes: &[],
        extra: &[],
    };
    let url = client(ClientAuth::Body).authorization_url(&bare).unwrap();
    assert!(!url.contains("scope"));
    let queried = Client::new(&Registration {
        authorize_url: "https://id.example.com/authorize?tenant=1",
        ..registration(ClientAuth::Body)
    });
    let url = queried.unwrap().authorization_url(&bare).unwrap();
    assert!(url.starts_with("https://id.example.com/authorize?tenant=1&response_type=code&"));
}

#[test]
fn no_extra_parameter_takes_the_place_of_ours() {
    let verifier = verifier();
    for name in [
        "redirect_uri",
        "state",
        "code_challenge",
        "code_challenge_method",
        "scope",
        "client_id",
        "response_type",
        "client_secret",
    ] {
        let error = client(ClientAuth::Body)
            .authorization_url(&Authorization {
                state: "s",
                verifier: &verifier,
                redirect_uri: REDIRECT_URI,
                scopes: &[],
                extra: &[(name, "x")],
            })
            .unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    for state in [String::new(), "s".repeat(513)] {
        assert!(
            client(ClientAuth::Body)
                .authorization_url(&Authorization {
                    state: &state,
                    verifier: &verifier,
                    redirect_uri: REDIRECT_URI,
                    scopes: &[],
                    extra: &[],
                })
                .is_err()
        );
    }
}

#[test]
fn a_browser_comes_back_to_an_absolute_url_only() {
    let verifier = verifier();
    for (redirect_uri, says) in [
        ("https://a.example.com/b#c", "fragment"),
        ("callback", "redirect URI"),
    ] {
        let error = client(ClientAuth::Body)
            .authorization_url(&Authorization {
                state: "s",
                verifier: &verifier,
                redirect_uri,
                scopes: &[],
                extra: &[],
            })
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_code_is_exchanged_with_its_verifier_and_the_same_redirect_uri() {
    let grant = [
        ("grant_type", "authorization_code"),
        ("code", "code/+1"),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    let code = Secret::new("code/+1");
    let call = client(ClientAuth::Body)
        .exchange(&code, &verifier(), REDIRECT_URI)
        .unwrap();
    assert_eq!(call.request.method(), Method::POST);
    assert_eq!(call.request.uri(), "https://id.example.com/oauth2/token");
    assert_eq!(
        header(&call, "content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(header(&call, "accept"), Some("application/json"));
    assert_eq!(header(&call, "authorization"), None);
    let proof = [("client_id", "patch bay"), ("client_secret", CLIENT_SECRET)];
    assert_eq!(form(&call), pairs(&[&grant[..], &proof[..]].concat()));
    for (client_auth, value) in [
        (
            ClientAuth::Basic,
            "Basic cGF0Y2grYmF5Omh1bnRlcjIlMkYlMkIrJUMzJUE5",
        ),
        (
            ClientAuth::BasicRaw,
            "Basic cGF0Y2ggYmF5Omh1bnRlcjIvKyDDqQ==",
        ),
    ] {
        let call = client(client_auth)
            .exchange(&code, &verifier(), REDIRECT_URI)
            .unwrap();
        assert_eq!(header(&call, "authorization"), Some(value));
        assert!(call.request.headers()["authorization"].is_sensitive());
        assert_eq!(form(&call), pairs(&grant));
    }
}

#[test]
fn a_refresh_sends_the_token_that_is_to_be_replaced() {
    let call = client(ClientAuth::Body)
        .refresh(&Secret::new("old/r+1"))
        .unwrap();
    assert_eq!(
        form(&call),
        pairs(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", "old/r+1"),
            ("client_id", "patch bay"),
            ("client_secret", CLIENT_SECRET),
        ])
    );
}

#[test]
fn what_cannot_work_is_refused_before_it_is_sent() {
    let body = registration(ClientAuth::Body);
    for (registration, says) in [
        (
            Registration {
                authorize_url: "/authorize",
                ..body
            },
            "authorization URL",
        ),
        (
            Registration {
                token_url: "ftp://id.example.com/token",
                ..body
            },
            "token URL",
        ),
        (
            Registration {
                token_url: "https://user:hunter2@id.example.com/token",
                ..body
            },
            "user name",
        ),
        (
            Registration {
                client_id: "",
                ..body
            },
            "client id",
        ),
        (
            Registration {
                client_secret: "hunter2\n",
                ..body
            },
            "client secret",
        ),
        (
            Registration {
                client_id: "a:b",
                ..registration(ClientAuth::BasicRaw)
            },
            "colon",
        ),
    ] {
        let error = Client::new(&registration).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let client = client(ClientAuth::Body);
    for secret in [String::new(), "a\nb".to_owned(), "a".repeat(8_193)] {
        let secret = Secret::new(secret);
        assert!(client.refresh(&secret).is_err());
        assert!(client.exchange(&secret, &verifier(), REDIRECT_URI).is_err());
    }
}

#[test]
fn debug_shows_no_secret() {
    for client_auth in [ClientAuth::Basic, ClientAuth::BasicRaw, ClientAuth::Body] {
        let client = client(client_auth);
        let exchange = client
            .exchange(&Secret::new("hunter2-code"), &verifier(), REDIRECT_URI)
            .unwrap();
        let refresh = client.refresh(&Secret::new("hunter2-refresh")).unwrap();
        let shown = format!(
            "{client:?} {exchange:?} {refresh:?} {:?} {:?} {:?}",
            exchange.reply,
            refresh.reply,
            exchange.request.headers()
        );
        for hidden in ["hunter2", "aHVudGVy", "cGF0Y2g", VERIFIER] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}

proptest! {
    #[test]
    fn every_verifier_is_one(bytes in any::<[u8; 32]>()) {
        let verifier = Verifier::from_random(bytes);
        prop_assert_eq!(verifier.expose().len(), 43);
        prop_assert_eq!(verifier.challenge().len(), 43);
        prop_assert_eq!(Verifier::parse(verifier.expose()).unwrap(), verifier);
    }

    #[test]
    fn what_is_sent_along_comes_back_as_it_was(state in "\\PC{1,40}", value in "\\PC{0,40}") {
        let verifier = verifier();
        let url = client(ClientAuth::Body).authorization_url(&Authorization {
            state: &state, verifier: &verifier, redirect_uri: REDIRECT_URI,
            scopes: &[], extra: &[("prompt", &value)],
        }).unwrap();
        let query = query_of(&url);
        prop_assert!(query.contains(&("state".to_owned(), state)));
        prop_assert!(query.contains(&("prompt".to_owned(), value)));
        prop_assert_eq!(query.len(), 7);
    }
}
