-- Webhooks that organizations receive: who proves what at /hooks/{id}, and the inbox of what came.

CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,                             -- UUIDv7; in the URL that the provider calls
  organization_id TEXT NOT NULL,
  name TEXT NOT NULL,
  scheme TEXT NOT NULL,                            -- standard | github | slack …
  options TEXT NOT NULL,                           -- JSON, by scheme
  events TEXT,                                     -- JSON array of names and `prefix.*`; NULL = all
  state TEXT NOT NULL,                             -- active | paused
  version INTEGER NOT NULL,                        -- one more with every change of what the receiver goes by
  ignored_count INTEGER NOT NULL DEFAULT 0,        -- proven, and outside of `events`
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX webhooks_organization ON webhooks (organization_id, id);
--; statement
-- The keys that prove deliveries. What they are is sealed in `credentials`, where the webhook stands for the connector and
-- this id for the field.
CREATE TABLE webhook_secrets (
  id TEXT PRIMARY KEY,                             -- UUIDv7; what is said of the key that matched
  webhook_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER                               -- of one that another has taken the place of; NULL = the one in force
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX webhook_secrets_webhook ON webhook_secrets (webhook_id, id);
--; statement
CREATE INDEX webhook_secrets_organization ON webhook_secrets (organization_id, id);
--; statement
-- The inbox. `seq` is the order in which events were stored, which is the order of commits: whoever keeps a place in it
-- misses none.
CREATE TABLE webhook_events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,                                -- UUIDv7
  webhook_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  dedupe_key TEXT NOT NULL,                        -- the same for a repeat
  delivery_id TEXT,                                -- the provider's
  event TEXT,                                      -- the provider's name of what happened
  ordering_key TEXT,                               -- events with the same one come in order
  key_id TEXT,                                     -- the secret that proved it; NULL = nothing was signed
  is_hint INTEGER NOT NULL,                        -- not signed: a reason to ask, never data
  items TEXT,                                      -- JSON array: only these items of the body may be used
  content_type TEXT,
  body BLOB NOT NULL,                              -- the bytes as they came
  sent_at INTEGER,                                 -- by the provider's clock
  received_at INTEGER NOT NULL
) STRICT;
--; statement
CREATE UNIQUE INDEX webhook_events_id ON webhook_events (id);
--; statement
CREATE UNIQUE INDEX webhook_events_repeat ON webhook_events (webhook_id, dedupe_key);
--; statement
CREATE INDEX webhook_events_organization ON webhook_events (organization_id, seq);
--; statement
CREATE INDEX webhook_events_webhook ON webhook_events (webhook_id, seq);
