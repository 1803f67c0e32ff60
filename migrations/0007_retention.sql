-- Under fixed times shifts are kept for a while only: which connectors these are, which of their shifts are over, and
-- whether a punch rests on one. A text that is no JSON is nobody's schedule.

CREATE INDEX connectors_schedule ON connectors (iif(json_valid(sync_settings), sync_settings ->> '$.schedule', NULL), id);
--; statement
CREATE INDEX schedule_shifts_ended ON schedule_shifts (connector_id, ends_at, id);
--; statement
CREATE INDEX time_punches_shift ON time_punches (connector_id, external_shift_id);
