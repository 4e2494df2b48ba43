-- The newest texts that have the tokens asked for, with what the matcher needs.
select asset_id, taken_at, folded, joined, chains, confidences
from search_token
where tokens @@ %(tokens)s::tsquery and owner_id = any(%(owners)s::uuid[])
    and (%(within)s::uuid[] is null or asset_id = any(%(within)s::uuid[]))
    and (%(before)s::date is null or taken_at is null or taken_at < %(before)s::date)
order by taken_at desc nulls last, asset_id
limit %(most)s
