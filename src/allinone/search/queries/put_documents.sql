insert into search_document (asset_id, folded, joined, chains, confidences)
select *
from unnest(%(asset_id)b::uuid[], %(folded)b::text[], %(joined)b::text[], %(chains)b::text[], %(confidences)b::bytea[])
on conflict (asset_id) do update
set folded = excluded.folded, joined = excluded.joined, chains = excluded.chains, confidences = excluded.confidences
