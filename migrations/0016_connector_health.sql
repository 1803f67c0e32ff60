-- Health: a connector that is in use is asked now and then whether it still works. The job of the kind `probe` is there exactly as
-- long as that makes sense: a trigger makes it and takes it away. Those of 7shifts are not here: every sync says how they are.

INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
SELECT id, 'probe', 'health', organization_id, id, 'connector-health', 'probe:' || id, 'pending', updated_at + 900, updated_at, updated_at
FROM connectors WHERE provider IN ('slack', 'api', 'custom', 'webhook') AND state IN ('active', 'error', 'expired');
--; statement
-- Its id is the connector's, for a trigger can make none. A connector that was just made was tested by whoever made it.
CREATE TRIGGER connectors_are_probed AFTER INSERT ON connectors
WHEN NEW.provider IN ('slack', 'api', 'custom', 'webhook') AND NEW.state IN ('active', 'error', 'expired') BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
  VALUES (NEW.id, 'probe', 'health', NEW.organization_id, NEW.id, 'connector-health', 'probe:' || NEW.id, 'pending',
    NEW.updated_at + 900, NEW.updated_at, NEW.updated_at)
  ON CONFLICT DO NOTHING;
END;
--; statement
CREATE TRIGGER connectors_are_probed_again AFTER UPDATE OF state ON connectors
WHEN NEW.provider IN ('slack', 'api', 'custom', 'webhook') AND NEW.state IN ('active', 'error', 'expired')
  AND OLD.state NOT IN ('active', 'error', 'expired') BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
  VALUES (NEW.id, 'probe', 'health', NEW.organization_id, NEW.id, 'connector-health', 'probe:' || NEW.id, 'pending',
    NEW.updated_at + 900, NEW.updated_at, NEW.updated_at)
  ON CONFLICT DO NOTHING;
END;
--; statement
CREATE TRIGGER connectors_are_not_probed AFTER UPDATE OF state ON connectors
WHEN NEW.state NOT IN ('active', 'error', 'expired') AND OLD.state IN ('active', 'error', 'expired') BEGIN
  DELETE FROM jobs WHERE kind = 'probe' AND subject = NEW.id AND name = 'health';
END;
--; statement
CREATE TRIGGER connectors_are_gone AFTER DELETE ON connectors BEGIN
  DELETE FROM jobs WHERE kind = 'probe' AND subject = OLD.id AND name = 'health';
END;
--; statement
-- What a sync finds out is told as sync.failed.
CREATE TRIGGER connectors_raise_failing AFTER UPDATE OF state ON connectors
WHEN NEW.state = 'error' AND OLD.state <> 'error' AND NEW.provider IN ('slack', 'api', 'webhook') BEGIN
  INSERT INTO events (organization_id, name, connector_id, payload, occurred_at)
  VALUES (NEW.organization_id, 'connector.failing', NEW.id, json_object(
    'connector', json_object('id', NEW.id, 'name', NEW.name, 'type', NEW.provider, 'state', NEW.state),
    'reason', NEW.state_reason), NEW.updated_at);
END;
