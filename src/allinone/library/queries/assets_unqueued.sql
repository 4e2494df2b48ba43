select a.id
from library_asset as a
where
    a.library_id = %(library_id)s
    and a.missing_since is null
    and a.status <> 'done'
    and a.status = 'waiting'
    and a.id > %(after)s
    and not exists (
        select from procrastinate_jobs as job
        where job.queueing_lock = 'index_asset:' || a.id and job.status = 'todo'
    )
    and not exists (
        select from procrastinate_jobs as job
        where job.queueing_lock = 'index_asset:' || a.id and job.status = 'doing'
    )
order by a.id
limit %(limit)s
