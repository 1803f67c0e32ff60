//! Notifications of Microsoft Graph. Nothing is signed: the proof is the `clientState` that the
//! subscription was made with, in each item of the body. One body may be of several subscriptions.
//!
//! The tokens with which Microsoft proves notifications that carry data are not checked here: what
//! such an item carries must not be used.

use super::{Delivery, Key, Outcome, Rejection, Verified};
use super::{mac, payload};

const VALIDATION_TOKEN: &str = "validationToken";

/// Microsoft's tokens have some hundred characters.
const MAX_VALIDATION_TOKEN_BYTES: usize = 2_048;

pub fn verify(delivery: &Delivery<'_>, keys: &[Key<'_>]) -> Result<Outcome, Rejection> {
    if delivery.method == "POST"
        && let Some(token) = validation_token(delivery.url)?
    {
        return Ok(Outcome::Handshake {
            content_type: "text/plain",
            body: token,
        });
    }
    if keys.is_empty() {
        return Err(Rejection::NoKey);
    }
    let items = payload::rows_of(
        delivery.body,
        "value",
        ["clientState", "changeType", "lifecycleEvent"],
    )
    .filter(|items| !items.is_empty())
    .ok_or(Rejection::MalformedBody {
        problem: "is no JSON object with notifications in its member value",
    })?;
    let mut usable = Usable::default();
    for (index, [client_state, change_type, lifecycle_event]) in items.into_iter().enumerate() {
        // An item without the proof costs as much time as one with a wrong one.
        match mac::bearer(keys, client_state.as_deref().unwrap_or_default()) {
            Ok(key_id) => {
                usable.key_id.get_or_insert(key_id);
                usable.items.push(index);
                usable.names.push(change_type.or(lifecycle_event));
            }
            Err(Rejection::WrongToken) => {}
            Err(rejection) => return Err(rejection),
        }
    }
    let key_id = usable.key_id.ok_or(Rejection::WrongToken)?;
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        event: payload::common_label(usable.names.into_iter()),
        is_hint: true,
        items: Some(usable.items),
        ..Verified::default()
    }))
}

#[derive(Default)]
struct Usable {
    /// That of the first item.
    key_id: Option<String>,
    items: Vec<usize>,
    names: Vec<Option<String>>,
}

