//! From what a provider has registered to what it shall have: which webhooks stay, which are made,
//! which go. What is not certainly ours is never touched.

use std::collections::BTreeMap;

use crate::api_key::sha256_hex;
use crate::text_enum::text_enum;
use crate::webhook_topic::WebhookTopic;

/// Between the installation's URL and the secret path.
pub const PATH: &str = "/hooks/";

/// So many hex digits in a row may be of a secret path. The parts of a UUID are shorter.
const LEAST_OF_A_PATH: usize = 16;

text_enum! {
    /// How one of our webhooks stands, as far as we know.
    pub enum RegistrationState, "webhook registration state" {
        Registered = "registered",
        /// It could not be registered or deleted; the reason says why.
        Failed = "failed",
        /// The account's plan has no webhooks.
        NotInPlan = "not_in_plan",
        /// The provider may still have it, and nobody listens any more.
        Orphaned = "orphaned",
    }
}

/// What a webhook at the provider is to a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It calls the connector where it is reached now.
    Ours,
    /// Ours by its secret, but it calls where nobody listens any more.
    Outdated,
    /// The customer's own, or another connector's.
    Foreign,
}

/// Whose webhook a URL is. A secret path is known by its hash alone: `own_hash` is that of the
/// connector, `is_retired` knows those that were given up. `base` is the URL under which this
/// installation is reached, where there is one.
#[must_use]
pub fn standing(
    url: &str,
    base: Option<&str>,
    own_hash: &str,
    is_retired: impl Fn(&str) -> bool,
) -> Standing {
    let Some((front, _)) = url.rsplit_once(PATH) else {
        return Standing::Foreign;
    };
    match path_hash(url) {
        Some(hash) if hash == own_hash => {
            if base == Some(front) {
                Standing::Ours
            } else {
                Standing::Outdated
            }
        }
        Some(hash) if is_retired(&hash) => Standing::Outdated,
        _ => Standing::Foreign,
    }
}

/// The hash of the secret path that a URL ends with, if it looks like one of ours.
#[must_use]
pub fn path_hash(url: &str) -> Option<String> {
    let (_, secret) = url.rsplit_once(PATH)?;
    (!secret.is_empty()).then(|| sha256_hex(secret.as_bytes()))
}

/// The text without what may be a secret path, or a piece of one: long runs of hex digits.
#[must_use]
pub fn without_paths(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut run = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_hexdigit() {
            run.push(character);
            continue;
        }
        if run.len() < LEAST_OF_A_PATH {
            clean.push_str(&run);
        } else {
            clean.push_str("[redacted]");
        }
        run.clear();
        clean.push(character);
    }
    clean.pop();
    clean
}

/// A webhook that the provider has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: i64,
    pub topic: String,
    pub standing: Standing,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub keep: BTreeMap<WebhookTopic, i64>,
    pub create: Vec<WebhookTopic>,
    /// Ids, ascending.
    pub delete: Vec<i64>,
}

