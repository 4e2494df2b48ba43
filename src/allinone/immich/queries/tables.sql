-- What of Immich's schema is there, as table.column.
select table_name || '.' || column_name
from information_schema.columns
where table_schema = current_schema() and table_name = any(%(tables)s)
