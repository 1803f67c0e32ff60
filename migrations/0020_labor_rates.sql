-- What an hour of each role costs, by role name: a cache of what follows from wages, roles, assignments and people, so
-- that no request has to read all of them. It holds while nothing of that has changed since, and for one local day, for
-- wages begin on a day.

CREATE TABLE role_labor_rates (
  organization_id TEXT PRIMARY KEY,
  rate_date TEXT NOT NULL,                         -- YYYY-MM-DD, the organization's day
  changed_seq INTEGER NOT NULL,                    -- the newest change of any row that the rates rest on
  rules_version INTEGER NOT NULL,                  -- of the code that computed them
  rates TEXT NOT NULL,                             -- JSON; roles with rates, head counts and who may be told
  computed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
