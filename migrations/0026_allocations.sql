-- Deals that were given to advisers, or not, and why. Of each deal of a connector one record is live, which is its result; a
-- re-run, and what a person decides, are further records of the same deal, each of which takes the place of the one before.

CREATE TABLE allocations (
  id TEXT PRIMARY KEY,                             -- UUIDv7
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,                      -- the CRM's
  deal_id TEXT NOT NULL,
  superseded_at INTEGER,                           -- NULL: it is live
  replaces_id TEXT,                                -- the record that was live before
  source TEXT NOT NULL,                            -- hubspot_webhook | api | manual | rerun
  requested_by TEXT NOT NULL,                      -- the key or the person; of a webhook, who signed
  call_id TEXT NOT NULL,                           -- names the call: a repeat of it has the same
  request TEXT NOT NULL,                           -- JSON: what was asked, bounded
  status TEXT NOT NULL,                            -- received | completed | failed
  tries INTEGER NOT NULL DEFAULT 0,                -- looks that came to nothing because a source could not be read
  next_try_at INTEGER,                             -- NULL: it is decided
  failure TEXT,                                    -- JSON: reason, detail, remedy; also of the last look that came to nothing
  adviser_email TEXT,
  adviser_name TEXT,
  adviser_owner_id TEXT,
  adviser_packages TEXT,                           -- JSON array
  adviser_households TEXT,                         -- JSON array
  service_package TEXT,                            -- as it was decided by
  household_type TEXT,
  client_email TEXT,
  agreement_start TEXT,
  earliest_week TEXT,                              -- the Monday of the week that was promised
  result TEXT,                                     -- in a sentence
  mode TEXT,                                       -- of the settings
  settings_version INTEGER,
  decided_on TEXT,                                 -- the organization's local date of decided_at
  sources TEXT,                                    -- JSON: how old each source was, and which could not be read
  timings TEXT,                                    -- JSON, in milliseconds
  written TEXT,                                    -- JSON: the properties that the deal is given
  delivery_id TEXT,                                -- of the outbox: by which the deal is changed
  write_attempts INTEGER NOT NULL DEFAULT 0,
  answer TEXT,                                     -- JSON: what the CRM says of what it took
  notices TEXT,                                    -- JSON array: deliveries that follow when the deal is changed
  received_at INTEGER NOT NULL,
  decided_at INTEGER,
  written_at INTEGER,                              -- when the CRM took it
  finished_at INTEGER
) STRICT;
--; statement
CREATE UNIQUE INDEX allocations_live ON allocations (connector_id, deal_id) WHERE superseded_at IS NULL;
--; statement
CREATE INDEX allocations_organization ON allocations (organization_id, received_at, id);
--; statement
CREATE INDEX allocations_status ON allocations (organization_id, status, received_at, id);
--; statement
CREATE INDEX allocations_deal ON allocations (organization_id, deal_id, received_at, id);
--; statement
CREATE INDEX allocations_adviser ON allocations (organization_id, adviser_email, received_at, id);
--; statement
-- What is to be decided, in the order in which it came.
CREATE INDEX allocations_waiting ON allocations (connector_id, id) WHERE next_try_at IS NOT NULL;
--; statement
-- Those that take up room.
CREATE INDEX allocations_decided ON allocations (connector_id, decided_at) WHERE decided_at IS NOT NULL AND status <> 'failed';
--; statement
CREATE INDEX allocations_delivery ON allocations (delivery_id) WHERE delivery_id IS NOT NULL;
--; statement
CREATE INDEX allocations_received ON allocations (received_at);
--; statement
-- What a decision rested on: every adviser's table and each step of it. It is large, and kept for a shorter time.
CREATE TABLE allocation_explanations (
  allocation_id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  decided_at INTEGER NOT NULL,
  decision TEXT NOT NULL                           -- JSON, as domain::allocation::decide gives it
) STRICT;
--; statement
CREATE INDEX allocation_explanations_organization ON allocation_explanations (organization_id, allocation_id);
--; statement
CREATE INDEX allocation_explanations_decided ON allocation_explanations (decided_at);
--; statement
-- Who is told of an allocation.
CREATE TABLE allocation_notices (
  organization_id TEXT PRIMARY KEY,
  targets TEXT NOT NULL,                           -- JSON array: connector_id, channel
  updated_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX allocation_notices_organization ON allocation_notices (organization_id);
--; statement
-- One job for each connector decides what has come, under its lease: two deals are never decided at the same moment.
CREATE TRIGGER allocations_make_job_due AFTER INSERT ON allocations WHEN NEW.next_try_at IS NOT NULL BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, planned_trigger,
    created_at, updated_at)
  VALUES (NEW.connector_id || ':allocation', 'allocation', 'deals', NEW.organization_id, NEW.connector_id, 'allocation-engine',
    'allocation:' || NEW.connector_id, 'pending', NEW.next_try_at, 'webhook', NEW.received_at, NEW.received_at)
  ON CONFLICT (kind, subject, name) DO UPDATE SET
    state = iif(state = 'running', state, 'pending'),
    next_due_at = iif(state = 'running', next_due_at, min(coalesce(next_due_at, excluded.next_due_at), excluded.next_due_at));
