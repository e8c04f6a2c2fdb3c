-- Microsoft Graph: users found and sorted by name, single occurrences of series, answers to invitations.
-- Times are Unix milliseconds.

-- Who is not enabled signs in nowhere, and tokens from before are taken nowhere.
ALTER TABLE directory_users ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;

CREATE INDEX directory_users_by_upn ON directory_users (tenant_id, upn);
CREATE INDEX directory_users_by_name ON directory_users (tenant_id, display_name COLLATE NOCASE, object_id);

-- Cancelled by its organizer: it stands in the calendars of those invited until they take it out.
ALTER TABLE calendar_events ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;

-- Taken out of the calendar of somebody invited, who stays on the list.
ALTER TABLE calendar_invitations ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;

-- Occurrences that are not what the series says. `day` is the day by the pattern, YYYYMMDD; `state` is changed, cancelled
-- or deleted; `event` is what was changed, JSON.
CREATE TABLE calendar_exceptions (
    event      TEXT NOT NULL REFERENCES calendar_events (id) ON DELETE CASCADE,
    day        TEXT NOT NULL,
    state      TEXT NOT NULL,
    changes    TEXT NOT NULL,
    start_ms   INTEGER NOT NULL,
    end_ms     INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    PRIMARY KEY (event, day)
) STRICT, WITHOUT ROWID;

-- Answers to invitations; `day` is empty for the whole event, `hidden` an occurrence that its guest took out of the
-- calendar, `proposed` another time that the guest would like, JSON.
CREATE TABLE calendar_responses (
    event    TEXT NOT NULL REFERENCES calendar_events (id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL REFERENCES directory_users (object_id) ON DELETE CASCADE,
    day      TEXT NOT NULL,
    response TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    hidden   INTEGER NOT NULL DEFAULT 0,
    proposed TEXT,
    PRIMARY KEY (event, user_id, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX calendar_responses_of_user ON calendar_responses (user_id);
