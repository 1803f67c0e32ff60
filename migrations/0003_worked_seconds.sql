-- Worked time to the second: hours that are rounded from rounded minutes are off by up to half a minute.
-- Of punches with breaks the next weekly pass knows the seconds.

ALTER TABLE time_punches ADD COLUMN worked_seconds INTEGER; -- out - in - unpaid breaks; NULL while on the clock
--; statement
UPDATE time_punches SET worked_seconds = CASE breaks
  WHEN '[]' THEN max(0, clocked_out_at - clocked_in_at)
  ELSE worked_minutes * 60 END
WHERE worked_minutes IS NOT NULL;
--; statement
ALTER TABLE time_punches DROP COLUMN worked_minutes;
