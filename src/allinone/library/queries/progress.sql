select
    l.scanning,
    l.scan_files,
    l.notice,
    (
        select count(*) from library_asset
        where library_id = l.id and missing_since is null and status = 'done'
    ) as done,
    (
        select count(*) from library_asset
        where library_id = l.id and missing_since is null and status <> 'done' and status = 'waiting'
    ) as waiting,
    (
        select count(*) from library_asset
        where library_id = l.id and missing_since is null and status <> 'done' and status = 'failed'
    ) + (
        select count(*) from library_file where library_id = l.id and asset_id is null
    ) as failed
from library as l
where l.id = %(library_id)s
