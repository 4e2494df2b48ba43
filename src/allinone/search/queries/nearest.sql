-- Exact. Vectors of other dimensions (an older model of the same name) are left out, not compared.
select asset_id, taken_at, similarity
from (
    select asset_id, taken_at, -(embedding <#> %(vector)s::vector) as similarity
    from search_vector
    where model = %(model)s and owner_id = any(%(owners)s::uuid[])
      and (%(within)s::uuid[] is null or asset_id = any(%(within)s::uuid[]))
      and vector_dims(embedding) = %(dimensions)s
) as compared
order by similarity desc, taken_at desc nulls last, asset_id
limit %(most)s
