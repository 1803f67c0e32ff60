-- What connectors of the type custom list: the rows of any API, each as the API has it.

CREATE TABLE custom_records (
  id TEXT PRIMARY KEY,                             -- UUIDv7
  organization_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  source TEXT NOT NULL,                            -- custom
  external_id TEXT NOT NULL,
  record TEXT NOT NULL,                            -- JSON object, 64 KiB at the most
  provider_modified_at INTEGER,                    -- by the mapping's `changed`
  deleted_at INTEGER,
  created_seq INTEGER NOT NULL,
  changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--; statement
CREATE UNIQUE INDEX custom_records_external ON custom_records (connector_id, external_id);
--; statement
CREATE INDEX custom_records_changed ON custom_records (organization_id, changed_seq, id);
--; statement
CREATE INDEX custom_records_organization ON custom_records (organization_id, id);
--; statement
CREATE INDEX custom_records_connector ON custom_records (organization_id, connector_id, id);
--; statement
CREATE INDEX custom_records_named ON custom_records (organization_id, external_id, id);
--; statement
-- Events by the names that the connector's configuration gives them, once a first complete pass has ended: what was there when
-- the connector was made has not happened now. The change sequence is at least the time in microseconds.
CREATE TRIGGER custom_records_raise_created AFTER INSERT ON custom_records BEGIN
  INSERT INTO events (organization_id, name, connector_id, payload, occurred_at)
  SELECT NEW.organization_id, connectors.config ->> '$.events.created', connectors.id, json_object(
    'connector', json_object('id', connectors.id, 'name', connectors.name, 'type', connectors.provider),
    'external_id', NEW.external_id, 'change', 'created',
    'record', json(iif(length(CAST(NEW.record AS BLOB)) <= 8192, NEW.record, 'null'))), NEW.changed_seq / 1000000
  FROM connectors CROSS JOIN jobs ON jobs.kind = 'sync' AND jobs.subject = connectors.id AND jobs.name = 'records'
  WHERE connectors.id = NEW.connector_id AND jobs.last_complete_at IS NOT NULL
    AND connectors.config ->> '$.events.created' IS NOT NULL;
END;
--; statement
-- What comes back was created again.
CREATE TRIGGER custom_records_raise_changed AFTER UPDATE OF record, deleted_at ON custom_records BEGIN
  INSERT INTO events (organization_id, name, connector_id, payload, occurred_at)
  SELECT NEW.organization_id, connectors.config ->> ('$.events.' || happened.change), connectors.id, json_object(
    'connector', json_object('id', connectors.id, 'name', connectors.name, 'type', connectors.provider),
    'external_id', NEW.external_id, 'change', happened.change,
    'record', json(iif(length(CAST(NEW.record AS BLOB)) <= 8192, NEW.record, 'null'))), NEW.changed_seq / 1000000
  FROM (
    SELECT CASE WHEN NEW.deleted_at IS NULL AND OLD.deleted_at IS NOT NULL THEN 'created'
      WHEN NEW.deleted_at IS NULL THEN 'updated'
      WHEN OLD.deleted_at IS NULL THEN 'deleted' END AS change) AS happened
  CROSS JOIN connectors
  CROSS JOIN jobs ON jobs.kind = 'sync' AND jobs.subject = connectors.id AND jobs.name = 'records'
  WHERE connectors.id = NEW.connector_id AND jobs.last_complete_at IS NOT NULL
    AND connectors.config ->> ('$.events.' || happened.change) IS NOT NULL;
END;
