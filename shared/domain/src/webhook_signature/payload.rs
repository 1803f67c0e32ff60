//! What a body tells, read after its signature was found right.
//!
//! A body that cannot be read is no error: the signature was right, and what the delivery means is
//! for somebody else to say.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::MAX_ID_BYTES;
use crate::redact;

/// The texts of `N` members of an object; those that are absent, or neither text nor a whole
/// number, are `None`.
pub type Texts<const N: usize> = [Option<String>; N];

/// The members of a JSON object at these paths: `type`, or `event.type` for a member of a member.
/// Of a member that comes twice the last one counts, as with most readers. `None` for a body that
/// is no JSON object.
pub fn members<const N: usize>(json: &[u8], paths: [&str; N]) -> Option<Texts<N>> {
    whole(
        json,
        Object {
            paths,
            parent: None,
        },
    )?
}

/// The same for each element of a JSON array; those that are no object have no members.
pub fn rows<const N: usize>(json: &[u8], names: [&str; N]) -> Option<Vec<Texts<N>>> {
    whole(json, Rows { names })?
}

/// The same for each element of the array in the member `name` of a JSON object.
pub fn rows_of<const N: usize>(json: &[u8], name: &str, names: [&str; N]) -> Option<Vec<Texts<N>>> {
    whole(json, RowsOf { name, names })?
}

/// The first value of a form field.
pub fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form)
        .find(|(given, _)| given == name)
        .map(|(_, value)| value.into_owned())
}

/// An id or a name from a body, if it can be stored and logged as it is: not empty, at most
/// [`MAX_ID_BYTES`], on one line, and nothing invisible in it.
pub fn label(text: Option<String>) -> Option<String> {
    text.filter(|text| {
        (1..=MAX_ID_BYTES).contains(&text.len())
            && redact::excerpt(text, MAX_ID_BYTES, &[]) == *text
    })
}

/// One name for a delivery that tells of several things: theirs when it is the same, else `batch`.
pub fn common_label(mut names: impl Iterator<Item = Option<String>>) -> Option<String> {
    let first = names.next()?;
    if names.all(|name| name == first) {
        label(first)
    } else {
        Some("batch".to_owned())
    }
}

fn whole<'de, S: DeserializeSeed<'de>>(json: &'de [u8], seed: S) -> Option<S::Value> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = seed.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(value)
}

/// Reads a value of any kind: `$what` when it is what the visitor asks for, else `None`.
macro_rules! anything_else_is_none {
    ($($kind:ident: $type:ty),+) => {
        $(
            fn $kind<E>(self, _: $type) -> Result<Self::Value, E> {
                Ok(None)
            }
        )+

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
}

macro_rules! an_array_is_none {
    () => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
            while array.next_element::<IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    };
}

macro_rules! an_object_is_none {
    () => {
        fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
            while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    };
}

/// An object's members at some paths. In a member of it, `parent` is that member's name.
struct Object<'p, const N: usize> {
    paths: [&'p str; N],
    parent: Option<&'p str>,
}

impl<'p, const N: usize> Object<'p, N> {
    /// The path that leads to a member of this object.
    fn slot(&self, name: &str) -> Option<usize> {
        self.paths.iter().position(|path| match self.parent {
            None => *path == name && !path.contains('.'),
            Some(parent) => path.split_once('.') == Some((parent, name)),
        })
    }

    /// The name of a member that some of the paths lead through, as they have it.
    fn through(&self, name: &str) -> Option<&'p str> {
        let mut parents = self.paths.iter().filter_map(|path| path.split_once('.'));
        parents
            .find(|(parent, _)| self.parent.is_none() && *parent == name)
            .map(|(parent, _)| parent)
    }
}

impl<'de, const N: usize> DeserializeSeed<'de> for Object<'_, N> {
    type Value = Option<Texts<N>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Object<'_, N> {
    type Value = Option<Texts<N>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut texts = [const { None }; N];
        while let Some(name) = object.next_key::<String>()? {
            if let Some(slot) = self.slot(&name).and_then(|slot| texts.get_mut(slot)) {
                *slot = object.next_value::<Scalar>()?.0;
            } else if let Some(parent) = self.through(&name) {
                let inner = object.next_value_seed(Object {
                    paths: self.paths,
                    parent: Some(parent),
                })?;
                for (slot, text) in texts.iter_mut().zip(inner.into_iter().flatten()) {
                    if text.is_some() {
                        *slot = text;
                    }
                }
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Some(texts))
    }

    anything_else_is_none!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
    an_array_is_none!();
}

struct Rows<'p, const N: usize> {
    names: [&'p str; N],
}

impl<'de, const N: usize> DeserializeSeed<'de> for Rows<'_, N> {
    type Value = Option<Vec<Texts<N>>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Rows<'_, N> {
    type Value = Option<Vec<Texts<N>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = array.next_element_seed(Object {
            paths: self.names,
            parent: None,
        })? {
            rows.push(row.unwrap_or([const { None }; N]));
        }
        Ok(Some(rows))
    }

    anything_else_is_none!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
    an_object_is_none!();
}

struct RowsOf<'p, const N: usize> {
    name: &'p str,
    names: [&'p str; N],
}

impl<'de, const N: usize> DeserializeSeed<'de> for RowsOf<'_, N> {
    type Value = Option<Vec<Texts<N>>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for RowsOf<'_, N> {
    type Value = Option<Vec<Texts<N>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut rows = None;
        while let Some(name) = object.next_key::<String>()? {
            if name == self.name {
                rows = object.next_value_seed(Rows { names: self.names })?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(rows)
    }

    anything_else_is_none!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
    an_array_is_none!();
}

