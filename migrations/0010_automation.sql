-- Automation: what happened, the rules of what follows from it, and what a person has to see.
-- What rules are for is raised by triggers, in the transaction of the change itself: whoever makes the change, no event is
-- forgotten. A trigger also has the job due that works on what it has raised.

-- What came before there were rules is not worked on again.
ALTER TABLE webhook_events ADD COLUMN state TEXT NOT NULL DEFAULT 'pending';  -- pending | processed | dead
--; statement
ALTER TABLE webhook_events ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;    -- begun alone, because it was not got over
--; statement
ALTER TABLE webhook_events ADD COLUMN processed_at INTEGER;
--; statement
ALTER TABLE webhook_events ADD COLUMN error_code TEXT;
--; statement
ALTER TABLE webhook_events ADD COLUMN error_detail TEXT;
--; statement
UPDATE webhook_events SET state = 'processed';
--; statement
CREATE INDEX webhook_events_pending ON webhook_events (webhook_id, seq) WHERE state = 'pending';
--; statement
CREATE INDEX webhook_events_dead ON webhook_events (organization_id, seq) WHERE state = 'dead';
--; statement
ALTER TABLE webhooks ADD COLUMN failure_limit INTEGER;                        -- dead events in a row that pause it; NULL = never
--; statement
ALTER TABLE webhooks ADD COLUMN failures_in_row INTEGER NOT NULL DEFAULT 0;
--; statement
ALTER TABLE webhooks ADD COLUMN state_reason TEXT;
--; statement
UPDATE webhooks SET failure_limit = 20;
--; statement
-- How many rules are behind it: what a rule does can fire rules.
ALTER TABLE deliveries ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
--; statement
-- What happened here. `seq` is the order of commits.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id TEXT NOT NULL,
  name TEXT NOT NULL,                              -- sync.completed …
  connector_id TEXT,
  depth INTEGER NOT NULL DEFAULT 0,
  payload TEXT NOT NULL,                           -- JSON
  state TEXT NOT NULL DEFAULT 'pending',           -- pending | processed | dead
  attempts INTEGER NOT NULL DEFAULT 0,
  processed_at INTEGER,
  error_code TEXT,
  error_detail TEXT,
  occurred_at INTEGER NOT NULL
) STRICT;
--; statement
CREATE INDEX events_organization ON events (organization_id, seq);
--; statement
CREATE INDEX events_pending ON events (organization_id, seq) WHERE state = 'pending';
--; statement
CREATE INDEX events_connector ON events (connector_id, name, occurred_at);
--; statement
CREATE TABLE automation_rules (
  id TEXT PRIMARY KEY,                             -- UUIDv7
  organization_id TEXT NOT NULL,
  position INTEGER NOT NULL,                       -- the lower fires first; among equals the lower id
  is_enabled INTEGER NOT NULL,
  default_rule TEXT,                               -- of one that every organization has
  document TEXT NOT NULL,                          -- JSON: name, event, conditions, actions
  tat_ms INTEGER NOT NULL DEFAULT 0,               -- theoretical arrival time of its next firing
  fired_count INTEGER NOT NULL DEFAULT 0,
  failed_count INTEGER NOT NULL DEFAULT 0,
  last_fired_at INTEGER,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX automation_rules_organization ON automation_rules (organization_id, position, id);
--; statement
CREATE UNIQUE INDEX automation_rules_default ON automation_rules (organization_id, default_rule) WHERE default_rule IS NOT NULL;
--; statement
-- A rule fires on an event once: what an event has fired is not fired again when the event is worked on again.
CREATE TABLE rule_firings (
  event_id TEXT NOT NULL,                          -- of a webhook's event its id, of another its seq
  rule_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  outcome TEXT NOT NULL,                           -- fired | failed | too_often | cut_off
  detail TEXT,
  fired_at INTEGER NOT NULL,
  PRIMARY KEY (event_id, rule_id)
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX rule_firings_organization ON rule_firings (organization_id, fired_at, event_id, rule_id);
--; statement
CREATE INDEX rule_firings_fired ON rule_firings (fired_at);
--; statement
-- What needs a person. One that is about the same as an open one counts up instead.
CREATE TABLE notices (
  id TEXT PRIMARY KEY,                             -- UUIDv7
  organization_id TEXT NOT NULL,
  kind TEXT NOT NULL,                              -- rule, or the name of the event
  about TEXT NOT NULL,                             -- what is the same in two notices of one thing
  connector_id TEXT,
  title TEXT NOT NULL,
  remedy TEXT NOT NULL,
  count INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  read_at INTEGER,
  dismissed_at INTEGER
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX notices_organization ON notices (organization_id, created_at, id);
--; statement
CREATE UNIQUE INDEX notices_open ON notices (organization_id, kind, about) WHERE dismissed_at IS NULL;
--; statement
CREATE INDEX notices_dismissed ON notices (dismissed_at) WHERE dismissed_at IS NOT NULL;
--; statement
-- The job that works on an organization's events. Its id is the organization's, for a trigger can make none.
CREATE TRIGGER events_have_a_job AFTER INSERT ON events BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
  VALUES (NEW.organization_id, 'automation', 'events', NEW.organization_id, NEW.organization_id, 'automation',
    'automation:' || NEW.organization_id, 'pending', NEW.occurred_at, NEW.occurred_at, NEW.occurred_at)
  ON CONFLICT (kind, subject, name) DO UPDATE SET
    state = iif(state = 'running', state, 'pending'),
    next_due_at = coalesce(next_due_at, excluded.next_due_at),
    next_run_id = iif(state = 'running', 'again', next_run_id)
  WHERE next_due_at IS NULL OR (state = 'running' AND next_run_id IS NULL);
END;
--; statement
CREATE TRIGGER webhook_events_have_a_job AFTER INSERT ON webhook_events WHEN NEW.state = 'pending' BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
  VALUES (NEW.webhook_id, 'inbox', 'events', NEW.organization_id, NEW.webhook_id, 'automation',
    'inbox:' || NEW.webhook_id, 'pending', NEW.received_at, NEW.received_at, NEW.received_at)
  ON CONFLICT (kind, subject, name) DO UPDATE SET
    state = iif(state = 'running', state, 'pending'),
    next_due_at = coalesce(next_due_at, excluded.next_due_at),
    next_run_id = iif(state = 'running', 'again', next_run_id)
  WHERE next_due_at IS NULL OR (state = 'running' AND next_run_id IS NULL);
END;
--; statement
-- The same where an event is to be worked on again.
CREATE TRIGGER webhook_events_have_a_job_again AFTER UPDATE OF state ON webhook_events
WHEN NEW.state = 'pending' AND OLD.state <> 'pending' BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
  VALUES (NEW.webhook_id, 'inbox', 'events', NEW.organization_id, NEW.webhook_id, 'automation',
    'inbox:' || NEW.webhook_id, 'pending', NEW.received_at, NEW.received_at, NEW.received_at)
  ON CONFLICT (kind, subject, name) DO UPDATE SET
    state = iif(state = 'running', state, 'pending'),
    next_due_at = coalesce(next_due_at, excluded.next_due_at),
    next_run_id = iif(state = 'running', 'again', next_run_id)
  WHERE next_due_at IS NULL OR (state = 'running' AND next_run_id IS NULL);
END;
--; statement
CREATE TRIGGER connectors_raise_expired AFTER UPDATE OF state ON connectors
WHEN NEW.state IN ('expired', 'revoked') AND OLD.state NOT IN ('expired', 'revoked') BEGIN
  INSERT INTO events (organization_id, name, connector_id, payload, occurred_at)
  VALUES (NEW.organization_id, 'connector.expired', NEW.id, json_object(
    'connector', json_object('id', NEW.id, 'name', NEW.name, 'type', NEW.provider, 'state', NEW.state),
    'reason', NEW.state_reason), NEW.updated_at);
END;
--; statement
-- A stream that goes on failing is told once.
CREATE TRIGGER jobs_raise_sync_failed AFTER UPDATE OF last_status ON jobs
WHEN NEW.kind = 'sync' AND NEW.last_status = 'failed' AND OLD.last_status IS NOT 'failed' BEGIN
  INSERT INTO events (organization_id, name, connector_id, depth, payload, occurred_at)
  SELECT NEW.organization_id, 'sync.failed', connectors.id, coalesce(OLD.params ->> 'depth', 0), json_object(
    'connector', json_object('id', connectors.id, 'name', connectors.name, 'type', connectors.provider, 'state', connectors.state),
    'stream', NEW.name, 'run_id', OLD.run_id, 'trigger', OLD.trigger, 'reason', NEW.last_error), NEW.updated_at
  FROM connectors WHERE connectors.id = NEW.subject;
END;
--; statement
-- Streams of a connector run one after the other: a sync is completed when the last one has ended and no other is due.
CREATE TRIGGER jobs_raise_sync_completed AFTER UPDATE OF last_finished_at ON jobs
WHEN NEW.kind = 'sync' AND OLD.run_id IS NOT NULL AND NEW.run_id IS NULL AND NEW.last_status IN ('success', 'partial')
  AND NOT EXISTS (
    SELECT 1 FROM jobs AS other WHERE other.organization_id = NEW.organization_id AND other.kind = 'sync'
      AND other.subject = NEW.subject AND (other.lease_holder IS NOT NULL OR other.next_due_at <= NEW.updated_at)) BEGIN
  INSERT INTO events (organization_id, name, connector_id, depth, payload, occurred_at)
  SELECT NEW.organization_id, 'sync.completed', connectors.id, coalesce(OLD.params ->> 'depth', 0), json_object(
    'connector', json_object('id', connectors.id, 'name', connectors.name, 'type', connectors.provider, 'state', connectors.state),
    'streams', json(ran.streams), 'stream', ran.names, 'trigger', OLD.trigger, 'run_id', OLD.run_id,
    'rows_changed', ran.changed, 'rows_created', ran.created, 'rows_updated', ran.updated, 'rows_deleted', ran.deleted,
    'errors', ran.errors), NEW.updated_at
  FROM connectors CROSS JOIN (
    SELECT json_group_array(stream) AS streams, group_concat(stream, ', ') AS names,
      sum(created + updated + deleted) AS changed, sum(created) AS created, sum(updated) AS updated,
      sum(deleted) AS deleted, sum(errors) AS errors
    FROM (
      SELECT run.stream AS stream, sum(run.created) AS created, sum(run.updated) AS updated,
        sum(run.deleted) AS deleted, sum(run.errors) AS errors
      FROM jobs AS streams CROSS JOIN sync_runs AS run
        ON run.connector_id = streams.subject AND run.stream = streams.name
        AND run.started_at >= coalesce((
          SELECT max(occurred_at) FROM events WHERE connector_id = NEW.subject AND name = 'sync.completed'), 0)
      WHERE streams.organization_id = NEW.organization_id AND streams.kind = 'sync' AND streams.subject = NEW.subject
        AND run.status IN ('success', 'partial')
      GROUP BY run.stream ORDER BY streams.rank, run.stream)) AS ran
  WHERE connectors.id = NEW.subject;
END;
--; statement
-- Keys that are about to expire are told of, 14, 3 and 1 days ahead, each once.
CREATE TABLE api_key_reminders (
  key_id TEXT NOT NULL,
  days INTEGER NOT NULL,                           -- 14 | 3 | 1
  organization_id TEXT NOT NULL,
  reminded_at INTEGER NOT NULL,
  PRIMARY KEY (key_id, days)
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX api_key_reminders_organization ON api_key_reminders (organization_id, key_id, days);
--; statement
CREATE INDEX api_keys_expiring ON api_keys (expires_at) WHERE expires_at IS NOT NULL AND revoked_at IS NULL;
--; statement
CREATE TRIGGER api_key_reminders_raise_expiring AFTER INSERT ON api_key_reminders BEGIN
  INSERT INTO events (organization_id, name, payload, occurred_at)
  SELECT NEW.organization_id, 'api_key.expiring', json_object(
    'api_key', json_object('id', id, 'name', name, 'display_prefix', display_prefix, 'last_four', last_four),
    'days_left', NEW.days, 'expires_at', strftime('%Y-%m-%dT%H:%M:%SZ', expires_at, 'unixepoch')), NEW.reminded_at
  FROM api_keys WHERE id = NEW.key_id;
END;
