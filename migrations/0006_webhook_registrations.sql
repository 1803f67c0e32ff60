-- Where a provider reaches a connector: a path that only the two know. The path itself is sealed in `credentials`; here is
-- its hash, by which a delivery finds its connector and a webhook at the provider is known as ours.

CREATE TABLE webhook_endpoints (
  id TEXT PRIMARY KEY,
  connector_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  path_hash TEXT NOT NULL,                         -- SHA-256 of the secret path, hex
  account TEXT NOT NULL,                           -- the account at the provider that was told of it
  created_at INTEGER NOT NULL,
  retired_at INTEGER                               -- the secret was given up; webhooks that still call it are to be deleted
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX webhook_endpoints_path ON webhook_endpoints (path_hash);
--; statement
CREATE UNIQUE INDEX webhook_endpoints_live ON webhook_endpoints (connector_id) WHERE retired_at IS NULL;
--; statement
CREATE INDEX webhook_endpoints_organization ON webhook_endpoints (organization_id, id);
--; statement
-- What the provider was asked to call, and what came of it.
CREATE TABLE webhook_registrations (
  id TEXT PRIMARY KEY,
  endpoint_id TEXT NOT NULL,
  topic TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  external_id TEXT,                                -- NULL: the provider has none
  base_url TEXT NOT NULL,                          -- the URL without its secret path
  state TEXT NOT NULL,                             -- registered | failed | not_in_plan | orphaned
  reason TEXT,                                     -- for a manager
  created_at INTEGER NOT NULL,
  last_checked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX webhook_registrations_topic ON webhook_registrations (endpoint_id, topic);
--; statement
CREATE INDEX webhook_registrations_connector ON webhook_registrations (connector_id, topic);
--; statement
CREATE INDEX webhook_registrations_organization ON webhook_registrations (organization_id, id);
--; statement
CREATE INDEX webhook_registrations_orphaned ON webhook_registrations (organization_id) WHERE state = 'orphaned';
