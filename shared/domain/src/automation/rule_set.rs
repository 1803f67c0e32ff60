//! The rules of one organization, and which of them an event fires.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::vec;

use serde_json::Value;

use super::action::Action;
use super::condition::{self, Condition, Facts, Time};
use super::effect::{PlannedEffect, plan};
use super::event::{Event, EventPattern, MAX_DEPTH};
use super::pointer::Pointer;
use super::rule::Rule;

/// The most rules that an organization may have.
pub const MAX_RULES: usize = 1_000;

/// A rule, and where it stands among the others.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedRule {
    pub id: String,
    /// The lower comes first; among equals the lower id.
    pub position: i64,
    pub rule: Rule,
}

/// Rules by the events that they are for.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// In the order in which they fire. Only those that are enabled.
    rules: Vec<CompiledRule>,
    /// The indexes of those for one name.
    by_name: BTreeMap<String, Vec<usize>>,
    /// The same for a prefix, with the dot at its end.
    by_prefix: BTreeMap<String, Vec<usize>>,
    /// What conditions are about. Rules have much of it in common, and it is looked up once an event.
    pointers: Vec<Pointer>,
}

/// An enabled rule of a set.
#[derive(Clone, Debug)]
pub struct CompiledRule {
    pub id: String,
    pub name: String,
    pub firings_per_minute: u32,
    /// The pointers are indexes of those of the set.
    conditions: Option<Condition<usize>>,
    actions: Vec<Action>,
}

/// What an event does.
#[derive(Clone, Debug)]
pub enum Outcome<'a> {
    /// These rules fire, or none.
    Fires(Firings<'a>),
    /// The event is deeper than [`MAX_DEPTH`]: rules have raised it in a circle. Nothing is done; these
    /// rules would have fired.
    CutOff { rules: Vec<&'a CompiledRule> },
}

/// The rules that fire, in their order. What each of them does is found when it is asked for, so
/// that not all of it is held at once.
#[derive(Clone, Debug)]
pub struct Firings<'a> {
    matching: Matching<'a>,
    event: Event<'a>,
}

/// One rule that fires.
#[derive(Clone, Debug)]
pub struct Firing<'a> {
    pub rule: &'a CompiledRule,
    pub effects: Vec<PlannedEffect<'a>>,
}

/// The rules that are for an event and whose conditions hold.
#[derive(Clone, Debug)]
struct Matching<'a> {
    rules: &'a [CompiledRule],
    candidates: vec::IntoIter<usize>,
    facts: Lookups<'a>,
}

/// What of a payload has been looked up.
#[derive(Clone, Debug)]
struct Lookups<'a> {
    payload: &'a Value,
    pointers: &'a [Pointer],
    /// By the index of the pointer.
    found: Vec<Found<'a>>,
}

#[derive(Clone, Debug, Default)]
struct Found<'a> {
    value: OnceCell<Option<&'a Value>>,
    time: OnceCell<Option<Time>>,
}

impl RuleSet {
    #[must_use]
    pub fn new(mut rules: Vec<PlacedRule>) -> Self {
        rules.retain(|placed| placed.rule.is_enabled);
        rules.sort_by(|a, b| (a.position, &a.id).cmp(&(b.position, &b.id)));
        let mut set = Self::default();
        let mut known = BTreeMap::new();
        for PlacedRule { id, rule, .. } in rules {
            let indexes = match rule.event {
                EventPattern::Exact(name) => set.by_name.entry(name.into()),
                EventPattern::Prefix(prefix) => set.by_prefix.entry(prefix),
            };
            indexes.or_default().push(set.rules.len());
            let conditions = rule.conditions.map(|conditions| {
                conditions.renamed(&mut |pointer: Pointer| {
                    let index = *known
                        .entry(pointer.to_string())
                        .or_insert(set.pointers.len());
                    if index == set.pointers.len() {
                        set.pointers.push(pointer);
                    }
                    index
                })
            });
            set.rules.push(CompiledRule {
                id,
                name: rule.name,
                firings_per_minute: rule.firings_per_minute,
                conditions,
                actions: rule.actions,
            });
        }
        set
    }

    /// What the event does: the same for a dry run as in earnest.
    #[must_use]
    pub fn outcome<'a>(&'a self, event: Event<'a>) -> Outcome<'a> {
        let matching = self.matches(event);
        if event.depth > MAX_DEPTH {
            let rules: Vec<_> = matching.clone().collect();
            if !rules.is_empty() {
                return Outcome::CutOff { rules };
            }
        }
        Outcome::Fires(Firings { matching, event })
    }

    /// The rules that are for the event and whose conditions hold, in their order, whatever its depth.
    pub fn matching<'a>(&'a self, event: Event<'a>) -> impl Iterator<Item = &'a CompiledRule> {
        self.matches(event)
    }

    fn matches<'a>(&'a self, event: Event<'a>) -> Matching<'a> {
        let candidates = self.candidates(event.name);
        // Without a candidate nothing is looked up.
        let lookups = if candidates.is_empty() {
            0
        } else {
            self.pointers.len()
        };
        Matching {
            rules: &self.rules,
            candidates: candidates.into_iter(),
            facts: Lookups {
                payload: event.payload,
                pointers: &self.pointers,
                found: vec![Found::default(); lookups],
            },
        }
    }

