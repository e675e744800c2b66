#!/bin/bash
# What docker-entrypoint.sh of the image postgres does with these variables: on an empty volume it makes the user and the
# database, and runs a server that only local sockets reach before it starts the real one.
set -euo pipefail
: "${POSTGRES_PASSWORD:?}" "${POSTGRES_USER:=postgres}"
: "${POSTGRES_DB:=$POSTGRES_USER}"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -D "$PGDATA" --username="$POSTGRES_USER" --pwfile=<(echo "$POSTGRES_PASSWORD")
  # The image's sample configuration has the first of these; the second is the default of Debian's PostgreSQL.
  printf "listen_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n" >> "$PGDATA/postgresql.conf"
  printf '\nhost all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"
  if [ "$POSTGRES_DB" != postgres ]; then
    echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -D "$PGDATA" postgres > /dev/null
  fi
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@"
