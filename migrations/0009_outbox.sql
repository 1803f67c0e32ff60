-- The outbox: effects that were decided and that the job engine does. Each has a job of its own, of the kind `outbox` and by
-- the name of the delivery, while it is not done.

CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,                             -- UUIDv7
  organization_id TEXT NOT NULL,
  kind TEXT NOT NULL,                              -- slack
  connector_id TEXT NOT NULL,                      -- with whose credential it is done
  requested_by TEXT NOT NULL,                      -- the key or the person
  payload TEXT NOT NULL,                           -- JSON: what is sent; never a credential
  state TEXT NOT NULL,                             -- pending | delivered | failed
  attempts INTEGER NOT NULL DEFAULT 0,             -- all of them, those of an earlier retry by hand included
  result TEXT,                                     -- JSON: what the provider says of what it took
  error_code TEXT,                                 -- of the last attempt
  error_detail TEXT,                               -- a reason that a manager can act on
  created_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX deliveries_organization ON deliveries (organization_id, created_at, id);
--; statement
CREATE INDEX deliveries_connector ON deliveries (organization_id, connector_id, created_at, id);
--; statement
CREATE INDEX deliveries_state ON deliveries (organization_id, state, created_at, id);
--; statement
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL;
--; statement
-- Every request that went out for a delivery.
CREATE TABLE delivery_attempts (
  delivery_id TEXT NOT NULL,
  number INTEGER NOT NULL,                         -- from 1
  organization_id TEXT NOT NULL,
  started_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  status INTEGER,                                  -- HTTP; NULL = no answer
  code TEXT,                                       -- NULL = it was taken
  detail TEXT,
  may_have_happened INTEGER NOT NULL,              -- it failed, and the provider may have done it all the same
  PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX delivery_attempts_organization ON delivery_attempts (organization_id, delivery_id, number);
