-- Whether so many photos lie otherwise than in the order of time, as PostgreSQL's sample has it.
select coalesce(bool_or(reltuples >= %(least)s and abs(correlation) < %(ordered)s), false)
from pg_stats join pg_class on pg_class.oid = format('%%I.%%I', schemaname, tablename)::regclass
where schemaname = any(current_schemas(false)) and tablename = 'search_token' and attname = 'taken_at'
