//! Slack's requests to us: `v0:{timestamp}:{body}` with the app's signing secret. The token in the
//! body is the older check, and is not looked at.

use super::{Delivery, Key, Options, Outcome, Rejection, Verified};
use super::{clock, headers, mac, payload};

const SIGNATURE: &str = "x-slack-signature";
const TIMESTAMP: &str = "x-slack-request-timestamp";
const PREFIX: &str = "v0=";

/// The challenge of a URL verification has about 50 characters.
const MAX_CHALLENGE_BYTES: usize = 1_024;

pub fn verify(
    options: &Options,
    delivery: &Delivery<'_>,
    keys: &[Key<'_>],
    now: i64,
) -> Result<Outcome, Rejection> {
    let signature = signature(headers::required(delivery, SIGNATURE)?)?;
    let timestamp = headers::required(delivery, TIMESTAMP)?;
    let sent_at = clock::timestamp(TIMESTAMP, timestamp)?;
    let key_id = mac::signer(keys, &[signature], |key| {
        let text: [&[u8]; 4] = [b"v0:", timestamp.as_bytes(), b":", delivery.body];
        Some([mac::hmac_sha256(key.secret.as_bytes(), &text)?])
    })?;
    clock::check(
        sent_at.saturating_mul(1_000),
        options.tolerance_seconds(),
        now,
    )?;
    let told = Told::read(delivery.body);
    if told.kind.as_deref() == Some("url_verification") {
        return handshake(told.challenge);
    }
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        delivery_id: payload::label(told.event_id),
        event: payload::label(told.event.or(told.kind)),
        sent_at: Some(sent_at),
        ..Verified::default()
    }))
}

fn signature(text: &str) -> Result<[u8; 32], Rejection> {
    match text.strip_prefix(PREFIX) {
        Some(digest) => mac::lower_hex(digest).ok_or_else(|| {
            Rejection::malformed(SIGNATURE, "is not v0= and 64 lower-case hex digits")
        }),
        None => Err(Rejection::version(SIGNATURE, "v0")),
    }
}

/// Slack asks once whether the URL is ours, signed as everything else.
fn handshake(challenge: Option<String>) -> Result<Outcome, Rejection> {
    let body = challenge
        .filter(|challenge| (1..=MAX_CHALLENGE_BYTES).contains(&challenge.len()))
        .ok_or(Rejection::MalformedBody {
            problem: "asks for a challenge to be answered that is missing or too long",
        })?;
    Ok(Outcome::Handshake {
        content_type: "text/plain",
        body,
    })
}

#[derive(Default)]
struct Told {
    kind: Option<String>,
    event: Option<String>,
    event_id: Option<String>,
    challenge: Option<String>,
}

