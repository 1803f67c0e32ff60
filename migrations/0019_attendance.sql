-- Attendance: what was scheduled against what was worked, and what an organization's policy makes of it. All of it follows
-- from shifts, punches, time off and the policy, and is decided again when they change; what a person decides stays.

CREATE TABLE attendance_policies (
  organization_id TEXT PRIMARY KEY,
  document TEXT NOT NULL,                          -- JSON, as domain::attendance::policy reads it
  version INTEGER NOT NULL,                        -- counts up: what was decided by an older one is decided again
  updated_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX attendance_policies_organization ON attendance_policies (organization_id);
--; statement
-- One row of each work: a shift, or several that were worked in one go, with their punches; or a punch without a shift.
CREATE TABLE attendance_deltas (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  team_member_id TEXT NOT NULL,
  subject_id TEXT NOT NULL,                        -- our id of its first shift, or of its only punch
  anchor_at INTEGER NOT NULL,                      -- start of that shift, or clock-in of that punch
  event_date TEXT NOT NULL,                        -- YYYY-MM-DD of the anchor, local to where the work was
  external_location_id TEXT,
  external_role_id TEXT,
  shift_ids TEXT NOT NULL,                         -- JSON array of our ids, in order
  punch_ids TEXT NOT NULL,
  matched_by TEXT NOT NULL,                        -- shift_id | time | nothing
  categories INTEGER NOT NULL,                     -- bits of domain::attendance::delta::Categories
  scheduled_start INTEGER,
  scheduled_end INTEGER,                           -- NULL until closing time
  scheduled_seconds INTEGER,
  actual_start INTEGER,
  actual_end INTEGER,                              -- NULL while on the clock
  worked_seconds INTEGER,
  arrival_seconds INTEGER,                         -- late is above 0
  departure_seconds INTEGER,                       -- stayed late is above 0
  delta_minutes INTEGER,                           -- worked - scheduled
  is_running INTEGER NOT NULL,
  review TEXT,                                     -- auto_clocked_out | on_the_clock
  fingerprint INTEGER NOT NULL,                    -- of all of it: what is decided as before is not written
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX attendance_deltas_subject ON attendance_deltas (organization_id, subject_id);
--; statement
CREATE INDEX attendance_deltas_anchor ON attendance_deltas (organization_id, anchor_at, id);
--; statement
CREATE INDEX attendance_deltas_member ON attendance_deltas (organization_id, team_member_id, anchor_at, id);
--; statement
-- With all that a summary adds up, or every row would be looked up.
CREATE INDEX attendance_deltas_summary ON attendance_deltas (organization_id, event_date, connector_id, external_location_id,
  team_member_id, external_role_id, categories, scheduled_seconds, worked_seconds, arrival_seconds, departure_seconds, delta_minutes);
--; statement
-- One row of each event of a work. What a manager has said of it is kept, whatever is decided again.
CREATE TABLE attendance_records (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  team_member_id TEXT NOT NULL,
  subject_id TEXT NOT NULL,                        -- as of the work
  event_type TEXT NOT NULL,                        -- late_arrival | early_departure | no_show | unscheduled | overtime | short_shift | early_arrival | late_stay
  anchor_at INTEGER NOT NULL,
  event_date TEXT NOT NULL,
  external_location_id TEXT,
  external_role_id TEXT,
  shift_ids TEXT NOT NULL,
  punch_ids TEXT NOT NULL,
  matched_by TEXT NOT NULL,
  scheduled_start INTEGER,
  scheduled_end INTEGER,
  actual_start INTEGER,
  actual_end INTEGER,
  minutes INTEGER NOT NULL,                        -- late, early, over, under …
  delta_minutes INTEGER,                           -- worked - scheduled
  points INTEGER NOT NULL,                         -- by the policy
  tier_minutes INTEGER,                            -- the tier that gave them
  policy_version INTEGER NOT NULL,
  review TEXT,
  time_off_request_id TEXT,                        -- the approved time off that excuses it
  explanation TEXT NOT NULL,
  excused INTEGER,                                 -- by a manager; NULL = as the policy has it
  note TEXT,
  resolution TEXT,
  resolved_by TEXT,
  resolved_at INTEGER,
  points_assessed INTEGER NOT NULL,                -- what counts
  source TEXT NOT NULL,                            -- 7shifts_delta_engine
  fingerprint INTEGER NOT NULL,                    -- of all that was decided, without what a manager has said
  deleted_at INTEGER,                              -- what it rested on has changed
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX attendance_records_event ON attendance_records (organization_id, subject_id, event_type);
--; statement
CREATE INDEX attendance_records_organization ON attendance_records (organization_id, id);
--; statement
CREATE INDEX attendance_records_changed ON attendance_records (organization_id, changed_seq, id);
--; statement
CREATE INDEX attendance_records_anchor ON attendance_records (organization_id, anchor_at, id);
--; statement
CREATE INDEX attendance_records_member ON attendance_records (organization_id, team_member_id, anchor_at, id);
--; statement
CREATE INDEX attendance_records_points ON attendance_records (organization_id, event_date, team_member_id, points_assessed) WHERE deleted_at IS NULL AND points_assessed <> 0;
--; statement
CREATE INDEX attendance_records_time_off ON attendance_records (organization_id, time_off_request_id, anchor_at) WHERE time_off_request_id IS NOT NULL AND deleted_at IS NULL;
--; statement
-- Where a row was counted last: when it moves, that is decided again, too.
ALTER TABLE schedule_shifts ADD COLUMN attendance_member_id TEXT;
--; statement
ALTER TABLE schedule_shifts ADD COLUMN attendance_anchor_at INTEGER;
--; statement
ALTER TABLE time_punches ADD COLUMN attendance_member_id TEXT;
--; statement
ALTER TABLE time_punches ADD COLUMN attendance_anchor_at INTEGER;
--; statement
-- What the work of a punch came to: its first shift, and, of the first punch of a work only, so that sums are true, what was
-- scheduled and the difference.
ALTER TABLE time_punches ADD COLUMN attendance_shift_id TEXT;
--; statement
ALTER TABLE time_punches ADD COLUMN attendance_scheduled_seconds INTEGER;
--; statement
ALTER TABLE time_punches ADD COLUMN attendance_delta_minutes INTEGER;
--; statement
-- Said by a manager; no sync takes it back.
ALTER TABLE time_punches ADD COLUMN disputed_at INTEGER;
--; statement
ALTER TABLE time_punches ADD COLUMN disputed_by TEXT;
--; statement
ALTER TABLE time_punches ADD COLUMN dispute_note TEXT;
--; statement
-- What the Delta Engine has to look at again is due when a stream that it rests on has ended.
CREATE TRIGGER jobs_make_attendance_due AFTER UPDATE OF last_finished_at ON jobs
WHEN NEW.kind = 'sync' AND OLD.run_id IS NOT NULL AND NEW.run_id IS NULL AND NEW.last_status IN ('success', 'partial')
  AND NEW.name IN ('shifts', 'time_punches', 'time_off', 'users', 'locations') BEGIN
  INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
  VALUES (NEW.organization_id || ':attendance', 'attendance', 'deltas', NEW.organization_id, NEW.organization_id, 'delta-engine',
    'attendance:' || NEW.organization_id, 'pending', NEW.updated_at, NEW.updated_at, NEW.updated_at)
  ON CONFLICT (kind, subject, name) DO UPDATE SET
    state = iif(state = 'running', state, 'pending'),
    next_due_at = coalesce(next_due_at, excluded.next_due_at),
    next_run_id = iif(state = 'running', 'again', next_run_id)
  WHERE next_due_at IS NULL OR (state = 'running' AND next_run_id IS NULL);
END;
--; statement
CREATE TRIGGER attendance_policies_make_attendance_due AFTER UPDATE OF version ON attendance_policies BEGIN
  UPDATE jobs SET
    state = iif(state = 'running', state, 'pending'),
    next_due_at = coalesce(next_due_at, NEW.updated_at),
    next_run_id = iif(state = 'running', 'again', next_run_id)
  WHERE kind = 'attendance' AND subject = NEW.organization_id AND name = 'deltas'
    AND (next_due_at IS NULL OR (state = 'running' AND next_run_id IS NULL));
END;
--; statement
CREATE TRIGGER attendance_policies_make_attendance_due_first AFTER INSERT ON attendance_policies BEGIN
  UPDATE jobs SET
    state = iif(state = 'running', state, 'pending'),
    next_due_at = coalesce(next_due_at, NEW.updated_at),
    next_run_id = iif(state = 'running', 'again', next_run_id)
  WHERE kind = 'attendance' AND subject = NEW.organization_id AND name = 'deltas'
    AND (next_due_at IS NULL OR (state = 'running' AND next_run_id IS NULL));
END;
--; statement
-- Organizations that have synced before there was the Delta Engine.
INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, created_at, updated_at)
SELECT organization_id || ':attendance', 'attendance', 'deltas', organization_id, organization_id, 'delta-engine',
  'attendance:' || organization_id, 'pending', max(last_success_at), max(last_success_at), max(last_success_at)
FROM jobs WHERE kind = 'sync' AND name IN ('shifts', 'time_punches') AND last_success_at IS NOT NULL
GROUP BY organization_id;
--; statement
CREATE TRIGGER attendance_policies_audit_created AFTER INSERT ON attendance_policies BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'attendance_policy', NEW.organization_id, 'created', NULL, json(NEW.document), kind, actor,
    request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
CREATE TRIGGER attendance_policies_audit_updated AFTER UPDATE OF document ON attendance_policies
WHEN OLD.document IS NOT NEW.document BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'attendance_policy', NEW.organization_id, 'updated', json(OLD.document), json(NEW.document), kind,
    actor, request_id, coalesce(changed_at, NEW.updated_at) FROM audit_actor;
END;
--; statement
-- What a manager says of an event or a punch; what the Delta Engine and syncs change is nobody's word.
CREATE TRIGGER attendance_records_audit_updated AFTER UPDATE OF excused, note, resolution ON attendance_records
WHEN (OLD.excused, OLD.note, OLD.resolution) IS NOT (NEW.excused, NEW.note, NEW.resolution) AND EXISTS (SELECT 1 FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'attendance_record', NEW.id, 'updated',
    json_object('excused', json(CASE OLD.excused WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END), 'note', OLD.note,
      'resolution', OLD.resolution),
    json_object('excused', json(CASE NEW.excused WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END), 'note', NEW.note,
      'resolution', NEW.resolution),
    kind, actor, request_id, changed_at FROM audit_actor;
END;
--; statement
CREATE TRIGGER time_punches_audit_updated AFTER UPDATE OF disputed_at, dispute_note ON time_punches
WHEN (OLD.disputed_at, OLD.dispute_note) IS NOT (NEW.disputed_at, NEW.dispute_note) AND EXISTS (SELECT 1 FROM audit_actors) BEGIN
  INSERT INTO audit_entries (organization_id, resource, resource_id, action, before, after, actor_kind, actor,
    request_id, occurred_at)
  SELECT NEW.organization_id, 'time_punch', NEW.id, 'updated',
    json_object('disputed', json(iif(OLD.disputed_at IS NULL, 'false', 'true')), 'note', OLD.dispute_note),
    json_object('disputed', json(iif(NEW.disputed_at IS NULL, 'false', 'true')), 'note', NEW.dispute_note),
    kind, actor, request_id, changed_at FROM audit_actor;
END;
