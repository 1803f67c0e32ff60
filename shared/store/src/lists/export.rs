//! Everything that an organization has, page by page through all of its lists.

use domain::access::Tenant;

use super::filters::{
    AllocationFilter, AttendanceFilter, AttendanceRecordFilter, AuditFilter,
    CapacityOverrideFilter, ClientFolderFilter, ClosureFilter, CustomRecordFilter, DeliveryFilter,
    EmployeeFilter, LeaveRequestFilter, LocationMappingFilter, LogFilter, MemberFilter,
    NoticeFilter, PlaceFilter, QuarantineFilter, ShiftFilter, StoreFilter, SyncRunFilter,
    TeamMemberFilter, TimeOffFilter, TimePunchFilter, WebhookEventFilter, allocations,
    attendance_deltas, attendance_records, audit_entries, automation_rules, availability,
    capacity_overrides, client_folders, closures, custom_records, deliveries, departments,
    employees, leave_requests, location_mappings, locations, logs, notices, own,
    quarantined_records, role_assignments, roles, shifts, stores, sync_runs, team_members,
    time_off, time_punches, wages, webhook_events,
};
use super::list::{Key, List, ListPage, Paging, get};
use super::view::Kind;
use crate::database::{DatabaseError, Execute};

/// Rows of a page of explanations, which are large.
const MAX_EXPLANATIONS: u32 = 10;

/// Where an export stands.
#[derive(Clone, Debug)]
pub struct Export {
    kind: Kind,
    after: Option<Key>,
}

/// A page of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPage {
    pub kind: Kind,
    /// The rows as the text of one JSON array, deleted ones included. Never a secret, nor its hash.
    pub data_json: String,
    /// Where the next page begins, of this list or of the next; `None` at the end of everything.
    pub next: Option<Key>,
}

impl Export {
    /// The page after `after`, or the first one; `None` when the key is not from an export.
    #[must_use]
    pub fn after(after: Option<&Key>) -> Option<Self> {
        let Some(key) = after else {
            let [first, ..] = Kind::ALL;
            return Some(Self {
                kind: first,
                after: None,
            });
        };
        let (name, id) = key.id.split_once(':')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
        Some(Self {
            kind,
            after: (!id.is_empty()).then(|| Key {
                order: key.order,
                id: id.to_owned(),
            }),
        })
    }

    /// Reads one page of at most `limit` rows; lists without rows are passed over, so only the
    /// last page can be empty.
    ///
    /// # Errors
    /// The failure of a statement.
    pub async fn read<E: Execute>(
        self,
        database: &E,
        tenant: &Tenant,
        limit: u32,
    ) -> Result<ExportPage, DatabaseError> {
        let Self {
            mut kind,
            mut after,
        } = self;
        loop {
            let paging = Paging {
                limit,
                after: after.as_ref(),
            };
            let page = match list(kind, tenant, &paging) {
                Some(list) => list.read(database).await?,
                None => organization(database, tenant).await?,
            };
            let following = following(kind);
            if page.count == 0
                && let Some(following) = following
            {
                (kind, after) = (following, None);
                continue;
            }
            let next = page.next.map_or_else(
                || following.map(|kind| key(kind, 0, "")),
                |last| Some(key(kind, last.order, &last.id)),
            );
            return Ok(ExportPage {
                kind,
                data_json: page.data_json,
                next,
            });
        }
    }
}

fn key(kind: Kind, order: i64, id: &str) -> Key {
    Key {
        order,
        id: format!("{}:{id}", kind.name()),
    }
}

fn following(kind: Kind) -> Option<Kind> {
    Kind::ALL
        .into_iter()
        .skip_while(|other| *other != kind)
        .nth(1)
}

