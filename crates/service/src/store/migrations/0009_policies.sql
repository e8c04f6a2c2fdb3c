-- Policies, labels and templates of a tenant, and to whom policies are granted: JSON.
ALTER TABLE tenants ADD COLUMN policies TEXT NOT NULL DEFAULT '{}';

-- Whether a user may change what is set for the tenant.
ALTER TABLE directory_users ADD COLUMN is_admin INTEGER NOT NULL DEFAULT 0;

-- Every user had a copy of the defaults; now policies have names and are granted.
ALTER TABLE directory_users DROP COLUMN policy;
