//! What holds for every scheme, whatever arrives.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::prelude::*;

use super::sample::NOW;
use super::*;

/// A delivery as its provider would sign it.
#[derive(Clone, Debug)]
struct Signed {
    scheme: Scheme,
    options: Options,
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    /// The header that has the time, where the time is signed.
    timestamp: Option<&'static str>,
    body: Vec<u8>,
    secret: String,
}

/// Those that sign, with a body that is theirs.
const SIGNING: &[Scheme] = &[
    Scheme::Standard,
    Scheme::Github,
    Scheme::Slack,
    Scheme::Stripe,
    Scheme::Hubspot,
    Scheme::Shopify,
    Scheme::Square,
    Scheme::Twilio,
    Scheme::SevenShifts,
    Scheme::Generic,
];

impl Signed {
    fn new(scheme: Scheme, text: &str, random: &[u8; 32], age: i64) -> Self {
        let secret = match scheme {
            Scheme::Standard => standard::secret_from(random),
            _ => hex::encode(random),
        };
        let body = match scheme {
            Scheme::Twilio => format!("MessageSid=SM{text}&MessageStatus=sent"),
            _ => format!(r#"{{"id":"{text}","type":"a.b","data":"Zoë"}}"#),
        };
        let url = format!("https://example.test/hooks/{scheme}?x={text}");
        let mut signed = Self {
            scheme,
            options: Options::default(),
            method: "POST",
            url,
            headers: Vec::new(),
            timestamp: None,
            body: body.into_bytes(),
            secret,
        };
        signed.sign(NOW - age);
        signed
    }

    fn sign(&mut self, at: i64) {
        let at = at.to_string();
        let hmac = |parts: &[&[u8]]| mac::hmac_sha256(self.secret.as_bytes(), parts).unwrap();
        let (method, url, body) = (self.method.as_bytes(), self.url.as_bytes(), &self.body[..]);
        let mut headers: Vec<(&str, String)> = Vec::new();
        match self.scheme {
            Scheme::Standard => {
                let key = standard::SigningKey::parse(&self.secret).unwrap();
                let signature = standard::sign(&[key], "msg_1", at.parse().unwrap(), body).unwrap();
                headers.push(("webhook-id", "msg_1".to_owned()));
                headers.push(("webhook-timestamp", at));
                headers.push(("webhook-signature", signature));
                self.timestamp = Some("webhook-timestamp");
            }
            Scheme::Github => {
                headers.push(("x-github-delivery", "1".to_owned()));
                headers.push(("x-github-event", "push".to_owned()));
                let digest = hex::encode(hmac(&[body]));
                headers.push(("x-hub-signature-256", format!("sha256={digest}")));
            }
            Scheme::Slack => {
                let digest = hex::encode(hmac(&[b"v0:", at.as_bytes(), b":", body]));
                headers.push(("x-slack-signature", format!("v0={digest}")));
                headers.push(("x-slack-request-timestamp", at));
                self.timestamp = Some("x-slack-request-timestamp");
            }
            Scheme::Stripe => {
                let digest = hex::encode(hmac(&[at.as_bytes(), b".", body]));
                headers.push(("stripe-signature", format!("t={at},v1={digest}")));
            }
            Scheme::Hubspot => {
                let at = format!("{at}000");
                let code = hmac(&[method, url, body, at.as_bytes()]);
                headers.push(("x-hubspot-signature-v3", STANDARD.encode(code)));
                headers.push(("x-hubspot-request-timestamp", at));
                self.timestamp = Some("x-hubspot-request-timestamp");
            }
            Scheme::Shopify => {
                headers.push(("x-shopify-webhook-id", "1".to_owned()));
                headers.push(("x-shopify-topic", "orders/create".to_owned()));
                headers.push(("x-shopify-hmac-sha256", STANDARD.encode(hmac(&[body]))));
            }
            Scheme::Square => {
                let code = STANDARD.encode(hmac(&[url, body]));
                headers.push(("x-square-hmacsha256-signature", code));
            }
            Scheme::Twilio => {
                let form = String::from_utf8(self.body.clone()).unwrap();
                let text = form.replace(['=', '&'], "");
                let code = mac::hmac_sha1(self.secret.as_bytes(), &[url, text.as_bytes()]);
                headers.push(("x-twilio-signature", STANDARD.encode(code.unwrap())));
            }
            Scheme::SevenShifts => {
                let key = format!("{at}#{}", self.secret);
                let code = mac::hmac_sha256(key.as_bytes(), &[body]).unwrap();
                headers.push(("x-hmac-signature", hex::encode(code)));
                headers.push(("x-hmac-timestamp", at));
                self.timestamp = Some("x-hmac-timestamp");
            }
            Scheme::Generic => {
                self.options.header = Some("x-signature".to_owned());
                self.options.encoding = Some(Encoding::Base64);
                self.options.timestamp_header = Some("x-timestamp".to_owned());
                let code = hmac(&[at.as_bytes(), b".", body]);
                headers.push(("x-signature", STANDARD.encode(code)));
                headers.push(("x-timestamp", at));
                self.timestamp = Some("x-timestamp");
            }
            Scheme::GoogleChannel | Scheme::MicrosoftGraph => {}
        }
        self.headers = headers
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()))
            .collect();
    }

    fn verify(&self) -> Result<Outcome, Rejection> {
        self.verify_with(&[self.key()])
    }

    fn key(&self) -> Key<'_> {
        Key {
            id: "right",
            secret: &self.secret,
        }
    }

    fn verify_with(&self, keys: &[Key<'_>]) -> Result<Outcome, Rejection> {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, &value[..]))
            .collect();
        let delivery = Delivery {
            method: self.method,
            url: &self.url,
            headers: &headers,
            body: &self.body,
        };
        verify(self.scheme, &self.options, &delivery, keys, NOW)
    }

    fn header(&mut self, name: &str) -> &mut Vec<u8> {
        let found = self.headers.iter_mut().find(|(given, _)| *given == name);
        &mut found.unwrap().1
    }
}

