select pg_relation_filenode('asset_ocr')::bigint
