//! How current the data is, for everybody who works with it: no settings, no counts.

use std::collections::BTreeMap;

use api::Problem;
use api::connectors::{StreamStatus, SyncStatus};
use domain::run::RunStatus;
use domain::stream::Stream;
use platform::{Context, Reply, clock, planning, problems, time};
use store::connectors::Connector;
use store::jobs::plan::{self, PlanningInput};

use crate::syncing;

/// Two statements, however many connectors there are.
pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let page = crate::page(context, &syncing::PROVIDERS).await?;
    let ids: Vec<_> = page
        .connectors
        .iter()
        .map(|connector| connector.id.as_str())
        .collect();
    let inputs = plan::planning_inputs_of_all(&context.database, &page.tenant, &ids)
        .await
        .map_err(|error| problems::database(&error))?;
    let mut by_connector: BTreeMap<&str, Vec<&PlanningInput>> = BTreeMap::new();
    for input in &inputs {
        by_connector
            .entry(&input.connector_id)
            .or_default()
            .push(input);
    }
    let now = clock::now();
    let rows: Vec<_> = page
        .connectors
        .iter()
        .map(|connector| {
            let streams = by_connector.get(connector.id.as_str());
            status(connector, streams.map_or(&[], Vec::as_slice), now)
        })
        .collect();
    page.reply(&rows)
}

fn status(connector: &Connector, inputs: &[&PlanningInput], now: i64) -> SyncStatus {
    let stale = planning::stale_streams(inputs.iter().copied(), connector.connected_at, now);
    let streams = Stream::of_type(&connector.provider);
    let streams = streams.iter().map(|stream| {
        let input = inputs.iter().find(|input| input.stream == stream.as_str());
        let last = input.and_then(|input| input.last_status);
        let is_well = matches!(last, None | Some(RunStatus::Success));
        let reason = input.and_then(|input| input.last_error.clone());
        let status = StreamStatus {
            last_sync_at: input
                .and_then(|input| input.last_success_at)
                .map(time::rfc3339),
            last_status: last.map(|status| status.as_str().to_owned()),
            reason: reason.filter(|_| !is_well),
            is_stale: stale.contains(stream),
        };
        (stream.as_str().to_owned(), status)
    });
    SyncStatus {
        connector_id: connector.id.clone(),
        provider: connector.provider.clone(),
        integration_key: connector.integration_key.clone(),
        name: connector.name.clone(),
        state: connector.state.as_str().to_owned(),
        state_reason: connector.state_reason.clone(),
        last_sync_at: connector.last_sync_at.map(time::rfc3339),
        last_full_sync_at: connector.last_full_sync_at.map(time::rfc3339),
        is_stale: !stale.is_empty(),
        streams: streams.collect(),
    }
}
