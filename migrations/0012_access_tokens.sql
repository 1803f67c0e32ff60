-- Access tokens are renewed by one holder at a time. The token itself is in `credentials`, with its end beside it.

-- Fences who renews: what an earlier holder has got counts no more once another has begun, or the credential was replaced.
ALTER TABLE connectors ADD COLUMN token_lease_version INTEGER NOT NULL DEFAULT 0;
--; statement
-- When the holder is taken for lost; 0 = nobody renews.
ALTER TABLE connectors ADD COLUMN token_lease_until_ms INTEGER NOT NULL DEFAULT 0;
