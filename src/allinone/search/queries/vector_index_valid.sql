select indisvalid
from pg_index join pg_class on pg_class.oid = indexrelid
where relname = %(name)s
