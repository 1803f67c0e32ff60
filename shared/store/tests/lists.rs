//! Reading back: shapes, order, pages, filters, tenants, export.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail as a test does"
)]

#[expect(dead_code, reason = "not every test needs every helper")]
mod support;

#[expect(dead_code, reason = "not every test needs every helper")]
#[path = "records/fixture.rs"]
mod fixture;

#[path = "lists/counting.rs"]
mod counting;
#[path = "lists/exporting.rs"]
mod exporting;
#[path = "lists/filtering.rs"]
mod filtering;
#[path = "lists/paging.rs"]
mod paging;
#[path = "lists/plans.rs"]
mod plans;
#[path = "lists/reading.rs"]
mod reading;
#[path = "lists/shapes.rs"]
mod shapes;
#[path = "lists/tenants.rs"]
mod tenants;
