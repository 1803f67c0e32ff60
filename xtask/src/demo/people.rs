//! One day at an organization: who was late, who did not come, who worked longer; and what a recipe costs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api::attendance::{AttendanceRecord, AttendanceRun};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::tenant::{self, Tenant};
use crate::interrupt;

/// What a day has to have to be shown.
const EVENTS: [&str; 3] = ["late_arrival", "no_show", "overtime"];
/// Of each of them.
const SHOWN: usize = 2;
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);

#[derive(Debug, Serialize)]
pub struct PeopleSummary {
    /// The newest day on which there was all of it.
    pub day: String,
    pub shown: Vec<Shown>,
    pub recipe: RecipeSummary,
}

#[derive(Debug, Serialize)]
pub struct Shown {
    pub employee_name: String,
    pub event_type: String,
    pub explanation: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct RecipeSummary {
    pub labor_cost_cents: i64,
    pub total_cost_cents: i64,
    pub food_cost_percent: Option<f64>,
    pub food_cost_with_labor_percent: Option<f64>,
}

impl PeopleSummary {
    pub fn failure(&self) -> Option<String> {
        let types: BTreeSet<&str> = self
            .shown
            .iter()
            .map(|one| one.event_type.as_str())
            .collect();
        let is_there = EVENTS.iter().all(|event| types.contains(event));
        (!is_there).then(|| format!("Attendance: {} has only {types:?}", self.day))
    }
}

/// Waits until everything is decided, and looks.
///
/// # Errors
/// If the application refuses one of these calls, or no day has all of it.
pub fn look(tenant: &Tenant) -> anyhow::Result<PeopleSummary> {
    let until = Instant::now() + PATIENCE;
    loop {
        let asked = tenant.client.post("/api/attendance/runs", &json!({}))?;
        let run: AttendanceRun = tenant::read(asked)?;
        if run.status == "done" {
            break;
        }
        ensure!(Instant::now() < until, "attendance is still {}", run.status);
        interrupt::sleep(POLL)?;
    }
    let mut records: Vec<AttendanceRecord> = Vec::new();
    for event in EVENTS {
        let path = format!("/api/attendance/records?event_type={event}&limit=500");
        records.extend(tenant::rows::<AttendanceRecord>(tenant.client.get(&path)?)?);
    }
    let day = newest_with_all(&records).context("no day has late, missing and overtime people")?;
    let shown = EVENTS
        .iter()
        .flat_map(|event| {
            let of = records
                .iter()
                .filter(|record| record.event_date == day && record.event_type == *event);
            of.take(SHOWN)
        })
        .map(|record| Shown {
            employee_name: record.employee_name.clone().unwrap_or_default(),
            event_type: record.event_type.clone(),
            explanation: record.explanation.clone(),
        })
        .collect();
    let recipe = tenant::read(tenant.client.post("/api/costing/labor", &recipe())?)?;
    Ok(PeopleSummary { day, shown, recipe })
}

/// What is priced, and shown as a request to try.
pub fn recipe() -> Value {
    json!({
        "kind": "recipe",
        "items": [
            {"name": "Braise", "role": "Prep Cook", "minutes": 45},
            {"name": "Plating", "role": "Line Cook", "minutes": 6, "batches": 4},
        ],
        "ingredient_cost_cents": 1_240,
        "menu_price_cents": 7_200,
    })
}

fn newest_with_all(records: &[AttendanceRecord]) -> Option<String> {
    let days: BTreeSet<&str> = records
        .iter()
        .map(|record| record.event_date.as_str())
        .collect();
    days.into_iter()
        .rev()
        .find(|day| {
            EVENTS.iter().all(|event| {
                records
                    .iter()
                    .any(|record| record.event_date == *day && record.event_type == *event)
            })
        })
        .map(str::to_owned)
}
