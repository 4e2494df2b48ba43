-- With blanks that make a row just longer than two kilobytes, so that PostgreSQL moves its tokens out; more would take it a
-- twelfth of the time of indexing a text.
with put as (
    insert into search_token (asset_id, owner_id, taken_at, form, tokens, padding)
    select asset_id, owner_id, taken_at, %(form)s, tokens, repeat(' ', greatest(2040 - pg_column_size(tokens), 0))
    from (
        select asset_id, owner_id, taken_at, array_to_tsvector(string_to_array(tokens, ' ')) as tokens
        from unnest(%(asset_id)b::uuid[], %(owner_id)b::uuid[], %(taken_at)b::timestamp[], %(tokens)b::text[])
            as text (asset_id, owner_id, taken_at, tokens)
        offset 0  -- else they are made twice
    ) as made
    on conflict (asset_id) do update
    set owner_id = excluded.owner_id, taken_at = excluded.taken_at, form = excluded.form, tokens = excluded.tokens,
        padding = excluded.padding
    returning asset_id, number
)
insert into search_document (number, folded, joined, chains, confidences)
select number, folded, joined, chains, confidences
from put
join unnest(%(asset_id)b::uuid[], %(folded)b::text[], %(joined)b::text[], %(chains)b::text[], %(confidences)b::bytea[])
    as document (asset_id, folded, joined, chains, confidences) using (asset_id)
on conflict (number) do update
set folded = excluded.folded, joined = excluded.joined, chains = excluded.chains, confidences = excluded.confidences
