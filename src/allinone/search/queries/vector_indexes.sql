-- A model's indexes, and whether each is whole: making it may have been interrupted, or still go on.
select relname::text, indisvalid
from pg_index join pg_class on pg_class.oid = indexrelid
where indrelid = 'search_vector'::regclass and starts_with(relname::text, %(prefix)s)
