//! Provider data in our tables: writing what a stream brings, and forgetting what it lost.
//!
//! A page of records becomes one upsert that touches only what changed, so counts are true and a
//! second sync of the same data writes no row. Every write takes the tenant; a row of another
//! organization cannot be reached even through a connector id that belongs to somebody else.

mod assigned;
mod custom;
mod links;
mod names;
mod passes;
mod purge;
mod quarantine;
mod resource;
pub mod retention;
mod rows;
mod sequence;
mod stock;
mod tombstones;
mod write;

pub(crate) use sequence::next_change;

pub use assigned::{Assigned, AssignedRole, Wanted, assigned};
pub use custom::remove_brought;
pub use links::{UnknownReferences, heal_links, links_wait, unknown_references};
pub use names::{Names, names};
pub use passes::{
    Absent, Sweep, SweepStep, Window, absent, absent_ids, count_notes, ended_pass, forget_pass,
    has_notes, is_open, mark_asked, mark_planned, mark_seen, open_pass, outside_ids, sweep_absent,
};
pub use purge::{Purge, purge, purged_tables};
pub use quarantine::{
    clear_quarantine, keep_quarantined, quarantine, quarantined_numbers, release_unseen,
};
pub use resource::Resource;
pub use rows::{
    AvailabilityRecord, CustomRecord, DepartmentRecord, EmployeeRecord, EmployeeTeam,
    LeaveRequestRecord, LocationRecord, Page, PunchBreak, RoleAssignmentRecord, RoleRecord,
    ShiftBreak, ShiftRecord, TeamMemberRecord, TimeOffDay, TimeOffRecord, TimePunchRecord,
    WageRecord,
};
pub use stock::{alive, holds_rows, people_at_work};
pub use tombstones::tombstone;
pub use write::{PageOutcome, Refused, write_page};

use domain::access::Tenant;

/// Most rows that one statement writes; callers' pages are no longer than this.
pub const MAX_ROWS: usize = 1000;

/// Whose rows a write touches.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub tenant: &'a Tenant,
    pub connector_id: &'a str,
    /// The provider's name as the rows carry it, such as `7shifts`.
    pub source: &'a str,
}

/// A count of the database, which is never negative.
fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
