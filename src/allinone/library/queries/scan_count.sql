update library set scan_files = %(files)s where id = %(library_id)s
