select path, size_bytes, mtime_ns
from library_file
where asset_id = %(id)s
order by added_at, path_key
limit 5
