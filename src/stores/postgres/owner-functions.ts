/**
 * Migration: what a worker does as the owner of the tables, so that its own role needs neither the right to make tables
 * nor to change the execution log. docs/postgres.md has the grants.
 *
 * The functions find nothing but PostgreSQL's own functions and operators by name: whoever may create some in the schema
 * could otherwise have theirs run as the owner. So the schema is written into them.
 */
export const ownerFunctions = `
  DO $migration$
  DECLARE
    here text;
    owner text;
    worker text;
  BEGIN
    SELECT nspname, relowner::regrole INTO here, owner
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = 'audit_events'::regclass;
    EXECUTE replace(replace($functions$

  -- Makes the partition of a month without keeping others waiting. If audit_events_other is large, 'exclude' and 'validate'
  -- come before 'create': a constraint then says that it has no event of the month, and the server does not look for any
  -- while everybody waits. 'include' takes them back.
  CREATE OR REPLACE FUNCTION {schema}.make_events_partition(month date, step text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
  DECLARE
    begins timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    ends timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
    part text := 'audit_events_' || to_char(month, 'YYYY_MM');
    excluded text := 'audit_events_other_excludes_' || to_char(month, 'YYYY_MM');
    parent regclass := format('%I.audit_events', {name})::regclass;
    others regclass := format('%I.audit_events_other', {name})::regclass;
  BEGIN
    IF (abs(extract(year FROM month) - extract(year FROM now())) <= 21) IS NOT TRUE THEN
      RAISE EXCEPTION 'the month % is too far away', month USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF (step IN ('exclude', 'validate', 'create', 'include')) IS NOT TRUE THEN
      RAISE EXCEPTION 'unknown step %', step USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(1953653111, 1);
    IF step = 'validate' THEN
      EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', others, excluded);
      RETURN;
    END IF;
    IF step = 'create' THEN
      IF pg_relation_size(others) > 16777216 AND NOT EXISTS (
        SELECT FROM pg_constraint WHERE conrelid = others AND conname = excluded AND convalidated) THEN
        RAISE EXCEPTION 'audit_events_other is too large to be read while everybody waits'
          USING ERRCODE = 'lock_not_available';
      END IF;
      EXECUTE format('CREATE TABLE IF NOT EXISTS %I.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
        {name}, part, parent, begins, ends);
    END IF;
    IF step = 'exclude' OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = others AND conname = excluded) THEN
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', others, excluded);
    END IF;
    IF step = 'exclude' THEN
      EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (event_time < %L OR event_time >= %L) NOT VALID',
        others, excluded, begins, ends);
    END IF;
  END $$;

  -- Drops the partition of a month that is over and has no events. Returns whether it did.
  CREATE FUNCTION {schema}.drop_empty_events_partition(month date) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
  DECLARE
    parent regclass := format('%I.audit_events', {name})::regclass;
    part regclass;
    holds boolean;
  BEGIN
    -- An older snapshot would not see what others have written since.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE EXCEPTION 'not in a transaction that is %', current_setting('transaction_isolation')
        USING ERRCODE = 'active_sql_transaction';
    END IF;
    IF ((date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC' <= now()) IS NOT TRUE THEN
      RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(1953653111, 1);
    part := to_regclass(format('%I.%I', {name}, 'audit_events_' || to_char(month, 'YYYY_MM')));
    IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = parent AND inhrelid = part) THEN
      RETURN false;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', part) INTO holds;
    IF holds THEN
      RETURN false;
    END IF;
    -- A page may be about to be written, so the locks keep writers out until the second check and the drop are done. The
    -- parent comes first, as for writers: the other order would deadlock.
    EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', parent);
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', part);
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', part) INTO holds;
    IF holds THEN
      RETURN false;
    END IF;
    EXECUTE format('DROP TABLE %s', part);
    RETURN true;
  END $$;

  -- Deletes lines of a collector that are older than a time, oldest first, but none of the last day. Returns how many.
  -- Lines are in the order of their times, so that the first one that stays ends the search.
  CREATE FUNCTION {schema}.prune_execution_log(pruned_collector text, before text, lines_max bigint) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    youngest text := to_char((now() - interval '1 day') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
    pruned bigint;
  BEGIN
    IF (before ~ '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' AND lines_max BETWEEN 1 AND 100000) IS NOT TRUE THEN
      RAISE EXCEPTION 'not a time and a number of lines: %, %', before, lines_max USING ERRCODE = 'invalid_parameter_value';
    END IF;
    DELETE FROM {schema}.execution_log WHERE datetime COLLATE "C" < least(before COLLATE "C", youngest) AND line IN (
      SELECT line FROM {schema}.execution_log WHERE collector = pruned_collector ORDER BY line LIMIT lines_max);
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
  END $$;

  REVOKE ALL ON FUNCTION {schema}.make_events_partition, {schema}.drop_empty_events_partition, {schema}.prune_execution_log
    FROM PUBLIC;

    $functions$, '{schema}', quote_ident(here)), '{name}', quote_literal(here));

    -- Also where another role than the owner, such as a superuser, migrates.
    EXECUTE format('ALTER FUNCTION %I.drop_empty_events_partition OWNER TO %s', here, owner);
    EXECUTE format('ALTER FUNCTION %I.prune_execution_log OWNER TO %s', here, owner);

    -- Roles that could prune so far, and those that could make partitions, still can.
    FOR worker IN
      SELECT DISTINCT grantee::regrole FROM pg_class, aclexplode(relacl)
      WHERE oid = 'execution_log'::regclass AND privilege_type = 'DELETE' AND grantee NOT IN (0, relowner)
    LOOP
      EXECUTE format('GRANT EXECUTE ON FUNCTION %I.prune_execution_log TO %s', here, worker);
    END LOOP;
    FOR worker IN
      SELECT DISTINCT grantee::regrole FROM pg_proc, aclexplode(proacl)
      WHERE oid = 'make_events_partition(date, text)'::regprocedure AND grantee NOT IN (0, proowner)
    LOOP
      EXECUTE format('GRANT EXECUTE ON FUNCTION %I.drop_empty_events_partition TO %s', here, worker);
    END LOOP;
  END $migration$;
`;
