select exists (select from library_file where library_id = %(library_id)s)
