select phase, blocks_done, blocks_total, tuples_done, tuples_total
from pg_stat_progress_create_index
where pid = %(pid)s
