select exists (
    select from procrastinate_jobs where queue_name = %(queue)s and status in ('todo', 'doing')
)
