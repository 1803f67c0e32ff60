//! Conditions on the payload of an event. What each op does is told in the [module](super).

use std::cmp::Ordering;

use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Number, Value, json};

use super::number;
use super::pointer::Pointer;
use crate::fields::{Fields, Object, shown};

/// How deep `all` and `any` may stand in each other.
pub const MAX_CONDITION_DEPTH: usize = 8;
/// The most comparisons of one tree.
pub const MAX_COMPARISONS: usize = 50;
/// The most values of an `in`.
pub const MAX_CONTAINED: usize = 100;

/// A tree of comparisons. `P` is how a value of the payload is named.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition<P = Pointer> {
    /// Never empty, as [`Self::Any`].
    All(Vec<Self>),
    Any(Vec<Self>),
    Comparison {
        pointer: P,
        test: Test,
    },
}

/// Finds what comparisons are about.
pub(super) trait Facts<P> {
    /// `None` when it is missing.
    fn value(&self, pointer: &P) -> Option<&Value>;

    /// The value as a time, where it is a text with an RFC 3339 time in it.
    fn time(&self, pointer: &P) -> Option<Time>;
}

pub(super) type Time = DateTime<FixedOffset>;

impl Facts<Pointer> for Value {
    fn value(&self, pointer: &Pointer) -> Option<&Value> {
        pointer.find(self)
    }

    fn time(&self, pointer: &Pointer) -> Option<Time> {
        time_of(self.value(pointer)?)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Equals(Value),
    NotEquals(Value),
    In(Vec<Value>),
    Exists(bool),
    Greater(Bound),
    Less(Bound),
    Contains(Value),
}

/// What can come before or after something.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bound {
    Number(Number),
    Text {
        text: String,
        /// Where the text is an RFC 3339 time.
        time: Option<Time>,
    },
}

impl<P> Condition<P> {
    pub(super) fn holds(&self, facts: &impl Facts<P>) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|one| one.holds(facts)),
            Self::Any(conditions) => conditions.iter().any(|one| one.holds(facts)),
            Self::Comparison { pointer, test } => match facts.value(pointer) {
                None => *test == Test::Exists(false),
                Some(value) => test.holds(value, || facts.time(pointer)),
            },
        }
    }

    /// The same tree, with other names for the values.
    pub(super) fn renamed<Q>(self, rename: &mut impl FnMut(P) -> Q) -> Condition<Q> {
        let mut all = |conditions: Vec<Self>| {
            conditions
                .into_iter()
                .map(|one| one.renamed(rename))
                .collect()
        };
        match self {
            Self::All(conditions) => Condition::All(all(conditions)),
            Self::Any(conditions) => Condition::Any(all(conditions)),
            Self::Comparison { pointer, test } => Condition::Comparison {
                pointer: rename(pointer),
                test,
            },
        }
    }
}

impl Condition {
    pub(super) fn read(fields: &mut Fields, pointer: &str, value: &Value) -> Option<Self> {
        let mut comparisons = 0;
        let condition = Self::read_node(fields, pointer, value, 1, &mut comparisons);
        if comparisons > MAX_COMPARISONS {
            fields.push(
                pointer,
                format!("it has {comparisons} comparisons"),
                format!("use at most {MAX_COMPARISONS}; `in` takes several values at once"),
            );
        }
        condition
    }

    fn read_node(
        fields: &mut Fields,
        pointer: &str,
        value: &Value,
        depth: usize,
        comparisons: &mut usize,
    ) -> Option<Self> {
        let object = fields.any_object(pointer, value)?;
        let (name, make): (_, fn(Vec<Self>) -> Self) = if object.member("all").is_some() {
            ("all", Self::All)
        } else if object.member("any").is_some() {
            ("any", Self::Any)
        } else {
            *comparisons += 1;
            return Self::read_comparison(fields, &object);
        };
        fields.known(&object, &[name]);
        let list = fields.required(&object, name, "give a list of conditions")?;
        if depth > MAX_CONDITION_DEPTH {
            fields.push(
                object.at(name),
                format!("all and any stand in each other more than {MAX_CONDITION_DEPTH} deep"),
                "make the tree flatter",
            );
            return None;
        }
        // How many there may be is decided for the whole tree.
        let list = fields.list(&object.at(name), list, usize::MAX)?;
        let mut conditions = Vec::new();
        let mut is_whole = true;
        for (pointer, one) in list {
            match Self::read_node(fields, &pointer, one, depth + 1, comparisons) {
                Some(condition) => conditions.push(condition),
                None => is_whole = false,
            }
        }
        is_whole.then(|| make(conditions))
    }

