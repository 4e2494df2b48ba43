select "assetId", "updateId"::text from asset_ocr where "updateId" > %(after)s::uuid order by "updateId" limit %(most)s
