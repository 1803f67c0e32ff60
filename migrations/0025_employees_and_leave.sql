-- Who works there and when they are away, by an HR system (Employment Hero). What nobody here needs is not kept: no reason or
-- comment of leave, no birth date, no address, no private mail.

CREATE TABLE employees (
  id TEXT PRIMARY KEY,                             -- UUIDv7
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,                            -- employment_hero
  external_id TEXT NOT NULL,
  name TEXT,
  first_name TEXT,
  last_name TEXT,
  known_as TEXT,
  company_email TEXT,                              -- in lower case
  account_email TEXT,                              -- in lower case; the login
  job_title TEXT,
  status TEXT,                                     -- the provider's word, in lower case
  start_date TEXT,                                 -- YYYY-MM-DD
  termination_date TEXT,
  time_zone TEXT,
  teams TEXT NOT NULL,                             -- JSON array of {id, name}
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX employees_external ON employees (connector_id, external_id);
--; statement
CREATE INDEX employees_changed ON employees (organization_id, changed_seq, id);
--; statement
CREATE INDEX employees_organization ON employees (organization_id, id);
--; statement
CREATE INDEX employees_company_email ON employees (organization_id, company_email, id) WHERE company_email IS NOT NULL;
--; statement
CREATE INDEX employees_account_email ON employees (organization_id, account_email, id) WHERE account_email IS NOT NULL;
--; statement
-- A request is of the employee of the same connector with that id, who may come later.
CREATE TABLE leave_requests (
  id TEXT PRIMARY KEY,                             -- UUIDv7
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  external_employee_id TEXT NOT NULL,
  start_date TEXT NOT NULL,                        -- YYYY-MM-DD, local to where the person works
  end_date TEXT NOT NULL,                          -- included
  status TEXT NOT NULL,                            -- the provider's word, in lower case: approved | pending | declined …
  leave_category TEXT,                             -- in the provider's words
  total_minutes INTEGER,
  days TEXT NOT NULL,                              -- JSON array of {date, minutes}; of a day that is not there nothing is known
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX leave_requests_external ON leave_requests (connector_id, external_id);
--; statement
CREATE INDEX leave_requests_changed ON leave_requests (organization_id, changed_seq, id);
--; statement
CREATE INDEX leave_requests_organization ON leave_requests (organization_id, id);
--; statement
CREATE INDEX leave_requests_employee ON leave_requests (organization_id, external_employee_id, id);
--; statement
CREATE INDEX leave_requests_absent ON leave_requests (organization_id, end_date) WHERE status = 'approved' AND deleted_at IS NULL;
--; statement
-- For what is over long enough, connector by connector.
CREATE INDEX leave_requests_ended ON leave_requests (connector_id, end_date);
