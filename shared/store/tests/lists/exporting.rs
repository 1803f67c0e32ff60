//! The export: everything once, without secrets.

use std::collections::BTreeMap;

use store::lists::{Export, Key, Kind};
use store::parameters;
use store::records::{Page, Resource, tombstone};

use crate::fixture::{Fixture, NOW, NOW_MICROS, Party, member, party};
use crate::reading::fill;
use crate::support::wait;

#[test]
fn an_export_has_everything_once_whatever_the_page() {
    let fixture = Fixture::new();
    let party = party(1);
    fill(&fixture, &party, 5);
    add_account(&fixture, &party);
    fixture.transact(async |transaction| {
        tombstone(
            transaction,
            &party.scope(),
            Resource::Shifts,
            &["0", "1"],
            NOW,
            NOW_MICROS,
        )
        .await
    });
    for limit in [1, 2, 5, 500] {
        let rows = export(&fixture, &party, limit);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, _) in &rows {
            *counts.entry(name).or_default() += 1;
        }
        let expected = Kind::ALL.map(|kind| {
            let one = matches!(
                kind,
                Kind::Organization
                    | Kind::Connector
                    | Kind::ApiKey
                    | Kind::WebhookRegistration
                    | Kind::Webhook
                    | Kind::WebhookEvent
                    | Kind::OutgoingWebhook
                    | Kind::Delivery
                    | Kind::AutomationRule
                    | Kind::Notice
                    | Kind::Log
                    | Kind::Store
                    | Kind::StaffPolicy
                    | Kind::AttendancePolicy
                    | Kind::AttendanceDelta
                    | Kind::AttendanceRecord
                    | Kind::AllocationSettings
                    | Kind::Closure
                    | Kind::CapacityOverride
                    | Kind::ClientFolder
                    | Kind::AllocationNotices
                    | Kind::Allocation
                    | Kind::AllocationExplanation
            );
            let rows = match kind {
                // What the rows above were made by left them.
                Kind::AuditEntry => 12,
                _ if one => 1,
                _ => 5,
            };
            (kind.name(), rows)
        });
        assert_eq!(counts, BTreeMap::from(expected), "by {limit}");
        let mut distinct: Vec<_> = rows
            .iter()
            .map(|(name, row)| (*name, row.to_string()))
            .collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), rows.len(), "by {limit}");
    }
}

#[test]
fn an_export_has_no_secret() {
    let fixture = Fixture::new();
    let party = party(1);
    add_account(&fixture, &party);
    let text = format!("{:?}", export(&fixture, &party, 500));
    assert!(
        text.contains("pb_live_abc"),
        "the key's prefix is no secret"
    );
    for secret in ["sealed-secret", "hash-of-the-key", "hash-of-the-path"] {
        assert!(!text.contains(secret));
    }
}

#[test]
fn lists_without_rows_are_passed_over() {
    let fixture = Fixture::new();
    let party = party(1);
    fixture.write(&party, Page::TeamMembers(&[member("1")]));
    let page = wait(
        Export::after(None)
            .unwrap()
            .read(&fixture.database, &party.tenant, 10),
    )
    .unwrap();
    assert_eq!(page.kind, Kind::TeamMember);
    let rest = Export::after(page.next.as_ref()).unwrap();
    let last = wait(rest.read(&fixture.database, &party.tenant, 10)).unwrap();
    assert_eq!((last.data_json.as_str(), last.next), ("[]", None));
}

#[test]
fn a_key_of_another_list_is_refused() {
    for id in [
        "",
        "x",
        "0190a5c0-0000-7000-8000-000000000001",
        "credentials:x",
        ":",
    ] {
        let key = Key {
            order: 0,
            id: id.to_owned(),
        };
        assert!(Export::after(Some(&key)).is_none(), "{id}");
    }
}

