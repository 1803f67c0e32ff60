//! What the demo achieved.

use std::fmt;

use api::records::SyncRun;
use api::routes::SEVEN_SHIFTS_STREAMS;
use serde::Serialize;

use super::advisers::AdvisersSummary;
use super::automation::AutomationSummary;
use super::client_folder::ClientFolderSummary;
use super::people::PeopleSummary;
use super::slack::SlackSummary;
use super::tenant::Tenant;
use super::watch::Runs;
use crate::style;
use crate::table::{self, Align, Cell, number};

#[derive(Debug, Serialize)]
pub struct Summary {
    /// Whether every stream of every organization succeeded.
    pub ok: bool,
    /// From the end of the build to the end of the last run.
    pub seconds: f64,
    pub url: String,
    pub simulator_url: String,
    pub organizations: Vec<OrganizationSummary>,
    /// A day of the first organization, and the cost of a recipe there.
    pub people: Option<PeopleSummary>,
    /// The message of the first organization.
    pub slack: Option<SlackSummary>,
    pub automation: Option<AutomationSummary>,
    /// Of an advice firm, whose deals come from HubSpot.
    pub advisers: Option<AdvisersSummary>,
    /// Of the same firm, in Box.
    pub client_folder: Option<ClientFolderSummary>,
}

#[derive(Debug, Serialize)]
pub struct OrganizationSummary {
    pub id: String,
    pub name: String,
    pub time_zone: String,
    pub company_id: i64,
    pub api_key: String,
    pub connector_id: String,
    pub streams: Vec<StreamSummary>,
}

#[derive(Debug, Serialize)]
pub struct StreamSummary {
    pub stream: &'static str,
    /// Null if it never began.
    pub run: Option<SyncRun>,
}

impl Summary {
    pub fn new(url: &str, simulator_url: &str, tenants: &[Tenant], runs: Runs) -> Self {
        let organizations: Vec<_> = tenants
            .iter()
            .zip(runs)
            .map(|(tenant, mut runs)| OrganizationSummary {
                id: tenant.organization.id.clone(),
                name: tenant.organization.name.clone(),
                time_zone: tenant.organization.time_zone.clone(),
                company_id: tenant.company_id,
                api_key: tenant.api_key.clone(),
                connector_id: tenant.connector_id.clone(),
                streams: SEVEN_SHIFTS_STREAMS
                    .iter()
                    .map(|stream| StreamSummary {
                        stream,
                        run: runs.remove(*stream),
                    })
                    .collect(),
            })
            .collect();
        let mut summary = Self {
            ok: false,
            seconds: 0.0,
            url: url.to_owned(),
            simulator_url: simulator_url.to_owned(),
            organizations,
            people: None,
            slack: None,
            automation: None,
            advisers: None,
            client_folder: None,
        };
        summary.ok = summary.failures().is_empty();
        summary
    }

    /// A line for each stream that did not succeed.
    pub fn failures(&self) -> Vec<String> {
        self.organizations
            .iter()
            .flat_map(|organization| {
                organization.streams.iter().filter_map(|stream| {
                    let why = stream.failure()?;
                    Some(format!("{}, {}: {why}", organization.name, stream.stream))
                })
            })
            .chain(self.people.iter().filter_map(PeopleSummary::failure))
            .chain(self.slack.iter().filter_map(SlackSummary::failure))
            .chain(
                self.automation
                    .iter()
                    .filter_map(AutomationSummary::failure),
            )
            .chain(self.advisers.iter().filter_map(AdvisersSummary::failure))
            .chain(
                self.client_folder
                    .iter()
                    .filter_map(ClientFolderSummary::failure),
            )
            .collect()
    }
}

impl StreamSummary {
    fn status(&self) -> &str {
        self.run.as_ref().map_or("not begun", |run| &run.status)
    }

