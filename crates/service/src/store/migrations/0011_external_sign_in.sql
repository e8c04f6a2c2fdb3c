-- Who people are at external OpenID Connect providers: within an issuer a subject is unique and never given anew.
CREATE TABLE external_identities (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    issuer    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    user_id   TEXT NOT NULL REFERENCES directory_users (object_id) ON DELETE CASCADE,
    linked_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, issuer, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX external_identities_of ON external_identities (user_id);

-- Devices that wait for somebody to sign in elsewhere (RFC 8628).
CREATE TABLE device_codes (
    sha256      BLOB PRIMARY KEY,
    -- What the person types, without its hyphen.
    user_code   TEXT NOT NULL UNIQUE,
    client_id   TEXT NOT NULL REFERENCES applications (client_id) ON DELETE CASCADE,
    scope       TEXT NOT NULL,
    -- Set once somebody has signed in.
    sign_in     TEXT REFERENCES sign_ins (id) ON DELETE CASCADE,
    denied      INTEGER NOT NULL DEFAULT 0,
    -- How long the device has to wait between two questions, and when it asked last.
    interval_ms INTEGER NOT NULL,
    asked_ms    INTEGER,
    expires_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX device_codes_by_end ON device_codes (expires_ms);
