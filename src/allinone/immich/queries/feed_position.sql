select position from immich_feed where name = %(name)s
