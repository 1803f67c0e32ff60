-- The product's own side of what providers bring: its stores, which location is which store, and who a person is there.

CREATE TABLE stores (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  name TEXT NOT NULL,
  folded_name TEXT NOT NULL,                       -- without case, accents and double spaces: what names are compared by
  product_ref TEXT,                                -- the product's own id
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX stores_organization ON stores (organization_id, id);
--; statement
CREATE INDEX stores_changed ON stores (organization_id, changed_seq, id);
--; statement
CREATE UNIQUE INDEX stores_product_ref ON stores (organization_id, product_ref) WHERE product_ref IS NOT NULL AND deleted_at IS NULL;
--; statement
CREATE INDEX stores_folded_name ON stores (organization_id, folded_name) WHERE deleted_at IS NULL;
--; statement
-- By the provider's id, because a person may map a location before a sync has brought it.
CREATE TABLE location_mappings (
  connector_id TEXT NOT NULL,
  external_location_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  store_id TEXT,                                   -- NULL: taken off by hand, so that its name does not put it back
  mapped_by TEXT NOT NULL,                         -- name | hand
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (connector_id, external_location_id)
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX location_mappings_organization ON location_mappings (organization_id, store_id);
--; statement
ALTER TABLE team_members ADD COLUMN product_ref TEXT; -- the product's own id of the person
--; statement
CREATE INDEX team_members_product_ref ON team_members (organization_id, product_ref) WHERE product_ref IS NOT NULL;
--; statement
-- What the callers of a replaced system set beside the account.
CREATE TABLE staff_policies (
  connector_id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  enforce_shift_schedule INTEGER NOT NULL,
  sync_role_names TEXT NOT NULL,                   -- JSON array; only who works as one of them is staff; empty: everybody
  create_users_without_email INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX staff_policies_organization ON staff_policies (organization_id);
--; statement
-- Assigned shifts of one connector in the order of their starts, for those who count what lies ahead. With all that they
-- ask for, also what the condition says, or every row would be looked up.
CREATE INDEX schedule_shifts_assigned ON schedule_shifts (organization_id, connector_id, starts_at, id, team_member_id, external_location_id, deleted_at) WHERE deleted_at IS NULL AND team_member_id IS NOT NULL;
--; statement
-- Runs that were asked for as one.
ALTER TABLE sync_runs ADD COLUMN request_id TEXT;
