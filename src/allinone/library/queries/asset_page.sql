select {asset_columns}
from library_asset as a
{asset_tables}
where {asset_conditions}
order by a.taken_at desc, a.id desc
offset %(offset)s
limit %(limit)s
