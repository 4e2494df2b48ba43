select asset_id, -(embedding <#> %(vector)s::vector) as similarity
from search_vector
where asset_id = any(%(assets)s::uuid[]) and model = %(model)s and owner_id = any(%(owners)s::uuid[])
  and vector_dims(embedding) = %(dimensions)s
