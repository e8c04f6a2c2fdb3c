-- Who is told what happens in meetings.
CREATE TABLE webhooks (
    id                  TEXT PRIMARY KEY,
    url                 TEXT NOT NULL,
    -- Names of events, separated by spaces.
    events              TEXT NOT NULL,
    -- NULL: of all tenants, and rooms.
    tenant_id           TEXT REFERENCES tenants (id) ON DELETE CASCADE,
    include_content     INTEGER NOT NULL,
    secret              TEXT NOT NULL,
    previous_secret     TEXT,
    previous_until_ms   INTEGER,
    created_ms          INTEGER NOT NULL,
    disabled_ms         INTEGER,
    disabled_reason     TEXT,
    -- NULL: the last attempt was a success.
    failing_since_ms    INTEGER,
    dropped             INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What is to be sent (pending), in this order, and the last of what was (delivered, dropped), without bodies.
CREATE TABLE webhook_deliveries (
    place       INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id  TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    meeting_id  TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    event       TEXT NOT NULL,
    body        TEXT NOT NULL,
    created_ms  INTEGER NOT NULL,
    state       TEXT NOT NULL DEFAULT 'pending',
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_ms      INTEGER NOT NULL,
    finished_ms INTEGER,
    -- Of the last attempt, in a word.
    outcome     TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook_id, meeting_id, place) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (webhook_id, place) WHERE state <> 'pending';
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (webhook_id, place) WHERE state = 'pending';
