-- How much may come in: of an API key, of a webhook, and what they and addresses have spent.

-- Requests a minute; NULL = what the installation gives every caller.
ALTER TABLE api_keys ADD COLUMN requests_per_minute INTEGER;
--; statement
-- Deliveries a minute.
ALTER TABLE webhooks ADD COLUMN events_per_minute INTEGER NOT NULL DEFAULT 60000;
--; statement
-- `tat_ms` in microseconds, of what comes in: a request of a large quota costs less than a millisecond. 0 = a provider's.
ALTER TABLE rate_budgets ADD COLUMN tat_us INTEGER NOT NULL DEFAULT 0;
