-- New entries of an index wait in a list that every search reads; nothing waits after this.
select gin_clean_pending_list(indexrelid::regclass)
from pg_index join pg_class on pg_class.oid = indexrelid join pg_am on pg_am.oid = relam
where indrelid = 'search_token'::regclass and amname = 'gin' and indisvalid
