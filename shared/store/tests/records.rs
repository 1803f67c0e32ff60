//! Writing streams' rows: pages, links, passes, quarantine, purge.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail as a test does"
)]

mod support;

#[path = "records/fixture.rs"]
mod fixture;

#[path = "records/assigned.rs"]
mod assigned;
#[path = "records/attending.rs"]
mod attending;
#[path = "records/custom.rs"]
mod custom;
#[path = "records/labor_cost.rs"]
mod labor_cost;
#[path = "records/linking.rs"]
mod linking;
#[path = "records/model.rs"]
mod model;
#[path = "records/names.rs"]
mod names;
#[path = "records/passes.rs"]
mod passes;
#[path = "records/purging.rs"]
mod purging;
#[path = "records/quarantine.rs"]
mod quarantine;
#[path = "records/retaining.rs"]
mod retaining;
#[path = "records/stock.rs"]
mod stock;
#[path = "records/writing.rs"]
mod writing;
