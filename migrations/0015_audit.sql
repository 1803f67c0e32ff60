-- Audit: who changed what is set up, when, before and after. Triggers write it, in the transaction of the change itself. What a
-- secret is, is never in it, only that there is another one.

-- Whose change it is: a row that is there only within that transaction. Without it the change is the system's own.
CREATE TABLE audit_actors (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  kind TEXT NOT NULL,                              -- api_key | jwt | session | operator
  actor TEXT NOT NULL,                             -- the id of the key, or the subject of the token
  request_id TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
--; statement
-- Always one row.
CREATE VIEW audit_actor AS
SELECT coalesce(kind, 'system') AS kind, actor, request_id, changed_at FROM (SELECT 1) LEFT JOIN audit_actors ON id = 1;
--; statement
CREATE TABLE audit_entries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id TEXT NOT NULL,
  resource TEXT NOT NULL,                          -- connector | credential | webhook …
  resource_id TEXT NOT NULL,
  action TEXT NOT NULL,                            -- created | updated | deleted
  before TEXT,                                     -- JSON object
  after TEXT,                                      -- JSON object
  actor_kind TEXT NOT NULL,                        -- api_key | jwt | session | operator | system
  actor TEXT,
  request_id TEXT,
  occurred_at INTEGER NOT NULL
) STRICT;
--; statement
CREATE INDEX audit_entries_organization ON audit_entries (organization_id, seq);
--; statement
CREATE INDEX audit_entries_resource ON audit_entries (organization_id, resource, seq);
--; statement
CREATE INDEX audit_entries_resource_id ON audit_entries (organization_id, resource_id, seq);
--; statement
CREATE INDEX audit_entries_actor ON audit_entries (organization_id, actor, seq);
--; statement
CREATE TRIGGER organizations_audit_created AFTER INSERT ON organizations BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.id, 'organization', NEW.id, 'created', NULL, json_object('name', NEW.name, 'time_zone', NEW.time_zone, 'state',
    NEW.state, 'time_off_categories', json(NEW.time_off_categories)), kind, actor, request_id, coalesce(changed_at,
    NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER organizations_audit_updated AFTER UPDATE OF name, time_zone, state, time_off_categories ON organizations
WHEN (OLD.name, OLD.time_zone, OLD.state, OLD.time_off_categories) IS NOT (NEW.name, NEW.time_zone, NEW.state,
  NEW.time_off_categories) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.id, 'organization', NEW.id, 'updated', json_object('name', OLD.name, 'time_zone', OLD.time_zone, 'state',
    OLD.state, 'time_off_categories', json(OLD.time_off_categories)), json_object('name', NEW.name, 'time_zone',
    NEW.time_zone, 'state', NEW.state, 'time_off_categories', json(NEW.time_off_categories)), kind, actor, request_id,
    coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER api_keys_audit_created AFTER INSERT ON api_keys BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'api_key', NEW.id, 'created', NULL, json_object('name', NEW.name, 'display_prefix',
    NEW.display_prefix, 'last_four', NEW.last_four, 'scopes', json(NEW.scopes), 'networks', json(NEW.networks),
    'requests_per_minute', NEW.requests_per_minute, 'expires_at', strftime('%Y-%m-%dT%H:%M:%SZ', NEW.expires_at, 'unixepoch'),
    'revoked_at', strftime('%Y-%m-%dT%H:%M:%SZ', NEW.revoked_at, 'unixepoch')), kind, actor, request_id, coalesce(changed_at,
    NEW.created_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER api_keys_audit_updated AFTER UPDATE OF name, scopes, networks, requests_per_minute, expires_at, revoked_at ON
  api_keys
WHEN (OLD.name, OLD.scopes, OLD.networks, OLD.requests_per_minute, OLD.expires_at, OLD.revoked_at) IS NOT (NEW.name,
  NEW.scopes, NEW.networks, NEW.requests_per_minute, NEW.expires_at, NEW.revoked_at) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'api_key', NEW.id, 'updated', json_object('name', OLD.name, 'display_prefix',
    OLD.display_prefix, 'last_four', OLD.last_four, 'scopes', json(OLD.scopes), 'networks', json(OLD.networks),
    'requests_per_minute', OLD.requests_per_minute, 'expires_at', strftime('%Y-%m-%dT%H:%M:%SZ', OLD.expires_at, 'unixepoch'),
    'revoked_at', strftime('%Y-%m-%dT%H:%M:%SZ', OLD.revoked_at, 'unixepoch')), json_object('name', NEW.name,
    'display_prefix', NEW.display_prefix, 'last_four', NEW.last_four, 'scopes', json(NEW.scopes), 'networks',
    json(NEW.networks), 'requests_per_minute', NEW.requests_per_minute, 'expires_at', strftime('%Y-%m-%dT%H:%M:%SZ',
    NEW.expires_at, 'unixepoch'), 'revoked_at', strftime('%Y-%m-%dT%H:%M:%SZ', NEW.revoked_at, 'unixepoch')), kind, actor,
    request_id, coalesce(changed_at, NEW.created_at) FROM audit_actor;
END;
--; statement
-- A state that follows from what a provider says is in the log; here is what somebody did.
CREATE TRIGGER connectors_audit_created AFTER INSERT ON connectors BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'connector', NEW.id, 'created', NULL, json_object('name', NEW.name, 'type', NEW.provider,
    'integration_key', NEW.integration_key, 'state', NEW.state, 'config', json(NEW.config), 'sync_settings',
    json(NEW.sync_settings)), kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER connectors_audit_updated AFTER UPDATE OF name, integration_key, config, sync_settings, state ON connectors
WHEN ((OLD.name, OLD.integration_key, OLD.config, OLD.sync_settings) IS NOT (NEW.name, NEW.integration_key, NEW.config,
  NEW.sync_settings) OR (OLD.state <> NEW.state AND EXISTS (SELECT 1 FROM audit_actors))) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'connector', NEW.id, 'updated', json_object('name', OLD.name, 'type', OLD.provider,
    'integration_key', OLD.integration_key, 'state', OLD.state, 'config', json(OLD.config), 'sync_settings',
    json(OLD.sync_settings)), json_object('name', NEW.name, 'type', NEW.provider, 'integration_key', NEW.integration_key,
    'state', NEW.state, 'config', json(NEW.config), 'sync_settings', json(NEW.sync_settings)), kind, actor, request_id,
    coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER connectors_audit_deleted AFTER DELETE ON connectors
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'connector', OLD.id, 'deleted', json_object('name', OLD.name, 'type', OLD.provider,
    'integration_key', OLD.integration_key, 'state', OLD.state, 'config', json(OLD.config), 'sync_settings',
    json(OLD.sync_settings)), NULL, kind, actor, request_id, changed_at FROM audit_actor;
END;
--; statement
-- Renewed tokens and new vault keys are nobody's change. Those of webhooks are told of by their own table.
CREATE TRIGGER credentials_audit_created AFTER INSERT ON credentials
WHEN EXISTS (SELECT 1 FROM audit_actors) AND EXISTS (SELECT 1 FROM connectors WHERE id = NEW.connector_id) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'credential', NEW.connector_id, 'created', NULL, json_object('field', NEW.field, 'value',
    '[redacted]'), kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER credentials_audit_updated AFTER UPDATE OF sealed ON credentials
WHEN OLD.sealed IS NOT NEW.sealed AND EXISTS (SELECT 1 FROM audit_actors) AND EXISTS (SELECT 1 FROM connectors WHERE id =
  NEW.connector_id) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'credential', NEW.connector_id, 'updated', json_object('field', OLD.field, 'value',
    '[redacted]'), json_object('field', NEW.field, 'value', '[redacted]'), kind, actor, request_id, coalesce(changed_at,
    NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER credentials_audit_deleted AFTER DELETE ON credentials
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' AND
  EXISTS (SELECT 1 FROM connectors WHERE id = OLD.connector_id) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'credential', OLD.connector_id, 'deleted', json_object('field', OLD.field, 'value',
    '[redacted]'), NULL, kind, actor, request_id, changed_at FROM audit_actor;
END;
--; statement
CREATE TRIGGER webhooks_audit_created AFTER INSERT ON webhooks BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'webhook', NEW.id, 'created', NULL, json_object('name', NEW.name, 'scheme', NEW.scheme,
    'options', json(NEW.options), 'events', json(NEW.events), 'state', NEW.state, 'failure_limit', NEW.failure_limit,
    'events_per_minute', NEW.events_per_minute), kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM
    audit_actor;
END;
--; statement
CREATE TRIGGER webhooks_audit_updated AFTER UPDATE OF name, options, events, failure_limit, events_per_minute, state ON
  webhooks
WHEN ((OLD.name, OLD.options, OLD.events, OLD.failure_limit, OLD.events_per_minute) IS NOT (NEW.name, NEW.options,
  NEW.events, NEW.failure_limit, NEW.events_per_minute) OR (OLD.state <> NEW.state AND EXISTS (SELECT 1 FROM audit_actors))) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'webhook', NEW.id, 'updated', json_object('name', OLD.name, 'scheme', OLD.scheme, 'options',
    json(OLD.options), 'events', json(OLD.events), 'state', OLD.state, 'failure_limit', OLD.failure_limit,
    'events_per_minute', OLD.events_per_minute), json_object('name', NEW.name, 'scheme', NEW.scheme, 'options',
    json(NEW.options), 'events', json(NEW.events), 'state', NEW.state, 'failure_limit', NEW.failure_limit,
    'events_per_minute', NEW.events_per_minute), kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM
    audit_actor;
END;
--; statement
CREATE TRIGGER webhooks_audit_deleted AFTER DELETE ON webhooks
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'webhook', OLD.id, 'deleted', json_object('name', OLD.name, 'scheme', OLD.scheme, 'options',
    json(OLD.options), 'events', json(OLD.events), 'state', OLD.state, 'failure_limit', OLD.failure_limit,
    'events_per_minute', OLD.events_per_minute), NULL, kind, actor, request_id, changed_at FROM audit_actor;
END;
--; statement
CREATE TRIGGER webhook_secrets_audit_created AFTER INSERT ON webhook_secrets
WHEN EXISTS (SELECT 1 FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'webhook_secret', NEW.id, 'created', NULL, json_object('webhook_id', NEW.webhook_id,
    'expires_at', strftime('%Y-%m-%dT%H:%M:%SZ', NEW.expires_at, 'unixepoch'), 'value', '[redacted]'), kind, actor,
    request_id, coalesce(changed_at, NEW.created_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER webhook_secrets_audit_updated AFTER UPDATE OF expires_at ON webhook_secrets
WHEN OLD.expires_at IS NOT NEW.expires_at AND EXISTS (SELECT 1 FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'webhook_secret', NEW.id, 'updated', json_object('webhook_id', OLD.webhook_id, 'expires_at',
    strftime('%Y-%m-%dT%H:%M:%SZ', OLD.expires_at, 'unixepoch'), 'value', '[redacted]'), json_object('webhook_id',
    NEW.webhook_id, 'expires_at', strftime('%Y-%m-%dT%H:%M:%SZ', NEW.expires_at, 'unixepoch'), 'value', '[redacted]'), kind,
    actor, request_id, coalesce(changed_at, NEW.created_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER webhook_secrets_audit_deleted AFTER DELETE ON webhook_secrets
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'webhook_secret', OLD.id, 'deleted', json_object('webhook_id', OLD.webhook_id, 'expires_at',
    strftime('%Y-%m-%dT%H:%M:%SZ', OLD.expires_at, 'unixepoch'), 'value', '[redacted]'), NULL, kind, actor, request_id,
    changed_at FROM audit_actor;
END;
--; statement
CREATE TRIGGER outgoing_webhooks_audit_created AFTER INSERT ON outgoing_webhooks BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'outgoing_webhook', NEW.id, 'created', NULL, json_object('name', NEW.name, 'url', NEW.url,
    'events', json(NEW.events), 'state', NEW.state), kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM
    audit_actor;
END;
--; statement
CREATE TRIGGER outgoing_webhooks_audit_updated AFTER UPDATE OF name, url, events, state ON outgoing_webhooks
WHEN ((OLD.name, OLD.url, OLD.events) IS NOT (NEW.name, NEW.url, NEW.events) OR (OLD.state <> NEW.state AND EXISTS (SELECT 1
  FROM audit_actors))) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'outgoing_webhook', NEW.id, 'updated', json_object('name', OLD.name, 'url', OLD.url, 'events',
    json(OLD.events), 'state', OLD.state), json_object('name', NEW.name, 'url', NEW.url, 'events', json(NEW.events), 'state',
    NEW.state), kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER outgoing_webhooks_audit_deleted AFTER DELETE ON outgoing_webhooks
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'outgoing_webhook', OLD.id, 'deleted', json_object('name', OLD.name, 'url', OLD.url, 'events',
    json(OLD.events), 'state', OLD.state), NULL, kind, actor, request_id, changed_at FROM audit_actor;
END;
--; statement
CREATE TRIGGER automation_rules_audit_created AFTER INSERT ON automation_rules BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'automation_rule', NEW.id, 'created', NULL, json_object('position', NEW.position,
    'is_enabled', json(iif(NEW.is_enabled, 'true', 'false')), 'rule', json(NEW.document)), kind, actor, request_id,
    coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER automation_rules_audit_updated AFTER UPDATE OF position, is_enabled, document ON automation_rules
WHEN (OLD.position, OLD.is_enabled, OLD.document) IS NOT (NEW.position, NEW.is_enabled, NEW.document) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'automation_rule', NEW.id, 'updated', json_object('position', OLD.position, 'is_enabled',
    json(iif(OLD.is_enabled, 'true', 'false')), 'rule', json(OLD.document)), json_object('position', NEW.position,
    'is_enabled', json(iif(NEW.is_enabled, 'true', 'false')), 'rule', json(NEW.document)), kind, actor, request_id,
    coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER automation_rules_audit_deleted AFTER DELETE ON automation_rules
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'automation_rule', OLD.id, 'deleted', json_object('position', OLD.position, 'is_enabled',
    json(iif(OLD.is_enabled, 'true', 'false')), 'rule', json(OLD.document)), NULL, kind, actor, request_id, changed_at FROM
    audit_actor;
END;
--; statement
CREATE TRIGGER staff_policies_audit_created AFTER INSERT ON staff_policies BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'staff_policy', NEW.connector_id, 'created', NULL, json_object('enforce_shift_schedule',
    json(iif(NEW.enforce_shift_schedule, 'true', 'false')), 'sync_role_names', json(NEW.sync_role_names),
    'create_users_without_email', json(iif(NEW.create_users_without_email, 'true', 'false'))), kind, actor, request_id,
    coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER staff_policies_audit_updated AFTER UPDATE OF enforce_shift_schedule, sync_role_names,
  create_users_without_email ON staff_policies
WHEN (OLD.enforce_shift_schedule, OLD.sync_role_names, OLD.create_users_without_email) IS NOT (NEW.enforce_shift_schedule,
  NEW.sync_role_names, NEW.create_users_without_email) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'staff_policy', NEW.connector_id, 'updated', json_object('enforce_shift_schedule',
    json(iif(OLD.enforce_shift_schedule, 'true', 'false')), 'sync_role_names', json(OLD.sync_role_names),
    'create_users_without_email', json(iif(OLD.create_users_without_email, 'true', 'false'))),
    json_object('enforce_shift_schedule', json(iif(NEW.enforce_shift_schedule, 'true', 'false')), 'sync_role_names',
    json(NEW.sync_role_names), 'create_users_without_email', json(iif(NEW.create_users_without_email, 'true', 'false'))),
    kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER staff_policies_audit_deleted AFTER DELETE ON staff_policies
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'staff_policy', OLD.connector_id, 'deleted', json_object('enforce_shift_schedule',
    json(iif(OLD.enforce_shift_schedule, 'true', 'false')), 'sync_role_names', json(OLD.sync_role_names),
    'create_users_without_email', json(iif(OLD.create_users_without_email, 'true', 'false'))), NULL, kind, actor, request_id,
    changed_at FROM audit_actor;
END;
--; statement
CREATE TRIGGER stores_audit_created AFTER INSERT ON stores
WHEN EXISTS (SELECT 1 FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'store', NEW.id, 'created', NULL, json_object('name', NEW.name, 'product_ref',
    NEW.product_ref), kind, actor, request_id, changed_at FROM audit_actor;
END;
--; statement
CREATE TRIGGER stores_audit_updated AFTER UPDATE OF name, product_ref, deleted_at ON stores
WHEN (OLD.name, OLD.product_ref, OLD.deleted_at) IS NOT (NEW.name, NEW.product_ref, NEW.deleted_at) AND EXISTS (SELECT 1
  FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'store', NEW.id, iif(NEW.deleted_at IS NULL, 'updated', 'deleted'), json_object('name',
    OLD.name, 'product_ref', OLD.product_ref), iif(NEW.deleted_at IS NULL, json_object('name', NEW.name, 'product_ref',
    NEW.product_ref), NULL), kind, actor, request_id, changed_at FROM audit_actor;
END;
--; statement
CREATE TRIGGER stores_audit_deleted AFTER DELETE ON stores
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'store', OLD.id, 'deleted', json_object('name', OLD.name, 'product_ref', OLD.product_ref),
    NULL, kind, actor, request_id, changed_at FROM audit_actor;
END;
--; statement
-- Those that a sync makes by name are in the list of mappings.
CREATE TRIGGER location_mappings_audit_created AFTER INSERT ON location_mappings
WHEN EXISTS (SELECT 1 FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'location_mapping', NEW.external_location_id, 'created', NULL, json_object('connector_id',
    NEW.connector_id, 'store_id', NEW.store_id, 'mapped_by', NEW.mapped_by), kind, actor, request_id, coalesce(changed_at,
    NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER location_mappings_audit_updated AFTER UPDATE OF store_id, mapped_by ON location_mappings
WHEN (OLD.store_id, OLD.mapped_by) IS NOT (NEW.store_id, NEW.mapped_by) AND EXISTS (SELECT 1 FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'location_mapping', NEW.external_location_id, 'updated', json_object('connector_id',
    OLD.connector_id, 'store_id', OLD.store_id, 'mapped_by', OLD.mapped_by), json_object('connector_id', NEW.connector_id,
    'store_id', NEW.store_id, 'mapped_by', NEW.mapped_by), kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM
    audit_actor;
END;
--; statement
CREATE TRIGGER location_mappings_audit_deleted AFTER DELETE ON location_mappings
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'location_mapping', OLD.external_location_id, 'deleted', json_object('connector_id',
    OLD.connector_id, 'store_id', OLD.store_id, 'mapped_by', OLD.mapped_by), NULL, kind, actor, request_id, changed_at FROM
    audit_actor;
END;
--; statement
CREATE TRIGGER team_members_audit_updated AFTER UPDATE OF product_ref ON team_members
WHEN OLD.product_ref IS NOT NEW.product_ref AND EXISTS (SELECT 1 FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'team_member', NEW.id, 'updated', json_object('product_ref', OLD.product_ref),
    json_object('product_ref', NEW.product_ref), kind, actor, request_id, changed_at FROM audit_actor;
END;
