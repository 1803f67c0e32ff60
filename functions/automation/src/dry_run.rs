//! What an event would do: by the same function that decides in earnest, and without an effect.

use std::collections::{HashMap, HashSet};

use api::automation::{DryEffect, DryFiring, DryRun, DryRunAutomationRules};
use api::{FieldError, Problem};
use domain::automation::{Event, EventName, Firing, Outcome, PlacedRule, RuleSet};
use http::StatusCode;
use platform::{Context, Reply, clock, problems};
use serde_json::Value;
use store::automation::work;

use crate::decide::Decider;
use crate::rules::{check_targets, read_rule};
use crate::run::compiled;

/// The id of a rule that is tried and not stored.
const GIVEN: &str = "";

pub async fn dry_run(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let asked: DryRunAutomationRules = context.json()?;
    let mut errors = Vec::new();
    if let Err(error) = EventName::parse(&asked.event) {
        errors.push(FieldError::new(
            "/event",
            format!("{error}: {}", error.remedy()),
        ));
    }
    let given = asked.rule.as_ref().map(|document| read_rule(&document.0));
    let given = match given.transpose() {
        Ok(given) => given,
        Err(wrong) => {
            errors.extend(wrong.into_iter().map(|error| error.below("/rule")));
            None
        }
    };
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let means = work::means(&context.database, &tenant)
        .await
        .map_err(|error| problems::database(&error))?;
    let (set, count) = match given {
        Some(mut rule) => {
            check_targets(&context.database, &tenant, &rule).await?;
            rule.is_enabled = true;
            let placed = PlacedRule {
                id: GIVEN.to_owned(),
                position: 0,
                rule,
            };
            (RuleSet::new(vec![placed]), 1)
        }
        None => (compiled(&means), means.rules.len()),
    };
    let payload = Value::Object(asked.payload.0);
    let event = Event {
        name: &asked.event,
        id: "00000000-0000-0000-0000-000000000000",
        occurred_at: clock::now(),
        depth: 0,
        payload: &payload,
    };
    let (full, fired) = (HashSet::new(), HashSet::new());
    let decider = Decider::new(&set, &means, &full, &fired, HashMap::new());
    let fires: Vec<_> = match set.outcome(event) {
        Outcome::Fires(firings) => firings
            .map(|firing| answered(&decider, event, firing))
            .collect(),
        Outcome::CutOff { .. } => Vec::new(),
    };
    let answer = DryRun {
        others: count.saturating_sub(fires.len()),
        fires,
    };
    Reply::json(StatusCode::OK, &answer)
}

fn answered(decider: &Decider<'_>, event: Event<'_>, firing: Firing<'_>) -> DryFiring {
    let rule = firing.rule;
    let effects = firing.effects.into_iter().map(|planned| {
        let (effect, error) = match planned.effect {
            Ok(effect) => (
                serde_json::to_value(&effect).ok(),
                decider.refusal(rule, event, effect),
            ),
            Err(reason) => (None, Some(format!("{reason}: {}", reason.remedy()))),
        };
        DryEffect {
            action: planned.action,
            effect,
            error,
            is_cut: planned.is_cut,
            has_gap: planned.has_gap,
        }
    });
    DryFiring {
        effects: effects.collect(),
        rule_id: (rule.id != GIVEN).then(|| rule.id.clone()),
        name: rule.name.clone(),
    }
}
