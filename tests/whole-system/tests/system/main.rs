//! The whole application under test; see `whole_system` for what it stands on.

mod advisers;
mod allocating;
mod allocation;
mod api;
mod attendance;
mod automation;
mod client_folders;
mod consenting;
mod costing;
mod custom;
mod employment_hero;
mod first_sync;
mod health;
mod inbox;
mod integration;
mod kill_switch;
mod limits;
mod notify;
mod outgoing;
mod process;
mod rest;
mod schedule;
mod sync;
mod upgrade;
