delete from library_asset where id = any(%(ids)s)
