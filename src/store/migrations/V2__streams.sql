-- Streams that the provider was asked to open, one for a listening turn. Its token is kept as an HMAC.
CREATE TABLE streams (
    call       TEXT    NOT NULL REFERENCES calls ON DELETE CASCADE,
    turn       INTEGER NOT NULL,
    id         TEXT    NOT NULL UNIQUE,
    mac        BLOB    NOT NULL UNIQUE,
    -- Keys of the sentences that are played into it, as JSON.
    plays      TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    opened_at  INTEGER,
    PRIMARY KEY (call, turn)
) STRICT, WITHOUT ROWID;

-- Once a stream of a call has failed, its takes are recorded.
ALTER TABLE calls ADD COLUMN is_recorded INTEGER NOT NULL DEFAULT 0;
