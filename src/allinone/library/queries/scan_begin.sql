update library set scanning = true, scan_files = 0 where id = %(library_id)s
returning clock_timestamp()
