//! An organization's automation rules: on which event, under which conditions on its payload, what is
//! done.
//!
//! A rule is read once, with everything that is wrong with it told at once ([`Rule::from_json`]). A
//! [`RuleSet`] says which rules an event fires and what each of their actions would send. Nothing is
//! sent here, so a dry run asks the same function as the real thing.
//!
//! # What is compared, and how
//! A pointer (RFC 6901) names a value of the payload. It leads through objects by name and through
//! arrays by index. A member that is null is there; one that is not there is *missing*.
//!
//! | op | holds when the value |
//! |---|---|
//! | `equals` | is the same |
//! | `not_equals` | is there and is not the same |
//! | `in` | is the same as one of the list |
//! | `exists` | is there, also as null; with `"value": false`, when it is missing |
//! | `greater`, `less` | comes after, or before |
//! | `contains` | is a text with that part, or an array with an element that is the same |
//!
//! - Of a missing member nothing holds but `exists` with `false`. So `not_equals` is no way to ask
//!   whether something is missing.
//! - Null is the same as null, and comes neither before nor after anything.
//! - Numbers are compared by their value, without loss: 1 and 1.0 are the same, and
//!   9007199254740993 is not 9007199254740992. What cannot be held is lost before: the reader of JSON
//!   makes integers beyond 64 bits, and fractions, the nearest double.
//! - Nothing is converted: the text `"5"` is not the number 5, and comes neither before nor after it.
//!   Neither do two values of other kinds come before or after each other.
//! - Texts are the same when they are character for character; case counts. By `greater` and `less`
//!   they are compared as RFC 3339 times when both are that, otherwise by their characters' code
//!   points. `equals` knows no times.
//! - Arrays are the same with the same elements in the same order, objects with the same members in
//!   any order.
//!
//! # Templates
//! `{{ user.name }}` and `{{ /user/name }}` insert a value of the payload, `{{ event.name }}`,
//! `{{ event.id }}` and `{{ event.occurred_at }}` (RFC 3339) what is known of the event. `{{{{` is a
//! literal `{{`. See [`Template`].
//!
//! # Loops
//! What a rule does can raise events: a sync that it asks for completes. An event from outside has
//! depth 0, one that a rule's effect raises has [`Event::raised_depth`]. Over [`MAX_DEPTH`] no rule
//! fires, and the outcome names the rules that would have. A circle that leads through another system
//! has no depth here: how often a rule does something that others notice is the caller's to bound, with
//! [`admit_firing`].

mod action;
mod body;
mod bounded_json;
mod condition;
mod default_rule;
mod effect;
mod event;
mod fields;
mod firing_rate;
mod number;
mod path;
mod pointer;
mod received;
mod rule;
mod rule_set;
mod template;
mod transform;

#[cfg(test)]
mod properties;

pub use action::{
    MAX_ACTIONS, MAX_BODY_BYTES, MAX_LOG_BYTES, MAX_NOTICE_REMEDY_BYTES, MAX_NOTICE_TITLE_BYTES,
    MAX_PATH_BYTES, MAX_QUERY_VALUE_BYTES, MAX_SLACK_TEXT_BYTES, MAX_STREAMS, Method,
};
pub use condition::{MAX_COMPARISONS, MAX_CONDITION_DEPTH, MAX_CONTAINED};
pub use default_rule::DefaultRule;
pub use effect::{Effect, PlannedEffect, Unsendable};
pub use event::{
    Event, EventName, EventNameError, EventPattern, KnownEvent, MAX_DEPTH, MAX_EVENT_NAME_BYTES,
};
pub use firing_rate::{FIRINGS_PER_MINUTE, FIRINGS_PER_MINUTE_RANGE, TooOften, admit_firing};
pub use pointer::{MAX_POINTER_BYTES, MAX_POINTER_TOKENS, PointerError};
pub use received::Received;
pub use rule::{MAX_RULE_BYTES, MAX_RULE_NAME_CHARS, Rule, Target, TargetKind};
pub use rule_set::{CompiledRule, Firing, Firings, MAX_RULES, Outcome, PlacedRule, RuleSet};
pub use template::{
    Escape, MAX_PLACEHOLDERS, MAX_TEMPLATE_BYTES, Rendered, Scope, Template, TemplateError,
    TemplateProblem,
};
pub use transform::{MAX_PICKED, MAX_STEPS};
