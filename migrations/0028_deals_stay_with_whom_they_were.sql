-- A deal stays with whom it was. A later record of it that comes to nothing gives the deal back to the record that it replaced: an override of somebody who is no
-- adviser changes nothing, and what had not come to its end before it is decided after all. One that had failed by itself stays history.

CREATE TRIGGER allocations_give_back AFTER UPDATE OF status ON allocations
WHEN NEW.status = 'failed' AND OLD.status = 'received' AND NEW.superseded_at IS NULL AND NEW.replaces_id IS NOT NULL
  AND EXISTS (SELECT 1 FROM connectors WHERE connectors.id = NEW.connector_id)
  AND EXISTS (SELECT 1 FROM allocations AS before WHERE before.id = NEW.replaces_id
    AND before.organization_id = NEW.organization_id AND before.superseded_at IS NOT NULL
    AND (before.status <> 'failed' OR before.failure ->> 'reason' = 'superseded')) BEGIN
  -- First of all: a deal has one live record.
  UPDATE allocations SET superseded_at = coalesce(NEW.finished_at, NEW.received_at) WHERE id = NEW.id;
  UPDATE allocations SET
    superseded_at = NULL,
    status = iif(status = 'failed', 'received', status),
    next_try_at = iif(status = 'failed', coalesce(NEW.finished_at, NEW.received_at), next_try_at),
    tries = iif(status = 'failed', 0, tries),
    decided_at = iif(status = 'failed', NULL, decided_at),
    finished_at = iif(status = 'failed', NULL, finished_at),
    failure = iif(status = 'failed', NULL, failure)
  WHERE id = NEW.replaces_id;
END;
--; statement
-- As of one that has just come.
CREATE TRIGGER allocations_make_job_due_again AFTER UPDATE OF next_try_at ON allocations
WHEN OLD.next_try_at IS NULL AND NEW.next_try_at IS NOT NULL BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, planned_trigger,
    created_at, updated_at)
  VALUES (NEW.connector_id || ':allocation', 'allocation', 'deals', NEW.organization_id, NEW.connector_id, 'allocation-engine',
    'allocation:' || NEW.connector_id, 'pending', NEW.next_try_at, 'manual', NEW.next_try_at, NEW.next_try_at)
  ON CONFLICT (kind, subject, name) DO UPDATE SET
    state = iif(state = 'running', state, 'pending'),
    next_due_at = iif(state = 'running', next_due_at, min(coalesce(next_due_at, excluded.next_due_at), excluded.next_due_at));
END;
--; statement
-- To whom a person gives a deal is known when they say it.
DROP TRIGGER allocations_audit_created;
--; statement
CREATE TRIGGER allocations_audit_created AFTER INSERT ON allocations WHEN NEW.source IN ('manual', 'rerun') BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'allocation', NEW.id, 'created',
    (SELECT json_object('id', id, 'deal_id', deal_id, 'status', status, 'adviser_email', adviser_email)
     FROM allocations WHERE id = NEW.replaces_id),
    json_object('deal_id', NEW.deal_id, 'source', NEW.source, 'replaces_id', NEW.replaces_id,
      'adviser_email', NEW.request ->> 'adviser_email', 'note', NEW.request ->> 'note'),
    kind, actor, request_id, coalesce(changed_at, NEW.received_at) FROM audit_actor;
END;
--; statement
-- No sync tells whether an account of HubSpot still takes its token: it is asked, as those of the other types.
INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
SELECT id, 'probe', 'health', organization_id, id, 'connector-health', 'probe:' || id, 'pending', updated_at + 900, updated_at, updated_at
FROM connectors WHERE provider = 'hubspot' AND state IN ('active', 'error', 'expired')
ON CONFLICT DO NOTHING;
--; statement
CREATE TRIGGER hubspot_connectors_are_probed AFTER INSERT ON connectors
WHEN NEW.provider = 'hubspot' AND NEW.state IN ('active', 'error', 'expired') BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
  VALUES (NEW.id, 'probe', 'health', NEW.organization_id, NEW.id, 'connector-health', 'probe:' || NEW.id, 'pending',
    NEW.updated_at + 900, NEW.updated_at, NEW.updated_at)
  ON CONFLICT DO NOTHING;
END;
--; statement
CREATE TRIGGER hubspot_connectors_are_probed_again AFTER UPDATE OF state ON connectors
WHEN NEW.provider = 'hubspot' AND NEW.state IN ('active', 'error', 'expired') AND OLD.state NOT IN ('active', 'error', 'expired') BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
  VALUES (NEW.id, 'probe', 'health', NEW.organization_id, NEW.id, 'connector-health', 'probe:' || NEW.id, 'pending',
    NEW.updated_at + 900, NEW.updated_at, NEW.updated_at)
  ON CONFLICT DO NOTHING;
END;
--; statement
CREATE TRIGGER hubspot_connectors_raise_failing AFTER UPDATE OF state ON connectors
WHEN NEW.state = 'error' AND OLD.state <> 'error' AND NEW.provider = 'hubspot' BEGIN
  INSERT INTO events (organization_id, name, connector_id, payload, occurred_at)
  VALUES (NEW.organization_id, 'connector.failing', NEW.id, json_object(
    'connector', json_object('id', NEW.id, 'name', NEW.name, 'type', NEW.provider, 'state', NEW.state),
    'reason', NEW.state_reason), NEW.updated_at);
END;
