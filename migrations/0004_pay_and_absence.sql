-- The rest of what 7shifts knows of people: what they earn, what they work as, when they can work and when they are away.

CREATE TABLE team_member_wages (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  team_member_id TEXT,
  external_user_id TEXT NOT NULL,
  external_role_id TEXT,                           -- NULL: whatever the person works as
  wage_type TEXT NOT NULL,                         -- hourly | weekly_salary | annual_salary, as the provider says
  wage_cents INTEGER NOT NULL,                     -- an hour, a week or a year
  effective_date TEXT NOT NULL,                    -- YYYY-MM-DD
  provider_modified_at INTEGER,
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX team_member_wages_external ON team_member_wages (connector_id, external_id);
--; statement
CREATE INDEX team_member_wages_changed ON team_member_wages (organization_id, changed_seq, id);
--; statement
CREATE INDEX team_member_wages_organization ON team_member_wages (organization_id, id);
--; statement
CREATE INDEX team_member_wages_member ON team_member_wages (organization_id, team_member_id, id);
--; statement
-- The history of one person in one role, for the end of each wage.
CREATE INDEX team_member_wages_history ON team_member_wages (connector_id, external_user_id, external_role_id, effective_date) WHERE deleted_at IS NULL;
--; statement
CREATE INDEX team_member_wages_unlinked ON team_member_wages (connector_id, external_user_id) WHERE team_member_id IS NULL;
--; statement
CREATE TABLE team_member_role_assignments (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,                       -- the provider has none: its user's and its role's, `881002:7701`
  team_member_id TEXT,
  external_user_id TEXT NOT NULL,
  external_role_id TEXT NOT NULL,
  external_department_id TEXT,
  external_location_id TEXT,
  is_primary INTEGER NOT NULL,
  skill_level INTEGER,
  provider_modified_at INTEGER,
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX team_member_role_assignments_external ON team_member_role_assignments (connector_id, external_id);
--; statement
CREATE INDEX team_member_role_assignments_changed ON team_member_role_assignments (organization_id, changed_seq, id);
--; statement
CREATE INDEX team_member_role_assignments_organization ON team_member_role_assignments (organization_id, id);
--; statement
CREATE INDEX team_member_role_assignments_member ON team_member_role_assignments (organization_id, team_member_id, id);
--; statement
CREATE INDEX team_member_role_assignments_unlinked ON team_member_role_assignments (connector_id, external_user_id) WHERE team_member_id IS NULL;
--; statement
-- One row a day of the week of one availability.
CREATE TABLE team_member_availability (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,                       -- the availability's and the day, `3301:mon`
  team_member_id TEXT,
  external_user_id TEXT NOT NULL,
  external_availability_id TEXT NOT NULL,
  day_of_week INTEGER NOT NULL,                    -- 0 = Sunday … 6 = Saturday
  is_available INTEGER NOT NULL,
  available_from TEXT,                             -- HH:MM:SS local; NULL: the whole day, or not at all
  available_to TEXT,
  is_recurring INTEGER NOT NULL,
  valid_from TEXT,                                 -- first day of the week that it begins with
  valid_to TEXT,                                   -- last week of a recurring one; NULL: for good
  specific_date TEXT,                              -- of one that does not recur
  reason TEXT,
  comments TEXT,
  status TEXT NOT NULL,                            -- pending | approved | declined | unknown
  provider_modified_at INTEGER,
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX team_member_availability_external ON team_member_availability (connector_id, external_id);
--; statement
CREATE INDEX team_member_availability_changed ON team_member_availability (organization_id, changed_seq, id);
--; statement
CREATE INDEX team_member_availability_organization ON team_member_availability (organization_id, id);
--; statement
CREATE INDEX team_member_availability_member ON team_member_availability (organization_id, team_member_id, id);
--; statement
CREATE INDEX team_member_availability_unlinked ON team_member_availability (connector_id, external_user_id) WHERE team_member_id IS NULL;
--; statement
CREATE TABLE time_off_requests (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  team_member_id TEXT,
  external_user_id TEXT NOT NULL,
  start_date TEXT NOT NULL,                        -- YYYY-MM-DD, local to where the person works
  end_date TEXT NOT NULL,                          -- included
  is_partial_day INTEGER NOT NULL,
  partial_start TEXT,                              -- HH:MM:SS local
  partial_end TEXT,
  provider_category TEXT,                          -- in the provider's words
  status TEXT NOT NULL,                            -- pending | approved | declined | unknown
  comments TEXT,
  total_minutes INTEGER,
  days TEXT NOT NULL,                              -- JSON array of {date, minutes}
  action_member_id TEXT,                           -- who approved or declined
  external_action_user_id TEXT,
  action_message TEXT,
  requested_at INTEGER,
  provider_modified_at INTEGER,
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX time_off_requests_external ON time_off_requests (connector_id, external_id);
--; statement
CREATE INDEX time_off_requests_changed ON time_off_requests (organization_id, changed_seq, id);
--; statement
CREATE INDEX time_off_requests_start ON time_off_requests (organization_id, start_date, id);
--; statement
CREATE INDEX time_off_requests_organization ON time_off_requests (organization_id, id);
--; statement
CREATE INDEX time_off_requests_member ON time_off_requests (organization_id, team_member_id, id);
--; statement
CREATE INDEX time_off_requests_unlinked ON time_off_requests (connector_id, external_user_id) WHERE team_member_id IS NULL;
--; statement
CREATE INDEX time_off_requests_unlinked_action ON time_off_requests (connector_id, external_action_user_id) WHERE action_member_id IS NULL AND external_action_user_id IS NOT NULL;
--; statement
-- What the provider's categories of time off are here: vacation | sick | personal | other.
ALTER TABLE organizations ADD COLUMN time_off_categories TEXT NOT NULL DEFAULT '{}';
--; statement
-- Connectors of before have no jobs for the new streams: each runs when one of its tier does.
INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, rank, state, next_due_at, planned_trigger, created_at, updated_at)
SELECT substr(model.id, 1, 34) || added.suffix, 'sync', added.name, model.organization_id, model.subject, model.function,
  model.concurrency_key, added.rank, 'pending', model.next_due_at, 'cron', model.updated_at, model.updated_at
FROM (
  SELECT 'wages' AS name, 6 AS rank, 'users' AS model, 'a6' AS suffix
  UNION ALL SELECT 'assignments', 7, 'users', 'a7'
  UNION ALL SELECT 'availability', 8, 'users', 'a8'
  UNION ALL SELECT 'time_off', 9, 'shifts', 'a9'
) AS added
JOIN jobs AS model ON model.kind = 'sync' AND model.name = added.model
WHERE true ON CONFLICT DO NOTHING;
