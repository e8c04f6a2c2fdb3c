-- The directory's applications and groups, and what the OAuth issuer remembers. Times are Unix milliseconds; secrets,
-- codes, refresh tokens and sessions are long and random, and kept as their SHA-256.

CREATE TABLE applications (
    client_id   TEXT PRIMARY KEY,
    object_id   TEXT NOT NULL UNIQUE,
    tenant_id   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    -- The ACS resource it may use with Entra tokens.
    resource_id TEXT REFERENCES resources (id) ON DELETE SET NULL,
    name        TEXT NOT NULL,
    -- A program on people's devices, which can keep no secret (RFC 6749, section 2.1).
    public      INTEGER NOT NULL,
    created_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE application_secrets (
    id         TEXT PRIMARY KEY,
    client_id  TEXT NOT NULL REFERENCES applications (client_id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    sha256     BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX application_secrets_of ON application_secrets (client_id);

INSERT INTO applications (client_id, object_id, tenant_id, resource_id, name, public, created_ms)
    SELECT client_id, object_id, tenant_id, resource_id, name, 0, created_ms FROM app_registrations;

INSERT INTO application_secrets (id, client_id, name, sha256, created_ms)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'
                 || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
           client_id, '', secret_sha256, created_ms
    FROM app_registrations;

DROP TABLE app_registrations;

CREATE TABLE application_redirects (
    client_id TEXT NOT NULL REFERENCES applications (client_id) ON DELETE CASCADE,
    uri       TEXT NOT NULL,
    PRIMARY KEY (client_id, uri)
) STRICT, WITHOUT ROWID;

-- `kind` is `application` (the claim `roles`) or `delegated` (`scp`).
CREATE TABLE application_permissions (
    client_id  TEXT NOT NULL REFERENCES applications (client_id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    permission TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (client_id, kind, permission)
) STRICT, WITHOUT ROWID;

-- For whose meetings an application may act: a user's object id, or `Global` for everybody of its tenant.
CREATE TABLE application_access_policies (
    client_id TEXT NOT NULL REFERENCES applications (client_id) ON DELETE CASCADE,
    grantee   TEXT NOT NULL,
    PRIMARY KEY (client_id, grantee)
) STRICT, WITHOUT ROWID;

CREATE TABLE directory_groups (
    object_id    TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    display_name TEXT NOT NULL COLLATE NOCASE,
    created_ms   INTEGER NOT NULL,
    UNIQUE (tenant_id, display_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE directory_group_members (
    group_id TEXT NOT NULL REFERENCES directory_groups (object_id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL REFERENCES directory_users (object_id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX directory_groups_of_user ON directory_group_members (user_id);

-- One sign-in of a person with an application, and all that came of it: revoked together.
CREATE TABLE sign_ins (
    id         TEXT PRIMARY KEY,
    client_id  TEXT NOT NULL REFERENCES applications (client_id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES directory_users (object_id) ON DELETE CASCADE,
    -- When the person last showed the password.
    auth_ms    INTEGER NOT NULL,
    revoked    INTEGER NOT NULL DEFAULT 0,
    -- When nothing that came of it can be alive any more.
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_ins_of_user ON sign_ins (user_id);
CREATE INDEX sign_ins_by_end ON sign_ins (expires_ms);

-- A code stays after its use, so that a second use is seen.
CREATE TABLE authorization_codes (
    sha256       BLOB PRIMARY KEY,
    sign_in      TEXT NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    scope        TEXT NOT NULL,
    nonce        TEXT,
    -- The S256 code challenge (RFC 7636).
    challenge    TEXT,
    used         INTEGER NOT NULL DEFAULT 0,
    expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX authorization_codes_of ON authorization_codes (sign_in);
CREATE INDEX authorization_codes_by_end ON authorization_codes (expires_ms);

-- A refresh token stays after its use, so that a second use is seen.
CREATE TABLE refresh_tokens (
    sha256     BLOB PRIMARY KEY,
    sign_in    TEXT NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    scope      TEXT NOT NULL,
    used_ms    INTEGER,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_of ON refresh_tokens (sign_in);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_ms);

-- Browsers in which a person is signed in to the issuer itself.
CREATE TABLE browser_sessions (
    sha256     BLOB PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES directory_users (object_id) ON DELETE CASCADE,
    auth_ms    INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX browser_sessions_of ON browser_sessions (user_id);
CREATE INDEX browser_sessions_by_end ON browser_sessions (expires_ms);
