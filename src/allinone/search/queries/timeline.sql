-- Dates outside Python's calendar count as unknown; tokens of days cannot be made of them.
select
    case when taken_at >= '0001-01-01' and taken_at < '10000-01-01' then taken_at::date end as day,
    count(*) as photos
from search_token
where owner_id = any(%(owners)s::uuid[])
group by 1
