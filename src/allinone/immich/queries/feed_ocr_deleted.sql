select "assetId", id::text from asset_ocr_audit where id > %(after)s::uuid order by id limit %(most)s
