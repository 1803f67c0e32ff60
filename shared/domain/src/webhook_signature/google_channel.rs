//! Push notifications of Google Drive and Calendar. Nothing is signed: the proof is the token that
//! the channel was opened with, which Google sends back. The body is empty.

use super::{Delivery, Key, Outcome, Rejection, Verified};
use super::{clock, headers, mac};

const TOKEN: &str = "x-goog-channel-token";
const CHANNEL: &str = "x-goog-channel-id";
const NUMBER: &str = "x-goog-message-number";
const STATE: &str = "x-goog-resource-state";

/// The state of a channel's first message, which tells that it is open and nothing more.
const SYNC: &str = "sync";

/// Google allows ids of 64 characters; the number comes after it.
const MAX_CHANNEL_BYTES: usize = 200;

pub fn verify(delivery: &Delivery<'_>, keys: &[Key<'_>]) -> Result<Outcome, Rejection> {
    let token = headers::required(delivery, TOKEN)?;
    let channel = headers::required_id(delivery, CHANNEL)?;
    if channel.len() > MAX_CHANNEL_BYTES {
        return Err(Rejection::malformed(CHANNEL, "is longer than 200 bytes"));
    }
    let state = headers::required_id(delivery, STATE)?;
    let number = clock::digits(headers::required(delivery, NUMBER)?)
        .ok_or_else(|| Rejection::malformed(NUMBER, "is not a number of digits alone"))?;
    let key_id = mac::bearer(keys, token)?;
    if state == SYNC {
        return Ok(Outcome::Acknowledge);
    }
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        delivery_id: Some(format!("{channel}:{number}")),
        event: Some(state.to_owned()),
        ordering_key: Some(channel.to_owned()),
        is_hint: true,
        ..Verified::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, event, post};
    use super::super::{Options, Scheme};
    use super::*;

    const ID: &str = "7b1e8d4c-6a52-4f0b-9c1e-0d5f3a2b9e77";

    fn verify(headers: &[(&str, &str)], secrets: &[&str]) -> Result<Outcome, Rejection> {
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let keys: Vec<_> = secrets
            .iter()
            .map(|secret| Key { id: secret, secret })
            .collect();
        let delivery = post("https://example.test/hooks/google", &headers, b"");
        let options = Options::default();
        super::super::verify(Scheme::GoogleChannel, &options, &delivery, &keys, NOW)
    }

    fn headers<'a>(token: &'a str, state: &'a str, number: &'a str) -> [(&'a str, &'a str); 4] {
        [
            (TOKEN, token),
            (CHANNEL, ID),
            (STATE, state),
            (NUMBER, number),
        ]
    }

    #[test]
    fn without_the_token_nothing_is_taken() {
        let long = "x".repeat(201);
        for (headers, secrets, code) in [
            (headers("", "exists", "2"), &["t"][..], "missing_header"),
            (headers("t", "", "2"), &["t"], "missing_header"),
            (headers("t", "exists", ""), &["t"], "missing_header"),
            (headers("t", "exists", "-2"), &["t"], "malformed_header"),
            (headers("t", "exists", "2.0"), &["t"], "malformed_header"),
            (headers("t", "exists", "2"), &[], "no_key"),
            (headers("t", "exists", "2"), &[""], "unusable_key"),
            (headers("u", "exists", "2"), &["t"], "wrong_token"),
            (headers("tt", "exists", "2"), &["t"], "wrong_token"),
            (headers("u", "sync", "1"), &["t"], "wrong_token"),
        ] {
            let rejection = verify(&headers, secrets).unwrap_err();
            assert_eq!(rejection.code(), code, "{headers:?}");
        }
        let mut headers = headers("t", "exists", "2");
        headers[1].1 = &long;
        assert_eq!(
            verify(&headers, &["t"]).unwrap_err().code(),
            "malformed_header"
        );
        headers[1].1 = "";
        assert_eq!(verify(&headers, &["t"]), Err(Rejection::missing(CHANNEL)));
    }

    #[test]
    fn the_first_message_of_a_channel_is_no_event() {
        assert_eq!(
            verify(&headers("t", "sync", "1"), &["t"]),
            Ok(Outcome::Acknowledge)
        );
    }

    #[test]
    fn a_change_is_a_hint_in_the_order_of_its_channel() {
        for state in [
            "exists",
            "not_exists",
            "add",
            "remove",
            "update",
            "trash",
            "untrash",
            "change",
        ] {
            assert_eq!(
                event(verify(&headers("t", state, "0042"), &["old", "t"])),
                Verified {
                    key_id: Some("t".to_owned()),
                    delivery_id: Some(format!("{ID}:42")),
                    event: Some(state.to_owned()),
                    ordering_key: Some(ID.to_owned()),
                    is_hint: true,
                    ..Verified::default()
                }
            );
        }
    }
}
