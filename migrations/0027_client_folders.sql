-- Folders of clients in Box: one for each deal, what it took to make it, and what keeps it from being there.

CREATE TABLE client_folders (
  id TEXT PRIMARY KEY,                             -- UUIDv7
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,                      -- of Box
  crm_connector_id TEXT,                           -- of HubSpot: where names come from and the link goes
  portal TEXT NOT NULL,                            -- the CRM's account; the organization, where there is no CRM
  deal_id TEXT NOT NULL,
  contact_id TEXT,                                 -- the first of the contacts
  contacts TEXT,                                   -- JSON array, as they were when the name was made; NULL = not asked yet
  requested_name TEXT,                             -- wins over the contacts' names
  name TEXT,                                       -- as Box has it
  parent_id TEXT,
  folder_id TEXT,
  path TEXT,                                       -- JSON array: the names of the folders above it
  status TEXT NOT NULL,                            -- pending | created | existing | failed
  copies INTEGER NOT NULL DEFAULT 0,               -- times that Box was asked for a copy
  wanted_name TEXT,                                -- of the copy that is asked for, or was asked for and not answered
  wanted_key TEXT,                                 -- the same without case
  wanted_since INTEGER,                            -- when it was first asked for
  wanted_as TEXT,                                  -- as which user of Box
  failure_code TEXT,                               -- of the last try
  failure_detail TEXT,                             -- what a person can do
  delivery_id TEXT NOT NULL,                       -- the latest that makes it, with its attempts
  link_deliveries TEXT NOT NULL DEFAULT '[]',      -- JSON array: those that pass on its link
  callback_id TEXT,                                -- of the workflow's call: a repeat of it has the same
  requested_by TEXT NOT NULL,
  requested_at INTEGER NOT NULL,                   -- the first time, or when it was tried again by hand
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
--; statement
-- A deal has one.
CREATE UNIQUE INDEX client_folders_deal ON client_folders (organization_id, deal_id, portal, connector_id);
--; statement
CREATE INDEX client_folders_organization ON client_folders (organization_id, created_at, id);
--; statement
CREATE INDEX client_folders_status ON client_folders (organization_id, status, created_at, id);
--; statement
CREATE INDEX client_folders_deals ON client_folders (organization_id, deal_id, created_at, id);
--; statement
-- The other deals of a client.
CREATE INDEX client_folders_contact ON client_folders (organization_id, contact_id, connector_id) WHERE contact_id IS NOT NULL;
--; statement
-- One deal at a time has a name below a parent: or one could take the folder that another has made and not marked yet.
CREATE UNIQUE INDEX client_folders_wanted ON client_folders (organization_id, parent_id, wanted_key) WHERE wanted_key IS NOT NULL;
--; statement
-- How a folder fares is how its delivery fares, until it is there.
CREATE TRIGGER client_folders_fare AFTER UPDATE OF state, error_code, error_detail ON deliveries
WHEN NEW.kind = 'client_folder' AND NEW.state <> 'delivered' BEGIN
  UPDATE client_folders SET
    status = iif(NEW.state = 'failed', 'failed', 'pending'),
    failure_code = NEW.error_code,
    failure_detail = NEW.error_detail,
    finished_at = NEW.finished_at,
    updated_at = coalesce(NEW.finished_at, updated_at)
  WHERE id = NEW.payload ->> 'client_folder_id' AND organization_id = NEW.organization_id AND status IN ('pending', 'failed');
END;
--; statement
CREATE TRIGGER client_folders_audit_created AFTER INSERT ON client_folders
WHEN EXISTS (SELECT 1 FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'client_folder', NEW.id, 'created', NULL,
    json_object('deal_id', NEW.deal_id, 'connector_id', NEW.connector_id, 'requested_name', NEW.requested_name, 'status', NEW.status),
    kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER client_folders_audit_updated AFTER UPDATE OF delivery_id ON client_folders
WHEN OLD.delivery_id <> NEW.delivery_id AND EXISTS (SELECT 1 FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'client_folder', NEW.id, 'updated',
    json_object('status', OLD.status, 'failure_code', OLD.failure_code), json_object('status', NEW.status, 'failure_code', NEW.failure_code),
    kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
-- By which portal a workflow calls, before it is known of which organization.
CREATE INDEX connectors_portal ON connectors (config ->> 'portal_id', id) WHERE provider = 'hubspot';
--; statement
-- As the other types that no sync tells of.
CREATE TRIGGER box_connectors_are_probed AFTER INSERT ON connectors
WHEN NEW.provider = 'box' AND NEW.state IN ('active', 'error', 'expired') BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
  VALUES (NEW.id, 'probe', 'health', NEW.organization_id, NEW.id, 'connector-health', 'probe:' || NEW.id, 'pending',
    NEW.updated_at + 900, NEW.updated_at, NEW.updated_at)
  ON CONFLICT DO NOTHING;
END;
--; statement
CREATE TRIGGER box_connectors_are_probed_again AFTER UPDATE OF state ON connectors
WHEN NEW.provider = 'box' AND NEW.state IN ('active', 'error', 'expired') AND OLD.state NOT IN ('active', 'error', 'expired') BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
  VALUES (NEW.id, 'probe', 'health', NEW.organization_id, NEW.id, 'connector-health', 'probe:' || NEW.id, 'pending',
    NEW.updated_at + 900, NEW.updated_at, NEW.updated_at)
  ON CONFLICT DO NOTHING;
END;
--; statement
CREATE TRIGGER box_connectors_raise_failing AFTER UPDATE OF state ON connectors
WHEN NEW.state = 'error' AND OLD.state <> 'error' AND NEW.provider = 'box' BEGIN
  INSERT INTO events (organization_id, name, connector_id, payload, occurred_at)
  VALUES (NEW.organization_id, 'connector.failing', NEW.id, json_object(
    'connector', json_object('id', NEW.id, 'name', NEW.name, 'type', NEW.provider, 'state', NEW.state),
    'reason', NEW.state_reason), NEW.updated_at);
END;
