select "assetId", 1 - (embedding <=> %(vector)s::vector) from smart_search where "assetId" = any(%(assets)s)
