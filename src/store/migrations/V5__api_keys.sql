-- Whose callers are whose. Outside the tenant "main" a user id begins with the tenant's name and a unit separator (0x1f), so
-- that two tenants may have users of one name.
ALTER TABLE callers ADD COLUMN tenant TEXT NOT NULL DEFAULT 'main';
CREATE INDEX callers_by_tenant ON callers (tenant, created_at);

-- Who may use the API. What is shown as proof is kept only as an HMAC, in api_secrets.
CREATE TABLE api_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    tenant     TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    -- Words, separated by spaces.
    scopes     TEXT    NOT NULL,
    per_minute INTEGER NOT NULL,
    per_day    INTEGER NOT NULL,
    is_demo    INTEGER NOT NULL DEFAULT 0,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;

-- Two of one key while it is being rotated.
CREATE TABLE api_secrets (
    mac        BLOB    NOT NULL PRIMARY KEY,
    key        TEXT    NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_secrets_by_key ON api_secrets (key);

-- What each key was used for on each day (UTC), and how often.
CREATE TABLE api_usage (
    key   TEXT    NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    day   TEXT    NOT NULL,
    what  TEXT    NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (key, day, what)
) STRICT, WITHOUT ROWID;
