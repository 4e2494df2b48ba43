select
    case when taken_at >= '0001-01-01' and taken_at < '10000-01-01' then taken_at::date end as day,
    count(*) as photos
from search_token
group by 1
