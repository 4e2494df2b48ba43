insert into search_token (asset_id, owner_id, taken_at, tokens, folded, joined, chains, confidences)
values (
    %(asset_id)s, %(owner_id)s, %(taken_at)s, %(tokens)s::tsvector, %(folded)s, %(joined)s, %(chains)s,
    %(confidences)s
)
on conflict (asset_id) do update
set owner_id = excluded.owner_id, taken_at = excluded.taken_at, tokens = excluded.tokens,
    folded = excluded.folded, joined = excluded.joined, chains = excluded.chains, confidences = excluded.confidences
