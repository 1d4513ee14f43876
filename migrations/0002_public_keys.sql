-- Public keys of DevApps, whose private halves requests are signed with. Several while one is being replaced.

CREATE TABLE devapp_authz.public_keys (
  devapp text COLLATE "C" NOT NULL REFERENCES devapp_authz.devapps ON DELETE CASCADE,
  position smallint NOT NULL CHECK (position BETWEEN 0 AND 15),
  -- What a signature names it by.
  id text COLLATE "C" NOT NULL CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'),
  algorithm text NOT NULL CHECK (algorithm IN ('rsa-pss-sha512', 'rsa-v1_5-sha256', 'ecdsa-p256-sha256', 'ed25519')),
  -- The SubjectPublicKeyInfo in DER.
  spki bytea NOT NULL CHECK (octet_length(spki) BETWEEN 32 AND 2048),
  PRIMARY KEY (devapp, position),
  UNIQUE (devapp, id),
  UNIQUE (devapp, spki)
);

CREATE TRIGGER part_is_written AFTER INSERT OR UPDATE OR DELETE ON devapp_authz.public_keys
  FOR EACH ROW EXECUTE FUNCTION devapp_authz.part_is_written();
CREATE TRIGGER not_emptied BEFORE TRUNCATE ON devapp_authz.public_keys
  FOR EACH STATEMENT EXECUTE FUNCTION devapp_authz.refuse();

-- Whoever may do something with the certificates of DevApps may do it with their keys: services go on reading.
DO $$
DECLARE
  given record;
BEGIN
  FOR given IN
    SELECT grantee, privilege_type FROM information_schema.role_table_grants
    WHERE table_schema = 'devapp_authz' AND table_name = 'certificates' AND grantee NOT IN ('PUBLIC', current_user)
      AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
  LOOP
    EXECUTE format('GRANT %s ON devapp_authz.public_keys TO %I', given.privilege_type, given.grantee);
  END LOOP;
END
$$;
