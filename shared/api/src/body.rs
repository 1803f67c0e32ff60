//! JSON bodies, parsed into types; the field that is wrong is named.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use domain::inbound_limit::MAX_PER_MINUTE;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::problem::{FieldError, Problem, ProblemKind};

/// The largest body of a management route, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// The largest delivery of a provider, in bytes.
pub const MAX_DELIVERY_BYTES: usize = 1_024 * 1_024;

/// # Errors
/// A problem that names the field by a JSON pointer and says what is wrong with it.
pub fn parse<T: DeserializeOwned>(content_type: Option<&str>, body: &[u8]) -> Result<T, Problem> {
    let is_json = content_type.is_none_or(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/json")
            || media_type.to_ascii_lowercase().ends_with("+json")
    });
    if !is_json {
        return Err(Problem::new(
            ProblemKind::UnsupportedMediaType,
            "Send the body as JSON with `Content-Type: application/json`.",
        ));
    }
    if body.is_empty() {
        return Err(Problem::field("", "is empty: send a JSON object"));
    }
    // Serde would take the members of a struct in the order of their declaration.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::field("", "is an array: send a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        named(&pointer, error.inner())
    })?;
    json.end().map_err(|error| named("", &error))?;
    Ok(parsed)
}

/// A JSON document as it is, for those who read it member by member. Unlike
/// [`serde_json::Value`] it refuses an object that names a member twice, of which one would win
/// unseen.
#[derive(Debug)]
pub struct Document(pub Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor).map(Self)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Document(element)) = elements.next_element()? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            let Document(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// A document whose members were read once already, as a type; the field that is wrong is named, as by [`parse`].
///
/// # Errors
/// Those of [`parse`].
pub fn of_document<T: DeserializeOwned>(Document(value): Document) -> Result<T, Problem> {
    if value.is_array() {
        return Err(Problem::field("", "is an array: send a JSON object"));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer(error.path());
        named(&pointer, error.inner())
    })
}

/// Serde says "missing field `name`" of the object that lacks it: the pointer should name the field.
fn named(pointer: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    // "… at line 1 column 2" helps a person with a file, not a caller with a request.
    let text = text.split(" at line ").next().unwrap_or(&text);
    let text = &in_words_of_json(text);
    let text = domain::redact::excerpt(text, 300, &[]);
    // The path of an unknown field has its name already: it is found out while the name is read.
    for start in ["missing field `", "duplicate field `"] {
        if let Some(name) = text
            .strip_prefix(start)
            .and_then(|rest| rest.split('`').next())
        {
            return Problem::field(format!("{pointer}/{}", segment(name)), text);
        }
    }
    Problem::field(pointer, text)
}

/// The name of a type of ours says nothing to who sends JSON.
fn in_words_of_json(text: &str) -> String {
    let Some((found, expected)) = text.split_once(", expected ") else {
        return text.to_owned();
    };
    let expected = match expected {
        _ if expected.starts_with("struct ") => "an object",
        "a sequence" => "a list",
        "a map" => "an object",
        "a borrowed string" => "a string",
        "u8" | "u16" | "u32" | "u64" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        other => other,
    };
    format!("{found}, expected {expected}")
}

/// A name within a pointer (RFC 6901), at a length that can be shown.
#[must_use]
pub fn segment(name: &str) -> String {
    domain::redact::excerpt(&name.replace('~', "~0").replace('/', "~1"), 64, &[])
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for step in path {
        if matches!(step, Segment::Unknown) {
            continue;
        }
        pointer.push('/');
        match step {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&segment(key)),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => {}
        }
    }
    pointer
}

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;

/// A name for people, or an id of the product's, without what is around it; what is wrong with it is
/// added to `errors`, at `field`.
pub fn checked_name<'a>(field: &str, text: &'a str, errors: &mut Vec<FieldError>) -> &'a str {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        errors.push(FieldError::new(
            field,
            format!("must have 1 to {MAX_NAME} characters, none of them control characters"),
        ));
    }
    text
}

