//! JSON pointers (RFC 6901), and finding what they point to without reading the rest.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

const MAX_POINTER_BYTES: usize = 200;
const MAX_DEPTH: usize = 16;

/// A place in a JSON document. The empty pointer is the whole of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// `None`: it is not a pointer, or is longer or deeper than anything needs.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_rooted = text.is_empty() || text.starts_with('/');
        let is_escaped = text
            .split('~')
            .skip(1)
            .all(|rest| rest.starts_with(['0', '1']));
        let is_small = text.len() <= MAX_POINTER_BYTES && text.matches('/').count() <= MAX_DEPTH;
        (is_rooted && is_escaped && is_small).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it points to; null is nothing.
    pub(super) fn value<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        document.pointer(&self.0).filter(|value| !value.is_null())
    }

    /// What it points to in a text, as it is written there. `Ok(None)`: there is nothing.
    ///
    /// # Errors
    /// The text is not JSON, as far as it was looked at.
    pub(super) fn find<'t>(
        &self,
        text: &'t str,
    ) -> Result<Option<&'t RawValue>, serde_json::Error> {
        let mut found: &RawValue = serde_json::from_str(text)?;
        for token in self.0.split('/').skip(1) {
            let name = token.replace("~1", "/").replace("~0", "~");
            match member(found, &name)? {
                Some(inner) => found = inner,
                None => return Ok(None),
            }
        }
        Ok((found.get() != "null").then_some(found))
    }
}

fn member<'t>(
    container: &'t RawValue,
    name: &str,
) -> Result<Option<&'t RawValue>, serde_json::Error> {
    let text = container.get();
    if text.starts_with('{') {
        let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
        return Ok(members.remove(name));
    }
    let is_index = name == "0" || !name.starts_with(['0', '+']);
    if let (true, true, Ok(index)) = (text.starts_with('['), is_index, name.parse::<usize>()) {
        let items: Vec<&RawValue> = serde_json::from_str(text)?;
        return Ok(items.get(index).copied());
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_pointer_is_refused() {
        let long = format!("/{}", "a".repeat(MAX_POINTER_BYTES));
        let deep = "/a".repeat(MAX_DEPTH + 1);
        for text in ["a", "a/b", "#/a", "$.a", "/a~", "/a~2", "/~", &long, &deep] {
            assert_eq!(Pointer::parse(text), None, "{text}");
        }
        for text in ["", "/", "/a", "/a/0", "/a~0b~1c", "/å b"] {
            assert!(Pointer::parse(text).is_some(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_searched_as_its_document_is(pointer in "(/(a|b|0|1|~0|~1|-|01|)){0,3}") {
            let document = json!({
                "a": [{ "a": 1, "b": null }, [2]], "b": { "": { "~": 3, "/": 4, "0": 5 } }, "0": "x", "": 6, "-": [],
            });
            let pointer = Pointer::parse(&pointer).unwrap();
            let text = document.to_string();
            let found = pointer.find(&text).unwrap().map(|raw| serde_json::from_str::<Value>(raw.get()).unwrap());
            prop_assert_eq!(found.as_ref(), pointer.value(&document));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}", pointer in "(/[a0~1]{0,2}){0,3}") {
            if let Some(pointer) = Pointer::parse(&pointer) {
                let _ = pointer.find(&text);
            }
        }
    }
}
