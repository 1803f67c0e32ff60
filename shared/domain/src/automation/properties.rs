//! What holds of all rules, templates and payloads.

use std::borrow::Cow;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use super::bounded_json::is_deeper_than;
use super::condition::Condition;
use super::transform::Step;
use super::{
    Effect, Escape, Event, MAX_BODY_BYTES, MAX_PATH_BYTES, MAX_SLACK_TEXT_BYTES, Outcome,
    PlacedRule, Rule, RuleSet, Scope, Template, path,
};
use crate::fields::Fields;
use crate::slack_message;

/// Names that templates, pointers and payloads of these tests share, so that they meet.
const NAMES: [&str; 5] = ["a", "b", "c", "0", "d/e~f"];

fn as_is(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

fn slack(text: &str) -> Cow<'_, str> {
    Cow::Owned(slack_message::escape(text))
}

fn any_escape() -> impl Strategy<Value = Escape> {
    select(vec![
        as_is as Escape,
        slack as Escape,
        path::escape as Escape,
    ])
}

fn any_scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..3).prop_map(Value::from),
        (-3i32..3).prop_map(|n| json!(f64::from(n))),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n)),
        "[ab<&>åé/.\n]{0,6}".prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("2026-01-01T00:00:00Z")),
        Just(json!("2026-01-01T01:00:00+01:00")),
    ]
}

/// What can come before or after something.
fn any_ordered() -> impl Strategy<Value = Value> {
    any_scalar().prop_map(|value| match value {
        Value::Null | Value::Bool(_) => json!("2026-01-01T00:00:00.5Z"),
        ordered => ordered,
    })
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![4 => select(&NAMES[..]).prop_map(str::to_owned), 1 => ".{0,6}"]
}