/// The organization's own row, its connector with credential, webhook and policy, its key, its store, and what it has
/// set up for allocations.
pub fn add_account(fixture: &Fixture, party: &Party) {
    let tenant = party.tenant.as_str();
    fixture.query(
        "INSERT INTO organizations (id, name, time_zone, created_at, updated_at) VALUES (?1, 'Osei Grill', 'America/Toronto', 0, 0)",
        parameters![tenant],
    );
    fixture.query(
        "INSERT INTO connectors (id, organization_id, provider, integration_key, name, state, state_changed_at, config, sync_settings, created_at, updated_at)
         VALUES (?1, ?2, 'seven_shifts', '7shifts', '7shifts', 'active', 0, '{\"company_id\":4410}', '{}', 0, 0)",
        parameters![party.connector_id.as_str(), tenant],
    );
    fixture.query(
        "INSERT INTO credentials (connector_id, field, organization_id, sealed, sealed_by, updated_at)
         VALUES (?1, 'access_token', ?2, 'sealed-secret', 'k', 0)",
        parameters![party.connector_id.as_str(), tenant],
    );
    fixture.query(
        "INSERT INTO api_keys (id, organization_id, name, key_hash, display_prefix, last_four, scopes, created_by, created_at)
         VALUES (?1, ?2, 'till', ?3, 'pb_live_abc', 'wxyz', '[\"shifts:read\"]', 'operator', 0)",
        parameters![fixture.id(), tenant, format!("hash-of-the-key-{tenant}")],
    );
    let (connector, endpoint) = (party.connector_id.as_str(), fixture.id());
    fixture.query(
        "INSERT INTO webhook_endpoints (id, connector_id, organization_id, path_hash, account, created_at)
         VALUES (?1, ?2, ?3, ?4, '4410', 0)",
        parameters![endpoint.as_str(), connector, tenant, format!("hash-of-the-path-{tenant}")],
    );
    fixture.query(
        "INSERT INTO webhook_registrations (id, endpoint_id, topic, connector_id, organization_id, external_id, base_url, state, created_at, last_checked_at)
         VALUES (?1, ?2, 'user.created', ?3, ?4, '81', 'https://patchbay.example.com', 'registered', 0, 0)",
        parameters![fixture.id(), endpoint, connector, tenant],
    );
    let webhook = fixture.id();
    fixture.query(
        "INSERT INTO webhooks (id, organization_id, name, scheme, options, events, state, version, created_by, created_at, updated_at)
         VALUES (?1, ?2, 'orders', 'generic', '{\"header\":\"x-signature\"}', '[\"order.*\"]', 'active', 1, 'user-1', 0, 0)",
        parameters![webhook.as_str(), tenant],
    );
    let secret = fixture.id();
    fixture.query(
        "INSERT INTO webhook_secrets (id, webhook_id, organization_id, created_at) VALUES (?1, ?2, ?3, 0)",
        parameters![secret.as_str(), webhook.as_str(), tenant],
    );
    fixture.query(
        "INSERT INTO credentials (connector_id, field, organization_id, sealed, sealed_by, updated_at)
         VALUES (?1, ?2, ?3, 'sealed-secret', 'k', 0)",
        parameters![webhook.as_str(), secret.as_str(), tenant],
    );
    fixture.query(
        "INSERT INTO webhook_events (id, webhook_id, organization_id, dedupe_key, event, key_id, is_hint, body, received_at)
         VALUES (?1, ?2, ?3, 'id:1', 'order.paid', ?4, 0, x'7b7d', 0)",
        parameters![fixture.id(), webhook.as_str(), tenant, secret.as_str()],
    );
    let endpoint = fixture.id();
    fixture.query(
        "INSERT INTO outgoing_webhooks (id, organization_id, name, url, events, state, state_reason, failing_since, created_by, created_at, updated_at)
         VALUES (?1, ?2, 'product', 'https://example.com/hook', '[\"shift.*\"]', 'disabled', 'It answered 410.', 0, 'user-1', 0, 0)",
        parameters![endpoint.as_str(), tenant],
    );
    let secret = fixture.id();
    fixture.query(
        "INSERT INTO webhook_secrets (id, webhook_id, organization_id, created_at, expires_at) VALUES (?1, ?2, ?3, 0, 60)",
        parameters![secret.as_str(), endpoint.as_str(), tenant],
    );
    fixture.query(
        "INSERT INTO credentials (connector_id, field, organization_id, sealed, sealed_by, updated_at)
         VALUES (?1, ?2, ?3, 'sealed-secret', 'k', 0)",
        parameters![endpoint.as_str(), secret.as_str(), tenant],
    );
    let delivery = fixture.id();
    fixture.query(
        "INSERT INTO deliveries (id, organization_id, kind, connector_id, requested_by, payload, state, attempts, error_code, error_detail, created_at)
         VALUES (?1, ?2, 'slack', ?3, 'user-1', '{\"text\":\"Hello\"}', 'pending', 1, 'timeout', 'Wait.', 0)",
        parameters![delivery.as_str(), tenant, connector],
    );
    fixture.query(
        "INSERT INTO delivery_attempts (delivery_id, number, organization_id, started_ms, duration_ms, code, detail, may_have_happened)
         VALUES (?1, 1, ?2, 1500, 15000, 'timeout', 'Wait.', 1)",
        parameters![delivery.as_str(), tenant],
    );
    fixture.query(
        "INSERT INTO automation_rules (id, organization_id, position, is_enabled, document, created_by, created_at, updated_at)
         VALUES (?1, ?2, 100, 1, '{\"name\":\"Tell\",\"event\":\"order.*\",\"actions\":[{\"type\":\"log\",\"text\":\"a\"}],\"is_enabled\":true}', 'user-1', 0, 0)",
        parameters![fixture.id(), tenant],
    );
    fixture.query(
        "INSERT INTO notices (id, organization_id, kind, about, title, remedy, created_at, updated_at)
         VALUES (?1, ?2, 'rule', 'a', 'Look', 'Do.', 0, 0)",
        parameters![fixture.id(), tenant],
    );
    fixture.query(
        "INSERT INTO integration_logs (organization_id, connector_id, event_type, status, subject_id, duration_ms, counts, detail, occurred_at)
         VALUES (?1, ?2, 'sync', 'success', 'r', 12, '{\"created\":3}', 'shifts', 0)",
        parameters![tenant, connector],
    );
    fixture.query(
        "INSERT INTO staff_policies (connector_id, organization_id, enforce_shift_schedule, sync_role_names, create_users_without_email, created_at, updated_at)
         VALUES (?1, ?2, 1, '[\"Host\"]', 0, 0, 0)",
        parameters![connector, tenant],
    );
    fixture.query(
        "INSERT INTO attendance_policies (organization_id, document, version, updated_by, created_at, updated_at)
         VALUES (?1, '{\"preset\":\"no_points\"}', 2, 'user-1', 0, 0)",
        parameters![tenant],
    );
    fixture.query(
        "INSERT INTO allocation_settings (organization_id, document, version, updated_by, created_at, updated_at)
         VALUES (?1, '{\"preset\":\"compatible\"}', 1, 'user-1', 0, 0)",
        parameters![tenant],
    );
    fixture.query(
        "INSERT INTO office_closures (id, organization_id, start_date, end_date, description, tags, workdays, created_by, created_at, updated_at)
         VALUES (?1, ?2, '2026-12-24', '2027-01-03', 'Christmas shutdown', '[\"office\"]', 7, 'user-1', 0, 0)",
        parameters![fixture.id(), tenant],
    );
    fixture.query(
        "INSERT INTO capacity_overrides (id, organization_id, adviser_email, effective_date, client_limit_monthly, pod_type, created_by, created_at, updated_at)
         VALUES (?1, ?2, 'mia.tan@example.com', '2026-04-07', 10, 'Team Pod', 'user-1', 0, 0)",
        parameters![fixture.id(), tenant],
    );
    fixture.query(
        "INSERT INTO client_folders (id, organization_id, connector_id, crm_connector_id, portal, deal_id, contact_id, contacts,
           name, parent_id, folder_id, path, status, copies, delivery_id, requested_by, requested_at, created_at, updated_at, finished_at)
         VALUES (?1, ?2, ?3, ?3, '62515', '501', '80010', '[{\"id\":\"80010\",\"first_name\":\"Sam\",\"last_name\":\"Lee\",\"email\":\"\"}]',
           'Sam Lee', '310000001', '310000777', '[\"1. Active Clients\"]', 'created', 1, ?4, 'user-1', 0, 0, 0, 0)",
        parameters![fixture.id(), tenant, connector, fixture.id()],
    );
    fixture.query(
        "INSERT INTO allocation_notices (organization_id, targets, updated_by, created_at, updated_at)
         VALUES (?1, '[]', 'user-1', 0, 0)",
        parameters![tenant],
    );
    let allocation = fixture.id();
    fixture.query(
        "INSERT INTO allocations (id, organization_id, connector_id, deal_id, source, requested_by, call_id, request, status,
           failure, received_at, decided_at, finished_at)
         VALUES (?1, ?2, ?3, '501', 'hubspot_webhook', 'hubspot', 'ap-1', '{\"service_package\":\" Seed \"}', 'failed',
           '{\"reason\":\"no_advisers\",\"detail\":\"There is no adviser.\",\"remedy\":\"Do.\"}', 0, 1, 1)",
        parameters![allocation.as_str(), tenant, connector],
    );
    fixture.query(
        "INSERT INTO allocation_explanations (allocation_id, organization_id, decided_at, decision) VALUES (?1, ?2, 1, '{\"deal_id\":\"501\"}')",
        parameters![allocation, tenant],
    );
    let (person, shift) = (fixture.id(), fixture.id());
    fixture.query(
        "INSERT INTO attendance_deltas (id, organization_id, connector_id, team_member_id, subject_id, anchor_at, event_date,
           shift_ids, punch_ids, matched_by, categories, scheduled_start, scheduled_end, scheduled_seconds, actual_start,
           actual_end, worked_seconds, arrival_seconds, departure_seconds, delta_minutes, is_running, fingerprint, changed_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, 36000, '1970-01-01', json_array(?5), '[]', 'time', 34, 36000, 64800, 28800, 36720, 67500,
           30780, 720, 2700, 33, 0, 1, 1000000)",
        parameters![fixture.id(), tenant, connector, person.as_str(), shift.as_str()],
    );
    fixture.query(
        "INSERT INTO attendance_records (id, organization_id, connector_id, team_member_id, subject_id, event_type, anchor_at,
           event_date, shift_ids, punch_ids, matched_by, minutes, delta_minutes, points, tier_minutes, policy_version,
           explanation, points_assessed, source, fingerprint, created_seq, changed_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, 'late_arrival', 36000, '1970-01-01', json_array(?5), '[]', 'time', 12, 33, 1, 5, 2, 'Late.',
           1, '7shifts_delta_engine', 1, 1000000, 1000000)",
        parameters![fixture.id(), tenant, connector, person.as_str(), shift.as_str()],
    );
    fixture.query(
        "INSERT INTO stores (id, organization_id, name, folded_name, product_ref, created_seq, changed_seq)
         VALUES (?1, ?2, 'Shop', 'shop', 's-1', 1000000, 1000000)",
        parameters![fixture.id(), tenant],
    );
}

/// All rows, each with the name of its list.
fn export(fixture: &Fixture, party: &Party, limit: u32) -> Vec<(&'static str, serde_json::Value)> {
    let mut rows = Vec::new();
    let mut export = Export::after(None);
    while let Some(step) = export {
        let page = wait(step.read(&fixture.database, &party.tenant, limit)).unwrap();
        let data: Vec<serde_json::Value> = serde_json::from_str(&page.data_json).unwrap();
        assert!(data.len() <= limit as usize);
        rows.extend(data.into_iter().map(|row| (page.kind.name(), row)));
        assert!(rows.len() < 1000, "an export without end");
        export = page
            .next
            .as_ref()
            .map(|key| Export::after(Some(key)).unwrap());
    }
    rows
}
