-- Times (…_at, at) are milliseconds since 1970-01-01T00:00Z. Callers' ids are UUIDs as text.
-- `sealed` is 8 bytes of key id, 12 bytes of nonce, then AES-256-GCM ciphertext with its tag.

-- Every key that was ever in use. The one not retired seals.
CREATE TABLE keys (
    key_id     TEXT    NOT NULL PRIMARY KEY,
    since_at   INTEGER NOT NULL,
    retired_at INTEGER
) STRICT;
CREATE UNIQUE INDEX keys_one_in_use ON keys ((retired_at IS NULL)) WHERE retired_at IS NULL;

-- One secret that outlives key rotations: codes, numbers and claims are kept as its HMAC.
CREATE TABLE pepper (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed BLOB    NOT NULL
) STRICT;

-- Written to by readiness checks, so that a full or read-only disk shows.
CREATE TABLE pulse (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE callers (
    id             TEXT    NOT NULL PRIMARY KEY,
    user_id        TEXT    UNIQUE,
    number         TEXT    UNIQUE,
    account_number TEXT    NOT NULL UNIQUE CHECK (account_number GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'),
    consent        TEXT    NOT NULL DEFAULT 'none' CHECK (consent IN ('none', 'given', 'opted_out')),
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX callers_by_age ON callers (created_at);

CREATE TABLE consents (
    id      INTEGER NOT NULL PRIMARY KEY,
    caller  TEXT    NOT NULL REFERENCES callers ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    consent TEXT    NOT NULL CHECK (consent IN ('given', 'opted_out')),
    call    TEXT
) STRICT;
CREATE INDEX consents_by_caller ON consents (caller);

CREATE TABLE voiceprints (
    caller   TEXT    NOT NULL PRIMARY KEY REFERENCES callers ON DELETE CASCADE,
    model_id TEXT    NOT NULL,
    sealed   BLOB    NOT NULL,
    made_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE calls (
    sid            TEXT    NOT NULL PRIMARY KEY,
    line           TEXT    NOT NULL,
    origin         TEXT    NOT NULL CHECK (origin IN ('number', 'withheld', 'foreign')),
    origin_number  TEXT    CHECK (origin_number IS NULL OR origin = 'number'),
    called         TEXT    NOT NULL,
    attestation    TEXT    NOT NULL,
    forwarded_from TEXT,
    caller         TEXT    REFERENCES callers ON DELETE SET NULL,
    claim          TEXT,
    turn           INTEGER NOT NULL DEFAULT 0,
    state          TEXT,
    started_at     INTEGER NOT NULL,
    ended_at       INTEGER,
    CHECK ((turn = 0) = (state IS NULL))
) STRICT;
CREATE INDEX calls_by_caller ON calls (caller);
CREATE INDEX calls_by_number ON calls (origin_number);
CREATE INDEX calls_by_age ON calls (started_at);

CREATE TABLE turns (
    call  TEXT    NOT NULL REFERENCES calls ON DELETE CASCADE,
    turn  INTEGER NOT NULL,
    reply TEXT    NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (call, turn)
) STRICT, WITHOUT ROWID;

CREATE TABLE takes (
    call        TEXT    NOT NULL REFERENCES calls ON DELETE CASCADE,
    turn        INTEGER NOT NULL,
    recording   TEXT    NOT NULL UNIQUE,
    purpose     TEXT    NOT NULL,
    opened_at   INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    outcome     TEXT,
    finished_at INTEGER,
    is_recording_gone INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (call, turn)
) STRICT;

-- What an unfinished enrollment has gathered so far; emptied when it is saved, discarded or the call ends.
CREATE TABLE take_prints (
    call   TEXT    NOT NULL,
    turn   INTEGER NOT NULL,
    sealed BLOB    NOT NULL,
    PRIMARY KEY (call, turn),
    FOREIGN KEY (call, turn) REFERENCES takes ON DELETE CASCADE
) STRICT;
CREATE TABLE pending_voiceprints (
    call     TEXT    NOT NULL PRIMARY KEY REFERENCES calls ON DELETE CASCADE,
    model_id TEXT    NOT NULL,
    sealed   BLOB    NOT NULL,
    made_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE attempts (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    call     TEXT    NOT NULL REFERENCES calls ON DELETE CASCADE,
    turn     INTEGER NOT NULL,
    caller   TEXT    REFERENCES callers ON DELETE CASCADE,
    decision TEXT    NOT NULL CHECK (decision IN ('accept', 'retry', 'reject', 'cooldown')),
    reason   TEXT,
    until_at INTEGER,
    signals  TEXT,
    UNIQUE (call, turn)
) STRICT;
CREATE INDEX attempts_by_caller ON attempts (caller);
CREATE INDEX attempts_by_age ON attempts (at);

-- `subject` is a caller's id, or the HMAC of a number or of account digits nobody has.
CREATE TABLE tallies (
    kind       TEXT    NOT NULL CHECK (kind IN ('caller', 'number', 'claim')),
    subject    TEXT    NOT NULL,
    tally      TEXT    NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrollment_codes (
    mac           BLOB    NOT NULL PRIMARY KEY,
    caller        TEXT    REFERENCES callers ON DELETE CASCADE,
    made_at       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    redeemed_at   INTEGER,
    redeemed_call TEXT
) STRICT;
CREATE INDEX enrollment_codes_by_caller ON enrollment_codes (caller);

CREATE TABLE recording_deletions (
    recording TEXT    NOT NULL PRIMARY KEY,
    due_at    INTEGER NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX recording_deletions_by_due ON recording_deletions (due_at);

CREATE TABLE audit_events (
    id     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    caller TEXT,
    call   TEXT,
    actor  TEXT    NOT NULL CHECK (actor IN ('caller', 'operator', 'system')),
    detail TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_events_by_caller ON audit_events (caller);
CREATE TRIGGER audit_events_keep BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END;
CREATE TRIGGER audit_events_stay BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