fn any_json() -> impl Strategy<Value = Value> {
    any_scalar().prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any_name(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_pointer() -> impl Strategy<Value = String> {
    prop::collection::vec(any_name(), 0..4).prop_map(|names| {
        names
            .iter()
            .map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1")))
            .collect()
    })
}

fn any_comparison() -> impl Strategy<Value = Value> {
    let any_op = prop_oneof![
        (select(vec!["equals", "not_equals", "contains"]), any_json()),
        (
            Just("in"),
            prop::collection::vec(any_json(), 1..4).prop_map(Value::from)
        ),
        (Just("exists"), any::<bool>().prop_map(Value::from)),
        (select(vec!["greater", "less"]), any_ordered()),
    ];
    (any_pointer(), any_op)
        .prop_map(|(pointer, (op, value))| json!({"pointer": pointer, "op": op, "value": value}))
}

fn any_condition() -> impl Strategy<Value = Value> {
    any_comparison().prop_recursive(3, 12, 3, |inner| {
        (
            select(vec!["all", "any"]),
            prop::collection::vec(inner, 1..4),
        )
            .prop_map(|(name, list)| json!({name: list}))
    })
}

/// What is between values in a text: no braces, which would be read as something else.
const LITERAL: &str = "[ab<&>å .\n|\"]{0,6}";

/// A template, as its pieces.
fn any_pieces() -> impl Strategy<Value = Vec<String>> {
    let placeholder = (any_pointer(), prop::option::of(".{0,6}")).prop_map(|(pointer, default)| {
        let default = default
            .map(|text| format!(" | {}", json!(text)))
            .unwrap_or_default();
        format!("{{{{ {}{default} }}}}", json!(pointer))
    });
    let of_event = select(vec![
        "{{ event.id }}",
        "{{event.name}}",
        "{{ event.occurred_at }}",
    ]);
    let piece = prop_oneof![
        LITERAL,
        Just("{{{{".to_owned()),
        placeholder,
        of_event.prop_map(str::to_owned),
        select(vec!["{{ a.b }}", "{{ a }}", "{{ c | \"<n/a>\" }}"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..6)
}

fn any_template() -> impl Strategy<Value = String> {
    any_pieces().prop_map(|pieces| pieces.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    any_template().prop_map(|template| format!("x{template}"))
}

fn any_step() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::collection::vec(any_pointer(), 1..4)
            .prop_map(|pointers| json!({"type": "pick", "pointers": pointers})),
        (any_pointer(), "[a-c/~]{1,4}").prop_map(|(pointer, to)| {
            json!({"type": "rename", "pointer": format!("{pointer}/a"), "to": to})
        }),
        (any_pointer(), any_condition()).prop_map(|(pointer, conditions)| {
            json!({"type": "filter", "pointer": pointer, "conditions": conditions})
        }),
        (
            any_pointer(),
            any_json().prop_filter("null sets nothing", |value| !value.is_null())
        )
            .prop_map(|(pointer, value)| {
                json!({"type": "default", "pointer": pointer, "value": value})
            }),
    ]
}

fn any_call() -> impl Strategy<Value = Value> {
    let any_path = prop::collection::vec(
        prop_oneof![
            "[a-z.]{1,3}x",
            "x\\{\\{ [abc] \\}\\}",
            "\\{\\{ a\\.b \\}\\}"
        ],
        1..4,
    );
    let any_body = prop_oneof![
        any_template().prop_map(Value::from),
        prop::collection::vec(any_template(), 0..3).prop_map(|texts| json!({"a": texts, "b": 1})),
    ];
    (
        select(vec!["POST", "PUT", "PATCH", "DELETE"]),
        any_path,
        prop::collection::btree_map("[a-z]{1,3}", any_template(), 0..3),
        prop::option::of(any_body),
    )
        .prop_map(|(method, path, query, body)| {
            json!({
                "type": "call_api", "connector_id": "c", "method": method,
                "path": format!("/{}", path.join("/")), "query": query, "body": body,
            })
        })
}

fn any_action() -> impl Strategy<Value = Value> {
    let id = "[a-z0-9-]{1,8}";
    prop_oneof![
        (prop::option::of(id), any_text(), prop::option::of("#[a-z]{1,5}")).prop_map(
            |(id, text, channel)| {
                json!({"type": "slack_message", "connector_id": id, "text": text, "channel": channel})
            }
        ),
        (id, prop::option::of("[a-z]{1,3}\\.[a-z]{1,3}")).prop_map(|(id, event_type)| {
            json!({"type": "outgoing_webhook", "endpoint_id": id, "event_type": event_type})
        }),
        (id, prop::option::of(prop::collection::btree_set("[a-z]{1,4}", 1..4))).prop_map(
            |(id, streams)| json!({"type": "run_sync", "connector_id": id, "streams": streams})
        ),
        any_call(),
        (any_text(), any_text()).prop_map(|(title, remedy)| {
            json!({"type": "notice", "title": title, "remedy": remedy})
        }),
        any_text().prop_map(|text| json!({"type": "log", "text": text})),
        prop::collection::vec(any_step(), 1..4)
            .prop_map(|steps| json!({"type": "transform", "steps": steps})),
    ]
}

fn any_event_pattern() -> impl Strategy<Value = String> {
    "[ab](\\.[ab]){0,2}\\.\\*|[ab](\\.[ab]){1,2}|sync\\.(completed|failed|\\*)"
}

fn any_rule() -> impl Strategy<Value = Value> {
    (
        "[A-Za-zåé ]{0,20}x",
        any_event_pattern(),
        prop::option::of(any_condition()),
        prop::collection::vec(any_action(), 1..5),
        any::<bool>(),
    )
        .prop_map(|(name, event, conditions, actions, is_enabled)| {
            json!({
                "name": name, "event": event, "conditions": conditions, "actions": actions,
                "is_enabled": is_enabled,
            })
        })
}

/// A document with one of its values, wherever it is, replaced.
fn spoiled() -> impl Strategy<Value = Value> {
    (any_rule(), any::<Index>(), any_json()).prop_map(|(mut rule, at, value)| {
        let mut pointers = Vec::new();
        all_pointers(&rule, String::new(), &mut pointers);
        let pointer: &String = at.get(&pointers);
        *rule.pointer_mut(pointer).unwrap() = value;
        rule
    })
}

fn all_pointers(value: &Value, pointer: String, into: &mut Vec<String>) {
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                all_pointers(element, format!("{pointer}/{index}"), into);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                all_pointers(member, format!("{pointer}/{name}"), into);
            }
        }
        _ => {}
    }
    into.push(pointer);
}

