select asset_id, shelf_id, taken_at, lines, digest from immich_document
where asset_id > %(after)s and (%(until)s::uuid is null or asset_id <= %(until)s)
