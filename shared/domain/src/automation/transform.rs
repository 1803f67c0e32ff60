//! Changes to the payload that later actions of a rule see.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::condition::Condition;
use super::pointer::{self, Pointer};
use crate::fields::{Fields, Object};

/// The most steps of a transform.
pub const MAX_STEPS: usize = 20;
/// The most pointers of a pick.
pub const MAX_PICKED: usize = 50;

const MAX_NAME_BYTES: usize = 128;

/// One change. What it is about and is not there is left alone: a step never fails.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Only what the pointers name stays, in its place. Of arrays on the way there only the named
    /// elements stay, in their order. With nothing of it there, an empty object is left.
    Pick(Vec<Pointer>),
    /// A member gets another name, in the same object. One that has that name already is replaced.
    Rename { pointer: Pointer, to: String },
    /// Of an array only those elements stay for which the condition holds; its pointers begin at the
    /// element.
    Filter {
        pointer: Pointer,
        conditions: Condition,
    },
    /// The value is set where nothing or null is. Objects on the way there are made.
    Default { pointer: Pointer, value: Value },
}

impl Step {
    pub(super) fn apply(&self, payload: &mut Value) {
        match self {
            Self::Pick(pointers) => {
                let wanted: Vec<_> = pointers.iter().map(Pointer::tokens).collect();
                *payload = picked(payload, &wanted).unwrap_or_else(|| Map::new().into());
            }
            Self::Rename { pointer, to } => rename(payload, pointer, to),
            Self::Filter {
                pointer,
                conditions,
            } => {
                if let Some(Value::Array(elements)) = pointer.find_mut(payload) {
                    elements.retain(|element| conditions.holds(element));
                }
            }
            Self::Default { pointer, value } => pointer.set_default(payload, value),
        }
    }

    pub(super) fn read(fields: &mut Fields, pointer: &str, value: &Value) -> Option<Self> {
        let object = fields.any_object(pointer, value)?;
        match fields.choice(&object, "type", &KINDS, None)? {
            Kind::Pick => {
                fields.known(&object, &["type", "pointers"]);
                Self::read_pick(fields, &object)
            }
            Kind::Rename => {
                fields.known(&object, &["type", "pointer", "to"]);
                Self::read_rename(fields, &object)
            }
            Kind::Filter => {
                fields.known(&object, &["type", "pointer", "conditions"]);
                let pointer = fields.pointer(&object, "pointer");
                let conditions = fields
                    .required(&object, "conditions", "say which elements stay")
                    .and_then(|value| Condition::read(fields, &object.at("conditions"), value));
                Some(Self::Filter {
                    pointer: pointer?,
                    conditions: conditions?,
                })
            }
            Kind::Default => {
                fields.known(&object, &["type", "pointer", "value"]);
                let pointer = fields.pointer(&object, "pointer");
                let value = fields
                    .required(&object, "value", "give the value that is set")
                    .and_then(|value| fields.value(&object.at("value"), value));
                Some(Self::Default {
                    pointer: pointer?,
                    value: value?,
                })
            }
        }
    }

    fn read_pick(fields: &mut Fields, object: &Object<'_>) -> Option<Self> {
        let remedy = "list the pointers of what stays";
        let list = fields.required(object, "pointers", remedy)?;
        let list = fields.list(&object.at("pointers"), list, MAX_PICKED)?;
        let pointers: Vec<_> = list
            .map(|(pointer, value)| fields.one_pointer(&pointer, value))
            .collect();
        pointers.into_iter().collect::<Option<_>>().map(Self::Pick)
    }

