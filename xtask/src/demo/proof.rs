//! What the summary of a demo must say for `cargo xtask test` to believe it: nothing of it is taken
//! from the code that wrote it.

use anyhow::{Context, bail, ensure};
use serde_json::Value;

const ORGANIZATIONS: usize = 2;
const STREAMS: [&str; 10] = [
    "locations",
    "departments",
    "roles",
    "users",
    "shifts",
    "time_punches",
    "wages",
    "assignments",
    "availability",
    "time_off",
];

/// # Errors
/// What is missing or wrong, with where it is.
pub fn check(text: &str) -> anyhow::Result<()> {
    let summary: Value =
        serde_json::from_str(text).with_context(|| format!("no JSON object: {text:?}"))?;
    let is_ok = summary.get("ok") == Some(&Value::Bool(true));
    ensure!(is_ok, "the summary is not ok: {summary}");
    let organizations = array(&summary, "organizations")?;
    ensure!(
        organizations.len() == ORGANIZATIONS,
        "{} organizations, not {ORGANIZATIONS}",
        organizations.len()
    );
    for organization in organizations {
        let name = organization["name"].as_str().context("no name")?;
        organization_is_there(organization).with_context(|| name.to_owned())?;
    }
    let people = summary.get("people").context("no people")?;
    let events: Vec<_> = array(people, "shown")?
        .iter()
        .map(|one| one["event_type"].as_str().unwrap_or_default())
        .collect();
    ensure!(
        ["late_arrival", "no_show", "overtime"]
            .iter()
            .all(|event| events.contains(event)),
        "the day has only {events:?}"
    );
    let cents = |name: &str| {
        let recipe = people.get("recipe").and_then(|recipe| recipe.get(name));
        recipe.and_then(Value::as_i64).unwrap_or_default()
    };
    ensure!(
        cents("labor_cost_cents") > 0
            && cents("total_cost_cents") == cents("labor_cost_cents") + 1_240,
        "the recipe costs nothing: {people}"
    );
    let slack = |pointer: &str| summary.pointer(pointer).cloned().unwrap_or_default();
    ensure!(
        slack("/slack/state") == "delivered" && slack("/slack/shown") == 1,
        "the message to Slack is not there once: {}",
        slack("/slack")
    );
    let automation = summary.get("automation").context("no automation")?;
    ensure!(
        automation["acknowledged"] == 5
            && automation["processed"] == 4
            && automation["posted"].as_array().map(Vec::len) == Some(2)
            && automation["notices"] == 1,
        "what follows from the events is not there: {automation}"
    );
    let advisers = summary.get("advisers").context("no advisers")?;
    deals_are_given(advisers).with_context(|| format!("{advisers}"))?;
    let folder = summary.get("client_folder").context("no client folder")?;
    ensure!(
        folder["status"] == "created" && folder["at_box"] == 1 && folder["name"].is_string(),
        "the client of a deal has no folder of their own in Box: {folder}"
    );
    Ok(())
}

/// Ten deals, each with an adviser or a reason, and those with one at HubSpot.
fn deals_are_given(advisers: &Value) -> anyhow::Result<()> {
    let deals = array(advisers, "deals")?;
    let given = deals.iter().filter(|deal| {
        deal["status"] == "completed"
            && deal["adviser"].is_string()
            && deal["earliest_week"].is_string()
    });
    let given = given.count();
    ensure!(deals.len() == 10, "{} deals, not 10", deals.len());
    ensure!(given >= 8, "{given} deals have an adviser");
    ensure!(
        advisers["written"] == given,
        "not every deal is written to HubSpot"
    );
    let refused_by_name = deals
        .iter()
        .filter(|deal| deal["status"] != "completed")
        .all(|deal| deal["reason"].is_string());
    ensure!(
        refused_by_name,
        "a deal has neither an adviser nor a reason"
    );
    let reasoning = array(&advisers["explained"], "reasoning")?;
    ensure!(reasoning.len() > 2, "the reasoning is {reasoning:?}");
    ensure!(
        advisers["leave_requests"].as_i64().unwrap_or_default() > 0,
        "nobody is on leave"
    );
    Ok(())
}