    fn failure(&self) -> Option<String> {
        let Some(run) = &self.run else {
            return Some("its run has not begun".to_owned());
        };
        let detail = run.error_detail.as_deref().unwrap_or("no reason is given");
        match run.status.as_str() {
            "success" => None,
            "running" => Some("its run has not ended".to_owned()),
            "partial" => Some(format!("{} records were quarantined", number(run.errors))),
            status => Some(format!("{status}: {detail}")),
        }
    }

    fn row(&self, organization: &str) -> Vec<Cell> {
        let run = self.run.as_ref();
        let count = |read: fn(&SyncRun) -> i64| -> Cell {
            run.map_or_else(|| "–".to_owned(), |run| number(read(run)))
                .into()
        };
        let duration = run
            .and_then(|run| run.duration_ms)
            .and_then(|duration| u128::try_from(duration).ok())
            .map_or_else(|| "–".to_owned(), table::duration);
        let colour = if self.failure().is_none() {
            style::GOOD
        } else {
            style::BAD
        };
        vec![
            organization.into(),
            self.stream.into(),
            count(|run| run.fetched),
            count(|run| run.created),
            count(|run| run.updated),
            count(|run| run.unchanged),
            count(|run| run.deleted),
            count(|run| run.errors),
            duration.into(),
            Cell::styled(self.status(), colour),
        ]
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Align::{Left, Right};
        let columns = [
            ("organization", Left),
            ("stream", Left),
            ("fetched", Right),
            ("created", Right),
            ("updated", Right),
            ("unchanged", Right),
            ("deleted", Right),
            ("errors", Right),
            ("duration", Right),
            ("status", Left),
        ];
        let rows: Vec<Vec<Cell>> = self
            .organizations
            .iter()
            .flat_map(|organization| {
                organization
                    .streams
                    .iter()
                    .map(|stream| stream.row(&organization.name))
            })
            .collect();
        write!(formatter, "{}", table::render(&columns, &rows))?;
        if let Some(people) = &self.people {
            writeln!(formatter, "Attendance of {}:", people.day)?;
            for one in &people.shown {
                let event = one.event_type.replace('_', " ");
                writeln!(
                    formatter,
                    "  {:<20} {event:<13} {}",
                    one.employee_name, one.explanation
                )?;
            }
            let recipe = &people.recipe;
            writeln!(
                formatter,
                "Recipe: {} of labour in {}; food cost {} of the menu price, {} with labour",
                dollars(recipe.labor_cost_cents),
                dollars(recipe.total_cost_cents),
                percent(recipe.food_cost_percent),
                percent(recipe.food_cost_with_labor_percent),
            )?;
        }
        if let Some(slack) = &self.slack {
            let times = match slack.shown {
                1 => "once".to_owned(),
                times => format!("{times} times"),
            };
            writeln!(
                formatter,
                "Slack: a message is {}, and shown {times} in the simulated channel {}",
                slack.state, slack.channel
            )?;
        }
        if let Some(automation) = &self.automation {
            writeln!(
                formatter,
                "Automation: {} signed deliveries to {} webhooks, {} events, {} rules; the channel shows {:?}, and {} notice is open",
                automation.acknowledged,
                automation.webhooks,
                automation.processed,
                automation.rules,
                automation.posted,
                automation.notices,
            )?;
        }
        if let Some(advisers) = &self.advisers {
            writeln!(
                formatter,
                "Deals of {}: {} of {} have an adviser, by {} people and {} leave requests of Employment Hero",
                advisers.organization,
                advisers.completed(),
                advisers.deals.len(),
                advisers.employees,
                advisers.leave_requests,
            )?;
            for deal in &advisers.deals {
                let adviser = deal.adviser.as_deref().unwrap_or("nobody");
                let why = deal
                    .earliest_week
                    .as_ref()
                    .map(|week| format!("from the week of {week}"))
                    .or_else(|| deal.reason.clone())
                    .unwrap_or_default();
                writeln!(formatter, "  {}  {adviser:<12} {why}", deal.deal_id)?;
            }
            writeln!(formatter, "Why, of deal {}:", advisers.explained.deal_id)?;
            for line in &advisers.explained.reasoning {
                writeln!(formatter, "  {line}")?;
            }
        }
        if let Some(folder) = &self.client_folder {
            writeln!(
                formatter,
                "Folder of the client of deal {}: {} is {} in Box",
                folder.deal_id,
                folder.name.as_deref().unwrap_or("none"),
                folder.status
            )?;
        }
        writeln!(formatter, "in {:.1} s after the build", self.seconds)
    }
}

