-- An endpoint that gives no answer at all is left alone for a while.
ALTER TABLE outgoing_webhooks ADD COLUMN held_until INTEGER;
