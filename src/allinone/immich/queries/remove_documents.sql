delete from immich_document where asset_id = any(%(assets)s)
