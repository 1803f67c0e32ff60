-- What 7shifts streams land in. Every row belongs to one organization and one connector; the provider's own ids are
-- `external_…`. Links to other rows by our ids are filled when the target is known, or when it arrives.
-- Times that readers are promised are held within the years 0 to 9999, all that RFC 3339 can say: a record outside is
-- refused on its own and its neighbours land.

CREATE TABLE locations (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  name TEXT NOT NULL,
  time_zone TEXT,
  country TEXT,
  region TEXT,
  city TEXT,
  address TEXT,
  provider_modified_at INTEGER,
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX locations_external ON locations (connector_id, external_id);
--; statement
CREATE INDEX locations_changed ON locations (organization_id, changed_seq, id);
--; statement
CREATE INDEX locations_organization ON locations (organization_id, id);
--; statement
CREATE TABLE departments (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  external_location_id TEXT,
  name TEXT NOT NULL,
  provider_modified_at INTEGER,
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX departments_external ON departments (connector_id, external_id);
--; statement
CREATE INDEX departments_changed ON departments (organization_id, changed_seq, id);
--; statement
CREATE INDEX departments_organization ON departments (organization_id, id);
--; statement
CREATE TABLE roles (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  external_location_id TEXT,
  external_department_id TEXT,
  name TEXT NOT NULL,
  color TEXT,
  job_code TEXT,
  is_tipped INTEGER,
  provider_modified_at INTEGER,
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX roles_external ON roles (connector_id, external_id);
--; statement
CREATE INDEX roles_changed ON roles (organization_id, changed_seq, id);
--; statement
CREATE INDEX roles_organization ON roles (organization_id, id);
--; statement
CREATE TABLE team_members (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,                       -- the 7shifts user id
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  preferred_first_name TEXT,
  preferred_last_name TEXT,
  email TEXT,                                      -- NULL when the provider has none
  mobile_number TEXT,
  employee_number TEXT,                            -- payroll id
  user_type TEXT,                                  -- employee | asst_manager | manager | employer, as the provider says
  is_active INTEGER NOT NULL,
  invite_status TEXT,
  language TEXT,
  time_zone TEXT,
  hire_date TEXT,
  photo_url TEXT,
  provider_modified_at INTEGER,
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX team_members_external ON team_members (connector_id, external_id);
--; statement
CREATE INDEX team_members_changed ON team_members (organization_id, changed_seq, id);
--; statement
CREATE INDEX team_members_organization ON team_members (organization_id, id);
--; statement
CREATE INDEX team_members_email ON team_members (organization_id, email COLLATE NOCASE) WHERE email IS NOT NULL;
--; statement
CREATE TABLE schedule_shifts (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  team_member_id TEXT,                             -- NULL on an open shift, or while the person is not known yet
  external_user_id TEXT,
  external_location_id TEXT,
  external_department_id TEXT,
  external_role_id TEXT,
  starts_at INTEGER NOT NULL CONSTRAINT starts_at_in_range CHECK (starts_at BETWEEN -62167219200 AND 253402300799),
  ends_at INTEGER NOT NULL CONSTRAINT ends_at_in_range CHECK (ends_at BETWEEN -62167219200 AND 253402300799),
  is_open INTEGER NOT NULL,
  is_close INTEGER NOT NULL,                       -- ends at closing time; ends_at is then not meaningful
  is_business_decline INTEGER NOT NULL,
  station_name TEXT,
  notes TEXT,
  attendance_status TEXT,
  late_minutes INTEGER,
  break_minutes INTEGER NOT NULL,
  unpaid_break_minutes INTEGER NOT NULL,
  breaks TEXT NOT NULL,                            -- JSON array of planned breaks
  provider_modified_at INTEGER,
  deleted_at INTEGER,                              -- also when unpublished
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX schedule_shifts_external ON schedule_shifts (connector_id, external_id);
--; statement
CREATE INDEX schedule_shifts_changed ON schedule_shifts (organization_id, changed_seq, id);
--; statement
CREATE INDEX schedule_shifts_start ON schedule_shifts (organization_id, starts_at, id);
--; statement
CREATE INDEX schedule_shifts_member ON schedule_shifts (organization_id, team_member_id, starts_at);
--; statement
CREATE INDEX schedule_shifts_unlinked ON schedule_shifts (connector_id, external_user_id) WHERE team_member_id IS NULL AND external_user_id IS NOT NULL;
--; statement
CREATE TABLE time_punches (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  team_member_id TEXT,
  external_user_id TEXT,
  schedule_shift_id TEXT,
  external_shift_id TEXT,
  external_location_id TEXT,
  external_department_id TEXT,
  external_role_id TEXT,
  clocked_in_at INTEGER NOT NULL CONSTRAINT clocked_in_at_in_range CHECK (clocked_in_at BETWEEN -62167219200 AND 253402300799),
  clocked_out_at INTEGER CONSTRAINT clocked_out_at_in_range CHECK (clocked_out_at BETWEEN -62167219200 AND 253402300799), -- NULL while on the clock
  auto_clocked_out INTEGER NOT NULL,
  worked_minutes INTEGER,                          -- out - in - unpaid breaks; NULL while on the clock
  break_minutes INTEGER NOT NULL,
  paid_break_minutes INTEGER NOT NULL,
  unpaid_break_minutes INTEGER NOT NULL,
  breaks TEXT NOT NULL,                            -- JSON array
  tips_cents INTEGER,
  is_approved INTEGER NOT NULL,
  notes TEXT,
  pos_type TEXT,
  provider_modified_at INTEGER,
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX time_punches_external ON time_punches (connector_id, external_id);
--; statement
CREATE INDEX time_punches_changed ON time_punches (organization_id, changed_seq, id);
--; statement
CREATE INDEX time_punches_clocked_in ON time_punches (organization_id, clocked_in_at, id);
--; statement
CREATE INDEX time_punches_member ON time_punches (organization_id, team_member_id, clocked_in_at);
--; statement
CREATE INDEX time_punches_unlinked_user ON time_punches (connector_id, external_user_id) WHERE team_member_id IS NULL AND external_user_id IS NOT NULL;
--; statement
CREATE INDEX time_punches_unlinked_shift ON time_punches (connector_id, external_shift_id) WHERE schedule_shift_id IS NULL AND external_shift_id IS NOT NULL;
