-- The same of everybody's photos, for owners who have few. No more than a mean and a deviation is made of them.
select embedding
from search_vector
where model = %(model)s and vector_dims(embedding) = %(dimensions)s
order by asset_id
limit %(most)s
