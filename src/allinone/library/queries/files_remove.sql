delete from library_file as f
where f.library_id = %(library_id)s and f.path_key = any(%(keys)s)
returning
    f.asset_id,
    exists (
        select from library_file as other
        where
            other.asset_id = f.asset_id
            and other.added_at >= %(since)s
            and not other.path_key = any(%(keys)s)
    ) as moved
