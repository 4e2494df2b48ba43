insert into search_token (asset_id, owner_id, taken_at, tokens, folded, chains, confidences)
values (
    %(asset_id)s, %(owner_id)s, %(taken_at)s, %(tokens)s::tsvector, %(folded)s, %(chains)s, %(confidences)s
)
on conflict (asset_id) do update
set owner_id = excluded.owner_id, taken_at = excluded.taken_at, tokens = excluded.tokens,
    folded = excluded.folded, chains = excluded.chains, confidences = excluded.confidences
