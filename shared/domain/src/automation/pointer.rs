//! JSON pointers (RFC 6901), read once.

use std::fmt;

use serde_json::{Map, Value};

/// The longest pointer, in bytes.
pub const MAX_POINTER_BYTES: usize = 512;
/// The most steps of a pointer.
pub const MAX_POINTER_TOKENS: usize = 32;

/// Where something is in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer {
    tokens: Vec<String>,
}

/// Why a text is no pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    #[error("a pointer begins with /")]
    NoSlash,
    #[error("~ stands for nothing without 0 or 1 behind it")]
    BadEscape,
    #[error("the pointer has more than {MAX_POINTER_BYTES} bytes")]
    TooLong,
    #[error("the pointer has more than {MAX_POINTER_TOKENS} steps")]
    TooDeep,
}

impl PointerError {
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::NoSlash => "write it as in /user/name; the empty text is the whole payload",
            Self::BadEscape => "write ~0 for ~ and ~1 for / in a name",
            Self::TooLong | Self::TooDeep => "point at something nearer to the top",
        }
    }
}

impl Pointer {
    /// # Errors
    /// [`PointerError`].
    pub(super) fn parse(text: &str) -> Result<Self, PointerError> {
        if text.len() > MAX_POINTER_BYTES {
            return Err(PointerError::TooLong);
        }
        if text.is_empty() {
            return Ok(Self { tokens: Vec::new() });
        }
        let Some(tokens) = text.strip_prefix('/') else {
            return Err(PointerError::NoSlash);
        };
        Self::of(tokens.split('/').map(unescape).collect::<Result<_, _>>()?)
    }

    /// From names as they are.
    ///
    /// # Errors
    /// [`PointerError::TooLong`], [`PointerError::TooDeep`].
    pub(super) fn of(tokens: Vec<String>) -> Result<Self, PointerError> {
        if tokens.len() > MAX_POINTER_TOKENS {
            return Err(PointerError::TooDeep);
        }
        if tokens.iter().map(String::len).sum::<usize>() > MAX_POINTER_BYTES {
            return Err(PointerError::TooLong);
        }
        Ok(Self { tokens })
    }

