-- DevApps, and a revision by which every running process follows their changes.

-- One row. Whoever changes a DevApp holds its lock until the transaction ends: changes happen one after the other, and who sees
-- a revision sees all that came before it.
CREATE TABLE devapp_authz.revision (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  revision bigint NOT NULL CHECK (revision >= 0)
);
INSERT INTO devapp_authz.revision (revision) VALUES (0);

CREATE TABLE devapp_authz.devapps (
  id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'),
  name text NOT NULL CHECK (name ~ '^[^[:cntrl:]]+$' AND length(name) <= 4096),
  environment text NOT NULL CHECK (environment IN ('production', 'staging')),
  status text NOT NULL CHECK (status IN ('enabled', 'disabled')),
  -- RFC 7617 2: a colon ends the user-id.
  client_key text COLLATE "C" NOT NULL UNIQUE CHECK (client_key ~ '^[!-9;-~]+$' AND length(client_key) <= 256),
  products text[] NOT NULL DEFAULT '{}'
    CHECK (coalesce(array_ndims(products), 1) = 1 AND array_position(products, NULL) IS NULL AND '' <> ALL (products)),
  labels jsonb NOT NULL DEFAULT '{}'
    CHECK (jsonb_typeof(labels) = 'object' AND NOT jsonb_path_exists(labels, '$.* ? (@.type() <> "string")')),
  -- Of its last change. A trigger writes it, whatever a statement says.
  revision bigint NOT NULL DEFAULT 0
);
CREATE INDEX devapps_by_revision ON devapp_authz.devapps (revision, id);

-- Several while one is being replaced. Never a secret itself.
CREATE TABLE devapp_authz.client_secrets (
  devapp text COLLATE "C" NOT NULL REFERENCES devapp_authz.devapps ON DELETE CASCADE,
  position smallint NOT NULL CHECK (position >= 0),
  hash text NOT NULL CHECK (hash ~ '^\$(hmac-sha256|argon2id)\$[A-Za-z0-9+/=,$]+$' AND length(hash) <= 300),
  not_after timestamptz CHECK (isfinite(not_after)),
  PRIMARY KEY (devapp, position)
);

CREATE FUNCTION devapp_authz.sha256_of(ders bytea[]) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT sha256(string_agg(der, '' ORDER BY place)) FROM unnest(ders) WITH ORDINALITY AS each (der, place)
$$;

-- The CAs above a leaf: its issuer first, the root last, in DER. Each path stands once, under the hash of what it holds.
CREATE TABLE devapp_authz.chains (
  sha256 bytea PRIMARY KEY,
  authorities bytea[] NOT NULL CHECK (cardinality(authorities) BETWEEN 1 AND 32),
  CHECK (sha256 = devapp_authz.sha256_of(authorities))
);

CREATE TABLE devapp_authz.certificates (
  devapp text COLLATE "C" NOT NULL REFERENCES devapp_authz.devapps ON DELETE CASCADE,
  position smallint NOT NULL CHECK (position >= 0),
  sha256 bytea NOT NULL,
  der bytea NOT NULL CHECK (octet_length(der) <= 65536),
  chain bytea NOT NULL REFERENCES devapp_authz.chains,
  PRIMARY KEY (devapp, position),
  UNIQUE (devapp, sha256),
  CHECK (sha256 = sha256(der))
);
CREATE INDEX certificates_by_sha256 ON devapp_authz.certificates (sha256);

-- So that who follows the changes learns of what is no longer there.
CREATE TABLE devapp_authz.deleted_devapps (
  id text COLLATE "C" PRIMARY KEY,
  revision bigint NOT NULL
);
CREATE INDEX deleted_devapps_by_revision ON devapp_authz.deleted_devapps (revision);

-- Who changed what, and when. The hashes of secrets have no place in it.
CREATE TABLE devapp_authz.audit (
  revision bigint NOT NULL,
  devapp text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- As the command line was told.
  who text NOT NULL CHECK (who <> ''),
  -- As the database knows.
  database_user text NOT NULL DEFAULT session_user,
  -- What the command line calls it; `sql` for what was changed without it.
  action text NOT NULL CHECK (action ~ '^[a-z_]{1,40}$'),
  detail jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(detail) = 'object'),
  PRIMARY KEY (revision, devapp)
);
CREATE INDEX audit_by_devapp ON devapp_authz.audit (devapp, revision);

