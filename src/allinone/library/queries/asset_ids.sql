select a.id
from library_asset as a
where {asset_conditions}
order by a.taken_at desc, a.id desc
limit %(limit)s
