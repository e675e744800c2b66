/**
 * SQL that gives rights on a new table to every role that may insert into an existing one: roles that could collect before
 * a migration still can.
 */
export function grantedLike(existing: string, rights: string, table: string): string {
  return `DO $migration$
  DECLARE
    worker text;
  BEGIN
    FOR worker IN
      SELECT DISTINCT grantee::regrole FROM pg_class, aclexplode(relacl)
      WHERE oid = '${existing}'::regclass AND privilege_type = 'INSERT' AND grantee NOT IN (0, relowner)
    LOOP
      EXECUTE format('GRANT ${rights} ON ${table} TO %s', worker);
    END LOOP;
  END $migration$;`;
}
