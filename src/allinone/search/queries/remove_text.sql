delete from search_token where asset_id = any(%(assets)s::uuid[])