-- The revision of the transaction at hand: its first call takes the next one, and announces it for when the transaction ends.
CREATE FUNCTION devapp_authz.next_revision() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  taken bigint;
BEGIN
  UPDATE devapp_authz.revision SET revision = revision + 1
    WHERE xmin <> pg_current_xact_id()::xid
    RETURNING revision INTO taken;
  IF FOUND THEN
    PERFORM pg_notify('devapp_authz', taken::text);
  ELSE
    SELECT revision INTO STRICT taken FROM devapp_authz.revision;
  END IF;
  RETURN taken;
END
$$;

-- Statements that do not come from the command line are followed, and audited, like its own.
CREATE FUNCTION devapp_authz.devapp_is_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.id <> OLD.id THEN
    RAISE EXCEPTION 'the id of a DevApp does not change' USING HINT = 'Make a new DevApp, and delete the old one.';
  END IF;
  NEW.revision := devapp_authz.next_revision();
  INSERT INTO devapp_authz.audit (revision, devapp, who, action, detail)
    VALUES (NEW.revision, NEW.id, session_user, 'sql', jsonb_build_object('statement', lower(TG_OP)))
    ON CONFLICT DO NOTHING;
  DELETE FROM devapp_authz.deleted_devapps WHERE id = NEW.id;
  RETURN NEW;
END
$$;
CREATE TRIGGER devapp_is_written BEFORE INSERT OR UPDATE ON devapp_authz.devapps
  FOR EACH ROW EXECUTE FUNCTION devapp_authz.devapp_is_written();

CREATE FUNCTION devapp_authz.devapp_is_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  taken bigint := devapp_authz.next_revision();
BEGIN
  INSERT INTO devapp_authz.deleted_devapps (id, revision) VALUES (OLD.id, taken)
    ON CONFLICT (id) DO UPDATE SET revision = excluded.revision;
  INSERT INTO devapp_authz.audit (revision, devapp, who, action, detail)
    VALUES (taken, OLD.id, session_user, 'sql', '{"statement": "delete"}')
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER devapp_is_deleted AFTER DELETE ON devapp_authz.devapps
  FOR EACH ROW EXECUTE FUNCTION devapp_authz.devapp_is_deleted();

-- What belongs to a DevApp is a part of it.
CREATE FUNCTION devapp_authz.part_is_written() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  taken bigint := devapp_authz.next_revision();
BEGIN
  IF TG_OP <> 'INSERT' THEN
    UPDATE devapp_authz.devapps SET revision = taken WHERE id = OLD.devapp AND revision <> taken;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    UPDATE devapp_authz.devapps SET revision = taken WHERE id = NEW.devapp AND revision <> taken;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER part_is_written AFTER INSERT OR UPDATE OR DELETE ON devapp_authz.client_secrets
  FOR EACH ROW EXECUTE FUNCTION devapp_authz.part_is_written();
CREATE TRIGGER part_is_written AFTER INSERT OR UPDATE OR DELETE ON devapp_authz.certificates
  FOR EACH ROW EXECUTE FUNCTION devapp_authz.part_is_written();

CREATE FUNCTION devapp_authz.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of devapp_authz.% is not allowed', TG_OP, TG_TABLE_NAME
    USING HINT = CASE TG_TABLE_NAME WHEN 'audit' THEN 'The audit is only added to.' ELSE 'DELETE the rows instead.' END;
END
$$;
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON devapp_authz.audit
  FOR EACH STATEMENT EXECUTE FUNCTION devapp_authz.refuse();
CREATE TRIGGER not_emptied BEFORE TRUNCATE ON devapp_authz.devapps
  FOR EACH STATEMENT EXECUTE FUNCTION devapp_authz.refuse();
CREATE TRIGGER not_emptied BEFORE TRUNCATE ON devapp_authz.client_secrets
  FOR EACH STATEMENT EXECUTE FUNCTION devapp_authz.refuse();
CREATE TRIGGER not_emptied BEFORE TRUNCATE ON devapp_authz.certificates
  FOR EACH STATEMENT EXECUTE FUNCTION devapp_authz.refuse();