/// One webhook for each of `wanted`, and no other of ours. Of two for one topic the older stays, so
/// that two who repair at once agree.
#[must_use]
pub fn plan(listed: &[Listed], wanted: &[WebhookTopic]) -> Plan {
    let mut keep: BTreeMap<WebhookTopic, i64> = BTreeMap::new();
    for webhook in listed.iter().filter(|w| w.standing == Standing::Ours) {
        if let Ok(topic) = webhook.topic.parse()
            && wanted.contains(&topic)
        {
            let kept = keep.entry(topic).or_insert(webhook.id);
            *kept = webhook.id.min(*kept);
        }
    }
    let mut delete: Vec<_> = listed
        .iter()
        .filter(|webhook| webhook.standing != Standing::Foreign)
        .map(|webhook| webhook.id)
        .filter(|id| !keep.values().any(|kept| kept == id))
        .collect();
    delete.sort_unstable();
    delete.dedup();
    let create = wanted
        .iter()
        .copied()
        .filter(|topic| !keep.contains_key(topic))
        .collect();
    Plan {
        keep,
        create,
        delete,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "https://patchbay.example.com";

    fn of(url: &str) -> Standing {
        let retired = sha256_hex(b"old-secret");
        standing(url, Some(BASE), &sha256_hex(b"secret"), |hash| {
            hash == retired
        })
    }

    #[test]
    fn a_url_is_ours_by_its_secret_alone() {
        for (url, expected) in [
            ("https://patchbay.example.com/hooks/secret", Standing::Ours),
            (
                "https://before.example.com/hooks/secret",
                Standing::Outdated,
            ),
            (
                "https://patchbay.example.com/x/hooks/secret",
                Standing::Outdated,
            ),
            (
                "https://patchbay.example.com/hooks/old-secret",
                Standing::Outdated,
            ),
            (
                "https://patchbay.example.com/hooks/of-another",
                Standing::Foreign,
            ),
            (
                "https://patchbay.example.com/hooks/secret/",
                Standing::Foreign,
            ),
            ("https://patchbay.example.com/hooks/", Standing::Foreign),
            ("https://patchbay.example.com/secret", Standing::Foreign),
            ("https://customer.example.com/7shifts", Standing::Foreign),
            ("", Standing::Foreign),
        ] {
            assert_eq!(of(url), expected, "{url}");
        }
    }

    #[test]
    fn without_a_url_of_the_installation_all_of_ours_are_outdated() {
        let hash = sha256_hex(b"secret");
        let url = "https://patchbay.example.com/hooks/secret";
        assert_eq!(standing(url, None, &hash, |_| false), Standing::Outdated);
    }

    #[test]
    fn a_path_and_a_piece_of_one_are_not_shown() {
        let path = "0123456789abcdefABCDEF01".repeat(2);
        for (text, clean) in [
            (
                format!("url https://a.b/hooks/{path} is bad"),
                "url https://a.b/hooks/[redacted] is bad",
            ),
            (path.clone(), "[redacted]"),
            (
                "0190a5c0-0000-7000-8000-000000000001 fades".to_owned(),
                "0190a5c0-0000-7000-8000-000000000001 fades",
            ),
            (String::new(), ""),
        ] {
            assert_eq!(without_paths(&text), clean);
        }
    }

    fn webhooks() -> impl Strategy<Value = Vec<Listed>> {
        let topic = prop_oneof![
            4 => prop::sample::select(WebhookTopic::ALL).prop_map(|t| t.as_str().to_owned()),
            1 => "[a-z]{1,8}\\.[a-z]{1,8}",
        ];
        let standing = prop_oneof![
            Just(Standing::Ours),
            Just(Standing::Outdated),
            Just(Standing::Foreign)
        ];
        prop::collection::btree_map(1i64..500, (topic, standing), 0..60).prop_map(|webhooks| {
            webhooks
                .into_iter()
                .map(|(id, (topic, standing))| Listed {
                    id,
                    topic,
                    standing,
                })
                .collect()
        })
    }

    /// The provider after a plan, of which only some steps were taken.
    fn after(listed: &[Listed], plan: &Plan, made: usize, deleted: usize) -> Vec<Listed> {
        let gone: Vec<_> = plan.delete.iter().take(deleted).collect();
        let new = plan.create.iter().take(made).zip(1_000..);
        listed
            .iter()
            .filter(|webhook| !gone.contains(&&webhook.id))
            .cloned()
            .chain(new.map(|(topic, id)| Listed {
                id,
                topic: topic.as_str().to_owned(),
                standing: Standing::Ours,
            }))
            .collect()
    }

    proptest! {
        #[test]
        fn a_plan_leaves_one_of_each_and_whatever_is_not_ours(listed in webhooks()) {
            let wanted = WebhookTopic::REGISTERED;
            let first = plan(&listed, wanted);
            let left = after(&listed, &first, usize::MAX, usize::MAX);
            for webhook in listed.iter().filter(|w| w.standing == Standing::Foreign) {
                prop_assert!(left.contains(webhook));
            }
            let mut ours: Vec<_> = left
                .iter()
                .filter(|w| w.standing != Standing::Foreign)
                .map(|w| (w.standing, w.topic.as_str()))
                .collect();
            ours.sort_by_key(|(_, topic)| *topic);
            let mut expected: Vec<_> = wanted.iter().map(|t| (Standing::Ours, t.as_str())).collect();
            expected.sort_by_key(|(_, topic)| *topic);
            prop_assert_eq!(ours, expected);
            // And then nothing is left to do.
            let second = plan(&left, wanted);
            prop_assert!(second.create.is_empty() && second.delete.is_empty());
        }

        #[test]
        fn a_plan_that_was_cut_short_is_ended_by_the_next(
            listed in webhooks(), made in 0usize..20, deleted in 0usize..20
        ) {
            let wanted = WebhookTopic::REGISTERED;
            let cut = after(&listed, &plan(&listed, wanted), made, deleted);
            let rest = plan(&cut, wanted);
            let whole = plan(&listed, wanted);
            prop_assert_eq!(rest.create.len(), whole.create.len().saturating_sub(made));
            prop_assert_eq!(rest.delete.len(), whole.delete.len().saturating_sub(deleted));
        }

        #[test]
        fn no_piece_of_a_path_is_shown_that_is_worth_having(
            before in "\\PC{0,20}", piece in "[0-9a-f]{16}", rest in "[0-9a-f]{0,32}", after in "\\PC{0,20}"
        ) {
            let shown = without_paths(&format!("{before}{piece}{rest}{after}"));
            prop_assert!(!shown.contains(&piece));
        }

        #[test]
        fn a_url_without_our_secret_is_never_ours(url in "[a-z:/.]{0,40}(/hooks/)?[a-z/]{0,12}") {
            prop_assume!(!url.ends_with("/hooks/secret") && !url.ends_with("/hooks/old-secret"));
            prop_assert_eq!(of(&url), Standing::Foreign);
        }
    }
}
