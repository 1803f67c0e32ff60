//! What can be set of a webhook.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{Rejection, Scheme};
use crate::field_error::FieldErrors;
use crate::text_enum::text_enum;

/// How far a clock may be off, in seconds, unless the options say otherwise.
pub const DEFAULT_TOLERANCE_SECONDS: u32 = 300;

/// What the options may allow. There is no way to switch the check off.
pub const TOLERANCE_SECONDS: RangeInclusive<u32> = 1..=3_600;

/// The longest name of a header that can be set, in bytes.
const MAX_HEADER_NAME_BYTES: usize = 64;

/// The longest prefix of a signature that can be set, in bytes.
const MAX_PREFIX_BYTES: usize = 32;

text_enum! {
    /// A version of HubSpot's signatures.
    pub enum HubspotVersion, "version of HubSpot's signatures" {
        V3 = "v3",
        V2 = "v2",
        V1 = "v1",
    }
}

text_enum! {
    /// Whether 7shifts signs. It does where it has set the webhook up for a partner; it does not
    /// where a company has made the webhook itself.
    pub enum SevenShiftsSigning, "way of 7shifts' deliveries" {
        Signed = "signed",
        /// That the caller knew the secret path is all the proof there is, and the delivery a hint.
        Unsigned = "unsigned",
    }
}

text_enum! {
    /// How a signature is written.
    pub enum Encoding, "encoding of a signature" {
        /// In either case.
        Hex = "hex",
        /// With padding.
        Base64 = "base64",
    }
}

/// The options of a webhook: a JSON object in which everything can be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// In [`TOLERANCE_SECONDS`], [`DEFAULT_TOLERANCE_SECONDS`] without it. A scheme without a clock
    /// ignores it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance_seconds: Option<u32>,

    /// HubSpot: the versions that are accepted, all without it. The strongest that is present is
    /// checked, and no weaker one stands in for it. Versions 1 and 2 have no clock: somebody who
    /// has recorded a delivery can send it again without its signature of version 3, unless only
    /// that is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<Vec<HubspotVersion>>,

    /// 7shifts: signed without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing: Option<SevenShiftsSigning>,

    /// Generic, required: the header with the signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Generic: hex without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Generic: what stands before the signature in its header, `sha256=` for example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Generic: the header with the time of sending in Unix seconds. Without it there is no clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<String>,
    /// Generic, with a timestamp: whether the signed text is `{timestamp}.{body}`, as it is without
    /// this option, or the body alone. A timestamp that is not signed keeps honest senders in time
    /// and nobody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_is_signed: Option<bool>,
    /// Generic: the header with the id of the delivery. Without it, the member `id` of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_header: Option<String>,
    /// Generic: the header with the name of the event. Without it, the member `event` or `type` of
    /// the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_header: Option<String>,
}

impl Options {
    /// What is wrong with them for a webhook of this scheme; empty when nothing is.
    #[must_use]
    pub fn check(&self, scheme: Scheme) -> FieldErrors {
        let mut errors = FieldErrors::default();
        if let Some(seconds) = self.tolerance_seconds
            && !TOLERANCE_SECONDS.contains(&seconds)
        {
            errors.push(
                "/tolerance_seconds",
                "it is not from 1 to 3600",
                "give the seconds that clocks may be off, 300 for example",
            );
        }
        if let Some(versions) = &self.versions
            && !is_set_of_versions(versions)
        {
            errors.push(
                "/versions",
                "it is empty or names a version twice",
                "name each accepted version once, or leave it out to accept all",
            );
        }
        self.check_belonging(scheme, &mut errors);
        if scheme == Scheme::Generic {
            self.check_generic(&mut errors);
        }
        errors
    }

    pub(super) fn tolerance_seconds(&self) -> u32 {
        self.tolerance_seconds.unwrap_or(DEFAULT_TOLERANCE_SECONDS)
    }

    pub(super) fn versions(&self) -> &[HubspotVersion] {
        self.versions.as_deref().unwrap_or(HubspotVersion::ALL)
    }