END;
--; statement
-- Whatever waits when a run has ended has another run: what came meanwhile at once, and what waits for a source at its time.
CREATE TRIGGER jobs_keep_allocation_due AFTER UPDATE OF lease_holder ON jobs
WHEN NEW.kind = 'allocation' AND NEW.lease_holder IS NULL AND NEW.next_due_at IS NULL AND EXISTS (
  SELECT 1 FROM allocations WHERE connector_id = NEW.subject AND next_try_at IS NOT NULL) BEGIN
  UPDATE jobs SET state = 'pending', next_due_at = (
    SELECT min(next_try_at) FROM allocations WHERE connector_id = NEW.subject AND next_try_at IS NOT NULL)
  WHERE id = NEW.id;
END;
--; statement
-- What waits of a connector that is deleted is decided by nobody any more.
CREATE TRIGGER connectors_end_allocations AFTER DELETE ON connectors WHEN OLD.provider = 'hubspot' BEGIN
  UPDATE allocations SET next_try_at = NULL, status = 'failed', finished_at = received_at, failure = json_object(
    'reason', 'connector_gone', 'detail', 'The connector was deleted before the deal was decided.',
    'remedy', 'Enrol the deal again with a connector that is there.')
  WHERE connector_id = OLD.id AND next_try_at IS NOT NULL;
END;
--; statement
-- What became of the change of the deal is what became of the allocation, in the same transaction; and who is to be told is told.
CREATE TRIGGER deliveries_conclude_allocation AFTER UPDATE OF state ON deliveries
WHEN NEW.kind = 'hubspot_deal' AND OLD.state = 'pending' AND NEW.state IN ('delivered', 'failed') BEGIN
  UPDATE allocations SET
    status = iif(NEW.state = 'delivered', 'completed', 'failed'),
    written_at = iif(NEW.state = 'delivered', NEW.finished_at, NULL),
    finished_at = NEW.finished_at,
    write_attempts = NEW.attempts,
    answer = NEW.result,
    failure = iif(NEW.state = 'delivered', NULL, json_object(
      'reason', CASE NEW.error_code WHEN 'superseded' THEN 'superseded' ELSE 'write_refused' END,
      'detail', coalesce(NEW.error_detail, 'The deal was not changed.'),
      'remedy', CASE NEW.error_code WHEN 'superseded' THEN 'Nothing: a later record of the deal counts.'
        ELSE 'See to what the CRM says, then ask for a re-run of the allocation.' END,
      'code', NEW.error_code))
  WHERE delivery_id = NEW.id AND organization_id = NEW.organization_id AND status = 'received';
  INSERT INTO deliveries (id, organization_id, kind, connector_id, requested_by, payload, state, created_at, depth)
  SELECT notice.value ->> 'delivery_id', allocations.organization_id, notice.value ->> 'kind', connectors.id,
    'allocation:' || allocations.id, notice.value ->> 'payload', 'pending', NEW.finished_at, 0
  FROM allocations CROSS JOIN json_each(allocations.notices) AS notice
  CROSS JOIN connectors ON connectors.id = notice.value ->> 'connector_id'
    AND connectors.organization_id = allocations.organization_id AND connectors.state <> 'disconnected'
  WHERE allocations.delivery_id = NEW.id AND allocations.status = 'completed'
  ON CONFLICT (id) DO NOTHING;
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, payload, concurrency_key, state, next_due_at,
    planned_trigger, created_at, updated_at)
  SELECT notice.value ->> 'job_id', 'outbox', deliveries.id, deliveries.organization_id, deliveries.connector_id,
    notice.value ->> 'function', '{"attempts_before":0}', notice.value ->> 'concurrency_key', 'pending', NEW.finished_at,
    'manual', NEW.finished_at, NEW.finished_at
  FROM allocations CROSS JOIN json_each(allocations.notices) AS notice
  CROSS JOIN deliveries ON deliveries.id = notice.value ->> 'delivery_id' AND deliveries.state = 'pending'
  WHERE allocations.delivery_id = NEW.id AND allocations.status = 'completed'
  ON CONFLICT (kind, subject, name) DO NOTHING;
END;
--; statement
-- What people decide themselves.
CREATE TRIGGER allocations_audit_created AFTER INSERT ON allocations WHEN NEW.source IN ('manual', 'rerun') BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'allocation', NEW.id, 'created',
    (SELECT json_object('id', id, 'deal_id', deal_id, 'status', status, 'adviser_email', adviser_email)
     FROM allocations WHERE id = NEW.replaces_id),
    json_object('deal_id', NEW.deal_id, 'source', NEW.source, 'replaces_id', NEW.replaces_id, 'adviser_email', NEW.adviser_email,
      'note', NEW.request ->> 'note'),
    kind, actor, request_id, coalesce(changed_at, NEW.received_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER allocation_notices_audit_created AFTER INSERT ON allocation_notices BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'allocation_notices', NEW.organization_id, 'created', NULL,
    json_object('targets', json(NEW.targets)), kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER allocation_notices_audit_updated AFTER UPDATE OF targets ON allocation_notices
WHEN OLD.targets IS NOT NEW.targets BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'allocation_notices', NEW.organization_id, 'updated', json_object('targets', json(OLD.targets)),
    json_object('targets', json(NEW.targets)), kind, actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