/// The list of a kind with its deleted rows; `None` for the organization, which is one row.
fn list(kind: Kind, tenant: &Tenant, paging: &Paging<'_>) -> Option<List> {
    let places = PlaceFilter {
        include_deleted: true,
        ..PlaceFilter::default()
    };
    let of_everybody = MemberFilter {
        include_deleted: true,
        ..MemberFilter::default()
    };
    Some(match kind {
        Kind::Organization => return None,
        Kind::Connector
        | Kind::ApiKey
        | Kind::StaffPolicy
        | Kind::AttendancePolicy
        | Kind::AllocationSettings
        | Kind::AllocationNotices
        | Kind::WebhookRegistration
        | Kind::Webhook
        | Kind::OutgoingWebhook => own(kind, tenant, paging),
        Kind::WebhookEvent => webhook_events(tenant, &WebhookEventFilter::default(), paging),
        Kind::Delivery => deliveries(tenant, &DeliveryFilter::default(), paging),
        Kind::AutomationRule => automation_rules(tenant, paging),
        Kind::Log => logs(tenant, &LogFilter::default(), paging),
        Kind::AuditEntry => audit_entries(tenant, &AuditFilter::default(), paging),
        Kind::Notice => notices(tenant, NoticeFilter::default(), paging),
        Kind::Location => locations(tenant, &places, paging),
        Kind::Department => departments(tenant, &places, paging),
        Kind::Role => roles(tenant, &places, paging),
        Kind::TeamMember => {
            let filter = TeamMemberFilter {
                include_deleted: true,
                ..TeamMemberFilter::default()
            };
            team_members(tenant, &filter, paging)
        }
        Kind::Shift => {
            let filter = ShiftFilter {
                include_deleted: true,
                ..ShiftFilter::default()
            };
            shifts(tenant, &filter, paging)
        }
        Kind::TimePunch => {
            let filter = TimePunchFilter {
                include_deleted: true,
                ..TimePunchFilter::default()
            };
            time_punches(tenant, &filter, paging)
        }
        Kind::Wage => wages(tenant, &of_everybody, paging),
        Kind::RoleAssignment => role_assignments(tenant, &of_everybody, paging),
        Kind::Availability => availability(tenant, &of_everybody, paging),
        Kind::TimeOff => {
            let filter = TimeOffFilter {
                include_deleted: true,
                ..TimeOffFilter::default()
            };
            time_off(tenant, &filter, paging)
        }
        Kind::Employee => {
            let filter = EmployeeFilter {
                include_deleted: true,
                ..EmployeeFilter::default()
            };
            employees(tenant, &filter, paging)
        }
        Kind::LeaveRequest => {
            let filter = LeaveRequestFilter {
                include_deleted: true,
                ..LeaveRequestFilter::default()
            };
            leave_requests(tenant, &filter, paging)
        }
        Kind::CustomRecord => {
            let filter = CustomRecordFilter {
                include_deleted: true,
                ..CustomRecordFilter::default()
            };
            custom_records(tenant, &filter, paging)
        }
        Kind::Store => {
            let filter = StoreFilter {
                include_deleted: true,
                ..StoreFilter::default()
            };
            stores(tenant, &filter, paging)
        }
        Kind::AttendanceDelta => {
            attendance_deltas(tenant, &AttendanceFilter::default(), None, paging)
        }
        Kind::AttendanceRecord => {
            let filter = AttendanceRecordFilter {
                include_deleted: true,
                ..AttendanceRecordFilter::default()
            };
            attendance_records(tenant, &filter, paging)
        }
        Kind::LocationMapping => {
            location_mappings(tenant, &LocationMappingFilter::default(), paging)
        }
        Kind::Closure => closures(tenant, &ClosureFilter::default(), paging),
        Kind::CapacityOverride => {
            capacity_overrides(tenant, &CapacityOverrideFilter::default(), paging)
        }
        Kind::Allocation => allocations(tenant, &AllocationFilter::default(), paging),
        Kind::AllocationExplanation => {
            // A row has the tables of all advisers.
            let few = Paging {
                limit: paging.limit.min(MAX_EXPLANATIONS),
                ..*paging
            };
            own(kind, tenant, &few)
        }
        Kind::ClientFolder => client_folders(tenant, &ClientFolderFilter::default(), paging),
        Kind::SyncRun => sync_runs(tenant, &SyncRunFilter::default(), paging),
        Kind::QuarantinedRecord => {
            quarantined_records(tenant, &QuarantineFilter::default(), paging)
        }
    })
}

async fn organization<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<ListPage, DatabaseError> {
    let row = get(database, tenant, Kind::Organization, tenant.as_str()).await?;
    Ok(ListPage {
        count: u32::from(row.is_some()),
        data_json: format!("[{}]", row.unwrap_or_default()),
        next: None,
    })
}
