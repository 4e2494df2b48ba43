select asset_id, shelf_id, taken_at, lines, digest from immich_document where asset_id = any(%(assets)s)
