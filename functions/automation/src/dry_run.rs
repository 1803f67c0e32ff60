//! What an event would do: by the same function that decides in earnest, and without an effect.

use api::automation::{DryEffect, DryFiring, DryRun, DryRunAutomationRules};
use api::{FieldError, Problem};
use domain::automation::{Event, EventName, Outcome, PlacedRule, Rule, RuleSet};
use http::StatusCode;
use platform::{Context, Reply, clock, problems};
use serde_json::Value;
use store::automation::rules;

use crate::rules::{check_targets, read_rule};

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
    let placed = match given {
        Some(mut rule) => {
            check_targets(&context.database, &tenant, &rule).await?;
            rule.is_enabled = true;
            vec![PlacedRule {
                id: GIVEN.to_owned(),
                position: 0,
                rule,
            }]
        }
        None => rules::enabled(&context.database, &tenant)
            .await
            .map_err(|error| problems::database(&error))?
            .into_iter()
            .filter_map(|stored| {
                Some(PlacedRule {
                    id: stored.id,
                    position: stored.position,
                    rule: Rule::from_json(&stored.document).ok()?,
                })
            })
            .collect(),
    };
    let count = placed.len();
    let set = RuleSet::new(placed);
    let payload = Value::Object(asked.payload.0);
    let event = Event {
        name: &asked.event,
        id: "00000000-0000-0000-0000-000000000000",
        occurred_at: clock::now(),
        depth: 0,
        payload: &payload,
    };
    let fires = match set.outcome(event) {
        Outcome::Fires(firings) => firings.map(|firing| answered(&firing)).collect(),
        Outcome::CutOff { .. } => Vec::new(),
    };
    let answer = DryRun {
        others: count.saturating_sub(fires.len()),
        fires,
    };
    Reply::json(StatusCode::OK, &answer)
}

fn answered(firing: &domain::automation::Firing<'_>) -> DryFiring {
    let effects = firing.effects.iter().map(|planned| DryEffect {
        action: planned.action,
        effect: planned
            .effect
            .as_ref()
            .ok()
            .and_then(|effect| serde_json::to_value(effect).ok()),
        error: planned
            .effect
            .as_ref()
            .err()
            .map(|reason| format!("{reason}: {}", reason.remedy())),
        is_cut: planned.is_cut,
        has_gap: planned.has_gap,
    });
    DryFiring {
        rule_id: (firing.rule.id != GIVEN).then(|| firing.rule.id.clone()),
        name: firing.rule.name.clone(),
        effects: effects.collect(),
    }
}