fn organization_is_there(organization: &Value) -> anyhow::Result<()> {
    let streams = array(organization, "streams")?;
    let names: Vec<_> = streams
        .iter()
        .map(|stream| stream["stream"].as_str().unwrap_or_default())
        .collect();
    ensure!(names == STREAMS, "the streams are {names:?}");
    for (name, stream) in names.into_iter().zip(streams) {
        let run = &stream["run"];
        if run["stream"] != name || run["status"] != "success" {
            bail!("{name} did not succeed: {run}");
        }
        // What was fetched for the first time is created, all of it.
        let count = |member: &str| run[member].as_i64().unwrap_or_default();
        ensure!(count("fetched") > 0, "{name} fetched nothing");
        ensure!(
            count("created") == count("fetched") && count("errors") == 0,
            "{name} did not create what it fetched: {run}"
        );
    }
    Ok(())
}

fn array<'a>(value: &'a Value, member: &str) -> anyhow::Result<&'a Vec<Value>> {
    value[member]
        .as_array()
        .with_context(|| format!("no list of {member}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::summary::tests::summary;
    use super::*;

    /// Two organizations as the demo writes them.
    fn good() -> Value {
        let mut summary = serde_json::to_value(summary(&[])).unwrap();
        let mut organization = summary["organizations"][0].take();
        for stream in organization["streams"].as_array_mut().unwrap() {
            stream["run"]["created"] = stream["run"]["fetched"].clone();
            stream["run"]["errors"] = json!(0);
        }
        summary["organizations"] = json!([organization, organization]);
        summary["people"] = json!({"day": "2026-03-01",
            "shown": [{"event_type": "late_arrival"}, {"event_type": "no_show"}, {"event_type": "overtime"}],
            "recipe": {"labor_cost_cents": 1_500, "total_cost_cents": 2_740}});
        summary["slack"] = json!({"state": "delivered", "shown": 1});
        summary["automation"] =
            json!({"acknowledged": 5, "processed": 4, "posted": ["a", "b"], "notices": 1});
        let given =
            json!({"status": "completed", "adviser": "Mia Tan", "earliest_week": "2026-03-23"});
        let mut deals = vec![given; 9];
        deals.push(json!({"status": "failed", "reason": "no_advisers"}));
        summary["advisers"] = json!({"deals": deals, "written": 9, "leave_requests": 4,
            "explained": {"reasoning": ["1.", "–", "So"]}});
        summary["client_folder"] =
            json!({"status": "created", "name": "Priya & Arun Nair", "at_box": 1});
        summary
    }

    #[test]
    fn a_good_summary_is_believed() {
        check(&good().to_string()).unwrap();
    }

    #[test]
    fn whatever_is_missing_or_wrong_is_said() {
        for (pointer, value, said) in [
            ("/ok", json!(false), "not ok"),
            ("/organizations", json!([]), "0 organizations"),
            (
                "/people/shown/1/event_type",
                json!("late_arrival"),
                "the day has only",
            ),
            ("/people/recipe/labor_cost_cents", json!(0), "costs nothing"),
            ("/slack/state", json!("failed"), "not there once"),
            ("/slack/shown", json!(2), "not there once"),
            ("/automation/processed", json!(5), "is not there"),
            ("/automation/posted", json!(["a"]), "is not there"),
            ("/automation/notices", json!(0), "is not there"),
            ("/advisers/deals", json!([]), "0 deals"),
            (
                "/advisers/deals/0/adviser",
                json!(null),
                "not every deal is written",
            ),
            ("/advisers/deals/9/reason", json!(null), "nor a reason"),
            ("/advisers/written", json!(8), "not every deal is written"),
            ("/advisers/leave_requests", json!(0), "nobody is on leave"),
            (
                "/advisers/explained/reasoning",
                json!([]),
                "the reasoning is",
            ),
            ("/client_folder/at_box", json!(2), "no folder"),
            ("/client_folder/status", json!("failed"), "no folder"),
            ("/organizations/1/streams", json!([]), "the streams are []"),
            (
                "/organizations/1/streams/5/stream",
                json!("users"),
                "the streams are",
            ),
            (
                "/organizations/1/streams/2/run",
                json!(null),
                "roles did not succeed",
            ),
            (
                "/organizations/0/streams/4/run/status",
                json!("partial"),
                "shifts did not succeed",
            ),
            (
                "/organizations/0/streams/0/run/fetched",
                json!(0),
                "locations fetched nothing",
            ),
            (
                "/organizations/0/streams/3/run/created",
                json!(0),
                "users did not create",
            ),
        ] {
            let mut summary = good();
            *summary.pointer_mut(pointer).unwrap() = value;
            let error = format!("{:#}", check(&summary.to_string()).unwrap_err());
            assert!(error.contains(said), "{pointer}: {error}");
        }
        assert!(check("Building …").is_err());
    }
}
