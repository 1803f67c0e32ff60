//! The whole application under test; see `whole_system` for what it stands on.

mod first_sync;
