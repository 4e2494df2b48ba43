select embedding
from search_vector
where asset_id = %(asset_id)s and model = %(model)s and owner_id = any(%(owners)s::uuid[])
