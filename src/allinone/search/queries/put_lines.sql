insert into search_lines (asset_id, texts, numbers)
select * from unnest(%(asset_id)b::uuid[], %(texts)b::text[], %(numbers)b::bytea[])
on conflict (asset_id) do update
set texts = excluded.texts, numbers = excluded.numbers
