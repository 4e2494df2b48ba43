-- Our own database `allinone`, owned by the role `allinone`, beside Immich's on the same server. Run role.sql first.
--
--   docker compose exec -T database psql -v ON_ERROR_STOP=1 -U postgres -d postgres < immich-all-in-one/deploy/postgres/database.sql
--
-- Everything in it can be computed again: Immich's backups need not hold it, and dropping it loses nothing else.

select 'create database allinone owner allinone' where not exists (select from pg_database where datname = 'allinone')
\gexec

\connect allinone

-- By Immich's database user, because a role without rights may not create every version of it.
create extension if not exists vector;
