-- Times are Unix nanoseconds, so that what is read is what was written.

CREATE TABLE chat_threads (
    id            TEXT PRIMARY KEY,
    topic         TEXT NOT NULL,
    created_by    TEXT NOT NULL,
    created_ns    INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    last_message  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE chat_members (
    -- Order of joining; a member that is put again keeps its place.
    place         INTEGER PRIMARY KEY,
    thread_id     TEXT NOT NULL REFERENCES chat_threads (id) ON DELETE CASCADE,
    member        TEXT NOT NULL,
    display_name  TEXT NOT NULL,
    share_from_ns INTEGER NOT NULL,
    hidden_up_to  INTEGER,
    UNIQUE (thread_id, member)
) STRICT;

CREATE INDEX chat_members_by_member ON chat_members (member, thread_id);

CREATE TABLE chat_messages (
    thread_id           TEXT NOT NULL REFERENCES chat_threads (id) ON DELETE CASCADE,
    sequence_id         INTEGER NOT NULL,
    message_id          INTEGER NOT NULL,
    version             INTEGER NOT NULL,
    kind                TEXT NOT NULL,
    sender              TEXT,
    sender_display_name TEXT NOT NULL,
    client_message_id   TEXT,
    content             TEXT NOT NULL,
    created_ns          INTEGER NOT NULL,
    edited_ns           INTEGER,
    deleted_ns          INTEGER,
    metadata            TEXT NOT NULL,
    PRIMARY KEY (thread_id, sequence_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX chat_messages_by_id ON chat_messages (thread_id, message_id);

CREATE UNIQUE INDEX chat_messages_by_client_id ON chat_messages (thread_id, sender, client_message_id)
    WHERE client_message_id IS NOT NULL;
