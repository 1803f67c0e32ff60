-- Times are Unix seconds UTC; `_ms` columns are milliseconds; dates are TEXT `YYYY-MM-DD`; money is integer cents.
-- `created_seq` and `changed_seq` are drawn from `sequences.change`, which never goes back: readers keep their place
-- in it, so a clock that jumps loses nothing. The value is also at least Unix microseconds at the time of the change,
-- which is what `updated_since` is compared with.
-- No statement calls the database's clock or random generator: the caller supplies both.

CREATE TABLE sequences (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
INSERT INTO sequences (name, value) VALUES ('change', 0);
--; statement
CREATE TABLE organizations (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'active',            -- active | purging
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX organizations_purging ON organizations (id) WHERE state = 'purging';
--; statement
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  name TEXT NOT NULL,
  key_hash TEXT NOT NULL,                          -- SHA-256 of the whole key, hex
  display_prefix TEXT NOT NULL,
  last_four TEXT NOT NULL,
  scopes TEXT NOT NULL,                            -- JSON array of scope names
  networks TEXT,                                   -- JSON array of CIDR; NULL = any network
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX api_keys_hash ON api_keys (key_hash);
--; statement
CREATE INDEX api_keys_organization ON api_keys (organization_id, id);
--; statement
CREATE TABLE connectors (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  provider TEXT NOT NULL,                          -- seven_shifts …
  integration_key TEXT NOT NULL,                   -- the caller's name for it, '7shifts' by default
  name TEXT NOT NULL,
  state TEXT NOT NULL,                             -- disconnected | active | paused | expired | revoked | error
  state_reason TEXT,
  state_changed_at INTEGER NOT NULL,
  config TEXT NOT NULL,                            -- JSON; never a secret
  sync_settings TEXT NOT NULL,                     -- JSON
  connected_at INTEGER,
  connected_by TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX connectors_key ON connectors (organization_id, integration_key);
--; statement
CREATE TABLE credentials (
  connector_id TEXT NOT NULL,
  field TEXT NOT NULL,                             -- access_token, company_guid …
  organization_id TEXT NOT NULL,
  sealed TEXT NOT NULL,                            -- Fernet token; contains organization, connector and field beside the secret
  sealed_by TEXT NOT NULL,                         -- fingerprint of the vault key, so that a sweep finds what to re-seal
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (connector_id, field)
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX credentials_sealed_by ON credentials (sealed_by, connector_id, field);
--; statement
CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,                              -- sync; later inbox and outbox
  name TEXT NOT NULL,                              -- sync: the stream
  organization_id TEXT NOT NULL,
  subject TEXT NOT NULL,                           -- sync: the connector
  function TEXT NOT NULL,                          -- the component that runs it
  payload TEXT NOT NULL DEFAULT '{}',              -- JSON, fixed when the job is made
  checkpoint TEXT NOT NULL DEFAULT '{}',           -- JSON, written by the function under its lease
  concurrency_key TEXT NOT NULL,                   -- at most one leased job per key (the credential)
  rank INTEGER NOT NULL DEFAULT 0,                 -- order among what is due for one concurrency key
  state TEXT NOT NULL,                             -- pending | running | done | failed
  next_due_at INTEGER,                             -- NULL = never; of a running job: when its lease ends
  planned_trigger TEXT NOT NULL DEFAULT 'cron',    -- what the next run is logged as: cron | nightly | manual | webhook | retry
  trigger TEXT,                                    -- why the run in progress, or the last one, runs
  attempts INTEGER NOT NULL DEFAULT 0,             -- failed tries of the run in progress, lost leases included
  run_id TEXT,                                     -- the run in progress, across `more` and retries
  next_run_id TEXT,                                -- promised to who asked for the next run
  requested_params TEXT,                           -- JSON, from who asked for the next run
  params TEXT,                                     -- JSON, of the run in progress
  lease_holder TEXT,
  lease_version INTEGER NOT NULL DEFAULT 0,
  lease_expires_at INTEGER,
  run_started_ms INTEGER,                          -- of the run in progress, or the last one
  last_started_at INTEGER,                         -- the same in seconds
  last_finished_at INTEGER,
  last_success_at INTEGER,                         -- end of the last run that ended success or partial
  last_complete_at INTEGER,                        -- end of the last run that saw everything
  last_nightly_date TEXT,                          -- local date of the last night served
  last_status TEXT,                                -- success | partial | failed
  last_error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX jobs_identity ON jobs (kind, subject, name);
--; statement
-- Covers the search for what is due, so that blocked jobs cost no table row.
CREATE INDEX jobs_due ON jobs (next_due_at, concurrency_key, rank) WHERE next_due_at IS NOT NULL;
--; statement
CREATE INDEX jobs_concurrency ON jobs (concurrency_key, rank, next_due_at) WHERE next_due_at IS NOT NULL;
--; statement
CREATE INDEX jobs_leased ON jobs (concurrency_key, lease_expires_at) WHERE lease_holder IS NOT NULL;
--; statement
CREATE INDEX jobs_organization ON jobs (organization_id, kind, subject, rank);
--; statement
CREATE TABLE sync_runs (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  stream TEXT NOT NULL,
  trigger TEXT NOT NULL,                           -- cron | nightly | manual | webhook | retry
  status TEXT NOT NULL,                            -- running | success | partial | failed
  kind TEXT NOT NULL DEFAULT 'incremental',        -- backfill | incremental | reconciliation | complete
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  duration_ms INTEGER,
  pages INTEGER NOT NULL DEFAULT 0,
  provider_calls INTEGER NOT NULL DEFAULT 0,
  fetched INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL DEFAULT 0,
  updated INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  errors INTEGER NOT NULL DEFAULT 0,
  error_code TEXT,
  error_detail TEXT                                -- a reason that a manager can act on
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX sync_runs_organization ON sync_runs (organization_id, started_at, id);
--; statement
CREATE INDEX sync_runs_connector ON sync_runs (connector_id, stream, started_at);
--; statement
CREATE INDEX sync_runs_finished ON sync_runs (finished_at) WHERE finished_at IS NOT NULL;
--; statement
-- What a complete pass has seen so far; what it has not seen when it ends was deleted at the provider.
CREATE TABLE sync_seen (
  pass_id TEXT NOT NULL,
  external_id TEXT NOT NULL,
  PRIMARY KEY (pass_id, external_id)
) STRICT, WITHOUT ROWID;
--; statement
-- Records that could not be stored, with the reason; a record leaves when a later sync stores it.
CREATE TABLE quarantined_records (
  connector_id TEXT NOT NULL,
  stream TEXT NOT NULL,
  external_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  run_id TEXT NOT NULL,
  first_seen_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  PRIMARY KEY (connector_id, stream, external_id)
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX quarantined_records_organization ON quarantined_records (organization_id, connector_id, stream);
--; statement
-- One GCRA row per credential, shared by all streams and instances.
CREATE TABLE rate_budgets (
  key TEXT PRIMARY KEY,
  tat_ms INTEGER NOT NULL,                         -- theoretical arrival time of the next request
  blocked_until_ms INTEGER NOT NULL DEFAULT 0      -- the provider said 429: nobody sends before
) STRICT, WITHOUT ROWID;
--; statement
CREATE TABLE scheduler_ticks (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  ticks INTEGER NOT NULL
) STRICT;
--; statement
CREATE TABLE idempotency_keys (
  organization_id TEXT NOT NULL,
  caller TEXT NOT NULL,
  key TEXT NOT NULL,
  attempt_id TEXT NOT NULL,                        -- of the request that holds the key: only it may finish
  request_hash TEXT NOT NULL,
  status INTEGER,                                  -- NULL while the first request still runs
  body TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, caller, key)
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