fn dollars(cents: i64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| format!("{value} %"))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use serde_json::json;

    pub fn run(stream: &str, status: &str) -> SyncRun {
        serde_json::from_value(json!({
            "id": format!("run-{stream}"), "organization_id": "org-1", "connector_id": "con-1",
            "stream": stream, "trigger": "cron", "status": status, "kind": "backfill",
            "started_at": "2026-03-01T00:00:00Z", "finished_at": null, "duration_ms": 1234,
            "pages": 3, "provider_calls": 3, "fetched": 1204, "created": 1200, "updated": 4,
            "unchanged": 0, "deleted": 0, "errors": 2, "error_code": null,
            "error_detail": (status == "failed").then_some("7shifts refused the token"),
        }))
        .unwrap()
    }

    /// Every stream succeeded but the ones given.
    pub fn summary(others: &[(&str, Option<&str>)]) -> Summary {
        let streams = SEVEN_SHIFTS_STREAMS
            .iter()
            .map(|stream| {
                let other = others.iter().find(|(name, _)| name == stream);
                let status = other.map_or(Some("success"), |(_, status)| *status);
                StreamSummary {
                    stream,
                    run: status.map(|status| run(stream, status)),
                }
            })
            .collect();
        Summary {
            ok: others.is_empty(),
            seconds: 6.25,
            url: "http://127.0.0.1:3000".to_owned(),
            simulator_url: "http://127.0.0.1:3900".to_owned(),
            organizations: vec![OrganizationSummary {
                id: "org-1".to_owned(),
                name: "Lakeshore Kitchens".to_owned(),
                time_zone: "America/Toronto".to_owned(),
                company_id: 4410,
                api_key: "pb_live_demo".to_owned(),
                connector_id: "con-1".to_owned(),
                streams,
            }],
            people: None,
            slack: None,
            automation: None,
            advisers: None,
            client_folder: None,
        }
    }

    #[test]
    fn only_success_is_success_and_everything_else_says_why() {
        assert!(summary(&[]).failures().is_empty());
        let failures = summary(&[
            ("users", Some("partial")),
            ("roles", Some("failed")),
            ("shifts", Some("running")),
            ("time_punches", None),
        ])
        .failures();
        let mut expected = [
            "Lakeshore Kitchens, users: 2 records were quarantined",
            "Lakeshore Kitchens, roles: failed: 7shifts refused the token",
            "Lakeshore Kitchens, shifts: its run has not ended",
            "Lakeshore Kitchens, time_punches: its run has not begun",
        ]
        .to_vec();
        expected.sort_unstable();
        let mut failures: Vec<&str> = failures.iter().map(String::as_str).collect();
        failures.sort_unstable();
        assert_eq!(failures, expected);
    }

    #[test]
    fn the_table_has_a_line_for_each_stream_even_one_that_never_began() {
        let text = summary(&[("roles", None)]).to_string();
        let text = anstream::adapter::strip_str(&text).to_string();
        for stream in SEVEN_SHIFTS_STREAMS {
            assert!(text.contains(stream), "{text}");
        }
        assert!(text.contains("1,204"), "{text}");
        let roles = text.lines().find(|line| line.contains("roles")).unwrap();
        assert!(roles.ends_with("not begun"), "{roles}");
    }
}
