-- Threads as their members make them: own values, retention, receipts, ends.

ALTER TABLE chat_threads ADD COLUMN metadata       TEXT NOT NULL DEFAULT '{}';
-- Days after its creation after which a thread is deleted.
ALTER TABLE chat_threads ADD COLUMN retention_days INTEGER;
ALTER TABLE chat_threads ADD COLUMN version        INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chat_threads ADD COLUMN host_managed   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chat_threads ADD COLUMN deleted_ns     INTEGER;
-- When the retention policy wants it gone; none when it has none, or is deleted.
ALTER TABLE chat_threads ADD COLUMN due_ns         INTEGER;

-- Changes with the members, to a number never used before: who has read them under this number need not read again.
ALTER TABLE chat_threads ADD COLUMN roster         INTEGER NOT NULL DEFAULT 0;

CREATE INDEX chat_threads_by_end ON chat_threads (deleted_ns) WHERE deleted_ns IS NOT NULL;

CREATE INDEX chat_threads_by_due ON chat_threads (due_ns) WHERE due_ns IS NOT NULL;

-- Until now there were meetings' threads only.
UPDATE chat_threads SET host_managed = 1;

ALTER TABLE chat_members ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
-- Place of the last message somebody may see who has left.
ALTER TABLE chat_members ADD COLUMN left_at  INTEGER;

-- A member's threads are listed in the order of joining.
CREATE INDEX chat_members_by_place ON chat_members (member, place) WHERE left_at IS NULL;

CREATE TABLE chat_receipts (
    -- Order of reading.
    place      INTEGER PRIMARY KEY,
    thread_id  TEXT NOT NULL REFERENCES chat_threads (id) ON DELETE CASCADE,
    reader     TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    read_ns    INTEGER NOT NULL,
    UNIQUE (thread_id, reader)
) STRICT;

-- A creator's own names for its requests, so that a request that is repeated creates nothing.
CREATE TABLE chat_creations (
    creator    TEXT NOT NULL,
    name       TEXT NOT NULL,
    thread_id  TEXT NOT NULL REFERENCES chat_threads (id) ON DELETE CASCADE,
    created_ns INTEGER NOT NULL,
    PRIMARY KEY (creator, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX chat_creations_by_age ON chat_creations (created_ns);
