//! Which location of a provider is which store of the product, told by their names.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

/// A name without what people write in different ways: case, accents, and how words are spaced.
///
/// Letters are decomposed (NFKD) and lose their accents (U+0300 to U+036F), so that *Café* is *cafe*.
/// The marks of other scripts make other letters and stay: パリ is not バリ. Case is folded letter by
/// letter by way of upper case, so that *Straße* is *strasse*.
#[must_use]
pub fn folded(name: &str) -> String {
    let plain: String = name
        .nfkd()
        .filter(|character| !is_accent(*character))
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        // Some capitals decompose only now.
        .nfkd()
        .filter(|character| !is_accent(*character))
        .nfc()
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

const fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

/// A store of the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreName<'a> {
    pub id: &'a str,
    /// As [`folded`].
    pub folded_name: &'a str,
}

/// A location as a provider has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationName<'a> {
    pub connector_id: &'a str,
    pub external_id: &'a str,
    pub name: &'a str,
    pub mapping: Mapping<'a>,
}

/// What has been decided about a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping<'a> {
    None,
    Store(&'a str),
    /// A person has taken it off its store.
    TakenOff,
}

/// A location that its name gives to a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    pub connector_id: String,
    pub external_id: String,
    pub store_id: String,
}

/// The locations that belong to a store by their names: those about which nothing has been decided,
/// where one store, and one location of the account, has the name, and no other location of the
/// account is that store already. Whatever could be two ways is left to a person; what has been
/// decided stays, also when the location gets the name of another store.
#[must_use]
pub fn matches(stores: &[StoreName<'_>], locations: &[LocationName<'_>]) -> Vec<Match> {
    let mut by_name: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for store in stores {
        by_name
            .entry(store.folded_name)
            .and_modify(|only| *only = None)
            .or_insert(Some(store.id));
    }
    let names: Vec<_> = locations
        .iter()
        .map(|location| folded(location.name))
        .collect();
    let mut bearers: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for (location, name) in locations.iter().zip(&names) {
        *bearers.entry((location.connector_id, name)).or_default() += 1;
    }
    let taken: BTreeSet<_> = locations
        .iter()
        .filter_map(|location| match location.mapping {
            Mapping::Store(store_id) => Some((location.connector_id, store_id)),
            Mapping::None | Mapping::TakenOff => None,
        })
        .collect();
    locations
        .iter()
        .zip(&names)
        .filter(|(location, name)| {
            location.mapping == Mapping::None
                && !name.is_empty()
                && bearers.get(&(location.connector_id, name.as_str())) == Some(&1)
        })
        .filter_map(|(location, name)| {
            let store_id = by_name.get(name.as_str()).copied().flatten()?;
            (!taken.contains(&(location.connector_id, store_id))).then(|| Match {
                connector_id: location.connector_id.to_owned(),
                external_id: location.external_id.to_owned(),
                store_id: store_id.to_owned(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn store<'a>(id: &'a str, folded_name: &'a str) -> StoreName<'a> {
        StoreName { id, folded_name }
    }

    fn location<'a>(external_id: &'a str, name: &'a str, mapping: Mapping<'a>) -> LocationName<'a> {
        LocationName {
            connector_id: "c",
            external_id,
            name,
            mapping,
        }
    }

    fn found(matches: &[Match]) -> Vec<(&str, &str)> {
        matches
            .iter()
            .map(|found| (found.external_id.as_str(), found.store_id.as_str()))
            .collect()
    }

    #[test]
    fn case_accents_and_spacing_make_no_difference() {
        for (one, other) in [
            ("Café  Montréal", "CAFE MONTREAL"),
            (" Downtown\t", "downtown"),
            ("Straße 7", "STRASSE 7"),
            ("ﬁrst\u{a0}street", "First Street"),
            ("İstanbul", "istanbul"),
            ("Ὀδυσσεύς", "ΟΔΥΣΣΕΥΣ"),
            ("cafe\u{301}", "café"),
        ] {
            assert_eq!(folded(one), folded(other), "{one:?} {other:?}");
        }
        assert_ne!(folded("Queen St W"), folded("Queen St E"));
        assert_ne!(folded("Downtown"), folded("Down town"));
        assert_ne!(folded("パリ"), folded("バリ"));
        assert_ne!(folded("ปี"), folded("ปู"));
        assert_eq!(folded("ﾊﾟﾘ"), folded("パリ"));
    }

    #[test]
    fn one_name_on_each_side_is_a_match() {
        let stores = [store("s1", "queen st"), store("s2", "harbour")];
        let locations = [
            location("1", "QUEEN  St", Mapping::None),
            location("2", "Harbour", Mapping::None),
            location("3", "Elsewhere", Mapping::None),
        ];
        let matches = matches(&stores, &locations);
        assert_eq!(found(&matches), [("1", "s1"), ("2", "s2")]);
    }

    #[test]
    fn what_could_be_two_ways_is_left_to_a_person() {
        let twins = [store("s1", "queen st"), store("s2", "queen st")];
        let one = [location("1", "Queen St", Mapping::None)];
        assert!(matches(&twins, &one).is_empty());
        let stores = [store("s1", "queen st")];
        let two = [
            location("1", "Queen St", Mapping::None),
            location("2", "queen st", Mapping::None),
        ];
        assert!(matches(&stores, &two).is_empty());
        // The one that is mapped already is one of the two.
        let mapped = [
            location("1", "Queen Street", Mapping::Store("s1")),
            location("2", "queen st", Mapping::None),
        ];
        assert!(matches(&stores, &mapped).is_empty());
        // Another account has its own name for the same store.
        let elsewhere = LocationName {
            connector_id: "d",
            ..location("2", "queen st", Mapping::None)
        };
        let both = [location("1", "Q", Mapping::Store("s1")), elsewhere];
        assert_eq!(found(&matches(&stores, &both)), [("2", "s1")]);
    }

    #[test]
    fn what_has_been_decided_stays() {
        let stores = [store("s1", "queen st"), store("s2", "harbour")];
        let locations = [
            // Renamed since.
            location("1", "Harbour", Mapping::Store("s1")),
            location("2", "Queen St", Mapping::TakenOff),
        ];
        assert!(matches(&stores, &locations).is_empty());
    }

    proptest! {
        #[test]
        fn folding_is_done_once_and_for_all(name in "\\PC{0,20}") {
            let once = folded(&name);
            prop_assert_eq!(folded(&once), once.clone());
            prop_assert!(!once.contains("  ") && once.trim() == once);
        }

        #[test]
        fn case_and_spaces_change_nothing(words in prop::collection::vec("[a-zà-öø-ÿßα-ωа-я0-9&'.-]{1,8}", 1..4)) {
            let name = words.join(" ");
            prop_assert_eq!(folded(&name.to_uppercase()), folded(&name));
            prop_assert_eq!(folded(&format!(" {} ", words.join(" \t "))), folded(&name));
        }

        #[test]
        fn no_location_and_no_store_of_an_account_is_matched_twice(
            stores in prop::collection::vec(0_u8..6, 0..8),
            locations in prop::collection::vec((0_u8..2, 0_u8..6, 0_u8..4), 0..10),
        ) {
            let store_ids: Vec<_> = (0..stores.len()).map(|index| format!("s{index}")).collect();
            let names: Vec<_> = (0..6).map(|name| format!("name {name}")).collect();
            let stores: Vec<_> = stores.iter().zip(&store_ids)
                .map(|(name, id)| store(id, &names[usize::from(*name)]))
                .collect();
            let ids: Vec<_> = (0..locations.len()).map(|index| index.to_string()).collect();
            let locations: Vec<_> = locations.iter().zip(&ids).map(|((connector, name, mapping), id)| LocationName {
                connector_id: ["c", "d"][usize::from(*connector)],
                external_id: id,
                name: &names[usize::from(*name)],
                mapping: match mapping {
                    0 => Mapping::TakenOff,
                    1 if !store_ids.is_empty() => Mapping::Store(&store_ids[0]),
                    _ => Mapping::None,
                },
            }).collect();
            let matches = matches(&stores, &locations);
            for found in &matches {
                let location = locations.iter().find(|location| location.external_id == found.external_id).unwrap();
                let store = stores.iter().find(|store| store.id == found.store_id).unwrap();
                prop_assert_eq!(location.mapping, Mapping::None);
                prop_assert_eq!(folded(location.name), store.folded_name);
            }
            let mut keys: Vec<_> = matches.iter().map(|found| (&found.connector_id, &found.store_id)).collect();
            keys.sort();
            keys.dedup();
            prop_assert_eq!(keys.len(), matches.len());
        }
    }
}
