//! Reading back: pages of JSON that a function writes into its answer as they are.
//!
//! Every list is one statement that returns one row: the page as one JSON array, and the key of
//! its last row. With `updated_since` a list is in the order of changes and has the deleted rows
//! too, so that a reader who keeps the last cursor misses nothing: a row that changes between two
//! pages comes again later. Otherwise a list is in the natural order of its rows.
//!
//! What is derived at reading (names, `scheduled_minutes` of shifts, `end_date`) follows the rows that
//! it comes from and does not move `updated_at`.

mod export;
mod field;
mod filters;
mod list;
mod view;

pub use export::{Export, ExportPage};
pub use filters::{
    AllocationFilter, AttendanceFilter, AttendanceRecordFilter, AuditFilter,
    CapacityOverrideFilter, ClientFolderFilter, ClosureFilter, CustomRecordFilter, DeliveryFilter,
    EmployeeFilter, LeaveRequestFilter, LocationMappingFilter, LogFilter, MemberFilter,
    NoticeFilter, PlaceFilter, QuarantineFilter, ShiftFilter, StoreFilter, SyncRunFilter,
    TeamMemberFilter, TimeOffFilter, TimePunchFilter, WebhookEventFilter, allocations,
    attendance_deltas, attendance_records, audit_entries, automation_rules, availability,
    capacity_overrides, client_folders, closures, custom_records, deliveries, departments,
    employees, leave_requests, location_mappings, locations, logs, notices, outgoing_webhooks,
    quarantined_records, role_assignments, roles, shifts, stores, sync_runs, team_members,
    time_off, time_punches, wages, webhook_events, webhooks,
};
pub use list::{
    AttendanceOf, DEFAULT_LIMIT, Key, List, ListPage, MAX_LIMIT, Paging, get, get_shift,
};
pub use view::Kind;
pub(crate) use view::{FULL_NAME_OF_MEMBER, TIME_OFF_CATEGORY};