    pub(super) fn signing(&self) -> SevenShiftsSigning {
        self.signing.unwrap_or(SevenShiftsSigning::Signed)
    }

    /// The header with the signature of the generic scheme.
    ///
    /// # Errors
    /// [`Rejection::BadOptions`] when none is named.
    pub(super) fn signature_header(&self) -> Result<&str, Rejection> {
        self.header.as_deref().ok_or(Rejection::BadOptions)
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding.unwrap_or(Encoding::Hex)
    }

    pub(super) fn is_timestamp_signed(&self) -> bool {
        self.timestamp_is_signed.unwrap_or(true)
    }

    /// An option that its scheme does not know would do nothing, unseen.
    fn check_belonging(&self, scheme: Scheme, errors: &mut FieldErrors) {
        for (pointer, is_given, owner) in [
            ("/versions", self.versions.is_some(), Scheme::Hubspot),
            ("/signing", self.signing.is_some(), Scheme::SevenShifts),
            ("/header", self.header.is_some(), Scheme::Generic),
            ("/encoding", self.encoding.is_some(), Scheme::Generic),
            ("/prefix", self.prefix.is_some(), Scheme::Generic),
            (
                "/timestamp_header",
                self.timestamp_header.is_some(),
                Scheme::Generic,
            ),
            (
                "/timestamp_is_signed",
                self.timestamp_is_signed.is_some(),
                Scheme::Generic,
            ),
            ("/id_header", self.id_header.is_some(), Scheme::Generic),
            (
                "/event_header",
                self.event_header.is_some(),
                Scheme::Generic,
            ),
        ] {
            if is_given && scheme != owner {
                errors.push(
                    pointer,
                    format!(
                        "it is an option of the scheme {owner}, and this webhook's is {scheme}"
                    ),
                    "leave it out",
                );
            }
        }
    }

    fn check_generic(&self, errors: &mut FieldErrors) {
        if self.header.is_none() {
            errors.push(
                "/header",
                "it is missing",
                "name the header that the sender puts the signature in",
            );
        }
        let headers = [
            ("/header", &self.header),
            ("/timestamp_header", &self.timestamp_header),
            ("/id_header", &self.id_header),
            ("/event_header", &self.event_header),
        ];
        for (index, (pointer, name)) in headers.iter().enumerate() {
            let Some(name) = name else { continue };
            if !is_header_name(name) {
                errors.push(
                    *pointer,
                    "it is not the name of a header",
                    "give a name of letters, digits, - and _, at most 64 of them",
                );
            }
            let is_taken = headers
                .iter()
                .take(index)
                .filter_map(|(_, earlier)| earlier.as_deref())
                .any(|earlier| earlier.eq_ignore_ascii_case(name));
            if is_taken {
                errors.push(
                    *pointer,
                    "another option names the same header",
                    "name a header of its own",
                );
            }
        }
        if let Some(prefix) = &self.prefix
            && !is_prefix(prefix)
        {
            errors.push(
                "/prefix",
                "it is not 1 to 32 printable ASCII characters, of which the first is no blank",
                "give what stands before the signature, or leave it out",
            );
        }
        if self.timestamp_is_signed.is_some() && self.timestamp_header.is_none() {
            errors.push(
                "/timestamp_is_signed",
                "there is no timestamp without a timestamp_header",
                "name the header with the timestamp, or leave this out",
            );
        }
    }
}

fn is_set_of_versions(versions: &[HubspotVersion]) -> bool {
    let mut sorted = versions.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    !versions.is_empty() && sorted.len() == versions.len()
}

