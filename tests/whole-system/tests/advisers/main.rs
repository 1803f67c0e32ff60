//! Advisers' data from HubSpot and when they have room, by themselves: see `whole_system` for what they stand on.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod advisers;
