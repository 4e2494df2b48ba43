insert into search_lines (asset_id, texts, numbers)
values (%(asset_id)s, %(texts)s, %(numbers)s)
on conflict (asset_id) do update
set texts = excluded.texts, numbers = excluded.numbers
