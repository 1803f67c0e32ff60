-- Whether the points of an event count as long as no manager has said anything: not where approved time off covers all
-- of it, and not where a person has to decide.
ALTER TABLE attendance_records ADD COLUMN counts INTEGER NOT NULL DEFAULT 1;
--; statement
UPDATE attendance_records SET counts = 0 WHERE time_off_request_id IS NOT NULL OR review = 'on_the_clock';
--; statement
-- What was decided before is decided again, by the rules that hold now.
UPDATE jobs SET checkpoint = json_remove(checkpoint, '$.policy_version') WHERE kind = 'attendance';
