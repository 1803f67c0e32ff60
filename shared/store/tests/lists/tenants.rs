//! No list and no id ever shows a row of another organization.

use store::lists::{Export, Kind, Paging, ShiftFilter, TimePunchFilter, get, shifts, time_punches};

use crate::exporting::add_account;
use crate::fixture::{Fixture, party};
use crate::reading::{LISTS, fill, id_of, ids, read_all};
use crate::support::wait;

#[test]
fn lists_show_only_rows_of_the_tenant() {
    let fixture = Fixture::new();
    // The same external ids in both.
    let (ours, theirs) = (party(1), party(2));
    fill(&fixture, &ours, 4);
    fill(&fixture, &theirs, 6);
    for (name, list) in LISTS {
        let rows = read_all(&fixture.database, 3, |paging| list(&ours.tenant, paging)).concat();
        assert_eq!(rows.len(), 4, "{name}");
        for row in rows {
            assert_eq!(row["organization_id"], ours.tenant.as_str(), "{name}");
            assert_eq!(row["connector_id"], ours.connector_id, "{name}");
        }
    }
}

#[test]
fn a_foreign_id_is_no_id() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    for party in [&ours, &theirs] {
        fill(&fixture, party, 2);
        add_account(&fixture, party);
    }
    let tables = [
        (Kind::Organization, "organizations"),
        (Kind::Connector, "connectors"),
        (Kind::ApiKey, "api_keys"),
        (Kind::WebhookRegistration, "webhook_registrations"),
        (Kind::Webhook, "webhooks"),
        (Kind::WebhookEvent, "webhook_events"),
        (Kind::OutgoingWebhook, "outgoing_webhooks"),
        (Kind::Delivery, "deliveries"),
        (Kind::AutomationRule, "automation_rules"),
        (Kind::Notice, "notices"),
        (Kind::Location, "locations"),
        (Kind::Department, "departments"),
        (Kind::Role, "roles"),
        (Kind::TeamMember, "team_members"),
        (Kind::Shift, "schedule_shifts"),
        (Kind::TimePunch, "time_punches"),
        (Kind::Wage, "team_member_wages"),
        (Kind::RoleAssignment, "team_member_role_assignments"),
        (Kind::Availability, "team_member_availability"),
        (Kind::TimeOff, "time_off_requests"),
        (Kind::Employee, "employees"),
        (Kind::LeaveRequest, "leave_requests"),
        (Kind::CustomRecord, "custom_records"),
        (Kind::Store, "stores"),
        (Kind::LocationMapping, "locations"),
        (Kind::Closure, "office_closures"),
        (Kind::CapacityOverride, "capacity_overrides"),
        (Kind::ClientFolder, "client_folders"),
        (Kind::Allocation, "allocations"),
        (Kind::SyncRun, "sync_runs"),
    ];
    for (kind, table) in tables {
        for row in fixture.query(&format!("SELECT id FROM {table}"), &[]) {
            let id = row.text(0).unwrap();
            let find = |tenant| wait(get(&fixture.database, tenant, kind, id)).unwrap();
            let found = [find(&ours.tenant), find(&theirs.tenant)];
            assert_eq!(found.iter().flatten().count(), 1, "{table} {id}: {found:?}");
            assert!(found.iter().flatten().all(|json| json.contains(id)));
        }
        let unknown = wait(get(&fixture.database, &ours.tenant, kind, "unknown"));
        assert_eq!(unknown, Ok(None));
    }
}

#[test]
fn a_foreign_id_as_a_filter_finds_nothing() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    for party in [&ours, &theirs] {
        fill(&fixture, party, 3);
        fixture.query("UPDATE schedule_shifts SET external_location_id = '0'", &[]);
        fixture.query("UPDATE time_punches SET external_location_id = '0'", &[]);
    }
    let paging = Paging::default();
    for (party, expected) in [(&ours, 3), (&theirs, 0)] {
        let person = id_of(&fixture, "team_members", party, "0");
        let place = id_of(&fixture, "locations", party, "0");
        for (team_member_id, location_id) in
            [(Some(person.as_str()), None), (None, Some(place.as_str()))]
        {
            let filter = ShiftFilter {
                team_member_id,
                location_id,
                ..ShiftFilter::default()
            };
            assert_eq!(
                ids(&fixture, &shifts(&ours.tenant, &filter, &paging)).len(),
                expected
            );
            let filter = TimePunchFilter {
                team_member_id,
                location_id,
                ..TimePunchFilter::default()
            };
            assert_eq!(
                ids(&fixture, &time_punches(&ours.tenant, &filter, &paging)).len(),
                expected
            );
        }
    }
}

#[test]
fn an_export_shows_only_rows_of_the_tenant() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    for party in [&ours, &theirs] {
        fill(&fixture, party, 3);
        add_account(&fixture, party);
    }
    let mut export = Export::after(None);
    while let Some(step) = export {
        let page = wait(step.read(&fixture.database, &ours.tenant, 500)).unwrap();
        assert!(
            !page.data_json.contains(theirs.tenant.as_str()),
            "{:?}",
            page.kind
        );
        export = page.next.as_ref().and_then(|key| Export::after(Some(key)));
    }
}
