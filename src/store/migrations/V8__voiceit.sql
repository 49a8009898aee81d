-- What programs written for VoiceIt's API keep here. A user is a caller whose user id begins with "usr_".
CREATE TABLE voiceit_groups (
    id          TEXT    NOT NULL PRIMARY KEY,
    tenant      TEXT    NOT NULL,
    description TEXT    NOT NULL,
    made_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX voiceit_groups_by_tenant ON voiceit_groups (tenant);

CREATE TABLE voiceit_members (
    grp    TEXT NOT NULL REFERENCES voiceit_groups ON DELETE CASCADE,
    caller TEXT NOT NULL REFERENCES callers ON DELETE CASCADE,
    PRIMARY KEY (grp, caller)
) STRICT, WITHOUT ROWID;
CREATE INDEX voiceit_members_by_caller ON voiceit_members (caller);

-- Enrollment takes with their phrase, sealed: any three of one phrase are compared with.
CREATE TABLE voiceit_enrollments (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    caller   TEXT    NOT NULL REFERENCES callers ON DELETE CASCADE,
    phrase   TEXT    NOT NULL,
    language TEXT    NOT NULL,
    made_at  INTEGER NOT NULL,
    sealed   BLOB    NOT NULL
) STRICT;
CREATE INDEX voiceit_enrollments_by_caller ON voiceit_enrollments (caller);