fn flip(bytes: &mut [u8], at: prop::sample::Index, bit: u32) {
    let at = at.index(bytes.len());
    bytes[at] ^= 1 << bit;
}

fn text() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,24}"
}

fn scheme() -> impl Strategy<Value = Scheme> {
    prop::sample::select(SIGNING)
}

proptest! {
    #[test]
    fn what_is_signed_is_verified(scheme in scheme(), text in text(), random: [u8; 32], age in -300i64..=300) {
        let verified = sample::event(Signed::new(scheme, &text, &random, age).verify());
        prop_assert_eq!(verified.key_id.as_deref(), Some("right"));
        prop_assert!(!verified.is_hint);
        prop_assert!(verified.items.is_none());
    }

    #[test]
    fn with_any_bit_of_the_body_flipped_it_is_refused(
        scheme in scheme(), text in text(), random: [u8; 32], at: prop::sample::Index, bit in 0u32..8
    ) {
        let mut signed = Signed::new(scheme, &text, &random, 0);
        flip(&mut signed.body, at, bit);
        prop_assert!(signed.verify().is_err(), "{signed:?}");
    }

    #[test]
    fn with_any_bit_of_the_key_flipped_it_is_refused(
        scheme in scheme(), text in text(), random: [u8; 32], at: prop::sample::Index, bit in 0u32..7
    ) {
        let mut signed = Signed::new(scheme, &text, &random, 0);
        let mut secret = signed.secret.into_bytes();
        flip(&mut secret, at, bit);
        signed.secret = String::from_utf8(secret).unwrap();
        prop_assert!(signed.verify().is_err(), "{signed:?}");
    }

    #[test]
    fn with_any_bit_of_the_timestamp_flipped_it_is_refused(
        scheme in scheme(), text in text(), random: [u8; 32], at: prop::sample::Index, bit in 0u32..8
    ) {
        let mut signed = Signed::new(scheme, &text, &random, 0);
        prop_assume!(signed.timestamp.is_some());
        let name = signed.timestamp.unwrap();
        flip(signed.header(name), at, bit);
        prop_assert!(signed.verify().is_err(), "{signed:?}");
    }

    #[test]
    fn with_any_bit_of_the_signature_flipped_it_is_refused(
        scheme in scheme(), text in text(), random: [u8; 32], at: prop::sample::Index, bit in 0u32..8
    ) {
        let mut signed = Signed::new(scheme, &text, &random, 0);
        let is_signature = |name: &str| name.contains("signature") || name.contains("hmac-sha256");
        let name = signed.headers.iter().map(|(name, _)| *name).find(|name| is_signature(name)).unwrap();
        flip(signed.header(name), at, bit);
        prop_assert!(signed.verify().is_err(), "{signed:?}");
    }

    #[test]
    fn what_is_too_old_or_too_new_is_refused(
        scheme in scheme(), text in text(), random: [u8; 32], age in 301i64..1_000_000, is_past: bool
    ) {
        let signed = Signed::new(scheme, &text, &random, if is_past { age } else { -age });
        let has_clock = signed.timestamp.is_some() || scheme == Scheme::Stripe;
        let code = signed.verify().as_ref().map_or_else(Rejection::code, |_| "ok");
        let expected = match (has_clock, is_past) {
            (false, _) => "ok",
            (true, true) => "too_old",
            (true, false) => "from_the_future",
        };
        prop_assert_eq!(code, expected);
    }

    #[test]
    fn the_order_of_keys_does_not_matter(
        scheme in scheme(), text in text(), random: [u8; 32], others: [[u8; 32]; 3], place in 0usize..4
    ) {
        prop_assume!(others.iter().all(|other| *other != random));
        let signed = Signed::new(scheme, &text, &random, 0);
        let others = others.map(|other| Signed::new(scheme, &text, &other, 0).secret);
        let mut keys: Vec<_> = others.iter().map(|secret| Key { id: "wrong", secret }).collect();
        prop_assert_eq!(signed.verify_with(&keys), Err(Rejection::WrongSignature));
        keys.insert(place, signed.key());
        prop_assert_eq!(signed.verify_with(&keys), signed.verify());
        keys.insert(0, Key { id: "empty", secret: "" });
        prop_assert_eq!(signed.verify_with(&keys), signed.verify());
        prop_assert_eq!(signed.verify_with(&[]), Err(Rejection::NoKey));
    }

    #[test]
    fn a_header_that_comes_twice_is_refused(
        scheme in scheme(), text in text(), random: [u8; 32], at: prop::sample::Index
    ) {
        let mut signed = Signed::new(scheme, &text, &random, 0);
        let again = at.get(&signed.headers).clone();
        signed.headers.push(again);
        prop_assert_eq!(signed.verify().unwrap_err().code(), "malformed_header");
    }

    #[test]
    fn the_url_counts_where_it_is_signed(scheme in scheme(), text in text(), random: [u8; 32]) {
        let mut signed = Signed::new(scheme, &text, &random, 0);
        signed.url.push('y');
        let is_signed = matches!(scheme, Scheme::Hubspot | Scheme::Square | Scheme::Twilio);
        prop_assert_eq!(signed.verify().is_err(), is_signed);
    }

    /// Headers of the right names with any values, so that the deeper parts are reached, too.
    #[test]
    fn nothing_that_arrives_panics_and_nothing_unsigned_passes(
        scheme in prop::sample::select(Scheme::ALL),
        headers in prop::collection::vec((prop::sample::select(NAMES), value()), 0..8),
        method in "(POST|GET|\\PC{0,4})",
        url in "(https://example\\.test/[a-z]{0,4})?(\\?(validationToken|bodySHA256)?)?\\PC{0,40}",
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            "[\\[\\]{}\":,a-z0-9=&%]{0,80}".prop_map(String::into_bytes),
            Just(br#"{"value":[{"clientState":"x"}]}"#.to_vec()),
        ],
        secret in "(whsec_|whpk_|whsk_)?\\PC{0,40}",
        now: i64,
    ) {
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, &value[..])).collect();
        let delivery = Delivery { method: &method, url: &url, headers: &headers, body: &body };
        let options = Options {
            header: Some("x-signature".to_owned()),
            prefix: Some("v0=".to_owned()),
            timestamp_header: Some("x-timestamp".to_owned()),
            ..Options::default()
        };
        for keys in [&[][..], &[Key { id: "k", secret: &secret }]] {
            match verify(scheme, &options, &delivery, keys, now) {
                Ok(Outcome::Handshake { .. }) => prop_assert_eq!(scheme, Scheme::MicrosoftGraph),
                // Only a token can be guessed, and only one as short as these.
                Ok(_) => prop_assert!(matches!(scheme, Scheme::GoogleChannel | Scheme::MicrosoftGraph) && !keys.is_empty()),
                Err(rejection) => prop_assert!(!rejection.to_string().is_empty()),
            }
        }
    }

    /// Whatever a rejection says, it is ours.
    #[test]
    fn a_rejection_repeats_nothing_of_what_was_sent(
        scheme in prop::sample::select(Scheme::ALL), marker in "QZ[A-Z0-9]{10}"
    ) {
        let headers: Vec<(&str, &[u8])> = NAMES.iter().map(|name| (*name, marker.as_bytes())).collect();
        for skipped in 0..=headers.len() {
            let headers: Vec<_> = headers.iter().copied().skip(skipped).collect();
            let url = format!("https://example.test/?bodySHA256={marker}");
            let delivery = Delivery { method: &marker, url: &url, headers: &headers, body: marker.as_bytes() };
            let keys = [Key { id: "k", secret: &marker }];
            if let Err(rejection) = verify(scheme, &Options::default(), &delivery, &keys, NOW) {
                let shown = format!("{rejection} {rejection:?} {}", rejection.code());
                prop_assert!(!shown.contains(&marker), "{shown}");
            }
        }
    }
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        "[ -~]{0,80}".prop_map(String::into_bytes),
        "(sha256=|v0=|v1,|t=1,v1=|v1a,)?([0-9a-f]{64}|[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{27}=)"
            .prop_map(String::into_bytes),
        "[0-9]{1,16}".prop_map(String::into_bytes),
        "v[0-4]".prop_map(String::into_bytes),
    ]
}

/// Every header that a scheme reads.
const NAMES: &[&str] = &[
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "x-hub-signature-256",
    "x-github-delivery",
    "x-github-event",
    "x-slack-signature",
    "x-slack-request-timestamp",
    "stripe-signature",
    "x-hubspot-signature-v3",
    "x-hubspot-request-timestamp",
    "x-hubspot-signature",
    "x-hubspot-signature-version",
    "x-shopify-hmac-sha256",
    "x-shopify-webhook-id",
    "x-shopify-topic",
    "x-square-hmacsha256-signature",
    "x-twilio-signature",
    "x-twilio-webhooks-signature-settings",
    "i-twilio-idempotency-token",
    "x-hmac-signature",
    "x-hmac-timestamp",
    "x-webhook-topic",
    "x-goog-channel-token",
    "x-goog-channel-id",
    "x-goog-message-number",
    "x-goog-resource-state",
    "x-signature",
    "x-timestamp",
];