fn condition(document: &Value) -> Condition {
    let mut fields = Fields::default();
    let condition = Condition::read(&mut fields, "", document);
    fields.finish(condition).unwrap()
}

fn step(document: &Value) -> Step {
    let mut fields = Fields::default();
    let step = Step::read(&mut fields, "", document);
    fields.finish(step).unwrap()
}

fn event(payload: &Value) -> Event<'_> {
    Event {
        name: "a.b",
        id: "<e1>",
        occurred_at: 1_770_737_400,
        depth: 0,
        payload,
    }
}

fn render(template: &str, payload: &Value, escape: Escape, max_bytes: usize) -> super::Rendered {
    let event = event(payload);
    let scope = Scope {
        event: &event,
        payload,
    };
    Template::parse(template)
        .unwrap()
        .render(&scope, escape, max_bytes)
}

fn placed(rules: Vec<(Value, i64)>) -> Vec<PlacedRule> {
    rules
        .into_iter()
        .enumerate()
        .map(|(id, (rule, position))| PlacedRule {
            id: format!("{id:03}"),
            position,
            rule: Rule::from_json(&rule).unwrap(),
        })
        .collect()
}

fn fired(set: &RuleSet, event: Event<'_>) -> Vec<String> {
    match set.outcome(event) {
        Outcome::Fires(firings) => firings.map(|firing| firing.rule.id.clone()).collect(),
        Outcome::CutOff { rules } => panic!("{rules:?}"),
    }
}

