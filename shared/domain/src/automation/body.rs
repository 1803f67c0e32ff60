//! The JSON body of a request, with values in it.

use serde_json::{Map, Value};

use super::bounded_json;
use super::fields::MAX_VALUE_DEPTH;
use super::template::{Rendered, Scope, Template};
use crate::field_error::child_pointer;
use crate::fields::Fields;

/// JSON in which every text is a template; names of members are not.
///
/// A text that is one placeholder and nothing else becomes the value with its own type, null when it
/// is missing: `"{{ id }}"` sends a number where the payload has a number. With anything beside it,
/// even a blank, it is a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// Null, a boolean or a number.
    Literal(Value),
    Text(Template),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// What of a body is still allowed, and what was missing.
struct Budget {
    bytes: usize,
    has_gap: bool,
}

impl Body {
    pub(super) fn read(fields: &mut Fields, pointer: &str, value: &Value) -> Option<Self> {
        fields.value(pointer, value)?;
        Self::read_level(fields, pointer, value, MAX_VALUE_DEPTH)
    }

    fn read_level(
        fields: &mut Fields,
        pointer: &str,
        value: &Value,
        levels: usize,
    ) -> Option<Self> {
        let below = levels.checked_sub(1);
        match (value, below) {
            (Value::String(_), _) => fields.one_template(pointer, value).map(Self::Text),
            (Value::Array(elements), Some(below)) => {
                let elements: Vec<_> = elements
                    .iter()
                    .enumerate()
                    .map(|(index, element)| {
                        Self::read_level(fields, &format!("{pointer}/{index}"), element, below)
                    })
                    .collect();
                elements.into_iter().collect::<Option<_>>().map(Self::List)
            }
            (Value::Object(members), Some(below)) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, member)| {
                        let pointer = child_pointer(pointer, name);
                        let body = Self::read_level(fields, &pointer, member, below)?;
                        Some((name.clone(), body))
                    })
                    .collect();
                members.into_iter().collect::<Option<_>>().map(Self::Object)
            }
            // Too deep: that has been told.
            (Value::Array(_) | Value::Object(_), None) => None,
            (scalar, _) => Some(Self::Literal(scalar.clone())),
        }
    }

    /// The body, and whether a value was missing, null or empty. `None` when what is inserted, with
    /// the texts around it, has more than `max_bytes`: half a body is none.
    pub(super) fn render(&self, scope: &Scope<'_>, max_bytes: usize) -> Option<(Value, bool)> {
        let mut budget = Budget {
            bytes: max_bytes,
            has_gap: false,
        };
        let body = self.render_level(scope, &mut budget)?;
        Some((body, budget.has_gap))
    }

    fn render_level(&self, scope: &Scope<'_>, budget: &mut Budget) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Text(template) => budget.text(template, scope),
            Self::List(elements) => elements
                .iter()
                .map(|element| element.render_level(scope, budget))
                .collect(),
            Self::Object(members) => members
                .iter()
                .map(|(name, member)| Some((name.clone(), member.render_level(scope, budget)?)))
                .collect::<Option<Map<_, _>>>()
                .map(Value::Object),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Text(template) => template.source().into(),
            Self::List(elements) => elements.iter().map(Self::to_json).collect(),
            Self::Object(members) => members
                .iter()
                .map(|(name, member)| (name.clone(), member.to_json()))
                .collect::<Map<_, _>>()
                .into(),
        }
    }
}

impl Budget {
    fn text(&mut self, template: &Template, scope: &Scope<'_>) -> Option<Value> {
        if let Some(placeholder) = template.as_placeholder() {
            let value = placeholder.value(scope);
            self.spend(bounded_json::length_within(&value, self.bytes)?)?;
            self.has_gap |= value.is_null() || value.as_str() == Some("");
            return Some(value.into_owned());
        }
        let Rendered {
            text,
            is_cut,
            has_gap,
        } = template.render(scope, |text| text.into(), self.bytes);
        self.spend(text.len())?;
        self.has_gap |= has_gap;
        (!is_cut).then(|| text.into())
    }

    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.bytes = self.bytes.checked_sub(bytes)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::automation::event::Event;

    fn render(document: &Value, payload: &Value, max_bytes: usize) -> Option<(Value, bool)> {
        let mut fields = Fields::default();
        let body = Body::read(&mut fields, "/b", document);
        let body = fields.finish(body).unwrap();
        assert_eq!(body.to_json(), *document);
        let event = Event {
            name: "a.b",
            id: "e1",
            occurred_at: 0,
            depth: 0,
            payload,
        };
        let scope = Scope {
            event: &event,
            payload,
        };
        body.render(&scope, max_bytes)
    }

    #[test]
    fn a_lone_placeholder_keeps_the_type_of_its_value() {
        let payload = json!({"id": 5, "tags": ["a"], "none": null, "text": "t", "no": ""});
        for (document, body, has_gap) in [
            (json!(null), json!(null), false),
            (
                json!([1, true, null, {}]),
                json!([1, true, null, {}]),
                false,
            ),
            (json!("{{ id }}"), json!(5), false),
            (json!("{{ id }} "), json!("5 "), false),
            (json!("n{{ id }}"), json!("n5"), false),
            (
                json!({"{{ id }}": "{{ tags }}"}),
                json!({"{{ id }}": ["a"]}),
                false,
            ),
            (json!(["{{ none }}"]), json!([null]), true),
            (json!(["{{ gone }}"]), json!([null]), true),
            (json!(["{{ no }}"]), json!([""]), true),
            (json!([r#"{{ gone | "5" }}"#]), json!(["5"]), false),
            (json!(["{{ gone }}."]), json!(["."]), true),
            (json!("{{ event.id }}"), json!("e1"), false),
            (
                json!("{{ event.occurred_at }}"),
                json!("1970-01-01T00:00:00Z"),
                false,
            ),
            (json!(r#"{{ "" }}"#), payload.clone(), false),
            (json!("\"{{ text }}\""), json!("\"t\""), false),
        ] {
            assert_eq!(
                render(&document, &payload, 1_000),
                Some((body, has_gap)),
                "{document}"
            );
        }
    }

    #[test]
    fn half_a_body_is_none() {
        let payload = json!({"a": "xyz", "b": ["xyz"]});
        for (document, bytes) in [
            (json!("{{ a }}"), 5),
            (json!("{{ a }}."), 4),
            (json!("{{ b }}"), 7),
            (json!(["{{ b }}", {"c": "{{ a }}."}]), 11),
            (json!(7), 0),
        ] {
            assert!(render(&document, &payload, bytes).is_some(), "{document}");
            if bytes > 0 {
                assert_eq!(render(&document, &payload, bytes - 1), None, "{document}");
            }
        }
    }

    #[test]
    fn bad_templates_are_named_and_depth_is_bounded() {
        let errors = |document: &Value| {
            let mut fields = Fields::default();
            let body = Body::read(&mut fields, "/b", document);
            match fields.finish(body) {
                Err(crate::Error::InvalidFields(errors)) => errors.as_slice().to_vec(),
                other => panic!("{other:?}"),
            }
        };
        let found = errors(&json!({"a/b": ["ok", "x {{"], "c": "{{ 1 + 1 }}"}));
        let found: Vec<_> = found
            .iter()
            .map(|e| (e.pointer.as_str(), e.detail.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("/b/a~1b/1", "at character 3: {{ is not closed"),
                ("/b/c", "at character 6: something stands behind the value"),
            ]
        );
        let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(errors(&deep(17))[0].pointer, "/b");
        let mut fields = Fields::default();
        assert!(Body::read(&mut fields, "/b", &deep(16)).is_some());
    }
}