    fn read_comparison(fields: &mut Fields, object: &Object<'_>) -> Option<Self> {
        fields.known(object, &["pointer", "op", "value"]);
        let pointer = fields.pointer(object, "pointer");
        let test = Test::read(fields, object);
        Some(Self::Comparison {
            pointer: pointer?,
            test: test?,
        })
    }

    pub(super) fn to_json(&self) -> Value {
        let list = |conditions: &[Self]| conditions.iter().map(Self::to_json).collect::<Value>();
        match self {
            Self::All(conditions) => json!({ "all": list(conditions) }),
            Self::Any(conditions) => json!({ "any": list(conditions) }),
            Self::Comparison { pointer, test } => {
                let (op, value) = test.to_json();
                json!({ "pointer": pointer.to_string(), "op": op, "value": value })
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Op {
    Equals,
    NotEquals,
    In,
    Exists,
    Greater,
    Less,
    Contains,
}

const OPS: [(&str, Op); 7] = [
    ("equals", Op::Equals),
    ("not_equals", Op::NotEquals),
    ("in", Op::In),
    ("exists", Op::Exists),
    ("greater", Op::Greater),
    ("less", Op::Less),
    ("contains", Op::Contains),
];

impl Test {
    /// `time` is the value as a time, where it is one.
    fn holds(&self, value: &Value, time: impl Fn() -> Option<Time>) -> bool {
        match self {
            Self::Equals(other) => is_same(value, other),
            Self::NotEquals(other) => !is_same(value, other),
            Self::In(others) => others.iter().any(|other| is_same(value, other)),
            Self::Exists(is_there) => *is_there,
            Self::Greater(bound) => bound.order_of(value, time) == Some(Ordering::Greater),
            Self::Less(bound) => bound.order_of(value, time) == Some(Ordering::Less),
            Self::Contains(part) => match (value, part) {
                (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
                (Value::Array(elements), part) => elements.iter().any(|one| is_same(one, part)),
                _ => false,
            },
        }
    }

    fn read(fields: &mut Fields, object: &Object<'_>) -> Option<Self> {
        let op = fields.choice(object, "op", &OPS, None)?;
        let at = object.at("value");
        // Null is a value to compare with.
        let value = match (object.member("value"), op) {
            (None | Some(Value::Null), Op::Exists) => return Some(Self::Exists(true)),
            (Some(value), _) => fields.value(&at, value)?,
            (None, _) => {
                fields.push(at, "is missing", "give what the value is compared with");
                return None;
            }
        };
        match op {
            Op::Equals => Some(Self::Equals(value)),
            Op::NotEquals => Some(Self::NotEquals(value)),
            Op::Contains => Some(Self::Contains(value)),
            Op::In => fields
                .list(&at, &value, MAX_CONTAINED)
                .map(|list| Self::In(list.map(|(_, one)| one.clone()).collect())),
            Op::Exists => {
                let is_there = value.as_bool();
                if is_there.is_none() {
                    let detail = format!("{} is not a boolean", shown(&value));
                    fields.push(at, detail, "use true, or false for what must be missing");
                }
                is_there.map(Self::Exists)
            }
            Op::Greater => Bound::read(fields, &at, value).map(Self::Greater),
            Op::Less => Bound::read(fields, &at, value).map(Self::Less),
        }
    }

    fn to_json(&self) -> (&'static str, Value) {
        match self {
            Self::Equals(value) => ("equals", value.clone()),
            Self::NotEquals(value) => ("not_equals", value.clone()),
            Self::In(values) => ("in", values.clone().into()),
            Self::Exists(is_there) => ("exists", (*is_there).into()),
            Self::Greater(bound) => ("greater", bound.to_json()),
            Self::Less(bound) => ("less", bound.to_json()),
            Self::Contains(value) => ("contains", value.clone()),
        }
    }
}

impl Bound {
    /// How the value stands to this. `None` when they are not of one kind.
    fn order_of(
        &self,
        value: &Value,
        time_of_value: impl Fn() -> Option<Time>,
    ) -> Option<Ordering> {
        match (value, self) {
            (Value::Number(value), Self::Number(bound)) => Some(number::compare(value, bound)),
            (Value::String(value), Self::Text { text, time }) => {
                let times = time.and_then(|time| Some((time_of_value()?, time)));
                Some(times.map_or_else(|| value.cmp(text), |(value, time)| value.cmp(&time)))
            }
            _ => None,
        }
    }

    fn read(fields: &mut Fields, pointer: &str, value: Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(Self::Number(number)),
            Value::String(text) => Some(Self::Text {
                time: rfc3339(&text),
                text,
            }),
            other => {
                fields.push(
                    pointer,
                    format!("nothing comes before or after {}", shown(&other)),
                    "give a number, a text or an RFC 3339 time",
                );
                None
            }
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text { text, .. } => text.as_str().into(),
        }
    }
}

pub(super) fn time_of(value: &Value) -> Option<Time> {
    value.as_str().and_then(rfc3339)
}

fn rfc3339(text: &str) -> Option<Time> {
    DateTime::parse_from_rfc3339(text).ok()
}

/// `PartialEq` of JSON values takes 1 and 1.0 for different.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => number::compare(a, b) == Ordering::Equal,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => have_same_members(a, b),
        (a, b) => a == b,
    }
}

fn have_same_members(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    a.len() == b.len()
        && a.iter()
            .all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &Value) -> Result<Condition, Vec<String>> {
        let mut fields = Fields::default();
        let condition = Condition::read(&mut fields, "/c", document);
        fields.finish(condition).map_err(|error| match error {
            crate::Error::InvalidFields(errors) => errors
                .as_slice()
                .iter()
                .map(|error| error.pointer.clone())
                .collect(),
            other => panic!("{other}"),
        })
    }

    fn holds(op: &str, value: &Value, payload: &Value) -> bool {
        read(&json!({"pointer": "/a", "op": op, "value": value}))
            .unwrap()
            .holds(payload)
    }

    #[test]
    fn what_is_wrong_is_named() {
        let leaf = json!({"pointer": "/a", "op": "exists"});
        let deep =
            |levels: usize| (0..levels).fold(leaf.clone(), |inner, _| json!({"all": [inner]}));
        let wide = |count: usize| json!({"any": vec![leaf.clone(); count]});
        let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        for (document, pointers) in [
            (json!(null), vec!["/c"]),
            (json!([leaf]), vec!["/c"]),
            (json!({}), vec!["/c/pointer", "/c/op"]),
            (json!({"all": []}), vec!["/c/all"]),
            (json!({"any": []}), vec!["/c/any"]),
            (json!({"all": null}), vec!["/c/all"]),
            (json!({"any": {}}), vec!["/c/any"]),
            (json!({"all": [leaf], "any": [leaf]}), vec!["/c/any"]),
            (
                json!({"all": [1, leaf, {"any": [2]}]}),
                vec!["/c/all/0", "/c/all/2/any/0"],
            ),
            (json!({"not": leaf}), vec!["/c/not", "/c/pointer", "/c/op"]),
            (
                json!({"pointer": "a", "op": "is", "value": 1}),
                vec!["/c/pointer", "/c/op"],
            ),
            (
                json!({"pointer": null, "op": null}),
                vec!["/c/pointer", "/c/op"],
            ),
            (json!({"pointer": 1, "op": 1}), vec!["/c/pointer", "/c/op"]),
            (json!({"pointer": "/a", "op": "equals"}), vec!["/c/value"]),
            (
                json!({"pointer": "/a", "op": "in", "value": 1}),
                vec!["/c/value"],
            ),
            (
                json!({"pointer": "/a", "op": "in", "value": []}),
                vec!["/c/value"],
            ),
            (
                json!({"pointer": "/a", "op": "in", "value": vec![1; 101]}),
                vec!["/c/value"],
            ),
            (
                json!({"pointer": "/a", "op": "exists", "value": "no"}),
                vec!["/c/value"],
            ),
            (
                json!({"pointer": "/a", "op": "greater", "value": null}),
                vec!["/c/value"],
            ),
            (
                json!({"pointer": "/a", "op": "less", "value": [1]}),
                vec!["/c/value"],
            ),
            (
                json!({"pointer": "/a", "op": "less", "value": true}),
                vec!["/c/value"],
            ),
            (
                json!({"pointer": "/a", "op": "equals", "value": nested(17)}),
                vec!["/c/value"],
            ),
            (
                json!({"pointer": "/a", "op": "exists", "values": 1}),
                vec!["/c/values"],
            ),
            (
                deep(9),
                vec!["/c/all/0/all/0/all/0/all/0/all/0/all/0/all/0/all/0/all"],
            ),
            (wide(51), vec!["/c"]),
        ] {
            assert_eq!(read(&document).unwrap_err(), pointers, "{document}");
        }
        assert!(read(&deep(8)).is_ok());
        assert!(read(&wide(50)).is_ok());
        assert!(read(&json!({"pointer": "/a", "op": "equals", "value": nested(16)})).is_ok());
        assert!(read(&json!({"pointer": "/a", "op": "in", "value": vec![1; 100]})).is_ok());
    }

    #[test]
    fn of_a_missing_member_nothing_holds_but_that_it_is_missing() {
        for payload in [
            json!({}),
            json!(null),
            json!([]),
            json!("a"),
            json!({"b": 1}),
        ] {
            for (op, value) in [
                ("equals", json!(null)),
                ("equals", json!("")),
                ("not_equals", json!(1)),
                ("not_equals", json!(null)),
                ("in", json!([null])),
                ("greater", json!(-1)),
                ("less", json!(1)),
                ("less", json!("~")),
                ("contains", json!("")),
                ("exists", json!(true)),
                ("exists", json!(null)),
            ] {
                assert!(!holds(op, &value, &payload), "{op} {payload}");
            }
            assert!(holds("exists", &json!(false), &payload));
        }
    }

    #[test]
    fn every_op() {
        let big = 9_007_199_254_740_993_u64;
        for (op, value, member, expected) in [
            ("exists", json!(true), json!(null), true),
            ("exists", json!(false), json!(null), false),
            ("exists", json!(true), json!(0), true),
            ("equals", json!(null), json!(null), true),
            ("equals", json!(null), json!(0), false),
            ("equals", json!(null), json!(""), false),
            ("not_equals", json!(null), json!(null), false),
            ("not_equals", json!(1), json!(null), true),
            ("equals", json!(1), json!(1.0), true),
            ("equals", json!(1.0), json!(1), true),
            ("equals", json!(0), json!(-0.0), true),
            ("equals", json!(big), json!(big - 1), false),
            ("equals", json!(big), json!(9_007_199_254_740_992.0), false),
            ("equals", json!(5), json!("5"), false),
            ("equals", json!("5"), json!(5), false),
            ("equals", json!(true), json!("true"), false),
            ("equals", json!(1), json!(true), false),
            ("equals", json!("a"), json!("A"), false),
            ("equals", json!("é"), json!("e\u{301}"), false),
            (
                "equals",
                json!([1, {"a": 2}]),
                json!([1.0, {"a": 2.0}]),
                true,
            ),
            ("equals", json!([1, 2]), json!([2, 1]), false),
            ("equals", json!([1]), json!([1, 2]), false),
            (
                "equals",
                json!({"a": 1, "b": 2}),
                json!({"b": 2, "a": 1}),
                true,
            ),
            ("equals", json!({"a": 1}), json!({"a": 1, "b": null}), false),
            ("equals", json!({"a": null}), json!({"b": null}), false),
            (
                "equals",
                json!("2026-01-01T00:00:00Z"),
                json!("2026-01-01T00:00:00+00:00"),
                false,
            ),
            ("in", json!([1, "a"]), json!(1.0), true),
            ("in", json!([1, "a"]), json!("a"), true),
            ("in", json!([1, "a"]), json!("1"), false),
            ("in", json!([[1]]), json!([1]), true),
            ("in", json!([null]), json!(null), true),
            ("greater", json!(1), json!(1.5), true),
            ("greater", json!(1), json!(1), false),
            ("greater", json!(1), json!(1.0), false),
            ("greater", json!(big - 1), json!(big), true),
            ("less", json!(big), json!(9_007_199_254_740_992.0), true),
            ("less", json!(0), json!(-0.0), false),
            ("greater", json!(5), json!("10"), false),
            ("less", json!(5), json!("1"), false),
            ("greater", json!("5"), json!(10), false),
            ("less", json!(5), json!(null), false),
            ("less", json!(5), json!(false), false),
            ("less", json!(5), json!([1]), false),
            ("less", json!("10"), json!("9"), false),
            ("greater", json!("10"), json!("9"), true),
            ("greater", json!("a"), json!("B"), false),
            ("greater", json!("a"), json!("ab"), true),
            ("greater", json!("z"), json!("é"), true),
            // The same moment, although the text comes later.
            (
                "greater",
                json!("2026-01-01T00:00:00Z"),
                json!("2026-01-01T01:00:00+01:00"),
                false,
            ),
            (
                "less",
                json!("2026-01-01T00:00:00Z"),
                json!("2026-01-01T00:30:00+01:00"),
                true,
            ),
            (
                "greater",
                json!("2026-01-01T00:00:00Z"),
                json!("2026-01-01T00:00:00.5Z"),
                true,
            ),
            // A date is no time: as texts, where the shorter comes first.
            (
                "greater",
                json!("2026-01-01"),
                json!("2026-01-01T00:00:00Z"),
                true,
            ),
            (
                "less",
                json!("2026-01-02"),
                json!("2026-01-01T23:00:00-08:00"),
                true,
            ),
            ("contains", json!("b"), json!("abc"), true),
            ("contains", json!(""), json!("abc"), true),
            ("contains", json!("B"), json!("abc"), false),
            ("contains", json!(1), json!("1"), false),
            ("contains", json!("1"), json!(10), false),
            ("contains", json!(1), json!([2, 1.0]), true),
            ("contains", json!("a"), json!(["abc"]), false),
            ("contains", json!("a"), json!(["a"]), true),
            ("contains", json!(null), json!([null]), true),
            ("contains", json!([1]), json!([[1]]), true),
            ("contains", json!("a"), json!({"a": 1}), false),
            ("contains", json!(null), json!(null), false),
        ] {
            let payload = json!({"a": member});
            assert_eq!(
                holds(op, &value, &payload),
                expected,
                "{op} {value} {payload}"
            );
        }
    }

    #[test]
    fn pointers_lead_through_arrays_and_to_the_whole() {
        let holds = |pointer: &str, payload: Value| {
            read(&json!({"pointer": pointer, "op": "equals", "value": 1}))
                .unwrap()
                .holds(&payload)
        };
        assert!(holds("/a/0/b", json!({"a": [{"b": 1}]})));
        assert!(!holds("/a/1/b", json!({"a": [{"b": 1}]})));
        assert!(holds("", json!(1)));
        assert!(holds("/a~1b", json!({"a/b": 1})));
    }

    #[test]
    fn all_needs_every_one_and_any_needs_one() {
        let of = |a: bool, b: bool| {
            let leaf = |is: bool| json!({"pointer": "", "op": "exists", "value": is});
            let tree = |name: &str| read(&json!({name: [leaf(a), leaf(b)]})).unwrap();
            (tree("all").holds(&json!(0)), tree("any").holds(&json!(0)))
        };
        assert_eq!(of(true, true), (true, true));
        assert_eq!(of(true, false), (false, true));
        assert_eq!(of(false, true), (false, true));
        assert_eq!(of(false, false), (false, false));
    }
}
