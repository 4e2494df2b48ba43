-- The role with which we read Immich's database: it may SELECT, and nothing else.
--
-- Run it in Immich's own database, as Immich's database user, once, and again after Immich's database was restored from
-- a backup; it may be run any number of times. Then give the role a password:
--
--   docker compose exec -T database psql -v ON_ERROR_STOP=1 -U postgres -d immich < immich-all-in-one/deploy/postgres/role.sql
--   docker compose exec database psql -U postgres -d immich -c '\password allinone'
--
-- It sees the tables named here and no other: no passwords, no sessions, no API keys, no shared links. One of them,
-- system_metadata, tells the CLIP model and the machine-learning address set in Immich; beside them lie the keys of mail
-- and log-in services that you may have entered there. `revoke select on system_metadata from allinone` withholds it.

do $$
begin
    if not exists (select from pg_roles where rolname = 'allinone') then
        create role allinone login nosuperuser nocreatedb nocreaterole noreplication connection limit 40;
    end if;
    execute format('grant connect on database %I to allinone', current_database());
end
$$;

-- Belt and braces: even a grant given by mistake would not let it write here.
do $$
begin
    execute format('alter role allinone in database %I set default_transaction_read_only = on', current_database());
end
$$;

grant usage on schema public to allinone;

do $$
declare
    wanted constant text[] := array[
        'asset', 'asset_audit', 'asset_file', 'asset_job_status', 'asset_ocr', 'asset_ocr_audit', 'ocr_search', 'partner',
        'smart_search', 'system_metadata', 'version_history'
    ];
    name text;
begin
    foreach name in array wanted loop
        if to_regclass(format('public.%I', name)) is not null then
            execute format('grant select on public.%I to allinone', name);
        else
            raise notice 'Immich has no table % here: older than 2.2, or newer than what is known', name;
        end if;
    end loop;
end
$$;
