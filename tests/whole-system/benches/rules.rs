//! What an event fires, of a thousand rules.

use std::hint::black_box;
use std::time::{Duration, Instant};

use domain::automation::{Event, Outcome, PlacedRule, Rule, RuleSet};
use serde_json::{Value, json};

use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[Row {
    id: "rules",
    what: "one event matched with 1,000 rules, of which ten fire",
    unit: "ms",
    mark: Mark::Below(1.0),
}];

const RULES: usize = 1_000;
const FIRES: usize = 10;
const TIMES: u32 = 200;

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let rules = (0..RULES).map(rule).collect::<anyhow::Result<Vec<_>>>()?;
    let rules = RuleSet::new(rules);
    let payload = json!({"type": "order.paid", "body": {"id": "A-7", "total": 250.5, "lines": [1, 2, 3],
        "customer": {"name": "Ada", "tags": ["regular", "late"]}}});
    let event = Event {
        name: "webhook.received",
        id: "1",
        occurred_at: 1_800_000_000,
        depth: 0,
        payload: &payload,
    };
    let mut took = Duration::ZERO;
    for _ in 0..TIMES {
        let begun = Instant::now();
        let Outcome::Fires(firings) = black_box(rules.outcome(event)) else {
            anyhow::bail!("the event was cut off");
        };
        let mut fired = 0;
        for firing in firings {
            black_box(firing.effects);
            fired += 1;
        }
        took += begun.elapsed();
        anyhow::ensure!(fired == FIRES, "{fired} fire");
    }
    let milliseconds = took.as_secs_f64() * 1e3 / f64::from(TIMES);
    Ok(vec![Measured::new("rules", milliseconds)])
}

/// One in a hundred fires; the others are of the same event, and their last condition does not hold.
fn rule(number: usize) -> anyhow::Result<PlacedRule> {
    let total = if number.is_multiple_of(RULES / FIRES) {
        100
    } else {
        1_000
    };
    let document: Value = json!({
        "name": format!("Rule {number}"), "event": "webhook.received",
        "conditions": {"all": [
            {"pointer": "/type", "op": "equals", "value": "order.paid"},
            {"pointer": "/body/customer/tags", "op": "contains", "value": "late"},
            {"pointer": "/body/total", "op": "greater", "value": total}]},
        "actions": [{"type": "log", "text": "Order {{ body.id }} of {{ body.customer.name }} over {{ body.total }}"}]});
    Ok(PlacedRule {
        id: number.to_string(),
        position: i64::try_from(number)?,
        rule: Rule::from_json(&document)?,
    })
}
