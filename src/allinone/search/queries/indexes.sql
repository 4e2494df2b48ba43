select relname::text, indisvalid
from pg_index join pg_class on pg_class.oid = indexrelid
where indrelid = %(table)s::text::regclass and starts_with(relname::text, %(prefix)s)
