//! Every combination of filters is answered from an index that has the order of the list.

use domain::run::{RunStatus, Trigger};
use domain::stream::Stream;
use store::lists::{
    AllocationFilter, AttendanceFilter, AttendanceOf, AttendanceRecordFilter, AuditFilter,
    CapacityOverrideFilter, ClientFolderFilter, ClosureFilter, CustomRecordFilter, DeliveryFilter,
    EmployeeFilter, Export, Key, Kind, LeaveRequestFilter, List, LocationMappingFilter, LogFilter,
    MemberFilter, NoticeFilter, Paging, PlaceFilter, QuarantineFilter, ShiftFilter, StoreFilter,
    SyncRunFilter, TeamMemberFilter, TimeOffFilter, TimePunchFilter, WebhookEventFilter,
    allocations, attendance_deltas, attendance_records, audit_entries, automation_rules,
    availability, capacity_overrides, client_folders, closures, custom_records, deliveries,
    departments, employees, get, get_shift, leave_requests, location_mappings, locations, logs,
    notices, quarantined_records, role_assignments, roles, shifts, stores, sync_runs, team_members,
    time_off, time_punches, wages, webhook_events,
};

use crate::fixture::{Fixture, party};
use crate::support::wait;

const ATTENDANCE_OF: [AttendanceOf<'_>; 3] = [
    AttendanceOf::Everybody,
    AttendanceOf::Person("x"),
    AttendanceOf::Nobody,
];

