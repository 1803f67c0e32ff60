//! Attendance: what the Delta Engine reads and writes, and what is asked of what it has found.

pub mod answers;
pub mod policies;
mod read;
pub mod resolve;
mod settle;
mod work;

pub use read::{
    Found, KnownDelta, KnownRecord, Member, Person, PunchRow, Rows, ShiftRow, TimeOffRow, Whose,
    compare_ids, read, read_everybody,
};
pub use settle::{DeltaRow, PunchMark, RecordRow, Settled, ShiftMark, begin, settle};
pub use work::{
    Changed, Cursor, LocationOfWork, RoleOfWork, Source, State, SyncedConnector, Unjudged, Work,
    ahead, changed, connectors, expected_later, load, members, newest, state, unjudged,
};

/// The kind of the job of an organization that runs the Delta Engine.
pub const ATTENDANCE: &str = "attendance";
/// What records carry as their source.
pub const SOURCE: &str = "7shifts_delta_engine";
