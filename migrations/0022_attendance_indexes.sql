-- Rows of one month, of one person at one location in one role are beside each other, with all that a summary adds up: what
-- it asks for is read in the order in which it is added up, and nothing else.
DROP INDEX attendance_deltas_summary;
--; statement
CREATE INDEX attendance_deltas_summary ON attendance_deltas (organization_id, substr(event_date, 1, 7), team_member_id, connector_id,
  external_location_id, external_role_id, event_date, categories, scheduled_seconds, worked_seconds, arrival_seconds,
  departure_seconds, delta_minutes);
--; statement
DROP INDEX attendance_records_points;
--; statement
CREATE INDEX attendance_records_points ON attendance_records (organization_id, substr(event_date, 1, 7), team_member_id, connector_id,
  external_location_id, event_date, points_assessed, deleted_at) WHERE deleted_at IS NULL AND points_assessed <> 0;
--; statement
-- With what tells whether anything is decided otherwise than before: where nothing is, no row is looked up.
DROP INDEX attendance_deltas_member;
--; statement
CREATE INDEX attendance_deltas_member ON attendance_deltas (organization_id, team_member_id, anchor_at, id, subject_id, fingerprint);
--; statement
DROP INDEX attendance_records_member;
--; statement
CREATE INDEX attendance_records_member ON attendance_records (organization_id, team_member_id, anchor_at, id, subject_id, event_type,
  fingerprint, deleted_at);
--; statement
-- An event is a person's: a shift that goes to somebody else and comes back finds what was said of it.
DROP INDEX attendance_records_event;
--; statement
CREATE UNIQUE INDEX attendance_records_event ON attendance_records (organization_id, subject_id, event_type, team_member_id);