    pub(super) fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// `None` when it is missing.
    pub(super) fn find<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        self.tokens
            .iter()
            .try_fold(document, |parent, token| child(parent, token))
    }

    pub(super) fn find_mut<'v>(&self, document: &'v mut Value) -> Option<&'v mut Value> {
        self.tokens
            .iter()
            .try_fold(document, |parent, token| match parent {
                Value::Object(members) => members.get_mut(token),
                Value::Array(elements) => elements.get_mut(index(token)?),
                _ => None,
            })
    }

    /// Puts the value where nothing or null is. Objects on the way that are missing or null are made;
    /// where something else is in the way, or an element of an array is missing, nothing changes.
    pub(super) fn set_default(&self, document: &mut Value, value: &Value) {
        if let Some(place) = self.place(document)
            && place.is_null()
        {
            *place = value.clone();
        }
    }

    /// What is at the pointer, made as null where it is missing. What is made stays only where all of
    /// it can be: the way is looked at before anything is made.
    fn place<'v>(&self, document: &'v mut Value) -> Option<&'v mut Value> {
        if !self.can_be_made(document) {
            return None;
        }
        self.tokens
            .iter()
            .try_fold(document, |parent, token| match parent {
                Value::Array(elements) => elements.get_mut(index(token)?),
                Value::Object(members) => Some(members.entry(token).or_insert(Value::Null)),
                Value::Null => {
                    *parent = Value::Object(Map::from_iter([(token.clone(), Value::Null)]));
                    parent.get_mut(token)
                }
                _ => None,
            })
    }

    fn can_be_made(&self, document: &Value) -> bool {
        let mut parent = document;
        for token in &self.tokens {
            match parent {
                // From here on everything is missing, and objects can be made.
                Value::Null => return true,
                Value::Object(members) => match members.get(token) {
                    None => return true,
                    Some(member) => parent = member,
                },
                Value::Array(_) => match child(parent, token) {
                    None => return false,
                    Some(element) => parent = element,
                },
                _ => return false,
            }
        }
        true
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in &self.tokens {
            write!(f, "/{}", token.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

pub(super) fn child<'v>(parent: &'v Value, token: &str) -> Option<&'v Value> {
    match parent {
        Value::Object(members) => members.get(token),
        Value::Array(elements) => elements.get(index(token)?),
        _ => None,
    }
}

/// Digits without a leading zero (RFC 6901 section 4). `-`, the place behind the last element, is
/// nothing that is there.
pub(super) fn index(token: &str) -> Option<usize> {
    let is_number = token.bytes().all(|byte| byte.is_ascii_digit());
    let has_leading_zero = token.len() > 1 && token.starts_with('0');
    if is_number && !has_leading_zero {
        token.parse().ok()
    } else {
        None
    }
}

fn unescape(token: &str) -> Result<String, PointerError> {
    let mut pieces = token.split('~');
    let mut name = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (character, rest) = match piece.split_at_checked(1) {
            Some(("0", rest)) => ('~', rest),
            Some(("1", rest)) => ('/', rest),
            _ => return Err(PointerError::BadEscape),
        };
        name.push(character);
        name.push_str(rest);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_pointer_is_refused() {
        for (text, error) in [
            ("a", PointerError::NoSlash),
            ("#/a", PointerError::NoSlash),
            (" /a", PointerError::NoSlash),
            ("/~", PointerError::BadEscape),
            ("/~2", PointerError::BadEscape),
            ("/a~b", PointerError::BadEscape),
            ("/~é", PointerError::BadEscape),
            (&"/a".repeat(33), PointerError::TooDeep),
            (&format!("/{}", "a".repeat(512)), PointerError::TooLong),
        ] {
            assert_eq!(Pointer::parse(text), Err(error), "{text}");
            assert!(!error.remedy().is_empty());
        }
        assert!(Pointer::parse(&"/a".repeat(32)).is_ok());
        assert!(Pointer::parse(&format!("/{}", "a".repeat(511))).is_ok());
    }

    /// RFC 6901 section 5.
    #[test]
    fn the_examples_of_the_rfc() {
        let document = json!({
            "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5,
            "k\"l": 6, " ": 7, "m~n": 8,
        });
        for (text, value) in [
            ("", Some(document.clone())),
            ("/foo", Some(json!(["bar", "baz"]))),
            ("/foo/0", Some(json!("bar"))),
            ("/", Some(json!(0))),
            ("/a~1b", Some(json!(1))),
            ("/c%d", Some(json!(2))),
            ("/e^f", Some(json!(3))),
            ("/g|h", Some(json!(4))),
            ("/i\\j", Some(json!(5))),
            ("/k\"l", Some(json!(6))),
            ("/ ", Some(json!(7))),
            ("/m~0n", Some(json!(8))),
            ("/foo/2", None),
            ("/foo/-", None),
            ("/foo/00", None),
            ("/foo/01", None),
            ("/foo/+1", None),
            ("/foo/99999999999999999999999", None),
            ("/foo/", None),
            ("/foo/0/x", None),
            ("/nothing", None),
        ] {
            let pointer = Pointer::parse(text).unwrap();
            assert_eq!(pointer.find(&document), value.as_ref(), "{text}");
            let mut copy = document.clone();
            assert_eq!(pointer.find_mut(&mut copy).cloned(), value, "{text}");
            assert_eq!(pointer.to_string(), text);
        }
    }

    #[test]
    fn an_escaped_tilde_is_read_once() {
        assert_eq!(Pointer::parse("/~01").unwrap().tokens(), ["~1"]);
    }

    #[test]
    fn a_default_fills_what_is_missing_or_null_and_nothing_else() {
        for (pointer, before, after) in [
            ("/a", json!({}), json!({"a": 5})),
            ("/a", json!({"a": null}), json!({"a": 5})),
            ("/a", json!({"a": false}), json!({"a": false})),
            ("/a", json!({"a": ""}), json!({"a": ""})),
            ("/a/b", json!({}), json!({"a": {"b": 5}})),
            ("/a/b", json!({"a": null}), json!({"a": {"b": 5}})),
            ("/a/b/c", json!({"a": {}}), json!({"a": {"b": {"c": 5}}})),
            ("/a/b/c", json!({"a": {"b": 1}}), json!({"a": {"b": 1}})),
            ("/a/b", json!({"a": "x"}), json!({"a": "x"})),
            ("/a/0", json!({"a": []}), json!({"a": []})),
            ("/a/-", json!({"a": []}), json!({"a": []})),
            ("/a/0", json!({"a": [null]}), json!({"a": [5]})),
            (
                "/a/0/b",
                json!({"a": [{"c": 1}]}),
                json!({"a": [{"b": 5, "c": 1}]}),
            ),
            ("", json!(null), json!(5)),
            ("", json!({}), json!({})),
            ("/a", json!(null), json!({"a": 5})),
            ("/a", json!([]), json!([])),
        ] {
            let mut document = before.clone();
            Pointer::parse(pointer)
                .unwrap()
                .set_default(&mut document, &json!(5));
            assert_eq!(document, after, "{pointer} {before}");
        }
    }

    proptest! {
        #[test]
        fn a_pointer_survives_its_text(text in "(/[a-z~/01é]{0,5}){0,5}|.{0,20}") {
            if let Ok(pointer) = Pointer::parse(&text) {
                prop_assert_eq!(pointer.to_string(), text);
            }
        }

        #[test]
        fn any_names_make_a_pointer_that_finds_them(
            names in prop::collection::vec(".{0,6}", 0..6)
        ) {
            let document = names.iter().rev().fold(json!(1), |inner, name| json!({name: inner}));
            let pointer = Pointer::of(names).unwrap();
            prop_assert_eq!(Pointer::parse(&pointer.to_string()).unwrap(), pointer.clone());
            prop_assert_eq!(pointer.find(&document), Some(&json!(1)));
        }
    }
}
