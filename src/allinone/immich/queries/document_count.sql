select count(*) from immich_document
