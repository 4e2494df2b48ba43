select path_key, path
from library_file
where
    library_id = %(library_id)s
    and path_key > %(after)s
    and (
        %(folders)s::bytea[] is null
        or exists (
            select from unnest(%(folders)s::bytea[]) as folder (path)
            where substring(library_file.path from 1 for length(folder.path)) = folder.path
        )
    )
order by path_key
limit %(limit)s