fn is_header_name(name: &str) -> bool {
    (1..=MAX_HEADER_NAME_BYTES).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_prefix(prefix: &str) -> bool {
    (1..=MAX_PREFIX_BYTES).contains(&prefix.len())
        && !prefix.starts_with(' ')
        && prefix.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(scheme: Scheme, json: &str) -> Vec<String> {
        let options: Options = serde_json::from_str(json).unwrap();
        options
            .check(scheme)
            .as_slice()
            .iter()
            .map(|error| error.pointer.clone())
            .collect()
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = format!(r#"{{"header":"{}"}}"#, "x".repeat(65));
        let table: &[(Scheme, &str, &[&str])] = &[
            (
                Scheme::Slack,
                r#"{"tolerance_seconds":0}"#,
                &["/tolerance_seconds"],
            ),
            (
                Scheme::Slack,
                r#"{"tolerance_seconds":3601}"#,
                &["/tolerance_seconds"],
            ),
            (Scheme::Hubspot, r#"{"versions":[]}"#, &["/versions"]),
            (
                Scheme::Hubspot,
                r#"{"versions":["v3","v3"]}"#,
                &["/versions"],
            ),
            (Scheme::Github, r#"{"versions":["v3"]}"#, &["/versions"]),
            (Scheme::Github, r#"{"signing":"unsigned"}"#, &["/signing"]),
            (
                Scheme::Stripe,
                r#"{"header":"a","encoding":"hex","prefix":"b","timestamp_header":"c","timestamp_is_signed":true,"id_header":"d","event_header":"e"}"#,
                &[
                    "/header",
                    "/encoding",
                    "/prefix",
                    "/timestamp_header",
                    "/timestamp_is_signed",
                    "/id_header",
                    "/event_header",
                ],
            ),
            (Scheme::Generic, "{}", &["/header"]),
            (Scheme::Generic, r#"{"header":""}"#, &["/header"]),
            (Scheme::Generic, r#"{"header":"a b"}"#, &["/header"]),
            (Scheme::Generic, r#"{"header":"é"}"#, &["/header"]),
            (Scheme::Generic, &long, &["/header"]),
            (
                Scheme::Generic,
                r#"{"header":"a","id_header":"A"}"#,
                &["/id_header"],
            ),
            (
                Scheme::Generic,
                r#"{"header":"a","prefix":""}"#,
                &["/prefix"],
            ),
            (
                Scheme::Generic,
                r#"{"header":"a","prefix":" b"}"#,
                &["/prefix"],
            ),
            (
                Scheme::Generic,
                r#"{"header":"a","prefix":"é"}"#,
                &["/prefix"],
            ),
            (
                Scheme::Generic,
                r#"{"header":"a","timestamp_is_signed":false}"#,
                &["/timestamp_is_signed"],
            ),
        ];
        for (scheme, json, pointers) in table {
            assert_eq!(checked(*scheme, json), *pointers, "{scheme} {json}");
        }
    }

    #[test]
    fn what_is_right_passes() {
        for (scheme, json) in [
            (Scheme::Standard, r#"{"tolerance_seconds":1}"#),
            // It has no clock, and ignores this.
            (Scheme::Github, r#"{"tolerance_seconds":3600}"#),
            (Scheme::Hubspot, r#"{"versions":["v1","v3"]}"#),
            (Scheme::SevenShifts, r#"{"signing":"unsigned"}"#),
            (Scheme::Generic, r#"{"header":"X-Signature"}"#),
            (
                Scheme::Generic,
                r#"{"header":"a","encoding":"base64","prefix":"sha256=","timestamp_header":"b","timestamp_is_signed":false,"id_header":"c","event_header":"d"}"#,
            ),
        ] {
            assert_eq!(checked(scheme, json), [""; 0], "{scheme} {json}");
        }
        for scheme in Scheme::ALL
            .iter()
            .filter(|scheme| **scheme != Scheme::Generic)
        {
            assert!(Options::default().check(*scheme).is_empty(), "{scheme}");
        }
    }

    #[test]
    fn the_document_is_strict_and_says_no_more_than_was_set() {
        for json in [
            r#"{"tolerance":300}"#,
            r#"{"tolerance_seconds":-1}"#,
            r#"{"versions":["v4"]}"#,
            r#"{"signing":"Signed"}"#,
            r#"{"encoding":"base64url"}"#,
        ] {
            assert!(serde_json::from_str::<Options>(json).is_err(), "{json}");
        }
        for json in [
            "{}",
            r#"{"tolerance_seconds":60,"versions":["v3"]}"#,
            r#"{"header":"a","encoding":"hex"}"#,
        ] {
            let options: Options = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&options).unwrap(), json);
        }
    }
}
