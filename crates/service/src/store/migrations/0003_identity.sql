-- Several resources: a name for people, and how often each access key was rotated.
ALTER TABLE resources ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE resources ADD COLUMN primary_rotation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE resources ADD COLUMN secondary_rotation INTEGER NOT NULL DEFAULT 0;

-- NULL: signs. Otherwise it only verifies, until the last token it signed has expired.
ALTER TABLE signing_keys ADD COLUMN verifies_until_ms INTEGER;

-- Programs that get tokens with a secret of their own (RFC 6749, section 4.4), each for one resource.
CREATE TABLE app_registrations (
    client_id     TEXT PRIMARY KEY,
    object_id     TEXT NOT NULL,
    tenant_id     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    resource_id   TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    secret_sha256 BLOB NOT NULL,
    created_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who of a directory may use a resource for Teams Phone, and from which programs (JSON list of client ids).
CREATE TABLE teams_assignments (
    resource_id    TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    tenant_id      TEXT NOT NULL,
    object_id      TEXT NOT NULL,
    principal_type TEXT NOT NULL,
    client_ids     TEXT NOT NULL,
    PRIMARY KEY (resource_id, tenant_id, object_id)
) STRICT, WITHOUT ROWID;

-- The identity that a directory's user has in a resource.
CREATE TABLE entra_identities (
    resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    tenant_id   TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    identity    TEXT NOT NULL UNIQUE REFERENCES identities (id) ON DELETE CASCADE,
    PRIMARY KEY (resource_id, tenant_id, object_id)
) STRICT, WITHOUT ROWID;
