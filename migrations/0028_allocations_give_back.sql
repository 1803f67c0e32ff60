-- A later record of a deal that comes to nothing gives the deal back to the record that it replaced: an override of somebody who is no
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
