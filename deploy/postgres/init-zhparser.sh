#!/bin/sh
# Runs once, when a new database is initialised (docker-entrypoint-initdb.d): our own database with zhparser in it.
# An existing one is upgraded by hand, with the same SQL: docs/how-to/zhparser.md.
set -eu
sql() { psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "$1" --file "/usr/share/allinone/$2"; }

sql "$POSTGRES_DB" role.sql
sql postgres database.sql
sql allinone zhparser.sql
