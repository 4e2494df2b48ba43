select "assetId", id::text from asset_audit where id > %(after)s::uuid order by id limit %(most)s
