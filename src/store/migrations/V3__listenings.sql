-- Conversations that a client asked to be listened to. A token is kept as an HMAC.
CREATE TABLE listenings (
    id          TEXT    NOT NULL PRIMARY KEY,
    mac         BLOB    NOT NULL UNIQUE,
    caller      TEXT    NOT NULL REFERENCES callers ON DELETE CASCADE,
    line        TEXT    NOT NULL,
    strictness  TEXT    NOT NULL CHECK (strictness IN ('1%', '0.1%', '0.01%')),
    -- The provider's own id of the call: asked for, or found when the stream came.
    call        TEXT,
    track       TEXT    NOT NULL CHECK (track IN ('inbound', 'outbound')),
    reference   TEXT,
    made_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    opened_at   INTEGER,
    -- When whoever listens last said that they do.
    alive_at    INTEGER,
    -- What was measured so far, as JSON.
    showing     TEXT,
    status      TEXT    NOT NULL DEFAULT 'waiting'
                CHECK (status IN ('waiting', 'listening', 'done', 'failed', 'expired')),
    decision    TEXT    CHECK (decision IN ('accept', 'retry', 'reject')),
    -- The verdict's, or what went wrong.
    reason      TEXT,
    finished_at INTEGER,
    -- When the client is to be told next; none when nobody is.
    due_at      INTEGER,
    tries       INTEGER NOT NULL DEFAULT 0,
    reported_at INTEGER,
    CHECK ((status = 'done') = (decision IS NOT NULL)),
    CHECK ((status IN ('waiting', 'listening')) = (finished_at IS NULL))
) STRICT;
CREATE INDEX listenings_by_caller ON listenings (caller);
CREATE INDEX listenings_by_age ON listenings (made_at);
CREATE INDEX listenings_open ON listenings (status) WHERE finished_at IS NULL;
CREATE INDEX listenings_due ON listenings (due_at) WHERE due_at IS NOT NULL;
