-- Approximate: the nearest of one half of the photos by half-precision numbers, through that half's index, put in
-- order by the exact ones.
with near as materialized (
    select asset_id, taken_at, embedding
    from search_vector
    where model = {model} and vector_dims(embedding) = {dimensions} and get_byte(uuid_send(asset_id), 15) & 1 = {half}
        and owner_id = any(%(owners)s::uuid[])
    order by (embedding::halfvec({dimensions})) <#> %(vector)s::vector::halfvec({dimensions})
    limit 2 * %(most)s
)
select asset_id, taken_at, -(embedding <#> %(vector)s::vector) as similarity
from near
order by similarity desc, taken_at desc nulls last, asset_id
limit %(most)s
