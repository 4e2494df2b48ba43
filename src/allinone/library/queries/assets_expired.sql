select id
from library_asset
where library_id = %(library_id)s and missing_since < now() - make_interval(secs => %(seconds)s)
order by missing_since
limit %(limit)s
for update skip locked
