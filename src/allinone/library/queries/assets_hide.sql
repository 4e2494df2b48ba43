update library_asset as a set missing_since = now(), updated_at = now()
where
    a.id = any(%(ids)s)
    and a.missing_since is null
    and not exists (select from library_file as f where f.asset_id = a.id)