    fn read_rename(fields: &mut Fields, object: &Object<'_>) -> Option<Self> {
        let pointer = fields.pointer(object, "pointer");
        let to = fields
            .required(object, "to", "give the new name")
            .and_then(|value| fields.text(&object.at("to"), value, MAX_NAME_BYTES));
        let pointer = pointer?;
        if pointer.tokens().is_empty() {
            fields.push(
                object.at("pointer"),
                "the whole payload has no name",
                "point at a member of it",
            );
            return None;
        }
        Some(Self::Rename {
            pointer,
            to: to?.to_owned(),
        })
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Pick(pointers) => {
                let pointers: Vec<_> = pointers.iter().map(Pointer::to_string).collect();
                json!({ "type": "pick", "pointers": pointers })
            }
            Self::Rename { pointer, to } => {
                json!({ "type": "rename", "pointer": pointer.to_string(), "to": to })
            }
            Self::Filter {
                pointer,
                conditions,
            } => json!({
                "type": "filter",
                "pointer": pointer.to_string(),
                "conditions": conditions.to_json(),
            }),
            Self::Default { pointer, value } => {
                json!({ "type": "default", "pointer": pointer.to_string(), "value": value })
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Pick,
    Rename,
    Filter,
    Default,
}

const KINDS: [(&str, Kind); 4] = [
    ("pick", Kind::Pick),
    ("rename", Kind::Rename),
    ("filter", Kind::Filter),
    ("default", Kind::Default),
];

/// What of the value the pointers name. `None` when nothing is there.
fn picked(value: &Value, wanted: &[&[String]]) -> Option<Value> {
    let mut below: BTreeMap<&String, Vec<&[String]>> = BTreeMap::new();
    for tokens in wanted {
        match tokens.split_first() {
            // It is wanted as it is.
            None => return Some(value.clone()),
            Some((token, rest)) => below.entry(token).or_default().push(rest),
        }
    }
    let found = below.into_iter().filter_map(|(token, wanted)| {
        picked(pointer::child(value, token)?, &wanted).map(|child| (token, child))
    });
    if value.is_array() {
        let by_index: BTreeMap<_, _> = found
            .filter_map(|(token, child)| Some((pointer::index(token)?, child)))
            .collect();
        (!by_index.is_empty()).then(|| by_index.into_values().collect())
    } else {
        let members: Map<String, Value> =
            found.map(|(token, child)| (token.clone(), child)).collect();
        (!members.is_empty()).then_some(Value::Object(members))
    }
}

fn rename(payload: &mut Value, pointer: &Pointer, to: &str) {
    let Some((name, parents)) = pointer.tokens().split_last() else {
        return;
    };
    let parent = Pointer::of(parents.to_vec());
    if let Ok(parent) = parent
        && let Some(Value::Object(members)) = parent.find_mut(payload)
        && let Some(value) = members.remove(name)
    {
        members.insert(to.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &Value) -> Result<Step, Vec<String>> {
        let mut fields = Fields::default();
        let step = Step::read(&mut fields, "/s", document);
        fields.finish(step).map_err(|error| match error {
            crate::Error::InvalidFields(errors) => errors
                .as_slice()
                .iter()
                .map(|error| error.pointer.clone())
                .collect(),
            other => panic!("{other}"),
        })
    }

    #[test]
    fn what_is_wrong_is_named() {
        let condition = json!({"pointer": "", "op": "exists"});
        for (document, pointers) in [
            (json!("pick"), vec!["/s"]),
            (json!({}), vec!["/s/type"]),
            (json!({"type": null}), vec!["/s/type"]),
            (json!({"type": "run"}), vec!["/s/type"]),
            (json!({"type": "pick"}), vec!["/s/pointers"]),
            (json!({"type": "pick", "pointers": []}), vec!["/s/pointers"]),
            (
                json!({"type": "pick", "pointers": vec!["/a"; 51]}),
                vec!["/s/pointers"],
            ),
            (
                json!({"type": "pick", "pointers": ["/a", "b", 1]}),
                vec!["/s/pointers/1", "/s/pointers/2"],
            ),
            (
                json!({"type": "pick", "pointers": ["/a"], "to": "b"}),
                vec!["/s/to"],
            ),
            (json!({"type": "rename"}), vec!["/s/pointer", "/s/to"]),
            (
                json!({"type": "rename", "pointer": "", "to": "a"}),
                vec!["/s/pointer"],
            ),
            (
                json!({"type": "rename", "pointer": "/a", "to": ""}),
                vec!["/s/to"],
            ),
            (
                json!({"type": "rename", "pointer": "/a", "to": "b\n"}),
                vec!["/s/to"],
            ),
            (
                json!({"type": "rename", "pointer": "/a", "to": "b".repeat(129)}),
                vec!["/s/to"],
            ),
            (
                json!({"type": "filter"}),
                vec!["/s/pointer", "/s/conditions"],
            ),
            (
                json!({"type": "filter", "pointer": "/a", "conditions": {"all": []}}),
                vec!["/s/conditions/all"],
            ),
            (
                json!({"type": "filter", "pointer": "a", "conditions": condition}),
                vec!["/s/pointer"],
            ),
            (
                json!({"type": "default", "pointer": "/a"}),
                vec!["/s/value"],
            ),
            (
                json!({"type": "default", "pointer": "/a", "value": null}),
                vec!["/s/value"],
            ),
        ] {
            assert_eq!(read(&document).unwrap_err(), pointers, "{document}");
        }
    }

    #[test]
    fn every_step() {
        let pick = |pointers: &[&str]| json!({"type": "pick", "pointers": pointers});
        let rename =
            |pointer: &str, to: &str| json!({"type": "rename", "pointer": pointer, "to": to});
        let filter = |pointer: &str| {
            json!({
                "type": "filter", "pointer": pointer,
                "conditions": {"pointer": "/n", "op": "greater", "value": 1},
            })
        };
        let default = |pointer: &str, value: Value| json!({"type": "default", "pointer": pointer, "value": value});
        let order = json!({"id": 1, "user": {"name": "a", "mail": "b"}, "items": [{"n": 1}, {"n": 2}, {"n": 3}]});
        for (step, before, after) in [
            (pick(&["/id"]), order.clone(), json!({"id": 1})),
            (
                pick(&["/user/name", "/id"]),
                order.clone(),
                json!({"id": 1, "user": {"name": "a"}}),
            ),
            (
                pick(&["/user", "/user/name"]),
                order.clone(),
                json!({"user": {"name": "a", "mail": "b"}}),
            ),
            (
                pick(&["/items/2", "/items/0/n"]),
                order.clone(),
                json!({"items": [{"n": 1}, {"n": 3}]}),
            ),
            (
                pick(&["/items/00", "/items/-", "/nothing/at/all"]),
                order.clone(),
                json!({}),
            ),
            (pick(&[""]), order.clone(), order.clone()),
            (pick(&["/0"]), json!([5, 6]), json!([5])),
            (
                pick(&["/10", "/9"]),
                json!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
                json!([9, 10]),
            ),
            (pick(&["/a"]), json!("a"), json!({})),
            (pick(&["/a"]), json!({"a": null}), json!({"a": null})),
            (
                rename("/id", "number"),
                json!({"id": 1}),
                json!({"number": 1}),
            ),
            (rename("/id", "id"), json!({"id": 1}), json!({"id": 1})),
            (
                rename("/id", "name"),
                json!({"id": 1, "name": 2}),
                json!({"name": 1}),
            ),
            (rename("/user/name", "a/b"), order.clone(), {
                let mut after = order.clone();
                after["user"] = json!({"a/b": "a", "mail": "b"});
                after
            }),
            (rename("/nothing", "x"), json!({"id": 1}), json!({"id": 1})),
            (rename("/id/x", "y"), json!({"id": 1}), json!({"id": 1})),
            (rename("/0", "y"), json!([1]), json!([1])),
            (
                filter("/items"),
                json!({"items": [{"n": 1}, {"n": 2}, 7]}),
                json!({"items": [{"n": 2}]}),
            ),
            (
                filter("/items"),
                json!({"items": {"n": 2}}),
                json!({"items": {"n": 2}}),
            ),
            (filter("/items"), json!({}), json!({})),
            (filter(""), json!([{"n": 0}, {"n": 9}]), json!([{"n": 9}])),
            (
                default("/a/b", json!([1])),
                json!({}),
                json!({"a": {"b": [1]}}),
            ),
            (default("/a", json!(1)), json!({"a": 0}), json!({"a": 0})),
        ] {
            let parsed = read(&step).unwrap();
            assert_eq!(parsed.to_json(), step);
            let mut payload = before.clone();
            parsed.apply(&mut payload);
            assert_eq!(payload, after, "{step} {before}");
        }
    }
}
