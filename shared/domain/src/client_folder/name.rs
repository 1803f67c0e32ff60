//! Names: from contacts, cleaned so that Box takes them.

use std::collections::BTreeSet;
use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// What Box takes.
pub const MAX_BOX_NAME_CHARS: usize = 255;
/// What we use of it, so that a number fits behind the name and the path below stays short.
pub const MAX_NAME_CHARS: usize = 120;
/// The last number that is tried behind a name that is taken.
pub const MAX_NUMBER: u32 = 100;

const ELLIPSIS: &str = "...";
/// The name of a folder for which nothing is known that could be a name.
const NAMELESS: &str = "Client Folder";

/// A name that Box takes: 1 to 120 characters, none of them `\ / : * ? " < > |` or invisible, spaces
/// only within and one at a time, and neither `.` nor `..`.
///
/// Box refuses `/`, `\` and what cannot be printed; the others are replaced because clients of Box
/// cannot show them as files on every system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderName(String);

impl FolderName {
    /// `text` as a name; `None` if nothing of it is left.
    ///
    /// Characters that no name may hold become `_`, runs of white space one space, and what is too long
    /// is cut and ends with three dots. To clean a name again changes nothing.
    #[must_use]
    pub fn clean(text: &str) -> Option<Self> {
        let visible: String = text
            .chars()
            .filter(|character| !is_invisible(*character))
            .nfc()
            .map(|character| {
                if is_forbidden(character) {
                    '_'
                } else {
                    character
                }
            })
            .collect();
        let words = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = shortened(&words, MAX_NAME_CHARS);
        // A name of nothing but substitutes and dots says nothing, and `.` and `..` are not names.
        name.chars()
            .any(|character| !matches!(character, '_' | '.' | ' '))
            .then_some(Self(name))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, cut so that it has `max_chars` characters at the most.
    #[must_use]
    pub(super) fn within(&self, max_chars: usize) -> Self {
        Self(shortened(&self.0, max_chars))
    }

    /// The name with a number behind it: `Sam Lee (2)`.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let suffix = format!(" ({number})");
        let room = MAX_NAME_CHARS.saturating_sub(suffix.len());
        Self(format!("{}{suffix}", shortened(&self.0, room)))
    }
}

impl fmt::Display for FolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person of a deal, as the CRM has them. Empty is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contact<'a> {
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub email: &'a str,
}