impl Told {
    /// Events are JSON. Slash commands are a form, and so are interactions, whose JSON is in the
    /// form's field `payload`.
    fn read(body: &[u8]) -> Self {
        let paths = ["type", "event.type", "event_id", "challenge"];
        if let Some([kind, event, event_id, challenge]) = payload::members(body, paths) {
            return Self {
                kind,
                event,
                event_id,
                challenge,
            };
        }
        if let Some(command) = payload::field(body, "command") {
            return Self {
                event: Some(command),
                ..Self::default()
            };
        }
        let event = payload::field(body, "payload")
            .and_then(|json| payload::members(json.as_bytes(), ["type"]))
            .and_then(|[kind]| kind);
        Self {
            event,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scheme;
    use super::super::sample::{BODY, NOW, cut, event, post};
    use super::*;

    const SECRET: &str = "farm-slack-signing-secret";

    fn verify(
        secret: &str,
        timestamp: &str,
        signature: &str,
        body: &[u8],
        now: i64,
    ) -> Result<Outcome, Rejection> {
        let headers: &[(&str, &[u8])] = &[
            ("x-slack-request-timestamp", timestamp.as_bytes()),
            ("x-slack-signature", signature.as_bytes()),
        ];
        let keys = [Key { id: "k", secret }];
        let delivery = post("https://example.test/hooks/slack", headers, body);
        super::super::verify(Scheme::Slack, &Options::default(), &delivery, &keys, now)
    }

    fn signed(body: &[u8]) -> Result<Outcome, Rejection> {
        let text: [&[u8]; 2] = [b"v0:1760000000:", body];
        let digest = hex::encode(mac::hmac_sha256(SECRET.as_bytes(), &text).unwrap());
        verify(SECRET, "1760000000", &format!("v0={digest}"), body, NOW)
    }

    #[test]
    fn what_is_not_signed_so_is_refused() {
        let body = b"command=%2Fshift&text=hello";
        let ours = "v0=f8963d074a1da4ac7ae87cc610fdf69c2d4743e44b2c1f3c5aa522e7d77c3943";
        let upper = ours.to_uppercase().replace("V0", "v0");
        for (timestamp, signature, code) in [
            ("1760000000", "", "missing_header"),
            ("", ours, "missing_header"),
            ("1760000000", &*upper, "malformed_header"),
            ("1760000000", cut(ours), "malformed_header"),
            (
                "1760000000",
                &ours.replace("v0", "v1"),
                "unsupported_version",
            ),
            ("1760000000.0", ours, "malformed_header"),
            (" 1760000000", ours, "malformed_header"),
            ("1760000001", ours, "wrong_signature"),
            ("01760000000", ours, "wrong_signature"),
        ] {
            let rejection = verify(SECRET, timestamp, signature, body, NOW).unwrap_err();
            assert_eq!(rejection.code(), code, "{timestamp} {signature}");
        }
        for (now, code) in [(NOW + 301, "too_old"), (NOW - 301, "from_the_future")] {
            let rejection = verify(SECRET, "1760000000", ours, body, now).unwrap_err();
            assert_eq!(rejection.code(), code);
        }
    }

    #[test]
    fn the_vectors_hold() {
        let published: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        for (secret, timestamp, signature, body, command) in [
            (
                "8f742231b10e8888abcd99yyyzzz85a5",
                "1531420618",
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
                published,
                "/webhook-collect",
            ),
            (
                SECRET,
                "1760000000",
                "v0=f8963d074a1da4ac7ae87cc610fdf69c2d4743e44b2c1f3c5aa522e7d77c3943",
                b"command=%2Fshift&text=hello",
                "/shift",
            ),
        ] {
            let sent_at: i64 = timestamp.parse().unwrap();
            let verified = event(verify(secret, timestamp, signature, body, sent_at));
            assert_eq!(verified.event.as_deref(), Some(command));
            assert_eq!(verified.sent_at, Some(sent_at));
            assert_eq!(verified.delivery_id, None);
        }
    }

    #[test]
    fn each_kind_of_request_has_a_name() {
        for (body, id, name) in [
            (
                &br#"{"type":"event_callback","event_id":"Ev08MFMKH6","event":{"type":"app_mention"}}"#[..],
                Some("Ev08MFMKH6"),
                Some("app_mention"),
            ),
            (br#"{"type":"app_rate_limited"}"#, None, Some("app_rate_limited")),
            (
                b"payload=%7B%22type%22%3A%22block_actions%22%7D",
                None,
                Some("block_actions"),
            ),
            (b"payload=x", None, None),
            (b"\xff", None, None),
            (BODY, None, Some("shift.published")),
        ] {
            let verified = event(signed(body));
            assert_eq!(verified.delivery_id.as_deref(), id);
            assert_eq!(verified.event.as_deref(), name);
        }
    }

    #[test]
    fn a_challenge_is_answered_once_it_is_verified() {
        let body = br#"{"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV","type":"url_verification"}"#;
        assert_eq!(
            signed(body),
            Ok(Outcome::Handshake {
                content_type: "text/plain",
                body: "3eZbrw1aBm2rZgRNFdxV".to_owned()
            })
        );
        let forged = format!("v0={}", "0".repeat(64));
        assert_eq!(
            verify(SECRET, "1760000000", &forged, body, NOW),
            Err(Rejection::WrongSignature)
        );
        let long = format!(
            r#"{{"type":"url_verification","challenge":"{}"}}"#,
            "x".repeat(1_025)
        );
        for body in [
            long.as_bytes(),
            br#"{"type":"url_verification"}"#,
            br#"{"type":"url_verification","challenge":""}"#,
        ] {
            assert_eq!(signed(body).unwrap_err().code(), "malformed_body");
        }
    }
}
