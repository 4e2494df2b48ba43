select asset_id from library_file where library_id = %(library_id)s and path_key = %(path_key)s
