select l.root, unreadable.path, unreadable.reason, unreadable.since
from library as l
cross join lateral (
    select f.path, a.failure as reason, a.failed_at as since
    from library_asset as a
    cross join lateral (
        select path from library_file where asset_id = a.id order by added_at, path_key limit 1
    ) as f
    where a.library_id = l.id and a.missing_since is null and a.status <> 'done' and a.status = 'failed'
    union all
    select f.path, f.failure, f.failed_at
    from library_file as f
    where f.library_id = l.id and f.asset_id is null
) as unreadable
where l.id = %(library_id)s
order by unreadable.since desc, unreadable.path
offset %(offset)s
limit %(limit)s
