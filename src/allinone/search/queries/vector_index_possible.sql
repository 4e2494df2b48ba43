select string_to_array(extversion, '.')::integer[] >= array[0, 8]
from pg_extension
where extname = 'vector'
