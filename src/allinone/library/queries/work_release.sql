update library_asset set started_by = null, crashes = 0 where id = %(id)s
