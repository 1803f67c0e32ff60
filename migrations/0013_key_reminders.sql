-- Keys that are about to expire are told of, 14, 3 and 1 days ahead, each once.
CREATE TABLE api_key_reminders (
  key_id TEXT NOT NULL,
  days INTEGER NOT NULL,                           -- 14 | 3 | 1
  organization_id TEXT NOT NULL,
  reminded_at INTEGER NOT NULL,
  PRIMARY KEY (key_id, days)
) STRICT, WITHOUT ROWID;
--; statement
CREATE INDEX api_key_reminders_organization ON api_key_reminders (organization_id, key_id, days);
--; statement
CREATE INDEX api_keys_expiring ON api_keys (expires_at) WHERE expires_at IS NOT NULL AND revoked_at IS NULL;
--; statement
CREATE TRIGGER api_key_reminders_raise_expiring AFTER INSERT ON api_key_reminders BEGIN
  INSERT INTO events (organization_id, name, payload, occurred_at)
  SELECT NEW.organization_id, 'api_key.expiring', json_object(
    'api_key', json_object('id', id, 'name', name, 'display_prefix', display_prefix, 'last_four', last_four),
    'days_left', NEW.days, 'expires_at', strftime('%Y-%m-%dT%H:%M:%SZ', expires_at, 'unixepoch')), NEW.reminded_at
  FROM api_keys WHERE id = NEW.key_id;
END;
