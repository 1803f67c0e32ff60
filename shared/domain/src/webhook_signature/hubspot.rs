//! HubSpot signs in three versions: version 3 next to an older one, which it also sends alone.
//!
//! Versions 1 and 2 are a plain SHA-256 that begins with the secret. Whoever has seen one can go on
//! hashing where it ended, and so knows the digest of a longer body. What is added then begins with
//! the byte 0x80, which UTF-8 has nowhere but inside of a letter: a body that is no UTF-8 is refused.

use std::borrow::Cow;

use super::{Delivery, HubspotVersion, Key, Options, Outcome, Rejection, Verified};
use super::{clock, headers, mac, payload};

const SIGNATURE_V3: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";
const SIGNATURE: &str = "x-hubspot-signature";
const VERSION: &str = "x-hubspot-signature-version";

/// The escapes that version 3 wants decoded in the URL, and no others.
const ESCAPES: [(&str, char); 12] = [
    ("3A", ':'),
    ("2F", '/'),
    ("3F", '?'),
    ("40", '@'),
    ("21", '!'),
    ("24", '$'),
    ("27", '\''),
    ("28", '('),
    ("29", ')'),
    ("2A", '*'),
    ("2C", ','),
    ("3B", ';'),
];

pub fn verify(
    options: &Options,
    delivery: &Delivery<'_>,
    keys: &[Key<'_>],
    now: i64,
) -> Result<Outcome, Rejection> {
    let accepted = options.versions();
    let (key_id, sent_at) = match headers::optional(delivery, SIGNATURE_V3)? {
        Some(signature) if accepted.contains(&HubspotVersion::V3) => {
            let (key_id, sent_at) = verify_v3(options, delivery, keys, signature, now)?;
            (key_id, Some(sent_at))
        }
        _ => (verify_older(accepted, delivery, keys)?, None),
    };
    // Events of subscriptions come several at a time, a workflow's webhook is one object.
    let event = payload::rows(delivery.body, ["subscriptionType"])
        .and_then(|rows| payload::common_label(rows.into_iter().map(|[kind]| kind)));
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        event,
        sent_at,
        ..Verified::default()
    }))
}

fn verify_v3(
    options: &Options,
    delivery: &Delivery<'_>,
    keys: &[Key<'_>],
    signature: &str,
    now: i64,
) -> Result<(String, i64), Rejection> {
    let signature = mac::base64(signature)
        .ok_or_else(|| Rejection::malformed(SIGNATURE_V3, "is not 44 characters of base64"))?;
    let timestamp = headers::required(delivery, TIMESTAMP)?;
    let sent_at_ms = clock::timestamp(TIMESTAMP, timestamp)?;
    let uri = decoded(delivery.url);
    let key_id = mac::signer(keys, &[signature], |key| {
        let text: [&[u8]; 4] = [
            delivery.method.as_bytes(),
            uri.as_bytes(),
            delivery.body,
            timestamp.as_bytes(),
        ];
        Some([mac::hmac_sha256(key.secret.as_bytes(), &text)?])
    })?;
    clock::check(sent_at_ms, options.tolerance_seconds(), now)?;
    Ok((key_id, sent_at_ms / 1_000))
}

fn verify_older(
    accepted: &[HubspotVersion],
    delivery: &Delivery<'_>,
    keys: &[Key<'_>],
) -> Result<String, Rejection> {
    if accepted == [HubspotVersion::V3] {
        return Err(Rejection::missing(SIGNATURE_V3));
    }
    let signature = headers::required(delivery, SIGNATURE)?;
    let version = headers::required(delivery, VERSION)?;
    let version = version
        .parse()
        .ok()
        // Version 3 has a header of its own.
        .filter(|version| *version != HubspotVersion::V3 && accepted.contains(version))
        .ok_or_else(|| Rejection::version(VERSION, older_names(accepted)))?;
    let signature = mac::lower_hex(signature)
        .ok_or_else(|| Rejection::malformed(SIGNATURE, "is not 64 lower-case hex digits"))?;
    if std::str::from_utf8(delivery.body).is_err() {
        return Err(Rejection::MalformedBody {
            problem: "is not UTF-8, which a signature of this version cannot vouch for",
        });
    }
    let front: &[&[u8]] = match version {
        HubspotVersion::V2 => &[delivery.method.as_bytes(), delivery.url.as_bytes()],
        HubspotVersion::V1 | HubspotVersion::V3 => &[],
    };
    mac::signer(keys, &[signature], |key| {
        let text: Vec<&[u8]> = front.iter().copied().chain([delivery.body]).collect();
        Some([mac::keyed_sha256(key.secret.as_bytes(), &text)?])
    })
}

fn older_names(accepted: &[HubspotVersion]) -> String {
    let names: Vec<_> = [HubspotVersion::V1, HubspotVersion::V2]
        .into_iter()
        .filter(|version| accepted.contains(version))
        .map(HubspotVersion::as_str)
        .collect();
    names.join(" and ")
}

/// The URL with [`ESCAPES`] decoded, once: `%253A` stays as it is.
fn decoded(url: &str) -> Cow<'_, str> {
    let mut pieces = url.split('%');
    let Some(first) = pieces.next().filter(|first| first.len() < url.len()) else {
        return Cow::Borrowed(url);
    };
    let mut decoded = String::with_capacity(url.len());
    decoded.push_str(first);
    for piece in pieces {
        let escape = piece.split_at_checked(2).and_then(|(digits, rest)| {
            let (_, character) = ESCAPES
                .iter()
                .find(|(escape, _)| escape.eq_ignore_ascii_case(digits))?;
            Some((*character, rest))
        });
        if let Some((character, rest)) = escape {
            decoded.push(character);
            decoded.push_str(rest);
        } else {
            decoded.push('%');
            decoded.push_str(piece);
        }
    }
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests;
