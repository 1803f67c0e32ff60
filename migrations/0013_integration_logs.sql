-- What the integrations did: one row for each sync, delivery, event and rule, for 90 days. Triggers write most of them, in the
-- transaction of what they tell of. Never a secret, never a body.
CREATE TABLE integration_logs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id TEXT NOT NULL,
  connector_id TEXT,
  event_type TEXT NOT NULL,                        -- sync | delivery | webhook | webhook_refused | rule | connector | api_call | log
  status TEXT NOT NULL,                            -- success | partial | failed | info
  subject_id TEXT,                                 -- of the run, the delivery, the event, the rule …
  duration_ms INTEGER,
  counts TEXT,                                     -- JSON object of numbers
  code TEXT,
  detail TEXT,
  request_id TEXT,
  occurred_at INTEGER NOT NULL
) STRICT;
--; statement
CREATE INDEX integration_logs_organization ON integration_logs (organization_id, seq);
--; statement
CREATE INDEX integration_logs_type ON integration_logs (organization_id, event_type, seq);
--; statement
CREATE INDEX integration_logs_status ON integration_logs (organization_id, status, seq);
--; statement
CREATE INDEX integration_logs_connector ON integration_logs (organization_id, connector_id, seq);
--; statement
-- The same, counted: what statistics are answered from, however many rows there are.
CREATE TABLE log_statistics (
  organization_id TEXT NOT NULL,
  day INTEGER NOT NULL,                            -- days since 1970-01-01, UTC
  connector_id TEXT NOT NULL,                      -- '' = none
  event_type TEXT NOT NULL,
  status TEXT NOT NULL,
  up_to_ms INTEGER NOT NULL,                       -- the duration, rounded up; 0 = there is none
  count INTEGER NOT NULL,
  PRIMARY KEY (organization_id, day, connector_id, event_type, status, up_to_ms)
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX log_statistics_day ON log_statistics (day);
--; statement
CREATE TRIGGER integration_logs_are_counted AFTER INSERT ON integration_logs BEGIN
  INSERT INTO log_statistics (organization_id, day, connector_id, event_type, status, up_to_ms, count)
  VALUES (NEW.organization_id, NEW.occurred_at / 86400, coalesce(NEW.connector_id, ''), NEW.event_type, NEW.status,
    CASE WHEN NEW.duration_ms IS NULL THEN 0
      WHEN NEW.duration_ms <= 1 THEN 1 WHEN NEW.duration_ms <= 2 THEN 2 WHEN NEW.duration_ms <= 3 THEN 3
      WHEN NEW.duration_ms <= 5 THEN 5 WHEN NEW.duration_ms <= 7 THEN 7 WHEN NEW.duration_ms <= 10 THEN 10
      WHEN NEW.duration_ms <= 15 THEN 15 WHEN NEW.duration_ms <= 20 THEN 20 WHEN NEW.duration_ms <= 30 THEN 30
      WHEN NEW.duration_ms <= 50 THEN 50 WHEN NEW.duration_ms <= 70 THEN 70 WHEN NEW.duration_ms <= 100 THEN 100
      WHEN NEW.duration_ms <= 150 THEN 150 WHEN NEW.duration_ms <= 200 THEN 200 WHEN NEW.duration_ms <= 300 THEN 300
      WHEN NEW.duration_ms <= 500 THEN 500 WHEN NEW.duration_ms <= 700 THEN 700 WHEN NEW.duration_ms <= 1000 THEN 1000
      WHEN NEW.duration_ms <= 1500 THEN 1500 WHEN NEW.duration_ms <= 2000 THEN 2000 WHEN NEW.duration_ms <= 3000 THEN 3000
      WHEN NEW.duration_ms <= 5000 THEN 5000 WHEN NEW.duration_ms <= 7000 THEN 7000 WHEN NEW.duration_ms <= 10000 THEN 10000
      WHEN NEW.duration_ms <= 15000 THEN 15000 WHEN NEW.duration_ms <= 20000 THEN 20000 WHEN NEW.duration_ms <= 30000 THEN 30000
      WHEN NEW.duration_ms <= 60000 THEN 60000 WHEN NEW.duration_ms <= 120000 THEN 120000
      WHEN NEW.duration_ms <= 300000 THEN 300000 WHEN NEW.duration_ms <= 1000000 THEN 1000000 ELSE 3600000 END, 1)
  ON CONFLICT (organization_id, day, connector_id, event_type, status, up_to_ms) DO UPDATE SET count = count + 1;
END;
--; statement
CREATE TRIGGER sync_runs_are_logged AFTER UPDATE OF finished_at ON sync_runs
WHEN NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL BEGIN
  INSERT INTO integration_logs (organization_id, connector_id, event_type, status, subject_id, duration_ms, counts, code, detail,
    request_id, occurred_at)
  VALUES (NEW.organization_id, NEW.connector_id, 'sync', NEW.status, NEW.id, NEW.duration_ms, json_object('provider_calls',
    NEW.provider_calls, 'fetched', NEW.fetched, 'created', NEW.created, 'updated', NEW.updated, 'unchanged', NEW.unchanged,
    'deleted', NEW.deleted, 'errors', NEW.errors), NEW.error_code, NEW.stream || coalesce(': ' || NEW.error_detail, ''),
    NEW.request_id, NEW.finished_at);
END;
--; statement
-- One that ended before anything of it was saved.
CREATE TRIGGER sync_runs_that_end_at_once_are_logged AFTER INSERT ON sync_runs WHEN NEW.finished_at IS NOT NULL BEGIN
  INSERT INTO integration_logs (organization_id, connector_id, event_type, status, subject_id, duration_ms, counts, code, detail,
    request_id, occurred_at)
  VALUES (NEW.organization_id, NEW.connector_id, 'sync', NEW.status, NEW.id, NEW.duration_ms,
    json_object('provider_calls', NEW.provider_calls), NEW.error_code, NEW.stream || coalesce(': ' || NEW.error_detail, ''),
    NEW.request_id, NEW.finished_at);
END;
--; statement
CREATE TRIGGER deliveries_are_logged AFTER UPDATE OF state ON deliveries
WHEN NEW.state IN ('delivered', 'failed') AND OLD.state = 'pending' BEGIN
  INSERT INTO integration_logs (organization_id, connector_id, event_type, status, subject_id, duration_ms, counts, code, detail,
    occurred_at)
  VALUES (NEW.organization_id, NEW.connector_id, 'delivery', iif(NEW.state = 'failed', 'failed', 'success'), NEW.id,
    (SELECT sum(duration_ms) FROM delivery_attempts WHERE delivery_id = NEW.id), json_object('attempts', NEW.attempts),
    NEW.error_code, NEW.error_detail, coalesce(NEW.finished_at, NEW.created_at));
END;
--; statement
CREATE TRIGGER webhook_events_are_logged AFTER UPDATE OF state ON webhook_events
WHEN NEW.state <> 'pending' AND OLD.state = 'pending' BEGIN
  INSERT INTO integration_logs (organization_id, event_type, status, subject_id, counts, code, detail, occurred_at)
  VALUES (NEW.organization_id, 'webhook', iif(NEW.state = 'dead', 'failed', 'success'), NEW.id,
    json_object('bytes', length(NEW.body)), coalesce(NEW.error_code, NEW.event), NEW.error_detail,
    coalesce(NEW.processed_at, NEW.received_at));
END;
--; statement
CREATE TRIGGER rule_firings_are_logged AFTER INSERT ON rule_firings BEGIN
  INSERT INTO integration_logs (organization_id, event_type, status, subject_id, code, detail, occurred_at)
  VALUES (NEW.organization_id, 'rule', CASE NEW.outcome WHEN 'fired' THEN 'success' WHEN 'failed' THEN 'failed' ELSE 'info' END,
    NEW.rule_id, NEW.outcome, NEW.detail, NEW.fired_at);
END;
--; statement
CREATE TRIGGER connectors_are_logged AFTER UPDATE OF state ON connectors WHEN NEW.state <> OLD.state BEGIN
  INSERT INTO integration_logs (organization_id, connector_id, event_type, status, subject_id, code, detail, occurred_at)
  VALUES (NEW.organization_id, NEW.id, 'connector', iif(NEW.state IN ('expired', 'revoked', 'error'), 'failed', 'info'), NEW.id,
    NEW.state, NEW.state_reason, NEW.updated_at);
END;
--; statement
-- What is given up because its sender was taken away is nobody's failure.
CREATE TRIGGER deliveries_raise_failed AFTER UPDATE OF state ON deliveries
WHEN NEW.state = 'failed' AND OLD.state = 'pending'
  AND coalesce(NEW.error_code, '') NOT IN ('disconnected', 'endpoint_deleted', 'endpoint_disabled') BEGIN
  INSERT INTO events (organization_id, name, connector_id, depth, payload, occurred_at)
  VALUES (NEW.organization_id, 'delivery.failed', iif(NEW.kind = 'webhook', NULL, NEW.connector_id), NEW.depth + 1, json_object(
    'delivery', json_object('id', NEW.id, 'kind', NEW.kind, 'attempts', NEW.attempts, 'requested_by', NEW.requested_by),
    'connector', json((SELECT json_object('id', id, 'name', name, 'type', provider) FROM connectors WHERE id = NEW.connector_id)),
    'endpoint', json((SELECT json_object('id', id, 'name', name) FROM outgoing_webhooks WHERE id = NEW.connector_id)),
    'code', NEW.error_code, 'reason', NEW.error_detail), coalesce(NEW.finished_at, NEW.created_at));
END;
--; statement
CREATE TRIGGER outgoing_webhooks_raise_disabled AFTER UPDATE OF state ON outgoing_webhooks
WHEN NEW.state = 'disabled' AND OLD.state <> 'disabled' BEGIN
  INSERT INTO events (organization_id, name, payload, occurred_at)
  VALUES (NEW.organization_id, 'endpoint.disabled', json_object('endpoint', json_object('id', NEW.id, 'name', NEW.name),
    'reason', NEW.state_reason), NEW.updated_at);
END;