/// A text, or a whole number by its digits.
struct Scalar(Option<String>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(ScalarVisitor).map(Self)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    anything_else_is_none!(visit_bool: bool, visit_f64: f64);
    an_array_is_none!();
    an_object_is_none!();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts<const N: usize>(texts: [&str; N]) -> Texts<N> {
        texts.map(|text| (!text.is_empty()).then(|| text.to_owned()))
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for json in [
            "",
            "{",
            "x",
            "null",
            "true",
            "1",
            "\"id\"",
            "[\"id\"]",
            "{\"id\":1} x",
            "{\"id\":\"\\ud800\"}",
            "{\"id\":1,}",
        ] {
            assert_eq!(members(json.as_bytes(), ["id"]), None, "{json}");
        }
        assert_eq!(members(b"\xff", ["id"]), None);
        assert_eq!(members(b"{\"id\":\"\xff\"}", ["id"]), None);
    }

    #[test]
    fn members_are_found_by_their_path() {
        let paths = ["type", "event.type", "id"];
        let table = [
            ("{}", ["", "", ""]),
            (
                r#"{"type":"a","event":{"type":"b","id":"x"}}"#,
                ["a", "b", ""],
            ),
            (r#"{"event":{"event":{"type":"b"}},"id":7}"#, ["", "", "7"]),
            (r#"{"event.type":"b","id":-7}"#, ["", "", "-7"]),
            (
                r#"{"event":"b","type":{"type":"a"},"id":[1]}"#,
                ["", "", ""],
            ),
            (
                r#"{"event":[{"type":"b"}],"type":null,"id":1.5}"#,
                ["", "", ""],
            ),
            (r#"{"id":"a","id":"b","type":true}"#, ["", "", "b"]),
            (r#"{"\u0069d":"\u00e9"}"#, ["", "", "é"]),
        ];
        for (json, expected) in table {
            assert_eq!(
                members(json.as_bytes(), paths),
                Some(texts(expected)),
                "{json}"
            );
        }
    }

    #[test]
    fn rows_keep_their_places() {
        assert_eq!(
            rows(br#"[{"t":"a"},1,{"t":[]},[],{"t":"b"}]"#, ["t"]),
            Some(["a", "", "", "", "b"].map(|t| texts([t])).to_vec())
        );
        assert_eq!(rows(b"[]", ["t"]), Some(Vec::new()));
        assert_eq!(rows(br#"{"t":"a"}"#, ["t"]), None);
        assert_eq!(
            rows_of(br#"{"x":1,"value":[{"t":"a"},null]}"#, "value", ["t"]),
            Some(["a", ""].map(|t| texts([t])).to_vec())
        );
        for json in ["[]", r#"{"value":{"t":"a"}}"#, "{}", r#"{"value":null}"#] {
            assert_eq!(rows_of(json.as_bytes(), "value", ["t"]), None, "{json}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |opening: &str, closing: &str| {
            format!("{}{}", opening.repeat(200_000), closing.repeat(200_000))
        };
        for json in [deep("[", "]"), deep("{\"event\":", "}")] {
            // Read or not, the stack holds.
            let _ = members(json.as_bytes(), ["event.type"]);
            let _ = rows(json.as_bytes(), ["t"]);
            let _ = rows_of(json.as_bytes(), "event", ["t"]);
        }
    }

    #[test]
    fn a_label_can_be_logged_as_it_is() {
        for text in ["", "a\nb", " a", "a\u{202e}b", "a\0", &"x".repeat(256)] {
            assert_eq!(label(Some(text.to_owned())), None, "{text:?}");
        }
        for text in ["shift.published", "Zoë 1", &"x".repeat(255)] {
            assert_eq!(label(Some(text.to_owned())), Some(text.to_owned()));
        }
        let common = |names: &[&str]| {
            common_label(
                names
                    .iter()
                    .map(|name| (!name.is_empty()).then(|| (*name).to_owned())),
            )
        };
        assert_eq!(common(&[]), None);
        assert_eq!(common(&[""]), None);
        assert_eq!(common(&["a", "a"]), Some("a".to_owned()));
        assert_eq!(common(&["a", "b"]), Some("batch".to_owned()));
        assert_eq!(common(&["a", ""]), Some("batch".to_owned()));
    }

    #[test]
    fn a_form_field_is_decoded() {
        let form = b"a=1&command=%2Fshift&command=2&b+c=d+e";
        assert_eq!(field(form, "command"), Some("/shift".to_owned()));
        assert_eq!(field(form, "b c"), Some("d e".to_owned()));
        assert_eq!(field(form, "d"), None);
    }

    proptest! {
        #[test]
        fn what_serde_json_reads_is_read_alike(
            id in prop::option::of("\\PC{0,20}"), kind in "\\PC{0,20}", number: i64, noise in "\\PC{0,20}"
        ) {
            let value = serde_json::json!({
                "noise": {"id": noise, "type": [noise]}, "id": id, "event": {"x": noise, "type": kind}, "n": number
            });
            let json = serde_json::to_vec(&value).unwrap();
            prop_assert_eq!(
                members(&json, ["id", "event.type", "n"]),
                Some([id, Some(kind), Some(number.to_string())])
            );
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}\",:a-z0-9 ]{0,80}") {
            for json in [&bytes[..], text.as_bytes()] {
                let _ = (members(json, ["a", "b.c"]), rows(json, ["a"]), rows_of(json, "a", ["b"]), field(json, "a"));
            }
        }
    }
}
