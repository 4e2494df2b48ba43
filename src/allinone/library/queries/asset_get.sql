select {asset_columns}
from library_asset as a
{asset_tables}
where a.id = %(id)s and a.missing_since is null
