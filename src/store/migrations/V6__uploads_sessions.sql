-- Uploads have calls of their own, on the line "api". What an authentication session asks for, and until when; its id is kept as an HMAC.
CREATE TABLE auth_sessions (
    mac        BLOB    NOT NULL PRIMARY KEY,
    caller     TEXT    NOT NULL REFERENCES callers ON DELETE CASCADE,
    challenge  TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX auth_sessions_by_caller ON auth_sessions (caller);
CREATE INDEX auth_sessions_by_age ON auth_sessions (expires_at);

-- Signed results that were handed out; each is good for one question.
CREATE TABLE voice_tokens (
    id         TEXT    NOT NULL PRIMARY KEY,
    caller     TEXT    NOT NULL REFERENCES callers ON DELETE CASCADE,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX voice_tokens_by_caller ON voice_tokens (caller);
CREATE INDEX voice_tokens_by_age ON voice_tokens (expires_at);

CREATE INDEX calls_open_uploads ON calls (caller) WHERE line = 'api' AND ended_at IS NULL;
