-- The newest texts that have the tokens asked for, with what the matcher needs. Found first ("offset 0") and sorted then:
-- in the order of time, PostgreSQL would unpack the tokens of every photo there is. For the same reason neither the owner
-- ("is true") nor the time ("coalesce") is a way in.
select asset_id, newest.taken_at, folded, joined, chains, confidences
from (
    select asset_id, taken_at, number
    from (
        select asset_id, taken_at, number
        from search_token
        where tokens @@ %(tokens)s::tsquery and (owner_id = any(%(owners)s::uuid[])) is true
            and (%(within)s::uuid[] is null or asset_id = any(%(within)s::uuid[]))
            and (%(before)s::date is null or coalesce(taken_at < %(before)s::date, true))
            {newest}
        offset 0
    ) as found
    order by taken_at desc nulls last, asset_id
    limit %(most)s
) as newest
join search_document using (number)
order by newest.taken_at desc nulls last, asset_id
