-- zhparser in our own database. Needs the image of deploy/postgres/Dockerfile. Run it again after an upgrade of it.
--
--   docker compose exec -T database psql -v ON_ERROR_STOP=1 -U postgres -d allinone < immich-all-in-one/deploy/postgres/zhparser.sql

create extension if not exists zhparser;
alter extension zhparser update;

-- Its settings belong to a session; fixed here, so that every connection cuts words the same way. Without the first two
-- it takes 統一發票 for one word, and a search for 發票 would pass it by.
do $$
begin
    execute format('alter database %I set zhparser.multi_short = on', current_database());
    execute format('alter database %I set zhparser.seg_with_duality = on', current_database());
    execute format('alter database %I set zhparser.punctuation_ignore = on', current_database());
end
$$;

do $$
begin
    if not exists (select from pg_ts_config where cfgname = 'allinone_zh') then
        create text search configuration allinone_zh (parser = zhparser);
        alter text search configuration allinone_zh
            add mapping for a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z with simple;
    end if;
end
$$;
