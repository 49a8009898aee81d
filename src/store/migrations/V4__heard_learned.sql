-- Fingerprints of what was said by a caller's own voice, sealed: a recording of it is known again. The last few are kept.
CREATE TABLE heard (
    id     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    caller TEXT    NOT NULL REFERENCES callers ON DELETE CASCADE,
    call   TEXT    NOT NULL,
    turn   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    sealed BLOB    NOT NULL,
    UNIQUE (call, turn)
) STRICT;
CREATE INDEX heard_by_caller ON heard (caller, id);

-- What was learned of a voice since it enrolled, sealed; none in the beginning, and again once the operator has undone it.
CREATE TABLE learned (
    caller  TEXT    NOT NULL PRIMARY KEY REFERENCES voiceprints ON DELETE CASCADE,
    version INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    sealed  BLOB    NOT NULL
) STRICT;