#[test]
fn no_combination_of_filters_sorts_or_scans() {
    let fixture = Fixture::new();
    let tenant = party(1).tenant;
    let key = Key {
        order: 1,
        id: "a|b|c".to_owned(),
    };
    let mut looked_at = 0;
    // Each bit of the number is one filter, given or not; the database refuses full scans.
    for bits in 0..512_u32 {
        let given = |bit: u32| bits & (1 << bit) != 0;
        let number = |bit| given(bit).then_some(1_i64);
        let text = |bit| given(bit).then_some("x");
        let flag = |bit| given(bit).then_some(true);
        let stream = |bit| given(bit).then_some(Stream::Users);
        let paging = Paging {
            limit: 10,
            after: given(0).then_some(&key),
        };
        let mut lists: Vec<List> = Vec::new();
        if bits < 8 {
            let filter = PlaceFilter {
                updated_since: number(1),
                include_deleted: given(2),
            };
            lists.push(locations(&tenant, &filter, &paging));
            lists.push(departments(&tenant, &filter, &paging));
            lists.push(roles(&tenant, &filter, &paging));
            let filter = QuarantineFilter {
                connector_id: text(1),
                stream: stream(2),
            };
            lists.push(quarantined_records(&tenant, &filter, &paging));
        }
        if bits < 16 {
            let filter = MemberFilter {
                updated_since: number(1),
                include_deleted: given(2),
                team_member_id: text(3),
            };
            lists.push(wages(&tenant, &filter, &paging));
            lists.push(role_assignments(&tenant, &filter, &paging));
            lists.push(availability(&tenant, &filter, &paging));
        }
        if bits < 8 {
            let filter = ClosureFilter {
                from: text(1),
                to: text(2),
            };
            lists.push(closures(&tenant, &filter, &paging));
        }
        if bits < 4 {
            let filter = CapacityOverrideFilter {
                adviser_email: text(1),
            };
            lists.push(capacity_overrides(&tenant, &filter, &paging));
        }
        if bits < 8 {
            let filter = ClientFolderFilter {
                deal_id: text(1),
                status: text(2),
            };
            lists.push(client_folders(&tenant, &filter, &paging));
        }
        if bits < 128 {
            let filter = AllocationFilter {
                status: text(1),
                deal_id: text(2),
                adviser_email: text(3),
                connector_id: text(4),
                received_from: number(5),
                is_live: given(6),
            };
            lists.push(allocations(&tenant, &filter, &paging));
        }
        if bits < 2 {
            lists.push(automation_rules(&tenant, &paging));
        }
        if bits < 8 {
            let filter = AuditFilter {
                resource: text(1),
                resource_id: text(2),
                actor: text(3),
            };
            lists.push(audit_entries(&tenant, &filter, &paging));
        }
        if bits < 32 {
            let filter = LogFilter {
                event_type: text(1),
                status: text(2),
                connector_id: text(3),
                after: number(4),
            };
            lists.push(logs(&tenant, &filter, &paging));
        }
        if bits < 8 {
            for is in [true, false] {
                let filter = NoticeFilter {
                    is_dismissed: given(1).then_some(is),
                    is_read: given(2).then_some(is),
                };
                lists.push(notices(&tenant, filter, &paging));
            }
        }
        if bits < 64 {
            for state in ["dead", "pending"] {
                let filter = WebhookEventFilter {
                    webhook_id: text(1),
                    event: text(2),
                    received_from: number(3),
                    received_to: number(3),
                    state: given(4).then_some(state),
                    is_oldest_first: given(5),
                };
                lists.push(webhook_events(&tenant, &filter, &paging));
            }
        }
        if bits < 64 {
            let filter = DeliveryFilter {
                connector_id: text(1),
                endpoint_id: text(5),
                state: text(2),
                created_from: number(3),
                created_to: number(4),
            };
            lists.push(deliveries(&tenant, &filter, &paging));
        }
        if bits < 128 {
            let filter = TimeOffFilter {
                updated_since: number(1),
                include_deleted: given(2),
                team_member_id: text(3),
                from: text(4),
                to: text(5),
                status: text(6),
            };
            lists.push(time_off(&tenant, &filter, &paging));
        }
        if bits < 64 {
            let filter = EmployeeFilter {
                updated_since: number(1),
                include_deleted: given(2),
                connector_id: text(3),
                email: text(4),
                status: text(5),
            };
            lists.push(employees(&tenant, &filter, &paging));
        }
        if bits < 256 {
            let filter = LeaveRequestFilter {
                updated_since: number(1),
                include_deleted: given(2),
                connector_id: text(3),
                employee_id: text(4),
                from: text(5),
                to: text(6),
                status: text(7),
            };
            lists.push(leave_requests(&tenant, &filter, &paging));
        }
        if bits < 32 {
            let filter = CustomRecordFilter {
                updated_since: number(1),
                include_deleted: given(2),
                connector_id: text(3),
                external_id: text(4),
            };
            lists.push(custom_records(&tenant, &filter, &paging));
        }
        if bits < 16 {
            let filter = StoreFilter {
                updated_since: number(1),
                include_deleted: given(2),
                product_ref: text(3),
            };
            lists.push(stores(&tenant, &filter, &paging));
            let filter = LocationMappingFilter {
                connector_id: text(1),
                store_id: text(2),
                is_mapped: flag(3),
            };
            lists.push(location_mappings(&tenant, &filter, &paging));
        }
        if bits < 64 {
            let filter = TeamMemberFilter {
                updated_since: number(1),
                include_deleted: given(2),
                is_active: flag(3),
                email: text(4),
                product_ref: text(5),
            };
            lists.push(team_members(&tenant, &filter, &paging));
        }
        if bits < 64 {
            let filter = SyncRunFilter {
                connector_id: text(1),
                stream: stream(2),
                status: given(3).then_some(RunStatus::Failed),
                trigger: given(4).then_some(Trigger::Manual),
                started_from: number(5),
            };
            lists.push(sync_runs(&tenant, &filter, &paging));
        }
        if bits < 256 {
            for attendance_of in ATTENDANCE_OF {
                let filter = ShiftFilter {
                    updated_since: number(1),
                    include_deleted: given(2),
                    starts_from: number(3),
                    starts_to: number(4),
                    team_member_id: text(5),
                    location_id: text(6),
                    is_open: flag(7),
                    attendance_of,
                };
                lists.push(shifts(&tenant, &filter, &paging));
            }
        }
        for is_disputed in [None, Some(true), Some(false)] {
            let filter = TimePunchFilter {
                updated_since: number(1),
                include_deleted: given(2),
                clocked_in_from: number(3),
                clocked_in_to: number(4),
                team_member_id: text(5),
                location_id: text(6),
                is_running: flag(7),
                is_approved: flag(8),
                is_disputed,
            };
            lists.push(time_punches(&tenant, &filter, &paging));
        }
        let of = AttendanceFilter {
            from: text(1),
            to: text(2),
            between: (number(1), number(2)),
            team_member_id: text(3),
            location_id: text(4),
        };
        if bits < 64 {
            lists.push(attendance_deltas(&tenant, &of, number(5), &paging));
        }
        let filter = AttendanceRecordFilter {
            updated_since: number(5),
            include_deleted: given(6),
            of,
            event_type: text(7),
            is_excused: flag(8),
            needs_review: flag(8),
            product_ref: text(7),
        };
        lists.push(attendance_records(&tenant, &filter, &paging));
        for list in &lists {
            wait(list.read(&fixture.database)).unwrap();
            let statements = fixture.database.take_statements();
            assert_eq!(statements.len(), 1);
            assert_sorted_by_index(&fixture, &statements[0]);
            looked_at += 1;
        }
    }
    assert_eq!(
        looked_at,
        2 + 4 + 8 + 2 * 32 + 4 * 8 + 8 * 4 + 5 * 16 + 64 + 2 * 128 + 6 * 64 + 4 * 256 + 4 * 512
    );
}

#[test]
fn one_row_and_the_export_are_found_by_index_too() {
    let fixture = Fixture::new();
    let tenant = party(1).tenant;
    for kind in Kind::ALL {
        assert_eq!(wait(get(&fixture.database, &tenant, kind, "x")), Ok(None));
    }
    for of in ATTENDANCE_OF {
        let row = wait(get_shift(&fixture.database, &tenant, "x", of));
        assert_eq!(row, Ok(None));
    }
    wait(
        Export::after(None)
            .unwrap()
            .read(&fixture.database, &tenant, 10),
    )
    .unwrap();
    for statement in fixture.database.take_statements() {
        assert_sorted_by_index(&fixture, &statement);
    }
}

fn assert_sorted_by_index(fixture: &Fixture, sql: &str) {
    let plan = fixture.database.plan(sql);
    let sorts = plan.iter().any(|line| line.contains("TEMP B-TREE"));
    assert!(!sorts, "{sql}\n{plan:#?}");
}
