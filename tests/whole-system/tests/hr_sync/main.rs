#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod employment_hero;
