-- What an organization sets up for allocations: days on which the office is closed, other limits of single advisers from
-- some day on, and its settings.

CREATE TABLE office_closures (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  start_date TEXT NOT NULL,
  end_date TEXT NOT NULL,                          -- included
  description TEXT NOT NULL,
  tags TEXT NOT NULL,                              -- JSON array
  workdays INTEGER NOT NULL,                       -- Mondays to Fridays of it
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
--; statement
-- In the order of a list, whose keys are numbers: 2026-12-24 is 20261224.
CREATE INDEX office_closures_start ON office_closures (organization_id, CAST(replace(start_date, '-', '') AS INTEGER), id);
--; statement
CREATE TABLE capacity_overrides (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  adviser_email TEXT NOT NULL,                     -- trimmed, in lower case
  effective_date TEXT NOT NULL,
  client_limit_monthly INTEGER NOT NULL,
  pod_type TEXT,
  notes TEXT,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
--; statement
CREATE INDEX capacity_overrides_start ON capacity_overrides (organization_id, CAST(replace(effective_date, '-', '') AS INTEGER), id);
--; statement
CREATE INDEX capacity_overrides_adviser ON capacity_overrides (organization_id, adviser_email,
  CAST(replace(effective_date, '-', '') AS INTEGER), id);
--; statement
CREATE TABLE allocation_settings (
  organization_id TEXT PRIMARY KEY,
  document TEXT NOT NULL,                          -- JSON, as domain::allocation::settings reads it
  version INTEGER NOT NULL,                        -- counts up
  updated_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX allocation_settings_organization ON allocation_settings (organization_id);
--; statement
CREATE TRIGGER office_closures_audit_created AFTER INSERT ON office_closures BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'closure', NEW.id, 'created', NULL,
    json_object('start_date', NEW.start_date, 'end_date', NEW.end_date, 'description', NEW.description, 'tags', json(NEW.tags)),
    kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER office_closures_audit_updated AFTER UPDATE OF start_date, end_date, description, tags ON office_closures
WHEN (OLD.start_date, OLD.end_date, OLD.description, OLD.tags) IS NOT
  (NEW.start_date, NEW.end_date, NEW.description, NEW.tags) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'closure', NEW.id, 'updated',
    json_object('start_date', OLD.start_date, 'end_date', OLD.end_date, 'description', OLD.description, 'tags', json(OLD.tags)),
    json_object('start_date', NEW.start_date, 'end_date', NEW.end_date, 'description', NEW.description, 'tags', json(NEW.tags)),
    kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER office_closures_audit_deleted AFTER DELETE ON office_closures
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'closure', OLD.id, 'deleted',
    json_object('start_date', OLD.start_date, 'end_date', OLD.end_date, 'description', OLD.description, 'tags', json(OLD.tags)),
    NULL, kind, actor, request_id, changed_at FROM audit_actor;
END;
--; statement
CREATE TRIGGER capacity_overrides_audit_created AFTER INSERT ON capacity_overrides BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'capacity_override', NEW.id, 'created', NULL,
    json_object('adviser_email', NEW.adviser_email, 'effective_date', NEW.effective_date, 'client_limit_monthly', NEW.client_limit_monthly, 'pod_type', NEW.pod_type, 'notes', NEW.notes),
    kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER capacity_overrides_audit_updated AFTER UPDATE OF adviser_email, effective_date, client_limit_monthly, pod_type, notes ON capacity_overrides
WHEN (OLD.adviser_email, OLD.effective_date, OLD.client_limit_monthly, OLD.pod_type, OLD.notes) IS NOT
  (NEW.adviser_email, NEW.effective_date, NEW.client_limit_monthly, NEW.pod_type, NEW.notes) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'capacity_override', NEW.id, 'updated',
    json_object('adviser_email', OLD.adviser_email, 'effective_date', OLD.effective_date, 'client_limit_monthly', OLD.client_limit_monthly, 'pod_type', OLD.pod_type, 'notes', OLD.notes),
    json_object('adviser_email', NEW.adviser_email, 'effective_date', NEW.effective_date, 'client_limit_monthly', NEW.client_limit_monthly, 'pod_type', NEW.pod_type, 'notes', NEW.notes),
    kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER capacity_overrides_audit_deleted AFTER DELETE ON capacity_overrides
WHEN EXISTS (SELECT 1 FROM audit_actors) AND (SELECT state FROM organizations WHERE id = OLD.organization_id) = 'active' BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT OLD.organization_id, 'capacity_override', OLD.id, 'deleted',
    json_object('adviser_email', OLD.adviser_email, 'effective_date', OLD.effective_date, 'client_limit_monthly', OLD.client_limit_monthly, 'pod_type', OLD.pod_type, 'notes', OLD.notes),
    NULL, kind, actor, request_id, changed_at FROM audit_actor;
END;
--; statement
CREATE TRIGGER allocation_settings_audit_created AFTER INSERT ON allocation_settings BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'allocation_settings', NEW.organization_id, 'created', NULL, json(NEW.document), kind, actor,
    request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER allocation_settings_audit_updated AFTER UPDATE OF document ON allocation_settings
WHEN OLD.document IS NOT NEW.document BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'allocation_settings', NEW.organization_id, 'updated', json(OLD.document), json(NEW.document), kind,
    actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
