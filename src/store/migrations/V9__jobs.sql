-- Work that outlives the process: recordings to delete at the provider, and events to post. A claim puts a job off until its
-- lease ends, so that a process that dies leaves it to the next one.
CREATE TABLE jobs (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind         TEXT    NOT NULL CHECK (kind IN ('recording', 'report', 'delivery')),
    -- The recording, the listening or the delivery.
    subject      TEXT    NOT NULL,
    -- The job goes with the webhook it is posted to, or with the listening it tells of.
    webhook      TEXT    REFERENCES webhooks ON DELETE CASCADE,
    listening    TEXT    REFERENCES listenings ON DELETE CASCADE,
    -- The text to be posted. It names people, so it goes with the job.
    body         TEXT,
    made_at      INTEGER NOT NULL,
    -- When the job can be claimed next.
    due_at       INTEGER NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    -- The end of the lease, while a process works at the job.
    leased_until INTEGER,
    UNIQUE (kind, subject),
    CHECK ((kind = 'delivery') = (webhook IS NOT NULL)),
    CHECK ((kind = 'report') = (listening IS NOT NULL))
) STRICT;
CREATE INDEX jobs_due ON jobs (kind, due_at);
CREATE INDEX jobs_of_webhook ON jobs (webhook, leased_until) WHERE webhook IS NOT NULL;
CREATE INDEX jobs_of_listening ON jobs (listening) WHERE listening IS NOT NULL;

INSERT INTO jobs (kind, subject, made_at, due_at, tries)
SELECT 'recording', recording, due_at, due_at, tries FROM recording_deletions ORDER BY due_at;
DROP TABLE recording_deletions;

-- Their bodies are written when the server starts: until then they are not claimed.
INSERT INTO jobs (kind, subject, listening, made_at, due_at, tries)
SELECT 'report', id, id, finished_at, due_at, tries FROM listenings WHERE due_at IS NOT NULL ORDER BY due_at;
DROP INDEX listenings_due;
ALTER TABLE listenings DROP COLUMN due_at;
ALTER TABLE listenings DROP COLUMN tries;

INSERT INTO jobs (kind, subject, webhook, body, made_at, due_at, tries)
SELECT 'delivery', CAST(id AS TEXT), webhook, body, made_at, due_at, tries FROM webhook_deliveries
WHERE due_at IS NOT NULL ORDER BY due_at, id;

-- The log of what webhooks were told; while a delivery waits, its tries are its job's.
CREATE TABLE deliveries (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    webhook      TEXT    NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    event        TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    made_at      INTEGER NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    last_status  TEXT,
    delivered_at INTEGER
) STRICT;
INSERT INTO deliveries (id, webhook, event, kind, made_at, tries, last_status, delivered_at)
SELECT id, webhook, event, kind, made_at, tries, last_status, delivered_at FROM webhook_deliveries;
DROP TABLE webhook_deliveries;
CREATE INDEX deliveries_of_webhook ON deliveries (webhook, id);
CREATE INDEX deliveries_by_age ON deliveries (made_at);