/// The name of a client's folder.
///
/// `requested` wins if it is a name. Otherwise the first two contacts with first and last name give it:
/// `Sam & Kim Lee` with one surname (without regard to case), `Sam Lee & Kim Park` with two, `Sam Lee`
/// alone. Without such a contact it is what there is of each (a first name, a surname, a mail address),
/// and without any of that `Deal 9001`.
///
/// A contact that is there twice (two records of one person, by their names) counts once. The order of
/// the contacts decides who comes first: give the primary contact first and the others by id, so that
/// the same deal has the same name each time.
#[must_use]
pub fn client_name(requested: Option<&str>, contacts: &[Contact<'_>], deal_id: &str) -> FolderName {
    requested
        .and_then(FolderName::clean)
        .or_else(|| by_people(contacts))
        .or_else(|| by_what_there_is(contacts))
        .or_else(|| {
            let id = FolderName::clean(deal_id)?;
            FolderName::clean(&format!("Deal {id}"))
        })
        .unwrap_or_else(|| FolderName(NAMELESS.to_owned()))
}

fn by_people(contacts: &[Contact<'_>]) -> Option<FolderName> {
    let people = distinct(contacts.iter().filter_map(|contact| {
        let first = FolderName::clean(contact.first_name)?;
        let last = FolderName::clean(contact.last_name)?;
        Some((format!("{first} {last}"), (first, last)))
    }));
    let name = match people.as_slice() {
        [] => return None,
        [(first, last)] => format!("{first} {last}"),
        [(first, last), (partner, surname), ..]
            if is_same_name(last.as_str(), surname.as_str()) =>
        {
            format!("{first} & {partner} {last}")
        }
        [(first, last), (partner, surname), ..] => format!("{first} {last} & {partner} {surname}"),
    };
    FolderName::clean(&name)
}

fn by_what_there_is(contacts: &[Contact<'_>]) -> Option<FolderName> {
    let names = distinct(contacts.iter().filter_map(|contact| {
        let name = [contact.first_name, contact.last_name, contact.email]
            .into_iter()
            .find_map(FolderName::clean)?;
        Some((name.as_str().to_owned(), name))
    }));
    let names: Vec<_> = names.iter().map(FolderName::as_str).collect();
    FolderName::clean(&names.join(" & "))
}

/// The values whose names differ, in order.
fn distinct<T>(named: impl Iterator<Item = (String, T)>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    named
        .filter_map(|(name, value)| seen.insert(folded(&name)).then_some(value))
        .collect()
}

/// The first of `Name`, `Name (2)` to `Name (100)` that is not taken; `None` if all are.
#[must_use]
pub fn free_name<'a>(
    name: &FolderName,
    taken: impl IntoIterator<Item = &'a str>,
) -> Option<FolderName> {
    let taken: BTreeSet<String> = taken.into_iter().map(folded).collect();
    std::iter::once(name.clone())
        .chain((2..=MAX_NUMBER).map(|number| name.numbered(number)))
        .find(|name| !taken.contains(&folded(name.as_str())))
}

/// Whether Box takes two names for one: it does not look at case.
#[must_use]
pub fn is_same_name(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

/// A name without case. How Box folds what is not ASCII is not documented.
#[must_use]
pub fn folded(name: &str) -> String {
    name.nfc()
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .nfc()
        .collect()
}

/// At most `max_chars` characters, the last three of them dots if any were cut. Space never stands
/// before the dots.
fn shortened(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept: String = text
        .chars()
        .take(max_chars.saturating_sub(ELLIPSIS.len()))
        .collect();
    format!("{}{ELLIPSIS}", kept.trim_end())
}

const fn is_forbidden(character: char) -> bool {
    matches!(
        character,
        '\\' | '/' | ':' | '*' | '?' | '"' | '<' | '>' | '|'
    )
}

/// What prints nothing: control characters that are no space, direction marks that make a name read as
/// another one, and characters of no width that make two names look like one.
fn is_invisible(character: char) -> bool {
    (character.is_control() && !character.is_whitespace())
        || matches!(
            character,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn person<'a>(first_name: &'a str, last_name: &'a str) -> Contact<'a> {
        Contact {
            first_name,
            last_name,
            email: "",
        }
    }

    fn mail(email: &str) -> Contact<'_> {
        Contact {
            email,
            ..Contact::default()
        }
    }

    #[test]
    fn people_give_the_name() {
        let table: [(&[Contact<'_>], &str); 17] = [
            (&[person("Sam", "Lee")], "Sam Lee"),
            (
                &[person("Sam", "Lee"), person("Kim", "Lee")],
                "Sam & Kim Lee",
            ),
            (
                &[person("Sam", "Lee"), person("Kim", "LEE")],
                "Sam & Kim Lee",
            ),
            (
                &[person("Sam", "Élan"), person("Kim", "élan")],
                "Sam & Kim Élan",
            ),
            (
                &[person("Sam", "Lee"), person("Kim", "Park")],
                "Sam Lee & Kim Park",
            ),
            (&[person("Sam", "Lee"), person("Kim", "")], "Sam Lee"),
            (&[person("Sam", "Lee"), person(" ", "Lee")], "Sam Lee"),
            (&[person("", "Lee"), person("Kim", "Park")], "Kim Park"),
            (
                &[person("Sam", "Lee"), person("", ""), person("Kim", "Lee")],
                "Sam & Kim Lee",
            ),
            (
                &[
                    person("Sam", "Lee"),
                    person("Kim", "Lee"),
                    person("Jo", "Ng"),
                ],
                "Sam & Kim Lee",
            ),
            // Two records of one person.
            (&[person("Sam", "Lee"), person("sam ", "lee")], "Sam Lee"),
            (
                &[person("  Sam\tJ. ", "van  der Lee ")],
                "Sam J. van der Lee",
            ),
            (&[person("Sam", "Lee/Park")], "Sam Lee_Park"),
            (&[person("Sam", ""), person("", "Park")], "Sam & Park"),
            (
                &[mail("sam@example.test"), mail("SAM@example.test")],
                "sam@example.test",
            ),
            (&[person("..", "//")], "Deal 9001"),
            (&[], "Deal 9001"),
        ];
        for (contacts, name) in table {
            assert_eq!(client_name(None, contacts, "9001").as_str(), name);
        }
    }

    #[test]
    fn a_name_that_was_asked_for_wins_if_it_is_one() {
        let contacts = [person("Sam", "Lee")];
        for (requested, name) in [
            ("Lee Family", "Lee Family"),
            (" Lee: Family? ", "Lee_ Family_"),
            ("", "Sam Lee"),
            ("..", "Sam Lee"),
            ("\u{200b}", "Sam Lee"),
        ] {
            assert_eq!(client_name(Some(requested), &contacts, "1").as_str(), name);
        }
        assert_eq!(client_name(Some(" "), &[], "/").as_str(), "Client Folder");
    }

    #[test]
    fn names_are_cleaned() {
        for (text, name) in [
            (r#"a\b/c:d*e?f"g<h>i|j"#, "a_b_c_d_e_f_g_h_i_j"),
            ("a \r\n\t b\u{a0}\u{3000}c", "a b c"),
            ("a\u{0}\u{7}b", "ab"),
            ("Sam \u{202e}eeL", "Sam eeL"),
            ("e\u{301}", "é"),
            ("李 明", "李 明"),
            (".hidden.", ".hidden."),
            ("...a", "...a"),
        ] {
            assert_eq!(FolderName::clean(text).unwrap().as_str(), name, "{text:?}");
        }
        for text in ["", " ", ".", "..", ". .", "///", "\u{1}", "\u{feff}"] {
            assert_eq!(FolderName::clean(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let name = FolderName::clean(&"å".repeat(121)).unwrap();
        assert_eq!(name.as_str(), format!("{}...", "å".repeat(117)));
        let name = FolderName::clean(&format!("{} {}", "a".repeat(116), "b".repeat(9))).unwrap();
        assert_eq!(name.as_str(), format!("{}...", "a".repeat(116)));
        let exact = "a".repeat(120);
        assert_eq!(FolderName::clean(&exact).unwrap().as_str(), exact);
        let numbered = FolderName::clean(&exact).unwrap().numbered(100);
        assert_eq!(numbered.as_str(), format!("{}... (100)", "a".repeat(111)));
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let name = FolderName::clean("Sam Lee").unwrap();
        let free = |taken: &[&str]| free_name(&name, taken.iter().copied()).map(|name| name.0);
        assert_eq!(free(&[]).unwrap(), "Sam Lee");
        assert_eq!(free(&["Sam Leeds"]).unwrap(), "Sam Lee");
        assert_eq!(free(&["SAM LEE", "sam lee (3)"]).unwrap(), "Sam Lee (2)");
        let mut all: Vec<String> = (2..=MAX_NUMBER).map(|n| format!("sam lee ({n})")).collect();
        all.push("sam lee".to_owned());
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(free(&all), None);
    }

    /// Box's rules and ours, written apart from what makes names.
    fn assert_is_name(name: &str) {
        let chars = name.chars().count();
        assert!((1..=MAX_NAME_CHARS).contains(&chars), "{name:?}");
        assert!(
            name.encode_utf16().count() <= MAX_BOX_NAME_CHARS,
            "{name:?}"
        );
        assert!(!name.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|']));
        assert!(!name.chars().any(char::is_control), "{name:?}");
        assert_eq!(name, name.trim());
        assert!(!name.contains("  "));
        assert!(!matches!(name, "." | ".."));
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ ./\\\\_a-c:éÉ&]{0,12}",
            "\\PC{0,40}",
            any::<String>(),
            "[a .]{110,130}",
            "[\u{300}-\u{304}<>=ae \u{200d}\u{202e}\t\u{85}]{0,20}",
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_cleaned_is_a_name_and_stays_as_it_is(text in text()) {
            if let Some(name) = FolderName::clean(&text) {
                assert_is_name(name.as_str());
                prop_assert_eq!(FolderName::clean(name.as_str()), Some(name));
            }
        }

        #[test]
        fn any_deal_has_a_name(
            requested in prop::option::of(text()),
            people in prop::collection::vec((text(), text(), text()), 0..4),
            deal in text(),
        ) {
            let contacts: Vec<_> = people
                .iter()
                .map(|(first_name, last_name, email)| Contact { first_name, last_name, email })
                .collect();
            let name = client_name(requested.as_deref(), &contacts, &deal);
            assert_is_name(name.as_str());
            prop_assert_eq!(&name, &client_name(requested.as_deref(), &contacts, &deal));
        }

        #[test]
        fn a_numbered_name_is_a_name_of_its_own(text in text(), number in 2..=MAX_NUMBER) {
            if let Some(name) = FolderName::clean(&text) {
                let numbered = name.numbered(number);
                assert_is_name(numbered.as_str());
                prop_assert_eq!(FolderName::clean(numbered.as_str()), Some(numbered.clone()));
                prop_assert!(numbered != name.numbered(number - 1));
            }
        }

        #[test]
        fn a_free_name_is_free(text in "[ab]{1,2}", taken in prop::collection::vec("[abAB]{1,2}( \\([23]\\))?", 0..12)) {
            let name = FolderName::clean(&text).unwrap();
            let free = free_name(&name, taken.iter().map(String::as_str)).unwrap();
            prop_assert!(!taken.iter().any(|taken| taken.eq_ignore_ascii_case(free.as_str())));
        }

        #[test]
        fn case_does_not_part_names(text in text()) {
            let name = folded(&text);
            prop_assert_eq!(&folded(&name), &name);
            prop_assert!(is_same_name(&text.to_ascii_uppercase(), &text.to_ascii_lowercase()));
        }
    }
}
