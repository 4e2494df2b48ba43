select path_key, size_bytes, mtime_ns, asset_id
from library_file
where library_id = %(library_id)s and path_key = any(%(keys)s)
