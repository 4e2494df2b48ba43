select asset_id, texts, numbers from search_lines where asset_id = any(%(assets)s::uuid[])
