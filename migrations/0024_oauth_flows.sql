-- Who connects an account by the consent that its owner gives in a browser: one row from the call that begins it until the
-- provider sends the browser back, for ten minutes. What is in a URL or a cookie is kept as its SHA-256 (hex).
CREATE TABLE oauth_flows (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  begun_by TEXT NOT NULL,                          -- JSON: the caller, as the audit names one
  ticket_hash TEXT,                                -- of the link that a browser opens; NULL once it was opened
  state_hash TEXT,                                 -- of the state sent to the provider; NULL before
  browser_hash TEXT,                               -- of the cookie of the browser that opened the link
  sealed_verifier TEXT,                            -- PKCE
  redirect_uri TEXT,
  return_url TEXT,                                 -- where the browser goes in the end
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX oauth_flows_ticket ON oauth_flows (ticket_hash) WHERE ticket_hash IS NOT NULL;
--; statement
CREATE UNIQUE INDEX oauth_flows_state ON oauth_flows (state_hash) WHERE state_hash IS NOT NULL;
--; statement
CREATE INDEX oauth_flows_connector ON oauth_flows (organization_id, connector_id, id);
--; statement
CREATE INDEX oauth_flows_expiry ON oauth_flows (expires_at, id);