proptest! {
    #[test]
    fn any_json_is_read_without_panic(document in any_json()) {
        prop_assert!(Rule::from_json(&document).is_err());
    }

    #[test]
    fn a_spoiled_rule_is_refused_with_a_place_or_is_another_rule(document in spoiled()) {
        match Rule::from_json(&document) {
            Ok(rule) => prop_assert_eq!(Rule::from_json(&rule.to_json()).unwrap(), rule),
            Err(crate::Error::InvalidFields(errors)) => {
                prop_assert!(!errors.is_empty());
                for error in errors.as_slice() {
                    prop_assert!(error.pointer.is_empty() || error.pointer.starts_with('/'));
                    prop_assert!(!error.detail.is_empty() && !error.remedy.is_empty());
                }
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn a_rule_survives_its_document(document in any_rule()) {
        let rule = Rule::from_json(&document).unwrap();
        let again = rule.to_json();
        prop_assert_eq!(Rule::from_json(&again).unwrap(), rule.clone());
        prop_assert_eq!(Rule::from_json(&again).unwrap().to_json(), again);
    }

    #[test]
    fn any_text_is_read_as_a_template_without_panic(text in "[{}|\"/~ab.\\\\ å]{0,24}|.{0,40}") {
        match Template::parse(&text) {
            Ok(template) => prop_assert_eq!(template.source(), text),
            Err(error) => prop_assert!((1..=text.chars().count() + 1).contains(&error.position)),
        }
    }

    #[test]
    fn what_is_rendered_is_bounded_and_the_start_of_the_whole(
        template in any_template(), payload in any_json(), escape in any_escape(), max in 0usize..60
    ) {
        let whole = render(&template, &payload, escape, usize::MAX);
        prop_assert!(!whole.is_cut);
        let cut = render(&template, &payload, escape, max);
        prop_assert!(cut.text.len() <= max);
        prop_assert!(whole.text.starts_with(&cut.text));
        prop_assert_eq!(cut.is_cut, cut.text != whole.text);
    }

    #[test]
    fn a_cut_text_is_as_long_as_it_may_be(value in "[a<&>å]{0,20}", max in 0usize..60) {
        let payload = json!({"a": value});
        let cut = render("{{ a }}", &payload, slack, max);
        if cut.is_cut {
            let kept = cut.text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            let next = value.strip_prefix(&kept).and_then(|rest| rest.chars().next()).unwrap();
            let longer = cut.text.len() + slack(&next.to_string()).len();
            // The value itself is read no further than the bound.
            prop_assert!(longer > max || kept.len() + next.len_utf8() > max);
        }
    }

    #[test]
    fn values_are_escaped_and_nothing_else_is(
        pieces in prop::collection::vec((LITERAL, any_scalar(), LITERAL), 1..5), escape in any_escape()
    ) {
        let mut template = String::new();
        let mut payload = Map::new();
        let mut expected = String::new();
        for (index, (literal, value, default)) in pieces.into_iter().enumerate() {
            template.push_str(&format!("{literal}{{{{ v{index} | {} }}}}", json!(default)));
            expected.push_str(&literal);
            match &value {
                Value::Null => expected.push_str(&default),
                Value::String(text) => expected.push_str(&escape(text)),
                other => expected.push_str(&escape(&other.to_string())),
            }
            payload.insert(format!("v{index}"), value);
        }
        let rendered = render(&template, &payload.into(), escape, usize::MAX);
        prop_assert_eq!(rendered.text, expected);
    }

    #[test]
    fn not_equals_is_the_negation_of_equals_where_the_member_exists(
        pointer in any_pointer(), value in any_json(), payload in any_json()
    ) {
        let holds = |op: &str, value: &Value| {
            condition(&json!({"pointer": pointer, "op": op, "value": value})).holds(&payload)
        };
        let is_there = holds("exists", &json!(true));
        prop_assert_eq!(is_there, payload.pointer(&pointer).is_some());
        prop_assert_eq!(is_there, !holds("exists", &json!(false)));
        let (equals, not_equals) = (holds("equals", &value), holds("not_equals", &value));
        prop_assert_eq!(equals ^ not_equals, is_there);
        prop_assert_eq!(holds("in", &json!([value])), equals);
        if let Some(found) = payload.pointer(&pointer) {
            prop_assert!(holds("equals", found));
            prop_assert!(!holds("not_equals", found));
        }
    }

    #[test]
    fn of_two_values_at_most_one_comes_first(a in any_scalar(), b in any_ordered()) {
        let holds = |op: &str| {
            condition(&json!({"pointer": "", "op": op, "value": b})).holds(&a)
        };
        let (greater, less, equals) = (holds("greater"), holds("less"), holds("equals"));
        prop_assert!(u8::from(greater) + u8::from(less) + u8::from(equals) <= 1);
        if a.is_number() && b.is_number() {
            prop_assert!(greater || less || equals);
        }
        if a.is_number() != b.is_number() {
            prop_assert!(!greater && !less && !equals);
        }
    }

    #[test]
    fn all_and_any_are_and_and_or(
        leaves in prop::collection::vec(any_comparison(), 1..5), payload in any_json(), at in any::<Index>()
    ) {
        let holds = |document: &Value| condition(document).holds(&payload);
        let each: Vec<bool> = leaves.iter().map(holds).collect();
        prop_assert_eq!(holds(&json!({"all": leaves})), each.iter().all(|one| *one));
        prop_assert_eq!(holds(&json!({"any": leaves})), each.iter().any(|one| *one));
        let mut turned = leaves.clone();
        turned.rotate_left(at.index(leaves.len()));
        let (front, back) = leaves.split_at(at.index(leaves.len()));
        for name in ["all", "any"] {
            let flat = holds(&json!({name: leaves}));
            prop_assert_eq!(holds(&json!({name: turned})), flat);
            prop_assert_eq!(holds(&json!({name: [{name: leaves}]})), flat);
            if !front.is_empty() {
                prop_assert_eq!(holds(&json!({name: [{name: front}, {name: back}]})), flat);
            }
        }
        // Each distributes over the other.
        let leaf = &leaves[0];
        prop_assert_eq!(
            holds(&json!({"all": [leaf, {"any": leaves}]})),
            holds(&json!({"any": leaves.iter().map(|one| json!({"all": [leaf, one]})).collect::<Vec<_>>()}))
        );
    }

    #[test]
    fn no_value_leads_a_path_elsewhere(value in any_scalar(), other in "[./\\\\%;a]{0,5}") {
        let payload = json!({"a": value, "b": other});
        let rule = Rule::from_json(&json!({
            "name": "a", "event": "a.b",
            "actions": [{
                "type": "call_api", "connector_id": "c", "method": "DELETE", "path": "/v1/{{ a }}/{{ b }}/last",
            }],
        }))
        .unwrap();
        let set = RuleSet::new(vec![PlacedRule { id: "1".to_owned(), position: 0, rule }]);
        let Outcome::Fires(mut firings) = set.outcome(event(&payload)) else {
            panic!("it is not deep");
        };
        let effects = firings.next().unwrap().effects;
        if let Ok(Effect::CallApi { path, .. }) = &effects[0].effect {
            let segments: Vec<&str> = path.split('/').collect();
            prop_assert_eq!(segments.len(), 5, "{}", path);
            prop_assert_eq!((segments[1], segments[4]), ("v1", "last"));
            for segment in [segments[2], segments[3]] {
                prop_assert!(!segment.is_empty() && segment != "." && segment != "..");
                prop_assert!(segment.is_ascii());
            }
        }
    }

    #[test]
    fn what_a_rule_sends_is_bounded(document in any_rule(), payload in any_json()) {
        let mut rule = Rule::from_json(&document).unwrap();
        rule.is_enabled = true;
        rule.event = "a.b".parse().map(super::EventPattern::Exact).unwrap();
        let set = RuleSet::new(vec![PlacedRule { id: "1".to_owned(), position: 0, rule }]);
        let Outcome::Fires(firings) = set.outcome(event(&payload)) else {
            panic!("it is not deep");
        };
        for planned in firings.flat_map(|firing| firing.effects) {
            prop_assert_ne!(
                document["actions"][planned.action]["type"].as_str(),
                Some("transform")
            );
            let Ok(effect) = planned.effect else { continue };
            match effect {
                Effect::SlackMessage { message, .. } => {
                    prop_assert!(message.text.unwrap().len() <= MAX_SLACK_TEXT_BYTES);
                }
                Effect::CallApi { path, body, .. } => {
                    prop_assert!(path.len() <= MAX_PATH_BYTES);
                    prop_assert!(body.map_or(0, |body| body.to_string().len()) <= 2 * MAX_BODY_BYTES);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn steps_change_what_they_are_about(document in any_step(), payload in any_json()) {
        let step = step(&document);
        let mut once = payload.clone();
        step.apply(&mut once);
        prop_assert!(!is_deeper_than(&once, 16));
        let mut twice = once.clone();
        step.apply(&mut twice);
        match document["type"].as_str().unwrap() {
            "pick" => {
                for pointer in document["pointers"].as_array().unwrap() {
                    let pointer = pointer.as_str().unwrap();
                    let goes_through_array = pointer.split('/').any(|token| token == "0");
                    if !goes_through_array && let Some(value) = payload.pointer(pointer) {
                        prop_assert_eq!(once.pointer(pointer), Some(value));
                    }
                }
            }
            "filter" => {
                let conditions = condition(&document["conditions"]);
                let pointer = document["pointer"].as_str().unwrap();
                if let Some(Value::Array(before)) = payload.pointer(pointer) {
                    let kept: Vec<_> = before.iter().filter(|one| conditions.holds(*one)).cloned().collect();
                    prop_assert_eq!(once.pointer(pointer), Some(&Value::Array(kept)));
                } else {
                    prop_assert_eq!(&once, &payload);
                }
                prop_assert_eq!(&twice, &once);
            }
            "default" => {
                let pointer = document["pointer"].as_str().unwrap();
                if payload.pointer(pointer).is_some_and(|value| !value.is_null()) {
                    prop_assert_eq!(&once, &payload);
                }
                prop_assert_eq!(&twice, &once);
            }
            _ => {}
        }
    }

    #[test]
    fn the_order_of_firing_is_not_that_of_loading(
        rules in prop::collection::vec((any_rule(), 0i64..3), 0..6), payload in any_json(), turn in any::<Index>()
    ) {
        let mut rules = placed(rules);
        let event = event(&payload);
        let mut expected: Vec<_> = rules
            .iter()
            .filter(|placed| placed.rule.fires_on(event.name, event.payload))
            .map(|placed| (placed.position, placed.id.clone()))
            .collect();
        expected.sort();
        let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
        prop_assert_eq!(fired(&RuleSet::new(rules.clone()), event), expected.clone());
        let by = turn.index(rules.len().max(1));
        rules.rotate_left(by);
        prop_assert_eq!(fired(&RuleSet::new(rules.clone()), event), expected.clone());
        rules.reverse();
        prop_assert_eq!(fired(&RuleSet::new(rules), event), expected);
    }
}
