-- Endpoints that organizations have webhooks sent to. What is sent is a delivery of the outbox, of the kind `webhook`, whose
-- `connector_id` is the endpoint.

CREATE TABLE outgoing_webhooks (
  id TEXT PRIMARY KEY,                             -- UUIDv7
  organization_id TEXT NOT NULL,
  name TEXT NOT NULL,
  url TEXT NOT NULL,                               -- as it is connected to
  events TEXT,                                     -- JSON array of names and `prefix.*`; NULL = all
  state TEXT NOT NULL,                             -- active | paused | disabled
  state_reason TEXT,                               -- of one that is disabled
  failing_since INTEGER,                           -- the first failure after the last success
  missed_count INTEGER NOT NULL DEFAULT 0,         -- events that came while too many deliveries waited
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX outgoing_webhooks_organization ON outgoing_webhooks (organization_id, id);
--; statement
-- What still has to be sent, by who sends it.
CREATE INDEX deliveries_pending ON deliveries (organization_id, connector_id) WHERE state = 'pending';