/// The token that Microsoft wants to read, decoded, before it makes a subscription.
fn validation_token(url: &str) -> Result<Option<String>, Rejection> {
    let Some((_, query)) = url.split_once('?') else {
        return Ok(None);
    };
    let mut tokens = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == VALIDATION_TOKEN)
        .map(|(_, token)| token);
    let Some(token) = tokens.next() else {
        return Ok(None);
    };
    let malformed = |problem| Rejection::MalformedQuery {
        name: VALIDATION_TOKEN,
        problem,
    };
    if tokens.next().is_some() {
        return Err(malformed("was sent more than once"));
    }
    if !(1..=MAX_VALIDATION_TOKEN_BYTES).contains(&token.len()) {
        return Err(malformed("is empty or longer than 2048 bytes"));
    }
    let is_text = |c: char| !c.is_control() && c != char::REPLACEMENT_CHARACTER;
    if !token.chars().all(is_text) {
        return Err(malformed("is not one line of text"));
    }
    Ok(Some(token.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, event};
    use super::super::{Options, Scheme};
    use super::*;

    const URL: &str = "https://example.test/hooks/graph";

    fn verify(method: &str, url: &str, body: &str, secrets: &[&str]) -> Result<Outcome, Rejection> {
        let keys: Vec<_> = secrets
            .iter()
            .map(|secret| Key { id: secret, secret })
            .collect();
        let delivery = Delivery {
            method,
            url,
            headers: &[],
            body: body.as_bytes(),
        };
        let options = Options::default();
        super::super::verify(Scheme::MicrosoftGraph, &options, &delivery, &keys, NOW)
    }

    fn notify(body: &str) -> Result<Outcome, Rejection> {
        verify("POST", URL, body, &["k8-secret", "k9-secret"])
    }

    #[test]
    fn without_the_state_nothing_is_taken() {
        for (body, code) in [
            ("", "malformed_body"),
            ("[]", "malformed_body"),
            ("{}", "malformed_body"),
            (r#"{"value":[]}"#, "malformed_body"),
            (r#"{"value":{"clientState":"k9-secret"}}"#, "malformed_body"),
            (
                r#"{"value":[{"clientState":"k9-secret"}]"#,
                "malformed_body",
            ),
            (r#"{"value":["k9-secret"]}"#, "wrong_token"),
            (r#"{"value":[["k9-secret"]]}"#, "wrong_token"),
            (r#"{"value":[{}]}"#, "wrong_token"),
            (r#"{"value":[{"clientState":null}]}"#, "wrong_token"),
            (r#"{"value":[{"clientState":""}]}"#, "wrong_token"),
            (
                r#"{"value":[{"clientState":["k9-secret"]}]}"#,
                "wrong_token",
            ),
            (r#"{"value":[{"clientState":"K9-secret"}]}"#, "wrong_token"),
            (r#"{"clientState":"k9-secret","value":[{}]}"#, "wrong_token"),
        ] {
            assert_eq!(notify(body).unwrap_err().code(), code, "{body}");
        }
        let right = r#"{"value":[{"clientState":""}]}"#;
        assert_eq!(verify("POST", URL, right, &[]), Err(Rejection::NoKey));
        assert_eq!(
            verify("POST", URL, right, &[""]),
            Err(Rejection::UnusableKey)
        );
    }

    #[test]
    fn items_are_checked_one_by_one() {
        let body = r#"{"value":[
            {"subscriptionId":"a","clientState":"wrong","changeType":"deleted"},
            {"subscriptionId":"b","clientState":"k9-secret","changeType":"updated"},
            {"subscriptionId":"c","changeType":"deleted"},
            {"subscriptionId":"d","clientState":"k8-secret","changeType":"updated"}],
            "validationTokens":["x"]}"#;
        assert_eq!(
            event(notify(body)),
            Verified {
                key_id: Some("k9-secret".to_owned()),
                event: Some("updated".to_owned()),
                is_hint: true,
                items: Some(vec![1, 3]),
                ..Verified::default()
            }
        );
    }

    #[test]
    fn each_kind_of_notification_has_a_name() {
        let item = |rest: &str| format!(r#"{{"clientState":"k9-secret"{rest}}}"#);
        let created = item(r#","changeType":"created""#);
        let removed = item(r#","lifecycleEvent":"subscriptionRemoved""#);
        for (items, name) in [
            (created.clone(), Some("created")),
            (removed.clone(), Some("subscriptionRemoved")),
            (item(""), None),
            (format!("{created},{removed}"), Some("batch")),
        ] {
            let verified = event(notify(&format!(r#"{{"value":[{items}]}}"#)));
            assert_eq!(verified.event.as_deref(), name, "{items}");
        }
    }

    #[test]
    fn the_handshake_answers_the_decoded_token_as_text() {
        for (query, token) in [
            ("validationToken=abc", "abc"),
            (
                "x=1&validationToken=Validation%3A+Testing%20client%20app%2Bid%3a1",
                "Validation: Testing client app+id:1",
            ),
            ("validationToken=%3Cscript%3E", "<script>"),
            ("validationToken=%C3%A9", "é"),
        ] {
            assert_eq!(
                verify("POST", &format!("{URL}?{query}"), "", &[]),
                Ok(Outcome::Handshake {
                    content_type: "text/plain",
                    body: token.to_owned()
                }),
                "{query}"
            );
        }
    }

    #[test]
    fn a_handshake_that_is_none_is_refused() {
        let long = format!("validationToken={}", "x".repeat(2_049));
        for (method, query, code) in [
            ("POST", "validationToken=", "malformed_query"),
            (
                "POST",
                "validationToken=a&validationToken=a",
                "malformed_query",
            ),
            ("POST", "validationToken=%ff", "malformed_query"),
            ("POST", "validationToken=a%0d%0ab", "malformed_query"),
            ("POST", "validationToken=%00", "malformed_query"),
            ("POST", &*long, "malformed_query"),
            ("GET", "validationToken=abc", "no_key"),
            ("POST", "validationtoken=abc", "no_key"),
        ] {
            let rejection = verify(method, &format!("{URL}?{query}"), "", &[]).unwrap_err();
            assert_eq!(rejection.code(), code, "{method} {query}");
        }
    }
}
