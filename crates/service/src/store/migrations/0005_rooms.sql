-- Rooms. Times are microseconds of Unix time, as precise as the API prints them.

CREATE TABLE rooms (
    id         TEXT PRIMARY KEY,
    resource   TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    from_us    INTEGER NOT NULL,
    until_us   INTEGER NOT NULL,
    pstn       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rooms_of_resource ON rooms (resource, created_us, id);

-- `place` orders the list of a room; it is never given twice.
CREATE TABLE room_participants (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    room  TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user  TEXT NOT NULL,
    role  TEXT NOT NULL,
    UNIQUE (room, user)
) STRICT;

CREATE INDEX room_participants_in_order ON room_participants (room, place);
CREATE INDEX room_participants_of_user ON room_participants (user);

-- Rooms by the request that made them, as they were made.
CREATE TABLE room_requests (
    resource   TEXT NOT NULL,
    request    TEXT NOT NULL,
    id         TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    from_us    INTEGER NOT NULL,
    until_us   INTEGER NOT NULL,
    pstn       INTEGER NOT NULL,
    PRIMARY KEY (resource, request)
) STRICT, WITHOUT ROWID;

CREATE INDEX room_requests_by_age ON room_requests (created_us);