    /// The indexes of the rules that are for an event of this name.
    fn candidates(&self, name: &str) -> Vec<usize> {
        let by_prefix = name
            .match_indices('.')
            .filter_map(|(dot, _)| self.by_prefix.get(name.get(..=dot)?));
        let mut indexes: Vec<usize> = self
            .by_name
            .get(name)
            .into_iter()
            .chain(by_prefix)
            .flatten()
            .copied()
            .collect();
        indexes.sort_unstable();
        indexes
    }
}

impl<'a> Iterator for Matching<'a> {
    type Item = &'a CompiledRule;

    fn next(&mut self) -> Option<&'a CompiledRule> {
        let (rules, facts) = (self.rules, &self.facts);
        self.candidates
            .by_ref()
            .filter_map(|index| rules.get(index))
            .find(|rule| {
                rule.conditions
                    .as_ref()
                    .is_none_or(|conditions| conditions.holds(facts))
            })
    }
}

impl<'a> Iterator for Firings<'a> {
    type Item = Firing<'a>;

    fn next(&mut self) -> Option<Firing<'a>> {
        let rule = self.matching.next()?;
        Some(Firing {
            rule,
            effects: plan(&rule.actions, self.event),
        })
    }
}

impl Facts<usize> for Lookups<'_> {
    fn value(&self, pointer: &usize) -> Option<&Value> {
        let found = self.found.get(*pointer)?;
        *found
            .value
            .get_or_init(|| self.pointers.get(*pointer)?.find(self.payload))
    }

    fn time(&self, pointer: &usize) -> Option<Time> {
        let found = self.found.get(*pointer)?;
        *found
            .time
            .get_or_init(|| self.value(pointer).and_then(condition::time_of))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::automation::Effect;

    fn placed(id: &str, position: i64, event: &str, conditions: &Value) -> PlacedRule {
        let rule = Rule::from_json(&json!({
            "name": id, "event": event, "conditions": conditions,
            "actions": [{"type": "log", "text": format!("{id}: {{{{ n }}}}")}],
        }))
        .unwrap();
        PlacedRule {
            id: id.to_owned(),
            position,
            rule,
        }
    }

    fn event<'a>(name: &'a str, depth: u32, payload: &'a Value) -> Event<'a> {
        Event {
            name,
            id: "e1",
            occurred_at: 0,
            depth,
            payload,
        }
    }

    fn fired(set: &RuleSet, event: Event<'_>) -> Vec<String> {
        match set.outcome(event) {
            Outcome::Fires(firings) => firings.map(|firing| firing.rule.id.clone()).collect(),
            Outcome::CutOff { rules } => panic!("{rules:?}"),
        }
    }

    #[test]
    fn rules_fire_by_event_and_conditions_in_their_order() {
        let positive = json!({"pointer": "/n", "op": "greater", "value": 0});
        let mut switched_off = placed("off", 0, "order.created", &json!(null));
        switched_off.rule.is_enabled = false;
        let set = RuleSet::new(vec![
            placed("z", 2, "order.created", &json!(null)),
            placed("b", 3, "order.*", &json!(null)),
            placed("a", 3, "order.created", &positive),
            placed("c", -1, "order.created.*", &json!(null)),
            placed("d", 1, "order.deleted", &json!(null)),
            switched_off,
        ]);
        let (one, none) = (json!({"n": 1}), json!({"n": 0}));
        assert_eq!(
            fired(&set, event("order.created", 0, &one)),
            ["z", "a", "b"]
        );
        assert_eq!(fired(&set, event("order.created", 0, &none)), ["z", "b"]);
        assert_eq!(fired(&set, event("order.created.now", 0, &one)), ["c", "b"]);
        assert_eq!(fired(&set, event("order.deleted", 0, &one)), ["d", "b"]);
        assert_eq!(fired(&set, event("order", 0, &one)), [""; 0]);
        assert_eq!(fired(&set, event("", 0, &one)), [""; 0]);
        assert_eq!(
            fired(&RuleSet::default(), event("order.created", 0, &one)),
            [""; 0]
        );
    }

    #[test]
    fn a_firing_says_what_is_sent() {
        let set = RuleSet::new(vec![placed("a", 0, "order.created", &json!(null))]);
        let payload = json!({"n": 7});
        let Outcome::Fires(mut firings) = set.outcome(event("order.created", 0, &payload)) else {
            panic!("it is not deep");
        };
        let firing = firings.next().unwrap();
        let effect = Effect::Log {
            text: "a: 7".to_owned(),
        };
        assert_eq!(firing.effects.len(), 1);
        assert_eq!(firing.effects[0].effect, Ok(effect));
        assert!(firings.next().is_none());
    }

    #[test]
    fn loops_are_cut_off_and_said_to_be() {
        let set = RuleSet::new(vec![
            placed("b", 0, "order.*", &json!(null)),
            placed("a", 0, "order.created", &json!(null)),
            placed("c", 0, "order.deleted", &json!(null)),
        ]);
        let payload = json!({});
        assert_eq!(
            fired(&set, event("order.created", MAX_DEPTH, &payload)),
            ["a", "b"]
        );
        for depth in [MAX_DEPTH + 1, u32::MAX] {
            let Outcome::CutOff { rules } = set.outcome(event("order.created", depth, &payload))
            else {
                panic!("{depth} is too deep");
            };
            let rules: Vec<_> = rules.iter().map(|placed| placed.id.as_str()).collect();
            assert_eq!(rules, ["a", "b"]);
        }
        // Where no rule would fire nothing is cut off.
        assert_eq!(fired(&set, event("a.b", MAX_DEPTH + 1, &payload)), [""; 0]);
    }
}
