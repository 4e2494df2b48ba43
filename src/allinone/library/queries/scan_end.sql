update library set
    scanning = false,
    scanned_at = now(),
    notice = %(notice)s
where id = %(library_id)s
