select {asset_columns}
from unnest(%(ids)s::uuid[]) with ordinality as wanted (id, position)
join library_asset as a on a.id = wanted.id
{asset_tables}
where {asset_conditions}
order by wanted.position
