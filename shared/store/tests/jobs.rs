//! The job engine: claims, outcomes, fences, promises, plans.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail as a test does"
)]

mod support;

#[path = "jobs/fixture.rs"]
mod fixture;

#[path = "jobs/automating.rs"]
mod automating;
#[path = "jobs/claiming.rs"]
mod claiming;
#[path = "jobs/delivering.rs"]
mod delivering;
#[path = "jobs/hinting.rs"]
mod hinting;
#[path = "jobs/maintenance.rs"]
mod maintenance;
#[path = "jobs/model.rs"]
mod model;
#[path = "jobs/planning.rs"]
mod planning;
#[path = "jobs/recording.rs"]
mod recording;
#[path = "jobs/requesting.rs"]
mod requesting;
#[path = "jobs/working.rs"]
mod working;
