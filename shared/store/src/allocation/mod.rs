//! What an organization sets up for allocations, and what comes of them.

pub mod capacity_overrides;
pub mod closures;
mod documents;
pub mod notices;
pub mod records;
pub mod settings;

pub use documents::{ClosureRow, Documents, OverrideRow, documents};

/// Most closures, and most overrides, of one organization: each allocation reads all of them.
pub const MAX_ROWS: i64 = 2_000;