/// What a person says in so many characters at the most, without what is around it; what is wrong with it is added to
/// `errors`, at `field`. It may have lines and tabs.
pub fn checked_text<'a>(
    field: &str,
    text: &'a str,
    most: usize,
    errors: &mut Vec<FieldError>,
) -> &'a str {
    let trimmed = text.trim();
    let length = trimmed.chars().count();
    let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    let mut refuse = |detail: String| errors.push(FieldError::new(field, detail));
    if length == 0 || length > most {
        refuse(format!(
            "must have 1 to {most} characters, not counting blanks around them: it has {length}"
        ));
    } else if text.len().saturating_sub(trimmed.len()) > most {
        refuse(format!(
            "has too many blanks around it: leave out those before and behind the {length} characters"
        ));
    } else if !trimmed.split("\r\n").all(|line| line.chars().all(is_plain)) {
        refuse("holds a control character: take it out; line breaks and tabs may stay".to_owned());
    }
    trimmed
}

/// The longest address that mail has.
const MAX_EMAIL: usize = 320;

/// An address of mail without what is around it; what is wrong with it is added to `errors`, at `field`.
pub fn checked_email<'a>(field: &str, text: &'a str, errors: &mut Vec<FieldError>) -> &'a str {
    let text = text.trim();
    let is_one = text.rsplit_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !host.is_empty() && text.chars().count() <= MAX_EMAIL
    });
    if !is_one || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        errors.push(FieldError::new(
            field,
            format!("must be an address like ada@example.com, of at most {MAX_EMAIL} characters"),
        ));
    }
    text
}

/// A quota of a minute; what is wrong with it is added to `errors`, at `field`.
pub fn checked_per_minute(field: &str, number: i64, errors: &mut Vec<FieldError>) -> u32 {
    match u32::try_from(number) {
        Ok(number @ 1..=MAX_PER_MINUTE) => number,
        _ => {
            errors.push(FieldError::new(
                field,
                format!("must be a number from 1 to {MAX_PER_MINUTE}"),
            ));
            0
        }
    }
}

/// A member that may be there and null, which is not the same as being left out.
///
/// # Errors
/// Those of the member.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A member that may be left out and is never null.
///
/// # Errors
/// Those of the member.
pub fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// What is read from an object only. By itself a type takes an array as well, as its members in the
/// order of their declaration.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }

        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

/// A list of [`Object`]s.
///
/// # Errors
/// Those of the list.
pub fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(list.into_iter().map(|Object(entry)| entry).collect())
}

/// An id that is written as text, or as the number that it is.
struct Id(String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id, as text or as a number")
    }

    fn visit_u64<E>(self, value: u64) -> Result<Id, E> {
        Ok(Id(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Id, E> {
        Ok(Id(value.to_owned()))
    }
}

/// An id of a provider whose ids are numbers, for `deserialize_with`: as text, or as the number.
///
/// # Errors
/// Anything else.
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Id::deserialize(deserializer).map(|Id(id)| id)
}

/// The same where it may be left out or null.
///
/// # Errors
/// Anything else.
pub fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let id = Option::<Id>::deserialize(deserializer)?;
    Ok(id.map(|Id(id)| id))
}

/// A text, or the JSON object that is meant by it: what a provider gives as a file is often pasted as it is.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, value: &str) -> Result<Text, E> {
        Ok(Text(value.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Text, A::Error> {
        let object = DocumentVisitor.visit_map(members)?;
        Ok(Text(object.to_string()))
    }
}

/// Texts by name, for `deserialize_with`; one may be given as the JSON object that it holds.
///
/// # Errors
/// A value that is neither.
pub fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let texts = BTreeMap::<String, Text>::deserialize(deserializer)?;
    Ok(texts
        .into_iter()
        .map(|(name, Text(text))| (name, text))
        .collect())
}

