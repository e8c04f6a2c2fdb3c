-- Times are Unix milliseconds. Identifiers are their wire text.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- RSA keys that sign access tokens, PKCS#8 PEM.
CREATE TABLE signing_keys (
    id         INTEGER PRIMARY KEY,
    pkcs8_pem  TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE resources (
    id            TEXT PRIMARY KEY,
    primary_key   TEXT NOT NULL,
    secondary_key TEXT NOT NULL,
    created_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A deleted identity has no row: its tokens are refused because its generation is unknown.
CREATE TABLE identities (
    id         TEXT PRIMARY KEY,
    generation INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tenants (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE COLLATE NOCASE,
    settings TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE directory_users (
    object_id     TEXT PRIMARY KEY,
    tenant_id     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    upn           TEXT NOT NULL UNIQUE COLLATE NOCASE,
    display_name  TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    policy        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meetings (
    id           TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    organizer_id TEXT NOT NULL REFERENCES directory_users (object_id) ON DELETE CASCADE,
    subject      TEXT NOT NULL,
    thread_id    TEXT NOT NULL UNIQUE,
    meeting_id   TEXT NOT NULL UNIQUE,
    passcode     TEXT,
    options      TEXT NOT NULL,
    start_ms     INTEGER NOT NULL,
    end_ms       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX meetings_by_organizer ON meetings (organizer_id, start_ms);
