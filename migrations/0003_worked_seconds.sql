-- Worked time to the second: hours that are made from whole minutes are off by up to half a minute. Rows of before
-- have none until the next sync writes them, and are read by their minutes; to fill them here would take as long as
-- there are punches, and readers of changes would not learn of it.

ALTER TABLE time_punches ADD COLUMN worked_seconds INTEGER; -- out - in - unpaid breaks; NULL while on the clock
