insert into search_token (asset_id, owner_id, taken_at, form, tokens)
select asset_id, owner_id, taken_at, %(form)s, array_to_tsvector(string_to_array(tokens, ' '))
from unnest(%(asset_id)b::uuid[], %(owner_id)b::uuid[], %(taken_at)b::timestamp[], %(tokens)b::text[])
    as text (asset_id, owner_id, taken_at, tokens)
on conflict (asset_id) do update
set owner_id = excluded.owner_id, taken_at = excluded.taken_at, form = excluded.form, tokens = excluded.tokens
