delete from search_vector where asset_id = any(%(assets)s::uuid[])
