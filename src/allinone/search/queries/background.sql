-- Asset ids are random, so the first of them are a fair sample, and the same one each time.
select embedding
from search_vector
where model = %(model)s and owner_id = any(%(owners)s::uuid[]) and vector_dims(embedding) = %(dimensions)s
order by asset_id
limit %(most)s