/// The same where null is refused and left out is not.
///
/// # Errors
/// Those of [`texts`].
pub fn given_texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    texts(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Outer {
        name: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only parsed")]
    struct Inner {
        count: u8,
    }

    fn field(body: &str) -> String {
        parse::<Outer>(Some("application/json"), body.as_bytes())
            .unwrap_err()
            .errors
            .remove(0)
            .field
    }

    #[test]
    fn the_bad_field_is_named() {
        assert_eq!(field("{}"), "/name");
        assert_eq!(field(r#"{"name":1}"#), "/name");
        assert_eq!(field(r#"{"name":"a","nmae":1}"#), "/nmae");
        assert_eq!(
            field(r#"{"name":"a","inner":{"count":-1}}"#),
            "/inner/count"
        );
        assert_eq!(field(r#"{"name":"a","inner":{}}"#), "/inner/count");
        assert_eq!(field(r#"{"name":"a","name":"b"}"#), "/name");
        assert_eq!(field(""), "");
        assert_eq!(field("{"), "");
        assert_eq!(field(r#"{"name":"a"} trailing"#), "");
    }

    #[test]
    fn an_array_is_no_object_with_its_names_left_out() {
        for body in [r#"["a",null]"#, "  [\"a\"]", "[]"] {
            let problem = parse::<Outer>(None, body.as_bytes()).unwrap_err();
            assert!(problem.errors[0].detail.contains("JSON object"), "{body}");
        }
    }

    #[test]
    fn nor_is_one_within() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only parsed")]
        struct List {
            #[serde(deserialize_with = "objects")]
            entries: Vec<Inner>,
        }
        let list = |body: &str| parse::<List>(None, body.as_bytes());
        assert!(list(r#"{"entries":[{"count":1},{"count":2}]}"#).is_ok());
        for (body, pointer) in [
            (r#"{"entries":[{"count":1},[2]]}"#, "/entries/1"),
            (r#"{"entries":[{"count":"x"}]}"#, "/entries/0/count"),
            (r#"{"entries":[{}]}"#, "/entries/0/count"),
            (r#"{"entries":{}}"#, "/entries"),
        ] {
            let problem = list(body).unwrap_err();
            assert_eq!(problem.errors[0].field, pointer, "{body}");
        }
    }

    #[test]
    fn ids_are_numbers_too_and_texts_are_objects_too() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Given {
            #[serde(deserialize_with = "id")]
            id: String,
            #[serde(default, deserialize_with = "optional_id")]
            other: Option<String>,
            #[serde(default, deserialize_with = "texts")]
            texts: BTreeMap<String, String>,
        }
        let read = |body: &str| parse::<Given>(None, body.as_bytes());
        let given = read(r#"{"id":501,"other":"7","texts":{"a":"x","b":{"c":[1]}}}"#).unwrap();
        assert_eq!(
            (given.id.as_str(), given.other.as_deref()),
            ("501", Some("7"))
        );
        assert_eq!(given.texts["b"], r#"{"c":[1]}"#);
        assert_eq!(read(r#"{"id":"1","other":null}"#).unwrap().other, None);
        for (body, pointer) in [
            (r#"{"id":-1}"#, "/id"),
            (r#"{"id":1.5}"#, "/id"),
            (r#"{"id":null}"#, "/id"),
            (r#"{"id":1,"other":[]}"#, "/other"),
            (r#"{"id":1,"texts":{"a":7}}"#, "/texts/a"),
            (r#"{"id":1,"texts":{"a":{"b":1,"b":2}}}"#, "/texts/a/b"),
        ] {
            assert_eq!(read(body).unwrap_err().errors[0].field, pointer, "{body}");
        }
    }

    #[test]
    fn a_document_becomes_a_type_and_the_bad_field_is_named() {
        let of = |value: Value| {
            of_document::<Outer>(Document(value))
                .unwrap_err()
                .errors
                .remove(0)
        };
        assert_eq!(of(serde_json::json!({})).field, "/name");
        assert_eq!(of(serde_json::json!({"name": 5})).field, "/name");
        assert_eq!(
            of(serde_json::json!({"name": "a", "inner": {"count": "x"}})).field,
            "/inner/count"
        );
        assert_eq!(of(serde_json::json!([])).field, "");
    }

    #[test]
    fn a_shape_that_is_wrong_is_told_without_the_names_of_our_types() {
        let problem = parse::<Outer>(None, br#"{"name":"a","inner":"b"}"#).unwrap_err();
        assert_eq!(
            problem.detail,
            "/inner: invalid type: string \"b\", expected an object"
        );
        let problem = parse::<Outer>(None, b"7").unwrap_err();
        assert_eq!(
            problem.detail,
            "body: invalid type: integer `7`, expected an object"
        );
    }

    #[test]
    fn a_document_is_read_as_it_is_unless_a_member_is_doubled() {
        let text = r#"{"a":[null,true,-1,1.5,18446744073709551615,"x"],"b":{"a":{}}}"#;
        let Document(read) = parse(None, text.as_bytes()).unwrap();
        assert_eq!(read, serde_json::from_str::<Value>(text).unwrap());
        for (text, field) in [
            (r#"{"a":1,"a":2}"#, "/a"),
            (r#"{"b":{"a":1,"c":2,"a":1}}"#, "/b/a"),
            (r#"{"b":[{"a":1},{"a":1,"a":1}]}"#, "/b/1/a"),
            (r#"{"a":{"a":1,"a":2}}"#, "/a/a"),
            (r#"{"x/y~":1,"x/y~":2}"#, "/x~1y~0"),
        ] {
            let problem = parse::<Document>(None, text.as_bytes()).unwrap_err();
            assert_eq!(problem.errors[0].field, field, "{text}");
            assert!(problem.detail.contains("duplicate"), "{}", problem.detail);
        }
    }

    #[test]
    fn what_is_said_is_kept_as_it_was_counted() {
        let check = |text: &str| {
            let mut errors = Vec::new();
            let kept = checked_text("/note", text, 10, &mut errors).to_owned();
            assert!(errors.iter().all(|error| error.field == "/note"));
            errors.pop().map_or(Ok(kept), |error| Err(error.detail))
        };
        assert_eq!(check("  bus\n").as_deref(), Ok("bus"));
        assert_eq!(check("ten chars.").as_deref(), Ok("ten chars."));
        assert_eq!(check("é".repeat(10).as_str()), Ok("é".repeat(10)));
        assert_eq!(check("a\r\nb\n\tc").as_deref(), Ok("a\r\nb\n\tc"));
        for (text, said) in [
            ("", "it has 0"),
            (" \n ", "it has 0"),
            ("twelve chars", "it has 12"),
            (&format!("{}x", " ".repeat(200_000)), "blanks"),
            ("a\u{0}b", "control character"),
            ("a\u{1b}[31mb", "control character"),
            ("a\rb", "control character"),
            ("a\u{85}b", "control character"),
        ] {
            let refused = check(text).unwrap_err();
            assert!(refused.contains(said), "{text:.20?}: {refused}");
        }
    }

    #[test]
    fn an_address_has_a_name_a_host_and_no_blanks() {
        let longest = format!("{}@x", "a".repeat(318));
        let too_long = format!("a{longest}");
        for (text, expected) in [
            ("a@x", Some("a@x")),
            (" \tAda.L+1@Example.COM\n", Some("Ada.L+1@Example.COM")),
            ("\"a@b\"@x", Some("\"a@b\"@x")),
            ("é@x", Some("é@x")),
            (&longest, Some(&longest)),
            (&too_long, None),
            ("", None),
            ("  ", None),
            ("x", None),
            ("@x", None),
            ("a@", None),
            ("a b@x", None),
            ("a@x\u{0}y", None),
        ] {
            let mut errors = Vec::new();
            let read = checked_email("/email", text, &mut errors);
            assert_eq!(errors.is_empty().then_some(read), expected, "{text:?}");
            assert!(errors.iter().all(|error| error.field == "/email"));
        }
    }

    #[test]
    fn only_json() {
        assert!(
            parse::<Outer>(Some("application/json; charset=utf-8"), br#"{"name":"a"}"#).is_ok()
        );
        assert!(parse::<Outer>(None, br#"{"name":"a"}"#).is_ok());
        assert_eq!(
            parse::<Outer>(Some("text/plain"), b"{}").unwrap_err().kind,
            ProblemKind::UnsupportedMediaType
        );
    }

    #[test]
    fn invalid_utf8_and_depth_are_errors_not_panics() {
        assert!(parse::<Value>(None, b"\"\xff\"").is_err());
        let deep = r#"{"a":"#.repeat(20_000);
        assert!(parse::<Value>(None, deep.as_bytes()).is_err());
        assert!(parse::<Document>(None, deep.as_bytes()).is_err());
    }
}
