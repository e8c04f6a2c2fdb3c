-- Microsoft Graph: what an onlineMeeting has besides its options, attendance, calendars.
-- Times are Unix milliseconds.

ALTER TABLE meetings ADD COLUMN external_id TEXT;
ALTER TABLE meetings ADD COLUMN video_teleconference_id TEXT;
ALTER TABLE meetings ADD COLUMN created_ms INTEGER NOT NULL DEFAULT 0;
-- Whom the organizer invited, with people who are in no directory: JSON, [{"upn","id","role"}].
ALTER TABLE meetings ADD COLUMN invited TEXT NOT NULL DEFAULT '[]';
-- When the link stops to work: 60 days after the end or the last change; NULL for never.
ALTER TABLE meetings ADD COLUMN expires_ms INTEGER;

UPDATE meetings SET created_ms = start_ms, expires_ms = end_ms + 5184000000;

CREATE UNIQUE INDEX meetings_by_external_id ON meetings (tenant_id, organizer_id, external_id)
    WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX meetings_by_video_teleconference_id ON meetings (video_teleconference_id)
    WHERE video_teleconference_id IS NOT NULL;
CREATE INDEX meetings_by_expiry ON meetings (expires_ms) WHERE expires_ms IS NOT NULL;

-- One for each time somebody was in the call, from the first who comes to the last who goes.
CREATE TABLE attendance_reports (
    id       TEXT PRIMARY KEY,
    meeting  TEXT NOT NULL REFERENCES meetings (id) ON DELETE CASCADE,
    start_ms INTEGER NOT NULL,
    end_ms   INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX attendance_reports_of_meeting ON attendance_reports (meeting, start_ms);

-- `place` keeps the order in which people came.
CREATE TABLE attendance_records (
    place        INTEGER PRIMARY KEY,
    report       TEXT NOT NULL REFERENCES attendance_reports (id) ON DELETE CASCADE,
    person       TEXT NOT NULL,
    display_name TEXT NOT NULL,
    role         TEXT NOT NULL,
    UNIQUE (report, person)
) STRICT;

-- A person in the call on two devices has two at a time, told apart by the participant.
CREATE TABLE attendance_intervals (
    record      INTEGER NOT NULL REFERENCES attendance_records (place) ON DELETE CASCADE,
    participant TEXT NOT NULL,
    join_ms     INTEGER NOT NULL,
    leave_ms    INTEGER,
    PRIMARY KEY (record, participant, join_ms)
) STRICT, WITHOUT ROWID;

-- `last_ms` is the end of the last occurrence, NULL for a series without end; `event` is JSON.
CREATE TABLE calendar_events (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    owner_id    TEXT NOT NULL REFERENCES directory_users (object_id) ON DELETE CASCADE,
    meeting     TEXT REFERENCES meetings (id) ON DELETE SET NULL,
    transaction_id TEXT,
    start_ms    INTEGER NOT NULL,
    last_ms     INTEGER,
    event       TEXT NOT NULL,
    created_ms  INTEGER NOT NULL,
    changed_ms  INTEGER NOT NULL,
    version     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX calendar_events_of_owner ON calendar_events (owner_id, start_ms);
CREATE INDEX calendar_events_of_meeting ON calendar_events (meeting);
CREATE UNIQUE INDEX calendar_events_by_transaction ON calendar_events (owner_id, transaction_id)
    WHERE transaction_id IS NOT NULL;

-- Whose calendars besides the owner's an event stands in.
CREATE TABLE calendar_invitations (
    user_id TEXT NOT NULL REFERENCES directory_users (object_id) ON DELETE CASCADE,
    event   TEXT NOT NULL REFERENCES calendar_events (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, event)
) STRICT, WITHOUT ROWID;

CREATE INDEX calendar_invitations_of_event ON calendar_invitations (event);
